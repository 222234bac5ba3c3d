"""How do the controllers compare, score by score and element by element, as HTML tables?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from jialing.core.case import Quantity
from jialing.report import numbers
from jialing.report.headline import change_text, verdict
from jialing.report.source import ResultView, RunView
from jialing.report.words import Better, controller_phrase, word

ROWS = 200  # rows of one element table that travel with the page
_SIGNS = {"better": "✓", "worse": "✗", "same": "=", "neutral": ""}
_SAID = {"better": "better", "worse": "worse", "same": "", "neutral": ""}


def comparison(result: ResultView) -> str:
    """All score words as rows; columns: the baseline, the chosen controller, the others."""
    chosen = result.chosen
    runs = sorted(result.runs, key=lambda run: (run is not result.baseline, run is not chosen))
    heads = "".join(
        f'<th scope="col"{_chosen(run, chosen)}>{escape(run.controller)}'
        f"<small>{escape(_role(run, result))}</small></th>"
        for run in runs
    )
    rows = "".join(_score_row(name, runs, chosen) for name in _words(runs))
    return (
        '<table class="scores"><caption class="sr">Scores of every controller</caption>'
        f'<thead><tr><th scope="col">Score</th><th scope="col">Unit</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _role(run: RunView, result: ResultView) -> str:
    if run is result.baseline:
        return "baseline"
    phrase = controller_phrase(run.controller)
    return "" if phrase.lower() == run.controller.lower() else phrase


def _chosen(run: RunView, chosen: RunView | None) -> str:
    return ' class="chosen"' if run is chosen else ""


def _words(runs: Sequence[RunView]) -> list[str]:
    seen: dict[str, None] = {}
    for run in runs:
        seen.update(dict.fromkeys(run.score))
    return list(seen)


def _score_row(name: str, runs: Sequence[RunView], chosen: RunView | None) -> str:
    meaning = word(name)
    present = [run.score[name] for run in runs if name in run.score]
    largest = max((abs(q.value) for q in present), default=0.0)
    places = 0 if meaning.whole else numbers.decimals_for(largest)
    unit = present[0].unit
    shown_unit = "" if unit == "1" else unit
    base = runs[0].score.get(name)
    cells = "".join(
        _score_cell(name, run.score.get(name), base if i else None, places, _chosen(run, chosen))
        for i, run in enumerate(runs)
    )
    hint = f"<small>{escape(meaning.meaning)}</small>" if meaning.meaning else ""
    wish = {Better.LESS: "less is better", Better.MORE: "more is better"}.get(meaning.better, "")
    title = f' title="{escape(wish)}"' if wish else ""
    return (
        f'<tr><th scope="row"{title}><span>{escape(meaning.label)}</span>'
        f' <span class="sub">{escape(shown_unit)}</span>{hint}</th>'
        f'<td class="unit">{escape(shown_unit)}</td>{cells}</tr>'
    )


def _score_cell(
    name: str, found: Quantity | None, base: Quantity | None, places: int, mark: str
) -> str:
    if found is None:
        return f"<td{mark}>{numbers.NONE}</td>"
    value = f'<span class="value">{numbers.number(found.value, places)}</span>'
    if base is None:
        return f"<td{mark}>{value}</td>"
    kind = verdict(name, base.value, found.value)
    said = f" {_SAID[kind]}" if _SAID[kind] else ""
    text = f"{_SIGNS[kind]} {change_text(base.value, found.value)}{said}".strip()
    return f'<td{mark}>{value}<span class="change {kind}">{escape(text)}</span></td>'


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of an element table: heading, unit, and whether it holds numbers."""

    name: str
    unit: str
    numeric: bool


def elements(result: ResultView) -> str:
    """Per-element tables of every run, one block per kind of table."""
    kinds: dict[str, None] = {}
    for run in result.runs:
        kinds.update(dict.fromkeys(name for name, found in run.details.items() if rows_of(found)))
    blocks = [_block(kind, result) for kind in kinds]
    return "".join(blocks) or '<p class="empty">No element flooded or spilled in any run.</p>'


def _block(kind: str, result: ResultView) -> str:
    parts = []
    for i, run in enumerate(result.runs):
        found = rows_of(run.details.get(kind))
        body = element_table(found) if found else '<p class="empty">None.</p>'
        parts.append(
            f'<div class="per-run" data-run="{i}"><h4 class="run-name">{escape(run.controller)}'
            f"</h4>{body}</div>"
        )
    title = word(kind).label
    return f'<section class="element-block"><h3>{escape(title)}</h3>{"".join(parts)}</section>'


def rows_of(found: Any) -> list[dict[str, Any]]:
    """An element table as rows; empty for anything else a run's details may hold."""
    if isinstance(found, list | tuple) and all(isinstance(row, Mapping) for row in found):
        return [dict(row) for row in found]
    return []


_UNIT_SUFFIXES = {
    "m3s": "m³/s", "m3": "m³", "h": "h", "s": "s", "kwh": "kWh", "m": "m", "percent": "%",
}  # fmt: skip


def column_of(name: str, rows: Sequence[Mapping[str, Any]]) -> Column:
    """Heading and unit out of a column name such as ``volume_m3``."""
    stem, _, suffix = name.rpartition("_")
    unit = _UNIT_SUFFIXES.get(suffix.lower(), "") if stem else ""
    label = (stem if unit else name).replace("_", " ").capitalize()
    values = [row.get(name) for row in rows]
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return Column(name=label, unit=unit, numeric=numeric)


def element_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows sorted by volume (else by their last number), largest first, with a bar in it."""
    names = list(rows[0])
    columns = {name: column_of(name, rows) for name in names}
    numeric = [name for name in names if columns[name].numeric]
    volumes = [name for name in numeric if columns[name].unit == "m³"]
    key = next(iter(volumes or numeric[-1:]), None)
    ranked = sorted(rows, key=lambda row: -float(row[key])) if key else list(rows)
    top = max((abs(float(row[key])) for row in ranked), default=0.0) if key else 0.0
    heads = "".join(
        f'<th scope="col" class="{"num" if c.numeric else ""}">{escape(c.name)}'
        f"{f' <small>{escape(c.unit)}</small>' if c.unit else ''}</th>"
        for c in columns.values()
    )
    places = {
        name: _places([float(row[name]) for row in rows]) for name in names if columns[name].numeric
    }
    body = "".join(
        "<tr>" + "".join(_cell(row, n, columns[n], places, key, top) for n in names) + "</tr>"
        for row in ranked[:ROWS]
    )
    more = len(ranked) - ROWS
    note = f'<p class="note">{numbers.number(more)} smaller rows are in score.json.</p>'
    return (
        f'<div class="scroll" tabindex="0"><table class="elements"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{note if more > 0 else ''}"
    )


def _places(values: Sequence[float]) -> int:
    if all(value == round(value) for value in values):
        return 0
    return numbers.decimals_for(max(abs(value) for value in values))


def _cell(
    row: Mapping[str, Any],
    name: str,
    column: Column,
    places: Mapping[str, int],
    key: str | None,
    top: float,
) -> str:
    value = row.get(name)
    if not column.numeric:
        shown = "yes" if value is True else "no" if value is False else str(value)
        return f"<td>{escape(shown)}</td>"
    number = float(value or 0.0)
    share = abs(number) / top if name == key and top else 0.0
    bar = f' style="--share:{share:.3f}"' if name == key else ""
    return f'<td class="num{" bar" if name == key else ""}"{bar}>{numbers.number(number, places[name])}</td>'
