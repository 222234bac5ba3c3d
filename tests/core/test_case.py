"""Is a tick taken exactly where the plant's own time can pass in it?"""

from __future__ import annotations

import pytest

from jialing.core.case import check_tick
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
