"""What can no control beat? A proven lower bound on the cost, from a linear relaxation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import highspy
import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import InputError
from jialing.core.network import OUTSIDE, FlowNetwork, IntArray
from jialing.core.signal import FloatArray
from jialing.methods.compiled import Compiled, compile_network
from jialing.methods.problem import Load, Problem, load_problem

ASSUMPTIONS = (
    "bounds the reduced flow network, not the plant it was made from",
    "the inflow of each scenario is known in advance and served by a plan of its own",
    "a link, passive ones too, may pass any flow up to the concave majorant of its rating",
    "a store may spill before it is full; travel of actuators is free",
    "rounding of double arithmetic is neglected",
)


@dataclass(frozen=True, kw_only=True)
class Bound:
    """No plan costs less than `value`, on the model named in `assumptions`.

    Attributes
    ----------
    value : lower bound on the expected cost
    values : [S] lower bound on the cost of each scenario, from the dual values alone: it holds
        even where the solver stopped early or was inexact
    relaxed : [S] cost of the relaxed optimum that the solver reports; nan where it reports none
    solved : True if every scenario was solved to optimality; otherwise the bound is valid but loose
    columns, rows : size of the linear programme of one scenario
    assumptions : what was relaxed, in words
    """

    value: float
    values: FloatArray
    relaxed: FloatArray
    solved: bool
    columns: int
    rows: int
    assumptions: tuple[str, ...] = ASSUMPTIONS


def lower_bound(
    net: FlowNetwork,
    problem: Problem,
    *,
    step_s: float,
    solver: Literal["choose", "simplex", "ipm"] = "choose",
    time_limit_s: float = np.inf,
) -> Bound:
    """Lower bound on the cost of `problem` over all controls, known and unknown.

    Solves, for each scenario on its own, min cost over contents v, flows q, spills s with

        v_t = v_(t-1) + dt (inflow_t + arrivals_t) - dt sum_l q_l,t - s_t,    0 <= v_t <= full
        0 <= q_l,t <= scale_l,t * majorant_l(x_t / full)

    which every rollout satisfies. The value is that of the dual solution, made safe by the range
    of each variable. Source: Neumaier & Shcherbina (2004), Math. Program. 99, 283-296.

    Parameters
    ----------
    solver : HiGHS method; the interior point runs without crossover
    time_limit_s : per scenario; the bound stays valid when it strikes
    """
    compiled = compile_network(net, step_s)
    load = load_problem(compiled, problem)
    for name in ("price_spill", "price_limit", "price_travel"):
        if (getattr(problem, name) < 0).any():
            raise InputError(f"bound: {name} holds a negative price; the bound needs prices >= 0")
    values, relaxed, solved = np.zeros(problem.scenarios), np.zeros(problem.scenarios), True
    columns = rows = 0
    for s in range(problem.scenarios):
        programme = _Programme(compiled, load, s)
        columns, rows = programme.cost.size, programme.row_low.size
        dual, relaxed[s], optimal = programme.solve(solver, time_limit_s)
        values[s] = programme.safe_value(dual)
        solved = solved and optimal
    return Bound(
        value=float(values @ problem.scenario_weights()),
        values=values,
        relaxed=relaxed,
        solved=solved,
        columns=columns,
        rows=rows,
    )


def concave_majorant(fill: FloatArray, rating: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slopes and intercepts of the least concave, rising line above a rating.

    Beyond its last point a rating stays constant, so the majorant rises to the largest capacity
    and stays there; that last, level piece has slope 0.
    """
    peak = int(np.argmax(rating))
    hull = [0]
    for k in range(1, peak + 1):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            rise = (rating[b] - rating[a]) * (fill[k] - fill[a])
            if rise > (rating[k] - rating[a]) * (fill[b] - fill[a]):
                break
            hull.pop()
        hull.append(k)
    at = np.array(hull)
    slopes = np.diff(rating[at]) / np.diff(fill[at])
    intercepts = rating[at[:-1]] - slopes * fill[at[:-1]]
    return np.append(slopes, 0.0), np.append(intercepts, rating[peak])


