"""What does a city gain from deciding together? One evening as today, each domain alone, and coupled.

Several storms and seeds; every way of running suffers the same physics. Chongqing is schematic.
Evenings are measured in parts: those that the result file holds already are kept, each with the
commit that it was measured at, and only the others are run; those in which delay was counted in
another way are dropped.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jialing as jl
from benchmarks._results import (
    Column,
    Table,
    commit,
    commits,
    read_result,
    show_anew,
    write_result,
)
from benchmarks.skill._compare import as_text
from jialing.result import Run

CASES = ("chongqing", "chongqing-2y", "chongqing-50y", "chongqing-dry")
MODES = ("today", "alone", "coupled")
#: The domains alone in a city whose underpasses lie too high for any water: what is left of the
#: delay is for no closure and no forecast of water to take away.
ABOVE = "above water"
HIGH_M = 99.0
DRY = "chongqing-dry"
RESULT = "skill-city"
#: How delay is counted (2: water and detours in full; 3: from where a trip sets out). Evenings
#: counted otherwise do not compare.
COUNTS = 3
#: What the README shows of them, for the storm of ten years.
SHORT = ("caught", "delay", "waiting", "flooding", "overflow")
#: What is compared: from which way to run to which.
STEPS = (("today", "alone"), ("alone", "coupled"), ("today", "coupled"))


def evening(name: str, seed: int, modes: Sequence[str]) -> list[dict[str, Any]]:
    """One seed of one storm in every mode."""
    case = dataclasses.replace(jl.case(name), seed=seed)
    rows = []
    with tempfile.TemporaryDirectory(prefix="jialing-bench-") as scratch:
        folder = Path(scratch)
        ours = [mode for mode in modes if mode != ABOVE]
        if ours:
            result = jl.run(case, ours, baseline=False, out=folder / "runs")
            rows += [_row(result, run, run.controller) for run in result.runs]
        if ABOVE in modes:
            high = dataclasses.replace(case, model=lifted(case.model, folder / "city"))
            result = jl.run(high, "alone", baseline=False, out=folder / "above")
            rows += [_row(result, run, ABOVE) for run in result.runs]
    return rows


def lifted(path: Path, folder: Path) -> Path:
    """A copy of a city whose underpasses lie `HIGH_M` above the sewer."""
    shutil.copytree(path.parent, folder)
    copy = folder / path.name
    copy.write_text(re.sub(r"(?m)^(\s+road_m:).*$", rf"\1 {HIGH_M}", copy.read_text()))
    return copy


def _row(result: jl.Result, run: Run, mode: str) -> dict[str, Any]:
    case = result.case
    print(f"{case.name} seed {case.seed} {mode}: done in {run.wall_s:.0f} s", file=sys.stderr)
    return {
        "case": case.name,
        "seed": case.seed,
        "mode": mode,
        "counts": COUNTS,
        **commit(),
        "score": {word: q.value for word, q in run.score.items()},
        "units": {word: q.unit for word, q in run.score.items()},
        "wall_s": run.wall_s,
        "plant_s": run.plant_s,
        "decide_s": run.decide_s,
        "loop_s": run.loop_s,
        "notices": [n for n in result.notices() if n.startswith(run.controller)],
    }


def tables(rows: Sequence[dict[str, Any]]) -> list[Table]:
    """Medians over seeds per storm, score word and mode; and what each step changed, seed by seed."""
    names = [name for name in CASES if any(row["case"] == name for row in rows)]
    modes = [mode for mode in MODES if any(row["mode"] == mode for row in rows)]
    medians: list[list[Any]] = []
    steps: list[list[Any]] = []
    for name in names:
        here = [row for row in rows if row["case"] == name]
        for word, unit in here[0]["units"].items():
            by_mode = {mode: _by_seed(here, mode, word) for mode in modes}
            medians.append(
                [
                    name,
                    f"{word} [{unit}]",
                    *(_median(by_mode[mode].values()) for mode in modes),
                    ", ".join(str(seed) for seed in sorted(set().union(*by_mode.values()))),
                ]
            )
            pairs = [(by_mode.get(before, {}), by_mode.get(after, {})) for before, after in STEPS]
            steps.append([name, word, *(_change(before, after) for before, after in pairs)])
    return [
        Table(
            name="evenings",
            columns=[
                Column(title="case"),
                Column(title="score"),
                *(Column(title=mode, digits=1) for mode in modes),
                Column(title="seeds"),
            ],
            rows=medians,
            note="Medians over the seeds that were run. Schematic city.",
            commits=commits(rows),
        ),
        Table(
            name="short",
            columns=[
                Column(title="storm of ten years"),
                *(Column(title=m, digits=1) for m in modes),
            ],
            rows=[
                row[1:-1]
                for row in medians
                if row[0] == CASES[0] and row[1].partition(" ")[0] in SHORT
            ],
            note=f"Schematic city; medians over seeds {medians[0][-1]}.",
            commits=commits(row for row in rows if row["case"] == CASES[0]),
        ),
        Table(
            name="steps",
            columns=[
                Column(title="case"),
                Column(title="score"),
                *(Column(title=f"{before} → {after} [%]") for before, after in STEPS),
            ],
            rows=steps,
            note="Change on the same seed: median, and least to greatest over the seeds. What the "
            "middle column shows is what the coupling adds to the domains' own control.",
            commits=commits(rows),
        ),
        _room(rows),
    ]


def _room(rows: Sequence[dict[str, Any]]) -> Table:
    """How much of the delay comes from water on the roads? No coupling takes off more than that."""
    dry = _by_seed([row for row in rows if row["case"] == DRY], "alone", "delay")
    lines: list[list[Any]] = []
    for name in (name for name in CASES if name != DRY):
        here = [row for row in rows if row["case"] == name]
        found = [_by_seed(here, mode, "delay") for mode in (ABOVE, "alone", "coupled")]
        seeds = sorted(set.intersection(*map(set, found)))
        if not seeds:
            continue
        above, alone, coupled = ({seed: each[seed] for seed in seeds} for each in found)
        lines.append(
            [
                name,
                *(_median(each.values()) for each in (dry, above, alone, coupled)),
                _change(alone, above),
                _change(alone, coupled),
                ", ".join(map(str, seeds)),
            ]
        )
    return Table(
        name="room",
        columns=[
            Column(title="storm"),
            Column(title="delay on a dry evening [s]", digits=1),
            Column(title="in the storm, no water on any road [s]", digits=1),
            Column(title="domains alone [s]", digits=1),
            Column(title="coupled [s]", digits=1),
            Column(title="if no water stood on any road [%]"),
            Column(title="coupled [%]"),
            Column(title="seeds"),
        ],
        rows=lines,
        note="Medians over seeds. The second column has the storm's rain on every street, but "
        "underpasses that lie too high for any water: what signals and rain cost drivers is not for "
        "closures or forecasts of water to gain, so the last but two says how much there is to gain.",
        commits=commits(row for row in rows if row["case"] in (DRY, *(line[0] for line in lines))),
    )


def _by_seed(rows: Sequence[dict[str, Any]], mode: str, word: str) -> dict[int, float]:
    return {
        row["seed"]: row["score"][word]
        for row in rows
        if row["mode"] == mode and word in row["score"]
    }


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return statistics.median(found) if found else None


def _change(before: dict[int, float], after: dict[int, float]) -> str | None:
    """In percent of what it was; words for the seeds on which it was nothing."""
    seeds = sorted(before.keys() & after.keys())
    if not seeds:
        return None
    nothing = [seed for seed in seeds if before[seed] == 0.0]
    parts = [100.0 * (after[seed] / before[seed] - 1.0) for seed in seeds if seed not in nothing]
    said = []
    if parts:
        spread = f" ({min(parts):+.1f} … {max(parts):+.1f})" if len(parts) > 1 else ""
        said.append(f"{statistics.median(parts):+.1f}{spread}")
    if nothing:
        worst = max(after[seed] for seed in nothing)
        where = f" on {len(nothing)} of {len(seeds)}" if parts else ""
        said.append(f"0 before{where}" + (f", up to {worst:.3g} after" if worst > 0.0 else ""))
    return "; ".join(said)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--modes", nargs="+", default=[*MODES, ABOVE], choices=[*MODES, ABOVE])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--fresh", action="store_true", help="run known evenings again")
    chosen = parser.parse_args(arguments)
    before = read_result(RESULT)
    known_rows = [] if before is None else list(before["payload"]["evenings"])
    rows = [row for row in known_rows if row.get("counts") == COUNTS]
    for seed in chosen.seeds:
        for name in chosen.cases:
            known = {row["mode"] for row in rows if (row["case"], row["seed"]) == (name, seed)}
            wanted = [mode for mode in chosen.modes if chosen.fresh or mode not in known]
            if not wanted:
                continue
            made = evening(name, seed, wanted)
            fresh = {(row["case"], row["seed"], row["mode"]) for row in made}
            rows = [row for row in rows if (row["case"], row["seed"], row["mode"]) not in fresh]
            rows += made
            # Written after every evening: a stop loses one.
            write_result(RESULT, {"evenings": rows}, tables=tables(rows))
    if before is not None and rows == known_rows:  # nothing was run: the tables follow the script
        show_anew(RESULT, tables(rows))
    for made_table in tables(rows):
        print(as_text(made_table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
