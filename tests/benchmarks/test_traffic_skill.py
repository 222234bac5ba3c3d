"""Are runs of signals kept, compared and claimed as they should be?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.skill import _older_sumo, priorities, resco, traffic
from benchmarks.skill._code import imported
from benchmarks.skill.traffic import AS_LEARNERS, ROW, claims


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
    rival = names(imported([f"{ROW}.domain"], (ROW,), (f"{ROW}.controller",)))
    ours = names(imported([f"{ROW}.domain", f"{ROW}.controller"], (ROW,)))
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


def test_under_rescos_protocol_decisions_are_as_far_apart_as_there() -> None:
    tasks = resco.tasks(["cologne8", "arterial4x4"], [0, 1])
    assert {(task[0], task[4]) for task in tasks} == {("cologne8", 10.0), ("arterial4x4", 5.0)}
    assert {task[2] for task in tasks if task[1] == "predictive"} == {AS_LEARNERS}
    assert not any(task[0] == "arterial4x4" for task in tasks if task[1] == "fixed")


def test_under_rescos_protocol_every_yellow_is_as_long_as_there(tmp_path: Path) -> None:
    network = tmp_path / "x.net.xml"
    phases = ("GGr", "yyr", "rrG", "rrY")
    rows = "".join(f'<phase duration="5" state="{state}"/>' for state in phases)
    network.write_text(f'<net><tlLogic id="x" programID="0">{rows}</tlLogic></net>')
    found = resco.with_yellow(network, 3.0).iterfind("./tlLogic/phase")
    assert [phase.get("duration") for phase in found] == ["5", "3", "5", "3"]


def test_published_figures_stand_beside_ours_with_their_version() -> None:
    ours, fixed = cell("predictive", AS_LEARNERS, 0, 17.0), cell("fixed", "perfect", 0, 60.0)
    found = resco.table([ours, fixed], "1.28.0")
    assert list(found.rows[0]) == ["cologne8", 10.0, 1, 17.0, 17.0, 0.0, 21.62, 60.0, 63.77]
    assert "they bound, they do not compare" in found.note.replace("here they", "they")
    assert "do not compare" not in resco.table([ours, fixed], "1.9.1").note


def test_an_older_sumo_is_not_given_options_it_does_not_know() -> None:
    command = ["sumo", "--seed", "1", "--emissions.volumetric-fuel", "--output-suffix", ""]
    assert _older_sumo.without_newer([*command, "--begin", "0"]) == [
        *("sumo", "--seed", "1", "--begin", "0")
    ]


def test_delays_at_departure_are_counted_from_the_route_files(tmp_path: Path) -> None:
    (tmp_path / "a.rou.xml").write_text('<routes><vehicle id="x" depart="12.5"/></routes>')
    (tmp_path / "a.sumocfg").write_text(
        '<configuration><input><route-files value="a.rou.xml"/></input></configuration>'
    )
    by_configuration = ["sumo", "--configuration-file", str(tmp_path / "a.sumocfg")]
    by_name = ["sumo", "--route-files", str(tmp_path / "a.rou.xml")]
    for command in (by_configuration, by_name):
        assert _older_sumo.due_times(command) == {"x": 12.5}


def test_a_folder_without_sumo_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="holds no SUMO"):
        _older_sumo.version_of(tmp_path)


def test_the_gain_of_weights_is_told_against_equal_weights() -> None:
    words = dict.fromkeys(priorities.WORDS, 10.0)
    cells = [
        {"way": way, "score": words | {"emergency_delay": delay}}
        for way, delay in zip(priorities.WAYS, (40.0, 20.0, 5.0), strict=True)
    ]
    found = priorities.table(cells)
    assert found.rows[-1][2] == pytest.approx(-75.0)
    assert found.rows[-1][4] == pytest.approx(0.0)
