"""How do the rows of a SWMM file become links?

What SWMM corrects when it opens a file (offsets below the invert, crests below the next invert,
least slopes, depths below a crown) is corrected here in the same way, with the same warnings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from jialing.core.units import FOOT_M
from jialing.domains.water.cells import Cells, Names, check_unique, fold
from jialing.domains.water.curves import Curves
from jialing.domains.water.inp import InpFile, Notice, Row
from jialing.domains.water.links import (
    SECTION_OF_KIND,
    WEIR_KINDS,
    LinkKind,
    Links,
    Outlet,
    PumpCurve,
    Weir,
)
from jialing.domains.water.nodes import NodeKind, Nodes
from jialing.domains.water.options import Options
from jialing.domains.water.shapes import SHAPES, CrossSection, plain_section
from jialing.domains.water.transects import (
    Channel,
    Channels,
    custom_section,
    read_streets,
    read_transects,
)

MIN_DROP_M = 0.001 * FOOT_M  # least fall of a conduit [MIN_DELTA_Z of SWMM 5.2]
_REGULATORS = (LinkKind.ORIFICE, LinkKind.WEIR, LinkKind.OUTLET)
_WEIR_SECTIONS = {"V-NOTCH": "TRIANGULAR", "TRAPEZOIDAL": "TRAPEZOIDAL"}  # others: RECT_OPEN
_SIDE_VIEW = "name, from node, to node"


@dataclass(kw_only=True)
class _Link:
    """One link while it is read, in SI."""

    kind: LinkKind
    row: Row
    ends: tuple[int, int]
    offset: tuple[float, float] = (0.0, 0.0)
    length: float = math.nan
    roughness: float = math.nan
    limit: float = math.inf
    coefficient: float = math.nan
    side: bool = False
    flap: bool = False
    close_time: float = 0.0
    setting: float = 1.0
    start: float = math.nan
    stop: float = math.nan
    slope: float = math.nan
    barrels: int = 1
    full_flow: float = math.nan
    section: CrossSection | None = None
    section_line: int = 0
    channel: Channel | None = None
    pump: PumpCurve | None = None
    weir: Weir | None = None
    outlet: Outlet | None = None


@dataclass(kw_only=True)
class _Reader:
    """What every row needs to be understood."""

    inp: InpFile
    options: Options
    nodes: Nodes
    curves: Curves
    notices: list[Notice]
    cells: dict[LinkKind, Cells]
    links: list[_Link] = field(default_factory=list)
    lifted: dict[int, float] = field(default_factory=dict)


def read_links(
    inp: InpFile, options: Options, nodes: Nodes, curves: Curves, notices: list[Notice]
) -> tuple[Links, Nodes]:
    """All links of `inp`, and the nodes with the depths that SWMM gives them."""
    rows = sorted(
        ((row, kind) for kind, name in SECTION_OF_KIND.items() for row in inp.rows(name)),
        key=lambda entry: entry[0].line,
    )
    cells = {kind: Cells(inp.path, name) for kind, name in SECTION_OF_KIND.items()}
    check_unique(
        {name: Cells(inp.path, name) for name in SECTION_OF_KIND.values()},
        "link",
        ((SECTION_OF_KIND[kind], row) for row, kind in rows),
    )
    reader = _Reader(
        inp=inp, options=options, nodes=nodes, curves=curves, notices=notices, cells=cells
    )
    make = {
        LinkKind.CONDUIT: _conduit,
        LinkKind.PUMP: _pump,
        LinkKind.ORIFICE: _orifice,
        LinkKind.WEIR: _weir,
        LinkKind.OUTLET: _outlet,
    }
    for row, kind in rows:
        cells[kind].need(row, 3, _SIDE_VIEW)
        ends = (
            nodes.lookup.get(cells[kind], row, 1, "leaves"),
            nodes.lookup.get(cells[kind], row, 2, "discharges into"),
        )
        link = _Link(kind=kind, row=row, ends=ends)
        make[kind](reader, link)
        reader.links.append(link)
    names = Names("link", tuple(row.tokens[0] for row, _ in rows))
    _read_sections(reader, names)
    _read_losses(reader, names)
    for link in reader.links:
        _settle(reader, link)
    return _tables(reader, names), replace(nodes, max_depth_m=_depths(reader))


def _offset(reader: _Reader, link: _Link, at: int, node: int) -> float:
    """Height above the node's invert [m], from a cell that is a depth or an elevation."""
    cells, options = reader.cells[link.kind], reader.options
    if options.offsets_are_elevations and at < len(link.row.tokens):
        if link.row.tokens[at].startswith("*"):
            return 0.0
        level = cells.number(link.row, at, "offset") * options.length_factor
        height = level - float(reader.nodes.invert_m[node])
    else:
        height = cells.number(link.row, at, "offset") * options.length_factor
    if height < 0.0:
        if height < -MIN_DROP_M:
            reader.notices.append(
                Notice(
                    link.row.line,
                    f"[{cells.section}] {link.row.tokens[0]} lies {-height:.3f} m below the bottom "
                    f"of node {reader.nodes.names[node]!r}; SWMM puts it on the bottom",
                )
            )
        return 0.0
    return height


