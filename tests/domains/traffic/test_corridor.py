"""Which signals count as one street?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from crossroads import junction

from jialing.domains.traffic.corridor import corridor, told
from jialing.domains.traffic.junction import Feed, Junction


def row(gaps: tuple[float, ...]) -> tuple[Junction, ...]:
    """Junctions one after the other: movement 0 of each leads to lane 0 of the next."""
    found = [junction(name="J0")]
    for k, gap in enumerate(gaps, 1):
        feed = Feed(junction=k - 1, movement=0, lane=0, distance_m=gap, share=1.0)
        found.append(replace(junction(name=f"J{k}"), feeds=(feed,)))
    return tuple(found)


def test_signals_in_a_row_are_a_corridor_with_their_distances() -> None:
    halts = corridor(row((300.0, 200.0)))
    assert [halt.junction for halt in halts] == [0, 1, 2]
    assert [halt.at_m for halt in halts] == pytest.approx([0.0, 300.0, 500.0])


def test_its_modes_are_those_in_which_the_way_straight_on_is_green() -> None:
    halts = corridor(row((300.0,)))
    assert [halt.modes for halt in halts] == [(0,), (0,)]
    assert halts[0].lanes == ("J0_in0_0",)


def test_a_single_signal_is_no_corridor() -> None:
    assert corridor((junction(),)) == ()
    assert told((junction(),)) == []


def test_who_must_turn_leaves_the_corridor() -> None:
    first, second = row((300.0,))
    turning = replace(first, turn=("l", "s"))
    assert corridor((turning, second)) == ()


def test_a_street_that_leads_back_to_its_start_ends_there() -> None:
    first, second = row((300.0,))
    back = Feed(junction=1, movement=0, lane=0, distance_m=250.0, share=1.0)
    halts = corridor((replace(first, feeds=(back,)), second))
    assert sorted(halt.junction for halt in halts) == [0, 1]


def test_the_branch_that_most_take_is_followed() -> None:
    first, second = row((300.0,))
    third = junction(name="J2")
    few = Feed(junction=0, movement=0, lane=0, distance_m=100.0, share=0.2)
    second = replace(second, feeds=(replace(second.feeds[0], share=0.8),))
    halts = corridor((first, second, replace(third, feeds=(few,))))
    assert [halt.junction for halt in halts] == [0, 1]
    assert np.isclose(halts[1].at_m, 300.0)
