"""Has a JSON document the shape that its readers take for granted?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from jialing.core.errors import RecordError
from jialing.record.plain import read_json

#: A type, several of them, the shape of every item of a list, or of the entries of an object. An entry
#: ``name?`` may be missing; the entry ``*`` is the shape of every value.
Shape = type | tuple[type, ...] | list[Any] | Mapping[str, Any]

#: Format of the ``city.json`` in the folder of a city's evening.
CITY_FORMAT = "jialing-city/1"

NUMBER = (int, float)
#: A number that is not finite is written as null.
ANY_NUMBER = (int, float, NoneType)
SHEET: Shape = {"*": {"value?": ANY_NUMBER, "unit": str}}
PICTURE: Shape = {
    "panels?": [
        {
            "factor?": NUMBER,
            "signals?": [str],
            "places?": int,
            "limits?": [{"value": NUMBER, "text": str}],
        }
    ],
    "map?": dict,
    "nodes?": {"name": list, "x": list, "y": list},
    "links?": {"name": list, "from": list, "to": list, "vertices": list},
    "signals?": [{"name": str, "x": NUMBER, "y": NUMBER}],
}
MANIFEST: Shape = {
    "controller": {"name": str},
    "signals": [{"name": str, "unit": str}],
    "actuators": [{"name": str}],
    "fields": [{"name": str, "unit": str, "elements": list}],
    "case?": dict,
    "seed": int,
    "tick_s": NUMBER,
    "duration_s?": NUMBER,
    "files?": [{"path": str, "sha256": str}],
    "versions?": dict,
    "machine?": {"processor?": str, "cores?": int, "system?": str},
    "about": {"remarks?": list, "start?": str, "begin_s?": NUMBER},
    "picture": PICTURE,
}
SCORE: Shape = {
    "ended?": str,
    "ticks?": int,
    "score?": SHEET,
    "guard?": {"allowed?": int, "clamped?": int, "refused?": int},
    "wall_s?": ANY_NUMBER,
    "plant_s?": ANY_NUMBER,
    "decide_s?": ANY_NUMBER,
    "loop_s?": ANY_NUMBER,
    "exchange_s?": ANY_NUMBER,
    "details?": {
        "lost?": {"*": str},
        "parts?": {
            "*": {
                "score?": SHEET,
                "decisions?": {"*": int},
                "extra?": {"*": ANY_NUMBER},
                "plant_s?": ANY_NUMBER,
                "decide_s?": ANY_NUMBER,
            }
        },
    },
}
EVENT: Mapping[str, Any] = {"time_s": NUMBER, "kind": str}
DIARY: Shape = {
    "time_s": NUMBER,
    "told?": {"*": {"*": ANY_NUMBER}},
    "closed?": list,
    "rain_mps?": ANY_NUMBER,
    "traffic_ph?": {"*": ANY_NUMBER},
}
RESULT: Shape = {
    "case?": str,
    "seed?": int,
    "runs?": [{"folder?": (str, NoneType), "controller?": str, "score?": SHEET}],
}

_WORDS = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a whole number",
    float: "a number",
    NoneType: "null",
}


def read_shaped(path: Path, shape: Shape) -> dict[str, Any]:
    """Content of a JSON file that holds an object; raises RecordError naming what does not fit."""
    found = read_json(path)
    check_shape(found, shape, path)
    return dict(found)


def read_document(path: Path, form: str, shape: Shape) -> dict[str, Any]:
    """Content of a JSON file of the format `form`; raises RecordError for another one or shape."""
    found = read_json(path)
    other = found.get("format") if isinstance(found, dict) else None
    if other != form:
        raise RecordError(f"{path.parent} has format {other!r}, this version reads {form!r}")
    check_shape(found, shape, path)
    return dict(found)


def fits(found: Any, shape: Shape) -> bool:
    """True if `found` has this shape."""
    return next(_misfits(found, shape, ""), None) is None


def check_shape(found: Any, shape: Shape, path: Path) -> None:
    """Raise RecordError, naming file and entry, where `found` has another shape."""
    for place, value, allowed in _misfits(found, shape, ""):
        said = "is missing" if value is _MISSING else f"is {_shown(value)}"
        raise RecordError(f"{path}: {place or 'the document'} {said}; allowed is {allowed}")


_MISSING = object()


def _misfits(found: Any, shape: Shape, place: str) -> Iterator[tuple[str, Any, str]]:
    kind = dict if isinstance(shape, Mapping) else list if isinstance(shape, list) else shape
    # NaN and infinity are no JSON, but Python reads them.
    sound = isinstance(found, kind) and (not isinstance(found, float) or math.isfinite(found))
    if not sound:
        yield place, found, _said(kind)
    elif isinstance(shape, list):
        for i, item in enumerate(found):
            yield from _misfits(item, shape[0], f"{place}[{i}]")
    elif isinstance(shape, Mapping):
        yield from _entries(found, shape, f"{place}." if place else "")


def _entries(
    found: Mapping[str, Any], shape: Mapping[str, Any], above: str
) -> Iterator[tuple[str, Any, str]]:
    for entry, inner in shape.items():
        name = entry.removesuffix("?")
        if entry == "*":
            for key, value in found.items():
                yield from _misfits(value, inner, f"{above}{key}")
        elif name == entry or name in found:
            yield from _misfits(found.get(name, _MISSING), inner, f"{above}{name}")


def _said(kind: type | tuple[type, ...]) -> str:
    """The types that are allowed; whoever takes a number takes a whole one."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(_WORDS[one] for one in kinds if one is not int or float not in kinds)


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return _WORDS[type(value)]
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
