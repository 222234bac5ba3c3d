"""What is a station? Levels, platforms, vertical links, entrances, demand and trains, all in SI.

A description is resolved: the reader has filled in every capacity and riding time from the table
of standard numbers, so that nothing behind it needs to know where a number came from.

All links between the same two levels form a *stage*; the stages form a tree whose root is the
street. Up means towards the street, whatever the elevation of a level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

UP, STOPPED, DOWN = 1, 0, -1  #: directions of a link; also the levels of a direction actuator


class LinkKind(IntEnum):
    """What carries people from one level to the next."""

    ESCALATOR = 0
    STAIR = 1
    LIFT = 2
    GATE = 3  # a group of fare gates: between the paid and the unpaid hall of one elevation


@dataclass(frozen=True, kw_only=True)
class Level:
    """A floor.

    Attributes
    ----------
    name : unique
    elevation_m : height above the street, negative below it [m]
    area_m2 : area on which people stand and walk, without the platforms [m²]
    """

    name: str
    elevation_m: float
    area_m2: float


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Where trains stop.

    Attributes
    ----------
    name : unique
    level : name of its level
    area_m2 : area for waiting people [m²]
    share : part of the entering passengers who go to it [1]; all shares add up to 1
    walk_s : mean walk between train and the foot of the links, unhindered [s]
    """

    name: str
    level: str
    area_m2: float
    share: float
    walk_s: float


@dataclass(frozen=True, kw_only=True)
class Link:
    """An escalator, stair, lift or group of gates between two levels.

    Attributes
    ----------
    name : unique
    kind : see `LinkKind`
    lower, upper : names of levels; `upper` is the one nearer to the street
    capacity_p_s : practical capacity, for a stair or lift both directions together [1/s]
    ride_s : time from foot to head [s]
    walk_s : how much farther it is than the nearest link of its stage [s]
    direction : UP or DOWN in which it runs today; 0 for one that carries both ways
    reversible : it may be sent the other way
    step_free : usable without steps (lifts, wide gates)
    inspect_s, restart_s : parts of a reversal after the last person has left it [s]
    bank : place in the station, for pictures
    """

    name: str
    kind: LinkKind
    lower: str
    upper: str
    capacity_p_s: float
    ride_s: float
    walk_s: float = 0.0
    direction: int = 0
    reversible: bool = False
    step_free: bool = False
    inspect_s: float = 30.0
    restart_s: float = 20.0
    bank: str = ""


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """Where people come in and go out.

    Attributes
    ----------
    name : unique
    level : name of its level
    share : part of entering and of leaving passengers who use it [1]; all shares add up to 1
    capacity_p_s : how many may come in when it is not metered [1/s]
    metered : entry may be throttled
    """

    name: str
    level: str
    share: float
    capacity_p_s: float
    metered: bool = False


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A rate over the day, straight between its knots and 0 outside them.

    Attributes
    ----------
    times_s : since midnight, rising [s]
    rates_p_s : [1/s]
    """

    times_s: tuple[float, ...]
    rates_p_s: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Train:
    """One stop of one train.

    Attributes
    ----------
    time_s : doors open, since midnight [s]
    platform : name
    room : people it can take on; infinite unless given
    """

    time_s: float
    platform: str
    room: float = float("inf")


@dataclass(frozen=True, kw_only=True)
class Event:
    """A crowd beyond the ordinary day.

    Attributes
    ----------
    name : unique
    kind : ``egress`` (people who come to the station to leave by train) or ``ingress`` (who
        arrive by train)
    time_s : middle of the wave, since midnight [s]
    persons : how many
    width_s : standard deviation of their arrival [s]
    announced : known to the controller beforehand
    """

    name: str
    kind: str
    time_s: float
    persons: float
    width_s: float
    announced: bool = True


@dataclass(frozen=True, kw_only=True)
class Outage:
    """A link out of service, planned (maintenance).

    Attributes
    ----------
    link : name
    from_s, to_s : since midnight [s]
    """

    link: str
    from_s: float
    to_s: float


@dataclass(frozen=True, kw_only=True)
class Duty:
    """What an escalator plan must keep to.

    Attributes
    ----------
    min_dwell_s : shortest stay in one direction [s]
    switch_budget : reversals of one link in a day
    both_ways : each stage keeps a working link in each direction
    max_age_s : a count older than this freezes the directions [s]
    """

    min_dwell_s: float = 600.0
    switch_budget: int = 12
    both_ways: bool = True
    max_age_s: float = 90.0


@dataclass(frozen=True, kw_only=True)
class Station:
    """A station and its day.

    Attributes
    ----------
    name, title : for people
    path : file it was read from
    open_s, close_s : service day, since midnight; the end may lie beyond 24 h [s]
    levels, platforms, links, entrances, trains, events, outages : see their classes
    alighting : people who leave trains, all platforms together
    entering : people who come in, all entrances together
    duty : see `Duty`
    numbers : the table of standard numbers as used here, with this file's own values
    lines : element name -> line in the file, for errors
    """

    name: str
    title: str
    path: Path
    open_s: float
    close_s: float
    levels: tuple[Level, ...]
    platforms: tuple[Platform, ...]
    links: tuple[Link, ...]
    entrances: tuple[Entrance, ...]
    trains: tuple[Train, ...]
    alighting: Profile
    entering: Profile
    events: tuple[Event, ...] = ()
    outages: tuple[Outage, ...] = ()
    duty: Duty = Duty()
    numbers: Mapping[str, float] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def stages(self) -> tuple[tuple[str, str], ...]:
        """(lower, upper) of each stage, in the order in which the file names them."""
        return tuple(dict.fromkeys((link.lower, link.upper) for link in self.links))

    @property
    def street(self) -> str:
        """The level at the root: upper end of a stage and lower end of none."""
        lower = {low for low, _ in self.stages}
        return next(high for _, high in self.stages if high not in lower)
