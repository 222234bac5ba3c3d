"""How do the controllers compare, score by score?"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from jialing.core.case import Quantity
from jialing.report import numbers
from jialing.report.headline import change_text, verdict
from jialing.report.source import ResultView, RunView
from jialing.report.words import WORDS, Better, controller_phrase, word

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
    rows = "".join(_score_row(name, runs, chosen) for name in _words(runs))
    return (
        '<table class="scores"><caption class="sr">Scores of every controller</caption>'
        f'<thead><tr><th scope="col">Score</th><th scope="col">Unit</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _role(run: RunView, result: ResultView) -> str:
    if run is result.baseline and result.chosen is not None:
        return "baseline"
    phrase = controller_phrase(run.controller)
    return "" if phrase.lower() == run.controller.lower() else phrase


def _chosen(run: RunView, chosen: RunView | None) -> str:
    return ' class="chosen"' if run is chosen else ""


def _words(runs: Sequence[RunView]) -> list[str]:
    seen: dict[str, None] = {}
    for run in runs:
        seen.update(dict.fromkeys(run.score))
    order = list(WORDS)
    return sorted(seen, key=lambda name: order.index(name) if name in order else len(order))


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
    value = f'<span class="value">{numbers.aligned(found.value, places)}</span>'
    if base is None:
        return f"<td{mark}>{value}</td>"
    return f"<td{mark}>{value}{change_mark(name, base.value, found.value)}</td>"


def change_mark(name: str, before: float, after: float) -> str:
    """The change of score word `name` with sign, colour and word."""
    kind = verdict(name, before, after)
    if kind == "neutral":
        return ""
    said = change_text(before, after)
    judged = "" if said == "new" else _SAID[kind]
    text = f"{_SIGNS[kind]} {said} {judged}".strip()
    return f'<span class="change {kind}">{escape(text)}</span>'
