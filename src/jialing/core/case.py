"""A case (what is run), a score (how well it went), and what one run leaves behind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral
from pathlib import Path
from typing import Any

from jialing.core.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number with its unit."""

    value: float
    unit: str


#: Score of one run: stable word -> quantity. `report.words` says which way is better.
ScoreSheet = Mapping[str, Quantity]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A named, seeded situation on one plant.

    Attributes
    ----------
    name : stable identifier, shown everywhere
    domain : ``water``, ``traffic``, ``metro``
    title : one line for people
    model : the model file
    tick_s : time between two decisions [s]
    duration_s : length of the run [s]; None means the model file's own
    seed : the only source of randomness
    forecast : ``perfect``, ``ensemble``, ``persistence`` or ``none``
    settings : domain settings, typed by the domain (`domains.water.settings.WaterSettings`)
    """

    name: str
    domain: str
    title: str
    model: Path
    tick_s: float
    duration_s: float | None = None
    seed: int = 0
    forecast: str = "ensemble"
    settings: Any = None


#: Largest seed of a case: SUMO takes no greater one, and a city hands its own to every part.
MOST_SEED = 2**31 - 1


def check_seed(seed: Any) -> None:
    """Refuse what is no seed, in every domain alike; raises InputError."""
    whole = isinstance(seed, Integral) and not isinstance(seed, bool)
    if not (whole and 0 <= seed <= MOST_SEED):
        raise InputError(
            f"seed {seed!r} is not possible; it must be a whole number from 0 to {MOST_SEED}"
        )


def goes_into(tick_s: float, step_s: float) -> bool:
    """Whether a tick is a whole number of steps."""
    return abs(max(round(tick_s / step_s), 1) * step_s - tick_s) <= 1e-6


def check_tick(tick_s: float, step_s: float, clock: str) -> None:
    """Refuse a tick in which the time of a plant cannot pass: the two would drift apart.

    Parameters
    ----------
    tick_s : time between two decisions [s]
    step_s : what the plant's own time passes in [s]
    clock : whose time that is, e.g. ``SWMM``

    Raises InputError unless a tick is a whole number of steps.
    """
    if not goes_into(tick_s, step_s):
        steps = max(round(tick_s / step_s), 1)
        raise InputError(
            f"tick_s = {tick_s:g} is not possible; the time of {clock} passes in steps of "
            f"{step_s:g} s, so a tick must be a whole number of them, e.g. {steps * step_s:g} s"
        )


@dataclass(frozen=True, kw_only=True)
class GuardCount:
    """How often the guard allowed, clamped and refused a target."""

    allowed: int = 0
    clamped: int = 0
    refused: int = 0


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A figure that no control can beat on a case, and what it holds for.

    Attributes
    ----------
    word : score word that it bounds, e.g. ``cost``
    value : no control scores less [in `unit`]
    unit : of the value
    statement : what was assumed and relaxed, a sentence each
    """

    word: str
    value: float
    unit: str
    statement: tuple[str, ...]

    def regret(self, ours: float, baseline: float) -> float:
        """(ours - bound) / (baseline - bound) [1]; 0 is perfect, 1 is no better than the baseline.

        NaN where the baseline leaves no room.
        """
        room = baseline - self.value
        return (ours - self.value) / room if room > 0.0 else math.nan


@dataclass(frozen=True, kw_only=True)
class Run:
    """One controller on one case.

    Attributes
    ----------
    controller : name
    score : the sheet
    guard : counts over all ticks and actuators
    wall_s : wall-clock time of the run [s]
    plant_s, decide_s, loop_s : its parts: simulator, decisions, and everything else [s]
    decide_ms : wall-clock time of each decision that was computed [ms]
    folder : where its record lies
    details : per-element tables for the report, e.g. ``flooding_by_node``
    """

    controller: str
    score: ScoreSheet
    guard: GuardCount
    wall_s: float
    plant_s: float = 0.0
    decide_s: float = 0.0
    loop_s: float = 0.0
    decide_ms: tuple[float, ...] = ()
    folder: Path | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
