"""Do signals that stand too close for a queue between them decide together?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from crossroads import junction

from jialing.domains.traffic import batch
from jialing.domains.traffic.estimator import Arrivals
from jialing.domains.traffic.joint import Group, groups_of
from jialing.domains.traffic.junction import Feed, Junction
from jialing.domains.traffic.kernel import NEVER, Tuning
from jialing.domains.traffic.layout import SPACE_M, Layout, lay_out
from jialing.domains.traffic.search import DEPTH, FREE
from jialing.domains.traffic.upstream import with_joined

BETWEEN_M = 15.0  # road between the two signals: two cars
HORIZON_S = 60.0


def pair(between_m: float = BETWEEN_M) -> tuple[Junction, Junction]:
    """Movement 0 of A leads into lane 0 of B; all else leads away."""
    a = junction(name="A", outs=("B_in0_0", "A_out1_0"))
    a = replace(a, out_length_m=np.array([between_m, 300.0]))
    b = junction(name="B")
    b = replace(b, lane_length_m=np.array([between_m, 300.0]))
    feed = Feed(junction=0, movement=0, lane=0, distance_m=between_m + 15.0, share=1.0)
    found = with_joined((a, replace(b, feeds=(feed,))))
    return found[0], found[1]


def queues(*sizes: int) -> Arrivals:
    """So many vehicles stand on each lane."""
    first = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    lane = np.repeat(np.arange(len(sizes)), sizes)
    count = int(first[-1])
    return Arrivals(
        first=first,
        lane=lane,
        arrive=np.zeros(count),
        move=lane % 2,
        weight=np.ones(count),
        size=np.ones(count),
        stood=np.ones(count, dtype=np.bool_),
        yellow=np.zeros(count),
        vehicle=np.arange(count, dtype=np.int64),
    )


def state(layout: Layout, modes: tuple[int, int], room: float = 1e6) -> Any:
    """Both greens are old enough to be left."""
    return (
        np.array(modes, dtype=np.int64),
        np.full(2, -1, dtype=np.int64),
        np.full(2, -1e6),
        np.full(2, -30.0),
        np.full(int(layout.out_ptr[-1]), room),
        np.full(int(layout.out_ptr[-1]), 0.35),
        np.zeros(4),
        np.full(2, FREE, dtype=np.int64),
    )


def together(junctions: tuple[Junction, ...], seen: Arrivals, modes: tuple[int, int]) -> Any:
    layout = lay_out(junctions)
    group = Group(junctions, layout, (0, 1), horizon_s=HORIZON_S, tuning=Tuning().array)
    first, when, _, leave = group.decide(seen, seen.weight, state(layout, modes), None)
    now = [int(f) if w <= 0.0 else m for f, w, m in zip(first, when, modes, strict=True)]
    return now, leave


def alone(junctions: tuple[Junction, ...], seen: Arrivals, modes: tuple[int, int]) -> list[int]:
    layout = lay_out(junctions)
    answers = np.zeros((2, batch.ANSWER))
    batch.decide(
        DEPTH,
        HORIZON_S,
        (*layout.net, layout.headway, Tuning().array),
        state(layout, modes),
        seen.seen,
        answers,
        np.full((2, DEPTH + 1), -1, dtype=np.int64),
        np.zeros((2, DEPTH + 1)),
        np.full(len(seen.move), NEVER),
    )
    return [
        int(row[batch.FIRST]) if row[batch.WHEN] <= 0.0 else m
        for row, m in zip(answers, modes, strict=True)
    ]


def test_signals_nearer_than_a_platoon_are_a_group() -> None:
    assert groups_of(pair()) == [(0, 1)]


def test_signals_far_apart_are_none() -> None:
    assert groups_of(pair(between_m=400.0)) == []


def test_the_next_signal_opens_for_those_who_are_let_go_to_it() -> None:
    # B shows green where nobody stands; six vehicles are about to come over from A.
    junctions, seen = pair(), queues(6, 0, 0, 0)
    assert alone(junctions, seen, (0, 1)) == [0, 1]
    now, leave = together(junctions, seen, (0, 1))
    assert now == [0, 0]
    assert (leave < HORIZON_S).all()


def test_no_green_is_given_to_those_who_cannot_go_on() -> None:
    # B is busy with a long queue of its own, so what A lets go fills the two places and stands.
    junctions, seen = pair(), queues(6, 5, 0, 20)
    now, leave = together(junctions, seen, (1, 1))
    assert now == [1, 1]
    through = leave[:6]
    assert (through > leave[6:11].max()).all()


def test_the_road_between_holds_no_more_than_it_has_room_for() -> None:
    junctions, seen = pair(), queues(8, 0, 0, 30)
    _, leave = together(junctions, seen, (0, 1))
    served_at_b = float(np.sort(leave[8:])[0])
    assert served_at_b < 10.0  # B goes on with its own queue
    assert int((leave[:8] < 10.0).sum()) <= int(BETWEEN_M / SPACE_M) + 4  # and a drain of 0.35/s


def test_a_group_of_signals_that_cannot_switch_yet_keeps_what_it_shows() -> None:
    junctions, seen = pair(), queues(0, 6, 0, 6)
    layout = lay_out(junctions)
    young = list(state(layout, (0, 0)))
    young[3] = np.full(2, -1.0)
    group = Group(junctions, layout, (0, 1), horizon_s=HORIZON_S, tuning=Tuning().array)
    first, when, _, _ = group.decide(seen, seen.weight, tuple(young), None)
    assert (when > 0.0).all() or first.tolist() == [0, 0]


@pytest.mark.parametrize("count", [0, 1])
def test_empty_streets_switch_nothing(count: int) -> None:
    now, _ = together(pair(), queues(count, 0, 0, 0), (0, 0))
    assert now == [0, 0]
