"""A run is made once and in a process of its own, and one that fails does not end the others."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import bench_work
import pytest

import jialing as jl
from benchmarks.skill import _runs
from benchmarks.skill._runs import Job, Outcome, by_case, column, fingerprint, run_all


@pytest.fixture(autouse=True)
def same_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The source tree may be edited while tests run."""
    monkeypatch.setattr(_runs, "_code", lambda: "code")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    model = tmp_path / "town.inp"
    model.write_text("[TITLE]\n")
    case = jl.Case(name="town", domain="water", title="t", model=model, tick_s=60.0, seed=5)
    return Job(case=case, controller="predictive")


def calls(job: Job) -> list[str]:
    return job.case.model.with_suffix(".calls").read_text().split()


def with_seed(job: Job, seed: int) -> Job:
    return dataclasses.replace(job, case=dataclasses.replace(job.case, seed=seed))


def test_a_run_has_a_process_of_its_own(job: Job, tmp_path: Path) -> None:
    first, second = run_all(
        [job, with_seed(job, 6)], cache=tmp_path / "cache", work=bench_work.score_the_seed
    )
    assert (first.score["cost"], second.score["cost"]) == (5.0, 6.0)
    made = calls(job)
    assert len(set(made)) == 2
    assert str(os.getpid()) not in made


def test_a_known_run_is_not_made_again(job: Job, tmp_path: Path) -> None:
    (before,) = run_all([job], cache=tmp_path / "cache", work=bench_work.score_the_seed)
    (after,) = run_all([job], cache=tmp_path / "cache", work=bench_work.score_the_seed)
    assert after == before
    assert len(calls(job)) == 1


def test_a_cut_off_entry_is_made_again(job: Job, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    run_all([job], cache=cache, work=bench_work.score_the_seed)
    (entry,) = cache.iterdir()
    entry.write_text(entry.read_text()[:20])
    (outcome,) = run_all([job], cache=cache, work=bench_work.score_the_seed)
    assert outcome.score == {"cost": 5.0}
    assert len(calls(job)) == 2


def test_a_changed_model_file_is_another_run(job: Job) -> None:
    before = fingerprint(job)
    job.case.model.write_text("[TITLE]\nother\n")
    assert fingerprint(job) != before


@pytest.mark.parametrize("change", [{"seed": 6}, {"forecast": "perfect"}, {"tick_s": 30.0}])
def test_a_changed_case_is_another_run(job: Job, change: dict[str, object]) -> None:
    other = dataclasses.replace(job, case=dataclasses.replace(job.case, **change))
    assert fingerprint(other) != fingerprint(job)


def test_changed_code_is_another_run(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(job)
    monkeypatch.setattr(_runs, "_code", lambda: "other")
    assert fingerprint(job) != before


def test_a_copy_of_the_model_elsewhere_is_the_same_run(job: Job, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere.inp"
    copy.write_bytes(job.case.model.read_bytes())
    other = dataclasses.replace(job, case=dataclasses.replace(job.case, model=copy))
    assert fingerprint(other) == fingerprint(job)


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (bench_work.fail, "ValueError: no score for town"),
        (bench_work.die, "the process died with exit code 7"),
        (bench_work.sleep, "took longer than 1.5 s"),
    ],
)
def test_a_failed_run_is_told_and_not_kept(
    job: Job, tmp_path: Path, work: object, said: str
) -> None:
    cache = tmp_path / "cache"
    (outcome,) = run_all([job], cache=cache, work=work, limit_s=1.5)  # type: ignore[arg-type]
    assert outcome.error == said
    assert outcome.score == {}
    assert not cache.exists()


def test_outcomes_keep_the_order_of_their_jobs(job: Job, tmp_path: Path) -> None:
    jobs = [with_seed(job, seed) for seed in (3, 1, 2)]
    found = run_all(jobs, workers=2, cache=None, work=bench_work.score_the_seed)
    assert [o.seed for o in found] == [3, 1, 2]


def test_only_a_forecasting_controller_has_a_column_per_forecast() -> None:
    rules = Outcome(case="a", controller="rules", forecast="none", seed=0)
    ours = Outcome(case="a", controller="predictive", forecast="ensemble", seed=0)
    assert column(rules) == "rules"
    assert column(ours) == "predictive/ensemble"
    assert dict(by_case([rules, ours])) == {"a": {"rules": rules, "predictive/ensemble": ours}}


def test_a_case_without_its_files_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def case(name: str) -> jl.Case:
        if name == "gone":
            raise jl.InputError("not here", path=tmp_path / "gone.inp")
        return jl.Case(name=name, domain="water", title="t", model=tmp_path, tick_s=60.0)

    monkeypatch.setattr(jl, "case", case, raising=False)
    assert _runs.present(["here", "gone"]) == ["here"]
    assert "left out: gone" in capsys.readouterr().err
