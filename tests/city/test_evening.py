"""What does one domain's state do to the others, in each of the three ways to run an evening?"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from jialing.city import laws
from jialing.city.evening import DIARY_UNITS, MODES, Evening, Event, Station, Terms, Underpass
from jialing.city.messages import (
    Change,
    Closure,
    Fault,
    Ridership,
    Stake,
    State,
    Water,
    Weather,
)

MINUTE_S = 60.0
MM_H = laws.MM_PER_H_M_S
TERMS = Terms(
    close_at_m=0.15,
    open_at_m=0.05,
    report_s=300.0,
    inspect_s=300.0,
    lead_s=600.0,
    shortest_s=300.0,
    people_per_vehicle=1.4,
    to_metro=0.07,
    rain_riders=((2.5, 0.97), (8.0, 0.93)),
    rain_losses=laws.RAIN_LOSSES,
    m3_per_vehicle_h=20.0,
)
DIP = Underpass(
    name="dip",
    title="The dip",
    node="U",
    road_m=1.2,
    low=("a", "-a"),
    closed=("in",),
    usual_ph=600.0,
)


class City:
    """An evening minute by minute; what the parts tell is written by hand."""

    def __init__(self, mode: str, *, terms: Terms = TERMS, faults: tuple[Event, ...] = ()) -> None:
        self.evening = Evening(
            mode=mode,
            underpasses=(DIP,),
            stations=(Station(name="hill", draws={"dip": 0.5}),),
            terms=terms,
            period_s=MINUTE_S,
            faults=faults,
        )
        self.time_s = 0.0
        self.events: list[tuple[float, str]] = []
        self.entered = 10.0
        self.given_up = 0.0

    def minute(
        self, depth: float = 0.0, foreseen: float = 0.0, rain: float = 0.0, entering: float = 980.0
    ) -> list[Change]:
        """What every part suffers after a minute in which this was told."""
        states = {
            "water": _state(rain=rain, **{"depth:dip": depth, "foreseen:dip": foreseen}),
            "traffic": _state(**{"entered:dip": self.entered, "given_up:dip": self.given_up}),
            "station:hill": _state(entering=entering),
        }
        found = self.evening.changes(self.time_s, states)
        self.events += [(self.time_s, str(e["kind"])) for e in self.evening.events()]
        self.time_s += MINUTE_S
        return [change for some in found.values() for change in some]

    def when(self, kind: str) -> list[float]:
        return [time_s for time_s, what in self.events if what == kind]


def _state(**told: float) -> State:
    return State(
        name="",
        time_s=0.0,
        told=told,
        headline=("flooding", 0.0, "m³"),
        plant_s=0.0,
        decide_s=0.0,
        wall_s=0.0,
        late=0,
        going=True,
    )


def only(kind: type, changes: list[Change]) -> list[Any]:
    return [change for change in changes if isinstance(change, kind)]


def test_foreseen_water_closes_the_underpass_before_it_comes_only_where_decisions_are_coupled() -> (
    None
):
    for mode in MODES:
        city = City(mode)
        for _ in range(20):
            changes = city.minute(depth=0.0, foreseen=0.4)
            if only(Closure, changes):
                break
        assert city.when("closed") == ([0.0] if mode == "coupled" else []), mode


def test_water_that_is_foreseen_too_shallow_closes_nothing() -> None:
    city = City("coupled")
    for _ in range(20):
        assert only(Closure, city.minute(foreseen=0.149)) == []
    assert only(Closure, city.minute(foreseen=0.15)) == [
        Closure(edges=("in",), closed=True, road="dip", to_metro=0.07)
    ]


@pytest.mark.parametrize(("mode", "told"), [("today", 0.0), ("alone", 0.0), ("coupled", 0.6)])
def test_only_a_coupled_city_tells_drivers_with_navigation_at_once(mode: str, told: float) -> None:
    city = City(mode, terms=dataclasses.replace(TERMS, guided=0.6))
    found: list[Closure] = []
    for depth in (0.2,) * 10 + (0.0,) * 10:
        found += only(Closure, city.minute(depth=depth))
    assert [(one.closed, one.told) for one in found] == [(True, told), (False, 0.0)]


@pytest.mark.parametrize("mode", ["today", "alone"])
def test_today_an_underpass_closes_five_minutes_after_its_water_was_there(mode: str) -> None:
    city = City(mode)
    city.minute(depth=0.1)
    for _ in range(10):
        city.minute(depth=0.2)
    assert city.when("closed") == [360.0]  # wet from 60 s on


def test_water_that_goes_again_before_anyone_came_is_not_reported_from_its_first_moment() -> None:
    city = City("today")
    for _ in range(4):
        city.minute(depth=0.2)
    city.minute(depth=0.0)
    for _ in range(5):
        city.minute(depth=0.2)
    assert city.when("closed") == []
    city.minute(depth=0.2)
    assert city.when("closed") == [600.0]


def test_coupled_an_underpass_that_is_wet_already_closes_at_once() -> None:
    city = City("coupled")
    city.minute(depth=0.2)
    assert city.when("closed") == [0.0]


def test_today_a_crew_opens_the_road_five_minutes_after_it_fell_dry() -> None:
    city = City("today")
    for _ in range(6):
        city.minute(depth=0.2)
    for _ in range(10):
        city.minute(depth=0.04)
    assert city.when("closed") == [300.0]
    assert city.when("opened") == [660.0]  # dry from 360 s on


def test_between_the_two_depths_a_barrier_stays_as_it_is() -> None:
    city = City("coupled")
    for _ in range(30):
        city.minute(depth=0.1)
    assert city.events == []
    city.minute(depth=0.2)
    for _ in range(30):
        city.minute(depth=0.1)
    assert [kind for _, kind in city.events] == ["closed"]


def test_a_false_alarm_closes_a_road_for_the_shortest_closure_and_no_shorter() -> None:
    city = City("coupled")
    city.minute(foreseen=0.4)
    for _ in range(20):
        city.minute()
    assert city.when("opened") == [360.0]  # dry and foreseen dry from 60 s on, for 300 s


def test_coupled_a_road_opens_once_it_has_been_dry_for_a_while_and_never_flaps() -> None:
    city = City("coupled")
    for _ in range(4):
        city.minute(foreseen=0.4)  # alarms that come and go: one closure, not four
        for _ in range(4):
            city.minute()
    for _ in range(5):
        city.minute(foreseen=0.16)  # water to come keeps it closed
    assert city.when("opened") == []
    for _ in range(6):
        city.minute()
    assert city.when("closed") == [0.0]
    assert city.when("opened") == [1800.0]


def test_closed_hours_count_the_time_between_the_barriers() -> None:
    city = City("coupled")
    city.minute(depth=0.2)
    for _ in range(12):
        city.minute()
    assert city.when("opened") == [360.0]
    assert city.evening.closed_h * 3600.0 == 360.0


def test_closed_hours_count_up_to_the_end_of_the_evening() -> None:
    city = City("coupled")
    for _ in range(10):
        city.minute(depth=0.2)
    assert city.evening.closed_h * 3600.0 == 600.0


def test_closed_hours_end_with_an_evening_that_ends_within_a_minute() -> None:
    city = City("coupled")
    city.evening.end_s = 90.0
    for _ in range(2):
        city.minute(depth=0.2)
    assert city.evening.closed_h * 3600.0 == 90.0


def test_rain_slows_the_streets_once_and_dry_weather_frees_them() -> None:
    city = City("today")
    assert only(Weather, city.minute()) == []
    (wet,) = only(Weather, city.minute(rain=10.0 * MM_H))
    assert wet.speed == pytest.approx(0.94)
    assert wet.headway == pytest.approx(1.0 / 0.8587)
    assert only(Weather, city.minute(rain=11.0 * MM_H)) == []
    assert only(Weather, city.minute()) == [Weather(speed=1.0, headway=1.0)]


def test_standing_water_slows_those_in_it_and_a_film_does_not() -> None:
    city = City("today")
    assert only(Water, city.minute(depth=0.004)) == []
    (slow,) = only(Water, city.minute(depth=0.1))
    assert slow.edges == DIP.low
    assert slow.speed_mps == pytest.approx(laws.speed_in_water(0.1))
    (stopped,) = only(Water, city.minute(depth=0.35))
    assert stopped.speed_mps == 0.0
    (free,) = only(Water, city.minute(depth=0.0))
    assert math.isnan(free.speed_mps)


def test_the_citys_own_figures_slow_and_stop_its_cars_and_price_its_water() -> None:
    own = replace(TERMS, parabola=(0.0, -0.2, 50.0), stopping_m=0.2)
    city = City("coupled", terms=own)
    changes = city.minute(depth=0.1)
    (slow,) = only(Water, changes)
    assert slow.speed_mps == pytest.approx(30.0 / 3.6)
    (stopped,) = only(Water, city.minute(depth=0.2))
    assert stopped.speed_mps == 0.0
    (price,), (usual,) = (only(Stake, one) for one in (changes, City("coupled").minute(depth=0.1)))
    assert price.weight == pytest.approx(usual.weight * laws.STOPPING_M / 0.2)


def test_whoever_leaves_the_car_at_home_is_at_the_station_ten_minutes_later() -> None:
    city = City("today")
    factors: dict[float, float] = {}
    for minute in range(60):
        city.given_up += 2.0 if minute < 30 else 0.0  # 120 veh/h, for half an hour
        at_s = city.time_s
        for change in only(Ridership, city.minute()):
            factors[at_s] = change.entering
            assert change.alighting == 1.0
    assert min(factors) == 600.0
    # 120 veh/h of 1.4 people, half of them here; 980 an hour enter anyway.
    most = 1.0 + 120.0 * 1.4 * 0.5 / 980.0
    assert 0.8 * (most - 1.0) < max(factors.values()) - 1.0 < most - 1.0
    assert max(factors, key=lambda at_s: factors[at_s]) == pytest.approx(600.0 + 1800.0, abs=60.0)


def test_a_closure_alone_brings_nobody_to_the_station() -> None:
    city = City("today")
    for _ in range(30):
        assert only(Ridership, city.minute(depth=0.2)) == []


def test_rain_keeps_people_in() -> None:
    city = City("today")
    city.minute()
    (fewer,) = only(Ridership, city.minute(rain=9.0 * MM_H))
    assert fewer.entering == pytest.approx(0.93)


def test_extra_riders_do_not_breed_extra_riders() -> None:
    """The station counts those who came because of the closure; the next factor leaves them out."""
    city = City("coupled")
    city.minute()
    factor = 1.0
    for _ in range(120):
        city.given_up += 1.0
        found = only(Ridership, city.minute(depth=0.2, entering=980.0 * factor))
        factor = found[-1].entering if found else factor
    assert factor == pytest.approx(1.0 + 60.0 * 1.4 * 0.5 / 980.0, abs=2e-3)


def test_only_a_coupled_sewer_is_told_what_traffic_each_underpass_carries() -> None:
    for mode in MODES:
        stakes = only(Stake, City(mode).minute())
        assert [stake.link for stake in stakes] == (["dip"] if mode == "coupled" else []), mode


def test_the_sewers_price_of_water_follows_the_traffic() -> None:
    quiet, busy = City("coupled"), City("coupled")
    quiet.entered, busy.entered = 2.0, 30.0
    for _ in range(60):
        (low,) = only(Stake, quiet.minute())
        (high,) = only(Stake, busy.minute())
    assert high.weight > 5.0 * low.weight
    expected = laws.stake(1800.0, minutes_lost=DIP.detour_min, m3_per_vehicle_h=20.0)
    assert high.weight == pytest.approx(expected, rel=0.03)


def test_a_closed_road_keeps_the_price_of_the_traffic_it_carried_while_open() -> None:
    city = City("coupled")
    (before,) = only(Stake, city.minute(depth=0.2))
    city.entered = 0.0
    for _ in range(60):
        (after,) = only(Stake, city.minute(depth=0.2))
    assert after.weight == pytest.approx(before.weight)


def test_a_road_that_opens_again_is_worth_at_once_what_it_was_worth_before() -> None:
    city = City("coupled")
    (before,) = only(Stake, city.minute(depth=0.2))
    city.entered = 0.0
    for _ in range(30):
        city.minute(depth=0.2)
    weights = []
    while not city.when("opened"):
        weights += [stake.weight for stake in only(Stake, city.minute())]
    city.entered = 10.0
    weights += [stake.weight for _ in range(20) for stake in only(Stake, city.minute())]
    assert min(weights) > 0.9 * before.weight


@pytest.mark.parametrize(("kind", "part"), [("pump", "water"), ("detectors", "traffic")])
def test_a_fault_begins_and_ends_by_the_clock_and_reaches_its_own_domain(
    kind: str, part: str
) -> None:
    event = Event(kind=kind, element="P1", from_s=120.0, to_s=300.0)
    city = City("today", faults=(event,))
    found: dict[float, Mapping[str, list[Change]]] = {}
    for minute in range(8):
        found[60.0 * minute] = city.evening.changes(60.0 * minute, {})
    told = {time_s: changes for time_s, changes in found.items() if changes}
    assert told == {
        120.0: {part: [Fault(kind=kind, element="P1", broken=True)]},
        300.0: {part: [Fault(kind=kind, element="P1", broken=False)]},
    }


def faults(*events: Event) -> list[tuple[float, str, bool]]:
    """When each element fails, and works again, in a quarter of an hour."""
    evening = City("today", faults=events).evening
    return [
        (MINUTE_S * minute, fault.element, fault.broken)
        for minute in range(15)
        for changes in evening.changes(MINUTE_S * minute, {}).values()
        for fault in changes
        if isinstance(fault, Fault)
    ]


@pytest.mark.parametrize(
    "spans",
    [
        [(120.0, 300.0), (180.0, 420.0)],
        [(180.0, 420.0), (120.0, 300.0)],
        [(120.0, 420.0), (180.0, 300.0)],
        [(120.0, 300.0), (300.0, 420.0)],
    ],
)
def test_what_several_events_break_works_again_after_the_last_of_them(
    spans: list[tuple[float, float]],
) -> None:
    events = [Event(kind="pump", element="P1", from_s=a, to_s=b) for a, b in spans]
    other = Event(kind="pump", element="P2", from_s=180.0, to_s=240.0)
    assert faults(*events, other) == [
        (120.0, "P1", True),
        (180.0, "P2", True),
        (240.0, "P2", False),
        (420.0, "P1", False),
    ]


@pytest.mark.parametrize(
    ("from_s", "to_s", "first_s"),
    [(120.0, 120.0, 120.0), (120.0, 150.0, 120.0), (70.0, 80.0, 120.0), (100.0, 130.0, 120.0)],
)
def test_an_event_shorter_than_a_step_lasts_for_one(
    from_s: float, to_s: float, first_s: float
) -> None:
    event = Event(kind="detectors", element="J", from_s=from_s, to_s=to_s)
    assert faults(event) == [(first_s, "J", True), (first_s + MINUTE_S, "J", False)]


def test_the_diary_tells_what_was_worked_out() -> None:
    city = City("coupled")
    city.minute(depth=0.2, rain=10.0 * MM_H)
    diary = city.evening.diary()
    assert diary["closed"] == ["dip"]
    assert diary["rain_mps"] == pytest.approx(10.0 * MM_H)
    assert diary["weather"]["speed"] == pytest.approx(0.94)
    assert diary["riders"]["hill"] < 1.0
    assert diary["traffic_ph"]["dip"] == pytest.approx(600.0)
    numbers = {"rain_mps", "weather:speed", "weather:headway", "riders", "traffic_ph"}
    assert {"time_s", *numbers} == set(DIARY_UNITS)
    assert {name.partition(":")[0] for name in numbers} == {*diary} - {"closed"}


def test_a_part_that_is_lost_leaves_the_couplings_of_the_others_alive() -> None:
    city = City("coupled")
    states = {"water": _state(rain=10.0 * MM_H, **{"depth:dip": 0.2})}
    found = city.evening.changes(0.0, states)
    assert [type(c) for c in found["traffic"]] == [Weather, Water, Closure]


def test_crews_that_take_longer_close_later() -> None:
    slow = City("today", terms=replace(TERMS, report_s=900.0))
    for _ in range(20):
        slow.minute(depth=0.2)
    assert slow.when("closed") == [900.0]
