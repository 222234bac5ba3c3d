"""A made-up city's evening: two underpasses, two signals, one station, written by the real writer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jialing.core.command import Answer, Command, Receipt, Ruling, Source, Verdict
from jialing.core.signal import Observation, Signal, SignalTable
from jialing.record.frame import FORMAT, Outcome
from jialing.record.plain import write_json
from jialing.record.writer import RecordWriter

PERIOD_S = 60.0
DIPS = ("eastdip", "westdip")
#: mode -> vehicles caught, delay [s], waiting [person-h], deepest water [m]
FIGURES = {
    "today": (41.0, 200.0, 30.0, 0.45),
    "alone": (30.0, 170.0, 24.0, 0.36),
    "coupled": (3.0, 156.0, 33.0, 0.20),
}


@dataclass(frozen=True, kw_only=True)
class Town:
    """What the made-up evening looks like."""

    modes: tuple[str, ...] = ("today", "alone", "coupled")
    periods: int = 40
    seed: int = 0
    worse: float = 0.0  # added to every delay [s]
    storm: str = "wet"
    schematic: bool = True
    cut_off: tuple[str, ...] = ()
    figures: dict[str, tuple[float, float, float, float]] = field(
        default_factory=lambda: dict(FIGURES)
    )
    died: bool = False
    name: str = "madeup"
    begin: str = "17:30"
    side_queue: float = 0.0  # on the side street, all evening [veh]


def city_file(town: Town) -> dict[str, Any]:
    """The city's own file."""
    dips = {
        name: {
            "node": f"U_{name}",
            "low": [f"{name}_low"],
            "entries": [f"{name}_in"],
            "detour": ["crossing"],
        }
        for name in DIPS
    }
    return {
        "city": town.name,
        "title": "Made-up town",
        "schematic": town.schematic,
        "begin": town.begin,
        "map": {"lon0": 106.0, "lat0": 29.0, "earth_m": 6_371_000, "rivers": "rivers.yaml"},
        "storms": {
            "default": "wet",
            "wet": {"title": "A storm of 10 years"},
            "dry": {"title": "A dry evening"},
        },
        "underpasses": dips,
        "stations": {"market": {"streets": ["market"]}},
        "couplings": {
            "depth_to_closure": {"closes_mm": 150, "source": "assumed"},
            "depth_to_speed": {"stopping_mm": 300, "source": "a paper <with> marks"},
        },
    }


def write_city(folder: Path, town: Town) -> Path:
    """A whole result folder."""
    folder.mkdir(parents=True)
    (folder / "rivers.yaml").write_text(
        "rivers:\n  - {id: r, name: Long River, width_m: 200,"
        " line: [[106.001, 29.004], [106.01, 29.008], [106.03, 29.007]]}\n"
    )
    for mode in town.modes:
        _evening(folder / mode, town, mode, model=folder / "city.yaml")
    write_json(folder / "result.json", {"case": town.name, "domain": "city", "seed": town.seed})
    return folder


def _evening(folder: Path, town: Town, mode: str, *, model: Path) -> None:
    folder.mkdir()
    caught, _, waiting, deepest = town.figures[mode]
    time_s = np.arange(town.periods) * PERIOD_S
    depth = deepest * np.exp(-(((time_s - 0.6 * time_s[-1]) / (0.12 * time_s[-1] + 1.0)) ** 2))
    depths = {DIPS[0]: depth, DIPS[1]: 0.3 * depth}
    manifest = {
        "format": "jialing-city/1",
        "case": {
            "name": town.name, "domain": "city", "title": "Made-up town: A storm of 10 years",
            "model": str(model), "seed": town.seed, "forecast": "ensemble",
            "settings": {"storm": town.storm, "events": []},
        },
        "mode": mode, "versions": {"jialing": "0.1.0"}, "files": [], "lead_s": 300.0,
        "parts": {"water": "water", "traffic": "traffic", "station:market": "station-market"},
        "city": city_file(town),
    }  # fmt: skip
    write_json(folder / "city.json", manifest)
    begin = int(np.argmax(depth >= 0.15)) if depth.max() >= 0.15 else -1
    events = []
    if begin >= 0:
        for at, kind in ((begin, "closed"), (min(begin + 8, town.periods - 1), "opened")):
            text = f"eastdip {kind}: 0.20 m on the road"
            event = {"time_s": at * PERIOD_S, "kind": kind, "element": DIPS[0], "text": text}
            events.append(event)
    if town.died:
        events.append({"time_s": 600.0, "kind": "died", "part": "water", "reason": "was killed"})
        events.append({"time_s": 600.0, "kind": "restarted", "part": "water", "reason": "again"})
    _lines(folder / "events.jsonl", events)
    _lines(folder / "diary.jsonl", _diary(time_s, depths, caught, mode, events))
    _water(folder / "water", town, deepest)
    _traffic(folder / "traffic", town, mode)
    _station(folder / "station-market", town, waiting)
    if mode not in town.cut_off:
        write_json(folder / "score.json", _score(town, mode))


