"""How much water stands behind a store when it stands level with it?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jialing.core.network import OUTSIDE, IntArray
from jialing.core.signal import FloatArray
from jialing.domains.water.links import LinkKind
from jialing.domains.water.model import WaterModel
from jialing.domains.water.nodes import NodeKind

DEPTH_POINTS = 33
MANHOLE_M2 = 1.167  # surface SWMM gives a node under dynamic waves by default, 12.566 ft² [m²]


def pool_contents(
    model: WaterModel, stores: NDArray[np.int64], pool: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Depths up to the spill level and contents at them, [stores, points] each [m], [m³].

    Parameters
    ----------
    stores : node indices
    pool : [nodes] store reached over conduits alone, or OUTSIDE
    """
    nodes, links = model.nodes, model.links
    deepest = np.maximum(nodes.max_depth_m[stores], 1e-3)
    depth = deepest[:, None] * np.linspace(0.0, 1.0, DEPTH_POINTS)
    content = np.zeros_like(depth)
    for row, node in enumerate(stores.tolist()):
        storage = nodes.storages.get(node)
        if storage:
            content[row] = [storage.volume(d) for d in depth[row]]
        else:
            content[row] = MANHOLE_M2 * depth[row]
    if model.options.routing != "DYNWAVE":
        return depth, content
    conduits = np.flatnonzero(
        (links.kind == LinkKind.CONDUIT) & np.isfinite(links.full_flow_m3s) & (links.length_m > 0)
    )
    row_of = pool[links.to_node[conduits]]
    conduits, row_of = conduits[row_of != OUTSIDE], row_of[row_of != OUTSIDE]
    level = nodes.invert_m[stores][row_of][:, None] + depth[row_of]
    level = np.minimum(level, _lowest_rim(model, stores, pool)[row_of][:, None])
    ends = (
        nodes.invert_m[links.from_node[conduits]] + links.offset_from_m[conduits],
        nodes.invert_m[links.to_node[conduits]] + links.offset_to_m[conduits],
    )
    volume = links.full_area_m2[conduits] * links.length_m[conduits]
    held = np.zeros_like(level)
    for weight, part in ((1.0, 0.0), (4.0, 0.5), (1.0, 1.0)):  # Simpson's rule along the conduit
        bottom = ends[0] * (1.0 - part) + ends[1] * part
        held += weight / 6.0 * _filled(model, conduits, level - bottom[:, None])
    np.add.at(content, row_of, held * volume[:, None])
    return depth, content


def _lowest_rim(model: WaterModel, stores: NDArray[np.int64], pool: IntArray) -> FloatArray:
    """[stores] level at which the lowest manhole on a store's pool floods [m above datum]."""
    nodes = model.nodes
    rim = nodes.invert_m + nodes.max_depth_m
    lowest = rim[stores].copy()
    inside = (pool != OUTSIDE) & (nodes.kind != NodeKind.OUTFALL)
    inside[inside] = nodes.invert_m[inside] < rim[stores][pool[inside]]
    np.minimum.at(lowest, pool[inside], rim[inside])
    return lowest


def _filled(model: WaterModel, conduits: NDArray[np.int64], depth: FloatArray) -> FloatArray:
    """[conduits, points] part of the full area below a depth [1]."""
    sections = model.links.sections
    height = np.maximum(model.links.full_depth_m[conduits], 1e-6)
    part = np.clip(depth / height[:, None], 0.0, 1.0)
    profiles: dict[int, int] = {}
    tables: list[FloatArray] = []
    kind = np.zeros(len(conduits), dtype=np.int64)
    for row, link in enumerate(conduits.tolist()):
        section = sections[link]
        if section is None:
            continue
        key = id(section.profile)
        if key not in profiles:
            profiles[key] = len(tables)
            tables.append(section.profile)
        kind[row] = profiles[key]
    out = np.zeros_like(part)
    for number, table in enumerate(tables):
        rows = kind == number
        out[rows] = np.interp(part[rows], np.linspace(0.0, 1.0, len(table)), table)
    return out
