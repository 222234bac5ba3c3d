"""Do arrays and names survive the way into the page?"""

from __future__ import annotations

import json

import numpy as np
import pytest

from jialing.report.packing import embed, pack, unpack


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint16, np.uint8])
def test_an_array_comes_back_bit_for_bit(dtype: type) -> None:
    values = np.array([0, 1, 2, 250], dtype=dtype)
    back = unpack(pack(values))
    assert back.dtype == values.dtype
    assert np.array_equal(back, values)


def test_a_missing_value_survives_packing() -> None:
    assert np.isnan(unpack(pack(np.array([np.nan], dtype=np.float32))))[0]


def test_no_name_can_end_the_script_that_carries_it() -> None:
    hostile = {"name": "</script><script>alert(1)</script>\u2028<!--"}
    text = embed(hostile)
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == hostile


def test_a_number_that_json_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        embed({"x": float("nan")})
