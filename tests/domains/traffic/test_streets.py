"""What do rain, water on the road, closures and lost detectors do to SUMO's own vehicles?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from jialing.core.command import Command, Receipt
from jialing.core.errors import PlantError, UnknownNameError
from jialing.core.forecast import Forecast
from jialing.core.stages import Situation
from jialing.domains.traffic.blind import OF_THE_CABINET, Sighted
from jialing.domains.traffic.cases import CASES
from jialing.domains.traffic.controller import PredictiveController
from jialing.domains.traffic.model import read_roads
from jialing.domains.traffic.plant import SumoPlant
from jialing.domains.traffic.start import scenario

pytest.importorskip("libsumo")
pytestmark = [pytest.mark.sumo, pytest.mark.slow]

GRID = CASES["traffic-grid"]()
ROADS = read_roads(GRID.model, GRID.settings)
LENGTH_S = 300.0


def opened(sensing: str = "camera", seed: int = 1) -> SumoPlant:
    settings = dataclasses.replace(GRID.settings, sensing=sensing, roads_close=True)
    files = scenario(GRID.model, settings)
    return SumoPlant(files, ROADS, settings, duration_s=LENGTH_S, seed=seed)


@pytest.fixture
def plant() -> Iterator[SumoPlant]:
    found = opened()
    found.apply(Command.all_local(len(found.actuators)))
    yield found
    found.close()


def busiest(plant: SumoPlant, until_s: float = 120.0) -> str:
    """The edge between two signals that most vehicles have been on."""
    seen: dict[str, int] = {}
    signals = {junction.name for junction in plant.junctions}
    edges = [lane.rpartition("_")[0] for lane in plant.eyes.lanes]
    edges = [edge for edge in edges if edge.partition("-")[0] in signals]
    while plant.time_s < until_s:
        plant.step(1.0)
        for edge in edges:
            seen[edge] = seen.get(edge, 0) + len(plant.streets.on([edge]))
    return max(seen, key=lambda edge: seen[edge])


def test_a_share_of_those_who_would_use_a_closed_road_never_set_out(plant: SumoPlant) -> None:
    road = busiest(plant)
    plant.close()
    counts, trips = {}, {}
    for share in (0.0, 0.5, 1.0):
        again = opened()
        again.apply(Command.all_local(len(again.actuators)))
        again.streets.watch({"dip": [road]})
        again.streets.leave("dip", share)
        while again.step(1.0):
            pass
        counts[share] = again.streets.given_up["dip"]
        trips[share] = len(again.trips)
        again.close()
    assert counts[0.0] == 0
    assert 0.25 * counts[1.0] < counts[0.5] < 0.75 * counts[1.0]
    # Who gave the trip up is no trip: neither a fast one nor an unfinished one.
    assert trips[0.0] - trips[1.0] == counts[1.0]


def test_only_a_road_that_is_watched_can_be_left(plant: SumoPlant) -> None:
    with pytest.raises(PlantError, match="dip"):
        plant.streets.leave("dip", 0.1)


def test_a_closed_road_lets_those_on_it_out_and_nobody_in(plant: SumoPlant) -> None:
    road = busiest(plant)
    inside = plant.streets.on([road])
    assert inside
    plant.streets.close([road])
    later: set[str] = set()
    for _ in range(100):
        plant.step(1.0)
        later |= plant.streets.on([road]) - inside
    assert later == set()
    assert len(plant.streets.on([road])) < len(inside)


def last_edges(plant: SumoPlant) -> dict[str, int]:
    """Where trips end that are under way -> how many."""
    found: dict[str, int] = {}
    vehicle = plant.streets._vehicle
    for name in vehicle.getIDList():
        end = vehicle.getRoute(name)[-1]
        found[end] = found.get(end, 0) + 1
    return found


def test_who_has_no_way_but_the_closed_one_waits_at_the_kerb_and_drives_on_when_it_opens(
    plant: SumoPlant,
) -> None:
    streets = plant.streets
    streets.watch({})
    plant.step(60.0)
    ends = last_edges(plant)
    end = max(ends, key=lambda edge: ends[edge])
    streets.close([end])
    plant.step(120.0)
    vehicle = streets._vehicle
    aside = [name for name in vehicle.getIDList() if vehicle.isStopped(name)]
    assert aside
    assert set(aside) <= streets.stranded
    streets.reopen([end])
    for _ in range(60):
        plant.step(1.0)
        still = [name for name in aside if name in set(vehicle.getIDList())]
        if not any(vehicle.isStopped(name) for name in still):
            break
    assert not any(vehicle.isStopped(name) for name in still)


def test_drivers_who_are_told_turn_off_before_they_could_see_the_barrier(plant: SumoPlant) -> None:
    road = busiest(plant)
    vehicle = plant.streets._vehicle

    def mean_to() -> set[str]:
        ahead = {
            n: vehicle.getRoute(n)[vehicle.getRouteIndex(n) + 1 :] for n in vehicle.getIDList()
        }
        return {name for name, route in ahead.items() if road in route}

    before = mean_to()
    plant.streets.close([road], told=0.0)
    assert mean_to() == before
    plant.streets.reopen([road])
    plant.streets.close([road], told=1.0)
    assert len(mean_to()) < len(before)


@pytest.mark.parametrize("sensing", ["perfect", "camera", "loops"])
def test_a_junction_without_detectors_sees_nothing_and_the_others_see_on(sensing: str) -> None:
    plant = opened(sensing)
    try:
        plant.apply(Command.all_local(len(plant.actuators)))
        plant.step(60.0)
        before = plant.observe()
        name = plant.junctions[0].name
        plant.blind.set(name, broken=True)
        after = plant.observe()
        lost = np.isnan(after.values) & ~np.isnan(before.values)
        own = set(plant.junctions[0].lanes)
        for at in np.flatnonzero(lost).tolist():
            signal = plant.signals.signals[at]
            assert signal.element in own or signal.element.rpartition("/")[0] in {*own, name}
            assert signal.quantity not in OF_THE_CABINET
        assert lost.sum() >= len(own)
        if after.sightings is not None and before.sightings is not None:
            assert not (after.sightings["junction"] == 0).any()
            others = before.sightings["junction"] != 0
            assert len(after.sightings) == others.sum() > 0
        plant.blind.set(name, broken=False)
        assert np.array_equal(plant.observe().values, before.values, equal_nan=True)
    finally:
        plant.close()


def test_detectors_of_an_unknown_junction_cannot_fail(plant: SumoPlant) -> None:
    with pytest.raises(UnknownNameError, match="nowhere"):
        plant.blind.set("nowhere", broken=True)


@pytest.mark.parametrize("sensing", ["camera", "loops"])
def test_a_blind_junction_falls_back_to_its_programme_until_it_sees_again(sensing: str) -> None:
    plant = opened(sensing)
    settings = dataclasses.replace(GRID.settings, sensing=sensing)
    controller = Sighted(PredictiveController(ROADS.junctions, settings), ROADS.junctions)
    controller.prepare()
    forecast: Forecast | None = None
    try:
        receipt: Receipt = plant.apply(Command.all_local(len(plant.actuators)))
        left: list[bool] = []
        for second in range(90):
            if second in (30, 60):
                plant.blind.set(plant.junctions[0].name, broken=second == 30)
            command = controller.decide(
                Situation(
                    observation=plant.observe(),
                    forecast=forecast,
                    positions=receipt.positions,
                    actuators=plant.actuators,
                )
            )
            left.append(bool(command.local[0]))
            assert np.isnan(command.targets[0]) == command.local[0]
            assert not command.local[1:].any()
            assert ("without detectors" in command.note) == command.local[0]
            receipt = plant.apply(command)
            plant.step(1.0)
    finally:
        plant.close()
    assert left == [False] * 30 + [True] * 30 + [False] * 30
