"""Who is expected from the signals upstream, in which lane, and how much does each count?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from crossroads import junction

from jialing.domains.traffic.estimator import Arrivals
from jialing.domains.traffic.junction import Feed
from jialing.domains.traffic.layout import lay_out
from jialing.domains.traffic.outlook import Outlook

HORIZON_S = 60.0
VIEW_M = 100.0
UPSTREAM, FIRST_LANE, SECOND_LANE = 0, 2, 3  # movements, and lanes, over both junctions


def street(share: float = 0.3) -> Outlook:
    """Movement 0 of A feeds both lanes of B, 300 m on, with a share each."""
    a, b = junction(name="A"), junction(name="B")
    feeds = tuple(
        Feed(junction=0, movement=0, lane=lane, distance_m=300.0, share=share) for lane in (0, 1)
    )
    both = (a, replace(b, feeds=feeds))
    return Outlook(both, lay_out(both), horizon_s=HORIZON_S, view_m=VIEW_M)


def seen(*lanes: int, weight: float = 1.0, first_id: int = 0) -> Arrivals:
    """A vehicle on each of these lanes, in order; lane k has movement k % 2."""
    lane = np.array(lanes, dtype=np.int64)
    return Arrivals(
        first=np.searchsorted(lane, np.arange(5)).astype(np.int64),
        lane=lane,
        arrive=np.zeros(len(lane)),
        move=lane % 2,
        weight=np.full(len(lane), weight),
        size=np.ones(len(lane)),
        stood=np.ones(len(lane), dtype=np.bool_),
        yellow=np.zeros(len(lane)),
        vehicle=first_id + np.arange(len(lane), dtype=np.int64),
    )


def let_go(outlook: Outlook, *lanes: int, now: float, first_id: int) -> None:
    """Vehicles on these lanes leave, and none is in view any more."""
    there = seen(*lanes, first_id=first_id)
    outlook.note(there, np.array(lanes, dtype=np.int64), np.full(len(lanes), 1.0), now)
    nobody = seen()
    outlook.extended(nobody, nobody.move, None, now + 1.0)


def expected(outlook: Outlook, now: float, weight: float = 1.0) -> Arrivals:
    """One vehicle stands upstream and is planned to leave at once: who comes downstream?"""
    one = seen(UPSTREAM, weight=weight, first_id=9000)
    outlook.note(one, np.array([UPSTREAM]), np.zeros(1), now)
    return outlook.extended(one, np.array([UPSTREAM]), None, now)


def size_on(arrivals: Arrivals, lane: int) -> float:
    return float(arrivals.size[arrivals.first[lane] : arrivals.first[lane + 1]].sum())


def test_without_experience_the_roads_alone_say_how_many_come() -> None:
    found = expected(street(), now=0.0)
    assert size_on(found, FIRST_LANE) == pytest.approx(0.3)
    assert size_on(found, SECOND_LANE) == pytest.approx(0.3)


def test_a_lane_that_more_have_used_is_expected_to_be_used_by_more() -> None:
    outlook = street()
    for k in range(30):
        let_go(outlook, UPSTREAM, FIRST_LANE, now=100.0 * k, first_id=10 * k)
    found = expected(outlook, now=5000.0)
    assert size_on(found, FIRST_LANE) > 0.7
    assert size_on(found, SECOND_LANE) < 0.1


def test_a_stream_never_gives_off_more_than_itself() -> None:
    outlook = street()
    for k in range(30):  # most of those downstream come from side streets
        let_go(outlook, FIRST_LANE, SECOND_LANE, now=100.0 * k, first_id=10 * k)
    let_go(outlook, UPSTREAM, now=4000.0, first_id=8000)
    found = expected(outlook, now=5000.0)
    assert size_on(found, FIRST_LANE) + size_on(found, SECOND_LANE) <= 1.0 + 1e-9


def test_a_bus_that_waits_upstream_is_expected_as_a_bus() -> None:
    found = expected(street(), now=0.0, weight=5.0)
    at = slice(found.first[FIRST_LANE], found.first[FIRST_LANE + 1])
    assert found.weight[at].sum() == pytest.approx(5.0 * size_on(found, FIRST_LANE))
    assert size_on(found, FIRST_LANE) > 0.0
