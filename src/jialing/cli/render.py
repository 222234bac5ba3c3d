"""How do results and lists look on a terminal, and in a pipe?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    import jialing as jl

_GAIN_STYLE = {1: "green", 0: "", -1: "red"}


def show_result(result: jl.Result | jl.Repeated) -> None:
    """The comparison: with colours on a terminal, as plain columns in a pipe."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        print(result.table())
        return
    console.print(result_table(result))
    for notice in result.notices():
        console.print(notice, style="yellow", highlight=False)
    for line in result.bound_lines():
        console.print(line, highlight=False)


def result_table(result: jl.Result | jl.Repeated) -> Table:
    """One row per score word, one column per controller, better in green and worse in red."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=result.head(), title_justify="left")
    table.add_column("score")
    table.add_column("unit")
    for controller in result.controllers:
        table.add_column(controller, justify="right")
    for line in result.lines():
        shown = [line.shown(i) for i in range(len(result.controllers))]
        cells = [Text(text, style=_GAIN_STYLE[line.gains[i]]) for i, text in enumerate(shown)]
        table.add_row(line.word, line.unit, *cells)
    return table


def show_cases(entries: Sequence[jl.CaseEntry]) -> None:
    """One line per case, and what keeps it from running here."""
    width = max((len(entry.name) for entry in entries), default=0)
    for entry in entries:
        print(f"{entry.name:<{width}}  {entry.domain}  {entry.title}")
        if entry.lacks:
            print(f"{'':<{width}}  cannot run here: {entry.lacks}")
