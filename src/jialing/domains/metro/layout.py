"""Which parts of a station are sensed, moved and simulated? Flat arrays, worked out once.

Signals of the plant, by name:

======================  =====  ==========================================================
``queue_up:<lower>``    ped    waiting at the foot of the stage whose lower level it is
``queue_down:<lower>``  ped    waiting at its head
``onboard:<link>``      ped    on the link
``direction:<link>``    1      in which it runs: 1 up, -1 down, 0 stopped or both ways
``phase:<link>``        1      of a reversal: see `Phase`
``works:<link>``        1      1, or 0 while out of service
``density:<platform>``  1/m²   people on the platform per area
``arrived:<platform>``  1/s    alighted people who reached the links, mean over the last tick
``entered:<entrance>``  1/s    people who came to the entrance, mean over the last tick
``outside:<entrance>``  ped    held outside by metering
======================  =====  ==========================================================

Actuators: every reversible link (targets 1 up, -1 down, 0 closed), every metered entrance (share
of its capacity). The drive of a link that is told another direction closes its entry, lets the
people on it ride out, stops, waits for inspection and restarts; told 0 it stays stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from jialing.core.network import IntArray
from jialing.core.signal import Actuator, FloatArray, Signal
from jialing.domains.metro.station import DOWN, UP, LinkKind, Station

METER_LEVELS = (0.0, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0)
STAIR_EFFORT_S = 40.0  # what climbing weighs in the choice of a link; walking down half of it [s]


class Phase(IntEnum):
    """Where a link is in a reversal."""

    RUN = 0
    CLEARING = 1  # entry closed, people on it ride out
    STOPPED = 2  # empty, under inspection or kept closed
    RESTART = 3  # moving, entry still closed


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A station as arrays. Indices count in the order of the station's tuples.

    Attributes
    ----------
    station : described
    stage_lower, stage_upper : [stages] level indices
    link_stage : [links]
    both_ways, reversible : [links]
    capacity, ride, inspect, restart : [links] [1/s], [s], [s], [s]
    effort_up, effort_down : [links] what counts besides queue and ride in a choice [s]
    home : [links] direction today
    leave : [levels] share of the people going up who leave at this level
    stage_of : [levels] stage that leads up from it, -1 at the street
    stage_share : [stages] share of the people going down at its upper level who take it
    platform_share : [platforms] share of the people going down who stay on its level for it
    platform_level, entrance_level : level indices
    platform_area : [platforms] [m²]
    entrance_capacity : [entrances] [1/s]
    moved : [direction actuators] link indices
    metered : [meter actuators] entrance indices
    actuators, signals : of the plant; directions first
    """

    station: Station
    stage_lower: IntArray
    stage_upper: IntArray
    link_stage: IntArray
    both_ways: NDArray[np.bool_]
    reversible: NDArray[np.bool_]
    capacity: FloatArray
    ride: FloatArray
    inspect: FloatArray
    restart: FloatArray
    effort_up: FloatArray
    effort_down: FloatArray
    home: IntArray
    leave: FloatArray
    stage_of: IntArray
    stage_share: FloatArray
    platform_share: FloatArray
    platform_level: IntArray
    platform_area: FloatArray
    entrance_level: IntArray
    entrance_capacity: FloatArray
    moved: tuple[int, ...]
    metered: tuple[int, ...]
    actuators: tuple[Actuator, ...]
    signals: tuple[Signal, ...]

    @property
    def duration_s(self) -> float:
        return self.station.close_s - self.station.open_s


