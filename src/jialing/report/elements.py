"""Where did it spill, element by element, and what changed there against the baseline?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from jialing.report import numbers
from jialing.report.source import ResultView, RunView
from jialing.report.table import change_mark
from jialing.report.words import word

ROWS = 200  # rows of one table that travel with the page

_UNIT_SUFFIXES = {
    "m3s": "m³/s", "m3": "m³", "h": "h", "s": "s", "kwh": "kWh", "m": "m", "percent": "%",
}  # fmt: skip

Row = Mapping[str, Any]


def elements(result: ResultView) -> str:
    """Per-element tables of every run, one block per kind; empty where no element has a score of its own."""
    kinds: dict[str, None] = {}
    for run in result.runs:
        kinds.update(dict.fromkeys(kind for kind in run.details if rows_of(run, kind)))
    blocks = [_block(kind, result) for kind in kinds]
    if blocks:
        return "".join(blocks)
    if result.domain != "water":
        return ""
    scored = all(run.score for run in result.runs)
    why = "No element flooded or spilled in any run." if scored else "A run left no score."
    return f'<p class="empty">{why}</p>'


def _block(kind: str, result: ResultView) -> str:
    base = rows_of(result.baseline, kind)
    parts = []
    for i, run in enumerate(result.runs):
        found = rows_of(run, kind)
        body = (
            element_table(
                found, kind=kind, base=base if i else None, held_against=result.held_against
            )
            if found
            else '<p class="empty">None.</p>'
        )
        parts.append(
            f'<div class="per-run" data-run="{i}"><h4 class="run-name">{escape(run.controller)}'
            f"</h4>{body}</div>"
        )
    title = word(kind).label
    return f'<section class="element-block"><h3>{escape(title)}</h3>{"".join(parts)}</section>'


def rows_of(run: RunView, kind: str) -> list[Row]:
    """Rows of one of a run's details; empty for a detail that is no table."""
    found = run.details.get(kind)
    if isinstance(found, list | tuple) and all(isinstance(row, Mapping) for row in found):
        return list(found)
    return []


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: where its values are, heading, unit, and how numbers are written.

    Attributes
    ----------
    key : name in the rows
    places : decimals; None for a column of text
    """

    key: str
    heading: str
    unit: str
    places: int | None


def column_of(key: str, rows: Sequence[Row]) -> Column:
    """Heading and unit out of a name such as ``volume_m3``."""
    stem, _, suffix = key.rpartition("_")
    unit = _UNIT_SUFFIXES.get(suffix.lower(), "") if stem else ""
    values = [row[key] for row in rows if row.get(key) is not None]
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return Column(
        key=key,
        heading=(stem if unit else key).replace("_", " ").capitalize(),
        unit=unit,
        places=_places(values) if values and numeric else None,
    )


def _places(values: Sequence[float]) -> int:
    if all(value == round(value) for value in values):
        return 0
    return numbers.decimals_for(max(abs(value) for value in values))


def element_table(
    rows: Sequence[Row],
    *,
    kind: str = "",
    base: Sequence[Row] | None = None,
    held_against: str = "baseline",
) -> str:
    """Rows sorted by volume (else by their last number), largest first, with a bar in it.

    Parameters
    ----------
    rows : the first column names the element
    kind : name of the detail; the word before ``_by_`` says which way is better
    base : the first run's rows; given, a column tells the change at each element
    held_against : what that run is called
    """
    columns = [column_of(key, rows) for key in rows[0]]
    numeric = [column for column in columns if column.places is not None]
    volumes = [column for column in numeric if column.unit == "m³"]
    ranking = next(iter(volumes or numeric[-1:]), None)
    ranked = list(rows)
    if ranking is not None:
        ranked.sort(key=lambda row: -_value(row, ranking))
    top = abs(_value(ranked[0], ranking)) if ranking else 0.0
    names = columns[0].key
    before = {row.get(names): _value(row, ranking) for row in base or ()} if ranking else {}
    body = []
    for row in ranked[:ROWS]:
        cells = [_cell(row, column, ranking, top) for column in columns]
        if base is not None and ranking is not None:
            old, new = before.get(row.get(names), 0.0), _value(row, ranking)
            cells.append(f'<td class="num">{change_mark(kind.partition("_by_")[0], old, new)}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    heads = [_heading(column) for column in columns]
    if base is not None and ranking is not None:
        heads.append(f'<th scope="col" class="num">Against {escape(held_against)}</th>')
    more = len(ranked) - ROWS
    note = f'<p class="note">{numbers.number(more, 0)} smaller rows are in score.json.</p>'
    return (
        '<div class="scroll" tabindex="0"><table class="elements"><thead>'
        f"<tr>{''.join(heads)}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
        f"{note if more > 0 else ''}"
    )


def _value(row: Row, column: Column) -> float:
    return float(row.get(column.key) or 0.0)


def _heading(column: Column) -> str:
    unit = f" <small>{escape(column.unit)}</small>" if column.unit else ""
    kind = ' class="num"' if column.places is not None else ""
    return f'<th scope="col"{kind}>{escape(column.heading)}{unit}</th>'


def _cell(row: Row, column: Column, ranking: Column | None, top: float) -> str:
    value = row.get(column.key)
    if value is None:
        kind = ' class="num"' if column.places is not None else ""
        return f"<td{kind}>{numbers.NONE}</td>"
    if column.places is None:
        shown = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else str(value)
        return f"<td>{escape(str(shown))}</td>"
    shown = numbers.number(float(value), column.places)
    if column is not ranking or not top:
        return f'<td class="num">{shown}</td>'
    return f'<td class="num bar" style="--share:{abs(float(value)) / top:.3f}">{shown}</td>'
