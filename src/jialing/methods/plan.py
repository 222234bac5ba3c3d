"""Which openings cost least over the horizon? Projected gradient on the rollout, from warm starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from jialing.core.errors import InputError
from jialing.core.network import IntArray
from jialing.core.signal import FloatArray
from jialing.methods.rollout import Compiled, Problem, Workspace

_MOMENTUM, _MEMORY = 0.9, 0.99  # Adam's decay rates: Kingma & Ba (2015), arXiv:1412.6980
_LAST_STEP = 0.02  # share of the first step length that remains at the end


@dataclass(frozen=True, kw_only=True)
class Risk:
    """How the costs of the scenarios become one number.

    Attributes
    ----------
    weights : ``mean`` takes the expected cost, ``cvar`` the expected cost of the worst cases
    tail : probability of those worst cases [1]; only for ``cvar``
    """

    weights: Literal["mean", "cvar"] = "mean"
    tail: float = 0.25

    def __post_init__(self) -> None:
        if self.weights not in ("mean", "cvar"):
            raise InputError(f"plan: weights {self.weights!r}, allowed 'mean', 'cvar'")
        if not 0.0 < self.tail <= 1.0:
            raise InputError(f"plan: tail = {self.tail}, allowed above 0 up to 1")

    def apply(self, costs: FloatArray, probability: FloatArray) -> FloatArray:
        """[S] weights whose product with `costs` is the risk; also its gradient by `costs`.

        Source of the tail expectation: Rockafellar & Uryasev (2000), J. Risk 2(3), 21-41.
        """
        if self.weights == "mean":
            return probability
        worst_first = np.argsort(-costs, kind="stable")
        before = np.concatenate([[0.0], np.cumsum(probability[worst_first])[:-1]])
        taken = np.clip(self.tail - before, 0.0, probability[worst_first])
        weights = np.zeros_like(probability)
        weights[worst_first] = taken / taken.sum()
        return weights


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Openings over the horizon, and what the search knows about them.

    Attributes
    ----------
    u : [T, actuators] openings [1]
    cost : risk-weighted cost
    costs : [S] cost of each scenario
    history : best cost known after each evaluation of the refined starts
    start : which start it grew from
    """

    u: FloatArray
    cost: float
    costs: FloatArray
    history: tuple[float, ...] = ()
    start: int = 0


def optimise(
    compiled: Compiled,
    problem: Problem,
    starts: FloatArray | Sequence[FloatArray],
    *,
    iterations: int = 40,
    step: float = 0.2,
    blocks: IntArray | Sequence[int] | None = None,
    risk: Risk | None = None,
    low: FloatArray | None = None,
    high: FloatArray | None = None,
    refine: int | None = None,
    space: Workspace | None = None,
) -> Plan:
    """Improve the given plans and return the best one met.

    Every iterate is feasible, and the result is never worse than the best start (after blocking
    and clipping). The work depends on the arguments alone, never on a clock.

    Let the time weight of the problem fall a little with time: where spill now and spill later
    cost the same, plans that only postpone it tie, and the search may stand still.

    Parameters
    ----------
    starts : one plan [T, actuators] or several
    iterations : gradient steps per refined start; 0 only compares the starts
    step : first step length, as a change of the opening [1]; it fades along a cosine
    blocks : lengths of the decision blocks in steps, summing to T; None: every step decides.
        A start is averaged over each block
    risk : see `Risk`; None: expected cost
    low, high : [actuators] range of the openings; None: 0 and 1
    refine : how many of the starts, best first, are refined; None: all
    space : a workspace of the same problem to be reused
    """
    work = Workspace(compiled, problem) if space is None else space
    measure = Risk() if risk is None else risk
    first, lengths = _blocks(blocks, problem.steps)
    floor = np.zeros(compiled.actuators) if low is None else low
    ceiling = np.ones(compiled.actuators) if high is None else high
    given = [starts] if isinstance(starts, np.ndarray) and starts.ndim == 2 else list(starts)
    if not given:
        raise InputError("plan: no start was given; pass at least one plan [T, actuators]")
    search = _Search(work, measure, first, lengths, floor, ceiling)
    candidates = [search.block(start) for start in given]
    looks = [search.look(z, k) for k, z in enumerate(candidates)]
    if not np.isfinite(looks).all():
        raise InputError(f"plan: the starts cost {looks}; some input of the problem is no number")
    ranked = sorted((cost, k) for k, cost in enumerate(looks))
    if iterations > 0:
        for _, k in ranked[:refine]:
            search.descend(candidates[k], k, iterations, step)
    return search.best()


