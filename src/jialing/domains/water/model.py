"""What does a SWMM input file describe? The whole of it, as typed tables in SI.

`read_model` is the only entrance. Wrong files raise one InputError with file and line; harmless
oddities become notices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import InputError
from jialing.core.signal import FloatArray
from jialing.domains.water.cells import Cells, Names, fold
from jialing.domains.water.connections import check_connections
from jialing.domains.water.curves import Curves, read_curves
from jialing.domains.water.data_files import find_files, resolve_file
from jialing.domains.water.gages import Gages, Rain, gage_rain, read_gages
from jialing.domains.water.hydrology import check_hydrology
from jialing.domains.water.inflows import (
    DryWeatherFlow,
    Infiltration,
    Inflow,
    Pattern,
    Subcatchments,
    dry_weather_flow,
    read_dry_weather_flows,
    read_infiltrations,
    read_inflows,
    read_patterns,
    read_subcatchments,
)
from jialing.domains.water.inp import InpFile, Notice, read_inp
from jialing.domains.water.link_rows import read_links
from jialing.domains.water.links import LinkKind, Links
from jialing.domains.water.nodes import NodeKind, Nodes, read_nodes
from jialing.domains.water.options import Options, read_options
from jialing.domains.water.rules import Rule, read_rules
from jialing.domains.water.sections import SECTIONS, Use
from jialing.domains.water.series import Series, read_series, series_names
from jialing.domains.water.topology import dry_weather_outfalls

__all__ = [
    "LinkKind",
    "Links",
    "NodeKind",
    "Nodes",
    "Notice",
    "WaterModel",
    "read_model",
]

LID_REPORT = 8  # the cell of [LID_USAGE] that names a file for SWMM to write


@dataclass(frozen=True, kw_only=True)
class WaterModel:
    """A SWMM model in SI.

    Attributes
    ----------
    path : the file
    encoding : how its bytes become text
    text_lines : its text, line by line; ``text_lines[n - 1]`` is line n
    title : its title lines
    options : units, period, steps
    nodes, links : tables in SWMM's own order
    gages : rain gages
    series : time series by name, in file units
    curves : all curves, in file units
    subcatchments : with gage and outlet
    rules : control rules
    inflows, dwf, rdii : what enters nodes beside runoff
    patterns : by folded name
    notices : named warnings, by line
    series_files : where data files lie that the caller placed elsewhere
    data_files : every other file that is read with it, without repeats
    section_lines : section -> line of its header, in file order
    """

    path: Path
    encoding: str
    text_lines: list[str]
    title: str
    options: Options
    nodes: Nodes
    links: Links
    gages: Gages
    series: dict[str, Series]
    curves: Curves
    subcatchments: Subcatchments
    rules: tuple[Rule, ...]
    inflows: tuple[Inflow, ...]
    dwf: tuple[DryWeatherFlow, ...]
    rdii: tuple[Infiltration, ...]
    patterns: dict[str, Pattern]
    notices: tuple[Notice, ...]
    series_files: Mapping[str, Path] = field(default_factory=dict)
    data_files: tuple[Path, ...] = ()
    section_lines: dict[str, int] = field(default_factory=dict)

    @property
    def subcatchment_outlets(self) -> NDArray[np.int64]:
        """[subcatchments] node that takes each subcatchment's runoff in the end; -1 for none."""
        return self.subcatchments.final_node

    @cached_property
    def refused(self) -> tuple[Notice, ...]:
        """Notices at which SWMM itself would stop: the file can be inspected but not run."""
        return tuple(notice for notice in self.notices if notice.refused)

    @cached_property
    def _usable(self) -> tuple[tuple[int, ...], tuple[Notice, ...]]:
        usable, unusable = [], []
        for i, kind in enumerate(self.links.kind.tolist()):
            if kind == LinkKind.CONDUIT:
                continue
            why = self._why_unusable(i)
            if why:
                text = f"{LinkKind(kind).name.lower()} {self.links.names[i]!r} {why}"
                unusable.append(Notice(int(self.links.line[i]), text))
            else:
                usable.append(i)
        for rule in self.rules:
            for i in rule.links:
                if self.links.kind[i] == LinkKind.CONDUIT:
                    text = (
                        f"conduit {self.links.names[i]!r} is opened and closed by rule "
                        f"{rule.name!r}; that stays with the rule"
                    )
                    unusable.append(Notice(rule.line, text))
        return tuple(usable), tuple(dict.fromkeys(unusable))

    def controllable(self) -> tuple[int, ...]:
        """Links that can be moved: orifices, weirs, pumps and outlets that pass water at all."""
        return self._usable[0]

    @property
    def unusable(self) -> list[Notice]:
        """Regulators and pumps that cannot be moved, each with the reason."""
        return list(self._usable[1])

    def _why_unusable(self, link: int) -> str:
        links, at = self.links, int(self.links.from_node[link])
        if self.nodes.kind[at] == NodeKind.OUTFALL:
            return "takes its water from an outfall, so it cannot hold water back"
        if not self.options.routes:
            return "does nothing, because flow routing is switched off"
        pump = links.pump_curve.get(link)
        if pump is not None:
            if pump.kind == "IDEAL":
                return "is ideal: it passes on what arrives and has no capacity of its own"
            if not len(pump.y) or pump.y.max() <= 0.0:
                return f"delivers nothing by its curve {pump.name!r}"
            return ""
        outlet = links.outlets.get(link)
        if outlet is not None:
            peak = outlet.curve_y.max() if len(outlet.curve_y) else outlet.coefficient
            return "" if peak > 0.0 else "passes nothing by its rating"
        weir = links.weirs.get(link)
        if weir is not None and weir.kind == "ROADWAY":
            return "is the crest of a road, which nobody moves"
        varies = weir is not None and len(weir.curve_x)
        if not varies and links.discharge_coefficient[link] <= 0.0:
            return "has the discharge coefficient 0"
        return ""

    def ruled_links(self) -> tuple[int, ...]:
        """Links that the file itself moves: by its rules, or by a pump's start and stop depths."""
        ruled = {i for rule in self.rules for i in rule.links}
        floats = (self.links.start_depth_m > 0.0) | (self.links.stop_depth_m > 0.0)
        return tuple(sorted(ruled | {int(i) for i in np.flatnonzero(floats)}))

    def resolve(self, text: str) -> Path:
        """Where a file named in the model lies; see `data_files.resolve_file`."""
        return resolve_file(self.path.parent, text)

    def storage_volume(self, node: int, depth_m: float) -> float:
        """Water that node holds at a depth [m³], as SWMM integrates it; 0 if it is no storage."""
        storage = self.nodes.storages.get(node)
        return storage.volume(depth_m) if storage else 0.0

    def storage_depth(self, node: int, volume_m3: float) -> float:
        """Depth at which a storage node holds a volume [m]."""
        storage = self.nodes.storages.get(node)
        return storage.depth(volume_m3) if storage else 0.0

    def rain(self, gage: int) -> Rain:
        """Rain that gage `gage` records; none where the file switches rain off."""
        if "RAINFALL" in self.options.ignores:
            nothing = np.zeros(0)
            return Rain(
                times_s=nothing, intensity_m_s=nothing, interval_s=self.gages.interval_s[gage]
            )
        return gage_rain(self.gages, gage, self.series, self.options.start)

    def dry_weather_flow(self, times_s: FloatArray) -> FloatArray:
        """[times, nodes] dry-weather flow [m³/s]."""
        return dry_weather_flow(
            self.dwf, self.patterns, self.options.start, times_s, len(self.nodes)
        )

    def outfall_class(self) -> dict[str, str]:
        """Which outfalls lead to treatment and which to a receiving water.

        An outfall is ``treatment`` if dry-weather flow reaches it, ``overflow`` if not. From every
        node with dry-weather or stated inflow (from every node, if there is none) water is
        followed over the lowest link out of each node: not over a weir, nor over a conduit,
        orifice or outlet whose inlet lies above another one's, nor over the diverted link of a
        divider, unless there is no other way. If that reaches no outfall, all are ``treatment``.
        """
        outfalls = self.nodes.of_kind(NodeKind.OUTFALL)
        sources = {flow.node for flow in self.dwf if flow.mean_m3s > 0.0}
        sources |= {flow.node for flow in self.inflows}
        inner = np.flatnonzero(self.nodes.kind != NodeKind.OUTFALL).tolist()
        reached = dry_weather_outfalls(self.nodes, self.links, sources or inner)
        return {
            self.nodes.names[i]: "treatment" if not reached or i in reached else "overflow"
            for i in outfalls
        }


