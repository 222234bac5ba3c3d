"""Does a long red count although a camera sees nobody wait?"""

from __future__ import annotations

import numpy as np
import pytest
from crossroads import junction

from jialing.domains.traffic.estimator import Arrivals
from jialing.domains.traffic.layout import lay_out
from jialing.domains.traffic.unseen import AT_FIRST_VPH, Unseen

MISSED = 0.1
FLAT = lay_out((junction(),))
FIRST_GREEN = np.array([2, 0], dtype=np.int8)
BOTH_RED = np.array([0, 0], dtype=np.int8)
NOBODY = np.zeros(0, dtype=np.int64)


def one_in_view(lane: int, arrive: float) -> Arrivals:
    return Arrivals(
        first=np.array([0, lane == 0, 1], dtype=np.int64),
        lane=np.array([lane]),
        arrive=np.array([arrive]),
        move=np.array([lane]),
        weight=np.ones(1),
        size=np.ones(1),
        stood=np.array([arrive == 0.0]),
        yellow=np.zeros(1),
        vehicle=np.array([7]),
    )


def after_a_red_of(seconds: float) -> Unseen:
    """Movement 0 has been green all the time, movement 1 red for so long."""
    unseen = Unseen(FLAT, MISSED)
    unseen.note(NOBODY, FIRST_GREEN, 0.0)
    unseen.note(NOBODY, FIRST_GREEN, seconds)
    return unseen


def test_more_are_expected_the_longer_the_red() -> None:
    short, long = after_a_red_of(30.0).expected(), after_a_red_of(90.0).expected()
    assert 0.0 < short[1] < long[1]


def test_nobody_is_expected_at_a_green() -> None:
    assert after_a_red_of(90.0).expected()[0] == 0.0


def test_the_expectation_is_the_missed_share_of_the_flow_over_the_red() -> None:
    found = after_a_red_of(1e-3).expected()[1] / 1e-3
    assert found == pytest.approx(MISSED / (1.0 - MISSED) * AT_FIRST_VPH / 3600.0, rel=1e-3)


def test_a_busy_movement_hides_more_vehicles() -> None:
    quiet, busy = Unseen(FLAT, MISSED), Unseen(FLAT, MISSED)
    for unseen, left in ((quiet, NOBODY), (busy, np.array([1, 1, 1]))):
        unseen.note(NOBODY, BOTH_RED, 0.0)
        unseen.note(left, BOTH_RED, 10.0)
    assert busy.expected()[1] > quiet.expected()[1]


def test_an_empty_lane_at_red_gets_a_part_of_a_vehicle() -> None:
    found = after_a_red_of(60.0).extended(Arrivals.nobody(2))
    assert found.first.tolist() == [0, 0, 1]
    assert 0.0 < found.weight[0] < 1.0
    assert bool(found.stood[0])
    assert found.vehicle[0] < 0


def test_a_lane_with_somebody_at_the_line_is_left_as_it_is() -> None:
    seen = one_in_view(1, 0.0)
    assert after_a_red_of(60.0).extended(seen) is seen


def test_whoever_comes_later_stands_behind_the_unseen() -> None:
    found = after_a_red_of(60.0).extended(one_in_view(1, 6.0))
    assert found.first.tolist() == [0, 0, 2]
    assert found.vehicle.tolist()[1] == 7
