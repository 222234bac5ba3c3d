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
