"""A table in a document is what its result file says, or the check fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks._results import Column, Table, write_result
from scripts import figures

PAGE = "before\n<!-- table skill-water/total -->\nold\n<!-- /table -->\nafter\n"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    table = Table(
        name="total",
        columns=[
            Column(title="case"),
            Column(title="overflow [m³]", digits=0),
            Column(title="events"),
        ],
        rows=[["astlingen", 261981.6, 12], ["theta", None, 0]],
        note="Losses too.",
    )
    write_result("skill-water", {}, tables=[table], date="2026-01-02", folder=tmp_path)
    return tmp_path


def test_a_marked_table_is_made_from_its_result(results: Path) -> None:
    lines = figures.filled(PAGE, results).splitlines()
    assert lines[0] == "before"
    assert lines[2:6] == [
        "| case | overflow [m³] | events |",
        "| --- | ---: | ---: |",
        "| astlingen | 261,982 | 12 |",
        "| theta | – | 0 |",
    ]
    assert lines[7].startswith("Losses too. *Measured 2026-01-02 at commit ")
    assert lines[-2:] == ["<!-- /table -->", "after"]


def test_a_table_measured_in_parts_names_their_commits_and_no_other(tmp_path: Path) -> None:
    early = Table(name="total", columns=[Column(title="case")], rows=[], commits=["a" * 40])
    both = replace(early, name="spread", commits=["a" * 40, "b" * 40])
    write_result("skill-water", {}, tables=[early, both], date="2026-01-02", folder=tmp_path)
    total, spread = PAGE, PAGE.replace("/total ", "/spread ")
    assert "*Measured by 2026-01-02 at commit aaaaaaaaaa on" in figures.filled(total, tmp_path)
    assert "at commits aaaaaaaaaa, bbbbbbbbbb on" in figures.filled(spread, tmp_path)


def test_filling_twice_changes_nothing(results: Path) -> None:
    once = figures.filled(PAGE, results)
    assert figures.filled(once, results) == once


def test_what_was_not_measured_says_so(tmp_path: Path) -> None:
    text = figures.filled(PAGE, tmp_path)
    assert "Not measured yet" in text
    assert "old" not in text


def test_a_table_that_no_result_has_is_named(results: Path) -> None:
    with pytest.raises(SystemExit, match="no table 'totals'; it has: total"):
        figures.filled(PAGE.replace("/total ", "/totals "), results)


def test_check_finds_a_typed_figure_and_does_not_touch_it(
    results: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "results").symlink_to(results, target_is_directory=True)
    readme = tmp_path / "README.md"
    readme.write_text(PAGE)
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    assert figures.main(["--check"]) == 1
    assert "README.md" in capsys.readouterr().err
    assert readme.read_text() == PAGE
    assert figures.main([]) == 0
    assert figures.main(["--check"]) == 0
    readme.write_text(readme.read_text().replace("261,982", "61,982"))
    assert figures.main(["--check"]) == 1
