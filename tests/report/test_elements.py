"""Do the element tables show where it spilled, and what changed there?"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from jialing.report import elements as table
from jialing.report.reading import read_result
from jialing.report.source import ResultView
from jialing.report.table import comparison


@pytest.fixture
def result(result_folder: Path) -> ResultView:
    return read_result(result_folder)


def test_elements_are_sorted_by_volume_with_a_bar() -> None:
    rows = [
        {"node": "A", "limit_m3s": 9.0, "volume_m3": 1.0, "sensitive": False},
        {"node": "B", "limit_m3s": 1.0, "volume_m3": 4.0, "sensitive": True},
    ]
    page = table.element_table(rows)
    assert page.index("<td>B</td>") < page.index("<td>A</td>")
    assert "--share:1.000" in page
    assert "--share:0.250" in page
    assert "Volume <small>m³</small>" in page
    assert "Limit <small>m³/s</small>" in page
    assert "<td>yes</td>" in page


def test_a_long_table_is_cut_and_says_so() -> None:
    rows = [{"node": f"N{i}", "volume_m3": float(i)} for i in range(table.ROWS + 7)]
    page = table.element_table(rows)
    assert page.count("<td>N") == table.ROWS
    assert "7 smaller rows are in score.json" in page


def test_a_missing_number_is_a_dash() -> None:
    page = table.element_table([{"node": "A", "volume_m3": None}, {"node": "B", "volume_m3": 2.0}])
    assert "None" not in page
    assert '<td class="num">–</td>' in page


def test_details_that_are_no_rows_make_no_table(result: ResultView) -> None:
    page = table.elements(result)
    assert "Overflow by place" in page
    assert "Decisions" not in page
    assert "Ended" not in page


def test_the_change_at_an_element_is_against_the_same_element_of_the_baseline() -> None:
    base = [{"node": "A", "volume_m3": 10.0}, {"node": "B", "volume_m3": 2.0}]
    ours = [
        {"node": "B", "volume_m3": 3.0},
        {"node": "A", "volume_m3": 4.0},
        {"node": "C", "volume_m3": 1.0},
    ]
    page = table.element_table(ours, kind="flooding_by_node", base=base)
    cells = dict(re.findall(r"<tr><td>(\w)</td>.*?<span class=.change (\w+).>", page))
    assert cells == {"A": "better", "B": "worse", "C": "worse"}
    assert "Against baseline" not in table.element_table(ours, kind="flooding_by_node")


def test_more_treated_water_at_an_outfall_is_better() -> None:
    base, ours = [{"outfall": "W", "volume_m3": 1.0}], [{"outfall": "W", "volume_m3": 2.0}]
    assert "change better" in table.element_table(ours, kind="treated_by_outfall", base=base)


def test_hostile_names_stay_text(result: ResultView) -> None:
    rows = [{"node": "<img src=x>", "volume_m3": 1.0}]
    run = replace(result.baseline, controller="<b>mine</b>", details={"flooding_by_node": rows})
    page = table.elements(replace(result, runs=(run,))) + comparison(replace(result, runs=(run,)))
    assert "<img" not in page
    assert "<b>" not in page
