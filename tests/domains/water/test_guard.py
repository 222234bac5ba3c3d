"""Does every rule of the stormwater guard fire when it must, and pass when it must?"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jialing.core import limits
from jialing.core.command import Answer, Command, Receipt, Ruling, Source
from jialing.core.errors import InputError, UnknownNameError
from jialing.core.signal import Actuator, Observation, Quality, Signal, SignalTable
from jialing.core.stages import Guard
from jialing.domains.water.guard import Interlock, WaterGuard, build_guard

NAN, INF = math.nan, math.inf
GATE = Actuator(name="G", kind="orifice", safe=0.25)
PUMP = Actuator(name="P", kind="pump", levels=(0.0, 1.0), safe=0.0)
TABLE = SignalTable(
    signals=(
        Signal(name="flow:C1", unit="m³/s"),
        Signal(name="depth:T1", unit="m", low=0.0, high=8.0),
        Signal(name="depth:T2", unit="m", low=0.0, high=8.0),
    )
)
HIGH_GATE = Interlock(
    actuator="G", signal="depth:T1", max_age_s=600.0, high_m=4.0, hysteresis_m=0.5
)
WET_WELL = Interlock(
    actuator="P", signal="depth:T1", max_age_s=600.0, low_m=1.0, high_m=4.0, hysteresis_m=0.5
)


def seen(
    now_s: float = 1000.0,
    level: float = 2.0,
    *,
    quality: int = Quality.GOOD,
    age_s: float = 0.0,
    other: float = 2.0,
) -> Observation:
    """What the sensors say: `level` at T1, `other` at T2."""
    return Observation(
        time_s=now_s,
        values=np.array([0.0, level, other]),
        quality=np.array([0, quality, 0], dtype=np.uint8),
        valid_at_s=np.array([now_s, now_s - age_s, now_s]),
        table=TABLE,
    )


def told(*targets: float, local: Sequence[bool] | None = None, **more: Any) -> Command:
    flags = [False] * len(targets) if local is None else local
    return Command(targets=np.array(targets), local=np.array(flags, dtype=np.bool_), **more)


def at(*positions: float, time_s: float = 700.0) -> Receipt:
    return Receipt(time_s=time_s, positions=np.array(positions))


def guard_of(*actuators: Actuator, locks: Sequence[Interlock] = ()) -> WaterGuard:
    return build_guard(actuators, locks, TABLE)


def allows(ruling: Ruling, *targets: float) -> bool:
    """True if every actuator got what was asked, without a verdict."""
    return (
        not ruling.verdicts
        and not ruling.answers.any()
        and not ruling.command.local.any()
        and ruling.command.targets.tolist() == list(targets)
    )


def only(ruling: Ruling) -> tuple[Answer, str, float]:
    """The single verdict, which the command and the answers must agree with."""
    (verdict,) = ruling.verdicts
    given = float(ruling.command.targets[verdict.actuator])
    assert ruling.answers[verdict.actuator] == verdict.answer
    assert given == verdict.given or (math.isnan(given) and math.isnan(verdict.given))
    assert ruling.command.local[verdict.actuator] == math.isnan(verdict.given)
    return Answer(verdict.answer), verdict.rule, given


def gave_local(found: tuple[Answer, str, float], rule: str) -> bool:
    return found[:2] == (Answer.REFUSE, rule) and math.isnan(found[2])


# What an ordinary command looks like -------------------------------------------------------------


def test_the_guard_is_a_guard() -> None:
    guard: Guard = guard_of(GATE)
    assert allows(guard.check(told(0.5), seen(), at(0.5)), 0.5)


def test_an_ordinary_command_passes_with_all_that_belongs_to_it() -> None:
    plan = np.array([[0.5, 1.0], [0.6, 0.0]])
    command = told(0.5, 1.0, source=Source.LAST_PLAN, plan=plan, step_s=300.0, note="shifted")
    ruling = guard_of(GATE, PUMP, locks=(HIGH_GATE, WET_WELL)).check(command, seen(), at(0.5, 0.0))
    assert allows(ruling, 0.5, 1.0)
    assert ruling.command.source is Source.LAST_PLAN
    assert ruling.command.plan is plan
    assert (ruling.command.step_s, ruling.command.note) == (300.0, "shifted")
    assert ruling.command.targets.dtype == np.float64
    assert ruling.command.local.dtype == np.bool_
    assert ruling.answers.dtype == np.uint8


def test_a_command_without_a_plan_passes_without_one() -> None:
    ruling = guard_of(GATE).check(told(0.5), seen(), at(0.5))
    assert ruling.command.plan is None
    assert ruling.command.source is Source.CONTROLLER


def test_what_passes_is_a_copy_that_its_writer_can_no_longer_change() -> None:
    command = told(0.5, 0.5, local=[False, True])
    ruling = guard_of(GATE, replace(GATE, name="H")).check(command, seen(), at(0.5, 0.5))
    command.targets[0], command.local[0] = 7.0, True
    assert ruling.command.targets[0] == 0.5
    assert not ruling.command.local[0]


def test_the_writer_s_own_arrays_are_left_as_they_are() -> None:
    command = told(7.0, 0.5, local=[False, True])
    guard_of(GATE, replace(GATE, name="H")).check(command, seen(), at(0.5, 0.5))
    assert command.targets.tolist() == [7.0, 0.5]
    assert command.local.tolist() == [False, True]


def test_an_actuator_left_to_the_local_rule_is_not_judged() -> None:
    guard = guard_of(GATE, PUMP, locks=(HIGH_GATE, WET_WELL))
    for target in (NAN, INF, 7.0):
        for level in (0.0, 9.0, NAN):
            ruling = guard.check(
                told(target, target, local=[True, True]), seen(level=level), at(0.5, NAN)
            )
            assert ruling.verdicts == ()
            assert ruling.answers.tolist() == [Answer.ALLOW, Answer.ALLOW]
            assert ruling.command.local.all()
            assert np.isnan(ruling.command.targets).all()


def test_a_plant_without_actuators_has_nothing_to_forbid() -> None:
    ruling = build_guard((), (), TABLE).check(told(), seen(), at())
    assert allows(ruling)


# shape -------------------------------------------------------------------------------------------

BAD_COMMANDS: list[tuple[Any, str]] = [
    (None, "AttributeError"),
    ("open", "AttributeError"),
    (told(0.5), r"targets has shape \(1,\), expected \(2,\)"),
    (told(0.5, 0.5, 0.5), r"targets has shape \(3,\)"),
    (told(), r"targets has shape \(0,\)"),
    (Command(targets=np.array(0.5), local=np.zeros(2, dtype=np.bool_)), r"targets has shape \(\)"),
    (Command(targets=np.zeros((2, 1)), local=np.zeros(2, dtype=np.bool_)), r"shape \(2, 1\)"),
    (Command(targets=np.zeros(2), local=np.zeros(3, dtype=np.bool_)), r"local has shape \(3,\)"),
    (Command(targets=np.zeros(2), local=np.zeros(2)), "local holds float64"),  # type: ignore[arg-type]
    (Command(targets=np.array(["0", "1"]), local=np.zeros(2, dtype=np.bool_)), "targets holds <U1"),  # type: ignore[arg-type]
    (Command(targets=np.array([0, None]), local=np.zeros(2, dtype=np.bool_)), "targets holds object"),
    (Command(targets=np.zeros(2, complex), local=np.zeros(2, dtype=np.bool_)), "holds complex128"),  # type: ignore[arg-type]
    (Command(targets=np.ones(2, bool), local=np.zeros(2, dtype=np.bool_)), "targets holds bool"),  # type: ignore[arg-type]
    (told(0.5, 1.0, source="me"), "source or note is of another type"),
    (told(0.5, 1.0, note=3), "source or note is of another type"),
    (told(0.5, 1.0, step_s=-1.0), "step_s is -1.0; it must be finite and not negative"),
    (told(0.5, 1.0, step_s=NAN), "step_s is nan"),
    (told(0.5, 1.0, step_s=INF), "step_s is inf"),
    (told(0.5, 1.0, step_s="x"), "ValueError"),
    (told(0.5, 1.0, plan=np.zeros(2)), r"plan must hold numbers \[steps, 2\]"),
    (told(0.5, 1.0, plan=np.zeros((2, 3))), "plan must hold numbers"),
    (told(0.5, 1.0, plan=np.zeros((2, 2, 2))), "plan must hold numbers"),
    (told(0.5, 1.0, plan=np.full((1, 2), "x")), "plan must hold numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "words"), BAD_COMMANDS)
def test_what_is_no_command_for_this_plant_sends_every_actuator_to_its_safe_position(
    command: Any, words: str
) -> None:
    hold = replace(PUMP, safe=NAN)
    ruling = guard_of(GATE, hold).check(command, seen(), at(0.5, 1.0))
    first, second = ruling.verdicts
    assert (first.rule, first.answer, first.given) == ("shape", Answer.REFUSE, 0.25)
    assert (second.rule, second.answer) == ("shape", Answer.REFUSE)
    assert math.isnan(second.given)
    assert math.isnan(first.asked)
    assert ruling.answers.tolist() == [Answer.REFUSE, Answer.REFUSE]
    assert ruling.command.targets[0] == 0.25
    assert ruling.command.local.tolist() == [False, True]
    assert ruling.command.source is Source.GUARD
    assert (ruling.command.plan, ruling.command.step_s, ruling.command.note) == (None, 0.0, "")
    assert re.search(words, first.reason)
    assert first.reason.startswith("G: nan was asked, 0.25 is given: no command for this plant: ")


def test_a_command_of_plain_numbers_is_a_command() -> None:
    guard = guard_of(GATE, PUMP)
    plain = Command(targets=[0, 1], local=[False, False], plan=[[0, 1]])  # type: ignore[arg-type]
    assert allows(guard.check(plain, seen(), at(0.0, 1.0)), 0.0, 1.0)
    small = Command(targets=np.array([0, 1], np.uint8), local=np.zeros(2, dtype=np.bool_))  # type: ignore[arg-type]
    assert allows(guard.check(small, seen(), at(0.0, 1.0)), 0.0, 1.0)
    half = Command(targets=np.array([0.5, 1], np.float32), local=np.zeros(2, dtype=np.bool_))  # type: ignore[arg-type]
    assert allows(guard.check(half, seen(), at(0.5, 1.0)), 0.5, 1.0)


def test_a_malformed_command_spares_the_pump_like_any_other() -> None:
    pump = replace(PUMP, safe=0.0, min_on_s=600.0)
    guard = guard_of(pump)
    guard.check(told(1.0), seen(0.0), at(0.0, time_s=0.0))
    ruling = guard.check(None, seen(300.0), at(1.0, time_s=60.0))  # type: ignore[arg-type]
    assert only(ruling) == (Answer.REFUSE, "min_on", 1.0)


GOOD_SEEN, GOOD_AT = seen(), at(0.5, 0.0)
BAD_SENSES: list[tuple[Any, Any, str]] = [
    (None, GOOD_AT, "AttributeError"),
    (GOOD_SEEN, None, "AttributeError"),
    (GOOD_SEEN, at(0.5), r"positions has shape \(1,\), expected \(2,\)"),
    (GOOD_SEEN, at(0.5, 0.0, time_s=NAN), "the time is not finite"),
    (GOOD_SEEN, at(0.5, 0.0, time_s=-INF), "the time is not finite"),
    (seen(NAN), GOOD_AT, "the time is not finite"),
    (seen(INF), GOOD_AT, "the time is not finite"),
    (GOOD_SEEN, Receipt(time_s=700.0, positions=np.array(["a", "b"])), "positions holds <U1"),  # type: ignore[arg-type]
    (replace(GOOD_SEEN, values=np.zeros(2)), GOOD_AT, r"values has shape \(2,\), expected \(3,\)"),
    (replace(GOOD_SEEN, values=np.array(["a"] * 3)), GOOD_AT, "values holds <U1"),
    (replace(GOOD_SEEN, quality=np.zeros(4, np.uint8)), GOOD_AT, r"quality has shape \(4,\)"),
    (replace(GOOD_SEEN, quality=np.zeros(3)), GOOD_AT, "quality holds float64"),
    (replace(GOOD_SEEN, valid_at_s=np.zeros(())), GOOD_AT, r"valid_at_s has shape \(\)"),
    (replace(GOOD_SEEN, valid_at_s=np.zeros(3, object)), GOOD_AT, "valid_at_s holds object"),
    (replace(GOOD_SEEN, table=SignalTable(signals=())), GOOD_AT, "not those of this plant"),
    (replace(GOOD_SEEN, table=None), GOOD_AT, "not those of this plant"),
]


@pytest.mark.parametrize(("observation", "receipt", "words"), BAD_SENSES)
def test_without_senses_everything_goes_to_the_local_rules(
    observation: Any, receipt: Any, words: str
) -> None:
    plan = np.zeros((1, 2))
    guard = guard_of(GATE, PUMP, locks=(HIGH_GATE,))
    ruling = guard.check(told(0.5, NAN, local=[False, True], plan=plan), observation, receipt)
    assert gave_local(only(ruling), "shape")
    assert ruling.verdicts[0].asked == 0.5
    assert ruling.verdicts[0].reason.startswith("G: 0.5 was asked, the local rule acts: sensors or")
    assert re.search(words, ruling.verdicts[0].reason)
    assert ruling.answers.tolist() == [Answer.REFUSE, Answer.ALLOW]
    assert ruling.command.local.all()
    assert np.isnan(ruling.command.targets).all()
    assert ruling.command.source is Source.GUARD


def test_an_equal_table_is_as_good_as_the_same_one() -> None:
    copy = SignalTable(signals=tuple(replace(signal) for signal in TABLE.signals))
    ruling = guard_of(GATE).check(told(0.5), replace(seen(), table=copy), at(0.5))
    assert allows(ruling, 0.5)


def test_whole_numbers_from_sensors_and_plant_are_as_good_as_fractions() -> None:
    observation = Observation(
        time_s=1000,
        values=np.array([0, 2, 2]),  # type: ignore[arg-type]
        quality=np.array([0, 0, 0], dtype=np.int64),  # type: ignore[arg-type]
        valid_at_s=np.array([1000, 1000, 1000], dtype=np.uint32),  # type: ignore[arg-type]
        table=TABLE,
    )
    receipt = Receipt(time_s=700, positions=np.array([1]))  # type: ignore[arg-type]
    assert allows(guard_of(GATE, locks=(HIGH_GATE,)).check(told(0.5), observation, receipt), 0.5)


class _Trap:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError(name)


class _TrapArray:
    """Raises when it is turned into an array."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise MemoryError("no")


