"""What can a user set in a traffic case? Every field has one default for every network."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from jialing.core.errors import InputError, UnknownNameError

SENSING = ("perfect", "camera", "loops")


@dataclass(frozen=True, kw_only=True)
class TrafficSettings:
    """Settings of a case in the row `traffic`.

    Attributes
    ----------
    routes : route files, where the model is a bare network; empty takes those of the `.sumocfg`
    sensing : `perfect` (every vehicle and its route: labelled as such), `camera` (a view, some
        vehicles missed, turns unknown) or `loops` (stop-line and upstream detectors)
    view_m : how far a camera sees along each approach and exit [m]
    missed : share of vehicles a camera never sees [1]
    decide_every_s : time between two decisions [s]
    weights : vehicle class -> weight of one second of its waiting; a car is 1. Public transport
        counts by who sits in it: some 30 persons in a bus and 60 in a tram for 1.5 in a car
    min_green_s : shortest green where the file gives none [s]
    yellow_s, all_red_s : intergreen where the file gives none [s]
    max_red_s : longest red for a movement with waiting users [s]
    teleport_s : SUMO's time to teleport [s]; -1: never
    roads_close : roads may be closed while the run goes on: who is left without a way then waits,
        where SUMO would otherwise end the run (its option ignore-route-errors)
    """

    routes: tuple[Path, ...] = ()
    sensing: str = "camera"
    view_m: float = 100.0
    missed: float = 0.1
    decide_every_s: float = 1.0
    weights: dict[str, float] = field(
        default_factory=lambda: {"bus": 20.0, "tram": 40.0, "emergency": 100.0}
    )
    min_green_s: float = 5.0
    yellow_s: float = 3.0
    all_red_s: float = 0.0
    max_red_s: float = 180.0
    teleport_s: float = -1.0
    roads_close: bool = False

    def __post_init__(self) -> None:
        if self.sensing not in SENSING:
            raise UnknownNameError("kind of sensing", self.sensing, SENSING)
        if not (self.decide_every_s > 0.0 and self.view_m > 0.0 and 0.0 <= self.missed <= 1.0):
            raise InputError(
                f"settings of a traffic case: decide_every_s {self.decide_every_s} s and view_m "
                f"{self.view_m} m must be above 0, missed {self.missed} between 0 and 1"
            )
