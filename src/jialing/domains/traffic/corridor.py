"""Which signals stand one after the other along a street? The longest way straight on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jialing.domains.traffic.junction import Junction, Right

STRAIGHT = "s"


@dataclass(frozen=True, kw_only=True)
class Halt:
    """A signal on a corridor, for those who drive along it.

    Attributes
    ----------
    junction : index
    at_m : of its stop line, from that of the first signal [m]
    lanes : ids of the lanes before it that lead straight on
    modes : in which they may go
    speed_mps : allowed on the way to it [m/s]
    """

    junction: int
    at_m: float
    lanes: tuple[str, ...]
    modes: tuple[int, ...]
    speed_mps: float


Approach = tuple[int, str]  # junction, and the street that leads to it


def corridor(junctions: Sequence[Junction]) -> tuple[Halt, ...]:
    """The longest row of signals that one passes straight on; empty if there are not two."""
    straight = _straight(junctions)
    onward = _onward(junctions, straight)
    best: list[tuple[Approach, float]] = []
    for start in straight:
        way, at_m, here = [(start, 0.0)], 0.0, start
        passed = {start[0]}
        while (step := onward.get(here)) is not None and step[0][0] not in passed:
            here, at_m = step[0], at_m + step[1]
            way.append((here, at_m))
            passed.add(here[0])
        if (len(way), at_m) > (len(best), best[-1][1] if best else 0.0):
            best = way
    if len(best) < 2:
        return ()
    return tuple(_halt(here[0], junctions[here[0]], at_m, straight[here]) for here, at_m in best)


def told(junctions: Sequence[Junction]) -> list[dict[str, Any]]:
    """The corridor as the report takes it, JSON-ready."""
    return [
        {
            "name": junctions[halt.junction].name,
            "at_m": halt.at_m,
            "lanes": list(halt.lanes),
            "modes": list(halt.modes),
            "speed_mps": halt.speed_mps,
        }
        for halt in corridor(junctions)
    ]


def _straight(junctions: Sequence[Junction]) -> dict[Approach, list[int]]:
    """Movements straight on, by the street they come from."""
    found: dict[Approach, list[int]] = {}
    for j, junction in enumerate(junctions):
        for m in range(junction.movements):
            if junction.turn[m] == STRAIGHT and not junction.pedestrian[m]:
                street = junction.lanes[int(junction.lane_of[m])].rpartition("_")[0]
                found.setdefault((j, street), []).append(m)
    return found


def _onward(
    junctions: Sequence[Junction], straight: dict[Approach, list[int]]
) -> dict[Approach, tuple[Approach, float]]:
    """From each approach straight on to the next one that most come to, and how far it is [m]."""
    whose = {
        (j, m): approach
        for approach, moves in straight.items()
        for j in [approach[0]]
        for m in moves
    }
    share: dict[Approach, dict[Approach, float]] = {}
    far: dict[tuple[Approach, Approach], float] = {}
    for k, junction in enumerate(junctions):
        for feed in junction.feeds:
            source = whose.get((feed.junction, feed.movement))
            target = (k, junction.lanes[feed.lane].rpartition("_")[0])
            if source is None or target not in straight or k == feed.junction:
                continue
            heads = share.setdefault(source, {})
            heads[target] = heads.get(target, 0.0) + feed.share
            pair = (source, target)
            far[pair] = min(far.get(pair, np.inf), feed.distance_m)
    found = {}
    for source, heads in share.items():
        target = max(heads, key=lambda head: (heads[head], head))
        found[source] = (target, far[source, target])
    return found


def _halt(j: int, junction: Junction, at_m: float, moves: Sequence[int]) -> Halt:
    lanes = sorted({int(junction.lane_of[m]) for m in moves})
    go = (junction.rights[:, list(moves)] > Right.RED).any(axis=1)
    return Halt(
        junction=j,
        at_m=at_m,
        lanes=tuple(junction.lanes[lane] for lane in lanes),
        modes=tuple(np.flatnonzero(go).tolist()),
        speed_mps=float(junction.lane_speed_mps[lanes].max()),
    )
