"""A made-up result: 30 nodes, three controllers, 300 ticks, written by the real record writer."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jialing.core.command import Answer, Command, Receipt, Ruling, Source, Verdict
from jialing.core.signal import Observation, Signal, SignalTable
from jialing.record.frame import FORMAT, Outcome
from jialing.record.plain import write_json
from jialing.record.writer import RecordWriter
from tests.report.driving import BROWSERS, open_and_drive

TICK_S = 300.0
TANKS = ("T1", "T2", "T3", "T4", "T5", "T6")
GATES = ("V2", "V3", "V4", "P6")
SPILLING = ("T1", "T3", "T6", "J07", "J15", "J22")
CONTROLLERS = ("rules", "equal-filling", "predictive")


@dataclass(frozen=True, kw_only=True)
class Town:
    """What the made-up result looks like."""

    ticks: int = 300
    controllers: tuple[str, ...] = CONTROLLERS
    share: tuple[float, ...] = (1.0, 0.86, 0.71)  # spill of each controller relative to the first
    forecast: str = "ensemble"
    title: str = "Made-up town, moving storm"
    start: str = "2024-06-18T00:00:00"
    begin_s: float = 0.0  # time of day, where there is no `start`
    extra_nodes: int = 0
    cut_off: bool = False
    mean: bool = False  # the map shows means in place of sums
    names: dict[str, str] = field(default_factory=dict)  # other names for nodes


def rain(ticks: int) -> np.ndarray[Any, Any]:
    """Two gauges, three showers, the second gauge later than the first [m/s]."""
    t = np.arange(ticks) * TICK_S / 3600.0
    period = max(25.0, ticks * TICK_S / 3600.0)
    out = np.zeros((ticks, 2))
    for gauge, lag in enumerate((0.0, 0.7)):
        for at, mm_h, hours in ((0.12, 22.0, 0.8), (0.45, 41.0, 0.6), (0.74, 14.0, 1.5)):
            out[:, gauge] += mm_h * np.exp(-(((t - at * period - lag) / hours) ** 2))
    out[out < 0.3] = 0.0
    return out / 3.6e6


def geometry(town: Town) -> dict[str, Any]:
    """Two branches down a hillside to a trunk along the river, tanks with gates between."""
    names, xs, ys, kinds = [], [], [], []
    for i in range(23):
        branch, step = divmod(i, 8)
        names.append(f"J{i:02d}")
        xs.append(200.0 + 420.0 * step + 60.0 * math.sin(2.1 * i))
        ys.append(1500.0 - 420.0 * branch - 55.0 * step + 70.0 * math.cos(1.3 * i))
        kinds.append("junction")
    for i, tank in enumerate(TANKS):
        names.append(tank)
        xs.append(620.0 + 500.0 * i)
        ys.append(330.0 - 45.0 * i + 60.0 * math.sin(2.0 * i))
        kinds.append("storage")
    names.append("WWTP")
    xs.append(3900.0)
    ys.append(20.0)
    kinds.append("outfall")
    pipes = [
        (f"C{i:02d}", i, i + 1 if (i + 1) % 8 and i < 22 else 23 + i % 6, "conduit")
        for i in range(23)
    ]
    moved = dict(zip((1, 2, 3, 5), GATES, strict=True))
    for i in range(6):
        name = moved.get(i, f"R{i}")
        kind = ("pump" if name == "P6" else "orifice") if i in moved else "conduit"
        pipes.append((name, 23 + i, 24 + i, kind))
    for i in range(town.extra_nodes):
        names.append(f"X{i:05d}")
        xs.append(100.0 + 37.0 * (i % 100))
        ys.append(-100.0 - 31.0 * (i // 100))
        kinds.append("junction")
        pipes.append((f"XC{i:05d}", len(names) - 1, len(names) - 2 if i % 100 else 29, "conduit"))
    bends = [
        [[(xs[a] + xs[b]) / 2 + 45.0, (ys[a] + ys[b]) / 2 - 25.0]] if k % 3 == 0 else []
        for k, (_, a, b, _) in enumerate(pipes)
    ]
    return {
        "nodes": {"name": [town.names.get(n, n) for n in names], "x": xs, "y": ys, "kind": kinds},
        "links": {
            "name": [p[0] for p in pipes],
            "from": [p[1] for p in pipes],
            "to": [p[2] for p in pipes],
            "kind": [p[3] for p in pipes],
            "vertices": bends,
        },
        "panels": [
            _panel("Rain", "mm/h", 3.6e6, "bars_down", "rain", ("RG1", "RG2")),
            _panel("Filling", "%", 100.0, "line", "fill", TANKS),
            _panel("Flow through gates", "m³/s", 1.0, "line", "flow", GATES),
            _panel("Setting", "%", 100.0, "step", "setting", GATES),
            _panel("Spill", "m³/s", 1.0, "line", "spill", TANKS),
        ],
        "map": {
            "field": "flooding",
            "unit": "m³",
            "elements_are": "nodes",
            "value": "mean" if town.mean else "sum",
        },
    }


def _panel(
    title: str, unit: str, factor: float, style: str, quantity: str, elements: tuple[str, ...]
) -> dict[str, Any]:
    signals = [f"{quantity}:{element}" for element in elements]
    return {"title": title, "unit": unit, "factor": factor, "style": style, "signals": signals}


def signals() -> tuple[Signal, ...]:
    listed = [("rain", "m/s", ("RG1", "RG2")), ("fill", "1", TANKS), ("flow", "m³/s", GATES)]
    listed += [("setting", "1", GATES), ("spill", "m³/s", TANKS)]
    return tuple(Signal(name=f"{q}:{e}", unit=u) for q, u, elements in listed for e in elements)


def _history(town: Town, run: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Signals [ticks, signals] and positions [ticks, gates] of one controller."""
    falling = rain(town.ticks)
    fill = np.zeros((town.ticks, len(TANKS)))
    level = np.full(len(TANKS), 0.05)
    drain = 0.035 + 0.006 * run
    for k in range(town.ticks):
        level = level + falling[k, np.arange(6) % 2] * 3.6e6 * (0.006 + 0.0011 * np.arange(6))
        level = np.clip(level * (1.0 - drain), 0.0, 1.0)
        fill[k] = level
    rate = town.share[run] * np.maximum(fill - 0.72, 0.0) * 3.0
    beat = np.arange(town.ticks)[:, None] / 9.0 + np.arange(4)
    positions = np.clip(0.45 + 0.35 * fill[:, :4] + (0.2 * np.sin(beat) if run == 2 else 0.0), 0, 1)
    positions = np.round(positions * 10.0) / 10.0 if run else np.full((town.ticks, 4), 0.4)
    flow = positions * np.sqrt(fill[:, :4] + 1e-9) * 0.9
    return np.hstack((falling, fill, flow, positions, rate)), positions


