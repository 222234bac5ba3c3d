"""Which junctions have lost their detectors, and what is then left of what the signals see?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jialing.core.command import Command
from jialing.core.errors import UnknownNameError
from jialing.core.signal import Observation, Quality, SignalTable
from jialing.core.stages import Controller, Situation
from jialing.domains.traffic.junction import Junction

#: Quantities that a cabinet tells of itself: they need no detector.
OF_THE_CABINET = ("mode", "green")


def detectors(junctions: Sequence[Junction], table: SignalTable) -> tuple[NDArray[np.int64], ...]:
    """Per junction, the places of the signals that its own detectors give."""
    owner = {lane: j for j, junction in enumerate(junctions) for lane in junction.lanes}
    named = {junction.name: j for j, junction in enumerate(junctions)}
    places: list[list[int]] = [[] for _ in junctions]
    for at, signal in enumerate(table.signals):
        if signal.quantity in OF_THE_CABINET or signal.quantity == "room":
            continue
        # A lane (`queue:LANE`), a loop in it (`passed:LANE/stop`) or a crossing (`waiting:J/4`).
        head = signal.element.rpartition("/")[0]
        j = owner.get(signal.element, owner.get(head, named.get(head)))
        if j is not None:
            places[j].append(at)
    return tuple(np.array(some, dtype=np.int64) for some in places)


class Blind:
    """The detectors that do not work now. Room in an exit is seen from the next junction, and stays.

    Parameters
    ----------
    junctions : of the network
    table : signals of the plant
    """

    def __init__(self, junctions: Sequence[Junction], table: SignalTable) -> None:
        self._index = {junction.name: j for j, junction in enumerate(junctions)}
        self._places = detectors(junctions, table)
        self._broken: set[int] = set()
        self.lost = np.zeros(0, dtype=np.int64)

    def set(self, junction: str, *, broken: bool) -> None:
        """Let the detectors of a junction fail or work; raises UnknownNameError for another name."""
        if junction not in self._index:
            raise UnknownNameError("signal of this network", junction, self._index)
        (self._broken.add if broken else self._broken.discard)(self._index[junction])
        self.lost = np.concatenate(
            [self.lost[:0], *(self._places[j] for j in sorted(self._broken))]
        )

    def without(self, sightings: NDArray[np.void]) -> NDArray[np.void]:
        """Who is still seen."""
        if not self._broken:
            return sightings
        return sightings[~np.isin(sightings["junction"], sorted(self._broken))]


class Sighted:
    """Lets another controller decide where there is something to see, and the file's programme elsewhere.

    A junction none of whose detectors tells anything is handed to its own programme, which needs
    none, until one of them tells something again.

    Parameters
    ----------
    controller : that decides
    junctions : of the network, by name
    """

    def __init__(self, controller: Controller, junctions: Sequence[Junction]) -> None:
        self._controller, self._junctions = controller, junctions
        self._table: SignalTable | None = None

    def prepare(self) -> None:
        prepare = getattr(self._controller, "prepare", None)
        if prepare is not None:
            prepare()

    def decide(self, situation: Situation) -> Command:
        """The other's command, without the junctions that are blind."""
        command = self._controller.decide(situation)
        blind = self._blind(situation.observation)
        if not blind:
            return command
        at = [k for k, actuator in enumerate(situation.actuators) if actuator.name in blind]
        targets, local = command.targets.copy(), command.local.copy()
        targets[at], local[at] = np.nan, True
        return Command(
            targets=targets,
            local=local,
            note=f"{command.note}; without detectors: {', '.join(sorted(blind))}",
        )

    def _blind(self, observation: Observation) -> set[str]:
        missing = observation.quality == Quality.MISSING
        if not missing.any():
            return set()
        if observation.table is not self._table:
            self._table = observation.table
            self._places = detectors(self._junctions, observation.table)
        return {
            junction.name
            for junction, places in zip(self._junctions, self._places, strict=True)
            if len(places) and missing[places].all()
        }
