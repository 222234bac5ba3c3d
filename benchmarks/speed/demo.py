"""How long does `make demo` take once it is set up, and how much memory do its processes share?"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jialing as jl
from benchmarks._results import Column, Table, write_result
from benchmarks.skill._compare import as_text

CASE = "chongqing"
EVERY_S = 1.0  # between two looks at the memory
PROC = Path("/proc")
KIB = 1024


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """What the processes of a run held when they held most.

    Attributes
    ----------
    bytes : memory of all processes, what several share counted once (Linux: the sum of Pss)
    processes : how many there were
    """

    bytes: int = 0
    processes: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--case", default=CASE)
    chosen = parser.parse_args(arguments)
    if not (PROC / "self" / "smaps_rollup").exists():
        print("this system does not tell what memory its processes share", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="jialing-bench-") as folder:
        jialing = Path(sys.executable).with_name("jialing")
        command = [str(jialing), "run", chosen.case, "--out", folder]
        began = time.monotonic()
        process = subprocess.Popen(command)
        most = _watch(process)
        wall_s = time.monotonic() - began
        if process.returncode:
            return process.returncode
        city_s = jl.case(chosen.case).duration_s or 0.0
    found = Table(
        name="demo",
        columns=[
            Column(title="case"),
            Column(title="city time [h]", digits=1),
            Column(title="wall [min]", digits=1),
            Column(title="memory at its peak [GiB]", digits=2),
            Column(title="processes"),
        ],
        rows=[[chosen.case, city_s / 3600.0, wall_s / 60.0, most.bytes / 2**30, most.processes]],
        note="As today and coupled at the same time, report included, nothing left to set up or "
        f"compile. Memory is that of all processes, looked at every {EVERY_S:g} s; what they share "
        "is counted once (Pss).",
    )
    figures = {
        "wall_s": wall_s,
        "peak_bytes": most.bytes,
        "processes": most.processes,
        "city_s": city_s,
    }
    print(as_text(found))
    print(f"wrote {write_result('speed-demo', figures, tables=[found]).name}")
    return 0


def _watch(process: subprocess.Popen[bytes]) -> Footprint:
    """The greatest footprint of a process and all that it started, until it ends."""
    most = Footprint()
    while process.poll() is None:
        now = footprint(process.pid)
        most = max(most, now, key=lambda each: each.bytes)
        time.sleep(EVERY_S)
    return most


def footprint(root: int) -> Footprint:
    """Of a process and everything below it, now."""
    parents = _parents()
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    held = [_pss(pid) for pid in family]
    return Footprint(bytes=sum(held), processes=sum(1 for each in held if each))


def _parents() -> dict[int, int]:
    """Process -> its parent; those that end while we look are left out."""
    found = {}
    for place in PROC.iterdir():
        if place.name.isdigit():
            words = _text(place / "stat").rpartition(")")[2].split()
            if len(words) > 1:
                found[int(place.name)] = int(words[1])
    return found


def _pss(pid: int) -> int:
    """Memory of one process, its share of what is shared [bytes]; 0 if it has ended."""
    for line in _text(PROC / str(pid) / "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * KIB
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process ended a moment ago
        return ""


if __name__ == "__main__":
    sys.exit(main())
