"""How do the runs of a case compare, word by word?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jialing.core.case import Run
from jialing.report.headline import UNCHANGED, verdict


@dataclass(frozen=True, kw_only=True)
class Line:
    """One score word over all runs.

    Attributes
    ----------
    word, unit : what is scored
    values : one per run, NaN where a run has none
    changes : against the first run [1]; NaN where that is no number
    gains : per run, judged as the report does: 1 better than the first run, -1 worse, 0 neither
    """

    word: str
    unit: str
    values: tuple[float, ...]
    changes: tuple[float, ...]
    gains: tuple[int, ...]

    def shown(self, run: int) -> str:
        """Value of one run, and from the second on its change."""
        value, change = show_number(self.values[run]), self.changes[run]
        return value if run == 0 or math.isnan(change) else f"{value} ({show_change(change)})"


def compare_runs(runs: Sequence[Run]) -> tuple[Line, ...]:
    """One line per score word, in the order of the first run's sheet."""
    units = {word: quantity.unit for run in reversed(runs) for word, quantity in run.score.items()}
    words = dict.fromkeys(word for run in runs for word in run.score)
    lines = []
    for word in words:
        values = [run.score[word].value if word in run.score else math.nan for run in runs]
        lines.append(
            Line(
                word=word,
                unit=units[word],
                values=tuple(values),
                changes=tuple(_change(value, values[0]) for value in values),
                gains=tuple(_gain(word, values[0], value) for value in values),
            )
        )
    return tuple(lines)


def as_text(runs: Sequence[Run], lines: Sequence[Line]) -> list[str]:
    """The comparison as aligned columns."""
    cells = [["", "", *(run.controller for run in runs)]]
    for line in lines:
        shown = [line.shown(i) for i in range(len(runs))]
        cells.append([line.word, line.unit, *shown])
    return columns_as_text(cells)


def columns_as_text(cells: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines: two columns set left, the others right."""
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    texts = []
    for row in cells:
        left = [text.ljust(width) for text, width in zip(row[:2], widths[:2], strict=True)]
        right = [text.rjust(width) for text, width in zip(row[2:], widths[2:], strict=True)]
        texts.append("  ".join([*left, *right]).rstrip())
    return texts


def show_number(value: float) -> str:
    """A number for people: about four digits, thousands apart."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    places = 0 if size >= 1000 or value == round(value) else 1 if size >= 100 else 2
    text = f"{value:,.{places}f}" if size >= 0.01 or value == 0 else f"{value:.2g}"
    return text.replace("-", "−")


def show_change(change: float) -> str:
    """A change in percent with its sign; tenfold and more as a factor."""
    if abs(change) <= UNCHANGED:
        return "±0 %"
    if change >= 9.0:
        return f"×{1.0 + change:,.0f}"
    percent = 100.0 * change
    places = 0 if abs(percent) >= 100 else 1
    return f"{percent:+,.{places}f} %".replace("-", "−")


def _change(value: float, first: float) -> float:
    if value == first:
        return 0.0
    return (value - first) / abs(first) if first else math.nan


def _gain(word: str, first: float, value: float) -> int:
    if math.isnan(value - first):
        return 0
    return {"better": 1, "worse": -1}.get(verdict(word, first, value), 0)
