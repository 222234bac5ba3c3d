"""Which curves does a SWMM file define, and how does SWMM read between their points?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jialing.core.signal import FloatArray
from jialing.domains.water.cells import Cells, Names, fold, to_number
from jialing.domains.water.inp import InpFile, Notice

CURVE_KINDS = (
    "STORAGE", "DIVERSION", "TIDAL", "RATING", "CONTROL", "SHAPE", "WEIR",
    "PUMP1", "PUMP2", "PUMP3", "PUMP4", "PUMP5",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points (x, y) in the file's own units, in file order.

    Attributes
    ----------
    name, line : where it comes from
    kind : one of `CURVE_KINDS`
    x, y : [points]
    """

    name: str
    line: int
    kind: str
    x: FloatArray
    y: FloatArray


def lookup(curve_x: FloatArray, curve_y: FloatArray, x: FloatArray | float) -> FloatArray:
    """Straight lines between the points, flat beyond both ends, as SWMM reads most curves."""
    return np.asarray(np.interp(x, curve_x, curve_y), dtype=np.float64)


def stairs(curve_x: FloatArray, curve_y: FloatArray, x: FloatArray | float) -> FloatArray:
    """y of the first point beyond x: how SWMM reads pump curves of types 1 and 2."""
    at = np.searchsorted(curve_x, x, side="right")
    return np.asarray(curve_y[np.minimum(at, len(curve_y) - 1)], dtype=np.float64)


class Curves:
    """All curves by name; names ignore the case of ASCII letters."""

    def __init__(self, curves: list[Curve]) -> None:
        self.curves = tuple(curves)
        self.names = Names("curve", [curve.name for curve in curves])

    def __len__(self) -> int:
        return len(self.curves)


def read_curves(inp: InpFile, notices: list[Notice]) -> Curves:
    """Curves of `inp`. The kind stands in a curve's first row only."""
    cells = Cells(inp.path, "CURVES")
    heads: dict[str, tuple[str, int, str]] = {}
    points: dict[str, list[float]] = {}
    for row in inp.rows("CURVES"):
        cells.need(row, 2, "name, type in the first row, x, y")
        key = fold(row.tokens[0])
        values = row.tokens[1:]
        if key not in heads:
            kind = cells.word(row, 1, "curve type", CURVE_KINDS)
            heads[key] = (row.tokens[0], row.line, kind)
            points[key] = []
            values = row.tokens[2:]
        if len(values) % 2:
            raise cells.error(
                row.line,
                f"{row.tokens[0]} has an x without its y; values come in pairs. "
                "The file may have been cut off here.",
            )
        for text in values:
            value = to_number(text)
            if value is None:
                raise cells.error(
                    row.line, f"{row.tokens[0]} has the value {text!r}; a number is needed."
                )
            points[key].append(value)
    return Curves([_curve(*heads[key], points[key], notices) for key in heads])


def _curve(name: str, line: int, kind: str, flat: list[float], notices: list[Notice]) -> Curve:
    x, y = np.array(flat[0::2]), np.array(flat[1::2])
    if np.any(np.diff(x) <= 0.0):
        at = int(np.argmax(np.diff(x) <= 0.0))
        notices.append(
            Notice(
                line,
                f"[CURVES] {name}: x goes from {x[at]:g} to {x[at + 1]:g}, but must rise; "
                "SWMM stops here (error 171). Put the points in rising order of x.",
                refused=True,
            )
        )
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    if not len(x):
        notices.append(Notice(line, f"[CURVES] {name} has no points"))
    return Curve(name=name, line=line, kind=kind, x=x, y=y)
