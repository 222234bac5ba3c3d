"""Does every rule of the signals' guard fire when it must, and pass when it must?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from signals import crossroads, signal, tee

from jialing.core.command import Answer, Command, Receipt, Ruling, Source
from jialing.core.errors import InputError, UnknownNameError
from jialing.core.signal import Actuator, Observation, Quality, Signal, SignalTable
from jialing.core.stages import Guard
from jialing.domains.traffic.guard import (
    HOLD_CHECKS,
    HOLD_S,
    PLAN_S,
    REST_S,
    TrafficGuard,
    build_guard,
)
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.watch import MAX_AGE_S

NAN, INF = math.nan, math.inf
TEE = tee()  # modes 0 … 2, minimum green 5 s, yellow 3 s, no all-red
LONG = TrafficSettings(max_red_s=1e6)


def actuator(junction: Junction) -> Actuator:
    count = len(junction.modes)
    return Actuator(
        name=junction.name,
        kind="signal",
        high=float(max(count - 1, 0)),
        levels=tuple(float(m) for m in range(count)),
        safe=NAN,
    )


def table_of(junctions: Sequence[Junction]) -> SignalTable:
    signals = [Signal(name="other:thing", unit="1")]
    for j in junctions:
        signals += [
            Signal(name=f"green:{j.name}", unit="s"),
            Signal(name=f"mode:{j.name}", unit="1"),
        ]
        signals += [Signal(name=f"queue:{lane}", unit="veh") for lane in j.lanes]
    return SignalTable(signals=tuple(signals))


class Scene:
    """Cabinets that a test moves by hand.

    `tick` asks for one target per signal, takes the guard's word for it and moves cabinets as real
    ones would: a transition of 3 s, then the mode. What they confirm and report can be falsified.
    """

    def __init__(
        self,
        *junctions: Junction,
        settings: TrafficSettings = LONG,
        yellow_s: float = 3.0,
        tick_s: float = 1.0,
    ) -> None:
        self.junctions = junctions or (TEE,)
        self.table = table_of(self.junctions)
        self.actuators = tuple(actuator(j) for j in self.junctions)
        self.guard = build_guard(self.junctions, self.actuators, self.table, settings)
        self.yellow_s, self.tick_s, self.now_s = yellow_s, tick_s, 0.0
        count = len(self.junctions)
        self.position = [0.0] * count  # as the cabinet knows it
        self.local = [True] * count
        self.begun_s = [0.0] * count
        self.told = Receipt(time_s=0.0, positions=np.zeros(count))
        self.readings: dict[str, float] = {}  # falsified
        self.quality: dict[str, int] = {}
        self.age_s: dict[str, float] = {}
        self.ruling: Ruling | None = None

    def observation(self) -> Observation:
        values = dict.fromkeys((s.name for s in self.table.signals), 0.0)
        quality = dict.fromkeys(values, int(Quality.GOOD))
        for i, j in enumerate(self.junctions):
            shown = self.position[i]
            values[f"mode:{j.name}"] = NAN if self.local[i] else shown
            green_s = self.now_s - self.begun_s[i] if shown >= 0.0 else 0.0
            values[f"green:{j.name}"] = NAN if self.local[i] else green_s
            if self.local[i]:
                quality[f"mode:{j.name}"] = quality[f"green:{j.name}"] = int(Quality.MISSING)
        values |= self.readings
        quality |= self.quality
        return Observation(
            time_s=self.now_s,
            values=np.array(list(values.values())),
            quality=np.array(list(quality.values()), dtype=np.uint8),
            valid_at_s=np.array([self.now_s - self.age_s.get(n, 0.0) for n in values]),
            table=self.table,
        )

    def ask(self, *targets: float | None, source: Source = Source.CONTROLLER) -> Ruling:
        """The guard's answer now; None leaves a signal to its programme."""
        command = Command(
            targets=np.array([NAN if t is None else t for t in targets]),
            local=np.array([t is None for t in targets]),
            source=source,
        )
        return self.check(command)

    def check(self, command: Any, observation: Any = None, receipt: Any = None) -> Ruling:
        self.ruling = self.guard.check(
            command, observation or self.observation(), receipt or self.told
        )
        return self.ruling

    def go(self) -> None:
        """Let the cabinets carry out the last ruling for a tick."""
        assert self.ruling is not None
        command = self.ruling.command
        for i, target in enumerate(command.targets.tolist()):
            if command.local[i]:
                self.local[i] = True
            elif self.local[i] or (self.position[i] >= 0.0 and target != self.position[i]):
                self.local[i] = False
                self.position[i], self.begun_s[i] = -1.0 - target, self.now_s
        self.told = Receipt(time_s=self.now_s, positions=np.array(self.position))
        self.now_s += self.tick_s
        for i, position in enumerate(self.position):
            over_s = self.begun_s[i] + self.yellow_s
            if position < 0.0 and not self.local[i] and over_s <= self.now_s:
                self.position[i], self.begun_s[i] = -1.0 - position, over_s

    def tick(self, *targets: float | None, source: Source = Source.CONTROLLER) -> Ruling:
        ruling = self.ask(*targets, source=source)
        self.go()
        return ruling

    def ticks(self, count: int, *targets: float | None) -> None:
        for _ in range(count):
            assert_allowed(self.tick(*targets))

    def shown(self, mode: float, for_s: int = 20) -> Scene:
        """Under the guard, a mode that has been shown for so long and may be left."""
        count = len(self.junctions)
        self.tick(*[None] * count)
        other = (mode + 1.0) % len(self.junctions[0].modes)
        for wanted, long_s in ((other, 0.0), (mode, for_s)):
            while not (
                not self.local[0]
                and self.position[0] == wanted
                and self.now_s - self.begun_s[0] >= long_s
            ):
                self.tick(*[wanted] * count)
        return self


def given(ruling: Ruling, i: int = 0) -> float | None:
    """The mode given; None for the programme."""
    target, local = float(ruling.command.targets[i]), bool(ruling.command.local[i])
    assert math.isnan(target) is local
    return None if local else target


