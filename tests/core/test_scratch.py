"""Is a place for temporary files that cannot be used told with its name and what to do?"""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from jialing.core.errors import InputError, PlantError
from jialing.core.scratch import LEAST_ROOM, in_folder, make_folder, needing_room

Usage = namedtuple("Usage", "total used free")


def leave(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """A disk with so many bytes left."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free, 0, free))


def test_temporary_files_lie_where_the_user_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with in_folder("jialing-") as folder:
        assert folder.parent == tmp_path
        (folder / "kept").write_text("")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["gone", "file"])
def test_a_place_that_cannot_be_written_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TMPDIR", str(tmp_path / place))
    with pytest.raises(
        InputError, match=rf"{place} \(TMPDIR\): .* directory; set TMPDIR to a fold"
    ):
        make_folder("jialing-")


def test_a_system_without_any_place_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(InputError, match=r"cannot be written: No usable .*; set TMPDIR"):
        make_folder("jialing-")


@pytest.mark.parametrize(("free", "taken"), [(LEAST_ROOM, True), (LEAST_ROOM - 1, False)])
def test_a_full_disk_is_told_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, taken: bool
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    leave(monkeypatch, free)
    if taken:
        assert make_folder("jialing-").is_dir()
        return
    with pytest.raises(InputError) as refused:
        make_folder("jialing-")
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
