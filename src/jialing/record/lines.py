"""How do lines of JSON (a city's diary, its events) become a table? One row per line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jialing.record.shape import read_shaped
from jialing.record.whole import whole_lines

Cell = float | str | None

#: Files of lines that stand beside the records of a city's evening.
NAMES = ("diary.jsonl", "events.jsonl")
#: Endings of names that tell a unit, where no file beside the lines does.
UNITS = {"_s": "s", "_mps": "m/s", "_ph": "1/h", "_m": "m"}


def read_lines(path: Path) -> tuple[list[dict[str, Cell]], str]:
    """Every whole line as a row, and a sentence on what was left out.

    Nested names are joined by a colon, lists of words by a blank. A list of anything else (the
    changes that were sent) has no place in a table. A last line that was torn is left out, too.
    """
    found, lost = whole_lines(path)
    return [dict(_flat(line, "")) for line in found], lost


def names_of(rows: list[dict[str, Cell]]) -> list[str]:
    """All columns, in the order in which they first appear."""
    return list(dict.fromkeys(name for row in rows for name in row))


def units_beside(path: Path) -> dict[str, str]:
    """Beginning of a column's name -> its unit, as the ``city.json`` beside a file of lines tells them."""
    document = path.parent / "city.json"
    if path.name != "diary.jsonl" or not document.is_file():
        return {}
    return dict(read_shaped(document, {"units?": {"*": str}}).get("units") or {})


def unit_of(name: str, known: Mapping[str, str]) -> str:
    """Of a column: as `known` for it or for what its name begins with, else by the ending of a part
    of its name; empty if none tells it."""
    parts = name.split(":")
    for count in range(len(parts), 0, -1):
        begin = ":".join(parts[:count])
        if begin in known:
            return known[begin]
    for part in reversed(parts):
        for ending, unit in UNITS.items():
            if part.endswith(ending):
                return unit
    return ""


def _flat(value: Mapping[str, Any], above: str) -> Iterator[tuple[str, Cell]]:
    for key, inner in value.items():
        name = f"{above}{key}"
        if isinstance(inner, Mapping):
            yield from _flat(inner, f"{name}:")
        elif isinstance(inner, list):
            if all(isinstance(one, str) for one in inner):
                yield name, " ".join(inner)
        elif isinstance(inner, bool | int | float):
            yield name, float(inner)
        elif inner is None or isinstance(inner, str):
            yield name, inner
