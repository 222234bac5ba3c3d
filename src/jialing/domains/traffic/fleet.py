"""Where is every vehicle now, and which signal lies ahead of it? One row per vehicle, in arrays."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic.approaches import Approaches
from jialing.domains.traffic.sightings import Kind

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

HALTING_MPS = 0.1  # SUMO's own threshold for "waiting"

#: SUMO vehicle class -> kind; all others are cars. Source: SUMO documentation, "Vehicle classes".
KIND_OF_CLASS = {
    "bus": Kind.BUS,
    "coach": Kind.BUS,
    "emergency": Kind.EMERGENCY,
    "tram": Kind.TRAM,
    "rail_urban": Kind.TRAM,
    "rail": Kind.TRAM,
    "rail_electric": Kind.TRAM,
    "rail_fast": Kind.TRAM,
    "bicycle": Kind.BICYCLE,
    "truck": Kind.LORRY,
    "trailer": Kind.LORRY,
    "delivery": Kind.LORRY,
}


def is_missed(vehicle: str, seed: int, share: float) -> bool:
    """True if a camera never sees this vehicle: the same in every run of a case's seed."""
    return zlib.crc32(f"{seed}/{vehicle}".encode()) < share * 2.0**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All vehicles that are on the road at one instant; arrays run alongside.

    Attributes
    ----------
    rows : their rows in the fleet
    lanes : index of the lane each is on; one past the last while it is teleported
    position_m : of its front, from the start of the lane [m]
    speed_mps : [m/s]
    entered : places in `rows` whose lane is another one than at the last reading
    left : the lanes these came from
    """

    rows: IntArray
    lanes: IntArray
    position_m: FloatArray
    speed_mps: FloatArray
    entered: IntArray
    left: IntArray


class Fleet:
    """Every vehicle that has departed, one row each, in the order in which they were first seen.

    Parameters
    ----------
    source : the simulator's own vehicle functions (`libsumo.vehicle`)
    approaches : lanes and the signals they lead to
    seed, missed : which vehicles a camera never sees
    follow : True if the next signals of a vehicle's route are wanted on every lane, not only at the
        stop line
    """

    def __init__(
        self, source: Any, approaches: Approaches, *, seed: int, missed: float, follow: bool
    ) -> None:
        self._source, self._approaches = source, approaches
        self._seed, self._missed, self._follow = seed, missed, follow
        self._row: dict[str, int] = {}
        self._lane_index = approaches.lane_index
        self.names: list[str] = []
        self.types: list[str] = []
        self._room = 0
        for column, kind in _COLUMNS.items():
            setattr(self, column, np.zeros(0, dtype=kind))
        self._grow(1024)

    kind: NDArray[np.uint8]
    missed: BoolArray  # a camera never sees it
    length_m: FloatArray
    depart_delay_s: FloatArray
    lane: IntArray  # at the last reading; -1 before
    free_mps: FloatArray  # what it would drive here on an empty road
    stop_m: FloatArray  # place of the next stop line, from the start of the present lane [m]
    junction: IntArray  # next signal; -1: none
    approach: IntArray  # lane of that junction
    movement: IntArray
    next_junction: IntArray  # the signal after that; -1: none
    next_approach: IntArray
    next_movement: IntArray
    next_stop_m: FloatArray

    def __len__(self) -> int:
        return len(self.names)

    def read(self) -> Reading:
        """Read all vehicles that are on the road."""
        source, row = self._source, self._row
        ids: Sequence[str] = source.getIDList()
        try:
            rows = np.array(list(map(row.__getitem__, ids)), dtype=np.int64)
        except KeyError:
            for name in ids:
                if name not in row:
                    self._add(name)
            rows = np.array([row[name] for name in ids], dtype=np.int64)
        lanes = _column(ids, source.getLaneID, self._lane_index)
        position, speed = source.getLanePosition, source.getSpeed
        before = self.lane[rows]
        entered = np.flatnonzero(lanes != before)
        reading = Reading(
            rows=rows,
            lanes=lanes,
            position_m=np.array(list(map(position, ids)), dtype=np.float64),
            # SUMO gives a speed far below zero to a vehicle that it lifts off the road.
            speed_mps=np.maximum(np.array(list(map(speed, ids)), dtype=np.float64), 0.0),
            entered=entered,
            left=before[entered],
        )
        if entered.size:
            self._look_ahead(reading)
        return reading

    def _look_ahead(self, reading: Reading) -> None:
        """Note the signals ahead of the vehicles that are on another lane than before."""
        places = reading.entered
        rows, lanes = reading.rows[places], reading.lanes[places]
        self.lane[rows] = lanes
        table = self._approaches
        self.junction[rows] = table.junction[lanes]
        self.approach[rows] = table.lane[lanes]
        self.movement[rows] = -1
        self.next_junction[rows] = -1
        self.stop_m[rows] = table.length_m[lanes] + table.beyond_m[lanes]
        allowed, on_road = self._source.getAllowedSpeed, lanes < len(self._lane_index)
        for row in rows[on_road].tolist():
            self.free_mps[row] = allowed(self.names[row])
        wanted = on_road if self._follow else table.beyond_m[lanes] == 0.0
        positions = reading.position_m[places]
        for place in np.flatnonzero(wanted).tolist():
            self._follow_route(int(rows[place]), int(lanes[place]), float(positions[place]))

    def _follow_route(self, row: int, lane: int, position_m: float) -> None:
        """Note the next signals on the route of one vehicle."""
        name, table = self.names[row], self._approaches
        found = [
            (junction, link, distance)
            for signal, link, distance, _ in self._source.getNextTLS(name)
            if (junction := table.junction_index.get(signal, -1)) >= 0
        ]
        at_line = table.beyond_m[lane] == 0.0 and table.junction[lane] >= 0
        if at_line:
            own = int(table.lane[lane])
            if found and found[0][0] == table.junction[lane]:
                self.movement[row] = table.movement_at(found[0][0], found[0][1], own)
                found = found[1:]
            elif found:
                found = []
        elif found and self._follow:
            junction, link, distance = found.pop(0)
            movement = table.movement_at(junction, link)
            self.junction[row], self.movement[row] = junction, movement
            self.approach[row] = table.lane_of(junction, movement)
            self.stop_m[row] = position_m + distance
        elif self._follow:
            self.junction[row] = -1
        if found and self._follow:
            junction, link, distance = found[0]
            movement = table.movement_at(junction, link)
            self.next_junction[row], self.next_movement[row] = junction, movement
            self.next_approach[row] = table.lane_of(junction, movement)
            self.next_stop_m[row] = position_m + distance

    def _add(self, name: str) -> None:
        """A row for a vehicle that is seen for the first time."""
        row, source = len(self.names), self._source
        if row == self._room:
            self._grow(2 * self._room)
        self._row[name] = row
        self.names.append(name)
        self.types.append(source.getTypeID(name))
        self.kind[row] = KIND_OF_CLASS.get(source.getVehicleClass(name), Kind.CAR)
        self.missed[row] = is_missed(name, self._seed, self._missed)
        self.length_m[row] = source.getLength(name)
        self.depart_delay_s[row] = source.getDepartDelay(name)
        self.lane[row] = -1
        self.free_mps[row] = 1.0
        self.junction[row] = -1

    def _grow(self, room: int) -> None:
        for column, kind in _COLUMNS.items():
            old = getattr(self, column)
            new: NDArray[Any] = np.zeros(room, dtype=kind)
            new[: len(old)] = old
            setattr(self, column, new)
        self._room = room


_COLUMNS: dict[str, type] = {
    "kind": np.uint8,
    "missed": np.bool_,
    "length_m": np.float64,
    "depart_delay_s": np.float64,
    "lane": np.int64,
    "free_mps": np.float64,
    "stop_m": np.float64,
    "junction": np.int64,
    "approach": np.int64,
    "movement": np.int64,
    "next_junction": np.int64,
    "next_approach": np.int64,
    "next_movement": np.int64,
    "next_stop_m": np.float64,
}


def _column(ids: Sequence[str], lane_of: Callable[[str], str], index: dict[str, int]) -> IntArray:
    """Index of the lane each vehicle is on; one past the last for none."""
    find, nowhere = index.get, len(index)
    return np.array([find(lane_of(name), nowhere) for name in ids], dtype=np.int64)
