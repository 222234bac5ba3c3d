"""How much waiting could any directions save at a station with one reversible link?

Two figures per day, with the true day and the plant's true capacities:

- `search`: a local search over the switching times of the whole day, from the timetable's on; each
  is moved, pairs are dropped and added. What it finds can be done; that nothing is better is not proven.
- `both ways`: the reversible link runs up and down at once, each at full capacity, which none can.

Beside them what was reached on the same days, in the mode `auto`: by the plan, and by the same search
with a perfect forecast (`oracle`). Some 15 s a day on one core.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from benchmarks._results import Column, Table, write_result
from benchmarks.skill.metro import walk
from jialing.core.signal import FloatArray
from jialing.domains.metro import kernel
from jialing.domains.metro.cases import FOLDER, station_case
from jialing.domains.metro.day import Day, draw
from jialing.domains.metro.kernel import Net
from jialing.domains.metro.layout import Layout, lay_out
from jialing.domains.metro.plans import SLOT_S
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.settings import DAYS, MetroSettings, Mismatch
from jialing.domains.metro.simulation import Simulation, net
from jialing.domains.metro.station import DOWN, UP
from jialing.domains.metro.timetable import best_timetable

TICK_S = 30
GUARD_S = 30.0  # what the guard's proofs add to a reversal
MOVES = (-40, -20, -10, -6, -4, -2, -1, 1, 2, 4, 6, 10, 20, 40)  # [ticks]
WIDTHS = (30, 60, 120)  # of an added stretch [ticks]
EVERY = 30  # an added stretch begins at such ticks
ROUNDS = 6
ADDING = 2  # rounds in which stretches are added
FIRST_SEED = 1000
HOUR_S = 3600.0
REACHED = ("predictive", "oracle")
FIGURES = ("timetable", "search that knows the day", "both ways at once", *REACHED)


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A station on one day, with the parameters of the plant."""

    layout: Layout
    day: Day
    params: Net
    ride: FloatArray

    def waiting(self, want: FloatArray) -> float:
        """Person-hours under [ticks, links] directions."""
        layout, day = self.layout, self.day
        sim = Simulation(layout, self.params, 1.0, self.ride)
        end = round(layout.duration_s)
        ends = {round(t / TICK_S) * TICK_S for f in day.failures for t in (f.from_s, f.to_s)}
        cuts = sorted({0, end, *(t for t in ends if 0 < t < end)})
        for a, b in itertools.pairwise(cuts):
            sim.advance(
                day.up[a:b],
                day.down[a:b],
                day.room[a:b],
                day.works(a, len(layout.link_stage)),
                np.ascontiguousarray(want[a // TICK_S :]),
                np.ones(len(layout.entrance_level)),
                slot_steps=TICK_S,
            )
        total = sim.totals
        waits = total[[kernel.WAIT_UP, kernel.WAIT_DOWN, kernel.WAIT_OUTSIDE]]
        return float(waits.sum()) / HOUR_S


def capacities(layout: Layout, mismatch: Mismatch, seed: int) -> FloatArray:
    """Factors on capacity as the plant of this seed has them."""
    rng = np.random.default_rng([seed, 47])
    spread = mismatch.capacity_spread * rng.standard_normal(len(layout.link_stage))
    factor: FloatArray = mismatch.capacity * (1.0 + spread)
    return factor


def truth(layout: Layout, day: Day, mismatch: Mismatch, factor: FloatArray) -> Truth:
    """The station as the plant runs it."""
    ride = layout.ride * mismatch.ride
    slower = replace(layout, inspect=layout.inspect + GUARD_S / mismatch.restart)
    params = net(slower, capacity=layout.capacity * factor, ride=ride, pause=mismatch.restart)
    return Truth(layout=layout, day=day, params=params, ride=ride)


def directions(layout: Layout, first: float, switches: Sequence[int]) -> FloatArray:
    """[ticks, links] from the switching ticks of the reversible link."""
    ticks = round(layout.duration_s / TICK_S)
    want = np.tile(layout.home.astype(np.float64), (ticks, 1))
    turned = np.searchsorted(np.array(switches), np.arange(ticks), side="right")
    want[:, layout.moved[0]] = first * np.where(turned % 2 == 0, 1.0, -1.0)
    return want


def search(known: Truth, first: float, switches: Sequence[int]) -> float:
    """Least person-hours that a local search from `switches` on finds."""
    layout = known.layout
    duty = layout.station.duty
    dwell, ticks = round(duty.min_dwell_s / TICK_S), round(layout.duration_s / TICK_S)

    def lawful(tried: Sequence[int]) -> bool:
        far = all(b - a >= dwell for a, b in itertools.pairwise(tried))
        return far and len(tried) <= duty.switch_budget and all(0 < t < ticks for t in tried)

    def cost(tried: Sequence[int]) -> float:
        return known.waiting(directions(layout, first, tried)) if lawful(tried) else np.inf

    held, best = list(switches), cost(switches)
    for number in range(ROUNDS):
        before = best
        for i in range(len(held)):
            for by in MOVES:
                tried = [t + by * (j == i) for j, t in enumerate(held)]
                found = cost(tried)
                if found < best:
                    best, held = found, tried
        for i in range(len(held) - 2, -1, -1):
            tried = held[:i] + held[i + 2 :]
            found = cost(tried)
            if found < best:
                best, held = found, tried
        spots = [(a, a + w) for a in range(EVERY, ticks - EVERY, EVERY) for w in WIDTHS]
        for pair in spots if number < ADDING else []:
            tried = sorted([*held, *pair])
            found = cost(tried)
            if found < best:
                best, held = found, tried
        if before - best < 1e-3 * best:
            break
    return best


def both_ways(known: Truth, factor: FloatArray, mismatch: Mismatch) -> float:
    """Person-hours if the reversible link ran up and down at once."""
    station, moved = known.layout.station, known.layout.moved[0]
    link = station.links[moved]
    twins = (
        replace(link, direction=UP, reversible=False),
        replace(link, name=f"{link.name} down", direction=DOWN, reversible=False),
    )
    links = tuple(k for each in station.links for k in (twins if each is link else (each,)))
    layout = lay_out(replace(station, links=links))
    failures = tuple(replace(f, link=f.link + (f.link > moved)) for f in known.day.failures)
    day = replace(known.day, failures=failures)
    relaxed = truth(layout, day, mismatch, np.insert(factor, moved + 1, factor[moved]))
    ticks = round(layout.duration_s / TICK_S)
    return relaxed.waiting(np.tile(layout.home.astype(np.float64), (ticks, 1)))


def reached(station: str, day: str, seed: int, controller: str) -> float:
    """Person-hours under a controller that may turn the key itself."""
    case = station_case(FOLDER / f"{station}.yaml", day=day, seed=seed)
    case = replace(case, settings=replace(case.settings, mode="auto"))
    waiting: float = walk(case, controller)["score"]["waiting"]
    return waiting


def tables(station: str, day: str, seeds: Sequence[int], waited: FloatArray) -> list[Table]:
    """Every day, and how far the mean is below the timetable's; `waited` is [days, figures]."""
    mean = waited.mean(axis=0)
    which = f"seeds {seeds[0]} to {seeds[-1]}"
    days = [Column(title="station"), Column(title="day")]
    note = (
        "The search is local: no proof. Both ways at once is a relaxation that no link can run. "
        "Predictive and oracle in the mode auto."
    )
    return [
        Table(
            name="bound",
            columns=[
                *days,
                Column(title="seed"),
                *(Column(title=f"{word} [person-h]", digits=1) for word in FIGURES),
            ],
            rows=[
                [station, day, seed, *row.tolist()] for seed, row in zip(seeds, waited, strict=True)
            ],
            note=note,
        ),
        Table(
            name="below",
            columns=[
                *days,
                Column(title="timetable [person-h]", digits=1),
                *(Column(title=f"{word} [%]", digits=0) for word in FIGURES[1:]),
            ],
            rows=[[station, day, float(mean[0]), *(100.0 * (mean[1:] / mean[0] - 1.0)).tolist()]],
            note=f"Mean waiting of {which}, and the change to it. {note}",
        ),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure days, and write the result file if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--station", default="mixed", choices=("mixed", "commuter"))
    parser.add_argument("--day", default="normal", choices=DAYS)
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="first seed")
    parser.add_argument("--seeds", type=int, default=8, help="how many, one day each")
    parser.add_argument("--write", action="store_true", help="replace the result file")
    chosen = parser.parse_args(argv)
    settings = MetroSettings()
    layout = lay_out(read_station(FOLDER / f"{chosen.station}.yaml"))
    table = best_timetable(layout, settings.spread, settings.prices)[:, layout.moved[0]]
    switches = [(int(i) + 1) * round(SLOT_S / TICK_S) for i in np.flatnonzero(np.diff(table))]
    first = float(table[0])
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    rows = []
    for seed in seeds:
        day = draw(layout, chosen.day, settings.spread, seed)
        factor = capacities(layout, settings.mismatch, seed)
        known = truth(layout, day, settings.mismatch, factor)
        rows.append(
            [
                known.waiting(directions(layout, first, switches)),
                search(known, first, switches),
                both_ways(known, factor, settings.mismatch),
                *(reached(chosen.station, chosen.day, seed, name) for name in REACHED),
            ]
        )
        print(chosen.station, chosen.day, seed, *(round(v, 1) for v in rows[-1]), flush=True)
    waited = np.array(rows)
    mean = waited.mean(axis=0)
    below = dict(zip(FIGURES[1:], (1.0 - mean[1:] / mean[0]).tolist(), strict=True))
    print(f"mean {mean.round(1)}; below the timetable: {below}")
    if chosen.write:
        payload = {
            "station": chosen.station,
            "day": chosen.day,
            "seeds": list(seeds),
            "waiting_person_h": {word: waited[:, k].tolist() for k, word in enumerate(FIGURES)},
            "below_timetable": below,
            "settings": asdict(settings),
        }
        made = tables(chosen.station, chosen.day, seeds, waited)
        print(write_result("skill-metro-bound", payload, tables=made))


if __name__ == "__main__":
    main()
