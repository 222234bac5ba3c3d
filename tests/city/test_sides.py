"""Does what the city tells a domain reach its plant, and does the domain tell what happened there?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jialing import domains
from jialing.city.manifest import City, read_city
from jialing.city.messages import Closure, Fault, Ridership, Water, Weather
from jialing.city.sides import StationSide, TrafficSide, WaterSide
from jialing.core.command import Command
from jialing.core.errors import InputError, UnknownNameError
from jialing.core.stages import Desk, Situation
from jialing.domains.traffic.plant import SumoPlant
from jialing.domains.water.plant import SwmmPlant

CITY: City = read_city(
    Path(__file__).parents[2] / "src" / "jialing" / "cities" / "chongqing" / "city.yaml"
)
DIPS = {u.name: (u.node, u.road_m) for u in CITY.underpasses}
LOW = {u.name: u.low for u in CITY.underpasses}
PUMP = "pump_caiyuanba"
DIP = "guanyinqiao"


@pytest.fixture
def sewer() -> Iterator[Desk]:
    case = CITY.water_case("10y", seed=0, weights=False)
    desk = domains.domain("water").desk(case, "rules")
    yield desk
    desk.plant.close()


@pytest.fixture
def streets() -> Iterator[Desk]:
    pytest.importorskip("libsumo")
    desk = domains.domain("traffic").desk(CITY.roads_case(seed=0), "fixed")
    desk.plant.apply(Command.all_local(len(desk.plant.actuators)))
    yield desk
    desk.plant.close()


def quantities(told: Mapping[str, float]) -> set[str]:
    """What was told, whatever the place: each has a unit."""
    return {name.partition(":")[0] for name in told}


def let_run(desk: Desk, minutes: int) -> float:
    """Under the file's own rules; where the pump stands at the end."""
    names = [actuator.name for actuator in desk.plant.actuators]
    position = 0.0
    for _ in range(minutes):
        receipt = desk.plant.apply(Command.all_local(len(names)))
        position = float(receipt.positions[names.index(PUMP)])
        desk.plant.step(60.0)
    return position


@pytest.mark.swmm
def test_a_pump_without_power_stands_still_until_it_has_some_again(sewer: Desk) -> None:
    side = WaterSide(sewer, underpasses=DIPS, lead_s=300.0, step_s=300.0)
    assert let_run(sewer, 85) > 0.0
    side.change(Fault(kind="pump", element=PUMP, broken=True))
    assert let_run(sewer, 10) == 0.0
    side.change(Fault(kind="pump", element=PUMP, broken=False))
    assert let_run(sewer, 10) > 0.0


class Foresees:
    """A controller whose plan of 5-minute steps lets the water on one road rise by 0.1 m a step."""

    def __init__(self, rim_m: float, at: int, nodes: int) -> None:
        self.depth = np.zeros((2, 4, nodes))
        self.depth[0, :, at] = rim_m + np.array([0.1, 0.2, 0.3, 0.4])
        self.depth[1, :, at] = rim_m + np.array([0.3, 0.2, 0.1, 0.0])

    def foreseen(self) -> np.ndarray:
        return self.depth

    def decide(self, situation: Situation) -> Command:
        """Never asked here."""
        return Command.all_local(len(situation.actuators))


@pytest.mark.swmm
@pytest.mark.parametrize(
    ("time_s", "mean", "worst"),
    [
        (300.0, (0.2 + 0.2) / 2, 0.2),  # the plan is five minutes old: its second step is the lead
        (360.0, (0.12 + 0.3) / 2, 0.3),  # a minute old: the first step, and a fifth of the next
        (480.0, (0.16 + 0.3) / 2, 0.3),
    ],
)
def test_what_is_foreseen_is_within_the_lead_however_long_the_plans_steps_are(
    time_s: float, mean: float, worst: float
) -> None:
    case = CITY.water_case("10y", seed=0, weights=True)
    desk = domains.domain("water").desk(case, "rules")
    try:
        assert isinstance(desk.plant, SwmmPlant)
        nodes, layout = desk.plant.layout.model.nodes, desk.plant.layout
        node = nodes.find(CITY.underpasses[0].node)
        plan = Foresees(
            CITY.underpasses[0].road_m, layout.deep_nodes.index(node), len(layout.deep_nodes)
        )
        side = WaterSide(
            dataclasses.replace(desk, controller=plan),
            underpasses=DIPS,
            lead_s=300.0,
            step_s=300.0,
        )
        told = side.tell(time_s)
        assert quantities(told) == set(WaterSide.UNITS)
    finally:
        desk.plant.close()
    name = CITY.underpasses[0].name
    assert told[f"foreseen:{name}"] == pytest.approx(mean, abs=1e-6)
    assert told[f"worst:{name}"] == pytest.approx(worst, abs=1e-6)


