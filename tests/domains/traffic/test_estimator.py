"""When does a vehicle reach the stop line, and which way will it take?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from crossroads import junction

from jialing.core.signal import Observation, SignalTable
from jialing.domains.traffic.estimator import (
    ACCELERATION,
    SPEED_FACTOR,
    Arrivals,
    Estimator,
    way_to_line,
    yellow_used,
)
from jialing.domains.traffic.layout import lay_out
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.sightings import SIGHTING, Kind

SHARED = junction(lanes=1, lane_of=(0, 0), out_of=(0, 1), modes=("Gr", "rG"))
Vehicle = tuple[int, int, float, float]  # number, movement or -1, distance [m], speed [m/s]


def estimator(place: Any = SHARED) -> Estimator:
    return Estimator((place,), lay_out((place,)), TrafficSettings())


def look(
    made: Estimator, now: float, vehicles: list[Vehicle], right: tuple[int, int] = (0, 0)
) -> Arrivals:
    seen = np.zeros(len(vehicles), dtype=SIGHTING)
    for row, (number, movement, distance, speed) in zip(seen, vehicles, strict=True):
        row["vehicle"], row["movement"] = number, movement
        row["distance_m"], row["speed_mps"], row["free_speed_mps"] = distance, speed, 13.9
    observation = Observation(
        time_s=now,
        values=np.zeros(0),
        quality=np.zeros(0, dtype=np.uint8),
        valid_at_s=np.zeros(0),
        table=SignalTable(signals=()),
        sightings=seen,
    )
    state: Any = type("State", (), {"right": np.array(right, dtype=np.int8)})()
    return made.arrivals(observation, state, now)


def one(value: float) -> np.ndarray[Any, Any]:
    return np.array([value])


def test_at_the_allowed_speed_the_time_is_distance_over_speed() -> None:
    when, pace = way_to_line(one(139.0), one(13.9), one(13.9))
    assert when[0] == pytest.approx(10.0)
    assert pace[0] == 13.9


def test_from_a_stand_the_time_is_that_of_even_acceleration() -> None:
    near = 9.0  # so near that the allowed speed is not reached
    when, pace = way_to_line(one(near), one(0.0), one(13.9))
    assert when[0] == pytest.approx(np.sqrt(2.0 * near / ACCELERATION))
    assert pace[0] == pytest.approx(ACCELERATION * when[0])


def test_the_two_branches_meet_where_the_allowed_speed_is_just_reached() -> None:
    way = 13.9**2 / (2.0 * ACCELERATION)
    below, above = (way_to_line(one(way + e), one(0.0), one(13.9)) for e in (-1e-6, 1e-6))
    assert below[0] == pytest.approx(above[0], abs=1e-5)
    assert below[1] == pytest.approx(above[1], abs=1e-5)


def test_who_hardly_moves_stops_at_yellow_and_who_is_fast_drives_on() -> None:
    assert yellow_used(np.array([0.0, 4.0])).tolist() == [0.0, 0.0]
    assert yellow_used(one(13.9))[0] == pytest.approx(13.9 / 9.0 - 0.5)


def test_vehicles_stand_in_the_order_of_their_distance() -> None:
    found = look(estimator(), 0.0, [(1, 0, 80.0, 10.0), (2, 0, 20.0, 10.0), (3, 0, 50.0, 10.0)])
    assert found.vehicle.tolist() == [2, 3, 1]
    assert (np.diff(found.arrive) > 0.0).all()


def test_a_free_vehicle_drives_a_little_below_what_it_may() -> None:
    found = look(estimator(), 0.0, [(1, 0, 100.0, 13.9 * SPEED_FACTOR)])
    assert found.arrive[0] == pytest.approx(100.0 / (13.9 * SPEED_FACTOR))


def test_a_bus_weighs_what_the_settings_say() -> None:
    made, settings = estimator(), TrafficSettings()
    seen = np.zeros(1, dtype=SIGHTING)
    seen["kind"], seen["free_speed_mps"] = Kind.BUS, 13.9
    observation = Observation(
        time_s=0.0,
        values=np.zeros(0),
        quality=np.zeros(0, dtype=np.uint8),
        valid_at_s=np.zeros(0),
        table=SignalTable(signals=()),
        sightings=seen,
    )
    state: Any = type("State", (), {"right": np.zeros(2, dtype=np.int8)})()
    assert made.arrivals(observation, state, 0.0).weight[0] == settings.weights["bus"]


def test_a_turn_that_is_known_is_taken_as_it_is() -> None:
    found = look(estimator(), 0.0, [(1, 1, 30.0, 10.0), (2, 0, 60.0, 10.0)])
    assert found.move.tolist() == [1, 0]


def test_unknown_turns_are_spread_as_their_shares_say() -> None:
    found = look(estimator(), 0.0, [(k, -1, 10.0 * k, 10.0) for k in range(10)])
    assert np.bincount(found.move, minlength=2).tolist() == [5, 5]


def test_a_guess_stays_with_its_vehicle() -> None:
    made = estimator()
    first = look(made, 0.0, [(k, -1, 40.0 + 10.0 * k, 10.0) for k in range(6)])
    later = look(made, 1.0, [(k, -1, 30.0 + 10.0 * k, 10.0) for k in range(6)])
    assert later.move.tolist() == first.move.tolist()


def test_guesses_follow_those_who_could_leave_in_one_way_only() -> None:
    made = estimator()
    for k in range(40):  # one after the other leaves while movement 1 alone has green
        look(made, float(k), [(k, -1, 5.0, 5.0)], right=(0, 2))
    found = look(made, 41.0, [(100 + k, -1, 10.0 * k, 10.0) for k in range(10)])
    assert int((found.move == 1).sum()) >= 8


def test_within_keeps_lanes_and_order() -> None:
    found = look(estimator(), 0.0, [(k, 0, 20.0 + 40.0 * k, 12.9) for k in range(5)])
    near = found.within(6.0)
    assert near.vehicle.tolist() == [0, 1]
    assert near.first.tolist() == [0, 2]
