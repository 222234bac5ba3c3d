"""A machine without a usable Python is told what to do; one with a broken shim is not misled."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "find_python.sh"
BASH = shutil.which("bash") or "bash"


def find(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the script with nothing but `folder` on PATH."""
    environment = {"PATH": str(folder), **variables}
    return subprocess.run([BASH, str(SCRIPT)], env=environment, capture_output=True, text=True)


def stand_in(folder: Path, name: str, exit_code: int) -> Path:
    """A command that answers the question "are you new enough?" with an exit code."""
    path = folder / name
    path.write_text(f"#!{BASH}\nexit {exit_code}\n")
    path.chmod(0o755)
    return path


def test_without_python_the_message_says_how_to_get_one(tmp_path: Path) -> None:
    answer = find(tmp_path)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "Python 3.11 or newer" in answer.stderr
    assert "make PYTHON=" in answer.stderr


def test_a_shim_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    stand_in(tmp_path, "python3.11", 127)
    stand_in(tmp_path, "python3.12", 0)
    assert find(tmp_path).stdout == "python3.12\n"


def test_an_old_python_is_passed_over(tmp_path: Path) -> None:
    stand_in(tmp_path, "python3", 1)
    assert find(tmp_path).returncode == 1


@pytest.mark.parametrize(("exit_code", "found"), [(0, True), (1, False)])
def test_a_named_python_is_taken_or_refused_but_never_replaced(
    exit_code: int, found: bool, tmp_path: Path
) -> None:
    named = stand_in(tmp_path, "mine", exit_code)
    stand_in(tmp_path, "python3.11", 0)
    answer = find(tmp_path, PYTHON=str(named))
    assert answer.stdout == (f"{named}\n" if found else "")
    assert ("older than 3.11" in answer.stderr) is not found
