"""How is a controller asked, so that neither its time nor its errors stop the loop?"""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from jialing.core.stages import Controller, Forecaster, Situation
from jialing.record.frame import Outcome


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One answer.

    Attributes
    ----------
    answer : whatever the controller returned; None unless ON_TIME
    outcome : ON_TIME, LATE, RAISED or BUSY
    seconds : wall-clock time of forecast and decision [s]
    reason : why there is no usable answer
    """

    answer: Any
    outcome: Outcome
    seconds: float
    reason: str = ""


class Ask(Protocol):
    """Answers a situation; never raises for what the controller does."""

    def __call__(self, tick: int, situation: Situation) -> Asked:
        """Ask at `tick`."""


class Direct:
    """Asks and waits for the answer; one that took longer than the budget is late.

    Parameters
    ----------
    patient : so many first ticks are never late, because they only repeat what was given before
    """

    def __init__(
        self,
        forecaster: Forecaster,
        controller: Controller,
        budget_s: float,
        *,
        patient: int = 0,
    ) -> None:
        self._forecaster, self._controller, self._budget_s = forecaster, controller, budget_s
        self._patient = patient

    def __call__(self, tick: int, situation: Situation) -> Asked:
        asked = answer(self._forecaster, self._controller, situation)
        late = asked.seconds > self._budget_s and tick >= self._patient
        if asked.outcome is Outcome.ON_TIME and late:
            return _late(asked.seconds, self._budget_s)
        return asked


class Recorded:
    """Asks as a record says: late there is late here, busy there is not asked here."""

    def __init__(
        self, forecaster: Forecaster, controller: Controller, outcomes: Sequence[int]
    ) -> None:
        self._forecaster, self._controller, self._outcomes = forecaster, controller, outcomes

    def __call__(self, tick: int, situation: Situation) -> Asked:
        recorded = Outcome(self._outcomes[tick])
        if recorded is Outcome.BUSY:
            return Asked(answer=None, outcome=Outcome.BUSY, seconds=0.0, reason="as recorded")
        asked = answer(self._forecaster, self._controller, situation)
        if recorded is Outcome.LATE:
            return Asked(
                answer=None, outcome=Outcome.LATE, seconds=asked.seconds, reason="as recorded"
            )
        return asked


class Beside:
    """Asks in a thread beside the loop and waits no longer than the budget.

    For a clock that does not wait: a decision still being made when the next tick comes is left
    alone (that tick is BUSY), and thrown away when it arrives.
    """

    def __init__(self, forecaster: Forecaster, controller: Controller, budget_s: float) -> None:
        self._budget_s = budget_s
        self._busy = False
        self._questions: queue.SimpleQueue[Situation] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Asked] = queue.SimpleQueue()

        def work() -> None:
            while True:
                self._answers.put(answer(forecaster, controller, self._questions.get()))

        # A daemon: a controller that hangs must not keep the process from ending.
        threading.Thread(target=work, name="jialing-decisions", daemon=True).start()

    def __call__(self, tick: int, situation: Situation) -> Asked:
        if self._busy and self._answers.empty():
            return Asked(
                answer=None,
                outcome=Outcome.BUSY,
                seconds=0.0,
                reason="the previous decision is still being made",
            )
        if self._busy:
            self._answers.get()
        started = time.perf_counter()
        self._questions.put(situation)
        try:
            asked = self._answers.get(timeout=self._budget_s)
        except queue.Empty:
            self._busy = True
            return _late(time.perf_counter() - started, self._budget_s)
        self._busy = False
        return asked


def answer(forecaster: Forecaster, controller: Controller, situation: Situation) -> Asked:
    """Forecast, then decide; what either raises becomes the reason."""
    started = time.perf_counter()
    try:
        forecast = forecaster.forecast(situation.observation)
        decided = controller.decide(
            situation if forecast is None else replace(situation, forecast=forecast)
        )
    # Whatever a controller does wrong must not end the run; it is named in the record.
    except (Exception, SystemExit) as error:
        return Asked(
            answer=None,
            outcome=Outcome.RAISED,
            seconds=time.perf_counter() - started,
            reason=f"raised {named(error)}",
        )
    return Asked(answer=decided, outcome=Outcome.ON_TIME, seconds=time.perf_counter() - started)


def named(error: BaseException) -> str:
    """Type, message and the innermost place of an error, on one line."""
    words = " ".join(str(error).split())
    places = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(places[-1].filename).name}:{places[-1].lineno})" if places else ""
    return f"{type(error).__name__}{': ' + words if words else ''}{place}"


def _late(seconds: float, budget_s: float) -> Asked:
    return Asked(
        answer=None,
        outcome=Outcome.LATE,
        seconds=seconds,
        reason=f"took {seconds * 1e3:.0f} ms, allowed {budget_s * 1e3:.0f} ms",
    )
