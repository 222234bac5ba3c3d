"""On how many storms does predictive control win, and how badly does it ever lose?

Twenty-four design storms on each of five models, against the best of the simple controllers.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import jialing as jl
from benchmarks._results import Table, write_result
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


def tables(outcomes: Sequence[Outcome], places: Sequence[Place]) -> list[Table]:
    """The spread per model, and every loss."""
    found = margins([o for o in outcomes if not o.error])
    groups: dict[str, list[Margin]] = {
        place.case: [m for m in found if m.case.startswith(f"{place.case}-")] for place in places
    }
    return [
        distribution_table(
            "spread",
            {**groups, "all": found},
            note="Change of the priced sum against the best of "
            f"{', '.join(SIMPLE)} on the same storm; negative is a gain.",
        ),
        loss_table("losses", found, note=f"Every run above 1 % more, out of {len(found)}."),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = [place.case for place in PLACES]
    parser.add_argument("--models", nargs="+", default=names, choices=names)
    parser.add_argument("--storms", nargs="+", help="names of storms (default: all)")
    parser.add_argument("--forecast", default="ensemble")
    parser.add_argument("--workers", type=int, default=1, help="runs at a time")
    parser.add_argument("--limit-s", type=float, default=3600.0, help="longest run [s]")
    parser.add_argument(
        "--write", action="store_true", help="write a result of a part of the set, too"
    )
    chosen = parser.parse_args(arguments)
    here = present(chosen.models)
    places = [place for place in PLACES if place.case in here]
    storms = [s for s in storm_set() if not chosen.storms or s.name in chosen.storms]
    if not storms:
        parser.error(f"no such storm; known: {', '.join(s.name for s in storm_set())}")
    asked = jobs(places, storms, [*SIMPLE, "predictive"], chosen.forecast)
    outcomes = run_all(asked, workers=chosen.workers, limit_s=chosen.limit_s)
    made = tables(outcomes, places)
    for table in (t for t in made if t.rows):
        print(as_text(table))
    failed = [o for o in outcomes if o.error]
    for outcome in failed:
        print(f"failed: {outcome.case} {column(outcome)}: {outcome.error}", file=sys.stderr)
    if chosen.write or (len(places) == len(PLACES) and not chosen.storms):
        figures = {
            "forecast": chosen.forecast,
            "places": [asdict(place) for place in PLACES],
            "storms": [
                {k: v for k, v in asdict(s).items() if k != "width"}
                | {"width": s.width if s.width < 1e9 else None}
                for s in storms
            ],
            "runs": [{"case": o.case, "controller": column(o), "score": o.score} for o in outcomes],
            "margins": [asdict(m) | {"change": m.change} for m in margins(outcomes)],
            "failed": [[o.case, column(o), o.error] for o in failed],
        }
        print(f"wrote {write_result('skill-storms', figures, tables=made).name}")
    else:
        print("a part of the set: printed, not written", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
