"""What can a user do? Open a case, run it, replay it, look into a model file."""

from __future__ import annotations

import dataclasses
import inspect as python_inspect
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jialing import domains
from jialing.city.cases import city_file, named_cities
from jialing.city.evening import MODES
from jialing.city.manifest import read_city
from jialing.city.new import new_city as write_city
from jialing.city.replay import replay_evening
from jialing.city.run import CitySettings, check_case, city_case, run_evenings
from jialing.city.survey import survey
from jialing.controllers import Chosen, ControllerLike, choose, from_origin
from jialing.core.case import Case, Reference, Run, check_seed
from jialing.core.errors import (
    ControllerError,
    InputError,
    JialingError,
    RecordError,
    UnknownNameError,
)
from jialing.core.scratch import Scratch
from jialing.core.stages import Desk, Domain, WithPerson
from jialing.loop.clock import Real
from jialing.loop.progress import Listener, Progress
from jialing.loop.runner import run_desk
from jialing.record.export import export_folder
from jialing.record.manifest import check_files
from jialing.record.plain import from_plain, to_plain
from jialing.record.reader import Record, evening_folders, open_record, record_folders, seed_folders
from jialing.record.replay import Comparison, compare
from jialing.record.shape import NUMBER, check_shape
from jialing.record.writer import claim_folder
from jialing.report.numbers import duration
from jialing.result import CaseEntry, Inspection, Interrupted, Result

CITY = "city"
FORECASTS = ("perfect", "ensemble", "persistence", "none")
#: What a replay needs of a manifest.
_REPEATED = {
    "case": {"name": str, "domain": str, "model": str},
    "files": [{"path": str, "sha256": str}],
}
#: What a replay needs of the keys that a person turned.
_KEYS = [{"time_s": NUMBER, "actuator": str, "target": NUMBER}]
_CASE_FIELDS = frozenset(f.name for f in dataclasses.fields(Case)) - {"settings"}


def case(name_or_path: str | Path, /, **overrides: Any) -> Case:
    """A case by its name, or made from a model file.

    Parameters
    ----------
    name_or_path : a name from `cases()`, a model file, e.g. ``town.inp``, or a city's folder
    overrides : fields of `Case` (``seed``, ``duration_s``, ``forecast``, ``tick_s``) or of the
        domain's settings (water: ``series_files``, ``prices``, ``controlled``, …)
    """
    named = domains.named_cases()
    text = str(name_or_path)
    cities = named_cities()
    if isinstance(name_or_path, str) and text in cities:
        return _changed(cities[text](), overrides)
    if isinstance(name_or_path, str) and text in named:
        domain, factory = named[text]
        accepted = python_inspect.signature(factory).parameters
        of_factory = {k: v for k, v in overrides.items() if k in accepted}
        made = factory(**of_factory)
        return _changed(made, {k: v for k, v in overrides.items() if k not in accepted})
    path = Path(name_or_path)
    city = city_file(path)
    if city is not None:
        return _changed(city_case(city), overrides)
    if not path.is_file():
        raise _nothing(name_or_path, [*cities, *named])
    domain = domains.domain_for(path)
    known = _settings_fields(domain)
    options = {k: v for k, v in overrides.items() if k in known}
    made = domains.domain(domain).case_from_file(path, **options)
    return _changed(made, {k: v for k, v in overrides.items() if k not in known})


def cases() -> tuple[CaseEntry, ...]:
    """Every case that has a name, and what keeps it from running here."""
    found = [
        CaseEntry(name=name, domain="city", title=factory().title)
        for name, factory in named_cities().items()
    ]
    for name, (domain, factory) in domains.named_cases().items():
        try:
            made = factory()
        except JialingError as error:
            title = (python_inspect.getdoc(factory) or "").partition("\n")[0]
            found.append(CaseEntry(name=name, domain=domain, title=title, lacks=str(error)))
        else:
            found.append(CaseEntry(name=name, domain=domain, title=made.title))
    return tuple(found)