def test_an_object_that_raises_is_refused_by_the_type_of_its_error() -> None:
    for trap in (_Trap(), told(0.5, source=_Trap()), told(0.5, note=_Trap())):
        ruling = guard_of(GATE).check(trap, seen(), at(0.5))
        assert only(ruling) == (Answer.REFUSE, "shape", 0.25)
        assert ruling.verdicts[0].reason.endswith("plant: ZeroDivisionError")


def test_an_array_that_raises_is_refused_by_the_type_of_its_error() -> None:
    trap = Command(targets=_TrapArray(), local=np.zeros(1, dtype=np.bool_))  # type: ignore[arg-type]
    ruling = guard_of(GATE).check(trap, seen(), at(0.5))
    assert only(ruling) == (Answer.REFUSE, "shape", 0.25)
    assert ruling.verdicts[0].reason.endswith("plant: MemoryError")


@pytest.mark.filterwarnings("error")
def test_floating_point_traps_and_warnings_do_not_make_the_guard_raise() -> None:
    wide = Command(targets=np.array([1e300, NAN, INF, 1e-320]), local=np.zeros(4, dtype=np.bool_))
    gates = [replace(GATE, name=name) for name in "ABCD"]
    with np.errstate(all="raise"):
        ruling = guard_of(*gates).check(wide, seen(), at(INF, -INF, INF, 1e308))
    assert len(ruling.verdicts) == 3


