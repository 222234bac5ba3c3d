"""How many pedestrians wait at each signalised crossing?"""

from __future__ import annotations

from collections.abc import Sequence, Set
from itertools import chain
from typing import Any

import numpy as np

from jialing.core.signal import FloatArray, Signal
from jialing.domains.traffic.fleet import HALTING_MPS
from jialing.domains.traffic.junction import Junction


class Walkers:
    """Counts who stands before a crossing and means to use it, as a push button would know.

    Parameters
    ----------
    source : the simulator's own pedestrian functions (`libsumo.person`)
    junctions : of the network
    links : per junction the controlled links as SUMO lists them: (from, to, via) lane ids
    crossings : edges that are pedestrian crossings
    """

    def __init__(
        self,
        source: Any,
        junctions: Sequence[Junction],
        links: Sequence[Sequence[Sequence[tuple[str, str, str]]]],
        crossings: Set[str],
    ) -> None:
        self._source = source
        self._movements = sum(junction.movements for junction in junctions)
        self._at: dict[str, int] = {}  # crossing edge -> movement over all junctions
        self.signals: list[Signal] = []
        self._places: list[int] = []
        first = 0
        for junction, ways in zip(junctions, links, strict=True):
            for m in np.flatnonzero(junction.pedestrian).tolist():
                link = int(junction.links[m])
                counted = first + m  # those who wait on both sides count for the first of its links
                for way in chain(*ways[link : link + 1]):  # absent without lanes inside
                    for edge in crossings & {lane.rpartition("_")[0] for lane in way[:2]}:
                        counted = self._at.setdefault(edge, first + m)
                name = f"waiting:{junction.name}/{link}"
                if all(signal.name != name for signal in self.signals):
                    self.signals.append(Signal(name=name, unit="1", low=0.0))
                    self._places.append(counted)
            first += junction.movements

    def count(self) -> FloatArray:
        """Pedestrians who wait [movements of all junctions]."""
        found = np.zeros(self._movements)
        if self._at:
            source = self._source
            for person in source.getIDList():
                movement = self._at.get(source.getNextEdge(person), -1)
                if movement >= 0 and source.getSpeed(person) < HALTING_MPS:
                    found[movement] += 1.0
        return found

    def values(self, count: FloatArray) -> FloatArray:
        """Values of `signals`."""
        return count[self._places]
