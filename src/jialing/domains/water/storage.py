"""How much water does a storage unit hold at a depth, exactly as SWMM integrates it?

Source: Rossman (2017), SWMM Reference Manual vol. II, EPA/600/R-17/111; SWMM 5.2 adds the shapes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jialing.core.signal import FloatArray

STORAGE_SHAPES = (
    "TABULAR", "FUNCTIONAL", "CYLINDRICAL", "CONICAL", "PARABOLIC", "PARABOLOID", "PYRAMIDAL",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Surface area against depth.

    TABULAR follows straight lines between (`depth_m`, `area_m2`). FUNCTIONAL is
    a0 + a1 * d**a2, every other shape a0 + a1 * d + a2 * d².

    Attributes
    ----------
    shape : one of `STORAGE_SHAPES`
    max_depth_m : depth at which it spills [m]
    a0, a1, a2 : coefficients for depth in m and area in m²
    depth_m, area_m2 : [points] of a TABULAR shape
    evaporation : part of the evaporation rate that applies [1]
    seepage : seepage parameters are given
    """

    shape: str
    max_depth_m: float
    a0: float = 0.0
    a1: float = 0.0
    a2: float = 0.0
    depth_m: FloatArray
    area_m2: FloatArray
    evaporation: float = 0.0
    seepage: bool = False

    def area(self, depth_m: float) -> float:
        """Surface area at a depth [m²]."""
        d = max(depth_m, 0.0)
        if self.shape == "TABULAR":
            return self._table_area(d)
        if self.shape == "FUNCTIONAL":
            return self.a0 + self.a1 * (d**self.a2 if d > 0.0 or self.a2 >= 0.0 else 0.0)
        return self.a0 + d * (self.a1 + d * self.a2)

    def volume(self, depth_m: float) -> float:
        """Volume below a depth, which counts up to the full depth [m³]."""
        d = min(max(depth_m, 0.0), self.max_depth_m)
        if d == 0.0:
            return 0.0
        if self.shape == "TABULAR":
            return self._table_volume(d)
        if self.shape == "FUNCTIONAL":
            power = self.a2 + 1.0
            return self.a0 * d + (self.a1 / power * d**power if power else 0.0)
        return d * (self.a0 + d * (self.a1 / 2.0 + d * self.a2 / 3.0))

    def depth(self, volume_m3: float) -> float:
        """Depth that holds a volume, at most the full depth [m]."""
        full = self.volume(self.max_depth_m)
        if volume_m3 <= 0.0 or full <= 0.0:
            return 0.0
        if volume_m3 >= full:
            return self.max_depth_m
        low, high = 0.0, self.max_depth_m
        first = float(self.depth_m[0]) if len(self.depth_m) else 0.0
        if first >= 1e-6:  # SWMM counts the cone below a table's first point only while inside it
            cone = float(self.area_m2[0]) * first / 2.0
            if volume_m3 <= cone:
                return math.sqrt(2.0 * volume_m3 * first / float(self.area_m2[0]))
            low, volume_m3 = first, volume_m3 - cone
        d = low + (high - low) * volume_m3 / full
        for turn in range(100):  # Newton and halving by turns, inside a shrinking bracket
            error = self.volume(d) - volume_m3
            if abs(error) <= 1e-12 * full:
                break
            low, high = (low, d) if error > 0.0 else (d, high)
            area = self.area(d)
            step = d - error / area if area > 0.0 and turn % 2 == 0 else low
            d = step if low < step < high else (low + high) / 2.0
        return d

    def _table_area(self, d: float) -> float:
        x, a = self.depth_m, self.area_m2
        if not len(x):
            return 0.0
        if d <= x[0]:
            return float(a[0] * (d / x[0] if x[0] > 0.0 else 1.0))
        if d > x[-1] and len(x) > 1:
            slope = (a[-1] - a[-2]) / (x[-1] - x[-2])
            return float(a[-1] + max(slope, 0.0) * (d - x[-1]))
        return float(np.interp(d, x, a))

    def _table_volume(self, d: float) -> float:
        """Trapezia between the points; the last slope goes on above them, not below area 0."""
        x, a = self.depth_m, self.area_m2
        if not len(x):
            return 0.0
        if d <= x[0]:
            return float(a[0] / x[0] * d * d / 2.0) if x[0] >= 1e-6 else 0.0
        inside = x < d
        knots = np.append(x[inside], min(d, x[-1]))
        areas = np.append(a[inside], np.interp(min(d, x[-1]), x, a))
        volume = float(np.sum((areas[1:] + areas[:-1]) / 2.0 * np.diff(knots)))
        if d > x[-1] and len(x) > 1:
            slope = (a[-1] - a[-2]) / (x[-1] - x[-2])
            beyond = float(a[-1] + slope * (d - x[-1]))
            if beyond < 0.0:
                volume -= float(a[-1] ** 2 / slope / 2.0)
            else:
                volume += float(a[-1] + beyond) / 2.0 * (d - float(x[-1]))
        return volume


def shape_coefficients(
    shape: str, first: float, second: float, third: float
) -> tuple[float, float, float]:
    """a0, a1, a2 from the three values of a row, in file units.

    CYLINDRICAL and CONICAL have an elliptical base of length `first` and width `second`;
    PARABOLOID is that wide at height `third`; CONICAL and PYRAMIDAL widen by `third` per height.
    """
    if shape == "FUNCTIONAL":
        return third, first, second
    half_length, half_width = first / 2.0, second / 2.0
    base = math.pi * half_length * half_width
    if shape == "CYLINDRICAL":
        return base, 0.0, 0.0
    if shape == "CONICAL":
        return (
            base,
            2.0 * math.pi * half_width * third,
            math.pi * half_width / half_length * third**2,
        )
    if shape in ("PARABOLIC", "PARABOLOID"):
        return 0.0, base / third, 0.0
    return first * second, 2.0 * (first + second) * third, 4.0 * third**2


def to_si(shape: str, a: tuple[float, float, float], length_m: float) -> tuple[float, float, float]:
    """Coefficients for depth in m and area in m² from those for file units."""
    a0, a1, a2 = a
    square = length_m**2
    if shape == "FUNCTIONAL":
        return a0 * square, a1 * square / length_m**a2, a2
    return a0 * square, a1 * square / length_m, a2 * square / length_m**2
