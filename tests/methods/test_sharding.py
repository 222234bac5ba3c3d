"""Do districts cover the network, and is planning them apart the same as planning it whole?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jialing.core.network import OUTSIDE, FlowNetwork
from jialing.methods.plan import optimise
from jialing.methods.problem import Problem
from jialing.methods.rollout import compile_network, gradient, rollout
from jialing.methods.sharding import optimise_districts, split_districts
from tests.methods.random_networks import STEP_S, random_network, random_problem


def side_by_side(*parts: FlowNetwork) -> FlowNetwork:
    """Networks that share nothing, with their stores, links and actuators interleaved at random."""
    offsets = np.cumsum([0] + [len(part.store_names) for part in parts])
    movers = np.cumsum([0] + [len(part.actuator_names) for part in parts])

    def moved(name: str, by: np.ndarray) -> np.ndarray:
        columns = [getattr(part, name) for part in parts]
        return np.concatenate(
            [np.where(c == OUTSIDE, OUTSIDE, c + b) for c, b in zip(columns, by, strict=False)]
        )

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    rng = np.random.default_rng(0)
    stores, links = int(offsets[-1]), sum(len(part.link_names) for part in parts)
    place = rng.permutation(stores)  # new number of each store
    order = np.argsort(place)
    shuffle = np.sort(rng.permutation(links))  # links keep their order within a store

    def renumber(indices: np.ndarray) -> np.ndarray:
        return np.where(indices == OUTSIDE, OUTSIDE, place[indices])

    return FlowNetwork(
        store_names=tuple(f"S{i}" for i in range(stores)),
        store_full=joined("store_full")[order],
        store_spill_to=renumber(moved("store_spill_to", offsets))[order],
        link_names=tuple(f"L{i}" for i in range(links)),
        link_from=renumber(moved("link_from", offsets))[shuffle],
        link_to=renumber(moved("link_to", offsets))[shuffle],
        link_delay_s=joined("link_delay_s")[shuffle],
        link_actuator=moved("link_actuator", movers)[shuffle],
        rating_fill=parts[0].rating_fill,
        link_rating=joined("link_rating")[shuffle],
        link_limit=joined("link_limit")[shuffle],
        actuator_names=tuple(f"A{i}" for i in range(int(movers[-1]))),
    )


def three_towns() -> tuple[FlowNetwork, Problem]:
    rng = np.random.default_rng(8)
    net = side_by_side(*(random_network(rng, stores=n) for n in (3, 5, 4)))
    return net, random_problem(net, rng)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_store_and_link_lies_in_exactly_one_district(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = side_by_side(*(random_network(rng, stores=int(n)) for n in rng.integers(1, 6, 3)))
    districts = split_districts(net, STEP_S)
    assert len(districts) >= 3
    for name, count in (("stores", len(net.store_names)), ("links", len(net.link_names))):
        found = np.sort(np.concatenate([getattr(d, name) for d in districts]))
        assert np.array_equal(found, np.arange(count))
    home = np.empty(len(net.store_names), dtype=int)
    for n, district in enumerate(districts):
        home[district.stores] = n
    for tail, head in zip(net.link_from, net.link_to, strict=True):
        assert head == OUTSIDE or home[tail] == home[head]
    for store, target in enumerate(net.store_spill_to):
        assert target == OUTSIDE or home[store] == home[target]
    for actuator in range(len(net.actuator_names)):
        assert len(set(home[net.link_from[net.link_actuator == actuator]])) <= 1


def test_costs_and_gradients_of_the_districts_add_up_to_those_of_the_whole() -> None:
    net, asked = three_towns()
    u = np.random.default_rng(1).uniform(0, 1, (asked.steps, len(net.actuator_names)))
    whole, slope = gradient(compile_network(net, STEP_S), asked, u)
    parts, pieces = 0.0, np.zeros_like(slope)
    for district in split_districts(net, STEP_S):
        cost, piece = gradient(district.compiled, district.take(asked), u[:, district.actuators])
        parts += cost
        pieces[:, district.actuators] = piece
    idle = np.setdiff1d(np.arange(len(net.actuator_names)), net.link_actuator)
    travel = (np.diff(u[:, idle], axis=0, prepend=asked.u0[None, idle]) ** 2).sum(axis=0)
    assert parts + travel @ asked.price_travel[idle] == pytest.approx(whole, rel=1e-12)
    busy = np.setdiff1d(np.arange(len(net.actuator_names)), idle)
    assert pieces[:, busy] == pytest.approx(slope[:, busy], rel=1e-9, abs=1e-9)


def test_a_shared_source_reaches_its_stores_in_every_district() -> None:
    net, asked = three_towns()
    rng = np.random.default_rng(3)
    stores = len(net.store_names)
    source = rng.integers(OUTSIDE, 2, stores)
    shared = replace(
        asked, inflow=asked.inflow[:, :2], source=source, gain=rng.uniform(0.5, 2.0, stores)
    )
    u = rng.uniform(0, 1, (asked.steps, len(net.actuator_names)))
    plain = replace(shared, price_travel=np.zeros(len(net.actuator_names)))
    whole = rollout(compile_network(net, STEP_S), plain, u).costs
    parts = sum(
        rollout(d.compiled, d.take(plain), u[:, d.actuators]).costs
        for d in split_districts(net, STEP_S)
    )
    assert parts == pytest.approx(whole, rel=1e-12)


def test_districts_planned_apart_reach_the_cost_of_the_whole_planned_at_once() -> None:
    net, asked = three_towns()
    start = np.full((asked.steps, len(net.actuator_names)), 0.5)
    central = optimise(compile_network(net, STEP_S), asked, start, iterations=60)
    apart = optimise_districts(split_districts(net, STEP_S), asked, start, iterations=60)
    check = rollout(compile_network(net, STEP_S), asked, apart.u).costs @ asked.scenario_weights()
    before = rollout(compile_network(net, STEP_S), asked, start).costs @ asked.scenario_weights()
    assert central.cost < 0.99 * before
    assert check == pytest.approx(central.cost, rel=0.01)


def test_the_number_of_threads_does_not_change_the_plan() -> None:
    net, asked = three_towns()
    start = np.full((asked.steps, len(net.actuator_names)), 0.5)
    districts = split_districts(net, STEP_S)
    one = optimise_districts(districts, asked, start, iterations=8)
    two = optimise_districts(districts, asked, start, iterations=8, threads=2)
    assert np.array_equal(one.u, two.u)
    assert one.cost == two.cost
