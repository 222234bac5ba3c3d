"""How do the controllers compare, score by score?"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from statistics import median

from jialing.report import numbers
from jialing.report.headline import change_text, verdict
from jialing.report.source import ResultView, RunView
from jialing.report.words import Better, controller_phrase, in_order, word

_SIGNS = {"better": "✓", "worse": "✗", "same": "="}
_SAID = {"better": "better", "worse": "worse", "same": ""}


def comparison(result: ResultView) -> str:
    """All score words as rows; columns: the baseline, the chosen controller, the others."""
    chosen = result.chosen
    runs = sorted(result.runs, key=lambda run: (run is not result.baseline, run is not chosen))
    heads = "".join(
        f'<th scope="col"{_chosen(run, chosen)}>{escape(run.controller)}'
        f"<small>{escape(_role(run, result))}</small></th>"
        for run in runs
    )
    rows = "".join(_score_row(name, runs, result) for name in _words(runs))
    return (
        '<table class="scores"><caption class="sr">Scores of every controller</caption>'
        f'<thead><tr><th scope="col">Score</th><th scope="col">Unit</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _role(run: RunView, result: ResultView) -> str:
    if run is result.baseline and result.chosen is not None and result.held_against == "baseline":
        return "baseline"
    phrase = controller_phrase(run.controller, result.domain)
    return "" if phrase.lower() == run.controller.lower() else phrase


def _chosen(run: RunView, chosen: RunView | None) -> str:
    return ' class="chosen"' if run is chosen else ""


def _words(runs: Sequence[RunView]) -> list[str]:
    seen: dict[str, None] = {}
    for run in runs:
        seen.update(dict.fromkeys(run.score))
    return in_order(seen)


def _score_row(name: str, runs: Sequence[RunView], result: ResultView) -> str:
    meaning = word(name)
    columns = [result.values(run.controller, name) for run in runs]
    largest = max((abs(value) for values in columns for value in values), default=0.0)
    whole = meaning.whole and len(result.seeds) <= 1
    places = 0 if whole else numbers.decimals_for(largest)
    unit = next(run.score[name].unit for run in runs if name in run.score)
    shown_unit = "" if unit == "1" else unit
    cells = "".join(
        f"<td{_chosen(run, result.chosen)}>{shown_values(values, places)}"
        f"{_changes(name, result.pairs(name, run.controller)) if i else ''}</td>"
        for i, (run, values) in enumerate(zip(runs, columns, strict=True))
    )
    hint = f"<small>{escape(meaning.meaning)}</small>" if meaning.meaning else ""
    wish = {Better.LESS: "less is better", Better.MORE: "more is better"}.get(meaning.better, "")
    title = f' title="{escape(wish)}"' if wish else ""
    return (
        f'<tr><th scope="row"{title}><span>{escape(meaning.label)}</span>'
        f' <span class="sub">{escape(shown_unit)}</span>{hint}</th>'
        f'<td class="unit">{escape(shown_unit)}</td>{cells}</tr>'
    )


def shown_values(found: Sequence[float], places: int) -> str:
    """The median over seeds, and how far they spread where there are several."""
    if not found:
        return numbers.NONE
    text = f'<span class="value">{numbers.aligned(median(found), places)}</span>'
    if len(found) > 1:
        least, most = (numbers.aligned(value, places) for value in (min(found), max(found)))
        text += f'<span class="spread">{least} … {most}</span>'
    return text


def _changes(name: str, pairs: Sequence[tuple[float, float]]) -> str:
    """The change of the medians, and its least and greatest where there are several seeds.

    Where one seed is better and another worse, neither is claimed.
    """
    if not pairs:
        return ""
    before, after = (median(column) for column in zip(*pairs, strict=True))
    mark = change_mark(name, before, after)
    moved = [numbers.change(*pair) for pair in pairs]
    known = [change for change in moved if change is not None]
    least, most = (numbers.percent(pick(known, default=0.0), sign=True) for pick in (min, max))
    if not mark or least == most:
        return mark
    if {"better", "worse"} <= {verdict(name, *pair) for pair in pairs}:
        text = f"{change_text(before, after)} seeds disagree"
        mark = f'<span class="change same">{escape(text)}</span>'
    return f'{mark}<span class="spread">{least} … {most}</span>'


def change_mark(name: str, before: float, after: float) -> str:
    """The change of score word `name` with sign, colour and word."""
    kind = verdict(name, before, after)
    if kind == "neutral":
        return ""
    said = change_text(before, after)
    judged = "" if said == "new" else _SAID[kind]
    text = f"{_SIGNS[kind]} {said} {judged}".strip()
    return f'<span class="change {kind}">{escape(text)}</span>'
