"""What may reach the signals? Proven modes, minimum green, intergreen and a longest red, whoever commands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jialing.core import limits
from jialing.core.command import Answer, Command, Receipt, Ruling, Source
from jialing.core.errors import InputError, JialingError, UnknownNameError
from jialing.core.signal import Actuator, FloatArray, Observation, Quality, SignalTable
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.proof import prove
from jialing.domains.traffic.service import Calls
from jialing.domains.traffic.settings import TrafficSettings

BoolArray = NDArray[np.bool_]

LOCAL = math.nan  # the target that hands a signal to the programme of the file
MAX_AGE_S = 3.0  # oldest reading that may be acted on [s]
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

    `bound_s` being the sum over the modes of minimum green and longest intergreen, and a tick for
    each. Where `max_red_s` is shorter than `bound_s`, services would chase each other and nothing
    else would ever be shown: there `bound_s` is the longest red, and `notes` says so.

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
        self._actuators, self._table = tuple(actuators), signals
        self._junctions = chosen = _matched(junctions, actuators)
        _require_sound(chosen, actuators, settings)
        count = len(chosen)
        self.proofs = tuple(prove(j, settings.yellow_s) for j in chosen)
        self._modes = np.array([len(j.modes) for j in chosen], np.int64)
        self._all_usable = np.array([bool(proof.usable.all()) for proof in self.proofs], np.bool_)
        self._longest_s = np.array(
            [max(p.entry_s.max(initial=0.0), p.length_s.max(initial=0.0)) for p in self.proofs]
        )
        bounds_s = [
            _bound_s(j, longest_s) for j, longest_s in zip(chosen, self._longest_s, strict=True)
        ]
        self.bound_s = np.array(bounds_s, dtype=np.float64)
        self.max_red_s = np.maximum(settings.max_red_s, self.bound_s)
        self.notes = self._told(settings)
        self._calls = Calls(chosen, self.proofs, signals, self.max_red_s)
        self._mode_at = np.array([signals.find(f"mode:{j.name}") for j in chosen], np.int64)
        self._green_at = np.array([signals.find(f"green:{j.name}") for j in chosen], np.int64)

        self._given = np.full(count, LOCAL)
        self._local = np.ones(count, dtype=np.bool_)  # given last: every run starts silent
        self._local_s = np.full(count, -np.inf)  # since when
        self._position = np.full(count, np.nan)  # confirmed last
        self._shown = np.full(count, np.nan)  # mode that is shown, NaN on the way to one
        self._from = np.full(count, -1)  # mode shown last, -1 if the programme acted since
        self._state = b""  # position and shown of the last check
        self._begun_s = np.full(count, -np.inf)  # when the position was first confirmed
        self._green_s = np.full(count, np.inf)  # when the shown mode began, at the latest
        self._blind_s = np.full(count, np.inf)  # since when the mode is not known
        self._rest_s = np.full(count, -np.inf)  # until when the programme acts after that
        self._now_s = self._decided_s = -math.inf  # last check, last decision
        self._mute = 0  # checks in a row at which nothing could be read

    def _told(self, settings: TrafficSettings) -> tuple[str, ...]:
        """What cannot be as the file or the settings wish, one sentence each."""
        found = []
        for i, junction in enumerate(self._junctions):
            found += [f"{junction.name}: {fault}" for fault in self.proofs[i].faults]
            if self.bound_s[i] > settings.max_red_s:
                found.append(
                    f"{junction.name}: max_red_s is {settings.max_red_s:g} s, but serving every "
                    f"mode once takes {self.bound_s[i]:g} s, which is the longest red here"
                )
        return tuple(found)

    @np.errstate(all="ignore")
    def check(self, command: Command, observation: Observation, receipt: Receipt) -> Ruling:
        """Permit, clamp or refuse `command`. Answers whatever comes in, and never raises."""
        count = len(self._actuators)
        source, plan, step_s, note, fault = Source.GUARD, None, 0.0, "", ""
        try:
            targets, local, source, plan, step_s, note = self._read(command)
        except Exception as error:  # foreign objects may raise anything; all of it refuses
            fault = f"no command for this plant: {_words(error)}"
            targets, local = np.full(count, LOCAL), np.zeros(count, dtype=np.bool_)
        asked, own = targets.copy(), local.copy()
        try:
            moment = self._sense(observation, receipt)
        except Exception as error:
            why = f"sensors or receipt cannot be read: {_words(error)}"
            found = self._repeat(asked, why)
            source = Source.GUARD
        else:
            self._mute = 0
            found = self._judge_all(asked, own, moment, source, fault)
        answers = np.zeros(count, dtype=np.uint8)
        verdicts = []
        for i, at in found:
            targets[i], local[i] = at.target, math.isnan(at.target)
            if local[i] != own[i] or (not local[i] and at.target != asked[i]):
                answers[i] = at.answer
                verdicts.append(at.verdict(i, self._actuators[i].name, float(asked[i])))
        targets[local] = LOCAL
        self._local_s[local & ~self._local] = self._now_s
        self._from[local] = -1
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
        targets = _column("targets", command.targets, count, "fiu").astype(np.float64)
        local = _column("local", command.local, count, "b").copy()
        source, plan, step_s, note = command.source, command.plan, command.step_s, command.note
        if not isinstance(source, Source) or not isinstance(note, str):
            raise _MalformedError("source or note is of another type")
        if plan is not None and _shape(plan)[1:] != (count,):
            raise _MalformedError(f"plan must hold numbers [steps, {count}]")
        return targets, local, source, plan, float(step_s), note

    def _sense(self, observation: Observation, receipt: Receipt) -> _Moment:
        """Bring what is known of every signal up to date; raises on what is malformed."""
        table = self._table
        position = _column("positions", receipt.positions, len(self._actuators), "fiu")
        position = position.astype(np.float64)
        now_s, told_s = float(observation.time_s), float(receipt.time_s)
        if not (math.isfinite(now_s) and math.isfinite(told_s)):
            raise _MalformedError("the time is not finite")
        if observation.table is not table and observation.table != table:
            raise _MalformedError("the signals are not those of this plant")
        values = _column("values", observation.values, len(table), "fiu")
        quality = _column("quality", observation.quality, len(table), "iu")
        measured_s = _column("valid_at_s", observation.valid_at_s, len(table), "fiu")
        good = (quality == int(Quality.GOOD)) & (np.abs(measured_s - now_s) <= MAX_AGE_S)

        seen, green_s = values[self._mode_at], values[self._green_at]
        fresh = good[self._mode_at] & good[self._green_at] & (green_s >= 0.0)
        moves = position < 0.0
        head = np.where(moves, -1.0 - position, position)  # shown, or on the way to
        head[~((head < self._modes) & (head == np.rint(head)))] = np.nan
        arrived = moves & fresh & (seen == head) & ~self._local
        shown = np.where(moves & ~arrived, np.nan, head)
        agree = (arrived | (seen == position)) & fresh & (head >= 0.0)
        self._now_s = now_s
        if position.tobytes() + shown.tobytes() != self._state:
            self._note(position, shown, told_s, now_s)
            self._state = position.tobytes() + shown.tobytes()
        blind = ~(agree | self._local)
        self._blind_s = np.where(blind, np.minimum(self._blind_s, now_s), np.inf)
        age_s = now_s - self._green_s
        return _Moment(
            now_s=now_s,
            head=head,
            shown=shown,
            green_s=np.where(agree & ~self._local, np.minimum(age_s, green_s), age_s),
            blind=blind,
            returns=moves & agree & self._local,
            starving=set(self._calls.note(now_s, shown, values, good).tolist()),
        )

    def _note(self, position: FloatArray, shown: FloatArray, told_s: float, now_s: float) -> None:
        """Remember when positions were first confirmed, and since when modes are shown.

        A mode that came by a transition began when that was over, at the latest as long after it
        was first confirmed as the proven way takes; any other began when it was first confirmed.
        """
        moved = ~((position == self._position) | (np.isnan(position) & np.isnan(self._position)))
        changed = ~((shown == self._shown) | (np.isnan(shown) & np.isnan(self._shown)))
        for i in (moved | changed).nonzero()[0].tolist():
            mode, before_s = shown[i], float(self._begun_s[i])
            if moved[i]:
                self._begun_s[i] = told_s
            if changed[i] and mode >= 0.0:
                came_s = told_s
                if position[i] < 0.0:
                    came_s = float(self._begun_s[i]) + self._way_s(i, int(mode))
                elif self._position[i] == -1.0 - mode and not self._local[i]:
                    came_s = before_s + self._way_s(i, int(mode))
                self._green_s[i] = min(came_s, now_s)
                self._from[i] = -1 if self._local[i] else int(mode)
        self._position, self._shown = position, shown

    def _way_s(self, i: int, mode: int) -> float:
        """How long the transition to a mode takes, the longest where its origin is not known [s]."""
        came = int(self._from[i])
        return float(self.proofs[i].length_s[came, mode] if came >= 0 else self._longest_s[i])

    def _judge_all(
        self, asked: FloatArray, own: BoolArray, moment: _Moment, source: Source, fault: str
    ) -> list[tuple[int, limits.Proposal]]:
        """Proposals for the signals on which a rule might fire. The rest is allowed as it stands."""
        late = ""
        if source in (Source.CONTROLLER, Source.LOCAL):
            self._decided_s = moment.now_s
        elif not moment.now_s - self._decided_s <= PLAN_S:
            late = f"the last decision is {moment.now_s - self._decided_s:g} s old"
        calm = (asked == moment.head) & self._all_usable & ~moment.blind & ~self._local
        if moment.starving:
            calm[list(moment.starving)] = False
        if late:
            calm[:] = False
        calm = np.where(own, self._local, calm)
        if fault:
            calm[:] = False
        found = []
        for i in (~calm).nonzero()[0].tolist():
            at = limits.Proposal(LOCAL if own[i] else float(asked[i]))
            if fault:
                at.refuse("shape", LOCAL, fault)
            elif not own[i]:
                self._judge(i, at, moment, late)
            self._keep(i, at, moment)
            found.append((i, at))
        return found

    def _judge(self, i: int, at: limits.Proposal, moment: _Moment, late: str) -> None:
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
        elif self._local[i] and moment.now_s < self._rest_s[i]:
            at.refuse("stale", LOCAL, "the cabinet's mode was not known a while ago")
        elif i in moment.starving:
            mode, waited_s = self._calls.serve(i, target)
            at.refuse("max_red", float(mode), f"somebody has waited at red for {waited_s:g} s")

    def _keep(self, i: int, at: limits.Proposal, moment: _Moment) -> None:
        """What is shown, or begun, and may not be left yet."""
        head, shown, green_s = float(moment.head[i]), float(moment.shown[i]), moment.green_s[i]
        if self._local[i]:
            if math.isnan(at.target):
                return
            left_s = self._longest_s[i] - (moment.now_s - self._local_s[i])
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
        if moment.blind[i]:
            blind_s = moment.now_s - float(self._blind_s[i])
            if blind_s < HOLD_S:
                at.refuse("stale", head, f"the mode is not known since {blind_s:g} s")
            else:
                at.refuse("stale", LOCAL, f"the mode is not known since {blind_s:g} s")
                self._rest_s[i] = moment.now_s + REST_S
        if at.target == head:
            return
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


class _MalformedError(JialingError):
    """Something handed to the guard has another shape or type than agreed."""


class _Moment(NamedTuple):
    """What the guard judges by, by signal."""

    now_s: float
    head: FloatArray  # mode that is shown or on its way, NaN if not known
    shown: FloatArray  # mode that is shown, NaN on the way to one
    green_s: FloatArray  # for how long [s]
    blind: BoolArray  # the readings do not agree with what was confirmed
    returns: BoolArray  # on the way to the programme, and not there yet
    starving: set[int]  # signals at which somebody has waited too long


def build_guard(
    junctions: Sequence[Junction],
    actuators: Sequence[Actuator],
    signals: SignalTable,
    settings: TrafficSettings,
) -> TrafficGuard:
    """A guard for the signals of a network."""
    return TrafficGuard(junctions, actuators, signals, settings)


def _bound_s(junction: Junction, longest_s: float) -> float:
    """Time to serve every mode once [s], a tick of a second for each switch to be seen."""
    return float(junction.min_green_s.sum()) + len(junction.modes) * (float(longest_s) + 1.0)


def _column(name: str, values: object, count: int, kinds: str) -> NDArray[Any]:
    """`values` as an array [count] of one of the numpy `kinds`; raises on anything else."""
    column = np.asarray(values)
    if column.shape != (count,):
        raise _MalformedError(f"{name} has shape {column.shape}, expected ({count},)")
    if column.dtype.kind not in kinds:
        raise _MalformedError(f"{name} holds {column.dtype}")
    return column


def _shape(plan: object) -> tuple[int, ...]:
    table = np.asarray(plan)
    return table.shape if table.dtype.kind in "fiu" else ()


def _words(error: Exception) -> str:
    """Our own words for our own errors; of foreign ones only the type can be trusted."""
    return str(error) if isinstance(error, _MalformedError) else type(error).__name__


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
    for junction, actuator in zip(junctions, actuators, strict=True):
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
