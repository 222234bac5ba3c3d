"""Which samples of a long line must be kept so that its picture stays the same?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray

IndexArray = NDArray[np.int64]


def keep(values: FloatArray, limit: int = 2000) -> IndexArray:
    """Ascending indices of the samples to draw, at most `limit`.

    First the inner samples of constant stretches go, which changes no picture. If that is not
    enough, the line is cut into equal spans of time, and of each its first, last, least and
    greatest sample stay: no peak is lost, and no slope leaves its span. There are as many spans as
    the limit allows. The first and the last sample always stay, and missing ones remain as gaps.

    Parameters
    ----------
    values : [samples] at equal intervals, NaN where missing
    limit : largest number of indices, at least 4

    Source of the four samples: Jugel et al. (2014), M4, Proc. VLDB Endowment 7(10).
    """
    count = len(values)
    if count <= 2:
        return np.arange(count)
    changed = _changed(values)
    edges = np.zeros(count, dtype=np.bool_)
    edges[[0, -1]] = True
    edges[1:] |= changed
    edges[:-1] |= changed
    chosen = candidates = np.flatnonzero(edges)
    spans = limit
    while len(chosen) > max(limit, 4):
        spans = max(1, spans * 4 // 5)
        chosen = _span_extremes(values, candidates, candidates * spans // count)
    return chosen


def keep_spells(values: FloatArray, limit: int) -> IndexArray:
    """Ascending indices of the samples with which a row of categories is drawn, at most `limit`.

    A sample stays where the category changes, and holds until the next one that stays: nothing is
    lost. Extremes mean nothing here, so where there are more changes than the limit allows, samples
    at equal distances stay: each category keeps its share of the time. The first and the last
    sample always stay.

    Parameters
    ----------
    values : [samples] at equal intervals, NaN where missing
    limit : largest number of indices, at least 2
    """
    count = len(values)
    if count <= 2:
        return np.arange(count)
    stays = np.ones(count, dtype=np.bool_)
    stays[1:-1] = _changed(values)[:-1]
    chosen = np.flatnonzero(stays)
    if len(chosen) <= limit:
        return chosen
    return np.linspace(0, count - 1, limit).astype(np.int64)


def _changed(values: FloatArray) -> NDArray[np.bool_]:
    """[samples - 1] whether a sample differs from the one before; missing ones are alike."""
    missing = np.isnan(values)
    changed: NDArray[np.bool_] = values[1:] != values[:-1]
    return changed & ~(missing[1:] & missing[:-1])


def _span_extremes(values: FloatArray, candidates: IndexArray, span: IndexArray) -> IndexArray:
    """First, last, least and greatest candidate of each span; `span` ascends."""
    found = values[candidates]
    gap = np.isnan(found)
    starts = np.flatnonzero(np.r_[True, span[1:] != span[:-1]])
    ends = np.r_[starts[1:], len(span)] - 1
    least = np.lexsort((np.where(gap, np.inf, found), span))[starts]
    greatest = np.lexsort((np.where(gap, np.inf, -found), span))[starts]
    kept: IndexArray = candidates[np.unique(np.concatenate((starts, ends, least, greatest)))]
    return kept


def frame_ticks(ticks: int, limit: int = 150) -> IndexArray:
    """Last tick of each of at most `limit` equal windows over `ticks` ticks."""
    frames = min(limit, ticks)
    if frames <= 0:
        return np.zeros(0, dtype=np.int64)
    return np.floor(np.arange(1, frames + 1) * ticks / frames).astype(np.int64) - 1
