"""Who may stand at a red signal without a camera having seen them? Expected vehicles, by movement.

A camera misses a share p of the vehicles for good. Of a movement that `rate` seen vehicles per
second use, and that has been red for `red` seconds, there wait on average

    expected = p / (1 - p) * rate * red

vehicles that nobody sees. Where a lane looks empty, a part of a vehicle of that size stands there
for the plans, so that a long red costs something even if nobody is seen to wait.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic.estimator import Arrivals
from jialing.domains.traffic.junction import Right
from jialing.domains.traffic.layout import IntArray, Layout

MEMORY_S = 900.0  # over which the flow of a movement is averaged [s]
AT_FIRST_VPH = 20.0  # flow of a movement before any was seen [veh/h]
NEAR_S = 3.0  # a lane whose first vehicle is further than this looks empty [s]
LEAST = 0.01  # smaller expectations are left out [veh]
_Number = TypeVar("_Number", bound=np.generic)
EXPECTED = -1  # number of a vehicle that is expected, not seen


class Unseen:
    """Adds to the vehicles in view those that may wait where none is in view.

    Parameters
    ----------
    layout : of the junctions
    missed : share of the vehicles that are never seen [1]
    """

    def __init__(self, layout: Layout, missed: float) -> None:
        self._odds = missed / (1.0 - missed)
        owner = np.repeat(np.arange(layout.junctions), np.diff(layout.move_ptr))
        self._move_base = layout.move_ptr[owner]
        self._move_lane = layout.move_lane + layout.lane_ptr[owner]
        within = np.arange(int(layout.lane_ptr[-1])) - np.repeat(
            layout.lane_ptr[:-1], np.diff(layout.lane_ptr)
        )
        self._driven = within < np.repeat(layout.lanes, np.diff(layout.lane_ptr))
        moves = len(self._move_lane)
        self._passed = np.full(moves, AT_FIRST_VPH / 3600.0 * MEMORY_S)
        self._served_s = np.full(moves, np.nan)
        self._time_s = np.nan

    def note(self, left: IntArray, right: NDArray[np.int8], now_s: float) -> None:
        """Take down who left, by movement, and which movements may go `now_s`."""
        if np.isfinite(self._time_s):
            self._passed *= np.exp(-(now_s - self._time_s) / MEMORY_S)
        if left.size:
            np.add.at(self._passed, left, 1.0)
        self._time_s = now_s
        served = np.isnan(self._served_s) | (right > Right.RED)
        self._served_s[served] = now_s

    def expected(self) -> FloatArray:
        """[movements] vehicles that wait unseen, on average."""
        red_s = self._time_s - self._served_s
        return np.asarray(self._odds * self._passed / MEMORY_S * red_s, dtype=np.float64)

    def extended(self, arrivals: Arrivals) -> Arrivals:
        """`arrivals`, and in each empty lane whom one has to expect there."""
        expected = self.expected()
        lanes = len(arrivals.first) - 1
        # The movement of each lane for which most are expected.
        order = np.lexsort((expected, self._move_lane))
        last = np.searchsorted(self._move_lane[order], np.arange(lanes), side="right") - 1
        most = order[np.maximum(last, 0)]
        here = (last >= 0) & (self._move_lane[most] == np.arange(lanes)) & self._driven
        near = arrivals.first[:-1]
        filled = np.diff(arrivals.first) > 0
        if len(arrivals.move):
            head = np.minimum(near, len(arrivals.move) - 1)
            filled &= arrivals.arrive[head] < NEAR_S
        at = np.flatnonzero(here & ~filled & (expected[most] > LEAST))
        if not at.size:
            return arrivals
        move = most[at]
        part = expected[move]
        slot = arrivals.first[at] + np.arange(at.size)  # they stand before whoever is in their lane
        old = np.ones(len(arrivals.move) + at.size, dtype=np.bool_)
        old[slot] = False

        def joined(present: NDArray[_Number], more: NDArray[_Number] | float) -> NDArray[_Number]:
            found = np.empty(len(old), dtype=present.dtype)
            found[old], found[slot] = present, more
            return found

        return Arrivals(
            first=arrivals.first + np.searchsorted(at, np.arange(lanes + 1)),
            arrive=joined(arrivals.arrive, 0.0),
            move=joined(arrivals.move, move - self._move_base[move]),
            weight=joined(arrivals.weight, part),
            size=joined(arrivals.size, np.minimum(part, 1.0)),
            stood=joined(arrivals.stood, True),
            vehicle=joined(arrivals.vehicle, EXPECTED),
        )
