"""Which models make up a city, and how do they act on each other? Reads a `city.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jialing.domains.metro.settings as metro
import jialing.domains.traffic.settings as traffic
import jialing.domains.water.settings as water
from jialing.city import laws
from jialing.city.checks import files, problems, read_plain, relations, told_first, unknown
from jialing.city.evening import Event, Station, Terms, Underpass
from jialing.city.schema import DECIDE_EVERY_S, EVENT_KINDS, STROKE_S
from jialing.core.case import Case
from jialing.core.errors import InputError, UnknownNameError
from jialing.domains.metro.inspect import clock
from jialing.domains.metro.reader import read_station
from jialing.domains.traffic.reader import read_scenario

#: Until the sewer decides again; whoever is in an underpass is out of it within a minute.
LEAD_S = 300.0
SHORTEST_CLOSURE_S = 300.0
CLEAR_S = 120.0
METRO_AFTER_MIN = 10.0
#: Water above the road that the sewer's controller is charged for [m].
FROM_DEPTH_M = 0.02
#: What the sewer and the stations know of the future if nobody says.
FORECAST = "ensemble"
#: Speed in water where a city says nothing of it.
WADING = dict(zip("abc", laws.PARABOLA, strict=True)) | {"stopping_mm": 1000.0 * laws.STOPPING_M}
#: Kind of event in `city.yaml` -> of `messages.Fault`.
EVENT_WORDS = {"power_loss": "pump", "detector_loss": "detectors"}


@dataclass(frozen=True, kw_only=True)
class City:
    """A city as its `city.yaml` describes it.

    Attributes
    ----------
    name, title : short and for people
    path : the file
    schematic : True if it shows no real city
    duration_s, period_s : length of an evening; how often one domain hears of another [s]
    begin_s : clock time zero of every model, since midnight [s]
    storms : name -> title and the folder of its series
    default_storm : the one that a case of the city's name runs
    underpasses, stations, terms : see `evening`
    events : name -> what may be ordered for a run
    water, roads : models of the sewer and of the streets
    station_files : station -> its file
    plain : the whole file, for reports and checks
    """

    name: str
    title: str
    path: Path
    schematic: bool
    duration_s: float
    period_s: float
    begin_s: float
    storms: Mapping[str, tuple[str, Path]]
    default_storm: str
    underpasses: tuple[Underpass, ...]
    stations: tuple[Station, ...]
    terms: Terms
    events: Mapping[str, Event]
    water: Path
    roads: Path
    station_files: Mapping[str, Path]
    plain: Mapping[str, Any]

    def water_case(self, storm: str, *, seed: int, weights: bool, forecast: str = FORECAST) -> Case:
        """The sewer under a storm; `weights` lets its controller see water on roads."""
        section = self.plain["water"]
        if storm not in self.storms:
            raise UnknownNameError(f"storm of {self.name}", storm, self.storms)
        folder = self.storms[storm][1]
        names = [*dict(section["gauges"]).values(), *section.get("river_stages", ())]
        limits = tuple(
            water.LevelLimit(node=u.node, depth_m=u.road_m + FROM_DEPTH_M, weight=0.0)
            for u in self.underpasses
        )
        return Case(
            name=f"{self.name}-water",
            domain="water",
            title=f"{self.title}: sewer",
            model=self.water,
            tick_s=float(self.plain["models"]["water"]["tick_s"]),
            duration_s=self.duration_s,
            seed=seed,
            forecast=forecast,
            settings=water.WaterSettings(
                controlled=tuple(section["controlled"]),
                rate_per_s=1.0 / float(section.get("stroke_s", STROKE_S)),
                decide_every_s=float(section.get("decide_every_s", DECIDE_EVERY_S)),
                overflow_outfalls={k: bool(v) for k, v in section["overflow_outfalls"].items()},
                level_limits=limits if weights else (),
                series_files={name: folder / f"{name}.dat" for name in names},
            ),
        )

    def offset_s(self, station: str) -> float:
        """A station's own clock when the evening begins [s]; InputError if it is not open throughout."""
        file = self.station_files[station]
        model = read_station(file)
        if not model.open_s <= self.begin_s <= model.close_s - self.duration_s:
            raise InputError(
                f"is open from {clock(model.open_s)} to {clock(model.close_s)}; it must be open for "
                f"all {self.duration_s / 60.0:g} min from {clock(self.begin_s)} on (duration_min and "
                f"begin in {self.path})",
                path=file,
            )
        return self.begin_s - model.open_s

    def roads_case(self, *, seed: int) -> Case:
        """The streets; signals decide on what they see, and need no forecast."""
        return Case(
            name=f"{self.name}-roads",
            domain="traffic",
            title=f"{self.title}: streets",
            model=self.roads,
            tick_s=float(self.plain["models"]["roads"]["tick_s"]),
            duration_s=self.duration_s,
            seed=seed,
            settings=traffic.TrafficSettings(routes=self._routes(), roads_close=True),
        )

    def _routes(self) -> tuple[Path, ...]:
        """The trips that `city.yaml` names, where the configuration does not name them itself."""
        name = self.plain["models"]["roads"].get("routes")
        if name is None:
            return ()
        path = self.path.parent / name
        known = read_scenario(self.roads).routes
        return () if [one.resolve() for one in known] == [path.resolve()] else (path,)

    def station_case(self, station: str, *, seed: int, forecast: str = FORECAST) -> Case:
        return Case(
            name=f"{self.name}-{station}",
            domain="metro",
            title=f"{self.title}: {station}",
            model=self.station_files[station],
            tick_s=float(self.plain["models"]["stations"][station]["tick_s"]),
            seed=seed,
            forecast=forecast,
            settings=metro.MetroSettings(),
        )


