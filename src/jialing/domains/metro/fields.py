"""What may a station file say? One table, from which checks, JSON Schema and reference page come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jialing.domains.metro.numbers import NUMBERS


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One key of a section.

    Attributes
    ----------
    name : key in the file
    kind : ``text``, ``number``, ``count``, ``flag``, ``clock`` (``HH:MM`` or ``HH:MM:SS``, beyond
        24:00 after midnight), ``clocks`` (a list of them), ``points`` (a list of
        ``[clock, number]``), ``section`` or ``sections`` (a list)
    text : what it means
    unit : of a number
    low, high : what is allowed, both ends too
    required : must be given
    choices : of a text
    of : name of the section that it holds
    default : as people would write it; None where it is worked out or absent
    """

    name: str
    kind: str
    text: str
    unit: str = ""
    low: float = 0.0
    high: float = 1e7
    required: bool = False
    choices: tuple[str, ...] = ()
    of: str = ""
    default: Any = None


def _number(name: str, text: str, unit: str, low: float, high: float, **more: Any) -> Entry:
    return Entry(name=name, kind="number", text=text, unit=unit, low=low, high=high, **more)


def _text(name: str, text: str, **more: Any) -> Entry:
    return Entry(name=name, kind="text", text=text, **more)


def _flag(name: str, text: str, default: bool = False) -> Entry:
    return Entry(name=name, kind="flag", text=text, default=default)


def _clock(name: str, text: str, **more: Any) -> Entry:
    return Entry(name=name, kind="clock", text=text, **more)


def _list(name: str, of: str, text: str, **more: Any) -> Entry:
    return Entry(name=name, kind="sections", of=of, text=text, **more)


_SHARE = ("1", 0.0, 1.0)

SECTIONS: dict[str, tuple[Entry, ...]] = {
    "station": (
        _text("station", "short name", required=True),
        _text("title", "one line for people", default="the name"),
        _clock("open", "doors open", required=True),
        _clock("close", "doors close, after 24:00 if need be", required=True),
        _list("levels", "level", "the floors", required=True),
        _list("platforms", "platform", "where trains stop", required=True),
        _list("links", "link", "what joins the levels", required=True),
        _list("entrances", "entrance", "where people come in and go out", required=True),
        Entry(name="demand", kind="section", of="demand", text="how many people", required=True),
        _list("timetable", "trains", "when trains stop", required=True),
        _list("events", "event", "crowds beyond the ordinary day"),
        _list("outages", "outage", "planned closures of links"),
        Entry(name="duty", kind="section", of="duty", text="what every plan must keep to"),
        Entry(name="numbers", kind="section", of="numbers", text="standard numbers of your own"),
    ),
    "level": (
        _text("name", "unique", required=True),
        _number("elevation_m", "above the street, negative below", "m", -200, 200, required=True),
        _number("area_m2", "to stand and walk on, without platforms", "m²", 1, 1e5, required=True),
    ),
    "platform": (
        _text("name", "unique", required=True),
        _text("level", "its level", required=True),
        _number("area_m2", "for waiting people", "m²", 1, 2e4, required=True),
        _number("share", "part of the entering people who go to it", *_SHARE, required=True),
        _number("walk_s", "mean walk from train to links; or give walk_m", "s", 1, 1800),
        _number("walk_m", "the same as a length", "m", 1, 1000),
    ),
    "link": (
        _text("name", "unique", required=True),
        _text("kind", "what it is", required=True, choices=("escalator", "stair", "lift", "gate")),
        _text("from", "level at the end nearer to the trains", required=True),
        _text("to", "level at the end nearer to the street", required=True),
        _text(
            "direction",
            "today's, seen from the trains; needed for escalators",
            choices=("up", "down", "both"),
        ),
        _flag("reversible", "may be sent the other way"),
        _flag("fixed", "must never be sent the other way"),
        _number("rise_m", "height it overcomes; else from the levels", "m", 0.5, 200),
        _number("speed_m_s", "escalator: speed along its slope", "m/s", 0.2, 1.0, default=0.5),
        _number("width_m", "escalator: step; stair: clear width", "m", 0.4, 30, default=1.0),
        _flag("walk_left", "escalator: one side is kept free for walkers"),
        Entry(name="gates", kind="count", text="gate: how many", low=1, high=200),
        Entry(name="persons", kind="count", text="lift: people in one car", low=1, high=200),
        _number("cycle_s", "lift: time of a round trip", "s", 10, 1800),
        _number("capacity_p_min", "people per minute; else worked out", "p/min", 0.5, 2000),
        _number("ride_s", "time from end to end; else worked out", "s", 1, 1800),
        _number(
            "walk_s", "how much farther than the nearest link of its bank", "s", 0, 600, default=0
        ),
        _flag("step_free", "usable without steps; lifts always are"),
        _number("inspect_s", "inspection in a reversal; else from the numbers", "s", 0, 1800),
        _number("restart_s", "restart in a reversal; else from the numbers", "s", 0, 600),
        _text("bank", "where it is, for pictures"),
    ),
    "entrance": (
        _text("name", "unique", required=True),
        _text("level", "its level", required=True),
        _number("share", "part of all people who use it", *_SHARE, required=True),
        _number("capacity_p_min", "people who can come in; or give gates", "p/min", 1, 5000),
        Entry(name="gates", kind="count", text="entry gates", low=1, high=200),
        _flag("metered", "entry may be throttled"),
    ),
    "demand": (
        Entry(
            name="alighting",
            kind="section",
            of="profile",
            text="people who leave trains",
            required=True,
        ),
        Entry(
            name="entering", kind="section", of="profile", text="people who come in", required=True
        ),
    ),
    "profile": (
        Entry(
            name="points",
            kind="points",
            text="knots `[clock, p/h]`, straight between them; or base and peaks",
            unit="p/h",
            high=2e5,
        ),
        _number("base_p_h", "people per hour outside peaks", "p/h", 0, 2e5),
        _list("peaks", "peak", "bell curves on top of it"),
    ),
    "peak": (
        _clock("at", "its middle", required=True),
        _number("width_min", "standard deviation", "min", 1, 360, required=True),
        _number("p_h", "its height", "p/h", 0, 2e5, required=True),
    ),
    "trains": (
        _text("platform", "where they stop", required=True),
        Entry(name="times", kind="clocks", text="each stop; or first, last and every_s"),
        _clock("first", "first stop"),
        _clock("last", "no stop after it"),
        _number("every_s", "interval", "s", 20, 7200),
        _list("denser", "interval", "times of the day with another interval"),
        _number("room", "people one train can take on", "p", 1, 5000),
    ),
    "interval": (
        _clock("from", "begin", required=True),
        _clock("to", "end", required=True),
        _number("every_s", "interval", "s", 20, 7200, required=True),
    ),
    "event": (
        _text("name", "unique", required=True),
        _text(
            "kind",
            "egress: people come to the trains; ingress: people arrive by train",
            required=True,
            choices=("egress", "ingress"),
        ),
        _clock("at", "middle of the wave", required=True),
        _number("persons", "how many", "p", 1, 5e5, required=True),
        _number("width_min", "standard deviation", "min", 1, 240, required=True),
        _flag("announced", "known beforehand", default=True),
    ),
    "outage": (
        _text("link", "which", required=True),
        _clock("from", "begin", required=True),
        _clock("to", "end", required=True),
    ),
    "duty": (
        _number("min_dwell_s", "shortest stay in one direction", "s", 0, 14400, default=600),
        Entry(
            name="switch_budget",
            kind="count",
            text="reversals of one link in a day",
            low=0,
            high=200,
            default=12,
        ),
        _flag("both_ways", "each stage keeps a working link in each direction", default=True),
        _number(
            "max_age_s", "a count older than this freezes directions", "s", 1, 3600, default=90
        ),
    ),
    "numbers": tuple(
        _number(n.name, n.text, n.unit, n.low, n.high, default=n.value) for n in NUMBERS
    ),
}