def write_run(folder: Path, town: Town, run: int) -> dict[str, Any]:
    """One record folder; returns its entry for result.json."""
    name, picture, table = town.controllers[run], geometry(town), SignalTable(signals=signals())
    elements = picture["nodes"]["name"]
    values, positions = _history(town, run)
    writer = RecordWriter(
        folder,
        {
            "format": FORMAT,
            "created": "2025-01-01T00:00:00+00:00",
            "case": {
                "name": "made-up-town", "domain": "water", "title": town.title,
                "tick_s": TICK_S, "seed": 7, "forecast": town.forecast,
                "settings": {"rate_per_s": 1 / 60, "prices": {"flooding": 5.0}},
            },
            "controller": {"name": name},
            "seed": 7, "tick_s": TICK_S, "duration_s": town.ticks * TICK_S, "budget_s": 5.0,
            "headline": "overflow",
            "signals": [{"name": s.name, "unit": s.unit, "low": None, "high": None} for s in table.signals],
            "actuators": [{"name": gate, "kind": "orifice"} for gate in GATES],
            "fields": [{"name": "flooding", "unit": "m³", "elements": elements}],
            "files": [{"path": "models/town.inp", "bytes": 12_345, "sha256": "ab" * 32}],
            "versions": {"python": "3.11.2", "jialing": "0.1.0", "swmm-toolkit": "0.17.0"},
            "machine": {"processor": "A processor", "cores": 2, "system": "Linux x86_64"},
            "commit": "0123456789abcdef", "picture": picture,
            "about": {"start": town.start, "begin_s": town.begin_s},
        },
    )  # fmt: skip
    spilling = [i for i, n in enumerate(elements) if n in {town.names.get(s, s) for s in SPILLING}]
    total = np.zeros(len(elements))
    counted = np.zeros(3, dtype=np.int64)
    for k in range(town.ticks):
        sample = np.zeros(len(elements), dtype=np.float32)
        wet = max(0.0, float(values[k, 0]) * 3.6e6 - 12.0)
        sample[spilling] = town.share[run] * wet * (3.0 + np.arange(len(spilling)))
        if run == 2 and spilling:
            sample[spilling[0]] *= 1.8  # the better controller is worse somewhere
        total += sample
        ruling, outcome = _ruling(k, run, positions[k])
        counted += np.bincount(ruling.answers, minlength=3)
        late = outcome is not Outcome.ON_TIME
        if late:
            writer.events.decision(k, k * TICK_S, outcome, "took 5.21 s of 5 s", Source.LAST_PLAN)
        writer.write(
            observation=Observation(
                time_s=k * TICK_S,
                values=values[k],
                quality=np.zeros(len(table), dtype=np.uint8),
                valid_at_s=np.full(len(table), k * TICK_S),
                table=table,
            ),
            asked=ruling.command,
            ruling=ruling,
            receipt=Receipt(time_s=k * TICK_S, positions=positions[k]),
            outcome=outcome,
            decide_ms=5_210.0 if late else 0.02 + run * (40.0 + 15.0 * math.sin(k)),
            samples=(sample,),
        )
    sheet = _sheet(total, spilling, town.share[run])
    document = {
        "controller": name,
        "score": sheet,
        "guard": dict(zip(("allowed", "clamped", "refused"), counted.tolist(), strict=True)),
        "wall_s": 3.1 + run, "plant_s": 2.4, "decide_s": 0.6 + run, "loop_s": 0.1,
    }  # fmt: skip
    if town.cut_off and run == len(town.controllers) - 1:
        document["score"] = {}
    else:
        writer.finish({**document, "details": _details(elements, spilling, total, town.share[run])})
    writer.close()
    return {**document, "folder": folder.name}


