"""Where are the vehicles between two loops? Sightings made up from what detectors count.

A vehicle that passes the upstream loop drives on at the allowed speed until it stands behind the
one before it; one that passes the stop-line loop is taken off the head of its lane. Where the two
disagree, the stop-line loop is right: what it sees is there, what it never sees is not, and who
should have reached it but does not cover it still drives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray, Observation, SignalTable
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.layout import SPACE_M, IntArray, Layout
from jialing.domains.traffic.sightings import SIGHTING, Kind
from jialing.domains.traffic.wiring import UPSTREAM_M

MOST = 40  # vehicles that a lane between two loops can hold
ACCELERATION = 2.0  # of a queue that starts [m/s²]
HALT_M = 1.0  # the first vehicle stands so far before the line [m]
NEAR_M = 8.0  # who is nearer than this would cover the stop-line loop if it were there [m]
COVERED = 0.9  # part of the time for which one who stands there covers a loop [1]
GHOST_S = 4.0  # a first vehicle that the loop has not seen for so long is not there [s]


class LoopTracker:
    """Keeps one row of vehicles per lane, moved on and put right at each look.

    Parameters
    ----------
    junctions, layout : the network
    """

    def __init__(self, junctions: Sequence[Junction], layout: Layout) -> None:
        self._junctions, self._layout = junctions, layout
        lanes = int(layout.lane_ptr[-1])
        self._place = np.zeros((lanes, MOST))
        self._speed = np.zeros((lanes, MOST))
        self._ids = np.zeros((lanes, MOST), dtype=np.int64)
        self._count = np.zeros(lanes, dtype=np.int64)
        self._unseen_s = np.zeros(lanes)
        self._issued = np.zeros(1, dtype=np.int64)
        self._reach = np.minimum(UPSTREAM_M, 0.9 * layout.lane_length)
        self._reach = np.where(layout.lane_length >= UPSTREAM_M, UPSTREAM_M, self._reach)
        self._table: SignalTable | None = None
        self._time_s = np.nan

    def _bind(self, table: SignalTable) -> None:
        """Find each lane's detectors among the signals."""
        index, layout = table.index, self._layout
        lanes = int(layout.lane_ptr[-1])
        self._stop = np.full(lanes, -1, dtype=np.int64)
        up: list[tuple[int, int]] = []
        for j, junction in enumerate(self._junctions):
            for k, name in enumerate(junction.lanes):
                lane = int(layout.lane_ptr[j]) + k
                self._stop[lane] = index.get(f"passed:{name}/stop", -1)
                number = 1
                while (word := f"passed:{name}/up{number if number > 1 else ''}") in index:
                    up.append((lane, index[word]))
                    number += 1
        self._up_lane = np.array([lane for lane, _ in up], dtype=np.int64)
        self._up = np.array([at for _, at in up], dtype=np.int64)
        self._covered = np.array(
            [
                index.get(table.signals[at].name.replace("passed:", "occupied:"), -1)
                if at >= 0
                else -1
                for at in self._stop.tolist()
            ],
            dtype=np.int64,
        )
        self._table = table

    def sightings(self, observation: Observation) -> NDArray[np.void]:
        """One row per vehicle that must be between the loops, turns unknown."""
        if observation.table is not self._table:
            self._bind(observation.table)
        now, values = observation.time_s, np.nan_to_num(observation.values)
        seconds = 1.0 if np.isnan(self._time_s) else max(now - self._time_s, 0.0)
        self._time_s = now
        entered = np.zeros(len(self._count))
        np.add.at(entered, self._up_lane, values[self._up])
        left = np.where(self._stop >= 0, values[self._stop], 0.0)
        covered = np.where(self._covered >= 0, values[self._covered], 0.0)
        advance(
            seconds,
            entered,
            left,
            covered,
            self._reach,
            self._layout.lane_speed,
            self._place,
            self._speed,
            self._ids,
            self._count,
            self._unseen_s,
            self._issued,
        )
        return self._rows()

    def _rows(self) -> NDArray[np.void]:
        layout, count = self._layout, self._count
        lane = np.repeat(np.arange(len(count)), count)
        k = np.arange(len(lane)) - np.repeat(np.cumsum(count) - count, count)
        owner = np.searchsorted(layout.lane_ptr, lane, side="right") - 1
        found = np.zeros(len(lane), dtype=SIGHTING)
        found["junction"], found["lane"] = owner, lane - layout.lane_ptr[owner]
        found["distance_m"], found["speed_mps"] = self._place[lane, k], self._speed[lane, k]
        found["free_speed_mps"], found["kind"] = layout.lane_speed[lane], Kind.CAR
        found["vehicle"] = self._ids[lane, k]
        for name in ("movement", "next_junction", "next_lane", "next_movement"):
            found[name] = -1
        return found


