"""Which fixed programme runs at each junction today?"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Final

from jialing.city.draw.graph import Graph
from jialing.city.draw.tables import Atlas

GREEN: Final = frozenset("Gg")
HELD_BACK: Final = 1.6  # a permitted left turn loads a lane this much more; HCM: 1.1 ... 5 by flow


def set_programmes(
    net: str,
    atlas: Atlas,
    graph: Graph,
    turning: Mapping[tuple[str, str], float],
    table: Mapping[str, Any],
) -> str:
    """The network with splits that suit the whole day, and offsets along corridors.

    The plan is one for all hours: flows of both directions are put together, so that it suits
    neither the morning's nor the evening's tide, as plans do that nobody retimes.

    Green times share the cycle in proportion to the largest flow per lane of each phase.
    Source: Webster (1958), Traffic signal settings, Road Research Technical Paper 39.
    """
    root = ET.fromstring(net)  # noqa: S314 - our own text, written a moment ago
    flows = _lane_flows(graph, _of_the_day(turning))
    offsets = _offsets(atlas, graph, table)
    for logic in root.iter("tlLogic"):
        name = logic.attrib["id"]
        phases = logic.findall("phase")
        greens = [i for i, phase in enumerate(phases) if _is_green(phase.attrib["state"])]
        lost = sum(float(p.attrib["duration"]) for i, p in enumerate(phases) if i not in greens)
        least = float(table["least_green_s"])
        loads = [_load(phases[i].attrib["state"], flows[name]) for i in greens]
        spare = table["cycle_s"] - lost - least * len(greens)
        total = sum(loads) or 1.0
        shares = [least + spare * load / total for load in loads]
        whole = [int(share) for share in shares]
        whole[loads.index(max(loads))] += round(table["cycle_s"] - lost) - sum(whole)
        for i, seconds in zip(greens, whole, strict=True):
            phases[i].set("duration", str(seconds))
        net = _replaced(net, name, offsets.get(name, 0), [p.attrib for p in phases])
    return net


def _of_the_day(turning: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Mean of each turn and the same turn the other way."""
    found: dict[tuple[str, str], float] = defaultdict(float)
    for (a, b), flow in turning.items():
        found[a, b] += 0.5 * flow
        found[_back(b), _back(a)] += 0.5 * flow
    return found


def _back(edge: str) -> str:
    return edge[1:] if edge.startswith("-") else f"-{edge}"


def _is_green(state: str) -> bool:
    return "y" not in state and any(letter in GREEN for letter in state)


def _load(state: str, flows: Mapping[int, float]) -> float:
    """Largest flow per lane that a phase lets go [veh/h]; a little for phases without any."""
    return max([flows[i] for i, letter in enumerate(state) if letter in GREEN], default=0.0) + 40.0


def _lane_flows(
    graph: Graph, turning: Mapping[tuple[str, str], float]
) -> dict[str, dict[int, float]]:
    """Junction -> signal link -> flow per lane of the approach it stands at [veh/h]."""
    found: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for edge, links in graph.turns.items():
        per_turn = Counter(link.to for link in links)
        flow = sum(
            turning.get((edge, to), 0.0) * (HELD_BACK if _left(links, to) else 1.0)
            for to in per_turn
        )
        for link in links:
            if link.signal >= 0:
                found[link.junction][link.signal] = flow / graph.lanes[edge]
    return found


def _left(links: Any, to: str) -> bool:
    return any(link.to == to and link.turn in "lL" for link in links)


def _offsets(atlas: Atlas, graph: Graph, table: Mapping[str, Any]) -> dict[str, int]:
    """Begin of the cycle along each corridor, later by the travel time; the first corridor wins."""
    found: dict[str, int] = {}
    for street in atlas.streets.values():
        if street.kind != "corridor":
            continue
        clock = 0.0
        for i, place in enumerate(street.via.split()):
            if i:
                edge = f"{street.id}_{i}"
                clock += graph.length_m[edge] / graph.speed_mps[edge]
            found.setdefault(place, round(clock) % int(table["cycle_s"]))
    return found


def _replaced(net: str, name: str, offset: int, phases: list[dict[str, str]]) -> str:
    """The text of the network with one programme rewritten."""
    lines = [
        f'    <tlLogic id="{name}" type="static" programID="0" offset="{offset}">',
        *(f'        <phase duration="{p["duration"]}" state="{p["state"]}"/>' for p in phases),
        "    </tlLogic>",
    ]
    pattern = rf'    <tlLogic id="{re.escape(name)}".*?</tlLogic>'
    return re.sub(pattern, "\n".join(lines), net, count=1, flags=re.DOTALL)
