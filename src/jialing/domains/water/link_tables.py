"""How do links that have been read become flat tables?"""

from __future__ import annotations

import math

import numpy as np

from jialing.core.signal import FloatArray
from jialing.domains.water.cells import Names
from jialing.domains.water.inp import InpFile, Notice
from jialing.domains.water.link_draft import LinkReader
from jialing.domains.water.links import REGULATORS, Links
from jialing.domains.water.nodes import read_points


def _read_vertices(
    inp: InpFile, names: Names, notices: list[Notice]
) -> dict[int, list[tuple[float, float]]]:
    found: dict[int, list[tuple[float, float]]] = {}
    for at, point in read_points(inp, "VERTICES", names, notices):
        found.setdefault(at, []).append(point)
    return found


def link_tables(reader: LinkReader, names: Names) -> Links:
    links = reader.links

    def column(values: list[float]) -> FloatArray:
        return np.array(values, dtype=np.float64)

    sections = [link.section for link in links]
    return Links(
        names=tuple(names.names),
        kind=np.array([link.kind for link in links], dtype=np.int8),
        from_node=np.array([link.ends[0] for link in links], dtype=np.int64),
        to_node=np.array([link.ends[1] for link in links], dtype=np.int64),
        offset_from_m=column([link.offset[0] for link in links]),
        offset_to_m=column([link.offset[1] for link in links]),
        length_m=column([link.length for link in links]),
        roughness=column([link.roughness for link in links]),
        slope=column([link.slope for link in links]),
        barrels=np.array([link.barrels for link in links], dtype=np.int64),
        full_depth_m=column([s.height_m if s else math.nan for s in sections]),
        full_area_m2=column(
            [s.area_m2 * k.barrels if s else math.nan for s, k in zip(sections, links, strict=True)]
        ),
        full_flow_m3s=column([link.full_flow for link in links]),
        flow_limit_m3s=column([link.limit for link in links]),
        discharge_coefficient=column([link.coefficient for link in links]),
        side=np.array([link.side for link in links], dtype=np.bool_),
        crest_height_m=column(
            [link.offset[0] if link.kind in REGULATORS else math.nan for link in links]
        ),
        width_m=column([s.width_m if s else math.nan for s in sections]),
        has_flap=np.array([link.flap for link in links], dtype=np.bool_),
        close_time_s=column([link.close_time for link in links]),
        initial_setting=column([link.setting for link in links]),
        start_depth_m=column([link.start for link in links]),
        stop_depth_m=column([link.stop for link in links]),
        line=np.array([link.row.line for link in links], dtype=np.int64),
        section_line=np.array([link.section_line for link in links], dtype=np.int64),
        sections=tuple(sections),
        pump_curve={i: k.pump for i, k in enumerate(links) if k.pump is not None},
        weirs={i: k.weir for i, k in enumerate(links) if k.weir is not None},
        outlets={i: k.outlet for i, k in enumerate(links) if k.outlet is not None},
        vertices=_read_vertices(reader.inp, names, reader.notices),
    )