# not_finite --------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [NAN, INF, -INF])
def test_a_target_that_is_not_finite_never_reaches_the_gate(target: float) -> None:
    ruling = guard_of(GATE).check(told(target), seen(), at(0.5))
    assert only(ruling) == (Answer.REFUSE, "not_finite", 0.25)
    assert "G: " in ruling.verdicts[0].reason
    assert "0.25 is given: the target is not finite" in ruling.verdicts[0].reason


def test_without_a_safe_position_a_target_that_is_not_finite_means_the_local_rule() -> None:
    for target in (NAN, INF):
        ruling = guard_of(replace(GATE, safe=NAN)).check(told(target), seen(), at(0.5))
        assert gave_local(only(ruling), "not_finite")


def test_one_bad_target_does_not_stain_the_others() -> None:
    gates = [replace(GATE, name=name) for name in "ABC"]
    ruling = guard_of(*gates).check(told(0.5, NAN, 0.75), seen(), at(0.5, 0.5, 0.5))
    assert only(ruling) == (Answer.REFUSE, "not_finite", 0.25)
    assert ruling.verdicts[0].actuator == 1
    assert ruling.command.targets.tolist() == [0.5, 0.25, 0.75]
    assert ruling.answers.tolist() == [Answer.ALLOW, Answer.REFUSE, Answer.ALLOW]


# range, level ------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [0.1, 0.5, 0.9])
def test_a_target_within_the_range_passes(target: float) -> None:
    gate = replace(GATE, low=0.1, high=0.9)
    assert allows(guard_of(gate).check(told(target), seen(), at(0.5)), target)


@pytest.mark.parametrize(("target", "end"), [(0.0999, 0.1), (-1e300, 0.1), (0.9001, 0.9), (5, 0.9)])
def test_a_target_beyond_the_range_is_clamped_to_its_end(target: float, end: float) -> None:
    gate = replace(GATE, low=0.1, high=0.9)
    ruling = guard_of(gate).check(told(target), seen(), at(0.5))
    assert only(ruling) == (Answer.CLAMP, "range", end)
    assert ruling.verdicts[0].reason.endswith(f"{end} is given: allowed 0.1 … 0.9")


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_a_level_of_a_discrete_actuator_passes(target: float) -> None:
    assert allows(guard_of(PUMP).check(told(target), seen(), at(0.0)), target)


@pytest.mark.parametrize(("target", "level"), [(0.1, 0.0), (0.5, 0.0), (0.51, 1.0), (0.999, 1.0)])
def test_a_target_between_the_levels_goes_to_the_nearest(target: float, level: float) -> None:
    for position in (0.0, 1.0):
        ruling = guard_of(PUMP).check(told(target), seen(), at(position))
        assert only(ruling) == (Answer.CLAMP, "level", level)
        assert ruling.verdicts[0].reason.endswith("allowed positions (0.0, 1.0)")


def test_a_target_that_repeats_an_illegal_position_is_not_excused_by_it() -> None:
    assert only(guard_of(PUMP).check(told(0.5), seen(), at(0.5))) == (Answer.CLAMP, "level", 0.0)
    speed = Actuator(name="P", kind="pump", min_on_s=60.0)
    ruling = guard_of(speed).check(told(1.25), seen(), at(1.25))
    assert only(ruling) == (Answer.CLAMP, "range", 1.0)
    ruling = guard_of(speed).check(told(-0.25), seen(), at(-0.25))
    assert only(ruling) == (Answer.CLAMP, "range", 0.0)


