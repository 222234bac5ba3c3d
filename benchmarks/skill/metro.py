"""How much less do people wait under planned directions than under a timetable of directions?

Every shipped station on every kind of day, the same seeds for every controller, through plant,
forecaster, controller and guard as in a run, without its record. Cells that are known to this code are
kept in ``build/bench`` and not computed again; ``--fresh`` forgets them. Stations may be measured one by
one: those of the result file that are not asked for stay in it, with the commit that they were measured at.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import multiprocessing
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._results import (
    ROOT,
    Column,
    Table,
    commit,
    commits,
    measured,
    read_result,
    show_anew,
    write_result,
)
from benchmarks.skill._code import digest, imported
from jialing.core.case import Case
from jialing.core.command import Command
from jialing.core.stages import Situation
from jialing.domains.metro.cases import FOLDER, STATIONS, station_case
from jialing.domains.metro.domain import METRO
from jialing.domains.metro.layout import lay_out
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.settings import DAYS, MetroSettings
from jialing.domains.metro.timetable import best_timetable

CONTROLLERS = ("fixed", "timetable", "reactive", "predictive", "oracle")
ROW = "jialing.domains.metro"
SHORT = ("timetable", "reactive", "predictive", "oracle")
SEEDS = 8
FIRST_SEED = 1000  # no day of these was looked at while the controller was made
KEPT = ROOT / "build" / "bench" / "metro"

Cell = dict[str, Any]


def walk(case: Case, controller: str) -> Cell:
    """One run: its score, the guard's interventions, and the slowest and median plan [ms]."""
    desk = METRO.desk(case, controller)
    plant, began = desk.plant, time.process_time()
    receipt = plant.apply(Command.all_local(len(plant.actuators)))
    getattr(desk.controller, "prepare", lambda: None)()
    needs = controller in ("predictive", "oracle")
    plans: list[float] = []
    refused, going = 0, True
    while going:
        seen = plant.observe()
        started = time.process_time()
        situation = Situation(
            observation=seen,
            positions=receipt.positions,
            actuators=plant.actuators,
            forecast=desk.forecaster.forecast(seen) if needs else None,
        )
        command = desk.controller.decide(situation)
        plans.append((time.process_time() - started) * 1e3)
        ruling = desk.guard.check(command, seen, receipt)
        refused += len(ruling.verdicts)
        receipt = plant.apply(ruling.command)
        going = plant.step(desk.tick_s)
    score, _ = plant.score()
    planned = sorted(plans)[-int(desk.duration_s / case.settings.replan_s) :]
    return {
        "score": {word: quantity.value for word, quantity in score.items()},
        "units": {word: quantity.unit for word, quantity in score.items()},
        "guard": refused,
        "plan_ms": {"median": float(np.median(planned)), "max": max(planned)},
        "cpu_s": time.process_time() - began,
    }


def cell(task: tuple[str, str, int]) -> Cell:
    """All controllers on one day."""
    station, day, seed = task
    path = KEPT / f"{station}-{day}-{seed}-{code_of(station)}.json"
    if path.is_file():
        known: Cell = json.loads(path.read_text())
        return known
    case = station_case(FOLDER / f"{station}.yaml", day=day, seed=seed)
    found = {
        "station": station,
        "day": day,
        "seed": seed,
        "runs": {name: walk(case, name) for name in CONTROLLERS},
    }
    part = path.with_suffix(".part")
    part.write_text(json.dumps(found))
    part.replace(path)
    return found


@functools.cache
def code_of(station: str) -> str:
    """Changes with the station's file and with the code that a run of it imports."""
    files = imported([f"{ROW}.domain"], within=(ROW, "jialing.core", "jialing.methods"))
    return digest([FOLDER / f"{station}.yaml", *files])


def kept(before: Mapping[str, Any] | None, stations: Sequence[str]) -> list[Cell]:
    """Cells of an earlier result, without those of `stations`."""
    return [c for c in measured(before, "cells") if c["station"] not in stations]


def waiting(cells: Sequence[Cell], controller: str) -> np.ndarray[Any, Any]:
    """[cells] person-hours."""
    return np.array([c["runs"][controller]["score"]["waiting"] for c in cells])


def claims(cells: Sequence[Cell]) -> dict[str, Any]:
    """What is claimed of each station, from its cells."""
    found: dict[str, Any] = {}
    for station in dict.fromkeys(c["station"] for c in cells):
        own = [c for c in cells if c["station"] == station]
        normal = [c for c in own if c["day"] == "normal"]
        days = list(dict.fromkeys(c["day"] for c in own))
        mean = {name: float(waiting(own, name).mean()) for name in CONTROLLERS}
        gap = mean["reactive"] - mean["oracle"]
        ratio = waiting(own, "predictive") / waiting(own, "timetable")
        worst = int(np.argmax(ratio))
        found[station] = {
            "cells": len(own),
            "seeds": len({c["seed"] for c in own}),
            "mean_waiting_person_h": mean,
            "below_timetable_normal": _below(normal, "timetable"),
            "oracle_below_timetable_normal": _below(normal, "timetable", "oracle"),
            "below_reactive_all_days": 1.0 - mean["predictive"] / mean["reactive"],
            "below_reactive_mean_of_days": float(
                np.mean(
                    [_below([c for c in own if c["day"] == d], "reactive") or 0.0 for d in days]
                )
            ),
            "gap_closed": (mean["reactive"] - mean["predictive"]) / gap if gap > 0.0 else None,
            "worst_over_timetable": float(ratio[worst]) - 1.0,
            "worst_day": f"{own[worst]['day']}, seed {own[worst]['seed']}",
            "days_over_2_percent": int((ratio > 1.02).sum()),
            "plan_ms_max": max(c["runs"]["predictive"]["plan_ms"]["max"] for c in own),
            "plan_ms_median": float(
                np.median([c["runs"]["predictive"]["plan_ms"]["median"] for c in own])
            ),
        }
    return found