def assert_allowed(ruling: Ruling) -> None:
    assert ruling.verdicts == ()
    assert not ruling.answers.any()


def assert_ruled(
    ruling: Ruling, rule: str, given_: float | None, *, answer: Answer = Answer.REFUSE, i: int = 0
) -> None:
    verdict = next(v for v in ruling.verdicts if v.actuator == i)
    assert (verdict.rule, verdict.answer) == (rule, answer), verdict
    assert ruling.answers[i] == answer
    assert given(ruling, i) == given_
    assert math.isnan(verdict.given) if given_ is None else verdict.given == given_
    assert verdict.reason


# --- what passes


def test_it_is_a_guard() -> None:
    guard: Guard = Scene().guard
    assert isinstance(guard, TrafficGuard)


def test_the_mode_that_is_shown_may_stay() -> None:
    scene = Scene().shown(1.0)
    scene.ticks(100, 1.0)
    assert scene.position == [1.0]


def test_a_mode_may_follow_another_once_its_minimum_green_is_over() -> None:
    scene = Scene().shown(0.0, for_s=5)
    ruling = scene.tick(2.0)
    assert_allowed(ruling)
    assert given(ruling) == 2.0


def test_a_signal_may_be_left_to_its_programme() -> None:
    scene = Scene()
    scene.ticks(50, None)
    scene = Scene().shown(0.0)
    ruling = scene.tick(None)
    assert_allowed(ruling)
    assert given(ruling) is None


def test_the_command_goes_on_as_it_is() -> None:
    scene = Scene().shown(0.0)
    plan = np.array([[1.0], [0.0]])
    command = Command(
        targets=np.array([1.0]),
        local=np.array([False]),
        source=Source.CONTROLLER,
        plan=plan,
        step_s=2.0,
        note="why",
    )
    passed = scene.check(command).command
    assert passed.plan is plan
    assert (passed.step_s, passed.note, passed.source) == (2.0, "why", Source.CONTROLLER)
    passed.targets[:] = 7.0
    passed.local[:] = True
    assert command.targets.tolist() == [1.0]  # the guard works on its own copies
    assert command.local.tolist() == [False]


def test_whole_numbers_of_any_type_are_modes() -> None:
    scene = Scene().shown(0.0)
    command = Command(targets=np.array([1]), local=np.array([False]))  # type: ignore[arg-type]
    assert given(scene.check(command)) == 1.0


def test_the_times_that_nobody_sets_are_those_stated() -> None:
    assert (MAX_AGE_S, PLAN_S, HOLD_S, REST_S, HOLD_CHECKS) == (3.0, 10.0, 10.0, 60.0, 10)


def test_answers_are_small_numbers_for_the_record() -> None:
    assert Scene().ask(1.0).answers.dtype == np.uint8


# --- what is no command


def broken(**changes: Any) -> Command:
    return replace(Command(targets=np.array([1.0]), local=np.array([False])), **changes)


@pytest.mark.parametrize(
    "command",
    [
        None,
        "mode 1",
        broken(targets=np.array([1.0, 1.0])),
        broken(targets=np.array([["1"]])),
        broken(targets=np.array(["1"])),
        broken(targets=np.array([1.0 + 0j])),
        broken(local=np.array([False, False])),
        broken(local=np.array([0.0])),
        broken(source=1),
        broken(source="CONTROLLER"),
        broken(note=None),
        broken(step_s="soon"),
        broken(plan=np.zeros((2, 2))),
        broken(plan=np.array([["a"]])),
        broken(plan=np.zeros(1)),
        broken(plan=np.zeros((1, 1, 1))),
    ],
)
def test_what_is_no_command_hands_over_to_the_programme(command: Any) -> None:
    ruling = Scene().shown(0.0).check(command)
    assert_ruled(ruling, "shape", None)
    assert math.isnan(ruling.verdicts[0].asked)
    assert ruling.command.source is Source.GUARD
    assert ruling.command.plan is None
    assert ruling.command.step_s == 0.0
    assert ruling.command.note == ""


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (broken(targets=np.zeros(2)), "targets has shape (2,), expected (1,)"),
        (broken(targets=np.array(["1"])), "targets holds <U1"),
        (broken(local=np.zeros(2, np.bool_)), "local has shape (2,), expected (1,)"),
        (broken(note=None), "source or note is of another type"),
        (broken(plan=np.zeros((2, 2))), "plan must hold numbers [steps, 1]"),
        (None, "AttributeError"),
    ],
)
def test_a_person_is_told_what_is_wrong_with_a_command(command: Any, why: str) -> None:
    (verdict,) = Scene().check(command).verdicts
    assert verdict.reason.endswith(f"no command for this plant: {why}")


@pytest.mark.parametrize("plan", [np.zeros((3, 1)), np.zeros((0, 1)), np.zeros((2, 1), np.int64)])
def test_a_plan_of_numbers_for_every_signal_is_one(plan: Any) -> None:
    scene = Scene().shown(0.0)
    assert_allowed(scene.check(broken(plan=plan)))


def test_what_is_no_command_does_not_cut_a_green() -> None:
    scene = Scene().shown(0.0, for_s=1)
    assert_ruled(scene.check(None), "shape", 0.0)


def test_what_is_no_command_for_a_signal_under_its_programme_leaves_it_there() -> None:
    ruling = Scene().check(None)
    assert_ruled(ruling, "shape", None)


@pytest.mark.parametrize("target", [NAN, INF, -INF])
def test_a_target_that_is_not_finite_is_refused(target: float) -> None:
    scene = Scene().shown(1.0)
    assert_ruled(scene.ask(target), "not_finite", None)


@pytest.mark.parametrize("target", [-1.0, 3.0, 2.5, 0.5, -0.5, 1e300])
def test_a_target_that_is_no_mode_is_refused(target: float) -> None:
    ruling = Scene().shown(1.0).ask(target)
    assert_ruled(ruling, "mode", None)
    assert ruling.verdicts[0].reason.endswith("allowed are modes 0 … 2")


