"""Is the reached part of a network, with the rest rolled once, the same as the whole?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jialing.core.network import OUTSIDE, FlowNetwork
from jialing.methods.problem import Problem
from jialing.methods.reach import Reach, split_reach
from jialing.methods.rollout import Workspace, gradient, rollout
from tests.methods.random_networks import STEP_S, random_network, random_problem


def with_few_actuators(net: FlowNetwork, rng: np.random.Generator) -> FlowNetwork:
    """`net` with one or two links that can be moved, so that much of it lies out of reach."""
    moved = np.full(len(net.link_names), OUTSIDE)
    chosen = rng.choice(len(net.link_names), 2, replace=False)
    moved[chosen] = [0, 1]
    return replace(net, link_actuator=moved, actuator_names=("one", "other"))


def both_ways(reach: Reach, asked: Problem, u: np.ndarray) -> tuple[tuple, tuple]:
    weights = asked.scenario_weights()
    whole = gradient(reach.whole, asked, u)
    settled = reach.settle(asked)
    space = Workspace(reach.reached, settled.problem, beside=settled.costs)
    return whole, (float(space.forward(u) @ weights), space.backward(weights))


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_costs_and_gradients_on_the_reached_part_are_those_of_the_whole(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = with_few_actuators(random_network(rng, stores=9), rng)
    asked = random_problem(net, rng)
    u = rng.uniform(0, 1, (asked.steps, 2))
    (cost, slope), (settled_cost, settled_slope) = both_ways(split_reach(net, STEP_S), asked, u)
    assert settled_cost == pytest.approx(cost, rel=1e-11)
    assert settled_slope == pytest.approx(slope, rel=1e-8, abs=1e-8)


def test_a_good_part_of_the_random_networks_is_out_of_reach() -> None:
    sizes = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        reach = split_reach(with_few_actuators(random_network(rng, stores=9), rng), STEP_S)
        sizes.append(reach.rest_stores.size)
    assert 0 in sizes
    assert np.mean(np.array(sizes) > 0) > 0.4  # otherwise the property above says little


def test_a_shared_source_feeds_both_parts() -> None:
    rng = np.random.default_rng(11)
    net = with_few_actuators(random_network(rng, stores=9, loops=False), rng)
    reach = split_reach(net, STEP_S)
    assert 0 < reach.stores.size < 9
    asked = random_problem(net, rng)
    source = np.array([0, 1, OUTSIDE, 0, 1, 0, 1, OUTSIDE, 0])
    asked = replace(asked, inflow=asked.inflow[:, :2], source=source, gain=rng.uniform(0.5, 2.0, 9))
    (cost, slope), (settled_cost, settled_slope) = both_ways(
        reach, asked, rng.uniform(0, 1, (asked.steps, 2))
    )
    assert settled_cost == pytest.approx(cost, rel=1e-11)
    assert settled_slope == pytest.approx(slope, rel=1e-8, abs=1e-8)


def test_what_lies_upstream_of_every_gate_is_out_of_reach() -> None:
    net = FlowNetwork(
        store_names=("above", "gated", "below", "beside"),
        store_full=np.full(4, 100.0),
        store_spill_to=np.array([OUTSIDE, OUTSIDE, OUTSIDE, 2]),
        link_names=("a", "b", "c", "d"),
        link_from=np.array([0, 1, 2, 3]),
        link_to=np.array([1, 2, OUTSIDE, OUTSIDE]),
        link_delay_s=np.zeros(4),
        link_actuator=np.array([OUTSIDE, 0, OUTSIDE, OUTSIDE]),
        rating_fill=np.array([0.0, 1.0]),
        link_rating=np.array([[0.0, 1.0]] * 4),
        link_limit=np.full(4, np.inf),
        actuator_names=("gate",),
    )
    reach = split_reach(net, STEP_S)
    assert [net.store_names[i] for i in reach.stores] == ["gated", "below"]
    assert [net.store_names[i] for i in reach.rest_stores] == ["above", "beside"]


def test_a_network_that_is_reached_everywhere_is_left_as_it_is() -> None:
    rng = np.random.default_rng(0)
    net = random_network(rng)
    net = replace(
        net,
        link_actuator=np.zeros(len(net.link_names), dtype=np.int64),
        actuator_names=("all",),
    )
    asked = random_problem(net, rng)
    reach = split_reach(net, STEP_S)
    assert reach.rest is None
    assert reach.settle(asked).problem is asked


def test_a_network_without_actuators_can_still_be_rolled() -> None:
    rng = np.random.default_rng(0)
    net = random_network(rng)
    net = replace(net, link_actuator=np.full(len(net.link_names), OUTSIDE), actuator_names=())
    asked = random_problem(net, rng)
    settled = split_reach(net, STEP_S).settle(asked)
    still = np.empty((asked.steps, 0))
    reach = split_reach(net, STEP_S)
    assert rollout(reach.reached, settled.problem, still).costs == pytest.approx(
        rollout(reach.whole, asked, still).costs
    )
