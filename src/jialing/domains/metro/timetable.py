"""Which timetable of directions would have been best in the past? The baseline to beat.

Days of history are drawn as the case's own days are, with seeds that no case uses. A first
timetable follows a rolling search on the average day; then every change of direction is moved,
dropped or doubled as long as that lowers the mean cost over the history.
"""

from __future__ import annotations

import numpy as np

from jialing.core.signal import FloatArray
from jialing.domains.metro.day import Day, draw
from jialing.domains.metro.layout import Layout
from jialing.domains.metro.plans import SLOT_S, STEP_S, Planner, Scenarios
from jialing.domains.metro.settings import Prices, Spread
from jialing.domains.metro.simulation import Simulation

HISTORY = 8  # days
FIRST_SEED = 1_000_000  # of the history; the seeds of cases lie below
ROUNDS = 6  # of improvement
MOVES = (-4, -2, -1, 1, 2, 4)  # how far a change of direction is tried to be moved [slots]
LOOK_AHEAD = 9  # slots of the rolling search

_known: dict[tuple[str, str, str], FloatArray] = {}


def best_timetable(layout: Layout, spread: Spread, prices: Prices) -> FloatArray:
    """[slots, links] directions, slots of `SLOT_S` from opening on. Worked out once per station."""
    key = (repr(layout.station), repr(spread), repr(prices))
    if key not in _known:  # a station takes seconds, and every controller of a run asks for it
        _known[key] = _improve(layout, spread, prices, _rolling(layout, prices))
    return _known[key]


def binned(days: list[Day], steps: int) -> Scenarios:
    """Days as scenarios of the predictor, from opening on."""
    width = round(STEP_S)
    parts = []
    for name in ("up", "down", "room"):
        arrays = [getattr(day, name)[: steps * width] for day in days]
        parts.append(np.stack([a.reshape(steps, width, -1).sum(axis=1) for a in arrays]))
    return Scenarios(up=parts[0], down=parts[1], room=parts[2])


def window(scenarios: Scenarios, first: int, steps: int) -> Scenarios:
    """A part of the day."""
    part = slice(first, first + steps)
    return Scenarios(
        up=scenarios.up[:, part], down=scenarios.down[:, part], room=scenarios.room[:, part]
    )


def _rolling(layout: Layout, prices: Prices) -> FloatArray:
    """Directions that a rolling search with perfect forecast takes on the average day."""
    still = Spread(shift_s=0.0, demand=0.0, train_load=0.0, flow=0.0, train_s=0.0)
    slots = int(np.ceil(layout.duration_s / SLOT_S))
    wide = round(SLOT_S / STEP_S)
    day = binned([draw(layout, "normal", still, FIRST_SEED)], (slots + LOOK_AHEAD) * wide)
    planner = Planner(layout, prices, LOOK_AHEAD)
    sim: Simulation = planner.simulation
    links = len(layout.link_stage)
    works, open_all = np.ones(links), np.ones(len(layout.entrance_level))
    now = layout.home.astype(np.float64)
    free = np.ones(links, dtype=np.bool_)
    table = np.empty((slots, links))
    for slot in range(slots):
        ahead = window(day, slot * wide, LOOK_AHEAD * wide)
        step, sim.step = sim.step, 0
        _turn(sim, step)
        hold = np.tile(now, (LOOK_AHEAD, 1))
        kept = planner.search(ahead, works, now, hold).plan
        best = planner.search(ahead, works, now, kept, turn=free).plan
        now = best[0].copy()
        table[slot] = now
        part = window(day, slot * wide, wide)
        sim.advance(part.up[0], part.down[0], part.room[0], works, now[None], open_all)
    return table


def _turn(sim: Simulation, step: int) -> None:
    """Let the rings begin at step 0, as plans do."""
    by = -(step % sim.ring_up.shape[1])
    sim.ring_up[:] = np.roll(sim.ring_up, by, axis=1)
    sim.ring_down[:] = np.roll(sim.ring_down, by, axis=1)


def _improve(layout: Layout, spread: Spread, prices: Prices, table: FloatArray) -> FloatArray:
    days = [draw(layout, "normal", spread, FIRST_SEED + i) for i in range(HISTORY)]
    history = binned(days, len(table) * round(SLOT_S / STEP_S))
    planner = Planner(layout, prices, LOOK_AHEAD)
    works = np.ones(len(layout.link_stage))
    best = table
    best_cost = float(planner.score(history, works, best[None]).mean())
    for _ in range(ROUNDS):
        before = best_cost
        together = (layout.moved,) if len(planner.groups) > 1 else ()
        for group in (*planner.groups, *together):
            options = _neighbours(best, group)
            if not options:
                continue
            cost = planner.score(history, works, np.array(options)).mean(axis=1)
            i = int(np.argmin(cost))
            if cost[i] < best_cost - 1.0:
                best, best_cost = options[i], float(cost[i])
        if best_cost > before - 1.0:
            break
    return best


def _neighbours(table: FloatArray, group: tuple[int, ...]) -> list[FloatArray]:
    """Timetables with one change moved, one stretch dropped or one added."""
    own = list(group)
    part = table[:, own]
    changes = (np.flatnonzero(np.any(part[1:] != part[:-1], axis=1)) + 1).tolist()
    found = []
    for c in changes:
        for by in MOVES:
            low, high = min(c, c + by), max(c, c + by)
            if low <= 0 or high >= len(table):
                continue
            moved = table.copy()
            moved[low:high, own] = part[c] if by < 0 else part[c - 1]
            found.append(moved)
    edges = [0, *changes, len(table)]
    for i in range(1, len(edges) - 1):
        for fill in (part[edges[i] - 1], part[min(edges[i + 1], len(table) - 1)]):
            dropped = table.copy()
            dropped[edges[i] : edges[i + 1], own] = fill
            found.append(dropped)
    modes = np.unique(part, axis=0)
    for start in range(0, len(table) - 6, 6):
        for mode in modes:
            if np.any(part[start : start + 6] != mode):
                added = table.copy()
                added[start : start + 6, own] = mode
                found.append(added)
    return found
