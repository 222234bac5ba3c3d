"""How is a city's evening shown on one page that asks nothing of the outside?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from jialing.report import charts, city_foresight, city_tables, incidents, numbers, shell
from jialing.report.city_map import city_map
from jialing.report.city_series import city_marks, end_s, event_text, spoken, views
from jialing.report.city_source import CityResult, CityRun, read_city_result
from jialing.report.city_words import headline
from jialing.report.elements import element_table
from jialing.report.headline import tiles
from jialing.report.packing import embed
from jialing.report.source import ResultView

SCRIPTS = ("common.js", "city_map.js", "charts.js", "main.js")
MOST_EVENTS = 60


def build_page(folders: Sequence[Path]) -> str:
    """The whole page as text, on one or several result folders of a city."""
    result = read_city_result(folders)
    told, seen = headline(result), views(result)
    drawn = charts.panels(seen)
    drawn["marks"] = [
        [*city_marks(run), *marks] for run, marks in zip(result.runs, drawn["marks"], strict=True)
    ]
    drawn["marks_title"] = "Events, and what the guards changed"
    drawn["left"] = 96  # room for "Linjiangmen E2"
    drawn["spans"] = [closures(run) for run in result.runs]
    plan = city_map(result)
    content = {
        "controllers": [run.label for run in result.runs],
        "held_against": "baseline" if result.today else result.held_against,
        "chosen": result.runs.index(result.chosen) if result.chosen else 0,
        "start": seen.baseline.start or None,
        "dateless": not seen.baseline.dated,
        "end_s": drawn["end_s"],
        "charts": drawn,
        "map": plan,
        "peak_s": None,
        "schematic": result.schematic,
    }
    plotly, script = shell.plotly(), shell.script(SCRIPTS)
    return Template(shell.resource("city.html")).substitute(
        policy=shell.content_policy([plotly, script]),
        version=escape(shell.version()),
        style=shell.resource("style.css") + shell.resource("city.css"),
        title=escape(result.title),
        folder=escape(result.folder),
        headline=escape(told.sentence),
        aside=escape(told.aside),
        stamp=_stamp(result),
        badges=_badges(result),
        tiles=tiles(told, result.held_against),
        held_against=escape(result.held_against),
        gains_lead=escape(_gains_lead(result)),
        gains=city_tables.gains(result),
        underpasses=city_tables.by_underpass(result),
        map_lead=escape(_map_lead(result, plan)),
        events=_events(result, seen),
        forecast_lead=escape(city_foresight.forecast_lead(result)),
        forecast=city_foresight.forecast_table(result),
        guard_counts=incidents.counts(seen),
        guard_list=incidents.listing(seen),
        processes=_processes(result),
        facts=_facts(result),
        content=embed(content),
        plotly=plotly,
        script=script,
    )


def closures(run: CityRun) -> list[dict[str, Any]]:
    """Times in which any underpass was closed, or anything was broken, for the charts to shade."""
    until_s = end_s(run)
    return [*_spans(run, ("closed", "opened"), "worse", until_s), *_faults(run, until_s)]


def _spans(
    run: CityRun, words: tuple[str, str], ink: str, until_s: float
) -> Iterator[dict[str, Any]]:
    """From the first thing that begins to the last that ends, without overlaps."""
    open_: set[str] = set()
    since = 0.0
    for event in run.events:
        at, element = float(event["time_s"]), str(event.get("element", ""))
        if event.get("kind") == words[0]:
            since = at if not open_ else since
            open_.add(element)
        elif event.get("kind") == words[1] and element in open_:
            open_.discard(element)
            if not open_:
                yield {"from": since, "to": at, "ink": ink}
    if open_:
        yield {"from": since, "to": max(until_s, since), "ink": ink}


def _faults(run: CityRun, until_s: float) -> Iterator[dict[str, Any]]:
    """An element's first fault breaks it, its next one mends it."""
    broken: dict[str, float] = {}
    for event in run.events:
        if event.get("kind") != "fault":
            continue
        element = str(event.get("element", ""))
        if element in broken:
            yield {"from": broken.pop(element), "to": float(event["time_s"]), "ink": "warn"}
        else:
            broken[element] = float(event["time_s"])
    for since in broken.values():
        yield {"from": since, "to": max(until_s, since), "ink": "warn"}


