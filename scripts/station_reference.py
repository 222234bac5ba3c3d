"""What may a station file say? Makes docs/reference/station-file.md and its JSON Schema."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jialing.domains.metro.fields import SECTIONS, Entry, json_schema
from jialing.domains.metro.numbers import NUMBERS

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
PAGE, SCHEMA = FOLDER / "station-file.md", FOLDER / "station-file.schema.json"

HEAD = """# The station file

Made by `make docs` from the table that also checks every file. YAML (or JSON, which is YAML too); times of
day such as `07:30` or `07:30:15`, beyond `24:00` after midnight. Up means towards the street. For editors:
[JSON Schema](station-file.schema.json). What is wrong ends in one error with file, line and column.

"""
NUMBERS_HEAD = """## Standard numbers

Used where a file gives no value of its own; each may be set otherwise under `numbers:`.

| number | value | unit | allowed | meaning | source |
|---|---|---|---|---|---|
"""


def page() -> str:
    """The reference, one table per section."""
    parts = [HEAD]
    for name, entries in SECTIONS.items():
        if name == "numbers":
            continue
        title = "The file" if name == "station" else f"`{name}`"
        parts.append(f"## {title}\n\n| key | value | default | meaning |\n|---|---|---|---|\n")
        parts += [_row(entry) for entry in entries]
        parts.append("\n")
    parts.append(NUMBERS_HEAD)
    for n in NUMBERS:
        parts.append(
            f"| `{n.name}` | {n.value:g} | {n.unit} | {n.low:g} to {n.high:g} | {n.text} "
            f"| {n.source} |\n"
        )
    return "".join(parts)


def _row(entry: Entry) -> str:
    default = "needed" if entry.required else ""
    if entry.default is not None:
        default = (
            str(entry.default).lower() if isinstance(entry.default, bool) else str(entry.default)
        )
    return f"| `{entry.name}` | {_value(entry)} | {default} | {entry.text} |\n"


def _value(entry: Entry) -> str:
    if entry.kind == "section":
        return (
            f"[{entry.of}](#{entry.of})"
            if entry.of != "numbers"
            else "[numbers](#standard-numbers)"
        )
    if entry.kind == "sections":
        return f"list of [{entry.of}](#{entry.of})"
    if entry.choices:
        return ", ".join(entry.choices)
    words = {"flag": "true or false", "clock": "time", "clocks": "list of times", "text": "text"}
    if entry.kind in words:
        return words[entry.kind]
    if entry.kind == "points":
        return f"list of [time, {entry.unit}]"
    unit = "" if entry.unit == "1" else entry.unit
    return f"{entry.low:g} to {entry.high:g} {unit}".strip()


def main(arguments: list[str]) -> int:
    made = {PAGE: page(), SCHEMA: json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"}
    for path, text in made.items():
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            print(f"{path.name} differs from the reader's table. Run: make docs", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
