"""Where do our figures come from? Writes one result file with everything needed to repeat it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import math
import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jialing.record import manifest

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"

#: The folders of an absolute path, inside any text.
FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^\s/:'\"]+/)+")

#: Changes here do not change what is measured.
NOT_MEASURED = ("benchmarks/results", "docs", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table for the documents.

    Attributes
    ----------
    title : with the unit, e.g. ``overflow [m³]``
    digits : digits after the point; None leaves the value as it is (text, counts)
    """

    title: str
    digits: int | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table that the documents show. It repeats figures of the payload; it adds none.

    Attributes
    ----------
    name : word by which a document asks for it
    columns : see `Column`
    rows : values as measured, unrounded; None where there is none
    note : one sentence below the table: what was varied, what is listed
    commits : where its figures were measured, unless all at the commit of the file
    """

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str | float | int | None]]
    note: str = ""
    commits: Sequence[str] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.name!r}: a row has {len(row)} values for {len(self.columns)} columns: {row}"
                )


def write_result(
    name: str,
    payload: Mapping[str, Any],
    *,
    tables: Sequence[Table] = (),
    date: str | None = None,
    folder: Path = RESULTS,
) -> Path:
    """Write `<name>.json` with the measured figures, the commit, the versions and the machine.

    Parameters
    ----------
    name : lower-case letters, digits and hyphens, e.g. ``skill-water``
    payload : the figures, JSON-ready, finite, in named units
    tables : what the documents show of them
    date : day of the measurement (YYYY-MM-DD); None means today
    folder : where to write

    Texts keep the file names of the places that they mention, not the folders of this machine.
    Raises ValueError for a figure that is not finite.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(f"{name!r} is no result name; allowed: lower-case words joined by hyphens")
    document = {
        "name": name,
        "date": date or datetime.now(UTC).date().isoformat(),
        **commit(),
        "versions": versions(),
        "machine": machine(),
        "payload": payload,
        "tables": [asdict(table) for table in tables],
    }
    return _written(name, document, folder)


def show_anew(name: str, tables: Sequence[Table], *, folder: Path = RESULTS) -> Path:
    """Give a result other tables of the same figures; commit, date and machine stay those measured.

    Raises FileNotFoundError where nothing was measured yet.
    """
    document = read_result(name, folder=folder)
    if document is None:
        raise FileNotFoundError(folder / f"{name}.json")
    return _written(name, document | {"tables": [asdict(table) for table in tables]}, folder)


def _written(name: str, document: Mapping[str, Any], folder: Path) -> Path:
    portable = _portable(document, name)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(portable, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    part.replace(path)
    return path


def read_result(name: str, *, folder: Path = RESULTS) -> dict[str, Any] | None:
    """What `write_result` wrote, or None where nothing was measured yet."""
    path = folder / f"{name}.json"
    if not path.is_file():
        return None
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def measured(result: Mapping[str, Any] | None, key: str) -> list[dict[str, Any]]:
    """Rows of an earlier result, each with its commit; none where nothing was measured yet."""
    if result is None:
        return []
    return [{"commit": result["commit"], **row} for row in result["payload"][key]]


def commit() -> dict[str, Any]:
    """The commit that was measured, and whether files that matter were changed since."""
    try:
        head = _git("rev-parse", "HEAD").strip()
        changes = _git("status", "--porcelain").splitlines()
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "dirty": None}
    dirty = any(not line[3:].startswith(NOT_MEASURED) for line in changes)
    return {"commit": head, "dirty": dirty}


def commits(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The commits at which rows were measured, each once."""
    return sorted({str(row["commit"]) for row in rows})


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that may change a figure."""
    found = manifest.versions()
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        found["pystorms"] = importlib.metadata.version("pystorms")
    return found


def machine() -> dict[str, Any]:
    """What the machine can do, not which one it is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {**manifest.machine(), "memory_gib": round(memory / 2**30, 1)}


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def _portable(value: Any, where: str) -> Any:
    """`value` as another machine can read it."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is {value}; a result holds finite figures, or None")
    if isinstance(value, str):
        return FOLDERS.sub("", value)
    if isinstance(value, Mapping):
        return {key: _portable(inner, f"{where}.{key}") for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_portable(inner, f"{where}[{i}]") for i, inner in enumerate(value)]
    return value
