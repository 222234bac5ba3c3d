"""What happens on one day? Trains, crowds and failures, drawn from the case's seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from jialing.core.errors import UnknownNameError
from jialing.core.signal import FloatArray
from jialing.domains.metro.layout import Layout
from jialing.domains.metro.settings import DAYS, Spread
from jialing.domains.metro.station import Event, LinkKind, Profile

TAIL_S = 5400  # the day's arrays go on after the end, for forecasts [s]
EVENT_SHARE = 0.135  # an egress wave as a part of the day's entering people; assumed [1]
INGRESS_SHARE = 0.16  # the same of the day's alighting people [1]
EGRESS_H = (15.5, 20.6, 21.5)  # when shows and matches end [h]
INGRESS_H = (10.8, 17.9)  # when crowds come against the tide [h]
EGRESS_WIDTH_S, INGRESS_WIDTH_S = 650.0, 2000.0
DELAY_S = 900.0  # no train comes for so long; the backlog follows at the interval below
BACKLOG_S = 45.0
FAILURE_S = 5760.0  # how long an escalator is out of service, over a peak
LONGEST_GAP_S, SHORTEST_GAP_S = 900.0, 15.0  # people gather between trains at most so long
ROOM = 1e6  # of a train whose room is not given [ped]


@dataclass(frozen=True, kw_only=True)
class Trains:
    """The stops of a day, in order of time.

    Attributes
    ----------
    planned_s, actual_s : since opening [s]
    platform : index
    room : [ped]
    """

    planned_s: FloatArray
    actual_s: FloatArray
    platform: FloatArray
    room: FloatArray


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A link that stops working; times since opening [s]."""

    link: int
    from_s: float
    to_s: float