def test_the_first_and_the_last_mode_are_modes() -> None:
    for target in (0.0, 2.0):
        ruling = Scene().shown(1.0).ask(target)
        assert_allowed(ruling)
        assert given(ruling) == target


BAD = signal("B", (0, 1), ("GG", "Gr", "rG"), conflicts=[(0, 1)], phases=[("Gr", 9.0), ("rG", 9.0)])


def test_a_mode_with_conflicting_greens_is_never_commanded() -> None:
    scene = Scene(BAD).shown(1.0)
    assert_ruled(scene.ask(0.0), "unproven", None)


def test_the_proven_modes_of_such_a_junction_may_be_commanded() -> None:
    scene = Scene(BAD).shown(1.0)
    assert_allowed(scene.ask(2.0))


def test_a_mode_that_is_not_proven_is_left_even_if_the_cabinet_shows_it() -> None:
    scene = Scene(BAD)
    scene.ticks(6, None)
    scene.tick(1.0)
    scene.position, scene.begun_s = [0.0], [-90.0]
    scene.told = Receipt(time_s=scene.now_s, positions=np.array([0.0]))
    scene.readings = {"green:B": 90.0}
    scene.now_s += 90.0
    assert_ruled(scene.ask(0.0), "unproven", None)


# --- minimum green


@pytest.mark.parametrize(("for_s", "passes"), [(1, False), (4, False), (5, True), (6, True)])
@pytest.mark.parametrize("target", [2.0, None, 2.5])
def test_a_green_is_kept_for_its_minimum(for_s: int, passes: bool, target: float | None) -> None:
    ruling = Scene().shown(0.0, for_s=for_s).ask(target)
    if not passes:
        answer = Answer.REFUSE if target == 2.5 else Answer.CLAMP
        rule = "mode" if target == 2.5 else "min_green"
        assert_ruled(ruling, rule, 0.0, answer=answer)
    else:
        assert given(ruling) == (2.0 if target == 2.0 else None)


def test_each_mode_has_its_own_minimum_green() -> None:
    scene = Scene(tee(min_green_s=(5.0, 9.0, 2.0)))
    for mode, shortest in ((0.0, 5), (1.0, 9), (2.0, 2)):
        scene = Scene(tee(min_green_s=(5.0, 9.0, 2.0))).shown(mode, for_s=shortest - 1)
        assert_ruled(scene.ask((mode + 1) % 3), "min_green", mode, answer=Answer.CLAMP)
        scene.go()
        assert_allowed(scene.ask((mode + 1) % 3))


def test_the_guards_own_clock_holds_where_the_cabinet_exaggerates() -> None:
    scene = Scene().shown(0.0, for_s=1)
    scene.readings = {"green:T": 99.0}
    assert_ruled(scene.ask(1.0), "min_green", 0.0, answer=Answer.CLAMP)


def test_the_cabinets_clock_holds_where_it_is_behind() -> None:
    scene = Scene().shown(0.0, for_s=20)
    scene.readings = {"green:T": 4.9}
    assert_ruled(scene.ask(1.0), "min_green", 0.0, answer=Answer.CLAMP)
    scene.readings = {"green:T": 5.0}
    assert_allowed(scene.ask(1.0))


def test_a_green_that_began_between_two_ticks_counts_from_when_it_began() -> None:
    scene = Scene(tick_s=10.0)
    scene.ticks(2, None)
    scene.tick(1.0)  # at 20 s; green from 23 s, seen at 30 s
    assert scene.now_s == 30.0
    assert_allowed(scene.ask(2.0))  # 7 s of at least 5 s
    scene = Scene(tee(min_green_s=8.0), tick_s=10.0)
    scene.ticks(2, None)
    scene.tick(1.0)
    assert_ruled(scene.tick(2.0), "min_green", 1.0, answer=Answer.CLAMP)
    scene.readings = {"green:T": 99.0}
    assert_allowed(scene.ask(2.0))
    scene = Scene(tee(min_green_s=8.0), tick_s=10.0)
    scene.ticks(2, None)
    scene.tick(1.0)
    scene.readings = {"green:T": 99.0}
    assert_ruled(scene.tick(2.0), "min_green", 1.0, answer=Answer.CLAMP)


def changed(junction: Junction, **fields: Any) -> Junction:
    return Junction(
        **({name: getattr(junction, name) for name in junction.__dataclass_fields__} | fields)
    )


def test_the_clock_goes_by_the_way_that_was_taken() -> None:
    slow = np.zeros((3, 3))
    slow[2, :2] = 6.0  # whoever leaves mode 2 clears for long
    junction = changed(tee(min_green_s=14.0), all_red_s=slow)
    for start, way_s in ((0.0, 3.0), (2.0, 9.0)):
        scene = Scene(junction, yellow_s=1.0, tick_s=20.0).shown(start)
        scene.tick(1.0)
        scene.readings = {"green:T": 99.0}
        begun_s = scene.now_s - 20.0
        if begun_s + way_s + 14.0 > scene.now_s:
            assert_ruled(scene.ask(0.0), "min_green", 1.0, answer=Answer.CLAMP)
            scene.now_s = begun_s + way_s + 13.9
            assert_ruled(scene.ask(0.0), "min_green", 1.0, answer=Answer.CLAMP)
            scene.now_s = begun_s + way_s + 14.0
        assert_allowed(scene.ask(0.0))


def test_a_mode_that_comes_before_its_time_counts_from_when_it_is_seen() -> None:
    scene = Scene(tee(yellow_s=9.0), yellow_s=1.0).shown(0.0)
    scene.tick(1.0)
    scene.readings = {"green:T": 99.0}
    for _ in range(5):
        assert_ruled(scene.tick(0.0), "min_green", 1.0, answer=Answer.CLAMP)
    assert_allowed(scene.ask(0.0))


def test_a_mode_confirmed_without_a_transition_counts_from_its_first_receipt() -> None:
    scene = Scene(yellow_s=0.0)
    scene.ticks(6, None)
    scene.tick(1.0)
    scene.position = [1.0]
    scene.told = Receipt(time_s=6.0, positions=np.array([1.0]))
    scene.readings = {"green:T": 99.0}
    for now_s in (7.0, 8.0, 10.9):
        scene.now_s = now_s
        assert_ruled(scene.ask(0.0), "min_green", 1.0, answer=Answer.CLAMP)
    scene.now_s = 11.0
    assert_allowed(scene.ask(0.0))


