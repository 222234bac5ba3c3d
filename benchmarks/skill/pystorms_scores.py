"""What do pystorms' own scenarios score for our controllers?

A controller runs in our plant on the scenario's network; its positions are then played, tick by
tick, into the scenario object of pystorms, whose own measure is summed. Each in its own process:
the scenario never closes its simulation.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import multiprocessing
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

import jialing as jl
from benchmarks._results import Column, Table, write_result
from benchmarks.skill._compare import SIMPLE, Cell, as_text
from benchmarks.skill._runs import Job, Outcome, column, present, run_all
from jialing.domains.water.cases import pystorms_network

SCENARIOS = ("theta", "alpha", "gamma", "zeta")
FORECASTS = ("perfect", "ensemble", "none")


@dataclass(frozen=True, kw_only=True)
class Playback:
    """Positions to be played into a scenario.

    Attributes
    ----------
    scenario : name
    names : actuators, in the order of the columns of `values`
    time_s : [ticks] when each row takes effect
    values : [ticks][actuators] positions; empty leaves the scenario uncontrolled
    """

    scenario: str
    names: Sequence[str] = ()
    time_s: Sequence[float] = ()
    values: Sequence[Sequence[float]] = ()


def measure(playback: Playback) -> float:
    """Sum of the scenario's own performance measure, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_send_measure, args=(theirs, playback))
    process.start()
    theirs.close()
    try:
        found: float | str = ours.recv()
    except EOFError:
        found = "the process died"
    process.join()
    if isinstance(found, str):
        raise RuntimeError(f"pystorms {playback.scenario}: {found}")
    return found


def _send_measure(pipe: Connection, playback: Playback) -> None:
    try:
        pipe.send(play(playback))
    # Told to the parent as text: pystorms raises bare exceptions.
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
    finally:
        pipe.close()


def play(playback: Playback) -> float:
    """The same in this process, which cannot run SWMM again afterwards."""
    with tempfile.TemporaryDirectory(prefix="jialing-pystorms-") as folder:
        network = Path(folder) / f"{playback.scenario}.inp"
        shutil.copy(pystorms_network(playback.scenario), network)
        network.chmod(0o644)
        # The wheel's own copy may be read-only, and SWMM writes its report beside the network.
        importlib.import_module("pystorms")
        module: Any = sys.modules[f"pystorms.scenarios.{playback.scenario}"]
        module.load_network = lambda _name: str(network)
        scenario: Any = getattr(module, playback.scenario)()
        order = list(scenario.config["action_space"])
        settings = ordered(playback, order)
        start = scenario.env._getInitialSimulationDateTime()
        done = False
        while not done:
            now_s = (scenario.env._getCurrentSimulationDateTime() - start).total_seconds()
            done = scenario.step(setting_at(settings, playback.time_s, now_s))
        return float(np.sum(scenario.data_log["performance_measure"]))


def ordered(playback: Playback, order: Sequence[str]) -> np.ndarray | None:
    """[ticks, actuators] in the scenario's order: pystorms takes positions by place, not by name."""
    if not playback.names:
        return None
    columns = [list(playback.names).index(name) for name in order]
    return np.asarray(playback.values, dtype=float)[:, columns]


def setting_at(
    settings: np.ndarray | None, time_s: Sequence[float], now_s: float
) -> list[float] | None:
    """The row in force at `now_s`; the last one stays in force."""
    if settings is None:
        return None
    row = int(np.searchsorted(np.asarray(time_s), now_s + 0.5, side="right")) - 1
    return [float(v) for v in settings[max(row, 0)]]


def jobs(scenarios: Sequence[str], forecasts: Sequence[str]) -> list[Job]:
    """Every controller on every scenario, positions wanted."""
    found = []
    for name in scenarios:
        case = jl.case(name)
        for controller in (*SIMPLE[1:], "predictive"):  # these networks have no rules
            kinds = forecasts if controller == "predictive" else ("none",)
            found += [
                Job(
                    case=dataclasses.replace(case, forecast=kind),
                    controller=controller,
                    positions=True,
                )
                for kind in kinds
            ]
    return found


def scores(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """Scenario -> controller -> pystorms' measure, the uncontrolled scenario first."""
    found: dict[str, dict[str, float]] = {}
    for outcome in outcomes:
        if outcome.error or outcome.positions is None:
            continue
        own = found.setdefault(outcome.case, {})
        if not own:
            own["uncontrolled"] = measure(Playback(scenario=outcome.case))
        own[column(outcome)] = measure(Playback(scenario=outcome.case, **outcome.positions))
        print(f"{outcome.case} {column(outcome)}: {own[column(outcome)]:,.2f}", file=sys.stderr)
    return found


def table(found: Mapping[str, Mapping[str, float]]) -> Table:
    """Scenarios down, controllers across."""
    columns = list(dict.fromkeys(name for own in found.values() for name in own))
    rows: list[list[Cell]] = [
        [scenario, *(own.get(name) for name in columns)] for scenario, own in found.items()
    ]
    return Table(
        name="scores",
        columns=[Column(title="scenario"), *(Column(title=c, digits=2) for c in columns)],
        rows=rows,
        note="Cumulative performance as pystorms measures it; lower is better.",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scenarios", nargs="+", default=list(SCENARIOS), choices=SCENARIOS)
    parser.add_argument("--forecasts", nargs="+", default=list(FORECASTS))
    parser.add_argument(
        "--write", action="store_true", help="write a result of a part of the set, too"
    )
    parser.add_argument("--workers", type=int, default=1, help="runs at a time")
    chosen = parser.parse_args(arguments)
    here = present(chosen.scenarios)
    outcomes = run_all(jobs(here, chosen.forecasts), workers=chosen.workers)
    found = scores(outcomes)
    made = table(found)
    print(as_text(made))
    failed = [o for o in outcomes if o.error]
    for outcome in failed:
        print(f"failed: {outcome.case} {column(outcome)}: {outcome.error}", file=sys.stderr)
    if chosen.write or (tuple(here), tuple(chosen.forecasts)) == (SCENARIOS, FORECASTS):
        figures = {"scores": found, "failed": [[o.case, column(o), o.error] for o in failed]}
        print(f"wrote {write_result('skill-pystorms', figures, tables=[made]).name}")
    else:
        print("a part of the set: printed, not written", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
