"""What can no control beat, if only volumes and greatest flows count? A flow relaxation.

The network becomes stores of limited volume joined by ways of limited flow. Whoever may choose
every flow freely within those limits, knowing all inflow, spills no more than any control of the
real network. Finer physics (levels, travel time, the order in which water arrives) only adds
restrictions, so the least priced spill of this relaxation is a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from jialing.core.errors import InputError
from jialing.core.network import OUTSIDE, IntArray
from jialing.core.signal import FloatArray


@dataclass(frozen=True, kw_only=True)
class Ways:
    """Stores and the ways between them.

    Attributes
    ----------
    full : [stores] largest content [m³]
    tail, head : [ways] store indices; `head` may be OUTSIDE: the water leaves
    least, most : [ways] range of the flow [m³/s]; a negative `least` lets water go back
    price_spill : [stores] price of a cubic metre spilled [1/m³]
    price_out : [ways] price of a cubic metre that passes [1/m³]
    price_left : [stores] price of a cubic metre held at the end [1/m³]
    """

    full: FloatArray
    tail: IntArray
    head: IntArray
    least: FloatArray
    most: FloatArray
    price_spill: FloatArray
    price_out: FloatArray
    price_left: FloatArray


@dataclass(frozen=True, kw_only=True)
class FlowBound:
    """A lower bound on the priced spill.

    Attributes
    ----------
    value : the bound, from the dual values alone: valid where the solver stopped early, too
    relaxed : cost of the relaxed optimum as the solver reports it; NaN where it reports none
    columns, rows : size of the linear programme
    """

    value: float
    relaxed: float
    columns: int
    rows: int


def flow_bound(
    ways: Ways,
    content: FloatArray,
    inflow: FloatArray,
    step_s: float,
    *,
    time_limit_s: float = np.inf,
) -> FlowBound:
    """Least priced spill over all flows within their ranges.

    Minimises, over contents v, flows q and spills s >= 0,

        sum price_spill s + sum price_out dt q + price_left v_T
        v_t = v_(t-1) + inflow_t - dt sum q_out + dt sum q_in - s_t,   0 <= v_t <= full

    Steps longer than those of the simulator keep the bound valid: they only smooth the inflow.
    The value is made safe by the range of every variable (Neumaier & Shcherbina (2004), Math.
    Program. 99, 283-296).

    Parameters
    ----------
    content : [stores] at the start [m³]
    inflow : [steps, stores] volume that comes from outside in each step [m³]; not negative
    step_s : length of a step [s]
    time_limit_s : for the solver
    """
    steps, stores = inflow.shape
    count = len(ways.tail)
    if (inflow < 0.0).any():
        raise InputError("flow bound: an inflow is negative; water must come in, not go out")
    if (ways.price_spill < 0.0).any() or (ways.price_out < 0.0).any():
        raise InputError("flow bound: prices must not be negative")
    at = np.arange(steps)[:, None]
    v = at * stores + np.arange(stores)
    q = steps * stores + at * count + np.arange(count)
    s = steps * (stores + count) + v
    columns, rows = steps * (2 * stores + count), steps * stores
    cost, low, high = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    high[v] = ways.full
    low[q], high[q] = ways.least * step_s, ways.most * step_s
    most = np.zeros(stores)
    inside = ways.head != OUTSIDE
    np.add.at(most, ways.head[inside], np.maximum(ways.most[inside], 0.0) * step_s)
    np.add.at(most, ways.tail, np.maximum(-ways.least, 0.0) * step_s)
    high[s] = np.maximum(ways.full, content) + inflow + most
    cost[s] = ways.price_spill
    cost[q] = ways.price_out
    cost[v[-1]] += ways.price_left
    given = inflow.copy()
    given[0] += content
    ones = np.ones
    parts = [
        (v, v, ones(v.shape)),  # one balance row per step and store, numbered like the contents
        (v[1:], v[:-1], -ones(v[1:].shape)),
        (v, s, ones(v.shape)),
        (v[:, ways.tail], q, ones(q.shape)),
        (v[:, ways.head[inside]], q[:, inside], -ones((steps, int(inside.sum())))),
    ]
    row, column, value = (np.concatenate([p[k].ravel() for p in parts]) for k in range(3))
    dual, relaxed = _solve(cost, low, high, given.ravel(), row, column, value, time_limit_s)
    reduced = cost - np.bincount(column, weights=value * dual[row], minlength=columns)
    floor = np.where(reduced > 0.0, reduced * low, reduced * high)
    return FlowBound(
        value=float(dual @ given.ravel() + floor.sum()), relaxed=relaxed, columns=columns, rows=rows
    )


def _solve(
    cost: FloatArray,
    low: FloatArray,
    high: FloatArray,
    given: FloatArray,
    row: IntArray,
    column: IntArray,
    value: FloatArray,
    time_limit_s: float,
) -> tuple[FloatArray, float]:
    """Row duals and the optimum as reported."""
    order = np.lexsort((row, column))
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(cost), len(given)
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, low, high
    model.row_lower_ = model.row_upper_ = given
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    starts = np.concatenate([[0], np.cumsum(np.bincount(column, minlength=len(cost)))])
    model.a_matrix_.start_ = starts.astype(np.int32)
    model.a_matrix_.index_ = row[order].astype(np.int32)
    model.a_matrix_.value_ = value[order]
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("solver", "ipm")
    highs.setOptionValue("run_crossover", "off")
    highs.setOptionValue("time_limit", float(time_limit_s))
    highs.passModel(model)
    highs.run()
    solution = highs.getSolution()
    dual = np.array(solution.row_dual) if solution.dual_valid else np.zeros(len(given))
    optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    relaxed = float(highs.getInfo().objective_function_value) if optimal else float("nan")
    return dual, relaxed