def read_model(path: str | Path, *, series_files: Mapping[str, Path] | None = None) -> WaterModel:
    """Read a SWMM 5.2 input file.

    Parameters
    ----------
    path : the .inp file
    series_files : series or gage name -> file that holds its data, where the model is wrong

    Raises InputError where the file cannot be understood.
    """
    inp = read_inp(path)
    given = dict(series_files or {})
    notices = list(inp.notices)
    options = read_options(inp, notices)
    curves = read_curves(inp, notices)
    nodes = read_nodes(inp, options, curves, notices)
    links, nodes = read_links(inp, options, nodes, curves, notices)
    files = find_files(inp, given, notices)
    series = read_series(inp, options.start, files, notices)
    gages = read_gages(inp, options, series, files, notices)
    patterns = read_patterns(inp)
    rules = read_rules(
        inp,
        nodes.lookup,
        links,
        Names("rain gage", gages.names),
        curves.names,
        series_names(series),
        notices,
    )
    model = WaterModel(
        path=inp.path,
        encoding=inp.encoding,
        text_lines=inp.text_lines,
        title="\n".join(_title(inp)),
        options=options,
        nodes=nodes,
        links=links,
        gages=gages,
        series=series,
        curves=curves,
        subcatchments=read_subcatchments(inp, options, nodes, gages),
        rules=rules,
        inflows=read_inflows(inp, options, nodes, series, patterns),
        dwf=read_dry_weather_flows(inp, options, nodes, patterns),
        rdii=read_infiltrations(inp, options, nodes),
        patterns=patterns,
        notices=(),
        series_files={name: Path(file) for name, file in given.items()},
        data_files=tuple(dict.fromkeys(files.values())),
        section_lines={name: section.line for name, section in inp.sections.items()},
    )
    _check_given(inp, given, series, gages)
    check_hydrology(
        inp,
        options,
        Names("subcatchment", model.subcatchments.names),
        Names("rain gage", gages.names),
        notices,
    )
    _check_outfall_series(inp, model)
    _note_unwritten(inp, notices)
    _check_dividers(model, notices)
    check_connections(inp, options, nodes, links, notices)
    notices.sort(key=lambda notice: notice.line or 0)
    object.__setattr__(model, "notices", tuple(notices))
    return model