class _Programme:
    """The linear programme of one scenario: columns are contents, flows, spills, excess, make-up."""

    def __init__(self, compiled: Compiled, load: Load, s: int) -> None:
        net = compiled.net
        tables = compiled.tables
        steps, stores, links = load.time_weight.size, compiled.stores, compiled.links
        head, tail = net.link_to, net.link_from
        coming = load.inflow[:, load.source, s] * load.gain
        coming[: len(load.arriving)] += load.arriving
        scale = np.broadcast_to(load.scale, (steps, links))
        largest = net.link_rating.max(axis=1, initial=0.0) * compiled.step_s * scale

        priced = np.flatnonzero((load.price_limit > 0) & np.isfinite(net.link_limit))
        thirsty = np.flatnonzero(coming.ravel() < 0)  # (t, store) where content is cut off at 0
        sizes = (steps * stores, steps * links, steps * stores, steps * priced.size, thirsty.size)
        v0, q0, s0, e0, g0 = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        count = int(sum(sizes))
        self.cost, self.low, self.high = np.zeros(count), np.zeros(count), np.zeros(count)
        self._triplets: list[tuple[IntArray, IntArray, FloatArray]] = []
        self._row_low: list[FloatArray] = []
        self._row_high: list[FloatArray] = []
        self._rows = 0

        at_step = np.arange(steps)[:, None]
        v = v0 + at_step * stores + np.arange(stores)
        q = q0 + at_step * links + np.arange(links)
        spill = s0 + at_step * stores + np.arange(stores)
        excess = e0 + at_step * priced.size + np.arange(priced.size)
        weight = load.time_weight[:, None]

        self.high[v] = np.broadcast_to(net.store_full, (steps, stores))
        self.high[q] = largest
        self.high[spill] = self._most_content(compiled, load, coming, largest, s)
        self.high[excess] = np.maximum(largest[:, priced] - tables.limit[priced], 0.0)
        self.high[g0:] = -coming.ravel()[thirsty]
        self.cost[spill] = weight * load.price_spill
        self.cost[excess] = weight * load.price_limit[priced]
        self.cost[v[-1]] = load.price_leftover

        # Mass balance of each store and step.
        balance = at_step * stores + np.arange(stores)
        given = coming.copy()
        given[0] += load.v0[:, s]
        self._open_rows(given.ravel(), given.ravel())
        self._add(balance, v, 1.0)
        self._add(balance[1:], v[:-1], -1.0)
        self._add(balance[:, tail], q, 1.0)
        self._add(balance, spill, 1.0)
        self._add(thirsty, g0 + np.arange(thirsty.size), -1.0)
        inside = np.flatnonzero(head != OUTSIDE)
        for later, share in ((0, 1.0 - tables.late), (1, np.asarray(tables.late))):
            for link in inside[share[inside] > 0]:
                lag = int(tables.lag[link]) + later
                arrive = min(lag, steps)
                self._add(balance[arrive:, head[link]], q[: steps - arrive, link], -share[link])
                under_way = q[steps - arrive :, link]
                self.cost[under_way] += share[link] * load.price_leftover[head[link]]
        for store in np.flatnonzero(net.store_spill_to != OUTSIDE):
            target, lag = net.store_spill_to[store], int(tables.spill_lag[store])
            self._add(balance[lag:, target], spill[: steps - lag, store], -1.0)
            if lag:
                self.cost[spill[-1, store]] += load.price_leftover[target]

        # Flows under the concave majorant of their rating, at the content before the releases.
        starts, order = tables.link_start, tables.link
        for link in range(links):
            store = tail[link]
            slopes, tops = concave_majorant(net.rating_fill, net.link_rating[link])
            beside = order[starts[store] : starts[store + 1]]
            for slope, top in zip(slopes[:-1], tops[:-1], strict=True):
                steep = slope * compiled.step_s / net.store_full[store] * scale[:, link]
                row = self._rows + np.arange(steps)
                self._open_rows(np.full(steps, -np.inf), top * compiled.step_s * scale[:, link])
                self._add(row, v[:, store], -steep)
                self._add(row, spill[:, store], -steep)
                for other in beside:
                    self._add(row, q[:, other], float(other == link) - steep)

        # Flow above its limit.
        for n, link in enumerate(priced):
            row = self._rows + np.arange(steps)
            self._open_rows(np.full(steps, -np.inf), np.full(steps, tables.limit[link]))
            self._add(row, q[:, link], 1.0)
            self._add(row, excess[:, n], -1.0)

        self.row_low = np.concatenate(self._row_low)
        self.row_high = np.concatenate(self._row_high)
        self.row = np.concatenate([r for r, _, _ in self._triplets])
        self.column = np.concatenate([c for _, c, _ in self._triplets])
        self.value = np.concatenate([x for _, _, x in self._triplets])

    @staticmethod
    def _most_content(
        compiled: Compiled, load: Load, coming: FloatArray, largest: FloatArray, s: int
    ) -> FloatArray:
        """[T, stores] more than a store can hold before its releases, whatever is decided."""
        net, steps = compiled.net, len(coming)
        total = load.v0[:, s].sum() + np.maximum(coming, 0.0).sum()
        most = np.maximum(net.store_full, load.v0[:, s]) + np.maximum(coming, 0.0)
        inside = net.link_to != OUTSIDE
        peak = np.bincount(
            net.link_to[inside],
            weights=largest.max(axis=0, initial=0.0)[inside],
            minlength=compiled.stores,
        )
        takes_spill = np.zeros(compiled.stores, dtype=np.bool_)
        takes_spill[net.store_spill_to[net.store_spill_to != OUTSIDE]] = True
        most = most + np.where(takes_spill, np.inf, peak)
        bound: FloatArray = np.minimum(most, np.full((steps, 1), total))
        return bound

    def _open_rows(self, low: FloatArray, high: FloatArray) -> None:
        self._row_low.append(low)
        self._row_high.append(high)
        self._rows += low.size

    def _add(self, rows: IntArray, columns: IntArray, value: float | FloatArray) -> None:
        values = np.broadcast_to(np.asarray(value, dtype=np.float64), rows.shape)
        self._triplets.append((rows.ravel(), columns.ravel(), values.ravel()))

    def solve(self, solver: str, time_limit_s: float) -> tuple[FloatArray, float, bool]:
        """Row duals, relaxed cost, and whether the solver calls it optimal."""
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("solver", solver)
        highs.setOptionValue("run_crossover", "off" if solver == "ipm" else "on")
        highs.setOptionValue("time_limit", float(time_limit_s))
        highs.passModel(self._model())
        highs.run()
        optimal = bool(highs.getModelStatus() == highspy.HighsModelStatus.kOptimal)
        solution = highs.getSolution()
        dual = np.array(solution.row_dual) if solution.dual_valid else np.zeros(self.row_low.size)
        value = float(highs.getInfo().objective_function_value) if optimal else float("nan")
        return dual, value, optimal

    def safe_value(self, dual: FloatArray) -> float:
        """Lagrangian bound of any row duals: valid for exact and inexact ones alike."""
        y = np.where(np.isfinite(self.row_low), dual, np.minimum(dual, 0.0))
        rows = np.where(y > 0, self.row_low, self.row_high)
        reduced = self.cost - np.bincount(
            self.column, weights=self.value * y[self.row], minlength=self.cost.size
        )
        ranges = np.where(reduced > 0, self.low, self.high)
        return float((rows * y).sum() + (ranges * reduced).sum())

    def _model(self) -> Any:
        sort = np.lexsort((self.row, self.column))
        counts = np.bincount(self.column, minlength=self.cost.size)
        start: NDArray[np.int32] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self.cost.size, self.row_low.size
        model.col_cost_, model.col_lower_, model.col_upper_ = self.cost, self.low, self.high
        model.row_lower_, model.row_upper_ = self.row_low, self.row_high
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = start
        model.a_matrix_.index_ = self.row[sort].astype(np.int32)
        model.a_matrix_.value_ = self.value[sort]
        return model
