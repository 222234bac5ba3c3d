"""Does the search improve plans, keep its promises about starts, and repeat itself?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jialing.core.errors import InputError
from jialing.core.network import OUTSIDE, FlowNetwork
from jialing.methods.plan import Risk, optimise, shift
from jialing.methods.rollout import Compiled, Problem, compile_network, rollout
from tests.methods.random_networks import STEP_S, random_network, random_problem


def two_tanks() -> FlowNetwork:
    """Two gated tanks (1000 m³) drain into one junction (1 m³) whose pipe carries 1 m³/s."""
    return FlowNetwork(
        store_names=("west", "east", "junction"),
        store_full=np.array([1000.0, 1000.0, 1.0]),
        store_spill_to=np.full(3, OUTSIDE),
        link_names=("gate west", "gate east", "pipe"),
        link_from=np.array([0, 1, 2]),
        link_to=np.array([2, 2, OUTSIDE]),
        link_delay_s=np.zeros(3),
        link_actuator=np.array([0, 1, OUTSIDE]),
        rating_fill=np.array([0.0, 0.001, 1.0]),
        link_rating=np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]),
        link_limit=np.full(3, np.inf),
        actuator_names=("west", "east"),
    )


def storm() -> tuple[Compiled, Problem]:
    """Both tanks receive 1 m³/s for 20 min; the pipe takes 1 of the 2, the tanks can hold the rest."""
    inflow = np.zeros((40, 3, 1))
    inflow[:20, :2] = 1.0
    return compile_network(two_tanks(), 60.0), Problem(
        v0=np.zeros((3, 1)),
        inflow=inflow,
        price_spill=np.array([1.0, 1.0, 1.0]),
        price_limit=np.zeros(3),
        price_leftover=np.zeros(3),
        price_travel=np.zeros(2),
        u0=np.ones(2),
        time_weight=np.linspace(1.001, 1.0, 40),  # without it, spill now and spill later tie
    )


def test_open_gates_flood_the_junction_and_the_plan_does_not() -> None:
    compiled, asked = storm()
    open_gates = np.ones((40, 2))
    assert rollout(compiled, asked, open_gates).costs[0] > 1000.0
    plan = optimise(compiled, asked, open_gates, iterations=60)
    assert plan.cost < 50.0


def test_the_plan_carries_its_own_cost() -> None:
    compiled, asked = storm()
    plan = optimise(compiled, asked, np.ones((40, 2)), iterations=10)
    assert rollout(compiled, asked, plan.u).costs == pytest.approx(plan.costs)
    assert plan.cost == pytest.approx(plan.costs[0])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_plan_is_never_worse_than_any_start_and_stays_in_range(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = random_network(rng)
    asked = random_problem(net, rng)
    compiled = compile_network(net, STEP_S)
    shape = (asked.steps, compiled.actuators)
    starts = [np.ones(shape), np.zeros(shape), rng.uniform(0, 1, shape)]
    plan = optimise(compiled, asked, starts, iterations=8, step=0.5)
    best = min(float(rollout(compiled, asked, u).costs @ asked.scenario_weights()) for u in starts)
    assert plan.cost <= best
    assert np.all((plan.u >= 0.0) & (plan.u <= 1.0))
    assert list(plan.history) == sorted(plan.history, reverse=True)


def test_the_same_question_gets_the_same_plan() -> None:
    rng = np.random.default_rng(3)
    net = random_network(rng)
    asked = random_problem(net, rng)
    compiled = compile_network(net, STEP_S)
    start = np.full((asked.steps, compiled.actuators), 0.5)
    first, second = (optimise(compiled, asked, start, iterations=15) for _ in range(2))
    assert np.array_equal(first.u, second.u)
    assert first.cost == second.cost


def test_decision_blocks_hold_their_opening() -> None:
    compiled, asked = storm()
    plan = optimise(compiled, asked, np.ones((40, 2)), iterations=60, blocks=[5, 5, 10, 20])
    for first, last in ((0, 5), (5, 10), (10, 20), (20, 40)):
        assert np.all(plan.u[first:last] == plan.u[first])
    assert len(np.unique(plan.u[:, 0])) > 1
    assert plan.cost < 100.0


def test_openings_stay_within_the_range_of_their_actuator() -> None:
    compiled, asked = storm()
    low, high = np.array([0.3, 0.0]), np.array([0.4, 1.0])
    plan = optimise(compiled, asked, np.ones((40, 2)), iterations=20, low=low, high=high)
    assert np.all((plan.u >= low) & (plan.u <= high))


def test_only_the_best_starts_are_refined_when_asked() -> None:
    compiled, asked = storm()
    starts = [np.ones((40, 2)), np.full((40, 2), 0.77)]
    plan = optimise(compiled, asked, starts, iterations=10, refine=1)
    assert plan.start == 1
    assert len(plan.history) == 11


def test_zero_iterations_pick_the_best_start() -> None:
    compiled, asked = storm()
    starts = [np.ones((40, 2)), np.full((40, 2), 0.4), np.full((40, 2), 0.9)]
    plan = optimise(compiled, asked, starts, iterations=0)
    assert plan.start == 1
    assert np.array_equal(plan.u, starts[1])


def test_a_plan_for_the_tail_lowers_the_tail() -> None:
    rng = np.random.default_rng(0)
    compiled, asked = storm()
    load = rng.uniform(0.2, 2.0, 12)
    asked = replace(asked, v0=np.zeros((3, 12)), inflow=asked.inflow * load)
    start = np.full((40, 2), 0.5)
    risk = Risk(weights="cvar", tail=0.25)
    cautious = optimise(compiled, asked, start, iterations=80, risk=risk)
    hopeful = optimise(compiled, asked, start, iterations=80)

    def worst_quarter(costs: np.ndarray) -> float:
        return float(np.sort(costs)[-3:].mean())

    assert cautious.cost == pytest.approx(worst_quarter(cautious.costs))
    assert worst_quarter(cautious.costs) <= worst_quarter(hopeful.costs) + 1e-6
    assert hopeful.costs.mean() <= cautious.costs.mean() + 1e-6


def test_the_tail_takes_a_share_of_the_scenario_it_ends_in() -> None:
    weights = Risk(weights="cvar", tail=0.5).apply(
        np.array([1.0, 9.0, 5.0]), np.array([0.3, 0.3, 0.4])
    )
    assert weights == pytest.approx([0.0, 0.6, 0.4])


def test_shifting_drops_the_past_and_holds_the_last_opening() -> None:
    u = np.arange(8.0).reshape(4, 2)
    assert shift(u, 1)[:, 0].tolist() == [2.0, 4.0, 6.0, 6.0]
    assert shift(u, 9)[:, 0].tolist() == [6.0, 6.0, 6.0, 6.0]
    assert np.array_equal(shift(u, 0), u)


def test_a_forecast_that_is_no_number_is_refused() -> None:
    compiled, asked = storm()
    asked.inflow[0, 0, 0] = np.nan
    with pytest.raises(InputError, match="no number"):
        optimise(compiled, replace(asked, price_leftover=np.ones(3)), np.ones((40, 2)))


@pytest.mark.parametrize("blocks", [[], [40, 1], [0, 40], [39]])
def test_blocks_that_do_not_cover_the_horizon_are_refused(blocks: list[int]) -> None:
    compiled, asked = storm()
    with pytest.raises(InputError, match="blocks"):
        optimise(compiled, asked, np.ones((40, 2)), blocks=blocks)


def test_a_search_without_a_start_is_refused() -> None:
    compiled, asked = storm()
    with pytest.raises(InputError, match="start"):
        optimise(compiled, asked, [])


@pytest.mark.parametrize(("weights", "tail"), [("worst", 0.5), ("cvar", 0.0), ("cvar", 1.1)])
def test_an_unknown_risk_is_refused(weights: str, tail: float) -> None:
    with pytest.raises(InputError, match="plan"):
        Risk(weights=weights, tail=tail)  # type: ignore[arg-type]
