"""How much of the waiting at a city's stations could anyone avoid, who knew the evening in advance?

The day of each seed, thinned by the rain of the storm, is played on the plant itself: with the
timetable of directions (as today), and with the best sequence of directions that a search with
perfect foresight finds, within dwell and budget. Beside them stands a bound that no control beats.
Closures are left out: they bring a fraction of a percent of the people.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import jialing as jl
from benchmarks._results import Column, Table, read_result, write_result
from benchmarks.skill._compare import as_text
from jialing.city import laws
from jialing.city.manifest import City, read_city
from jialing.core.signal import FloatArray
from jialing.domains.metro import kernel
from jialing.domains.metro.day import Day, draw
from jialing.domains.metro.layout import Layout, lay_out
from jialing.domains.metro.plans import SLOT_S
from jialing.domains.metro.plant import StationPlant
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.settings import MetroSettings
from jialing.domains.metro.simulation import Simulation
from jialing.domains.metro.timetable import best_timetable

RESULT = "city-waiting"
STRETCHES = (2, 3, 4, 6, 8, 12)  # lengths of a change that the search tries [slots]
PASSES = 4
ASKED = -25.0  # what is asked of the coupled city against the timetable [%]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One station on one evening [person-h]."""

    station: str
    seed: int
    timetable: float
    best_known: float
    bound: float


