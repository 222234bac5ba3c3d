"""Does the bound hold below every plan, and is it tight where theory gives the answer?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jialing.core.errors import InputError
from jialing.core.network import OUTSIDE, FlowNetwork
from jialing.methods.bounds import concave_majorant, lower_bound
from jialing.methods.plan import optimise
from jialing.methods.rollout import Problem, compile_network, rollout
from tests.methods.random_networks import STEP_S, random_network, random_problem


def reservoir(rating: tuple[float, ...] = (1.0, 1.0, 1.0), limit: float = np.inf) -> FlowNetwork:
    """One gated basin of 100 m³ whose gate passes up to 1 m³/s."""
    return FlowNetwork(
        store_names=("basin",),
        store_full=np.array([100.0]),
        store_spill_to=np.array([OUTSIDE]),
        link_names=("gate",),
        link_from=np.array([0]),
        link_to=np.array([OUTSIDE]),
        link_delay_s=np.zeros(1),
        link_actuator=np.array([0]),
        rating_fill=np.array([0.0, 0.5, 1.0]),
        link_rating=np.array([rating]),
        link_limit=np.array([limit]),
        actuator_names=("gate",),
    )


def storm(**changed: object) -> Problem:
    """3 m³/s for 100 s, then 200 s of calm; step 10 s."""
    inflow = np.zeros((30, 1, 1))
    inflow[:10] = 3.0
    plain = Problem(
        v0=np.zeros((1, 1)),
        inflow=inflow,
        price_spill=np.ones(1),
        price_limit=np.zeros(1),
        price_leftover=np.zeros(1),
        price_travel=np.zeros(1),
        u0=np.ones(1),
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def test_one_reservoir_must_spill_what_it_can_neither_hold_nor_pass() -> None:
    # 300 m³ come in 100 s; 100 m³ pass, 100 m³ stay, 100 m³ have to spill.
    bound = lower_bound(reservoir(), storm(), step_s=10.0)
    assert bound.value == pytest.approx(100.0, abs=1e-6)
    assert bound.relaxed[0] == pytest.approx(100.0, abs=1e-6)
    assert bound.solved
    open_gate = rollout(compile_network(reservoir(), 10.0), storm(), np.ones((30, 1)))
    assert open_gate.costs[0] == pytest.approx(bound.value)


def test_a_flow_limit_trades_against_spill() -> None:
    # Above 0.4 m³/s a unit costs 0.5: over 100 s it pays to pass 60 m³ above the limit (30) and
    # still spill 100, since each of these units would otherwise spill at price 1.
    asked = storm(price_limit=np.array([0.5]))
    bound = lower_bound(reservoir(limit=0.4), asked, step_s=10.0)
    assert bound.value == pytest.approx(100.0 + 30.0, abs=1e-6)


def test_a_gate_that_passes_less_at_low_level_is_bounded_by_its_majorant() -> None:
    # The rating 0, 0, 1 rises late; its majorant is the straight line, fill x 1 m³/s.
    late = reservoir(rating=(0.0, 0.0, 1.0))
    line = reservoir(rating=(0.0, 0.5, 1.0))
    bound = lower_bound(late, storm(), step_s=10.0)
    assert bound.value == pytest.approx(lower_bound(line, storm(), step_s=10.0).value)
    real = rollout(compile_network(late, 10.0), storm(), np.ones((30, 1))).costs[0]
    assert bound.value < real - 1.0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_no_plan_costs_less_than_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = random_network(rng)
    asked = random_problem(net, rng, steps=8, scenarios=2)
    compiled = compile_network(net, STEP_S)
    bound = lower_bound(net, asked, step_s=STEP_S)
    shape = (asked.steps, compiled.actuators)
    starts = [np.ones(shape), np.zeros(shape), rng.uniform(0, 1, shape)]
    plan = optimise(compiled, asked, starts, iterations=10)
    slack = 1e-9 * (1.0 + plan.costs)
    assert np.all(bound.values <= plan.costs + slack)
    for u in starts:
        assert np.all(bound.values <= rollout(compiled, asked, u).costs + slack)
    assert bound.values == pytest.approx(bound.relaxed, rel=1e-5, abs=1e-5)


def test_the_bound_holds_with_an_inexact_solver_too() -> None:
    rng = np.random.default_rng(4)
    net = random_network(rng)
    asked = random_problem(net, rng)
    exact = lower_bound(net, asked, step_s=STEP_S, solver="simplex")
    inexact = lower_bound(net, asked, step_s=STEP_S, solver="ipm")
    assert inexact.value <= exact.value * (1 + 1e-9)
    assert inexact.value == pytest.approx(exact.value, rel=1e-3)


def test_a_solver_without_time_still_gives_a_valid_bound() -> None:
    bound = lower_bound(reservoir(), storm(), step_s=10.0, time_limit_s=0.0)
    assert not bound.solved
    assert bound.value <= 100.0 + 1e-9


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(InputError, match="price_spill"):
        lower_bound(reservoir(), storm(price_spill=np.array([-1.0])), step_s=10.0)


@given(st.lists(st.floats(0, 10), min_size=2, max_size=7))
def test_the_majorant_lies_above_the_rating_and_is_concave(values: list[float]) -> None:
    fill = np.arange(len(values)) / (len(values) - 1)
    rating = np.array(values)
    slopes, tops = concave_majorant(fill, rating)
    above = np.min(tops[:, None] + slopes[:, None] * fill, axis=0)
    assert np.all(above >= rating - 1e-9)
    assert np.all(np.diff(slopes) <= 1e-9)
    assert above.max() <= rating.max() + 1e-9
