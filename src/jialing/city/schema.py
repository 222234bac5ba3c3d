"""What may stand in a `city.yaml`? One line per entry."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jialing.domains.metro.nodes import LATEST_S

Place = tuple[str, ...]

DECIDE_EVERY_S = 300.0
STROKE_S = 120.0  # a gate of a metre needs so long from shut to open
CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of a city.

    Attributes
    ----------
    place : keys down to it; ``*`` stands for a name of the user's
    kind : of `KINDS`
    text : what it means
    unit : of a number
    low, high : least and greatest value of a number, or of each in a list
    needed : whether a city can do without
    """

    place: Place
    kind: str
    text: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    needed: bool = True


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _name(value: Any) -> bool:
    return _text(value) or (_number(value) and isinstance(value, int))


def _clock(value: Any) -> bool:
    parts = CLOCK.fullmatch(value) if isinstance(value, str) else None
    return parts is not None and 3600 * int(parts[1]) + 60 * int(parts[2]) <= LATEST_S


#: kind -> what it is, in words, and how a value of it is known.
KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("text", _text),
    "name": ("a name", _name),
    "file": ("the name of a file", _text),
    "folder": ("the name of a folder", _text),
    "clock": (f'a clock time such as "17:30", up to "{LATEST_S / 3600:.0f}:00"', _clock),
    "flag": ("true or false", lambda v: isinstance(v, bool)),
    "number": ("a number", _number),
    "whole": ("a whole number from 1 on", lambda v: _number(v) and v >= 1 and v == int(v)),
    "names": ("a list of names", lambda v: isinstance(v, list) and all(_name(one) for one in v)),
    "numbers": ("a list of numbers", lambda v: isinstance(v, list) and all(map(_number, v))),
    "pairs": (
        "a list of [above, factor]",
        lambda v: (
            isinstance(v, list)
            and all(isinstance(r, list) and len(r) == 2 and all(map(_number, r)) for r in v)
        ),
    ),
    "section": ("a section with entries of its own", lambda v: isinstance(v, dict)),
}


def _e(place: str, kind: str, text: str, **more: Any) -> Entry:
    return Entry(place=tuple(place.split(".")), kind=kind, text=text, **more)


