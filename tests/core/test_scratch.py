"""Does what a killed process leaves behind go with the next one, and what a living one writes stay?"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jialing.core.scratch import Scratch

pytest.importorskip("fcntl")

HOLD = """
import sys
from jialing.core.scratch import Scratch
print(Scratch("swmm").path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def other(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process, and the folder that it holds."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    (folder / "swmm.out").write_text("many megabytes")
    yield process, folder
    process.kill()
    process.communicate()


def test_what_a_killed_process_left_goes_with_the_next_one(
    other: tuple[subprocess.Popen[str], Path],
) -> None:
    process, folder = other
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert folder.is_dir()
    with Scratch("sumo"):
        assert not folder.exists()


def test_what_a_living_process_writes_stays(other: tuple[subprocess.Popen[str], Path]) -> None:
    process, folder = other
    with Scratch("sumo") as mine, Scratch("sumo") as also_mine:
        assert process.poll() is None
        assert (folder / "swmm.out").is_file()
        assert mine.is_dir()
        assert also_mine.is_dir()
    assert not mine.exists()


def test_what_is_not_known_to_be_ours_stays(place: Path, tmp_path: Path) -> None:
    (place / "jialing-notes").mkdir()
    (place / "jialing-notes" / "page.txt").write_text("by hand")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".held").write_text("")
    (place / "jialing-link").symlink_to(elsewhere)
    with Scratch("swmm"):
        assert (place / "jialing-notes" / "page.txt").is_file()
        assert (elsewhere / ".held").is_file()


def test_a_folder_is_closed_once_or_twice(place: Path) -> None:
    scratch = Scratch("swmm")
    scratch.close()
    scratch.close()
    assert list(place.iterdir()) == []
