"""How long does one plan take for a city of 100,000 drains? Against size, scenarios and the floor."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numba import njit

from benchmarks._results import ROOT, Column, Table, write_result
from benchmarks.speed._plot import Panel, svg
from benchmarks.speed._synthetic_city import STEP_S, STEPS, City, build_city, storm_on
from jialing.core.network import OUTSIDE
from jialing.core.signal import FloatArray
from jialing.methods.plan import Plan
from jialing.methods.problem import Problem
from jialing.methods.reduce import collapse_passive
from jialing.methods.rollout import rollout
from jialing.methods.sharding import District, optimise_districts, split_districts

ITERATIONS = 8
FIRST_STEP = 0.1  # of the opening
BLOCKS = [5] * (STEPS // 5)  # a gate moves every 5 minutes
TARGET_S = 10.0  # per control period, on 2 cores
PLOT = ROOT / "docs" / "figures" / "city-water.svg"

#: Per drain, step and scenario, counted in the two fused loops of `methods/kernels.py`.
FLOPS = {"forward": 14, "backward": 20}  # additions, products, minima, maxima, choices
BYTES = {"forward": 8, "backward": 4}  # contents: fetched and written once, read once (float32)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """One control period, best of the repeats."""

    drains: int
    gates: int
    scenarios: int
    wall_s: float
    processor_s: float
    cost_start: float
    cost_plan: float


def districts_of(city: City) -> tuple[District, ...]:
    return split_districts(city.net, STEP_S, dtype=np.float32)


def steady_start(problem: Problem) -> FloatArray:
    """Every gate 30 % open: a plain static throttle, as a control room might set it."""
    return np.full((problem.steps, problem.u0.size), 0.3)


def plan_period(
    districts: tuple[District, ...],
    problem: Problem,
    start: FloatArray,
    *,
    threads: int,
    iterations: int = ITERATIONS,
) -> Plan:
    return optimise_districts(
        districts,
        problem,
        start,
        threads=threads,
        iterations=iterations,
        step=FIRST_STEP,
        blocks=BLOCKS,
    )


def measure(city: City, scenarios: int, *, threads: int, repeats: int) -> Timing:
    """Time from the forecast to the plan; network, compilation and forecast are given."""
    districts = districts_of(city)
    problem = storm_on(city, scenarios=scenarios)
    start = steady_start(problem)
    wall, processor = np.inf, np.inf
    for _ in range(repeats):
        began, began_cpu = time.perf_counter(), time.process_time()
        plan = plan_period(districts, problem, start, threads=threads)
        wall = min(wall, time.perf_counter() - began)
        processor = min(processor, time.process_time() - began_cpu)
    before = plan_period(districts, problem, start, threads=threads, iterations=0)
    return Timing(
        drains=len(city.net.store_names),
        gates=len(city.net.actuator_names),
        scenarios=scenarios,
        wall_s=wall,
        processor_s=processor,
        cost_start=before.cost,
        cost_plan=plan.cost,
    )


def floor(city: City, timing: Timing) -> dict[str, float]:
    """Least time that this machine's memory and arithmetic allow for the same work.

    Drains that no gate reaches are rolled once; the others once per evaluation, and back.
    """
    reached = sum(district.reach.stores.size for district in districts_of(city))
    per_pass = STEPS * timing.scenarios
    forward = per_pass * (timing.drains - reached + reached * (ITERATIONS + 2))
    backward = per_pass * reached * ITERATIONS
    moved = forward * BYTES["forward"] + backward * BYTES["backward"]
    flops = forward * FLOPS["forward"] + backward * FLOPS["backward"]
    bandwidth, speed = copy_bandwidth(), vector_speed()
    return {
        "drains_reached_by_a_gate": float(reached),
        "node_steps_forward": float(forward),
        "node_steps_backward": float(backward),
        **{f"bytes_per_node_step_{name}": float(count) for name, count in BYTES.items()},
        **{f"flops_per_node_step_{name}": float(count) for name, count in FLOPS.items()},
        "memory_gb_per_s": bandwidth / 1e9,
        "vector_gflops_per_core": speed / 1e9,
        "memory_floor_s": moved / bandwidth,
        "arithmetic_floor_processor_s": flops / speed,
        "node_steps_per_processor_s": (forward + backward) / timing.processor_s,
        "times_above_arithmetic_floor": timing.processor_s / (flops / speed),
    }


def copy_bandwidth(size: int = 1 << 26) -> float:
    """Bytes per second that one core reads plus writes when it copies [B/s]."""
    source, target = np.ones(size // 4, dtype=np.float32), np.zeros(size // 4, dtype=np.float32)
    best = np.inf
    for _ in range(10):
        began = time.thread_time()
        np.copyto(target, source)
        best = min(best, time.thread_time() - began)
    return 2.0 * size / best


@njit(cache=True, fastmath=True)
def _multiply_add(values: Any, rounds: int, factor: Any, shift: Any) -> None:
    for _ in range(rounds):
        for i in range(values.shape[0]):
            values[i] = values[i] * factor + shift


def vector_speed() -> float:
    """Float32 operations per second of a multiply-add over an array in the first cache [1/s]."""
    values = np.ones(4096, dtype=np.float32)
    factor, shift, rounds = np.float32(0.999), np.float32(0.001), 2000
    _multiply_add(values, 1, factor, shift)
    best = np.inf
    for _ in range(10):
        began = time.thread_time()
        _multiply_add(values, rounds, factor, shift)
        best = min(best, time.thread_time() - began)
    return 2.0 * values.size * rounds / best


def quality(city: City, *, threads: int) -> dict[str, float]:
    """What the plan is worth with 16 scenarios: expected spill [m³], weighted in time.

    No control avoids what spills off the gated basins while every gate is shut: that is the bound.
    """
    districts = districts_of(city)
    problem = storm_on(city, scenarios=16)
    start = steady_start(problem)

    def cost(share: float) -> float:
        plan = np.full_like(start, share)
        return plan_period(districts, problem, plan, threads=threads, iterations=0).cost

    bound = 0.0
    for district in districts:
        net, part = district.compiled.net, district.take(problem)
        gated = np.unique(net.link_from[net.link_actuator != OUTSIDE])
        free = part.price_spill.copy()
        free[gated] = 0.0
        shut = np.zeros((part.steps, district.compiled.actuators))
        costs = rollout(district.compiled, replace(part, price_spill=free), shut).costs
        bound += float(costs.mean())
    return {
        **{f"every_gate_{share:.0%}_open": cost(share) for share in (1.0, 0.5, 0.3, 0.2)},
        "plan_8_iterations": plan_period(districts, problem, start, threads=threads).cost,
        "plan_40_iterations": plan_period(
            districts, problem, start, threads=threads, iterations=40
        ).cost,
        "bound_gates_shut_basins_endless": bound,
    }


def reduced(city: City, *, threads: int) -> dict[str, float]:
    """The same plan on the collapsed network, judged on the full one."""
    began = time.perf_counter()
    small = collapse_passive(city.net)
    collapse_s = time.perf_counter() - began
    problem = storm_on(city, scenarios=16)
    began = time.perf_counter()
    links = small.links
    inner = Problem(
        v0=problem.v0[small.kept],
        inflow=small.inflow(problem.inflow, STEP_S, source=problem.source, gain=problem.gain),
        price_spill=problem.price_spill[small.kept],
        price_limit=problem.price_limit[links],
        price_leftover=problem.price_leftover[small.kept],
        price_travel=problem.price_travel,
        u0=problem.u0,
        time_weight=problem.time_weight,
    )
    districts = split_districts(small.net, STEP_S, dtype=np.float32)
    plan = plan_period(districts, inner, steady_start(inner), threads=threads)
    wall_s = time.perf_counter() - began
    judged = plan_period(districts_of(city), problem, plan.u, threads=threads, iterations=0)
    return {
        "drains_left": float(small.kept.size),
        "collapse_once_s": collapse_s,
        "plan_wall_s": wall_s,
        "cost_on_the_full_network": judged.cost,
    }


def plot(by_size: list[Timing], by_scenarios: list[Timing]) -> str:
    """Time of one control period against size, and against the number of scenarios."""

    def panel(title: str, across: str, points: list[tuple[float, Timing]]) -> Panel:
        return Panel(
            title=title,
            across=across,
            up="time of one control period [s]",
            curves={
                "wall clock": [(x, timing.wall_s) for x, timing in points],
                "processor": [(x, timing.processor_s) for x, timing in points],
            },
            limit=(TARGET_S, f"target: {TARGET_S:.0f} s"),
        )

    return svg(
        [
            panel(
                f"against the size of the city ({by_size[-1].scenarios} scenarios)",
                "drains",
                [(timing.drains, timing) for timing in by_size],
            ),
            panel(
                f"against the number of scenarios ({by_scenarios[-1].drains:,} drains)",
                "scenarios",
                [(timing.scenarios, timing) for timing in by_scenarios],
            ),
        ]
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--catchments", type=int, default=50, help="of 2,000 drains each")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--repeats", type=int, default=3)
    given = options.parse_args()

    tiny = build_city(catchments=1, drains=100, gates=2)
    measure(tiny, 2, threads=1, repeats=1)  # compiles the loops
    largest = given.catchments
    sizes = sorted({max(1, round(largest * share)) for share in (0.02, 0.1, 0.25, 0.5, 1.0)})
    cities = {n: build_city(catchments=n) for n in sizes}
    city = cities[largest]
    by_scenarios = []
    for scenarios in (1, 2, 4, 8, 16, 32):
        by_scenarios.append(measure(city, scenarios, threads=given.threads, repeats=given.repeats))
        print(by_scenarios[-1], flush=True)
    headline = next(timing for timing in by_scenarios if timing.scenarios == 16)
    by_size = [
        measure(cities[n], 16, threads=given.threads, repeats=given.repeats)
        for n in sizes
        if n != largest
    ] + [headline]
    bottom = floor(city, headline)
    worth = quality(city, threads=given.threads)
    small = reduced(city, threads=given.threads)
    payload = {
        "target_s": TARGET_S,
        "threads": given.threads,
        "iterations": ITERATIONS,
        "steps": STEPS,
        "step_s": STEP_S,
        "others_on_the_machine": round(os.getloadavg()[0], 1),
        "headline": asdict(headline),
        "by_scenarios": [asdict(timing) for timing in by_scenarios],
        "by_size": [asdict(timing) for timing in by_size],
        "floor": bottom,
        "expected_cost_m3": worth,
        "reduced": small,
    }
    columns = [
        Column(title="drains"),
        Column(title="gates"),
        Column(title="scenarios"),
        Column(title="time [s]", digits=2),
        Column(title="processor time [s]", digits=2),
    ]

    def rows(timings: list[Timing]) -> list[list[float | int]]:
        return [[t.drains, t.gates, t.scenarios, t.wall_s, t.processor_s] for t in timings]

    note = (
        f"One control period: {STEPS} steps of {STEP_S:.0f} s, {ITERATIONS} gradient steps, "
        f"{given.threads} threads, best of {given.repeats}; "
        f"load of the machine {os.getloadavg()[0]:.0f}, which stretches the time but not the "
        "processor time."
    )
    path = write_result(
        "speed-city-water",
        payload,
        tables=[
            Table(name="by-scenarios", columns=columns, rows=rows(by_scenarios), note=note),
            Table(name="by-size", columns=columns, rows=rows(by_size), note=note),
        ],
    )
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    PLOT.write_text(plot(by_size, by_scenarios))
    print(f"{headline}\n{bottom}\n{worth}\n{small}\nwritten: {path.name}, {PLOT.name}")


if __name__ == "__main__":
    main()
