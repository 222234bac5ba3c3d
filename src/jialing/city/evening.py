"""What does the state of one domain mean for the others, minute by minute?

Three ways to run the same evening:

``today``    every domain on its local rules; a flooded underpass is closed once somebody has
             reported it and a crew has come
``alone``    every domain under predictive control, each for itself; underpasses as today
``coupled``  as ``alone``, and: an underpass is closed before the water that the sewer's plan
             foresees, and opened when it is gone; the sewer knows what traffic each underpass
             carries; stations know what closures bring them
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jialing.city import laws
from jialing.city.messages import (
    Change,
    Closure,
    Fault,
    Ridership,
    Stake,
    State,
    Water,
    Weather,
)

MODES = {
    "today": "every domain on its local rules (baseline)",
    "alone": "predictive control in every domain, each for itself",
    "coupled": "predictive control in every domain, deciding together",
}
#: Of what `Evening.diary` holds.
DIARY_UNITS = {
    "time_s": "s",
    "rain_mps": "m/s",
    "weather:speed": "1",
    "weather:headway": "1",
    "riders": "1",
    "traffic_ph": "veh/h",
}
HOUR_S = 3600.0
WATER, TRAFFIC = "water", "traffic"


@dataclass(frozen=True, kw_only=True)
class Underpass:
    """A road that dips under another.

    Attributes
    ----------
    name, title : short and for people
    node : of the sewer, whose water stands on the road
    low : edges that stand under water
    closed : edges that a closure bars: the ways in, so that those inside get out
    road_m : depth in the node at which water reaches the road [m]
    detour_min : what the way round costs a vehicle [min]
    usual_ph : vehicles an hour that pass on an ordinary evening
    """

    name: str
    title: str
    node: str
    low: tuple[str, ...]
    closed: tuple[str, ...]
    road_m: float
    detour_min: float = 5.0
    usual_ph: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Station:
    """A metro station.

    Attributes
    ----------
    name : short
    draws : underpass -> share of those who change to the metro there that come to this station
    """

    name: str
    draws: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that breaks at one time and is mended at another [s]."""

    kind: str
    element: str
    from_s: float
    to_s: float

    def begin_s(self, period_s: float) -> float:
        """When it takes effect [s]: with the first step that does not begin before `from_s`."""
        return math.ceil(self.from_s / period_s) * period_s


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Figures of the couplings; each has its source in `city.yaml`.

    Attributes
    ----------
    close_at_m : water at which an underpass must be closed [m]
    open_at_m : water below which it may be opened again [m]
    report_s : from that depth until somebody has called and a crew has closed it, as today [s]
    inspect_s : from dry road until a crew has opened it again, as today [s]
    lead_s : how far ahead foreseen water closes a road [s]
    shortest_s : shortest closure, so that barriers do not flap [s]
    clear_s : where decisions are coupled a barrier stays until the road has been dry, and no water
        foreseen that would close it, for so long [s]
    people_per_vehicle : mean occupancy [1]
    to_metro : share of the cars of a closed road that stay at home, their people taking the metro [1]
    metro_after_s : until these people are at the station [s]
    rain_riders : rain above [mm/h] -> factor on those who enter
    rain_losses : rain above [mm/h] -> share of capacity and of free speed lost
    guided : share of drivers with navigation, who hear of a closure at once where the city announces
        it itself [1]
    m3_per_vehicle_h : worth of a vehicle's hour [m³ of overflow]
    parabola, stopping_m : speed in water, and water that stops a car; see `laws.speed_in_water`
    smooth_s : counts of vehicles and people become means over this time [s]
    """

    close_at_m: float
    open_at_m: float
    report_s: float
    inspect_s: float
    lead_s: float
    shortest_s: float
    people_per_vehicle: float
    to_metro: float
    rain_riders: tuple[tuple[float, float], ...]
    rain_losses: tuple[tuple[float, float, float], ...]
    m3_per_vehicle_h: float
    guided: float = 0.0
    clear_s: float = 300.0
    metro_after_s: float = 600.0
    parabola: tuple[float, float, float] = laws.PARABOLA
    stopping_m: float = laws.STOPPING_M
    smooth_s: float = 900.0


@dataclass(slots=True)
class _Road:
    """What is known of one underpass so far."""

    closed: bool = False
    closed_s: float = -1e9
    wet_since_s: float | None = None
    dry_since_s: float | None = None
    water_m: float = 0.0
    vehicles_ph: float = 0.0
    usual_ph: float = 0.0
    closed_total_s: float = 0.0
    given_up: float = 0.0
    on_foot: list[tuple[float, float]] = field(default_factory=list)
    to_metro_ph: float = 0.0


@dataclass(slots=True)
class Evening:
    """The couplings of one evening (satisfies `conductor.Coupling`).

    Attributes
    ----------
    mode : of `MODES`
    underpasses, stations, terms, faults : of the city
    period_s : time between two calls [s]
    end_s : when the evening ends [s]
    """

    mode: str
    underpasses: Sequence[Underpass]
    stations: Sequence[Station]
    terms: Terms
    period_s: float
    faults: Sequence[Event] = ()
    end_s: float = math.inf
    _roads: dict[str, _Road] = field(default_factory=dict)
    _weather: tuple[float, float] = (1.0, 1.0)
    _riders: dict[str, float] = field(default_factory=dict)
    _enter_ph: dict[str, float] = field(default_factory=dict)
    _broken: set[tuple[str, str]] = field(default_factory=set)
    _events: list[dict[str, Any]] = field(default_factory=list)
    _rain: float = 0.0

    def __post_init__(self) -> None:
        self._roads = {
            u.name: _Road(vehicles_ph=u.usual_ph, usual_ph=u.usual_ph) for u in self.underpasses
        }

    @property
    def closed_h(self) -> float:
        """Hours of closure so far, summed over the underpasses [h]."""
        return sum(road.closed_total_s for road in self._roads.values()) / HOUR_S

    def changes(self, time_s: float, states: Mapping[str, State]) -> dict[str, list[Change]]:
        self._events = []
        found: dict[str, list[Change]] = {}
        self._faults(time_s, found)
        if not states:
            return found
        water, traffic = _told(states, WATER), _told(states, TRAFFIC)
        self._rain = water.get("rain", 0.0)
        self._roads_in_rain(found)
        for underpass in self.underpasses:
            road = self._roads[underpass.name]
            self._count(road, traffic.get(f"entered:{underpass.name}", 0.0))
            self._walk(time_s, road, traffic.get(f"given_up:{underpass.name}", road.given_up))
            depth_m = water.get(f"depth:{underpass.name}", 0.0)
            self._wet(underpass, road, depth_m, found)
            self._bar(time_s, underpass, road, depth_m, water, found)
            if self.mode == "coupled":
                price = laws.stake(
                    max(road.vehicles_ph, road.usual_ph),
                    minutes_lost=underpass.detour_min,
                    m3_per_vehicle_h=self.terms.m3_per_vehicle_h,
                    stopping_m=self.terms.stopping_m,
                )
                found.setdefault(WATER, []).append(Stake(link=underpass.name, weight=price))
        self._ridership(states, found)
        return found

    def diary(self) -> Mapping[str, Any]:
        return {
            "rain_mps": self._rain,
            "weather": {"speed": self._weather[0], "headway": self._weather[1]},
            "closed": [name for name, road in self._roads.items() if road.closed],
            "riders": dict(self._riders),
            "traffic_ph": {name: road.vehicles_ph for name, road in self._roads.items()},
        }

    def events(self) -> Sequence[Mapping[str, Any]]:
        return self._events

    # -- one coupling each --------------------------------------------------------------------

    def _faults(self, time_s: float, found: dict[str, list[Change]]) -> None:
        """Pumps that lose their power, signals that lose their detectors, by the clock.

        Each event lasts for a period at least, so that none passes between two calls; what several
        of them break works again once the last is over.
        """
        part = {"pump": WATER, "detectors": TRAFFIC}
        broken = {
            (event.kind, event.element)
            for event in self.faults
            if event.from_s <= time_s < max(event.to_s, event.from_s + self.period_s)
        }
        for kind, element in dict.fromkeys((event.kind, event.element) for event in self.faults):
            fails = (kind, element) in broken
            if fails == ((kind, element) in self._broken):
                continue
            change = Fault(kind=kind, element=element, broken=fails)
            found.setdefault(part[kind], []).append(change)
            self._say("fault", element, f"{kind} {element} {'fails' if fails else 'works again'}")
        self._broken = broken

    def _roads_in_rain(self, found: dict[str, list[Change]]) -> None:
        speed, capacity = laws.road_in_rain(self._rain, self.terms.rain_losses)
        weather = (speed, 1.0 / capacity)
        if weather != self._weather:
            self._weather = weather
            change = Weather(speed=weather[0], headway=weather[1])
            found.setdefault(TRAFFIC, []).append(change)

    def _count(self, road: _Road, entered: float) -> None:
        """Running mean of the traffic through an underpass; what is usual is learnt while it is open."""
        now_ph = entered * HOUR_S / self.period_s
        road.vehicles_ph = self._mean(road.vehicles_ph, now_ph)
        if not road.closed:
            road.usual_ph = self._mean(road.usual_ph, now_ph)

    def _walk(self, time_s: float, road: _Road, given_up: float) -> None:
        """Whoever left the car at home is at the station some time later: vehicles an hour there."""
        road.on_foot.append((time_s + self.terms.metro_after_s, given_up - road.given_up))
        road.given_up = given_up
        there = sum(vehicles for due_s, vehicles in road.on_foot if due_s <= time_s)
        road.on_foot = [one for one in road.on_foot if one[0] > time_s]
        road.to_metro_ph = self._mean(road.to_metro_ph, there * HOUR_S / self.period_s)

    def _wet(
        self, underpass: Underpass, road: _Road, depth_m: float, found: dict[str, list[Change]]
    ) -> None:
        """Water slows those who are in it."""
        depth_m = round(depth_m, 2)  # centimetres; less is a film that nobody slows down for
        if depth_m == road.water_m:
            return
        road.water_m = depth_m
        speed = laws.speed_in_water(
            depth_m, parabola=self.terms.parabola, stopping_m=self.terms.stopping_m
        )
        change = Water(edges=underpass.low, speed_mps=speed if depth_m > 0.0 else float("nan"))
        found.setdefault(TRAFFIC, []).append(change)

    def _bar(
        self,
        time_s: float,
        underpass: Underpass,
        road: _Road,
        depth_m: float,
        told: Mapping[str, float],
        found: dict[str, list[Change]],
    ) -> None:
        """Close or open an underpass."""
        terms = self.terms
        foreseen_m = told.get(f"foreseen:{underpass.name}", 0.0) if self.mode == "coupled" else 0.0
        wet = depth_m >= terms.close_at_m
        dry = depth_m < terms.open_at_m and foreseen_m < terms.close_at_m
        road.wet_since_s = (
            (time_s if road.wet_since_s is None else road.wet_since_s) if wet else None
        )
        road.dry_since_s = (
            (time_s if road.dry_since_s is None else road.dry_since_s) if dry else None
        )
        if self.mode == "coupled":
            close = wet or foreseen_m >= terms.close_at_m
            reopen = (
                _lasts(road.dry_since_s, terms.clear_s, time_s)
                and time_s - road.closed_s >= terms.shortest_s
            )
        else:
            close = _lasts(road.wet_since_s, terms.report_s, time_s)
            reopen = _lasts(road.dry_since_s, terms.inspect_s, time_s)
        if close and not road.closed:
            road.closed, road.closed_s = True, time_s
            why = f"{depth_m:.2f} m on the road"
            if not wet:
                why = f"{foreseen_m:.2f} m foreseen within {terms.lead_s / 60.0:.0f} min"
            self._switch(underpass, True, why, found)
        elif reopen and road.closed:
            road.closed = False
            self._switch(underpass, False, f"{depth_m:.2f} m on the road", found)
        if road.closed:
            road.closed_total_s += max(min(self.period_s, self.end_s - time_s), 0.0)

    def _switch(
        self, underpass: Underpass, closed: bool, why: str, found: dict[str, list[Change]]
    ) -> None:
        change = Closure(
            edges=underpass.closed,
            closed=closed,
            road=underpass.name,
            to_metro=self.terms.to_metro if closed else 0.0,
            told=self.terms.guided if closed and self.mode == "coupled" else 0.0,
        )
        found.setdefault(TRAFFIC, []).append(change)
        self._say(
            "closed" if closed else "opened",
            underpass.name,
            f"{underpass.title} {'closed' if closed else 'opened'}: {why}",
        )

    def _ridership(self, states: Mapping[str, State], found: dict[str, list[Change]]) -> None:
        """Rain and closures change how many people come to the stations."""
        terms = self.terms
        in_rain = laws.riders_in_rain(self._rain, terms.rain_riders)
        for station in self.stations:
            part = f"station:{station.name}"
            if part not in states:
                continue
            before = self._riders.get(station.name, 1.0)
            self._people(station.name, states[part].told.get("entering", 0.0) / max(before, 0.1))
            turned_ph = sum(
                self._roads[name].to_metro_ph * share for name, share in station.draws.items()
            )
            factor = in_rain * laws.riders_from_roads(
                turned_ph,
                people_per_vehicle=terms.people_per_vehicle,
                ordinary_pph=self._enter_ph[station.name],
            )
            factor = round(factor, 3)
            if factor != before:
                self._riders[station.name] = factor
                found.setdefault(part, []).append(Ridership(entering=factor, alighting=1.0))

    def _people(self, station: str, entering_ph: float) -> None:
        """Running mean of those who enter, without what rain and closures do."""
        known = self._enter_ph.get(station, entering_ph)
        self._enter_ph[station] = self._mean(known, entering_ph)

    def _mean(self, before: float, now: float) -> float:
        """A running mean over `smooth_s`, one period on."""
        keep = max(1.0 - self.period_s / self.terms.smooth_s, 0.0)
        return keep * before + (1.0 - keep) * now

    def _say(self, kind: str, element: str, text: str) -> None:
        self._events.append({"kind": kind, "element": element, "text": text})


def _told(states: Mapping[str, State], part: str) -> Mapping[str, float]:
    """What a part told last; nothing if it was lost before it could."""
    return states[part].told if part in states else {}


def _lasts(since_s: float | None, least_s: float, time_s: float) -> bool:
    """True if what began at `since_s` goes on and is `least_s` old."""
    return since_s is not None and time_s - since_s >= least_s
