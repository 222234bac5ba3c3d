"""How much less spills under predictive control than under the rules a city has today?

Runs cases x controllers x forecasts through the public API. A run that is already known for this
code is not made again. `--help` shows what can be chosen; only a full set is written as a result.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import jialing as jl
from benchmarks._results import Column, Table, write_result
from benchmarks.skill._compare import (
    PUBLISHED,
    SIMPLE,
    Cell,
    as_text,
    loss_table,
    margins,
    word_table,
)
from benchmarks.skill._runs import (
    CACHE,
    Job,
    Outcome,
    by_case,
    column,
    fingerprint,
    present,
    run_all,
)
from jialing.domains.water.cases import CASES

FORECASTS = ("perfect", "ensemble", "persistence", "none")
EVENTS = tuple(name for name in CASES if name.startswith("astlingen-"))


def jobs(names: Sequence[str], controllers: Sequence[str], forecasts: Sequence[str]) -> list[Job]:
    """What is to run: simple controllers once, the predictive one with each forecast."""
    found: list[Job] = []
    for name in names:
        case = jl.case(name)
        for controller in controllers:
            kinds = forecasts if controller == "predictive" else ("none",)
            found += [
                Job(case=dataclasses.replace(case, forecast=kind), controller=controller)
                for kind in kinds
            ]
        if "equal-filling" in controllers and case.settings.rules_file is not None:
            plain = dataclasses.replace(case, forecast="none")
            found.append(Job(case=plain, controller="other-rules", label=PUBLISHED))
    return found


def tables(outcomes: Sequence[Outcome]) -> list[Table]:
    """What the documents show."""
    scored = [o for o in outcomes if not o.error]
    found = margins(scored)
    rerun = "Baselines ran again in the same run."
    return [
        word_table("cost", scored, "cost", "cost [m³-eq]", note=f"Priced sum. {rerun}"),
        word_table("overflow", scored, "overflow", "overflow [m³]", note=rerun),
        word_table(
            "creek", scored, "overflow_sensitive", "overflow to sensitive water [m³]", note=rerun
        ),
        word_table("flooding", scored, "flooding", "flooding [m³]", note=rerun),
        word_table(
            "exceedance",
            scored,
            "exceedance",
            "volume above flow limits [m³]",
            digits=1,
            note=rerun,
        ),
        events_table(scored),
        time_table(scored),
        loss_table(
            "losses",
            found,
            note="Every run above 1 % more than the best of "
            f"{', '.join((*SIMPLE, PUBLISHED))}, out of {len(found)}.",
        ),
    ]


def events_table(outcomes: Sequence[Outcome]) -> Table:
    """Sums over the four measured events of Astlingen, where a column has all four."""
    totals: dict[str, list[Outcome]] = {}
    for case, columns in by_case(outcomes):
        if case in EVENTS:
            for name, outcome in columns.items():
                totals.setdefault(name, []).append(outcome)
    rows: list[list[Cell]] = [
        [
            name,
            sum(o.score["overflow"] for o in found),
            sum(o.score["overflow_sensitive"] for o in found),
        ]
        for name, found in totals.items()
        if len(found) == len(EVENTS)
    ]
    return Table(
        name="four-events",
        columns=[
            Column(title="controller"),
            Column(title="overflow [m³]", digits=0),
            Column(title="of it to the creek [m³]", digits=0),
        ],
        rows=rows,
        note="Astlingen, sum over August 2000, October 2000, October 2005 and August 2008.",
    )


def time_table(outcomes: Sequence[Outcome]) -> Table:
    """How long decisions took, and what the loop itself cost."""
    rows: list[list[Cell]] = [
        [
            o.case,
            column(o),
            int(o.decide_ms["count"]),
            o.decide_ms["median"],
            o.decide_ms["p95"],
            o.decide_ms["max"],
            o.plant_s,
            100.0 * o.loop_s / o.plant_s if o.plant_s else None,
        ]
        for o in outcomes
        if o.controller == "predictive" and o.decide_ms.get("count")
    ]
    return Table(
        name="decision-time",
        columns=[
            Column(title="case"),
            Column(title="controller"),
            Column(title="decisions"),
            Column(title="median [ms]", digits=0),
            Column(title="95th percentile [ms]", digits=0),
            Column(title="longest [ms]", digits=0),
            Column(title="SWMM [s]", digits=1),
            Column(title="loop, share of SWMM [%]", digits=1),
        ],
        rows=rows,
        note="Wall-clock, candidates scored in SWMM included.",
    )


def payload(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Every figure, losses and failures too."""
    plain = []
    for outcome in outcomes:
        one = asdict(outcome)
        del one["positions"]
        plain.append(one)
    return {
        "runs": plain,
        "margins": [asdict(m) | {"change": m.change} for m in margins(outcomes)],
        "failed": [[o.case, column(o), o.error] for o in outcomes if o.error],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--controllers", nargs="+", default=[*SIMPLE, "predictive"])
    parser.add_argument("--forecasts", nargs="+", default=list(FORECASTS), choices=FORECASTS)
    parser.add_argument("--workers", type=int, default=1, help="runs at a time")
    parser.add_argument("--limit-s", type=float, default=7200.0, help="longest run [s]")
    parser.add_argument("--fresh", action="store_true", help="make known runs again")
    parser.add_argument(
        "--write", action="store_true", help="write a result of a part of the set, too"
    )
    parser.add_argument(
        "--known", action="store_true", help="make no run; show those that are known"
    )
    chosen = parser.parse_args(arguments)
    here = present(chosen.cases)
    asked = jobs(here, chosen.controllers, chosen.forecasts)
    if chosen.known:
        asked = [job for job in asked if (CACHE / f"{fingerprint(job)}.json").is_file()]
    outcomes = run_all(
        asked,
        workers=chosen.workers,
        limit_s=chosen.limit_s,
        cache=None if chosen.fresh else CACHE,
    )
    made = tables(outcomes)
    for table in (t for t in made if t.rows):
        print(as_text(table))
    for outcome in outcomes:
        for notice in outcome.notices:
            print(f"notice: {outcome.case} {column(outcome)}: {notice}", file=sys.stderr)
    failed = [o for o in outcomes if o.error]
    for outcome in failed:
        print(f"failed: {outcome.case} {column(outcome)}: {outcome.error}", file=sys.stderr)
    full = (here, chosen.controllers, chosen.forecasts) == (
        list(CASES),
        [*SIMPLE, "predictive"],
        list(FORECASTS),
    )
    if full or chosen.write:
        print(f"wrote {write_result('skill-water', payload(outcomes), tables=made).name}")
    else:
        print("a part of the set: printed, not written", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
