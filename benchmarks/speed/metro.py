"""How long do a station day, a plan, a cascade's plan and five hundred stations' plans take?

Process time, so that what else the machine does counts as little as possible; the best of several.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable

import numpy as np

from benchmarks._results import Column, Table, write_result
from jialing.core.stages import Situation
from jialing.domains.metro import timetable
from jialing.domains.metro.cases import FOLDER, STATIONS, station_case
from jialing.domains.metro.day import draw
from jialing.domains.metro.domain import METRO
from jialing.domains.metro.layout import lay_out
from jialing.domains.metro.plant import StationPlant
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.settings import MetroSettings

TIMES = 5
STATIONS_PLANNED = 500
BUSY_S = 3.0 * 3600.0  # into the day: a plan at a quiet hour is no quicker, but looks easy


def best(work: Callable[[], object], times: int = TIMES) -> float:
    """Least process time [s]."""
    found = []
    for _ in range(times):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def day_s(station: str) -> float:
    """A day of the plant without control [s]."""
    layout, settings = lay_out(read_station(FOLDER / f"{station}.yaml")), MetroSettings()
    day = draw(layout, "normal", settings.spread, 0)

    def whole() -> None:
        plant = StationPlant(layout, day, settings.mismatch, duration_s=layout.duration_s)
        plant.step(layout.duration_s)

    whole()
    return best(whole)


def planning(station: str) -> Callable[[], object]:
    """One plan at a busy hour: forecast, estimate, search. A fixed timetable is its anchor."""
    desk = METRO.desk(station_case(FOLDER / f"{station}.yaml"), "predictive")
    layout = lay_out(read_station(FOLDER / f"{station}.yaml"))
    settings = MetroSettings()
    slots = round(layout.duration_s / 300.0)
    key = (repr(layout.station), repr(settings.spread), repr(settings.prices))
    timetable._known[key] = np.tile(layout.home.astype(np.float64), (slots, 1))
    plant, controller = desk.plant, desk.controller
    while plant.step(desk.tick_s):
        desk.forecaster.forecast(plant.observe())
        if plant.observe().time_s >= BUSY_S:
            break
    seen = plant.observe()
    positions = np.zeros(len(plant.actuators))

    def plan() -> object:
        controller._planned_s = -np.inf  # type: ignore[attr-defined]
        desk.forecaster._issued = (-np.inf, None)  # type: ignore[attr-defined]
        forecast = desk.forecaster.forecast(seen)
        return controller.decide(
            Situation(
                observation=seen,
                positions=positions,
                actuators=plant.actuators,
                forecast=forecast,
            )
        )

    plan()
    return plan


def many(count: int) -> float:
    """Process time for `count` plans of the mixed station [s]."""
    plan = planning("mixed")
    began = time.process_time()
    for _ in range(count):
        plan()
    return time.process_time() - began


def main() -> None:
    """Measure, and write the result file."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    days = {station: day_s(station) for station in STATIONS}
    plans = {station: best(planning(station)) for station in STATIONS}
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        halves = pool.map(many, [STATIONS_PLANNED // 2] * 2)
    rows: list[list[str | float | int | None]] = [
        *(["station day without control", s, v * 1e3] for s, v in days.items()),
        *(["plan", s, v * 1e3] for s, v in plans.items()),
        [f"plans of {STATIONS_PLANNED} stations on 2 cores", "mixed", max(halves) * 1e3],
    ]
    for row in rows:
        print(*row)
    table = Table(
        name="speed",
        columns=[
            Column(title="what"),
            Column(title="station"),
            Column(title="process time [ms]", digits=1),
        ],
        rows=rows,
        note=f"Least of {TIMES}; the plans of all stations once.",
    )
    payload = {"day_s": days, "plan_s": plans, "stations_s": max(halves)}
    print(write_result("speed-metro", payload, tables=[table]))


if __name__ == "__main__":
    main()
