"""What does the loop itself cost? Time per tick of the loop and the guard, next to SWMM's own."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jialing as jl
from benchmarks._results import Column, Table, write_result
from jialing.core.command import Command
from jialing.core.stages import Situation
from jialing.domains import domain
from jialing.loop.runner import run_desk
from jialing.loop.tick import Walk

CASES = ("storm-sewer", "astlingen-oct2000", "astlingen")
DAYS = 10.0  # of the 56 days of Astlingen
REPEATS = 3

PARTS = ("engine", "sensors", "actuators", "guard", "decision", "loop")


class Local:
    """Decides nothing, so that the loop alone is measured."""

    def __init__(self, actuators: int) -> None:
        self._command = Command.all_local(actuators)

    def decide(self, situation: Situation) -> Command:
        return self._command


class NoForecast:
    def forecast(self, observation: object) -> None:
        return None


class Stopwatch:
    """Adds up the processor time of calls by name, less what the measuring itself takes."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self.calls = 0
        self.inside_s, self.outside_s = _own_cost()

    def over(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            began = time.thread_time()
            try:
                return call(*args, **kwargs)
            finally:
                self.seconds[part] += time.thread_time() - began - self.inside_s
                self.calls += 1

        return timed


def _own_cost(count: int = 20_000) -> tuple[float, float]:
    """Processor time of one measurement that falls inside, and outside, what is measured [s]."""

    def nothing() -> None:
        return None

    inside = 0.0
    began = time.thread_time()
    for _ in range(count):
        start = time.thread_time()
        try:
            nothing()
        finally:
            inside += time.thread_time() - start
    whole = time.thread_time() - began
    return inside / count, (whole - inside) / count


def measure(name: str) -> dict[str, float]:
    """Microseconds of processor time per tick, by part, of one run."""
    case = jl.case(name)
    if name == "astlingen":
        case = replace(case, duration_s=DAYS * 86_400.0)
    desk = domain(case.domain).desk(case, "rules")
    watch, plant = Stopwatch(), desk.plant
    for part, method in (
        ("engine", "step"),
        ("sensors", "observe"),
        ("sensors", "sample"),
        ("actuators", "apply"),
    ):
        setattr(plant, method, watch.over(part, getattr(plant, method)))
    guard = desk.guard
    guard.check = watch.over("guard", guard.check)  # type: ignore[method-assign]
    desk = replace(desk, controller=Local(len(plant.actuators)), forecaster=NoForecast())
    whole, tick = Stopwatch(), Walk.tick
    Walk.tick = whole.over("loop", tick)  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as folder:
            run = run_desk(desk, Path(folder) / "record", case={}, controller={"name": "rules"})
    finally:
        Walk.tick = tick  # type: ignore[method-assign]
    ticks = len(run.decide_ms)
    measuring = watch.calls * (watch.outside_s + watch.inside_s)
    rest = whole.seconds["loop"] - sum(watch.seconds.values()) - measuring
    seconds = watch.seconds | {"loop": rest}
    return {part: 1e6 * seconds[part] / ticks for part in PARTS if part != "decision"} | {
        "ticks": ticks
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    arguments = parser.parse_args()
    rows, measured = [], {}
    for name in CASES:
        runs = [measure(name) for _ in range(arguments.repeats)]
        best = min(runs, key=lambda run: run["loop"] + run["engine"])
        share = (best["loop"] + best["guard"]) / best["engine"]
        measured[name] = {"runs": runs, "overhead": share}
        rows.append(
            [
                name,
                int(best["ticks"]),
                *(best[p] for p in ("engine", "sensors", "actuators", "guard", "loop")),
                100.0 * share,
            ]
        )
        print(*(f"{cell:.1f}" if isinstance(cell, float) else cell for cell in rows[-1]), sep="\t")
    columns = [
        Column(title="case"),
        Column(title="ticks"),
        Column(title="SWMM [µs/tick]", digits=0),
        Column(title="sensors [µs/tick]", digits=0),
        Column(title="actuators [µs/tick]", digits=0),
        Column(title="guard [µs/tick]", digits=0),
        Column(title="loop and record [µs/tick]", digits=0),
        Column(title="guard, loop and record against SWMM [%]", digits=1),
    ]
    note = (
        f"Processor time, best of {arguments.repeats} runs under the file's own rules; the decision "
        "is left out. Astlingen runs 10 of its 56 days."
    )
    table = Table(name="loop", columns=columns, rows=rows, note=note)
    write_result("speed-loop", {"cases": measured}, tables=[table])


if __name__ == "__main__":
    main()