def test_a_clock_that_runs_backwards_keeps_the_green() -> None:
    scene = Scene().shown(0.0)
    scene.now_s = 0.0
    scene.age_s = {"mode:T": 0.0}
    scene.readings = {"green:T": 99.0}
    assert_ruled(scene.ask(1.0), "min_green", 0.0, answer=Answer.CLAMP)


# --- intergreen


def test_a_transition_under_way_keeps_its_goal() -> None:
    scene = Scene().shown(0.0)
    assert_allowed(scene.tick(2.0))
    for target in (0.0, 1.0, None):
        assert_ruled(scene.ask(target), "intergreen", 2.0, answer=Answer.CLAMP)
    assert_ruled(scene.ask(NAN), "not_finite", 2.0)
    assert_allowed(scene.ask(2.0))


def test_the_mode_that_has_just_come_is_at_its_minimum_green() -> None:
    scene = Scene().shown(0.0)
    scene.ticks(3, 2.0)
    assert scene.position == [2.0]
    assert_ruled(scene.ask(1.0), "min_green", 2.0, answer=Answer.CLAMP)


# --- to the programme and back


def test_a_programmes_green_is_kept_for_its_minimum_too() -> None:
    scene = Scene()
    for _ in range(5):
        assert_ruled(scene.tick(1.0), "min_green", None, answer=Answer.CLAMP)
    ruling = scene.tick(1.0)
    assert_allowed(ruling)
    assert given(ruling) == 1.0


@pytest.mark.parametrize("position", [-2.0, NAN, 3.0, 1.5])
def test_a_programme_is_not_left_between_its_greens(position: float) -> None:
    scene = Scene()
    scene.ticks(30, None)
    scene.told = Receipt(time_s=scene.now_s, positions=np.array([position]))
    assert_ruled(scene.ask(1.0), "intergreen", None, answer=Answer.CLAMP)


def test_every_green_of_the_programme_counts_anew() -> None:
    scene = Scene()
    scene.ticks(20, None)
    scene.position = [1.0]
    scene.told = Receipt(time_s=20.0, positions=np.array([1.0]))
    for now_s in (20.0, 24.9):
        scene.now_s = now_s
        assert_ruled(scene.ask(2.0), "min_green", None, answer=Answer.CLAMP)
    scene.now_s = 25.0
    assert_allowed(scene.ask(2.0))


def returning(scene: Scene) -> Scene:
    """On the way from mode 0 to the programme, as cabinets say of themselves."""
    scene.position = [-1.0]
    scene.readings = {"mode:T": -1.0, "green:T": 0.0}
    scene.quality = {"mode:T": Quality.GOOD, "green:T": Quality.GOOD}
    return scene


@pytest.mark.parametrize(("all_red_s", "ticks"), [(0.0, 2), (2.0, 4)])
def test_the_way_to_the_programme_takes_the_longest_of_the_junction(
    all_red_s: float, ticks: int
) -> None:
    scene = Scene(tee(all_red_s=all_red_s)).shown(0.0)
    scene.tick(None)
    returning(scene)
    for _ in range(ticks):
        scene.told = Receipt(time_s=scene.now_s - 1.0, positions=np.array([-1.0]))
        assert_ruled(scene.tick(0.0), "intergreen", None, answer=Answer.CLAMP)
    assert_allowed(scene.ask(0.0))


def test_the_way_counts_from_when_it_began() -> None:
    scene = Scene().shown(0.0)
    scene.ticks(30, None)
    returning(scene).told = Receipt(time_s=scene.now_s, positions=np.array([-1.0]))
    assert_allowed(scene.ask(0.0))


def test_a_cabinet_that_returns_as_the_run_begins_may_be_told_a_mode() -> None:
    scene = returning(Scene())
    scene.told = Receipt(time_s=0.0, positions=np.array([-1.0]))
    assert_allowed(scene.ask(1.0))


@pytest.mark.parametrize(
    ("name", "value"), [("mode:T", -2.0), ("mode:T", NAN), ("green:T", NAN), ("mode:T", 0.0)]
)
def test_what_does_not_say_that_it_returns_is_not_left(name: str, value: float) -> None:
    scene = Scene().shown(0.0)
    scene.ticks(30, None)
    returning(scene).told = Receipt(time_s=scene.now_s, positions=np.array([-1.0]))
    scene.readings[name] = value
    assert_ruled(scene.ask(0.0), "intergreen", None, answer=Answer.CLAMP)


def test_after_the_programme_the_longest_way_counts_for_the_green() -> None:
    scene = Scene(tee(min_green_s=8.0))
    scene.ticks(8, None)
    assert_allowed(scene.tick(1.0))  # at 8 s: green is counted from 11 s
    scene.readings = {"green:T": 99.0, "mode:T": 1.0}
    scene.now_s = 18.9
    assert_ruled(scene.ask(2.0), "min_green", 1.0, answer=Answer.CLAMP)
    scene.now_s = 19.0
    assert_allowed(scene.ask(2.0))


def test_a_mode_held_before_the_programme_acted_says_nothing_of_the_way_after_it() -> None:
    junction = tee(min_green_s=8.0)
    quick = np.array(junction.yellow_s)
    quick[0, 1] = quick[2, 1] = 1.0
    scene = Scene(changed(junction, yellow_s=quick)).shown(0.0)
    scene.ticks(10, None)  # the programme shows mode 0 all the time
    began_s = scene.now_s
    assert_allowed(scene.tick(1.0))
    scene.readings = {"green:T": 99.0, "mode:T": 1.0}
    scene.now_s = began_s + 10.9  # the longest way is 3 s
    assert_ruled(scene.ask(2.0), "min_green", 1.0, answer=Answer.CLAMP)
    scene.now_s = began_s + 11.0
    assert_allowed(scene.ask(2.0))


