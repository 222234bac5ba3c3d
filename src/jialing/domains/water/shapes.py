"""How large is a cross section when it runs full, and how much of it lies below a level?

Full-section factors: Rossman (2017), SWMM Reference Manual vol. II, EPA/600/R-17/111.
Standard sizes: ASTM C507 (elliptical), ASTM C506 and AASHTO M36, M167 (arch).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jialing.core.signal import FloatArray
from jialing.core.units import INCH_M

#: In the order in which SWMM compares a keyword with them.
SHAPES = (
    "DUMMY", "CIRCULAR", "FILLED_CIRCULAR", "RECT_CLOSED", "RECT_OPEN", "TRAPEZOIDAL",
    "TRIANGULAR", "PARABOLIC", "POWER", "RECT_TRIANGULAR", "RECT_ROUND", "MODBASKETHANDLE",
    "HORIZ_ELLIPSE", "VERT_ELLIPSE", "ARCH", "EGG", "HORSESHOE", "GOTHIC", "CATENARY",
    "SEMIELLIPTICAL", "BASKETHANDLE", "SEMICIRCULAR", "IRREGULAR", "CUSTOM", "FORCE_MAIN",
    "STREET",
)  # fmt: skip
OPEN_SHAPES = frozenset(
    {"RECT_OPEN", "TRAPEZOIDAL", "TRIANGULAR", "PARABOLIC", "POWER", "IRREGULAR", "STREET"}
)

#: shape -> area / height², hydraulic radius / height, widest width / height
_ROUNDED = {
    "EGG": (0.5105, 0.1931, 2.0 / 3.0),
    "HORSESHOE": (0.8293, 0.2538, 1.0),
    "GOTHIC": (0.6554, 0.2269, 0.84),
    "CATENARY": (0.70277, 0.23172, 0.9),
    "SEMIELLIPTICAL": (0.785, 0.242, 1.0),
    "BASKETHANDLE": (0.7862, 0.2464, 0.944),
    "SEMICIRCULAR": (1.2697, 0.2946, 1.64),
}

#: ASTM C507, minor and major axis of sizes 1 to 23 [inch]
_ELLIPSE_IN = (
    (14, 23), (19, 30), (22, 34), (24, 38), (27, 42), (29, 45), (32, 49), (34, 53), (38, 60),
    (43, 68), (48, 76), (53, 83), (58, 91), (63, 98), (68, 106), (72, 113), (77, 121), (82, 128),
    (87, 136), (92, 143), (97, 151), (106, 166), (116, 180),
)  # fmt: skip
#: Rise and span of arch sizes 1 to 102 [inch]: concrete, two corrugations, two structural plates
_ARCH_RISE_IN = (
    11, 13.5, 15.5, 18, 22.5, 26.625, 31.3125, 36, 40, 45, 54, 62, 72, 77.5, 87.125, 96.875, 106.5,
    13, 15, 18, 20, 24, 29, 33, 38, 43, 47, 52, 57,
    31, 36, 41, 46, 51, 55, 59, 63, 67, 71, 75, 79, 83, 87, 91,
    55, 57, 59, 61, 63, 65, 67, 69, 71, 73, 75, 77, 79, 81, 83, 85, 87, 89, 91, 93, 95, 97, 100,
    101, 103, 105, 107, 109, 111, 113, 115, 118, 119, 121,
    112, 114, 116, 118, 120, 122, 124, 126, 128, 130, 132, 134, 136, 138, 140, 142, 144, 146, 148,
    150, 152, 154, 156, 158,
)  # fmt: skip
_ARCH_SPAN_IN = (
    18, 22, 26, 28.5, 36.25, 43.75, 51.125, 58.5, 65, 73, 88, 102, 115, 122, 138, 154, 168.75,
    17, 21, 24, 28, 35, 42, 49, 57, 64, 71, 77, 83,
    40, 46, 53, 60, 66, 73, 81, 87, 95, 103, 112, 117, 128, 137, 142,
    73, 76, 81, 84, 87, 92, 95, 98, 103, 106, 112, 114, 117, 123, 128, 131, 137, 139, 142, 148,
    150, 152, 154, 161, 167, 169, 171, 178, 184, 186, 188, 190, 197, 199,
    159, 162, 168, 170, 173, 179, 184, 187, 190, 195, 198, 204, 206, 209, 215, 217, 223, 225, 231,
    234, 236, 239, 245, 247,
)  # fmt: skip

PROFILE_POINTS = 21
_DEPTHS = np.linspace(0.0, 1.0, PROFILE_POINTS)


def _circle_profile() -> FloatArray:
    angle = 2.0 * np.arccos(1.0 - 2.0 * _DEPTHS)
    return np.asarray((angle - np.sin(angle)) / (2.0 * np.pi), dtype=np.float64)


_CIRCLE = _circle_profile()
_LINEAR = _DEPTHS.copy()


@dataclass(frozen=True, kw_only=True)
class CrossSection:
    """A cross section of a link.

    Attributes
    ----------
    shape : one of `SHAPES`
    height_m : depth when full [m]
    width_m : widest width [m]
    area_m2 : area when full [m²]
    radius_m : hydraulic radius when full [m]
    profile : [points] part of the full area below equal steps of depth [1]
    side_slope : run over rise of the sides of TRIANGULAR and TRAPEZOIDAL [1]
    bottom_m : bottom width of TRAPEZOIDAL, fill of FILLED_CIRCULAR [m]
    rough : Hazen-Williams factor [1] or Darcy-Weisbach height in file units of FORCE_MAIN
    """

    shape: str
    height_m: float
    width_m: float
    area_m2: float
    radius_m: float
    profile: FloatArray
    side_slope: float = 0.0
    bottom_m: float = 0.0
    rough: float = 0.0

    @property
    def is_open(self) -> bool:
        return self.shape in OPEN_SHAPES

    def area_below(self, depth_m: float) -> float:
        """Area below a depth [m²]."""
        part = min(max(depth_m / self.height_m, 0.0), 1.0)
        return self.area_m2 * float(np.interp(part, _DEPTHS, self.profile))


def plain_section(
    shape: str, p: tuple[float, float, float, float], length_m: float
) -> CrossSection | str:
    """Cross section from a shape and its four geometry values in file units.

    Returns what is wrong, as the end of a sentence, where no section has these values.
    SHAPES that need a curve, a transect or a street are not made here.
    """
    if shape == "DUMMY":
        return CrossSection(
            shape=shape, height_m=0.0, width_m=0.0, area_m2=0.0, radius_m=0.0, profile=_LINEAR
        )
    if p[0] <= 0.0 and not (shape in _BY_SIZE and p[2] > 0.0):
        return f"its height is {p[0]:g}; it must be above 0"
    if shape in _ROUNDED:
        return _rounded(shape, p[0] * length_m)
    if shape in _BY_SIZE:
        return _sized(shape, p, length_m)
    if shape in ("CIRCULAR", "FORCE_MAIN", "FILLED_CIRCULAR"):
        return _circular(shape, p, length_m)
    if p[1] <= 0.0 and shape != "TRAPEZOIDAL":
        return f"its width is {p[1]:g}; it must be above 0"
    if shape == "TRAPEZOIDAL" and (min(p) < 0.0 or (p[1] == 0.0 and p[2] + p[3] == 0.0)):
        return "its width and side slopes must not be negative, nor all be 0"
    if shape in ("POWER", "RECT_TRIANGULAR") and p[2] <= 0.0:
        return f"its third value is {p[2]:g}; it must be above 0"
    if shape == "RECT_OPEN" and not 0.0 <= p[2] <= 2.0:
        return f"its third value is {p[2]:g}; it counts sides without friction, 0 to 2"
    return _angular(shape, (p[0] * length_m, p[1] * length_m, p[2], p[3]), length_m)


def _rounded(shape: str, height: float) -> CrossSection:
    area, radius, width = _ROUNDED[shape]
    return CrossSection(
        shape=shape,
        height_m=height,
        width_m=width * height,
        area_m2=area * height**2,
        radius_m=radius * height,
        profile=_CIRCLE,
    )


_BY_SIZE = ("HORIZ_ELLIPSE", "VERT_ELLIPSE", "ARCH")


def _sized(shape: str, p: tuple[float, float, float, float], length_m: float) -> CrossSection | str:
    """Ellipses and arches, by a standard size code or by height and width."""
    code = int(p[0] if p[1] == 0.0 else p[2])
    height, width = p[0] * length_m, p[1] * length_m
    if code > 0:
        sizes = len(_ARCH_RISE_IN) if shape == "ARCH" else len(_ELLIPSE_IN)
        if code > sizes:
            return f"its size code is {code}; {shape} has the sizes 1 to {sizes}"
        if shape == "ARCH":
            height, width = float(_ARCH_RISE_IN[code - 1]), float(_ARCH_SPAN_IN[code - 1])
        else:
            height, width = (float(inch) for inch in _ELLIPSE_IN[code - 1])
            if shape == "VERT_ELLIPSE":
                height, width = width, height
        height, width = height * INCH_M, width * INCH_M
    elif width <= 0.0:
        return f"its width is {p[1]:g}; it must be above 0"
    if shape == "ARCH":
        area, radius = 0.7879 * height * width, 0.2991 * height
    else:
        minor = height if shape == "HORIZ_ELLIPSE" else width
        area, radius = 1.2692 * minor**2, 0.3061 * minor
    return CrossSection(
        shape=shape,
        height_m=height,
        width_m=width,
        area_m2=area,
        radius_m=radius,
        profile=_CIRCLE,
    )


def _circular(
    shape: str, p: tuple[float, float, float, float], length_m: float
) -> CrossSection | str:
    diameter = p[0] * length_m
    full = math.pi / 4.0 * diameter**2
    if shape == "CIRCULAR":
        return CrossSection(
            shape=shape,
            height_m=diameter,
            width_m=diameter,
            area_m2=full,
            radius_m=diameter / 4.0,
            profile=_CIRCLE,
        )
    if shape == "FORCE_MAIN":
        if p[1] <= 0.0:
            return f"its roughness is {p[1]:g}; it must be above 0"
        return CrossSection(
            shape=shape,
            height_m=diameter,
            width_m=diameter,
            area_m2=full,
            radius_m=diameter / 4.0,
            profile=_CIRCLE,
            rough=p[1],
        )
    if not 0.0 <= p[1] < p[0]:
        return f"it is filled {p[1]:g} high; that must be below its height {p[0]:g}"
    fill = p[1] * length_m
    angle = 2.0 * math.acos(1.0 - 2.0 * fill / diameter)
    area = full - diameter**2 / 8.0 * (angle - math.sin(angle))
    # SWMM takes the width of the fill at twice its height in a circle that much larger
    raised = 2.0 * p[1] / (p[0] + p[1])
    bottom = diameter * 2.0 * math.sqrt(raised * (1.0 - raised))
    wetted = math.pi * diameter - diameter / 2.0 * angle + bottom
    return CrossSection(
        shape=shape,
        height_m=diameter - fill,
        width_m=diameter,
        area_m2=area,
        radius_m=area / wetted,
        profile=_LINEAR,
        bottom_m=fill,
    )


def _angular(shape: str, p: tuple[float, float, float, float], length_m: float) -> CrossSection:
    """Shapes with a width: height and width in m, the other values as in the file."""
    height, width, third, fourth = p
    side_slope = bottom = 0.0
    profile = _LINEAR
    area = height * width
    if shape == "RECT_CLOSED":
        wetted = 2.0 * (height + width)
    elif shape == "RECT_OPEN":
        wetted = (2.0 - third) * height + width
    elif shape == "TRAPEZOIDAL":
        bottom, side_slope = width, (third + fourth) / 2.0
        width = bottom + height * (third + fourth)
        area = (bottom + side_slope * height) * height
        wetted = bottom + height * (math.hypot(1.0, third) + math.hypot(1.0, fourth))
        profile = (bottom + side_slope * height * _DEPTHS) * height * _DEPTHS / area
    elif shape == "TRIANGULAR":
        side_slope = width / height / 2.0
        area = height * width / 2.0
        wetted = 2.0 * height * math.hypot(1.0, side_slope)
        profile = _DEPTHS**2
    elif shape == "PARABOLIC":
        area *= 2.0 / 3.0
        wetted = _parabola_length(height, width)
        profile = _DEPTHS**1.5
    elif shape == "POWER":
        power = 1.0 / third
        area /= power + 1.0
        x, y = width / 2.0 * np.linspace(0.0, 1.0, 51) ** power, np.linspace(0.0, height, 51)
        wetted = 2.0 * float(np.hypot(np.diff(x), np.diff(y)).sum())
        profile = _DEPTHS ** (power + 1.0)
    elif shape == "RECT_TRIANGULAR":
        foot = third * length_m
        slope = width / foot / 2.0
        area = width * (height - foot / 2.0)
        wetted = 2.0 * foot * math.hypot(1.0, slope) + 2.0 * (height - foot) + width
    else:  # RECT_ROUND and MODBASKETHANDLE: a rectangle with a circular bottom or top
        radius = max(third * length_m, width / 2.0)
        angle = 2.0 * math.asin(min(width / 2.0 / radius, 1.0))
        arc = radius * (1.0 - math.cos(angle / 2.0))
        area = width * (height - arc) + radius**2 / 2.0 * (angle - math.sin(angle))
        wetted = radius * angle + 2.0 * (height - arc) + width
    return CrossSection(
        shape=shape,
        height_m=height,
        width_m=width,
        area_m2=area,
        radius_m=area / wetted if wetted > 0.0 else 0.0,
        profile=profile,
        side_slope=side_slope,
        bottom_m=bottom,
    )


def _parabola_length(height: float, width: float) -> float:
    """Arc length of a parabola, its two sides together [m]."""
    x = 4.0 * height / width
    return width / 2.0 * (math.hypot(1.0, x) + math.asinh(x) / x)
