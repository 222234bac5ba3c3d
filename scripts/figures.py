"""Which measured figures do the documents show? Fills their tables from benchmarks/results."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

MARKER = re.compile(
    r"(?P<open><!-- table (?P<result>[a-z0-9-]+)/(?P<table>[a-z0-9-]+) -->\n)"
    r"(?P<body>.*?)"
    r"(?P<close><!-- /table -->)",
    re.DOTALL,
)


def filled(text: str, results: Path) -> str:
    """`text` with every marked table made anew from the result files in `results`."""

    def table(match: re.Match[str]) -> str:
        lines = _lines(results, match["result"], match["table"])
        return match["open"] + "\n".join(lines) + "\n" + match["close"]

    return MARKER.sub(table, text)


def _lines(results: Path, result: str, table: str) -> list[str]:
    path = results / f"{result}.json"
    if not path.is_file():
        return [f"*Not measured yet: `make bench` writes `benchmarks/results/{path.name}`.*"]
    document = json.loads(path.read_text())
    for candidate in document["tables"]:
        if candidate["name"] == table:
            return _markdown(candidate, document)
    names = ", ".join(each["name"] for each in document["tables"]) or "none"
    raise SystemExit(f"{path.name} has no table {table!r}; it has: {names}.")


def _markdown(table: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    columns = table["columns"]
    numeric = [
        any(isinstance(row[i], int | float) for row in table["rows"]) for i in range(len(columns))
    ]
    return [
        _row(column["title"] for column in columns),
        _row("---:" if right else "---" for right in numeric),
        *(
            _row(_cell(value, column["digits"]) for value, column in zip(row, columns, strict=True))
            for row in table["rows"]
        ),
        "",
        f"{table['note']} {_origin(table, document)}".strip(),
    ]


def _row(cells: Iterator[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: str | float | int | None, digits: int | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return f"{value:,}" if digits is None else f"{value:,.{digits}f}"


def _origin(table: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """One sentence that says where the figures come from."""
    last = document["commit"] or "unknown"
    commits = table.get("commits") or [last]
    when = "" if commits == [last] else "by "  # the day is that of the file's last part
    where = ", ".join(commit[:10] for commit in commits)
    where = f"commit{'s' if len(commits) > 1 else ''} {where}"
    where += " with changes" if document["dirty"] and last in commits else ""
    machine, versions = document["machine"], document["versions"]
    simulator = f", swmm-toolkit {versions['swmm-toolkit']}" if "swmm-toolkit" in versions else ""
    return (
        f"*Measured {when}{document['date']} at {where} on {machine['cores']} cores"
        f" ({machine['processor']}), Python {versions['python']}{simulator};"
        f" `benchmarks/results/{document['name']}.json`*"
    )


def main(arguments: list[str]) -> int:
    check = "--check" in arguments
    stale = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        old = path.read_text()
        new = filled(old, ROOT / "benchmarks" / "results")
        if new == old:
            continue
        stale.append(path.relative_to(ROOT).as_posix())
        if not check:
            path.write_text(new)
    if check and stale:
        print(
            f"tables differ from benchmarks/results in: {', '.join(stale)}. Run: make docs",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