# --- late decisions


def test_the_last_plan_may_go_on_for_a_while() -> None:
    scene = Scene().shown(0.0)
    scene.tick(0.0)
    for _ in range(int(PLAN_S)):
        assert_allowed(scene.tick(0.0, source=Source.LAST_PLAN))
    ruling = scene.ask(0.0, source=Source.LAST_PLAN)
    assert_ruled(ruling, "late", None)
    assert ruling.verdicts[0].reason.endswith("the last decision is 11 s old")
    assert_ruled(scene.ask(1.0, source=Source.LAST_PLAN), "late", None)
    assert_ruled(scene.ask(1.0, source=Source.GUARD), "late", None)
    assert_allowed(scene.ask(None, source=Source.LAST_PLAN))


@pytest.mark.parametrize("source", [Source.CONTROLLER, Source.LOCAL])
def test_a_decision_ends_that(source: Source) -> None:
    scene = Scene().shown(0.0)
    scene.now_s += 50.0
    assert_allowed(scene.ask(0.0, source=source))
    scene.now_s += PLAN_S
    assert_allowed(scene.ask(0.0, source=Source.LAST_PLAN))


def test_a_plan_without_any_decision_is_late() -> None:
    scene = Scene()
    for _ in range(8):
        assert_ruled(scene.tick(1.0, source=Source.LAST_PLAN), "late", None)


def test_a_late_decision_does_not_cut_a_green() -> None:
    scene = Scene().shown(0.0)
    scene.tick(2.0)
    scene.now_s += 40.0
    scene.position, scene.begun_s = [2.0], [scene.now_s - 1.0]
    assert_ruled(scene.ask(1.0, source=Source.LAST_PLAN), "late", 2.0)


# --- the longest red

SHORT = TrafficSettings(max_red_s=60.0)


def waiting(settings: TrafficSettings = SHORT, for_s: float = 60.0) -> Scene:
    """From south somebody waits, while the two main streams are green."""
    scene = Scene(settings=settings).shown(0.0)
    scene.readings = {"queue:T2": 1.0}
    scene.tick(0.0)
    scene.now_s += for_s - 1.0
    return scene


def test_who_waits_at_red_is_served_after_the_longest_red() -> None:
    assert_ruled(waiting().ask(0.0), "max_red", 2.0)
    assert_ruled(waiting().ask(1.0), "max_red", 2.0)


def test_the_guard_serves_a_red_no_sooner() -> None:
    assert_allowed(waiting(for_s=59.9).ask(0.0))


def test_a_target_that_serves_who_waits_is_allowed() -> None:
    assert_allowed(waiting().ask(2.0))


def test_the_guard_gives_the_minimum_green_and_no_more() -> None:
    scene = waiting()
    while scene.position != [2.0]:
        scene.tick(0.0)
    for _ in range(4):
        assert_ruled(scene.tick(0.0), "min_green", 2.0, answer=Answer.CLAMP)
    while scene.now_s - scene.begun_s[0] < 5.0:
        scene.tick(0.0)
    ruling = scene.tick(0.0)
    assert_allowed(ruling)
    assert given(ruling) == 0.0


def test_the_programme_is_trusted_to_serve_everybody() -> None:
    scene = waiting()
    assert_allowed(scene.ask(None))
    assert_ruled(waiting().ask(NAN), "not_finite", None)


def test_a_longest_red_does_not_cut_a_green() -> None:
    scene = waiting()
    scene.readings["green:T"] = 4.0
    assert_ruled(scene.ask(1.0), "max_red", 0.0)
    assert_allowed(scene.ask(0.0))  # what is asked is what is kept


def test_a_longest_red_does_not_cut_a_transition() -> None:
    scene = waiting(for_s=58.0)
    assert_allowed(scene.tick(1.0))
    scene.now_s += 1.0
    scene.ask(1.0)
    assert_allowed(scene.ask(1.0))
    assert_ruled(scene.ask(0.0), "max_red", 1.0)


def test_a_longest_red_that_no_signal_can_keep_is_lifted() -> None:
    guard = Scene(settings=TrafficSettings(max_red_s=26.9)).guard
    # three modes: 5 s of green, 3 s of yellow and a tick of 1 s each
    assert guard.bound_s.tolist() == [27.0]
    assert guard.max_red_s.tolist() == [27.0]
    guard = Scene(settings=TrafficSettings(max_red_s=27.0)).guard
    assert guard.max_red_s.tolist() == [27.0]
    assert Scene(settings=TrafficSettings(max_red_s=28.0)).guard.max_red_s.tolist() == [28.0]


def test_without_any_yellow_the_bound_is_greens_and_ticks() -> None:
    settings = TrafficSettings(yellow_s=0.0)
    walks = signal(
        "W", (-1, -1), ("Gr", "rG"), conflicts=[(0, 1)], yellow_s=0.0, phases=[("rr", 9.0)]
    )
    assert Scene(walks, settings=settings).guard.bound_s.tolist() == [12.0]


def test_a_way_between_modes_may_be_the_longest_of_all() -> None:
    # the programme shows one red: nothing to lose on the way in
    guard = Scene(tee(phases=[("rrrr", 9.0)])).guard
    assert guard.bound_s.tolist() == [27.0]


def test_a_signal_without_modes_is_left_to_its_programme() -> None:
    scene = Scene(signal("N", (), (), phases=[("r", 9.0)]))
    assert_allowed(scene.ask(None))
    assert_ruled(scene.ask(0.0), "mode", None)


def test_the_bound_counts_greens_and_intergreens_of_all_modes() -> None:
    guard = Scene(crossroads()).guard
    assert guard.bound_s.tolist() == [6.0 + 5.0 + 8.0 + 5.0 + 4 * (4.0 + 1.0)]


def test_where_the_junction_states_no_yellow_that_of_the_settings_counts() -> None:
    settings = TrafficSettings(max_red_s=500.0, yellow_s=4.0)
    guard = Scene(tee(yellow_s=0.0), settings=settings).guard
    assert guard.bound_s.tolist() == [15.0 + 3 * 5.0]


