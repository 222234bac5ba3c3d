"""How much less do drivers lose under predictive signals than under what they have, and the rivals?

RESCO's six maps, 1 s control, teleport off, the same seeds for everyone. Classic rivals see
perfectly; ours is run with every kind of sensing, and the claim is made with `camera`.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import jialing as jl
from benchmarks._results import Column, Table, write_result
from benchmarks.skill._compare import as_text
from benchmarks.skill._runs import CACHE, Job, Outcome, fingerprint, present, run_all

MAPS = ("cologne1", "cologne3", "cologne8", "ingolstadt1", "grid4x4", "arterial4x4")
RIVALS = ("fixed", "actuated", "webster", "max-pressure", "greedy")
SENSING = ("perfect", "camera", "loops")
SEEDS = 5


def jobs(
    maps: Sequence[str], controllers: Sequence[str], sensing: Sequence[str], seeds: int
) -> list[Job]:
    """Every controller on every map and seed; seeds innermost last, so that a stop leaves whole sets."""
    found = []
    for seed in range(seeds):
        for name in maps:
            base = dataclasses.replace(jl.case(name), seed=seed, forecast="none")
            for controller in controllers:
                kinds = sensing if controller == "predictive" else ("perfect",)
                for kind in kinds:
                    settings = dataclasses.replace(base.settings, sensing=kind)
                    case = dataclasses.replace(base, settings=settings)
                    label = f"ours/{kind}" if controller == "predictive" else controller
                    found.append(Job(case=case, controller=controller, label=label))
    return found


def _cells(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], list[Outcome]]:
    cells: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        if not outcome.error:
            cells.setdefault((outcome.case, outcome.controller), []).append(outcome)
    return cells


def tables(outcomes: Sequence[Outcome]) -> list[Table]:
    """Median and spread of the delay, share of locked runs, and what a decision takes."""
    cells = _cells(outcomes)
    maps = list(dict.fromkeys(case for case, _ in cells))
    columns = list(dict.fromkeys(column for _, column in cells))
    seeds = max((len(some) for some in cells.values()), default=0)

    def rows(of: Any) -> list[list[Any]]:
        return [
            [name, *(of(cells[name, c]) if (name, c) in cells else None for c in columns)]
            for name in maps
        ]

    def delays(some: Sequence[Outcome]) -> list[float]:
        return [outcome.score["delay"] for outcome in some]

    head = [Column(title="map")]
    note = (
        f"Median over up to {seeds} seeds; timeLoss + departDelay over all trips, finished or not. "
        "Rivals see perfectly; `camera` sees 100 m, misses a tenth of the vehicles and knows no turn."
    )
    return [
        Table(
            name="delay",
            columns=[*head, *(Column(title=f"{c} [s]", digits=1) for c in columns)],
            rows=rows(lambda some: statistics.median(delays(some))),
            note=note,
        ),
        Table(
            name="mean",
            columns=[*head, *(Column(title=f"{c} [s]", digits=1) for c in columns)],
            rows=rows(lambda some: statistics.fmean(delays(some))),
            note="Mean over the same seeds.",
        ),
        Table(
            name="spread",
            columns=[*head, *(Column(title=f"{c} [s]") for c in columns)],
            rows=rows(lambda some: f"{min(delays(some)):.1f} – {max(delays(some)):.1f}"),
            note="Least and greatest of the same seeds.",
        ),
        Table(
            name="locked",
            columns=[*head, *(Column(title=c, digits=2) for c in columns)],
            rows=rows(lambda some: statistics.fmean(o.score["locked"] for o in some)),
            note="Share of runs that ended in gridlock.",
        ),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--maps", nargs="+", default=list(MAPS), choices=MAPS)
    parser.add_argument("--controllers", nargs="+", default=[*RIVALS, "predictive"])
    parser.add_argument("--sensing", nargs="+", default=list(SENSING), choices=SENSING)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--workers", type=int, default=1, help="runs at a time")
    parser.add_argument("--limit-s", type=float, default=3600.0, help="longest run [s]")
    parser.add_argument(
        "--known", action="store_true", help="make no run; show those that are known"
    )
    parser.add_argument(
        "--write", action="store_true", help="write a result of a part of the set, too"
    )
    chosen = parser.parse_args(arguments)
    asked = jobs(present(chosen.maps), chosen.controllers, chosen.sensing, chosen.seeds)
    if chosen.known:
        asked = [job for job in asked if (CACHE / f"{fingerprint(job)}.json").is_file()]
    outcomes = run_all(asked, workers=chosen.workers, limit_s=chosen.limit_s)
    made = tables(outcomes)
    for table in made:
        print(as_text(table))
    failed = [o for o in outcomes if o.error]
    for outcome in failed:
        print(f"failed: {outcome.case} {outcome.controller}: {outcome.error}", file=sys.stderr)
    whole = len(asked) == len(jobs(MAPS, [*RIVALS, "predictive"], SENSING, SEEDS))
    if whole or chosen.write:
        plain = [{k: v for k, v in asdict(o).items() if k != "positions"} for o in outcomes]
        payload = {"runs": plain, "failed": [[o.case, o.controller, o.error] for o in failed]}
        print(f"wrote {write_result('skill-traffic', payload, tables=made).name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
