"""Which signal does each lane of the network lead to, and how far away is its stop line?"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.network import NetworkFile

IntArray = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Lanes:
    """All lanes of a network, those across junctions included; arrays run alongside `names`.

    Attributes
    ----------
    names : lane ids
    length_m, speed_mps : [m], [m/s]
    leads_to : per lane the next lanes, those across a junction included
    """

    names: tuple[str, ...]
    length_m: FloatArray
    speed_mps: FloatArray
    leads_to: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Approaches:
    """For each lane the signal it leads to through nothing but unsignalised nodes.

    The arrays have one more row than there are lanes: the last one stands for "on no lane".


    Attributes
    ----------
    lane_index : lane id -> index
    junction_index : tlLogic id -> index
    length_m, speed_mps : of the lane [m], [m/s]
    road : number of the edge that the lane belongs to
    junction : index of the junction ahead; -1: none
    lane : index into that junction's lanes. Where a lane leads to several, the nearest counts,
        of equally near ones the first
    beyond_m : from the end of the lane to the stop line [m]; 0 at the stop line itself, inf if none
    only : the movement, where no other is possible from this lane; -1 otherwise
    """

    lane_index: dict[str, int]
    junction_index: dict[str, int]
    length_m: FloatArray
    speed_mps: FloatArray
    road: IntArray
    junction: IntArray
    lane: IntArray
    beyond_m: FloatArray
    only: IntArray
    _movements: Mapping[tuple[int, int, int], int] = field(repr=False)
    _first: Mapping[tuple[int, int], int] = field(repr=False)
    _lane_of: tuple[IntArray, ...] = field(repr=False)

    def movement_at(self, junction: int, link: int, lane: int = -1) -> int:
        """Movement with this place in the state string, from `lane` where given; -1 if none."""
        if lane >= 0:
            found = self._movements.get((junction, link, lane), -1)
            if found >= 0:
                return found
            return -1
        return self._first.get((junction, link), -1)

    def lane_of(self, junction: int, movement: int) -> int:
        """Index of the lane a movement starts from; -1 if it is not known."""
        return int(self._lane_of[junction][movement]) if movement >= 0 else -1


def read_lanes(net: NetworkFile) -> Lanes:
    """All lanes of a network file."""
    index = {name: i for i, name in enumerate(net.lanes)}
    leads_to: list[dict[int, None]] = [{} for _ in index]
    for each in net.connections:
        end = index.get(each.via, index.get(each.head_lane, -1))
        if each.tail_lane in index and end >= 0:
            leads_to[index[each.tail_lane]][end] = None
    return Lanes(
        names=tuple(index),
        length_m=np.array([lane.length_m for lane in net.lanes.values()]),
        speed_mps=np.array([lane.speed_mps for lane in net.lanes.values()]),
        leads_to=tuple(tuple(ends) for ends in leads_to),
    )


def approaches(
    lanes: Lanes, junctions: Sequence[Junction], *, reach_m: float = 1000.0
) -> Approaches:
    """Follow the lanes upstream from every stop line, up to `reach_m` or the next signal."""
    index = {name: i for i, name in enumerate(lanes.names)}
    count = len(lanes.names)
    junction = np.full(count + 1, -1, dtype=np.int64)
    lane = np.full(count + 1, -1, dtype=np.int64)
    only = np.full(count + 1, -1, dtype=np.int64)
    beyond = np.full(count + 1, np.inf)
    movements: dict[tuple[int, int, int], int] = {}
    first: dict[tuple[int, int], int] = {}
    heap: list[tuple[float, int, int, int]] = []
    for j, each in enumerate(junctions):
        choices: dict[int, list[int]] = {}
        for m in range(each.movements):
            start, link = int(each.lane_of[m]), int(each.links[m])
            if start < 0:
                continue
            movements.setdefault((j, link, start), m)
            first.setdefault((j, link), m)
            choices.setdefault(start, []).append(m)
        for i, name in enumerate(each.lanes):
            if name in index:
                heapq.heappush(heap, (0.0, j, i, index[name]))
                if len(choices.get(i, ())) == 1:
                    only[index[name]] = choices[i][0]
    upstream: list[list[int]] = [[] for _ in range(count)]
    for start, ends in enumerate(lanes.leads_to):
        for end in ends:
            upstream[end].append(start)
    while heap:
        distance, j, i, at = heapq.heappop(heap)
        if distance >= beyond[at]:
            continue
        junction[at], lane[at], beyond[at] = j, i, distance
        further = distance + float(lanes.length_m[at])
        if further < reach_m:
            for start in upstream[at]:
                if further < beyond[start]:
                    heapq.heappush(heap, (further, j, i, start))
    for at in np.argsort(beyond[:count], kind="stable").tolist():
        ends = lanes.leads_to[at]
        if 0.0 < beyond[at] < np.inf and len(ends) == 1:
            only[at] = only[ends[0]]
    return Approaches(
        lane_index=index,
        junction_index={each.name: j for j, each in enumerate(junctions)},
        length_m=np.append(lanes.length_m, 0.0),
        speed_mps=np.append(lanes.speed_mps, 0.0),
        road=_roads(lanes.names),
        junction=junction,
        lane=lane,
        beyond_m=beyond,
        only=only,
        _movements=movements,
        _first=first,
        _lane_of=tuple(each.lane_of for each in junctions),
    )


def _roads(names: Sequence[str]) -> IntArray:
    """Number of the edge of each lane, and -1 for "on no lane"; a lane's id is EDGE_INDEX."""
    edges = [name.rpartition("_")[0] for name in names]
    number = {edge: k for k, edge in enumerate(dict.fromkeys(edges))}
    return np.array([*(number[edge] for edge in edges), -1], dtype=np.int64)