_CLOCK = r"^[0-9]{1,2}:[0-5][0-9](:[0-5][0-9])?$"


def json_schema() -> dict[str, Any]:
    """The station file as JSON Schema (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Jialing station file",
        **_object("station"),
        "$defs": {name: _object(name) for name in SECTIONS if name != "station"},
    }


def _object(section: str) -> dict[str, Any]:
    entries = SECTIONS[section]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [entry.name for entry in entries if entry.required],
        "properties": {entry.name: _property(entry) for entry in entries},
    }


def _property(entry: Entry) -> dict[str, Any]:
    clock = {"type": "string", "pattern": _CLOCK}
    text = entry.text + (f" [{entry.unit}]" if entry.unit else "")
    shape: dict[str, Any]
    if entry.kind == "section":
        shape = {"$ref": f"#/$defs/{entry.of}"}
    elif entry.kind == "sections":
        shape = {"type": "array", "items": {"$ref": f"#/$defs/{entry.of}"}}
        if entry.required:
            shape["minItems"] = 1
    elif entry.kind == "flag":
        shape = {"type": "boolean"}
    elif entry.kind == "clock":
        shape = clock
    elif entry.kind == "clocks":
        shape = {"type": "array", "items": clock}
    elif entry.kind == "points":
        number = {"type": "number", "minimum": entry.low, "maximum": entry.high}
        pair = {"type": "array", "prefixItems": [clock, number], "minItems": 2, "maxItems": 2}
        shape = {"type": "array", "items": pair, "minItems": 2}
    elif entry.kind == "text":
        shape = {"type": "string", "minLength": 1}
        if entry.choices:
            shape = {"enum": list(entry.choices)}
    else:
        kind = "integer" if entry.kind == "count" else "number"
        shape = {"type": kind, "minimum": entry.low, "maximum": entry.high}
    if entry.default is not None:
        shape["default"] = entry.default
    return {**shape, "description": text}
