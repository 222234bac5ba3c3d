"""What happens at one tick? sense -> forecast -> decide -> guard -> act -> record -> let time pass."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from jialing.core.case import GuardCount
from jialing.core.command import Answer, Command, Ruling, Source, Verdict
from jialing.core.signal import Observation
from jialing.core.stages import Desk, Situation
from jialing.loop.asking import named
from jialing.loop.watchdog import Decision, Watchdog
from jialing.record.frame import Outcome
from jialing.record.writer import RecordWriter

_LOG = logging.getLogger("jialing")


@dataclass(slots=True)
class Tally:
    """Times and counts of a walk so far. Times in seconds on the wall."""

    plant_s: float = 0.0
    decide_s: float = 0.0
    decide_ms: list[float] = field(default_factory=list)
    outcomes: list[int] = field(default_factory=lambda: [0] * len(Outcome))
    answers: list[int] = field(default_factory=lambda: [0] * len(Answer))

    def guard(self) -> GuardCount:
        allowed, clamped, refused = self.answers
        return GuardCount(allowed=allowed, clamped=clamped, refused=refused)


class Walk:
    """One run under way: the desk, the watchdog over its controller, and the record.

    `recorded` are the outcomes of a run that is repeated: what failed there is told there.
    """

    def __init__(
        self,
        desk: Desk,
        watchdog: Watchdog,
        record: RecordWriter,
        recorded: Sequence[int] | None = None,
    ) -> None:
        self.desk, self.watchdog, self.record = desk, watchdog, record
        self._recorded, self._warned = recorded, False
        self.tally = Tally()
        self.time_s = 0.0
        self._actuators = desk.plant.actuators
        count = len(self._actuators)
        self._zeros, self._all_local = np.zeros(count), np.ones(count, dtype=np.bool_).tobytes()
        # Every run starts silent: the plant's own rules act until the first decision.
        self._receipt = desk.plant.apply(Command.all_local(count))

    def tick(self, number: int, seconds: float) -> bool:
        """Walk one tick, then let `seconds` pass. False once the case has ended."""
        plant, now = self.desk.plant, time.perf_counter
        began = now()
        observation = plant.observe()
        samples = plant.sample()
        sensed = now()
        decision = self.watchdog.decide(number, self._situation(observation))
        ruling = self._ruling(number, decision.command, observation)
        ruled = now()
        receipt = plant.apply(ruling.command)
        applied = now()
        self._tell(number, observation, decision, ruling)
        self.record.write(
            observation=observation,
            asked=decision.command,
            ruling=ruling,
            receipt=receipt,
            outcome=decision.outcome,
            decide_ms=decision.seconds * 1e3,
            samples=samples,
        )
        self._receipt, self.time_s = receipt, observation.time_s
        written = now()
        going = plant.step(seconds)
        self.tally.plant_s += (sensed - began) + (applied - ruled) + (now() - written)
        return going

    def _situation(self, observation: Observation) -> Situation:
        """What the controller may see: locked, so that the guard and the record see the same."""
        positions = self._receipt.positions
        for array in (observation.values, observation.quality, observation.valid_at_s, positions):
            array.flags.writeable = False
        return Situation(observation=observation, positions=positions, actuators=self._actuators)

    def _ruling(self, number: int, command: Command, observation: Observation) -> Ruling:
        """The guard's ruling; a guard that breaks its contract leaves all to the local rules."""
        try:
            ruling = self.desk.guard.check(command, observation, self._receipt)
            fault = self._fault(ruling)
        # A guard answers and never raises; should it, the plant must not be left unguarded.
        except Exception as error:
            fault = f"raised {named(error)}"
        if not fault:
            return ruling
        reason = f"the guard {fault}; local rules act"
        self.record.events.add(number, observation.time_s, "fault", reason=reason)
        return _all_refused(command, reason)

    def _fault(self, ruling: object) -> str:
        """What is wrong with a ruling; empty if it may go to the plant."""
        if not isinstance(ruling, Ruling):
            return f"answered with a {type(ruling).__name__}"
        targets, local = ruling.command.targets, ruling.command.local
        count = len(self._actuators)
        if not targets.shape == local.shape == ruling.answers.shape == (count,):
            return f"answered for {targets.shape} actuators, expected ({count},)"
        # Once per tick: 0 times a number is 0, 0 times anything else is not.
        if targets.dot(self._zeros) == 0.0 or local.tobytes() == self._all_local:
            return ""
        if not (np.isfinite(targets) | local).all():
            return f"let a target through that is not finite: {targets.tolist()}"
        return ""

    def _tell(
        self, number: int, observation: Observation, decision: Decision, ruling: Ruling
    ) -> None:
        """Count the tick, and name a decision that could not be used."""
        tally = self.tally
        tally.decide_s += decision.seconds
        tally.outcomes[decision.outcome] += 1
        if decision.outcome is not Outcome.BUSY:
            tally.decide_ms.append(decision.seconds * 1e3)
        if decision.reason:
            self.record.events.decision(
                number,
                observation.time_s,
                decision.outcome,
                decision.reason,
                Source(decision.command.source),
            )
            self._warn(number, observation.time_s, decision)
        for key in ruling.keys:
            self.record.events.add(
                number,
                observation.time_s,
                "key",
                actuator=self._actuators[key.actuator].name,
                target=key.target,
                by=key.by,
            )
        for verdict in ruling.verdicts:
            tally.answers[verdict.answer] += 1
        tally.answers[Answer.ALLOW] += len(self._actuators) - len(ruling.verdicts)

    def _warn(self, number: int, time_s: float, decision: Decision) -> None:
        """Say the first decision that failed aloud; of a repeated run, the first that did not there."""
        more = f"Every further case is in {self.record.folder / 'events.jsonl'}"
        if self._recorded is not None:
            there = Outcome(self._recorded[number])
            if there is decision.outcome:
                return
            more = f"In the record this decision was {there.name.lower().replace('_', ' ')}"
        if not self._warned:
            self._warned = True
            _LOG.warning(
                "decision %s at tick %d (t = %.0f s): %s. %s. %s",
                decision.outcome.name.lower(),
                number,
                time_s,
                decision.reason,
                decision.command.note.partition(": ")[2].capitalize(),
                more,
            )


def _all_refused(command: Command, reason: str) -> Ruling:
    """What stands in for a ruling that may not be used."""
    count = len(command.targets)
    return Ruling(
        command=Command.all_local(count, note="guard fault: the local rule acts"),
        answers=np.full(count, Answer.REFUSE, dtype=np.uint8),
        verdicts=tuple(
            Verdict(
                actuator=i,
                answer=Answer.REFUSE,
                rule="guard_fault",
                asked=float(target),
                given=np.nan,
                reason=reason,
            )
            for i, target in enumerate(command.targets)
        ),
    )
