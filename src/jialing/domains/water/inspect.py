"""What should an engineer be shown of a SWMM file before it is controlled?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jialing.core.errors import InputError
from jialing.domains.water.inp import Notice
from jialing.domains.water.layout import movable
from jialing.domains.water.links import LinkKind
from jialing.domains.water.model import WaterModel, passed_on, read_model
from jialing.domains.water.network import Reduction, reduce_model
from jialing.domains.water.nodes import NodeKind

MOST_ROWS = 40  # longest list in the text; the JSON document holds all
MOST_ALIKE = 3  # notices of one wording in the text
MOST_NAMES = 8  # collapsed subtrees in the text

Document = dict[str, Any]


def inspect_file(
    path: str | Path,
    *,
    series_files: Mapping[str, Path] | None = None,
    controlled: Sequence[str] | None = None,
) -> tuple[Document, list[str]]:
    """What a SWMM file holds, as a JSON-ready document and as lines for people.

    Parameters
    ----------
    path : the .inp file
    series_files : where the data files of series or gages lie, if not where the model says
    controlled : links that are to be moved; None means those that a run moves

    Raises InputError if the file cannot be understood.
    """
    model = read_model(path, series_files=series_files)
    chosen = None if controlled is None else [model.links.find(name) for name in controlled]
    document = describe(model, chosen)
    return document, render(document)


def describe(model: WaterModel, controlled: Sequence[int] | None = None) -> Document:
    """Everything worth knowing about `model`, JSON-ready, in SI."""
    chosen = movable(model) if controlled is None else tuple(controlled)
    reduction = reduce_model(model, chosen) if chosen else None
    options = model.options
    return {
        "file": str(model.path),
        "encoding": model.encoding,
        "title": model.title,
        "runs_in_swmm": not model.refused,
        "units": {
            "flow": options.flow_units,
            "length": "ft" if options.us_units else "m",
            "offsets": "elevation" if options.offsets_are_elevations else "depth",
        },
        "period": {
            "start": options.start.isoformat(sep=" "),
            "duration_s": options.duration_s,
            "routing": options.routing,
            "routing_step_s": options.routing_step_s,
            "wet_step_s": options.wet_step_s,
            "rule_step_s": options.rule_step_s,
        },
        "counts": _counts(model),
        "sections": dict(model.section_lines),
        "passed_on": list(passed_on(list(model.section_lines))),
        "rain": _rain(model),
        "inflows": {
            "dry_weather_nodes": len(model.dwf),
            "dry_weather_m3s": float(sum(flow.mean_m3s for flow in model.dwf)),
            "stated_inflow_nodes": len(model.inflows),
            "infiltration_nodes": 0 if options.ignores & {"RAINFALL", "RDII"} else len(model.rdii),
        },
        "actuators": _actuators(model, chosen, reduction),
        "storages": _storages(model, reduction),
        "outfalls": _outfalls(model),
        "outfall_rule": "treatment: dry-weather flow reaches it over the lowest way out of each node",
        "rules": [
            {"name": r.name, "line": r.line, "moves": [model.links.names[i] for i in r.links],
             "watches": list(r.watches), "priority": r.priority}
            for r in model.rules
        ],
        "reduction": dict(reduction.net.notes) if reduction else None,
        "unusable": [_notice(n) for n in model.unusable],
        "left": [_notice(n) for n in _left(model, chosen, named=controlled is not None)],
        "notices": [_notice(n) for n in model.notices],
    }  # fmt: skip


def _left(model: WaterModel, chosen: Sequence[int], *, named: bool) -> list[Notice]:
    """What could be moved and is not, each with the reason."""
    why = (
        "is not among those that are to be moved"
        if named
        else "is a fixed crest, which no rule moves; a run moves it if the setting controlled names it"
    )
    links = model.links
    return [
        Notice(
            int(links.line[i]),
            f"{LinkKind(int(links.kind[i])).name.lower()} {links.names[i]!r} {why}",
        )
        for i in model.controllable()
        if i not in chosen
    ]


def _notice(notice: Notice) -> Document:
    return {"line": notice.line, "text": notice.text, "swmm_stops": notice.refused}


def _counts(model: WaterModel) -> dict[str, int]:
    counts: dict[str, int] = {}
    for node_kind in NodeKind:
        counts[node_kind.name.lower()] = int(np.sum(model.nodes.kind == node_kind))
    for link_kind in LinkKind:
        counts[link_kind.name.lower()] = int(np.sum(model.links.kind == link_kind))
    return counts | {
        "subcatchment": len(model.subcatchments),
        "rain gage": len(model.gages),
        "control rule": len(model.rules),
    }


def _rain(model: WaterModel) -> list[Document]:
    found = []
    period = np.array([0.0, model.options.duration_s])
    areas = Counter[int]()
    for gage, area in zip(
        model.subcatchments.gage.tolist(), model.subcatchments.area_m2.tolist(), strict=True
    ):
        areas[gage] += area
    for i, name in enumerate(model.gages.names):
        file = model.gages.file[i] or (
            model.series[model.gages.series[i]].file if model.gages.series[i] else None
        )
        try:
            depth_m: float | None = float(model.rain(i).depth_m(period)[0])
        except InputError:
            depth_m = None
        found.append(
            {
                "gage": name,
                "line": model.gages.line[i],
                "series": model.gages.series[i] or None,
                "file": None if file is None else str(file),
                "format": model.gages.format[i],
                "interval_s": model.gages.interval_s[i],
                "area_m2": float(areas[i]),
                "depth_m": depth_m,
            }
        )
    return found


def _actuators(
    model: WaterModel, chosen: Sequence[int], reduction: Reduction | None
) -> list[Document]:
    links, nodes = model.links, model.nodes
    capacity: dict[int, float] = {}
    if reduction:
        net = reduction.net
        for row, at in enumerate(net.link_actuator.tolist()):
            if at >= 0:
                capacity[chosen[at]] = float(net.link_rating[row, -1])
    return [
        {
            "name": links.names[i],
            "kind": LinkKind(int(links.kind[i])).name.lower(),
            "line": int(links.line[i]),
            "from": nodes.names[links.from_node[i]],
            "to": nodes.names[links.to_node[i]],
            "range": [0.0, 1.0],
            "size": _size(model, i),
            "capacity_m3s": capacity.get(i),
            "rules": [rule.name for rule in model.rules if i in rule.links],
        }
        for i in chosen
    ]


def _size(model: WaterModel, link: int) -> str:
    links = model.links
    pump, section = links.pump_curve.get(link), links.sections[link]
    if pump is not None:
        return f"{pump.kind} {pump.name}"
    if section is None:
        return "rated by curve" if len(links.outlets[link].curve_x) else "rated by formula"
    if section.shape == "CIRCULAR":
        return f"⌀ {section.height_m:.3g} m"
    return f"{section.width_m:.3g} × {section.height_m:.3g} m"


def _storages(model: WaterModel, reduction: Reduction | None) -> list[Document]:
    nodes = model.nodes
    content = {}
    if reduction:
        content = dict(zip(reduction.store_nodes, reduction.net.store_full.tolist(), strict=True))
    return [
        {
            "name": nodes.names[i],
            "line": int(nodes.line[i]),
            "shape": storage.shape,
            "max_depth_m": float(nodes.max_depth_m[i]),
            "volume_m3": storage.volume(storage.max_depth_m),
            "with_pipes_m3": content.get(i),
        }
        for i, storage in nodes.storages.items()
    ]


def _outfalls(model: WaterModel) -> list[Document]:
    nodes, kinds = model.nodes, model.outfall_class()
    return [
        {
            "name": nodes.names[i],
            "line": int(nodes.line[i]),
            "class": kinds[nodes.names[i]],
            "boundary": outfall.kind,
            "flap_gate": outfall.has_flap,
        }
        for i, outfall in nodes.outfalls.items()
    ]


def render(document: Document) -> list[str]:
    """The document as lines for people."""
    units, period = document["units"], document["period"]
    counts = ", ".join(f"{n} {kind}{'s' * (n != 1)}" for kind, n in document["counts"].items() if n)
    lines = [
        document["file"],
        *(f"  {line}" for line in document["title"].split("\n") if line.strip(" ;")),
        f"  {counts}",
        f"  flows in {units['flow']}, lengths in {units['length']}, offsets as {units['offsets']}s",
        f"  from {period['start']} for {_span(period['duration_s'])}, {period['routing']}, "
        f"step {period['routing_step_s']:g} s",
        f"  read: {', '.join(f'[{name}] {line}' for name, line in document['sections'].items())}",
    ]
    if document["passed_on"]:
        lines.append(f"  left to SWMM: {', '.join(document['passed_on'])}")
    lines += _rain_lines(document)
    lines += _table(
        f"Actuators ({len(document['actuators'])})",
        ("line", "name", "kind", "from → to", "size", "m³/s", "moved by"),
        [
            (a["line"], a["name"], a["kind"], f"{a['from']} → {a['to']}", a["size"],
             _number(a["capacity_m3s"]), ", ".join(a["rules"]) or "–")
            for a in document["actuators"]
        ],
    )  # fmt: skip
    lines += _table(
        f"Storages ({len(document['storages'])})",
        ("line", "name", "shape", "depth m", "volume m³", "with pipes m³"),
        [
            (s["line"], s["name"], s["shape"], _number(s["max_depth_m"]), _number(s["volume_m3"]),
             _number(s["with_pipes_m3"]))
            for s in document["storages"]
        ],
    )  # fmt: skip
    lines += _table(
        f"Outfalls ({len(document['outfalls'])}; {document['outfall_rule']})",
        ("line", "name", "class", "boundary"),
        [(o["line"], o["name"], o["class"], o["boundary"]) for o in document["outfalls"]],
    )
    lines += _reduction_lines(document["reduction"])
    lines += _notice_lines("Not moved", document["left"])
    lines += _notice_lines("Cannot be moved", document["unusable"])
    stops = [n for n in document["notices"] if n["swmm_stops"]]
    lines += _notice_lines("SWMM refuses this file", stops)
    lines += _notice_lines("Notices", [n for n in document["notices"] if not n["swmm_stops"]])
    return lines


def _rain_lines(document: Document) -> list[str]:
    inflows = document["inflows"]
    rows = [
        (r["line"], r["gage"], Path(r["file"]).name if r["file"] else r["series"], r["format"],
         _span(r["interval_s"]), f"{r['area_m2'] / 1e4:.4g}",
         "?" if r["depth_m"] is None else f"{r['depth_m'] * 1e3:.4g}")
        for r in document["rain"]
    ]  # fmt: skip
    lines = _table(
        f"Rain ({len(rows)})", ("line", "gage", "source", "format", "every", "ha", "mm"), rows
    )
    lines.append(
        f"  dry-weather flow {inflows['dry_weather_m3s']:.4g} m³/s into "
        f"{inflows['dry_weather_nodes']} nodes, stated inflows into "
        f"{inflows['stated_inflow_nodes']}, infiltration into {inflows['infiltration_nodes']}"
    )
    return lines


def _reduction_lines(notes: Document | None) -> list[str]:
    if notes is None:
        return ["", "Nothing in this file can be moved, so there is nothing to reduce it to."]
    lines = [
        "",
        f"Reduced from {notes['nodes']} nodes and {notes['links']} links to {notes['stores']} "
        f"stores and {notes['network_links']} links",
        f"  {notes['collapsed_nodes']} nodes that control cannot reach are forecast as inflow, "
        f"{notes['chained_nodes']} lie inside links",
    ]
    into = sorted(notes["collapsed_into"].items(), key=lambda item: -item[1]["nodes"])
    lines += [
        f"  {entry['nodes']} node{'s' * (entry['nodes'] > 1)} → {name}, up to {_span(entry['longest_s'])} away"
        for name, entry in into[:MOST_NAMES]
    ]
    if len(into) > MOST_NAMES:
        lines.append(f"  … and {len(into) - MOST_NAMES} more subtrees")
    if notes["never_reaches_a_store"]:
        lines.append(f"  {notes['never_reaches_a_store']} nodes drain past every store")
    return lines


def _notice_lines(title: str, notices: list[Document]) -> list[str]:
    if not notices:
        return []
    lines, alike = ["", f"{title} ({len(notices)})"], Counter[str]()
    wording = [_wording(n["text"]) for n in notices]
    totals = Counter(wording)
    for notice, words in zip(notices, wording, strict=True):
        alike[words] += 1
        if alike[words] <= MOST_ALIKE:
            where = f"line {notice['line']}: " if notice["line"] else ""
            more = totals[words] - MOST_ALIKE
            tail = f" (and {more} more like this)" if alike[words] == MOST_ALIKE and more else ""
            lines.append(f"  {where}{notice['text']}{tail if more > 0 else ''}")
    return lines


def _wording(text: str) -> str:
    """A notice without its names and numbers, to count those that say the same."""
    text = re.sub(r"^(\[\w+\]) \S+", r"\1", text)
    return re.sub(r"'[^']*'|\d[\d.]*", "#", text)


def _table(title: str, head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[str]:
    if not rows:
        return ["", title]
    shown = [tuple(str(cell) for cell in row) for row in rows[:MOST_ROWS]]
    widths = [max(len(cell) for cell in column) for column in zip(head, *shown, strict=True)]
    lines = ["", title]
    lines += [
        ("  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True))).rstrip()
        for row in (head, *shown)
    ]
    if len(rows) > MOST_ROWS:
        lines.append(f"  … and {len(rows) - MOST_ROWS} more; --json lists all")
    return lines


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _span(seconds: float) -> str:
    """A length of time in two units at most."""
    whole = round(seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