def lay_out(station: Station) -> Layout:
    """Arrays of a station."""
    level = {each.name: i for i, each in enumerate(station.levels)}
    stages, links = station.stages, station.links
    stage = {pair: i for i, pair in enumerate(stages)}
    stage_lower = np.array([level[low] for low, _ in stages], dtype=np.int64)
    stage_upper = np.array([level[high] for _, high in stages], dtype=np.int64)
    stage_of = np.full(len(level), -1, dtype=np.int64)
    stage_of[stage_lower] = np.arange(len(stages))
    platform_level = np.array([level[p.level] for p in station.platforms], dtype=np.int64)
    entrance_level = np.array([level[e.level] for e in station.entrances], dtype=np.int64)
    above = _paths(stage_of, stage_upper)
    bound = np.zeros(len(level))  # share of all going down that is bound for this level or below
    for at, platform in zip(platform_level, station.platforms, strict=True):
        bound[above[at]] += platform.share
    passed = np.zeros(len(level))  # share of all entrances at this level or nearer to the street
    here = np.zeros(len(level))
    np.add.at(here, entrance_level, [e.share for e in station.entrances])
    for at in range(len(level)):
        passed[at] = here[above[at]].sum()
    effort = float(station.numbers.get("stair_effort_s", STAIR_EFFORT_S))
    stair = np.array([link.kind is LinkKind.STAIR for link in links])
    walk = np.array([link.walk_s for link in links])
    moved = tuple(i for i, link in enumerate(links) if link.reversible)
    metered = tuple(i for i, e in enumerate(station.entrances) if e.metered)
    return Layout(
        station=station,
        stage_lower=stage_lower,
        stage_upper=stage_upper,
        link_stage=np.array([stage[link.lower, link.upper] for link in links], dtype=np.int64),
        both_ways=np.array([link.direction == 0 for link in links]),
        reversible=np.array([link.reversible for link in links]),
        capacity=np.array([link.capacity_p_s for link in links]),
        ride=np.array([link.ride_s for link in links]),
        inspect=np.array([link.inspect_s for link in links]),
        restart=np.array([link.restart_s for link in links]),
        effort_up=walk + stair * effort,
        effort_down=walk + stair * effort / 2.0,
        home=np.array([link.direction for link in links], dtype=np.int64),
        leave=np.divide(here, passed, out=np.zeros_like(here), where=passed > 0.0),
        stage_of=stage_of,
        stage_share=_part(bound[stage_lower], bound[stage_upper]),
        platform_share=_part(np.array([p.share for p in station.platforms]), bound[platform_level]),
        platform_level=platform_level,
        platform_area=np.array([p.area_m2 for p in station.platforms]),
        entrance_level=entrance_level,
        entrance_capacity=np.array([e.capacity_p_s for e in station.entrances]),
        moved=moved,
        metered=metered,
        actuators=_actuators(station, moved, metered),
        signals=tuple(_signals(station)),
    )


def _paths(stage_of: IntArray, stage_upper: IntArray) -> list[list[int]]:
    """Each level's way to the street, itself first."""
    paths = []
    for start in range(len(stage_of)):
        path, at = [start], start
        while stage_of[at] >= 0 and len(path) <= len(stage_of):
            at = int(stage_upper[stage_of[at]])
            path.append(at)
        paths.append(path)
    return paths


def _part(part: FloatArray, whole: FloatArray) -> FloatArray:
    share: FloatArray = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0.0)
    return share


def _actuators(
    station: Station, moved: tuple[int, ...], metered: tuple[int, ...]
) -> tuple[Actuator, ...]:
    directions = [
        Actuator(
            name=station.links[i].name,
            kind=station.links[i].kind.name.lower(),
            low=float(DOWN),
            high=float(UP),
            levels=(float(DOWN), 0.0, float(UP)),
            safe=np.nan,  # a link whose counts are lost keeps its direction
        )
        for i in moved
    ]
    meters = [
        Actuator(
            name=f"meter:{station.entrances[i].name}",
            kind="meter",
            low=METER_LEVELS[0],
            levels=METER_LEVELS,
            safe=1.0,
        )
        for i in metered
    ]
    return (*directions, *meters)


def _signals(station: Station) -> list[Signal]:
    stages, links = station.stages, station.links
    return [
        *(Signal(name=f"queue_up:{low}", unit="ped", low=0.0) for low, _ in stages),
        *(Signal(name=f"queue_down:{low}", unit="ped", low=0.0) for low, _ in stages),
        *(Signal(name=f"onboard:{k.name}", unit="ped", low=0.0) for k in links),
        *(Signal(name=f"direction:{k.name}", unit="1", low=-1.0, high=1.0) for k in links),
        *(Signal(name=f"phase:{k.name}", unit="1", low=0.0, high=3.0) for k in links),
        *(Signal(name=f"works:{k.name}", unit="1", low=0.0, high=1.0) for k in links),
        *(Signal(name=f"density:{p.name}", unit="1/m²", low=0.0) for p in station.platforms),
        *(Signal(name=f"arrived:{p.name}", unit="1/s", low=0.0) for p in station.platforms),
        *(Signal(name=f"entered:{e.name}", unit="1/s", low=0.0) for e in station.entrances),
        *(Signal(name=f"outside:{e.name}", unit="ped", low=0.0) for e in station.entrances),
    ]
