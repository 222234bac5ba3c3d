"""Is everybody's delay told in full: water, detours, waiting to set out, trips without an end?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from jialing.domains.traffic.journeys import Journeys

#: Edges in a row of 100 m at 10 m/s, and a way round of twice the length; 5 m across each node.
LANES = {"a": ("a_0",), "b": ("b_0",), "c": ("c_0",), "round": ("round_0",)}
LENGTH_M = {"a_0": 100.0, "b_0": 100.0, "c_0": 100.0, "round_0": 200.0}
FREE_MPS = dict.fromkeys(LENGTH_M, 10.0)
NEXT = {"a_0": ("b_0", "round_0"), "b_0": ("c_0",), "round_0": ("c_0",), "c_0": ()}
MEANT_S = 31.0


@dataclass
class Stop:
    duration: float


@dataclass
class City:
    """As much of SUMO as an account of trips asks for."""

    route: tuple[str, ...] = ("a", "b", "c")
    index: int = 0
    position_m: float = 0.0
    stops: list[Stop] = field(default_factory=list)
    depart_delay_s: float = 0.0
    kind: str = "passenger"
    speed_factor: float = 1.0
    lists: dict[str, list[str]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        told = {
            "getLength": lambda lane: LENGTH_M[lane],
            "getEdgeID": lambda lane: lane.partition("_")[0],
            "getLinks": lambda lane: [(to, 0, 0, 0, "", "", "", 5.0) for to in NEXT.get(lane, ())],
            "getSpeedFactor": lambda _: self.speed_factor,
            "getMaxSpeed": lambda _: 50.0,
            "getRoute": lambda _: self.route,
            "getRouteIndex": lambda _: self.index,
            "getRoadID": lambda _: self.route[self.index],
            "getLanePosition": lambda _: self.position_m,
            "getStops": lambda _: self.stops,
            "getDepartDelay": lambda _: self.depart_delay_s,
            "getVehicleClass": lambda _: self.kind,
        }
        if name in told:
            return told[name]
        return lambda: self.lists.get(name, [])

    def now(self, **lists: list[str]) -> None:
        self.lists = lists


def begun(
    city: City,
    lanes: Mapping[str, tuple[str, ...]] = LANES,
    free_mps: Mapping[str, float] = FREE_MPS,
) -> Journeys:
    found = Journeys(city, city, city, lanes=lanes, free_mps=free_mps)
    city.now(getLoadedIDList=["car"])
    found.step(0.0)
    city.now(getDepartedIDList=["car"])
    found.step(10.0)
    return found


def test_who_drives_the_way_meant_freely_is_not_late() -> None:
    city = City()
    journeys = begun(city)
    city.now(getArrivedIDList=["car"])
    journeys.step(10.0 + MEANT_S)
    assert journeys.delays_s() == pytest.approx([0.0])


def test_an_arrival_in_the_last_step_of_all_is_settled() -> None:
    city = City()
    journeys = begun(city)
    city.now(getArrivedIDList=["car"])
    journeys.end(10.0 + MEANT_S + 7.0)
    assert journeys.delays_s() == pytest.approx([7.0])


def test_a_street_is_meant_to_be_driven_on_its_fastest_lane() -> None:
    city = City()
    journeys = begun(city, {**LANES, "b": ("b_0", "b_1")}, {**FREE_MPS, "b_0": 5.0, "b_1": 20.0})
    city.now(getArrivedIDList=["car"])
    journeys.step(10.0 + 10.0 + 0.5 + 5.0 + 0.25 + 10.0)
    assert journeys.delays_s() == pytest.approx([0.0])


@pytest.mark.parametrize(
    ("limit_mps", "factor", "meant_s"),
    [
        (10.0, 0.5, 62.0),
        (40.0, 0.5, 15.5),
        (100.0, 1.0, 6.2),
        (0.5, 1.0, 620.0),
        (0.0, 1.0, 3100.0),
    ],
    ids=["slow", "fast_street", "as_fast_as_it_can", "crept", "crept_where_none_may_drive"],
)
def test_a_way_is_meant_to_be_driven_at_the_limit_as_its_driver_keeps_it(
    limit_mps: float, factor: float, meant_s: float
) -> None:
    city = City(speed_factor=factor)
    journeys = begun(city, free_mps=dict.fromkeys(FREE_MPS, limit_mps))
    city.now(getArrivedIDList=["car"])
    journeys.step(10.0 + meant_s)
    assert journeys.delays_s() == pytest.approx([0.0])


def test_an_hour_stuck_in_water_is_an_hour_of_delay_even_if_the_trip_never_ends() -> None:
    city = City()
    journeys = begun(city)
    city.index, city.position_m = 1, 50.0
    city.now(getIDList=["car"])
    journeys.end(10.0 + 15.5 + 3600.0)
    assert journeys.delays_s() == pytest.approx([3600.0])


def test_a_detour_costs_what_it_is_longer_though_nothing_holds_it_up() -> None:
    city = City()
    journeys = begun(city)
    city.route = ("a", "round", "c")
    city.index, city.position_m = 1, 0.0
    city.now(getIDList=["car"])
    journeys.end(10.0 + 10.5)
    assert journeys.delays_s() == pytest.approx([10.0])


def test_waiting_to_set_out_counts_and_stops_on_the_way_do_not() -> None:
    city = City(depart_delay_s=40.0, stops=[Stop(18.0), Stop(18.0)])
    journeys = begun(city)
    city.now(getArrivedIDList=["car"])
    journeys.step(10.0 + MEANT_S + 36.0)
    assert journeys.delays_s() == pytest.approx([40.0])


def test_who_sets_out_from_the_middle_of_an_edge_means_to_drive_the_rest_of_it() -> None:
    city = City(position_m=60.0)
    journeys = begun(city)
    city.now(getArrivedIDList=["car"])
    journeys.step(10.0 + MEANT_S - 6.0)
    assert journeys.delays_s() == pytest.approx([0.0])


def test_a_bus_under_way_has_its_next_stops_still_before_it() -> None:
    city = City(stops=[Stop(18.0), Stop(18.0)])
    journeys = begun(city)
    city.index, city.position_m, city.stops = 1, 0.0, [Stop(18.0)]
    city.now(getIDList=["car"])
    journeys.end(10.0 + 10.5 + 18.0)
    assert journeys.delays_s() == pytest.approx([0.0])


def test_the_wait_for_a_road_to_be_opened_is_no_stop_of_the_trip() -> None:
    city = City()
    journeys = begun(city)
    city.index, city.position_m, city.stops = 0, 100.0, [Stop(1e6)]
    city.now(getIDList=["car"])
    journeys.end(10.0 + 10.0 + 600.0)
    assert journeys.delays_s() == pytest.approx([600.0])


@pytest.mark.parametrize(("stop_s", "meant_s"), [(0.5, 0.5), (3599.0, 3599.0), (3600.0, 0.0)])
def test_a_stop_of_less_than_an_hour_is_meant(stop_s: float, meant_s: float) -> None:
    city = City(stops=[Stop(stop_s)])
    journeys = begun(city)
    city.now(getArrivedIDList=["car"])
    journeys.step(10.0 + MEANT_S + stop_s)
    assert journeys.delays_s() == pytest.approx([stop_s - meant_s])


@pytest.mark.parametrize(("told_s", "late_s"), [(0.25, 0.25), (-1.0, 0.0)])
def test_who_is_due_this_very_second_is_hardly_late(told_s: float, late_s: float) -> None:
    city = City(depart_delay_s=told_s)
    journeys = Journeys(city, city, city, lanes=LANES, free_mps=FREE_MPS)
    city.now(getLoadedIDList=["due"])
    journeys.step(0.0)
    city.now(getPendingVehicles=["due"])
    journeys.end(100.0)
    assert journeys.delays_s() == pytest.approx([late_s])


def test_the_delay_of_one_trip_is_told_by_its_name() -> None:
    city = City()
    journeys = begun(city)
    assert journeys.late_s("car") is None
    city.now(getArrivedIDList=["car"])
    journeys.step(10.0 + MEANT_S + 5.0)
    assert journeys.late_s("car") == pytest.approx(5.0)
    assert journeys.late_s("stranger") is None
    journeys.forget("car")
    assert journeys.late_s("car") is None


def test_who_is_due_and_cannot_set_out_is_late_who_is_not_due_is_no_trip_yet() -> None:
    city = City(depart_delay_s=90.0)
    journeys = Journeys(city, city, city, lanes=LANES, free_mps=FREE_MPS)
    city.now(getLoadedIDList=["due", "later"])
    journeys.step(0.0)
    city.now(getPendingVehicles=["due"])
    journeys.end(100.0)
    assert journeys.delays_s() == pytest.approx([90.0])


def test_a_trip_that_is_given_up_is_none() -> None:
    city = City()
    journeys = begun(city)
    journeys.forget("car")
    city.now(getArrivedIDList=["car"])
    journeys.step(12.0)
    assert not journeys.delays_s().size


@pytest.mark.parametrize(("kind", "count"), [("emergency", 1), ("passenger", 0)])
def test_emergency_vehicles_are_told_apart(kind: str, count: int) -> None:
    city = City(kind=kind)
    journeys = begun(city)
    city.now(getArrivedIDList=["car"])
    journeys.step(100.0)
    assert journeys.delays_s(emergency=True).size == count
