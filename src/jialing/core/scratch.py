"""Where do temporary files lie, and what if they cannot be written there?"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jialing.core.errors import InputError, PlantError

LEAST_ROOM = 1 << 20  # the files of a small run [bytes]
LITTLE_ROOM = 1 << 16  # with less than this a file was cut off [bytes]
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
REMEDY = "set TMPDIR to a folder that can be written and has room"


def make_folder(prefix: str) -> Path:
    """A new folder, in `TMPDIR` where that is set; raises InputError where none can be made.

    Python would pass over a `TMPDIR` that cannot be used, and simulators would not.
    """
    place = os.environ.get("TMPDIR") or None
    try:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    except OSError as error:
        where = f" to {place} (TMPDIR)" if place else ""
        raise InputError(
            f"temporary files cannot be written{where}: {error.strerror}; {REMEDY}"
        ) from error
    if shutil.disk_usage(folder).free < LEAST_ROOM:
        folder.rmdir()
        raise InputError(_full(folder))
    return folder


@contextmanager
def in_folder(prefix: str) -> Iterator[Path]:
    """A new folder that is gone afterwards."""
    folder = make_folder(prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def needing_room(folder: Path) -> Iterator[None]:
    """What fails while there is no room left in `folder` is told as that; raises PlantError."""
    try:
        yield
    except (OSError, PlantError) as error:
        cut_off = isinstance(error, OSError) and error.errno in NO_ROOM
        if cut_off or shutil.disk_usage(folder.parent).free < LITTLE_ROOM:
            raise PlantError(_full(folder)) from error
        raise


def _full(folder: Path) -> str:
    return f"there is no room for temporary files in {folder.parent}; make some, or {REMEDY}"
