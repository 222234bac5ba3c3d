"""How is a handful of measured curves drawn? As a small SVG on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 18, 34, 46
INK, GRID = "#30363d", "#d8dde3"
COLOURS = ("#0b7285", "#e8590c", "#5f3dc4")


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Curves over one abscissa, both axes logarithmic.

    Attributes
    ----------
    title, across, up : texts with units
    curves : label -> points (x, y), all above 0
    limit : a horizontal line with its label; None for none
    """

    title: str
    across: str
    up: str
    curves: Mapping[str, Sequence[tuple[float, float]]]
    limit: tuple[float, str] | None = None


def svg(panels: Sequence[Panel]) -> str:
    """The panels side by side."""
    width = WIDTH * len(panels)
    body = "".join(_panel(panel, n * WIDTH) for n, panel in enumerate(panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
        f'width="{width}" height="{HEIGHT}" font-family="sans-serif" font-size="11" '
        f'fill="{INK}"><rect width="{width}" height="{HEIGHT}" fill="#fff"/>{body}</svg>\n'
    )


def _panel(panel: Panel, offset: int) -> str:
    points = [point for curve in panel.curves.values() for point in curve]
    heights = [y for _, y in points] + ([panel.limit[0]] if panel.limit else [])
    across = _Axis([x for x, _ in points], offset + LEFT, offset + WIDTH - RIGHT, decades=False)
    up = _Axis(heights, HEIGHT - BOTTOM, TOP, decades=True)
    parts = [_text(panel.title, offset + WIDTH / 2, 18, weight="bold", size=12)]
    for tick in across.ticks:
        x = across.at(tick)
        parts.append(_line([(x, TOP), (x, HEIGHT - BOTTOM)], GRID))
        parts.append(_text(_number(tick), x, HEIGHT - BOTTOM + 16))
    for tick in up.ticks:
        y = up.at(tick)
        parts.append(_line([(across.low, y), (across.high, y)], GRID))
        parts.append(_text(_number(tick), across.low - 6, y + 4, anchor="end"))
    if panel.limit:
        y = up.at(panel.limit[0])
        parts.append(_line([(across.low, y), (across.high, y)], INK, dash="5 4"))
        parts.append(_text(panel.limit[1], across.low + 6, y - 5, anchor="start"))
    for n, (label, curve) in enumerate(panel.curves.items()):
        colour = COLOURS[n % len(COLOURS)]
        places = [(across.at(x), up.at(y)) for x, y in curve]
        parts.append(_line(places, colour, width=2))
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        x, y = places[0]
        parts.append(_text(label, x + 6, y + (18 if n else -10), anchor="start", colour=colour))
    parts.append(_text(panel.across, (across.low + across.high) / 2, HEIGHT - 10))
    middle = (up.low + up.high) / 2
    parts.append(
        f'<g transform="rotate(-90 {offset + 14} {middle:.0f})">'
        f"{_text(panel.up, offset + 14, middle)}</g>"
    )
    return "".join(parts)


class _Axis:
    """Maps a logarithmic range to pixels, with ticks at decades or at the values themselves."""

    def __init__(self, values: Sequence[float], low: float, high: float, *, decades: bool) -> None:
        self.low, self.high = low, high
        least, most = min(values), max(values)
        if decades:
            first, last = math.floor(math.log10(least)), math.ceil(math.log10(2.0 * most))
            self.ticks = [10.0**n for n in range(first, max(last, first + 1) + 1)]
            least, most = self.ticks[0], self.ticks[-1]
        else:
            self.ticks = sorted(set(values))
        self._from = math.log(least)
        self._span = max(math.log(most) - self._from, 1e-9)

    def at(self, value: float) -> float:
        return self.low + (self.high - self.low) * (math.log(value) - self._from) / self._span


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _text(
    text: str,
    x: float,
    y: float,
    *,
    anchor: str = "middle",
    weight: str = "normal",
    size: int = 11,
    colour: str = INK,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
        f'font-size="{size}" fill="{colour}">{escape(text)}</text>'
    )


def _line(
    points: Sequence[tuple[float, float]], colour: str, *, width: float = 1, dash: str = ""
) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>'
    )
