"""What falls on the city, and how high do its rivers stand? Series of every storm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from jialing.city.draw.tables import Atlas
from jialing.domains.water.design_storm import LITRES_PER_S_HA, Depth, chicago

RIVERS = ("yangtze", "jialing")
LABEL = "SCHEMATIC"


def design_depth(formula: Mapping[str, float], years: float) -> Depth:
    """Design depth [m] over a duration [s].

    q = a (1 + c lg P) / (t + b)^n, with q in L/(s·ha), t in minutes, P in years

    Source: the form of GB 50014 (Standard for design of outdoor wastewater engineering); the
    coefficients stand with their own source in the table of storms.
    """

    def depth(duration_s: float) -> float:
        rate = formula["a"] * (1.0 + formula["c"] * math.log10(years))
        minutes = duration_s / 60.0 + formula["b"]
        return duration_s * LITRES_PER_S_HA * rate / math.pow(minutes, formula["n"])

    return depth


def rain_mm_h(storms: Mapping[str, Any], years: float, gauge: Mapping[str, Any]) -> list[float]:
    """Intensity [mm/h] in each step of the storm at one gauge; none for a dry evening."""
    if years <= 0:
        return []
    depth = design_depth(storms["formulas"][gauge["formula"]], years)
    step_s, duration_s = 60.0 * storms["step_min"], 60.0 * storms["duration_min"]
    shape = chicago(depth, duration_s, step_s, peak_at=storms["peak_at"])
    return [round(float(rate) * 3.6e6 * gauge["share"], 2) for rate in shape]


def design_rate(atlas: Atlas, gauge: str, years: float, minutes: float) -> float:
    """Mean intensity [m/s] of the design rain of that duration, for sizing pipes."""
    formula = next(g["formula"] for g in atlas.storms["gauges"] if g["id"] == gauge)
    depth = design_depth(atlas.storms["formulas"][formula], years)
    return depth(60.0 * minutes) / (60.0 * minutes)


def series_files(atlas: Atlas) -> dict[str, str]:
    """File name -> text, for every storm: five gauges and two rivers."""
    storms = atlas.storms
    day: date = storms["date"]
    found: dict[str, str] = {}
    for storm in storms["storms"]:
        head = f"; {LABEL}. {storm['title']}"
        for gauge in storms["gauges"]:
            rates = rain_mm_h(storms, storm["years"], gauge)
            points = [(0.0, 0.0)]
            points += [
                (gauge["start_min"] + storms["step_min"] * i, rate) for i, rate in enumerate(rates)
            ]
            if rates:
                points.append((gauge["start_min"] + storms["duration_min"], 0.0))
            found[f"storms/{storm['id']}/rain_{gauge['id']}.dat"] = _series(
                f"{head}: rain [mm/h] at the gauge {gauge['id']}", day, storms["begin"], points
            )
        for river in RIVERS:
            above = storms["jialing_above_m"] if river == "jialing" else 0.0
            points = [(minute, stage + above) for minute, stage in storm["stage"]]
            found[f"storms/{storm['id']}/stage_{river}.dat"] = _series(
                f"{head}: stage [m] of the {river.title()}", day, storms["begin"], points
            )
    return found


def _series(head: str, day: date, begin: str, points: list[tuple[float, float]]) -> str:
    """A SWMM time series file; its times carry dates, so that a hot start cannot shift them."""
    hour, minute = (int(word) for word in begin.split(":"))
    lines = [head]
    for after, value in points:
        clock = 60 * hour + minute + round(after)
        lines.append(f"{day:%m/%d/%Y} {clock // 60:02}:{clock % 60:02} {value:g}")
    return "\n".join(lines) + "\n"
