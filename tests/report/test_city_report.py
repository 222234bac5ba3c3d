"""Does a city's report say what happened, fairly, completely, and without asking the outside?"""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jialing.core.errors import RecordError
from jialing.report import write_report
from jialing.report.city_foresight import forecast_table, foresight
from jialing.report.city_map import extended, frame_periods, last_metres
from jialing.report.city_page import closures
from jialing.report.city_series import end_s, views
from jialing.report.city_source import CityResult, city_folders, read_city_result
from jialing.report.city_words import headline
from jialing.report.packing import unpack
from tests.report.made_city import Town, write_city


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_city(tmp_path_factory.mktemp("city") / "madeup-s0", Town())


@pytest.fixture(scope="module")
def page(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(folder, tmp_path_factory.mktemp("page") / "city.html")


def said(page: Path) -> str:
    """The page's words without its scripts, with plain spaces."""
    text = re.sub(r"(?s)<(script|style).*?</\1>", " ", page.read_text(encoding="utf-8"))
    return plain(html.unescape(re.sub(r"<[^>]+>", " ", text)))


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def content(page: Path) -> dict[str, Any]:
    found = re.search(
        r'<script type="application/json" id="content">(.*?)</script>', page.read_text()
    )
    assert found
    return dict(json.loads(found.group(1)))


def sentence(folder: Path) -> str:
    return plain(headline(read_city_result(city_folders(folder))).sentence)


# -- the claim ------------------------------------------------------------------------------------


def test_the_headline_tells_gains_and_what_got_worse(folder: Path) -> None:
    assert sentence(folder) == (
        "In a storm of 10 years, 3 vehicles were caught by water instead of 41, and drivers lost "
        "22 % less time, but people waited 10 % more in stations"
    )


def test_a_dry_evening_without_a_caught_vehicle_is_not_called_a_gain(tmp_path: Path) -> None:
    dry = {"today": (0.0, 100.0, 20.0, 0.0), "coupled": (0.0, 103.0, 20.0, 0.0)}
    town = Town(modes=("today", "coupled"), figures=dry, storm="dry")
    assert sentence(write_city(tmp_path / "d", town)) == (
        "On a dry evening, no vehicle was caught by water either way, and drivers lost 3.0 % more time"
    )


def test_one_seed_is_said_to_tell_nothing_of_the_spread(page: Path) -> None:
    assert "One seed (0): how far other evenings of this kind would differ cannot be told" in said(
        page
    )


def test_several_seeds_are_told_as_medians_with_their_range(tmp_path: Path) -> None:
    for seed, worse in enumerate((0.0, 10.0, 50.0)):
        town = Town(seed=seed, worse=worse, modes=("today", "coupled"))
        write_city(tmp_path / f"madeup-s{seed}", town)
    text = said(write_report(tmp_path, tmp_path / "all.html"))
    assert "Figures are medians over 3 seeds" in text
    assert "time lost per trip 200 … 250 → 156 … 206 s" in text
    assert "Map and charts show seed 0" in text


def test_a_folder_with_several_cases_is_refused_with_their_names(tmp_path: Path) -> None:
    write_city(tmp_path / "madeup-s0", Town(modes=("today",)))
    killed = write_city(tmp_path / "other-s0", Town(name="other", modes=("today",)))
    (killed / "result.json").unlink()
    names = (
        r"madeup in madeup-s0; other in other-s0\. Name one of these folders, e\.g\. .*madeup-s0"
    )
    with pytest.raises(RecordError, match=names):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()
    assert write_report(killed).is_file()


def test_two_results_of_one_seed_are_refused_and_tell_themselves_apart(tmp_path: Path) -> None:
    for name in ("madeup-s0", "madeup-s0-2"):
        write_city(tmp_path / name, Town(modes=("today",)))
    with pytest.raises(RecordError, match="several results of seed 0: madeup-s0, madeup-s0-2"):
        write_report(tmp_path)
    page = write_report(tmp_path / "madeup-s0-2").read_text(encoding="utf-8")
    assert re.search("<title>.* · madeup-s0-2 – Jialing</title>", page)
    assert "<dt>Folder</dt><dd>madeup-s0-2</dd>" in page


def test_parts_tell_all_that_their_own_reports_tell(tmp_path: Path) -> None:
    folder = write_city(tmp_path / "town", Town(modes=("today", "coupled")))
    own = {
        "water": ("too_deep", "overflow_events", "mass_error", "flooding", "cost"),
        "traffic": ("waiting", "locked", "delay"),
        "station:market": ("travel_time", "queue_peak", "served", "inside"),
    }
    for path in folder.glob("*/score.json"):
        score = json.loads(path.read_text())
        for part, words in own.items():
            sheet = score["details"]["parts"][part]["score"]
            sheet.update({name: {"value": 1.0, "unit": "1"} for name in words})
        path.write_text(json.dumps(score))
    page = write_report(folder).read_text(encoding="utf-8")
    rows = re.findall(r'<th scope="row">([^<]*?)(?: <span[^>]*>[^<]*</span>)?<small>', page)
    counts = {
        "Above depth limits": 1, "Overflow events": 1, "Mass balance error": 1, "Locked up": 1,
        "Waiting and riding": 1, "Longest queue": 1, "Served": 1, "Still inside": 1,
        "Waiting": 3,  # in all stations, at signals, at this station
        "Flooding": 1, "Delay": 1,  # the city's own
        "Priced sum": 0,  # holds roads under water only where domains know of each other
    }  # fmt: skip
    assert {name: rows.count(name) for name in counts} == counts


def test_a_schematic_city_says_so_and_another_does_not(page: Path, tmp_path: Path) -> None:
    assert "SCHEMATIC" in said(page)
    real = write_report(write_city(tmp_path / "real", Town(schematic=False)), tmp_path / "r.html")
    assert "SCHEMATIC" not in said(real)


def test_what_coupling_adds_stands_beside_what_domains_gain_alone(page: Path) -> None:
    text = said(page)
    row = re.search(r"Vehicles caught by water veh [^.]*\. ([^A-Z]*?) Delay", text)
    assert row
    assert row.group(1) == "41 30 ✓ −27 % better 3 ✓ −93 % better ✓ −90 % better"


def test_without_the_domains_alone_the_page_claims_nothing_for_the_coupling(tmp_path: Path) -> None:
    town = Town(modes=("today", "coupled"))
    text = said(write_report(write_city(tmp_path / "two", town)))
    assert "what coupling alone adds is not known" in text
    assert "Added by deciding together" not in text


def test_an_evening_that_is_not_todays_is_not_called_so(tmp_path: Path) -> None:
    same = {"alone": (3.0, 100.0, 20.0, 0.2), "coupled": (3.0, 100.0, 20.0, 0.2)}
    town = Town(modes=("alone", "coupled"), figures=same)
    page = write_report(write_city(tmp_path / "two", town))
    assert "today" not in said(page).lower()
    assert "each alone 100" in said(page)
    assert content(page)["held_against"] == "each alone"


# -- what happened --------------------------------------------------------------------------------


def test_events_stand_at_the_time_of_day(page: Path) -> None:
    assert re.search(r"17:5\d Eastdip closed: 0.20 m on the road", said(page))


@pytest.mark.parametrize(("begin", "start"), [("24:30", "00:30"), ("9:05", "09:05")])
def test_axis_events_and_guard_tell_the_same_time_of_day(
    tmp_path: Path, begin: str, start: str
) -> None:
    page = write_report(write_city(tmp_path / "c", Town(modes=("today",), begin=begin)))
    told = content(page)
    at = datetime.fromisoformat(told["start"])  # as a browser reads it
    assert (f"{at:%H:%M}", told["dateless"]) == (start, True)
    closed = next(mark for mark in told["charts"]["marks"][0] if mark["kind"] == "closed")
    assert f"{at + timedelta(seconds=closed['t']):%H:%M} Eastdip closed" in said(page)
    assert f"gate_a rate 1 {at + timedelta(minutes=9):%H:%M}" in said(page)


def test_a_time_of_day_that_is_none_is_refused_with_its_file(tmp_path: Path) -> None:
    place = write_city(tmp_path / "odd", Town(modes=("today",), begin="noon"))
    with pytest.raises(RecordError, match=r"city\.json: city\.begin is 'noon'; allowed .* 17:30"):
        write_report(place)


def test_refusals_keep_their_reason_their_part_and_the_time_of_day(page: Path) -> None:
    text = said(page)
    assert (
        "Water · gate_a rate 1 17:39 17:39 gate_a: 1 was asked, 0.5 is given: <b>moves too fast</b>"
        in text
    )
    assert "<b>moves too fast" not in page.read_text()


def test_a_process_that_died_is_on_the_first_screen_and_in_the_table(tmp_path: Path) -> None:
    town = Town(died=True, modes=("today",))
    text = said(write_report(write_city(tmp_path / "died", town)))
    assert "Today: a process died once; see below." in text
    assert "Water: was killed" in text


def test_an_evening_that_was_cut_off_is_shown_with_what_there_is(tmp_path: Path) -> None:
    town = Town(cut_off=("coupled",), modes=("today", "coupled"))
    text = said(write_report(write_city(tmp_path / "cut", town)))
    assert "the run was cut off before it could be scored" in text
    assert "the evenings left no scores to compare" in text


def test_the_headline_is_about_the_last_evening_that_was_scored(tmp_path: Path) -> None:
    place = write_city(tmp_path / "part", Town(cut_off=("coupled",)))
    assert "30 vehicles were caught by water instead of 41" in sentence(place)
    page = write_report(place)
    assert content(page)["chosen"] == 1
    assert "Together: the run was cut off before it could be scored." in said(page)


def test_an_evening_that_the_result_does_not_name_is_shown(tmp_path: Path) -> None:
    place = write_city(tmp_path / "killed", Town(modes=("today", "coupled"), cut_off=("coupled",)))
    (place / "result.json").write_text(json.dumps({"runs": [{"folder": "today"}]}))
    assert "Together: the run was cut off before it could be scored." in said(write_report(place))


def test_a_part_that_was_lost_is_told_and_its_figures_are_no_gain(tmp_path: Path) -> None:
    place = write_city(tmp_path / "lost", Town(modes=("today", "coupled")))
    folder, reason = place / "coupled", "it died 4 times; the last time: it was killed"
    score = json.loads((folder / "score.json").read_text())
    score["details"]["lost"] = {"station:market": reason}
    del score["score"]["waiting"], score["details"]["parts"]["station:market"]
    (folder / "score.json").write_text(json.dumps(score))
    event = {"time_s": 600.0, "kind": "lost", "part": "station:market", "reason": reason}
    with (folder / "events.jsonl").open("a") as file:
        file.write(json.dumps(event) + "\n")
    page = write_report(place)
    text = said(page)
    assert f"Together: station market is lost, and figures are without it: {reason}." in text
    assert re.findall(r"Waiting person-h [^.]*\. (\S+ \S+)", text) == ["30.0 –", "30.0 –"]
    assert "lost" in [mark["kind"] for mark in content(page)["charts"]["marks"][1]]


def test_a_part_that_was_lost_before_the_evening_was_killed_is_told(tmp_path: Path) -> None:
    place = write_city(tmp_path / "lost", Town(modes=("today",), cut_off=("today",)))
    event = {"time_s": 600.0, "kind": "lost", "part": "water", "reason": "it died 4 times"}
    with (place / "today" / "events.jsonl").open("a") as file:
        file.write(json.dumps(event) + "\n")
    text = said(write_report(place))
    assert "Today: water is lost, and figures are without it: it died 4 times." in text


def test_a_torn_last_line_of_the_diary_is_left_out_and_said(tmp_path: Path) -> None:
    place = write_city(tmp_path / "torn", Town(modes=("today",)))
    diary = place / "today" / "diary.jsonl"
    diary.write_text(diary.read_text()[:-40])
    run = read_city_result((place,)).runs[0]
    assert len(run.diary) == 39
    assert "line 40 is torn" in run.notices[0]


def test_a_number_that_was_not_finite_is_a_gap(tmp_path: Path) -> None:
    place = write_city(tmp_path / "null", Town(modes=("today",)))
    diary = place / "today" / "diary.jsonl"
    rows = [json.loads(line) for line in diary.read_text().splitlines()]
    rows[9]["told"]["water"]["depth:eastdip"] = rows[9]["traffic_ph"]["eastdip"] = None
    rows[9]["rain_mps"] = None
    diary.write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_report(place)
    run = views(read_city_result((place,))).runs[0]
    columns = dict(zip(run.signals, run.values.T, strict=True))
    assert np.flatnonzero(np.isnan(columns["road:Eastdip"])).tolist() == [0, 9]
    rows[9]["told"]["water"]["depth:eastdip"] = "deep"
    diary.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert "diary.jsonl: line 10 is damaged" in said(write_report(place))


def test_an_event_at_no_time_is_left_out_and_said(tmp_path: Path) -> None:
    place = write_city(tmp_path / "nan", Town(modes=("today",)))
    event = {"time_s": float("nan"), "kind": "closed", "element": "eastdip"}
    (place / "today" / "events.jsonl").write_text(json.dumps(event) + "\n")
    text = said(write_report(place))
    assert "Today: events.jsonl: line 1 is damaged; it and all after it are left out." in text


@pytest.mark.parametrize("name", ["diary", "events"])
def test_junk_in_a_file_of_lines_is_left_out_and_said(tmp_path: Path, name: str) -> None:
    place = write_city(tmp_path / "junk", Town(modes=("today",)))
    (place / "today" / f"{name}.jsonl").write_bytes(b"\xff\xfe\x00 junk\n{}\n")
    text = said(write_report(place))
    assert f"Today: {name}.jsonl: line 1 is damaged; it and all after it are left out." in text


def test_the_record_of_a_part_that_is_gone_is_missed(tmp_path: Path) -> None:
    place = write_city(tmp_path / "less", Town(modes=("today",)))
    shutil.rmtree(place / "today" / "water")
    assert "Today: the record of water is missing." in said(write_report(place))


@pytest.mark.parametrize("part", ["water", "traffic"])
def test_the_record_of_a_part_that_is_damaged_is_told(tmp_path: Path, part: str) -> None:
    place = write_city(tmp_path / "damaged", Town(modes=("today",)))
    (place / "today" / part / "ticks.bin").write_bytes(bytes(range(256)) * 60)
    assert f"Today: the record of {part}: ticks.bin is damaged" in said(write_report(place))


def test_an_evening_that_was_killed_at_once_is_shown_beside_a_whole_one(tmp_path: Path) -> None:
    place = write_city(tmp_path / "at-once", Town(modes=("today", "coupled"), cut_off=("coupled",)))
    (place / "coupled" / "diary.jsonl").write_text("")
    assert "Together: the run was cut off" in said(write_report(place))


def test_an_evening_that_the_result_names_and_that_is_gone_is_missed(tmp_path: Path) -> None:
    place = write_city(tmp_path / "gone", Town(modes=("today", "coupled")))
    runs = {"runs": [{"folder": mode} for mode in ("today", "coupled")]}
    (place / "result.json").write_text(json.dumps(runs))
    write_report(place)
    (place / "today" / "city.json").unlink()
    with pytest.raises(RecordError, match="names the run 'today', which is gone"):
        write_report(place)


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("score.json", [], "the document is a list; allowed is an object"),
        ("score.json", {"guard": 3}, "guard is 3; allowed is an object"),
        ("city.json", {"parts": ["water"]}, "parts is a list; allowed is an object"),
        ("city.json", {"case": 3}, "case is 3; allowed is an object"),
        ("city.json", {"city": {"stations": [1]}}, r"city\.stations is a list"),
        ("city.json", {"case": {"seed": None}}, r"case\.seed is None"),
        ("city.json", {"versions": ["numpy"]}, "versions is a list; allowed is an object"),
        ("city.json", {"files": {"city.yaml": 1}}, "files is an object; allowed is a list"),
        ("city.json", {"offsets_s": 60}, "offsets_s is 60; allowed is an object"),
        ("city.json", {"offsets_s": {"water": "0"}}, r"offsets_s\.water is '0'; .* a number"),
        ("city.json", {"lead_s": None}, "lead_s is None; allowed is a number"),
        ("score.json", {"guard": {"allowed": None}}, r"guard\.allowed is None"),
        ("score.json", {"details": {"lost": ["water"]}}, r"details\.lost is a list"),
        ("score.json", {"details": {"parts": {"water": {"extra": 1}}}}, r"details\.parts\.water\."),
    ],
)
def test_a_document_of_another_shape_is_refused(
    tmp_path: Path, file: str, change: Any, said: str
) -> None:
    place = write_city(tmp_path / "shape", Town(modes=("today",)))
    path = place / "today" / file
    was = json.loads(path.read_text())
    path.write_text(json.dumps(was | change if isinstance(change, dict) else change))
    with pytest.raises(RecordError, match=f"{file}: {said}"):
        write_report(place)


