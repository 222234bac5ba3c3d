"""What may reach the escalators? Interlocks for reversals, closures and entry meters, whoever commands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np
from numpy.typing import NDArray

from jialing.core import limits
from jialing.core.command import Answer, Command, Receipt, Ruling, Source, Verdict
from jialing.core.errors import InputError, JialingError, UnknownNameError
from jialing.core.signal import Actuator, FloatArray, Observation, Quality, SignalTable

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

MODES = ("observe", "advise", "auto")
RUNS, STANDS, RESTARTS = 0.0, 2.0, 3.0  # what a drive says of itself: `phase:<link>`
READ = ("onboard", "direction", "phase", "works")  # signals of each link, in the order of `Seen`


class Rule(IntEnum):
    """Why a link did not get the direction that was asked for."""

    NONE = 0
    SHAPE = auto()
    NOT_FINITE = auto()
    LEVEL = auto()
    STALE = auto()
    OBSERVE = auto()
    FAILED = auto()
    DWELL = auto()
    BUDGET = auto()
    KEY = auto()
    STEP_FREE = auto()
    LAST_WAY = auto()
    CLEAR = auto()
    PROVE = auto()
    INSPECT = auto()
    RESTART = auto()


WHY = {
    Rule.SHAPE: "the command or the observation is none of this plant",
    Rule.NOT_FINITE: "the target is not finite",
    Rule.LEVEL: "allowed are 1 (up), 0 (closed) and -1 (down)",
    Rule.STALE: "its counts or its drive are not known well enough: the direction is frozen",
    Rule.OBSERVE: "the guard only observes",
    Rule.FAILED: "it is out of service",
    Rule.DWELL: "it has not kept its direction long enough",
    Rule.BUDGET: "its reversals of the day are used up",
    Rule.KEY: "the operator has not turned the key",
    Rule.STEP_FREE: "no other step-free way in this direction would be left",
    Rule.LAST_WAY: "no other working link in this direction would be left",
    Rule.CLEAR: "its entry is closed and people ride out",
    Rule.PROVE: "it is not proven empty and at a stand",
    Rule.INSPECT: "it is being inspected",
    Rule.RESTART: "it is restarting",
}
CLAMPS = (Rule.LEVEL, Rule.CLEAR, Rule.PROVE, Rule.INSPECT, Rule.RESTART)  # on the way, not refused


@dataclass(frozen=True, kw_only=True)
class Way:
    """One link, as far as interlocks are concerned.

    Attributes
    ----------
    link : name
    stage : links of one stage join the same two levels
    kind : ``escalator``, ``stair``, ``lift``, ``gate``
    home : direction today, 0 if it carries both ways
    step_free : usable without steps
    inspect_s : standstill for inspection before it may run again [s]
    """

    link: str
    stage: str
    kind: str
    home: float
    step_free: bool = False
    inspect_s: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What every reversal must keep to.

    Attributes
    ----------
    mode : one of `MODES`
    min_dwell_s : shortest stay in one direction [s]
    budget : reversals of one link in a run
    both_ways : each stage keeps a working link of the same kind in the direction that is left
    max_age_s : oldest reading that may be acted on [s]
    key_s : how long a turned key holds [s]
    stop_density : density of a platform above which entry is metered to its least [1/m²]
    """

    mode: str = "observe"
    min_dwell_s: float = 600.0
    budget: int = 12
    both_ways: bool = True
    max_age_s: float = 90.0
    key_s: float = 300.0
    stop_density: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is known of every link: [links], and which of them can be acted on."""

    onboard: FloatArray
    direction: FloatArray
    phase: FloatArray
    works: FloatArray
    fresh: BoolArray


class Interlocks:
    """The state machine of every reversible link, side by side.

    run -> close the entry and clear -> stand, proven empty -> inspected -> restart -> run

    A link is told another direction only after it was seen at a stand and empty for its
    inspection time. Until then it is told 0, which closes it.

    Parameters
    ----------
    ways : all links
    moved : [reversible] their indices in `ways`
    terms : what to keep to
    """

    def __init__(self, ways: Sequence[Way], moved: Sequence[int], terms: Terms) -> None:
        self.terms, self._moved = terms, np.array(moved, np.int64)
        self._home = np.array([way.home for way in ways])
        self._inspect_s = np.array([ways[i].inspect_s for i in moved])
        self._kind = _numbered([(way.stage, way.kind) for way in ways])
        self._stage = _numbered([way.stage for way in ways])
        self._step_free = np.array([way.step_free for way in ways], np.bool_)
        count = len(moved)
        self.held = self._home[self._moved]  # last confirmed direction
        self.used = np.zeros(count, np.int64)  # reversals begun
        self._since_s = np.full(count, -np.inf)  # when it began to run in this direction
        self._stood_s = np.full(count, np.inf)  # since when it is seen at a stand and empty
        self._granted = np.zeros(count)  # direction of the last restart

    def judge(
        self, asked: FloatArray, position: FloatArray, now_s: float, seen: Seen, keyed: BoolArray
    ) -> tuple[FloatArray, IntArray]:
        """What to tell each reversible link, and the rule that has the say [reversible]."""
        moved = self._moved
        phase, known, direction = seen.phase[moved], seen.fresh[moved], seen.direction[moved]
        # The receipt is a tick older than the drive's own word: it may have stopped or started.
        stopped = (direction == 0.0) & (phase == STANDS)
        started = (position == 0.0) & (direction == self._granted) & (phase == RUNS)
        position = np.where(known & (stopped | started), direction, position)
        self._note(position, now_s)
        held = self.held
        known = known & (position == direction)
        stands = known & (held == 0.0) & (phase == STANDS) & (seen.onboard[moved] == 0.0)
        self._stood_s = np.where(stands, np.minimum(self._stood_s, now_s), np.inf)
        finite = np.isfinite(asked)
        want = np.where(finite, np.clip(np.rint(asked), -1.0, 1.0), held)
        rule = np.zeros(len(moved), np.int64)

        def say(where: BoolArray, why: Rule) -> None:
            rule[where & (rule == Rule.NONE)] = why

        restarts = known & (held == 0.0) & (phase == RESTARTS)
        turn = (want != held) & ~restarts
        begin = turn & (held != 0.0) & (phase == RUNS)
        start = turn & (held == 0.0)
        say(~finite, Rule.NOT_FINITE)
        say(restarts & (want != self._granted), Rule.RESTART)
        say(turn & ~known, Rule.STALE)
        say(turn & (self.terms.mode == "observe"), Rule.OBSERVE)
        say(turn & (seen.works[moved] != 1.0), Rule.FAILED)
        say(begin & (now_s - self._since_s < self.terms.min_dwell_s), Rule.DWELL)
        say(begin & (self.used >= self.terms.budget), Rule.BUDGET)
        say(begin & ~keyed, Rule.KEY)
        say(self._too_many(begin & (rule == Rule.NONE), self._step_free_left(seen)), Rule.STEP_FREE)
        if self.terms.both_ways:
            say(self._too_many(begin & (rule == Rule.NONE), self._left(seen)), Rule.LAST_WAY)
        say(start & ~stands, Rule.PROVE)
        say(start & (now_s - self._stood_s < self._inspect_s), Rule.INSPECT)

        free = turn & (rule == Rule.NONE)
        self.used = self.used + (free & begin)
        self._granted = np.where(free & start, want, self._granted)
        given = np.where(free, np.where(start, want, 0.0), held)
        given = np.where(restarts, self._granted, given)
        say(free & (given != want), Rule.CLEAR)
        say(want != asked, Rule.LEVEL)
        return given, rule

    def _note(self, position: FloatArray, now_s: float) -> None:
        """Remember the last direction that was confirmed, and since when it is kept."""
        held = np.where(np.isin(position, (-1.0, 0.0, 1.0)), position, self.held)
        self._since_s = np.where(held != self.held, now_s, self._since_s)
        self.held = held

    def _serving(self, seen: Seen) -> BoolArray:
        """Links that carry people now."""
        runs = (seen.phase == RUNS) & (seen.works == 1.0)
        serving: BoolArray = seen.fresh & runs
        return serving

    def _left(self, seen: Seen) -> tuple[IntArray, IntArray]:
        """How many links of its stage and kind carry people in a link's direction; and its group."""
        return self._counted(self._kind, self._serving(seen), seen.direction)

    def _step_free_left(self, seen: Seen) -> tuple[FloatArray, IntArray]:
        """How many step-free links of its stage do; without bound for one that has steps itself."""
        serving = self._serving(seen) & self._step_free
        count, group = self._counted(self._stage, serving, seen.direction)
        return np.where(self._step_free[self._moved], count, np.inf), group

    def _counted(
        self, group: IntArray, serving: BoolArray, direction: FloatArray
    ) -> tuple[IntArray, IntArray]:
        """Per reversible link: links that serve its direction in its group, and the group's number."""
        up = np.zeros(len(group), np.int64)
        down = np.zeros(len(group), np.int64)
        np.add.at(up, group[serving & (direction >= 0.0)], 1)
        np.add.at(down, group[serving & (direction <= 0.0)], 1)
        own = group[self._moved]
        goes_up = self.held == 1.0
        return np.where(goes_up, up[own], down[own]), np.where(goes_up, own, ~own)

    def _too_many(
        self, leave: BoolArray, left: tuple[IntArray | FloatArray, IntArray]
    ) -> BoolArray:
        """Of the links that would leave their direction, those after which none would be left."""
        count, group = left
        found = np.zeros(len(leave), dtype=np.bool_)
        index = leave.nonzero()[0]
        order = index[np.lexsort((index, group[index]))]
        ordered = group[order]
        rank = np.arange(len(order)) - np.searchsorted(ordered, ordered)
        found[order] = rank + 1 >= count[order]
        return found


