"""Is the page whole, self-contained, and honest about what it was given?"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jialing import domains
from jialing.core.errors import InputError, RecordError
from jialing.report import write_report
from jialing.report.page import build_page, content_policy
from jialing.report.reading import read_result
from jialing.report.source import BASELINES

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def page(result_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("page") / "deep" / "report.html"
    assert write_report(result_folder, out) == out
    return out.read_text(encoding="utf-8")


def without_library(page: str) -> str:
    """The page less its largest script, the chart library."""
    scripts = re.findall(r"<script>.*?</script>", page, flags=re.S)
    return page.replace(max(scripts, key=len), "")


def content(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', page, re.S)
    assert found
    return json.loads(found.group(1))


def test_the_headline_is_the_first_heading(page: str) -> None:
    found = re.search(r"<h1>(.*?)</h1>", page)
    assert found
    plain = found.group(1).replace("\u202f", " ").replace("\u00a0", " ")
    assert plain.startswith("Overflow fell by 24 % (12 611 → 9 605 m³); ")


def test_every_section_of_the_report_is_there(page: str) -> None:
    sections = re.findall(r'<section id="(\w+)"', page)
    assert sections == ["comparison", "map", "time", "elements", "guard", "facts"]
    for name in sections:
        assert f'href="#{name}"' in page


def test_a_station_has_no_empty_map_and_no_empty_list_of_elements(
    make_result: Callable[..., Path],
) -> None:
    result = read_result(make_result(ticks=5))
    runs = tuple(replace(run, details={}, picture={}) for run in result.runs)
    page = build_page(replace(result, domain="metro", runs=runs))
    shown = re.findall(r'<section id="(\w+)" aria-labelledby="[\w-]+">', page)
    assert shown == ["comparison", "time", "guard", "facts"]
    assert not {'href="#map"', 'href="#elements"'} & set(re.findall(r'href="#\w+"', page))


def test_no_placeholder_is_left(page: str) -> None:
    assert not re.search(r"\$\{?[a-z_]+\}?", without_library(page).split("<script>")[0])


def test_nothing_is_loaded_from_outside(page: str) -> None:
    own = without_library(page)
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#|data:,)""", own)
    assert "@import" not in own
    assert not re.search(r"url\(\s*['\"]?http", own)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert policy.group(1).startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy.group(1)
    assert not re.search(r"script-src[^;]*unsafe-inline", policy.group(1))


def test_the_policy_names_each_script_by_its_hash() -> None:
    assert "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='" in content_policy(["alert(1)"])


def test_the_chosen_controller_is_the_predictive_one(page: str) -> None:
    found = content(page)
    assert found["controllers"][found["chosen"]] == "predictive"
    assert found["controllers"][0] == "rules"


def test_charts_know_the_time_of_day_where_there_is_no_date(
    page: str, make_result: Callable[..., Path]
) -> None:
    found = content(page)
    assert (found["start"], found["dateless"]) == ("2024-06-18T00:00:00", False)
    text = write_report(make_result(start="", begin_s=63_000.0, ticks=5)).read_text()
    found = content(text)
    assert (found["start"][10:], found["dateless"]) == ("T17:30:00", True)


def test_the_report_goes_into_the_result_folder_unless_told(
    make_result: Callable[..., Path],
) -> None:
    folder = make_result(ticks=12)
    assert write_report(folder) == folder / "report.html"
    assert not list(folder.glob(".*.part"))