# rate --------------------------------------------------------------------------------------------

SLOW = replace(GATE, rate_per_s=1 / 1024)


@pytest.mark.parametrize(
    ("target", "position"), [(0.75, 0.5), (0.25, 0.5), (0.5, 0.5), (0.0, 0.0), (1.0, 1.0)]
)
def test_a_movement_at_the_permitted_rate_passes(target: float, position: float) -> None:
    ruling = guard_of(SLOW).check(told(target), seen(1256.0), at(position, time_s=1000.0))
    assert allows(ruling, target)


@pytest.mark.parametrize(("target", "given"), [(0.76, 0.75), (1.0, 0.75), (0.24, 0.25), (0, 0.25)])
def test_a_faster_movement_is_cut_short(target: float, given: float) -> None:
    ruling = guard_of(SLOW).check(told(target), seen(1256.0), at(0.5, time_s=1000.0))
    assert only(ruling) == (Answer.CLAMP, "rate", given)
    assert ruling.verdicts[0].reason.endswith("at most 0.25 from 0.5 by now")


def test_where_no_time_has_passed_only_an_unlimited_actuator_moves() -> None:
    gates = (SLOW, replace(GATE, name="H"))
    for receipt in (at(0.5, 0.5, time_s=1000.0), at(0.5, 0.5, time_s=2000.0)):
        ruling = guard_of(*gates).check(told(1.0, 1.0), seen(1000.0), receipt)
        assert only(ruling) == (Answer.CLAMP, "rate", 0.5)
        assert ruling.command.targets.tolist() == [0.5, 1.0]


def test_an_actuator_with_rate_zero_never_moves() -> None:
    stuck = replace(GATE, rate_per_s=0.0)
    ruling = guard_of(stuck).check(told(1.0), seen(1e9), at(0.5, time_s=0.0))
    assert only(ruling) == (Answer.CLAMP, "rate", 0.5)


def test_the_safe_position_too_is_approached_at_the_permitted_rate() -> None:
    ruling = guard_of(replace(SLOW, safe=0.0)).check(
        told(NAN), seen(1256.0), at(0.5, time_s=1000.0)
    )
    assert only(ruling) == (Answer.REFUSE, "not_finite", 0.25)


def test_a_discrete_actuator_waits_on_a_level_until_the_next_is_within_reach() -> None:
    steps = replace(SLOW, levels=(0.0, 0.25, 1.0), safe=0.0)
    guard = guard_of(steps)
    ruling = guard.check(told(1.0), seen(1256.0), at(0.0, time_s=1000.0))
    assert only(ruling) == (Answer.CLAMP, "rate", 0.25)
    ruling = guard.check(told(1.0), seen(1512.0), at(0.25, time_s=1256.0))
    assert only(ruling) == (Answer.CLAMP, "rate", 0.25)
    ruling = guard.check(told(1.0), seen(2024.0), at(0.25, time_s=1256.0))
    assert allows(ruling, 1.0)


@pytest.mark.parametrize(
    ("actuator", "position"),
    [
        (SLOW, 1.5),  # the local rule went beyond our range
        (SLOW, -0.5),
        (replace(SLOW, levels=(0.0, 1.0), safe=0.0), 0.5),
    ],
)
def test_where_nothing_legal_is_within_reach_the_local_rule_acts(
    actuator: Actuator, position: float
) -> None:
    for target in (0.0, 1.0):
        ruling = guard_of(actuator).check(told(target), seen(1100.0), at(position, time_s=1000.0))
        assert gave_local(only(ruling), "rate")
        assert f"of {position:g}" in ruling.verdicts[0].reason


def test_from_outside_its_range_an_actuator_returns_to_the_nearest_end_it_can_reach() -> None:
    guard = guard_of(SLOW)
    assert only(guard.check(told(0.5), seen(1256.0), at(1.25, time_s=1000.0)))[1:] == ("rate", 1.0)
    assert only(guard.check(told(0.5), seen(1256.0), at(-0.25, time_s=1000.0)))[1:] == ("rate", 0.0)


# stale -------------------------------------------------------------------------------------------

STALE: list[dict[str, Any]] = [
    {"quality": Quality.STALE},
    {"quality": Quality.MISSING},
    {"level": NAN},
    {"level": INF},
    {"level": -0.01},
    {"level": 8.01},
    {"age_s": 600.5},
    {"age_s": -600.5},
    {"age_s": NAN},
]


@pytest.mark.parametrize("reading", STALE)
def test_a_stale_missing_or_impossible_level_sends_the_gate_to_its_safe_position(
    reading: dict[str, Any],
) -> None:
    guard = guard_of(GATE, locks=(HIGH_GATE,))
    ruling = guard.check(told(0.75), seen(**reading), at(0.75))
    assert only(ruling) == (Answer.REFUSE, "stale", 0.25)
    assert "G: 0.75 was asked, 0.25 is given: depth:T1 is " in ruling.verdicts[0].reason
    assert "from 0 to 8 m of 600 s at most" in ruling.verdicts[0].reason
    assert allows(guard.check(told(0.25), seen(**reading), at(0.75)), 0.25)
    assert allows(guard.check(told(0.75), seen(), at(0.75)), 0.75)


@pytest.mark.parametrize("reading", STALE)
def test_without_a_safe_position_a_stale_level_means_the_local_rule(
    reading: dict[str, Any],
) -> None:
    guard = guard_of(replace(GATE, safe=NAN), locks=(HIGH_GATE,))
    assert gave_local(only(guard.check(told(0.75), seen(**reading), at(0.75))), "stale")


@pytest.mark.parametrize(
    "reading", [{"age_s": 600.0}, {"age_s": -600.0}, {"level": 0.0}, {"level": 8.0}]
)
def test_a_level_just_good_enough_is_acted_on(reading: dict[str, Any]) -> None:
    required = Interlock(actuator="G", signal="depth:T1", max_age_s=600.0)
    guard = guard_of(GATE, locks=(required,))
    assert allows(guard.check(told(0.75), seen(**reading), at(0.75)), 0.75)


@pytest.mark.parametrize("level", [-0.01, 8.01, NAN])
def test_a_level_that_is_only_required_must_still_be_possible(level: float) -> None:
    required = Interlock(actuator="G", signal="depth:T1", max_age_s=600.0)
    ruling = guard_of(GATE, locks=(required,)).check(told(0.75), seen(level=level), at(0.75))
    assert only(ruling) == (Answer.REFUSE, "stale", 0.25)


