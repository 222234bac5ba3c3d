"""How do the rows of a SWMM file become links?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from jialing.domains.water.cells import Cells, Names, check_unique
from jialing.domains.water.curves import Curves
from jialing.domains.water.inp import InpFile, Notice, Row
from jialing.domains.water.link_draft import LinkDraft, LinkReader
from jialing.domains.water.link_settle import raised_depths, settle
from jialing.domains.water.link_tables import link_tables
from jialing.domains.water.links import (
    MIN_DROP_M,
    SECTION_OF_KIND,
    WEIR_KINDS,
    LinkKind,
    Links,
    Outlet,
    PumpCurve,
    Weir,
)
from jialing.domains.water.nodes import Nodes
from jialing.domains.water.options import Options
from jialing.domains.water.shapes import SHAPES, CrossSection, plain_section
from jialing.domains.water.transects import (
    Channels,
    custom_section,
    read_streets,
    read_transects,
)

_WEIR_SECTIONS = {"V-NOTCH": "TRIANGULAR", "TRAPEZOIDAL": "TRAPEZOIDAL"}  # others: RECT_OPEN
_SIDE_VIEW = "name, from node, to node"


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
    reader = LinkReader(
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
        link = LinkDraft(kind=kind, row=row, ends=ends)
        make[kind](reader, link)
        reader.links.append(link)
    names = Names("link", tuple(row.tokens[0] for row, _ in rows))
    _read_sections(reader, names)
    _read_losses(reader, names)
    for link in reader.links:
        settle(reader, link)
    return link_tables(reader, names), replace(nodes, max_depth_m=raised_depths(reader))


def _offset(reader: LinkReader, link: LinkDraft, at: int, node: int) -> float:
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


def _conduit(reader: LinkReader, link: LinkDraft) -> None:
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


def _pump(reader: LinkReader, link: LinkDraft) -> None:
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


def _orifice(reader: LinkReader, link: LinkDraft) -> None:
    cells, row = reader.cells[link.kind], link.row
    cells.need(row, 6, f"{_SIDE_VIEW}, SIDE or BOTTOM, offset, discharge coefficient")
    link.side = cells.word(row, 3, "orifice type", ("SIDE", "BOTTOM")) == "SIDE"
    height = _offset(reader, link, 4, link.ends[0])
    link.offset = (height, height)
    link.coefficient = cells.number(row, 5, "discharge coefficient", low=0.0)
    link.flap = cells.yes(row, 6, "flap gate")
    link.close_time = cells.number(row, 7, "closing time", default=0.0, low=0.0) * 3600.0


def _weir(reader: LinkReader, link: LinkDraft) -> None:
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


def _outlet(reader: LinkReader, link: LinkDraft) -> None:
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


def _read_sections(reader: LinkReader, names: Names) -> None:
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


def _plain(reader: LinkReader, cells: Cells, row: Row, shape: str) -> CrossSection | str:
    if shape == "CUSTOM":
        height = cells.number(row, 2, "height", above=0.0) * reader.options.length_factor
        curve = reader.curves.curves[reader.curves.names.get(cells, row, 3, "has the shape of")]
        return custom_section(curve, height)
    values = [cells.number(row, i, "geometry value") for i in (2, 3, 4, 5)]
    return plain_section(
        shape, (values[0], values[1], values[2], values[3]), reader.options.length_factor
    )


def _set_channel(cells: Cells, row: Row, link: LinkDraft, channels: Channels) -> None:
    channel = channels.channels[channels.names.get(cells, row, 2, "has the shape of")]
    link.channel = channel
    link.section = channel.section if channel else plain_section("DUMMY", (0, 0, 0, 0), 1.0)  # type: ignore[assignment]


def _check_section(reader: LinkReader, link: LinkDraft) -> None:
    cells, name = reader.cells[link.kind], link.row.tokens[0]
    if link.kind in (LinkKind.PUMP, LinkKind.OUTLET):
        return
    if link.section is None:
        raise cells.error(
            link.row.line,
            f"{name} has no row in [XSECTIONS]. Add one; the file may have been cut off.",
        )
    if link.kind == LinkKind.CONDUIT and link.section_line < link.row.line:
        reader.notices.append(
            Notice(
                link.section_line,
                f"[XSECTIONS] {name} stands above its conduit, on line {link.row.line}; SWMM reads "
                "from the top and stops here (error 114). Move [XSECTIONS] below [CONDUITS].",
                refused=True,
            )
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


def _read_losses(reader: LinkReader, names: Names) -> None:
    cells = Cells(reader.inp.path, "LOSSES")
    for row in reader.inp.rows("LOSSES"):
        cells.need(row, 4, "link, loss at entry, loss at exit, loss between")
        link = reader.links[names.get(cells, row, 0, "gives the losses of")]
        for i in (1, 2, 3):
            cells.number(row, i, "loss coefficient", low=0.0)
        link.flap = cells.yes(row, 4, "flap gate")
