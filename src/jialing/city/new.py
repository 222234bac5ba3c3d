"""How does a city of the user's own begin? Writes a `city.yaml` around the models they have."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from jialing.city.survey import clock_s, streets
from jialing.core.errors import InputError
from jialing.domains.metro.inspect import clock
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.station import Station
from jialing.domains.metro.yaml_file import quoted
from jialing.domains.traffic.reader import read_scenario
from jialing.domains.water.hours import acts_by_hour
from jialing.domains.water.model import NodeKind, WaterModel, read_model

SHIPPED = Path(__file__).resolve().parents[1] / "cities" / "chongqing" / "city.yaml"


def new_city(
    name: str,
    *,
    water: Path,
    roads: Path,
    routes: Path | None,
    stations: Sequence[Path],
    parent: Path,
) -> Path:
    """Make the folder `name` in `parent` with a `city.yaml` around these models; answers with it.

    The models stay where they are. Raises InputError for a model that cannot be read, for streets
    on which nothing drives, and for a folder that exists: nothing is ever written over.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise InputError(f"{name!r} cannot be the name of a city; use letters, digits, - and _")
    model = read_model(water)
    movable = [model.links.names[i] for i in model.controllable()]
    outfalls = [model.nodes.names[i] for i in model.nodes.of_kind(NodeKind.OUTFALL)]
    streets(roads)
    scenario = read_scenario(roads)
    if routes is None and not (scenario.routes or scenario.additional):
        raise InputError(
            "has no traffic of its own; name its trips too, for example --routes trips.rou.xml, "
            "or a .sumocfg that does",
            path=roads,
        )
    if routes is not None and not routes.is_file():
        raise InputError("there is no such route file", path=routes)
    read = [read_station(path) for path in stations]
    named = {station.name: path for station, path in zip(read, stations, strict=True)}
    if len(named) < len(stations):
        raise InputError("two of the station files have the same `station:`; names must differ")
    folder = parent / name
    try:
        (folder / "storms" / "usual").mkdir(parents=True)
    except FileExistsError:
        raise InputError("exists already; a city is never written over", path=folder) from None
    path = folder / "city.yaml"
    path.write_text(
        _text(
            name,
            begin=clock(_begin_s(model, read)),
            water=_from(folder, water),
            roads=_from(folder, roads),
            routes="" if routes is None else _from(folder, routes),
            stations={own: _from(folder, file) for own, file in named.items()},
            movable=movable,
            outfalls=outfalls,
        ),
        encoding="utf-8",
    )
    return path


def _begin_s(model: WaterModel, stations: Iterable[Station]) -> float:
    """Clock time zero [s]: the sewer's own; where nothing in it acts by the hour, with all stations open."""
    start_s = clock_s(model)
    if next(acts_by_hour(model), None) is not None:
        return start_s
    return max([start_s, *(station.open_s for station in stations)])


def _text(
    name: str,
    *,
    begin: str,
    water: str,
    roads: str,
    routes: str,
    stations: dict[str, str],
    movable: Iterable[str],
    outfalls: Iterable[str],
) -> str:
    models = [
        f"    {quoted(own)}: {{file: {quoted(file)}, tick_s: 30}}" for own, file in stations.items()
    ]
    trips = f"routes: {quoted(routes)}, " if routes else ""
    entries = [f"  {quoted(own)}: {{draws_from: {{}}}}" for own in stations]
    return "\n".join(
        [
            "# What belongs together in this city. Every entry: docs/reference/city-file.md.",
            f"# Say `jialing city check {name}` until nothing is missing, then `jialing run {name}`.",
            f"city: {quoted(name)}",
            f"title: {quoted(name)}",
            f'begin: "{begin}"            # clock time zero of every model, and START_TIME of the sewer',
            "duration_min: 60",
            "step_s: 60",
            "",
            "models:",
            f"  water: {{file: {quoted(water)}, tick_s: 60}}",
            f"  roads: {{file: {quoted(roads)}, {trips}tick_s: 1}}",
            "  stations:" + ("" if models else " {}"),
            *models,
            "",
            "water:",
            "  # Everything that could be moved; take out what may not be.",
            f"  controlled: [{', '.join(map(quoted, movable))}]",
            "  # Outfalls whose flow is an overflow: true where the water there is sensitive. Take out the works.",
            f"  overflow_outfalls: {{{', '.join(f'{quoted(o)}: false' for o in outfalls)}}}",
            "  # gauge: TIMESERIES of its rain. With none, the series of the SWMM file itself fall.",
            "  gauges: {}",
            "",
            "# A folder per storm with NAME.dat for every series named above.",
            "storms:",
            "  default: usual",
            "  usual: {title: The rain of the SWMM file, series: storms/usual}",
            "",
            "# Roads that dip and flood. For each, fill in and uncomment:",
            "underpasses: {}",
            "#  name:",
            "#    node: J1               # of the sewer",
            "#    road_m: 1.2            # depth in it at which water reaches the road",
            "#    low: [edge]            # edges that flood",
            "#    entries: [edge_in]     # edges that a closure bars",
            "#    minutes_lost: 4        # on the way round",
            "#    veh_h: 300             # vehicles on an ordinary evening",
            "",
            "# draws_from: {underpass: share of those who change to the metro that come here}",
            "stations:" + ("" if entries else " {}"),
            *entries,
            "",
            *_couplings(),
            "",
        ]
    )


def _couplings() -> list[str]:
    """The couplings with their sources, as the shipped city has them."""
    text = SHIPPED.read_text(encoding="utf-8")
    section = re.search(r"^couplings:\n(?:[ #].*\n|\n)*", text, re.MULTILINE)
    lines = section[0].rstrip().splitlines() if section else []
    while lines and (not lines[-1].strip() or lines[-1].startswith("#")):
        lines.pop()
    return [
        "# Laws and figures of Chongqing, with their sources: judge each for your city.",
        *lines,
    ]


def _from(folder: Path, file: Path) -> str:
    """`file` as seen from `folder`."""
    return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