def passed_on(sections: Sequence[str]) -> tuple[str, ...]:
    """Those of `sections` that SWMM reads and Jialing does not look into."""
    left = {kind.name for kind in SECTIONS if kind.use is Use.PASSED}
    return tuple(name for name in sections if name in left)


def _title(inp: InpFile) -> list[str]:
    return [inp.text_lines[row.line - 1].strip() for row in inp.rows("TITLE")]


def _check_given(
    inp: InpFile, given: Mapping[str, Path], series: Mapping[str, Series], gages: Gages
) -> None:
    """A file given for what does not exist, or is read from no file, is a slip worth stopping at."""
    known = {fold(name): name for name in (*series, *gages.names)}
    lines = dict(zip(map(fold, gages.names), gages.line, strict=True))
    lines |= {fold(name): one.line for name, one in series.items()}
    files = [*zip(gages.names, gages.file, strict=True), *((n, s.file) for n, s in series.items())]
    outside = {fold(name) for name, file in files if file is not None}
    for name in given:
        if fold(name) not in known:
            raise InputError(
                f"a file was given for {name!r}, but no time series or gage has that name. "
                f"Known: {', '.join(known.values()) or 'none'}.",
                path=inp.path,
            )
        if fold(name) not in outside:
            raise InputError(
                f"a file was given for {name!r}, but the model reads none here: it would change "
                "nothing. Name a file in the model, or leave this one out.",
                path=inp.path,
                line=lines[fold(name)],
            )


def _check_outfall_series(inp: InpFile, model: WaterModel) -> None:
    cells, known = Cells(inp.path, "OUTFALLS"), series_names(model.series)
    for row in inp.rows("OUTFALLS"):
        outfall = model.nodes.outfalls[model.nodes.find(row.tokens[0])]
        if outfall.kind == "TIMESERIES":
            known.get(cells, row, 3, "follows the level of")


def _note_unwritten(inp: InpFile, notices: list[Notice]) -> None:
    """What SWMM would write for the user, beside its report, is not written."""
    cells = Cells(inp.path, "FILES")
    written = [
        ("LID_USAGE", row, row.tokens[LID_REPORT])
        for row in inp.rows("LID_USAGE")
        if len(row.tokens) > LID_REPORT and row.tokens[LID_REPORT] != "*"
    ]
    for row in inp.rows("FILES"):
        cells.need(row, 2, "USE or SAVE, kind, file name")
        mode = cells.word(row, 0, "file mode", ("NO", "SCRATCH", "USE", "SAVE"))
        if mode == "SAVE" and len(row.tokens) > 2:  # SWMM passes over a shorter row
            written.append(("FILES", row, row.tokens[2]))
    notices += [
        Notice(row.line, f"[{section}] {name!r} is not written: runs save elsewhere")
        for section, row, name in written
    ]


def _check_dividers(model: WaterModel, notices: list[Notice]) -> None:
    nodes, links = model.nodes, model.links
    for at, divider in nodes.dividers.items():
        link = links.lookup.find(divider.link) if divider.link else None
        line = int(nodes.line[at])
        if divider.link and link is None:
            raise InputError(
                f"[DIVIDERS] {nodes.names[at]} diverts into link {divider.link!r}, which no section "
                "defines.",
                path=model.path,
                line=line,
            )
        if link is None or at not in (links.from_node[link], links.to_node[link]):
            what = f"link {divider.link!r}, which does not touch it" if divider.link else "no link"
            notices.append(
                Notice(
                    line,
                    f"[DIVIDERS] {nodes.names[at]} diverts into {what}; SWMM stops here (error 136)",
                    refused=True,
                )
            )
    if nodes.dividers and model.options.routing == "DYNWAVE":
        notices.append(
            Notice(
                int(nodes.line[min(nodes.dividers)]),
                f"[DIVIDERS] {len(nodes.dividers)} dividers are plain junctions to dynamic wave routing",
            )
        )
