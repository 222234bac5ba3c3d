"""What do plans count on, of all that a signal grants?"""

from __future__ import annotations

import numpy as np
from crossroads import junction

from jialing.domains.traffic.junction import Right
from jialing.domains.traffic.layout import counted_on, lay_out


def test_a_turn_that_must_stop_first_is_planned_as_red() -> None:
    place = junction(modes=("Gr", "rG"))
    stops = junction(modes=("Gr", "rG"))
    object.__setattr__(stops, "modes", ("Gs", "rG"))
    stops.rights[0, 1] = Right.YIELD
    assert counted_on(place).tolist() == place.rights.tolist()
    assert counted_on(stops)[0].tolist() == [Right.PRIORITY, Right.RED]
    assert lay_out((stops,)).rights.reshape(2, 2)[0, 1] == Right.YIELD


def test_a_yielding_green_is_counted_on() -> None:
    place = junction(modes=("Gg", "rG"), yields=((1, 0),))
    assert counted_on(place)[0, 1] == Right.YIELD


def test_the_rights_of_all_junctions_lie_one_after_the_other() -> None:
    one, other = junction(name="A"), junction(name="B", modes=("GG", "rG"))
    flat = lay_out((one, other))
    assert np.array_equal(flat.counted_on[flat.right_ptr[1] :], other.rights.ravel())
