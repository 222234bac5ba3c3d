"""What do the city's processes say to each other? Every message is one of these types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jialing.core.case import Case, Run

# -- what one plant suffers from the rest of the city -------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Rain on the roads.

    Attributes
    ----------
    speed : factor on free speed [1]
    headway : factor on the saturation headway [1]; 1 / capacity factor
    """

    speed: float
    headway: float


@dataclass(frozen=True, kw_only=True)
class Water:
    """Water on a stretch of road.

    Attributes
    ----------
    edges : ids of the network's edges
    speed_mps : nobody drives faster there [m/s]; NaN: no limit
    """

    edges: tuple[str, ...]
    speed_mps: float


@dataclass(frozen=True, kw_only=True)
class Closure:
    """A stretch of road is closed to those who are not on it yet, or opened again.

    Attributes
    ----------
    edges : that are closed
    closed : or opened
    road : the underpass, as the side knows it
    to_metro : of the cars that set out to pass it, this share stays at home [1]
    told : this share of all drivers hears of it at once, wherever they are [1]
    """

    edges: tuple[str, ...]
    closed: bool
    road: str = ""
    to_metro: float = 0.0
    told: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Ridership:
    """More or fewer people come to a station from the street than on an ordinary evening [1]."""

    entering: float
    alighting: float


@dataclass(frozen=True, kw_only=True)
class Stake:
    """What a metre of water on a road for an hour costs [m³ of overflow / (m h)]; see `laws.stake`."""

    link: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something stops working or works again: ``pump``, ``detectors``."""

    kind: str
    element: str
    broken: bool


Change = Weather | Water | Closure | Ridership | Stake | Fault


# -- conductor -> domain ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a domain's process is to run.

    Attributes
    ----------
    name : of the part, e.g. ``water``, ``station:lianglukou``
    case, controller : for the domain's desk
    folder : where its record goes
    side : ``module:class`` that ties this domain to the city
    options : for the side
    offset_s : the part's clock when the city's stands at zero [s]
    resume : record folder of a process that died, and the changes it had been told; None: afresh
    outcomes : of a recorded run that is repeated: what became of each decision there
    """

    name: str
    case: Case
    controller: str
    folder: str
    side: str
    options: Mapping[str, Any] = field(default_factory=dict)
    offset_s: float = 0.0
    resume: Resume | None = None
    outcomes: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Resume:
    """How a domain that died gets back to where the city is.

    Attributes
    ----------
    folder : its record, whose commands are given again
    told : every `Advance` it had been sent
    local_until_s : its own rules act until then [s]
    """

    folder: str
    told: tuple[Advance, ...]
    local_until_s: float


@dataclass(frozen=True, kw_only=True)
class Advance:
    """Take these changes, then run until `to_s`."""

    to_s: float
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finish:
    """Score the run and end."""

    ended: str = "completed"


# -- domain -> conductor ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The plant is open and the controller prepared.

    Attributes
    ----------
    duration_s : length of its run [s]
    """

    name: str
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a domain stands after an `Advance`.

    Attributes
    ----------
    time_s : its clock [s]
    told : what the city may know: name -> value, SI
    headline : the figure that matters most, its unit and its name
    plant_s, decide_s, wall_s : time spent so far [s on the wall]
    late : decisions that were late or failed so far
    going : False once its case has ended
    """

    name: str
    time_s: float
    told: Mapping[str, float]
    headline: tuple[str, float, str]
    plant_s: float
    decide_s: float
    wall_s: float
    late: int
    going: bool


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The score of a domain's run, and what its side adds to it."""

    name: str
    run: Run
    extra: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A domain cannot go on; its own words.

    Attributes
    ----------
    refused : what it was given is wrong, so that no restart mends it
    """

    name: str
    reason: str
    refused: bool = False
