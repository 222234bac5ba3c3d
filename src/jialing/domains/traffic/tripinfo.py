"""What does SUMO itself say of every trip? Reads its tripinfo output."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jialing.core.errors import PlantError


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One vehicle's trip.

    Attributes
    ----------
    vehicle, kind : id and vehicle type
    finished, departed : how far it came
    loss_s, depart_delay_s, waiting_s : time lost, delay at departure, time at a stand [s]
    stops : times it came to a stand
    co2_kg, fuel_l : from the exhaust [kg], burnt [l]
    """

    vehicle: str
    kind: str
    finished: bool
    departed: bool
    loss_s: float
    depart_delay_s: float
    waiting_s: float
    stops: int
    co2_kg: float
    fuel_l: float

    @property
    def delay_s(self) -> float:
        return self.loss_s + self.depart_delay_s


def read_trips(path: Path) -> tuple[Trip, ...]:
    """All trips in a tripinfo file that were due and not given up; raises PlantError if it cannot be read."""
    try:
        return tuple(_trips(path))
    except (OSError, ElementTree.ParseError, KeyError, ValueError) as error:
        raise PlantError(f"SUMO's tripinfo output cannot be read: {error}") from error


#: SUMO's word for a vehicle that was taken off the road as it set out: its trip was given up.
GIVEN_UP = "traci"


def _trips(path: Path) -> Iterator[Trip]:
    for _, element in ElementTree.iterparse(path):  # noqa: S314 - SUMO wrote it for us
        if element.tag != "tripinfo":
            continue
        get = element.attrib
        departed = float(get["depart"]) >= 0.0
        delay = float(get["departDelay"])
        # SUMO loads vehicles ahead of their time; one that is not due yet has no delay.
        if (departed or delay > 0.0) and get.get("vaporized") != GIVEN_UP:
            exhaust = element.find("emissions")
            co2, fuel = (
                (0.0, 0.0)
                if exhaust is None
                else (float(exhaust.attrib["CO2_abs"]), float(exhaust.attrib["fuel_abs"]))
            )
            yield Trip(
                vehicle=get["id"],
                kind=get["vType"],
                finished=float(get["arrival"]) >= 0.0 and not get.get("vaporized"),
                departed=departed,
                loss_s=max(float(get["timeLoss"]), 0.0),
                depart_delay_s=delay,
                waiting_s=max(float(get["waitingTime"]), 0.0),
                stops=max(int(get["waitingCount"]), 0),
                co2_kg=co2 * 1e-6,
                fuel_l=fuel * 1e-3,
            )
        element.clear()
