"""How does content reach the disk whole, or with an error that names the file?"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from jialing.core.errors import RecordError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND


class Growing:
    """A new file that only grows. A piece leaves the process in one write, so that a kill tears none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = os.open(path, _NEW, 0o644)

    def append(self, content: bytes | memoryview) -> None:
        """Write `content`; raises RecordError if it does not fit on the disk."""
        size = memoryview(content).nbytes
        try:
            written = os.write(self._fd, content)
        except OSError as error:
            raise RecordError(f"{self._path} cannot be written: {error.strerror}") from error
        if written != size:
            raise RecordError(
                f"{self._path} cannot be written: {written} of {size} bytes fitted on the disk"
            )

    def sync(self) -> None:
        """Wait until the disk has it."""
        os.fsync(self._fd)

    def close(self) -> None:
        """May be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def write_in_one_piece(path: Path, content: bytes) -> None:
    """Write a file that is either the old one or the new one; raises OSError that names it."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error
