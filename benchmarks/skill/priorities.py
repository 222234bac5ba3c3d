"""What do buses and emergency vehicles gain from their weight, and what does it cost the others?

The shipped grid, with its buses and ambulances, under predictive control with a camera: once with
the weights of the settings, once with every vehicle weighing as much as a car, and under the
programme in the file. Same seeds, each run in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks._results import Column, Table, write_result
from benchmarks.skill.traffic import Cell, walk
from jialing.domains.traffic.settings import TrafficSettings

CASE = "traffic-grid"
EQUAL = {"bus": 1.0, "tram": 1.0, "emergency": 1.0}
WAYS = ("programme in the file", "all weigh the same", "by weight")
WORDS = ("emergency_delay", "bus_delay", "delay", "stops", "max_red")


def measured(task: tuple[str, str, int]) -> Cell:
    """One run of a case in one of `WAYS`."""
    case, way, seed = task
    controller = "fixed" if way == WAYS[0] else "predictive"
    changes: dict[str, Any] = {"weights": EQUAL} if way == WAYS[1] else {}
    return walk((case, controller, "camera", seed, 1.0), **changes) | {"way": way}


def table(cells: Sequence[Cell]) -> Table:
    """Means over the seeds, and the change that weights make."""

    def mean(way: str, word: str) -> float:
        return float(np.mean([c["score"].get(word, np.nan) for c in cells if c["way"] == way]))

    rows: list[list[str | float | int | None]] = [
        [way, sum(c["way"] == way for c in cells), *(mean(way, word) for word in WORDS)]
        for way in WAYS
    ]
    weights = TrafficSettings().weights
    change = [100.0 * (mean(WAYS[2], word) / mean(WAYS[1], word) - 1.0) for word in WORDS]
    rows.append(["weights change it by [%]", None, *change])
    return Table(
        name="priorities",
        columns=[
            Column(title="control"),
            Column(title="seeds"),
            Column(title="delay of emergency vehicles [s]", digits=1),
            Column(title="of buses [s]", digits=1),
            Column(title="of all [s]", digits=1),
            Column(title="stops per trip", digits=2),
            Column(title="longest red [s]", digits=0),
        ],
        rows=rows,
        note=f"{CASE}, 20 minutes, camera; a bus weighs {weights['bus']:g} cars, an emergency "
        f"vehicle {weights['emergency']:g}.",
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--write", action="store_true", help="write the result file")
    chosen = parser.parse_args(argv)
    tasks = [(CASE, way, seed) for seed in chosen.seeds for way in WAYS]
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        cells = pool.map(measured, tasks, chunksize=1)
    found = table(cells)
    titles = [column.title for column in found.columns]
    print(json.dumps([dict(zip(titles, row, strict=True)) for row in found.rows], indent=1))
    if chosen.write:
        print(write_result("skill-priorities", {"cells": cells}, tables=[found]))


if __name__ == "__main__":
    main()