@dataclass(frozen=True, kw_only=True)
class Day:
    """The truth of one day, in seconds since opening.

    Attributes
    ----------
    up : [seconds, platforms] people who reach the links from trains [ped]
    down : [seconds, entrances] people who come to the entrances [ped]
    room : [seconds, platforms] people a train takes on [ped]
    trains, failures : see their classes
    told : events as the controller was told of them
    """

    up: FloatArray
    down: FloatArray
    room: FloatArray
    trains: Trains
    failures: tuple[Failure, ...]
    told: tuple[Event, ...]

    def works(self, time_s: float, links: int) -> FloatArray:
        """[links] 1 in service, 0 out of it."""
        works = np.ones(links)
        for failure in self.failures:
            if failure.from_s <= time_s < failure.to_s:
                works[failure.link] = 0.0
        return works

    @cached_property
    def sums(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Running totals of `up`, `down` and `room`, one row longer."""
        first, second, third = (
            np.vstack((np.zeros((1, a.shape[1])), np.cumsum(a, axis=0)))
            for a in (self.up, self.down, self.room)
        )
        return first, second, third


def rate(profile: Profile, clock_s: FloatArray, *, shift_s: float | FloatArray = 0.0) -> FloatArray:
    """The profile at times of day [1/s], its peaks `shift_s` later; 0 outside its knots."""
    times, rates = _knots(profile)
    value: FloatArray = np.interp(clock_s - shift_s, times, rates)
    return np.where((clock_s >= times[0]) & (clock_s <= times[-1]), value, 0.0)


@lru_cache(maxsize=256)
def _knots(profile: Profile) -> tuple[FloatArray, FloatArray]:
    return np.array(profile.times_s), np.array(profile.rates_p_s)


def wave(event: Event, clock_s: FloatArray) -> FloatArray:
    """Rate at which an event's people come [1/s]."""
    z = (clock_s - event.time_s) / event.width_s
    value: FloatArray = event.persons * np.exp(-0.5 * z * z) / (event.width_s * np.sqrt(2 * np.pi))
    return value


def walking(mean_s: float, step_s: float = 1.0) -> FloatArray:
    """Share of a train's people who reach the links in each step after it: a gamma law, shape 2."""
    scale = max(mean_s / 2.0, 0.5)
    edges = np.arange(int(np.ceil(10.0 * scale / step_s)) + 1) * step_s / scale
    share: FloatArray = np.diff(1.0 - (1.0 + edges) * np.exp(-edges))
    share /= share.sum()
    return share


def gaps(times_s: FloatArray, platform: FloatArray) -> FloatArray:
    """Time since the train before at the same platform, within limits [s]."""
    gap = np.empty_like(times_s)
    for p in np.unique(platform):
        own = platform == p
        t = times_s[own]
        gap[own] = np.diff(t, prepend=t[0] - 150.0) if len(t) else t
    limited: FloatArray = np.clip(gap, SHORTEST_GAP_S, LONGEST_GAP_S)
    return limited


def draw(layout: Layout, kind: str, spread: Spread, seed: int) -> Day:
    """The day of `kind` that `seed` stands for; raises UnknownNameError."""
    if kind not in DAYS:
        raise UnknownNameError("kind of day", kind, DAYS)
    station = layout.station
    rng = np.random.default_rng([seed, 31])
    shift_s = rng.normal(0.0, spread.shift_s)
    many_up, many_down = np.clip(rng.normal(1.0, spread.demand, 2), 0.6, 1.5)
    length = round(layout.duration_s) + TAIL_S
    clock = station.open_s + np.arange(length, dtype=np.float64)
    shares = np.array([p.share for p in station.platforms])
    events, told = _events(layout, kind, rng)
    trains = _trains(layout, kind, spread, rng)
    at = station.open_s + trains.actual_s
    ingress = sum((wave(e, at) for e in events if e.kind == "ingress"), np.zeros(len(at)))
    alight = rate(station.alighting, at, shift_s=shift_s) * many_up + ingress
    load = alight * gaps(trains.actual_s, trains.platform) * shares[trains.platform.astype(int)]
    load *= rng.lognormal(-0.5 * spread.train_load**2, spread.train_load, len(load))
    up, room = np.zeros((length, len(shares))), np.zeros((length, len(shares)))
    kernels = [walking(p.walk_s) for p in station.platforms]
    for t, p, people, space in zip(
        trains.actual_s.astype(int),
        trains.platform.astype(int),
        load,
        trains.room,
        strict=True,
    ):
        end = min(t + len(kernels[p]), length)
        if t < length:
            up[t:end, p] += people * kernels[p][: end - t]
            room[t, p] += space
    egress = sum((wave(e, clock) for e in events if e.kind == "egress"), np.zeros(length))
    blocks = np.repeat(rng.lognormal(-0.5 * spread.flow**2, spread.flow, length // 120 + 1), 120)[
        :length
    ]
    lam = rate(station.entering, clock, shift_s=shift_s) * many_down * blocks + egress
    lam[clock > station.close_s] = 0.0
    entrance = np.array([e.share for e in station.entrances])
    down = rng.poisson(lam[:, None] * entrance[None, :]).astype(np.float64)
    return Day(
        up=up,
        down=down,
        room=room,
        trains=trains,
        failures=_failures(layout, kind, rng),
        told=told,
    )


def _peaks(layout: Layout) -> tuple[float, float]:
    """When most people alight, and when most come in, since midnight [s]."""
    station = layout.station
    clock = np.arange(station.open_s, station.close_s, 60.0)
    return (
        float(clock[np.argmax(rate(station.alighting, clock))]),
        float(clock[np.argmax(rate(station.entering, clock))]),
    )


def _events(
    layout: Layout, kind: str, rng: np.random.Generator
) -> tuple[list[Event], tuple[Event, ...]]:
    """What comes beyond the ordinary, and what is known of it."""
    station = layout.station
    events = list(station.events)
    told = [event for event in events if event.announced]
    clock = np.arange(station.open_s, station.close_s, 60.0)
    if kind in ("event-announced", "event-unannounced"):
        event = Event(
            name="egress",
            kind="egress",
            time_s=float(rng.choice(EGRESS_H)) * 3600.0,
            persons=EVENT_SHARE * float(rate(station.entering, clock).sum()) * 60.0,
            width_s=EGRESS_WIDTH_S,
        )
    elif kind == "ingress":
        event = Event(
            name="ingress",
            kind="ingress",
            time_s=float(rng.choice(INGRESS_H)) * 3600.0,
            persons=INGRESS_SHARE * float(rate(station.alighting, clock).sum()) * 60.0,
            width_s=INGRESS_WIDTH_S,
        )
    else:
        return events, tuple(told)
    late, many = rng.uniform(-600.0, 600.0), rng.uniform(0.8, 1.2)
    if kind != "event-unannounced":
        told.append(
            Event(
                name=event.name,
                kind=event.kind,
                time_s=event.time_s + late,
                persons=event.persons * many,
                width_s=event.width_s * 1.2,
            )
        )
    return [*events, event], tuple(told)


def _trains(layout: Layout, kind: str, spread: Spread, rng: np.random.Generator) -> Trains:
    station = layout.station
    platform = {p.name: i for i, p in enumerate(station.platforms)}
    planned = np.array([train.time_s for train in station.trains]) - station.open_s
    at = np.array([platform[train.platform] for train in station.trains], dtype=np.float64)
    room = np.array([min(train.room, ROOM) for train in station.trains])
    actual = planned + np.abs(rng.normal(0.0, spread.train_s, len(planned)))
    if kind == "train-delay":
        start = float(rng.choice(_peaks(layout))) - 0.4 * 3600.0 - station.open_s
        for p in range(len(platform)):
            free_s = start + DELAY_S
            for i in np.flatnonzero((at == p) & (planned > start)):
                if actual[i] >= free_s:
                    break
                actual[i] = free_s
                free_s += BACKLOG_S
    order = np.argsort(actual, kind="stable")
    return Trains(
        planned_s=planned[order], actual_s=actual[order], platform=at[order], room=room[order]
    )


def _failures(layout: Layout, kind: str, rng: np.random.Generator) -> tuple[Failure, ...]:
    station = layout.station
    index = {link.name: i for i, link in enumerate(station.links)}
    failures = [
        Failure(
            link=index[outage.link],
            from_s=outage.from_s - station.open_s,
            to_s=outage.to_s - station.open_s,
        )
        for outage in station.outages
    ]
    if kind == "escalator-failure":
        movers = [i for i, k in enumerate(station.links) if k.kind is LinkKind.ESCALATOR]
        start = float(rng.choice(_peaks(layout))) - 3600.0 - station.open_s
        failures.append(Failure(link=int(rng.choice(movers)), from_s=start, to_s=start + FAILURE_S))
    return tuple(failures)
