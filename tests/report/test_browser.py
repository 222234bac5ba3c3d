"""Does the page work in a browser, quietly, offline, from the keyboard?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jialing.report import write_report
from jialing.report.reading import read_result

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(result_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(result_folder, tmp_path_factory.mktemp("browser") / "report.html")


LOOK = """
  await pause(500);
  return {
    ready: document.documentElement.dataset.ready,
    drawn: document.querySelectorAll(".panel .main-svg .scatterlayer .trace path.js-line").length,
    circles: document.querySelectorAll("#map-plot .scatterlayer .trace path.point").length,
    slider: Number(document.getElementById("slider").max),
    wide: document.documentElement.scrollWidth <= innerWidth,
    clock: text("#clock"),
  };
"""


def test_the_page_draws_without_a_complaint_or_a_request(
    visit: Callable[..., dict[str, Any]], page: Path
) -> None:
    told = visit(page, LOOK)
    assert told["complaints"] == []
    assert told["requests"] == []
    found = told["found"]
    assert found["ready"] == "true"
    assert found["drawn"] >= 20
    assert found["circles"] >= 30
    assert found["slider"] == 149
    assert found["clock"] == "19 Jun, 00:55"


def test_a_narrow_window_never_scrolls_sideways(
    visit: Callable[..., dict[str, Any]], page: Path
) -> None:
    assert visit(page, LOOK, width=500)["found"]["wide"]


def test_the_policy_stops_what_would_leave_the_page(
    visit: Callable[..., dict[str, Any]], page: Path
) -> None:
    told = visit(
        page,
        """
  const image = new Image();
  image.src = "https://example.invalid/pixel.png";
  let reached = "no";
  await fetch("https://example.invalid/").then(() => { reached = "yes"; }, () => {});
  const code = document.createElement("script");
  code.textContent = "window.smuggled = true";
  document.body.append(code);
  await pause(500);
  return { reached, smuggled: window.smuggled === true };
""",
    )
    assert told["found"] == {"reached": "no", "smuggled": False}
    blocked = [said for said in told["complaints"] if said.startswith("blocked")]
    assert len(blocked) == 3


def test_controls_move_map_charts_and_tables_together(
    visit: Callable[..., dict[str, Any]], page: Path
) -> None:
    told = visit(
        page,
        """
  await pause(300);
  const found = {};
  const shown = () => [...document.querySelectorAll("#guard .per-run")].map((part) => !part.hidden);
  const sizes = () => document.getElementById("map-plot").data[5].x.length;
  found.first = shown();
  await click("#controllers button:nth-child(2)");
  found.second = shown();
  found.key = text("#line-key");
  const slider = document.getElementById("slider");
  found.spots_at_end = sizes();
  slider.value = 0;
  slider.dispatchEvent(new Event("input"));
  await pause(200);
  found.spots_at_start = sizes();
  found.clock = text("#clock");
  await click("#play");
  await pause(700);
  found.played = Number(slider.value) > 2;
  await click("#play");
  const chip = document.querySelector(".chip");
  const lines = () => chip.closest(".panel").querySelectorAll("path.js-line").length;
  const before = lines();
  chip.click();
  await pause(300);
  found.line_gone = lines() === before - 1 && chip.getAttribute("aria-pressed") === "false";
  await click("#zoom-in");
  const ranges = [...document.querySelectorAll(".panel .plot")].map((plot) => plot.layout.xaxis.range.map(Number));
  found.same_zoom = ranges.every((range) => String(range) === String(ranges[0]));
  found.zoomed_to_h = (ranges[0][1] - ranges[0][0]) / 3600000;
  await click("#modes button:nth-child(3)");
  found.legend = text("#map-legend .scale");
  const width = () => { const [from, to] = document.getElementById("map-plot")._fullLayout.xaxis.range; return to - from; };
  const whole = width();
  await click("#map-in");
  found.enlarged = width() / whole;
  await click("#play");
  await pause(500);
  await click("#play");
  found.kept = width() / whole;
  await click("#map-all");
  found.back = width() / whole;
  return found;
""",
    )
    assert told["complaints"] == []
    found = told["found"]
    assert found["first"] == [True, False, True]
    assert found["second"] == [True, True, False]
    assert found["key"] == "equal-fillingrules (baseline)"
    assert found["spots_at_end"] == 6
    assert found["spots_at_start"] == 0
    assert found["clock"] == "18 Jun, 00:05"
    assert found["played"]
    assert found["line_gone"]
    assert found["same_zoom"]
    assert found["zoomed_to_h"] == pytest.approx(12.5, abs=0.1)
    assert "less" in found["legend"]
    assert found["enlarged"] == pytest.approx(0.6, abs=0.01)
    assert found["kept"] == pytest.approx(0.6, abs=0.01)
    assert found["back"] == pytest.approx(1.0, abs=0.01)


def test_the_modes_of_signals_are_rows_whose_colours_and_gaps_are_explained(
    visit: Callable[..., dict[str, Any]], make_result: Callable[..., Path]
) -> None:
    folder = make_result(ticks=60)
    for path in folder.glob("*/manifest.json"):
        manifest = json.loads(path.read_text())
        manifest["picture"]["panels"] = [
            {"title": "Mode shown", "style": "modes", "signals": ["setting:V2", "setting:V3"]}
        ]
        path.write_text(json.dumps(manifest))
    told = visit(
        write_report(folder),
        """
  await pause(500);
  await click("#controllers button:first-child");
  const spans = [...document.querySelectorAll(".bands span")].map((span) => span.textContent);
  return { spans, read: text(".chip .readout"), wide: document.documentElement.scrollWidth <= innerWidth };
