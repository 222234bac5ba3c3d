"""What the README and the how-tos tell a user to do works, word for word."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "src" / "jialing" / "domains" / "water" / "models" / "storm-sewer.inp"
JIALING = [sys.executable, "-m", "jialing.cli.app"]

pytestmark = [pytest.mark.slow, pytest.mark.swmm, pytest.mark.sumo]


def code_blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def run(command: list[str], cwd: Path, timeout_s: float = 500) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout_s)


def only_result(folder: Path) -> Path:
    """The one result folder in `folder`."""
    (found,) = (path.parent for path in folder.glob("*/result.json"))
    return found


def test_make_demo_ends_with_a_table_and_a_report(tmp_path: Path) -> None:
    """Its first ten minutes: the whole evening takes four of the wall's and belongs to the figures."""
    if Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        pytest.skip("make demo would install an environment of its own: run the tests from .venv")
    options = [f"OUT={tmp_path}", "ARGS=--duration 10min"]
    done = run(["make", "--no-print-directory", "demo", *options], ROOT)
    assert done.returncode == 0, done.stderr
    for word in ("today", "coupled", "caught", "delay", "waiting", "flooding", "overflow", "m³"):
        assert word in done.stdout
    result = only_result(tmp_path)
    report = result / "report.html"
    assert str(report) in re.sub(r"\s+", "", done.stdout + done.stderr)
    page = report.read_text()
    assert "<html" in page[:2000].lower()
    assert "SCHEMATIC" in page.upper()
    document = json.loads((result / "result.json").read_text())
    assert [each["controller"] for each in document["runs"]] == ["today", "coupled"]


def test_a_users_own_model_runs_unchanged_and_alone(tmp_path: Path) -> None:
    folder = tmp_path / "my models"
    folder.mkdir()
    model = folder / "old town.inp"
    shutil.copy(MODEL, model)
    before = model.read_bytes()
    done = run([*JIALING, "run", str(model), "--duration", "1h"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "predictive" in done.stdout
    assert [path.name for path in folder.iterdir()] == ["old town.inp"]
    assert model.read_bytes() == before
    assert only_result(tmp_path / "runs").name.startswith("old-town-s")


def test_the_pythons_lines_of_the_readme_run(tmp_path: Path) -> None:
    (code,) = code_blocks("README.md", "python")
    first_hour = code.replace('jl.case("storm-sewer")', 'jl.case("storm-sewer", duration_s=3600.0)')
    assert first_hour != code
    done = run([sys.executable, "-c", first_hour], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "flooding" in done.stdout
    assert (tmp_path / "storm.html").is_file()


def test_the_controller_of_the_how_to_runs_beside_the_rules(tmp_path: Path) -> None:
    code, *_ = code_blocks("docs/how-to/own-controller.md", "python")
    done = run([sys.executable, "-c", code], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "HoldUntilHalfFull" in done.stdout
    assert "rules" in done.stdout
    head, _, _ = code.partition("\nresult =")
    (tmp_path / "mine.py").write_text(head)
    (command,) = (
        line
        for line in "".join(code_blocks("docs/how-to/own-controller.md", "bash")).splitlines()
        if "mine.py" in line
    )
    words = command.split()
    assert words[0] == "jialing"
    done = run([*JIALING, *words[1:]], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "HoldUntilHalfFull" in done.stdout


def test_what_the_page_of_results_reads_in_python_is_there(tmp_path: Path) -> None:
    (code,) = code_blocks("docs/reference/results.md", "python")
    done = run([sys.executable, "-c", code], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "depth:TA" in done.stdout


@pytest.mark.parametrize(
    ("case", "baseline", "options"),
    [
        ("storm-sewer", "rules", []),
        ("traffic-grid", "fixed", []),
        ("traffic-grid", "fixed", ["--sensing", "loops"]),
        ("metro-mixed", "fixed", []),
    ],
)
def test_the_page_of_results_explains_every_column_of_an_exported_table(
    case: str, baseline: str, options: list[str], tmp_path: Path
) -> None:
    command = [*JIALING, "run", case, "-c", baseline, "--duration", "5min", *options]
    done = run(command, tmp_path)
    assert done.returncode == 0, done.stderr
    done = run([*JIALING, "export", only_result(tmp_path / "runs").name], tmp_path)
    assert done.returncode == 0, done.stderr
    table = only_result(tmp_path / "runs") / "export" / f"{baseline}.columns.json"
    page = (ROOT / "docs" / "reference" / "results.md").read_text()
    section = page.partition("\n## The exported tables\n")[2].partition("\n## ")[0]
    first_cells = "".join(re.findall(r"^\| (`[^|]+)\|", section, re.MULTILINE))
    explained = set(re.findall(r"`((?:true:)?\w+)[:`]", first_cells))
    for column in json.loads(table.read_text()):
        quantity = re.match(r"(?:true:)?\w+", column)
        assert quantity, column
        assert quantity[0] in explained, column


def test_a_recorded_run_replays_bit_for_bit(tmp_path: Path) -> None:
    done = run([*JIALING, "run", "storm-sewer", "--duration", "90min", "--json"], tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {"case", "domain", "seed", "runs"}
    for each in document["runs"]:
        assert set(each) == {"controller", "score", "guard", "wall_s"}
        assert set(each["guard"]) == {"allowed", "clamped", "refused"}
        assert all(set(quantity) == {"value", "unit"} for quantity in each["score"].values())
    replayed = run([*JIALING, "replay", str(only_result(tmp_path / "runs"))], tmp_path)
    assert replayed.returncode == 0, replayed.stderr
    assert replayed.stdout.count("identical") == 2


def test_a_cut_file_gives_one_message_and_leaves_nothing(tmp_path: Path) -> None:
    text = MODEL.read_text()
    cut = tmp_path / "cut.inp"
    cut.write_text(text[: text.index("[XSECTIONS]") + 60])
    done = run([*JIALING, "run", str(cut)], tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "cut.inp" in done.stderr
    assert os.listdir(tmp_path) == ["cut.inp"]  # noqa: PTH208
