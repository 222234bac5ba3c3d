"""Does a tick sense, decide, guard, act, record and step in this order, whatever its parts do?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bucket_domain import BucketGuard, Predictive
from desks import bucket_desk, run_bucket

from jialing.core.command import Answer, Command, Receipt, Ruling, Source
from jialing.core.errors import PlantError
from jialing.core.signal import Observation
from jialing.core.stages import Situation
from jialing.record.reader import open_record


class Listening(Predictive):
    def __init__(self, calls: list[str]) -> None:
        self._calls = calls
        self.seen: list[Situation] = []

    def decide(self, situation: Situation) -> Command:
        self._calls.append("decide")
        self.seen.append(situation)
        return super().decide(situation)


class ListeningGuard(BucketGuard):
    def __init__(self, calls: list[str]) -> None:
        self._calls = calls
        self.receipts: list[Receipt] = []

    def check(self, command: Command, observation: Observation, receipt: Receipt) -> Ruling:
        self._calls.append("guard")
        self.receipts.append(receipt)
        return super().check(command, observation, receipt)


def test_a_tick_walks_its_stages_in_order(tmp_path: Path) -> None:
    desk = bucket_desk("rules", duration_s=120.0)
    calls = desk.plant.calls  # type: ignore[attr-defined]
    desk = replace(desk, controller=Listening(calls), guard=ListeningGuard(calls))
    run_bucket(tmp_path, desk=desk)
    tick = ["observe", "sample", "decide", "guard", "apply", "step"]
    assert calls == ["apply", *tick, *tick]


def test_a_run_starts_silent_and_tells_confirmed_positions(tmp_path: Path) -> None:
    desk = bucket_desk("rules", duration_s=120.0)
    controller, guard = Listening([]), ListeningGuard([])
    _, record = run_bucket(tmp_path, desk=replace(desk, controller=controller, guard=guard))
    assert controller.seen[0].positions.tolist() == [0.5, 0.5]
    assert controller.seen[1].positions.tolist() == record.frames["positions"][0].tolist()
    assert guard.receipts[1].positions.tolist() == record.frames["positions"][0].tolist()


def test_a_controller_gets_the_forecast_of_its_tick(tmp_path: Path) -> None:
    controller = Listening([])
    desk = bucket_desk("rules", duration_s=120.0)
    run_bucket(tmp_path, desk=replace(desk, controller=controller))
    assert [s.forecast.issued_s for s in controller.seen if s.forecast] == [0.0, 60.0]


def test_a_controller_cannot_write_into_what_the_guard_sees(tmp_path: Path) -> None:
    class Forger:
        def decide(self, situation: Situation) -> Command:
            situation.observation.values[0] = -1.0
            return situation.command(valve=1.0)

    run, record = run_bucket(tmp_path, Forger)
    assert run.details["decisions"]["raised"] == 60
    assert "read-only" in record.events[0]["reason"]
    assert (record.series("depth:B") >= 0.0).all()


def test_a_controller_that_reuses_its_arrays_does_not_change_the_past(tmp_path: Path) -> None:
    class Reuser:
        def __init__(self) -> None:
            self._targets = np.zeros(2)

        def decide(self, situation: Situation) -> Command:
            self._targets += 0.01
            return Command(targets=self._targets, local=np.zeros(2, dtype=np.bool_))

    _, record = run_bucket(tmp_path, Reuser)
    assert record.frames["given"][:3, 0].tolist() == [0.01, 0.02, 0.03]


def test_a_target_that_is_no_number_is_refused_by_the_guard_alone(tmp_path: Path) -> None:
    class HalfMad:
        def decide(self, situation: Situation) -> Command:
            return situation.command(valve=float("nan"), gate=0.7)

    run, record = run_bucket(tmp_path, HalfMad)
    assert (run.guard.allowed, run.guard.clamped, run.guard.refused) == (60, 0, 60)
    assert record.frames["given"][5].tolist()[1] == 0.7
    assert record.frames["local"][5].tolist() == [1, 0]
    assert run.details["decisions"]["on_time"] == 60


def _raises(*_: Any) -> Ruling:
    raise ZeroDivisionError("no guard")


def _lets_nan_through(command: Command, *_: Any) -> Ruling:
    given = replace(command, targets=np.array([np.nan, 0.5]), local=np.zeros(2, dtype=np.bool_))
    return Ruling(command=given, answers=np.zeros(2, dtype=np.uint8))


def _forgets_an_actuator(command: Command, *_: Any) -> Ruling:
    given = replace(command, targets=np.array([0.5]), local=np.zeros(1, dtype=np.bool_))
    return Ruling(command=given, answers=np.zeros(1, dtype=np.uint8))


def _answers_with_the_command(command: Command, *_: Any) -> Command:
    return command


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (_raises, "the guard raised ZeroDivisionError: no guard"),
        (_lets_nan_through, "the guard let a target through that is not finite"),
        (_forgets_an_actuator, r"the guard answered for (1,) actuators, expected (2,)"),
        (_answers_with_the_command, "the guard answered with a Command"),
    ],
)
def test_a_guard_that_breaks_its_contract_leaves_all_to_the_local_rules(
    tmp_path: Path, check: Any, reason: str
) -> None:
    class Broken:
        def check(self, command: Command, observation: Observation, receipt: Receipt) -> Ruling:
            return check(command, observation, receipt)  # type: ignore[no-any-return]

    desk = bucket_desk("predictive", guard=Broken(), duration_s=180.0)
    run, record = run_bucket(tmp_path, desk=desk)
    assert record.frames["local"].all()
    assert (record.frames["answers"] == Answer.REFUSE).all()
    assert (record.frames["source"] == Source.LOCAL).all()
    faults = [e["reason"] for e in record.events if e["kind"] == "fault"]
    assert len(faults) == 3
    assert reason in faults[0]
    assert run.guard.refused == 6


def test_every_actuator_of_every_tick_is_counted_once(tmp_path: Path) -> None:
    class Wide:
        def decide(self, situation: Situation) -> Command:
            return situation.command(valve=situation.time_s / 600.0, gate=0.2)

    run, record = run_bucket(tmp_path, Wide)
    assert run.guard.allowed + run.guard.clamped + run.guard.refused == 2 * record.ticks
    assert run.guard.clamped == int((record.frames["answers"] == Answer.CLAMP).sum()) == 49


def test_a_plant_that_breaks_ends_the_run_and_keeps_the_record(tmp_path: Path) -> None:
    desk = bucket_desk("predictive")
    plant: Any = desk.plant
    plant.settings = replace(plant.settings, breaks_at_s=600.0)
    with pytest.raises(PlantError, match="the bucket has broken"):
        run_bucket(tmp_path, desk=desk)
    record = open_record(tmp_path / "record")
    assert record.ticks == 11
    assert record.score is None
    assert record.events[-1]["ended"] == "failed"
    assert "the bucket has broken" in record.events[-1]["reason"]
    assert plant.closed == 1