def test_times_that_the_score_does_not_tell_are_no_figures(tmp_path: Path) -> None:
    place = write_city(tmp_path / "untold", Town(modes=("today",)))
    path = place / "today" / "score.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"wall_s": None, "exchange_s": None}))
    assert "Wall time, Today –" in said(write_report(place))


def test_the_record_of_a_part_that_was_restarted_is_the_last_one(tmp_path: Path) -> None:
    place = write_city(tmp_path / "again", Town(modes=("today",)))
    (place / "today" / "water").rename(place / "today" / "water-again1")
    assert read_city_result((place,)).runs[0].parts["water"].name == "water-again1"


def test_a_folder_of_another_format_is_refused_by_name(tmp_path: Path) -> None:
    place = write_city(tmp_path / "odd", Town(modes=("today",)))
    path = place / "today" / "city.json"
    path.write_text(path.read_text().replace("jialing-city/1", "jialing-city/9"))
    with pytest.raises(RecordError, match="jialing-city/9"):
        write_report(place)


# -- pictures -------------------------------------------------------------------------------------


def test_parts_of_different_pace_meet_on_one_clock(folder: Path) -> None:
    run = views(read_city_result((folder,))).runs[0]
    columns = dict(zip(run.signals, run.values.T, strict=True))
    assert len(run.time_s) == 40
    # six ticks of the streets in a period: their mean, which lies between two of them
    queue = 9.0 * np.linspace(0.0, 1.0, 240)
    assert columns["queue:Crossing"][10] == pytest.approx(queue[60:66].mean(), rel=1e-5)
    # every second tick of the station
    wave = np.abs(np.sin(np.arange(80) / 7.0))
    assert columns["waiting:Market"][10] == pytest.approx(32.0 * wave[20])
    assert columns["escalator:Market E1"][[0, 39]].tolist() == [1.0, -1.0]


