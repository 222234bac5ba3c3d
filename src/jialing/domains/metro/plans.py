"""Which direction plans are there, and what would each cost? Enumerated per stage, played through.

A stage's plans are: a mode now, and perhaps another from a later slot on. Stages of a cascade are
improved one after the other while the others keep their best plan so far (coordinate search),
until no stage finds a better one; before that, all of them are tried together. A bank with more
modes than `MANY` is planned by dynamic programming (`beam`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.metro import kernel
from jialing.domains.metro.beam import sequences
from jialing.domains.metro.layout import Layout
from jialing.domains.metro.settings import Prices
from jialing.domains.metro.simulation import Simulation, net

STEP_S = 15.0  # of the predictor [s]
SLOT_S = 300.0  # of a timetable [s]
PLAN_S = 60.0  # of a plan [s]
RHYTHM_S = 30.0  # what a reversal takes longer because it is proven at the ticks of a guard [s]
LEFTOVER_S = 240.0  # what a person in a queue at the end of the horizon still waits [s]
STRETCH_S = 300.0  # of the dynamic programme for large banks [s]
MANY = 4  # modes above which a stage's plans are not enumerated
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


@dataclass(frozen=True, kw_only=True)
class Found:
    """The outcome of a search.

    Attributes
    ----------
    plan : [slots, links] best in the mean over all scenarios
    cost : its mean cost [ped·s]
    least : [scenarios] what the best plan for each scenario alone costs [ped·s]
    """

    plan: FloatArray
    cost: float
    least: FloatArray

    def value(self, foresight: float) -> float:
        """Expected cost if one will know `foresight` (0 … 1) of the future in time to act on it."""
        return (1.0 - foresight) * self.cost + foresight * float(self.least.mean())


class Planner:
    """Plays plans on the believed station.

    Parameters
    ----------
    layout : the station
    prices : of reversals, of waiting outside, of crowding
    slots : length of a plan, in slots
    """

    def __init__(
        self, layout: Layout, prices: Prices, slots: int, *, slot_s: float = SLOT_S
    ) -> None:
        self.layout, self.slots, self.slot_s = layout, slots, slot_s
        self.capacity = layout.capacity.copy()  # [links], may be set to what is learnt [1/s]
        slower = net(replace(layout, inspect=layout.inspect + RHYTHM_S), capacity=self.capacity)
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
            round(self.slot_s / STEP_S),
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

    def later(self, *, fine: bool) -> list[int]:
        """Slots in which a plan may change: close to each other at first, then ever farther."""
        found, slot, step = [], 1, 1
        while slot < self.slots:
            found.append(slot)
            step = max(slot // 4, 1 if fine else 2)
            slot += step
        return found

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
        later = self.later(fine=len(modes) <= 2 and len(self.groups) == 1)
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

    def together(
        self, now: FloatArray, works: FloatArray, base: FloatArray, turn: NDArray[np.bool_] | None
    ) -> list[FloatArray]:
        """[slots, links] plans in which every stage of a cascade goes the same way at once."""
        plans: list[FloatArray] = []
        for sense in (1.0, -1.0):
            mode = now.copy()
            for group in self.groups:
                own = list(group)
                mode[own] = max(
                    self.modes(group, now, works), key=lambda m: sense * float(np.sum(m))
                )
            if np.array_equal(mode, now):
                continue
            if turn is None:
                starts = [(slot, self.slots) for slot in self.later(fine=False)]
            elif np.all(turn | (mode == now)):
                starts = [(0, end) for end in [*self.later(fine=False), self.slots]]
            else:
                continue
            for first, last in starts:
                plan = base.copy()
                plan[:, list(self.layout.moved)] = now[list(self.layout.moved)]
                plan[first:last] = mode
                plans.append(plan)
        return plans

    def probes(
        self, now: FloatArray, works: FloatArray, base: FloatArray, turn: NDArray[np.bool_]
    ) -> list[FloatArray]:
        """[slots, links] a few plans in which one stage, or every one, turns now: for a while, or
        for good."""
        duty = self.layout.station.duty
        spans = sorted(
            {
                min(max(round(duty.min_dwell_s * times / self.slot_s), 1), self.slots)
                for times in (1.5, 3.0)
            }
            | {self.slots}
        )
        plans: list[FloatArray] = []
        for group in self.groups:
            own = list(group)
            for mode in self.modes(group, now, works):
                goes = np.array(mode)
                if np.array_equal(goes, now[own]) or not np.all(turn[own] | (goes == now[own])):
                    continue
                for span in spans:
                    plan = base.copy()
                    plan[:, own] = now[own]
                    plan[:span, own] = goes
                    plans.append(plan)
        if len(self.groups) > 1:
            plans += self.together(now, works, base, turn)[::3]
        return plans

    def turned(
        self, now: FloatArray, works: FloatArray, base: FloatArray, turn: NDArray[np.bool_]
    ) -> FloatArray | None:
        """Some plan in which a link turns now, to begin a search with; None if none may."""
        return next(iter(self.probes(now, works, base, turn)), None)

    def best_of(self, scenarios: Scenarios, works: FloatArray, plans: list[FloatArray]) -> Found:
        """The best in the mean of a few plans."""
        found = _first(plans[0], self.score(scenarios, works, plans[0][None]))
        return self._tried(found, scenarios, works, plans[1:])

    def search(
        self,
        scenarios: Scenarios,
        works: FloatArray,
        now: FloatArray,
        start: FloatArray,
        *,
        turn: NDArray[np.bool_] | None = None,
    ) -> Found:
        """The best plan found.

        now : [links] directions told; start : [slots, links] a plan to begin with
        turn : None to change nothing in the first slot; else [links] that may turn at once, and
            only plans in which some link does are tried, besides `start`
        """
        found = _first(start, self.score(scenarios, works, start[None]))
        if len(self.groups) > 1:
            found = self._tried(found, scenarios, works, self.together(now, works, start, turn))
        for _ in range(SWEEPS if len(self.groups) > 1 else 1):
            before = found.cost
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
                if first and len(self.modes(group, now, works)) > MANY:
                    paths = self._sequences(group, scenarios, works, now, found.plan, first)
                    found = self._tried(found, scenarios, works, paths)
                elif first:
                    options = self.stage_plans(group, now, works, first=first)
                    plans = np.repeat(found.plan[None], len(options), axis=0)
                    plans[:, :, own] = options
                    found = self._tried(found, scenarios, works, list(plans))
            if found.cost > before - 1.0:
                break
        return found

    def _sequences(
        self,
        group: tuple[int, ...],
        scenarios: Scenarios,
        works: FloatArray,
        now: FloatArray,
        base: FloatArray,
        first: Sequence[Mode],
    ) -> list[FloatArray]:
        """[slots, links] plans of a bank with many modes, by dynamic programming.

        The other stages keep their direction of the first slot meanwhile.
        """
        every, own = self.modes(group, now, works), list(group)
        table = np.repeat(base[:1], len(every), axis=0)
        table[:, own] = np.array(every)
        slots = max(round(STRETCH_S / self.slot_s), 1)
        stretch_s = slots * self.slot_s
        found, _ = sequences(
            self.simulation,
            (scenarios.up, scenarios.down, scenarios.room),
            works,
            now,
            list(table),
            first=np.array([mode in first for mode in every]),
            steps=round(stretch_s / STEP_S),
            dwell=int(np.ceil(self.layout.station.duty.min_dwell_s / stretch_s)),
            prices=self._prices,
        )
        plans = []
        for path in found:
            long = np.repeat(path[:, own], slots, axis=0)
            for soon in (long, long[slots - 1 :]):  # what comes next may come after one slot
                plan = base.copy()
                part = soon[: self.slots]
                plan[: len(part), own] = part
                plan[len(part) :, own] = part[-1]
                plans.append(plan)
        return plans

    def _tried(
        self, found: Found, scenarios: Scenarios, works: FloatArray, plans: list[FloatArray]
    ) -> Found:
        """The better of what was found and the best of `plans`."""
        if not plans:
            return found
        cost = self.score(scenarios, works, np.array(plans))
        mean = cost.mean(axis=1)
        i = int(np.argmin(mean))
        least = np.minimum(found.least, cost.min(axis=0))
        if mean[i] < found.cost - 1e-6:
            return Found(plan=plans[i], cost=float(mean[i]), least=least)
        return replace(found, least=least)


def _first(plan: FloatArray, cost: FloatArray) -> Found:
    return Found(plan=plan.copy(), cost=float(cost.mean()), least=cost[0])
