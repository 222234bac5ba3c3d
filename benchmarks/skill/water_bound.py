"""How much of the overflow could anyone avoid? A proven bound on Astlingen, beside what was reached.

The bound is computed here; what the controllers reached is read from `skill-water.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import jialing as jl
from benchmarks._results import RESULTS, Column, Table, write_result
from benchmarks.skill._compare import PUBLISHED, as_text
from benchmarks.skill._runs import present
from jialing.domains.water.bound import (
    ASSUMPTIONS,
    bound_step_s,
    gather_inflows,
    overflow_bound,
)
from jialing.domains.water.cases import CASES
from jialing.domains.water.domain import WATER

NAMES = tuple(name for name in CASES if name.startswith("astlingen"))
EVERYTHING = ("flooding", "overflow")


def bracket(name: str, reached: dict[tuple[str, str], float]) -> dict[str, Any]:
    """Bound, best known and ours for one case [m³ of overflow and flooding]."""
    case = jl.case(name)
    desk = WATER.desk(case, "rules")
    try:
        step_s = bound_step_s(desk.duration_s)
        inflows = gather_inflows(desk.plant, desk.duration_s, step_s)
    finally:
        desk.plant.close()
    began = time.perf_counter()
    found = overflow_bound(desk.plant.layout, inflows)
    return {
        "case": name,
        "step_s": step_s,
        "inflow_m3": float(inflows.volume.sum()),
        "bound": asdict(found),
        "solve_s": time.perf_counter() - began,
        "reached": {" ".join(key): value for key, value in reached.items()},
        "best": min(reached.values(), default=None),
    }


def known() -> dict[str, dict[tuple[str, str], float]]:
    """case -> (controller, forecast) -> overflow and flooding [m³], as last measured."""
    runs = json.loads((RESULTS / "skill-water.json").read_text())["payload"]["runs"]
    found: dict[str, dict[tuple[str, str], float]] = {}
    for run in runs:
        if not run["error"]:
            shown = run.get("label") or run["controller"]
            volume = sum(run["score"][word] for word in EVERYTHING)
            found.setdefault(run["case"], {})[shown, run["forecast"]] = volume
    return found


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """One line per case."""
    kinds = ("perfect", "ensemble")
    lines = []
    for row in rows:
        reached, bound = row["reached"], row["bound"]["value"]
        base = reached.get(f"{PUBLISHED} none")
        ours = [reached.get(f"predictive {kind}") for kind in kinds]
        regret = [
            None if base is None or own is None or base <= bound else (own - bound) / (base - bound)
            for own in ours
        ]
        lines.append([row["case"], bound, row["best"], *ours, base, *regret])
    columns = [Column(title="case")]
    columns += [
        Column(title=title, digits=0)
        for title in ("no control below [m³]", "best known [m³]", *kinds, PUBLISHED)
    ]
    columns += [Column(title=f"regret, {kind}", digits=2) for kind in kinds]
    note = f"Overflow and flooding. The bound holds if {'; '.join(ASSUMPTIONS)}."
    return Table(name="bracket", columns=columns, rows=lines, note=note)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", nargs="+", default=list(NAMES), choices=list(NAMES))
    chosen = parser.parse_args(arguments)
    reached = known()
    rows = [bracket(name, reached.get(name, {})) for name in present(chosen.cases)]
    made = table(rows)
    print(as_text(made))
    if chosen.cases == list(NAMES) and rows:
        print(f"wrote {write_result('skill-water-bound', {'cases': rows}, tables=[made]).name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