def test_frames_of_the_map_end_with_the_last_period_and_stay_few() -> None:
    assert frame_periods(np.arange(180) * 60.0)[[0, -1]].tolist() == [1, 179]
    assert len(frame_periods(np.arange(180) * 60.0)) == 90
    assert len(frame_periods(np.arange(5000) * 60.0)) <= 120


def test_the_map_holds_what_the_record_holds(page: Path) -> None:
    plan = content(page)["map"]
    assert [s["name"] for s in plan["spills"]] == ["J1", "O1"]  # what stayed dry is not drawn
    today, coupled = plan["runs"][0], plan["runs"][2]
    spilt = unpack(today["spill"]).reshape(-1, 2)
    assert spilt[:, 1].sum() == pytest.approx(90.0 * np.linspace(0.0, 1.0, 40).sum(), rel=1e-3)
    worst = plan["worst"]
    assert unpack(today["depth_cm"]).reshape(-1, 2)[worst, 0] == pytest.approx(45, abs=1)
    assert unpack(today["closed"]).reshape(-1, 2)[worst].tolist() == [1, 0]
    assert unpack(today["queue"]).reshape(-1, 2)[-1, 0] == 9
    assert unpack(coupled["queue"]).reshape(-1, 2)[-1, 0] == 2
    assert plan["rivers"][0]["name"] == "Long River"
    assert plan["stations"][0]["at"] is not None


