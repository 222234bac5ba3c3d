"""Which lines of a file of JSON lines are whole? A kill may tear the last one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jialing.record.shape import Shape, fits


def whole_lines(path: Path, shape: Shape | None = None) -> tuple[tuple[dict[str, Any], ...], str]:
    """Objects up to the first line that cannot be read, and a sentence on what was left out.

    Lines are parted where they were written: other marks that end a line (U+2028) stand in texts,
    and a line may be torn in the middle of a letter.

    Parameters
    ----------
    path : the file
    shape : of every object, see `record.shape`
    """
    if not path.is_file():
        return (), f"{path.name} is missing"
    found: list[dict[str, Any]] = []
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            one = json.loads(line)
        except (ValueError, RecursionError):
            one = None
        if not isinstance(one, dict) or (shape and not fits(one, shape)):
            torn = number == len(lines)
            what = "is torn and" if torn else "is damaged; it and all after it are"
            return tuple(found), f"{path.name}: line {number} {what} left out"
        found.append(one)
    return tuple(found), ""