def _conduit(reader: _Reader, link: _Link) -> None:
    cells, row, options = reader.cells[link.kind], link.row, reader.options
    cells.need(row, 7, f"{_SIDE_VIEW}, length, roughness, offset at start, offset at end")
    link.length = cells.number(row, 3, "length", above=0.0) * options.length_factor
    link.roughness = cells.number(row, 4, "roughness")
    link.offset = (
        _offset(reader, link, 5, link.ends[0]),
        _offset(reader, link, 6, link.ends[1]),
    )
    cells.number(row, 7, "initial flow", default=0.0)
    link.limit = cells.number(row, 8, "largest flow", default=0.0) * options.flow_factor or math.inf


def _pump(reader: _Reader, link: _Link) -> None:
    cells, row, options = reader.cells[link.kind], link.row, reader.options
    name = row.tokens[3] if len(row.tokens) > 3 else "*"
    if name in ("*", ""):
        empty = np.empty(0)
        link.pump = PumpCurve(name="", kind="IDEAL", x=empty, y=empty)
    else:
        curve = reader.curves.curves[reader.curves.names.get(cells, row, 3, "follows")]
        if not curve.kind.startswith("PUMP"):
            raise cells.error(
                row.line,
                f"{row.tokens[0]} follows curve {curve.name!r} of type {curve.kind} (line "
                f"{curve.line}); a pump needs a curve of type PUMP1 to PUMP5.",
            )
        per_x = options.length_factor ** (3 if curve.kind == "PUMP1" else 1)
        link.pump = PumpCurve(
            name=curve.name, kind=curve.kind, x=curve.x * per_x, y=curve.y * options.flow_factor
        )
    link.setting = (
        1.0 if cells.word(row, 4, "pump status", ("OFF", "ON"), default="ON") == "ON" else 0.0
    )
    link.start, link.stop = (
        cells.number(row, i, what, default=0.0, low=0.0) * options.length_factor
        for i, what in ((5, "startup depth"), (6, "shutoff depth"))
    )
    if link.start > 0.0 and link.start <= link.stop:
        raise cells.error(
            row.line,
            f"{row.tokens[0]} starts at depth {row.tokens[5]} but stops at {row.tokens[6]}; it must "
            "stop below where it starts.",
        )


def _orifice(reader: _Reader, link: _Link) -> None:
    cells, row = reader.cells[link.kind], link.row
    cells.need(row, 6, f"{_SIDE_VIEW}, SIDE or BOTTOM, offset, discharge coefficient")
    link.side = cells.word(row, 3, "orifice type", ("SIDE", "BOTTOM")) == "SIDE"
    height = _offset(reader, link, 4, link.ends[0])
    link.offset = (height, height)
    link.coefficient = cells.number(row, 5, "discharge coefficient", low=0.0)
    link.flap = cells.yes(row, 6, "flap gate")
    link.close_time = cells.number(row, 7, "closing time", default=0.0, low=0.0) * 3600.0


