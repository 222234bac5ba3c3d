"""What do induction loops see? Two per lane before a signal: at the stop line, and upstream.

``passed:DETECTOR`` counts the vehicles whose front crossed the loop during the last tick,
``occupied:DETECTOR`` is the share of its seconds at whose end a vehicle was on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray, Signal
from jialing.domains.traffic.approaches import Approaches
from jialing.domains.traffic.fleet import Fleet, Reading
from jialing.domains.traffic.junction import Junction

#: Stop-line loop: so far before the line [m]. SUMO's vehicles stop 1 m before it.
STOP_LINE_M = 3.0
#: Upstream loop: so far before the line [m], 4.3 s at 50 km/h.
UPSTREAM_M = 60.0


@dataclass(frozen=True, kw_only=True)
class Detector:
    """An induction loop.

    Attributes
    ----------
    name : of its signals; ``LANE/stop``, ``LANE/up``, and ``LANE/up2`` … where several lanes lead
        to the lane before the signal
    lane : id of the lane it lies in
    position_m : from the start of that lane [m]
    junction, approach : index of the junction ahead, and of that junction's lane
    distance_m : to the stop line [m]
    """

    name: str
    lane: str
    position_m: float
    junction: int
    approach: int
    distance_m: float


def place_detectors(junctions: Sequence[Junction], table: Approaches) -> tuple[Detector, ...]:
    """A stop-line and an upstream detector for every lane before a signal.

    The upstream one lies `UPSTREAM_M` before the stop line, in the lane itself or in the lanes that
    lead to it; where an approach is shorter, at its beginning.
    """
    names = {index: name for name, index in table.lane_index.items()}
    found: list[Detector] = []
    for j, junction in enumerate(junctions):
        for i, lane in enumerate(junction.lanes):
            index = table.lane_index[lane]
            length = float(table.length_m[index])
            places = [("stop", index, min(STOP_LINE_M, 0.5 * length))]
            reach = table.beyond_m + table.length_m
            leading = np.flatnonzero((table.junction == j) & (table.lane == i))
            far = leading[(table.beyond_m[leading] < UPSTREAM_M) & (reach[leading] >= UPSTREAM_M)]
            if far.size:
                places += [(_up(k), int(at), UPSTREAM_M) for k, at in enumerate(far)]
            else:
                places.append(("up", index, 0.9 * length))
            for suffix, at, distance in places:
                found.append(
                    Detector(
                        name=f"{lane}/{suffix}",
                        lane=names[at],
                        position_m=float(reach[at]) - distance,
                        junction=j,
                        approach=i,
                        distance_m=distance,
                    )
                )
    return tuple(found)


def _up(number: int) -> str:
    return "up" if number == 0 else f"up{number + 1}"


class Loops:
    """Counts vehicles at detectors from readings of their places.

    Parameters
    ----------
    detectors : where they lie
    table, fleet : lanes and vehicles
    """

    def __init__(self, detectors: Sequence[Detector], table: Approaches, fleet: Fleet) -> None:
        self.detectors, self._fleet, self._road = tuple(detectors), fleet, table.road
        lanes = [table.lane_index[each.lane] for each in detectors]
        most = max(np.bincount(lanes).max(initial=1) if lanes else 1, 1)
        # Per lane the detectors in it, as columns; the rest lies where no vehicle ever is.
        self._place = np.full((len(table.length_m), most), np.inf)
        self._number = np.full((len(table.length_m), most), len(self.detectors))
        filled = np.zeros(len(table.length_m), dtype=np.int64)
        for number, (lane, each) in enumerate(zip(lanes, detectors, strict=True)):
            self._place[lane, filled[lane]] = each.position_m
            self._number[lane, filled[lane]] = number
            filled[lane] += 1
        self._passed = np.zeros(len(self.detectors) + 1)
        self._occupied = np.zeros(len(self.detectors) + 1)
        self._steps = 0
        self._lane: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._at: FloatArray = np.zeros(0)

    @property
    def signals(self) -> list[Signal]:
        """``passed`` and ``occupied`` per detector."""
        return [
            *(Signal(name=f"passed:{d.name}", unit="veh", low=0.0) for d in self.detectors),
            *(
                Signal(name=f"occupied:{d.name}", unit="1", low=0.0, high=1.0)
                for d in self.detectors
            ),
        ]

    def note(self, reading: Reading) -> None:
        """Take down one step."""
        rows, lanes, at = reading.rows, reading.lanes, reading.position_m
        if len(self._fleet) > len(self._lane):
            self._grow(2 * len(self._fleet))
        before, was_at = self._lane[rows], self._at[rows]
        place = self._place[lanes]
        beside = (lanes != before) & (before >= 0) & (self._road[before] == self._road[lanes])
        start = np.where((lanes == before) | beside, was_at, -np.inf)
        crossed = (start[:, None] < place) & (place <= at[:, None])
        crossed[before < 0] = False  # it begins its trip here
        np.add.at(self._passed, self._number[lanes][crossed], 1.0)
        on_road = lanes < len(self._road) - 1  # and not lifted off it
        moved = np.flatnonzero((lanes != before) & (before >= 0) & ~beside & on_road)
        if moved.size:
            behind = self._place[before[moved]]
            left = (was_at[moved, None] < behind) & np.isfinite(behind)
            np.add.at(self._passed, self._number[before[moved]][left], 1.0)
        rear = at - self._fleet.length_m[rows]
        covered = (rear[:, None] < place) & (place <= at[:, None])
        self._occupied[np.unique(self._number[lanes][covered])] += 1.0
        self._steps += 1
        self._lane[rows], self._at[rows] = lanes, at

    def begin(self) -> None:
        """Count from here on."""
        self._passed[:], self._occupied[:], self._steps = 0.0, 0.0, 0

    def values(self) -> FloatArray:
        """Values of `signals`."""
        return np.concatenate((self._passed[:-1], self._occupied[:-1] / max(self._steps, 1)))

    def _grow(self, room: int) -> None:
        lane = np.full(room, -1, dtype=np.int64)
        lane[: len(self._lane)] = self._lane
        at = np.zeros(room)
        at[: len(self._at)] = self._at
        self._lane, self._at = lane, at
