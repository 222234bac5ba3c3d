"""Are ticks and seeds taken exactly where every plant can bear them?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jialing.core.case import check_seed, check_tick
from jialing.core.errors import InputError


@pytest.mark.parametrize(
    ("tick_s", "step_s"), [(1.0, 1.0), (300.0, 1.0), (1.0, 0.1), (0.3, 0.1), (0.5, 0.5), (6.0, 2.0)]
)
def test_a_whole_number_of_steps_is_taken(tick_s: float, step_s: float) -> None:
    check_tick(tick_s, step_s, "SUMO")


@pytest.mark.parametrize(
    ("tick_s", "step_s", "near"), [(0.4, 1.0, 1), (2.5, 1.0, 2), (1.0, 2.0, 2), (0.75, 0.5, 1)]
)
def test_any_other_tick_is_refused_and_one_that_fits_is_named(
    tick_s: float, step_s: float, near: int
) -> None:
    with pytest.raises(InputError, match=rf"tick_s = {tick_s:g} .* SUMO .* e\.g\. {near} s"):
        check_tick(tick_s, step_s, "SUMO")


@pytest.mark.parametrize("seed", [0, 7, 2**31 - 1, np.int64(3)])
def test_a_seed_that_every_simulator_takes_is_taken(seed: Any) -> None:
    check_seed(seed)


@pytest.mark.parametrize("seed", [-1, 2**31, 99_999_999_999, 1.5, "7", True, None])
def test_any_other_seed_is_refused_with_the_range(seed: Any) -> None:
    with pytest.raises(InputError, match="it must be a whole number from 0 to 2147483647"):
        check_seed(seed)
