"""A skill benchmark runs everything it compares, and writes every figure, failures too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.skill import storm_set as storms_benchmark
from benchmarks.skill import water
from benchmarks.skill._compare import SIMPLE
from benchmarks.skill._runs import Outcome, column
from benchmarks.storms import storm_set


def scored(case: str, controller: str, overflow: float, forecast: str = "none") -> Outcome:
    score = {"cost": overflow, "overflow": overflow, "overflow_sensitive": overflow / 10}
    return Outcome(
        case=case,
        controller=controller,
        forecast=forecast,
        seed=0,
        score=score,
        decide_ms={"count": 3, "median": 1.0, "p95": 2.0, "max": 3.0},
        plant_s=2.0,
        loop_s=0.1,
        positions={"names": ["a"], "time_s": [0.0], "values": [[1.0]]},
    )


def test_each_forecast_runs_once_and_simple_controllers_without() -> None:
    made = water.jobs(["storm-sewer"], [*SIMPLE, "predictive"], water.FORECASTS)
    ran = [(job.controller, job.case.forecast) for job in made]
    assert ran == [(name, "none") for name in SIMPLE] + [
        ("predictive", kind) for kind in water.FORECASTS
    ]


def test_the_four_events_are_summed_only_where_all_ran() -> None:
    outcomes = [scored(event, "rules", 100.0) for event in water.EVENTS]
    outcomes += [scored(event, "open", 50.0) for event in water.EVENTS[:3]]
    outcomes.append(scored("theta", "rules", 1e6))
    (row,) = water.events_table(outcomes).rows
    assert row == ["rules", 400.0, pytest.approx(40.0)]


def test_the_payload_names_what_failed_and_can_be_written() -> None:
    failed = Outcome(case="a", controller="predictive", forecast="none", seed=0, error="died")
    payload = water.payload([scored("a", "rules", 5.0), failed])
    assert payload["failed"] == [["a", "predictive/none", "died"]]
    assert "positions" not in payload["runs"][0]
    json.dumps(payload, allow_nan=False)


def test_decision_times_are_those_of_the_predictive_controller() -> None:
    outcomes = [scored("a", "rules", 1.0), scored("a", "predictive", 1.0, "ensemble")]
    (row,) = water.time_table(outcomes).rows
    assert row[:4] == ["a", "predictive/ensemble", 3, 1.0]
    assert row[-1] == pytest.approx(5.0)


def test_every_storm_meets_every_controller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storms_benchmark, "CACHE", tmp_path)
    place = storms_benchmark.PLACES[0]
    two = storm_set()[:2]
    made = storms_benchmark.jobs([place], two, [*SIMPLE, "predictive"], "ensemble")
    assert len(made) == 2 * 4
    assert {job.case.model.is_file() for job in made} == {True}
    assert {job.case.name for job in made} == {f"storm-sewer-{storm.name}" for storm in two}


def test_a_model_with_a_longer_name_is_not_counted_twice() -> None:
    outcomes = [
        scored("theta-x", "rules", 100.0),
        scored("theta-x", "predictive", 90.0, "ensemble"),
        scored("alpha-x", "rules", 100.0),
        scored("alpha-x", "predictive", 110.0, "ensemble"),
    ]
    assert column(outcomes[1]) == "predictive/ensemble"
    spread, losses = storms_benchmark.tables(
        storms_benchmark.rows(outcomes), storms_benchmark.PLACES
    )
    assert [row[:4] for row in spread.rows] == [
        ["theta", 1, 1, 0],
        ["alpha", 1, 0, 1],
        ["all", 2, 1, 1],
    ]
    assert [row[0] for row in losses.rows] == ["alpha-x"]


def test_models_that_are_not_measured_again_keep_their_rows_and_their_commit() -> None:
    theta, alpha = [
        [scored(f"{m}-x", "rules", 100.0), scored(f"{m}-x", "predictive", 90.0, "ensemble")]
        for m in ("theta", "alpha")
    ]
    before = {"commit": "older", "payload": {"runs": storms_benchmark.rows(theta + alpha)}}
    for row in before["payload"]["runs"]:
        del row["commit"]  # as the first results were written
    kept = storms_benchmark.kept(before, ["theta"])
    assert [(row["case"], row["commit"]) for row in kept] == [("alpha-x", "older")] * 2
    spread, _ = storms_benchmark.tables(
        kept + storms_benchmark.rows(theta), storms_benchmark.PLACES
    )
    assert [row[0] for row in spread.rows] == ["theta", "alpha", "all"]
    assert len(spread.commits) == 2
    assert storms_benchmark.kept(None, ["theta"]) == []


def test_a_run_without_a_score_is_kept_with_its_reason() -> None:
    failed = Outcome(
        case="theta-x", controller="predictive", forecast="ensemble", seed=0, error="died"
    )
    made = storms_benchmark.rows([scored("theta-x", "rules", 5.0), failed])
    assert made[1]["error"] == "died"
    assert storms_benchmark.compared(made) == []