def test_an_infinite_level_is_stale_even_where_the_signal_has_no_range() -> None:
    table = SignalTable(signals=(Signal(name="depth:X", unit="m"),))
    lock = Interlock(actuator="G", signal="depth:X")
    guard = build_guard((GATE,), (lock,), table)
    for level, fine in ((1e300, True), (-1e300, True), (INF, False), (-INF, False)):
        observation = Observation(
            time_s=0.0,
            values=np.array([level]),
            quality=np.zeros(1, np.uint8),
            valid_at_s=np.zeros(1),
            table=table,
        )
        ruling = guard.check(told(0.75), observation, at(0.75, time_s=0.0))
        assert allows(ruling, 0.75) if fine else only(ruling)[1] == "stale"


def test_a_level_is_required_only_of_the_actuator_that_names_it() -> None:
    guard = guard_of(replace(GATE, name="H"), GATE, locks=(HIGH_GATE,))
    ruling = guard.check(told(0.75, 0.75), seen(quality=Quality.MISSING), at(0.75, 0.75))
    assert only(ruling) == (Answer.REFUSE, "stale", 0.25)
    assert ruling.verdicts[0].actuator == 1
    other = replace(HIGH_GATE, signal="depth:T2")
    guard = guard_of(GATE, locks=(other,))
    assert allows(guard.check(told(0.75), seen(level=NAN), at(0.75)), 0.75)


@pytest.mark.parametrize("position", [NAN, INF, -INF])
def test_an_actuator_whose_position_is_unknown_goes_to_the_local_rule(position: float) -> None:
    for actuator in (GATE, PUMP):
        ruling = guard_of(actuator).check(told(1.0), seen(), at(position))
        assert gave_local(only(ruling), "stale")
        assert "the plant confirms no position" in ruling.verdicts[0].reason


# high_level --------------------------------------------------------------------------------------


def test_a_high_level_opens_the_gate_until_it_has_fallen_by_the_hysteresis() -> None:
    guard = guard_of(GATE, locks=(HIGH_GATE,))
    assert allows(guard.check(told(0.5), seen(level=4.0), at(0.5)), 0.5)
    ruling = guard.check(told(0.5), seen(level=4.01), at(0.5))
    assert only(ruling) == (Answer.REFUSE, "high_level", 1.0)
    assert ruling.verdicts[0].reason.endswith("depth:T1 is 4.01 m, limit 4 m")
    assert only(guard.check(told(0.5), seen(level=3.51), at(0.5)))[1] == "high_level"
    assert allows(guard.check(told(0.5), seen(level=3.5), at(0.5)), 0.5)
    assert allows(guard.check(told(0.5), seen(level=4.0), at(0.5)), 0.5)


def test_a_gate_that_is_open_already_needs_no_verdict_at_a_high_level() -> None:
    guard = guard_of(GATE, locks=(HIGH_GATE,))
    assert allows(guard.check(told(1.0), seen(level=5.0), at(0.5)), 1.0)


def test_a_high_level_opens_the_gate_no_faster_than_it_moves() -> None:
    guard = guard_of(SLOW, locks=(HIGH_GATE,))
    ruling = guard.check(told(0.0), seen(1256.0, 5.0), at(0.5, time_s=1000.0))
    assert only(ruling) == (Answer.REFUSE, "high_level", 0.75)


def test_a_high_level_runs_a_pump_at_its_highest_level_even_while_it_rests() -> None:
    pump = replace(PUMP, levels=(0.0, 0.5, 0.75), min_off_s=600.0)
    guard = guard_of(pump, locks=(WET_WELL,))
    guard.check(told(0.0), seen(0.0), at(0.5, time_s=0.0))
    receipt = at(0.0, time_s=60.0)
    assert only(guard.check(told(0.5), seen(300.0), receipt)) == (Answer.REFUSE, "min_off", 0.0)
    ruling = guard.check(told(0.5), seen(300.0, 4.5), receipt)
    assert only(ruling) == (Answer.REFUSE, "high_level", 0.75)


def test_a_high_level_that_is_no_longer_known_gives_way_to_the_safe_position() -> None:
    guard = guard_of(GATE, locks=(HIGH_GATE,))
    guard.check(told(0.5), seen(level=5.0), at(0.5))
    ruling = guard.check(told(0.5), seen(level=5.0, quality=Quality.STALE), at(0.5))
    assert only(ruling) == (Answer.REFUSE, "stale", 0.25)
    ruling = guard.check(told(0.5), seen(level=3.75), at(0.5))  # not yet fallen far enough
    assert only(ruling) == (Answer.REFUSE, "high_level", 1.0)


def test_a_known_high_level_outranks_another_level_that_is_unknown() -> None:
    guard = guard_of(GATE, locks=(replace(HIGH_GATE, signal="depth:T2"), HIGH_GATE))
    ruling = guard.check(told(0.5), seen(other=5.0, quality=Quality.MISSING), at(0.5))
    assert only(ruling) == (Answer.REFUSE, "high_level", 1.0)


# dry_run -----------------------------------------------------------------------------------------


def test_a_low_level_stops_the_pump_until_it_has_risen_by_the_hysteresis() -> None:
    guard = guard_of(PUMP, locks=(WET_WELL,))
    assert allows(guard.check(told(1.0), seen(level=1.0), at(1.0)), 1.0)
    ruling = guard.check(told(1.0), seen(level=0.99), at(1.0))
    assert only(ruling) == (Answer.REFUSE, "dry_run", 0.0)
    assert ruling.verdicts[0].reason.endswith("depth:T1 is 0.99 m, limit 1 m")
    assert only(guard.check(told(1.0), seen(level=1.49), at(0.0)))[1] == "dry_run"
    assert allows(guard.check(told(1.0), seen(level=1.5), at(0.0)), 1.0)
    assert allows(guard.check(told(1.0), seen(level=1.0), at(1.0)), 1.0)


def test_a_stopped_pump_needs_no_verdict_at_a_low_level() -> None:
    guard = guard_of(PUMP, locks=(WET_WELL,))
    assert allows(guard.check(told(0.0), seen(level=0.5), at(0.0)), 0.0)


def test_a_dry_well_stops_the_pump_although_its_shortest_run_is_not_over() -> None:
    guard = guard_of(replace(PUMP, min_on_s=600.0), locks=(WET_WELL,))
    receipt = at(1.0, time_s=900.0)
    assert only(guard.check(told(0.0), seen(), receipt)) == (Answer.REFUSE, "min_on", 1.0)
    assert only(guard.check(told(1.0), seen(level=0.5), receipt)) == (Answer.REFUSE, "dry_run", 0.0)
    assert allows(guard.check(told(0.0), seen(level=0.5), receipt), 0.0)


