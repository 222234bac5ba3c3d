"""Can any stream of commands, however hostile, get past the stormwater guard?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jialing.core.command import Answer, Command, Receipt, Ruling, Source
from jialing.core.signal import Actuator, FloatArray, Observation, Signal, SignalTable
from jialing.domains.water.guard import Interlock, WaterGuard, build_guard

NAN = math.nan
STEADY = settings(deadline=None, max_examples=120, derandomize=True)

GATE = Actuator(name="gate", kind="orifice", low=0.1, high=0.9, rate_per_s=1 / 600, safe=0.3)
FREE = Actuator(name="free", kind="weir", safe=NAN)
STEPS = Actuator(
    name="steps", kind="orifice", levels=(0.0, 0.2, 0.5, 1.0), rate_per_s=1 / 900, safe=0.5
)
PUMP = Actuator(
    name="pump",
    kind="pump",
    levels=(0.0, 1.0),
    safe=0.0,
    min_on_s=300.0,
    min_off_s=240.0,
    max_starts_per_h=3,
)
STORM = Actuator(
    name="storm", kind="pump", levels=(0.0, 0.5, 1.0), safe=1.0, min_off_s=120.0, max_starts_per_h=2
)
SPEED = Actuator(
    name="speed", kind="pump", safe=NAN, min_on_s=200.0, min_off_s=100.0, max_starts_per_h=4
)
ACTUATORS = (GATE, FREE, STEPS, PUMP, STORM, SPEED)
LOW_M, HIGH_M, BAND_M, AGE_S = 1.0, 4.0, 0.5, 300.0
PUMPED = ("pump", "storm", "speed")
LOCKS = (
    *(
        Interlock(
            actuator=name,
            signal="depth:W",
            max_age_s=AGE_S,
            low_m=LOW_M,
            high_m=HIGH_M,
            hysteresis_m=BAND_M,
        )
        for name in PUMPED
    ),
    Interlock(
        actuator="gate", signal="depth:W", max_age_s=AGE_S, high_m=HIGH_M, hysteresis_m=BAND_M
    ),
)
TABLE = SignalTable(signals=(Signal(name="depth:W", unit="m", low=0.0, high=6.0),))

anything_real = st.floats(allow_nan=True, allow_infinity=True)
targets_like = st.one_of(
    st.sampled_from([NAN, math.inf, -math.inf, 1e308, -1e308, -0.0, 5e-324, 2.0, -1.0]),
    st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.9, 1.0]),
    st.floats(-0.5, 1.5),
)


@dataclass(frozen=True, kw_only=True)
class Beat:
    """One tick of a hostile stream."""

    dt_s: float
    level_m: float
    quality: int
    age_s: float
    targets: tuple[float, ...]
    local: tuple[bool, ...]
    moved: tuple[float, ...]  # where the plant's own rules put what is left to them
    garbage: Any  # replaces the command if not None


garbage = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.integers(),
    st.binary(max_size=3),
    st.lists(anything_real, max_size=8),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)
beats = st.builds(
    Beat,
    dt_s=st.sampled_from([0.0, 1.0, 60.0, 60.0, 120.0, 300.0, 900.0]),
    level_m=st.one_of(st.floats(0.0, 6.0), st.sampled_from([0.5, 1.0, 1.5, 3.5, 4.0, 5.0, NAN])),
    quality=st.sampled_from([0, 0, 0, 0, 0, 1, 2, 7]),
    age_s=st.sampled_from([0.0, 0.0, 0.0, AGE_S, AGE_S + 1, -AGE_S - 1]),
    targets=st.tuples(*[targets_like] * len(ACTUATORS)),
    local=st.tuples(*[st.sampled_from([False, False, False, True])] * len(ACTUATORS)),
    moved=st.tuples(*[st.sampled_from([0.0, 0.5, 1.0, 1.3, NAN])] * len(ACTUATORS)),
    garbage=st.one_of(st.none(), st.none(), st.none(), garbage.map(lambda x: ("garbage", x))),
)


def is_good(beat: Beat) -> bool:
    """The reading of this beat may be acted on; written without the code under test."""
    return beat.quality == 0 and 0.0 <= beat.level_m <= 6.0 and -AGE_S <= beat.age_s <= AGE_S


@dataclass
class Witness:
    """What an observer beside the plant knows: confirmed positions and switching times."""

    time_s: float = 0.0
    confirmed_s: float = 0.0
    positions: list[float] = field(default_factory=lambda: [0.1, 0.0, 0.0, 0.0, 0.0, 0.0])
    known: list[float] = field(default_factory=lambda: [0.1, 0.0, 0.0, 0.0, 0.0, 0.0])
    since_s: list[float] = field(default_factory=lambda: [0.0] * len(ACTUATORS))
    starts_s: list[list[float]] = field(default_factory=lambda: [[] for _ in ACTUATORS])
    dry: bool = False
    high: bool = False

    def observation(self, beat: Beat) -> Observation:
        self.time_s += beat.dt_s
        if is_good(beat):
            self.dry = beat.level_m < (LOW_M + BAND_M if self.dry else LOW_M)
            self.high = beat.level_m > (HIGH_M - BAND_M if self.high else HIGH_M)
        return Observation(
            time_s=self.time_s,
            values=np.array([beat.level_m]),
            quality=np.array([beat.quality], dtype=np.uint8),
            valid_at_s=np.array([self.time_s - beat.age_s]),
            table=TABLE,
        )

    def receipt(self) -> Receipt:
        return Receipt(time_s=self.confirmed_s, positions=np.array(self.positions))

    def confirm(self, ruling: Ruling, beat: Beat) -> None:
        """The plant does exactly what it is told, and what it likes where it is left alone."""
        self.confirmed_s = self.time_s
        for i, is_local in enumerate(ruling.command.local.tolist()):
            position = beat.moved[i] if is_local else float(ruling.command.targets[i])
            self.positions[i] = position
            if math.isnan(position):
                continue
            if (position > 0) != (self.known[i] > 0):
                self.since_s[i] = self.time_s
                if position > 0:
                    self.starts_s[i].append(self.time_s)
            self.known[i] = position


def command_of(beat: Beat) -> Any:
    if beat.garbage is not None:
        return beat.garbage[1]
    return Command(
        targets=np.array(beat.targets),
        local=np.array(beat.local),
        source=Source.CONTROLLER,
        plan=np.array([beat.targets]),
        step_s=300.0,
    )


def check_form(ruling: Ruling, actuators: Sequence[Actuator]) -> None:
    """A ruling is a legal command, and its verdicts tell exactly what was changed."""
    targets: FloatArray = ruling.command.targets
    local = ruling.command.local
    assert targets.shape == local.shape == ruling.answers.shape == (len(actuators),)
    assert (targets.dtype, local.dtype, ruling.answers.dtype) == (np.float64, np.bool_, np.uint8)
    assert isinstance(ruling.command.source, Source)
    for actuator, target, is_local in zip(actuators, targets.tolist(), local.tolist(), strict=True):
        if is_local:
            assert math.isnan(target)
        else:
            assert actuator.low <= target <= actuator.high
            assert not actuator.levels or target in actuator.levels
    told = {verdict.actuator: verdict for verdict in ruling.verdicts}
    assert list(told) == sorted(told)
    for i, answer in enumerate(ruling.answers.tolist()):
        assert (answer == Answer.ALLOW) == (i not in told)
        if i in told:
            assert told[i].answer == answer
            assert told[i].rule
            assert told[i].asked != told[i].given
            assert np.array_equal(told[i].given, targets[i], equal_nan=True)


@STEADY
@given(st.lists(beats, min_size=1, max_size=60))
def test_no_stream_of_commands_breaks_a_limit(stream: list[Beat]) -> None:
    guard, world = build_guard(ACTUATORS, LOCKS, TABLE), Witness()
    guard.check(Command.all_local(len(ACTUATORS)), world.observation(stream[0]), world.receipt())
    for beat in stream:
        observation, receipt = world.observation(beat), world.receipt()
        ruling = guard.check(command_of(beat), observation, receipt)
        check_form(ruling, ACTUATORS)
        for i, actuator in enumerate(ACTUATORS):
            target, before = float(ruling.command.targets[i]), world.positions[i]
            if ruling.command.local[i]:
                continue
            assert not math.isnan(before)  # an unknown position is left to the local rule
            elapsed_s = world.time_s - world.confirmed_s
            if math.isfinite(actuator.rate_per_s):
                assert abs(target - before) <= actuator.rate_per_s * elapsed_s + 1e-12
            held_s = world.time_s - world.since_s[i]
            if before > 0 >= target and held_s < actuator.min_on_s:
                assert world.dry or not is_good(beat)
            if target > 0 >= before:
                if held_s < actuator.min_off_s:
                    assert world.high
                    assert is_good(beat)
                recent = [t for t in world.starts_s[i] if world.time_s - t < 3600.0]
                if actuator.max_starts_per_h:
                    assert len(recent) < actuator.max_starts_per_h
            if actuator.name in PUMPED and world.dry:
                assert target == 0
            if actuator is GATE and not is_good(beat):
                assert abs(target - GATE.safe) <= max(abs(before - GATE.safe), 1e-12)
            if actuator is GATE and is_good(beat) and world.high:
                assert target >= min(before, GATE.high)
        world.confirm(ruling, beat)


@STEADY
@given(st.lists(beats, min_size=1, max_size=40))
def test_looking_only_at_the_doubtful_gives_the_same_ruling_as_looking_at_all(
    stream: list[Beat],
) -> None:
    class Thorough(WaterGuard):
        def _doubtful(self, targets: Any, local: Any, moment: Any) -> list[int]:
            return [i for i in range(len(targets)) if not local[i]]

    quick, thorough = build_guard(ACTUATORS, LOCKS, TABLE), Thorough(ACTUATORS, LOCKS, TABLE)
    world = Witness()
    for beat in stream:
        observation, receipt = world.observation(beat), world.receipt()
        ruling = quick.check(command_of(beat), observation, receipt)
        other = thorough.check(command_of(beat), observation, receipt)
        assert [repr(v) for v in ruling.verdicts] == [repr(v) for v in other.verdicts]
        assert np.array_equal(ruling.command.targets, other.command.targets, equal_nan=True)
        world.confirm(ruling, beat)


@STEADY
@given(
    position=st.floats(0.1, 0.9),
    fraction=st.floats(-1.0, 1.0),
    dt_s=st.floats(1.0, 600.0),
    level_m=st.floats(0.0, HIGH_M),
)
def test_every_command_that_keeps_all_limits_passes_untouched(
    position: float, fraction: float, dt_s: float, level_m: float
) -> None:
    target = position + 0.999999 * fraction * dt_s * GATE.rate_per_s
    target = min(max(target, GATE.low), GATE.high)
    guard = build_guard((GATE, FREE), LOCKS[-1:], TABLE)
    observation = Observation(
        time_s=dt_s,
        values=np.array([level_m]),
        quality=np.zeros(1, np.uint8),
        valid_at_s=np.array([dt_s]),
        table=TABLE,
    )
    command = Command(targets=np.array([target, position]), local=np.zeros(2, np.bool_))
    ruling = guard.check(
        command, observation, Receipt(time_s=0.0, positions=np.array([position, 0.0]))
    )
    assert ruling.verdicts == ()
    assert ruling.command.targets.tolist() == [target, position]


class _Fiend:
    """Every way of looking at it fails."""

    def __getattribute__(self, name: str) -> Any:
        raise LookupError

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise OverflowError


def arrays() -> st.SearchStrategy[Any]:
    """Arrays of all kinds and shapes, and things that are none."""
    shapes = st.sampled_from([(), (0,), (1,), (2,), (3,), (2, 1), (1, 2), (2, 2)])
    kinds = st.sampled_from(
        ["f8", "f4", "f2", "g", "i8", "u8", "?", "c16", "O", "U3", "S2", "M8[s]", "m8[s]"]
    )

    def make(shape: tuple[int, ...], kind: str, fill: Any) -> Any:
        with np.errstate(all="ignore"):
            try:
                return np.full(shape, fill).astype(kind)
            except (ValueError, TypeError, OverflowError):
                return np.zeros(shape, dtype=kind)

    full = st.builds(make, shapes, kinds, st.one_of(anything_real, st.integers(-3, 3)))
    return st.one_of(
        full,
        garbage,
        st.builds(_Fiend),
        st.just(np.ma.masked_array([0.5, 0.5], mask=[True, False])),
    )


@pytest.mark.filterwarnings("ignore")
@STEADY
@given(data=st.data())
def test_the_guard_answers_whatever_it_is_handed(data: st.DataObject) -> None:
    part = lambda good: data.draw(st.one_of(st.just(good), st.just(good), arrays()))  # noqa: E731
    two = (GATE, PUMP)
    guard = build_guard(two, LOCKS[:1], TABLE)
    command: Any = Command(
        targets=part(np.array([0.5, 1.0])),
        local=part(np.array([False, True])),
        source=part(Source.CONTROLLER),
        plan=part(None),
        step_s=part(300.0),
        note=part(""),
    )
    observation: Any = Observation(
        time_s=part(300.0),
        values=part(np.array([2.0])),
        quality=part(np.zeros(1, np.uint8)),
        valid_at_s=part(np.array([300.0])),
        table=part(TABLE),
    )
    receipt: Any = Receipt(time_s=part(0.0), positions=part(np.array([0.5, 0.0])))
    for question in (
        (part(command), part(observation), part(receipt)),
        (command, observation, receipt),
    ):
        check_form(guard.check(*question), two)
    # None of it has left a trace: a proper question gets its proper answer.
    proper = Command(targets=np.array([0.5, 0.0]), local=np.zeros(2, np.bool_))
    good = Observation(
        time_s=1e6,
        values=np.array([2.0]),
        quality=np.zeros(1, np.uint8),
        valid_at_s=np.array([1e6]),
        table=TABLE,
    )
    still = Receipt(time_s=1e6 - 60.0, positions=np.array([0.5, 0.0]))
    assert guard.check(proper, good, still).verdicts == ()
