"""How is one evening of a city run, as it is today and with Jialing, on the same seed?"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jialing import domains
from jialing.city.conductor import Conductor
from jialing.city.evening import DIARY_UNITS, MODES, TRAFFIC, WATER, Evening
from jialing.city.manifest import City, read_city
from jialing.city.messages import Finished, Order, State
from jialing.city.survey import survey
from jialing.core.case import Case, GuardCount, Quantity, Run, ScoreSheet
from jialing.core.errors import InputError, JialingError, UnknownNameError
from jialing.loop.progress import Listener, Progress
from jialing.record.manifest import describe_file, versions
from jialing.record.plain import to_plain, write_json
from jialing.record.shape import CITY_FORMAT

SIDES = {
    "water": "jialing.city.sides:WaterSide",
    "traffic": "jialing.city.sides:TrafficSide",
    "station": "jialing.city.sides:StationSide",
}
#: mode -> controller of the sewer, of the signals, of the stations.
CONTROLLERS = {
    "today": ("rules", "fixed", "timetable"),
    "alone": ("predictive", "predictive", "predictive"),
    "coupled": ("predictive", "predictive", "predictive"),
}
#: Score words of a city, in order.
WORDS = (
    "caught",
    "delay",
    "emergency_delay",
    "waiting",
    "flooding",
    "overflow",
    "closed",
    "stops",
    "co2",
    "deepest",
)
TELL_EVERY = 5  # periods between two lines of progress


@dataclass(frozen=True, kw_only=True)
class CitySettings:
    """Settings of a city's case.

    Attributes
    ----------
    storm : name of one of the city's storms; empty takes its default
    events : names of events that happen
    """

    storm: str = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CityControllers:
    """What `jialing.controllers` asks of a domain, for a city's modes."""

    name: str = "city"
    controllers: Mapping[str, str] = field(default_factory=lambda: dict(MODES))


def city_case(path: Path, storm: str = "") -> Case:
    """A case around a `city.yaml`; raises InputError where it does not fit."""
    city = read_city(path)
    storm = storm or city.default_storm
    if storm not in city.storms:
        raise UnknownNameError(f"storm of {city.name}", storm, city.storms)
    name = city.name if storm == city.default_storm else f"{city.name}-{storm}"
    return Case(
        name=name,
        domain="city",
        title=f"{city.title}: {city.storms[storm][0]}",
        model=path,
        tick_s=city.period_s,
        duration_s=city.duration_s,
        settings=CitySettings(storm=storm),
    )


def check_case(case: Case) -> None:
    """Refuse an evening that could not begin, or not as it is asked for.

    Raises InputError with the first that its `city.yaml` or its models lack, or for a setting that
    a city does not take; UnknownNameError for an event or a storm that the city lacks.
    """
    wrong = survey(case.model)
    if wrong:
        more = f" (and {len(wrong) - 1} more: jialing city check {case.model.parent})"
        first = wrong[0]
        raise InputError(
            first.message + (more if len(wrong) > 1 else ""), path=first.path, line=first.line
        )
    city = read_city(case.model)
    if case.duration_s is not None and case.duration_s > city.duration_s:
        raise InputError(
            f"a run of {case.duration_s / 60.0:g} min is not possible; an evening of {city.name} "
            f"lasts {city.duration_s / 60.0:g} min (duration_min)",
            path=case.model,
        )
    if case.tick_s != city.period_s:
        raise InputError(
            f"tick_s = {case.tick_s:g} is not possible; each part has its own (models.*.tick_s)",
            path=case.model,
        )
    mode = next(iter(MODES))
    evening_of(case, city, mode)
    orders_for(case, city, mode, case.model.parent)


