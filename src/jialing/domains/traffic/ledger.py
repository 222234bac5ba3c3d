"""How is the score of a run kept, second by second, and settled when SUMO has told of every trip?

While a run is under way the ledger counts from its own readings; when it has ended, everything that
concerns whole trips is taken from SUMO's tripinfo output, which forgets nobody: unfinished trips
count with the time they have lost so far, and vehicles that never entered with their delay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.case import Quantity, ScoreSheet
from jialing.core.signal import FloatArray
from jialing.domains.traffic.approaches import Approaches
from jialing.domains.traffic.fleet import HALTING_MPS, Fleet, Reading
from jialing.domains.traffic.greens import Greens
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.score import WORDS
from jialing.domains.traffic.sightings import Kind
from jialing.domains.traffic.tripinfo import Trip

LOCK_S = 300.0  # who has not moved for so long may be locked in


class Ledger:
    """The score of one run.

    Parameters
    ----------
    junctions, table, fleet : what is driven on, and by whom
    """

    def __init__(self, junctions: Sequence[Junction], table: Approaches, fleet: Fleet) -> None:
        self._fleet = fleet
        self.greens = Greens(junctions, table, fleet)
        self._queue: list[int] = []
        self._room = 0
        self._columns: dict[str, NDArray[Any]] = {}
        self._now_s, self._finished, self._finished_s = 0.0, 0, 0.0
        self._present: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.collisions, self.teleports = 0, 0
        self._grow(1024)

    def note(
        self,
        reading: Reading,
        states: Sequence[str],
        walkers: FloatArray,
        *,
        finished: int,
        seconds: float,
    ) -> None:
        """Take down one step.

        Parameters
        ----------
        reading : all vehicles at its end
        states : what each junction's signal showed
        walkers : [movements of all junctions] pedestrians who wait
        finished : trips that ended in it
        seconds : its length [s]
        """
        self._now_s += seconds
        if finished:
            self._finished += finished
            self._finished_s = self._now_s
        rows, fleet = reading.rows, self._fleet
        if len(fleet) > self._room:
            self._grow(2 * len(fleet))
        columns = self._columns
        halting = reading.speed_mps < HALTING_MPS
        self._queue.append(int(np.count_nonzero(halting)))
        stood = columns["still_s"][rows]
        columns["stops"][rows] += halting & (stood == 0.0)
        columns["still_s"][rows] = np.where(halting, stood + seconds, 0.0)
        columns["waiting_s"][rows] += halting * seconds
        lost = 1.0 - reading.speed_mps / np.maximum(fleet.free_mps[rows], HALTING_MPS)
        columns["loss_s"][rows] += np.maximum(lost, 0.0) * seconds
        self._present = rows
        self.greens.note(reading, halting, states, walkers, seconds)

    def _grow(self, room: int) -> None:
        for name in ("loss_s", "waiting_s", "still_s", "stops"):
            new = np.zeros(room)
            old = self._columns.get(name, new[:0])
            new[: len(old)] = old
            self._columns[name] = new
        self._room = room

    def sheet(self, pending_s: Sequence[float] = ()) -> tuple[ScoreSheet, Mapping[str, Any]]:
        """Score so far, without exhausts, which SUMO tells at the end.

        Parameters
        ----------
        pending_s : delays of the vehicles that are due and could not enter yet [s]
        """
        fleet, count = self._fleet, len(self._fleet)
        if count > self._room:
            self._grow(2 * count)
        columns = {name: column[:count] for name, column in self._columns.items()}
        delay = columns["loss_s"] + fleet.depart_delay_s[:count]
        trips = max(count + len(pending_s), 1)
        kind = fleet.kind[:count]
        values = {
            "delay": (float(delay.sum()) + sum(pending_s)) / trips,
            "stops": float(columns["stops"].sum()) / trips,
            "waiting": float(columns["waiting_s"].sum()) / trips,
            "throughput": float(self._finished),
            **self._over_time(),
            **_of_kind("emergency_delay", delay[kind == Kind.EMERGENCY]),
            **_of_kind("bus_delay", delay[kind == Kind.BUS]),
        }
        return _sheet(values), self._details()

    def settled(
        self, trips: Sequence[Trip], kinds: Mapping[str, Kind]
    ) -> tuple[ScoreSheet, Mapping[str, Any]]:
        """Score of a run that has ended.

        Parameters
        ----------
        trips : SUMO's account of every trip
        kinds : vehicle type -> kind
        """
        count = max(len(trips), 1)
        delay = np.array([trip.delay_s for trip in trips])
        kind = np.array([kinds.get(trip.kind, Kind.CAR) for trip in trips], dtype=np.int64)
        values = {
            "delay": float(delay.sum()) / count,
            "stops": sum(trip.stops for trip in trips) / count,
            "waiting": sum(trip.waiting_s for trip in trips) / count,
            "throughput": float(sum(trip.finished for trip in trips)),
            "co2": sum(trip.co2_kg for trip in trips),
            "fuel": sum(trip.fuel_l for trip in trips),
            **self._over_time(),
            **_of_kind("emergency_delay", delay[kind == Kind.EMERGENCY]),
            **_of_kind("bus_delay", delay[kind == Kind.BUS]),
        }
        details = {
            **self._details(),
            "trips": len(trips),
            "unfinished": sum(trip.departed and not trip.finished for trip in trips),
            "never_departed": sum(not trip.departed for trip in trips),
        }
        return _sheet(values), details

    def _over_time(self) -> dict[str, float]:
        """Words that do not belong to single trips."""
        queue = np.array(self._queue or [0])
        return {
            "queue": float(queue.mean()),
            "queue_p95": float(np.percentile(queue, 95)),
            **self.greens.totals(),
            "locked": float(self._locked()),
        }

    def _locked(self) -> bool:
        """True if some have not moved for `LOCK_S`, and nobody arrives or half of all are stuck."""
        if not self._present.size:
            return False
        stuck = int(np.count_nonzero(self._columns["still_s"][self._present] >= LOCK_S))
        nobody_arrives = self._now_s - self._finished_s >= LOCK_S
        return stuck > 0 and (nobody_arrives or 2 * stuck >= self._present.size)

    def _details(self) -> dict[str, Any]:
        return {
            "by_junction": self.greens.by_junction(),
            "collisions": self.collisions,
            "teleports": self.teleports,
        }


def _of_kind(word: str, delay_s: FloatArray) -> dict[str, float]:
    """The mean under `word`; nothing where there was no such vehicle."""
    return {word: float(delay_s.mean())} if delay_s.size else {}


def _sheet(values: Mapping[str, float]) -> ScoreSheet:
    return {
        word: Quantity(value=float(values[word]), unit=unit)
        for word, (unit, _) in WORDS.items()
        if word in values
    }
