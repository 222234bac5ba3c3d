"""Does what a killed process leaves behind go with the next one, and what a living one writes stay?

Is a place that cannot be used told with its name and what to do?
"""

from __future__ import annotations

import errno
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from jialing.core.errors import InputError, PlantError
from jialing.core.scratch import LEAST_ROOM, Scratch, needing_room

pytest.importorskip("fcntl")

Usage = namedtuple("Usage", "total used free")

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


def leave(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """A disk with so many bytes left."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free, 0, free))


@pytest.mark.parametrize("place", ["gone", "file"])
def test_a_place_that_cannot_be_written_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TMPDIR", str(tmp_path / place))
    with pytest.raises(
        InputError, match=rf"{place} \(TMPDIR\): .* directory; set TMPDIR to a fold"
    ):
        Scratch("swmm")


def test_a_system_without_any_place_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(InputError, match=r"cannot be written: No usable .*; set TMPDIR"):
        Scratch("swmm")


@pytest.mark.parametrize(("free", "taken"), [(LEAST_ROOM, True), (LEAST_ROOM - 1, False)])
def test_a_full_disk_is_told_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, taken: bool
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    leave(monkeypatch, free)
    if taken:
        assert Scratch("swmm").path.is_dir()
        return
    with pytest.raises(InputError) as refused:
        Scratch("swmm")
    assert f"no room for temporary files in {tmp_path}; make some" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "free"),
    [
        (PlantError("unclosed token"), 0),
        (OSError(errno.ENOSPC, "No space left on device"), LEAST_ROOM),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), LEAST_ROOM),
    ],
)
def test_what_fails_on_a_full_disk_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, free: int
) -> None:
    leave(monkeypatch, free)
    with pytest.raises(PlantError, match="no room for temporary files"), needing_room(tmp_path):
        raise error


def test_what_fails_where_there_is_room_keeps_its_words(tmp_path: Path) -> None:
    with pytest.raises(PlantError, match="node J7"), needing_room(tmp_path):
        raise PlantError("node J7 is dry")
    with pytest.raises(PermissionError), needing_room(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied")
