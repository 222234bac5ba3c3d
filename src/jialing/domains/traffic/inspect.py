"""What should an engineer be shown of a road network before its signals are controlled?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from jialing.domains.traffic import notes
from jialing.domains.traffic.junction import Junction, Programme, Right
from jialing.domains.traffic.model import Roads, read_roads
from jialing.domains.traffic.proof import prove
from jialing.domains.traffic.settings import TrafficSettings

Document = dict[str, Any]
MOST_JUNCTIONS = 40  # `--json` lists all
MOST_ALIKE = 3
KMH = 3.6
TURNS = {
    "s": "straight",
    "l": "left",
    "r": "right",
    "t": "turnaround",
    "L": "half left",
    "R": "half right",
    "p": "on foot",
}


def inspect_file(
    path: str | Path, *, routes: Sequence[Path] = (), **settings: Any
) -> tuple[Document, list[str]]:
    """What a network or a `.sumocfg` holds, as a JSON-ready document and as lines for people.

    Parameters
    ----------
    routes : route files that drive on it, checked against the network
    settings : other fields of `TrafficSettings`

    Raises InputError if a file cannot be understood, or the routes do not fit.
    """
    chosen = TrafficSettings(routes=tuple(routes), **settings)
    document = describe(read_roads(path, chosen), chosen)
    return document, list(render(document))


def describe(roads: Roads, settings: TrafficSettings) -> Document:
    """Everything worth knowing about the signals of `roads`, JSON-ready, in SI."""
    net, scenario = roads.net, roads.scenario
    streets = [edge for edge in net.edges.values() if not edge.function]
    proofs = [prove(junction, settings.yellow_s) for junction in roads.junctions]
    skipped = (*roads.skipped, *notes.of_guard(net, roads.junctions, proofs, settings))
    return {
        "file": str(scenario.path),
        "network": str(scenario.net),
        "routes": [str(path) for path in settings.routes or scenario.routes],
        "additional": [str(path) for path in scenario.additional],
        "begin_s": scenario.begin_s,
        "end_s": scenario.end_s,
        "step_s": scenario.step_s,
        "counts": {
            "signals": len(roads.junctions),
            "nodes": sum(node.kind != "internal" for node in net.nodes.values()),
            "streets": len(streets),
            "lanes": sum(len(edge.lanes) for edge in streets),
        },
        "length_m": sum(
            net.lanes[edge.lanes[min(edge.lanes)]].length_m for edge in streets if edge.lanes
        ),
        "junctions": [_junction(junction, roads) for junction in roads.junctions],
        "joined": sorted(
            {
                tuple(roads.junctions[i].name for i in junction.joined)
                for junction in roads.junctions
                if len(junction.joined) > 1
            }
        ),
        "skipped": [asdict(each) for each in skipped],
    }


def _junction(junction: Junction, roads: Roads) -> Document:
    others = range(junction.movements)
    return {
        "name": junction.name,
        "nodes": list(junction.nodes),
        "line": roads.net.programmes[junction.name][-1].line,
        "lanes": [
            {"name": name, "length_m": float(length_m), "speed_mps": float(speed)}
            for name, length_m, speed in zip(
                junction.lanes, junction.lane_length_m, junction.lane_speed_mps, strict=True
            )
        ],
        "movements": [
            {
                "link": int(junction.links[m]),
                "turn": TURNS[junction.turn[m]],
                "from": _name(junction.lanes, int(junction.lane_of[m])),
                "to": _name(junction.outs, int(junction.out_of[m])),
                "across_m": float(junction.via_length_m[m]),
                "yields_to": [int(junction.links[k]) for k in others if junction.yields_to[m, k]],
                "conflicts": [int(junction.links[k]) for k in others if junction.conflicts[m, k]],
                "green_in": np.flatnonzero(junction.rights[:, m] > Right.RED).tolist(),
            }
            for m in others
        ],
        "modes": [
            {
                "state": state,
                "min_green_s": float(junction.min_green_s[k]),
                "max_green_s": _finite(float(junction.max_green_s[k])),
                "intergreen_s": (junction.yellow_s[k] + junction.all_red_s[k]).tolist(),
                "yellow_s": junction.yellow_s[k].tolist(),
            }
            for k, state in enumerate(junction.modes)
        ],
        "programmes": [_programme(each) for each in junction.programmes],
        "joined_with": [
            roads.junctions[i].name
            for i in junction.joined
            if roads.junctions[i].name != junction.name
        ],
        "fed_by": _fed_by(junction, roads),
    }


def _name(names: tuple[str, ...], at: int) -> str | None:
    return names[at] if at >= 0 else None


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _programme(programme: Programme) -> Document:
    return {
        "name": programme.name,
        "kind": programme.kind,
        "offset_s": programme.offset_s,
        "cycle_s": programme.cycle_s,
        "phases": len(programme.phases),
    }


def _fed_by(junction: Junction, roads: Roads) -> list[Document]:
    """Upstream signals, each with the shortest way from stop line to stop line."""
    nearest: dict[str, float] = {}
    for feed in junction.feeds:
        name = roads.junctions[feed.junction].name
        nearest[name] = min(nearest.get(name, np.inf), feed.distance_m)
    return [{"name": n, "distance_m": d} for n, d in sorted(nearest.items(), key=lambda i: i[1])]


def render(document: Document) -> Iterator[str]:
    """The document as lines."""
    counts = document["counts"]
    yield document["file"]
    yield (
        f"  {', '.join(_many(count, word[:-1]) for word, count in counts.items())}, "
        f"{document['length_m'] / 1000.0:.1f} km of street"
    )
    if document["routes"]:
        until = "the last vehicle" if document["end_s"] is None else f"{document['end_s']:g} s"
        names = ", ".join(Path(path).name for path in document["routes"])
        yield f"  traffic from {names}, {document['begin_s']:g} s to {until}"
    else:
        yield "  no traffic: give a .sumocfg, or routes with --routes X.rou.xml"
    for junction in document["junctions"][:MOST_JUNCTIONS]:
        yield from _junction_lines(junction)
    if len(document["junctions"]) > MOST_JUNCTIONS:
        yield ""
        yield f"… and {len(document['junctions']) - MOST_JUNCTIONS} more signals; --json lists all"
    if document["joined"]:
        yield ""
        yield "Decided together, nearer to each other than a platoon's length"
        for names in document["joined"]:
            yield f"  {', '.join(names)}"
    yield from _skipped_lines(document["skipped"])


def _junction_lines(junction: Document) -> Iterator[str]:
    moves, programme = junction["movements"], junction["programmes"][0]
    turns = Counter(move["turn"] for move in moves)
    crossings = turns.pop("on foot", 0)
    yield ""
    yield (
        f"{junction['name']}  (line {junction['line']}): "
        f"{_many(len(junction['lanes']), 'lane')} in, {_many(len(moves) - crossings, 'movement')}"
        + (f", {_many(crossings, 'pedestrian crossing')}" if crossings else "")
        + f", {_many(sum(len(move['conflicts']) for move in moves) // 2, 'conflict')}"
    )
    yield f"  {', '.join(f'{count} {turn}' for turn, count in turns.items())}"
    for number, mode in enumerate(junction["modes"]):
        longest = mode["max_green_s"]
        stay = f"{mode['min_green_s']:g}–{'∞' if longest is None else f'{longest:g}'} s"
        change = [t for k, t in enumerate(mode["intergreen_s"]) if k != number]
        spread = f"{_range(min(change), max(change))} s to change" if change else "no other mode"
        yield f"  mode {number}  {mode['state']}  {stay}, {spread}"
    yield (
        f"  programme {programme['name']} ({programme['kind']}): cycle {programme['cycle_s']:g} s, "
        f"offset {programme['offset_s']:g} s"
        + "".join(f"; also {other['name']}" for other in junction["programmes"][1:])
    )
    if junction["fed_by"]:
        near = [f"{each['name']} {each['distance_m']:.0f} m" for each in junction["fed_by"][:4]]
        more = len(junction["fed_by"]) - len(near)
        yield f"  fed by {', '.join(near)}" + (f" and {more} more" if more else "")


def _range(low: float, high: float) -> str:
    return f"{low:.3g}" if low == high else f"{low:.3g}–{high:.3g}"


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"


def _skipped_lines(skipped: list[Document]) -> Iterator[str]:
    """What is not used; alike notes are counted, not repeated, save on signals left uncontrolled."""
    if not skipped:
        return
    yield ""
    yield f"Not used, or not as one might expect ({len(skipped)})"
    wording = [
        each["element"] if each["uncontrolled"] else _wording(each["why"]) for each in skipped
    ]
    totals, shown = Counter(wording), Counter[str]()
    for each, words in zip(skipped, wording, strict=True):
        shown[words] += 1
        if shown[words] > MOST_ALIKE:
            continue
        more = totals[words] - MOST_ALIKE
        tail = f" (and {more} more like this)" if shown[words] == MOST_ALIKE and more > 0 else ""
        line = f", line {each['line']}" if each["line"] else ""
        yield f"  {each['element']}{line}: {each['why']}{tail}"


def _wording(text: str) -> str:
    """A note without its names and numbers, to count those that say the same."""
    return re.sub(r"'[^']*'|\d[\d.,]*( and \d+ more)?|(?<=: ).*", "#", re.sub(r", \d+", "", text))
