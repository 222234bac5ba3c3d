"""Which code does a measurement belong to? A digest of the files that it imports."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks._results import ROOT


def imported(
    start: Sequence[str], within: tuple[str, ...], leave_out: Sequence[str] = ()
) -> list[Path]:
    """Source files of these modules and of all that they import of the packages `within`."""
    source = ROOT / "src"
    waiting, found = list(start), set()
    while waiting:
        path = source.joinpath(*waiting.pop().split(".")).with_suffix(".py")
        if path in found or not path.is_file():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                waiting += [n for n in names if n.startswith(within) and n not in leave_out]
    return sorted(found)


def digest(files: Iterable[Path]) -> str:
    """Changes with the content of any of these files."""
    found = hashlib.sha256()
    for path in files:
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
