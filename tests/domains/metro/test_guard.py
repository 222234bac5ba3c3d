"""Does every interlock of the station guard fire when it must, and pass when it must?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jialing.core.command import Answer, Command, Receipt, Ruling, Source
from jialing.core.errors import InputError, UnknownNameError
from jialing.core.signal import Actuator, Observation, Quality, Signal, SignalTable
from jialing.core.stages import Guard
from jialing.domains.metro.guard import (
    CLAMPS,
    WHY,
    Rule,
    StationGuard,
    Terms,
    Way,
    build_guard,
)

NAN, INF = math.nan, math.inf
UP, CLOSED, DOWN = 1.0, 0.0, -1.0
RUN, CLEAR, STAND, RESTART = 0.0, 1.0, 2.0, 3.0
E1 = Way(link="E1", stage="P", kind="escalator", home=UP)
E2 = Way(link="E2", stage="P", kind="escalator", home=UP)
E3 = Way(link="E3", stage="P", kind="escalator", home=DOWN)
STAIR = Way(link="S", stage="P", kind="stair", home=0.0)
WAYS = (E1, E2, E3, STAIR)
AUTO = Terms(mode="auto", min_dwell_s=600.0, budget=12, max_age_s=90.0)
LEVELS = (DOWN, CLOSED, UP)


def link(name: str) -> Actuator:
    return Actuator(name=name, kind="escalator", low=-1.0, levels=LEVELS, safe=NAN)


METER = Actuator(name="meter:A", kind="meter", low=0.25, levels=(0.25, 0.5, 1.0), safe=1.0)


def table_of(ways: Sequence[Way]) -> SignalTable:
    return SignalTable(
        signals=(
            Signal(name="queue_up:P", unit="ped"),
            *(Signal(name=f"onboard:{w.link}", unit="ped", low=0.0) for w in ways),
            *(Signal(name=f"direction:{w.link}", unit="1", low=-1.0, high=1.0) for w in ways),
            *(Signal(name=f"phase:{w.link}", unit="1", low=0.0, high=3.0) for w in ways),
            *(Signal(name=f"works:{w.link}", unit="1", low=0.0, high=1.0) for w in ways),
            Signal(name="density:P1", unit="1/m²", low=0.0, high=20.0),
            Signal(name="density:P2", unit="1/m²", low=0.0, high=20.0),
        )
    )


class Scene:
    """A station whose sensors and drives a test sets by hand."""

    def __init__(
        self,
        terms: Terms = AUTO,
        *,
        moved: Sequence[str] = ("E2",),
        ways: Sequence[Way] = WAYS,
        meters: Sequence[Actuator] = (),
    ) -> None:
        self.ways, self.table = ways, table_of(ways)
        self.actuators = (*(link(name) for name in moved), *meters)
        self.moved = list(moved)
        self.guard = build_guard(self.actuators, ways, self.table, terms)
        self.values = {signal.name: 0.0 for signal in self.table.signals}
        for way in ways:
            self.values[f"direction:{way.link}"] = way.home
            self.values[f"works:{way.link}"] = 1.0
        self.quality: dict[str, int] = {}
        self.age: dict[str, float] = {}
        self.position: dict[str, float] = {}

    def set(self, name: str, **quantities: float) -> Scene:
        for quantity, value in quantities.items():
            self.values[f"{quantity}:{name}"] = value
        return self

    def observation(self, now_s: float) -> Observation:
        names = [signal.name for signal in self.table.signals]
        return Observation(
            time_s=now_s,
            values=np.array([self.values[n] for n in names]),
            quality=np.array([self.quality.get(n, 0) for n in names], dtype=np.uint8),
            valid_at_s=np.array([now_s - self.age.get(n, 0.0) for n in names]),
            table=self.table,
        )

    def receipt(self, now_s: float) -> Receipt:
        seen = [self.position.get(n, self.values[f"direction:{n}"]) for n in self.moved]
        meters = [1.0] * (len(self.actuators) - len(seen))
        return Receipt(time_s=now_s, positions=np.array([*seen, *meters]))

    def ask(self, *targets: float, at: float = 1000.0, local: Any = None, **more: Any) -> Ruling:
        flags = [False] * len(targets) if local is None else local
        command = Command(targets=np.array(targets), local=np.array(flags, dtype=np.bool_), **more)
        return self.guard.check(command, self.observation(at), self.receipt(at))


def allows(ruling: Ruling, *targets: float) -> bool:
    """True if every actuator got what was asked, without a verdict."""
    return (
        not ruling.verdicts
        and not ruling.answers.any()
        and not ruling.command.local.any()
        and ruling.command.targets.tolist() == list(targets)
    )


def only(ruling: Ruling) -> tuple[str, float]:
    """Rule and given target of the single verdict; the answers and the command must agree."""
    (verdict,) = ruling.verdicts
    given = float(ruling.command.targets[verdict.actuator])
    assert ruling.answers[verdict.actuator] == verdict.answer
    assert given == verdict.given
    assert not ruling.command.local[verdict.actuator]
    rule = verdict.rule
    on_the_way = {"level", "clear", "prove", "inspect", "restart"}
    assert verdict.answer is (Answer.CLAMP if rule in on_the_way else Answer.REFUSE)
    return rule, given


def standing(scene: Scene, name: str = "E2", **more: float) -> Scene:
    """Bring a link to a stand."""
    return scene.set(name, **{"direction": CLOSED, "phase": STAND, "onboard": 0.0, **more})


# What an ordinary command looks like -------------------------------------------------------------


def test_the_guard_is_a_guard() -> None:
    guard: Guard = Scene().guard
    assert isinstance(guard, StationGuard)


def test_a_link_may_go_on_as_it_runs() -> None:
    assert allows(Scene().ask(UP), UP)
    assert allows(Scene(replace(AUTO, mode="observe")).ask(UP), UP)
    assert allows(Scene(moved=["E3"]).ask(DOWN), DOWN)


def test_an_allowed_command_passes_with_all_that_belongs_to_it() -> None:
    plan = np.array([[1.0], [-1.0]])
    ruling = Scene().ask(UP, plan=plan, step_s=60.0, note="stay", source=Source.LAST_PLAN)
    command = ruling.command
    assert (command.source, command.step_s, command.note) == (Source.LAST_PLAN, 60.0, "stay")
    assert command.plan is plan
    assert command.targets.dtype == np.float64
    assert ruling.answers.dtype == np.uint8
    assert command.local.dtype == np.bool_


def test_the_writer_s_own_arrays_are_left_as_they_are_and_no_longer_matter() -> None:
    scene = Scene()
    command = Command(targets=np.array([DOWN]), local=np.array([False]))
    ruling = scene.guard.check(command, scene.observation(1.0), scene.receipt(1.0))
    assert command.targets.tolist() == [DOWN]
    local = Command(targets=np.array([NAN]), local=np.array([True]))
    ruling = scene.guard.check(local, scene.observation(2.0), scene.receipt(2.0))
    local.local[0] = False
    assert ruling.command.local[0]


# The sequence of a reversal ----------------------------------------------------------------------


def test_a_reversal_closes_clears_stands_is_inspected_and_restarts() -> None:
    scene = Scene()
    assert only(scene.ask(DOWN, at=1000.0)) == ("clear", CLOSED)
    scene.set("E2", phase=CLEAR, onboard=9.0)
    assert only(scene.ask(DOWN, at=1030.0)) == ("clear", CLOSED)
    standing(scene)
    assert only(scene.ask(DOWN, at=1060.0)) == ("inspect", CLOSED)
    assert only(scene.ask(DOWN, at=1089.0)) == ("inspect", CLOSED)
    assert allows(scene.ask(DOWN, at=1090.0), DOWN)
    scene.set("E2", phase=RESTART)
    assert allows(scene.ask(DOWN, at=1120.0), DOWN)
    scene.set("E2", phase=RUN, direction=DOWN)
    assert allows(scene.ask(DOWN, at=1150.0), DOWN)
    assert scene.guard.interlocks.used.tolist() == [1]


def test_nothing_restarts_while_anyone_is_on_it() -> None:
    scene = standing(Scene(), onboard=1.0)
    assert only(scene.ask(DOWN, at=1000.0)) == ("prove", CLOSED)
    assert only(scene.ask(DOWN, at=2000.0)) == ("prove", CLOSED)
    scene.set("E2", onboard=0.0)
    assert only(scene.ask(DOWN, at=2030.0)) == ("inspect", CLOSED)
    assert allows(scene.ask(DOWN, at=2060.0), DOWN)


def test_whoever_steps_on_during_the_inspection_begins_it_anew() -> None:
    scene = standing(Scene())
    scene.ask(DOWN, at=1000.0)
    scene.set("E2", onboard=1.0).ask(DOWN, at=1020.0)
    scene.set("E2", onboard=0.0)
    assert only(scene.ask(DOWN, at=1040.0)) == ("inspect", CLOSED)
    assert allows(scene.ask(DOWN, at=1070.0), DOWN)


@pytest.mark.parametrize("phase", [RUN, CLEAR])
def test_a_link_that_claims_no_direction_but_does_not_stand_is_not_started(phase: float) -> None:
    scene = Scene().set("E2", direction=CLOSED, phase=phase)
    scene.ask(UP, at=1000.0)
    assert only(scene.ask(UP, at=2000.0)) == ("prove", CLOSED)


def test_a_restart_cannot_be_turned_into_another() -> None:
    scene = standing(Scene())
    scene.ask(DOWN, at=1000.0)
    assert allows(scene.ask(DOWN, at=1030.0), DOWN)
    scene.set("E2", phase=RESTART)
    for wish in (UP, CLOSED):
        assert only(scene.ask(wish, at=1060.0)) == ("restart", DOWN)
    assert only(scene.ask(NAN, at=1060.0)) == ("not_finite", DOWN)
    assert allows(scene.ask(DOWN, at=1060.0), DOWN)


def test_a_restart_goes_on_whatever_the_counts_of_another_link() -> None:
    scene = standing(Scene())
    scene.ask(DOWN, at=1000.0)
    scene.ask(DOWN, at=1030.0)
    scene.set("E2", phase=RESTART)
    scene.quality["onboard:E3"] = Quality.STALE
    assert allows(scene.ask(DOWN, at=1060.0), DOWN)


def test_a_restart_that_nobody_granted_is_told_to_close() -> None:
    scene = Scene().set("E2", direction=CLOSED, phase=RESTART)
    assert only(scene.ask(DOWN)) == ("restart", CLOSED)
    assert allows(scene.ask(CLOSED), CLOSED)


def test_a_restart_that_was_asked_for_but_not_granted_is_told_to_close() -> None:
    scene = standing(Scene())
    assert only(scene.ask(DOWN, at=1000.0)) == ("inspect", CLOSED)
    scene.set("E2", phase=RESTART)
    assert only(scene.ask(DOWN, at=1030.0)) == ("restart", CLOSED)


def test_a_restart_that_is_no_longer_seen_is_told_to_close() -> None:
    scene = standing(Scene())
    scene.ask(DOWN, at=1000.0)
    scene.ask(DOWN, at=1030.0)
    scene.set("E2", phase=RESTART)
    scene.quality["onboard:E2"] = Quality.STALE
    assert only(scene.ask(DOWN, at=1060.0)) == ("stale", CLOSED)


# The receipt is a tick older than what the drive says ---------------------------------------------


def test_a_drive_that_has_stopped_since_the_receipt_stands() -> None:
    scene = standing(Scene())
    scene.position["E2"] = UP
    assert only(scene.ask(DOWN, at=1000.0)) == ("inspect", CLOSED)
    scene.position.clear()
    assert allows(scene.ask(DOWN, at=1030.0), DOWN)


@pytest.mark.parametrize("phase", [RUN, CLEAR, RESTART])
def test_a_drive_that_says_it_has_stopped_but_does_not_stand_is_not_believed(phase: float) -> None:
    scene = Scene().set("E2", direction=CLOSED, phase=phase)
    scene.position["E2"] = UP
    assert only(scene.ask(DOWN, at=1000.0)) == ("stale", UP)


def test_a_stop_that_cannot_be_seen_is_not_believed() -> None:
    scene = standing(Scene())
    scene.position["E2"] = UP
    scene.quality["works:E2"] = Quality.STALE
    assert only(scene.ask(DOWN, at=1000.0)) == ("stale", UP)


def test_a_drive_that_has_started_as_granted_since_the_receipt_runs() -> None:
    scene = standing(Scene())
    scene.ask(DOWN, at=1000.0)
    assert allows(scene.ask(DOWN, at=1030.0), DOWN)
    scene.set("E2", direction=DOWN, phase=RUN)
    scene.position["E2"] = CLOSED
    assert allows(scene.ask(DOWN, at=1060.0), DOWN)
    assert only(scene.ask(UP, at=1659.0)) == ("dwell", DOWN)


@pytest.mark.parametrize(("direction", "phase"), [(UP, RUN), (DOWN, CLEAR), (DOWN, STAND)])
def test_a_drive_that_runs_otherwise_than_granted_is_not_believed(
    direction: float, phase: float
) -> None:
    scene = standing(Scene())
    scene.ask(DOWN, at=1000.0)
    assert allows(scene.ask(DOWN, at=1030.0), DOWN)
    scene.set("E2", direction=direction, phase=phase)
    scene.position["E2"] = CLOSED
    assert only(scene.ask(direction, at=1060.0)) == ("stale", CLOSED)


def test_a_drive_that_has_turned_since_the_receipt_is_not_believed() -> None:
    scene = standing(Scene())
    scene.ask(DOWN, at=1000.0)
    assert allows(scene.ask(DOWN, at=1030.0), DOWN)
    scene.set("E2", direction=UP, phase=RUN)
    scene.ask(UP, at=1060.0)
    scene.position["E2"] = UP
    scene.set("E2", direction=DOWN)
    assert only(scene.ask(DOWN, at=1090.0)) == ("stale", UP)


def test_a_link_may_be_closed_and_stay_closed() -> None:
    scene = Scene()
    assert allows(scene.ask(CLOSED, at=1000.0), CLOSED)
    scene.set("E2", phase=CLEAR)
    assert allows(scene.ask(CLOSED, at=1030.0), CLOSED)
    standing(scene)
    assert allows(scene.ask(CLOSED, at=1060.0), CLOSED)
    assert allows(scene.ask(UP, at=1090.0), UP)


def test_a_closure_may_be_taken_back_while_it_clears() -> None:
    scene = Scene()
    scene.ask(DOWN, at=1000.0)
    scene.set("E2", phase=CLEAR, onboard=5.0)
    assert allows(scene.ask(UP, at=1030.0), UP)


def test_standing_is_counted_from_when_it_was_seen_not_from_an_earlier_time() -> None:
    scene = standing(Scene())
    scene.ask(UP, at=1000.0)
    scene.age["onboard:E2"] = 91.0
    assert only(scene.ask(UP, at=1100.0)) == ("stale", CLOSED)
    scene.age.clear()
    assert only(scene.ask(UP, at=1130.0)) == ("inspect", CLOSED)


def test_inspection_lasts_as_long_as_each_link_says() -> None:
    ways = (E1, replace(E2, inspect_s=120.0), E3)
    scene = standing(Scene(ways=ways))
    scene.ask(DOWN, at=0.0)
    assert only(scene.ask(DOWN, at=119.0)) == ("inspect", CLOSED)
    assert allows(scene.ask(DOWN, at=120.0), DOWN)


# Dwell, budget, key, modes -----------------------------------------------------------------------


def reverse(scene: Scene, to: float, *, at: float) -> None:
    """Walk E2 through a whole reversal that begins at `at` and runs again 120 s later."""
    assert only(scene.ask(to, at=at)) == ("clear", CLOSED)
    standing(scene)
    scene.ask(to, at=at + 60.0)
    assert allows(scene.ask(to, at=at + 90.0), to)
    scene.set("E2", phase=RUN, direction=to)
    assert allows(scene.ask(to, at=at + 120.0), to)


def test_a_direction_is_kept_for_the_shortest_dwell() -> None:
    scene = Scene()
    reverse(scene, DOWN, at=1000.0)
    assert only(scene.ask(UP, at=1719.0)) == ("dwell", DOWN)
    assert only(scene.ask(CLOSED, at=1719.0)) == ("dwell", DOWN)
    assert only(scene.ask(UP, at=1720.0)) == ("clear", CLOSED)


def test_the_first_reversal_needs_no_dwell() -> None:
    assert only(Scene().ask(DOWN, at=0.0)) == ("clear", CLOSED)


def test_a_link_at_a_stand_may_start_before_its_dwell_is_over() -> None:
    scene = Scene()
    scene.ask(CLOSED, at=1000.0)
    standing(scene)
    scene.ask(UP, at=1030.0)
    assert allows(scene.ask(UP, at=1060.0), UP)


def test_reversals_beyond_the_budget_are_refused() -> None:
    scene = Scene(replace(AUTO, budget=2, min_dwell_s=0.0))
    reverse(scene, DOWN, at=0.0)
    reverse(scene, UP, at=1000.0)
    assert only(scene.ask(DOWN, at=2000.0)) == ("budget", UP)
    assert scene.guard.interlocks.used.tolist() == [2]


def test_a_refused_reversal_costs_nothing_and_one_that_clears_is_counted_once() -> None:
    scene = Scene(replace(AUTO, budget=1))
    scene.set("E2", works=0.0)
    assert only(scene.ask(DOWN)) == ("failed", UP)
    scene.set("E2", works=1.0)
    assert only(scene.ask(DOWN)) == ("clear", CLOSED)
    scene.set("E2", phase=CLEAR)
    for _ in range(3):
        assert only(scene.ask(DOWN)) == ("clear", CLOSED)
    assert scene.guard.interlocks.used.tolist() == [1]


def test_a_budget_of_nothing_allows_nothing() -> None:
    assert only(Scene(replace(AUTO, budget=0)).ask(DOWN)) == ("budget", UP)


def test_whoever_only_observes_changes_nothing() -> None:
    scene = Scene(replace(AUTO, mode="observe"))
    assert only(scene.ask(DOWN)) == ("observe", UP)
    assert only(scene.ask(CLOSED)) == ("observe", UP)
    standing(scene)
    assert only(scene.ask(UP, at=5000.0)) == ("observe", CLOSED)


def test_every_guard_observes_unless_told_otherwise() -> None:
    assert Terms().mode == "observe"


def test_advice_waits_for_the_operator_s_key() -> None:
    scene = Scene(replace(AUTO, mode="advise"))
    assert only(scene.ask(DOWN, at=1000.0)) == ("key", UP)
    scene.guard.turn_key("E2", DOWN, 1010.0)
    assert only(scene.ask(DOWN, at=1020.0)) == ("clear", CLOSED)
    standing(scene)
    scene.ask(DOWN, at=9000.0)
    assert allows(scene.ask(DOWN, at=9030.0), DOWN)  # begun is begun


def test_a_key_holds_for_its_time_its_link_and_its_direction() -> None:
    terms = replace(AUTO, mode="advise", key_s=300.0)
    for at, rule in ((999.0, "key"), (1000.0, "clear"), (1300.0, "clear"), (1301.0, "key")):
        scene = Scene(terms)
        scene.guard.turn_key("E2", DOWN, 1000.0)
        assert only(scene.ask(DOWN, at=at))[0] == rule
    scene = Scene(terms)
    scene.guard.turn_key("E2", DOWN, 1000.0)
    assert only(scene.ask(CLOSED, at=1000.0)) == ("key", UP)
    both = Scene(terms, moved=["E2", "E3"])
    both.guard.turn_key("E3", DOWN, 1000.0)
    assert only(both.ask(DOWN, DOWN, at=1000.0)) == ("key", UP)


def test_a_key_for_an_unknown_link_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match=r"'E9' is not a reversible link"):
        Scene().guard.turn_key("E9", DOWN, 0.0)
    with pytest.raises(UnknownNameError, match=r"reversible link of this station.*Known: E2"):
        Scene().guard.turn_key("E1", DOWN, 0.0)


# One way in each direction, and one without steps ------------------------------------------------


def test_the_last_working_escalator_of_a_direction_keeps_it() -> None:
    scene = Scene(moved=["E2", "E3"])
    assert only(scene.ask(UP, UP)) == ("last_way", DOWN)
    scene.set("E1", works=0.0)
    assert [v.rule for v in scene.ask(DOWN, DOWN).verdicts] == ["last_way"]


@pytest.mark.parametrize(
    "trouble",
    [{"works": 0.0}, {"phase": CLEAR}, {"phase": STAND}, {"direction": DOWN}, {"direction": NAN}],
)
def test_a_link_that_does_not_serve_the_direction_is_no_other_way(
    trouble: dict[str, float],
) -> None:
    assert only(Scene().set("E1", **trouble).ask(DOWN)) == ("last_way", UP)


def test_a_link_that_cannot_be_counted_is_no_other_way() -> None:
    scene = Scene()
    scene.quality["phase:E1"] = Quality.MISSING
    assert only(scene.ask(DOWN)) == ("last_way", UP)


def test_a_stair_is_no_working_escalator() -> None:
    scene = Scene(ways=(E2, E3, STAIR))
    assert only(scene.ask(DOWN)) == ("last_way", UP)


def test_a_link_of_another_stage_is_no_other_way() -> None:
    scene = Scene(ways=(replace(E1, stage="Q"), E2, E3))
    assert only(scene.ask(DOWN)) == ("last_way", UP)


def test_where_the_case_does_not_demand_both_ways_the_last_one_may_turn() -> None:
    scene = Scene(replace(AUTO, both_ways=False), ways=(E2,))
    assert only(scene.ask(DOWN)) == ("clear", CLOSED)


def test_of_two_that_would_leave_together_the_first_may() -> None:
    scene = Scene(moved=["E2", "E1"])
    ruling = scene.ask(DOWN, DOWN)
    assert [(v.actuator, v.rule, v.given) for v in ruling.verdicts] == [
        (0, "clear", CLOSED),
        (1, "last_way", UP),
    ]
    assert scene.guard.interlocks.used.tolist() == [1, 0]


def test_three_of_a_direction_may_lose_two_and_groups_do_not_disturb_each_other() -> None:
    def ways(stage: str, home: float) -> list[Way]:
        return [Way(link=f"{stage}{i}", stage=stage, kind="escalator", home=home) for i in range(3)]

    all_ways = [*ways("A", UP), *ways("B", DOWN), *ways("C", UP)]
    names = [way.link for way in all_ways]
    mixed = [names[i] for i in (8, 0, 4, 2, 6, 3, 1, 7, 5)]
    home = {way.link: way.home for way in all_ways}
    scene = Scene(ways=all_ways, moved=mixed)
    ruling = scene.ask(*(-home[name] for name in mixed))
    rules = {mixed[v.actuator]: v.rule for v in ruling.verdicts}
    assert {name for name, rule in rules.items() if rule == "last_way"} == {"A1", "C1", "B2"}
    assert sum(rule == "clear" for rule in rules.values()) == 6


def test_a_link_that_already_stands_may_start_where_it_is_the_only_one() -> None:
    scene = standing(Scene(ways=(E2,)))
    scene.ask(DOWN, at=0.0)
    assert allows(scene.ask(DOWN, at=30.0), DOWN)


GATE1 = Way(link="E1", stage="P", kind="gate", home=UP)
GATE2 = Way(link="E2", stage="P", kind="gate", home=UP, step_free=True)
LIFT = Way(link="L", stage="P", kind="lift", home=0.0, step_free=True)


def test_the_last_step_free_way_keeps_its_direction() -> None:
    assert only(Scene(ways=(GATE1, GATE2)).ask(DOWN)) == ("step_free", UP)
    free = replace(AUTO, both_ways=False)
    assert only(Scene(free, ways=(GATE1, GATE2)).ask(DOWN)) == ("step_free", UP)


def test_a_lift_keeps_the_step_free_route_while_it_works() -> None:
    scene = Scene(ways=(GATE1, GATE2, LIFT))
    assert only(scene.ask(DOWN)) == ("clear", CLOSED)
    scene = Scene(ways=(GATE1, GATE2, LIFT)).set("L", works=0.0)
    assert only(scene.ask(DOWN)) == ("step_free", UP)
    scene = Scene(ways=(GATE1, GATE2, replace(LIFT, stage="Q")))
    assert only(scene.ask(DOWN)) == ("step_free", UP)


def test_a_lift_serves_down_as_well() -> None:
    ways = (replace(GATE1, home=DOWN), replace(GATE2, home=DOWN), LIFT)
    assert only(Scene(ways=ways).ask(UP)) == ("clear", CLOSED)
    assert only(Scene(ways=ways[:2]).ask(UP)) == ("step_free", DOWN)


def test_a_link_with_steps_does_not_touch_the_step_free_route() -> None:
    ways = (replace(E1, step_free=True), E2, E3)
    assert only(Scene(ways=ways).ask(DOWN)) == ("clear", CLOSED)


def test_who_stays_does_not_count_as_leaving_the_step_free_route() -> None:
    ways = (replace(GATE2, link="E3"), GATE2)
    assert only(Scene(ways=ways, moved=["E3", "E2"]).ask(UP, DOWN)) == ("clear", CLOSED)


def test_two_that_leave_opposite_directions_do_not_disturb_each_other() -> None:
    down = Way(link="E4", stage="P", kind="escalator", home=DOWN)
    ruling = Scene(ways=(E1, E2, E3, down), moved=["E2", "E4"]).ask(DOWN, UP)
    assert [v.rule for v in ruling.verdicts] == ["clear", "clear"]


def test_who_may_not_leave_for_the_step_free_route_does_not_count_as_leaving() -> None:
    ways = (GATE1, GATE2, replace(GATE1, link="E3"))
    ruling = Scene(ways=ways, moved=["E2", "E1"]).ask(DOWN, DOWN)
    assert [v.rule for v in ruling.verdicts] == ["step_free", "clear"]


# What is not known -------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", ["onboard", "direction", "phase", "works"])
def test_a_stale_count_or_a_lost_link_freezes_the_direction(quantity: str) -> None:
    name = f"{quantity}:E2"
    scene = Scene()
    scene.age[name] = 90.0
    assert only(scene.ask(DOWN)) == ("clear", CLOSED)
    for age in (90.5, -90.5):
        scene = Scene()
        scene.age[name] = age
        assert only(scene.ask(DOWN)) == ("stale", UP)
        assert allows(scene.ask(UP), UP)
    for quality in (Quality.STALE, Quality.MISSING):
        scene = Scene()
        scene.quality[name] = quality
        assert only(scene.ask(DOWN)) == ("stale", UP)
    for value in (NAN, -2.0, INF if quantity != "onboard" else -1.0):
        assert (
            only(
                Scene()
                .set(
                    "E2",
                    **{quantity: value},
                )
                .ask(DOWN)
            )[0]
            == "stale"
        )


def test_the_ends_of_a_sensor_s_range_are_good_readings() -> None:
    scene = Scene(moved=["E3"]).set("E1", direction=DOWN)
    assert only(scene.ask(UP)) == ("clear", CLOSED)


def test_a_frozen_link_in_the_middle_of_a_reversal_stays_closed() -> None:
    scene = standing(Scene())
    scene.ask(DOWN, at=0.0)
    scene.quality["works:E2"] = Quality.MISSING
    assert only(scene.ask(DOWN, at=100.0)) == ("stale", CLOSED)


def test_a_receipt_that_contradicts_the_sensor_freezes() -> None:
    scene = Scene()
    scene.position["E2"] = DOWN
    assert only(scene.ask(UP)) == ("stale", DOWN)


@pytest.mark.parametrize("position", [NAN, INF, 0.5, 7.0])
def test_a_position_that_is_none_is_taken_as_the_last_confirmed_one(position: float) -> None:
    scene = Scene()
    scene.position["E2"] = position
    assert only(scene.ask(DOWN)) == ("stale", UP)
    assert allows(scene.ask(UP), UP)


def test_an_unknown_position_does_not_restart_the_dwell() -> None:
    scene = Scene()
    scene.position["E2"] = NAN
    scene.ask(UP, at=900.0)
    scene.position.clear()
    assert only(scene.ask(DOWN, at=1000.0)) == ("clear", CLOSED)


def test_a_broken_link_keeps_its_direction_until_it_is_repaired() -> None:
    assert only(Scene().set("E2", works=0.0).ask(DOWN)) == ("failed", UP)
    assert only(Scene().set("E2", works=0.5).ask(DOWN)) == ("failed", UP)


@pytest.mark.parametrize("target", [NAN, INF, -INF])
def test_a_target_that_is_not_finite_never_reaches_the_drive(target: float) -> None:
    scene = Scene()
    assert only_nan(scene.ask(target)) == ("not_finite", UP)
    standing(scene)
    assert only_nan(scene.ask(target)) == ("not_finite", CLOSED)


def only_nan(ruling: Ruling) -> tuple[str, float]:
    (verdict,) = ruling.verdicts
    assert verdict.answer is Answer.REFUSE
    return verdict.rule, float(ruling.command.targets[0])


def test_a_target_between_directions_is_taken_as_the_nearest() -> None:
    assert only(Scene().ask(0.9)) == ("level", UP)
    assert only(Scene().ask(300.0)) == ("level", UP)
    assert only(Scene(moved=["E3"]).ask(-300.0)) == ("level", DOWN)
    assert only(Scene().ask(0.2)) == ("level", CLOSED)


# The local rule is today's direction -------------------------------------------------------------


def test_a_link_left_to_itself_runs_as_today() -> None:
    ruling = Scene().ask(NAN, local=[True])
    assert ruling.verdicts == ()
    assert ruling.command.local.tolist() == [True]
    assert np.isnan(ruling.command.targets).all()


def test_handing_a_turned_link_back_is_a_reversal_like_any_other() -> None:
    scene = Scene().set("E2", direction=DOWN)
    scene.ask(DOWN, at=0.0)
    ruling = scene.ask(NAN, local=[True], at=1000.0)
    (verdict,) = ruling.verdicts
    assert (verdict.rule, verdict.asked, verdict.given) == ("clear", UP, CLOSED)
    assert ruling.command.local.tolist() == [False]
    assert ruling.command.targets.tolist() == [CLOSED]


# Meters ------------------------------------------------------------------------------------------


def metered(terms: Terms = AUTO) -> Scene:
    return Scene(replace(terms, stop_density=3.0), meters=[METER])


def test_a_meter_takes_its_positions_and_nothing_else() -> None:
    for level in METER.levels:
        assert allows(metered().ask(UP, level), UP, level)
    assert only(metered().ask(UP, 0.6)) == ("level", 0.5)
    assert only(metered().ask(UP, 9.0)) == ("level", 1.0)
    assert only(metered().ask(UP, INF)) == ("not_finite", 1.0)
    ruling = metered().ask(UP, NAN)
    assert [(v.actuator, v.rule, v.given) for v in ruling.verdicts] == [(1, "not_finite", 1.0)]


def test_a_meter_left_to_itself_is_open() -> None:
    ruling = metered().ask(UP, NAN, local=[False, True])
    assert ruling.verdicts == ()
    assert ruling.command.local.tolist() == [False, True]


@pytest.mark.parametrize("platform", ["P1", "P2"])
def test_entry_is_least_while_a_platform_is_too_full(platform: str) -> None:
    scene = metered().set(platform, density=3.0)
    assert allows(scene.ask(UP, 1.0), UP, 1.0)
    scene.set(platform, density=3.1)
    ruling = scene.ask(UP, 1.0)
    (verdict,) = ruling.verdicts
    assert (verdict.rule, verdict.given, verdict.answer) == ("crowded", 0.25, Answer.REFUSE)
    assert "too full" in verdict.reason
    assert allows(scene.ask(UP, 0.25), UP, 0.25)


def test_entry_is_least_while_a_platform_cannot_be_counted() -> None:
    scene = metered()
    scene.quality["density:P2"] = Quality.STALE
    assert only_rule(scene.ask(UP, 1.0)) == "crowded"
    ruling = scene.ask(UP, NAN, local=[False, True])
    assert ruling.command.targets.tolist() == [UP, 0.25]


def only_rule(ruling: Ruling) -> str:
    (verdict,) = ruling.verdicts
    return verdict.rule


def test_a_stale_link_is_not_called_crowded() -> None:
    scene = metered()
    scene.quality["onboard:E2"] = Quality.STALE
    assert only(scene.ask(DOWN, 1.0)) == ("stale", UP)


# Whatever comes in -------------------------------------------------------------------------------


HOSTILE = [
    None,
    Command(targets=np.array([UP, UP]), local=np.array([False, False])),
    Command(targets=np.array([[UP]]), local=np.array([False])),
    Command(targets=np.array([UP]), local=np.array([False, True])),
    Command(targets=np.array([UP]), local=np.array([0.0])),  # type: ignore[arg-type]
    Command(targets=np.array([True]), local=np.array([False])),  # type: ignore[arg-type]
    Command(targets=np.array(["up"]), local=np.array([False])),  # type: ignore[arg-type]
    Command(targets=np.array([UP]), local=np.array([False]), source=7),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("command", HOSTILE)
def test_what_is_no_command_leaves_everything_as_it_is(command: Any) -> None:
    scene = Scene()
    ruling = scene.guard.check(command, scene.observation(1.0), scene.receipt(1.0))
    (verdict,) = ruling.verdicts
    assert (verdict.rule, verdict.given, verdict.answer) == ("shape", UP, Answer.REFUSE)
    assert math.isnan(verdict.asked)
    assert ruling.command.targets.tolist() == [UP]
    assert ruling.command.local.tolist() == [False]
    assert ruling.command.source is Source.GUARD
    assert (ruling.command.plan, ruling.command.step_s, ruling.command.note) == (None, 0.0, "")
    assert ruling.answers.tolist() == [Answer.REFUSE]


def test_whole_numbers_are_a_command_too() -> None:
    scene = Scene()
    command = Command(targets=np.array([1]), local=np.array([False]))  # type: ignore[arg-type]
    ruling = scene.guard.check(command, scene.observation(1.0), scene.receipt(1.0))
    assert allows(ruling, UP)


def test_what_is_no_command_opens_the_meters_and_overrules_the_local_rule() -> None:
    scene = metered()
    command = Command(targets=np.array([NAN, NAN]), local=np.array([True, True]))
    seen = replace(scene.observation(1.0), time_s=NAN)
    ruling = scene.guard.check(command, seen, scene.receipt(1.0))
    assert ruling.command.targets.tolist() == [UP, 1.0]
    assert ruling.command.local.tolist() == [False, False]
    assert [v.rule for v in ruling.verdicts] == ["shape", "shape"]


def test_an_observation_of_another_plant_leaves_everything_as_it_is() -> None:
    scene, other = Scene(), Scene(ways=(E1, E2))
    command = Command(targets=np.array([DOWN]), local=np.array([False]))
    for seen, receipt in (
        (other.observation(1.0), scene.receipt(1.0)),
        (scene.observation(1.0), Receipt(time_s=1.0, positions=np.array([UP, UP]))),
        (replace(scene.observation(1.0), time_s=INF), scene.receipt(1.0)),
        (replace(scene.observation(1.0), values=np.zeros(3)), scene.receipt(1.0)),
        (None, scene.receipt(1.0)),
        (scene.observation(1.0), None),
    ):
        ruling = scene.guard.check(command, seen, receipt)  # type: ignore[arg-type]
        assert only_nan(ruling) == ("shape", UP)


def test_an_equal_table_is_as_good_as_the_same() -> None:
    scene = Scene()
    command = Command(targets=np.array([UP]), local=np.array([False]))
    seen = replace(scene.observation(1.0), table=table_of(WAYS))
    assert allows(scene.guard.check(command, seen, scene.receipt(1.0)), UP)


def test_a_verdict_says_who_what_and_why() -> None:
    (verdict,) = Scene(replace(AUTO, mode="observe")).ask(DOWN).verdicts
    assert verdict.reason == "E2: -1 was asked, 1 is given: the guard only observes"
    assert (verdict.actuator, verdict.asked, verdict.given) == (0, DOWN, UP)


def test_every_rule_says_why() -> None:
    assert set(WHY) == set(Rule) - {Rule.NONE}
    assert set(CLAMPS) < set(WHY)


def test_a_station_without_reversible_links_has_nothing_to_forbid() -> None:
    assert allows(Scene(moved=[]).ask())
    assert allows(Scene(moved=[], ways=()).ask())


# Terms that cannot be kept -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["min_dwell_s", "budget", "max_age_s", "key_s", "stop_density"])
def test_terms_below_nothing_are_refused(name: str) -> None:
    for value in (-1.0, NAN):
        with pytest.raises(InputError, match=rf"{name} is .*; it must be 0 or more"):
            Scene(replace(AUTO, **{name: value}))
    Scene(replace(AUTO, **{name: 0}))


def test_a_mode_that_does_not_exist_is_refused() -> None:
    with pytest.raises(
        UnknownNameError, match=r"'manual' is not a mode. .*Known: advise, auto, obs"
    ):
        Scene(replace(AUTO, mode="manual"))


@pytest.mark.parametrize("seconds", [-1.0, NAN, INF])
def test_an_inspection_must_have_a_length(seconds: float) -> None:
    with pytest.raises(InputError, match=r"E2: inspect_s is .*; it must be 0 or more, and finite"):
        Scene(ways=(E1, replace(E2, inspect_s=seconds)))
    Scene(ways=(E1, replace(E2, inspect_s=0.0)))


@pytest.mark.parametrize("home", [0.5, NAN, 2.0])
def test_today_s_direction_must_be_one(home: float) -> None:
    with pytest.raises(InputError, match=r"E2: home is .*; it must be 1, 0 or -1"):
        Scene(ways=(E1, replace(E2, home=home)))


def test_the_usual_terms_are_those_of_the_documents() -> None:
    terms = Terms()
    assert (terms.min_dwell_s, terms.budget, terms.both_ways) == (600.0, 12, True)
    assert (terms.max_age_s, terms.key_s, terms.stop_density) == (90.0, 300.0, INF)
    assert (E2.step_free, E2.inspect_s) == (False, 30.0)
