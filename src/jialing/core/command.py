"""A command to the plant, the guard's verdict on it, and the plant's receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import UnknownNameError
from jialing.core.signal import Actuator, FloatArray


class Source(IntEnum):
    """Who wrote a command. Stored in the record, so numbers never change."""

    LOCAL = 0  # the plant's own rules act
    CONTROLLER = 1  # this tick's decision
    LAST_PLAN = 2  # decision late or failed: the last accepted plan goes on
    GUARD = 3  # safe position


@dataclass(frozen=True, kw_only=True)
class Command:
    """Targets for every actuator of a plant.

    Attributes
    ----------
    targets : [actuators], in each actuator's range; NaN where `local`
    local : [actuators], True hands the actuator back to the plant's own rule
    source : who wrote it
    plan : [steps, actuators] what the writer means to do next, first row = `targets`;
        used when a later decision fails. Zero rows: no plan.
    step_s : length of one step of `plan` [s]
    note : one short line for the record, e.g. which candidate won
    """

    targets: FloatArray
    local: NDArray[np.bool_]
    source: Source = Source.CONTROLLER
    plan: FloatArray | None = None
    step_s: float = 0.0
    note: str = ""

    @classmethod
    def of(
        cls, actuators: Sequence[Actuator], targets: Mapping[str, float], *, note: str = ""
    ) -> Command:
        """Build from names; an actuator that is not named stays with the local rule.

        Raises UnknownNameError for a name that is no actuator of the plant.
        """
        names = [a.name for a in actuators]
        values = np.full(len(names), np.nan)
        for name, target in targets.items():
            if name not in names:
                raise UnknownNameError("actuator of this plant", name, names)
            values[names.index(name)] = float(target)
        local = np.array([name not in targets for name in names], dtype=np.bool_)
        return cls(targets=values, local=local, note=note)

    @classmethod
    def all_local(cls, count: int, *, note: str = "") -> Command:
        """Hand every actuator to the plant's own rules."""
        return cls(
            targets=np.full(count, np.nan),
            local=np.ones(count, dtype=np.bool_),
            source=Source.LOCAL,
            note=note,
        )


class Answer(IntEnum):
    """What a guard says of one target. Stored in the record, so numbers never change."""

    ALLOW = 0
    CLAMP = 1
    REFUSE = 2


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The guard's answer for one actuator that was not simply allowed.

    Attributes
    ----------
    actuator : index in the plant's actuators
    answer : CLAMP (moved to the nearest permitted target) or REFUSE (replaced)
    rule : stable word for the rule that fired, e.g. ``rate``, ``dry_run``, ``not_finite``
    asked, given : target before and after; `given` is NaN where the local rule takes over
    reason : a sentence with figures and units
    """

    actuator: int
    answer: Answer
    rule: str
    asked: float
    given: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class Key:
    """Somebody agreed to a command before it reached the plant.

    Attributes
    ----------
    actuator : index in the plant's actuators
    target : what was agreed to
    by : who
    """

    actuator: int
    target: float
    by: str


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """A guarded command: what goes to the plant, and every verdict that changed something.

    Attributes
    ----------
    command : permitted command
    answers : [actuators] of `Answer`
    verdicts : one per actuator whose answer is not ALLOW, in order of the actuators
    keys : turned for this ruling, where a plant waits for an operator
    """

    command: Command
    answers: NDArray[np.uint8]
    verdicts: tuple[Verdict, ...] = ()
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the plant confirmed.

    Attributes
    ----------
    time_s : when
    positions : [actuators] confirmed position
    """

    time_s: float
    positions: FloatArray
