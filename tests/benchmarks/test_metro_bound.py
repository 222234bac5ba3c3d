"""Do the tables of the stations' bound say what was measured?"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.skill.metro_bound import FIGURES, tables


def test_the_mean_is_told_beside_the_timetable_and_every_day_is_listed() -> None:
    waited = np.array([[100.0, 80.0, 50.0, 90.0, 80.0], [300.0, 200.0, 150.0, 310.0, 240.0]])
    every, below = tables("mixed", "normal", [100, 101], waited)
    assert [row[:4] for row in every.rows] == [
        ["mixed", "normal", 100, 100.0],
        ["mixed", "normal", 101, 300.0],
    ]
    (row,) = below.rows
    assert row[:3] == ["mixed", "normal", 200.0]
    assert row[3:] == pytest.approx([-30.0, -50.0, 0.0, -20.0])
    assert [column.title for column in below.columns[3:]] == [f"{word} [%]" for word in FIGURES[1:]]
    assert "seeds 100 to 101" in below.note