# --- cabinets that cannot be read


def test_a_mode_that_is_not_known_is_held_then_left_to_the_programme() -> None:
    scene = Scene().shown(1.0)
    scene.quality = {"mode:T": Quality.STALE}
    for _ in range(int(HOLD_S)):
        assert_ruled(scene.tick(2.0), "stale", 1.0)
    assert_ruled(scene.tick(2.0), "stale", None)


def test_holding_is_what_was_asked_for() -> None:
    scene = Scene().shown(1.0)
    scene.quality = {"mode:T": Quality.STALE}
    for _ in range(int(HOLD_S)):
        assert_allowed(scene.tick(1.0))
    assert_ruled(scene.ask(1.0), "stale", None)


def test_a_signal_that_is_to_go_to_its_programme_is_held_as_long() -> None:
    scene = Scene().shown(1.0)
    scene.quality = {"mode:T": Quality.STALE}
    for _ in range(int(HOLD_S)):
        assert_ruled(scene.tick(None), "stale", 1.0)
    assert_allowed(scene.ask(None))


@pytest.mark.parametrize("name", ["mode:T", "green:T"])
@pytest.mark.parametrize(
    ("what", "passes"),
    [
        ({"quality": Quality.GOOD}, True),
        ({"quality": Quality.STALE}, False),
        ({"quality": Quality.MISSING}, False),
        ({"age_s": MAX_AGE_S}, True),
        ({"age_s": MAX_AGE_S + 0.1}, False),
        ({"age_s": -MAX_AGE_S}, True),
        ({"age_s": -MAX_AGE_S - 0.1}, False),
        ({"age_s": NAN}, False),
        ({"readings": NAN}, False),
        ({"readings": -1.0}, False),
        ({"readings": INF}, None),
    ],
)
def test_only_a_good_fresh_reading_says_what_is_shown(
    name: str, what: dict[str, float], passes: bool | None
) -> None:
    scene = Scene().shown(1.0)
    for field, value in what.items():
        getattr(scene, field)[name] = value
    ruling = scene.ask(2.0)
    if passes is None:
        passes = name == "green:T"  # very long green is green
    if passes:
        assert_allowed(ruling)
    else:
        assert_ruled(ruling, "stale", 1.0)


def test_a_green_of_no_length_yet_is_known() -> None:
    scene = Scene().shown(1.0)
    scene.readings = {"green:T": 0.0}
    assert_ruled(scene.ask(2.0), "min_green", 1.0, answer=Answer.CLAMP)


@pytest.mark.parametrize("seen", [0.0, 2.0, -2.0, -1.0, 1.5])
def test_a_reading_that_contradicts_the_receipt_is_not_believed(seen: float) -> None:
    scene = Scene().shown(1.0)
    scene.readings = {"mode:T": seen}
    assert_ruled(scene.ask(2.0), "stale", 1.0)


def test_an_arrival_is_no_contradiction() -> None:
    scene = Scene().shown(1.0)
    scene.ticks(3, 2.0)  # the receipt still says: on the way
    assert scene.told.positions.tolist() == [-3.0]
    assert_allowed(scene.ask(2.0))
    assert_ruled(scene.ask(1.0), "min_green", 2.0, answer=Answer.CLAMP)


def test_an_arrival_counts_only_if_its_reading_is_fresh() -> None:
    scene = Scene().shown(1.0)
    scene.tick(2.0)
    begun_s = scene.now_s - 1.0
    scene.readings, scene.quality = {"mode:T": 2.0}, {"mode:T": Quality.STALE}
    scene.tick(2.0)  # says too early that it is there
    scene.readings, scene.quality = {"green:T": 99.0}, {}
    while scene.now_s < begun_s + 8.0:
        assert given(scene.ask(1.0)) == 2.0
        scene.tick(2.0)
    assert_allowed(scene.ask(1.0))


def test_an_arrival_elsewhere_is_a_contradiction() -> None:
    scene = Scene().shown(1.0)
    scene.tick(2.0)
    scene.readings = {"mode:T": 0.0}
    assert_ruled(scene.ask(0.0), "stale", 2.0)


@pytest.mark.parametrize(("start", "goal"), [(2.0, 0.0), (1.0, 2.0)])
def test_an_arrival_that_is_not_seen_ends_with_the_receipt(start: float, goal: float) -> None:
    scene = Scene().shown(start)
    scene.tick(goal)
    scene.quality = {"mode:T": Quality.MISSING}
    scene.ticks(3, goal)
    assert scene.told.positions.tolist() == [goal]
    scene.quality = {}
    scene.readings = {"green:T": 99.0}
    for _ in range(4):  # green from 3 s on, seen at 4 s
        assert_ruled(scene.tick(1.0), "min_green", goal, answer=Answer.CLAMP)
    assert_allowed(scene.ask(1.0))


@pytest.mark.parametrize(("start", "goal"), [(2.0, 0.0), (1.0, 2.0)])
def test_an_arrival_that_is_not_seen_counts_from_when_the_way_was_over(
    start: float, goal: float
) -> None:
    scene = Scene(tee(min_green_s=14.0), tick_s=10.0).shown(start)
    scene.tick(goal)
    scene.quality = {"mode:T": Quality.MISSING}
    scene.tick(goal)
    scene.quality, scene.readings = {}, {"green:T": 99.0}
    assert scene.told.positions.tolist() == [goal]
    assert_allowed(scene.ask(1.0))  # 17 s, though only confirmed for 10 s


def test_an_arrival_that_is_told_late_counts_from_when_the_way_was_over() -> None:
    scene = Scene(yellow_s=9.0).shown(1.0)
    scene.ticks(9, 2.0)
    scene.readings = {"green:T": 99.0}
    assert scene.position == [2.0]
    assert_allowed(scene.ask(1.0))  # 3 s of yellow, 6 s of green


