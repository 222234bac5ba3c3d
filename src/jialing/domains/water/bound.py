"""How little could be spilled by anyone who knows all the rain? A bound from SWMM's own inflows.

Every node of the model becomes a store of its full volume, conduits that begin there included; every
link a way that carries, in either direction, no more than the greatest head difference the model
allows can drive through it. What enters the network is what SWMM routes into each node; no control
changes it. See `methods.flow_bound` for why the least spill of such a network is a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jialing.core.errors import InputError
from jialing.core.network import OUTSIDE
from jialing.core.signal import FloatArray
from jialing.domains.water.hydraulics import law_of
from jialing.domains.water.layout import Layout
from jialing.domains.water.links import LinkKind
from jialing.domains.water.model import WaterModel
from jialing.domains.water.nodes import NodeKind
from jialing.domains.water.plant import SwmmPlant
from jialing.domains.water.pools import MANHOLE_M2
from jialing.domains.water.score import PriceList
from jialing.methods.flow_bound import FlowBound, Ways, flow_bound

ASSUMPTIONS = (
    "all inflow is known in advance; every flow may be chosen freely within its range",
    "a node may hold its full volume and that of every conduit that begins there",
    "a conduit carries no more than 1.08 times its full flow at the greatest slope of its water "
    "level; regulators no more than their law gives at the greatest head (no inertia)",
    "travel of actuators is free; SWMM's continuity error and double rounding are neglected",
)
OPEN_CHANNEL = (
    1.08  # greatest flow of a circular pipe over its full flow (at 0.94 of its depth) [1]
)
UNLIMITED_M3S = 1e3
MOST_STEPS = 1500
SHORTEST_STEP_S = 900.0


@dataclass(frozen=True, kw_only=True)
class Inflows:
    """What SWMM routes into each node.

    Attributes
    ----------
    step_s : length of a step [s]
    volume : [steps, nodes] lateral inflow of each step [m³]
    content : [nodes] held at the start [m³]
    """

    step_s: float
    volume: FloatArray
    content: FloatArray


def gather_inflows(plant: SwmmPlant, duration_s: float, step_s: float) -> Inflows:
    """Run `plant` to its end under its own rules and note what enters each node."""
    nodes = range(len(plant.layout.model.nodes))
    content = plant.engine.volume(nodes)
    before = plant.engine.entered(nodes)
    rows = []
    for _ in range(int(np.ceil(duration_s / step_s - 1e-9))):
        if not plant.step(step_s):
            break  # what entered in the last step is left out: less inflow, a lower bound still
        now = plant.engine.entered(nodes)
        rows.append(np.maximum(now - before, 0.0))
        before = now
    # A run of one step has none but its last: then nothing is known to enter.
    volume = np.array(rows or [np.zeros(len(content))])
    return Inflows(step_s=step_s, volume=volume, content=content)


def bound_step_s(duration_s: float) -> float:
    """A step that keeps the linear programme solvable: a quarter of an hour or longer [s]."""
    return float(np.ceil(max(duration_s / MOST_STEPS, SHORTEST_STEP_S) / 300.0) * 300.0)


def overflow_bound(
    layout: Layout,
    inflows: Inflows,
    price: PriceList | None = None,
    *,
    time_limit_s: float = np.inf,
) -> FlowBound:
    """Lower bound on flooding plus overflow [m³], or, with `price`, on their priced sum [m³-eq].

    Raises InputError for a model to which the argument does not apply: flooded water that comes
    back, water that evaporates or seeps from storages.
    """
    model = layout.model
    _check(model)
    nodes = len(model.nodes)
    out = np.zeros(nodes)
    if price is None:
        out[list(layout.overflow_outfalls)] = 1.0
    else:
        out = price.outfall
    least, most = _ranges(model)
    head = model.links.to_node.copy()
    tail = model.links.from_node.copy()
    outfall = model.nodes.kind == NodeKind.OUTFALL
    if outfall[tail].any():
        raise InputError("the bound needs outfalls at the downstream end of their links")
    priced = np.where(outfall[head], out[head], 0.0)
    least = np.where(outfall[head], 0.0, least)  # what a river sends back is not counted as inflow
    spill = np.ones(nodes) if price is None else price.spill
    ways = Ways(
        full=_volumes(model),
        tail=tail,
        head=np.where(outfall[head], OUTSIDE, head),
        least=least,
        most=most,
        price_spill=np.where(outfall, out, spill),
        price_out=priced,
        price_left=np.zeros(
            nodes
        ),  # what is left in pipes has no price, so neither has what is in tanks
    )
    return flow_bound(
        ways, inflows.content, inflows.volume, inflows.step_s, time_limit_s=time_limit_s
    )


def _check(model: WaterModel) -> None:
    if (model.nodes.ponded_m2 > 0).any() and model.options.allow_ponding:
        raise InputError("no bound: this model lets flooded water pond and come back")
    for node, storage in model.nodes.storages.items():
        if storage.evaporation > 0.0 or storage.seepage:
            name = model.nodes.names[node]
            raise InputError(f"no bound: water evaporates or seeps from storage {name!r}")


def _volumes(model: WaterModel) -> FloatArray:
    """[nodes] all that could stand at a node and in the conduits that begin there [m³]."""
    nodes, links = model.nodes, model.links
    full = MANHOLE_M2 * (nodes.max_depth_m + nodes.surcharge_m)
    for node, storage in nodes.storages.items():
        full[node] = storage.volume(float(nodes.max_depth_m[node]))
    conduit = (links.kind == LinkKind.CONDUIT) & np.isfinite(links.full_area_m2)
    volume = np.where(conduit, links.full_area_m2 * links.length_m, 0.0)
    # Water in a conduit counts as not yet sent on by its upper node: a way's flow is then what
    # leaves the conduit's lower end, which the same range bounds.
    np.add.at(full, links.from_node, np.nan_to_num(volume))
    full[model.nodes.kind == NodeKind.OUTFALL] = 0.0
    return full


def _ranges(model: WaterModel) -> tuple[FloatArray, FloatArray]:
    """[links] least and greatest flow that heads within the model's limits can drive [m³/s]."""
    nodes, links = model.nodes, model.links
    top = nodes.invert_m + nodes.max_depth_m + nodes.surcharge_m
    bottom = nodes.invert_m
    count = len(links.names)
    least, most = np.zeros(count), np.zeros(count)
    for link in range(count):
        tail, head = int(links.from_node[link]), int(links.to_node[link])
        if links.kind[link] == LinkKind.CONDUIT:
            most[link] = _conduit(model, link, top[tail] - bottom[head])
            least[link] = -_conduit(model, link, top[head] - bottom[tail])
        elif links.kind[link] == LinkKind.PUMP and links.pump_curve[link].kind == "IDEAL":
            most[link] = UNLIMITED_M3S
        else:
            ups = np.linspace(bottom[tail], top[tail], 65)
            law = law_of(model, link)
            at = np.full(len(ups), bottom[head])
            most[link] = float(np.max(law.flow(np.ones(len(ups)), ups, at), initial=0.0))
            if links.kind[link] != LinkKind.PUMP:
                downs = np.linspace(bottom[head], top[head], 65)
                back = law.flow(np.ones(len(downs)), np.full(len(downs), bottom[tail]), downs)
                least[link] = float(np.min(back, initial=0.0))
        if links.has_flap[link]:
            least[link] = 0.0
    return least, np.minimum(
        most, np.where(np.isnan(links.flow_limit_m3s), np.inf, links.flow_limit_m3s)
    )


def _conduit(model: WaterModel, link: int, fall_m: float) -> float:
    """Greatest flow of a conduit whose ends differ by `fall_m` at most [m³/s]."""
    links = model.links
    full = float(links.full_flow_m3s[link])
    if not np.isfinite(full):
        return UNLIMITED_M3S
    slope = max(abs(float(links.slope[link])), 1e-9)
    steepest = max(fall_m, 0.0) / max(float(links.length_m[link]), 1e-9)
    return OPEN_CHANNEL * full * float(np.sqrt(steepest / slope))
