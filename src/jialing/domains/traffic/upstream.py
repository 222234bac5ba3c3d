"""Which signals feed which, over what distance, and which stand too close to be decided apart?"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from jialing.domains.traffic.junction import Feed, Junction
from jialing.domains.traffic.movements import Ways

FARTHEST_M = 1500.0  # twice the 800 m within which MUTCD (2009), 4D.14, wants signals coordinated
LEAST_SHARE = 0.02  # smaller streams are noise
HEADWAY_S = 2.0  # saturation headway: the quickest that SUMO's default drivers discharge [s]
SPACE_M = 7.5  # room of one standing car: SUMO's default length 5 m and gap 2.5 m


def with_feeds(junctions: Sequence[Junction], ways: Ways) -> tuple[Junction, ...]:
    """The junctions with `feeds` filled in, by walking the roads from each movement on."""
    streets = _Streets(junctions, ways)
    feeds: list[list[Feed]] = [[] for _ in junctions]
    for j, junction in enumerate(junctions):
        for m in range(junction.movements):
            if junction.pedestrian[m]:
                continue
            out = junction.outs[int(junction.out_of[m])]
            for at, lane, distance_m, share in streets.reached(out):
                feeds[at].append(
                    Feed(
                        junction=j,
                        movement=m,
                        lane=lane,
                        distance_m=distance_m + float(junction.via_length_m[m]),
                        share=share,
                    )
                )
    return tuple(
        replace(junction, feeds=tuple(found))
        for junction, found in zip(junctions, feeds, strict=True)
    )


class _Streets:
    """Where one gets to from an edge before the next signal."""

    def __init__(self, junctions: Sequence[Junction], ways: Ways) -> None:
        self.net = ways.net
        self.ends: dict[str, list[tuple[int, int]]] = {}
        for j, junction in enumerate(junctions):
            for index, lane in enumerate(junction.lanes):
                self.ends.setdefault(self.net.lanes[lane].edge, []).append((j, index))
        self.onward: dict[str, dict[str, float]] = {}
        for each in self.net.connections:
            if self.net.edges[each.tail].function or self.net.edges[each.head].function:
                continue
            if each.turn in ("t", "T"):
                continue
            length_m = sum(lane.length_m for lane in ways.chain(each))
            heads = self.onward.setdefault(each.tail, {})
            heads[each.head] = min(heads.get(each.head, np.inf), length_m)

    def reached(self, lane: str) -> list[tuple[int, int, float, float]]:
        """Junction, lane, distance [m] and share, for a vehicle that enters `lane`."""
        first = self.net.lanes[lane].edge
        found: dict[tuple[int, int], tuple[float, float]] = {}
        start: tuple[str, float, float, tuple[str, ...]] = (
            first,
            self._length(first),
            1.0,
            (first,),
        )
        waiting = deque([start])
        while waiting:
            edge, distance_m, share, path = waiting.popleft()
            if edge in self.ends:
                lanes = self.ends[edge]
                for key in lanes:
                    near, part = found.get(key, (np.inf, 0.0))
                    found[key] = (min(near, distance_m), part + share / len(lanes))
                continue
            heads = self.onward.get(edge, {})
            for head, across_m in heads.items():
                part = share / len(heads)
                far = distance_m + across_m + self._length(head)
                if head not in path and part >= LEAST_SHARE and far <= FARTHEST_M:
                    waiting.append((head, far, part, (*path, head)))
        return [(*key, distance_m, share) for key, (distance_m, share) in sorted(found.items())]

    def _length(self, edge: str) -> float:
        lanes = self.net.edges[edge].lanes
        return max((self.net.lanes[name].length_m for name in lanes.values()), default=0.0)


def platoon_m(junction: Junction, movement: int) -> float:
    """Road that the vehicles of the shortest green of `movement` fill once they stand [m].

    length = (shortest green + yellow) / saturation headway * room of one car

    A decision to show green binds for that long. Where the road to the next stop line is shorter,
    what it lets go stands back into this junction unless the next one is decided with it.
    """
    serving = np.flatnonzero(junction.rights[:, movement] > 0)
    if not serving.size:
        return 0.0
    green_s = float(junction.min_green_s[serving].min())
    yellow_s = float(junction.yellow_s[serving].max(initial=0.0))
    return (green_s + yellow_s) / HEADWAY_S * SPACE_M


def with_joined(junctions: Sequence[Junction]) -> tuple[Junction, ...]:
    """The junctions with `joined` filled in: those nearer to each other than a platoon's length."""
    group = list(range(len(junctions)))

    def root(j: int) -> int:
        while group[j] != j:
            j = group[j]
        return j

    for j, junction in enumerate(junctions):
        for feed in junction.feeds:
            above = junctions[feed.junction]
            road_m = feed.distance_m - float(above.via_length_m[feed.movement])
            if feed.junction != j and road_m < platoon_m(above, feed.movement):
                low, high = sorted((root(j), root(feed.junction)))
                group[high] = low
    members: dict[int, list[int]] = {}
    for j in range(len(junctions)):
        members.setdefault(root(j), []).append(j)
    return tuple(
        replace(junction, joined=tuple(members[root(j)])) for j, junction in enumerate(junctions)
    )