@pytest.mark.swmm
def test_water_stands_on_a_road_from_the_depth_that_the_city_states(sewer: Desk) -> None:
    low, high = ({u.name: (u.node, road_m) for u in CITY.underpasses} for road_m in (0.0, 99.0))
    below = WaterSide(sewer, underpasses=low, lead_s=300.0, step_s=300.0)
    above = WaterSide(sewer, underpasses=high, lead_s=300.0, step_s=300.0)
    let_run(sewer, 85)
    assert below.tell(5100.0)[f"depth:{DIP}"] > 0.0
    assert above.tell(5100.0)[f"depth:{DIP}"] == 0.0


@pytest.mark.swmm
def test_a_sewer_refuses_what_is_not_its_own(sewer: Desk) -> None:
    side = WaterSide(sewer, underpasses=DIPS, lead_s=300.0, step_s=300.0)
    with pytest.raises(InputError, match="nowhere"):
        side.change(Fault(kind="pump", element="nowhere", broken=True))
    with pytest.raises(InputError, match="Weather"):
        side.change(Weather(speed=1.0, headway=1.0))


@pytest.mark.sumo
@pytest.mark.slow
def test_a_junction_that_lost_its_detectors_sees_nobody(streets: Desk) -> None:
    side = TrafficSide(streets, underpasses=LOW)
    streets.plant.step(300.0)
    sightings = streets.plant.observe().sightings
    assert sightings is not None
    index = int(np.bincount(sightings["junction"]).argmax())
    junction = streets.plant.actuators[index].name

    def seen() -> int:
        sightings = streets.plant.observe().sightings
        assert sightings is not None
        return int((sightings["junction"] == index).sum())

    assert seen() > 0
    side.change(Fault(kind="detectors", element=junction, broken=True))
    assert seen() == 0
    side.change(Fault(kind="detectors", element=junction, broken=False))
    assert seen() > 0
    with pytest.raises(UnknownNameError, match="nowhere"):
        side.change(Fault(kind="detectors", element="nowhere", broken=True))


@pytest.mark.sumo
@pytest.mark.slow
def test_some_give_their_trip_up_while_a_road_is_closed_and_only_then(streets: Desk) -> None:
    side = TrafficSide(streets, underpasses=LOW)
    (dip,) = (u for u in CITY.underpasses if u.name == DIP)

    def given_up() -> float:
        return side.tell(0.0)[f"given_up:{dip.name}"]

    streets.plant.step(300.0)
    assert given_up() == 0.0
    side.change(Closure(edges=dip.closed, closed=True, road=dip.name, to_metro=0.5))
    streets.plant.step(300.0)
    while_closed = given_up()
    assert while_closed > 0.0
    side.change(Closure(edges=dip.closed, closed=False, road=dip.name))
    streets.plant.step(300.0)
    assert given_up() == while_closed


@pytest.mark.sumo
@pytest.mark.slow
def test_everybody_who_passes_an_underpass_is_counted_however_short_it_is(streets: Desk) -> None:
    side = TrafficSide(streets, underpasses=LOW)
    low = LOW[DIP]
    told, passed = 0.0, set[str]()
    assert isinstance(streets.plant, SumoPlant)
    for second in range(1, 601):
        streets.plant.step(1.0)
        passed |= streets.plant.streets.on(low)
        if second % 60 == 0:
            told += side.tell(float(second))[f"entered:{DIP}"]
    assert len(passed) > 10
    assert told == pytest.approx(len(passed), abs=1)