def _weir(reader: _Reader, link: _Link) -> None:
    cells, row = reader.cells[link.kind], link.row
    cells.need(row, 6, f"{_SIDE_VIEW}, weir type, crest height, discharge coefficient")
    kind = cells.word(row, 3, "weir type", WEIR_KINDS)
    height = _offset(reader, link, 4, link.ends[0])
    link.offset = (height, height)
    scale = math.sqrt(reader.options.length_factor)  # ft^0.5/s -> m^0.5/s
    link.coefficient = cells.number(row, 5, "discharge coefficient", low=0.0) * scale
    given = [text if text != "*" else "" for text in row.tokens] + [""] * 8
    filled = Row(row.line, given)
    link.flap = bool(given[6]) and cells.yes(filled, 6, "flap gate")
    x = y = np.empty(0)
    if given[12]:
        curve = reader.curves.curves[
            reader.curves.names.get(cells, filled, 12, "takes its coefficient from")
        ]
        x, y = curve.x * reader.options.length_factor, curve.y * scale
    link.weir = Weir(
        kind=kind,
        end_contractions=cells.number(filled, 7, "number of end contractions", low=0.0),
        end_coefficient=cells.number(filled, 8, "end coefficient", low=0.0) * scale,
        side_slope=0.0,
        can_surcharge=not given[9] or cells.yes(filled, 9, "surcharge"),
        curve_x=x,
        curve_y=y,
    )


def _outlet(reader: _Reader, link: _Link) -> None:
    cells, row, options = reader.cells[link.kind], link.row, reader.options
    cells.need(row, 6, f"{_SIDE_VIEW}, offset, rating type, curve or coefficient")
    height = _offset(reader, link, 3, link.ends[0])
    link.offset = (height, height)
    tabular = cells.word(row, 4, "rating type", ("TABULAR", "FUNCTIONAL")) == "TABULAR"
    coefficient, exponent, x, y, gate = 0.0, 0.0, np.empty(0), np.empty(0), 6
    if tabular:
        curve = reader.curves.curves[reader.curves.names.get(cells, row, 5, "is rated by")]
        x, y = curve.x * options.length_factor, curve.y * options.flow_factor
    else:
        cells.need(row, 7, f"{_SIDE_VIEW}, offset, FUNCTIONAL, coefficient, exponent")
        exponent, gate = cells.number(row, 6, "exponent"), 7
        coefficient = cells.number(row, 5, "coefficient") * options.flow_factor
        coefficient /= options.length_factor**exponent
    link.flap = cells.yes(row, gate, "flap gate")
    link.outlet = Outlet(
        by_head=row.tokens[4].upper().partition("/")[2].startswith("HEAD"),
        coefficient=coefficient,
        exponent=exponent,
        curve_x=x,
        curve_y=y,
    )


def _read_sections(reader: _Reader, names: Names) -> None:
    """[XSECTIONS]: one row per conduit, orifice and weir; the last row of a link counts."""
    inp, length = reader.inp, reader.options.length_factor
    cells = Cells(inp.path, "XSECTIONS")
    transects = read_transects(inp, length, reader.notices)
    streets = read_streets(inp, length)
    known: dict[tuple[str, ...], CrossSection | str] = {}
    for row in inp.rows("XSECTIONS"):
        cells.need(row, 3, "link, shape, geometry")
        link = reader.links[names.get(cells, row, 0, "shapes")]
        shape = cells.word(row, 1, "cross-section shape", SHAPES)
        link.section_line, link.barrels, link.channel = row.line, 1, None
        if shape in ("IRREGULAR", "STREET"):
            _set_channel(cells, row, link, transects if shape == "IRREGULAR" else streets)
            continue
        cells.need(row, 6, f"link, {shape} and 4 geometry values")
        key = (shape, *row.tokens[2:6])
        if key not in known:
            known[key] = _plain(reader, cells, row, shape)
        section = known[key]
        if isinstance(section, str):
            raise cells.error(row.line, f"{row.tokens[0]} is {shape}, but {section}.")
        link.section = section
        if link.kind == LinkKind.CONDUIT:
            link.barrels = int(cells.number(row, 6, "number of barrels", default=1.0))
            if link.barrels < 1:
                raise cells.error(row.line, f"{row.tokens[0]} has no barrel; give at least 1.")
    for link in reader.links:
        _check_section(reader, link)


def _plain(reader: _Reader, cells: Cells, row: Row, shape: str) -> CrossSection | str:
    if shape == "CUSTOM":
        height = cells.number(row, 2, "height", above=0.0) * reader.options.length_factor
        curve = reader.curves.curves[reader.curves.names.get(cells, row, 3, "has the shape of")]
        return custom_section(curve, height)
    values = [cells.number(row, i, "geometry value") for i in (2, 3, 4, 5)]
    return plain_section(
        shape, (values[0], values[1], values[2], values[3]), reader.options.length_factor
    )


