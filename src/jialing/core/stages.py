"""The stages of a tick as protocols, in the order in which the loop walks them.

sense -> forecast -> decide -> guard -> act -> record
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from jialing.core.case import Case, ScoreSheet
from jialing.core.command import Command, Receipt, Ruling
from jialing.core.forecast import Forecast
from jialing.core.signal import Actuator, FloatArray, Observation, SignalTable


@dataclass(frozen=True, kw_only=True)
class Field:
    """A quantity over many elements, stored for pictures rather than for control.

    Attributes
    ----------
    name : e.g. ``flooding``
    unit : SI unit
    elements : names, in the order of the values
    """

    name: str
    unit: str
    elements: tuple[str, ...]


@runtime_checkable
class Plant(Protocol):
    """What is controlled. One instance is one run; `close` may be called at any time, twice too."""

    signals: SignalTable
    actuators: tuple[Actuator, ...]
    fields: tuple[Field, ...]

    def observe(self) -> Observation:
        """Read the sensors now."""

    def sample(self) -> Sequence[NDArray[np.float32]]:
        """Values of each of `fields` now, in their order."""

    def apply(self, command: Command) -> Receipt:
        """Take a guarded command; returns the confirmed positions."""

    def step(self, seconds: float) -> bool:
        """Let `seconds` pass. False once the case has ended."""

    def score(self) -> tuple[ScoreSheet, Mapping[str, Any]]:
        """Score so far, and per-element details."""

    def close(self) -> None:
        """Give back everything the simulator holds."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """All a controller may know at one tick.

    Attributes
    ----------
    observation : the sensors
    positions : [actuators] last confirmed positions
    actuators : the plant's actuators
    forecast : what is coming; None where the case offers none
    """

    observation: Observation
    positions: FloatArray
    actuators: tuple[Actuator, ...]
    forecast: Forecast | None = None

    @property
    def time_s(self) -> float:
        return self.observation.time_s

    def __getitem__(self, signal: str) -> float:
        """Value of a signal, e.g. ``situation["depth:T1"]``."""
        return self.observation[signal]

    def command(self, targets: Mapping[str, float] | None = None, /, **named: float) -> Command:
        """A command by actuator names; actuators left out stay with the local rule."""
        return Command.of(self.actuators, {**(targets or {}), **named})


class Controller(Protocol):
    """Chooses the next targets. The only method a user's own controller needs."""

    def decide(self, situation: Situation) -> Command:
        """Answer one situation."""


class Forecaster(Protocol):
    """Says what is coming."""

    def forecast(self, observation: Observation) -> Forecast | None:
        """Forecast issued now."""


class Guard(Protocol):
    """Interlocks and limits. Answers and never raises."""

    def check(self, command: Command, observation: Observation, receipt: Receipt) -> Ruling:
        """Permit, clamp or refuse `command`, given the sensors and the last confirmed positions."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One plant wired up for one run: what the loop needs from a domain.

    Attributes
    ----------
    plant, controller, forecaster, guard : the stages
    tick_s : time between two decisions [s]
    duration_s : length of the run [s]
    budget_s : a decision that takes longer counts as late [s]
    headline : the score word that progress lines show, e.g. ``overflow``
    about : goes into the manifest: everything that configures this run, JSON-ready
    files : files whose hashes go into the manifest
    uncontrolled : what stays on its own programme or rule, whoever commands, e.g. ``signal J3``
    picture : what the report needs to draw the network: coordinates, links, labels; JSON-ready
    """

    plant: Plant
    controller: Controller
    forecaster: Forecaster
    guard: Guard
    tick_s: float
    duration_s: float
    budget_s: float
    headline: str
    about: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[str] = ()
    uncontrolled: Sequence[str] = ()
    picture: Mapping[str, Any] = field(default_factory=dict)


class Domain(Protocol):
    """A row of the architecture: wires plant, forecaster, controller and guard for a case."""

    name: str
    controllers: Mapping[str, str]  # name -> one line for people; the first is the baseline

    def case_from_file(self, path: Path, **settings: Any) -> Case:
        """A case around a user's model file; `settings` are fields of the domain's settings."""

    def desk(self, case: Any, controller: str | Callable[[], Controller]) -> Desk:
        """Open the plant of `case` with a controller, by name or as a factory."""


@runtime_checkable
class WithPerson(Protocol):
    """A domain in which a person turns keys beside the guard."""

    def replay_desk(
        self,
        case: Any,
        controller: str | Callable[[], Controller],
        keys: Sequence[Mapping[str, Any]],
    ) -> Desk:
        """As `Domain.desk`, for a run that is repeated: `keys` are the record's events of that kind."""
