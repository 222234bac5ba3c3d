"""Are runs of signals kept, compared and claimed as they should be?"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.skill import priorities, traffic
from benchmarks.skill.traffic import AS_LEARNERS, ROW, claims, imported, resco_table, resco_tasks


def cell(controller: str, sensing: str, seed: int, delay: float, locked: float = 0.0) -> Any:
    return {
        "map": "cologne8",
        "controller": controller,
        "sensing": sensing,
        "seed": seed,
        "score": {"delay": delay, "locked": locked},
        "decide_ms": {"median": 1.0, "p95": 2.0},
        "junctions": 8,
        "guard": 0,
    }


def names(found: list[Any]) -> set[str]:
    return {path.stem for path in found}


def test_a_rival_does_not_hang_on_what_only_our_controller_imports() -> None:
    rival = names(imported([f"{ROW}.domain"], (f"{ROW}.controller",)))
    ours = names(imported([f"{ROW}.domain", f"{ROW}.controller"]))
    assert {"plant", "guard", "baseline", "estimator"} <= rival
    assert not {"controller", "search", "batch", "joint", "unseen"} & rival
    assert {"controller", "search", "batch", "joint", "unseen"} <= ours


def test_a_rival_and_ours_are_kept_under_different_keys() -> None:
    assert traffic.code_of("greedy") == traffic.code_of("fixed")
    assert traffic.code_of("greedy") != traffic.code_of("predictive")


def test_the_best_rival_is_the_one_with_the_least_median() -> None:
    cells = [
        cell("greedy", "perfect", 0, 20.0),
        cell("max-pressure", "perfect", 0, 18.0),
        cell("predictive", "perfect", 0, 13.0),
        cell("predictive", "camera", 0, 19.0, locked=1.0),
    ]
    found = claims(cells)["cologne8"]
    assert found["best_rival"] == "max-pressure"
    assert found["perfect"]["below_best_rival"]
    assert not found["camera"]["below_best_rival"]
    assert found["camera"]["locked_share"] == 1.0
    assert found["camera_over_perfect"] == pytest.approx(19.0 / 13.0 - 1.0)
    assert not found["target_reached"]  # 12.5 s


def test_the_short_table_counts_locked_runs_beside_medians() -> None:
    cells = [
        cell("fixed", "perfect", 0, 40.0),
        cell("greedy", "perfect", 0, 20.0),
        cell("predictive", "perfect", 0, 13.0),
        cell("predictive", "camera", 0, 500.0, locked=1.0),
        cell("predictive", "camera", 1, 15.0),
        cell("predictive", "camera", 2, 16.0),
    ]
    (row,) = traffic.short_table(cells).rows
    assert list(row) == ["cologne8", 40.0, "greedy", 20.0, 13.0, 16.0, None, 1]


def test_learners_decide_every_ten_seconds_and_every_five_on_the_arterial_grid() -> None:
    tasks = resco_tasks(["cologne8", "arterial4x4", "traffic-grid"], [0, 1])
    assert {(task[0], task[4]) for task in tasks} == {("cologne8", 10.0), ("arterial4x4", 5.0)}
    assert {task[2] for task in tasks} == {AS_LEARNERS}


def test_published_figures_stand_beside_ours_with_their_version() -> None:
    found = resco_table([cell("predictive", AS_LEARNERS, 0, 17.0)])
    assert list(found.rows[0]) == ["cologne8", 10.0, 1, 17.0, traffic.PUBLISHED["cologne8"]]
    assert "different versions" in found.note


def test_the_gain_of_weights_is_told_against_equal_weights() -> None:
    words = dict.fromkeys(priorities.WORDS, 10.0)
    cells = [
        {"way": way, "score": words | {"emergency_delay": delay}}
        for way, delay in zip(priorities.WAYS, (40.0, 20.0, 5.0), strict=True)
    ]
    found = priorities.table(cells)
    assert found.rows[-1][2] == pytest.approx(-75.0)
    assert found.rows[-1][4] == pytest.approx(0.0)
