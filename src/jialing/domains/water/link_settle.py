"""Which offsets, slopes and flows does SWMM compute with, once it has corrected a file?

What SWMM corrects when it opens a file (crests below the next invert, least slopes, depths below a
crown) is corrected here in the same way, with the same warnings.
"""

from __future__ import annotations

import math

import numpy as np

from jialing.core.signal import FloatArray
from jialing.core.units import FOOT_M
from jialing.domains.water.inp import Notice
from jialing.domains.water.link_draft import LinkDraft, LinkReader
from jialing.domains.water.links import MIN_DROP_M, REGULATORS, SECTION_OF_KIND, LinkKind
from jialing.domains.water.nodes import NodeKind
from jialing.domains.water.shapes import CrossSection


def settle(reader: LinkReader, link: LinkDraft) -> None:
    """Give a link the offsets, slope and full flow that SWMM computes with."""
    nodes, options = reader.nodes, reader.options
    start, end = (float(nodes.invert_m[i]) for i in link.ends)
    if link.kind == LinkKind.CONDUIT:
        _settle_conduit(reader, link, start, end)
    elif link.kind in REGULATORS and start + link.offset[0] < end:
        raised = options.routing == "DYNWAVE"
        reader.notices.append(
            Notice(
                link.row.line,
                f"[{SECTION_OF_KIND[link.kind]}] {link.row.tokens[0]} has its crest "
                f"{end - start - link.offset[0]:.3f} m below the bottom of the node it discharges "
                f"into{'; SWMM raises it' if raised else ''}",
            )
        )
        if raised:
            link.offset = (end - start, link.offset[1])
    _lift(reader, link)


def _settle_conduit(reader: LinkReader, link: LinkDraft, start: float, end: float) -> None:
    section, options = link.section, reader.options
    cells, name = reader.cells[link.kind], link.row.tokens[0]
    if section is None:
        return
    if section.shape == "DUMMY":
        if reader.nodes.kind[link.ends[0]] == NodeKind.STORAGE and options.routing == "DYNWAVE":
            reader.notices.append(
                Notice(
                    link.section_line,
                    f"[XSECTIONS] {name} is DUMMY and leaves a storage; SWMM stops here (error 134)",
                    refused=True,
                )
            )
        link.full_flow, link.slope = math.inf, 0.0
        return
    length, roughness = link.length, link.roughness
    if link.channel is not None:
        roughness = link.roughness = link.channel.roughness
        length /= link.channel.length_factor
        roughness *= math.sqrt(link.channel.length_factor)
    if roughness <= 0.0:
        raise cells.error(link.row.line, f"{name}: roughness is {roughness:g}; it must be above 0.")
    if section.shape == "FILLED_CIRCULAR":
        link.offset = (link.offset[0] + section.bottom_m, link.offset[1] + section.bottom_m)
    drop = start + link.offset[0] - end - link.offset[1]
    fall = max(abs(drop), MIN_DROP_M)
    slope = fall / length if fall >= length else fall / math.sqrt(length**2 - fall**2)
    if fall >= length:
        reader.notices.append(
            Notice(
                link.row.line,
                f"[CONDUITS] {name} falls {fall:.2f} m over a length of {length:.2f} m",
            )
        )
    slope = max(slope, options.min_slope)
    link.slope = math.copysign(slope, drop) if drop else slope
    link.full_flow = link.barrels * full_flow(
        section, slope, roughness, hazen_williams=options.hazen_williams, us=options.us_units
    )


def full_flow(
    section: CrossSection, slope: float, roughness: float, *, hazen_williams: bool, us: bool
) -> float:
    """Normal flow of one full conduit [m³/s].

    Manning: q = A R^(2/3) S^(1/2) / n. Force mains: Hazen-Williams, q = 0.849 C A R^0.63 S^0.54, or
    Darcy-Weisbach at full turbulence, q = A sqrt(8 g R S / f).

    Source: Rossman (2017), SWMM Reference Manual vol. II, EPA/600/R-17/111.
    """
    area, radius = section.area_m2, section.radius_m
    if section.shape == "FORCE_MAIN":
        if hazen_williams:
            return float(0.849 * section.rough * area * radius**0.63 * slope**0.54)
        height_m = section.rough * (FOOT_M / 12.0 if us else 1e-3)
        friction = 0.25 / math.log10(height_m / (14.8 * radius)) ** 2
        return area * math.sqrt(8.0 * 9.80665 * radius * slope / friction)
    return float(area * radius ** (2.0 / 3.0) * math.sqrt(slope) / roughness)


def _lift(reader: LinkReader, link: LinkDraft) -> None:
    """Note how deep the end nodes have to be to reach the crown of `link`."""
    if link.kind == LinkKind.PUMP or (link.kind == LinkKind.ORIFICE and not link.side):
        return
    height = link.section.height_m if link.section else 0.0
    ends = link.ends if link.kind == LinkKind.CONDUIT else link.ends[:1]
    for node, offset in zip(ends, link.offset, strict=False):
        if (
            reader.nodes.kind[node] != NodeKind.STORAGE or reader.nodes.surcharge_m[node] > 0.0
        ) and offset + height > reader.lifted.get(node, 0.0):
            reader.lifted[node] = offset + height


def check_initial_depths(reader: LinkReader, depth: FloatArray) -> None:
    """Note nodes that start fuller than full, at which SWMM stops."""
    nodes = reader.nodes
    for node in np.flatnonzero(nodes.initial_depth_m > depth + nodes.surcharge_m).tolist():
        reader.notices.append(
            Notice(
                int(nodes.line[node]),
                f"node {nodes.names[node]!r} starts {nodes.initial_depth_m[node]:.3f} m deep, but is "
                f"full at {depth[node]:.3f} m; SWMM stops here (error 138)",
                refused=True,
            )
        )


def raised_depths(reader: LinkReader) -> FloatArray:
    nodes = reader.nodes
    depth = nodes.max_depth_m.copy()
    for node, needed in reader.lifted.items():
        if needed > depth[node]:
            if depth[node] > 0.0:
                reader.notices.append(
                    Notice(
                        int(nodes.line[node]),
                        f"node {nodes.names[node]!r} is {depth[node]:.3f} m deep, below the crown of "
                        f"a link; SWMM takes {needed:.3f} m",
                    )
                )
            depth[node] = needed
    check_initial_depths(reader, depth)
    return depth