ENTRIES: tuple[Entry, ...] = (
    _e("city", "name", "short name; `jialing run` knows a shipped city by it"),
    _e("title", "text", "name for people"),
    _e("schematic", "flag", "true if it shows no real city; said wherever it appears", needed=False),
    _e("begin", "clock", "clock time zero of every model; a sewer in which anything acts by the hour (patterns,"
       " dated series, rules by CLOCKTIME) starts then (START_TIME), and every station is open from then on for the whole"
       " evening. After midnight hours count on, as in station files: 24:30"),
    _e("duration_min", "number", "length of an evening", unit="min", low=1.0),
    _e("step_s", "number", "how often one domain hears of another", unit="s", low=1.0),
    _e("models", "section", "the models, one per domain"),
    _e("models.water", "section", "the sewer"),
    _e("models.water.file", "file", "SWMM input file"),
    _e("models.water.storms", "folder", "where its series lie; serves people: `storms` counts",
       needed=False),
    _e("models.water.tick_s", "whole", "between two decisions", unit="s"),
    _e("models.roads", "section", "the streets"),
    _e("models.roads.file", "file", "SUMO configuration, or a bare network"),
    _e("models.roads.net", "file", "its network; serves people: the one that `file` names counts",
       needed=False),
    _e("models.roads.routes", "file", "its trips, in place of those that `file` names; a bare network"
       " needs it", needed=False),
    _e("models.roads.additional", "file", "its additional file; serves people: the one that `file`"
       " names counts", needed=False),
    _e("models.roads.tick_s", "number", "between two decisions: a whole number of SUMO's steps",
       unit="s", low=0.1),
    _e("models.stations", "section", "the stations, by name"),
    _e("models.stations.*", "section", "one station", needed=False),
    _e("models.stations.*.file", "file", "station file"),
    _e("models.stations.*.tick_s", "whole", "between two decisions", unit="s"),
    _e("map", "section", "plane of the map", needed=False),
    _e("map.lon0", "number", "longitude of its origin", unit="°", low=-180, high=180),
    _e("map.lat0", "number", "latitude of its origin", unit="°", low=-90, high=90),
    _e("map.earth_m", "number", "radius of the Earth", unit="m", low=6.3e6, high=6.4e6),
    _e("map.rivers", "file", "banks of the rivers, for the map", needed=False),
    _e("map.places", "file", "places; serves people: nothing reads it", needed=False),
    _e("water", "section", "what of the sewer may be moved, and what drives it"),
    _e("water.controlled", "names", "gates, weirs and pumps that Jialing may move, at least one"),
    _e("water.decide_every_s", "number", "between two plans of the sewer's controller, a multiple of"
       f" models.water.tick_s; {DECIDE_EVERY_S:g} if absent", unit="s", low=1.0, needed=False),
    _e("water.stroke_s", "number", f"a gate from shut to open; {STROKE_S:g} if absent", unit="s",
       low=1.0, needed=False),
    _e("water.overflow_outfalls", "section", "outfalls whose flow is an overflow; of all others it is"
       " treated"),
    _e("water.overflow_outfalls.*", "flag", "true where the water there is sensitive: a cubic metre"
       " costs three times as much", needed=False),
    _e("water.gauges", "section", "gauge -> time series of its rain"),
    _e("water.gauges.*", "name", "a time series of the SWMM file", needed=False),
    _e("water.river_stages", "names", "time series of river stages", needed=False),
    _e("storms", "section", "storms, by name"),
    _e("storms.default", "name", "the storm that runs if none is named"),
    _e("storms.*", "section", "one storm", needed=False),
    _e("storms.*.title", "text", "name for people"),
    _e("storms.*.series", "folder", "folder of series: NAME.dat for each gauge and river stage"),
    _e("underpasses", "section", "roads that dip and flood, by name"),
    _e("underpasses.*", "section", "one underpass", needed=False),
    _e("underpasses.*.title", "text", "name for people", needed=False),
    _e("underpasses.*.node", "name", "node of the sewer where the water stands"),
    _e("underpasses.*.road_m", "number", "depth in that node at which water reaches the road",
       unit="m", low=0.0),
    _e("underpasses.*.low", "names", "edges that flood"),
    _e("underpasses.*.entries", "names", "edges that a closure bars"),
    _e("underpasses.*.detour", "names", "signals that carry the traffic instead; serves the"
       " report", needed=False),
    _e("underpasses.*.relieved_by", "names", "what relieves it most; serves people: nothing reads"
       " it", needed=False),
    _e("underpasses.*.minutes_lost", "number", "on the way round, by each vehicle", unit="min",
       low=0.0),
    _e("underpasses.*.veh_h", "number", "vehicles on an ordinary evening", unit="veh/h", low=0.0,
       needed=False),
    _e("stations", "section", "stations of the metro, by name as in models.stations"),
    _e("stations.*", "section", "one station", needed=False),
    _e("stations.*.draws_from", "section", "underpass -> share of its riders who come here",
       needed=False),
    _e("stations.*.draws_from.*", "number", "share", unit="1", low=0.0, high=1.0, needed=False),
    _e("stations.*.streets", "names", "junctions around it; serves the report", needed=False),
    _e("couplings", "section", "how one domain acts on another"),
    _e("couplings.rain_to_runoff", "section", "inside the sewer's model; serves people",
       needed=False),
    _e("couplings.rain_to_road", "section", "rain slows the streets"),
    _e("couplings.rain_to_road.above_mm_h", "numbers", "rain, ascending", unit="mm/h", low=0.0),
    _e("couplings.rain_to_road.speed", "numbers", "factor on free speed", unit="1", low=0.05,
       high=1.0),
    _e("couplings.rain_to_road.capacity", "numbers", "factor on saturation flow", unit="1",
       low=0.05, high=1.0),
    _e("couplings.depth_to_speed", "section", "water slows those in it; as published if absent",
       needed=False),
    _e("couplings.depth_to_speed.a", "number", "term of w²", unit="km/h/mm²"),
    _e("couplings.depth_to_speed.b", "number", "term of w", unit="km/h/mm"),
    _e("couplings.depth_to_speed.c", "number", "at no water", unit="km/h"),
    _e("couplings.depth_to_speed.stopping_mm", "number",
       "water that stops a car, and catches whoever is in it", unit="mm", low=1.0),
    _e("couplings.depth_to_closure", "section", "water closes an underpass"),
    _e("couplings.depth_to_closure.closes_mm", "number", "closed from here on", unit="mm", low=1.0),
    _e("couplings.depth_to_closure.opens_mm", "number", "open again below", unit="mm", low=0.0),
    _e("couplings.depth_to_closure.seen_after_s", "number", "until somebody has seen it",
       unit="s", low=0.0),
    _e("couplings.depth_to_closure.lead_s", "number", "how far ahead foreseen water closes",
       unit="s", low=0.0, needed=False),
    _e("couplings.depth_to_closure.shortest_s", "number", "shortest closure", unit="s", low=0.0,
       needed=False),
    _e("couplings.depth_to_closure.clear_s", "number",
       "dry and foreseen dry for so long before a coupled city opens it", unit="s", low=0.0,
       needed=False),
    _e("couplings.closure_to_detour", "section", "who turns off at a barrier", needed=False),
    _e("couplings.closure_to_detour.guided", "number", "share of drivers with navigation",
       unit="1", low=0.0, high=1.0),
    _e("couplings.closure_to_metro", "section", "closures send people into the metro"),
    _e("couplings.closure_to_metro.people_per_vehicle", "number", "mean occupancy", unit="1",
       low=1.0),
    _e("couplings.closure_to_metro.share", "number", "of the cars left at home", unit="1", low=0.0,
       high=1.0),
    _e("couplings.closure_to_metro.after_min", "number", "until they are there", unit="min",
       low=0.0, needed=False),
    _e("couplings.rain_to_entry", "section", "rain keeps people in"),
    _e("couplings.rain_to_entry.table", "pairs", "rain above [mm/h], factor on those who enter"),
    _e("couplings.traffic_to_water", "section", "what water on a road costs the sewer's controller"),
    _e("couplings.traffic_to_water.m3_per_vehicle_h", "number",
       "worth of a vehicle's hour, as overflow", unit="m³", low=0.0),
    _e("couplings.*.law", "name", "its function in jialing.city.laws; serves people", needed=False),
    _e("couplings.*.source", "text", "where its figures come from; serves people", needed=False),
    _e("events", "section", "what may be ordered for a run, by name", needed=False),
    _e("events.*", "section", "one event", needed=False),
    _e("events.*.kind", "name", "power_loss (of a pump) or detector_loss (of a junction)"),
    _e("events.*.pump", "name", "one of `water.controlled`, for power_loss", needed=False),
    _e("events.*.junction", "name", "signal, for detector_loss", needed=False),
    _e("events.*.from_min", "number", "when it begins, after `begin` and before the evening ends: with the"
       " next step", unit="min", low=0.0),
    _e("events.*.minutes", "number", "how long it lasts, a step (`step_s`) at least; what several break"
       " works again after the last of them", unit="min", low=0.0),
)  # fmt: skip

#: Entries that a city once had -> why none has them any more.
GONE: dict[Place, str] = {
    ("underpasses", "*", "gauge"): "rain on the streets is the mean of the sewer's gauges",
    ("stations", "*", "gauge"): "rain at a station is the mean of the sewer's gauges",
}

#: Kind of event -> the entry that says what fails.
EVENT_KINDS = {"power_loss": "pump", "detector_loss": "junction"}
