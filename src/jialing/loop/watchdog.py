"""What acts when a decision is late, fails, or is no command? The last plan, then the local rule."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jialing.core.command import Command, Source
from jialing.core.signal import FloatArray
from jialing.core.stages import Situation
from jialing.loop.asking import Ask, Asked
from jialing.record.frame import Outcome


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the loop goes on with at one tick.

    Attributes
    ----------
    command : the controller's, or what stands in for it
    outcome : what became of the controller's decision
    seconds : wall-clock time of forecast and decision [s]
    reason : why the decision could not be used; empty if it could
    """

    command: Command
    outcome: Outcome
    seconds: float
    reason: str = ""


class Watchdog:
    """Asks for decisions and stands in for those that fail.

    Parameters
    ----------
    ask : how a decision is asked for (`loop.asking`)
    actuators : number of actuators
    """

    def __init__(self, ask: Ask, *, actuators: int) -> None:
        self._ask, self._count = ask, actuators
        self._plan: FloatArray | None = None
        self._plan_from_s, self._step_s = 0.0, 1.0

    def decide(self, tick: int, situation: Situation) -> Decision:
        """The controller's command if it is one and in time, else what stands in."""
        asked = self._ask(tick, situation)
        outcome, reason, command = asked.outcome, asked.reason, asked.answer
        if outcome is Outcome.ON_TIME:
            reason = objection(command, self._count)
            if not reason:
                return self._accept(command, situation.time_s, asked)
            outcome = Outcome.REJECTED
        return Decision(
            command=self.stand_in(situation.time_s, outcome.name.lower()),
            outcome=outcome,
            seconds=asked.seconds,
            reason=reason,
        )

    def _accept(self, command: Command, now_s: float, asked: Asked) -> Decision:
        self._plan = None
        if command.plan is not None and len(command.plan):
            # A copy: the controller may go on to write into its own array.
            self._plan = np.array(command.plan, dtype=np.float64)
            self._plan_from_s, self._step_s = now_s, command.step_s
        return Decision(command=command, outcome=Outcome.ON_TIME, seconds=asked.seconds)

    def stand_in(self, now_s: float, why: str) -> Command:
        """The last accepted plan shifted to now; the local rule where there is none or it ended."""
        if self._plan is not None:
            # A tick may come a hair before a step's begin: simulators round their time.
            row = math.floor((now_s - self._plan_from_s) / self._step_s + 1e-6)
            if 0 <= row < len(self._plan):
                targets = self._plan[row].copy()
                return Command(
                    targets=targets,
                    local=np.isnan(targets),
                    source=Source.LAST_PLAN,
                    note=f"{why}: the last plan goes on",
                )
        return Command.all_local(self._count, note=f"{why}: the local rule acts")


def objection(command: object, actuators: int) -> str:
    """Why `command` is no command for a plant with `actuators`; empty if it is one.

    Targets that are not finite are the guard's to judge: it refuses the actuator, not the tick.
    """
    if not isinstance(command, Command):
        return (
            f"returned a {type(command).__name__}, not a Command; "
            "situation.command({'NAME': target}) makes one"
        )
    targets, local, plan = command.targets, command.local, command.plan
    if not isinstance(targets, np.ndarray) or targets.dtype != np.float64:
        return f"targets must be an array of float64, not {_kind(targets)}"
    if targets.shape != (actuators,):
        return f"targets has shape {targets.shape}, expected ({actuators},)"
    if not isinstance(local, np.ndarray) or local.dtype != np.bool_:
        return f"local must be an array of bool, not {_kind(local)}"
    if local.shape != (actuators,):
        return f"local has shape {local.shape}, expected ({actuators},)"
    if command.source not in (Source.CONTROLLER, Source.LOCAL):
        return f"source is {command.source!r}; a controller may say CONTROLLER or LOCAL"
    if not isinstance(command.note, str):
        return f"note must be text, not {_kind(command.note)}"
    return "" if plan is None else _plan_objection(plan, command.step_s, actuators)


def _plan_objection(plan: object, step_s: object, actuators: int) -> str:
    if not isinstance(plan, np.ndarray) or plan.dtype != np.float64:
        return f"plan must be an array of float64, not {_kind(plan)}"
    if plan.ndim != 2 or plan.shape[1] != actuators:
        return f"plan has shape {plan.shape}, expected (steps, {actuators})"
    if not isinstance(step_s, int | float) or not 0.0 < step_s < math.inf:
        return f"step_s is {step_s!r}; a plan needs a step above 0 s"
    return ""


def _kind(value: object) -> str:
    dtype = getattr(value, "dtype", None)
    return type(value).__name__ + (f" of {dtype}" if dtype is not None else "")
