"""Does the report tell a careful reader what limits its claims?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jialing.core.case import Quantity
from jialing.core.errors import RecordError
from jialing.report import facts
from jialing.report.reading import read_result
from jialing.report.source import ResultView


@pytest.fixture
def result(result_folder: Path) -> ResultView:
    return read_result(result_folder)


def said(result: ResultView) -> str:
    return " ".join(f"[{kind}] {text}" for kind, text in facts.notes(result))


def test_a_perfect_forecast_is_a_reference_and_never_a_claim(result: ResultView) -> None:
    assert "[warn] Reference, not a claim" in said(replace(result, forecast="perfect"))
    assert "Reference" not in said(result)
    assert "ensemble" in said(result)


def test_an_unknown_forecast_is_named_and_none_is_silent(result: ResultView) -> None:
    assert facts.forecast_note(replace(result, forecast="radar")) == "Forecast: radar."
    assert facts.forecast_note(replace(result, forecast="")) == ""


@pytest.mark.parametrize(("error", "doubtful"), [(-5.1, True), (5.0, False), (0.01, False)])
def test_a_large_mass_balance_error_is_a_warning(
    result: ResultView, error: float, doubtful: bool
) -> None:
    score = {**result.baseline.score, "mass_error": Quantity(value=error, unit="%")}
    runs = (replace(result.baseline, score=score), *result.runs[1:])
    assert ("volumes are doubtful" in said(replace(result, runs=runs))) is doubtful


def test_a_time_of_day_without_a_date_is_told_as_one(make_result: Callable[..., Path]) -> None:
    facts_of = facts.facts_html(read_result(make_result(start="", begin_s=63_000.0)))
    assert "<dt>Starts</dt><dd>17:30:00</dd>" in facts_of


def test_a_start_that_is_no_time_is_told_with_file_and_entry(
    make_result: Callable[..., Path],
) -> None:
    with pytest.raises(RecordError, match=r"manifest.json: about.start is 'soon'; allowed is"):
        read_result(make_result(start="soon", ticks=2))


def test_only_a_simulator_with_a_mass_balance_has_a_row_of_it(result: ResultView) -> None:
    assert "Mass balance error" in facts.facts_html(result)
    runs = tuple(replace(run, score={}) for run in result.runs)
    assert "Mass balance error" not in facts.facts_html(replace(result, runs=runs))


def test_late_decisions_are_a_remark(result: ResultView) -> None:
    assert "predictive: 1 decision was late, failed or skipped." in said(result)


def test_runs_of_different_length_are_not_compared_in_silence(result: ResultView) -> None:
    assert "differ in length" not in said(result)
    short = replace(result.runs[2], time_s=result.runs[2].time_s[:10])
    assert "differ in length" in said(replace(result, runs=(*result.runs[:2], short)))


def test_a_run_that_was_cut_off_is_named(make_result: Callable[..., Path]) -> None:
    assert "predictive: score.json is missing: the run was cut off." in said(
        read_result(make_result(cut_off=True, ticks=20))
    )


def test_an_interrupted_run_is_named(result: ResultView) -> None:
    run = replace(result.baseline, ended="interrupted")
    told = said(replace(result, runs=(run, *result.runs[1:])))
    assert "rules: interrupted; the figures cover the part that ran." in told
    assert "cover the part" not in said(result)


def test_decision_times_are_median_and_95th_percentile(result: ResultView) -> None:
    run = replace(result.baseline, decide_ms=np.arange(101.0))
    assert facts.decision_time(run) == (50.0, 95.0)
    assert facts.decision_time(replace(run, decide_ms=np.array([np.nan]))) is None


def test_versions_hashes_and_seed_are_shown_without_folders(result: ResultView) -> None:
    page = facts.facts_html(result)
    assert "town.inp  SHA-256 " + "ab" * 32 in page
    assert "swmm-toolkit 0.17.0" in page
    assert "<dt>Seed</dt><dd>7</dd>" in page
    assert "<dd>models/" not in page


def test_settings_are_shown_without_the_folders_of_their_files() -> None:
    found = {"files": [{"path": "/home/anna/town.inp"}], "routes": ["/home/anna/a.rou.xml", "b"]}
    assert dict(facts.flat(found)) == {"files[0].path": "town.inp", "routes": "a.rou.xml, b"}
    assert dict(facts.flat({"model": "C:\\Users\\anna\\town.inp"})) == {"model": "town.inp"}


def test_nested_settings_become_dotted_names() -> None:
    flat = dict(facts.flat({"a": {"b": [1, 2], "c": None}, "d": [{"e": True}], "f": [0] * 20}))
    assert flat["a.b"] == "1, 2"
    assert flat["a.c"] == ""
    assert flat["d[0].e"] == "True"
    assert flat["f"].endswith("… (20 in all)")


@pytest.mark.parametrize(
    ("domain", "kind", "words"),
    [
        ("water", "ensemble", "around the coming rain"),
        ("traffic", "perfect", "knew the coming traffic exactly"),
        ("metro", "persistence", "the crowd of the moment goes on"),
        ("metro", "ensemble", "inferred from the counts"),
    ],
)
def test_a_forecast_is_told_in_the_words_of_its_domain(
    result: ResultView, domain: str, kind: str, words: str
) -> None:
    assert words in facts.forecast_note(replace(result, domain=domain, forecast=kind))


def test_what_a_domain_remarks_on_a_run_is_said_once(result: ResultView) -> None:
    remark = "Sensing camera: vehicles within 100 m."
    runs = tuple(
        replace(run, manifest={**run.manifest, "about": {"remarks": [remark]}})
        for run in result.runs
    )
    assert said(replace(result, runs=runs)).count(remark) == 1