def test_a_folder_is_no_place_for_a_report(
    make_result: Callable[..., Path], tmp_path: Path
) -> None:
    place = tmp_path / "pages"
    place.mkdir()
    with pytest.raises(InputError, match="pages: is a folder; name the file to write"):
        write_report(make_result(ticks=10), place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pages", "town-s7"]


def test_a_report_that_cannot_be_written_leaves_nothing_behind(
    make_result: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied", str(self), None, str(target))

    folder = make_result(ticks=10)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError, match=r"Permission denied: '.*pages/x\.html'"):
        write_report(folder, tmp_path / "pages" / "x.html")
    assert list((tmp_path / "pages").iterdir()) == []


@pytest.mark.parametrize(
    ("domain", "told", "peak"),
    [
        (
            "water",
            "Circles grow with what an element spilled; gates and pumps show",
            "Largest spill",
        ),
        (
            "traffic",
            "Circles grow with the vehicles that stand before a stop line",
            "Longest queues",
        ),
    ],
)
def test_the_map_is_told_in_the_words_of_its_domain(
    make_result: Callable[..., Path], domain: str, told: str, peak: str
) -> None:
    result = replace(read_result(make_result(ticks=5)), domain=domain)
    lead = re.search(r'<h2 id="h-map">Map</h2>\s*<p class="lead">(.*?)</p>', build_page(result))
    assert lead
    assert lead.group(1).startswith(told)
    # `rules` is the baseline of a sewer, and none of signals.
    nothing = {
        "water": "Nothing spilled under the baseline.",
        "traffic": "Nobody stood under rules.",
    }
    assert nothing[domain] in lead.group(1)
    assert f'<button type="button" id="zoom-peak">{peak}</button>' in build_page(result)


def test_a_single_record_is_reported_too(make_result: Callable[..., Path]) -> None:
    folder = make_result(ticks=40)
    text = write_report(folder / "predictive").read_text(encoding="utf-8")
    assert "nothing to compare with" in text
    assert content(text)["controllers"] == ["predictive"]


def test_results_of_several_seeds_become_one_report(
    make_result: Callable[..., Path], result_folder: Path, tmp_path: Path
) -> None:
    several = tmp_path / "several"
    for seed in (7, 8):
        folder = several / f"made-up-town-s{seed}"
        shutil.copytree(result_folder, folder)
        document = json.loads((folder / "result.json").read_text())
        document["seed"] = seed
        (folder / "result.json").write_text(json.dumps(document))
    text = write_report(several).read_text(encoding="utf-8")
    assert "medians over 2 seeds" in text
    assert "compare medians with those of the baseline, the model&#x27;s own rules, and" in text
    assert "Map and charts show seed 7" in text


def test_a_folder_with_several_cases_is_refused_with_their_names(
    result_folder: Path, tmp_path: Path
) -> None:
    for name in ("creek", "town"):
        shutil.copytree(result_folder, tmp_path / name)
    path = tmp_path / "creek" / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"case": "made-up-creek"}))
    names = "made-up-creek in creek; made-up-town in town. Name one of these folders, e.g. "
    with pytest.raises(RecordError, match=re.escape(names)):
        write_report(tmp_path)


def test_two_results_of_one_seed_are_refused_with_their_names(
    result_folder: Path, tmp_path: Path
) -> None:
    for name in ("town-s7", "town-s7-2"):
        shutil.copytree(result_folder, tmp_path / name)
    seed = json.loads((result_folder / "result.json").read_text())["seed"]
    names = f"holds several results of seed {seed}: town-s7, town-s7-2. "
    with pytest.raises(RecordError, match=re.escape(names)):
        write_report(tmp_path)


def test_pages_on_results_of_one_case_and_seed_differ_in_their_title(
    result_folder: Path, tmp_path: Path
) -> None:
    pages = []
    for name in ("town-s7", "town-s7-2"):
        shutil.copytree(result_folder, tmp_path / name)
        pages.append(write_report(tmp_path / name).read_text(encoding="utf-8"))
    titles = [re.findall("<title>(.*?)</title>", page) for page in pages]
    assert [title[0].split(" · ")[-1] for title in titles] == [
        "town-s7 – Jialing",
        "town-s7-2 – Jialing",
    ]
    assert "<dt>Folder</dt><dd>town-s7-2</dd>" in pages[1]


def test_a_baseline_that_was_run_second_still_stands_first(
    make_result: Callable[..., Path],
) -> None:
    folder = make_result(ticks=12, controllers=("open", "rules"), share=(1.0, 0.9))
    assert content(write_report(folder).read_text(encoding="utf-8"))["controllers"][0] == "rules"


def test_no_run_is_called_the_baseline_where_it_is_none(make_result: Callable[..., Path]) -> None:
    folder = make_result(ticks=150, controllers=("open", "predictive"), share=(1.0, 0.9))
    text = write_report(folder).read_text(encoding="utf-8")
    page = re.sub(r"(?s)<(script|style).*?</\1>", "", text)
    assert "baseline" not in re.sub(r'id="with-baseline"', "", page)
    assert "Percentages are against everything open." in page
    assert content(text)["held_against"] == "open"


