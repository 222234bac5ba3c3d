"""How long does one decision take for 10,000 signals?

A made-up city: the shipped grid's six junctions over and over, a dozen vehicles before each, drawn
from a seed. The whole decision is timed, sightings in and targets out, on two cores.

And how much longer does a simulation take with predictive control than without? The same hour of a
map in SUMO, once under its programme with nobody looking, once seen, decided and guarded each second.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numba
import numpy as np

from benchmarks._results import Column, Table, write_result
from benchmarks.skill.traffic import walk
from jialing.core.signal import Observation, Signal, SignalTable
from jialing.core.stages import Situation
from jialing.domains.traffic.cases import open_case, traffic_grid
from jialing.domains.traffic.controller import PredictiveController
from jialing.domains.traffic.domain import TRAFFIC
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.model import read_roads
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.sightings import SIGHTING

CORES = 2
VIEW_M = 100.0
PER_JUNCTION = 12  # vehicles in view of one signal
TICKS = 8  # at the first, every turn is guessed
GREEN_S = 20.0
SLOWED = ("cologne1", "ingolstadt1", "cologne8")  # timed with and without control
SENSING = "camera"


def city(count: int) -> tuple[Junction, ...]:
    """So many junctions: copies of the shipped grid that feed nobody but themselves."""
    case = traffic_grid()
    block = read_roads(case.model, case.settings).junctions
    found: list[Junction] = []
    while len(found) < count:
        base, mark = len(found), f"{len(found)}:"
        found += [
            replace(
                j,
                name=mark + j.name,
                lanes=tuple(mark + lane for lane in j.lanes),
                outs=tuple(mark + out for out in j.outs),
                joined=tuple(base + k for k in j.joined),
                feeds=tuple(replace(f, junction=base + f.junction) for f in j.feeds),
            )
            for j in block
        ]
    # What is left of the last block keeps no one outside of it as neighbour.
    kept = found[:count]
    return tuple(
        replace(
            j,
            feeds=tuple(f for f in j.feeds if f.junction < count),
            joined=tuple(k for k in j.joined if k < count),
        )
        for j in kept
    )


def situations(junctions: Sequence[Junction], ticks: int) -> list[Situation]:
    """What is seen second by second: vehicles drive up to the line and stand there."""
    rng = np.random.default_rng(0)
    count = len(junctions)
    table = SignalTable(
        signals=(
            *(Signal(name=f"mode:{j.name}", unit="1") for j in junctions),
            *(Signal(name=f"green:{j.name}", unit="s", low=0.0) for j in junctions),
        )
    )
    actuators = tuple(j.actuator for j in junctions)
    seen = np.zeros(count * PER_JUNCTION, dtype=SIGHTING)
    seen["junction"] = np.repeat(np.arange(count), PER_JUNCTION)
    lanes = np.repeat([len(j.lanes) for j in junctions], PER_JUNCTION)
    seen["lane"] = (rng.random(len(seen)) * lanes).astype(np.int32)
    seen["free_speed_mps"] = 13.9
    seen["vehicle"] = np.arange(len(seen))
    for name in ("movement", "next_junction", "next_lane", "next_movement"):
        seen[name] = -1
    start_m = rng.uniform(0.0, VIEW_M, len(seen))
    mode = rng.integers(0, [len(j.modes) for j in junctions]).astype(np.float64)
    found = []
    for tick in range(ticks):
        now = seen.copy()
        now["distance_m"] = np.maximum(start_m - 10.0 * tick, 0.0)
        now["speed_mps"] = np.where(now["distance_m"] > 0.0, 10.0, 0.0)
        values = np.concatenate((mode, np.full(count, GREEN_S + tick)))
        observation = Observation(
            time_s=float(tick),
            values=values,
            quality=np.zeros(len(values), dtype=np.uint8),
            valid_at_s=np.full(len(values), float(tick)),
            table=table,
            sightings=now,
        )
        found.append(Situation(observation=observation, positions=mode, actuators=actuators))
    return found


def timed(count: int, ticks: int) -> tuple[list[float], list[float]]:
    """Wall-clock and CPU seconds of each decision [s]."""
    junctions = city(count)
    controller = PredictiveController(junctions, TrafficSettings(view_m=VIEW_M))
    numba.set_num_threads(min(CORES, numba.config.NUMBA_NUM_THREADS))
    controller.prepare()
    wall, cpu = [], []
    for situation in situations(junctions, ticks):
        started, busy = time.perf_counter(), time.process_time()
        controller.decide(situation)
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - busy)
    return wall, cpu


def plain_s(name: str, seed: int) -> float:
    """CPU seconds of a run under the programme in the file; nothing is observed or decided."""
    plant = TRAFFIC.desk(replace(open_case(name), seed=seed), "fixed").plant
    began = time.process_time()
    while plant.step(plant_tick_s(name)):
        pass
    spent = time.process_time() - began
    plant.close()
    return spent


def plant_tick_s(name: str) -> float:
    """Time between two decisions in this case [s]."""
    return float(open_case(name).tick_s)


def controlled(name: str, seed: int) -> tuple[float, float]:
    """CPU seconds of the same run under predictive control, and per decision and junction [ms]."""
    run = walk((name, "predictive", SENSING, seed, plant_tick_s(name)))
    return float(run["cpu_s"]), float(run["decide_ms"]["median"]) / run["junctions"]


def slowdown(name: str, seeds: Sequence[int]) -> list[Any]:
    """Map, seeds, medians: CPU seconds without and with control, their ratio, ms per decision.

    One after the other on each seed, so that a slow minute of the machine slows both.
    """
    rows = []
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for seed in seeds:
            plain = pool.apply(plain_s, (name, seed))
            run_s, decision_ms = pool.apply(controlled, (name, seed))
            rows.append((plain, run_s, run_s / plain, decision_ms))
    return [name, len(seeds), *np.median(rows, axis=0).tolist()]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--junctions", type=int, nargs="+", default=[6, 100, 1000, 10_000])
    parser.add_argument(
        "--seeds", type=int, nargs="*", default=[0, 1, 2, 3, 4], help="of slowed runs"
    )
    parser.add_argument("--write", action="store_true", help="write the result file")
    chosen = parser.parse_args(arguments)
    rows: list[list[Any]] = []
    for count in chosen.junctions:
        wall, cpu = timed(count, TICKS)
        used = float(np.median(cpu[2:]))
        rows.append(
            [count, float(np.median(wall[2:])), max(wall[2:]), used, wall[0], 1e3 * used / count]
        )
        print(rows[-1], flush=True)
    table = Table(
        name="signals",
        columns=[
            Column(title="junctions"),
            Column(title="decision, median [s]", digits=3),
            Column(title="longest [s]", digits=3),
            Column(title="CPU, median [s]", digits=3),
            Column(title="first decision, every turn guessed [s]", digits=3),
            Column(title="CPU per junction [ms]", digits=3),
        ],
        rows=rows,
        note=f"{PER_JUNCTION} vehicles in view of each signal, turns unknown; the whole decision, at "
        f"most {CORES} cores. CPU is of all cores together; wall-clock depends on what else runs.",
    )
    slowed = [slowdown(name, chosen.seeds) for name in SLOWED] if chosen.seeds else []
    print(*slowed, flush=True)
    beside = Table(
        name="signals-slowdown",
        columns=[
            Column(title="map"),
            Column(title="runs"),
            Column(title="CPU of an hour under its programme [s]", digits=1),
            Column(title="under predictive control [s]", digits=1),
            Column(title="ratio", digits=2),
            Column(title="CPU per decision and junction [ms]", digits=2),
        ],
        rows=slowed,
        note=f"Medians over seeds, one decision per second, sensing: {SENSING}. Without control "
        "nothing is observed; trips and emissions are taken down in both.",
    )
    if chosen.write:
        payload = {"rows": rows, "slowed": slowed}
        print(write_result("speed-signals", payload, tables=[table, beside]).name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