def read_city(path: Path) -> City:
    """Read a `city.yaml`; raises InputError that names the file and what is missing or does not fit."""
    path = Path(path)
    plain, lines = read_plain(path)
    wrong = problems(plain, lines)
    if not wrong:
        wrong = relations(plain, lines) + files(plain, lines, path.parent)
    wrong += unknown(plain, lines)
    if wrong:
        raise told_first(wrong, path)
    return city_of(path, plain)


def city_of(path: Path, plain: dict[str, Any]) -> City:
    """The city that a file in which `checks` found nothing wrong describes."""
    folder = path.parent
    models = plain["models"]
    storms = {
        str(name): (str(entry["title"]), folder / entry["series"])
        for name, entry in plain["storms"].items()
        if isinstance(entry, dict)
    }
    underpasses = tuple(
        Underpass(
            name=str(name),
            title=str(entry.get("title", name)),
            node=str(entry["node"]),
            low=tuple(entry["low"]),
            closed=tuple(entry["entries"]),
            road_m=float(entry["road_m"]),
            detour_min=float(entry["minutes_lost"]),
            usual_ph=float(entry.get("veh_h", 0.0)),
        )
        for name, entry in plain["underpasses"].items()
    )
    stations = tuple(
        Station(
            name=str(name),
            draws={str(k): float(v) for k, v in entry.get("draws_from", {}).items()},
        )
        for name, entry in plain["stations"].items()
    )
    return City(
        name=str(plain["city"]),
        title=str(plain["title"]),
        path=path,
        schematic=bool(plain.get("schematic", False)),
        duration_s=60.0 * float(plain["duration_min"]),
        period_s=float(plain["step_s"]),
        begin_s=_clock(str(plain["begin"])),
        storms=storms,
        default_storm=str(plain["storms"]["default"]),
        underpasses=underpasses,
        stations=stations,
        terms=_terms(plain["couplings"]),
        events={
            str(name): _event(entry, plain["water"]["controlled"])
            for name, entry in plain.get("events", {}).items()
        },
        water=folder / models["water"]["file"],
        roads=folder / models["roads"]["file"],
        station_files={str(n): folder / entry["file"] for n, entry in models["stations"].items()},
        plain=plain,
    )


def _terms(couplings: Mapping[str, Any]) -> Terms:
    rain, closure = couplings["rain_to_road"], couplings["depth_to_closure"]
    metro_share = couplings["closure_to_metro"]
    losses = tuple(
        (float(above), 1.0 - float(capacity), 1.0 - float(speed))
        for above, capacity, speed in zip(
            rain["above_mm_h"], rain["capacity"], rain["speed"], strict=True
        )
    )
    table = couplings["rain_to_entry"]["table"]
    wading = couplings.get("depth_to_speed", WADING)
    return Terms(
        close_at_m=1e-3 * float(closure["closes_mm"]),
        open_at_m=1e-3 * float(closure["opens_mm"]),
        report_s=float(closure["seen_after_s"]),
        inspect_s=float(closure["seen_after_s"]),
        lead_s=float(closure.get("lead_s", LEAD_S)),
        shortest_s=float(closure.get("shortest_s", SHORTEST_CLOSURE_S)),
        clear_s=float(closure.get("clear_s", CLEAR_S)),
        people_per_vehicle=float(metro_share["people_per_vehicle"]),
        to_metro=float(metro_share["share"]),
        guided=float(couplings.get("closure_to_detour", {}).get("guided", 0.0)),
        metro_after_s=60.0 * float(metro_share.get("after_min", METRO_AFTER_MIN)),
        rain_riders=tuple((float(above), float(factor)) for above, factor in table),
        rain_losses=losses,
        m3_per_vehicle_h=float(couplings["traffic_to_water"]["m3_per_vehicle_h"]),
        parabola=(float(wading["a"]), float(wading["b"]), float(wading["c"])),
        stopping_m=float(wading["stopping_mm"]) / 1000.0,
    )


def _event(entry: Mapping[str, Any], controlled: Sequence[Any]) -> Event:
    kind = str(entry["kind"])
    element = str(entry[EVENT_KINDS[kind]])
    if kind == "power_loss":  # SWMM tells no capital from a small letter: one pump, one name
        names = {str(name).casefold(): str(name) for name in controlled}
        element = names[element.casefold()]
    start_s = 60.0 * float(entry["from_min"])
    return Event(
        kind=EVENT_WORDS[kind],
        element=element,
        from_s=start_s,
        to_s=start_s + 60.0 * float(entry["minutes"]),
    )


def _clock(text: str) -> float:
    hours, _, minutes = text.partition(":")
    return 3600.0 * float(hours) + 60.0 * float(minutes or 0)