@pytest.mark.parametrize("name", domains.ROWS)
def test_the_baseline_is_the_first_of_its_domains_controllers(name: str) -> None:
    assert next(iter(domains.domain(name).controllers)) == BASELINES[name]


def test_a_killed_run_is_reported_with_what_there_is(make_result: Callable[..., Path]) -> None:
    folder = make_result(ticks=60, cut_off=True)
    ticks = folder / "predictive" / "ticks.bin"
    ticks.write_bytes(ticks.read_bytes()[:-7])
    text = write_report(folder).read_text(encoding="utf-8")
    assert "the run was cut off" in text
    assert "the last frame is torn" in text


def test_a_run_that_was_killed_before_the_result_named_it_is_reported(
    make_result: Callable[..., Path],
) -> None:
    folder = make_result(ticks=60, cut_off=True)
    document = json.loads((folder / "result.json").read_text())
    document["runs"].pop()
    (folder / "result.json").write_text(json.dumps(document))
    result = read_result(folder)
    assert [run.controller for run in result.runs] == ["rules", "equal-filling", "predictive"]
    text = write_report(folder).read_text(encoding="utf-8")
    assert "predictive: score.json is missing: the run was cut off." in text


def test_a_run_without_a_single_tick_is_reported(make_result: Callable[..., Path]) -> None:
    folder = make_result(ticks=5, controllers=("rules",), share=(1.0,))
    (folder / "rules" / "ticks.bin").write_bytes(b"")
    assert content(write_report(folder).read_text(encoding="utf-8"))["end_s"] == 0.0


def test_a_folder_that_is_no_result_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=tmp_path.name):
        write_report(tmp_path)


def test_hostile_names_stay_text(make_result: Callable[..., Path]) -> None:
    name = "</script><img src=x onerror=alert(1)>"
    folder = make_result(ticks=30, title=name, names={"J07": name, "T1": "<b>T1</b>"})
    text = without_library(write_report(folder).read_text(encoding="utf-8"))
    assert "<img" not in text
    assert "<b>T1" not in text
    assert "&lt;img src=x" in text


def test_eight_weeks_of_a_large_city_fit_into_a_mail(make_result: Callable[..., Path]) -> None:
    folder = make_result(ticks=4_000, extra_nodes=8_000, controllers=("rules",), share=(1.0,))
    text = write_report(folder).read_text(encoding="utf-8")
    assert len(without_library(text).encode()) < 3 * MEGABYTE
    assert len(content(text)["map"]["nodes"]["name"]) == 8_030


def badges(page: str) -> list[str]:
    return re.findall(r'<p class="badge \w+">([^<]*)</p>', page)


def test_warnings_stand_at_the_top_not_only_at_the_end(make_result: Callable[..., Path]) -> None:
    text = write_report(make_result(cut_off=True, ticks=20)).read_text(encoding="utf-8")
    said = badges(text)
    assert said[0].startswith("Forecast: an ensemble")
    assert any("the run was cut off" in one for one in said)
    assert not any("thinned" in one for one in said)
    assert "<h1>Predictive control left no score.</h1>" in text


def test_a_perfect_forecast_is_labelled_at_the_top(make_result: Callable[..., Path]) -> None:
    text = write_report(make_result(forecast="perfect", ticks=8)).read_text(encoding="utf-8")
    assert badges(text)[0].startswith("Reference, not a claim")


def test_the_rules_alone_are_not_said_to_know_a_forecast(make_result: Callable[..., Path]) -> None:
    folder = make_result(ticks=8, controllers=("rules",), share=(1.0,))
    assert badges(write_report(folder).read_text(encoding="utf-8")) == []


def test_a_name_that_is_no_utf_8_stands_in_the_page_with_question_marks(
    result_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "result"
    shutil.copytree(result_folder, folder)
    for path in folder.glob("*/manifest.json"):
        manifest = json.loads(path.read_text())
        manifest["case"]["model"] = "\udcd6\udcd0.inp"
        path.write_text(json.dumps(manifest))
    assert "??.inp" in write_report(folder).read_text(encoding="utf-8")
