"""Is a disk that takes no more told with the file, and is nothing half-written left behind?"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from jialing.core.errors import RecordError
from jialing.record.disk import Growing, write_in_one_piece


def full(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_pieces_stand_one_after_the_other(tmp_path: Path) -> None:
    file = Growing(tmp_path / "a.bin")
    file.append(b"ab")
    file.append(memoryview(b"cd"))
    file.close()
    file.close()
    assert (tmp_path / "a.bin").read_bytes() == b"abcd"


def test_a_file_that_is_there_is_not_gone_on_with(tmp_path: Path) -> None:
    Growing(tmp_path / "a.bin").close()
    with pytest.raises(FileExistsError):
        Growing(tmp_path / "a.bin")


def test_a_piece_that_does_not_fit_is_an_error_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, write = Growing(tmp_path / "a.bin"), os.write
    monkeypatch.setattr(os, "write", lambda fd, content: write(fd, content[:1]))
    with pytest.raises(RecordError, match=r"a\.bin cannot be written: 1 of 3 bytes fitted"):
        file.append(b"abc")
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RecordError, match=r"a\.bin cannot be written: No space left on device"):
        file.append(b"abc")
    file.close()


def test_a_file_for_which_there_is_no_room_stays_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    write_in_one_piece(path, b"old")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left on device") as refused:
        write_in_one_piece(path, b"new")
    assert refused.value.filename == str(path)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.json", b"old")]
