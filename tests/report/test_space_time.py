"""Does the time–space diagram show greens, queues and platoons where they were?"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jialing.report.source import FieldView, RunView
from jialing.report.space_time import (
    CAR_M,
    GREEN,
    LEFT,
    QUEUE,
    RED,
    SPAN_S,
    WIDTH,
    busiest,
    drawing,
    greens,
    queue_m,
)

HALTS: list[dict[str, Any]] = [
    {"name": "A", "at_m": 0.0, "lanes": ["a_0"], "modes": [0], "speed_mps": 10.0},
    {"name": "B", "at_m": 300.0, "lanes": ["b_0", "b_1"], "modes": [1], "speed_mps": 10.0},
]


def run(shown: list[list[float]], queues: list[list[float]], *, seconds: float = 1.0) -> RunView:
    """A run with so many ticks; `shown` per tick the modes of A and B, `queues` of three lanes."""
    ticks = len(shown)
    values = np.array(queues, dtype=np.float32)
    field = FieldView(name="queue", unit="veh", elements=("a_0", "b_0", "b_1"), values=values)
    return RunView(
        **{
            **{name: _empty(kind) for name, kind in RunView.__annotations__.items()},
            "controller": "<predictive>",
            "time_s": np.arange(1, ticks + 1) * seconds,
            "signals": (),
            "actuators": ("A", "B"),
            "positions": np.array(shown, dtype=np.float64),
            "fields": {"queue": field},
        }
    )


def _empty(kind: str) -> Any:
    return None if "None" in str(kind) else {} if "Mapping" in str(kind) else ()


def test_a_green_lasts_from_its_first_tick_to_the_next_mode() -> None:
    found = greens(run([[0, 0], [0, 0], [-2, 0], [1, 0]], [[0, 0, 0]] * 4), HALTS[0])
    assert found == [(1.0, 3.0)]


def test_a_transition_is_no_green() -> None:
    assert greens(run([[-1, -2]] * 3, [[0, 0, 0]] * 3), HALTS[1]) == []


def test_a_queue_is_as_long_as_its_cars_on_the_mean_lane() -> None:
    found = queue_m(run([[0, 0]], [[0, 4, 2]]), HALTS[1])
    assert found.tolist() == pytest.approx([3 * CAR_M])


def test_the_quarter_of_an_hour_with_the_longest_queues_is_drawn() -> None:
    ticks = 360
    queues = [[0.0, 0.0, 0.0]] * ticks
    queues[250:300] = [[9.0, 0.0, 0.0]] * 50
    start, end = busiest(run([[0, 0]] * ticks, queues, seconds=10.0), HALTS)
    assert end - start == SPAN_S
    assert start <= 2600.0
    assert end >= 2900.0


def test_a_short_run_is_drawn_whole() -> None:
    assert busiest(run([[0, 0]] * 60, [[0, 0, 0]] * 60), HALTS) == (1.0, 60.0)


def test_the_drawing_has_bands_queues_and_platoons_and_no_raw_name() -> None:
    ticks = 120
    shown = [[0.0, 1.0] if (k // 20) % 2 else [1.0, 0.0] for k in range(ticks)]
    text = drawing(run(shown, [[2, 1, 1]] * ticks), HALTS, (0.0, 120.0))
    assert text.count(f'fill="{RED}"') == len(HALTS)
    assert text.count(f'fill="{GREEN}"') == 6
    assert text.count(f'fill="{QUEUE}"') == len(HALTS)
    assert text.count("<line ") == 2  # A turns green three times; the last platoon is not there yet
    assert "<predictive>" not in text
    assert ">0 min</text>" in text


def test_a_run_that_was_cut_short_is_drawn_no_further() -> None:
    short = drawing(run([[1, 0]] * 30, [[2, 1, 1]] * 30), HALTS, (0.0, 120.0))
    edges = [
        float(one) for one in re.findall(r'points="[^"]*? ([\d.]+),[\d.]+ [\d.]+,[\d.]+"', short)
    ]
    bars = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', short)
    ends = edges + [float(x) + float(width) for x, width in bars]
    at_30_s = LEFT + (WIDTH - LEFT) * 30.0 / 120.0
    assert len(ends) == 2 * len(HALTS)
    assert ends == pytest.approx([at_30_s] * len(ends), abs=0.2)
    gone = drawing(run([[1, 0]] * 30, [[2, 1, 1]] * 30), HALTS, (60.0, 120.0))
    assert "<rect" not in gone


def test_the_drawing_tells_the_time_of_day_where_the_case_has_one() -> None:
    at_four = replace(run([[0, 0]] * 120, [[0, 0, 0]] * 120), start="2001-01-01T16:00:00")
    assert ">16:00</text>" in drawing(at_four, HALTS, (0.0, 120.0))
