"""A result file says where its figures come from, and holds nothing that another machine cannot read."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks._results import ROOT, Column, Table, read_result, show_anew, write_result


def test_a_result_names_commit_versions_machine_and_day(tmp_path: Path) -> None:
    write_result("speed-loop", {"tick_us": 31.5}, date="2026-01-02", folder=tmp_path)
    document = read_result("speed-loop", folder=tmp_path)
    assert document is not None
    assert document["date"] == "2026-01-02"
    assert document["payload"] == {"tick_us": 31.5}
    assert document["versions"]["python"] == sys.version.split()[0]
    assert document["machine"]["cores"] == os.cpu_count()
    assert document["machine"]["memory_gib"] > 0
    if (ROOT / ".git").exists():
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True
        )
        assert document["commit"] == head.stdout.strip()
        assert document["dirty"] in (True, False)


def test_a_result_does_not_tell_which_machine_it_was(tmp_path: Path) -> None:
    text = write_result("speed-loop", {"tick_us": 31.5}, folder=tmp_path).read_text()
    assert socket.gethostname() not in text
    assert str(ROOT) not in text


def test_figures_shown_anew_keep_where_they_come_from(tmp_path: Path) -> None:
    write_result("speed-loop", {"tick_us": 31.5}, date="2026-01-02", folder=tmp_path)
    before = read_result("speed-loop", folder=tmp_path)
    tick = Table(name="tick", columns=[Column(title="tick [µs]", digits=1)], rows=[[31.5]])
    show_anew("speed-loop", [tick], folder=tmp_path)
    after = read_result("speed-loop", folder=tmp_path)
    assert before is not None
    assert after is not None
    assert [table["name"] for table in after.pop("tables")] == ["tick"]
    assert after == {key: value for key, value in before.items() if key != "tables"}


def test_figures_that_nobody_measured_are_not_shown(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="speed-loop"):
        show_anew("speed-loop", [], folder=tmp_path)


def test_nothing_measured_is_no_result(tmp_path: Path) -> None:
    assert read_result("speed-loop", folder=tmp_path) is None


@pytest.mark.parametrize(
    ("payload", "place"),
    [({"a": [1.0, math.nan]}, r"a\[1\]"), ({"a": {"b": math.inf}}, r"a\.b")],
)
def test_a_figure_that_is_not_finite_is_refused_and_named(
    payload: dict[str, object], place: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=place):
        write_result("skill-water", payload, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("/srv/models/storm.inp:12: no such node", "storm.inp:12: no such node"),
        ("cannot read '/srv/models/storm.inp' (3)", "cannot read 'storm.inp' (3)"),
        ("0.5 m³/s in 3 h/d, and/or/not 5 %", "0.5 m³/s in 3 h/d, and/or/not 5 %"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
    ],
)
def test_a_text_keeps_its_words_and_forgets_the_folders(
    written: str, kept: str, tmp_path: Path
) -> None:
    write_result("skill-water", {"failed": [written]}, folder=tmp_path)
    document = read_result("skill-water", folder=tmp_path)
    assert document is not None
    assert document["payload"] == {"failed": [kept]}


@pytest.mark.parametrize("name", ["", "Skill", "skill/water", "../skill", "skill-", "skill_water"])
def test_a_result_name_cannot_leave_its_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="result name"):
        write_result(name, {}, folder=tmp_path)


def test_a_row_has_one_value_for_each_column() -> None:
    columns = [Column(title="case"), Column(title="overflow [m³]", digits=0)]
    Table(name="total", columns=columns, rows=[["astlingen", 1.0]])
    with pytest.raises(ValueError, match="2 columns"):
        Table(name="total", columns=columns, rows=[["astlingen"]])


def test_tables_are_written_beside_the_figures(tmp_path: Path) -> None:
    table = Table(
        name="total", columns=[Column(title="overflow [m³]", digits=0)], rows=[[1.5], [None]]
    )
    path = write_result("skill-water", {}, tables=[table], folder=tmp_path)
    assert json.loads(path.read_text())["tables"] == [
        {
            "name": "total",
            "columns": [{"title": "overflow [m³]", "digits": 0}],
            "rows": [[1.5], [None]],
            "note": "",
            "commits": [],
        }
    ]