def _set_channel(cells: Cells, row: Row, link: _Link, channels: Channels) -> None:
    channel = channels.channels[channels.names.get(cells, row, 2, "has the shape of")]
    link.channel = channel
    link.section = channel.section if channel else plain_section("DUMMY", (0, 0, 0, 0), 1.0)  # type: ignore[assignment]


def _check_section(reader: _Reader, link: _Link) -> None:
    cells, name = reader.cells[link.kind], link.row.tokens[0]
    if link.kind in (LinkKind.PUMP, LinkKind.OUTLET):
        return
    if link.section is None:
        raise cells.error(
            link.row.line,
            f"{name} has no row in [XSECTIONS]. Add one; the file may have been cut off.",
        )
    allowed: tuple[str, ...] = ()
    if link.kind == LinkKind.ORIFICE:
        allowed = ("CIRCULAR", "RECT_CLOSED")
    elif link.weir is not None:
        allowed = (_WEIR_SECTIONS.get(link.weir.kind, "RECT_OPEN"),)
        link.weir = replace(link.weir, side_slope=link.section.side_slope)
    if allowed and link.section.shape not in allowed:
        raise Cells(cells.path, "XSECTIONS").error(
            link.section_line,
            f"{name} is a {link.kind.name.lower()} and cannot be {link.section.shape}. "
            f"Allowed: {', '.join(allowed)}.",
        )


def _read_losses(reader: _Reader, names: Names) -> None:
    cells = Cells(reader.inp.path, "LOSSES")
    for row in reader.inp.rows("LOSSES"):
        cells.need(row, 4, "link, loss at entry, loss at exit, loss between")
        link = reader.links[names.get(cells, row, 0, "gives the losses of")]
        for i in (1, 2, 3):
            cells.number(row, i, "loss coefficient", low=0.0)
        link.flap = cells.yes(row, 4, "flap gate")


def _settle(reader: _Reader, link: _Link) -> None:
    """Give a link the offsets, slope and full flow that SWMM computes with."""
    nodes, options = reader.nodes, reader.options
    start, end = (float(nodes.invert_m[i]) for i in link.ends)
    if link.kind == LinkKind.CONDUIT:
        _settle_conduit(reader, link, start, end)
    elif link.kind in _REGULATORS and start + link.offset[0] < end:
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


def _settle_conduit(reader: _Reader, link: _Link, start: float, end: float) -> None:
    section, options = link.section, reader.options
    cells, name = reader.cells[link.kind], link.row.tokens[0]
    if section is None:
        return
    if section.shape == "DUMMY":
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

    Source: SWMM 5.2 Reference Manual vol. II, EPA/600/R-17/111, section 2.2 and 5.5.
    """
    area, radius = section.area_m2, section.radius_m
    if section.shape == "FORCE_MAIN":
        if hazen_williams:
            return float(0.849 * section.rough * area * radius**0.63 * slope**0.54)
        height_m = section.rough * (FOOT_M / 12.0 if us else 1e-3)
        friction = 0.25 / math.log10(height_m / (14.8 * radius)) ** 2
        return area * math.sqrt(8.0 * 9.80665 * radius * slope / friction)
    return float(area * radius ** (2.0 / 3.0) * math.sqrt(slope) / roughness)


def _lift(reader: _Reader, link: _Link) -> None:
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


def _depths(reader: _Reader) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
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
    return depth


def _read_vertices(
    inp: InpFile, names: Names, notices: list[Notice]
) -> dict[int, list[tuple[float, float]]]:
    cells = Cells(inp.path, "VERTICES")
    found: dict[int, list[tuple[float, float]]] = {}
    stray: list[Row] = []
    for row in inp.rows("VERTICES"):
        at = names.find(row.tokens[0])
        if at is None:
            stray.append(row)
            continue
        cells.need(row, 3, "link, x, y")
        found.setdefault(at, []).append((cells.number(row, 1, "x"), cells.number(row, 2, "y")))
    if stray:
        notices.append(
            Notice(
                stray[0].line,
                f"[VERTICES] {len({fold(r.tokens[0]) for r in stray})} names are no link, first "
                f"{stray[0].tokens[0]!r}; ignored",
            )
        )
    return found


def _tables(reader: _Reader, names: Names) -> Links:
    links = reader.links

    def column(values: list[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
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
            [link.offset[0] if link.kind in _REGULATORS else math.nan for link in links]
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