""",
        width=500,
    )
    assert told["complaints"] == []
    assert told["found"] == {
        "spans": [
            "mode 0",
            "mode 1",
            "gap: on the way to the next",
            "a mode is a green of the signal, numbered as jialing inspect does",
        ],
        "read": "on the way to the next",
        "wide": True,
    }


def test_a_street_keeps_its_letters_legible_in_a_narrow_window(
    visit: Callable[..., dict[str, Any]], make_result: Callable[..., Path]
) -> None:
    folder = make_result(ticks=20)
    halts = [
        {"name": name, "at_m": at_m, "lanes": [], "modes": [0], "speed_mps": 10.0}
        for name, at_m in (("V2", 0.0), ("V3", 300.0))
    ]
    for path in folder.glob("*/manifest.json"):
        manifest = json.loads(path.read_text())
        manifest["picture"]["corridor"] = halts
        path.write_text(json.dumps(manifest))
    told = visit(
        write_report(folder),
        """
  const figure = document.querySelector("#corridor figure");
  const drawing = figure.querySelector("svg");
  return {
    letters: 11 * drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width,
    scrolls: figure.scrollWidth > figure.clientWidth,
    wide: document.documentElement.scrollWidth <= innerWidth,
  };
""",
        width=500,
    )
    assert told["found"] == {"letters": 11, "scrolls": True, "wide": True}


def test_a_map_of_means_shows_the_mean_of_the_ticks_so_far_and_of_those_now(
    visit: Callable[..., dict[str, Any]], make_result: Callable[..., Path]
) -> None:
    folder = make_result(ticks=225, mean=True)
    told = visit(
        write_report(folder),
        """
  await pause(300);
  const value = () => {
    const { text } = document.getElementById("map-plot").data[5];
    const own = text.find((words) => words.startsWith("<b>T6</b>"));
    return Number(own.split("<br>")[1].split("\u202f")[0].replace("\u2212", "-"));
  };
  const slider = document.getElementById("slider");
  const found = { legend: text("#map-legend .scale"), whole: value() };
  slider.value = 25;
  slider.dispatchEvent(new Event("input"));
  await pause(200);
  found.so_far = value();
  await click("#modes button:nth-child(3)");
  found.change = value();
  await click("#modes button:nth-child(2)");
  found.now = value();
  return found;
""",
    )
    assert told["complaints"] == []
    runs = read_result(folder).runs
    mine, base = (
        np.asarray(run.fields["flooding"].values)[:, run.fields["flooding"].elements.index("T6")]
        for run in (runs[2], runs[0])
    )
    found = told["found"]
    ticks = 39  # 225 ticks in 150 frames: frame 25 holds the two before this one
    assert found["whole"] == pytest.approx(mine.mean(), rel=0.01)
    assert found["so_far"] == pytest.approx(mine[:ticks].mean(), rel=0.01)
    assert found["change"] == pytest.approx((mine - base)[:ticks].mean(), rel=0.01)
    assert found["now"] == pytest.approx(mine[ticks - 2 : ticks].mean(), rel=0.01)


def test_a_controller_is_chosen_with_the_arrow_keys(
    visit: Callable[..., dict[str, Any]], page: Path
) -> None:
    told = visit(
        page,
        """
  await pause(300);
  const chosen = document.querySelector('#controllers [aria-checked="true"]');
  chosen.focus();
  chosen.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  await pause(300);
  return { now: document.activeElement.dataset.value, tabs: [...document.querySelectorAll("#controllers button")].map((b) => b.tabIndex) };
""",
    )
    assert told["found"] == {"now": "0", "tabs": [0, -1, -1]}


@pytest.mark.parametrize(
    "how",
    [
        {"start": "", "ticks": 2000},
        {"start": "", "begin_s": 63_000.0},
        {"controllers": ("rules",), "share": (1.0,)},
        {"ticks": 1},
        {"share": (0.0, 0.0, 0.0)},
        {"cut_off": True, "names": {"T1": "</script><b>x</b>", "J07": "a%{x}<br>b"}},
    ],
    ids=[
        "no_calendar",
        "no_date",
        "one_controller",
        "one_tick",
        "nothing_spills",
        "cut_off_and_odd_names",
    ],
)
def test_unusual_results_are_drawn_without_a_complaint(
    visit: Callable[..., dict[str, Any]], make_result: Callable[..., Path], how: dict[str, Any]
) -> None:
    told = visit(write_report(make_result(**how)), LOOK)
    assert told["complaints"] == []
    assert told["requests"] == []
    assert told["found"]["ready"] == "true"