def _ruling(tick: int, run: int, positions: np.ndarray[Any, Any]) -> tuple[Ruling, Outcome]:
    verdicts: tuple[Verdict, ...] = ()
    answers = np.zeros(len(GATES), dtype=np.uint8)
    if run == 2 and tick % 40 in (7, 8):
        reason = "V3 asked to move 0.35 in 300 s; 0.30 is permitted (0.001 per second)."
        answers[1] = Answer.CLAMP
        verdicts += (
            Verdict(
                actuator=1, answer=Answer.CLAMP, rule="rate", asked=0.9, given=0.85, reason=reason
            ),
        )
    if run == 2 and tick in (120, 121):
        reason = "P6 asked to start with 0.12 m in its well; at least 0.30 m is needed."
        answers[3] = Answer.REFUSE
        verdicts += (
            Verdict(
                actuator=3,
                answer=Answer.REFUSE,
                rule="dry_run",
                asked=1.0,
                given=0.0,
                reason=reason,
            ),
        )
    outcome = Outcome.LATE if run == 2 and tick == 200 else Outcome.ON_TIME
    source = Source.LAST_PLAN if outcome is Outcome.LATE else Source.CONTROLLER
    command = Command(targets=positions, local=np.zeros(len(GATES), dtype=np.bool_), source=source)
    return Ruling(command=command, answers=answers, verdicts=verdicts), outcome


def _sheet(total: np.ndarray[Any, Any], spilling: list[int], share: float) -> dict[str, Any]:
    spilled, part = float(total.sum()), float(total[spilling[:1]].sum()) if spilling else 0.0
    figures = {
        "flooding": (0.0, "m³"),
        "overflow": (spilled, "m³"),
        "overflow_sensitive": (part, "m³"),
        "treated": (52_340.0 + (1.0 - share) * 8_000.0, "m³"),
        "exceedance": (0.0, "m³"),
        "flooding_duration": (0.0, "h"),
        "overflow_events": (14.0 if share == 1.0 else 11.0, "1"),
        "overflow_duration": (31.25 * share, "h"),
        "energy": (84.2 * (2.0 - share), "kWh"),
        "travel": (1.0 if share == 1.0 else 46.0, "strokes"),
        "leftover": (312.0, "m³"),
        "mass_error": (-0.042, "%"),
        "cost": (spilled * 1.2 + 16.0, "m³-eq"),
    }
    return {name: {"value": value, "unit": unit} for name, (value, unit) in figures.items()}


def _details(
    elements: list[str], spilling: list[int], total: np.ndarray[Any, Any], share: float
) -> dict[str, Any]:
    return {
        "ended": "completed",
        "decisions": {"on_time": 299, "late": 1},
        "flooding_by_node": [],
        "overflow_by_place": [
            {
                "place": elements[i], "sensitive": i == spilling[0], "volume_m3": float(total[i]),
                "events": 3, "duration_h": 4.25 * share,
            }
            for i in spilling
        ],
        "treated_by_outfall": [{"outfall": "WWTP", "volume_m3": 52_340.0}],
        "limits": [],
    }  # fmt: skip


def write_result(folder: Path, town: Town) -> Path:
    """A whole result folder."""
    folder.mkdir(parents=True)
    runs = [write_run(folder / name, town, i) for i, name in enumerate(town.controllers)]
    write_json(
        folder / "result.json", {"case": "made-up-town", "domain": "water", "seed": 7, "runs": runs}
    )
    return folder


@pytest.fixture(scope="session")
def result_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The usual made-up result; tests read it and leave it as it is."""
    return write_result(tmp_path_factory.mktemp("made-up") / "town-s7", Town())


@pytest.fixture
def make_result(tmp_path: Path) -> Callable[..., Path]:
    """Writes a made-up result that differs as told: ``make_result(ticks=10, share=(1.0, 1.2))``."""

    def make(**how: Any) -> Path:
        return write_result(tmp_path / "town-s7", Town(**how))

    return make


@pytest.fixture(scope="session")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser on PATH; looked for {', '.join(BROWSERS)}")
    return found


@pytest.fixture
def visit(browser: str, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Opens a page, carries out `steps` in it, and returns what they found."""

    def go(page: Path, steps: str, *, width: int = 1400) -> dict[str, Any]:
        return open_and_drive(browser, page, steps, scratch=tmp_path, width=width)

    return go