def test_a_dry_well_outranks_a_high_level_elsewhere_and_an_unknown_level() -> None:
    street = Interlock(actuator="P", signal="depth:T2", high_m=4.0)
    guard = guard_of(replace(PUMP, safe=1.0), locks=(street, WET_WELL))
    assert only(guard.check(told(1.0), seen(level=0.5, other=5.0), at(1.0)))[1] == "dry_run"
    assert only(guard.check(told(1.0), seen(level=0.5, other=NAN), at(1.0)))[1] == "dry_run"


def test_a_well_found_dry_counts_as_dry_until_a_good_reading_says_otherwise() -> None:
    guard = guard_of(replace(PUMP, safe=1.0), locks=(WET_WELL,))
    guard.check(told(1.0), seen(level=0.5), at(1.0))
    ruling = guard.check(told(1.0), seen(level=NAN), at(0.0))
    assert only(ruling) == (Answer.REFUSE, "dry_run", 0.0)
    assert allows(guard.check(told(1.0), seen(level=1.5), at(0.0)), 1.0)


def test_a_dry_well_is_seen_while_the_local_rule_runs_the_pump() -> None:
    guard = guard_of(PUMP, locks=(WET_WELL,))
    guard.check(told(NAN, local=[True]), seen(level=0.5), at(1.0))
    assert only(guard.check(told(1.0), seen(level=1.25), at(0.0)))[1] == "dry_run"


def test_a_limit_that_is_a_whole_number_holds_like_any_other() -> None:
    guard = guard_of(PUMP, locks=(replace(WET_WELL, low_m=1, high_m=4),))
    assert only(guard.check(told(1.0), seen(level=0.5), at(1.0)))[1] == "dry_run"


def test_a_dry_well_slows_a_slow_pump_as_fast_as_it_can() -> None:
    speed = Actuator(name="P", kind="pump", safe=0.0, rate_per_s=1 / 1024)
    guard = guard_of(speed, locks=(WET_WELL,))
    ruling = guard.check(told(1.0), seen(1256.0, 0.5), at(1.0, time_s=1000.0))
    assert only(ruling) == (Answer.REFUSE, "dry_run", 0.75)


# min_on, min_off ---------------------------------------------------------------------------------


def test_a_pump_runs_its_shortest_time_and_not_longer() -> None:
    guard = guard_of(replace(PUMP, min_on_s=600.0))
    guard.check(told(1.0), seen(0.0), at(0.0, time_s=0.0))
    receipt = at(1.0, time_s=60.0)
    ruling = guard.check(told(0.0), seen(659.0), receipt)
    assert only(ruling) == (Answer.REFUSE, "min_on", 1.0)
    assert ruling.verdicts[0].reason.endswith("runs 1 s more")
    assert allows(guard.check(told(1.0), seen(659.0), receipt), 1.0)
    assert allows(guard.check(told(0.0), seen(660.0), receipt), 0.0)


def test_a_pump_rests_its_shortest_time_and_not_longer() -> None:
    guard = guard_of(replace(PUMP, min_off_s=600.0))
    guard.check(told(0.0), seen(0.0), at(1.0, time_s=0.0))
    receipt = at(0.0, time_s=60.0)
    ruling = guard.check(told(1.0), seen(659.0), receipt)
    assert only(ruling) == (Answer.REFUSE, "min_off", 0.0)
    assert ruling.verdicts[0].reason.endswith("rests 1 s more")
    assert allows(guard.check(told(0.0), seen(659.0), receipt), 0.0)
    assert allows(guard.check(told(1.0), seen(660.0), receipt), 1.0)


def test_a_guard_that_has_just_woken_up_counts_from_the_first_receipt() -> None:
    guard = guard_of(replace(PUMP, min_on_s=600.0))
    assert only(guard.check(told(0.0), seen(659.0), at(1.0, time_s=60.0)))[1] == "min_on"
    assert allows(guard.check(told(0.0), seen(660.0), at(1.0, time_s=600.0)), 0.0)


def test_a_pump_held_running_stays_near_its_speed_and_in_its_range() -> None:
    speed = Actuator(name="P", kind="pump", min_on_s=600.0)
    ruling = guard_of(speed).check(told(0.0), seen(), at(0.75))
    assert only(ruling) == (Answer.REFUSE, "min_on", 0.75)
    assert only(guard_of(speed).check(told(0.0), seen(), at(1.25))) == (
        Answer.REFUSE,
        "min_on",
        1.0,
    )
    steps = replace(speed, levels=(0.0, 0.5, 1.0))
    assert only(guard_of(steps).check(told(0.0), seen(), at(0.125)))[1:] == ("min_on", 0.5)


def test_a_pump_held_running_is_not_at_the_same_time_kept_at_rest() -> None:
    pump = replace(PUMP, min_on_s=600.0, min_off_s=600.0, max_starts_per_h=1)
    assert only(guard_of(pump).check(told(0.0), seen(), at(1.0)))[1:] == ("min_on", 1.0)


def test_a_running_pump_may_change_its_speed_at_any_time() -> None:
    speed = Actuator(name="P", kind="pump", min_on_s=600.0, min_off_s=600.0, max_starts_per_h=1)
    assert allows(guard_of(speed).check(told(0.25), seen(), at(0.75)), 0.25)


def test_an_unknown_level_stops_a_pump_at_once_but_starts_none_early() -> None:
    pump = replace(PUMP, min_on_s=600.0, min_off_s=600.0)
    lost = seen(level=NAN)
    ruling = guard_of(pump, locks=(WET_WELL,)).check(told(1.0), lost, at(1.0, time_s=900.0))
    assert only(ruling) == (Answer.REFUSE, "stale", 0.0)
    eager = guard_of(replace(pump, safe=1.0), locks=(WET_WELL,))
    assert allows(eager.check(told(0.0), lost, at(0.0, time_s=900.0)), 0.0)
    assert only(eager.check(told(1.0), lost, at(0.0, time_s=900.0)))[1:] == ("min_off", 0.0)


