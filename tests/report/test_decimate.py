"""Does a thinned line look like the whole one?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jialing.report.decimate import frame_ticks, keep, keep_spells

levels = st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.5, -1.0, 7.0, float("nan")])


@given(st.lists(levels, max_size=400), st.integers(4, 60))
def test_every_extreme_stays_within_the_limit(values: list[float], limit: int) -> None:
    line = np.array(values, dtype=np.float64)
    kept = keep(line, limit)
    assert len(kept) <= limit or len(line) <= 2
    assert np.all(np.diff(kept) > 0)
    if len(line):
        assert kept[0] == 0
        assert kept[-1] == len(line) - 1
    if np.isfinite(line).any():
        assert np.nanmax(line[kept]) == np.nanmax(line)
        assert np.nanmin(line[kept]) == np.nanmin(line)


@given(st.lists(levels, min_size=3, max_size=200))
def test_below_the_limit_the_picture_is_exactly_the_same(values: list[float]) -> None:
    line = np.array(values, dtype=np.float64)
    kept = keep(line, 200)
    drawn = np.interp(np.arange(len(line)), kept, line[kept])
    whole = np.isfinite(line) & np.isfinite(drawn)
    assert np.array_equal(drawn[whole], line[whole])
    left_out = np.setdiff1d(np.arange(len(line)), kept)
    assert np.all(np.isnan(line[left_out]) == np.isnan(line[left_out - 1]))


def test_a_quiet_month_before_a_storm_is_drawn_quiet() -> None:
    line = np.zeros(16_000)
    line[9_000:9_030] = np.sin(np.arange(30) / 9.0)
    line[9_030:12_000] = 0.02 * np.random.default_rng(1).random(2_970)
    kept = keep(line, 500)
    drawn = np.interp(np.arange(16_000), kept, line[kept])
    assert len(kept) <= 500
    assert drawn[:8_900].max() == 0.0
    assert drawn.max() == line.max()


def test_a_long_gap_stays_a_gap() -> None:
    line = np.random.default_rng(2).random(10_000)
    line[4_000:6_000] = np.nan
    kept = keep(line, 200)
    inside = kept[(kept >= 4_000) & (kept < 6_000)]
    assert np.isnan(line[inside]).any()
    assert len(kept) <= 200


@given(st.lists(levels, min_size=1, max_size=200))
def test_a_row_of_categories_keeps_each_change(values: list[float]) -> None:
    row = np.array(values, dtype=np.float64)
    kept = keep_spells(row, 200)
    held = row[kept[np.searchsorted(kept, np.arange(len(row)), side="right") - 1]]
    assert np.array_equal(held, row, equal_nan=True)
    assert np.count_nonzero(np.diff(np.nan_to_num(row[kept], nan=99.0)) == 0.0) <= 1  # the last


def test_a_row_with_too_many_changes_keeps_the_share_of_each_category() -> None:
    row = np.repeat(np.random.default_rng(3).integers(0, 5, 40_000), 4).astype(np.float64)
    kept = keep_spells(row, 5_000)
    assert (kept[0], kept[-1], len(kept)) == (0, len(row) - 1, 5_000)
    spells = np.diff(kept) / (len(row) - 1)
    for category in range(5):
        drawn = spells[row[kept[:-1]] == category].sum()
        assert drawn == pytest.approx((row == category).mean(), abs=0.02)


def test_frames_end_with_the_last_tick_and_never_repeat() -> None:
    for ticks in (1, 2, 149, 150, 151, 16_000):
        frames = frame_ticks(ticks)
        assert frames[-1] == ticks - 1
        assert len(frames) == min(150, ticks)
        assert np.all(np.diff(frames) > 0)
    assert len(frame_ticks(0)) == 0
