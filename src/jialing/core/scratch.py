"""Where does a run write what nobody keeps? Into a folder that goes with its process."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nothing is held, so nothing is swept
    fcntl = None  # type: ignore[assignment]

_NAME, _HELD = "jialing-", ".held"


class Scratch:
    """A new folder among the system's temporary ones. Use as a context, or `close` it.

    A process that is killed leaves its folder behind. Each holds a lock for as long as its process
    lives, whoever can see that process; a new one takes away those that nobody holds any more.
    """

    def __init__(self, kind: str) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=f"{_NAME}{kind}-"))
        self._lock = -1
        if fcntl is not None:
            begun = self.path / f"{_HELD}.new"
            self._lock = os.open(begun, os.O_CREAT | os.O_RDWR, 0o600)
            with contextlib.suppress(OSError):  # a file system without locks: never swept
                fcntl.flock(self._lock, fcntl.LOCK_EX)
                begun.rename(self.path / _HELD)  # nobody sees it before it is held

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder; may be called twice."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _sweep(place: Path) -> None:
    """Remove our own folders in `place` whose process is gone."""
    if fcntl is None:
        return
    for folder in place.glob(f"{_NAME}*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            lock = os.open(folder / _HELD, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            continue  # none of ours, or gone
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # its process lives
        finally:
            os.close(lock)
