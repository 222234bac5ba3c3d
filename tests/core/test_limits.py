"""Do the bricks of the guards hold at their boundaries, on both sides?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from jialing.core import limits
from jialing.core.command import Answer
from jialing.core.errors import InputError
from jialing.core.signal import Actuator, Quality

NAN, INF = math.nan, math.inf
GATE = Actuator(name="G", kind="orifice", low=0.1, high=0.9, safe=0.5)
PUMP = Actuator(name="P", kind="pump", levels=(0.0, 0.5, 1.0), safe=0.0, max_starts_per_h=2)


@pytest.mark.parametrize(
    ("target", "kept"), [(-1.0, 2.0), (2.0, 2.0), (2.5, 2.5), (4.0, 4.0), (4.1, 4.0), (INF, 4.0)]
)
def test_a_target_is_moved_to_the_nearest_end_of_its_range(target: float, kept: float) -> None:
    assert limits.clamp(target, 2.0, 4.0) == kept


@pytest.mark.parametrize(
    ("target", "level"),
    [(-3.0, 0.0), (0.24, 0.0), (0.25, 0.0), (0.26, 0.5), (0.5, 0.5), (9.0, 1.0)],
)
def test_a_target_between_two_levels_goes_to_the_nearer_and_on_a_tie_to_the_lower(
    target: float, level: float
) -> None:
    assert limits.nearest_level(target, PUMP.levels) == level


def test_a_position_is_legal_within_the_range_or_on_a_level() -> None:
    assert [limits.is_legal(x, GATE) for x in (0.09, 0.1, 0.4, 0.9, 0.91, NAN)] == [
        False, True, True, True, False, False,
    ]  # fmt: skip
    assert [limits.is_legal(x, PUMP) for x in (0.0, 0.25, 0.5, 1.0, 1.5, NAN)] == [
        True, False, True, True, False, False,
    ]  # fmt: skip


def test_the_ends_of_an_actuator_are_those_of_its_range_or_of_its_levels() -> None:
    assert limits.ends(GATE) == (0.1, 0.9)
    assert limits.ends(replace(PUMP, levels=(0.5, 0.75), safe=0.5)) == (0.5, 0.75)


def test_to_keep_running_is_to_stay_near_the_position_but_never_at_rest() -> None:
    assert limits.running(PUMP, 0.7) == 0.5
    assert limits.running(PUMP, 0.1) == 0.5
    assert limits.running(PUMP, 1.3) == 1.0
    speed = Actuator(name="P", kind="pump")
    assert limits.running(speed, 0.7) == 0.7
    assert limits.running(speed, 1.3) == 1.0


def test_an_actuator_wears_if_its_runs_rests_or_starts_are_limited() -> None:
    still = replace(PUMP, max_starts_per_h=0)
    assert not limits.wears(still)
    assert limits.wears(replace(still, min_on_s=0.5))
    assert limits.wears(replace(still, min_off_s=0.5))
    assert limits.wears(replace(still, max_starts_per_h=1))


@pytest.mark.parametrize(
    ("target", "position", "most", "given"),
    [
        (1.0, 0.25, 0.75, 1.0),  # just reachable
        (1.0, 0.25, 0.5, 0.75),
        (0.0, 0.25, 0.25, 0.0),
        (0.0, 0.75, 0.5, 0.25),
        (0.5, 0.5, 0.0, 0.5),
        (1.0, 0.5, 0.0, 0.5),  # no time has passed
        (0.0, 1.0, INF, 0.0),
    ],
)
def test_a_continuous_actuator_goes_as_far_towards_its_target_as_the_rate_permits(
    target: float, position: float, most: float, given: float
) -> None:
    assert limits.within_reach(target, position, most) == given


def test_a_target_that_is_just_reachable_is_given_exactly() -> None:
    target, position = 0.11, 0.04
    most = target - position
    assert position + most != target  # what adding up again would give
    assert limits.within_reach(target, position, most) == target


@pytest.mark.parametrize(
    ("target", "position", "most", "given"),
    [
        (1.0, 0.0, 1.0, 1.0),
        (1.0, 0.0, 0.5, 0.5),  # the level at the very end of the reach
        (1.0, 0.0, 0.49, 0.0),
        (0.0, 1.0, 0.5, 0.5),
        (0.0, 1.0, 0.49, 1.0),
        (1.0, 0.4, 0.3, 0.5),
        (1.0, 0.6, 0.3, None),  # 0.5 would lead away from the target
        (0.0, 0.4, 0.3, None),
    ],
)
def test_a_discrete_actuator_stops_on_the_last_level_it_can_reach(
    target: float, position: float, most: float, given: float | None
) -> None:
    assert limits.within_reach(target, position, most, PUMP.levels) == given


def test_a_dwell_is_over_exactly_when_its_time_has_passed() -> None:
    assert limits.dwell_left_s(159.0, 100.0, 60.0) == 1.0
    assert limits.dwell_left_s(160.0, 100.0, 60.0) == 0.0
    assert limits.dwell_left_s(900.0, 100.0, 60.0) == 0.0
    assert limits.dwell_left_s(0.0, -INF, 60.0) == 0.0


def test_a_start_leaves_the_window_after_exactly_one_hour() -> None:
    starts = (1000.0, 2000.0)
    assert limits.starts_within(starts, 2000.0) == 2
    assert limits.starts_within(starts, 4599.0) == 2
    assert limits.starts_within(starts, 4600.0) == 1
    assert limits.starts_within(starts, 5600.0) == 0
    assert limits.starts_within(starts, 2100.0, 100.0) == 0
    assert limits.starts_within(starts, 2099.0, 100.0) == 1


GOOD = Quality.GOOD


@pytest.mark.parametrize(
    ("value", "quality", "age_s", "fresh"),
    [
        (1.0, GOOD, 0.0, True),
        (1.0, GOOD, 60.0, True),
        (1.0, GOOD, 60.1, False),
        (1.0, GOOD, -60.0, True),
        (1.0, GOOD, -60.1, False),  # a sensor clock that far ahead is wrong
        (1.0, GOOD, NAN, False),
        (1.0, Quality.STALE, 0.0, False),
        (1.0, Quality.MISSING, 0.0, False),
        (1.0, 9, 0.0, False),
        (NAN, GOOD, 0.0, False),
        (0.0, GOOD, 0.0, True),
        (-0.1, GOOD, 0.0, False),
        (5.0, GOOD, 0.0, True),
        (5.1, GOOD, 0.0, False),
    ],
)
def test_only_a_good_recent_possible_reading_can_be_acted_on(
    value: float, quality: int, age_s: float, fresh: bool
) -> None:
    assert limits.is_fresh(value, quality, age_s, max_age_s=60.0, low=0.0, high=5.0) is fresh


def test_an_infinite_reading_is_never_fresh_even_without_a_physical_range() -> None:
    assert limits.is_fresh(-1e9, GOOD, 0.0, max_age_s=60.0)
    assert limits.is_fresh(1e9, GOOD, 0.0, max_age_s=60.0)
    assert not limits.is_fresh(INF, GOOD, 0.0, max_age_s=60.0)
    assert not limits.is_fresh(-INF, GOOD, 0.0, max_age_s=60.0)


def test_a_low_limit_trips_below_and_resets_a_band_above() -> None:
    assert [limits.trips_below(x, 1.0, 0.25, False) for x in (0.9, 1.0, 1.1)] == [
        True,
        False,
        False,
    ]
    assert [limits.trips_below(x, 1.0, 0.25, True) for x in (1.1, 1.2, 1.25)] == [True, True, False]


def test_a_high_limit_trips_above_and_resets_a_band_below() -> None:
    assert [limits.trips_above(x, 1.0, 0.25, False) for x in (1.1, 1.0, 0.9)] == [
        True,
        False,
        False,
    ]
    assert [limits.trips_above(x, 1.0, 0.25, True) for x in (0.9, 0.8, 0.75)] == [True, True, False]


def test_conflicting_pairs_are_found_from_either_triangle_and_never_on_the_diagonal() -> None:
    conflicts = np.zeros((4, 4), dtype=np.bool_)
    conflicts[0, 2] = conflicts[3, 1] = conflicts[1, 1] = conflicts[3, 2] = True
    everything = np.ones(4, dtype=np.bool_)
    assert limits.conflicting(everything, conflicts).tolist() == [[0, 2], [1, 3], [2, 3]]
    assert limits.conflicting(np.array([True, True, True, False]), conflicts).tolist() == [[0, 2]]
    assert limits.conflicting(np.array([True, True, False, False]), conflicts).tolist() == []
    assert limits.conflicting(np.array([False, False, True, False]), conflicts).tolist() == []


def test_a_refusal_keeps_the_say_over_clamps_before_and_after_it() -> None:
    at = limits.Proposal(2.0)
    at.clamp("range", 1.0, "too much")
    assert (at.target, at.answer, at.rule, at.reason) == (1.0, Answer.CLAMP, "range", "too much")
    at.refuse("stale", 0.5, "no level")
    at.clamp("rate", 0.75, "too fast")
    assert (at.target, at.answer, at.rule, at.reason) == (0.75, Answer.REFUSE, "stale", "no level")
    at.refuse("dry_run", 0.0, "too low")
    assert (at.target, at.answer, at.rule, at.reason) == (0.0, Answer.REFUSE, "dry_run", "too low")


def test_of_two_clamps_the_later_has_the_say() -> None:
    at = limits.Proposal(2.0)
    at.clamp("range", 1.0, "too much")
    at.clamp("rate", 0.5, "too fast")
    assert (at.target, at.answer, at.rule, at.reason) == (0.5, Answer.CLAMP, "rate", "too fast")


def test_a_rule_that_changes_nothing_has_no_say() -> None:
    at = limits.Proposal(1.0)
    at.clamp("range", 1.0, "within")
    at.refuse("high_level", 1.0, "open already")
    assert (at.target, at.answer, at.rule, at.reason) == (1.0, Answer.ALLOW, "", "")


def test_a_verdict_tells_what_was_asked_and_given_and_why() -> None:
    at = limits.Proposal(2.0)
    at.clamp("range", 1.0, "allowed 0 … 1")
    verdict = at.verdict(3, "V2", 2.0)
    assert (verdict.actuator, verdict.answer, verdict.rule) == (3, Answer.CLAMP, "range")
    assert (verdict.asked, verdict.given) == (2.0, 1.0)
    assert verdict.reason == "V2: 2 was asked, 1 is given: allowed 0 … 1"
    at.refuse("stale", NAN, "no level")
    assert at.verdict(3, "V2", 2.0).reason == "V2: 2 was asked, the local rule acts: no level"


def test_the_first_state_is_no_start_and_every_later_switching_on_is_one() -> None:
    duty = limits.Duty(PUMP)
    assert (duty.on, duty.since_s, list(duty.starts_s)) == (None, -INF, [])
    duty.note(True, 10.0)
    assert (duty.on, duty.since_s, list(duty.starts_s)) == (True, 10.0, [])
    duty.note(True, 20.0)
    assert duty.since_s == 10.0
    duty.note(False, 30.0)
    assert (duty.on, duty.since_s, list(duty.starts_s)) == (False, 30.0, [])
    duty.note(True, 40.0)
    assert (duty.on, duty.since_s, list(duty.starts_s)) == (True, 40.0, [40.0])


def test_no_more_starts_are_kept_than_decide() -> None:
    duty = limits.Duty(PUMP)
    for k in range(10):
        duty.note(k % 2 == 1, float(k))
    assert list(duty.starts_s) == [7.0, 9.0]


@pytest.mark.parametrize(
    "sound",
    [
        GATE,
        PUMP,
        replace(GATE, safe=NAN),
        replace(GATE, safe=0.1),
        replace(GATE, safe=0.9),
        replace(GATE, low=0.5, high=0.5),
        replace(GATE, rate_per_s=0.0),
        replace(GATE, rate_per_s=INF),
        replace(PUMP, safe=1.0, min_on_s=60.0, min_off_s=60.0),
        replace(PUMP, levels=(0.5,), safe=0.5, max_starts_per_h=0),
    ],
)
def test_limits_that_can_be_kept_are_accepted(sound: Actuator) -> None:
    limits.require_sound(sound)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (replace(GATE, low=NAN), "range nan … 0.9"),
        (replace(GATE, low=-INF), "range -inf … 0.9"),
        (replace(GATE, high=NAN), "range 0.1 … nan"),
        (replace(GATE, high=INF), "both ends must be finite"),
        (replace(GATE, low=0.91), "range 0.91 … 0.9"),
        (replace(GATE, safe=0.09), "allowed: within 0.1 … 0.9"),
        (replace(GATE, safe=0.91), "safe target 0.91"),
        (replace(PUMP, safe=0.4), r"allowed: one of \(0.0, 0.5, 1.0\)"),
        (replace(PUMP, levels=(0.0, 1.1)), "must lie within 0.0 … 1.0"),
        (replace(PUMP, levels=(-0.1, 0.0)), "must lie within"),
        (replace(PUMP, levels=(0.0, NAN)), "must lie within"),
        (replace(PUMP, levels=(0.0, 1.0, 0.5)), "must rise"),
        (replace(PUMP, levels=(0.0, 1.0, 1.0)), "must rise"),
        (replace(GATE, rate_per_s=-0.1), "rate_per_s is -0.1; it must be 0 or more"),
        (replace(GATE, rate_per_s=NAN), "rate_per_s is nan"),
        (replace(PUMP, min_on_s=-1.0), "min_on_s is -1.0"),
        (replace(PUMP, min_on_s=INF), "min_on_s is inf"),
        (replace(PUMP, min_off_s=-1.0), "min_off_s is -1.0"),
        (replace(PUMP, min_off_s=NAN), "min_off_s is nan"),
        (replace(PUMP, max_starts_per_h=-1), "max_starts_per_h is -1"),
        (replace(GATE, min_on_s=1.0), "able to stop at 0 and to run; it goes from 0.1 to 0.9"),
        (replace(GATE, low=-1.0, min_off_s=1.0), "goes from -1.0 to 0.9"),
        (replace(PUMP, levels=(0.5, 1.0), safe=1.0), "goes from 0.5 to 1.0"),
        (replace(PUMP, levels=(0.0,)), "goes from 0.0 to 0.0"),
    ],
)
def test_limits_that_cannot_be_kept_are_named(broken: Actuator, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        limits.require_sound(broken)
    assert f"actuator {broken.name!r}" in str(error.value)