class StationGuard:
    """Interlocks of a station (satisfies `jialing.core.stages.Guard`).

    Parameters
    ----------
    actuators : of the plant: reversible links, then entry meters
    ways : all links
    table : signals of the plant
    terms : what to keep to

    Rules for links are in `Rule`; a frozen link keeps its confirmed direction. Rules for meters:
    ``not_finite`` (fully open), ``level`` (nearest position) and ``crowded`` (least entry while a
    platform is above the stop density, or cannot be counted).
    """

    def __init__(
        self, actuators: Sequence[Actuator], ways: Sequence[Way], table: SignalTable, terms: Terms
    ) -> None:
        _require_sound(terms, ways)
        names = {way.link: i for i, way in enumerate(ways)}
        self._actuators, self._table = tuple(actuators), table
        self._links = [i for i, each in enumerate(actuators) if each.name in names]
        self._meters = [i for i, each in enumerate(actuators) if each.name not in names]
        self._names = [actuators[i].name for i in self._links]
        moved = [names[name] for name in self._names]
        self._home = np.array([ways[i].home for i in moved])
        self.interlocks = Interlocks(ways, moved, terms)
        self._at = np.array(
            [[table.find(f"{quantity}:{way.link}") for way in ways] for quantity in READ],
            np.int64,
        ).reshape(len(READ), len(ways))
        self._platforms = np.array(
            [i for i, each in enumerate(table.signals) if each.quantity == "density"], np.int64
        )
        self._keys: dict[tuple[str, float], float] = {}

    def turn_key(self, link: str, direction: float, time_s: float) -> None:
        """The operator agrees that `link` is sent in `direction`; raises UnknownNameError."""
        if link not in self._names:
            raise UnknownNameError("reversible link of this station", link, self._names)
        self._keys[link, float(direction)] = time_s

    def check(self, command: Command, observation: Observation, receipt: Receipt) -> Ruling:
        """Permit, clamp or refuse `command`. Answers whatever comes in, and never raises."""
        count = len(self._actuators)
        given = np.array([1.0] * count)
        given[self._links] = self.interlocks.held
        local = np.zeros(count, dtype=np.bool_)
        try:
            asked, local = self._asked(command)
            rules = self._judge(asked, observation, receipt, given)
        except Exception:  # foreign objects may raise anything; all of it freezes
            asked, source = np.full(count, np.nan), Source.GUARD
            rules = np.full(count, Rule.SHAPE)
            plan, step_s, note = None, 0.0, ""
        else:
            source, plan = command.source, command.plan
            step_s, note = command.step_s, command.note
        verdicts = tuple(
            self._verdict(i, float(asked[i]), float(given[i]), Rule(int(rules[i])))
            for i in rules.nonzero()[0].tolist()
        )
        answers = np.zeros(count, dtype=np.uint8)
        for verdict in verdicts:
            answers[verdict.actuator] = verdict.answer
        local = local & (rules == Rule.NONE)
        return Ruling(
            command=Command(
                targets=np.where(local, np.nan, given),
                local=local,
                source=source,
                plan=plan,
                step_s=step_s,
                note=note,
            ),
            answers=answers,
            verdicts=verdicts,
        )

    def _asked(self, command: Command) -> tuple[FloatArray, BoolArray]:
        """What each actuator is asked to do; the local rule is the direction of today."""
        count = len(self._actuators)
        targets, local = np.asarray(command.targets), np.asarray(command.local)
        sound = targets.shape == local.shape == (count,) and isinstance(command.source, Source)
        if not sound or local.dtype.kind != "b" or targets.dtype.kind not in "fiu":
            raise _MalformedError("no command for this plant")
        asked = targets.astype(np.float64)
        home = np.ones(count)
        home[self._links] = self._home
        return np.where(local, home, asked), local.copy()

    def _judge(
        self, asked: FloatArray, observation: Observation, receipt: Receipt, given: FloatArray
    ) -> IntArray:
        """Fill `given`; the rule that has the say over each actuator."""
        position = np.asarray(receipt.positions).astype(np.float64)
        now_s = float(observation.time_s)
        sound = len(position) == len(self._actuators) and math.isfinite(now_s)
        if not sound or observation.table != self._table:
            raise _MalformedError("no observation of this plant")
        values = np.asarray(observation.values).astype(np.float64)
        good = np.asarray(observation.quality) == int(Quality.GOOD)
        good &= (
            np.abs(now_s - np.asarray(observation.valid_at_s)) <= self.interlocks.terms.max_age_s
        )
        good &= values >= np.array([each.low for each in self._table.signals])
        good &= values <= np.array([each.high for each in self._table.signals])
        onboard, direction, phase, works = values[self._at]
        seen = Seen(
            onboard=onboard,
            direction=direction,
            phase=phase,
            works=works,
            fresh=good[self._at].all(axis=0),
        )
        rules = np.zeros(len(self._actuators), np.int64)
        links = self._links
        keyed = self._keyed(asked[links], now_s)
        given[links], rules[links] = self.interlocks.judge(
            asked[links], position[links], now_s, seen, keyed
        )
        density = values[self._platforms]
        calm = good[self._platforms] & (density <= self.interlocks.terms.stop_density)
        for i in self._meters:
            given[i], rules[i] = _metered(self._actuators[i], float(asked[i]), bool(calm.all()))
        return rules

    def _keyed(self, asked: FloatArray, now_s: float) -> BoolArray:
        """Which links the operator agrees to send where they are asked to go."""
        terms = self.interlocks.terms
        if terms.mode != "advise":
            return np.ones(len(asked), dtype=np.bool_)
        turned = [
            self._keys.get((name, float(asked[i])), math.nan) for i, name in enumerate(self._names)
        ]
        return np.array([0.0 <= now_s - time_s <= terms.key_s for time_s in turned], np.bool_)

    def _verdict(self, actuator: int, asked: float, given: float, rule: Rule) -> Verdict:
        name = self._actuators[actuator].name
        crowded = actuator in self._meters and rule is Rule.STALE
        word = "crowded" if crowded else rule.name.lower()
        why = "a platform is too full, or cannot be counted" if crowded else WHY[rule]
        return Verdict(
            actuator=actuator,
            answer=Answer.CLAMP if rule in CLAMPS else Answer.REFUSE,
            rule=word,
            asked=asked,
            given=given,
            reason=f"{name}: {asked:g} was asked, {given:g} is given: {why}",
        )


