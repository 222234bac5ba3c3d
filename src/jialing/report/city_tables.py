"""What did each domain gain alone, and what did deciding together add? Losses stand beside gains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from statistics import median

from jialing.report import numbers
from jialing.report.city_series import period_s, spoken, told, underpasses
from jialing.report.city_source import (
    STATION,
    TRAFFIC,
    WATER,
    WHOLE,
    CityResult,
    CityRun,
)
from jialing.report.table import change_mark, shown_values
from jialing.report.words import in_order, word

#: Words of a part that the city's own rows hold already, or that mean another thing from evening to
#: evening: what a sewer is charged for holds the traffic on its roads only where domains know of each other.
_HELD: Mapping[str, tuple[str, ...]] = {
    WATER: ("flooding", "overflow", "cost"),
    TRAFFIC: ("delay", "emergency_delay", "stops", "co2"),
}
_TITLES = {WHOLE: "The city", WATER: "Sewer", TRAFFIC: "Streets and signals"}


def gains(result: CityResult) -> str:
    """Scores as rows under their domain; a column per evening, and one for what coupling adds."""
    runs = result.runs
    alone = next((run for run in runs if run.mode == "alone"), None)
    coupled = next((run for run in runs if run.mode == "coupled"), None)
    pair = (alone, coupled) if alone is not None and coupled is not None else None
    adds = pair is not None
    heads = "".join(
        f'<th scope="col">{escape(run.label)}<small>{escape(_role(run, result))}</small></th>'
        for run in runs
    )
    if adds:
        heads += '<th scope="col">Added by deciding together<small>against each alone</small></th>'
    width = 1 + len(runs) + adds
    body = []
    for part in (WHOLE, WATER, TRAFFIC, *runs[0].stations):
        rows = [_row(result, part, name, pair) for name in _words(result, part)]
        if rows:
            title = _TITLES.get(part) or f"Station {spoken(part.removeprefix(STATION))}"
            body.append(
                f'<tr class="group"><th scope="rowgroup" colspan="{width}">{escape(title)}</th></tr>'
            )
            body += rows
    if not body:
        return '<p class="empty">No evening was run to where it could be scored.</p>'
    return (
        '<table class="gains"><caption class="sr">Scores of every evening by domain</caption>'
        f'<thead><tr><th scope="col">Score</th>{heads}</tr></thead><tbody>{"".join(body)}</tbody>'
        "</table>"
    )


def _role(run: CityRun, result: CityResult) -> str:
    if run is result.today:
        return "local rules; the others are held against it"
    return {
        "alone": "predictive, each domain for itself",
        "coupled": "predictive, domains know of each other",
    }.get(run.mode, "")


def _words(result: CityResult, part: str) -> list[str]:
    """All of the city; of a part what its own report tells beside that, where it is not zero."""
    seen: dict[str, None] = {}
    for run in result.runs:
        seen.update(dict.fromkeys(run.scores.get(part, {})))
    if part == WHOLE:
        return list(seen)
    return [
        name
        for name in in_order(seen)
        if name not in _HELD.get(part, ())
        and any(any(result.values(run.mode, part, name)) for run in result.runs)
    ]


def _row(result: CityResult, part: str, name: str, pair: tuple[CityRun, CityRun] | None) -> str:
    each = [result.values(run.mode, part, name) for run in result.runs]
    largest = max((abs(v) for found in each for v in found), default=0.0)
    meaning = word(name)
    places = 0 if meaning.whole and len(result.seeds) == 1 else numbers.decimals_for(largest)
    unit = next(
        (run.scores[part][name].unit for run in result.runs if name in run.scores.get(part, {})), ""
    )
    base = each[0] if result.today is not None else []
    cells = [_cell(name, found, base if i else [], places) for i, found in enumerate(each)]
    if pair is not None:
        before, after = (result.values(run.mode, part, name) for run in pair)
        mark = change_mark(name, median(before), median(after)) if before and after else ""
        cells.append(f'<td class="gain">{mark or numbers.NONE}</td>')
    shown = "" if unit in ("", "1") else f' <span class="unit">{escape(unit)}</span>'
    label, hint = meaning.label, meaning.meaning
    return (
        f'<tr><th scope="row">{escape(label)}{shown}'
        f"<small>{escape(hint)}</small></th>{''.join(cells)}</tr>"
    )


def _cell(name: str, found: Sequence[float], base: Sequence[float], places: int) -> str:
    mark = change_mark(name, median(base), median(found)) if base and found else ""
    return f"<td>{shown_values(found, places)}{mark}</td>"


def by_underpass(result: CityResult) -> str:
    """Deepest water, vehicles caught and hours closed at each underpass, per evening."""
    names = underpasses(result.runs[0])
    if not names:
        return ""
    heads = "".join(f'<th scope="col" class="num">{escape(run.label)}</th>' for run in result.runs)
    blocks = []
    for title, unit, value in (
        ("Vehicles caught", "veh", _caught),
        ("Deepest water", "cm", _deepest),
        ("Closed", "min", _closed_min),
    ):
        rows = "".join(
            f'<tr><th scope="row">{escape(shown)}</th>'
            + "".join(
                f'<td class="num">{numbers.number(value(run, n), 0)}</td>' for run in result.runs
            )
            + "</tr>"
            for n, shown in names.items()
        )
        blocks.append(
            f'<div><h4>{title} <small>{unit}</small></h4><div class="scroll" tabindex="0">'
            f'<table class="elements"><thead><tr><th scope="col">Underpass</th>{heads}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div></div>"
        )
    return f'<div class="thirds">{"".join(blocks)}</div>'


def _extra(run: CityRun, part: str, name: str) -> float | None:
    parts = run.details.get("parts") or {}
    found = ((parts.get(part) or {}).get("extra") or {}).get(name)
    return None if found is None else float(found)


def _last(run: CityRun, part: str, name: str) -> float:
    values = [v for v in told(run, part, name).tolist() if v == v]
    return values[-1] if values else float("nan")


def _caught(run: CityRun, name: str) -> float:
    found = _extra(run, TRAFFIC, f"caught:{name}")
    return _last(run, TRAFFIC, f"caught:{name}") if found is None else found


def _deepest(run: CityRun, name: str) -> float:
    found = _extra(run, WATER, f"deepest:{name}")
    if found is None:
        found = max((v for v in told(run, WATER, f"depth:{name}").tolist() if v == v), default=0.0)
    return 100.0 * found


def _closed_min(run: CityRun, name: str) -> float:
    return sum(name in entry.get("closed", ()) for entry in run.diary) * period_s(run) / 60.0
