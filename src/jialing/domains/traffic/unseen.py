"""Who may stand at a red signal without a camera having seen them? Expected vehicles, by movement.

A camera misses a share p of the vehicles for good. Of a movement that `rate` seen vehicles per
second use, and that has been red for `red` seconds, there wait on average

    expected = p / (1 - p) * rate * red

vehicles that nobody sees. Where a lane looks empty, a part of a vehicle of that size stands there
for the plans, so that a long red costs something even if nobody is seen to wait.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic.estimator import Arrivals
from jialing.domains.traffic.junction import RED
from jialing.domains.traffic.layout import IntArray, Layout

MEMORY_S = 900.0  # over which the flow of a movement is averaged [s]
AT_FIRST_VPH = 20.0  # flow of a movement before any was seen [veh/h]
NEAR_S = 3.0  # a lane whose first vehicle is further than this looks empty [s]
LEAST = 0.01  # smaller expectations are left out [veh]
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
        self._move_base = layout.move_ptr[layout.move_owner]
        self._move_lane = layout.lane_of
        within = np.arange(int(layout.lane_ptr[-1])) - layout.lane_ptr[layout.lane_owner]
        self._driven = within < layout.lanes[layout.lane_owner]
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
        served = np.isnan(self._served_s) | (right > RED)
        self._served_s[served] = now_s

    def expected(self) -> FloatArray:
        """[movements] vehicles that wait unseen, on average."""
        red_s = self._time_s - self._served_s
        return np.asarray(self._odds * self._passed / MEMORY_S * red_s, dtype=np.float64)

    def extended(self, arrivals: Arrivals) -> Arrivals:
        """`arrivals`, and in each empty lane whom one has to expect there."""
        a = arrivals
        given = (a.first, a.lane, a.arrive, a.move, a.weight, a.size, a.stood, a.yellow, a.vehicle)
        first, lane, arrive, move, weight, size, stood, yellow, vehicle = _with_heads(
            given, self.expected(), self._move_lane, self._move_base, self._driven
        )
        if len(move) == len(arrivals.move):
            return arrivals
        return Arrivals(
            first=first,
            lane=lane,
            arrive=arrive,
            move=move,
            weight=weight,
            size=size,
            stood=stood,
            yellow=yellow,
            vehicle=vehicle,
        )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _with_heads(
    given: Any,
    expected: FloatArray,
    move_lane: IntArray,
    move_base: IntArray,
    driven: NDArray[np.bool_],
) -> Any:
    """The columns of `Arrivals`, with a part of a vehicle before whoever is in a lane that looks empty."""
    first, lane, arrive, move, weight, size, stood, yellow, vehicle = given
    lanes = first.shape[0] - 1
    most = np.full(lanes, -1, dtype=np.int64)  # of each lane, for which most are expected
    for m in range(move_lane.shape[0]):
        at = most[move_lane[m]]
        if at < 0 or expected[m] >= expected[at]:
            most[move_lane[m]] = m
    more = 0
    for k in range(lanes):
        filled = first[k + 1] > first[k] and arrive[first[k]] < NEAR_S
        if most[k] >= 0 and (filled or not driven[k] or expected[most[k]] <= LEAST):
            most[k] = -1
        more += most[k] >= 0
    count = move.shape[0] + more
    new_first, new_lane = np.zeros(lanes + 1, dtype=np.int64), np.empty(count, dtype=np.int64)
    new_arrive, new_move = np.zeros(count), np.empty(count, dtype=np.int64)
    new_weight, new_size = np.empty(count), np.empty(count)
    new_stood = np.ones(count, dtype=np.bool_)
    new_yellow = np.zeros(count)
    new_vehicle = np.full(count, EXPECTED, dtype=np.int64)
    n = 0
    for k in range(lanes):
        new_first[k] = n
        m = most[k]
        if m >= 0:
            new_lane[n], new_move[n] = k, m - move_base[m]
            new_weight[n], new_size[n] = expected[m], min(expected[m], 1.0)
            n += 1
        for q in range(first[k], first[k + 1]):
            new_lane[n], new_arrive[n], new_move[n] = lane[q], arrive[q], move[q]
            new_weight[n], new_size[n] = weight[q], size[q]
            new_stood[n], new_yellow[n], new_vehicle[n] = stood[q], yellow[q], vehicle[q]
            n += 1
    new_first[lanes] = n
    return (
        new_first,
        new_lane,
        new_arrive,
        new_move,
        new_weight,
        new_size,
        new_stood,
        new_yellow,
        new_vehicle,
    )
