"""What does the report show of a road network? Streets, signals, queues and the modes shown."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from jialing.domains.traffic.corridor import told
from jialing.domains.traffic.model import Roads
from jialing.domains.traffic.network import Edge, NetworkFile, Point

MARK_M = 12.0  # a lane's queue is drawn this far before its stop line [m]


def picture(roads: Roads) -> dict[str, Any]:
    """Nodes, links, panels and signals for the report, JSON-ready.

    Nodes are the road junctions and, by the lane's id, one point before each signalised stop line:
    there the lane's queue is drawn. Links are the streets.
    """
    net = roads.net
    nodes = [node for node in net.nodes.values() if node.kind != "internal"]
    signalised = {name: j.name for j in roads.junctions for name in j.nodes}
    lanes = [lane for junction in roads.junctions for lane in junction.lanes]
    marks = [_before_end(net.lanes[lane].shape, MARK_M) for lane in lanes]
    place = {node.name: i for i, node in enumerate(nodes)}
    streets = [e for e in net.edges.values() if not e.function and e.tail in place]
    streets = [edge for edge in streets if edge.head in place]
    return {
        "nodes": {
            "name": [*(node.name for node in nodes), *lanes],
            "x": [*(node.x for node in nodes), *(None if m is None else m[0] for m in marks)],
            "y": [*(node.y for node in nodes), *(None if m is None else m[1] for m in marks)],
            "kind": [
                *("signal" if node.name in signalised else "junction" for node in nodes),
                *("lane" for _ in lanes),
            ],
        },
        "links": {
            "name": [edge.name for edge in streets],
            "from": [place[edge.tail] for edge in streets],
            "to": [place[edge.head] for edge in streets],
            "kind": ["street" for _ in streets],
            "vertices": [[[x, y] for x, y in _bends(net, edge)] for edge in streets],
        },
        "signals": [
            {"name": j.name, "modes": list(j.modes), "x": j.x, "y": j.y} for j in roads.junctions
        ],
        "panels": _panels(roads),
        "map": {"field": "queue", "unit": "veh", "value": "mean"},
        "corridor": told(roads.junctions),
    }


def _panels(roads: Roads) -> list[dict[str, Any]]:
    lanes = [lane for junction in roads.junctions for lane in junction.lanes]
    walks = [
        f"waiting:{junction.name}/{link}"
        for junction in roads.junctions
        for link in np.unique(junction.links[junction.pedestrian]).tolist()
    ]
    rows = (
        ("Queue", "veh", "line", [f"queue:{lane}" for lane in lanes]),
        ("Vehicles seen", "veh", "line", [f"count:{lane}" for lane in lanes]),
        ("Mode shown", "", "modes", [f"setting:{junction.name}" for junction in roads.junctions]),
        ("People who wait to cross", "people", "line", walks),
    )
    return [
        {"title": title, "unit": unit, "factor": 1.0, "style": style, "signals": signals}
        for title, unit, style, signals in rows
        if signals
    ]


def _bends(net: NetworkFile, edge: Edge) -> tuple[Point, ...]:
    """Where an edge's line runs between its nodes: its own shape, else that of its middle lane."""
    if edge.shape:
        return edge.shape
    lanes = [edge.lanes[index] for index in sorted(edge.lanes)]
    return net.lanes[lanes[len(lanes) // 2]].shape if lanes else ()


def _before_end(shape: tuple[Point, ...], distance_m: float) -> Point | None:
    """The point that lies `distance_m` before the end of a line, or its middle if it is shorter."""
    legs = [float(np.hypot(b[0] - a[0], b[1] - a[1])) for a, b in pairwise(shape)]
    if not legs:
        return shape[0] if shape else None
    left_m = min(distance_m, sum(legs) / 2.0)
    for (a, b), leg_m in zip(reversed(list(pairwise(shape))), reversed(legs), strict=True):
        if left_m <= leg_m and leg_m > 0.0:
            share = left_m / leg_m
            return (b[0] + share * (a[0] - b[0]), b[1] + share * (a[1] - b[1]))
        left_m -= leg_m
    return shape[0]
