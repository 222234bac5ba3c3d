"""Which direction plans are there, and what would each cost? Enumerated per stage, played through.

A stage's plans are: a mode now, and perhaps another from a later slot on. Stages of a cascade are
improved one after the other while the others keep their best plan so far (coordinate search),
until no stage finds a better one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.metro import kernel
from jialing.domains.metro.layout import Layout
from jialing.domains.metro.settings import Prices
from jialing.domains.metro.simulation import Simulation, net

STEP_S = 15.0  # of the predictor [s]
SLOT_S = 300.0  # of a plan [s]
RHYTHM_S = 30.0  # what a reversal takes longer because it is proven at the ticks of a guard [s]
LEFTOVER_S = 240.0  # what a person in a queue at the end of the horizon still waits [s]
MOST_FREE = 3  # reversible links of a stage whose every combination is tried
SWEEPS = 2  # over the stages of a cascade

Mode = tuple[float, ...]  #: direction of each reversible link of a stage


@dataclass(frozen=True, kw_only=True)
class Scenarios:
    """Coming people and trains in steps of `STEP_S` [ped].

    Attributes
    ----------
    up, room : [scenarios, steps, platforms]
    down : [scenarios, steps, entrances]
    """

    up: FloatArray
    down: FloatArray
    room: FloatArray


class Planner:
    """Plays plans on the believed station.

    Parameters
    ----------
    layout : the station
    prices : of reversals, of waiting outside, of crowding
    slots : length of a plan, in slots
    """

    def __init__(self, layout: Layout, prices: Prices, slots: int) -> None:
        self.layout, self.slots = layout, slots
        slower = net(replace(layout, inspect=layout.inspect + RHYTHM_S))
        self.simulation = Simulation(layout, slower, STEP_S, layout.ride)
        self._prices = np.array([prices.reversal, prices.outside, prices.crowd, LEFTOVER_S])
        self.groups: tuple[tuple[int, ...], ...] = tuple(
            group
            for s in range(len(layout.stage_lower))
            if (group := tuple(k for k in layout.moved if layout.link_stage[k] == s))
        )

    def score(
        self,
        scenarios: Scenarios,
        works: FloatArray,
        plans: FloatArray,
        meters: FloatArray | None = None,
        *,
        slot_s: float = SLOT_S,
    ) -> FloatArray:
        """[plans, scenarios] cost from the simulation's present state [ped·s].

        plans : [plans, slots, links]; meters : [plans, entrances], all open unless given
        """
        sim = self.simulation
        if meters is None:
            meters = np.ones((len(plans), len(sim.outside)))
        cost = np.empty((len(plans), len(scenarios.up)))
        kernel.score_plans(
            scenarios.up.shape[1],
            STEP_S,
            scenarios.up,
            scenarios.down,
            scenarios.room,
            works,
            plans,
            round(slot_s / STEP_S),
            meters,
            sim.limit,
            sim.net,
            sim.link,
            sim.ring_up,
            sim.ring_down,
            sim.pool,
            sim.platform,
            sim.outside,
            self._prices,
            cost,
        )
        return cost

    def modes(self, group: tuple[int, ...], now: FloatArray, works: FloatArray) -> list[Mode]:
        """Lawful modes of a stage's reversible links, the present one first.

        Every combination of a few links; of many, only how many go up, with the least changes.
        """
        present = tuple(float(now[k]) for k in group)
        if len(group) <= MOST_FREE:
            every: list[Mode] = list(product((-1.0, 1.0), repeat=len(group)))
        else:
            order = np.argsort([-v for v in present], kind="stable")
            every = []
            for up in range(len(group) + 1):
                mode = np.full(len(group), -1.0)
                mode[order[:up]] = 1.0
                every.append(tuple(mode.tolist()))
        lawful = [m for m in every if self.lawful(group, m, works)] or every
        return sorted(lawful, key=lambda m: m != present)

    def lawful(self, group: tuple[int, ...], mode: Mode, works: FloatArray) -> bool:
        """True if a working link is left in each direction, where the station demands it."""
        layout = self.layout
        if not layout.station.duty.both_ways:
            return True
        stage = layout.link_stage[group[0]]
        direction = layout.home.astype(np.float64).copy()
        direction[list(group)] = mode
        own = (layout.link_stage == stage) & (works > 0.0)
        return bool(np.any(own & (direction == 1.0)) and np.any(own & (direction == -1.0)))

    def stage_plans(
        self,
        group: tuple[int, ...],
        now: FloatArray,
        works: FloatArray,
        *,
        first: Sequence[Mode] | None = None,
    ) -> FloatArray:
        """[plans, slots, group] a mode at once, and perhaps another from a later slot on."""
        modes = self.modes(group, now, works)
        later = range(1, self.slots)
        if len(modes) > 2 or len(self.groups) > 1:
            later = range(1, self.slots, 2)
        plans = []
        for mode in modes if first is None else first:
            base = np.tile(np.array(mode), (self.slots, 1))
            plans.append(base)
            for other in modes:
                if other == mode:
                    continue
                for slot in later:
                    plan = base.copy()
                    plan[slot:] = other
                    plans.append(plan)
        return np.array(plans)

    def search(
        self,
        scenarios: Scenarios,
        works: FloatArray,
        now: FloatArray,
        start: FloatArray,
        *,
        turn: NDArray[np.bool_] | None = None,
    ) -> tuple[FloatArray, float]:
        """The best plan found, [slots, links], and its mean cost [ped·s].

        now : [links] directions told; start : [slots, links] a plan to begin with
        turn : None to change nothing in the first slot; else [links] that may turn at once, and
            only plans in which some link does are tried, besides `start`
        """
        best = start.copy()
        best_cost = float(self.score(scenarios, works, best[None]).mean())
        for _ in range(SWEEPS if len(self.groups) > 1 else 1):
            before = best_cost
            for group in self.groups:
                own = list(group)
                present = tuple(now[own].tolist())
                first: list[Mode] = [present]
                if turn is not None:
                    first = [
                        mode
                        for mode in self.modes(group, now, works)
                        if mode != present and np.all(turn[own] | (np.array(mode) == now[own]))
                    ]
                if not first:
                    continue
                options = self.stage_plans(group, now, works, first=first)
                plans = np.repeat(best[None], len(options), axis=0)
                plans[:, :, own] = options
                cost = self.score(scenarios, works, plans).mean(axis=1)
                i = int(np.argmin(cost))
                if cost[i] < best_cost - 1e-6:
                    best, best_cost = plans[i], float(cost[i])
            if best_cost > before - 1.0:
                break
        return best, best_cost
