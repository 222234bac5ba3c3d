"""Is everybody who waits at red noticed in time, and given the right mode?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from signals import EAST, NORTH, NORTH_LEFT, SOUTH, WALK_NS, crossroads, signal, tee

from jialing.core.signal import Signal, SignalTable
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.proof import prove
from jialing.domains.traffic.service import CALM_S, VEHICLE_M, Calls

NAN = math.nan
MAX_RED_S = 100.0


class Watch:
    """Calls whose sensors a test sets by hand; everything is empty, fresh and roomy at first."""

    def __init__(self, *junctions: Junction, max_red_s: float = MAX_RED_S, blind: str = "") -> None:
        names = []
        for j in junctions:
            names += [f"queue:{lane}" for lane in j.lanes]
            names += [f"waiting:{j.name}/{k}" for k in j.links[j.pedestrian]]
            names += [f"room:{out}" for out in j.outs]
        if blind:
            names = [name for name in names if not name.startswith(blind)]
        self.table = SignalTable(signals=tuple(Signal(name=n, unit="1") for n in names))
        self.values = np.zeros(len(names))
        self.good = np.ones(len(names), dtype=np.bool_)
        for i, name in enumerate(names):
            if name.startswith("room:"):
                self.values[i] = 100.0
        proofs = [prove(j) for j in junctions]
        assert all(not proof.faults for proof in proofs)
        self.calls = Calls(junctions, proofs, self.table, np.full(len(junctions), max_red_s))

    def set(self, **readings: float) -> Watch:
        for name, value in readings.items():
            self.values[self.table.find(name.replace("__", ":"))] = value
        return self

    def put(self, name: str, value: float, *, good: bool = True) -> Watch:
        self.values[self.table.find(name)] = value
        self.good[self.table.find(name)] = good
        return self

    def at(self, now_s: float, *shown: float) -> list[int]:
        """Junctions at which somebody starves."""
        return self.calls.note(now_s, np.array(shown), self.values, self.good).tolist()


def test_where_nobody_waits_nobody_starves() -> None:
    watch = Watch(crossroads())
    for now_s in range(0, 1000, 10):
        assert watch.at(now_s, 0.0) == []


@pytest.mark.parametrize("queue", [1.0, 0.5, 12.0])
def test_a_queue_at_red_starves_after_the_longest_red_and_not_before(queue: float) -> None:
    watch = Watch(crossroads()).put(f"queue:X{EAST}", queue)
    for now_s in (0.0, 50.0, 99.9):
        assert watch.at(now_s, 0.0) == []
    assert watch.at(100.0, 0.0) == [0]
    assert watch.calls.serve(0, 0.0) == (2, 100.0)


def test_the_wait_counts_from_the_first_who_is_seen_at_red() -> None:
    watch = Watch(crossroads())
    watch.at(0.0, 0.0)
    watch.put(f"queue:X{EAST}", 1.0)
    watch.at(30.0, 0.0)
    assert watch.at(129.0, 0.0) == []
    assert watch.at(131.0, 0.0) == [0]
    assert watch.calls.serve(0, 0.0) == (2, 101.0)


def test_green_ends_the_wait() -> None:
    watch = Watch(crossroads()).put(f"queue:X{EAST}", 9.0)
    watch.at(0.0, 0.0)
    watch.at(90.0, 2.0)
    watch.at(95.0, 0.0)
    assert watch.at(194.0, 0.0) == []
    assert watch.at(195.0, 0.0) == [0]


def test_a_permissive_green_ends_the_wait_too() -> None:
    watch = Watch(crossroads()).put(f"queue:X{NORTH_LEFT}", 9.0)
    watch.at(0.0, 2.0)
    watch.at(90.0, 0.0)
    assert watch.at(100.0, 0.0) == []


def test_nobody_is_served_while_a_transition_is_under_way() -> None:
    watch = Watch(crossroads()).put(f"queue:X{NORTH}", 9.0)
    watch.at(0.0, NAN)
    assert watch.at(100.0, NAN) == [0]
    assert watch.at(101.0, 0.0) == []


def test_a_queue_that_moves_up_for_a_moment_still_waits() -> None:
    watch = Watch(crossroads()).put(f"queue:X{EAST}", 9.0)
    watch.at(0.0, 0.0)
    watch.put(f"queue:X{EAST}", 0.0)
    watch.at(CALM_S - 0.1, 0.0)
    watch.put(f"queue:X{EAST}", 9.0)
    watch.at(CALM_S, 0.0)
    assert watch.at(100.0, 0.0) == [0]


def test_who_has_not_been_seen_for_a_while_has_gone() -> None:
    watch = Watch(crossroads()).put(f"queue:X{EAST}", 9.0)
    watch.at(0.0, 0.0)
    watch.put(f"queue:X{EAST}", 0.0)
    watch.at(CALM_S, 0.0)
    watch.put(f"queue:X{EAST}", 9.0)
    watch.at(CALM_S + 1.0, 0.0)
    assert watch.at(100.0, 0.0) == []
    assert watch.at(111.0, 0.0) == [0]


@pytest.mark.parametrize(
    ("value", "good", "waits"),
    [
        (0.0, True, False),
        (0.0, False, True),
        (NAN, True, True),
        (NAN, False, True),
        (-1.0, True, False),
    ],
)
def test_where_nothing_is_known_somebody_waits(value: float, good: bool, waits: bool) -> None:
    watch = Watch(crossroads()).put(f"queue:X{EAST}", value, good=good)
    watch.at(0.0, 0.0)
    assert watch.at(100.0, 0.0) == ([0] if waits else [])


def test_without_any_sensor_somebody_waits() -> None:
    watch = Watch(tee(), blind="queue")
    watch.values[:] = 0.0  # no room at the exits either
    watch.at(0.0, 0.0)
    assert watch.at(200.0, 0.0) == [0]
    assert watch.calls.serve(0, 0.0)[0] == 2


def test_where_no_queue_is_seen_the_stop_line_detector_counts() -> None:
    junction = tee()
    names = [f"occupied:{lane}/stop" for lane in junction.lanes]
    table = SignalTable(signals=tuple(Signal(name=n, unit="1") for n in names))
    for occupied, starved in ((0.0, []), (0.4, [0])):
        calls = Calls([junction], [prove(junction)], table, np.array([MAX_RED_S]))
        for now_s in (0.0, 100.0):
            found = calls.note(
                now_s, np.zeros(1), np.array([0.0, 0.0, occupied]), np.ones(3, np.bool_)
            )
        assert found.tolist() == starved


def test_a_queue_is_believed_before_the_detector() -> None:
    junction = signal("J", (0, 1), ("Gr", "rG"), conflicts=[(0, 1)])
    names = ["occupied:J1/stop", "queue:J1", "queue:J0"]
    table = SignalTable(signals=tuple(Signal(name=n, unit="1") for n in names))
    calls = Calls([junction], [prove(junction)], table, np.array([MAX_RED_S]))
    for now_s in (0.0, 100.0):
        found = calls.note(now_s, np.zeros(1), np.array([1.0, 0.0, 0.0]), np.ones(3, np.bool_))
    assert found.tolist() == []


def test_people_on_foot_starve_as_vehicles_do() -> None:
    watch = Watch(crossroads()).put(f"waiting:X/{WALK_NS}", 1.0)
    watch.at(0.0, 2.0)
    assert watch.at(99.0, 2.0) == []
    assert watch.at(100.0, 2.0) == [0]
    assert watch.calls.serve(0, 2.0) == (0, 100.0)


def test_only_the_junctions_where_somebody_starves_are_named_each_once() -> None:
    watch = Watch(crossroads("X"), tee(), crossroads("Y"))
    watch.put(f"queue:Y{EAST}", 1.0).put(f"queue:Y{EAST + 4}", 1.0)
    watch.at(0.0, 0.0, 0.0, 0.0)
    assert watch.at(100.0, 0.0, 0.0, 0.0) == [2]
    assert watch.calls.serve(2, 0.0)[0] == 2


def test_modes_of_several_junctions_are_told_apart() -> None:
    watch = Watch(tee("T"), crossroads("X"))
    watch.put("queue:T2", 1.0).put(f"queue:X{SOUTH}", 1.0).put(f"queue:X{EAST}", 1.0)
    watch.at(0.0, 0.0, 2.0)
    assert watch.at(100.0, 2.0, 2.0) == [1]
    assert watch.calls.serve(1, 2.0) == (0, 100.0)
    assert watch.at(100.0, 2.0, 0.0) == []
    assert watch.at(199.0, 0.0, 0.0) == []
    assert watch.at(200.0, 2.0, 0.0) == [1]
    assert watch.calls.serve(1, 0.0) == (2, 100.0)


def test_greens_are_looked_up_at_the_own_junction() -> None:
    watch = Watch(crossroads("X"), tee("T"))
    for lane in range(3):
        watch.put(f"queue:T{lane}", 1.0)
    watch.at(0.0, 0.0, 2.0)
    assert watch.at(100.0, 0.0, 0.0) == []
    assert watch.at(199.0, 0.0, 0.0) == []
    assert watch.at(200.0, 0.0, 0.0) == [1]
    assert watch.calls.serve(1, 0.0) == (2, 100.0)


@pytest.mark.parametrize(("movement", "shown"), [(EAST, 0.0), (NORTH, 2.0)])
def test_a_full_exit_puts_the_service_off_to_twice_the_longest_red(
    movement: int, shown: float
) -> None:
    watch = Watch(crossroads()).put(f"queue:X{movement}", 1.0)
    watch.put(f"room:Xout{movement}", VEHICLE_M - 0.1)
    watch.at(0.0, shown)
    assert watch.at(100.0, shown) == []
    assert watch.at(199.9, shown) == []
    assert watch.at(200.0, shown) == [0]


def test_the_room_of_a_standing_car_with_its_gap() -> None:
    assert VEHICLE_M == 7.5


def test_room_for_one_vehicle_is_room() -> None:
    watch = Watch(crossroads()).put(f"queue:X{EAST}", 1.0).put(f"room:Xout{EAST}", VEHICLE_M)
    watch.at(0.0, 0.0)
    assert watch.at(100.0, 0.0) == [0]


@pytest.mark.parametrize(("room", "good"), [(0.0, False), (NAN, True)])
def test_an_exit_that_is_not_known_to_be_full_puts_nothing_off(room: float, good: bool) -> None:
    watch = Watch(crossroads()).put(f"queue:X{EAST}", 1.0)
    watch.put(f"room:Xout{EAST}", room, good=good)
    watch.at(0.0, 0.0)
    assert watch.at(100.0, 0.0) == [0]


def test_an_exit_without_a_sensor_puts_nothing_off() -> None:
    watch = Watch(crossroads(), blind="room").put(f"queue:X{EAST}", 1.0)
    watch.values[[0, -1]] = 0.0
    watch.at(0.0, 0.0)
    assert watch.at(100.0, 0.0) == [0]


def test_people_on_foot_need_no_room() -> None:
    watch = Watch(crossroads()).put(f"waiting:X/{WALK_NS}", 1.0)
    for k in range(10):
        watch.put(f"room:Xout{k}", 0.0)
    watch.at(0.0, 2.0)
    assert watch.at(100.0, 2.0) == [0]


def test_the_longest_wait_goes_first() -> None:
    watch = Watch(crossroads()).put(f"queue:X{NORTH_LEFT}", 1.0)
    watch.at(0.0, 3.0)
    watch.put(f"queue:X{EAST}", 9.0).put(f"queue:X{EAST + 4}", 9.0)
    watch.at(1.0, 3.0)
    assert watch.at(150.0, 3.0) == [0]
    assert watch.calls.serve(0, 3.0) == (1, 150.0)  # left alone: it need not yield there
    assert watch.calls.serve(0, 2.0) == (1, 150.0)


def test_a_wish_that_serves_the_longest_wait_is_granted() -> None:
    watch = Watch(crossroads()).put(f"queue:X{NORTH_LEFT}", 1.0)
    watch.at(0.0, 2.0)
    assert watch.at(100.0, 2.0) == [0]
    assert watch.calls.serve(0, 0.0) == (0, 100.0)
    assert watch.calls.serve(0, 1.0) == (1, 100.0)
    assert watch.calls.serve(0, 3.0) == (1, 100.0)


def three(*modes: str, **more: Any) -> Junction:
    """Four streams that do not meet, and modes at will."""
    return signal("J", (0, 1, 2, 3), modes, phases=[("rrrr", 9.0)], **more)


def choice(junction: Junction, *waits: tuple[int, float], shown: float = 0.0) -> int:
    """The mode given where lanes have had a queue since the times given, 100 s at the most."""
    watch = Watch(junction)
    for now_s in (0.0, *sorted(since_s for _, since_s in waits), 100.0):
        for lane, since_s in waits:
            if since_s <= now_s:
                watch.put(f"queue:J{lane}", 1.0)
        found = watch.at(now_s, shown)
    assert found == [0]
    return watch.calls.serve(0, shown)[0]


def test_of_equal_waits_the_first_movement_goes_first() -> None:
    assert choice(three("GGGr", "rrrG", "rGrr"), (3, 0.0)) == 1
    assert choice(three("Grrr", "rrGr", "rGrr"), (1, 0.0), (2, 0.0)) == 2


def test_a_green_that_need_not_yield_goes_before_one_that_must() -> None:
    modes = ("Grrr", "rgGr", "rGrr")
    assert choice(three(*modes, yields=[(1, 0)]), (1, 0.0), (2, 0.0)) == 2


def test_then_the_mode_that_serves_most_who_starve() -> None:
    assert choice(three("Grrr", "rGrr", "rGrG"), (1, 0.0), (2, 50.0), (3, 0.0)) == 2


def test_then_the_mode_that_serves_most_who_wait() -> None:
    assert choice(three("Grrr", "rGrr", "rGrG"), (1, 0.0), (3, 50.0)) == 2
    assert choice(three("Grrr", "rGrr", "rGrG"), (1, 0.0)) == 1


def test_who_starves_counts_before_who_waits() -> None:
    modes = ("Grrrr", "rGrGG", "rGGrr")
    junction = signal("J", (0, 1, 2, 3, 4), modes, phases=[("rrrrr", 9.0)])
    watch = Watch(junction).put("queue:J1", 1.0).put("queue:J2", 1.0)
    watch.at(0.0, 0.0)
    watch.put("queue:J3", 1.0).put("queue:J4", 1.0)
    watch.at(50.0, 0.0)
    assert watch.at(100.0, 0.0) == [0]
    assert watch.calls.serve(0, 0.0)[0] == 2


def test_whom_no_mode_serves_never_starves() -> None:
    junction = three("GGGr", "GrGr")
    watch = Watch(junction).put("queue:J3", 1.0)
    for now_s in range(0, 1000, 50):
        assert watch.at(now_s, 0.0) == []


def test_a_mode_that_is_not_usable_serves_nobody() -> None:
    junction = signal(
        "J",
        (0, 1),
        ("GG", "Gr", "rG"),
        conflicts=[(0, 1)],
        phases=[("rr", 9.0)],
    )
    proof = prove(junction)
    table = SignalTable(signals=tuple(Signal(name=f"queue:J{k}", unit="1") for k in (0, 1)))
    calls = Calls([junction], [proof], table, np.array([MAX_RED_S]))
    for now_s in (0.0, 100.0):
        calls.note(now_s, np.array([1.0]), np.array([0.0, 1.0]), np.ones(2, np.bool_))
    assert calls.serve(0, 0.0) == (2, 100.0)


def test_the_longest_red_is_that_of_the_junction() -> None:
    junctions = [tee("A"), tee("B")]
    proofs = [prove(j) for j in junctions]
    names = [f"queue:{lane}" for j in junctions for lane in j.lanes]
    table = SignalTable(signals=tuple(Signal(name=n, unit="1") for n in names))
    calls = Calls(junctions, proofs, table, np.array([50.0, 100.0]))
    for now_s, expected in ((0.0, []), (50.0, [0]), (99.0, [0]), (100.0, [0, 1])):
        found = calls.note(now_s, np.zeros(2), np.ones(6), np.ones(6, np.bool_))
        assert found.tolist() == expected


def test_a_plant_without_signals_has_no_calls() -> None:
    calls = Calls([], [], SignalTable(signals=()), np.zeros(0))
    nothing = np.zeros(0)
    assert calls.note(0.0, nothing, nothing, nothing.astype(np.bool_)).tolist() == []
