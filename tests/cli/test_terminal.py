"""Does a terminal show a bar, figures and colours that mean something?"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from bucket_domain import BucketDomain
from rich.console import Console

import jialing as jl
from jialing.cli.progress import bars, show_state, show_time
from jialing.cli.render import result_table

PROGRESS = jl.Progress(
    controller="predictive",
    time_s=7800.0,
    duration_s=21_600.0,
    wall_s=6.5,
    headline="overflow",
    value=jl.Quantity(value=1234.5, unit="m³"),
)


def terminal() -> tuple[Console, io.StringIO]:
    screen = io.StringIO()
    return Console(file=screen, force_terminal=True, width=120), screen


def test_a_bar_shows_time_speed_and_the_headline_figure() -> None:
    console, screen = terminal()
    with bars(console) as listen:
        listen(PROGRESS)
    shown = screen.getvalue()
    assert "predictive" in shown
    assert "36%" in shown
    assert "2:10 h of 6:00 h · 1,200× real time · overflow 1,234 m³" in shown


def test_a_state_without_a_figure_yet_has_none() -> None:
    from dataclasses import replace

    assert "overflow" not in show_state(replace(PROGRESS, value=None))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "0:00 h"), (5400.0, "1:30 h"), (86_340.0, "23:59 h"), (86_400.0 * 56, "56 d 00:00")],
)
def test_times_are_shown_in_hours_and_days(seconds: float, shown: str) -> None:
    assert show_time(seconds) == shown


def test_better_is_green_and_worse_is_red(bucket: BucketDomain, tmp_path: Path) -> None:
    case = jl.case("leaky-bucket", capacity_m3=12.0)
    result = jl.run(case, out=tmp_path)
    lines = {line.word: line for line in result.lines()}
    assert lines["flooding"].gains[1] == 1
    assert lines["travel"].gains[1] == -1
    console, screen = terminal()
    console.print(result_table(result))
    shown = screen.getvalue()
    green, red = lines["flooding"].shown(1), lines["travel"].shown(1)
    assert re.search(r"\x1b\[32m *" + re.escape(green), shown)
    assert re.search(r"\x1b\[31m *" + re.escape(red), shown)
