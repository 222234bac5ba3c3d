"""Is every refusal, clamp and late decision counted and explained?"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from jialing.report import incidents
from jialing.report.reading import read_result
from jialing.report.source import Incident


def test_counts_come_from_the_score_and_late_ones_from_the_frames(result_folder: Path) -> None:
    page = incidents.counts(read_result(result_folder))
    figures = re.findall(r'<th scope="row">([a-z-]+)</th>(.*?)</tr>', page)
    shown = {name: re.findall(r'"num">([^<]*)<', cells) for name, cells in figures}
    assert shown["rules"] == ["1\u202f200", "0", "0", "0"]
    assert shown["predictive"] == ["1\u202f182", "16", "2", "1"]


def test_equal_incidents_stand_together_refusals_first() -> None:
    found = [
        Incident(time_s=float(t), kind="clamped", actuator="V1", rule="rate") for t in range(5)
    ]
    found += [Incident(time_s=9.0, kind="late", rule="late", text="slow")]
    found += [Incident(time_s=7.0, kind="refused", actuator="P1", rule="dry_run", text="dry")]
    groups = incidents.grouped(found)
    assert [(g.kind, g.count) for g in groups] == [("refused", 1), ("late", 1), ("clamped", 5)]
    assert (groups[2].first_s, groups[2].last.time_s) == (0.0, 4.0)


def test_the_table_tells_the_time_of_day_where_the_case_has_one(
    result_folder: Path, make_result: Callable[..., Path]
) -> None:
    def firsts(folder: Path) -> list[str]:
        page = incidents.listing(read_result(folder))
        return re.findall(r'<td class="num">1</td><td>([^<]*)</td>', page)

    assert firsts(result_folder) == ["18 Jun 10:00", "18 Jun 16:40"]
    assert firsts(make_result(start="", begin_s=63_000.0)) == ["03:30", "10:10"]


def test_reasons_of_the_guard_reach_the_list(result_folder: Path) -> None:
    page = incidents.listing(read_result(result_folder))
    assert "P6 asked to start with 0.12 m in its well" in page
    assert "took 5.21 s of 5 s; used instead: last plan" in page
    assert page.count("Nothing was clamped, refused or late.") == 2


def test_an_episode_counts_once_however_long_it_lasts(result_folder: Path) -> None:
    chosen = read_result(result_folder).chosen
    assert chosen is not None
    clamped = [found for found in chosen.incidents if found.kind == "clamped"]
    assert len(clamped) == 8  # of two ticks each: the guard counts 16
    assert chosen.guard.clamped == 16
