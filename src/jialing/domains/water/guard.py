"""What may reach the plant? Interlocks and limits for gates, weirs and pumps, whoever commands."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jialing.core import limits
from jialing.core.command import Answer, Command, Receipt, Ruling, Source, Verdict
from jialing.core.errors import InputError, JialingError, UnknownNameError
from jialing.core.signal import Actuator, FloatArray, Observation, Quality, SignalTable

BoolArray = NDArray[np.bool_]
Alarms = Mapping[int, Mapping[str, str]]  # actuator -> rule -> why

LOCAL = math.nan  # the target that hands an actuator to the plant's own rule
_MAX = sys.float_info.max


@dataclass(frozen=True, kw_only=True)
class Interlock:
    """A level that an actuator may not be moved without, and what that level enforces.

    Attributes
    ----------
    actuator : name of the gate, weir or pump
    signal : the level, e.g. ``depth:T1``: the wet well of a pump, the node above a gate
    max_age_s : oldest reading that may be acted on [s]
    low_m : below this level a pump stops and does not start [m]; -inf for none
    high_m : above this level a pump runs and a gate opens, fully [m]; inf for none
    hysteresis_m : how far the level must come back before the interlock lets go [m]
    """

    actuator: str
    signal: str
    max_age_s: float = 900.0
    low_m: float = -math.inf
    high_m: float = math.inf
    hysteresis_m: float = 0.05


class WaterGuard:
    """Interlocks and limits of a drainage system (satisfies `jialing.core.stages.Guard`).

    The rules, in the order in which they act on a target; a later rule overrules an earlier one:

    ``shape``       the command is no command for this plant: safe position; if the observation or
                    the receipt is malformed, nothing can be judged and the local rules take over
    ``not_finite``  NaN or infinite: safe position
    ``range``       beyond the actuator's range: nearest end
    ``level``       no position of a discrete actuator: nearest one, the lower if equally near
    ``stale``       a required level is missing, not good, too old or impossible: safe position;
                    the confirmed position is missing: the local rule
    ``high_level``  a level is too high: fully open, or running at full speed
    ``dry_run``     a wet well is too low: stop
    ``min_on``      too short a run: keep running, unless `dry_run` or `stale` stops
    ``min_off``     too short a rest: stay off, unless `high_level` starts
    ``starts``      too many starts in the last hour: stay off
    ``rate``        faster than the actuator moves: as far as it can go by now

    Why this order. Stopping a pump always wins: running dry destroys it, and what stays in the
    well is lost time only. A high level outranks an unknown one (evidence before its absence) and
    the rest after a run, which spares the motor, because people and property come before wear.
    It does not outrank the number of starts: each start heats the windings, and a motor tripped
    by its own protection pumps nothing (NEMA MG 10, table of allowable starts and rest times).
    The rate comes last since it says what the machine can do; safe positions are approached no
    faster. An actuator that may be tripped at once has an infinite rate.

    The verdict names the last rule that replaced the target, else the last that clamped it. Where
    the target asked for is what is given, the answer is ALLOW. Actuators that a command leaves to
    the local rule are not judged. Runs, rests and starts are counted from confirmed positions; a
    position above 0 is a run. Before the first receipt nothing is known, so a run or rest counts
    from that receipt on.

    Parameters
    ----------
    actuators : those of the plant, in its order
    interlocks : any number for each actuator
    table : the signals of the plant, in the order of every observation

    Raises InputError or UnknownNameError for limits that contradict each other or name what the
    plant does not have.
    """

    def __init__(
        self,
        actuators: Sequence[Actuator],
        interlocks: Sequence[Interlock] = (),
        table: SignalTable | None = None,
    ) -> None:
        self._actuators = tuple(actuators)
        self._interlocks = tuple(interlocks)
        self._table = SignalTable(signals=()) if table is None else table
        names = [a.name for a in self._actuators]
        _require_sound(self._actuators, self._interlocks, names)

        # Targets between which no rule but the rate can fire; one point for a watched actuator.
        self._calm_low = np.array([a.low for a in self._actuators], dtype=np.float64)
        self._calm_high = np.array([a.high for a in self._actuators], dtype=np.float64)
        self._rate = np.array([a.rate_per_s for a in self._actuators])
        self._elapsed_s = math.nan
        self._reach = self._rate  # for the time elapsed, most often the same as a tick ago

        self._duties = tuple(limits.Duty(a) for a in self._actuators)
        watched = [i for i, a in enumerate(self._actuators) if a.levels or limits.wears(a)]
        self._watched = np.array(watched, dtype=np.intp)
        self._calm_low[self._watched] = np.nan
        self._confirmed: list[float] = []

        self._moves = [names.index(lock.actuator) for lock in self._interlocks]
        self._senses = np.array([self._table.find(k.signal) for k in self._interlocks], np.intp)
        self._max_age_s = np.array([k.max_age_s for k in self._interlocks])
        self._good = np.full(len(self._interlocks), int(Quality.GOOD), np.uint8)
        self._tripped = [(False, False)] * len(self._interlocks)  # low, high
        quiet = [self._quiet(k) for k in range(len(self._interlocks))]
        self._quiet_low = np.array([low for low, _ in quiet], dtype=np.float64)
        self._quiet_high = np.array([high for _, high in quiet])

    @np.errstate(all="ignore")
    def check(self, command: Command, observation: Observation, receipt: Receipt) -> Ruling:
        """Permit, clamp or refuse `command`. Answers whatever comes in, and never raises."""
        source, plan, step_s, note, fault = Source.GUARD, None, 0.0, "", ""
        try:
            targets, local, source, plan, step_s, note = self._read(command)
        except Exception as error:  # foreign objects may raise anything; all of it refuses
            fault = f"no command for this plant: {_words(error)}"
            targets = np.full(len(self._actuators), np.nan)
            local = np.zeros(len(self._actuators), dtype=np.bool_)
        answers = np.zeros(len(self._actuators), dtype=np.uint8)
        verdicts: tuple[Verdict, ...] = ()
        try:
            moment = self._sense(observation, receipt)
        except Exception as error:
            why = f"sensors or receipt cannot be read: {_words(error)}"
            verdicts = self._hand_over(targets, local, why)
            source = Source.GUARD
        else:
            doubtful = self._doubtful(targets, local, moment)
            if doubtful:
                verdicts = self._judge_all(doubtful, targets, moment, fault)
        for verdict in verdicts:
            answers[verdict.actuator] = verdict.answer
            targets[verdict.actuator] = verdict.given
            local[verdict.actuator] = math.isnan(verdict.given)
        targets[local] = LOCAL
        return Ruling(
            command=Command(
                targets=targets, local=local, source=source, plan=plan, step_s=step_s, note=note
            ),
            answers=answers,
            verdicts=verdicts,
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
        step_s = float(step_s)
        if not 0.0 <= step_s < math.inf:
            raise _MalformedError(f"step_s is {step_s}; it must be finite and not negative")
        if plan is not None:
            table = np.asarray(plan)
            if table.shape[1:] != (count,) or table.dtype.kind not in "fiu":
                raise _MalformedError(f"plan must hold numbers [steps, {count}]")
        return targets, local, source, plan, step_s, note

    def _sense(self, observation: Observation, receipt: Receipt) -> _Moment:
        """Note confirmed positions, read the interlocks; raises on what is malformed."""
        positions = _column("positions", receipt.positions, len(self._actuators), "fiu")
        now_s, confirmed_s = float(observation.time_s), float(receipt.time_s)
        elapsed_s = now_s - confirmed_s
        if not math.isfinite(elapsed_s):
            raise _MalformedError("the time is not finite")
        if observation.table is not self._table and observation.table != self._table:
            raise _MalformedError("the signals are not those of this plant")
        count = len(self._table)
        values = _column("values", observation.values, count, "fiu")
        quality = _column("quality", observation.quality, count, "iu")
        valid_at = _column("valid_at_s", observation.valid_at_s, count, "fiu")

        held = positions[self._watched].tolist()
        if held != self._confirmed:
            self._note(held, confirmed_s)
        if elapsed_s != self._elapsed_s:
            # Finite, so that no unknown position is in reach; fmin passes over NaN, which is inf * 0.
            self._reach = np.fmin(self._rate * max(elapsed_s, 0.0), _MAX)
            self._elapsed_s = elapsed_s
        alarms = self._alarms(values, quality, now_s - valid_at)
        return _Moment(now_s, positions, self._reach, alarms)

    def _note(self, held: list[float], time_s: float) -> None:
        """Bring what depends on the confirmed positions of watched actuators up to date."""
        self._confirmed = held
        for j, i in enumerate(self._watched.tolist()):
            position = held[j]
            legal = limits.is_legal(position, self._actuators[i])
            self._calm_low[i] = self._calm_high[i] = position if legal else np.nan
            if math.isfinite(position):
                self._duties[i].note(position > 0.0, time_s)

    def _alarms(
        self, values: FloatArray, quality: NDArray[np.integer], age_s: FloatArray
    ) -> Alarms:
        """Interlocks that have something to say, by actuator and rule."""
        at = self._senses
        level = values[at]
        quiet = (level >= self._quiet_low) & (level <= self._quiet_high)
        quiet &= quality[at] == self._good
        quiet &= np.abs(age_s[at]) <= self._max_age_s
        alarms: dict[int, dict[str, str]] = {}
        for k in (~quiet).nonzero()[0].tolist():
            lock, signal = self._interlocks[k], self._table.signals[at[k]]
            value, how_good, age = float(level[k]), int(quality[at[k]]), float(age_s[at[k]])
            found = alarms.setdefault(self._moves[k], {})
            if limits.is_fresh(
                value, how_good, age, max_age_s=lock.max_age_s, low=signal.low, high=signal.high
            ):
                low, high = self._tripped[k]
                low = limits.trips_below(value, lock.low_m, lock.hysteresis_m, low)
                high = limits.trips_above(value, lock.high_m, lock.hysteresis_m, high)
                self._tripped[k] = low, high
                self._quiet_low[k], self._quiet_high[k] = self._quiet(k)
                if high:
                    found["high_level"] = f"{lock.signal} is {value:g} m, limit {lock.high_m:g} m"
            else:
                found["stale"] = (
                    f"{lock.signal} is {value:g} m, {age:g} s old; allowed are good readings "
                    f"from {signal.low:g} to {signal.high:g} m of {lock.max_age_s:g} s at most"
                )
            if self._tripped[k][0]:  # kept while the level is unknown
                found["dry_run"] = f"{lock.signal} is {value:g} m, limit {lock.low_m:g} m"
        return alarms

    def _quiet(self, k: int) -> tuple[float, float]:
        """Levels between which interlock `k` needs no look: none once it has tripped."""
        lock, signal = self._interlocks[k], self._table.signals[self._senses[k]]
        low = np.inf if any(self._tripped[k]) else max(lock.low_m, signal.low, -_MAX)
        return low, min(lock.high_m, signal.high, _MAX)

    def _doubtful(self, targets: FloatArray, local: BoolArray, moment: _Moment) -> list[int]:
        """Actuators on which a rule might fire. The rest is allowed as it stands."""
        fine = np.abs(targets - moment.positions) <= moment.reach
        fine &= (targets >= self._calm_low) & (targets <= self._calm_high)
        for i in moment.alarms:
            fine[i] = False
        fine |= local
        return (~fine).nonzero()[0].tolist()

    def _judge_all(
        self, doubtful: Sequence[int], targets: FloatArray, moment: _Moment, fault: str
    ) -> tuple[Verdict, ...]:
        verdicts = []
        for i in doubtful:
            asked = float(targets[i])
            found = self._judge(i, asked, moment, fault)
            if found.target != asked:
                verdicts.append(found.verdict(i, self._actuators[i].name, asked))
        return tuple(verdicts)

    def _judge(self, i: int, asked: float, moment: _Moment, fault: str) -> limits.Proposal:
        """Walk one target through the rules."""
        actuator, alarms = self._actuators[i], moment.alarms.get(i, {})
        position, most = float(moment.positions[i]), float(moment.reach[i])
        lowest, highest = limits.ends(actuator)
        at = limits.Proposal(asked)
        if fault:
            at.refuse("shape", actuator.safe, fault)
        elif not math.isfinite(asked):
            at.refuse("not_finite", actuator.safe, "the target is not finite")
        else:
            within = limits.clamp(asked, actuator.low, actuator.high)
            at.clamp("range", within, f"allowed {actuator.low:g} … {actuator.high:g}")
            if actuator.levels:
                level = limits.nearest_level(within, actuator.levels)
                at.clamp("level", level, f"allowed positions {actuator.levels}")
        if not math.isfinite(position):
            at.refuse("stale", LOCAL, "the plant confirms no position")
            return at
        for rule, target in (
            ("stale", actuator.safe),
            ("high_level", highest),
            ("dry_run", lowest),
        ):
            if rule in alarms:
                at.refuse(rule, target, alarms[rule])
        if not math.isnan(at.target):
            self._spare(i, at, position, moment.now_s, alarms)
            self._pace(actuator, at, position, most)
        return at

    def _spare(
        self, i: int, at: limits.Proposal, position: float, now_s: float, alarms: Mapping[str, str]
    ) -> None:
        """Runs, rests and starts."""
        actuator, duty = self._actuators[i], self._duties[i]
        if (position > 0.0) == (at.target > 0.0):
            return
        if position > 0.0:
            left_s = limits.dwell_left_s(now_s, duty.since_s, actuator.min_on_s)
            if left_s > 0.0 and "dry_run" not in alarms and "stale" not in alarms:
                at.refuse("min_on", limits.running(actuator, position), f"runs {left_s:g} s more")
            return
        left_s = limits.dwell_left_s(now_s, duty.since_s, actuator.min_off_s)
        if left_s > 0.0 and "high_level" not in alarms:
            at.refuse("min_off", 0.0, f"rests {left_s:g} s more")
        allowed = actuator.max_starts_per_h
        if allowed and limits.starts_within(duty.starts_s, now_s) >= allowed:
            at.refuse("starts", 0.0, f"{allowed:g} starts in an hour are used up")

    def _pace(self, actuator: Actuator, at: limits.Proposal, position: float, most: float) -> None:
        """What can be reached by now; the local rule if nothing legal can."""
        near = limits.within_reach(at.target, position, most, actuator.levels)
        if near is None or not actuator.low <= near <= actuator.high:
            at.refuse("rate", LOCAL, f"no allowed position within {most:g} of {position:g}")
        else:
            at.clamp("rate", near, f"at most {most:g} from {position:g} by now")

    def _hand_over(self, targets: FloatArray, local: BoolArray, reason: str) -> tuple[Verdict, ...]:
        """Everything to the local rules: with no senses there is nothing to judge by."""
        return tuple(
            limits.Proposal(LOCAL, Answer.REFUSE, "shape", reason).verdict(
                i, self._actuators[i].name, float(targets[i])
            )
            for i in np.flatnonzero(~local).tolist()
        )


def build_guard(
    actuators: Sequence[Actuator], interlocks: Sequence[Interlock], table: SignalTable
) -> WaterGuard:
    """A guard for a plant with these actuators and signals."""
    return WaterGuard(actuators, interlocks, table)


class _MalformedError(JialingError):
    """Something handed to the guard has another shape or type than agreed."""


class _Moment(NamedTuple):
    """What the guard judges by."""

    now_s: float
    positions: FloatArray  # confirmed [1]
    reach: FloatArray  # largest change by now [1]
    alarms: Alarms


def _column(name: str, values: object, count: int, kinds: str) -> NDArray[Any]:
    """`values` as an array [count] of one of the numpy `kinds`; raises on anything else."""
    column = np.asarray(values)
    if column.shape != (count,):
        raise _MalformedError(f"{name} has shape {column.shape}, expected ({count},)")
    if column.dtype.kind not in kinds:
        raise _MalformedError(f"{name} holds {column.dtype}")
    return column


def _words(error: Exception) -> str:
    """Our own words for our own errors; of foreign ones only the type can be trusted."""
    return str(error) if isinstance(error, _MalformedError) else type(error).__name__


def _require_sound(
    actuators: Sequence[Actuator], interlocks: Sequence[Interlock], names: Sequence[str]
) -> None:
    """Raise where limits cannot be kept."""
    for actuator in actuators:
        limits.require_sound(actuator)
    for lock in interlocks:
        if lock.actuator not in names:
            raise UnknownNameError("actuator of this plant", lock.actuator, names)
        where = f"interlock of {lock.actuator!r} on {lock.signal!r}"
        lowest, _ = limits.ends(actuators[names.index(lock.actuator)])
        if not lock.low_m < lock.high_m:
            raise InputError(
                f"{where}: low_m is {lock.low_m}, high_m is {lock.high_m}; low must be below high"
            )
        if lock.low_m > -math.inf and lowest != 0.0:
            raise InputError(f"{where}: low_m needs an actuator that stops at 0, not {lowest}")
        if not 0.0 <= lock.hysteresis_m < math.inf:
            raise InputError(f"{where}: hysteresis_m is {lock.hysteresis_m}; 0 or more is allowed")
        if not lock.max_age_s >= 0.0:
            raise InputError(f"{where}: max_age_s is {lock.max_age_s}; 0 or more is allowed")