def test_runs_are_counted_from_confirmed_positions_not_from_commands() -> None:
    guard = guard_of(replace(PUMP, min_off_s=600.0))
    guard.check(told(0.0), seen(0.0), at(0.0, time_s=0.0))
    assert allows(guard.check(told(1.0), seen(700.0), at(0.0, time_s=400.0)), 1.0)
    # The plant did not start it: the rest that began at 0 s goes on, and nothing must be waited for.
    assert allows(guard.check(told(1.0), seen(1000.0), at(0.0, time_s=700.0)), 1.0)
    # The local rule ran it for a while: the rest counts from its stop.
    guard.check(told(NAN, local=[True]), seen(1300.0), at(1.0, time_s=1000.0))
    guard.check(told(NAN, local=[True]), seen(1600.0), at(0.0, time_s=1300.0))
    assert only(guard.check(told(1.0), seen(1899.0), at(0.0, time_s=1600.0)))[1] == "min_off"


def test_an_unknown_position_leaves_the_count_of_runs_untouched() -> None:
    guard = guard_of(replace(PUMP, min_on_s=600.0))
    guard.check(told(1.0), seen(0.0), at(1.0, time_s=0.0))
    guard.check(told(1.0), seen(300.0), at(NAN, time_s=300.0))
    assert allows(guard.check(told(0.0), seen(600.0), at(1.0, time_s=590.0)), 0.0)


# starts ------------------------------------------------------------------------------------------


def started(guard: WaterGuard, *starts_s: float) -> None:
    """Let the plant confirm a start at each of these times, and a stop 10 s later."""
    guard.check(told(0.0), seen(0.0), at(0.0, time_s=0.0))
    for time_s in starts_s:
        guard.check(told(0.0), seen(time_s), at(1.0, time_s=time_s))
        guard.check(told(0.0), seen(time_s + 10.0), at(0.0, time_s=time_s + 10.0))


def test_no_pump_starts_more_often_in_an_hour_than_it_may() -> None:
    guard = guard_of(replace(PUMP, max_starts_per_h=2))
    started(guard, 100.0)
    assert allows(guard.check(told(1.0), seen(200.0), at(0.0, time_s=150.0)), 1.0)
    started(guard, 1000.0)
    ruling = guard.check(told(1.0), seen(3699.0), at(0.0, time_s=3600.0))
    assert only(ruling) == (Answer.REFUSE, "starts", 0.0)
    assert ruling.verdicts[0].reason.endswith("2 starts in an hour are used up")
    assert allows(guard.check(told(0.0), seen(3699.0), at(0.0, time_s=3600.0)), 0.0)
    assert allows(guard.check(told(1.0), seen(3700.0), at(0.0, time_s=3600.0)), 1.0)


def test_without_a_limit_a_pump_starts_as_often_as_it_is_told() -> None:
    guard = guard_of(replace(PUMP, min_on_s=1.0))
    started(guard, *range(100, 3000, 100))
    assert allows(guard.check(told(1.0), seen(3000.0), at(0.0, time_s=2990.0)), 1.0)


def test_a_running_pump_is_not_stopped_by_the_count_of_its_starts() -> None:
    guard = guard_of(replace(PUMP, max_starts_per_h=1))
    started(guard, 100.0)
    guard.check(told(1.0), seen(200.0), at(1.0, time_s=200.0))
    assert allows(guard.check(told(1.0), seen(300.0), at(1.0, time_s=200.0)), 1.0)
    assert allows(guard.check(told(0.0), seen(300.0), at(1.0, time_s=200.0)), 0.0)


def test_not_even_a_high_level_starts_a_pump_whose_starts_are_used_up() -> None:
    guard = guard_of(replace(PUMP, max_starts_per_h=1), locks=(WET_WELL,))
    started(guard, 100.0)
    ruling = guard.check(told(1.0), seen(200.0, 5.0), at(0.0, time_s=150.0))
    assert only(ruling) == (Answer.REFUSE, "starts", 0.0)
    assert allows(guard.check(told(0.0), seen(200.0, 5.0), at(0.0, time_s=150.0)), 0.0)


def test_starts_by_the_local_rule_count_as_well() -> None:
    guard = guard_of(replace(PUMP, max_starts_per_h=1))
    leave = told(NAN, local=[True])
    guard.check(leave, seen(0.0), at(0.0, time_s=0.0))
    guard.check(leave, seen(300.0), at(1.0, time_s=300.0))
    guard.check(leave, seen(600.0), at(0.0, time_s=600.0))
    assert only(guard.check(told(1.0), seen(900.0), at(0.0, time_s=900.0)))[1] == "starts"


def test_each_pump_has_its_own_count() -> None:
    pumps = [replace(PUMP, name=name, max_starts_per_h=1) for name in ("P", "Q")]
    guard = guard_of(GATE, *pumps)
    for k, positions in enumerate([(0.5, 0, 0), (0.5, 1, 0), (0.5, 0, 0)]):
        guard.check(told(0.5, 0, 0), seen(10.0 * k), at(*positions, time_s=10.0 * k))
    ruling = guard.check(told(0.5, 1, 1), seen(100.0), at(0.5, 0, 0, time_s=50.0))
    assert only(ruling) == (Answer.REFUSE, "starts", 0.0)
    assert ruling.verdicts[0].actuator == 1
    assert ruling.command.targets.tolist() == [0.5, 0.0, 1.0]


# The guard as a whole ----------------------------------------------------------------------------


def test_verdicts_come_in_the_order_of_the_actuators() -> None:
    gates = [replace(GATE, name=name) for name in "ABCD"]
    ruling = guard_of(*gates).check(told(9.0, 0.5, NAN, -9.0), seen(), at(0.5, 0.5, 0.5, 0.5))
    assert [(v.actuator, v.rule) for v in ruling.verdicts] == [
        (0, "range"), (2, "not_finite"), (3, "range"),
    ]  # fmt: skip
    assert ruling.answers.tolist() == [Answer.CLAMP, Answer.ALLOW, Answer.REFUSE, Answer.CLAMP]


def test_the_same_question_gets_the_same_answer_twice() -> None:
    guard = guard_of(GATE, replace(PUMP, min_off_s=60.0, max_starts_per_h=1), locks=(WET_WELL,))
    question = told(2.0, 1.0), seen(level=4.5), at(0.5, 0.0)
    first, second = guard.check(*question), guard.check(*question)
    assert first.verdicts == second.verdicts
    assert first.command.targets.tolist() == second.command.targets.tolist()