def test_the_programmes_green_counts_from_when_it_is_confirmed() -> None:
    scene = Scene()
    for now_s, position in ((0.0, -2.0), (10.0, 1.0)):
        scene.now_s = now_s
        scene.told = Receipt(time_s=now_s, positions=np.array([position]))
        scene.ask(None)
    scene.now_s = 14.9
    assert_ruled(scene.ask(2.0), "min_green", None, answer=Answer.CLAMP)
    scene.now_s = 15.0
    assert_allowed(scene.ask(2.0))


def test_a_mode_that_is_known_again_may_be_left() -> None:
    scene = Scene().shown(1.0)
    scene.quality = {"mode:T": Quality.STALE}
    scene.ticks(8, 1.0)
    scene.quality = {}
    assert_allowed(scene.tick(1.0))
    scene.quality = {"mode:T": Quality.STALE}
    scene.ticks(8, 1.0)  # counts anew
    scene.quality = {}
    assert_allowed(scene.ask(2.0))


def test_not_knowing_does_not_cut_a_green() -> None:
    scene = Scene(tee(min_green_s=30.0)).shown(1.0, for_s=1)
    scene.quality = {"mode:T": Quality.STALE}
    scene.readings = {"green:T": 99.0}
    for _ in range(29):
        assert given(scene.tick(2.0)) == 1.0
    assert_ruled(scene.tick(2.0), "stale", None)


def test_after_that_the_programme_acts_for_a_while() -> None:
    scene = Scene().shown(1.0)
    scene.quality = {"mode:T": Quality.STALE}
    while given(scene.tick(1.0)) is not None:
        pass
    scene.quality = {}
    for _ in range(int(REST_S) - 1):
        assert_ruled(scene.tick(1.0), "stale", None)
    assert_allowed(scene.ask(None))
    assert_allowed(scene.ask(1.0))


def test_under_its_programme_nothing_need_be_known() -> None:
    scene = Scene()
    scene.ticks(30, None)
    scene.ticks(1, 1.0)


@pytest.mark.parametrize("position", [NAN, 1.5, 3.0, -4.0, -1.5, INF, -INF])
def test_a_position_that_is_none_leaves_the_signal_to_its_programme(position: float) -> None:
    scene = Scene().shown(1.0)
    scene.told = Receipt(time_s=scene.now_s, positions=np.array([position]))
    scene.readings = {"mode:T": position}
    ruling = scene.ask(1.0)
    assert_ruled(ruling, "stale", None)
    assert ruling.verdicts[0].reason.endswith("the plant confirms no mode")


def test_the_last_mode_is_a_position() -> None:
    scene = Scene().shown(2.0)
    assert_allowed(scene.ask(0.0))
    scene.tick(0.0)
    scene = Scene().shown(0.0)
    scene.ticks(2, 2.0)


# --- sensors that cannot be read at all


def unreadable() -> list[tuple[Any, Any]]:
    scene = Scene().shown(1.0)
    good, told = scene.observation(), scene.told
    others = SignalTable(signals=(Signal(name="mode:T", unit="1"),))
    return [
        ("nothing", told),
        (good, "nothing"),
        (replace(good, time_s=NAN), told),
        (replace(good, time_s=INF), told),
        (replace(good, time_s="now"), told),
        (replace(good, table=others), told),
        (replace(good, values=good.values[1:]), told),
        (replace(good, values=good.values.astype(str)), told),
        (replace(good, quality=good.quality[1:]), told),
        (replace(good, quality=good.quality.astype(float)), told),
        (replace(good, valid_at_s=good.valid_at_s[1:]), told),
        (replace(good, valid_at_s=good.valid_at_s.astype(str)), told),
        (good, replace(told, positions=np.zeros(2))),
        (good, replace(told, positions=np.array(["1"]))),
        (good, replace(told, time_s=NAN)),
        (good, replace(told, time_s=-INF)),
    ]


def test_a_person_is_told_what_cannot_be_read() -> None:
    scene = Scene().shown(1.0)
    good, told = scene.observation(), scene.told
    command = Command(targets=np.array([2.0]), local=np.array([False]))
    for observation, receipt, why in (
        (replace(good, values=good.values[1:]), told, "values has shape (5,), expected (6,)"),
        (replace(good, quality=good.quality[1:]), told, "quality has shape (5,), expected (6,)"),
        (
            replace(good, valid_at_s=good.values[1:]),
            told,
            "valid_at_s has shape (5,), expected (6,)",
        ),
        (good, replace(told, positions=np.zeros(2)), "positions has shape (2,), expected (1,)"),
        (replace(good, time_s=NAN), told, "the time is not finite"),
        (
            replace(good, table=SignalTable(signals=())),
            told,
            "the signals are not those of this plant",
        ),
    ):
        (verdict,) = scene.check(command, observation, receipt).verdicts
        assert verdict.reason.endswith(f"sensors or receipt cannot be read: {why}")


def test_whole_numbers_of_any_type_are_readings() -> None:
    scene = Scene().shown(1.0)
    good = scene.observation()
    scene.check(
        Command(targets=np.array([2.0]), local=np.array([False])),
        replace(
            good,
            values=good.values.astype(np.int64),
            quality=good.quality.astype(np.int64),
            valid_at_s=good.valid_at_s.astype(np.int64),
        ),
        replace(scene.told, positions=scene.told.positions.astype(np.int64)),
    )
    assert scene.ruling is not None
    assert_allowed(scene.ruling)


@pytest.mark.parametrize("case", range(len(unreadable())))
def test_where_nothing_can_be_read_what_was_given_goes_on_then_the_programme(case: int) -> None:
    observation, receipt = unreadable()[case]
    scene = Scene().shown(1.0)
    command = Command(targets=np.array([2.0]), local=np.array([False]))
    for _ in range(HOLD_CHECKS):
        ruling = scene.check(command, observation, receipt)
        assert_ruled(ruling, "shape", 1.0)
        assert ruling.command.source is Source.GUARD
    assert_ruled(scene.check(command, observation, receipt), "shape", None)
    assert_ruled(scene.check(command, observation, receipt), "shape", None)