class _MalformedError(JialingError):
    """Something handed to the guard has another shape or type than agreed."""


def build_guard(
    actuators: Sequence[Actuator], ways: Sequence[Way], table: SignalTable, terms: Terms
) -> StationGuard:
    """A guard for a station with these links; raises InputError for terms that cannot be kept."""
    return StationGuard(actuators, ways, table, terms)


def _metered(meter: Actuator, asked: float, calm: bool) -> tuple[float, Rule]:
    """Position of an entry meter, and the rule that has the say."""
    if not calm:
        least = meter.levels[0]
        return least, Rule.NONE if asked == least else Rule.STALE
    if not math.isfinite(asked):
        return meter.safe, Rule.NOT_FINITE
    level = limits.nearest_level(asked, meter.levels)
    return level, Rule.NONE if level == asked else Rule.LEVEL


def _numbered(keys: Sequence[object]) -> IntArray:
    """A number for each key, equal for equal keys."""
    numbers: Mapping[object, int] = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], np.int64)


def _require_sound(terms: Terms, ways: Sequence[Way]) -> None:
    """Raise where interlocks cannot be kept."""
    if terms.mode not in MODES:
        raise UnknownNameError("mode", terms.mode, MODES)
    for name in ("min_dwell_s", "budget", "max_age_s", "key_s", "stop_density"):
        if not getattr(terms, name) >= 0:
            raise InputError(f"{name} is {getattr(terms, name)}; it must be 0 or more")
    for way in ways:
        if not 0.0 <= way.inspect_s < math.inf:
            raise InputError(
                f"{way.link}: inspect_s is {way.inspect_s}; it must be 0 or more, and finite"
            )
        if way.home not in (-1.0, 0.0, 1.0):
            raise InputError(f"{way.link}: home is {way.home}; it must be 1, 0 or -1")