def test_where_nothing_can_fire_no_rule_is_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The price of the common case: array comparisons only, at the very boundaries too."""
    pump = replace(PUMP, min_on_s=60.0, max_starts_per_h=1)
    required = Interlock(actuator="G", signal="depth:T2", max_age_s=600.0)
    speed = Actuator(name="S", kind="pump", safe=0.0, min_off_s=60.0)
    locks = (replace(WET_WELL, hysteresis_m=0.0), required)
    guard = guard_of(GATE, SLOW, pump, speed, locks=locks)
    walked: list[str] = []

    class Spy(limits.Proposal):
        def __init__(self, *args: Any) -> None:
            walked.append("proposal")
            super().__init__(*args)

    def fresh(*args: Any, **kwargs: Any) -> bool:
        walked.append("fresh")
        return _fresh(*args, **kwargs)

    _fresh = limits.is_fresh

    def legal(*args: Any) -> bool:
        walked.append("legal")
        return _legal(*args)

    _legal = limits.is_legal
    guard.check(
        told(0.5, 0.5, 1.0, 0.75), seen(), at(0.5, 0.5, 1.0, 0.75)
    )  # the first receipt is noted
    monkeypatch.setattr(limits, "is_legal", legal)
    monkeypatch.setattr(limits, "Proposal", Spy)
    monkeypatch.setattr(limits, "is_fresh", fresh)
    calm = {"age_s": 600.0}
    for level, other, gate in ((1.0, 0.0, 0.0), (4.0, 8.0, 1.0), (2.0, 2.0, 0.5)):
        for sign in (1.0, -1.0):
            observation = seen(1256.0, level, age_s=sign * calm["age_s"], other=other)
            receipt = at(0.5, 0.5, 1.0, 0.75, time_s=1000.0)
            assert allows(
                guard.check(told(gate, 0.5 + sign * 0.25, 1.0, 0.75), observation, receipt),
                gate,
                0.5 + sign * 0.25,
                1.0,
                0.75,
            )
    assert walked == []
    guard.check(
        told(0.5, 0.5, 0.0, 0.75), seen(1256.0, 4.5), at(0.5, 0.5, 1.0, 0.75, time_s=1000.0)
    )
    assert walked == ["fresh", "proposal"]
    walked.clear()
    guard.check(
        told(0.5, 0.5, 1.0, 0.75), seen(1256.0, 4.0), at(0.5, 0.5, 1.0, 0.75, time_s=1000.0)
    )
    guard.check(
        told(0.5, 0.5, 1.0, 0.75), seen(1256.0, 4.0), at(0.5, 0.5, 1.0, 0.75, time_s=1000.0)
    )
    assert walked == ["fresh", "proposal"]  # the reset is looked at once, then all is quiet


@pytest.mark.parametrize(
    ("lock", "words"),
    [
        (replace(WET_WELL, low_m=4.0), "low_m is 4.0, high_m is 4.0; low must be below high"),
        (replace(WET_WELL, low_m=NAN), "low_m is nan"),
        (replace(WET_WELL, high_m=NAN), "high_m is nan"),
        (replace(WET_WELL, hysteresis_m=-0.1), "hysteresis_m is -0.1; 0 or more"),
        (replace(WET_WELL, hysteresis_m=INF), "hysteresis_m is inf"),
        (replace(WET_WELL, hysteresis_m=NAN), "hysteresis_m is nan"),
        (replace(WET_WELL, max_age_s=-1.0), "max_age_s is -1.0; 0 or more"),
        (replace(WET_WELL, max_age_s=NAN), "max_age_s is nan"),
        (replace(WET_WELL, actuator="G"), "low_m needs an actuator that stops at 0, not 0.1"),
    ],
)
def test_an_interlock_that_cannot_work_is_named(lock: Interlock, words: str) -> None:
    gate = replace(GATE, low=0.1)
    with pytest.raises(InputError, match=words) as error:
        guard_of(gate, PUMP, locks=(lock,))
    assert f"interlock of {lock.actuator!r} on 'depth:T1'" in str(error.value)


def test_an_interlock_may_be_as_narrow_and_as_patient_as_one_likes() -> None:
    locks = (
        replace(WET_WELL, hysteresis_m=0.0, max_age_s=0.0),
        replace(WET_WELL, max_age_s=INF),
        replace(HIGH_GATE, low_m=-INF),
    )
    gate = replace(GATE, low=0.1)
    ruling = guard_of(gate, PUMP, locks=locks).check(told(0.5, 1.0), seen(), at(0.5, 1.0))
    assert allows(ruling, 0.5, 1.0)


def test_unless_told_otherwise_an_interlock_wants_a_quarter_of_an_hour_and_five_centimetres() -> (
    None
):
    guard = guard_of(PUMP, locks=(Interlock(actuator="P", signal="depth:T1", low_m=1.0),))
    assert allows(guard.check(told(1.0), seen(age_s=900.0), at(1.0)), 1.0)
    assert only(guard.check(told(1.0), seen(age_s=900.5), at(1.0)))[1] == "stale"
    assert only(guard.check(told(1.0), seen(level=0.5), at(1.0)))[1] == "dry_run"
    assert only(guard.check(told(1.0), seen(level=1.045), at(0.0)))[1] == "dry_run"
    assert allows(guard.check(told(1.0), seen(level=1.055), at(0.0)), 1.0)


def test_an_interlock_names_an_actuator_and_a_signal_of_the_plant() -> None:
    with pytest.raises(UnknownNameError, match="'Q' is not a actuator of this plant"):
        guard_of(PUMP, locks=(replace(WET_WELL, actuator="Q"),))
    with pytest.raises(UnknownNameError, match="'depth:T9' is not a signal of this plant"):
        guard_of(PUMP, locks=(replace(WET_WELL, signal="depth:T9"),))


def test_an_actuator_with_impossible_limits_gets_no_guard() -> None:
    with pytest.raises(InputError, match=r"actuator 'G': safe target 2\.0"):
        guard_of(replace(GATE, safe=2.0))


def test_limits_written_as_whole_numbers_are_kept_like_fractions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pump = Actuator(name="P", kind="pump", low=0, high=1, rate_per_s=1, safe=0, min_on_s=60)
    guard = guard_of(pump)
    assert allows(guard.check(told(0.75), seen(), at(0.25)), 0.75)
    monkeypatch.setattr(limits, "Proposal", None)  # what repeats the position needs no judging
    assert allows(guard.check(told(0.75), seen(), at(0.75)), 0.75)


def test_a_guard_may_do_without_interlocks_and_signals() -> None:
    guard = WaterGuard((GATE,))
    nothing = Observation(
        time_s=0.0,
        values=np.zeros(0),
        quality=np.zeros(0, np.uint8),
        valid_at_s=np.zeros(0),
        table=SignalTable(signals=()),
    )
    assert allows(guard.check(told(0.5), nothing, at(0.5)), 0.5)
