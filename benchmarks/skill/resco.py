"""Does predictive control beat published learning results under their own protocol?

RESCO's maps, demand, yellow and steps between decisions, vehicles seen within 200 m and turns
unknown, as its learners see. The published figures were made on SUMO 1.9; give the folder of one
with ``--sumo`` (see `_older_sumo`), or the columns only bound each other. The programme in the file
runs beside it, with the file's own yellow: its published figures tell whether the set-up is theirs.

Source: Ault & Sharon (2021), Reinforcement Learning Benchmarks for Traffic Signal Control; steps
and yellow from the configuration of maps in its code (github.com/Pi-Star-Lab/RESCO).
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import shutil
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks._results import Column, Table, write_result
from benchmarks.skill._compare import as_text
from benchmarks.skill._older_sumo import VARIABLE, version_of
from benchmarks.skill.traffic import AS_LEARNERS, KEPT, SEEDS, Cell, Task, delays, run_all
from jialing.domains.traffic.cases import open_case

#: RESCO's own step between two decisions [s]; 10 s but on this map.
EVERY_S = {"arterial4x4": 5.0}
#: RESCO's own yellow [s]; 3 s but on this map. The files say 5 s on cologne1 and 3 s elsewhere.
YELLOW_S = {"arterial4x4": 2.0}
#: Best published learning result by map, mean delay on SUMO 1.9 [s], and that of fixed programmes.
PUBLISHED = {
    "cologne1": 26.05,
    "cologne3": 23.99,
    "cologne8": 21.62,
    "ingolstadt1": 20.90,
    "grid4x4": 32.95,
    "arterial4x4": 654.0,
}
PUBLISHED_FIXED = {"cologne1": 56.61, "cologne3": 46.35, "cologne8": 63.77, "ingolstadt1": 39.40}


def tasks(maps: Sequence[str], seeds: Sequence[int]) -> list[Task]:
    """Predictive control as RESCO's learners are run, and the file's programme where published."""
    return [
        (name, controller, sensing, seed, EVERY_S.get(name, 10.0))
        for name in maps
        for controller, sensing in (("fixed", "perfect"), ("predictive", AS_LEARNERS))
        if controller != "fixed" or name in PUBLISHED_FIXED
        for seed in seeds
    ]


def with_yellow(network: Path, seconds: float) -> ElementTree.ElementTree[ElementTree.Element]:
    """A network whose programmes show every yellow for `seconds`."""
    found = ElementTree.parse(network)  # noqa: S314 (the benchmark's own maps)
    for phase in found.iterfind("./tlLogic/phase"):
        if "y" in phase.get("state", "").lower():
            phase.set("duration", f"{seconds:g}")
    return found


def as_there(maps: Sequence[str], folder: Path) -> Path:
    """A folder like that of JIALING_DATA in which these maps have RESCO's yellow."""
    for name in maps:
        made, given = folder / "traffic" / name, open_case(name).model.parent
        shutil.copytree(given, made)
        network = f"{name}.net.xml"
        with_yellow(given / network, YELLOW_S.get(name, 3.0)).write(made / network)
    return folder


def table(cells: Sequence[Cell], version: str) -> Table:
    """Mean delay under RESCO's protocol beside the published figures."""
    rows: list[list[str | float | int | None]] = []
    for name in dict.fromkeys(c["map"] for c in cells):
        ours = delays(cells, name, "predictive", AS_LEARNERS)
        fixed = delays(cells, name, "fixed", "perfect")
        locked = delays(cells, name, "predictive", AS_LEARNERS, "locked")
        if len(ours):
            rows.append(
                [
                    name,
                    EVERY_S.get(name, 10.0),
                    len(ours),
                    float(ours.mean()),
                    float(np.median(ours)),
                    100.0 * float(locked.mean()),
                    PUBLISHED[name],
                    float(fixed.mean()) if len(fixed) else None,
                    PUBLISHED_FIXED.get(name),
                ]
            )
    note = (
        "Mean delay over all seeds, and the median over them, which a locked run does not move. "
        "Predictive sees vehicles within 200 m, turns unknown, and shows RESCO's yellow: 3 s, and "
        "2 s on arterial4x4; the programme in the file keeps its own."
    )
    if not version.startswith("1.9"):
        note += (
            " The published figures are from SUMO 1.9, where an unchanged controller scores 15 to "
            "25 % higher: here they bound, they do not compare."
        )
    return Table(
        name="resco",
        columns=[
            Column(title="map"),
            Column(title="decision every [s]", digits=0),
            Column(title="seeds"),
            Column(title=f"predictive, turn-blind, SUMO {version} [s]", digits=1),
            Column(title="median over seeds [s]", digits=1),
            Column(title="locked runs [%]", digits=0),
            Column(title="best published learner [s]", digits=1),
            Column(title=f"fixed, SUMO {version} [s]", digits=1),
            Column(title="fixed, published [s]", digits=1),
        ],
        rows=rows,
        note=note,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--maps", nargs="+", default=list(PUBLISHED), choices=list(PUBLISHED))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(SEEDS)))
    parser.add_argument("--sumo", type=Path, help="folder of an older SUMO, see _older_sumo.py")
    parser.add_argument("--known", action="store_true", help="make no run that is not known")
    parser.add_argument("--write", action="store_true", help="write the result file")
    chosen = parser.parse_args(argv)
    KEPT.mkdir(parents=True, exist_ok=True)
    version = importlib.metadata.version("libsumo")
    if chosen.sumo is not None:
        version = version_of(chosen.sumo)
        os.environ[VARIABLE] = str(chosen.sumo.resolve())
    asked = tasks(chosen.maps, chosen.seeds)
    cells = run_all([task for task in asked if task[1] == "fixed"], known=chosen.known)
    with tempfile.TemporaryDirectory(prefix="jialing-resco-") as scratch:
        os.environ["JIALING_DATA"] = str(as_there(chosen.maps, Path(scratch)))
        cells += run_all([task for task in asked if task[1] != "fixed"], known=chosen.known)
    made = table(cells, version)
    print(as_text(made))
    if chosen.write:
        payload = {"sumo": version, "published": PUBLISHED, "cells": cells}
        print(write_result("skill-resco", payload, tables=[made]))


if __name__ == "__main__":
    main()
