"""What is coming, what is there, and what does it cost? The inputs of one decision as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from jialing.core.errors import InputError
from jialing.core.network import OUTSIDE, IntArray
from jialing.core.signal import FloatArray
from jialing.methods.compiled import Compiled, Floats


@dataclass(frozen=True, kw_only=True)
class Problem:
    """State, forecast and prices. Numbering is that of the flow network; S scenarios, T steps.

    Contents are in the network's unit (m³, veh, ped), flows in that unit per second, prices in
    cost per unit of content unless stated otherwise.

    Attributes
    ----------
    v0 : [stores, S] content now; a spilling store may hold more than its full content
    inflow : [T, sources, S] flow into the stores; may be negative (a residual)
    price_spill : [stores] price of a unit spilled
    price_limit : [links] price of a unit that passes above `FlowNetwork.link_limit`
    price_leftover : [stores] price of a unit held at the end; water under way counts at its
        destination
    price_travel : [actuators] price of the squared change of an opening [cost]
    u0 : [actuators] openings now [1]
    weights : [S] weight of each scenario in the cost, summing to 1; None: equal
    time_weight : [T] factor on spill and limit prices [1]; None: ones
    scale : [T or 1, links] factor on the capacities [1]; None: ones
    transit : [links, K] flow already under way that arrives in step k at the link's head; what
        would arrive after the horizon is left out
    source : [stores] column of `inflow` that feeds each store, or OUTSIDE; None: store i takes
        column i
    gain : [stores] factor on that column; None: ones
    """

    v0: Floats
    inflow: Floats
    price_spill: FloatArray
    price_limit: FloatArray
    price_leftover: FloatArray
    price_travel: FloatArray
    u0: FloatArray
    weights: FloatArray | None = None
    time_weight: FloatArray | None = None
    scale: Floats | None = None
    transit: Floats | None = None
    source: IntArray | None = None
    gain: FloatArray | None = None

    @property
    def steps(self) -> int:
        return int(self.inflow.shape[0])

    @property
    def scenarios(self) -> int:
        return int(self.v0.shape[1])

    def scenario_weights(self) -> FloatArray:
        """Weights as an array, equal where none are given."""
        if self.weights is None:
            return np.full(self.scenarios, 1.0 / self.scenarios)
        return self.weights

    def one_scenario(self, s: int) -> Problem:
        """The same problem with scenario `s` alone."""
        return replace(
            self,
            v0=self.v0[:, s : s + 1],
            inflow=self.inflow[:, :, s : s + 1],
            weights=np.ones(1),
        )


class Load(NamedTuple):
    """The columns of a problem that the kernels read; flows are contents per step."""

    v0: Floats  # [stores, S]
    inflow: Floats  # [T, sources, S] per second; `gain` carries dt
    source: IntArray  # [stores]
    gain: Floats  # [stores] 0 for a store without a source
    arriving: Floats  # [K, stores]
    scale: Floats  # [T or 1, links]
    price_spill: Floats  # [stores]
    price_limit: Floats  # [links]
    price_leftover: Floats  # [stores]
    time_weight: Floats  # [T]


def load_problem(compiled: Compiled, problem: Problem) -> Load:
    """Check `problem` against the network and lay it out in the network's precision."""
    _check(compiled, problem)
    kind, stores, links = compiled.dtype, compiled.stores, compiled.links
    steps = problem.steps

    def column(values: Floats) -> Floats:
        return np.ascontiguousarray(values, dtype=kind)

    if problem.transit is None:
        arriving = np.zeros((0, stores), dtype=kind)
    else:
        lasting = problem.transit[:, :steps]
        summed = np.zeros((stores + 1, lasting.shape[1]))  # the last row takes what leaves
        np.add.at(summed, compiled.net.link_to, lasting * compiled.step_s)
        arriving = column(summed[:-1].T)
    gain = np.ones(stores) if problem.gain is None else problem.gain
    source = np.arange(stores) if problem.source is None else problem.source
    fed = source != OUTSIDE
    return Load(
        v0=column(problem.v0),
        inflow=column(problem.inflow),
        source=np.where(fed, source, 0).astype(np.int64),
        gain=column(np.where(fed, gain, 0.0) * compiled.step_s),
        arriving=arriving,
        scale=column(np.ones((1, links)) if problem.scale is None else problem.scale),
        price_spill=column(problem.price_spill),
        price_limit=column(problem.price_limit),
        price_leftover=column(problem.price_leftover),
        time_weight=column(np.ones(steps) if problem.time_weight is None else problem.time_weight),
    )


def _check(compiled: Compiled, problem: Problem) -> None:
    stores, links, actuators = compiled.stores, compiled.links, compiled.actuators
    steps, scenarios = problem.steps, problem.scenarios
    sources = stores if problem.source is None else problem.inflow.shape[1]
    shapes: dict[str, tuple[int, ...]] = {
        "v0": (stores, scenarios),
        "inflow": (steps, sources, scenarios),
        "price_spill": (stores,),
        "price_limit": (links,),
        "price_leftover": (stores,),
        "price_travel": (actuators,),
        "u0": (actuators,),
        "weights": (scenarios,),
        "time_weight": (steps,),
        "source": (stores,),
        "gain": (stores,),
    }
    for name, shape in shapes.items():
        value = getattr(problem, name)
        if value is not None and value.shape != shape:
            raise InputError(f"rollout: {name} has shape {value.shape}, expected {shape}")
    if problem.scale is not None and problem.scale.shape not in ((1, links), (steps, links)):
        raise InputError(
            f"rollout: scale has shape {problem.scale.shape}, expected {(steps, links)}"
        )
    if problem.transit is not None and problem.transit.shape[0] != links:
        raise InputError(
            f"rollout: transit has {problem.transit.shape[0]} rows, expected {links} links"
        )
    if 0 in problem.inflow.shape:
        raise InputError(
            f"rollout: inflow has shape {problem.inflow.shape}; steps, sources and scenarios must "
            "all be above 0"
        )
    source = problem.source
    if source is not None and ((source < OUTSIDE) | (source >= sources)).any():
        raise InputError(f"rollout: source must lie in {OUTSIDE} … {sources - 1}")