def _stamp(result: CityResult) -> str:
    if not result.schematic:
        return ""
    return (
        '<p class="badge warn"><span class="stamp">SCHEMATIC</span> This city is drawn by us from '
        "public facts and assumptions. It says nothing about any real street, sewer or station.</p>"
    )


def _badges(result: CityResult) -> str:
    said = []
    for run in result.runs:
        if run.ended != "completed" and run.scores:
            said.append(f"{run.label}: this evening was {run.ended}; its figures end there.")
        said += [f"{run.label}: {notice}." for notice in run.notices]
        died = sum(event.get("kind") == "died" for event in run.events)
        if died:
            often = "once" if died == 1 else f"{died} times"
            said.append(f"{run.label}: a process died {often}; see below.")
        said += [
            f"{run.label}: {part.replace(':', ' ')} is lost, and figures are without it: {reason}."
            for part, reason in lost(run).items()
        ]
    lengths = {len(run.diary) for run in result.runs}
    if len(lengths) > 1:
        said.append("The evenings differ in length, so that their figures do not compare.")
    return "".join(f'<p class="badge warn">{escape(text)}</p>' for text in said)


def lost(run: CityRun) -> dict[str, str]:
    """Part -> why it ended early or could not be scored; of an evening that was killed as well."""
    told = {
        str(event.get("part", "")): str(event.get("reason", ""))
        for event in run.events
        if event.get("kind") == "lost"
    }
    return told | dict(run.details.get("lost") or {})


def _gains_lead(result: CityResult) -> str:
    if len(result.runs) == 1:
        return "Only one evening was run, so nothing is compared."
    modes = {run.mode for run in result.runs}
    lead = "All evenings have the same weather, demand and seed."
    if result.today:
        lead += " Percentages are against today."
    if "alone" not in modes:
        lead += (
            " The domains were not run each for itself, so what coupling alone adds is not known "
            "from this result."
        )
    if len(result.seeds) > 1:
        lead += " Figures are medians over the seeds; below them, from the least to the greatest."
    return lead


def _map_lead(result: CityResult, plan: Mapping[str, Any] | None) -> str:
    if plan is None:
        return "The record of the streets is gone, so there is no map."
    first = "today's" if result.today else f"that of {result.held_against}"
    pair = f" The evening chosen above stands beside {first}." if len(result.runs) > 1 else ""
    return (
        f"Move the slider or press play; the charts below follow the same time.{pair} Lines beside "
        "streets are queues before signals, drawn longer than they are."
    )


def _events(result: CityResult, seen: ResultView) -> str:
    """What happened, evening by evening; what happened at one time stands on one line."""
    parts = []
    for i, (run, view) in enumerate(zip(result.runs, seen.runs, strict=True)):
        lines: dict[tuple[float, str], list[Mapping[str, Any]]] = {}
        for event in run.events:
            at = float(event["time_s"]), str(event.get("kind", ""))
            lines.setdefault(at, []).append(event)
        rows = "".join(
            f'<li class="{escape(kind)}"><time>{view.clock(time_s)}</time>{_told(kind, several)}</li>'
            for (time_s, kind), several in list(lines.items())[:MOST_EVENTS]
        )
        more = len(lines) - MOST_EVENTS
        note = f'<p class="note">{more} further lines are in events.jsonl.</p>' if more > 0 else ""
        body = (
            f'<ul class="events">{rows}</ul>{note}'
            if rows
            else '<p class="empty">Nothing closed, broke or died.</p>'
        )
        parts.append(
            f'<div class="per-run" data-run="{i}"><h4 class="run-name">{escape(run.label)}</h4>'
            f"{body}</div>"
        )
    return f'<div class="columns">{"".join(parts)}</div>'