def run(
    case: Case | str | Path,
    controller: ControllerLike | Sequence[ControllerLike] = "predictive",
    *,
    baseline: bool = True,
    seed: int | None = None,
    out: str | Path | None = None,
    progress: bool | Listener = False,
    pace: float | None = None,
    bound: bool = False,
) -> Result:
    """Run one or several controllers on a case, each with its own guard, record and score.

    Parameters
    ----------
    case : from `case`, or what `case` takes
    controller : a name, ``file.py:Class``, a class or object with ``decide(situation)``,
        or a list of these
    baseline : run the domain's baseline as well, on the same case and seed
    seed : in place of the case's
    out : folder in which the result folder is made (default: ``runs``)
    progress : True for lines on stderr, or a function that is told
    pace : plant seconds per second on the wall; None runs as fast as it can be computed
    bound : compute what no control can beat as well, where the domain knows how

    A city takes neither `pace` nor `bound`. Ctrl-C raises `Interrupted`, which carries the result so
    far, once there is one.
    """
    made = case if isinstance(case, Case) else _open(case)
    made = _checked(made if seed is None else dataclasses.replace(made, seed=seed))
    if made.domain == CITY:
        if pace is not None or bound:
            word = "pace" if pace is not None else "bound"
            raise InputError(f"a city's evening takes no {word}; run it without")
        return _run_city(made, controller, baseline=baseline, out=out, progress=progress)
    domain = domains.domain(made.domain)
    chosen = choose(domain, controller, baseline=baseline)
    if pace is not None and not (pace > 0.0 and math.isfinite(pace)):
        raise InputError(f"a pace of {pace} is not possible; it must be above 0")
    listener = _Lines() if progress is True else progress or None
    bound_of: Callable[[Case], Reference] | None = getattr(domain, "bound", None)
    if bound and bound_of is None:
        raise InputError(f"the domain {made.domain} has no bound to compute; run without it")
    if not bound:
        bound_of = None

    runs: list[Run] = []
    parent = Path("runs") if out is None else Path(out)
    folder: Path | None = None
    first = next(iter(domain.controllers))
    named = next((one.name for one in chosen if one.build == first), "")
    done: list[Result] = []  # what there is, after every run
    try:
        for one in chosen:
            # The plant opens before anything is written: a bad model leaves no folder behind.
            desk = domain.desk(made, one.build)
            if folder is None:
                with _closing(desk.plant.close):
                    folder = claim_folder(parent, folder_name(f"{made.name}-s{made.seed}"))
            runs.append(
                run_desk(
                    desk,
                    folder / folder_name(one.name),
                    case=to_plain(made, exact=True),
                    controller=one.origin,
                    seed=made.seed,
                    progress=listener,
                    clock=None if pace is None else Real(pace),
                )
            )
            done.append(Result(case=made, runs=tuple(runs), folder=folder, baseline=named))
            done[-1].save()
            if runs[-1].details["ended"] == "interrupted":
                raise KeyboardInterrupt
        if bound_of is not None:
            done.append(dataclasses.replace(done[-1], bound=bound_of(made)))
            done[-1].save()
    except KeyboardInterrupt:
        if not done:
            raise
        raise Interrupted(done[-1]) from None
    return done[-1]


def _run_city(
    made: Case,
    controller: ControllerLike | Sequence[ControllerLike],
    *,
    baseline: bool,
    out: str | Path | None,
    progress: bool | Listener,
) -> Result:
    """Run a city's evening in one or several modes; ``predictive`` means ``coupled``."""
    wanted = [controller] if isinstance(controller, str) else controller
    if not isinstance(wanted, list | tuple):
        raise ControllerError(
            f"a city runs in one of the ways {', '.join(MODES)}; it takes no other controller"
        )
    names = ["coupled" if one == "predictive" else one for one in wanted]
    for name in names:
        if name not in MODES:
            raise UnknownNameError("way to run a city", str(name), MODES)
    modes = [mode for mode in MODES if mode in names or (baseline and mode == next(iter(MODES)))]
    check_case(made)
    listener = _Lines() if progress is True else progress or None
    folder = claim_folder(
        Path("runs") if out is None else Path(out), folder_name(f"{made.name}-s{made.seed}")
    )
    try:
        runs = run_evenings(made, modes, folder, progress=listener)
    except BaseException:
        if not any(folder.iterdir()):  # a model that cannot be opened leaves no folder behind
            folder.rmdir()
        raise
    result = Result(case=made, runs=tuple(runs), folder=folder)
    result.save()
    stopped = len(runs) < len(modes)
    if stopped or any(run.details["ended"] == "interrupted" for run in runs):
        raise Interrupted(result)
    return result