class Standing(SumoPlant):
    """Streets without SUMO; who is on which edge is written by hand."""

    def __init__(self) -> None:
        self.ended = False
        self.here: dict[str, set[str]] = {}
        names = ("dip", "hollow")
        self.streets: Any = SimpleNamespace(
            watch=lambda _: None,
            water=lambda *_: None,
            on=lambda edges: set().union(*(self.here.get(edge, set()) for edge in edges)),
            used={name: set() for name in names},
            given_up=dict.fromkeys(names, 0),
            stranded={"v8", "v9"},
            journeys=None,
        )


def test_whoever_is_in_an_underpass_while_its_water_stops_cars_is_caught_once() -> None:
    plant = Standing()
    desk: Any = SimpleNamespace(plant=plant)
    side = TrafficSide(desk, underpasses={"dip": ("low", "-low"), "hollow": ("deep",)})
    water = {"dry": float("nan"), "film": 2.0, "flood": 0.0}

    def caught(depth: str, **here: set[str]) -> tuple[float, float]:
        plant.here = {name.replace("_", "-"): some for name, some in here.items()}
        side.change(Water(edges=("low", "-low"), speed_mps=water[depth]))
        told = side.tell(0.0)
        assert quantities(told) == set(TrafficSide.UNITS)
        return told["caught:dip"], told["caught:hollow"]

    assert caught("dry", low={"v1"}, deep={"v2"}) == (0.0, 0.0)
    assert caught("film", low={"v1"}, deep={"v2"}) == (0.0, 0.0)
    assert caught("flood", low={"v3"}, _low={"v4"}, deep={"v2"}) == (2.0, 0.0)
    assert caught("flood", low={"v3", "v5"}) == (3.0, 0.0)
    assert caught("flood") == (3.0, 0.0)
    assert caught("film", low={"v6"}) == (3.0, 0.0)
    assert caught("dry", low={"v7"}) == (3.0, 0.0)
    assert side.extra() == {"caught:dip": 3.0, "caught:hollow": 0.0, "stranded": 2.0}


def test_a_station_takes_riders_and_nothing_else() -> None:
    name = CITY.stations[0].name
    desk = domains.domain("metro").desk(CITY.station_case(name, seed=0), "fixed")
    side = StationSide(desk, knows=False)
    desk.plant.apply(Command.all_local(len(desk.plant.actuators)))
    desk.plant.step(60.0)
    assert quantities(side.tell(60.0)) == set(StationSide.UNITS)
    before = side.tell(60.0)["entering"]
    side.change(Ridership(entering=2.0, alighting=1.0))
    desk.plant.step(60.0)
    assert side.tell(120.0)["entering"] > 1.4 * before
    with pytest.raises(InputError, match="Fault"):
        side.change(Fault(kind="pump", element=PUMP, broken=True))


def test_who_waited_before_the_evening_does_not_count_in_it() -> None:
    desk = domains.domain("metro").desk(CITY.station_case(CITY.stations[0].name, seed=0), "fixed")
    side = StationSide(desk, knows=False)
    desk.plant.apply(Command.all_local(len(desk.plant.actuators)))
    for _ in range(20):
        desk.plant.step(60.0)
    earlier = side.extra()["waiting"]
    assert earlier == desk.plant.score()[0]["waiting"].value > 0.0
    side.begin()
    assert side.extra()["waiting"] == side.tell(1200.0)["waiting"] == 0.0
    desk.plant.step(60.0)
    assert 0.0 < side.extra()["waiting"] == desk.plant.score()[0]["waiting"].value - earlier


@pytest.mark.sumo
def test_who_is_stuck_in_water_counts_with_all_the_time_that_is_lost(streets: Desk) -> None:
    """SUMO's own time loss is measured against the limit of the lane, which the water lowered."""
    side = TrafficSide(streets, underpasses=LOW)
    assert isinstance(streets.plant, SumoPlant)
    while not streets.plant.streets.on(LOW[DIP]):
        streets.plant.step(1.0)
    (stuck, *_) = streets.plant.streets.on(LOW[DIP])
    trips = streets.plant.streets.journeys
    assert trips is not None
    side.change(Water(edges=tuple(LOW[DIP]), speed_mps=0.0))
    late_s = []
    for _ in range(2):
        streets.plant.step(60.0)
        assert "delay" in side.extra()
        late_s.append(trips.late_s(stuck) or 0.0)
    assert late_s[1] - late_s[0] > 0.9 * 60.0
