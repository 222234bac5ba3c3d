"""Do the models of a city hold what its `city.yaml` names? Every problem in one go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jialing.city.checks import (
    Problem,
    files,
    line_of,
    not_among,
    problems,
    read_plain,
    relations,
    unknown,
)
from jialing.city.manifest import City, city_of
from jialing.city.schema import Place
from jialing.core.case import check_tick
from jialing.core.errors import InputError
from jialing.domains.metro.inspect import clock
from jialing.domains.metro.reader import read_station
from jialing.domains.traffic.reader import read_network, read_scenario
from jialing.domains.water.hours import acts_by_hour
from jialing.domains.water.inp import InpFile, read_inp
from jialing.domains.water.model import WaterModel, read_model

NODES = ("JUNCTIONS", "STORAGE", "OUTFALLS", "DIVIDERS")
DAY_S = 86400.0
NAMED = 3  # of what acts by the hour, in a problem
MOVABLE = ("ORIFICES", "WEIRS", "OUTLETS", "PUMPS")


@dataclass(frozen=True, kw_only=True)
class Sewer:
    """Names in a SWMM file that a city may speak of."""

    nodes: tuple[str, ...]
    outfalls: tuple[str, ...]
    movable: tuple[str, ...]
    series: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Streets:
    """Ids in a SUMO network that a city may speak of."""

    edges: tuple[str, ...]
    signals: tuple[str, ...]


def survey(folder: Path) -> list[InputError]:
    """All that is missing or does not fit in the city that lies in `folder`."""
    path = folder / "city.yaml" if folder.is_dir() else folder
    try:
        plain, lines = read_plain(path)
    except InputError as error:
        return [error]
    wrong = problems(plain, lines)
    if not wrong:
        wrong = relations(plain, lines) + files(plain, lines, path.parent)
    wrong += unknown(plain, lines)
    found = [problem.error(path) for problem in wrong]
    found += _models(path, plain, lines)
    if found:
        return found
    city = city_of(path, plain)
    return _shut(city) + _opened(city, lines)


def sewer(path: Path) -> Sewer:
    """What a SWMM file holds; raises InputError."""
    inp = read_inp(path)
    return Sewer(
        nodes=_names(inp, NODES),
        outfalls=_names(inp, ("OUTFALLS",)),
        movable=_names(inp, MOVABLE),
        series=_names(inp, ("TIMESERIES",)),
    )


def streets(path: Path) -> Streets:
    """What a SUMO configuration or network holds; raises InputError."""
    scenario = read_scenario(path)
    network = read_network(scenario.net)
    return Streets(
        edges=tuple(network.edges),
        signals=tuple(network.programmes),
    )


def clock_s(model: WaterModel) -> float:
    """The whole minute at which a sewer starts, since midnight [s]; a city knows no seconds."""
    start = model.options.start
    return 3600.0 * start.hour + 60.0 * start.minute


def _names(inp: InpFile, sections: Iterable[str]) -> tuple[str, ...]:
    rows = [row.tokens[0] for section in sections for row in inp.rows(section) if row.tokens]
    return tuple(dict.fromkeys(rows))


def _models(path: Path, plain: Mapping[str, Any], lines: Mapping[Place, int]) -> list[InputError]:
    """What each model that can be opened lacks of what the city names."""
    found: list[InputError] = []

    def there(*place: str) -> Path | None:
        name = _value(plain, (*place, "file"))
        file = path.parent / name if isinstance(name, str) else path.parent
        return file if file.is_file() else None  # told already where it is not

    def must(
        place: Place, names: Any, known: tuple[str, ...], what: str, *, exactly: bool = False
    ) -> None:
        # SWMM takes capital and small letters for the same, SUMO does not.
        folded = {name if exactly else name.casefold() for name in known}
        for name in names if isinstance(names, list | dict) else [names]:
            if (str(name) if exactly else str(name).casefold()) not in folded:
                text = f"{what} {not_among(str(name), set(known))}"
                one = Problem(place=place, text=text, line=line_of(lines, place))
                found.append(one.error(path))

    dips = [("underpasses", str(name)) for name in _value(plain, ("underpasses",)) or {}]
    events = [("events", str(name)) for name in _value(plain, ("events",)) or {}]
    try:
        file = there("models", "water")
        if file is not None:
            water = sewer(file)
            for place, known, what in (
                (("water", "controlled"), water.movable, "a gate, weir or pump"),
                (("water", "overflow_outfalls"), water.outfalls, "an outfall"),
                (("water", "river_stages"), water.series, "a time series"),
                *(((*dip, "node"), water.nodes, "a node of the sewer") for dip in dips),
            ):
                names = _value(plain, place)
                if names is not None:
                    must(place, names, known, what)
            gauges = _value(plain, ("water", "gauges"))
            if isinstance(gauges, dict):
                must(("water", "gauges"), list(gauges.values()), water.series, "a time series")
    except InputError as error:
        found.append(error)
    try:
        file = there("models", "roads")
        if file is not None:
            roads = streets(file)
            for place, known, what in (
                *(((*dip, "low"), roads.edges, "an edge") for dip in dips),
                *(((*dip, "entries"), roads.edges, "an edge") for dip in dips),
                *(((*dip, "detour"), roads.signals, "a signal") for dip in dips),
                *(((*event, "junction"), roads.signals, "a signal") for event in events),
            ):
                names = _value(plain, place)
                if names is not None:
                    must(place, names, known, what, exactly=True)
            found += [problem.error(path) for problem in _trips(file, path, plain, lines)]
    except InputError as error:
        found.append(error)
    for name in _value(plain, ("models", "stations")) or {}:
        file = there("models", "stations", str(name))
        try:
            if file is not None:
                read_station(file)
        except InputError as error:
            found.append(error)
    return found + _series(path, plain, lines)


def _trips(
    file: Path, path: Path, plain: Mapping[str, Any], lines: Mapping[Place, int]
) -> list[Problem]:
    """Streets on which nothing drives, and files that another one stands for."""
    place: Place = ("models", "roads")
    section, scenario = _value(plain, place), read_scenario(file)
    found: list[Problem] = []

    def say(key: str, text: str) -> None:
        here = (*place, key)
        found.append(Problem(place=here, text=text, line=line_of(lines, here)))

    try:
        check_tick(section["tick_s"], scenario.step_s, "SUMO")
    except InputError as error:
        say("tick_s", str(error))
    if not (scenario.routes or scenario.additional or "routes" in section):
        say("routes", f"is missing; {file.name} has no traffic of its own: name a file of trips")
    for key, known in (("net", (scenario.net,)), ("additional", scenario.additional)):
        name = section.get(key)
        if isinstance(name, str) and (path.parent / name).resolve() not in {
            one.resolve() for one in known
        }:
            there = ", ".join(one.name for one in known) or "none"
            say(key, f"is {name!r}, but {file.name} names {there}, and that counts")
    return found


def _shut(city: City) -> list[InputError]:
    """Stations that are not open all evening."""
    found = []
    for station in city.stations:
        try:
            city.offset_s(station.name)
        except InputError as error:
            found.append(error)
    return found


def _opened(city: City, lines: Mapping[Place, int]) -> list[InputError]:
    """What keeps the sewer of a city without any other fault from being run."""
    case = city.water_case(city.default_storm, seed=0, weights=False)
    place = ("water", "controlled")
    try:
        model = read_model(case.model, series_files=case.settings.series_files)
    except InputError as error:
        return [error]
    found = [InputError(notice.text, path=case.model, line=notice.line) for notice in model.refused]
    usable = {model.links.names[i] for i in model.controllable()}
    for name in case.settings.controlled:
        own = model.links.names[model.links.find(name)]
        if own not in usable:
            text = f"names {name!r}, which cannot be moved; `jialing inspect {case.model}` says why"
            one = Problem(place=place, text=text, line=line_of(lines, place))
            found.append(one.error(city.path))
    return found + _hours(city, model, lines)


def _hours(city: City, model: WaterModel, lines: Mapping[Place, int]) -> list[InputError]:
    """A sewer that begins at another hour than the city, where anything in it acts by the hour."""
    start = clock_s(model)
    if start == city.begin_s % DAY_S:
        return []
    bound: list[str] = []
    for storm in city.storms:
        case = city.water_case(storm, seed=0, weights=False)
        bound += acts_by_hour(read_model(case.model, series_files=case.settings.series_files))
    bound = list(dict.fromkeys(bound))
    if not bound:
        return []
    more = f" and {len(bound) - NAMED} more" if len(bound) > NAMED else ""
    text = (
        f"is {clock(city.begin_s)}, but {model.path} starts at {clock(start)} (START_TIME), and what acts "
        f"there by the hour would act at the wrong one: {', '.join(bound[:NAMED])}{more}. Set begin to "
        f'"{clock(start)}", or START_TIME to {clock(city.begin_s % DAY_S)}'
    )
    place = ("begin",)
    return [Problem(place=place, text=text, line=line_of(lines, place)).error(city.path)]


def _series(path: Path, plain: Mapping[str, Any], lines: Mapping[Place, int]) -> list[InputError]:
    """Storms whose folder lacks the series of a gauge or of a river."""
    gauges = _value(plain, ("water", "gauges")) or {}
    stages = _value(plain, ("water", "river_stages")) or []
    storms = _value(plain, ("storms",))
    if not (isinstance(gauges, dict) and isinstance(stages, list) and isinstance(storms, dict)):
        return []
    found = []
    for storm in storms:
        place = ("storms", str(storm), "series")
        series = _value(plain, place)
        if not isinstance(series, str) or not (path.parent / series).is_dir():
            continue
        for name in [*gauges.values(), *stages]:
            if not (path.parent / series / f"{name}.dat").is_file():
                text = f"holds no {name}.dat, which the sewer needs"
                found.append(
                    Problem(place=place, text=text, line=line_of(lines, place)).error(path)
                )
    return found


def _value(plain: Any, place: Place) -> Any:
    """What stands at a place; None where nothing does."""
    for key in place:
        if not isinstance(plain, dict):
            return None
        plain = next((value for name, value in plain.items() if str(name) == key), None)
    return plain