def replay(
    folder: str | Path,
    *,
    controller: ControllerLike | None = None,
    progress: bool | Listener = False,
) -> tuple[Comparison, ...]:
    """Repeat the runs of a result or record folder and compare every command, bit for bit.

    A city's evenings are repeated with their couplings and compared part by part. Of several
    results in `folder` each is repeated, and its comparisons name it before the controller.

    Parameters
    ----------
    folder : a result folder, the record folder of one run, that of one evening of a city, or one
        that holds several results; a run that a result names and that is gone is a `RecordError`
    controller : the user's own controller, where the record does not say where its code lies
    progress : as in `run`
    """
    listener = _Lines() if progress is True else progress or None
    folder = Path(folder)
    places = seed_folders(folder) or (folder,)
    found = tuple(
        one
        if len(places) == 1
        else dataclasses.replace(one, controller=f"{place.name} · {one.controller}")
        for place in places
        for one in _replay_result(place, controller, listener)
    )
    if not found:
        raise RecordError(f"{folder} names no run, so nothing can be repeated")
    return found


def export(
    folder: str | Path,
    *,
    to: str = "csv",
    out: str | Path | None = None,
    tell: Callable[[str], None] | None = None,
) -> tuple[Path, ...]:
    """Write every record of a run as a table, one row per tick; answers with the files.

    Parameters
    ----------
    folder : a result folder, of one domain or of a city, or the record folder of one run
    to : ``csv`` or ``parquet``
    out : folder for the tables (default: ``export`` in `folder`)
    tell : told what could not be read, a sentence each (default: lines on stderr)
    """
    folder = Path(folder)
    place = folder / "export" if out is None else Path(out)
    return export_folder(folder, to, place, tell or _tell)


def new_city(
    name: str,
    *,
    water: str | Path,
    roads: str | Path,
    routes: str | Path | None = None,
    stations: Sequence[str | Path] = (),
    out: str | Path = ".",
) -> Path:
    """Begin a city of one's own: a folder `name` in `out` with a ``city.yaml`` around these models.

    `routes` are the trips of a bare network; a ``.sumocfg`` names its own.
    """
    return write_city(
        name,
        water=Path(water),
        roads=Path(roads),
        routes=None if routes is None else Path(routes),
        stations=[Path(station) for station in stations],
        parent=Path(out),
    )


def check_city(folder: str | Path = ".") -> tuple[InputError, ...]:
    """Everything that is missing or does not fit in the city that lies in `folder`."""
    return tuple(survey(Path(folder)))


def inspect(path: str | Path, **settings: Any) -> Inspection:
    """What a model file holds, what is reduced, and what cannot be used.

    Parameters
    ----------
    path : model file, or the name of a case; a city is refused, and its models are named
    settings : of the domain, e.g. ``series_files`` for water
    """
    named, cities = domains.named_cases(), named_cities()
    known = path if isinstance(path, str) else ""  # a Path is a file or a folder, never a name
    city = city_file(cities[known]().model if known in cities else Path(path))
    if city is not None:
        raise _several_models(city)
    if known in named:
        made = named[known][1]()
        settings = {**_inspected(made), **settings}
        path = made.model
    if not Path(path).is_file():
        raise _nothing(path, [*cities, *named])
    path = Path(path)
    name = domains.domain_for(path)
    look: Callable[..., tuple[dict[str, Any], Sequence[str]]] = domains.load(
        domains.row(name).inspect
    )
    accepted = python_inspect.signature(look).parameters
    for setting in settings:
        if setting not in accepted:
            raise InputError(f"a {name} model takes no {setting}; inspect it without", path=path)
    document, lines = look(path, **settings)
    return Inspection(document=document, text="\n".join(lines))


