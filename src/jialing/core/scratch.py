"""Where does a run write what nobody keeps? Into a folder that goes with its process.

What is wrong with the place is told with its name and what to do.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jialing.core.errors import InputError, PlantError

try:
    import fcntl
except ImportError:  # Windows: nothing is held, so nothing is swept
    fcntl = None  # type: ignore[assignment]

_NAME, _HELD = "jialing-", ".held"
LEAST_ROOM = 1 << 20  # the files of a small run [bytes]
LITTLE_ROOM = 1 << 16  # with less than this a file was cut off [bytes]
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
REMEDY = "set TMPDIR to a folder that can be written and has room"


class Scratch:
    """A new folder among the system's temporary ones. Use as a context, or `close` it.

    A process that is killed leaves its folder behind. Each holds a lock for as long as its process
    lives, whoever can see that process; a new one takes away those that nobody holds any more.

    Raises InputError where none can be made, or nothing would fit in it.
    """

    def __init__(self, kind: str) -> None:
        self.path = _made(f"{_NAME}{kind}-")
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


@contextlib.contextmanager
def needing_room(folder: Path) -> Iterator[None]:
    """What fails while there is no room left in `folder` is told as that; raises PlantError."""
    try:
        yield
    except (OSError, PlantError) as error:
        cut_off = isinstance(error, OSError) and error.errno in NO_ROOM
        if cut_off or shutil.disk_usage(folder.parent).free < LITTLE_ROOM:
            raise PlantError(_full(folder.parent)) from error
        raise


def _made(prefix: str) -> Path:
    """A new folder, in `TMPDIR` where that is set: Python would pass over one that cannot be used."""
    named = os.environ.get("TMPDIR")
    try:
        place = Path(named or tempfile.gettempdir()).absolute()
        _sweep(place)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    except OSError as error:
        where = f" to {named} (TMPDIR)" if named else ""
        raise InputError(
            f"temporary files cannot be written{where}: {error.strerror}; {REMEDY}"
        ) from error
    if shutil.disk_usage(folder).free < LEAST_ROOM:
        folder.rmdir()
        raise InputError(_full(place))
    return folder


def _full(place: Path) -> str:
    return f"there is no room for temporary files in {place}; make some, or {REMEDY}"


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
