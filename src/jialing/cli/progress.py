"""How is progress shown: a bar on a terminal, a line per tenth of a run elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jialing as jl


@contextmanager
def shown_progress(*, quiet: bool) -> Iterator[bool | Callable[[jl.Progress], None]]:
    """What to hand to `jialing.run` as `progress`."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet:
        yield False
    elif console.is_terminal:
        with bars(console) as listener:
            yield listener
    else:
        yield True


@contextmanager
def bars(console: object) -> Iterator[Callable[[jl.Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bars

    bars: dict[str, TaskID] = {}
    with Bars(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[state]}"),
        console=console if isinstance(console, Console) else None,
    ) as display:

        def listen(progress: jl.Progress) -> None:
            if progress.controller not in bars:
                bars[progress.controller] = display.add_task(
                    progress.controller, total=progress.duration_s, state=""
                )
            display.update(
                bars[progress.controller],
                completed=progress.time_s,
                state=show_state(progress),
            )

        yield listen


def show_state(progress: jl.Progress) -> str:
    """Plant time passed, speed, and the headline figure."""
    if progress.wall_s == 0.0:
        return "preparing"
    state = f"{show_time(progress.time_s)} of {show_time(progress.duration_s)}"
    state += f" · {progress.speed:,.0f}× real time"
    if progress.value is not None:
        state += f" · {progress.headline} {progress.value.value:,.4g} {progress.value.unit}"
    return state


def show_time(seconds: float) -> str:
    """Days, hours and minutes."""
    minutes = round(seconds / 60.0)
    days, hours = minutes // 1440, minutes // 60 % 24
    return f"{days} d {hours:02d}:{minutes % 60:02d}" if days else f"{hours}:{minutes % 60:02d} h"
