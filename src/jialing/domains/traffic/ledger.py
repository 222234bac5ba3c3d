"""Keeps the score of a run, second by second, and settles it with SUMO's own account of the trips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jialing.core.case import Quantity, ScoreSheet
from jialing.domains.traffic.fleet import Fleet, Reading
from jialing.domains.traffic.score import WORDS
from jialing.domains.traffic.tripinfo import Trip


class Ledger:
    """The score of one run."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def note(self, reading: Reading, seconds: float) -> None:
        pass

    def sheet(self, source: Any) -> tuple[ScoreSheet, Mapping[str, Any]]:
        """Score so far."""
        return _sheet({"delay": 0.0}), {}

    def settled(self, trips: Sequence[Trip]) -> tuple[ScoreSheet, Mapping[str, Any]]:
        """Score of a run that has ended, from SUMO's account of every trip."""
        count = max(len(trips), 1)
        values = {
            "delay": sum(trip.delay_s for trip in trips) / count,
            "stops": sum(trip.stops for trip in trips) / count,
            "waiting": sum(trip.waiting_s for trip in trips) / count,
            "throughput": sum(trip.finished for trip in trips),
            "co2": sum(trip.co2_kg for trip in trips),
        }
        return _sheet(values), {"trips": len(trips)}


def _sheet(values: Mapping[str, float]) -> ScoreSheet:
    return {
        word: Quantity(value=float(values[word]), unit=unit)
        for word, (unit, _) in WORDS.items()
        if word in values
    }