def shift(u: FloatArray, steps: int = 1) -> FloatArray:
    """The plan seen `steps` later: the past is dropped and the last openings are held."""
    if steps <= 0:
        return u.copy()
    kept = u[min(steps, len(u) - 1) :]
    held = np.repeat(u[-1:], len(u) - len(kept), axis=0)
    return np.concatenate([kept, held])


def _blocks(blocks: IntArray | Sequence[int] | None, steps: int) -> tuple[IntArray, IntArray]:
    """First step and length of each block."""
    lengths = np.ones(steps, dtype=np.int64) if blocks is None else np.asarray(blocks, np.int64)
    if lengths.size == 0 or (lengths < 1).any() or lengths.sum() != steps:
        raise InputError(
            f"plan: blocks {lengths.tolist()} must be positive and sum to {steps} steps"
        )
    return np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths


class _Search:
    """The best plan met so far, and the steps that look for a better one."""

    def __init__(
        self,
        space: Workspace,
        risk: Risk,
        first: IntArray,
        lengths: IntArray,
        low: FloatArray,
        high: FloatArray,
    ) -> None:
        self.space, self.risk = space, risk
        self.first, self.lengths, self.low, self.high = first, lengths, low, high
        self.probability = space.problem.scenario_weights()
        self.history: list[float] = []
        self._cost = np.inf
        self._best = np.empty((0, 0))
        self._costs = np.empty(0)
        self._start = 0

    def block(self, u: FloatArray) -> FloatArray:
        """Mean opening in each block, within range."""
        expected = (self.space.problem.steps, self.space.compiled.actuators)
        if u.shape != expected:
            raise InputError(f"plan: a start has shape {u.shape}, expected {expected}")
        mean = np.add.reduceat(u.astype(np.float64), self.first, axis=0) / self.lengths[:, None]
        return np.clip(mean, self.low, self.high)

    def unblock(self, z: FloatArray) -> FloatArray:
        return np.repeat(z, self.lengths, axis=0)

    def look(self, z: FloatArray, start: int) -> float:
        """Cost of a blocked plan; remembered if it is the best."""
        costs = self.space.costs(self.unblock(z))
        return self._remember(z, costs, start)

    def descend(self, z: FloatArray, start: int, iterations: int, step: float) -> None:
        """Projected Adam with a fading step. Every iterate is feasible; the best one is kept."""
        mean = np.zeros_like(z)
        square = np.zeros_like(z)
        for n in range(1, iterations + 1):
            costs = self.space.forward(self.unblock(z))
            if n > 1:
                self._remember(z, costs, start)
            self.history.append(self._cost)
            slope = self.space.backward(self.risk.apply(costs, self.probability))
            slope = np.add.reduceat(slope, self.first, axis=0)
            mean = _MOMENTUM * mean + (1.0 - _MOMENTUM) * slope
            square = _MEMORY * square + (1.0 - _MEMORY) * slope * slope
            size = np.sqrt(square / (1.0 - _MEMORY**n))
            largest = float(size.max(initial=0.0))
            if largest == 0.0:
                break  # flat: nothing that is decided here changes the cost
            fade = _LAST_STEP + (1.0 - _LAST_STEP) * 0.5 * (1.0 + np.cos(np.pi * n / iterations))
            move = mean / (1.0 - _MOMENTUM**n) / (size + 1e-3 * largest)
            z = np.clip(z - step * fade * move, self.low, self.high)
        self._remember(z, self.space.forward(self.unblock(z)), start)
        self.history.append(self._cost)

    def _remember(self, z: FloatArray, costs: FloatArray, start: int) -> float:
        cost = float(self.risk.apply(costs, self.probability) @ costs)
        if cost < self._cost:
            self._cost, self._best, self._costs = cost, z, costs
            self._start = start
        return cost

    def best(self) -> Plan:
        return Plan(
            u=self.unblock(self._best),
            cost=self._cost,
            costs=self._costs,
            history=tuple(self.history),
            start=self._start,
        )
