"""Does what the city tells a domain reach its plant, and does the domain tell what happened there?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from jialing import domains
from jialing.city.manifest import City, read_city
from jialing.city.messages import Closure, Fault, Ridership, Weather
from jialing.city.sides import StationSide, TrafficSide, WaterSide
from jialing.core.command import Command
from jialing.core.errors import InputError, UnknownNameError
from jialing.core.stages import Desk

CITY: City = read_city(
    Path(__file__).parents[2] / "src" / "jialing" / "cities" / "chongqing" / "city.yaml"
)
NODES = {u.name: u.node for u in CITY.underpasses}
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
    side = WaterSide(sewer, underpasses=NODES, lead_s=300.0)
    assert let_run(sewer, 85) > 0.0
    side.change(Fault(kind="pump", element=PUMP, broken=True))
    assert let_run(sewer, 10) == 0.0
    side.change(Fault(kind="pump", element=PUMP, broken=False))
    assert let_run(sewer, 10) > 0.0


@pytest.mark.swmm
def test_a_sewer_refuses_what_is_not_its_own(sewer: Desk) -> None:
    side = WaterSide(sewer, underpasses=NODES, lead_s=300.0)
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


def test_a_station_takes_riders_and_nothing_else() -> None:
    name = CITY.stations[0].name
    desk = domains.domain("metro").desk(CITY.station_case(name, seed=0), "fixed")
    side = StationSide(desk, knows=False)
    desk.plant.apply(Command.all_local(len(desk.plant.actuators)))
    desk.plant.step(60.0)
    before = side.tell(60.0)["entering"]
    side.change(Ridership(entering=2.0, alighting=1.0))
    desk.plant.step(60.0)
    assert side.tell(120.0)["entering"] > 1.4 * before
    with pytest.raises(InputError, match="Fault"):
        side.change(Fault(kind="pump", element=PUMP, broken=True))
