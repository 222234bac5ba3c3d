"""What did the guard stop, and which decisions came late, as counts and a list?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from jialing.report import numbers
from jialing.report.source import Incident, ResultView, RunView

GROUPS = 60  # groups of equal incidents that are listed per run


@dataclass(frozen=True, kw_only=True)
class Group:
    """Incidents of one kind, rule and actuator; `last` is the latest of them."""

    kind: str
    rule: str
    actuator: str
    count: int
    first_s: float
    last: Incident


def grouped(incidents: Sequence[Incident]) -> list[Group]:
    """Incidents put together by kind, actuator and rule; refusals first, then by number."""
    heaps: dict[tuple[str, str, str], list[Incident]] = {}
    for found in incidents:
        heaps.setdefault((found.kind, found.rule, found.actuator), []).append(found)
    groups = [
        Group(
            kind=kind,
            rule=rule,
            actuator=actuator,
            count=len(heap),
            first_s=heap[0].time_s,
            last=heap[-1],
        )
        for (kind, rule, actuator), heap in heaps.items()
    ]
    order = {"refused": 0, "late": 1, "clamped": 2}
    return sorted(groups, key=lambda g: (order.get(g.kind, 3), -g.count))


def counts(result: ResultView) -> str:
    """Table of the guard's answers and of late decisions, one row per controller."""
    rows = "".join(
        f'<tr><th scope="row">{escape(run.controller)}</th>'
        + "".join(
            f'<td class="num">{numbers.number(value, 0)}</td>'
            for value in (run.guard.allowed, run.guard.clamped, run.guard.refused, run.unusable)
        )
        + "</tr>"
        for run in result.runs
    )
    return (
        '<div class="scroll" tabindex="0"><table class="elements"><thead><tr>'
        '<th scope="col">Controller</th><th scope="col" class="num">Allowed</th>'
        '<th scope="col" class="num">Clamped</th><th scope="col" class="num">Refused</th>'
        '<th scope="col" class="num">Late or failed decisions</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def listing(result: ResultView) -> str:
    """Grouped incidents of every run."""
    parts = []
    for i, run in enumerate(result.runs):
        groups = grouped(run.incidents)
        body = (
            _table(groups, run)
            if groups
            else '<p class="empty">Nothing was clamped, refused or late.</p>'
        )
        parts.append(
            f'<div class="per-run" data-run="{i}"><h4 class="run-name">{escape(run.controller)}</h4>'
            f"{body}</div>"
        )
    return "".join(parts)


def _table(groups: Sequence[Group], run: RunView) -> str:
    rows = "".join(
        f'<tr><td><span class="kind {escape(g.kind)}">{escape(g.kind)}</span></td>'
        f"<td>{escape(g.actuator or numbers.NONE)}</td><td>{escape(g.rule or numbers.NONE)}</td>"
        f'<td class="num">{numbers.number(g.count, 0)}</td>'
        f"<td>{run.clock(g.first_s)}</td><td>{run.clock(g.last.time_s)}</td>"
        f'<td class="reason">{escape(g.last.text)}</td></tr>'
        for g in groups[:GROUPS]
    )
    more = len(groups) - GROUPS
    note = f'<p class="note">{numbers.number(more, 0)} further groups are in events.jsonl.</p>'
    return (
        '<div class="scroll" tabindex="0"><table class="elements"><thead><tr>'
        '<th scope="col">Answer</th><th scope="col">Actuator</th><th scope="col">Rule</th>'
        '<th scope="col" class="num">Episodes</th><th scope="col">First</th><th scope="col">Last</th>'
        '<th scope="col">Latest reason</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{note if more > 0 else ''}"
    )
