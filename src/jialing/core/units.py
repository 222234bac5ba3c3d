"""Conversion factors to SI, used only where a foreign file is read or written.

Source: BIPM, The International System of Units (2019); US survey values from NIST SP 811 (2008), appendix B.
"""

from __future__ import annotations

FOOT_M = 0.3048
INCH_M = 0.0254
ACRE_M2 = 4046.8564224
HECTARE_M2 = 10_000.0
GALLON_M3 = 0.003785411784
HORSEPOWER_W = 745.6998715822702
GRAVITY = 9.80665  # standard gravity [m/s²]
WATER_DENSITY = 1000.0  # [kg/m³]

#: SWMM flow units -> m³/s
FLOW_TO_M3S = {
    "CFS": FOOT_M**3,
    "GPM": GALLON_M3 / 60.0,
    "MGD": GALLON_M3 * 1e6 / 86_400.0,
    "CMS": 1.0,
    "LPS": 1e-3,
    "MLD": 1e3 / 86_400.0,
}

#: SWMM flow units whose lengths are in feet
US_FLOW_UNITS = frozenset({"CFS", "GPM", "MGD"})
