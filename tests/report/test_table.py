"""Do the tables tell who is better, by sign, colour and word, with units?"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from jialing.core.case import Quantity
from jialing.report import table
from jialing.report.reading import read_result
from jialing.report.source import ResultView


@pytest.fixture
def result(result_folder: Path) -> ResultView:
    return read_result(result_folder)


def row(page: str, label: str) -> str:
    found = re.search(rf"<tr><th[^>]*><span>{label}</span>.*?</tr>", page)
    assert found, f"no row {label}"
    return found.group()


def test_columns_run_baseline_chosen_others(result: ResultView) -> None:
    page = table.comparison(result)
    heads = re.findall(r'<th scope="col"[^>]*>([a-z-]+)<small>', page)
    assert heads == ["rules", "predictive", "equal-filling"]


def test_every_score_word_has_a_row_with_its_unit(result: ResultView) -> None:
    page = table.comparison(result)
    assert page.count('<th scope="row"') == len(result.baseline.score)
    assert '<td class="unit">m³</td>' in row(page, "Overflow")
    assert '<td class="unit">h</td>' in row(page, "Overflow duration")
    assert '<td class="unit"></td>' in row(page, "Overflow events")


def test_better_and_worse_are_said_in_words_too(result: ResultView) -> None:
    page = table.comparison(result)
    assert 'class="change better">✓ −24' in row(page, "Overflow")
    assert "better</span>" in row(page, "Treated")
    assert 'class="change worse">✗ +28' in row(page, "Overflow to sensitive waters")
    assert "= unchanged" in row(page, "Flooding")


def test_the_mass_balance_error_is_judged_neither_way(result: ResultView) -> None:
    scores = {**result.runs[2].score, "mass_error": Quantity(value=-0.5, unit="%")}
    runs = (*result.runs[:2], replace(result.runs[2], score=scores))
    line = row(table.comparison(replace(result, runs=runs)), "Mass balance error")
    assert "−0.500" in line
    assert "change" not in line


def test_a_run_without_a_score_shows_a_dash_instead_of_zero(result: ResultView) -> None:
    runs = (*result.runs[:2], replace(result.runs[2], score={}))
    line = row(table.comparison(replace(result, runs=runs)), "Overflow")
    assert '<td class="chosen">–</td>' in line


def test_several_seeds_show_medians_and_how_far_they_spread(result: ResultView) -> None:
    shown = {run.controller: run.score for run in result.runs}
    other = {
        name: {"overflow": Quantity(value=value, unit="m³")}
        for name, value in (("rules", 20_000.0), ("predictive", 10_000.0))
    }
    several = replace(result, seeds={7: shown, 8: other})
    line = row(table.comparison(several), "Overflow").replace("\u202f", " ").replace("\u00a0", " ")
    assert '<span class="value">16 306</span>' in line  # between 12 611 and 20 000
    assert '<span class="spread">12 611 … 20 000</span>' in line
    assert '<span class="spread">−50 % … −24 %</span>' in line  # each seed against its own baseline


def test_one_seed_shows_no_spread(result: ResultView) -> None:
    assert 'class="spread"' not in table.comparison(result)


def test_no_gain_is_claimed_where_seeds_disagree(result: ResultView) -> None:
    shown = {run.controller: run.score for run in result.runs}
    worse = {
        name: {"overflow": Quantity(value=value, unit="m³")}
        for name, value in (("rules", 100.0), ("predictive", 120.0), ("equal-filling", 130.0))
    }
    line = row(table.comparison(replace(result, seeds={7: shown, 8: worse})), "Overflow")
    assert "seeds disagree" in line
    assert "✓" not in line