def _several_models(city: Path) -> InputError:
    """What to say to who asks for the model of a city."""
    with suppress(InputError):  # `jialing city check` says what is wrong with the file
        found = read_city(city)
        models = (found.water, found.roads, *found.station_files.values())
        listed = ", ".join(str(_from_here(path)) for path in models)
        return InputError(
            f"is a city of several models, each of which can be inspected: {listed}; "
            f"`jialing city check {city.parent}` says whether they fit together",
            path=city,
        )
    return InputError(
        f"is a city of several models; `jialing city check {city.parent}` says what it lacks",
        path=city,
    )


def _from_here(path: Path) -> Path:
    """`path` as seen from the working folder; whole where it lies outside of it."""
    whole, here = path.resolve(), Path.cwd()
    return whole.relative_to(here) if whole.is_relative_to(here) else whole


def _inspected(made: Case) -> dict[str, Any]:
    """The settings of a case that its domain's `inspect` takes too."""
    look = domains.load(domains.row(made.domain).inspect)
    known = python_inspect.signature(look).parameters
    return {n: getattr(made.settings, n) for n in known if hasattr(made.settings, n)}


def _replay_result(
    folder: Path, controller: ControllerLike | None, listener: Listener | None
) -> Iterator[Comparison]:
    evenings = evening_folders(folder)
    for evening in evenings:
        yield from _replay_evening(evening)
    if not evenings:
        for path in record_folders(folder):
            yield _replay(path, controller, listener)


def _replay_evening(folder: Path) -> tuple[Comparison, ...]:
    with Scratch("replay") as scratch:
        return replay_evening(folder, scratch)


def _replay(
    folder: Path, controller: ControllerLike | None, listener: Listener | None
) -> Comparison:
    if (folder.parent / "city.json").is_file():
        raise RecordError(
            f"{folder.name} is one part of a city's evening, which the other parts act on; "
            f"replay the evening: {folder.parent}"
        )
    if (folder.parent / "diary.jsonl").is_file():
        raise RecordError(
            f"{folder.name} is one part of a city's evening, whose city.json is missing: "
            f"{folder.parent} cannot be repeated without it"
        )
    recorded = open_record(folder)
    check_shape(recorded.manifest, _REPEATED, folder / "manifest.json")
    made = _case_of(recorded.manifest["case"])
    domain = domains.domain(made.domain)
    check_files(recorded.manifest["files"])
    origin = dict(recorded.manifest["controller"])
    if controller is not None and origin.get("kind") == "own":
        chosen: Chosen = choose(domain, controller, baseline=False)[0]
    else:
        chosen = from_origin(domain, origin)
    with Scratch("replay") as scratch:
        run_desk(
            _desk_again(domain, made, chosen, recorded),
            scratch / "record",
            case=recorded.manifest["case"],
            controller=origin,
            seed=made.seed,
            progress=listener,
            outcomes=recorded.frames["outcome"].tolist(),
        )
        return compare(recorded, open_record(scratch / "record"))


def _desk_again(domain: Domain, made: Case, chosen: Chosen, recorded: Record) -> Desk:
    """The desk of a run that is repeated; keys that a person turned come from the record."""
    if not isinstance(domain, WithPerson):
        return domain.desk(made, chosen.build)
    keys = [event for event in recorded.events if event["kind"] == "key"]
    check_shape(keys, _KEYS, recorded.folder / "events.jsonl")
    return domain.replay_desk(made, chosen.build, keys)