def run_evenings(
    case: Case, modes: Sequence[str], folder: Path, *, progress: Listener | None = None
) -> list[Run]:
    """Run the same evening in several modes, as many at a time as there are cores for.

    Each lies in a folder of its own in `folder`. Ctrl-C ends all of them early: records and scores
    of what there is are kept, and each run's ``details["ended"]`` says ``interrupted``. Where one
    evening cannot begin, it leaves nothing behind, nor do those that it cut short.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(max_workers=max(min(len(modes), os.cpu_count() or 1), 1)) as pool:
        waiting = [
            pool.submit(run_evening, case, mode, folder / mode, progress=progress, stop=stop)
            for mode in modes
        ]
        try:
            wait(waiting, return_when=FIRST_EXCEPTION)
        except KeyboardInterrupt:
            stop.set()
        if any(one.done() and one.exception() is not None for one in waiting):
            stop.set()  # one cannot go on: the others end early, and its error is told
        wait(waiting)
        if any(
            isinstance(one.exception(), JialingError) and not (folder / mode).exists()
            for one, mode in zip(waiting, modes, strict=True)
        ):
            _forget(one.result() for one in waiting if one.exception() is None)
        runs = []
        for one in waiting:
            # One that was stopped before it had opened has left nothing to tell.
            with contextlib.suppress(KeyboardInterrupt):
                runs.append(one.result())
        if not runs:
            raise KeyboardInterrupt
        return runs


def run_evening(
    case: Case,
    mode: str,
    folder: Path,
    *,
    progress: Listener | None = None,
    stop: threading.Event | None = None,
) -> Run:
    """Run one evening in one mode; its records lie in `folder`, made here.

    Ctrl-C, or `stop`, ends the evening early: records and scores of what there is are kept. An
    evening that cannot begin leaves no folder behind.
    """
    if mode not in MODES:
        raise UnknownNameError("way to run a city", mode, MODES)
    city = read_city(case.model)
    duration_s = duration_of(case, city)
    evening = evening_of(case, city, mode)
    orders = orders_for(case, city, mode, folder)
    folder.mkdir(parents=True)
    _write_manifest(case, city, mode, folder, orders)
    began, ended = time.perf_counter(), "completed"
    conductor = Conductor(orders, evening, folder, period_s=city.period_s)
    try:
        with conductor:
            conductor.open(stop)
            opened = time.perf_counter()
            tell = _teller(mode, duration_s, progress, opened)
            try:
                conductor.run(tell, to_s=duration_s, stop=stop)
            except KeyboardInterrupt:
                ended = "interrupted"
            if stop is not None and stop.is_set():
                ended = "interrupted"
            done = conductor.finish(ended)
    except (JialingError, KeyboardInterrupt):
        if conductor.time_s == 0.0:  # nothing has happened that anyone could look at
            shutil.rmtree(folder)
        raise
    wall_s = time.perf_counter() - opened
    run = _summary(mode, folder, city, done, evening, ended, wall_s, conductor.lost)
    write_json(
        folder / "score.json",
        to_plain(
            {
                "controller": mode,
                "ended": ended,
                "score": run.score,
                "guard": run.guard,
                "wall_s": wall_s,
                "open_s": opened - began,
                "exchange_s": conductor.exchange_s,
                "details": run.details,
            }
        ),
    )
    return run


def _forget(runs: Iterable[Run]) -> None:
    """Remove evenings that were cut short because another could not begin."""
    for run in runs:
        if run.details["ended"] == "interrupted" and run.folder is not None:
            shutil.rmtree(run.folder)


def evening_of(case: Case, city: City, mode: str) -> Evening:
    """The couplings of one evening.

    Raises UnknownNameError for an event that the city lacks, InputError for one after the evening.
    """
    settings: CitySettings = case.settings or CitySettings()
    end_s = duration_of(case, city)
    for name in settings.events:
        if name not in city.events:
            raise UnknownNameError(f"possible event of {city.name}", name, city.events)
        begin_s = city.events[name].begin_s(city.period_s)
        if begin_s >= end_s:
            raise InputError(
                f"the event {name} begins {begin_s / 60.0:g} min after the evening does, and this one "
                f"ends after {end_s / 60.0:g} min"
            )
    return Evening(
        mode=mode,
        underpasses=city.underpasses,
        stations=city.stations,
        terms=city.terms,
        period_s=city.period_s,
        faults=[city.events[name] for name in settings.events],
        end_s=end_s,
    )


def duration_of(case: Case, city: City) -> float:
    """How long the evening is [s]."""
    return min(case.duration_s or city.duration_s, city.duration_s)


def orders_for(case: Case, city: City, mode: str, folder: Path) -> list[Order]:
    """What each part of an evening is to run; their records lie in `folder`.

    Raises InputError for a station that is not open all evening.
    """
    settings: CitySettings = case.settings or CitySettings()
    storm = settings.storm or city.default_storm
    rules, signals, directions = CONTROLLERS[mode]
    seed = case.seed
    low = {u.name: u.low for u in city.underpasses}
    dips = {u.name: (u.node, u.road_m) for u in city.underpasses}
    known = case.forecast
    water = city.water_case(storm, seed=seed, weights=mode == "coupled", forecast=known)
    orders = [
        Order(
            name=WATER,
            case=water,
            controller=rules,
            folder=str(folder / WATER),
            side=SIDES["water"],
            options={
                "underpasses": dips,
                "lead_s": city.terms.lead_s,
                "step_s": water.settings.decide_every_s or water.tick_s,
            },
        ),
        Order(
            name=TRAFFIC,
            # SUMO tells of exhausts once its own run is over.
            case=replace(city.roads_case(seed=seed), duration_s=duration_of(case, city)),
            controller=signals,
            folder=str(folder / TRAFFIC),
            side=SIDES["traffic"],
            options={"underpasses": low},
        ),
    ]
    orders.extend(
        Order(
            name=f"station:{station.name}",
            case=city.station_case(station.name, seed=seed, forecast=known),
            controller=directions,
            folder=str(folder / f"station-{station.name}"),
            side=SIDES["station"],
            options={"knows": mode == "coupled"},
            offset_s=city.offset_s(station.name),
        )
        for station in city.stations
    )
    return orders


def _teller(
    mode: str, duration_s: float, progress: Listener | None, opened: float
) -> Callable[[float, Mapping[str, State]], None]:
    """One line per domain, every few periods."""
    count = 0

    def tell(time_s: float, states: Mapping[str, State]) -> None:
        nonlocal count
        count += 1
        last = time_s >= duration_s - 1e-9
        if progress is None or (count % TELL_EVERY and not last):
            return
        for name, state in states.items():
            word, value, unit = state.headline
            progress(
                Progress(
                    controller=f"{mode} · {name}",
                    time_s=time_s,
                    duration_s=duration_s,
                    wall_s=time.perf_counter() - opened,
                    headline=word,
                    value=Quantity(value=value, unit=unit),
                )
            )

    return tell


def _summary(
    mode: str,
    folder: Path,
    city: City,
    done: Mapping[str, Finished],
    evening: Evening,
    ended: str,
    wall_s: float,
    lost: Mapping[str, str],
) -> Run:
    stations = [f"station:{station.name}" for station in city.stations]
    parts = {name: finished.run for name, finished in done.items()}
    alone = [each for run in parts.values() for each in run.details.get("uncontrolled", ())]
    return Run(
        controller=mode,
        score=_sheet(done, stations, evening),
        guard=GuardCount(
            allowed=sum(run.guard.allowed for run in parts.values()),
            clamped=sum(run.guard.clamped for run in parts.values()),
            refused=sum(run.guard.refused for run in parts.values()),
        ),
        wall_s=wall_s,
        plant_s=sum(run.plant_s for run in parts.values()),
        decide_s=sum(run.decide_s for run in parts.values()),
        loop_s=sum(run.loop_s for run in parts.values()),
        folder=folder,
        details={
            "ended": ended,
            "lost": dict(lost),
            "parts": {
                name: {
                    "controller": run.controller,
                    "score": run.score,
                    "guard": run.guard,
                    "wall_s": run.wall_s,
                    "plant_s": run.plant_s,
                    "decide_s": run.decide_s,
                    "loop_s": run.loop_s,
                    "decisions": run.details.get("decisions", {}),
                    "folder": run.folder.name if run.folder else "",
                    "extra": done[name].extra,
                }
                for name, run in parts.items()
            },
            "decisions": _decisions(list(parts.values())),
            **({"uncontrolled": alone} if alone else {}),
        },
    )


def _decisions(runs: Sequence[Run]) -> dict[str, int]:
    """On time, late, … over all parts."""
    total: dict[str, int] = {}
    for run in runs:
        for word, count in run.details.get("decisions", {}).items():
            total[word] = total.get(word, 0) + count
    return total


def _sheet(done: Mapping[str, Finished], stations: Sequence[str], evening: Evening) -> ScoreSheet:
    """The city's own score from those of its parts; what a lost part would say is left out."""
    found: dict[str, Quantity] = {}

    def take(part: str, *words: str) -> None:
        if part in done:
            score = done[part].run.score
            found.update({word: score[word] for word in words if word in score})

    take(WATER, "flooding", "overflow")
    take(TRAFFIC, "delay", "emergency_delay", "stops", "co2")
    if TRAFFIC in done:
        extra = done[TRAFFIC].extra
        caught = sum(value for word, value in extra.items() if word.startswith("caught:"))
        found["caught"] = Quantity(value=caught, unit="veh")
        # Water and detours count in full: SUMO's own time loss forgets both.
        for word in ("delay", "emergency_delay"):
            if word in extra:
                found[word] = Quantity(value=extra[word], unit="s")
    here = [done[name] for name in stations if name in done]
    if here and len(here) == len(stations):  # a station that was lost is no gain
        unit = here[0].run.score["waiting"].unit
        found["waiting"] = Quantity(value=sum(d.extra["waiting"] for d in here), unit=unit)
    if WATER in done:
        deepest = max(done[WATER].extra.values(), default=0.0)
        found["deepest"] = Quantity(value=deepest, unit="m")
    found["closed"] = Quantity(value=evening.closed_h, unit="h")
    return {word: found[word] for word in WORDS if word in found}


def _write_manifest(
    case: Case, city: City, mode: str, folder: Path, orders: Sequence[Order]
) -> None:
    """Everything that is needed to run this evening again."""
    document: dict[str, Any] = {
        "format": CITY_FORMAT,
        "created": datetime.now(tz=UTC).isoformat(),
        "case": to_plain(case, exact=True),
        "mode": mode,
        "versions": versions(),
        "files": [describe_file(city.path)],
        "parts": {order.name: Path(order.folder).name for order in orders},
        "offsets_s": {order.name: order.offset_s for order in orders},
        "lead_s": city.terms.lead_s,
        "units": _units(orders),
        "city": city.plain,
    }
    write_json(folder / "city.json", to_plain(document))


def _units(orders: Sequence[Order]) -> dict[str, str]:
    """Beginning of the name of each of the diary's columns -> its unit."""
    return DIARY_UNITS | {
        f"told:{order.name}:{quantity}": unit
        for order in orders
        for quantity, unit in domains.load(order.side).UNITS.items()
    }
