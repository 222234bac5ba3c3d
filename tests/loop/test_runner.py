"""Does a run begin, end, score and account for its time as it should?"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bucket_domain import Predictive, Slow
from desks import bucket_desk, run_bucket

from jialing.core.command import Command
from jialing.core.errors import InputError, PlantError
from jialing.core.stages import Situation
from jialing.loop.progress import Progress
from jialing.record.replay import compare


@pytest.mark.parametrize(
    ("duration_s", "ticks"),
    [(60.0, 1), (600.0, 10), (599.0, 10), (601.0, 11), (600.0 + 1e-9, 10), (59.0, 1)],
)
def test_a_run_lasts_its_duration(tmp_path: Path, duration_s: float, ticks: int) -> None:
    desk = bucket_desk("rules", duration_s=duration_s)
    _, record = run_bucket(tmp_path, desk=desk)
    assert record.ticks == ticks
    assert desk.plant.observe().time_s == pytest.approx(duration_s)


def test_a_run_ends_where_the_plant_ends(tmp_path: Path) -> None:
    run, record = run_bucket(tmp_path, desk=bucket_desk("rules", duration_s=1e6))
    assert record.ticks == 60  # the bucket's own hour
    assert run.details["ended"] == "completed"


@pytest.mark.parametrize(("tick_s", "duration_s"), [(0.0, 60.0), (-1.0, 60.0), (60.0, 1e999)])
def test_a_run_that_cannot_be_walked_is_refused_and_its_plant_closed(
    tmp_path: Path, tick_s: float, duration_s: float
) -> None:
    desk = bucket_desk("rules", tick_s=tick_s, duration_s=duration_s)
    with pytest.raises(InputError, match="cannot be walked"):
        run_bucket(tmp_path, desk=desk)
    assert desk.plant.closed == 1  # type: ignore[attr-defined]
    assert not (tmp_path / "record").exists()


def test_times_add_up(tmp_path: Path) -> None:
    run, _ = run_bucket(tmp_path, desk=bucket_desk("slow", budget_s=1.0))
    assert run.wall_s == pytest.approx(run.plant_s + run.decide_s + run.loop_s)
    assert run.decide_s > 20 * 0.03
    assert run.decide_s == pytest.approx(sum(run.decide_ms) / 1e3)
    assert 0.0 < run.loop_s < run.decide_s
    assert len(run.decide_ms) == 60


def test_scoring_counts_as_time_of_the_plant(tmp_path: Path) -> None:
    desk = bucket_desk("rules", duration_s=60.0)
    plant: Any = desk.plant
    score = plant.score

    def slow_score() -> Any:
        time.sleep(0.05)
        return score()

    plant.score = slow_score
    run, _ = run_bucket(tmp_path, desk=desk)
    assert run.plant_s > 0.05 > run.loop_s


def test_the_score_stands_in_the_record_as_in_the_run(tmp_path: Path) -> None:
    run, record = run_bucket(tmp_path)
    assert record.score is not None
    assert record.score["score"]["travel"] == {
        "value": run.score["travel"].value,
        "unit": "strokes",
    }
    assert record.score["guard"] == {"allowed": 120, "clamped": 0, "refused": 0}
    assert record.score["details"]["flooding_by_node"] == {"B": run.score["flooding"].value}
    assert record.score["decide_ms"]["count"] == 60
    assert record.score["decide_ms"]["median"] <= record.score["decide_ms"]["max"]
    assert run.folder == tmp_path / "record"


def test_a_plant_is_closed_once_after_a_run(tmp_path: Path) -> None:
    desk = bucket_desk()
    run_bucket(tmp_path, desk=desk)
    assert desk.plant.closed == 1  # type: ignore[attr-defined]


def test_a_controller_warms_up_before_the_clock_starts(tmp_path: Path) -> None:
    order = []

    class Warm(Predictive):
        def prepare(self) -> None:
            order.append("prepare")

        def decide(self, situation: Situation) -> Command:
            order.append("decide")
            return super().decide(situation)

    run_bucket(tmp_path, desk=bucket_desk(Warm, duration_s=120.0))
    assert order == ["prepare", "decide", "decide"]


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (PlantError("no identification run"), "PlantError: no identification run"),
        (SystemExit(3), "SystemExit: 3"),
    ],
)
def test_a_warm_up_that_fails_is_named_and_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: BaseException, named: str
) -> None:
    class Cold(Predictive):
        def prepare(self) -> None:
            raise error

    run, record = run_bucket(tmp_path, Cold)
    assert run.details["decisions"]["on_time"] == 60
    assert record.events[0]["kind"] == "fault"
    assert named in record.events[0]["reason"]
    assert named in caplog.text


def test_progress_is_told_at_the_start_and_at_the_end(tmp_path: Path) -> None:
    told: list[Progress] = []
    run, _ = run_bucket(tmp_path, progress=told.append)
    assert (told[0].time_s, told[0].wall_s, told[0].value) == (0.0, 0.0, None)
    assert str(told[0]) == "tested: preparing"
    assert told[-1].share == 1.0
    assert told[-1].value == run.score["flooding"]
    assert told[-1].headline == "flooding"
    assert told[-1].speed > 1.0


def test_progress_speaks_in_one_line() -> None:
    progress = Progress(
        controller="rules",
        time_s=1800.0,
        duration_s=3600.0,
        wall_s=2.0,
        headline="flooding",
        value=None,
    )
    assert str(progress) == "rules: 50 %, 900 × real time"


def test_ctrl_c_in_a_decision_keeps_the_record_and_a_score(tmp_path: Path) -> None:
    class Stopped(Predictive):
        def decide(self, situation: Situation) -> Command:
            if situation.time_s >= 600.0:
                raise KeyboardInterrupt
            return super().decide(situation)

    desk = bucket_desk(Stopped)
    run, record = run_bucket(tmp_path, desk=desk)
    assert run.details["ended"] == "interrupted"
    assert record.ticks == 10
    assert record.notices == ()
    assert record.events[-1]["ended"] == "interrupted"
    assert desk.plant.closed == 1  # type: ignore[attr-defined]


def test_a_repeated_run_gives_the_same_commands_though_other_decisions_are_late(
    tmp_path: Path,
) -> None:
    """The record says which were late; the wall of the second run does not matter."""
    first = bucket_desk(Slow, budget_s=0.02)
    _, recorded = run_bucket(tmp_path / "a", desk=first)
    assert recorded.frames["outcome"].any()
    again = bucket_desk(Slow, budget_s=1e9)
    outcomes = recorded.frames["outcome"].tolist()
    _, repeated = run_bucket(tmp_path / "b", desk=again, outcomes=outcomes)
    comparison = compare(recorded, repeated)
    assert comparison.identical, comparison.difference
    unlike = bucket_desk(Slow, budget_s=1e9)
    _, free = run_bucket(tmp_path / "c", desk=unlike)
    assert not compare(recorded, free).identical


def test_a_repeated_run_ends_where_the_record_ends(tmp_path: Path) -> None:
    _, record = run_bucket(tmp_path, outcomes=[0] * 17)
    assert record.ticks == 17


def test_a_run_in_real_time_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jialing.loop.clock import Real

    synced: list[int] = []
    monkeypatch.setattr("jialing.record.disk.os.fsync", synced.append)
    clock = Real(1.0, now=lambda: 0.0, sleep=lambda _: None)
    desk = bucket_desk("rules", duration_s=180.0)
    run_bucket(tmp_path, desk=desk, clock=clock)
    assert len(synced) == 3 * 2  # three ticks, frames and one field


def test_a_plant_that_breaks_while_scoring_is_closed(tmp_path: Path) -> None:
    desk = bucket_desk("rules")
    plant: Any = desk.plant

    def broken() -> None:
        raise PlantError("no score")

    plant.score = broken
    with pytest.raises(PlantError, match="no score"):
        run_bucket(tmp_path, desk=replace(desk))
    assert plant.closed == 1
