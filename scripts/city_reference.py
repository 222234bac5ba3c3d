"""What may a city.yaml say? Makes docs/reference/city-file.md from the table that checks every file."""

from __future__ import annotations

import math
import sys
from itertools import groupby
from pathlib import Path

from jialing.city.schema import ENTRIES, KINDS, Entry

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "city-file.md"

HEAD = """# The city file

Made by `make docs` from the table that also checks every `city.yaml`. `*` stands for a name of yours. Paths
are relative to the file. `jialing city check` says everything that is missing or does not fit.

"""


def page() -> str:
    """The reference, one table per section."""
    parts = [HEAD]
    for section, entries in groupby(sorted(ENTRIES, key=_rank), key=_section):
        title = f"`{section}`" if section else "The file"
        parts.append(f"## {title}\n\n| entry | value | needed | meaning |\n|---|---|---|---|\n")
        parts += [_row(entry) for entry in entries]
        parts.append("\n")
    return "".join(parts).rstrip() + "\n"


def _section(entry: Entry) -> str:
    sections = {e.place[0] for e in ENTRIES if e.kind == "section" and len(e.place) == 1}
    return entry.place[0] if entry.place[0] in sections else ""


def _rank(entry: Entry) -> int:
    """Single entries first, then the sections in the order of the table."""
    sections = ["", *dict.fromkeys(e.place[0] for e in ENTRIES if e.kind == "section")]
    return sections.index(_section(entry))


def _row(entry: Entry) -> str:
    words, unit = KINDS[entry.kind][0], f" [{entry.unit}]" if entry.unit else ""
    low, high = math.isfinite(entry.low), math.isfinite(entry.high)
    limits = f", {entry.low:g} … {entry.high:g}" if low and high else ""
    if low and not high:
        limits = f", at least {entry.low:g}"
    named = entry.place[-1] == "*"
    needed = "yes" if entry.needed and not named else ""
    return f"| `{'.'.join(entry.place)}` | {words}{unit}{limits} | {needed} | {entry.text} |\n"


def main(arguments: list[str]) -> int:
    new = page()
    old = PAGE.read_text() if PAGE.is_file() else ""
    if "--check" not in arguments:
        PAGE.write_text(new)
    elif new != old:
        print(f"{PAGE.name} differs from the table of entries. Run: make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
