"""What do the sensors at the signals see? Sightings and lane values, by level of sensing.

``perfect`` sees every vehicle at any distance and knows its route. ``camera`` sees vehicles within
`view_m` of a stop line, upstream through unsignalised nodes, misses a share of them for good, and
knows a turn only where the lane allows no other. What ``loops`` see stands in `loops`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray, Signal
from jialing.domains.traffic.approaches import Approaches
from jialing.domains.traffic.fleet import HALTING_MPS, Fleet, Reading
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.sightings import SIGHTING

CRAWL_MPS = 3.0  # a vehicle below this closes the way into an exit lane, a faster one makes room


class Eyes:
    """Turns a reading of all vehicles into what a level of sensing lets through.

    Parameters
    ----------
    junctions : of the network
    table : lanes and the signals they lead to
    fleet : the vehicles
    level : ``perfect`` or ``camera``
    view_m : reach of a camera [m]
    """

    def __init__(
        self,
        junctions: Sequence[Junction],
        table: Approaches,
        fleet: Fleet,
        *,
        level: str,
        view_m: float,
    ) -> None:
        self._table, self._fleet = table, fleet
        self._all, self._view_m = level == "perfect", np.inf if level == "perfect" else view_m
        self.lanes = tuple(lane for junction in junctions for lane in junction.lanes)
        self.outs = tuple(dict.fromkeys(out for junction in junctions for out in junction.outs))
        count = len(table.length_m)
        self._signal_lane = np.array([table.lane_index[lane] for lane in self.lanes], np.int64)
        self._out_lane = np.array([table.lane_index[out] for out in self.outs], np.int64)
        self._is_out = np.zeros(count, dtype=np.bool_)
        self._is_out[self._out_lane] = True
        self._lanes = count

    @property
    def signals(self) -> list[Signal]:
        """``queue`` and ``count`` per lane before a signal, ``room`` per exit lane."""
        length = self._table.length_m
        return [
            *(Signal(name=f"queue:{lane}", unit="veh", low=0.0) for lane in self.lanes),
            *(Signal(name=f"count:{lane}", unit="veh", low=0.0) for lane in self.lanes),
            *(
                Signal(name=f"room:{out}", unit="m", low=0.0, high=float(length[k]) + 0.1)
                for out, k in zip(self.outs, self._out_lane, strict=True)
            ),
        ]

    def values(self, reading: Reading) -> FloatArray:
        """Values of `signals`."""
        table, fleet = self._table, self._fleet
        rows, lanes = reading.rows, reading.lanes
        position, speed = reading.position_m, reading.speed_mps
        if not self._all:
            seen = ~fleet.missed[rows]
            rows, lanes = rows[seen], lanes[seen]
            position, speed = position[seen], speed[seen]
        near = table.length_m[lanes] - position <= self._view_m
        counted = lanes[near]
        count = np.bincount(counted, minlength=self._lanes)
        queue = np.bincount(counted[speed[near] < HALTING_MPS], minlength=self._lanes)
        room = np.minimum(table.length_m, self._view_m)
        slow = self._is_out[lanes] & (speed < CRAWL_MPS)
        if slow.any():
            free = np.maximum(position[slow] - fleet.length_m[rows[slow]], 0.0)
            np.minimum.at(room, lanes[slow], free)
        return np.concatenate(
            (queue[self._signal_lane], count[self._signal_lane], room[self._out_lane])
        )

    def halting(self, reading: Reading) -> NDArray[np.int64]:
        """Vehicles that stand on each of `lanes`, whether seen or not."""
        standing = reading.lanes[reading.speed_mps < HALTING_MPS]
        found: NDArray[np.int64] = np.bincount(standing, minlength=self._lanes)[self._signal_lane]
        return found

    def sightings(self, reading: Reading) -> NDArray[np.void]:
        """One row per vehicle seen, in the order of the reading."""
        fleet, rows = self._fleet, reading.rows
        distance = fleet.stop_m[rows] - reading.position_m
        seen = fleet.junction[rows] >= 0
        if not self._all:
            seen &= (distance <= self._view_m) & ~fleet.missed[rows]
        places = np.flatnonzero(seen)
        rows, lanes = rows[places], reading.lanes[places]
        found = np.empty(len(rows), dtype=SIGHTING)
        found["junction"] = fleet.junction[rows]
        found["lane"] = fleet.approach[rows]
        found["distance_m"] = np.maximum(distance[places], 0.0)
        found["speed_mps"] = reading.speed_mps[places]
        found["kind"] = fleet.kind[rows]
        found["vehicle"] = rows
        if self._all:
            found["movement"] = fleet.movement[rows]
            found["free_speed_mps"] = fleet.free_mps[rows]
            known = fleet.next_junction[rows] >= 0
            found["next_junction"] = fleet.next_junction[rows]
            found["next_lane"] = np.where(known, fleet.next_approach[rows], -1)
            found["next_movement"] = np.where(known, fleet.next_movement[rows], -1)
            ahead = fleet.next_stop_m[rows] - reading.position_m[places]
            found["next_distance_m"] = np.where(known, ahead, -1.0)
        else:
            found["movement"] = self._table.only[lanes]
            found["free_speed_mps"] = self._table.speed_mps[lanes]  # the limit: all it can know
            found["next_junction"] = -1
            found["next_lane"] = -1
            found["next_movement"] = -1
            found["next_distance_m"] = -1.0
        return found
