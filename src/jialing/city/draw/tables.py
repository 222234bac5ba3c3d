"""Which places, streets, sewers and people does a schematic city have? Its tables, typed."""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

import yaml

from jialing.core.errors import InputError

Row = TypeVar("Row")

EARTH_M: Final = 6_371_000.0  # mean radius


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """A named point; junctions of streets are places too. `kind`: signal, stop or gateway."""

    FILE: ClassVar = "places.csv"
    id: str
    name: str
    name_zh: str
    district: str
    lon: float
    lat: float
    elevation_m: float
    kind: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Street:
    """A chain of places joined by a road; `climb` is its length over the straight line."""

    FILE: ClassVar = "streets.csv"
    id: str
    name: str
    kind: str
    lanes: int
    speed_km_h: float
    climb: float
    via: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Underpass:
    """A road that dives below the place `under` on its street, and the sewer that drains it."""

    FILE: ClassVar = "underpasses.csv"
    id: str
    name: str
    name_zh: str
    under: str
    from_: str
    to: str
    lanes: int
    speed_km_h: float
    low_m: float
    road_area_m2: float
    drained_ha: float
    sewer: str
    below_crest_m: float
    pump_m3s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sewershed:
    """What drains to one point of an interceptor. Fields: see the head of the table."""

    FILE: ClassVar = "sewers.csv"
    id: str
    name: str
    gauge: str
    head: str
    foot: str
    joins: str
    hectares: float
    paved: float
    people_ha: float
    trunk_nodes: int
    branch_nodes: int
    design_years: float
    tank_above: int
    tank_m2: float
    floor_below_m: float
    crest_m: float
    weir_m: float
    gate_m: float
    weir_moves: bool
    start_m: float
    river: str

    @property
    def has_tank(self) -> bool:
        return self.tank_above >= 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reach:
    """A manhole of an interceptor and the pipe that leaves it."""

    FILE: ClassVar = "interceptors.csv"
    id: str
    next: str
    near: str
    east_m: float
    north_m: float
    diameter_m: float
    invert_m: float
    fall_permille: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Zone:
    """How much traffic a place sends and takes in the evening, as weights."""

    FILE: ClassVar = "demand.csv"
    id: str
    leaving: float
    arriving: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Works:
    """The end of the interceptors. `pumps`: flow at no head [m³/s], on and off depth [m]."""

    id: str
    name: str
    near: str
    east_m: float
    north_m: float
    drop_m: float
    area_m2: float
    depth_m: float
    crest_m: float
    weir_m: float
    river: str
    pumps: list[list[float]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class LocalRules:
    """What holds for the whole sewer, and today's rules. Fields: see works.yaml."""

    litres_per_person_day: float
    roughness: float
    throttle: list[list[float]]
    crest_normal: float
    crest_opens_m: float
    crest_closes_m: float
    crest_height_m: float
    river_pump_sewer: str
    river_pump_m3s: float
    river_pump_sill_m: float
    hours: list[float]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Atlas:
    """All tables of a city, and where its places lie in a plane.

    Attributes
    ----------
    folder : where the tables lie
    origin : longitude and latitude of x = y = 0 [°]
    places, streets, underpasses, sewersheds, reaches, demand : by id, in the order of the files
    storms : the table of storms as it stands
    works, rules : where the sewers end, and how they run today
    """

    folder: Path
    origin: tuple[float, float]
    places: Mapping[str, Place]
    streets: Mapping[str, Street]
    underpasses: Mapping[str, Underpass]
    sewersheds: Mapping[str, Sewershed]
    reaches: Mapping[str, Reach]
    demand: Mapping[str, Zone]
    storms: Mapping[str, Any]
    works: Mapping[str, Works]
    rules: LocalRules

    def plane(self, lon: float, lat: float) -> tuple[float, float]:
        """Metres east and north of the origin.

        x = R cos(lat0) (lon - lon0), y = R (lat - lat0), angles in radians
        """
        lon0, lat0 = self.origin
        x = EARTH_M * math.cos(math.radians(lat0)) * math.radians(lon - lon0)
        return x, EARTH_M * math.radians(lat - lat0)

    def at(self, place: str) -> tuple[float, float]:
        """Where a place lies [m]."""
        found = self.places[place]
        return self.plane(found.lon, found.lat)

    def ground_m(self, x: float, y: float) -> float:
        """Street level: the places' elevations, weighted by the inverse cube of distance."""
        total = level = 0.0
        for place in self.places.values():
            weight = (math.dist((x, y), self.at(place.id)) + 20.0) ** -3
            total, level = total + weight, level + weight * place.elevation_m
        return level / total


def read_atlas(folder: Path) -> Atlas:
    """The tables in `folder`. Raises InputError where they contradict themselves."""
    places = _keyed(folder, Place)
    sewer = read_yaml(folder / "works.yaml")
    lon0 = math.floor(min(p.lon for p in places.values()) * 200.0) / 200.0
    lat0 = math.floor(min(p.lat for p in places.values()) * 200.0) / 200.0
    atlas = Atlas(
        folder=folder,
        origin=(lon0, lat0),
        places=places,
        streets=_keyed(folder, Street),
        underpasses=_keyed(folder, Underpass),
        sewersheds=_keyed(folder, Sewershed),
        reaches=_keyed(folder, Reach),
        demand=_keyed(folder, Zone),
        storms=read_yaml(folder / "storms.yaml"),
        works={each["id"]: Works(**each) for each in sewer.pop("works")},
        rules=LocalRules(**sewer),
    )
    _check(atlas)
    return atlas


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML table."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("there is no such table", path=path) from None
    except yaml.YAMLError as error:
        raise InputError(f"is not YAML: {' '.join(str(error).split())}", path=path) from None
    if not isinstance(found, dict):
        raise InputError("holds no table of keys and values", path=path)
    return found


_CONVERT: Final[Mapping[str, Callable[[str], object]]] = {
    "str": str,
    "float": float,
    "int": int,
    "bool": {"yes": True, "no": False}.__getitem__,
}


def _keyed(folder: Path, kind: type[Row]) -> dict[str, Row]:
    """Rows of one CSV table by id; lines that begin with # are remarks."""
    path = folder / str(getattr(kind, "FILE"))  # noqa: B009 - a class variable of every row type
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise InputError("there is no such table", path=path) from None
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line and not line.startswith("#")]
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    wanted = [field.name.rstrip("_") for field in fields]
    found: dict[str, Row] = {}
    for at, words in enumerate(csv.reader(line for _, line in numbered)):
        number = numbered[at][0]
        if at == 0:
            if words != wanted:
                raise InputError(f"its columns must be {','.join(wanted)}", path=path, line=number)
            continue
        if len(words) != len(wanted):
            raise InputError(
                f"has {len(words)} cells; {len(wanted)} are needed", path=path, line=number
            )
        values: dict[str, Any] = {}
        for field, word in zip(fields, words, strict=True):
            try:
                values[field.name] = _CONVERT[str(field.type)](word)
            except (ValueError, KeyError):
                raise InputError(
                    f"{field.name.rstrip('_')} is {word!r}; it must be {field.type}",
                    path=path,
                    line=number,
                ) from None
        if values["id"] in found:
            raise InputError(f"{values['id']!r} stands there twice", path=path, line=number)
        found[values["id"]] = kind(**values)
    return found


