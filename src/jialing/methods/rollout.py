"""What does a plan lead to? A batched rollout of the flow network, and its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jialing.core.errors import InputError
from jialing.core.network import IntArray
from jialing.core.signal import FloatArray
from jialing.methods.compiled import Compiled, Floats, compile_network
from jialing.methods.kernels import Trace, adjoint, sweep
from jialing.methods.problem import Load, Problem, load_problem

__all__ = [
    "Compiled",
    "Outcome",
    "Problem",
    "Workspace",
    "compile_network",
    "gradient",
    "rollout",
]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a plan leads to.

    Attributes
    ----------
    costs : [S] cost of each scenario
    v : [T, stores, S] content at the end of each step; None unless asked for
    q : [T, links, S] mean flow of each step [unit/s]; None unless asked for
    spill : [T, stores, S] amount spilled in each step; None unless asked for
    """

    costs: FloatArray
    v: Floats | None = None
    q: Floats | None = None
    spill: Floats | None = None


class Workspace:
    """A problem laid out for the kernels with its buffers; reuse it for many plans.

    Not for two threads at once: the buffers are overwritten by each call. `beside` [S] is a cost
    of each scenario that no plan changes; it is added to all costs.
    """

    def __init__(
        self, compiled: Compiled, problem: Problem, *, beside: FloatArray | None = None
    ) -> None:
        self.compiled = compiled
        self.problem = problem
        self.load: Load = load_problem(compiled, problem)
        steps, stores, scenarios = problem.steps, compiled.stores, problem.scenarios
        kind = compiled.dtype
        self._ring = np.empty((compiled.longest_lag + 2, stores + 1, scenarios), dtype=kind)
        self._content = np.empty((stores, scenarios), dtype=kind)
        self._levels = np.empty((steps, stores, scenarios), dtype=kind)
        self._beside = np.zeros(scenarios) if beside is None else beside
        self._costs = np.empty(scenarios)
        self._grad = np.empty((steps, compiled.actuators))
        self._none = np.empty((0, 0, 0), dtype=kind)
        self._untraced = self._trace((), (), ())
        self._u = np.empty((0, 0), dtype=kind)

    def costs(self, u: FloatArray) -> FloatArray:
        """[S] cost of the plan `u` [T, actuators] in each scenario."""
        return self._sweep(u, self._none, self._untraced)

    def forward(self, u: FloatArray) -> FloatArray:
        """As `costs`, and remembers what `backward` needs."""
        return self._sweep(u, self._levels, self._untraced)

    def backward(self, weights: FloatArray) -> FloatArray:
        """[T, actuators] gradient of the costs weighted by `weights` [S], after `forward`."""
        adjoint(
            self.compiled.tables,
            self.load,
            self._u,
            np.ascontiguousarray(weights, dtype=self.compiled.dtype),
            self._levels,
            self._ring,
            self._grad,
        )
        slope = self._moves() * (2.0 * float(weights.sum())) * self.problem.price_travel
        grad = self._grad + slope
        grad[:-1] -= slope[1:]
        return grad

    def trace(self, u: FloatArray) -> Outcome:
        """Costs with the trajectories of all contents, flows and spills."""
        stores, links = range(self.compiled.stores), range(self.compiled.links)
        trace = self._trace(stores, links, stores)
        costs = self._sweep(u, self._none, trace)
        flows = trace.q / self.compiled.dtype.type(self.compiled.step_s)
        return Outcome(costs=costs, v=trace.v, q=flows, spill=trace.spill)

    def leaving(
        self, u: FloatArray, links: IntArray, stores: IntArray
    ) -> tuple[FloatArray, Floats, Floats]:
        """Costs, and per step the amounts that pass `links` and that `stores` spill."""
        trace = self._trace((), links, stores)
        return self._sweep(u, self._none, trace), trace.q, trace.spill

    def _trace(
        self,
        contents: Sequence[int] | IntArray,
        flows: Sequence[int] | IntArray,
        spills: Sequence[int] | IntArray,
    ) -> Trace:
        steps, scenarios = self.problem.steps, self.problem.scenarios
        kind, stores = self.compiled.dtype, self.compiled.stores
        rows, values = [], []
        for chosen, count in ((contents, stores), (flows, self.compiled.links), (spills, stores)):
            row = np.full(count, -1)
            row[np.asarray(chosen, dtype=np.int64)] = np.arange(len(chosen))
            rows.append(row)
            values.append(np.empty((steps, len(chosen), scenarios), dtype=kind))
        return Trace(*rows, *values)

    def _sweep(self, u: FloatArray, levels: Floats, trace: Trace) -> FloatArray:
        expected = self._grad.shape
        if u.shape != expected:
            raise InputError(f"rollout: the plan has shape {u.shape}, expected {expected}")
        self._u = np.ascontiguousarray(u, dtype=self.compiled.dtype)
        sweep(
            self.compiled.tables,
            self.load,
            self._u,
            self._ring,
            self._content,
            self._costs,
            levels,
            trace,
        )
        moves = self._moves()
        travel = float(((moves * moves) @ self.problem.price_travel).sum())
        return self._costs + self._beside + travel

    def _moves(self) -> FloatArray:
        moves = self._u.astype(np.float64)
        moves[1:] -= self._u[:-1]
        moves[0] -= self.problem.u0
        return moves


def rollout(
    compiled: Compiled, problem: Problem, u: FloatArray, *, trajectories: bool = False
) -> Outcome:
    """Roll every scenario forward under the openings `u` [T, actuators].

    Per step of length dt, stores in flow order, links of a store in their given order:

        x_i = max(v_i + dt (inflow_i + arrivals_i), 0)
        q_l = min(u_a(l) * scale_l * rating_l(x_i / full_i), remaining / dt)
        spill_i = max(x_i - dt sum_l q_l - full_i, 0)

    Cost of a scenario: spill and exceedance at their prices times the step's time weight, what is
    held (or under way) at the end at its leftover price, and the squared moves of the openings.
    """
    space = Workspace(compiled, problem)
    return space.trace(u) if trajectories else Outcome(costs=space.costs(u))


def gradient(compiled: Compiled, problem: Problem, u: FloatArray) -> tuple[float, FloatArray]:
    """Expected cost of `u` over the scenarios and its derivative [T, actuators]."""
    space = Workspace(compiled, problem)
    weights = problem.scenario_weights()
    costs = space.forward(u)
    return float(costs @ weights), space.backward(weights)
