"""Do the tables of a city's evenings say what was measured, seed by seed, losses and gaps too?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jialing as jl
from benchmarks.skill import city, city_waiting
from jialing.city.manifest import read_city


def row(mode: str, seed: int, commit: str = "a" * 40, **score: float) -> dict[str, Any]:
    return {
        "case": "chongqing",
        "seed": seed,
        "mode": mode,
        "commit": commit,
        "score": score,
        "units": dict.fromkeys(score, "s"),
    }


ROWS = [
    row("today", 0, delay=100.0, caught=10.0),
    row("alone", 0, delay=80.0, caught=0.0),
    row("coupled", 0, delay=60.0, caught=0.0),
    row("today", 1, delay=200.0, caught=20.0),
    row("coupled", 1, delay=220.0, caught=3.0),
]


def table(name: str, rows: list[dict[str, Any]] = ROWS) -> dict[str, list[Any]]:
    """First word of each row's score -> its cells after the score."""
    (found,) = (each for each in city.tables(rows) if each.name == name)
    first = 1 if name == "short" else 2
    return {str(cells[first - 1]).partition(" ")[0]: list(cells[first:]) for cells in found.rows}


def test_medians_are_over_the_seeds_of_each_way_to_run_and_the_seeds_are_named() -> None:
    assert table("evenings")["delay"] == [150.0, 80.0, 140.0, "0, 1"]


def test_a_step_compares_the_same_seed_and_shows_the_worst_one() -> None:
    alone, coupling, together = table("steps")["delay"]
    assert alone == "-20.0"
    assert coupling == "-25.0"
    assert together == "-15.0 (-40.0 … +10.0)"


def test_what_was_nothing_before_has_no_percentage() -> None:
    assert table("steps")["caught"][1] == "0 before"
    worse = [*ROWS, row("alone", 1, delay=1.0, caught=0.0)]
    assert table("steps", worse)["caught"][1] == "0 before, up to 3 after"
    some = [*ROWS, row("alone", 1, delay=1.0, caught=6.0)]
    assert table("steps", some)["caught"][1] == "-50.0; 0 before on 1 of 2"


def test_a_step_that_was_not_measured_has_no_figure() -> None:
    assert table("steps", ROWS[:1])["delay"] == [None, None, None]


def test_parts_of_different_commits_are_named() -> None:
    later = row("alone", 1, "b" * 40, delay=1.0)
    told = {t.name: t.commits for t in city.tables([*ROWS, {**later, "case": "chongqing-2y"}])}
    assert told["evenings"] == ["a" * 40, "b" * 40]
    assert told["short"] == ["a" * 40], "it shows the storm of ten years alone"


def test_a_queue_is_what_a_server_at_full_capacity_leaves() -> None:
    arrivals = np.array([3.0, 0.0, 5.0, 0.0, 0.0])
    assert city_waiting._queue(arrivals, 2.0) == pytest.approx([1.0, 0.0, 3.0, 1.0, 0.0])
    assert city_waiting._queue(arrivals, 5.0) == pytest.approx(np.zeros(5))


def test_waiting_is_told_per_evening_for_all_stations_together() -> None:
    rows = [
        city_waiting.Waiting(station=name, seed=7, timetable=10.0, best_known=8.0, bound=5.0)
        for name in ("a", "b")
    ]
    made = city_waiting.table(rows, {7: 19.0})
    assert list(made.rows[0]) == [
        7,
        20.0,
        19.0,
        16.0,
        pytest.approx(-20.0),
        10.0,
        pytest.approx(-50.0),
    ]
    assert made.rows[-1][0] == "median"


def test_the_room_for_a_coupling_is_what_water_on_the_roads_costs_on_the_same_seed() -> None:
    dry = row("alone", 0, delay=60.0) | {"case": city.DRY}
    above = [row(city.ABOVE, seed, delay=delay) for seed, delay in ((0, 72.0), (1, 90.0))]
    (found,) = (each for each in city.tables([*ROWS, dry, *above]) if each.name == "room")
    assert found.rows == [["chongqing", 60.0, 72.0, 80.0, 60.0, "-10.0", "-25.0", "0"]]


def test_a_lifted_city_is_the_same_but_for_its_underpasses(tmp_path: Path) -> None:
    case = jl.case("chongqing")
    plain, high = read_city(case.model), read_city(city.lifted(case.model, tmp_path / "city"))
    assert [u.name for u in high.underpasses] == [u.name for u in plain.underpasses]
    levels = {
        made.water_case("10y", seed=0, weights=True).settings.level_limits[0].depth_m
        for made in (plain, high)
    }
    assert max(levels) > city.HIGH_M > min(levels) + 90.0
