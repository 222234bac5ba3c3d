"""Does the queue kernel agree with hand theory, and the search with full enumeration?"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from crossroads import junction
from hypothesis import given, settings
from hypothesis import strategies as st

from jialing.domains.traffic import kernel, search
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.kernel import NEVER, Tuning
from jialing.domains.traffic.layout import lay_out

HORIZON = 60.0
CROSS = junction()
LEFT = junction(lane_of=(0, 1), modes=("Gg", "rG"), yields=((1, 0),))
THREE = junction(lanes=3, lane_of=(0, 1, 2), out_of=(0, 1, 2), modes=("Grr", "rGr", "rrG"))


def scene(
    place: Junction,
    arrive: list[list[float]],
    *,
    tuning: Tuning,
    room: float = 1e6,
    drain: float = 0.0,
    yellow: float = 1.0,
) -> Any:
    """What the kernel is given: vehicles of one movement per lane."""
    flat = lay_out([place])
    first = np.concatenate(([0], np.cumsum([len(lane) for lane in arrive]))).astype(np.int64)
    count = int(first[-1])
    outs = len(place.outs)
    return (
        first,
        np.array([a for lane in arrive for a in lane], dtype=np.float64),
        np.array([k for k, lane in enumerate(arrive) for _ in lane], dtype=np.int64),
        np.ones(count),
        np.ones(count),
        np.zeros(count, dtype=np.bool_),
        np.full(count, yellow),
        flat.rights.reshape(len(place.modes), place.movements),
        flat.move_lane,
        flat.move_out,
        flat.headway,
        flat.foe_ptr,
        flat.foe,
        flat.inside,
        np.full(outs, room),
        np.full(outs, drain),
        tuning.array,
    )


def departures(place: Junction, what: Any, path: list[int], times: list[float]) -> Any:
    """When each vehicle leaves under a given plan."""
    leave = np.zeros(len(what[1]))
    change = place.yellow_s + place.all_red_s
    search.replay(
        -1,
        -1e6,
        HORIZON,
        change,
        np.zeros(place.movements),
        np.array(path, dtype=np.int64),
        np.array(times, dtype=np.float64),
        leave,
        what,
    )
    return leave


def test_a_standing_queue_leaves_at_the_saturation_headway() -> None:
    what = scene(CROSS, [[], [0.0] * 8], tuning=Tuning(lost_s=2.0))
    leave = departures(CROSS, what, [0, 1], [-5.0, 10.0])
    headway = lay_out([CROSS]).headway[1]
    assert leave[0] == pytest.approx(12.0)
    assert np.diff(leave) == pytest.approx(headway)


def test_delay_of_a_steady_stream_is_that_of_the_uniform_queue() -> None:
    """Webster's first term: q r² / (2 (1 - q/s)) vehicle-seconds per cycle (D/D/1)."""
    red, every = 30.0, 5.0
    came = np.arange(every / 2.0, HORIZON, every)
    what = scene(CROSS, [[], came.tolist()], tuning=Tuning(lost_s=0.0))
    leave = departures(CROSS, what, [0, 1], [-5.0, red])
    flow, saturation = 1.0 / every, 1.0 / lay_out([CROSS]).headway[1]
    theory = flow * red**2 / (2.0 * (1.0 - flow / saturation))
    assert (leave - came).sum() == pytest.approx(theory, rel=0.1)


def test_nobody_leaves_on_red() -> None:
    what = scene(CROSS, [[1.0, 2.0], [3.0]], tuning=Tuning())
    leave = departures(CROSS, what, [0], [-5.0])
    assert leave[2] == NEVER
    assert leave[0] == 1.0


def test_who_arrives_late_in_yellow_stops() -> None:
    def leaves(yellow: float) -> Any:  # yellow begins 10 s from now
        what = scene(CROSS, [[11.0], []], tuning=Tuning(), yellow=yellow)
        return departures(CROSS, what, [0, 1], [-5.0, 13.0])[0]

    assert leaves(1.1) == 11.0
    assert leaves(0.9) == NEVER


@pytest.mark.parametrize(("opposing", "waits"), [([1.0, 3.0, 5.0, 7.0], True), ([30.0], False)])
def test_a_left_turn_waits_for_the_stream_that_goes_first(
    opposing: list[float], waits: bool
) -> None:
    what = scene(LEFT, [opposing, [0.5]], tuning=Tuning())
    leave = departures(LEFT, what, [0], [-5.0])
    assert (leave[-1] > 7.0) == waits


def test_a_full_exit_lets_as_many_in_as_it_has_room_for() -> None:
    what = scene(CROSS, [[0.0] * 6, []], tuning=Tuning(), room=2.0)
    leave = departures(CROSS, what, [0], [-5.0])
    assert int((leave < NEVER).sum()) == 2


def test_an_exit_that_drains_lets_in_what_it_gives_off() -> None:
    what = scene(CROSS, [[0.0] * 6, []], tuning=Tuning(), room=2.0, drain=0.1)
    leave = departures(CROSS, what, [0], [-5.0])
    assert leave[2] >= 10.0
    assert leave[3] >= 20.0


def best_by_enumeration(place: Junction, what: Any, depth: int) -> float:
    """The price of the best plan, every plan tried, nothing pruned."""
    change = place.yellow_s + place.all_red_s
    lanes, none = len(what[0]) - 1, np.zeros(0)
    best = np.inf
    modes = range(len(place.modes))
    sequences = [()] + [
        path
        for length in range(1, depth + 1)
        for path in itertools.product(modes, repeat=length)
        if all(a != b for a, b in itertools.pairwise((0, *path)))
    ]
    for path in sequences:
        for stay in kernel.STAYS if path else [HORIZON]:
            flow, can = search.new_flow(1, np.zeros(place.movements), what), np.zeros(lanes)
            mode, before, left, opened, price = 0, -1, -1e6, -10.0, 0.0
            until = latest = stay
            for step in range(len(path) + 1):
                following = path[step] if step < len(path) else mode
                if step:
                    until = opened + place.min_green_s[mode]
                    latest = opened + 60.0
                if step == len(path):
                    until = latest = HORIZON
                end, cost = kernel.serve(
                    until, latest, following, 0, mode, before, left, opened, can, none, what, flow
                )
                price += cost
                if step < len(path):
                    before, left = mode, end
                    opened = end + change[mode, following]
                    mode = following
                    if end >= HORIZON:
                        price = np.inf
                        break
            if np.isfinite(price):
                best = min(best, price + kernel.left_over(HORIZON, 0, what, flow))
    return best


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(0.0, 40.0), min_size=1, max_size=5).map(sorted), min_size=3, max_size=3
    )
)
def test_pruning_loses_no_plan(arrive: list[list[float]]) -> None:
    what = scene(THREE, arrive, tuning=Tuning())
    path, times = np.full(3, -1, dtype=np.int64), np.zeros(3)
    found, _, _ = search.plan(
        0,
        -1,
        -1e6,
        -10.0,
        2,
        HORIZON,
        True,
        search.FREE,
        THREE.yellow_s + THREE.all_red_s,
        THREE.min_green_s,
        np.full(3, 60.0),
        np.zeros(3),
        what,
        path,
        times,
    )
    assert found == pytest.approx(best_by_enumeration(THREE, what, 2), abs=1e-4)
