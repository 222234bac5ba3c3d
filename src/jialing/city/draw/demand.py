"""Who drives on the evening, from where to where, when and which way?"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jialing.city.draw.graph import Graph, fastest
from jialing.city.draw.roads import ways
from jialing.city.draw.tables import Atlas
from jialing.core.errors import InputError

BATCHES: Final = 20  # parts in which the demand is loaded, each on the times that the others left
SIGNAL_S: Final = 18.0  # mean wait at a junction, for the choice of a way
#: Volume-delay: t = t0 (1 + ALPHA (flow / capacity)^BETA). Source: Bureau of Public Roads (1964).
ALPHA: Final = 0.8
BETA: Final = 4.0
GREEN: Final = 0.40  # share of green on a street, for its capacity


@dataclass(frozen=True, kw_only=True)
class Ride:
    """One vehicle."""

    id: str
    kind: str
    depart_s: float
    edges: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Demand:
    """All rides, sorted by departure; bus stops by edge."""

    rides: tuple[Ride, ...]
    stops: Mapping[str, tuple[float, float]]
    turning: Mapping[tuple[str, str], float]  # vehicles per hour in the busiest hour


def draw_demand(atlas: Atlas, graph: Graph, table: Mapping[str, Any]) -> Demand:
    """The evening's rides on the network of `graph`."""
    chance = random.Random(table["seed"])  # noqa: S311 - a seeded draw, no secret
    doors = _doors(atlas, graph)
    trips = _trips(atlas, table, doors, chance)
    routes = _assign(graph, trips, table, chance)
    rides = []
    for i, ((depart, _, _), edges) in enumerate(zip(trips, routes, strict=True)):
        draw = chance.random()
        kind = "lorry" if draw < table["lorries"] else "car"
        if kind == "car" and chance.random() >= table["guided"]:
            kind = "car_habit"
        rides.append(Ride(id=f"{kind}{i}", kind=kind, depart_s=depart, edges=edges))
    free = {edge: graph.length_m[edge] / graph.speed_mps[edge] + SIGNAL_S for edge in graph.ends}
    stops: dict[str, tuple[float, float]] = {}
    for line in table["buses"]:
        edges = _through(graph, line["via"], free)
        for edge in edges[1:-1]:
            if graph.length_m[edge] > 150.0 and not edge.lstrip("-").startswith(NO_STOP):
                middle = 0.55 * graph.length_m[edge]
                stops[edge] = (middle - 15.0, middle + 15.0)
        every = 60 * table["headway_min"]
        first = every * (table["buses"].index(line) + 1) / (len(table["buses"]) + 1)
        count = int((table["hours"] * 3600 - first) // every) + 1
        rides += [
            Ride(id=f"{line['id']}_{k}", kind="bus", depart_s=first + every * k, edges=edges)
            for k in range(count)
        ]
    for k, (minute, a, b) in enumerate(table["emergencies"]):
        edges = _through(graph, [a, b], free)
        rides.append(
            Ride(id=f"ambulance{k}", kind="ambulance", depart_s=60.0 * minute, edges=edges)
        )
    rides.sort(key=lambda ride: (ride.depart_s, ride.id))
    return Demand(rides=tuple(rides), stops=stops, turning=_turning(rides))


NO_STOP: Final = ("bridge", "tunnel", "underpass")


def _doors(atlas: Atlas, graph: Graph) -> dict[str, tuple[list[str], list[str]]]:
    """Place -> edges that trips may begin on, and end on: ordinary streets next to it.

    From the first the city can be reached, from the city the last: not those that only lead out.
    """
    special = {way.id for way in ways(atlas) if way.kind in NO_STOP}
    reached = {edge: graph.reached_from(edge) for edge in graph.ends}
    half = len(reached) / 2
    firsts = {edge for edge, those in reached.items() if len(those) > half}
    sources = Counter(edge for those in reached.values() for edge in those)
    lasts = {edge for edge, count in sources.items() if count > half}
    found = {}
    for place in atlas.demand:
        out = [e for e in graph.out_of(place) if e not in special and e in firsts]
        into = [e for e in graph.into(place) if e not in special and e in lasts]
        by_size = sorted(out, key=lambda e: (-graph.lanes[e], e))
        found[place] = (by_size[:3], sorted(into, key=lambda e: (-graph.lanes[e], e))[:3])
    return found


def _trips(
    atlas: Atlas,
    table: Mapping[str, Any],
    doors: Mapping[str, tuple[list[str], list[str]]],
    chance: random.Random,
) -> list[tuple[float, str, str]]:
    """Departure [s], first and last edge of every car and lorry.

    Trips from i to j are in proportion to leaving_i arriving_j exp(-distance / reach).
    """
    pairs, weights = [], []
    for a in atlas.demand.values():
        row = []
        for b in atlas.demand.values():
            km = math.dist(atlas.at(a.id), atlas.at(b.id)) / 1000.0
            attraction = b.arriving * math.exp(-km / table["vehicle_km"])
            through = a.id.startswith("gate_") and b.id.startswith("gate_") and km < 6.0
            row.append(0.0 if km < table["least_km"] or through else attraction)
        total = sum(row)
        for b, part in zip(atlas.demand.values(), row, strict=True):
            pairs.append((a.id, b.id))
            weights.append(a.leaving * part / total)
    chosen = chance.choices(pairs, weights, k=table["vehicles"])
    quarters = chance.choices(range(len(table["profile"])), table["profile"], k=len(chosen))
    trips = []
    for (start, goal), quarter in zip(chosen, quarters, strict=True):
        depart = 900.0 * (quarter + chance.random())
        first = chance.choice(doors[start][0])
        last = chance.choice([edge for edge in doors[goal][1] if edge != first])
        trips.append((round(depart, 1), first, last))
    return sorted(trips)


def _assign(
    graph: Graph,
    trips: Sequence[tuple[float, str, str]],
    table: Mapping[str, Any],
    chance: random.Random,
) -> list[tuple[str, ...]]:
    """A way for every trip: loaded in parts, each on the times that the parts before it left."""
    order = list(range(len(trips)))
    chance.shuffle(order)
    load: Counter[str] = Counter()
    found: dict[int, tuple[str, ...]] = {}
    signals = {edge for edge, links in graph.turns.items() if any(k.signal >= 0 for k in links)}
    peak = max(table["profile"]) * 4.0  # of the whole demand, per hour
    for batch in range(BATCHES):
        part = order[batch::BATCHES]
        cost = {}
        for edge, length in graph.length_m.items():
            capacity = GREEN * graph.lanes[edge] * table["saturation_veh_h"]
            flow = load[edge] * BATCHES / max(batch, 1) * peak
            slower = 1.0 + ALPHA * (flow / capacity) ** BETA
            wait = SIGNAL_S if edge in signals else 0.0
            cost[edge] = (length / graph.speed_mps[edge] + wait) * slower
        wanted: dict[str, set[str]] = defaultdict(set)
        for i in part:
            wanted[trips[i][1]].add(trips[i][2])
        chains = {start: fastest(graph, start, cost, ends) for start, ends in wanted.items()}
        for i in part:
            _, first, last = trips[i]
            if last not in chains[first]:
                raise InputError(f"no way leads from {first} to {last}", path=Path("streets.csv"))
            found[i] = chain = tuple(chains[first][last])
            load.update(chain)
    return [found[i] for i in range(len(trips))]


def _through(graph: Graph, places: Sequence[str], cost: Mapping[str, float]) -> tuple[str, ...]:
    """Fastest chain of edges that passes the places in order."""
    chain: list[str] = []
    for goal in places[1:]:
        starts = [chain[-1]] if chain else graph.out_of(places[0])
        ends = graph.into(goal)
        options = [way for start in starts for way in fastest(graph, start, cost, ends).values()]
        best = min(options, key=lambda way: (sum(cost[edge] for edge in way), way))
        chain = chain[:-1] + best
    return tuple(chain)


def _turning(rides: Sequence[Ride]) -> dict[tuple[str, str], float]:
    """Vehicles per hour on each turn, mean of the first two hours."""
    counts: Counter[tuple[str, str]] = Counter()
    for ride in rides:
        if ride.depart_s < 7200.0:
            counts.update(zip(ride.edges, ride.edges[1:], strict=False))
    return {turn: count / 2.0 for turn, count in counts.items()}