def _case_of(plain: dict[str, Any]) -> Case:
    """The case that a manifest holds."""
    settings_kind = domains.load(domains.row(plain["domain"]).settings)
    settings = plain.get("settings")
    made: Case = from_plain(Case, {**plain, "settings": None})
    if settings is not None:
        made = dataclasses.replace(made, settings=from_plain(settings_kind, settings))
    named = domains.named_cases()
    if not made.model.is_file() and made.name in named:
        # A derived model file may have been cleared away; the case makes it again.
        made = dataclasses.replace(made, model=named[made.name][1]().model)
    return made


def _nothing(name_or_path: str | Path, known: Sequence[str]) -> JialingError:
    """What to say of what is neither a file nor the name of a case."""
    path = Path(name_or_path)
    if path.is_dir():
        return InputError("is a folder, not a model file, and holds no city.yaml", path=path)
    if isinstance(name_or_path, Path) or path.suffix or len(path.parts) > 1:
        return InputError("no such file", path=path)
    return UnknownNameError("case, nor a model file", name_or_path, known)


def _open(name_or_path: str | Path) -> Case:
    return case(name_or_path)


def _changed(made: Case, overrides: dict[str, Any]) -> Case:
    """`made` with fields of the case or of its settings replaced; the title tells another length."""
    of_case = {k: v for k, v in overrides.items() if k in _CASE_FIELDS}
    of_settings = {k: v for k, v in overrides.items() if k not in _CASE_FIELDS}
    if of_case.get("forecast", "none") != "none" and not _foresees(made.domain):
        raise _no_forecast(made.domain, of_case["forecast"])
    known = _settings_fields(made.domain)
    for name in of_settings:
        if name not in known:
            raise UnknownNameError(f"setting of a {made.domain} case", name, _CASE_FIELDS | known)
    if of_settings:
        made = dataclasses.replace(made, settings=dataclasses.replace(made.settings, **of_settings))
    changed = _checked(dataclasses.replace(made, **of_case))
    if changed.duration_s is None or changed.duration_s == made.duration_s or "title" in of_case:
        return changed
    length = duration(changed.duration_s)
    return dataclasses.replace(changed, title=f"{made.title}, run for {length}")


def _settings_fields(domain: str) -> frozenset[str]:
    if domain == CITY:
        return frozenset(f.name for f in dataclasses.fields(CitySettings))
    return frozenset(f.name for f in dataclasses.fields(domains.load(domains.row(domain).settings)))


def _checked(made: Case) -> Case:
    if made.forecast not in FORECASTS:
        raise UnknownNameError("forecast", str(made.forecast), FORECASTS)
    if made.forecast == "perfect" and not _foresees(made.domain):
        raise _no_forecast(made.domain, made.forecast)
    check_seed(made.seed)
    for name, value in (("tick_s", made.tick_s), ("duration_s", made.duration_s)):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise InputError(f"{name} = {value} is not possible; it must be above 0 s")
    return made


def _foresees(domain: str) -> bool:
    return domain == CITY or domains.row(domain).foresees


def _no_forecast(domain: str, kind: str) -> InputError:
    return InputError(
        f"the domain {domain} decides on what it sees and takes no forecast, so none can be "
        f"{kind!r}; run it without"
    )


def folder_name(name: str) -> str:
    """`name` as it may stand for a folder."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "run"


@contextmanager
def _closing(close: Callable[[], None]) -> Iterator[None]:
    """Close the plant if what follows its opening fails."""
    try:
        yield
    except BaseException:
        close()
        raise


def _tell(notice: str) -> None:
    print(notice, file=sys.stderr)


class _Lines:
    """Tells progress as plain lines on stderr, one per tenth of a run."""

    def __init__(self) -> None:
        self._told = ("", -1)

    def __call__(self, progress: Progress) -> None:
        tenth = int(progress.share * 10) if progress.wall_s > 0.0 else -1
        step = (progress.controller, tenth)
        if step != self._told:
            self._told = step
            print(progress, file=sys.stderr)
