"""How well did a day at the station go? Waiting first, then crowding and wear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jialing.core.case import Quantity, ScoreSheet
from jialing.domains.metro import kernel
from jialing.domains.metro.simulation import Simulation

HOUR_S = 3600.0

#: score word -> unit and meaning, in the order in which tables list them
WORDS: Mapping[str, tuple[str, str]] = {
    "waiting": ("person-h", "time spent in queues at links and outside metered entrances"),
    "waiting_up": ("person-h", "of it by people on their way to the street"),
    "waiting_down": ("person-h", "of it by people on their way to the trains"),
    "metered": ("person-h", "of it outside entrances"),
    "travel_time": ("person-h", "waiting and riding"),
    "density_peak": ("1/m²", "largest density on a platform"),
    "density_alarm": ("min", "time in which a platform was above its density limit, summed"),
    "queue_peak": ("ped", "most people in all queues together"),
    "stranded": ("ped", "people a full train left behind, summed over trains"),
    "reversals": ("1", "changes of direction that were begun"),
    "served": ("ped", "people who left the station or boarded"),
    "inside": ("ped", "people still in the station at the end"),
}


def sheet(sim: Simulation) -> tuple[ScoreSheet, Mapping[str, Any]]:
    """Score of a simulation so far, and the balance of people."""
    t = sim.totals
    queues = t[kernel.WAIT_UP] + t[kernel.WAIT_DOWN]
    values = {
        "waiting": (queues + t[kernel.WAIT_OUTSIDE]) / HOUR_S,
        "waiting_up": t[kernel.WAIT_UP] / HOUR_S,
        "waiting_down": t[kernel.WAIT_DOWN] / HOUR_S,
        "metered": t[kernel.WAIT_OUTSIDE] / HOUR_S,
        "travel_time": (queues + t[kernel.WAIT_OUTSIDE] + t[kernel.RIDING]) / HOUR_S,
        "density_peak": t[kernel.PEAK_DENSITY],
        "density_alarm": t[kernel.ALARM] / 60.0,
        "queue_peak": t[kernel.PEAK_QUEUE],
        "stranded": t[kernel.STRANDED],
        "reversals": t[kernel.REVERSALS],
        "served": t[kernel.LEFT] + t[kernel.BOARDED],
        "inside": sim.inside,
    }
    score = {word: Quantity(value=float(values[word]), unit=WORDS[word][0]) for word in WORDS}
    balance = float(t[kernel.CAME] - t[kernel.LEFT] - t[kernel.BOARDED] - sim.inside)
    return score, {"came": float(t[kernel.CAME]), "balance": balance}
