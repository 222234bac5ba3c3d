"""Is a movement served in the end although nobody is ever seen on it?"""

from __future__ import annotations

import numpy as np
from crossroads import junction as crossroads

from jialing.domains.traffic.junction import Right
from jialing.domains.traffic.layout import lay_out
from jialing.domains.traffic.recall import NOBODY, Recall

AFTER_S = 100.0


def shown(junction, mode: int) -> np.ndarray:
    return np.asarray(junction.rights[mode], dtype=np.int8)


def test_nothing_is_recalled_before_its_time() -> None:
    crossing = crossroads()
    recall = Recall(lay_out((crossing,)), AFTER_S)
    for now in (0.0, 50.0, AFTER_S):
        assert recall.modes(now, shown(crossing, 0), np.array([-10.0])).tolist() == [NOBODY]


def test_the_movement_that_was_red_for_long_gets_a_mode_that_serves_it() -> None:
    crossing = crossroads()
    recall = Recall(lay_out((crossing,)), AFTER_S)
    for now in np.arange(0.0, AFTER_S + 2.0):
        found = recall.modes(now, shown(crossing, 0), np.array([-10.0]))
    mode = int(found[0])
    assert mode not in (NOBODY, 0)
    red = crossing.rights[0] == Right.RED
    assert (crossing.rights[mode][red] > Right.RED).any()


def test_what_was_served_is_forgotten_no_longer() -> None:
    crossing = crossroads()
    recall = Recall(lay_out((crossing,)), AFTER_S)
    every = np.asarray(crossing.rights).max(axis=0).astype(np.int8)
    for now in np.arange(0.0, 3.0 * AFTER_S):
        recalled = recall.modes(now, every, np.array([-10.0]))
        assert recalled.tolist() == [NOBODY]


def test_a_junction_on_its_way_to_a_green_is_left_to_get_there() -> None:
    crossing = crossroads()
    recall = Recall(lay_out((crossing,)), AFTER_S)
    recall.modes(0.0, shown(crossing, 0), np.array([-10.0]))
    late = recall.modes(AFTER_S + 50.0, shown(crossing, 0), np.array([2.0]))
    assert late.tolist() == [NOBODY]
