"""Does the last plan, then the local rule, act when a decision cannot?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bucket_domain import Predictive, Slow
from desks import bucket_desk, run_bucket
from desks import bucket_situation as situation

from jialing.core.command import Command, Source
from jialing.core.signal import Observation
from jialing.core.stages import Situation
from jialing.loop.asking import Asked
from jialing.loop.watchdog import Watchdog, objection
from jialing.record.frame import Outcome

PLAN = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, np.nan]])


def planned(step_s: float = 60.0) -> Command:
    return Command(
        targets=PLAN[0].copy(), local=np.zeros(2, dtype=np.bool_), plan=PLAN.copy(), step_s=step_s
    )


class Script:
    """Answers with what it was given, tick by tick; a word stands for an outcome."""

    def __init__(self, *answers: Any) -> None:
        self._answers = answers

    def __call__(self, tick: int, situation: Situation) -> Asked:
        answer = self._answers[tick]
        if isinstance(answer, Outcome):
            return Asked(answer=None, outcome=answer, seconds=0.1, reason="as scripted")
        return Asked(answer=answer, outcome=Outcome.ON_TIME, seconds=0.1)


def test_a_good_decision_goes_through_untouched() -> None:
    command = planned()
    decision = Watchdog(Script(command), actuators=2).decide(0, situation(0.0))
    assert decision.command is command
    assert decision.outcome is Outcome.ON_TIME
    assert decision.reason == ""


@pytest.mark.parametrize("outcome", [Outcome.LATE, Outcome.RAISED, Outcome.BUSY])
def test_the_last_plan_goes_on_at_its_place_in_time(outcome: Outcome) -> None:
    watchdog = Watchdog(Script(planned(), outcome), actuators=2)
    watchdog.decide(0, situation(0.0))
    decision = watchdog.decide(1, situation(60.0))
    assert decision.command.targets.tolist() == [0.3, 0.4]
    assert decision.command.source is Source.LAST_PLAN
    assert decision.outcome is outcome
    assert not decision.command.local.any()
    assert outcome.name.lower() in decision.command.note


@pytest.mark.parametrize(
    ("time_s", "expected"),
    [
        (0.0, [0.1, 0.2]),
        (59.9, [0.1, 0.2]),
        (60.0, [0.3, 0.4]),
        (60.0 - 1e-9, [0.3, 0.4]),  # simulators round their time
        (119.9, [0.3, 0.4]),
    ],
)
def test_a_plan_row_lasts_one_step(time_s: float, expected: list[float]) -> None:
    watchdog = Watchdog(Script(planned(), Outcome.LATE), actuators=2)
    watchdog.decide(0, situation(0.0))
    assert watchdog.decide(1, situation(time_s)).command.targets.tolist() == expected


def test_what_a_plan_leaves_open_is_left_to_the_local_rule() -> None:
    watchdog = Watchdog(Script(planned(), Outcome.LATE), actuators=2)
    watchdog.decide(0, situation(0.0))
    command = watchdog.decide(1, situation(120.0)).command
    assert command.local.tolist() == [False, True]


def test_the_local_rule_acts_once_the_plan_has_ended() -> None:
    watchdog = Watchdog(Script(planned(), Outcome.LATE, Outcome.LATE), actuators=2)
    watchdog.decide(0, situation(0.0))
    assert watchdog.decide(1, situation(179.0)).command.source is Source.LAST_PLAN
    command = watchdog.decide(2, situation(180.0)).command
    assert command.source is Source.LOCAL
    assert command.local.all()


def test_the_local_rule_acts_where_there_never_was_a_plan() -> None:
    command = Watchdog(Script(Outcome.RAISED), actuators=2).decide(0, situation(0.0)).command
    assert command.source is Source.LOCAL
    assert command.local.all()


def test_a_later_decision_without_a_plan_ends_the_old_plan() -> None:
    watchdog = Watchdog(Script(planned(), Command.all_local(2), Outcome.LATE), actuators=2)
    watchdog.decide(0, situation(0.0))
    watchdog.decide(1, situation(60.0))
    assert watchdog.decide(2, situation(120.0)).command.source is Source.LOCAL


def test_a_plan_is_a_copy_that_its_writer_can_no_longer_change() -> None:
    command = planned()
    watchdog = Watchdog(Script(command, Outcome.LATE), actuators=2)
    watchdog.decide(0, situation(0.0))
    assert command.plan is not None
    command.plan[:] = 0.9
    assert watchdog.decide(1, situation(60.0)).command.targets.tolist() == [0.3, 0.4]


NOT_COMMANDS: list[tuple[Any, str]] = [
    (None, "returned a NoneType, not a Command"),
    ({"valve": 1.0}, "returned a dict, not a Command"),
    (replace(planned(), targets=np.zeros(3)), r"targets has shape (3,), expected (2,)"),
    (replace(planned(), targets=np.zeros((1, 2))), r"targets has shape (1, 2), expected (2,)"),
    (replace(planned(), targets=[0.1, 0.2]), "targets must be an array of float64, not list"),
    (
        replace(planned(), targets=np.zeros(2, dtype=np.float32)),
        "targets must be an array of float64, not ndarray of float32",
    ),
    (replace(planned(), targets=np.array(["a", "b"])), "targets must be an array of float64"),
    (replace(planned(), local=np.zeros(3, dtype=np.bool_)), r"local has shape (3,)"),
    (replace(planned(), local=np.zeros(2)), "local must be an array of bool"),
    (replace(planned(), local=None), "local must be an array of bool, not NoneType"),
    (replace(planned(), source=Source.GUARD), "a controller may say CONTROLLER or LOCAL"),
    (replace(planned(), note=3), "note must be text, not int"),
    (replace(planned(), plan=np.zeros((4, 3))), r"plan has shape (4, 3), expected (steps, 2)"),
    (replace(planned(), plan=np.zeros(2)), r"plan has shape (2,), expected (steps, 2)"),
    (replace(planned(), plan=[[0.1, 0.2]]), "plan must be an array of float64, not list"),
    (replace(planned(), step_s=0.0), "step_s is 0.0"),
    (replace(planned(), step_s=float("nan")), "step_s is nan"),
    (replace(planned(), step_s="60"), "step_s is '60'"),
]


@pytest.mark.parametrize(("command", "reason"), NOT_COMMANDS)
def test_what_is_no_command_is_rejected_with_the_reason(command: Any, reason: str) -> None:
    watchdog = Watchdog(Script(planned(), command), actuators=2)
    watchdog.decide(0, situation(0.0))
    decision = watchdog.decide(1, situation(60.0))
    assert decision.outcome is Outcome.REJECTED
    assert reason in decision.reason
    assert decision.command.source is Source.LAST_PLAN


def test_commands_as_a_user_builds_them_are_accepted() -> None:
    actuators = bucket_desk().plant.actuators
    for command in (
        Command.all_local(2),
        Command.of(actuators, {"valve": 1}),
        planned(),
        replace(planned(), plan=np.zeros((0, 2))),
        replace(planned(), targets=np.array([np.nan, np.inf])),
    ):
        assert objection(command, 2) == ""


class Raiser(Predictive):
    """Fails from 10 minutes on."""

    def decide(self, situation: Situation) -> Command:
        if situation.time_s >= 600.0:
            raise KeyError("a name that is\nnot there")
        return super().decide(situation)


def test_a_failing_controller_ends_neither_the_run_nor_the_plan(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run, record = run_bucket(tmp_path, Raiser)
    assert record.ticks == 60
    assert run.details["decisions"] == {
        "on_time": 10,
        "late": 0,
        "raised": 50,
        "rejected": 0,
        "busy": 0,
    }
    sources = record.frames["source"].tolist()
    assert sources == [Source.CONTROLLER] * 10 + [Source.LAST_PLAN] * 4 + [Source.LOCAL] * 46
    decisions = [e for e in record.events if e["kind"] == "decision"]
    assert [e["tick"] for e in decisions] == list(range(10, 60))
    assert decisions[0]["reason"].startswith("raised KeyError: 'a name that is\\nnot there' (")
    assert [e["used"] for e in decisions] == ["last_plan"] * 4 + ["local"] * 46


def test_a_failing_controller_is_told_once_while_running(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run_bucket(tmp_path, Raiser)
    warnings = [r.getMessage() for r in caplog.records if r.name == "jialing"]
    assert len(warnings) == 1
    assert "decision raised at tick 10 (t = 600 s): raised KeyError" in warnings[0]
    assert "events.jsonl" in warnings[0]


def test_a_repeated_run_tells_only_what_failed_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    failed = int(Outcome.RAISED)
    run_bucket(tmp_path / "same", Raiser, outcomes=[0] * 10 + [failed] * 50)
    assert caplog.text == ""
    run_bucket(tmp_path / "anew", Raiser, outcomes=[0] * 60)
    (warning,) = (r.getMessage() for r in caplog.records if r.name == "jialing")
    assert warning.endswith("In the record this decision was on time")
    assert str(tmp_path) not in warning


def test_a_failing_forecast_counts_as_a_failed_decision(tmp_path: Path) -> None:
    class NoRadar:
        def forecast(self, observation: Observation) -> None:
            raise ConnectionError("the radar is silent")

    run, record = run_bucket(tmp_path, desk=bucket_desk("predictive", forecaster=NoRadar()))
    assert run.details["decisions"]["raised"] == 60
    assert "the radar is silent" in record.events[-2]["reason"]


def test_a_late_decision_falls_back_and_says_by_how_much(tmp_path: Path) -> None:
    class VerySlow(Slow):
        pause_s = 0.3

    desk = bucket_desk(VerySlow, budget_s=0.25, duration_s=420.0)
    _, record = run_bucket(tmp_path, desk=desk)
    late = record.frames["outcome"] == Outcome.LATE
    assert late.tolist() == [False, False, True] * 2 + [False]
    assert (record.frames["decide_ms"][late] > 250.0).all()
    assert (record.frames["source"][late] == Source.LAST_PLAN).all()
    reasons = [e["reason"] for e in record.events if e["kind"] == "decision"]
    assert len(reasons) == 2
    assert all("ms, allowed 250 ms" in reason for reason in reasons)


def test_a_late_decision_gives_what_was_planned_a_tick_before(tmp_path: Path) -> None:
    plans = []

    class Kept(Predictive):
        def decide(self, situation: Situation) -> Command:
            command = super().decide(situation)
            assert command.plan is not None
            plans.append(command.plan)
            return command

    desk = bucket_desk(Kept, duration_s=240.0)
    _, record = run_bucket(tmp_path, desk=desk, outcomes=[0, 0, int(Outcome.LATE), 0])
    assert record.frames["given"][2].tolist() == plans[1][1].tolist()
    assert record.frames["given"][3].tolist() == plans[3][0].tolist()
