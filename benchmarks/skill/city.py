"""What does a city gain from deciding together? One evening as today, each domain alone, and coupled.

Several storms and seeds; every way of running suffers the same physics. Chongqing is schematic.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

import jialing as jl
from benchmarks._results import Column, Table, write_result
from benchmarks.skill._compare import as_text

CASES = ("chongqing", "chongqing-2y", "chongqing-50y", "chongqing-dry")
MODES = ("today", "alone", "coupled")


def evening(name: str, seed: int, modes: Sequence[str]) -> list[dict[str, Any]]:
    """One seed of one storm in every mode."""
    case = dataclasses.replace(jl.case(name), seed=seed)
    with tempfile.TemporaryDirectory(prefix="jialing-bench-") as folder:
        result = jl.run(case, list(modes), baseline=False, out=folder)
    rows = []
    for run in result.runs:
        print(f"{name} seed {seed} {run.controller}: done in {run.wall_s:.0f} s", file=sys.stderr)
        rows.append(
            {
                "case": name,
                "seed": seed,
                "mode": run.controller,
                "score": {word: q.value for word, q in run.score.items()},
                "units": {word: q.unit for word, q in run.score.items()},
                "wall_s": run.wall_s,
                "plant_s": run.plant_s,
                "decide_s": run.decide_s,
                "loop_s": run.loop_s,
                "notices": [n for n in result.notices() if n.startswith(run.controller)],
            }
        )
    return rows


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """One line per storm and score word, one column per mode; medians over seeds."""
    modes = [mode for mode in MODES if any(row["mode"] == mode for row in rows)]
    lines = []
    for name in dict.fromkeys(row["case"] for row in rows):
        here = [row for row in rows if row["case"] == name]
        for word, unit in here[0]["units"].items():
            values = [
                statistics.median(
                    row["score"][word]
                    for row in here
                    if row["mode"] == mode and word in row["score"]
                )
                for mode in modes
            ]
            lines.append([name, f"{word} [{unit}]", *values])
    seeds = len({row["seed"] for row in rows})
    return Table(
        name="evenings",
        columns=[
            Column(title="case"),
            Column(title="score"),
            *(Column(title=mode, digits=1) for mode in modes),
        ],
        rows=lines,
        note=f"Median over {seeds} seed{'' if seeds == 1 else 's'}. Schematic city.",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=MODES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    chosen = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    for name in chosen.cases:
        for seed in chosen.seeds:
            rows += evening(name, seed, chosen.modes)
            made = table(rows)
            # Written after every evening: a stop loses one.
            write_result("skill-city", {"evenings": rows}, tables=[made])
    print(as_text(table(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
