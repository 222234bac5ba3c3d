"""What the report needs to draw a drainage network: coordinates, lines, panels."""

from __future__ import annotations

from typing import Any

import numpy as np

from jialing.domains.water.layout import Layout
from jialing.domains.water.model import LinkKind, NodeKind

M_S_TO_MM_H = 3.6e6
MOST_LINES = 12  # more lines in one panel cannot be told apart


def picture(layout: Layout) -> dict[str, Any]:
    """Nodes, links and panels, JSON-ready. A node without coordinates is left at None."""
    model = layout.model
    nodes, links = model.nodes, model.links
    return {
        "nodes": {
            "name": list(nodes.names),
            "x": [None if np.isnan(v) else float(v) for v in nodes.x],
            "y": [None if np.isnan(v) else float(v) for v in nodes.y],
            "kind": [NodeKind(int(k)).name.lower() for k in nodes.kind],
        },
        "links": {
            "name": list(links.names),
            "from": links.from_node.tolist(),
            "to": links.to_node.tolist(),
            "kind": [LinkKind(int(k)).name.lower() for k in links.kind],
            "vertices": [
                [[float(x), float(y)] for x, y in links.vertices.get(i, [])]
                for i in range(len(links.names))
            ],
        },
        "panels": _panels(layout),
        "map": {"fields": ["flooding", "overflow"], "unit": "m³", "elements_are": "nodes"},
    }


def _panels(layout: Layout) -> list[dict[str, Any]]:
    nodes, links = layout.model.nodes, layout.model.links
    levels = [i for i in layout.level_nodes if nodes.kind[i] == NodeKind.STORAGE]
    upstream = {int(links.from_node[i]) for i in layout.actuator_links}
    levels.sort(key=lambda i: (i not in upstream, i))
    spills = (*layout.overflow_outfalls, *layout.spill_nodes)
    rows = (
        ("Rain", "mm/h", M_S_TO_MM_H, "bars_down", [f"rain:{g}" for g in layout.gage_names]),
        ("Level", "m", 1.0, "line", [f"depth:{nodes.names[i]}" for i in levels]),
        ("Flow", "m³/s", 1.0, "line", [f"flow:{links.names[i]}" for i in layout.flow_links]),
        ("Setting", "1", 1.0, "step", [f"setting:{a.name}" for a in layout.actuators]),
        ("Spill", "m³/s", 1.0, "line", [f"spill:{nodes.names[i]}" for i in spills]),
    )
    return [
        {
            "title": title,
            "unit": unit,
            "factor": factor,
            "style": style,
            "signals": signals[:MOST_LINES],
        }
        for title, unit, factor, style, signals in rows
        if signals
    ]