class Evening:
    """One station's day, ready to be played with any sequence of directions.

    Parameters
    ----------
    layout : the station
    seed : of the day and of the plant
    riders : [seconds] factor of the rain on those who enter
    """

    def __init__(self, layout: Layout, seed: int, riders: FloatArray) -> None:
        settings = MetroSettings()
        self.layout = layout
        day: Day = draw(layout, settings.day, settings.spread, seed)
        duration = len(riders)
        plant = StationPlant(layout, day, settings.mismatch, duration_s=float(duration), seed=seed)
        self.net = plant.simulation.net
        self.ride = layout.ride * settings.mismatch.ride
        self.up = day.up[:duration]
        self.down = day.down[:duration] * riders[:, None]
        self.room = day.room[:duration]
        self.timetable = best_timetable(layout, settings.spread, settings.prices)

    def wait_h(self, table: FloatArray) -> float:
        """People's waiting [person-h] with this table of directions, slot by slot."""
        sim = Simulation(self.layout, self.net, 1.0, self.ride)
        works, meter = np.ones(len(self.ride)), np.ones(len(self.layout.entrance_level))
        sim.advance(self.up, self.down, self.room, works, table, meter, slot_steps=round(SLOT_S))
        return (
            float(sim.totals[[kernel.WAIT_UP, kernel.WAIT_DOWN, kernel.WAIT_OUTSIDE]].sum())
            / 3600.0
        )

    def lawful(self, table: FloatArray) -> bool:
        """True if every link keeps the dwell and the budget of the duty."""
        duty = self.layout.station.duty
        for link in self.layout.moved:
            changes = np.flatnonzero(np.diff(table[:, link]))
            if len(changes) > duty.switch_budget:
                return False
            if len(changes) > 1 and np.diff(changes).min() * SLOT_S < duty.min_dwell_s:
                return False
        return True

    def best_known_h(self) -> float:
        """What a search finds that knows the whole day: from several starts, stretch by stretch."""
        layout, slots = self.layout, -(-len(self.up) // round(SLOT_S))
        groups = [
            [k for k in layout.moved if layout.link_stage[k] == s]
            for s in range(len(layout.stage_lower))
        ]
        groups = [group for group in groups if group]
        starts = [self.timetable]
        if len(groups) == 1:
            for sense in (1.0, -1.0):
                start = self.timetable.copy()
                start[:, groups[0]] = sense
                starts.append(start)
        else:
            groups.append(list(layout.moved))
        return min(self._climbed(start, groups, slots) for start in starts)

    def _climbed(self, table: FloatArray, groups: Sequence[list[int]], slots: int) -> float:
        best, best_h = table, self.wait_h(table)
        for _ in range(PASSES):
            before = best_h
            for group in groups:
                for trial in self._changed(best, group, slots):
                    trial_h = self.wait_h(trial)
                    if trial_h < best_h:
                        best, best_h = trial, trial_h
            if best_h > before - 0.01:
                break
        return best_h

    def _changed(self, table: FloatArray, group: list[int], slots: int) -> list[FloatArray]:
        found = []
        for sense in (1.0, -1.0):
            for first in range(slots):
                for length in STRETCHES:
                    trial = table.copy()
                    trial[first : first + length, group] = sense
                    if not np.array_equal(trial, table) and self.lawful(trial):
                        found.append(trial)
        return found

    def bound_h(self) -> float:
        """Waiting that no control avoids [person-h].

        Only the first stage of each way is looked at; its links serve at full capacity whenever
        anybody waits, people choose as if they were told, and a reversible link carries both ways
        at once, changing how it shares its capacity at every second without any loss. At every
        instant the queue is then at least

            max(R(up + down, all), R(up, all but fixed down) + R(down, all but fixed up))

        where R(a, c) is the queue of arrivals a before a server of capacity c.
        """
        layout, capacity = self.layout, np.asarray(self.net[13])
        home, free = layout.home, layout.both_ways | layout.reversible
        low, top = int(layout.platform_level[0]), int(layout.entrance_level[0])
        first_up = np.flatnonzero(layout.stage_lower[layout.link_stage] == low)
        first_down = np.flatnonzero(layout.stage_upper[layout.link_stage] == top)
        rises = [k for k in first_up if free[k] or home[k] == 1]
        falls = [k for k in first_down if free[k] or home[k] == -1]
        up, down = self.up.sum(axis=1), self.down.sum(axis=1)
        least = _queue(up, capacity[rises].sum()) + _queue(down, capacity[falls].sum())
        if set(first_up) == set(first_down):
            least = np.maximum(least, _queue(up + down, capacity[first_up].sum()))
        return float(least.sum()) / 3600.0


def _queue(arrivals: FloatArray, capacity: float) -> FloatArray:
    """Least queue at the end of each second before a server of this capacity [ped]."""
    walk = np.cumsum(arrivals - capacity)
    least: FloatArray = walk - np.minimum(np.minimum.accumulate(walk), 0.0)
    return least


def riders(city: City, storm: str) -> FloatArray:
    """[seconds] factor of the rain on those who enter, from the mean over the gauges."""
    seconds = round(city.duration_s)
    folder = city.storms[storm][1]
    rain = np.zeros(seconds)
    names = list(dict(city.plain["water"]["gauges"]).values())
    for name in names:
        rain += _steps(folder / f"{name}.dat", seconds, city.begin_s) / len(names)
    table = city.terms.rain_riders
    factors = {mm_h: laws.riders_in_rain(mm_h * laws.MM_PER_H_M_S, table) for mm_h in set(rain)}
    return np.array([factors[mm_h] for mm_h in rain])


def _steps(path: Path, seconds: int, begin_s: float) -> FloatArray:
    """A series of rain [mm/h] as it holds, second by second."""
    rain = np.zeros(seconds)
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith(";"):
            _, clock, value = line.split()
            hours, minutes = clock.split(":")
            at = max(round(3600.0 * float(hours) + 60.0 * float(minutes) - begin_s), 0)
            rain[at:] = float(value)
    return rain


def table(rows: Sequence[Waiting], reached: dict[int, float]) -> Table:
    """One line per seed: all stations together."""
    lines: list[list[str | float | int | None]] = []
    for seed in dict.fromkeys(row.seed for row in rows):
        here = [row for row in rows if row.seed == seed]
        today = sum(row.timetable for row in here)
        best, bound = sum(row.best_known for row in here), sum(row.bound for row in here)
        lines.append(
            [
                seed,
                today,
                reached.get(seed),
                best,
                100.0 * (best / today - 1.0),
                bound,
                100.0 * (bound / today - 1.0),
            ]
        )
    lines.append(["median", *(_median(column) for column in list(zip(*lines, strict=True))[1:])])
    return Table(
        name="waiting",
        columns=[
            Column(title="seed"),
            Column(title="timetable [person-h]", digits=1),
            Column(title="coupled [person-h]", digits=1),
            Column(title="best known [person-h]", digits=1),
            Column(title="[%]", digits=1),
            Column(title="no control below [person-h]", digits=1),
            Column(title="[%]", digits=1),
        ],
        rows=lines,
        note=f"Storm of ten years; asked {ASKED:g} %. Best known: a search that knows the evening. "
        "The bound lets every reversible link run both ways at once and people spread over links "
        "as if they were told.",
    )


def _median(values: Sequence[str | float | int | None]) -> float | None:
    """None if it was not measured on every seed: medians of other seeds do not compare."""
    numbers = [value for value in values if isinstance(value, int | float)]
    return statistics.median(numbers) if len(numbers) == len(values) else None


def reached_h() -> dict[int, float]:
    """Seed -> waiting in the coupled city as last measured [person-h]."""
    found = read_result("skill-city")
    rows = found["payload"]["evenings"] if found else []
    return {
        row["seed"]: row["score"]["waiting"]
        for row in rows
        if (row["case"], row["mode"]) == ("chongqing", "coupled")
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--write", action="store_true", help="write the result file")
    chosen = parser.parse_args(arguments)
    city = read_city(jl.case("chongqing").model)
    factor = riders(city, city.default_storm)
    rows = []
    for seed in chosen.seeds:
        for station in city.stations:
            layout = lay_out(read_station(city.station_files[station.name]))
            evening = Evening(layout, seed, factor)
            row = Waiting(
                station=station.name,
                seed=seed,
                timetable=evening.wait_h(evening.timetable),
                best_known=evening.best_known_h(),
                bound=evening.bound_h(),
            )
            print(row, file=sys.stderr)
            rows.append(row)
    made = table(rows, reached_h())
    if chosen.write:
        write_result(RESULT, {"stations": [asdict(row) for row in rows]}, tables=[made])
    print(as_text(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
