"""How do all junctions of a network lie in a few flat arrays, ready for the compiled kernel?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic.junction import Junction, Right

IntArray = NDArray[np.int64]

SPACE_M = 7.5  # length a standing car takes, gap included [m]
INSIDE_M = 9.0  # a way across the junction this long holds a vehicle that yields [m]
LONGEST_GREEN_S = 60.0  # no planned phase is longer; the present one may be [s]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """All junctions, one after the other; whatever belongs to junction j lies at ptr[j]:ptr[j+1].

    Attributes
    ----------
    lane_ptr, move_ptr, out_ptr, mode_ptr : [junctions + 1]
    lanes : [junctions] number of real lanes; each pedestrian crossing adds one lane behind them
    right_ptr, change_ptr : [junctions + 1] into `rights` (modes × movements), `intergreen` (modes²)
    move_lane, move_out : [movements] index within the junction; -1 for no exit
    rights : of `Right`
    counted_on : of `Right`, as plans count on them: who must stop first is taken for red
    intergreen : yellow and all-red between two modes [s]
    min_green, max_green : [modes, all junctions] [s]
    headway : [movements] between two vehicles of a standing queue [s]
    foe_ptr, foe : movements that a yielding movement must let go first, index within the junction
    inside : [movements] True where a vehicle that yields waits inside the junction
    lane_speed, lane_length : [lanes] [m/s], [m]
    out_length, out_speed : [outs] [m], [m/s]
    """

    lane_ptr: IntArray
    move_ptr: IntArray
    out_ptr: IntArray
    mode_ptr: IntArray
    lanes: IntArray
    right_ptr: IntArray
    change_ptr: IntArray
    move_lane: IntArray
    move_out: IntArray
    rights: NDArray[np.int8]
    counted_on: NDArray[np.int8]
    intergreen: FloatArray
    min_green: FloatArray
    max_green: FloatArray
    headway: FloatArray
    foe_ptr: IntArray
    foe: IntArray
    inside: NDArray[np.bool_]
    lane_speed: FloatArray
    lane_length: FloatArray
    out_length: FloatArray
    out_speed: FloatArray

    @property
    def junctions(self) -> int:
        return len(self.lane_ptr) - 1

    @cached_property
    def move_owner(self) -> IntArray:
        """[movements] its junction."""
        return np.repeat(np.arange(self.junctions), np.diff(self.move_ptr))

    @cached_property
    def lane_owner(self) -> IntArray:
        """[lanes] its junction."""
        return np.repeat(np.arange(self.junctions), np.diff(self.lane_ptr))

    @cached_property
    def lane_base(self) -> IntArray:
        """[lanes] first movement of its junction."""
        found: IntArray = self.move_ptr[self.lane_owner]
        return found

    @cached_property
    def lane_of(self) -> IntArray:
        """[movements] its lane, over all junctions."""
        found: IntArray = self.move_lane + self.lane_ptr[self.move_owner]
        return found

    @cached_property
    def out_of(self) -> IntArray:
        """[movements] its exit, over all junctions; -1 for none."""
        out = self.move_out + self.out_ptr[self.move_owner]
        return np.where(self.move_out >= 0, out, -1)

    @cached_property
    def by_lane(self) -> tuple[IntArray, IntArray]:
        """Movements in the order of their lanes, and [lanes + 1] the first of each lane's there."""
        order = np.argsort(self.lane_of, kind="stable")
        return order, np.searchsorted(self.lane_of[order], np.arange(self.lane_ptr[-1] + 1))

    @property
    def net(self) -> tuple[Any, ...]:
        """The arrays that the kernel takes, in its order."""
        return (
            self.lane_ptr,
            self.move_ptr,
            self.out_ptr,
            self.mode_ptr,
            self.right_ptr,
            self.change_ptr,
            self.move_lane,
            self.move_out,
            self.counted_on,
            self.intergreen,
            self.min_green,
            self.max_green,
            self.foe_ptr,
            self.foe,
            self.inside,
        )


