"""What can be set in a metro case: the kind of day, how far the plant differs, and the prices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: Kinds of day, in the order in which tables list them.
DAYS = (
    "normal",
    "event-announced",
    "event-unannounced",
    "train-delay",
    "escalator-failure",
    "ingress",
)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How one day differs from the average day; standard deviations.

    Assumed values, not measured ones: gate counts of an operator should replace them.

    Attributes
    ----------
    shift_s : of all peaks together [s]
    demand : relative, of all alighting and of all entering people, each its own [1]
    train_load : logarithmic, of each train [1]
    flow : logarithmic, of the people who enter in two minutes [1]
    train_s : of each train's arrival; trains are never early [s]
    """

    shift_s: float = 720.0
    demand: float = 0.12
    train_load: float = 0.25
    flow: float = 0.2
    train_s: float = 15.0


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """How the plant differs from what the controller believes.

    Attributes
    ----------
    capacity : mean factor on the capacity of links [1]
    capacity_spread : standard deviation of that factor over links [1]
    ride : factor on riding times [1]
    restart : factor on inspection and restart [1]
    """

    capacity: float = 0.95
    capacity_spread: float = 0.02
    ride: float = 1.03
    restart: float = 1.1


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a plan costs, in person-seconds of waiting.

    Attributes
    ----------
    reversal : of one link [ped·s]
    outside : of a second that someone waits outside, relative to one inside [1]
    crowd : of a second on a platform above its density limit, per person above it [1]
    """

    reversal: float = 1200.0
    outside: float = 1.5
    crowd: float = 5.0


@dataclass(frozen=True, kw_only=True)
class MetroSettings:
    """Settings of a metro case.

    Attributes
    ----------
    day : one of `DAYS`
    spread, mismatch, prices : see their classes
    horizon_s : how far decisions look ahead [s]
    replan_s : time between two plans [s]
    mode : what may reach the escalators: ``advise`` (after the operator's key), ``auto`` (at
        once), ``observe`` (nothing)
    key_delay_s : a virtual operator turns the key so long after the advice [s]; assumed
    keys : file of a person's keys, see `keys`; without it the virtual operator turns them
    """

    day: str = "normal"
    spread: Spread = Spread()
    mismatch: Mismatch = Mismatch()
    prices: Prices = Prices()
    horizon_s: float = 2700.0
    replan_s: float = 60.0
    mode: str = "advise"
    key_delay_s: float = 30.0
    keys: Path | None = None