def _told(kind: str, several: Sequence[Mapping[str, Any]]) -> str:
    """One event as it stands; of several, their names, and the rest when pointed at."""
    texts = [event_text(event) for event in several]
    if len(several) == 1 or kind not in ("closed", "opened"):
        return f"<span>{escape('; '.join(texts))}</span>"
    names = ", ".join(spoken(str(event.get("element", ""))) for event in several)
    return f'<span title="{escape("; ".join(texts))}">{escape(names)} {kind}</span>'


def _processes(result: CityResult) -> str:
    """Per evening and part: who decided, how long it took, what came late, what died."""
    blocks = []
    for i, run in enumerate(result.runs):
        rows = [_process(run, name, part) for name, part in _parts(run)]
        body = element_table(rows) if rows else '<p class="empty">No part was scored.</p>'
        blocks.append(
            f'<div class="per-run" data-run="{i}"><h4 class="run-name">{escape(run.label)}</h4>'
            f"{body}</div>"
        )
    return "".join(blocks)


def _parts(run: CityRun) -> list[tuple[str, Mapping[str, Any]]]:
    return list((run.details.get("parts") or {}).items())


def _process(run: CityRun, name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    words = part.get("decisions") or {}
    late = sum(int(n) for word, n in words.items() if word not in ("on_time", "busy"))
    mine = [event for event in run.events if event.get("part") == name]
    return {
        "part": name.replace(":", " "),
        "controller": str(part.get("controller", "")),
        "plant_s": float(part.get("plant_s") or 0.0),
        "decisions_s": float(part.get("decide_s") or 0.0),
        "late_or_failed": late,
        "died": sum(event.get("kind") == "died" for event in mine),
        "restarted": sum(event.get("kind") == "restarted" for event in mine),
    }


def _facts(result: CityResult) -> str:
    case, first = result.case, result.runs[0]
    settings = case.get("settings") or {}
    rows: list[tuple[str, str]] = [
        ("Folder", result.folder),
        ("Case", str(case.get("name", ""))),
        ("Weather", result.storm or numbers.NONE),
        ("Ordered events", ", ".join(settings.get("events") or ()) or "none"),
        ("Seeds", ", ".join(str(seed) for seed in sorted(result.seeds))),
        ("Run at", str(first.manifest.get("created") or numbers.NONE).replace("T", " ")),
        ("City time", numbers.duration(end_s(first))),
        *((f"Wall time, {run.label}", numbers.duration(run.wall_s)) for run in result.runs),
        *(
            (f"Exchange between parts, {run.label}", numbers.duration(run.exchange_s))
            for run in result.runs
        ),
        (
            "Versions",
            ", ".join(f"{k} {v}" for k, v in (first.manifest.get("versions") or {}).items()),
        ),
        *(
            (
                "City file",
                f"{Path(str(f.get('path', ''))).name}, SHA-256 {str(f.get('sha256', ''))[:16]}…",
            )
            for f in first.manifest.get("files") or ()
        ),
    ]
    cells = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows
    )
    return f'<dl class="facts">{cells}</dl>{_couplings(first)}'


def _couplings(run: CityRun) -> str:
    """The laws between the domains, each with its source."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name.replace("_", " "))}</th>'
        f"<td>{escape(str((law or {}).get('source', numbers.NONE)))}</td></tr>"
        for name, law in (run.plain.get("couplings") or {}).items()
    )
    if not rows:
        return ""
    return (
        '<details><summary>How the domains act on each other, and the sources</summary><div class="scroll" '
        'tabindex="0"><table class="elements"><thead><tr><th scope="col">Coupling</th>'
        f'<th scope="col">Source</th></tr></thead><tbody>{rows}</tbody></table></div></details>'
    )