def _below(cells: Sequence[Cell], other: str, ours: str = "predictive") -> float | None:
    if not cells:
        return None
    return 1.0 - float(waiting(cells, ours).mean() / waiting(cells, other).mean())


def tables(cells: Sequence[Cell]) -> list[Table]:
    """Means per kind of day, and every cell."""
    means, every = [], []
    for station, day in dict.fromkeys((c["station"], c["day"]) for c in cells):
        own = [c for c in cells if (c["station"], c["day"]) == (station, day)]
        values = [waiting(own, name) for name in CONTROLLERS]
        worst = float((values[3] / values[1]).max() - 1.0) * 100.0
        spread = float(np.std(values[3], ddof=1)) if len(own) > 1 else None
        means.append([station, day, *(float(v.mean()) for v in values), spread, worst])
    for c in cells:
        values = [c["runs"][name]["score"]["waiting"] for name in CONTROLLERS]
        turned = c["runs"]["predictive"]["score"]["reversals"]
        every.append([c["station"], c["day"], c["seed"], *values, turned])
    shown = [Column(title=f"{name} [person-h]", digits=1) for name in CONTROLLERS]
    first = [Column(title="station"), Column(title="day")]
    return [
        Table(
            name="waiting",
            columns=[
                *first,
                *shown,
                Column(title="predictive, sd over seeds", digits=1),
                Column(title="worst over timetable [%]", digits=1),
            ],
            rows=means,
            note="Mean waiting per day. The oracle is the same search with a perfect forecast: a "
            "reference, not a strict bound.",
            commits=commits(cells),
        ),
        Table(
            name="waiting-cells",
            columns=[*first, Column(title="seed"), *shown, Column(title="reversals", digits=0)],
            rows=every,
            note="Every seeded day.",
            commits=commits(cells),
        ),
        Table(
            name="short",
            columns=[
                Column(title="waiting a day [person-h]"),
                *(Column(title=name, digits=0) for name in SHORT),
                Column(title="to the timetable [%]", digits=0),
                Column(title="days worse by 2 %"),
            ],
            rows=[
                _in_short(station, cells) for station in dict.fromkeys(c["station"] for c in cells)
            ],
            note="Means over six kinds of day, from an ordinary one to a stopped escalator, which "
            "weighs most in the deep station.",
            commits=commits(cells),
        ),
    ]


def _in_short(station: str, cells: Sequence[Cell]) -> list[Any]:
    """One station over all its days."""
    own = [c for c in cells if c["station"] == station]
    means = {name: float(waiting(own, name).mean()) for name in SHORT}
    ratio = waiting(own, "predictive") / waiting(own, "timetable")
    change = 100.0 * (means["predictive"] / means["timetable"] - 1.0)
    return [station, *means.values(), change, f"{int((ratio > 1.02).sum())} of {len(own)}"]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", nargs="+", default=list(STATIONS), choices=list(STATIONS))
    parser.add_argument("--days", nargs="+", default=list(DAYS), choices=DAYS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="forget what is known")
    parser.add_argument(
        "--tables", action="store_true", help="run nothing: make the tables of what was measured"
    )
    chosen = parser.parse_args(argv)
    if chosen.tables:
        known = read_result("skill-metro")
        print(show_anew("skill-metro", tables(kept(known, ()))))
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    if chosen.fresh:
        for path in KEPT.glob("*.json"):
            path.unlink()
    settings = MetroSettings()
    for station in chosen.stations:  # before the workers start: each would work it out anew
        layout = lay_out(read_station(Path(FOLDER / f"{station}.yaml")))
        best_timetable(layout, settings.spread, settings.prices)
    tasks = [
        (s, d, FIRST_SEED + n)
        for s in chosen.stations
        for n in range(chosen.seeds)
        for d in chosen.days
    ]
    cells = []
    with multiprocessing.get_context("fork").Pool(chosen.workers) as pool:
        for number, found in enumerate(pool.imap(cell, tasks), 1):
            cells.append(found)
            values = {n: round(r["score"]["waiting"], 1) for n, r in found["runs"].items()}
            place = f"{found['station']} {found['day']} {found['seed']}"
            print(f"[{number}/{len(tasks)}] {place}: {values}", file=sys.stderr, flush=True)
    made_at = commit()["commit"]
    cells = [
        *kept(read_result("skill-metro"), chosen.stations),
        *({**c, "commit": made_at} for c in cells),
    ]
    cells.sort(key=lambda c: (c["station"], DAYS.index(c["day"]), c["seed"]))
    found = claims(cells)
    print(json.dumps(found, indent=1))
    if chosen.seeds >= SEEDS and len(chosen.days) == len(DAYS):
        payload = {
            "claims": found,
            "stations": list(dict.fromkeys(c["station"] for c in cells)),
            "seeds": chosen.seeds,
            "settings": dataclasses.asdict(settings),
            "cells": cells,
        }
        print(write_result("skill-metro", payload, tables=tables(cells)))


if __name__ == "__main__":
    main()
