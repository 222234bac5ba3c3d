"""What does a plan lead to? A batched rollout of the flow network, and its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jialing.core.errors import InputError
from jialing.core.signal import FloatArray
from jialing.methods.compiled import Compiled, Floats, compile_network
from jialing.methods.kernels import adjoint, sweep
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
        self._u = np.empty((0, 0), dtype=kind)

    def costs(self, u: FloatArray) -> FloatArray:
        """[S] cost of the plan `u` [T, actuators] in each scenario."""
        return self._sweep(u, self._none, (self._none, self._none, self._none))

    def forward(self, u: FloatArray) -> FloatArray:
        """As `costs`, and remembers what `backward` needs."""
        return self._sweep(u, self._levels, (self._none, self._none, self._none))

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

    def trace(self, u: FloatArray, *, contents: bool = True) -> Outcome:
        """Costs with the trajectories of contents (if asked for), flows and spills."""
        steps, stores = self.problem.steps, self.compiled.stores
        scenarios, kind = self.problem.scenarios, self.compiled.dtype
        v = np.empty((steps if contents else 0, stores, scenarios), dtype=kind)
        q = np.empty((steps, self.compiled.links, scenarios), dtype=kind)
        spill = np.empty((steps, stores, scenarios), dtype=kind)
        costs = self._sweep(u, self._none, (v, q, spill))
        q /= kind.type(self.compiled.step_s)
        return Outcome(costs=costs, v=v if contents else None, q=q, spill=spill)

    def _sweep(
        self, u: FloatArray, levels: Floats, traces: tuple[Floats, Floats, Floats]
    ) -> FloatArray:
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
            *traces,
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