@numba.njit(cache=True, nogil=True, error_model="numpy")
def advance(
    seconds: float,
    entered: FloatArray,
    left: FloatArray,
    covered: FloatArray,
    reach: FloatArray,
    allowed: FloatArray,
    place: FloatArray,
    speed: FloatArray,
    ids: IntArray,
    count: IntArray,
    unseen_s: FloatArray,
    issued: IntArray,
) -> Any:
    """Let `seconds` pass on every lane; the arrays from `place` on change in place.

    entered, left : [lanes] vehicles counted at the upstream and at the stop-line loop
    covered : [lanes] part of the time in which the stop-line loop was covered
    reach : [lanes] of the upstream loop from the stop line [m]
    """
    for lane in range(count.shape[0]):
        for _ in range(int(left[lane])):
            for k in range(1, count[lane]):
                place[lane, k - 1], speed[lane, k - 1] = place[lane, k], speed[lane, k]
                ids[lane, k - 1] = ids[lane, k]
            count[lane] = max(count[lane] - 1, 0)
            unseen_s[lane] = 0.0
        ahead = HALT_M - SPACE_M
        for k in range(count[lane]):
            v = min(speed[lane, k] + ACCELERATION * seconds, allowed[lane])
            to = max(place[lane, k] - v * seconds, ahead + SPACE_M)
            to = min(to, place[lane, k])
            stands = k > 0 or covered[lane] > COVERED
            speed[lane, k] = (place[lane, k] - to) / max(seconds, 1e-6) if stands else v
            place[lane, k] = to
            ahead = to
        for n in range(int(entered[lane])):
            if count[lane] >= MOST:
                break
            k = count[lane]
            at = max(reach[lane] - 0.5 * allowed[lane] * seconds * (n == 0), 0.0)
            if k > 0:
                at = max(at, place[lane, k - 1] + SPACE_M)
            place[lane, k], speed[lane, k] = at, 0.9 * allowed[lane]
            ids[lane, k] = issued[0]
            issued[0] += 1
            count[lane] = k + 1
        if covered[lane] > COVERED:
            unseen_s[lane] = 0.0
            if (count[lane] == 0 or place[lane, 0] > NEAR_M) and count[lane] < MOST:
                for k in range(count[lane], 0, -1):
                    place[lane, k], speed[lane, k] = place[lane, k - 1], speed[lane, k - 1]
                    ids[lane, k] = ids[lane, k - 1]
                place[lane, 0], speed[lane, 0], ids[lane, 0] = HALT_M, 0.0, issued[0]
                issued[0] += 1
                count[lane] += 1
        elif count[lane] > 0 and place[lane, 0] < NEAR_M and covered[lane] < 0.1:
            unseen_s[lane] += seconds
            if unseen_s[lane] > GHOST_S:
                for k in range(1, count[lane]):
                    place[lane, k - 1], speed[lane, k - 1] = place[lane, k], speed[lane, k]
                    ids[lane, k - 1] = ids[lane, k]
                count[lane] -= 1
                unseen_s[lane] = 0.0
        else:
            unseen_s[lane] = 0.0
