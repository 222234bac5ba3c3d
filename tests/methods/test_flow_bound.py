"""Is the flow relaxation right where theory gives the answer, and never above what can be done?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jialing.core.errors import InputError
from jialing.core.network import OUTSIDE
from jialing.methods.flow_bound import Ways, flow_bound

STEP_S = 10.0


def ways(full: list[float], most: list[float], prices: list[float]) -> Ways:
    """Basins in a row; the last one's way leaves."""
    count = len(full)
    return Ways(
        full=np.array(full),
        tail=np.arange(count),
        head=np.array([*range(1, count), OUTSIDE]),
        least=np.zeros(count),
        most=np.array(most),
        price_spill=np.array(prices),
        price_out=np.zeros(count),
        price_left=np.zeros(count),
    )


def storm(stores: int, rate: float = 3.0) -> np.ndarray:
    """`rate` m³/s into the first basin for 100 s, then 200 s of calm."""
    volume = np.zeros((30, stores))
    volume[:10, 0] = rate * STEP_S
    return volume


def test_one_basin_must_spill_what_it_can_neither_hold_nor_pass() -> None:
    # 300 m³ come in 100 s; 100 m³ pass, 100 m³ stay, 100 m³ have to spill.
    bound = flow_bound(ways([100.0], [1.0], [1.0]), np.zeros(1), storm(1), STEP_S)
    assert bound.value == pytest.approx(100.0, abs=1e-4)
    assert bound.relaxed == pytest.approx(100.0, abs=1e-4)


def test_water_at_the_start_takes_room() -> None:
    bound = flow_bound(ways([100.0], [1.0], [1.0]), np.array([50.0]), storm(1), STEP_S)
    assert bound.value == pytest.approx(150.0, abs=1e-4)


def test_water_is_spilled_where_it_is_cheapest() -> None:
    # The second basin spills at a fifth of the price, and 2 m³/s reach it.
    rows = ways([100.0, 10.0], [2.0, 0.5], [5.0, 1.0])
    bound = flow_bound(rows, np.zeros(2), storm(2), STEP_S)
    # 300 come; 100 stay above; the outlet takes 0.5 m³/s over 100 s and 10 m³ stay below.
    assert bound.value <= 1.0 * (300.0 - 100.0 - 50.0 - 10.0) + 1e-4
    assert bound.value > 0.0


def test_a_way_may_carry_water_back_where_its_range_says_so() -> None:
    one_way = ways([10.0, 200.0], [0.0, 0.0], [1.0, 1.0])
    plain = flow_bound(one_way, np.zeros(2), storm(2), STEP_S).value
    turned = Ways(
        full=one_way.full,
        tail=np.array([1, 1]),
        head=np.array([0, OUTSIDE]),
        least=np.array([-3.0, 0.0]),
        most=np.zeros(2),
        price_spill=one_way.price_spill,
        price_out=np.zeros(2),
        price_left=np.zeros(2),
    )
    assert plain == pytest.approx(290.0, abs=1e-3)
    assert flow_bound(turned, np.zeros(2), storm(2), STEP_S).value == pytest.approx(90.0, abs=1e-3)


def test_a_solver_that_has_no_time_leaves_a_loose_but_valid_bound() -> None:
    bound = flow_bound(ways([100.0], [1.0], [1.0]), np.zeros(1), storm(1), STEP_S, time_limit_s=0.0)
    assert bound.value <= 100.0 + 1e-6


def test_an_inflow_that_takes_water_out_is_refused() -> None:
    with pytest.raises(InputError, match="negative"):
        flow_bound(ways([1.0], [1.0], [1.0]), np.zeros(1), -storm(1), STEP_S)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(1.0, 300.0), min_size=1, max_size=4),
    st.lists(st.floats(0.0, 3.0), min_size=4, max_size=4),
    st.floats(0.0, 6.0),
)
def test_passing_all_that_can_pass_never_beats_the_bound(
    full: list[float], most: list[float], rate: float
) -> None:
    count = len(full)
    rows = ways(full, most[:count], [1.0] * count)
    inflow = storm(count, rate)
    content, spilled = np.zeros(count), 0.0
    for step in inflow:
        arriving = step.copy()
        for k in range(count):
            held = content[k] + arriving[k]
            passed = min(most[k] * STEP_S, held)
            if k + 1 < count:
                arriving[k + 1] += passed
            content[k] = min(held - passed, full[k])
            spilled += held - passed - content[k]
    bound = flow_bound(rows, np.zeros(count), inflow, STEP_S)
    assert bound.value <= spilled + 1e-3 + 1e-6 * spilled