def test_a_readable_moment_ends_the_count() -> None:
    scene = Scene().shown(1.0)
    command = Command(targets=np.array([2.0]), local=np.array([False]))
    for _ in range(3):
        for _ in range(HOLD_CHECKS):
            assert_ruled(scene.check(command, "nothing"), "shape", 1.0)
        assert_allowed(scene.ask(1.0))


def test_an_equal_table_is_the_plants_own() -> None:
    scene = Scene().shown(1.0)
    twin = replace(scene.observation(), table=SignalTable(signals=scene.table.signals))
    command = Command(targets=np.array([2.0]), local=np.array([False]))
    assert_allowed(scene.check(command, twin))


def test_the_way_to_the_programme_counts_after_silence_too() -> None:
    scene = Scene().shown(1.0)
    command = Command(targets=np.array([1.0]), local=np.array([False]))
    for _ in range(HOLD_CHECKS + 1):
        scene.check(command, "nothing")
    scene.go()
    returning(scene).told = Receipt(time_s=scene.now_s, positions=np.array([-1.0]))
    assert_ruled(scene.tick(1.0), "intergreen", None, answer=Answer.CLAMP)


def test_no_warning_is_raised_whatever_comes() -> None:
    scene = Scene().shown(1.0)
    command = Command(targets=np.array([2.0]), local=np.array([False]))
    far = replace(scene.observation(), time_s=1.5e308, valid_at_s=np.full(6, -1.5e308))
    with np.errstate(all="raise"):
        assert_ruled(scene.check(command, far), "stale", 1.0)


# --- many signals


def test_each_signal_is_judged_by_itself() -> None:
    scene = Scene(tee("A"), tee("B"), tee("C"))
    scene.shown(1.0)
    ruling = scene.ask(2.5, 1.0, 2.0)
    assert ruling.answers.tolist() == [Answer.REFUSE, Answer.ALLOW, Answer.ALLOW]
    assert [v.actuator for v in ruling.verdicts] == [0]
    assert [given(ruling, i) for i in range(3)] == [None, 1.0, 2.0]
    assert ruling.verdicts[0].reason.startswith("A: 2.5 was asked")
    assert ruling.verdicts[0].asked == 2.5
    scene.go()
    ruling = scene.ask(None, 1.0, 0.0)
    assert_ruled(ruling, "intergreen", 2.0, answer=Answer.CLAMP, i=2)
    assert len(ruling.verdicts) == 1


def test_readings_belong_to_their_signal() -> None:
    scene = Scene(tee("A"), tee("B")).shown(1.0)
    scene.quality = {"mode:B": Quality.STALE}
    ruling = scene.ask(2.0, 2.0)
    assert_ruled(ruling, "stale", 1.0, i=1)
    assert given(ruling, 0) == 2.0


def test_who_waits_is_served_at_his_own_signal() -> None:
    scene = Scene(tee("A"), tee("B"), settings=SHORT).shown(0.0)
    scene.readings = {"queue:B2": 1.0}
    scene.tick(0.0, 0.0)
    scene.now_s += 60.0
    ruling = scene.ask(0.0, 0.0)
    assert_ruled(ruling, "max_red", 2.0, i=1)
    assert given(ruling, 0) == 0.0


def test_actuators_find_their_junction_by_name() -> None:
    one, other = tee("A", min_green_s=5.0), crossroads("B")
    table = table_of((one, other))
    guard = build_guard((one, other), (actuator(other), actuator(one)), table, LONG)
    assert guard.bound_s.tolist() == [44.0, 27.0]


def test_a_junction_without_an_actuator_is_left_alone() -> None:
    table = table_of((TEE, crossroads()))
    guard = build_guard((TEE, crossroads()), (actuator(TEE),), table, LONG)
    assert len(guard.proofs) == 1


# --- what cannot be guarded


def test_an_actuator_that_is_no_junction_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="'B' is not a signal of this network") as caught:
        build_guard((TEE,), (actuator(BAD),), table_of((TEE,)), LONG)
    assert caught.value.known == ["T"]


def test_a_plant_that_does_not_say_what_it_shows_is_an_error() -> None:
    for missing in ("mode:T", "green:T"):
        table = SignalTable(signals=tuple(s for s in table_of((TEE,)).signals if s.name != missing))
        with pytest.raises(UnknownNameError, match=missing):
            build_guard((TEE,), (actuator(TEE),), table, LONG)


@pytest.mark.parametrize("levels", [(0.0, 1.0), (0.0, 1.0, 2.0, 3.0), (1.0, 2.0, 3.0), ()])
def test_levels_that_are_not_the_modes_are_an_error(levels: tuple[float, ...]) -> None:
    odd = replace(actuator(TEE), levels=levels, high=3.0)
    with pytest.raises(InputError, match="its 3 modes need 0 … 2"):
        build_guard((TEE,), (odd,), table_of((TEE,)), LONG)


def test_an_actuator_that_contradicts_itself_is_an_error() -> None:
    odd = replace(actuator(TEE), high=1.0)
    with pytest.raises(InputError, match="must lie within"):
        build_guard((TEE,), (odd,), table_of((TEE,)), LONG)


@pytest.mark.parametrize("max_red_s", [0.0, -1.0, NAN])
def test_a_longest_red_that_is_none_is_an_error(max_red_s: float) -> None:
    with pytest.raises(InputError, match="max_red_s"):
        Scene(settings=TrafficSettings(max_red_s=max_red_s))


def test_a_longest_red_of_less_than_a_second_is_one() -> None:
    Scene(settings=TrafficSettings(max_red_s=0.5))


@pytest.mark.parametrize("shortest", [-0.1, NAN, INF])
def test_a_minimum_green_that_is_none_is_an_error(shortest: float) -> None:
    with pytest.raises(InputError, match="min_green_s"):
        Scene(tee(min_green_s=(5.0, shortest, 5.0)))


def test_a_minimum_green_of_nothing_is_kept() -> None:
    Scene(tee(min_green_s=0.0)).shown(1.0, for_s=0)


def test_a_minimum_green_is_stated_for_every_mode() -> None:
    with pytest.raises(InputError, match="each of 3 modes"):
        Scene(changed(TEE, min_green_s=np.full(2, 5.0)))
