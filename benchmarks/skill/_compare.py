"""By how much does a controller win or lose against the best of the simple ones?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._results import Column, Table
from benchmarks.skill._runs import Outcome, by_case, column

#: What a user has without us: the bar that every run is held against.
SIMPLE = ("rules", "open", "equal-filling")
#: Rules that were published with a model count among them.
PUBLISHED = "published rules"
LOSS = 0.01  # share above the best simple controller that counts as a loss [1]
SMALL_M3 = 1.0  # costs closer than this are equal [m³-eq]

Cell = str | float | int | None


@dataclass(frozen=True, kw_only=True)
class Margin:
    """One run against the best simple controller on the same case.

    Attributes
    ----------
    case, controller : what is compared, `controller` with its forecast
    cost, best : priced sums [m³-eq]; `best_by` names who reached `best`
    """

    case: str
    controller: str
    cost: float
    best: float
    best_by: str

    @property
    def change(self) -> float:
        """Cost above the best simple one, as a share of it [1]; negative is a gain."""
        if abs(self.cost - self.best) <= SMALL_M3:
            return 0.0
        return (self.cost - self.best) / max(abs(self.best), SMALL_M3)

    @property
    def lost(self) -> bool:
        return self.change > LOSS


def margins(outcomes: Sequence[Outcome]) -> list[Margin]:
    """Every run that is no simple controller's, against the best simple one of its case."""
    found = []
    for case, columns in by_case(outcomes):
        simple = {
            name: o.score["cost"]
            for name, o in columns.items()
            if name in (*SIMPLE, PUBLISHED) and "cost" in o.score
        }
        if not simple:
            continue
        best_by = min(simple, key=lambda name: simple[name])
        found += [
            Margin(
                case=case,
                controller=name,
                cost=o.score["cost"],
                best=simple[best_by],
                best_by=best_by,
            )
            for name, o in columns.items()
            if name not in simple and name.startswith("predictive") and "cost" in o.score
        ]
    return found


def word_table(
    name: str, outcomes: Sequence[Outcome], word: str, title: str, *, digits: int = 0, note: str
) -> Table:
    """Cases down, controllers across, one score word in the cells."""
    columns = list(dict.fromkeys(column(o) for o in outcomes))
    rows: list[list[Cell]] = []
    for case, found in by_case(outcomes):
        rows.append([case, *(_value(found.get(c), word) for c in columns)])
    return Table(
        name=name,
        columns=[Column(title=title), *(Column(title=c, digits=digits) for c in columns)],
        rows=rows,
        note=note,
    )


def _value(outcome: Outcome | None, word: str) -> float | None:
    return None if outcome is None else outcome.score.get(word)


def loss_table(name: str, found: Sequence[Margin], *, note: str) -> Table:
    """Every run that lost, the worst first."""
    lost = sorted((m for m in found if m.lost), key=lambda m: -m.change)
    return Table(
        name=name,
        columns=[
            Column(title="case"),
            Column(title="controller"),
            Column(title="cost [m³-eq]", digits=1),
            Column(title="best simple [m³-eq]", digits=1),
            Column(title="by"),
            Column(title="loss [%]", digits=2),
        ],
        rows=[[m.case, m.controller, m.cost, m.best, m.best_by, 100 * m.change] for m in lost],
        note=note,
    )


def distribution_table(name: str, groups: Mapping[str, Sequence[Margin]], *, note: str) -> Table:
    """Change of cost against the best simple controller: its spread over the runs of each group."""
    rows: list[list[Cell]] = []
    for group, found in groups.items():
        change = 100.0 * np.array([m.change for m in found])
        if not change.size:
            continue
        rows.append(
            [
                group,
                len(found),
                int((change < -100 * LOSS).sum()),
                int((change > 100 * LOSS).sum()),
                *(float(np.percentile(change, p)) for p in (0, 25, 50, 75, 100)),
            ]
        )
    percentiles = ("best", "lower quartile", "median", "upper quartile", "worst")
    return Table(
        name=name,
        columns=[
            Column(title="model"),
            Column(title="runs"),
            Column(title="better by > 1 %"),
            Column(title="worse by > 1 %"),
            *(Column(title=f"{p} [%]", digits=2) for p in percentiles),
        ],
        rows=rows,
        note=note,
    )


def as_text(table: Table) -> str:
    """A table for the terminal."""
    shown = [
        [c.title for c in table.columns],
        *([_cell(v, c.digits) for v, c in zip(r, table.columns, strict=True)] for r in table.rows),
    ]
    widths = [max(len(r[i]) for r in shown) for i in range(len(table.columns))]
    lines = [
        "  ".join(
            text.ljust(w) if i == 0 else text.rjust(w)
            for i, (text, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in shown
    ]
    return "\n".join([f"{table.name}:", *lines, table.note, ""])


def _cell(value: Cell, digits: int | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.{digits}f}" if isinstance(value, float) and digits is not None else str(value)
