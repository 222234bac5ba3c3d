"""The reduced network, held against the engine: residual inflows and capacities from twin runs.

A reduced model alone loses to leaving the gates open (docs/explanation/how-it-decides.md). So
it is never trusted as such: each time a plan has been played in the twin, the residual inflow of
every store and the capacity of every link are set so that the reduced network reproduces that
very run. What is optimised is then the difference to a run that SWMM itself has computed
(a model-reality iteration, after Roberts (1979), Int. J. Control 29:9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from jialing.core.network import OUTSIDE
from jialing.core.signal import FloatArray
from jialing.domains.water.network import Reduction
from jialing.domains.water.twin import Outcome
from jialing.methods.rollout import Compiled, Problem, compile_network

SCALE_RANGE = (0.05, 6.0)  # how far a run may correct a rating [1]
OPEN_ENOUGH = 0.03  # below this opening a flow says nothing about the capacity [1]
FLOW_FLOOR_M3S = 1e-4
REACH = 1.5  # a gate may pass this many times the largest inflow to its store [1]
EMPTIED_S = 1800.0  # … or empty a full store in this time [s]
LEAST_REACH = 0.02


@dataclass(frozen=True, kw_only=True)
class NetworkPrices:
    """Prices on the reduced network; see `jialing.methods.rollout.Problem`."""

    spill: FloatArray
    limit: FloatArray
    leftover: FloatArray
    travel: FloatArray


class Surrogate:
    """Builds the planner's problem around runs of the twin."""

    def __init__(self, reduced: Reduction, prices: NetworkPrices, step_s: float) -> None:
        self.reduced = reduced
        self.compiled: Compiled = compile_network(reduced.net, step_s)
        self._prices, self._step_s = prices, step_s
        tables = self.compiled.tables
        self._lag, self._late = tables.lag, tables.late
        self._depth = self.compiled.longest_lag + 2  # steps of past flow that still matter
        self._past = np.zeros((self._depth, self.compiled.links))

    def remember(self, flow: FloatArray) -> None:
        """Book the measured flow of every link over the last step [m³/s]."""
        self._past = np.vstack((self._past[1:], np.maximum(flow, 0.0)[None]))

    def problem(
        self,
        now: FloatArray,
        flow_now: FloatArray,
        runs: Sequence[Outcome],
        positions: FloatArray,
        weights: FloatArray | None = None,
    ) -> Problem:
        """The problem in which each run's own settings reproduce that run.

        Parameters
        ----------
        now : [stores] depth now [m]
        flow_now : [links] flow now [m³/s]
        runs : one per scenario, all with the same policy
        positions : [actuators] now
        """
        parts = [self._match(now, flow_now, run) for run in runs]
        inflow = np.stack([inflow for inflow, _ in parts], axis=2)
        scale = np.mean([scale for _, scale in parts], axis=0)
        steps = inflow.shape[0]
        transit = self._transit(steps)
        v0 = np.repeat(self.reduced.content(now)[:, None], len(runs), axis=1)
        hurry = 1.0 + 0.02 * np.linspace(1.0, 0.0, steps)  # spill late rather than early
        return Problem(
            v0=v0,
            inflow=inflow,
            price_spill=self._prices.spill,
            price_limit=self._prices.limit,
            price_leftover=self._prices.leftover,
            price_travel=self._prices.travel,
            u0=positions,
            weights=weights,
            time_weight=hurry,
            scale=scale,
            transit=transit,
        )

    def reach(self, problem: Problem) -> FloatArray:
        """[actuators] opening beyond which a gate holds nothing back [1].

        That is where it passes half as much again as the largest inflow to its store, or empties
        a full store within `EMPTIED_S`, at half its filling. A plan is searched for below it: of
        a gate far larger than its tank needs, only the first few per cent matter.
        """
        net = self.reduced.net
        peak = np.maximum(problem.inflow, 0.0).max(axis=(0, 2))
        wanted = REACH * np.maximum(peak, net.store_full / EMPTIED_S)
        half = np.searchsorted(net.rating_fill, 0.5)
        reach = np.zeros(len(net.actuator_names))
        for link in np.flatnonzero(net.link_actuator != OUTSIDE):
            capacity = max(float(net.link_rating[link, half]), FLOW_FLOOR_M3S)
            actuator = net.link_actuator[link]
            reach[actuator] = max(reach[actuator], wanted[net.link_from[link]] / capacity)
        return np.clip(reach, LEAST_REACH, 1.0)

    def within_reach(self, problem: Problem, reach: FloatArray) -> Problem:
        """The same problem with openings counted as parts of `reach`."""
        net = self.reduced.net
        factor = np.ones(len(net.link_names))
        moved = net.link_actuator != OUTSIDE
        factor[moved] = reach[net.link_actuator[moved]]
        scale = np.ones((1, len(factor))) if problem.scale is None else problem.scale
        return replace(problem, scale=scale * factor, u0=np.minimum(problem.u0 / reach, 1.0))

    def _match(
        self, now: FloatArray, flow_now: FloatArray, run: Outcome
    ) -> tuple[FloatArray, FloatArray]:
        """Residual inflow [T, stores] and capacity scale [T, links] of one run."""
        net, dt = self.reduced.net, self._step_s
        ends = self.reduced.content(np.vstack((now[None], run.depth)))
        flows = np.vstack((flow_now[None], run.flow))
        q = np.maximum(0.5 * (flows[1:] + flows[:-1]), 0.0)
        steps = len(q)
        outflow = np.zeros((steps, len(net.store_names)))
        np.add.at(outflow.T, net.link_from, q.T)
        arrivals = self._arrivals(q)
        gathered = ends[1:] + run.spilled + dt * outflow  # content before anything leaves
        inflow = (gathered - ends[:-1]) / dt - arrivals
        opening = np.ones((steps, len(net.link_names)))
        moved = net.link_actuator != OUTSIDE
        opening[:, moved] = run.settings[:, net.link_actuator[moved]]
        capacity = self._capacity(gathered)
        known = (opening > OPEN_ENOUGH) & (q > FLOW_FLOOR_M3S) & (capacity > FLOW_FLOOR_M3S)
        scale = np.ones_like(q)
        scale[known] = np.clip(q[known] / (opening[known] * capacity[known]), *SCALE_RANGE)
        # where the run says nothing, carry the nearest earlier correction on
        for k in range(1, steps):
            scale[k] = np.where(known[k], scale[k], scale[k - 1])
        return inflow, scale

    def _capacity(self, content: FloatArray) -> FloatArray:
        """Rating of every link [T, links] at the content of its upstream store."""
        net = self.reduced.net
        fill = content[:, net.link_from] / net.store_full[net.link_from]
        out = np.empty_like(fill)
        for link in range(fill.shape[1]):
            out[:, link] = np.interp(fill[:, link], net.rating_fill, net.link_rating[link])
        return out

    def _arrivals(self, q: FloatArray) -> FloatArray:
        """[T, stores] flow that arrives, given the flows of this run and of the past."""
        net = self.reduced.net
        steps = len(q)
        every = np.vstack((self._past, q))
        arrivals = np.zeros((steps, len(net.store_names)))
        for link in np.flatnonzero(net.link_to != OUTSIDE):
            start = self._depth - self._lag[link]
            near = every[start : start + steps, link]
            far = every[start - 1 : start - 1 + steps, link]
            late = float(self._late[link])
            arrivals[:, net.link_to[link]] += (1.0 - late) * near + late * far
        return arrivals

    def _transit(self, steps: int) -> FloatArray:
        """[links, K] flow already under way that arrives in step k."""
        span = min(self.compiled.longest_lag + 1, steps)
        transit = np.zeros((self.compiled.links, span))
        for link in range(self.compiled.links):
            late = float(self._late[link])
            for k in range(span):
                near, far = k - int(self._lag[link]), k - int(self._lag[link]) - 1
                if near < 0:
                    transit[link, k] += (1.0 - late) * self._past[self._depth + near, link]
                if far < 0:
                    transit[link, k] += late * self._past[self._depth + far, link]
        return transit