def test_queues_are_summed_before_they_are_rounded(tmp_path: Path) -> None:
    town = Town(modes=("today",), side_queue=0.4)
    today = content(write_report(write_city(tmp_path / "c", town)))["map"]["runs"][0]
    main = 9.0 * np.linspace(0.0, 1.0, 240).reshape(40, 6).mean(axis=1)
    assert unpack(today["queued"]).tolist() == np.round(main[1::2] + 0.4).tolist()


@pytest.mark.parametrize(("gone", "count"), [("coupled", 20), ("today", 0)])
def test_the_record_of_a_station_is_missing_in_one_evening(
    tmp_path: Path, gone: str, count: int
) -> None:
    place = write_city(tmp_path / "less", Town(modes=("today", "coupled")))
    shutil.rmtree(place / gone / "station-market")
    plan = content(write_report(place))["map"]
    today, coupled = (unpack(run["waiting"]) for run in plan["runs"])
    assert (len(today), len(coupled)) == (count, count)
    assert today.any() == (count > 0)
    assert not coupled.any()


def test_a_queue_is_drawn_on_the_end_of_its_street() -> None:
    line = [(0.0, 0.0), (100.0, 0.0), (100.0, 400.0)]
    assert last_metres(line, 50.0) == [(100.0, 350.0), (100.0, 400.0)]
    assert last_metres(line, 9_000.0) == [(100.0, 150.0), (100.0, 400.0)]  # half of it


