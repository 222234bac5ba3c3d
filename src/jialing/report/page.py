"""How is the report put together as one file that asks nothing of the outside?"""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from jialing.core.errors import InputError
from jialing.record.disk import write_in_one_piece
from jialing.record.reader import check_one_case
from jialing.report import charts, city_page, facts, incidents, shell, space_time, table
from jialing.report.city_source import city_folders
from jialing.report.elements import elements
from jialing.report.headline import headline, tiles
from jialing.report.map import field_names, network_map
from jialing.report.packing import embed
from jialing.report.reading import read_result
from jialing.report.shell import content_policy
from jialing.report.source import BASELINES, ResultView
from jialing.report.words import controller_phrase, map_words

TIME_LEAD = (
    "Drag across a chart, or use the buttons, to zoom all of them; the figures beside the names are the values at the "
    "time pointed at, with those of {} in brackets."
)
SCRIPTS = ("common.js", "map.js", "charts.js", "main.js")
#: Sections by their anchors, and what the links to them say.
SECTIONS = {
    "comparison": "Comparison",
    "map": "Map",
    "time": "Over time",
    "elements": "By element",
    "guard": "Guard",
    "facts": "Run facts",
}


def write_report(folder: Path, out: Path | None = None) -> Path:
    """Write the report on a result folder, or on a single record folder, as one HTML file.

    Parameters
    ----------
    folder : holds ``result.json`` and a record folder per controller, or is a record itself; or a
        city's result, or a folder of several of them that differ in their seeds
    out : the file to write; ``report.html`` in `folder` unless given

    Returns
    -------
    the file written

    Raises RecordError if `folder` holds no readable record or results of several cases, and
    InputError if `out` is a folder.
    """
    target = out or folder / "report.html"
    if target.is_dir():
        raise InputError("is a folder; name the file to write, such as report.html", path=target)
    check_one_case(folder)
    city = city_folders(folder)
    page = city_page.build_page(city) if city else build_page(read_result(folder))
    target.parent.mkdir(parents=True, exist_ok=True)
    # A path may hold bytes that are no UTF-8; a page shows question marks for them.
    write_in_one_piece(target, page.encode(errors="replace"))
    return target


def build_page(result: ResultView) -> str:
    """The whole page as text."""
    chosen = result.chosen
    told = headline(
        result.domain,
        (result.baseline.controller, result.middle(result.baseline)),
        (chosen.controller, result.middle(chosen)) if chosen else None,
        seeds=len(result.seeds) or 1,
    )
    plan, by_element = network_map(result), elements(result)
    absent = {
        *(() if any(run.picture.get("nodes") for run in result.runs) else ("map",)),
        *(() if by_element else ("elements",)),
    }
    content = {
        "controllers": [run.controller for run in result.runs],
        "held_against": result.held_against,
        "chosen": result.runs.index(chosen) if chosen else 0,
        "start": result.baseline.start or None,
        "dateless": not result.baseline.dated,
        "end_s": max((float(r.time_s[-1]) for r in result.runs if len(r.time_s)), default=0.0),
        "charts": charts.panels(result),
        "map": plan,
        "peak_s": peak_time(result),
    }
    plotly, script = shell.plotly(), shell.script(SCRIPTS)
    return Template(shell.resource("page.html")).substitute(
        policy=content_policy([plotly, script]),
        version=escape(shell.version()),
        style=shell.resource("style.css"),
        title=escape(result.title),
        folder=escape(result.folder),
        headline=escape(told.sentence),
        aside=escape(told.aside),
        badges=_badges(result),
        tiles=tiles(told, result.held_against),
        nav="".join(
            f'<a href="#{name}">{text}</a>' for name, text in SECTIONS.items() if name not in absent
        ),
        no_map=" hidden" if "map" in absent else "",
        no_elements=" hidden" if "elements" in absent else "",
        comparison_lead=escape(_comparison_lead(result)),
        comparison=table.comparison(result),
        map_lead=escape(_map_lead(plan, result)),
        peak=escape(map_words(result.domain).peak),
        corridor=space_time.diagrams(result),
        time_lead=escape(TIME_LEAD.format(_the_first(result))),
        held_against=escape(result.held_against),
        elements=by_element,
        guard_counts=incidents.counts(result),
        guard_list=incidents.listing(result),
        notes=facts.notes_html(result),
        facts=facts.facts_html(result),
        content=embed(content),
        plotly=plotly,
        script=script,
    )


def peak_time(result: ResultView) -> float | None:
    """When the baseline's map shows most within one tick, all elements together [s]."""
    run = result.baseline
    totals = np.zeros(len(run.time_s))
    for name in field_names(run.picture.get("map") or {}):
        if name in run.fields:
            values = run.fields[name].values
            rows = min(len(values), len(totals))
            totals[:rows] += [float(np.nansum(values[i])) for i in range(rows)]
    if not totals.any():
        return None
    return float(run.time_s[int(np.argmax(totals))])


def _badges(result: ResultView) -> str:
    """What the controllers knew of the future, and every warning; a baseline alone knew nothing."""
    forecast = facts.forecast_note(result)
    foresees = any(run.controller != BASELINES.get(result.domain) for run in result.runs)
    shown = [
        (kind, text)
        for kind, text in facts.notes(result)
        if (foresees if text == forecast else kind == "warn")
    ]
    return "".join(f'<p class="badge {kind}">{escape(text)}</p>' for kind, text in shown)


def _comparison_lead(result: ResultView) -> str:
    if len(result.runs) == 1:
        return "Only one controller was run, so nothing is compared."
    base = controller_phrase(result.baseline.controller, result.domain)
    first = f"the baseline, {base}" if result.held_against == "baseline" else base
    if len(result.seeds) > 1:
        listed = ", ".join(str(seed) for seed in sorted(result.seeds))
        return (
            f"All controllers ran on the same seeds, {listed}. Figures are medians, below them "
            f"the least and the greatest; percentages compare medians with those of {first}, "
            f"and their range each seed with itself. Map and charts show seed {result.seed}."
        )
    return (
        f"All controllers ran on the same case and seed. Percentages are against {first}. "
        "How far other seeds would differ cannot be told from one."
    )


def _the_first(result: ResultView) -> str:
    """Inside a sentence: what the other runs are held against."""
    first = result.held_against
    return "the baseline" if first == "baseline" else first


def _map_lead(plan: dict[str, Any] | None, result: ResultView) -> str:
    if plan is None:
        return "The model holds no coordinates, so there is no map."
    frames = len(plan["runs"][0]["elements"]) if plan["runs"] else 0
    words = map_words(result.domain)
    nothing = "" if frames else f" {words.nothing} under {_the_first(result)}."
    return f"{words.lead}{nothing} Move the slider or press play; the charts below follow the same time."