def _lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _diary(
    time_s: np.ndarray[Any, Any],
    depths: dict[str, np.ndarray[Any, Any]],
    caught: float,
    mode: str,
    events: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    rows = []
    shut = [e["time_s"] for e in events if e["kind"] in ("closed", "opened")]
    for k, at in enumerate(time_s.tolist()):
        water = {f"depth:{name}": float(depth[k]) for name, depth in depths.items()}
        if mode != "today":
            ahead = {n: float(d[k : k + 6].max()) for n, d in depths.items()}
            water |= {f"foreseen:{n}": value for n, value in ahead.items()}
            water |= {f"worst:{n}": 1.2 * value for n, value in ahead.items()}
        share = k / max(len(time_s) - 1, 1)
        traffic = {f"caught:{DIPS[0]}": float(round(caught * share)), f"caught:{DIPS[1]}": 0.0}
        told = {
            "water": {"rain": 1e-5, **water},
            "traffic": traffic,
            "station:market": {"waiting": 1.0, "entering": 3000.0},
        }
        closed = [DIPS[0]] if shut and shut[0] <= at < shut[-1] else []
        rows.append(
            {
                "time_s": at,
                "told": told if k else {},
                "rain_mps": 1e-5,
                "closed": closed,
                "traffic_ph": dict.fromkeys(DIPS, 200.0),
            }
        )
    return rows


def _score(town: Town, mode: str) -> dict[str, Any]:
    caught, delay, waiting, deepest = town.figures[mode]
    delay += town.worse

    def q(value: float, unit: str) -> dict[str, Any]:
        return {"value": value, "unit": unit}

    part = {
        "guard": {}, "plant_s": 1.0, "decide_s": 0.5,
        "decisions": {"on_time": 40, "late": 1, "busy": 3},
    }  # fmt: skip
    return {
        "controller": mode, "ended": "completed", "wall_s": 12.0, "exchange_s": 0.1,
        "score": {
            "caught": q(caught, "veh"), "delay": q(delay, "s"), "waiting": q(waiting, "person-h"),
            "flooding": q(900.0, "m³"), "overflow": q(5000.0, "m³"), "closed": q(0.5, "h"),
            "deepest": q(deepest, "m"),
        },
        "guard": {"allowed": 100, "clamped": 2, "refused": 1},
        "details": {
            "ended": "completed",
            "parts": {
                "water": {
                    **part, "controller": "rules", "score": {"treated": q(7000.0, "m³")},
                    "extra": {f"deepest:{DIPS[0]}": deepest, f"deepest:{DIPS[1]}": 0.3 * deepest},
                },
                "traffic": {
                    **part, "controller": "fixed", "score": {"throughput": q(800.0, "veh")},
                    "extra": {f"caught:{DIPS[0]}": caught, f"caught:{DIPS[1]}": 0.0},
                },
                "station:market": {
                    **part, "controller": "timetable",
                    "score": {"waiting": q(waiting, "person-h")}, "extra": {},
                },
            },
        },
    }  # fmt: skip


def _record(
    folder: Path,
    *,
    tick_s: float,
    signals: dict[str, np.ndarray[Any, Any]],
    actuators: list[tuple[str, str]],
    fields: dict[str, tuple[str, list[str], np.ndarray[Any, Any]]],
    picture: dict[str, Any],
    verdicts: dict[int, Verdict] | None = None,
) -> None:
    listed = tuple(Signal(name=name, unit="1") for name in signals)
    table, count = SignalTable(signals=listed), len(next(iter(signals.values())))
    writer = RecordWriter(
        folder,
        {
            "format": FORMAT, "controller": {"name": "rules"}, "seed": 0, "tick_s": tick_s,
            "signals": [{"name": s.name, "unit": s.unit, "low": None, "high": None} for s in listed],
            "actuators": [{"name": name, "kind": kind} for name, kind in actuators],
            "fields": [
                {"name": name, "unit": unit, "elements": elements}
                for name, (unit, elements, _) in fields.items()
            ],
            "about": {}, "picture": picture,
        },
    )  # fmt: skip
    values = np.column_stack(list(signals.values()))
    for k in range(count):
        positions = np.full(len(actuators), float(k // 6 % 2))
        told = (verdicts or {}).get(k)
        answers = np.zeros(len(actuators), dtype=np.uint8)
        if told is not None:
            answers[told.actuator] = told.answer
        local = np.zeros(len(actuators), dtype=np.bool_)
        command = Command(targets=positions, local=local, source=Source.CONTROLLER)
        writer.write(
            observation=Observation(
                time_s=k * tick_s,
                values=values[k],
                quality=np.zeros(len(table), dtype=np.uint8),
                valid_at_s=np.full(len(table), k * tick_s),
                table=table,
            ),
            asked=command,
            ruling=Ruling(
                command=command, answers=answers, verdicts=() if told is None else (told,)
            ),
            receipt=Receipt(time_s=k * tick_s, positions=positions),
            outcome=Outcome.ON_TIME,
            decide_ms=1.0,
            samples=tuple(samples[k].astype(np.float32) for _, _, samples in fields.values()),
        )
    writer.finish({"score": {}, "guard": {"allowed": 0, "clamped": 0, "refused": 0}})
    writer.close()


def _water(folder: Path, town: Town, deepest: float) -> None:
    count = town.periods
    wave = np.linspace(0.0, 1.0, count)
    reason = "gate_a: 1 was asked, 0.5 is given: <b>moves too fast</b>"
    _record(
        folder,
        tick_s=PERIOD_S,
        signals={"rain:sky": 1e-5 * wave, "depth:T1": 2.0 * wave, "setting:gate_a": 1.0 - wave},
        actuators=[("gate_a", "orifice")],
        fields={
            "flooding": ("m³", ["J1", "J2"], np.column_stack([40.0 * deepest * wave, 0.0 * wave])),
            "overflow": ("m³", ["O1"], 90.0 * wave[:, None]),
        },
        picture={
            "nodes": {"name": ["J1", "J2", "O1"], "x": [400.0, 900.0, 1500.0], "y": [300.0, 500.0, 800.0]},
            "panels": [{"title": "Level", "signals": ["depth:T1"]}],
        },
        verdicts={
            9: Verdict(
                actuator=0, answer=Answer.REFUSE, rule="rate", asked=1.0, given=0.5, reason=reason
            )
        },
    )  # fmt: skip


def _traffic(folder: Path, town: Town, mode: str) -> None:
    ticks = 6 * town.periods
    queue = np.zeros((ticks, 2))
    queue[:, 0] = (9.0 if mode == "today" else 2.0) * np.linspace(0.0, 1.0, ticks)
    queue[:, 1] = town.side_queue
    nodes = {"crossing": (500.0, 500.0), "market": (1500.0, 500.0), "edge": (0.0, 400.0)}
    nodes |= {"eastdip_a": (700.0, 200.0), "eastdip_b": (900.0, 200.0)}
    nodes |= {"westdip_a": (100.0, 800.0), "westdip_b": (300.0, 800.0)}
    links = [("main", "edge", "crossing"), ("side", "crossing", "market")]
    for dip in DIPS:
        links += [(f"{dip}_in", "crossing", f"{dip}_a"), (f"{dip}_low", f"{dip}_a", f"{dip}_b")]
    order = list(nodes)
    _record(
        folder,
        tick_s=10.0,
        signals={"mode:crossing": np.zeros(ticks), "mode:market": np.zeros(ticks)},
        actuators=[("crossing", "signal"), ("market", "signal")],
        fields={"queue": ("veh", ["main_0", "side_0"], queue)},
        picture={
            "nodes": {
                "name": order,
                "x": [nodes[n][0] for n in order],
                "y": [nodes[n][1] for n in order],
            },
            "links": {
                "name": [link[0] for link in links],
                "from": [order.index(link[1]) for link in links],
                "to": [order.index(link[2]) for link in links],
                "vertices": [[] for _ in links],
            },
            "signals": [{"name": n, "x": nodes[n][0], "y": nodes[n][1]} for n in order[:2]],
        },
    )


def _station(folder: Path, town: Town, waiting: float) -> None:
    ticks = 2 * town.periods
    wave = np.abs(np.sin(np.arange(ticks) / 7.0))
    _record(
        folder,
        tick_s=30.0,
        signals={
            "queue_up:platform": waiting * wave,
            "queue_down:platform": 2.0 * wave,
            "outside:A": np.zeros(ticks),
            "direction:E1": np.where(np.arange(ticks) < ticks // 2, 1.0, -1.0),
        },
        actuators=[("E1", "escalator")],
        fields={},
        picture={},
    )
