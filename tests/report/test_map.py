"""Does the map carry where it spilled, when, and how the actuators stood?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jialing.report import map as plan
from jialing.report.packing import unpack
from jialing.report.reading import read_result
from jialing.report.source import FieldView, ResultView


@pytest.fixture
def result(result_folder: Path) -> ResultView:
    return read_result(result_folder)


def drawn(result: ResultView) -> dict:
    found = plan.network_map(result)
    assert found is not None
    return found


def volumes(frames: dict) -> dict[str, float]:
    starts, values = unpack(frames["starts"]), unpack(frames["values"])
    return {
        name: float(values[starts[i] : starts[i + 1]].sum())
        for i, name in enumerate(frames["elements"])
    }


def test_frames_add_up_to_the_whole_spill_of_every_element(result: ResultView) -> None:
    for run, frames in zip(result.runs, drawn(result)["runs"], strict=True):
        field = run.fields["flooding"]
        total = np.asarray(field.values, dtype=np.float64).sum(axis=0)
        expected = {field.elements[i]: total[i] for i in np.flatnonzero(total)}
        assert volumes(frames) == pytest.approx(expected, rel=1e-5)


def test_dry_elements_carry_nothing(result: ResultView) -> None:
    found = drawn(result)
    assert len(found["nodes"]["name"]) == 30
    assert len(found["runs"][0]["elements"]) == 6


def test_there_are_never_more_than_150_frames(result: ResultView) -> None:
    found = drawn(result)
    times = unpack(found["times"])
    assert len(times) == plan.FRAMES
    assert times[-1] == result.baseline.time_s[-1]
    assert unpack(found["runs"][0]["frames"]).max() < plan.FRAMES


def test_a_city_under_water_gets_fewer_frames_not_a_larger_page(
    result: ResultView, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = drawn(result)
    monkeypatch.setattr(plan, "CELLS", 400)
    small = drawn(result)
    assert len(unpack(small["times"])) < plan.FRAMES
    assert volumes(small["runs"][2]) == pytest.approx(volumes(whole["runs"][2]), rel=1e-5)


def test_settings_follow_the_confirmed_positions(result: ResultView) -> None:
    found = drawn(result)
    settings = unpack(found["runs"][2]["settings"]).reshape(-1, len(found["actuators"]))
    run = result.runs[2]
    assert settings[-1].tolist() == np.round(run.positions[-1] * 100).astype(int).tolist()
    gate = found["actuators"][0]
    assert found["links"]["name"][gate["link"]] == gate["name"] == "V2"


def test_an_unknown_position_is_not_drawn_as_closed() -> None:
    assert plan.percent(np.array([0.0, np.nan, 0.5, 9.0])).tolist() == [0, 255, 50, 250]


def test_links_run_from_node_to_node_through_their_vertices(result: ResultView) -> None:
    found = drawn(result)
    x, y = found["nodes"]["x"], found["nodes"]["y"]
    bent, straight = found["links"]["paths"][0], found["links"]["paths"][1]
    assert bent[:2] == [x[0], y[0]]
    assert bent[-2:] == [x[1], y[1]]
    assert len(bent) == 6
    assert len(straight) == 4


def test_sums_of_a_mean_come_with_the_ticks_that_they_cover(
    make_result: Callable[..., Path],
) -> None:
    result = read_result(make_result(ticks=200, mean=True))
    last = result.runs[-1]
    short = replace(
        last, time_s=last.time_s[:50], positions=last.positions[:50], values=last.values[:50]
    )
    found = drawn(replace(result, runs=(*result.runs[:-1], short)))
    whole, cut = (unpack(found["runs"][i]["ticks"]) for i in (0, 2))
    assert (whole[0], whole[-1]) == (1, 200)
    assert set(np.diff(whole)) == {1, 2}  # 200 ticks in 150 frames
    assert (cut[0], cut[-1]) == (1, 50)


def test_a_model_without_coordinates_has_no_map(result: ResultView) -> None:
    nowhere = {"nodes": {"name": ["A"], "x": [float("nan")], "y": [float("nan")]}}
    for picture in ({}, nowhere):
        runs = tuple(replace(run, picture=picture) for run in result.runs)
        assert plan.network_map(replace(result, runs=runs)) is None


def test_several_fields_add_up_at_the_same_element(result: ResultView) -> None:
    run = result.baseline
    ticks = len(run.time_s)
    more = FieldView(
        name="overflow", unit="m³", elements=("T1", "WWTP"), values=np.ones((ticks, 2), np.float32)
    )
    picture = {**run.picture, "map": {"fields": ["flooding", "overflow"], "unit": "m³"}}
    both = replace(run, fields={**run.fields, "overflow": more}, picture=picture)
    alone = volumes(drawn(replace(result, runs=(run,)))["runs"][0])
    summed = volumes(drawn(replace(result, runs=(both,)))["runs"][0])
    assert summed["T1"] == pytest.approx(alone["T1"] + ticks)
    assert summed["WWTP"] == pytest.approx(ticks)


def test_a_run_that_was_cut_short_stays_empty_after_its_end(
    make_result: Callable[..., Path],
) -> None:
    result = read_result(make_result(ticks=200))
    last = result.runs[-1]
    short = replace(
        last, time_s=last.time_s[:50], positions=last.positions[:50], values=last.values[:50]
    )
    found = drawn(replace(result, runs=(*result.runs[:-1], short)))
    frames = unpack(found["runs"][-1]["frames"])
    times = unpack(found["times"])
    assert len(frames)
    assert times[frames].max() <= last.time_s[50]
