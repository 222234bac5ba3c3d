"""How does the combined sewer of a schematic city look as a SWMM file?"""

from __future__ import annotations

from jialing.city.draw.inp import OPTIONS
from jialing.city.draw.sewer import Sewer
from jialing.city.draw.storms import LABEL, RIVERS
from jialing.city.draw.tables import Atlas


def draw_water(atlas: Atlas, storm: str, title: str) -> str:
    """The SWMM file of the city, with the series of `storm` beside it."""
    sewer = Sewer(atlas=atlas)
    out, storms = sewer.out, atlas.storms
    out.sections["TITLE"] = [f"{LABEL}: {title}", "Written by jialing.city.draw; m, m3/s, ha, mm."]
    words = OPTIONS.format(
        day=f"{storms['date']:%m/%d/%Y}", begin=storms["begin"], end=storms["water_end"]
    )
    for line in words.strip().splitlines():
        out.add("OPTIONS", *line.split())
    out.add("EVAPORATION", "CONSTANT", 0)
    for gauge in storms["gauges"]:
        name = gauge["id"]
        step = f"0:{storms['step_min']:02}"
        out.add("RAINGAGES", name, "INTENSITY", step, 1.0, "TIMESERIES", f"rain_{name}")
        x, y = atlas.at(gauge["near"])
        out.add("SYMBOLS", name, f"{x:.1f}", f"{y:.1f}")
        out.add("TIMESERIES", f"rain_{name}", "FILE", f'"storms/{storm}/rain_{name}.dat"')
    for river in RIVERS:
        out.add("TIMESERIES", f"stage_{river}", "FILE", f'"storms/{storm}/stage_{river}.dat"')
    sewer.interceptors()
    below = {underpass.sewer: underpass for underpass in atlas.underpasses.values()}
    for shed in atlas.sewersheds.values():
        sewer.sewershed(shed, below.get(shed.id))
    hours = atlas.rules.hours
    for start in range(0, 24, 6):
        out.add("PATTERNS", "homes", "" if start else "HOURLY", *hours[start : start + 6])
    out.add("REPORT", "INPUT", "NO")
    out.add("REPORT", "NODES", "ALL")
    out.add("REPORT", "LINKS", "ALL")
    spots = list(sewer.spots.values())
    xs, ys = [p[0] for p in spots], [p[1] for p in spots]
    bounds = (min(xs) - 300, min(ys) - 300, max(xs) + 900, max(ys) + 600)
    out.add("MAP", "DIMENSIONS", *(f"{value:.0f}" for value in bounds))
    out.add("MAP", "UNITS", "Meters")
    return out.text()
