"""How do greens and queues follow each other along a street? A time–space diagram per controller.

Time runs to the right, the way along the street upwards. Each signal is a band, green while those
who drive along may go. The area below a band is the queue before it, as long as it stands; thin
lines start with each green and show where a platoon at the allowed speed gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from jialing.core.signal import FloatArray
from jialing.report.source import ResultView, RunView

SPAN_S = 900.0  # what is drawn: a quarter of an hour …
CAR_M = 7.5  # road that a standing car takes [m]
WIDTH, HEIGHT, LEFT, TOP, FOOT = 1000.0, 340.0, 130.0, 14.0, 30.0  # of the drawing [px]
BAND = 7.0  # height of a signal's band [px]
TICK_S = 120.0
GREEN, RED, QUEUE, LINE = "#2a8f6b", "#b8433f", "#d9a441", "#6b7a8f"

Halt = Mapping[str, Any]
Span = tuple[float, float]


def diagrams(result: ResultView) -> str:
    """The section's content: a diagram for the baseline and for the chosen run; "" without a street."""
    halts: Sequence[Halt] = result.baseline.picture.get("corridor") or ()
    if len(halts) < 2:
        return ""
    span = busiest(result.baseline, halts)
    runs = [result.baseline, *([result.chosen] if result.chosen else ())]
    parts = [
        f'<figure tabindex="0"><figcaption>{escape(run.controller)}</figcaption>'
        f"{drawing(run, halts, span)}</figure>"
        for run in runs
    ]
    lead = (
        f"{len(halts)} signals along one street, {halts[-1]['at_m']:.0f} m, in the quarter of an "
        "hour in which most vehicles stood there. Bands are green while the way straight on is "
        "free; below each band the queue before it; thin lines start with each green and show "
        "where the first vehicle gets at the allowed speed."
    )
    return (
        '<section id="corridor" aria-labelledby="h-corridor"><h2 id="h-corridor">Along the street'
        f'</h2><p class="lead">{escape(lead)}</p>{"".join(parts)}</section>'
    )


def busiest(run: RunView, halts: Sequence[Halt]) -> Span:
    """The span of `SPAN_S` in which most vehicles stood before these signals [s]."""
    time_s = run.time_s
    if not len(time_s) or time_s[-1] - time_s[0] <= SPAN_S:
        return (float(time_s[0]), float(time_s[-1])) if len(time_s) else (0.0, SPAN_S)
    standing = sum((queue_m(run, halt) for halt in halts), start=np.zeros(len(time_s)))
    total = np.concatenate(([0.0], np.cumsum(standing)))
    ends = np.searchsorted(time_s, time_s + SPAN_S)
    whole = np.flatnonzero(time_s + SPAN_S <= time_s[-1])
    start = float(time_s[whole[int(np.argmax((total[ends] - total[:-1])[whole]))]])
    return start, start + SPAN_S


def queue_m(run: RunView, halt: Halt) -> FloatArray:
    """[ticks] length of the queue before a signal, mean over its lanes [m]."""
    field = run.fields.get("queue")
    if field is None:
        return np.zeros(len(run.time_s))
    columns = [field.elements.index(lane) for lane in halt["lanes"] if lane in field.elements]
    found = np.zeros(len(run.time_s))
    if columns:
        rows = np.asarray(field.values[:, columns], dtype=np.float64)[: len(found)]
        found[: len(rows)] = np.nan_to_num(rows).mean(axis=1) * CAR_M
    return found


def greens(run: RunView, halt: Halt) -> list[Span]:
    """When those who drive along may go [s]."""
    name = str(halt["name"])
    if name not in run.actuators:
        return []
    shown = run.positions[:, run.actuators.index(name)]
    go = np.isin(shown, np.array(list(halt["modes"]), dtype=np.float64))[: len(run.time_s)]
    edges = np.flatnonzero(np.diff(np.concatenate(([False], go, [False])).astype(np.int8)))
    times = np.append(run.time_s, run.time_s[-1:] if len(run.time_s) else 0.0)
    return [(float(times[a]), float(times[b])) for a, b in edges.reshape(-1, 2).tolist()]


def drawing(run: RunView, halts: Sequence[Halt], span: Span) -> str:
    """One diagram as SVG."""
    start, end = span
    far = max(float(halts[-1]["at_m"]), 1.0) * 1.12
    x_of = (WIDTH - LEFT) / max(end - start, 1.0)
    y_of = (HEIGHT - TOP - FOOT) / far
    room = far * 0.1  # below the first stop line: its queue [m]

    def x(at_s: float) -> float:
        return round(LEFT + (min(max(at_s, start), end) - start) * x_of, 1)

    def y(at_m: float) -> float:
        return round(HEIGHT - FOOT - (at_m + room) * y_of, 1)

    shapes = []
    here = np.flatnonzero((run.time_s >= start) & (run.time_s <= end))
    until = (
        min(end, float(run.time_s[-1])) if len(run.time_s) else start
    )  # it may have been cut short
    for k, halt in enumerate(halts):
        at = float(halt["at_m"])
        below = at - float(halts[k - 1]["at_m"]) if k else room
        tail = np.minimum(queue_m(run, halt)[here], below)
        points = [
            f"{x(float(s))},{y(at - float(q))}" for s, q in zip(run.time_s[here], tail, strict=True)
        ]
        if points:
            ends = f"{x(until)},{y(at)} {x(start)},{y(at)}"
            shapes.append(f'<polygon points="{" ".join(points)} {ends}" fill="{QUEUE}"/>')
        spells = [(a, b) for a, b in greens(run, halt) if b > start and a < end]
        if k + 1 < len(halts):
            ahead = halts[k + 1]
            drive_s = (float(ahead["at_m"]) - at) / max(float(ahead["speed_mps"]), 1.0)
            shapes += [
                f'<line x1="{x(a)}" y1="{y(at)}" x2="{x(a + drive_s)}" y2="{y(ahead["at_m"])}" '
                f'stroke="{LINE}" stroke-width="0.7"/>'
                for a, _ in spells
                if a >= start and a + drive_s <= end
            ]
        if until > start:
            shapes.append(_bar(x(start), x(until), y(at), RED))
        shapes += [_bar(x(a), x(b), y(at), GREEN) for a, b in spells]
        shapes.append(
            f'<text x="{LEFT - 8:g}" y="{y(at)}" text-anchor="end" font-size="11" '
            f'fill="currentColor">{escape(str(halt["name"])[-16:])}</text>'
        )
    for at_s in np.arange(np.ceil(start / TICK_S) * TICK_S, end + 1.0, TICK_S).tolist():
        told = run.clock(at_s) if run.start else f"{at_s / 60.0:.0f} min"
        shapes.append(
            f'<text x="{x(at_s)}" y="{HEIGHT - 8:g}" text-anchor="middle" font-size="11" '
            f'fill="currentColor">{told}</text>'
        )
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" width="100%" '
        f'aria-label="Greens and queues along the street under {escape(run.controller)}">'
        f"{''.join(shapes)}</svg>"
    )


def _bar(left: float, right: float, y: float, colour: str) -> str:
    width = max(round(right - left, 1), 0.3)
    return (
        f'<rect x="{left}" y="{round(y - BAND / 2, 1)}" width="{width}" height="{BAND:g}" '
        f'fill="{colour}"/>'
    )
