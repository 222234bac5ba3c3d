"""Which ways lead through a network of streets, and how long do they take?"""

from __future__ import annotations

import heapq
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Link:
    """One signal link or turn: from an edge to an edge. `signal` -1: not signalised."""

    to: str
    junction: str
    signal: int
    turn: str


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Edges of a network and the turns between them.

    Attributes
    ----------
    length_m, speed_mps, lanes, ends, begins : by edge; `ends` and `begins` are junctions
    turns : edge -> its links, one for each pair of lanes
    """

    length_m: Mapping[str, float]
    speed_mps: Mapping[str, float]
    lanes: Mapping[str, int]
    begins: Mapping[str, str]
    ends: Mapping[str, str]
    turns: Mapping[str, Sequence[Link]]

    def out_of(self, place: str) -> list[str]:
        return [edge for edge, begin in self.begins.items() if begin == place]

    def into(self, place: str) -> list[str]:
        return [edge for edge, end in self.ends.items() if end == place]

    def reached_from(self, start: str) -> set[str]:
        """The edge itself, and all that a vehicle on it can drive to."""
        found, open_ = {start}, [start]
        while open_:
            new = {link.to for link in self.turns[open_.pop()]} - found
            found |= new
            open_ += new
        return found


def read_graph(net: str) -> Graph:
    """The graph of a network file's text."""
    root = ET.fromstring(net)  # noqa: S314 - our own text, written a moment ago
    length, speed, lanes, begins, ends = {}, {}, {}, {}, {}
    for edge in root.iter("edge"):
        if edge.get("function"):
            continue
        name, first = edge.attrib["id"], edge.find("lane")
        if first is None:
            continue
        length[name] = float(first.attrib["length"])
        speed[name] = float(first.attrib["speed"])
        lanes[name] = len(edge.findall("lane"))
        begins[name], ends[name] = edge.attrib["from"], edge.attrib["to"]
    turns: dict[str, list[Link]] = {name: [] for name in length}
    for each in root.iter("connection"):
        if each.attrib["from"] in length and each.attrib["to"] in length:
            turns[each.attrib["from"]].append(
                Link(
                    to=each.attrib["to"],
                    junction=each.get("tl", ""),
                    signal=int(each.get("linkIndex", "-1")),
                    turn=each.attrib["dir"],
                )
            )
    return Graph(
        length_m=length, speed_mps=speed, lanes=lanes, begins=begins, ends=ends, turns=turns
    )


def fastest(
    graph: Graph, start: str, cost_s: Mapping[str, float], targets: Iterable[str]
) -> dict[str, list[str]]:
    """Fastest chain of edges from `start` to each target that can be reached (Dijkstra 1959)."""
    best = {start: 0.0}
    before: dict[str, str] = {}
    queue = [(0.0, start)]
    done: set[str] = set()
    while queue:
        so_far, edge = heapq.heappop(queue)
        if edge in done:
            continue
        done.add(edge)
        for link in graph.turns[edge]:
            total = so_far + cost_s[link.to] + (6.0 if link.turn in "lL" else 0.0)
            if total < best.get(link.to, 1e18):
                best[link.to], before[link.to] = total, edge
                heapq.heappush(queue, (total, link.to))
    found = {}
    for target in targets:
        if target in best:
            chain = [target]
            while chain[-1] != start:
                chain.append(before[chain[-1]])
            found[target] = chain[::-1]
    return found