def lay_out(junctions: Sequence[Junction]) -> Layout:
    """Put `junctions` one after the other."""
    move_lane: list[IntArray] = []
    foes: list[IntArray] = []
    for junction in junctions:
        lane = junction.lane_of.astype(np.int64).copy()
        crossings = np.flatnonzero(lane < 0)
        lane[crossings] = len(junction.lanes) + np.arange(len(crossings))
        move_lane.append(lane)
        foes.extend(np.flatnonzero(row) for row in junction.yields_to)
    crossings_of = [int((j.lane_of < 0).sum()) for j in junctions]
    padded = [
        np.concatenate((j.lane_length_m, np.zeros(n)))
        for j, n in zip(junctions, crossings_of, strict=True)
    ]
    speeds = [
        np.concatenate((j.lane_speed_mps, np.full(n, 1.3)))
        for j, n in zip(junctions, crossings_of, strict=True)
    ]
    headway = (
        np.concatenate([saturation_headway(j) for j in junctions]) if junctions else np.zeros(0)
    )
    return Layout(
        lane_ptr=_pointers([len(row) for row in padded]),
        move_ptr=_pointers([j.movements for j in junctions]),
        out_ptr=_pointers([len(j.outs) for j in junctions]),
        mode_ptr=_pointers([len(j.modes) for j in junctions]),
        lanes=np.array([len(j.lanes) for j in junctions], dtype=np.int64),
        right_ptr=_pointers([j.rights.size for j in junctions]),
        change_ptr=_pointers([len(j.modes) ** 2 for j in junctions]),
        move_lane=_joined(move_lane, np.int64),
        move_out=_joined([j.out_of for j in junctions], np.int64),
        rights=_joined([j.rights.ravel() for j in junctions], np.int8),
        counted_on=_joined([counted_on(j).ravel() for j in junctions], np.int8),
        intergreen=_joined([(j.yellow_s + j.all_red_s).ravel() for j in junctions], np.float64),
        min_green=_joined([j.min_green_s for j in junctions], np.float64),
        max_green=_joined([np.full(len(j.modes), LONGEST_GREEN_S) for j in junctions], np.float64),
        headway=headway,
        foe_ptr=_pointers([len(row) for row in foes]),
        foe=_joined(foes, np.int64),
        inside=_joined([waits_inside(j) for j in junctions], np.bool_),
        lane_speed=_joined(speeds, np.float64),
        lane_length=_joined(padded, np.float64),
        out_length=_joined([j.out_length_m for j in junctions], np.float64),
        out_speed=_joined([j.out_speed_mps for j in junctions], np.float64),
    )


def counted_on(junction: Junction) -> NDArray[np.int8]:
    """[modes, movements] of `Right`, with red for whoever must stop before the line first (`s`).

    What turns past a red signal is little, and depends on gaps that nobody plans. Taken for green,
    it keeps plans from ever giving these turns their own.
    """
    stops = np.array([[state[link] == "s" for link in junction.links] for state in junction.modes])
    stops = stops.reshape(junction.rights.shape).astype(np.bool_)
    return np.where(stops, Right.RED, junction.rights).astype(np.int8)


def saturation_headway(junction: Junction) -> FloatArray:
    """Time between two vehicles that leave a standing queue, by movement [s].

    h = tau + (length + gap) / v, with v the speed across the junction within 3 … 13.9 m/s

    tau = 1.25 s and 7.5 m: read off queues in SUMO 1.28 (2.0 … 2.6 s, with Krauss cars). A
    crossing takes everybody who waits at once.
    """
    speed = np.clip(junction.via_speed_mps, 3.0, 13.9)
    headway = 1.25 + SPACE_M / speed
    headway[junction.pedestrian] = 0.0
    return np.asarray(headway, dtype=np.float64)


def waits_inside(junction: Junction) -> NDArray[np.bool_]:
    """True for left turns that are long enough to wait in: they do not block the stop line."""
    left = np.array([turn in "lLt" for turn in junction.turn], dtype=np.bool_)
    return left & (junction.via_length_m >= INSIDE_M)


def _pointers(sizes: Sequence[int]) -> IntArray:
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))).astype(np.int64)


def _joined(parts: Sequence[NDArray[Any]], kind: type) -> NDArray[Any]:
    if not parts:
        return np.zeros(0, dtype=kind)
    return np.ascontiguousarray(np.concatenate(parts).astype(kind))