def test_a_river_goes_on_straight_beyond_its_listed_ends() -> None:
    assert extended([(0.0, 0.0), (3.0, 4.0)], 10.0) == [
        (-6.0, -8.0),
        (0.0, 0.0),
        (3.0, 4.0),
        (9.0, 12.0),
    ]


def test_foresight_counts_hits_misses_and_false_alarms() -> None:
    depth = np.array([0.0, 0.0, 0.0, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    mean = np.array([0.0, 0.2, 0.0, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0])
    found = foresight(depth, mean, mean, periods=2, close_m=0.15)
    # water stands in period 3: it is ahead of periods 1 and 2, and was foreseen in the first
    assert (found.came, found.hits, found.false) == (2, 1, 1)
    assert found.above_worst == pytest.approx(1 / 3)


def test_what_was_foreseen_is_told_in_minutes_whatever_the_period(folder: Path) -> None:
    def minutes(result: CityResult) -> list[float]:
        cells = re.findall(r'<td class="num">([0-9.]+)', forecast_table(result))
        return [float(text) for text in cells[:2]]

    result = read_city_result((folder,))
    run = result.runs[-1]
    half = replace(
        run,
        manifest={**run.manifest, "lead_s": 150.0},
        diary=tuple({**entry, "time_s": 0.5 * entry["time_s"]} for entry in run.diary),
    )
    whole = minutes(replace(result, runs=(run,)))
    assert whole[0] > 2.0
    assert minutes(replace(result, runs=(half,))) == [0.5 * each for each in whole]


def test_an_evening_ends_with_its_last_period(page: Path, folder: Path) -> None:
    assert "City time 40 min" in said(page)
    run = read_city_result((folder,)).runs[0]
    shut = {"time_s": 600.0, "kind": "closed", "element": "eastdip"}
    broken = {"time_s": 900.0, "kind": "fault", "element": "gate_a"}
    run = replace(run, events=(shut, broken))
    assert [(span["from"], span["to"]) for span in closures(run)] == [(600, 2400), (900, 2400)]
    case = {**run.manifest["case"], "duration_s": 2370.0}
    assert end_s(replace(run, manifest={**run.manifest, "case": case})) == 2370.0
    assert end_s(replace(run, diary=run.diary[:1])) == 60.0
    assert end_s(replace(run, diary=())) == 0.0


# -- the page -------------------------------------------------------------------------------------


def test_the_page_stays_below_eight_megabytes_and_names_no_address(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) < 8e6
    own = re.sub(r"(?s)<script>.*?</script>", "", text)  # without the chart library's own words
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", own)
    assert "default-src 'none'" in own


LOOK = """
  await pause(600);
  const shown = [...document.querySelectorAll(".city-map")].filter((f) => !f.hidden);
  const found = {
    ready: document.documentElement.dataset.ready,
    maps: shown.map((f) => f.querySelector("strong").textContent),
    shut: shown.map((f) => f.querySelectorAll(".underpasses .closed").length),
    panels: document.querySelectorAll(".panel .main-svg").length,
    wide: document.documentElement.scrollWidth <= innerWidth,
    clock: text("#clock"),
  };
"""


@pytest.mark.browser
def test_the_city_is_drawn_without_a_complaint_or_a_request(
    visit: Callable[..., dict[str, Any]], page: Path
) -> None:
    told = visit(
        page,
        LOOK
        + """
  const slider = document.getElementById("slider");
  const label = () => shown[0].querySelector(".underpasses text").textContent;
  found.deep = label();
  slider.value = 0;
  slider.dispatchEvent(new Event("input"));
  await pause(200);
  found.at_first = label();
  await click("#controllers button:nth-child(1)");
  found.alone = [...document.querySelectorAll(".city-map")].filter((f) => !f.hidden).length;
  await click("#map-in");
  const width = document.querySelector(".city-map svg").getAttribute("viewBox").split(" ")[2];
  await click("#map-all");
  found.zoomed = width / document.querySelector(".city-map svg").getAttribute("viewBox").split(" ")[2];
  return found;
""",
    )
    assert told["complaints"] == []
    assert told["requests"] == []
    found = told["found"]
    assert found["ready"] == "true"
    assert found["maps"] == ["Today", "Together"]
    assert found["shut"] == [1, 1]
    assert found["deep"] == "45 cm"
    assert found["at_first"] == ""
    assert found["panels"] >= 12
    assert found["clock"] == "17:53"
    assert found["alone"] == 1
    assert found["zoomed"] == pytest.approx(0.6, abs=0.01)


@pytest.mark.browser
def test_rows_of_an_evening_that_was_cut_short_end_where_it_ended(
    visit: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    folder = write_city(tmp_path / "town", Town(modes=("today", "coupled")))
    diary = folder / "coupled" / "diary.jsonl"
    diary.write_text("".join(diary.read_text().splitlines(keepends=True)[:21]))
    told = visit(
        write_report(folder),
        """
  await pause(500);
  const panel = panels.find(({ spec }) => spec.style === "ribbon");
  const end = () => Math.max(...panel.plot.data.flatMap(({ x }) => x).filter((x) => x !== null).map(fromAxis));
  const read = (seconds) => { pointAt(seconds); return panel.readouts[0].textContent; };
  const coupled = [end(), read(1200), read(2300)];
  await click("#controllers button:first-child");
  return { coupled, today: [end(), read(1200), read(2300)] };
""",
    )
    assert told["complaints"] == []
    assert told["found"] == {"coupled": [1200, "down", "–"], "today": [2340, "down", "down"]}


@pytest.mark.browser
def test_one_vehicle_queues_and_two_queue(
    visit: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    town = Town(modes=("today",), side_queue=0.6)
    told = visit(
        write_report(write_city(tmp_path / "c", town)),
        """
  await pause(300);
  const slider = document.getElementById("slider");
  const at = async (frame) => {
    slider.value = frame;
    slider.dispatchEvent(new Event("input"));
    await pause(200);
    return [text(".map-facts li:nth-child(3)"), text(".lanes path:nth-child(2)")];
  };
  return { first: await at(0), second: await at(2) };
""",
    )
    side = "Lane side_0: 1 vehicle queues"
    assert told["found"] == {
        "first": ["1 vehicle queues", side],
        "second": ["2 vehicles queue", side],
    }


@pytest.mark.browser
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"modes": ("today",)},
        {"modes": ("coupled",), "cut_off": ("coupled",)},
        {"periods": 2, "modes": ("today", "coupled")},
    ],
    ids=["usual", "only_today", "cut_off", "two_minutes"],
)
def test_a_narrow_window_never_scrolls_sideways_whatever_was_run(
    visit: Callable[..., dict[str, Any]], tmp_path: Path, how: dict[str, Any]
) -> None:
    told = visit(
        write_report(write_city(tmp_path / "c", Town(**how))), LOOK + "return found;", width=500
    )
    assert told["complaints"] == []
    assert told["requests"] == []
    assert told["found"]["ready"] == "true"
    assert told["found"]["wide"]
