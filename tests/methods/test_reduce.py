"""Does the smaller network keep what decisions depend on, and send every inflow somewhere?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jialing.core.network import OUTSIDE, FlowNetwork
from jialing.methods.reduce import collapse_passive
from jialing.methods.rollout import Problem, compile_network, rollout
from tests.methods.random_networks import random_network

STEP_S = 60.0


def line_of_pipes(capacity: list[float], gate: int) -> FlowNetwork:
    """Stores in a row, each releasing half a unit of time's content, one of them gated."""
    stores = len(capacity)
    full = np.full(stores, 60.0)
    peak = np.array(capacity)
    return FlowNetwork(
        store_names=tuple(f"S{i}" for i in range(stores)),
        store_full=full,
        store_spill_to=np.full(stores, OUTSIDE),
        link_names=tuple(f"L{i}" for i in range(stores)),
        link_from=np.arange(stores),
        link_to=np.append(np.arange(1, stores), OUTSIDE),
        link_delay_s=np.full(stores, 30.0),
        link_actuator=np.where(np.arange(stores) == gate, 0, OUTSIDE),
        rating_fill=np.array([0.0, 0.5, 1.0]),
        link_rating=peak[:, None] * np.array([0.0, 1.0, 1.0]),
        link_limit=np.full(stores, np.inf),
        actuator_names=("gate",),
    )


def test_the_pipes_above_a_gate_become_travel_time() -> None:
    small = collapse_passive(line_of_pipes([1.0, 2.0, 1.0, 1.0], gate=2))
    # Residence of half the content: 30 m³ / 1 m³/s = 30 s, 30 / 2 = 15 s; plus 30 s per link.
    assert small.net.store_names == ("S2", "S3")
    assert small.target.tolist() == [0, 0, 0, 1]
    assert small.travel_s == pytest.approx([105.0, 45.0, 0.0, 0.0])
    assert small.net.notes["collapsed_stores"] == 2


def test_the_tightest_pipe_below_a_gate_stays() -> None:
    small = collapse_passive(line_of_pipes([1.0, 3.0, 3.0, 0.5, 3.0, 3.0], gate=0))
    assert small.net.store_names == ("S0", "S3")
    gate, tight = small.net.link_delay_s
    assert gate == pytest.approx(30.0 + 2 * (10.0 + 30.0))
    assert tight == pytest.approx(30.0 + 2 * (10.0 + 30.0))
    assert small.net.link_to.tolist() == [1, OUTSIDE]


def test_a_store_that_was_named_stays() -> None:
    small = collapse_passive(line_of_pipes([1.0, 1.0, 1.0], gate=2), keep=np.array([0]))
    assert small.net.store_names == ("S0", "S1", "S2")
    assert small.kept.tolist() == [0, 1, 2]


def test_a_circle_of_passive_stores_keeps_one_of_them() -> None:
    net = line_of_pipes([1.0, 1.0, 1.0, 1.0], gate=3)
    circle = FlowNetwork(**{**vars(net), "link_to": np.array([1, 2, 0, OUTSIDE])})
    small = collapse_passive(circle)
    assert "S0" in small.net.store_names
    assert np.all(small.target[:3] != OUTSIDE)


def test_inflow_arrives_late_and_whole() -> None:
    small = collapse_passive(line_of_pipes([1.0, 2.0, 1.0, 1.0], gate=2))
    inflow = np.zeros((8, 4, 1))
    inflow[1, 0] = 1.0  # travels 105 s = 1.75 steps
    inflow[2, 2] = 5.0
    entering = small.inflow(inflow, STEP_S)
    assert entering[:, 0, 0] == pytest.approx([0, 0, 5.25, 0.75, 0, 0, 0, 0])
    assert np.all(entering[:, 1] == 0.0)


def test_a_shared_source_enters_as_if_each_store_had_its_own() -> None:
    rng = np.random.default_rng(0)
    net = random_network(rng, stores=12, loops=False)
    small = collapse_passive(net)
    rain = rng.uniform(0, 1, (20, 3, 2))
    source, gain = rng.integers(0, 3, 12), rng.uniform(0, 2, 12)
    split = rain[:, source] * gain[None, :, None]
    assert small.inflow(rain, STEP_S, source=source, gain=gain) == pytest.approx(
        small.inflow(split, STEP_S)
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), stores=st.integers(2, 40))
def test_every_actuator_stays_and_every_drop_goes_where_the_full_network_leads_it(
    seed: int, stores: int
) -> None:
    rng = np.random.default_rng(seed)
    full = random_network(rng, stores=stores)
    small = collapse_passive(full)
    moved = set(full.link_actuator.tolist())
    assert set(small.net.link_actuator.tolist()) >= moved - {OUTSIDE}
    assert np.array_equal(np.sort(small.kept), small.kept)
    assert np.all(small.target[small.kept] == np.arange(small.kept.size))
    assert np.all(small.travel_s >= 0)
    for i in range(stores):  # walk downstream by hand
        at, steps = i, 0
        while at != OUTSIDE and at not in small.kept:
            at = int(full.link_to[np.flatnonzero(full.link_from == at)[0]])
            steps += 1
            assert steps <= stores
        expected = OUTSIDE if at == OUTSIDE else int(np.flatnonzero(small.kept == at)[0])
        assert small.target[i] == expected


def test_the_gate_store_spills_alike_in_the_full_and_the_smaller_network() -> None:
    net = line_of_pipes([4.0] * 6 + [1.0] + [4.0] * 5, gate=6)
    storm = np.zeros((60, 12, 1))
    storm[5:15, :6] = 0.5
    small = collapse_passive(net)

    def spilled(which: FlowNetwork, inflow: np.ndarray, store: str) -> float:
        count = len(which.store_names)
        asked = Problem(
            v0=np.zeros((count, 1)),
            inflow=inflow,
            price_spill=np.zeros(count),
            price_limit=np.zeros(len(which.link_names)),
            price_leftover=np.zeros(count),
            price_travel=np.zeros(1),
            u0=np.ones(1),
        )
        outcome = rollout(
            compile_network(which, STEP_S), asked, np.ones((60, 1)), trajectories=True
        )
        return float(outcome.spill[:, which.store_names.index(store)].sum())

    exact = spilled(net, storm, "S6")
    assert exact > 500.0
    assert spilled(small.net, small.inflow(storm, STEP_S), "S6") == pytest.approx(exact, rel=0.02)
