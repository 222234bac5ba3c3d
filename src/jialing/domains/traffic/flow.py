"""What is a road network as stores and links? Lanes hold vehicles, movements let them on."""

from __future__ import annotations

import numpy as np

from jialing.core.network import OUTSIDE, FlowNetwork
from jialing.domains.traffic.model import Roads
from jialing.domains.traffic.upstream import HEADWAY_S, SPACE_M

FILL = np.array([0.0, 0.05, 1.0])  # a queue of a twentieth of the lane discharges at full rate [1]


def flow_network(roads: Roads) -> FlowNetwork:
    """Lanes as stores, movements as links, signals as actuators whose modes open the links.

    A lane is full with one vehicle per 7.5 m. It discharges one vehicle per 2 s, which its
    movements share alike: nothing in the file says how many turn. A lane that a movement leads to
    passes its vehicles on to the signalised lanes downstream, by their shares, or out of the
    network. Pedestrian crossings carry no vehicles and are no links.
    """
    lanes = list(dict.fromkeys(name for j in roads.junctions for name in (*j.lanes, *j.outs)))
    place = {name: i for i, name in enumerate(lanes)}
    names: list[str] = []
    rows: list[tuple[int, int, float, int, float]] = []  # from, to, delay, actuator, capacity
    for number, junction in enumerate(roads.junctions):
        sharing = np.bincount(junction.lane_of[~junction.pedestrian], minlength=len(junction.lanes))
        for m in np.flatnonzero(~junction.pedestrian).tolist():
            lane, out = int(junction.lane_of[m]), int(junction.out_of[m])
            names.append(f"{junction.name}/{m}")
            rows.append(
                (
                    place[junction.lanes[lane]],
                    place[junction.outs[out]],
                    _time_s(junction.via_length_m[m], junction.via_speed_mps[m]),
                    number,
                    1.0 / HEADWAY_S / float(sharing[lane]),
                )
            )
    for tail, head, delay_s, share in _passed_on(roads):
        names.append(f"{tail} -> {head or 'away'}")
        to = place[head] if head else OUTSIDE
        rows.append((place[tail], to, delay_s, OUTSIDE, share / HEADWAY_S))
    capacity = np.array([row[4] for row in rows], dtype=np.float64)
    rating = np.where(FILL > 0.0, capacity[:, None], 0.0)
    return FlowNetwork(
        store_names=tuple(lanes),
        store_full=np.array([max(roads.net.lanes[name].length_m / SPACE_M, 1.0) for name in lanes]),
        store_spill_to=np.full(len(lanes), OUTSIDE, dtype=np.int64),
        link_names=tuple(names),
        link_from=np.array([row[0] for row in rows], dtype=np.int64),
        link_to=np.array([row[1] for row in rows], dtype=np.int64),
        link_delay_s=np.array([row[2] for row in rows], dtype=np.float64),
        link_actuator=np.array([row[3] for row in rows], dtype=np.int64),
        rating_fill=FILL,
        link_rating=rating,
        link_limit=np.full(len(rows), np.inf),
        actuator_names=tuple(junction.name for junction in roads.junctions),
        unit="veh",
        notes={"modes": {j.name: list(j.modes) for j in roads.junctions}},
    )


def _passed_on(roads: Roads) -> list[tuple[str, str, float, float]]:
    """From each lane that a movement leads to: the next signalised lane, delay [s] and share.

    An empty name stands for the way out of the network.
    """
    signalised = {name for junction in roads.junctions for name in junction.lanes}
    onward: dict[str, dict[str, tuple[float, float]]] = {
        name: {} for j in roads.junctions for name in j.outs if name not in signalised
    }
    for junction in roads.junctions:
        for feed in junction.feeds:
            above = roads.junctions[feed.junction]
            out = int(above.out_of[feed.movement])
            name = above.outs[out]
            if name not in onward:
                continue
            road_m = feed.distance_m - float(above.via_length_m[feed.movement])
            delay_s = _time_s(road_m, float(above.out_speed_mps[out]))
            onward[name][junction.lanes[feed.lane]] = (delay_s, feed.share)
    found = []
    for name, heads in onward.items():
        lane = roads.net.lanes[name]
        away = 1.0 - sum(share for _, share in heads.values())
        found += [(name, head, delay_s, share) for head, (delay_s, share) in heads.items()]
        if away > 1e-9:
            found.append((name, "", _time_s(lane.length_m, lane.speed_mps), away))
    return found


def _time_s(length_m: float, speed_mps: float) -> float:
    """How long the way takes [s]; on a lane that nobody may drive, as on foot."""
    return float(length_m) / max(float(speed_mps), 1.0)
