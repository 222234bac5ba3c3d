"""Which networks do the tests of the methods walk through? Small random ones with every feature."""

from __future__ import annotations

import numpy as np

from jialing.core.network import OUTSIDE, FlowNetwork
from jialing.methods.problem import Problem

STEP_S = 60.0


def random_network(rng: np.random.Generator, *, stores: int = 6, loops: bool = True) -> FlowNetwork:
    """Stores with one to three links each, delays, spill routing, limits and, if asked, loops."""
    tails: list[int] = []
    heads: list[int] = []
    for i in range(stores):
        for _ in range(int(rng.integers(1, 4))):
            low = 0 if loops and rng.random() < 0.3 else i + 1
            tails.append(i)
            heads.append(int(rng.integers(low, stores)) if low < stores else OUTSIDE)
    links = len(tails)
    shuffle = rng.permutation(links)
    full = rng.uniform(50.0, 150.0, stores)
    rise = rng.uniform(0.0, 1.0, (links, 4))
    rating = np.concatenate([np.zeros((links, 1)), np.cumsum(rise, axis=1)], axis=1)
    rating[rng.random(links) < 0.3] += 0.2
    spill_to = np.where(rng.random(stores) < 0.5, rng.integers(0, stores, stores), OUTSIDE)
    spill_to = np.where(spill_to == np.arange(stores), OUTSIDE, spill_to)
    actuators = max(1, links // 2)
    limit = np.where(rng.random(links) < 0.4, rng.uniform(0.1, 1.0, links), np.inf)
    return FlowNetwork(
        store_names=tuple(f"S{i}" for i in range(stores)),
        store_full=full,
        store_spill_to=spill_to.astype(np.int64),
        link_names=tuple(f"L{i}" for i in range(links)),
        link_from=np.array(tails, dtype=np.int64)[shuffle],
        link_to=np.array(heads, dtype=np.int64)[shuffle],
        link_delay_s=rng.choice([0.0, 20.0, 60.0, 90.0, 150.0], links),
        link_actuator=rng.integers(OUTSIDE, actuators, links).astype(np.int64),
        rating_fill=np.array([0.0, 0.2, 0.5, 1.0, 1.3]),
        link_rating=rating,
        link_limit=limit,
        actuator_names=tuple(f"A{i}" for i in range(actuators)),
    )


def random_problem(
    net: FlowNetwork, rng: np.random.Generator, *, steps: int = 12, scenarios: int = 3
) -> Problem:
    """Inflows that fill and spill, some of them negative, with every price in use."""
    stores, links, actuators = len(net.store_names), len(net.link_names), len(net.actuator_names)
    weights = rng.uniform(0.5, 1.5, scenarios)
    return Problem(
        v0=net.store_full[:, None] * rng.uniform(0.0, 1.1, (stores, scenarios)),
        inflow=rng.uniform(-0.3, 2.0, (steps, stores, scenarios)),
        price_spill=rng.uniform(0.5, 2.0, stores),
        price_limit=rng.uniform(0.0, 1.0, links),
        price_leftover=rng.uniform(0.0, 0.5, stores),
        price_travel=rng.uniform(0.0, 5.0, actuators),
        u0=rng.uniform(0.0, 1.0, actuators),
        weights=weights / weights.sum(),
        time_weight=rng.uniform(0.8, 1.2, steps),
        scale=rng.uniform(0.8, 1.2, (steps, links)),
        transit=rng.uniform(0.0, 0.2, (links, 3)),
    )