def _check(atlas: Atlas) -> None:
    """Every name that a table uses is in the table it points to."""
    gauges = {gauge["id"] for gauge in atlas.storms["gauges"]}
    reaches = [*atlas.reaches, *atlas.works]
    used: list[tuple[str, str, Sequence[str], Sequence[str]]] = [
        *((Street.FILE, s.id, s.via.split(), [*atlas.places]) for s in atlas.streets.values()),
        *(
            (Underpass.FILE, u.id, (u.under, u.from_, u.to), [*atlas.places])
            for u in atlas.underpasses.values()
        ),
        *(
            (Underpass.FILE, u.id, (u.sewer,), [*atlas.sewersheds])
            for u in atlas.underpasses.values()
        ),
        *((Sewershed.FILE, s.id, (s.head, s.foot), [*atlas.places]) for s in _of(atlas)),
        *((Sewershed.FILE, s.id, (s.joins,), reaches) for s in _of(atlas)),
        *((Sewershed.FILE, s.id, (s.gauge,), [*gauges]) for s in _of(atlas)),
        *((Reach.FILE, r.id, (r.near,), [*atlas.places]) for r in atlas.reaches.values()),
        *((Zone.FILE, z.id, (z.id,), [*atlas.places]) for z in atlas.demand.values()),
        *((Reach.FILE, r.id, (r.next,), reaches) for r in atlas.reaches.values()),
    ]
    for file, row, names, known in used:
        for name in names:
            if name not in known:
                raise InputError(
                    f"{row!r} names {name!r}, which no table defines", path=atlas.folder / file
                )


def _of(atlas: Atlas) -> list[Sewershed]:
    return list(atlas.sewersheds.values())
