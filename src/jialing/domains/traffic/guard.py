"""What may reach the signals? Proven modes, minimum green, intergreen and a longest red, whoever commands."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jialing.core import limits
from jialing.core.command import Answer, Command, Receipt, Ruling, Source
from jialing.core.errors import InputError, UnknownNameError
from jialing.core.signal import Actuator, FloatArray, Observation, SignalTable
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.proof import prove
from jialing.domains.traffic.service import Calls, round_s
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.watch import MalformedError, Moment, Watch, column, shape, words

BoolArray = NDArray[np.bool_]

LOCAL = math.nan  # the target that hands a signal to the programme of the file
PLAN_S = 10.0  # how long the last plan may stand in for a decision [s]
HOLD_S = 10.0  # how long a mode is kept without knowing what the cabinet shows [s]
REST_S = 60.0  # how long the programme acts after that before a mode may be asked for again [s]
HOLD_CHECKS = 10  # how often the last targets are repeated where nothing can be read


class TrafficGuard:
    """Interlocks of the signals of a network (satisfies `jialing.core.stages.Guard`).

    Before anything runs, every mode and every way between two modes is proven free of conflict
    from the junction's own matrix (`proof.prove`); what is not proven is never commanded. While it
    runs, these rules act on a target in this order; a later one overrules an earlier one:

    ``shape``       the command is none for this plant: the programme of the file
    ``not_finite``  NaN or infinite: the programme
    ``mode``        no mode of this junction, e.g. 2.5: the programme
    ``unproven``    a mode that failed the proof: the programme
    ``late``        no decision for longer than `PLAN_S`; until then the last plan goes on: the
                    programme
    ``max_red``     somebody has waited at red for longer than the longest red: a mode that serves
                    who waited longest, unless the target does
    ``stale``       `mode:` or `green:` is missing, old, or contradicts the receipt: hold what was
                    confirmed last, and after `HOLD_S` the programme, for `REST_S`
    ``min_green``   the green shown is younger than its minimum: keep it
    ``intergreen``  a transition is under way: keep its goal

    Why this order. Minimum green and intergreen come last, so that no other rule and no fallback
    can cut a green or a yellow short; they only delay, hence they clamp while all others refuse.
    They hold for the way to the programme and back as well: a programme is left from a green that
    has had its minimum, or on the way to it once the intergreen has passed. While the mode is not known, holding
    is safe, since a signal that stays as it is surprises nobody; but it serves nobody else either,
    so after `HOLD_S` the cabinet goes back to its own programme, which needs no sensor.

    Service of a red. A longest red that is enforced at each turn costs capacity where every queue
    is long at all times. So the guard gives a starving movement the minimum green of one mode and
    no more; the longest wait goes first, and the mode that serves most others who starve or wait
    is chosen, so that one green often settles several. A movement whose exit is full is put off,
    up to twice the longest red. A movement at red with a call is thus green at the latest after

        longest red + `bound_s`  (+ the programme's cycle, if the command goes back to it meanwhile),

    `bound_s` being the sum over the modes of minimum green, longest intergreen and a second for
    each switch to be seen (with ticks longer than a second: two ticks per mode more). Where `max_red_s` is shorter than `bound_s`, services would chase each other and nothing
    else would ever be shown: there `bound_s` is the longest red.

    A command that leaves a signal to its programme is granted once the rules of time are kept;
    the programme is not judged. The maximum green is no rule of safety and is not kept here.

    Parameters
    ----------
    junctions : of the network; each actuator is one of them by name
    actuators, signals : those of the plant
    settings : of the case

    Raises InputError or UnknownNameError where actuators and junctions do not fit, or a time
    cannot be kept.
    """

    def __init__(
        self,
        junctions: Sequence[Junction],
        actuators: Sequence[Actuator],
        signals: SignalTable,
        settings: TrafficSettings,
    ) -> None:
        self._actuators = tuple(actuators)
        self._junctions = chosen = _matched(junctions, actuators)
        _require_sound(chosen, actuators, settings)
        count = len(chosen)
        self.proofs = tuple(prove(j, settings.yellow_s) for j in chosen)
        self._all_usable = np.array([bool(proof.usable.all()) for proof in self.proofs], np.bool_)
        pairs = list(enumerate(self.proofs))
        self.bound_s = np.array([round_s(chosen[i], proof) for i, proof in pairs])
        self.max_red_s = np.maximum(settings.max_red_s, self.bound_s)
        self._calls = Calls(chosen, self.proofs, signals, self.max_red_s)
        self._watch = Watch(chosen, self.proofs, signals)
        self._given = np.full(count, LOCAL)
        self._local = np.ones(count, np.bool_)  # given last: every run starts silent
        self._local_s = np.full(count, np.nan)  # since when
        self._rest_s = np.full(count, np.nan)  # until when the programme acts after blindness
        self._now_s = self._decided_s = -math.inf  # last check, last decision
        self._mute = HOLD_CHECKS  # checks in a row at which nothing could be read

    @np.errstate(all="ignore")
    def check(self, command: Command, observation: Observation, receipt: Receipt) -> Ruling:
        """Permit, clamp or refuse `command`. Answers whatever comes in, and never raises."""
        count = len(self._actuators)
        source, plan, step_s, note, fault = Source.GUARD, None, 0.0, "", ""
        try:
            targets, local, source, plan, step_s, note = self._read(command)
        except Exception as error:  # foreign objects may raise anything; all of it refuses
            fault = f"no command for this plant: {words(error)}"
            targets, local = np.full(count, LOCAL), np.zeros(count, dtype=np.bool_)
        asked, own = targets.copy(), local.copy()
        try:
            moment = self._watch.look(observation, receipt, self._local)
        except Exception as error:
            why = f"sensors or receipt cannot be read: {words(error)}"
            found = self._repeat(asked, why)
            source = Source.GUARD
        else:
            self._mute = 0
            self._now_s = moment.now_s
            found = self._judge_all(asked, own, moment, source, fault)
        answers = np.zeros(count, np.uint8)
        verdicts = []
        for i, at in found:
            targets[i], local[i] = at.target, math.isnan(at.target)
            if local[i] != own[i] or (not local[i] and at.target != asked[i]):
                answers[i] = at.answer
                verdicts.append(at.verdict(i, self._actuators[i].name, float(asked[i])))
        targets[local] = LOCAL
        self._local_s[local & ~self._local] = self._now_s
        self._given, self._local = targets.copy(), local.copy()
        return Ruling(
            command=Command(
                targets=targets, local=local, source=source, plan=plan, step_s=step_s, note=note
            ),
            answers=answers,
            verdicts=tuple(verdicts),
        )

    def _read(
        self, command: Command
    ) -> tuple[FloatArray, BoolArray, Source, FloatArray | None, float, str]:
        """Private copies of a command's parts, each read once; raises on what is malformed."""
        count = len(self._actuators)
        targets = column("targets", command.targets, count, "fiu").astype(np.float64)
        local = column("local", command.local, count, "b").copy()
        source, plan, step_s, note = command.source, command.plan, command.step_s, command.note
        if not isinstance(source, Source) or not isinstance(note, str):
            raise MalformedError("source or note is of another type")
        if plan is not None and shape(plan)[1:] != (count,):
            raise MalformedError(f"plan must hold numbers [steps, {count}]")
        return targets, local, source, plan, float(step_s), note

    def _judge_all(
        self, asked: FloatArray, own: BoolArray, moment: Moment, source: Source, fault: str
    ) -> list[tuple[int, limits.Proposal]]:
        """Proposals for the signals on which a rule might fire. The rest is allowed as it stands."""
        late = ""
        if source in (Source.CONTROLLER, Source.LOCAL):
            self._decided_s = moment.now_s
        elif not moment.now_s - self._decided_s <= PLAN_S:
            late = f"the last decision is {moment.now_s - self._decided_s:g} s old"
        starving = self._calls.note(moment.now_s, moment.shown, moment.values, moment.good)
        calm = (
            (asked == moment.head) & self._all_usable & ~(moment.blind_s >= HOLD_S) & ~self._local
        )
        calm[starving] = False
        if late:
            calm[:] = False
        calm = np.where(own, self._local, calm)
        found = []
        for i in (~calm).nonzero()[0].tolist():
            at = limits.Proposal(LOCAL if own[i] else float(asked[i]))
            if fault:
                at.refuse("shape", LOCAL, fault)
            elif not own[i]:
                self._judge(i, at, late, i in starving)
            self._keep(i, at, moment)
            found.append((i, at))
        return found

    def _judge(self, i: int, at: limits.Proposal, late: str, starving: bool) -> None:
        """Is a target a mode that may be shown, and does somebody else need another one?"""
        proof, target = self.proofs[i], at.target
        if not math.isfinite(target):
            at.refuse("not_finite", LOCAL, "the target is not finite")
        elif not (0.0 <= target < len(proof.usable) and target == math.floor(target)):
            at.refuse("mode", LOCAL, f"allowed are modes 0 … {len(proof.usable) - 1}")
        elif not proof.usable[int(target)]:
            at.refuse("unproven", LOCAL, "the mode is not proven free of conflict")
        elif late:
            at.refuse("late", LOCAL, late)
        elif self._local[i] and self._now_s < self._rest_s[i]:
            at.refuse("stale", LOCAL, "the cabinet's mode was not known a while ago")
        elif starving:
            mode, waited_s = self._calls.serve(i, target)
            at.refuse("max_red", float(mode), f"somebody has waited at red for {waited_s:g} s")

    def _keep(self, i: int, at: limits.Proposal, moment: Moment) -> None:
        """What is shown, or begun, and may not be left yet."""
        head, shown, green_s = float(moment.head[i]), float(moment.shown[i]), moment.green_s[i]
        if self._local[i]:
            left_s = self.proofs[i].longest_s - (moment.now_s - self._local_s[i])
            if shown >= 0.0:
                if green_s < self._junctions[i].min_green_s[int(shown)]:
                    at.clamp("min_green", LOCAL, f"the programme's green is {green_s:g} s old")
            elif not moment.returns[i]:
                at.clamp("intergreen", LOCAL, "the programme is between two greens")
            elif left_s > 0.0:
                at.clamp("intergreen", LOCAL, f"the way to the programme takes {left_s:g} s more")
            return
        if math.isnan(head):
            at.refuse("stale", LOCAL, "the plant confirms no mode")
            return
        blind_s = float(moment.blind_s[i])
        if blind_s >= 0.0:
            if blind_s < HOLD_S:
                at.refuse("stale", head, f"the mode is not known since {blind_s:g} s")
            else:
                at.refuse("stale", LOCAL, f"the mode is not known since {blind_s:g} s")
                self._rest_s[i] = moment.now_s + REST_S
        if math.isnan(shown):
            at.clamp("intergreen", head, f"the transition to mode {head:g} is under way")
        elif green_s < (shortest_s := float(self._junctions[i].min_green_s[int(shown)])):
            at.clamp("min_green", head, f"green since {green_s:g} s, at least {shortest_s:g} s")

    def _repeat(self, asked: FloatArray, reason: str) -> list[tuple[int, limits.Proposal]]:
        """With no senses there is nothing to judge by: what was given, then the programme."""
        self._mute += 1
        if self._mute > HOLD_CHECKS:
            self._given[:] = LOCAL
        return [
            (i, limits.Proposal(target, Answer.REFUSE, "shape", reason))
            for i, target in enumerate(self._given.tolist())
        ]


def build_guard(
    junctions: Sequence[Junction],
    actuators: Sequence[Actuator],
    signals: SignalTable,
    settings: TrafficSettings,
) -> TrafficGuard:
    """A guard for the signals of a network."""
    return TrafficGuard(junctions, actuators, signals, settings)


def _matched(junctions: Sequence[Junction], actuators: Sequence[Actuator]) -> tuple[Junction, ...]:
    """The junction of each actuator."""
    by_name = {junction.name: junction for junction in junctions}
    for actuator in actuators:
        if actuator.name not in by_name:
            raise UnknownNameError("signal of this network", actuator.name, by_name)
    return tuple(by_name[actuator.name] for actuator in actuators)


def _require_sound(
    junctions: Sequence[Junction], actuators: Sequence[Actuator], settings: TrafficSettings
) -> None:
    """Raise where limits cannot be kept."""
    if not settings.max_red_s > 0.0:
        raise InputError(f"max_red_s is {settings.max_red_s}; it must be above 0")
    for i, actuator in enumerate(actuators):
        junction = junctions[i]
        limits.require_sound(actuator)
        count = len(junction.modes)
        if actuator.levels != tuple(float(m) for m in range(count)):
            raise InputError(
                f"actuator {actuator.name!r}: levels {actuator.levels}; its {count} modes need "
                f"0 … {count - 1}"
            )
        shortest = junction.min_green_s
        if shortest.shape != (count,) or not ((shortest >= 0.0) & (shortest < math.inf)).all():
            raise InputError(
                f"{junction.name}: min_green_s is {shortest.tolist()}; each of {count} modes needs "
                "one of 0 or more, and finite"
            )
