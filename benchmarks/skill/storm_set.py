"""On how many storms does predictive control win, and how badly does it ever lose?

Twenty-four design storms on each of five models, against the best of the simple controllers. Models
may be measured one by one: those that are not named keep what the result file holds of them, with the
commit that it was measured at.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import jialing as jl
from benchmarks._results import Table, commit, commits, measured, read_result, write_result
from benchmarks.skill._compare import (
    SIMPLE,
    Margin,
    as_text,
    distribution_table,
    loss_table,
    margins,
)
from benchmarks.skill._runs import CACHE, Job, Outcome, column, present, run_all
from benchmarks.storms import Storm, storm_set, under_storm

RESULT = "skill-storms"
FORECAST = "ensemble"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A model under the storm set.

    Attributes
    ----------
    case : whose model and settings
    scale : of the rain of Chongqing [1]; Astlingen lies in Central Europe, where an hour of ten
        years holds about half as much
    tail_h : time to drain after the rain [h]
    """

    case: str
    scale: float = 1.0
    tail_h: float = 6.0


PLACES = (
    Place(case="storm-sewer"),
    Place(case="astlingen", scale=0.5),
    Place(case="theta"),
    Place(case="alpha"),
    Place(case="gamma", tail_h=48.0),
)


def jobs(
    places: Sequence[Place], storms: Sequence[Storm], controllers: Sequence[str], forecast: str
) -> list[Job]:
    """Every storm on every model under every controller."""
    found = []
    for place in places:
        base = jl.case(place.case)
        for storm in storms:
            case = under_storm(
                base,
                storm,
                CACHE / "models",
                scale=place.scale,
                tail_s=3600.0 * place.tail_h,
            )
            for controller in controllers:
                kind = forecast if controller == "predictive" else "none"
                found.append(
                    Job(case=dataclasses.replace(case, forecast=kind), controller=controller)
                )
    return found


def rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """What the result file holds of each run, whether it failed or not."""
    made_at = commit()["commit"]
    return [
        {
            "case": o.case,
            "controller": column(o),
            "score": dict(o.score),
            "error": o.error,
            "commit": made_at,
        }
        for o in outcomes
    ]


def kept(before: Mapping[str, Any] | None, models: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of an earlier result, without those of `models`."""
    own = tuple(f"{model}-" for model in models)
    found = measured(before, "runs")
    return [{"error": "", **row} for row in found if not row["case"].startswith(own)]


def compared(made: Sequence[Mapping[str, Any]]) -> list[Margin]:
    """Every run that is no simple controller's, against the best simple one of its storm."""
    outcomes = []
    for row in made:
        if row["error"]:
            continue
        controller, _, forecast = row["controller"].partition("/")
        outcomes.append(
            Outcome(
                case=row["case"],
                controller=controller,
                forecast=forecast or "none",
                seed=0,
                score=row["score"],
            )
        )
    return margins(outcomes)


def tables(made: Sequence[Mapping[str, Any]], places: Sequence[Place]) -> list[Table]:
    """The spread per model, and every loss."""
    found = compared(made)
    groups: dict[str, list[Margin]] = {
        place.case: [m for m in found if m.case.startswith(f"{place.case}-")] for place in places
    }
    shown = [
        distribution_table(
            "spread",
            {**groups, "all": found},
            note="Change of the priced sum against the best of "
            f"{', '.join(SIMPLE)} on the same storm; negative is a gain.",
        ),
        loss_table("losses", found, note=f"Every run above 1 % more, out of {len(found)}."),
    ]
    return [replace(table, commits=commits(made)) for table in shown]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = [place.case for place in PLACES]
    parser.add_argument("--models", nargs="+", default=names, choices=names)
    parser.add_argument("--storms", nargs="+", help="names of storms (default: all)")
    parser.add_argument("--forecast", default=FORECAST)
    parser.add_argument("--workers", type=int, default=1, help="runs at a time")
    parser.add_argument("--limit-s", type=float, default=3600.0, help="longest run [s]")
    chosen = parser.parse_args(arguments)
    here = present(chosen.models)
    places = [place for place in PLACES if place.case in here]
    storms = [s for s in storm_set() if not chosen.storms or s.name in chosen.storms]
    if not storms:
        parser.error(f"no such storm; known: {', '.join(s.name for s in storm_set())}")
    asked = jobs(places, storms, [*SIMPLE, "predictive"], chosen.forecast)
    outcomes = run_all(asked, workers=chosen.workers, limit_s=chosen.limit_s)
    # A part of its storms, or another forecast, says nothing that compares with the rest.
    whole = not chosen.storms and chosen.forecast == FORECAST
    made = (kept(read_result(RESULT), here) if whole else []) + rows(outcomes)
    shown = tables(made, PLACES)
    for table in (t for t in shown if t.rows):
        print(as_text(table))
    failed = [o for o in outcomes if o.error]
    for outcome in failed:
        print(f"failed: {outcome.case} {column(outcome)}: {outcome.error}", file=sys.stderr)
    if whole:
        figures = {
            "forecast": FORECAST,
            "places": [asdict(place) for place in PLACES],
            "storms": [
                {k: v for k, v in asdict(s).items() if k != "width"}
                | {"width": s.width if s.width < 1e9 else None}
                for s in storms
            ],
            "runs": made,
            "margins": [asdict(m) | {"change": m.change} for m in compared(made)],
        }
        print(f"wrote {write_result(RESULT, figures, tables=shown).name}")
    else:
        print("some storms or another forecast: printed, not written", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
