"""Do the panels carry the right lines, in shown units, once each?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jialing.report import charts
from jialing.report.packing import unpack
from jialing.report.reading import read_result
from jialing.report.source import Incident, ResultView


@pytest.fixture
def result(result_folder: Path) -> ResultView:
    return read_result(result_folder)


def test_panels_follow_the_picture_and_its_units(result: ResultView) -> None:
    drawn = charts.panels(result)
    titles = [(panel["title"], panel["unit"]) for panel in drawn["panels"]]
    assert titles[:2] == [("Rain", "mm/h"), ("Filling", "%")]
    gauge = drawn["panels"][0]["lines"][0]
    assert gauge["name"] == "RG1"
    shown = unpack(drawn["series"][gauge["series"][0]]["y"])
    measured = result.baseline.values[:, result.baseline.signals.index("rain:RG1")]
    assert shown.max() == pytest.approx(measured.max() * 3.6e6)
    assert drawn["end_s"] == result.baseline.time_s[-1]


def test_rain_common_to_all_controllers_is_stored_once(result: ResultView) -> None:
    drawn = charts.panels(result)
    rain, _, flow = drawn["panels"][:3]
    assert len(set(rain["lines"][0]["series"])) == 1
    assert len(set(flow["lines"][0]["series"])) == len(result.runs)


def test_no_line_exceeds_its_points_and_no_peak_is_lost(make_result: Callable[..., Path]) -> None:
    result = read_result(make_result(ticks=6_000, controllers=("rules",), share=(1.0,)))
    drawn = charts.panels(result)
    for panel in drawn["panels"]:
        for line in panel["lines"]:
            series = drawn["series"][line["series"][0]]
            assert len(unpack(series["x"])) == len(unpack(series["y"])) <= charts.POINTS
    spill = next(panel for panel in drawn["panels"] if panel["title"] == "Spill")
    measured = result.baseline.values[:, result.baseline.signals.index("spill:T1")]
    assert unpack(drawn["series"][spill["lines"][0]["series"][0]]["y"]).max() == pytest.approx(
        measured.max()
    )


@pytest.mark.parametrize("style", charts.ROWS)
def test_each_mode_of_a_day_keeps_its_share_of_the_time(result: ResultView, style: str) -> None:
    seconds, cycle = np.arange(86_400.0), np.repeat([0, -2, 1, -3, 2, -4, 3, -1], [19, 4] * 4)
    shown = np.resize(cycle, len(seconds)).astype(np.float64)
    run = replace(
        result.baseline,
        time_s=seconds,
        signals=("setting:J1",),
        values=shown[:, None],
        picture={"panels": [{"title": "Mode", "style": style, "signals": ["setting:J1"]}]},
    )
    (row,) = charts.panels(replace(result, runs=(run,)))["series"]
    begins, modes = unpack(row["x"]), unpack(row["y"])
    for mode in range(4):
        drawn_s = np.diff(begins)[modes[:-1] == mode].sum()
        assert drawn_s == pytest.approx((shown == mode).sum(), abs=1.0)


def test_rows_hide_no_other_and_are_all_shown_at_first(result: ResultView) -> None:
    many = result.baseline.signals[: charts.SHOWN + 4]
    panels = [{"title": "T", "style": style, "signals": many} for style in ("line", "modes")]
    run = replace(result.baseline, picture={"panels": panels})
    lines, rows = charts.panels(replace(result, runs=(run,)))["panels"]
    assert sum(line["shown"] for line in lines["lines"]) == charts.SHOWN
    assert all(line["shown"] for line in rows["lines"])


def test_a_crowded_panel_keeps_what_moves_most_and_says_what_it_left_out(
    result: ResultView,
) -> None:
    ticks, many = len(result.baseline.time_s), charts.LINES + 5
    values = np.outer(np.arange(ticks), np.arange(many)).astype(np.float64)
    names = tuple(f"depth:N{i}" for i in range(many))
    listed = [{"name": name, "unit": "m"} for name in names]
    run = replace(
        result.baseline, signals=names, values=values, picture={}, manifest={"signals": listed}
    )
    drawn = charts.panels(replace(result, runs=(run,)))
    (panel,) = drawn["panels"]
    assert (panel["title"], panel["unit"]) == ("Depth", "m")
    assert panel["left_out"] == 5
    assert [line["name"] for line in panel["lines"]] == [f"N{i}" for i in range(5, many)]
    assert sum(line["shown"] for line in panel["lines"]) == charts.SHOWN


def test_a_setting_without_a_signal_is_taken_from_the_confirmed_position(
    result: ResultView,
) -> None:
    bare = [
        replace(
            run,
            signals=("rain:RG1",),
            values=run.values[:, :1],
            picture={"panels": [{"title": "Setting", "signals": ["setting:V3", "flow:V3"]}]},
        )
        for run in result.runs
    ]
    (panel,) = charts.panels(replace(result, runs=tuple(bare)))["panels"]
    assert [line["name"] for line in panel["lines"]] == ["V3"]


def test_marks_are_thinned_but_never_all_gone(result: ResultView) -> None:
    crowd = tuple(Incident(time_s=float(i), kind="clamped", text="x") for i in range(10_000))
    run = replace(result.baseline, incidents=crowd)
    (marks,) = charts.panels(replace(result, runs=(run,)))["marks"]
    assert 0 < len(marks) <= charts.MARKS


def test_a_mark_names_its_actuator_once(result: ResultView) -> None:
    found = (
        Incident(time_s=0.0, kind="clamped", actuator="V3", text="too fast"),
        Incident(time_s=1.0, kind="clamped", actuator="V3", text="V3 is too fast"),
    )
    run = replace(result.baseline, incidents=found)
    (marks,) = charts.panels(replace(result, runs=(run,)))["marks"]
    assert [mark["text"] for mark in marks] == ["V3: too fast", "V3 is too fast"]


def test_a_panel_that_is_zero_throughout_says_so(result: ResultView) -> None:
    run = result.baseline
    spill = [i for i, name in enumerate(run.signals) if name.startswith("spill:")]
    values = run.values.copy()
    values[:, spill] = 0.0
    found = charts.panels(replace(result, runs=(replace(run, values=values),)))["panels"]
    assert {panel["title"]: panel["still"] for panel in found} == {
        "Rain": False,
        "Filling": False,
        "Flow through gates": False,
        "Setting": False,
        "Spill": True,
    }


def test_a_gap_in_every_reading_is_no_crash(result: ResultView) -> None:
    run = replace(result.baseline, values=np.full_like(result.baseline.values, np.nan))
    assert charts.panels(replace(result, runs=(run,)))["panels"][0]["least"] == 0.0
