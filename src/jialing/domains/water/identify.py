"""What does the user's own model do that its nominal ratings do not say? One storm through SWMM.

The twin plays a design storm twice from the present state, under the file's rules and with all
gates open. Nodes that flood become stores of the reduced network, and every rating is scaled to
the flows that SWMM computed at each filling (tailwater, surcharge, weir regime at low head). The
storm is a standard one, so nothing of the case's own rain is learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from jialing.core.forecast import Forecast, Horizon
from jialing.core.network import OUTSIDE
from jialing.core.signal import FloatArray
from jialing.domains.water.baseline import AllOpen, LocalRules
from jialing.domains.water.design_storm import chicago, chongqing
from jialing.domains.water.network import Reduction, reduce_model
from jialing.domains.water.plant import SwmmPlant
from jialing.domains.water.twin import Outcome, Trial, Twin

STORM_YEARS = 5.0
STORM_S = 2 * 3600.0
MOST_FLOODING_NODES = 150
FLOODS_M3 = 1.0
OPEN_ENOUGH = 0.05
SEEN_M3S = 1e-3
RATIO_RANGE = (0.02, 6.0)


def identify(plant: SwmmPlant, horizon: Horizon, workers: int) -> Reduction:
    """The reduced network of a plant, with flooding nodes kept and ratings from SWMM."""
    layout = plant.layout
    model = layout.model
    storm = _storm(len(layout.gages), horizon)
    policies = (LocalRules(layout).targets, AllOpen(layout).targets)
    everywhere = tuple(range(len(model.nodes.names)))
    runs = _play(plant, everywhere, (), policies, storm, horizon, workers)
    flooded = np.max([run.spilled.sum(axis=0) for run in runs], axis=0)
    worst = np.argsort(-flooded, kind="stable")[:MOST_FLOODING_NODES]
    keep = worst[flooded[worst] > FLOODS_M3].tolist()
    reduction = reduce_model(model, layout.actuator_links, keep=keep)
    runs = _play(
        plant, reduction.store_nodes, reduction.link_elements, policies, storm, horizon, workers
    )
    return fit_ratings(reduction, runs)


def _storm(gages: int, horizon: Horizon) -> Forecast:
    """The standard storm on every gauge, as long as the whole steps nearest to its length."""
    length_s = max(round(STORM_S / horizon.step_s), 1) * horizon.step_s
    rate = chicago(chongqing(STORM_YEARS), length_s, horizon.step_s)
    values = np.zeros((1, horizon.steps, gages))
    length = min(len(rate), horizon.steps)
    values[0, :length] = rate[:length, None]
    names = tuple(str(g) for g in range(gages))
    return Forecast(issued_s=0.0, horizon=horizon, names=names, values=values)


def _play(
    plant: SwmmPlant,
    nodes: Sequence[int],
    links: Sequence[int],
    policies: Sequence[object],
    storm: Forecast,
    horizon: Horizon,
    workers: int,
) -> list[Outcome]:
    twin = Twin(plant, nodes, links, workers=workers)
    trials = [Trial(policy=policy, forecast=storm) for policy in policies]  # type: ignore[arg-type]
    return twin.play(trials, horizon.steps, horizon.step_s)


def fit_ratings(reduction: Reduction, runs: Sequence[Outcome]) -> Reduction:
    """Scale each link's nominal rating to the flows seen at each filling.

    Where a filling was not seen, the ratio of the nearest one that was is used.
    """
    net = reduction.net
    fill_of = [
        reduction.content(run.depth)[:, net.link_from] / net.store_full[net.link_from]
        for run in runs
    ]
    fill = np.concatenate(fill_of)
    flow = np.concatenate([run.flow for run in runs])
    opening = np.ones_like(flow)
    moved = net.link_actuator != OUTSIDE
    opening[:, moved] = np.concatenate([run.settings for run in runs])[:, net.link_actuator[moved]]
    rating = net.link_rating.copy()
    for link in range(len(rating)):
        rating[link] = _fit(
            net.rating_fill, rating[link], fill[:, link], flow[:, link], opening[:, link]
        )
    return replace(reduction, net=replace(net, link_rating=rating))


def _fit(
    points: FloatArray, nominal: FloatArray, fill: FloatArray, flow: FloatArray, opening: FloatArray
) -> FloatArray:
    """One rating; never falling with the filling."""
    capacity = np.interp(fill, points, nominal)
    told = (opening > OPEN_ENOUGH) & (flow > SEEN_M3S) & (capacity > SEEN_M3S)
    if not told.any():
        return nominal
    ratio = np.clip(flow[told] / (opening[told] * capacity[told]), *RATIO_RANGE)
    nearest = np.abs(fill[told][:, None] - points[None, :]).argmin(axis=1)
    seen = np.unique(nearest)
    best = np.array([np.quantile(ratio[nearest == k], 0.8) for k in seen])
    return np.maximum.accumulate(nominal * np.interp(points, points[seen], best))
