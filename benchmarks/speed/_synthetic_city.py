"""What does a city of 100,000 drains look like? Tree-shaped catchments with gated basins, by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jialing.core.network import OUTSIDE, FlowNetwork, IntArray
from jialing.core.signal import FloatArray
from jialing.methods.problem import Problem
from jialing.methods.rollout import compile_network, rollout

STEP_S = 60.0
STEPS = 180
_DESIGN = 1  # seed of the storm that sizes the pipes


@dataclass(frozen=True, kw_only=True)
class City:
    """A synthetic city.

    Attributes
    ----------
    net : its drains
    catchment : [stores] catchment of each drain; one rain series each
    area : [stores] runoff per rain [1]
    """

    net: FlowNetwork
    catchment: IntArray
    area: FloatArray

    @property
    def catchments(self) -> int:
        return int(self.catchment.max()) + 1


def build_city(*, catchments: int = 50, drains: int = 2000, gates: int = 40, seed: int = 0) -> City:
    """`catchments` trees of `drains` drains with `gates` gated basins each.

    A drain passes a share of its content per minute up to its pipe's capacity. Pipes carry 75 to
    110 % of the peak of a design storm, the last pipe of a catchment 45 %; a gated basin holds 6
    to 16 minutes of its design peak.
    """
    rng = np.random.default_rng(seed)
    stores = catchments * drains
    number = np.arange(stores)
    within = number % drains
    reach = np.minimum(rng.geometric(0.08, stores), within)
    below = np.where(within > 0, number - reach, OUTSIDE)
    upstream = np.ones(stores)
    for i in range(stores - 1, -1, -1):
        if below[i] != OUTSIDE:
            upstream[below[i]] += upstream[i]
    gated = np.zeros(stores, dtype=np.bool_)
    for c in range(catchments):
        wide = c * drains + np.flatnonzero(upstream[c * drains : (c + 1) * drains] > 25)
        gated[rng.choice(wide[1:], min(gates, wide.size - 1), replace=False)] = True
    share = rng.uniform(0.5, 0.9, stores)  # of the content, per minute
    area = rng.uniform(0.5, 1.5, stores)

    endless = _network(below, gated, np.full(stores, 1e9), share / 60.0 * 1e9, np.ones(stores))
    catchment = number // drains
    design = _storm(catchments, np.random.default_rng(_DESIGN), 1)
    plain = _problem(endless, design, catchment, area)
    every_open = np.ones((STEPS, int(gated.sum())))
    peak = np.empty(stores)
    compiled = compile_network(endless, STEP_S, dtype=np.float32)
    flows = rollout(compiled, plain, every_open, trajectories=True).q
    peak[:] = 0.0 if flows is None else flows[:, :, 0].max(axis=0)
    pipe = peak * rng.uniform(0.75, 1.1, stores)
    pipe[below == OUTSIDE] = 0.45 * peak[below == OUTSIDE]
    pipe[gated] = 1.2 * peak[gated]
    # A pipe's content is full at 1.5 times what it needs to pass its capacity.
    full = np.maximum(pipe * 60.0 / share / _BEND[0], 1e-3)
    basin = peak * 60.0 * rng.uniform(6.0, 16.0, stores)
    full = np.where(gated, np.maximum(basin, 1e-3), full)
    bend = np.where(gated, _BEND[1], _BEND[0])
    return City(net=_network(below, gated, full, pipe, bend), catchment=catchment, area=area)


_BEND = (0.65, 0.06)  # fill at which a pipe, and a basin's gate, reaches its capacity


def _network(
    below: IntArray, gated: np.ndarray, full: FloatArray, capacity: FloatArray, bend: FloatArray
) -> FlowNetwork:
    stores = below.size
    fill = np.array([0.0, _BEND[1], _BEND[0], 1.0])
    actuator = np.full(stores, OUTSIDE)
    actuator[gated] = np.arange(int(gated.sum()))
    return FlowNetwork(
        store_names=tuple(map(str, range(stores))),
        store_full=full,
        store_spill_to=np.full(stores, OUTSIDE),
        link_names=tuple(map(str, range(stores))),
        link_from=np.arange(stores),
        link_to=below,
        link_delay_s=np.zeros(stores),
        link_actuator=actuator,
        rating_fill=fill,
        link_rating=capacity[:, None] * np.minimum(fill / bend[:, None], 1.0),
        link_limit=np.full(stores, np.inf),
        actuator_names=tuple(map(str, range(int(gated.sum())))),
    )


def _storm(catchments: int, rng: np.random.Generator, scenarios: int) -> FloatArray:
    """[T, catchments, S] rain: one burst per catchment, scenarios differ by a lognormal factor."""
    minute = np.arange(STEPS)[:, None]
    centre, width = rng.uniform(30, 80, catchments), rng.uniform(12, 25, catchments)
    burst = rng.uniform(0.5, 1.5, catchments) * np.exp(-(((minute - centre) / width) ** 2))
    factor = np.exp(0.3 * rng.standard_normal((catchments, scenarios)) * (scenarios > 1))
    rain: FloatArray = burst[:, :, None] * factor / 60.0
    return rain


def _problem(net: FlowNetwork, rain: FloatArray, catchment: IntArray, area: FloatArray) -> Problem:
    stores, scenarios = len(net.store_names), rain.shape[2]
    gates = len(net.actuator_names)
    return Problem(
        v0=np.zeros((stores, scenarios), dtype=np.float32),
        inflow=rain.astype(np.float32),
        source=catchment,
        gain=area,
        price_spill=np.ones(stores),
        price_limit=np.zeros(stores),
        price_leftover=np.zeros(stores),
        price_travel=np.zeros(gates),
        u0=np.ones(gates),
        time_weight=1.0 + 1e-3 * np.arange(STEPS)[::-1] / 5.0,  # later spill is a little cheaper
    )


def storm_on(city: City, *, scenarios: int, seed: int = _DESIGN) -> Problem:
    """Three hours of a storm over the city, from dry."""
    rain = _storm(city.catchments, np.random.default_rng(seed), scenarios)
    return _problem(city.net, rain, city.catchment, city.area)
