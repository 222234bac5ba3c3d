"""What stands where in a YAML file? Values with line and column, checked against a section's table."""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from jialing.core.errors import InputError
from jialing.domains.metro.fields import SECTIONS, Entry
from jialing.domains.metro.yaml_file import read_yaml

CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")
LATEST_S = 36 * 3600.0
TRUE, FALSE = ("true", "yes", "on"), ("false", "no", "off")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A position in a file, from 1."""

    path: Path
    line: int
    column: int

    def fail(self, message: str) -> NoReturn:
        """Raise InputError that names this place."""
        raise InputError(message, path=self.path, line=self.line, column=self.column)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A section as read: values by key, in SI where a unit is none of the file's own.

    Attributes
    ----------
    place : where it begins
    values : what was given; texts, numbers, times [s], parts and lists of them
    places : where each value stands
    """

    place: Place
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The value given, or `default`."""
        return self.values.get(key, default)

    def at(self, key: str) -> Place:
        """Where a key's value stands; where the section begins if it is not given."""
        return self.places.get(key, self.place)


def read_part(path: Path, section: str = "station") -> Part:
    """The whole file as one part; raises InputError with line and column."""
    root = read_yaml(path)
    if root is None:
        raise InputError("the file is empty; see docs/reference/station-file.md", path=path, line=1)
    return _part(root, section, path)


def _place(node: yaml.Node, path: Path) -> Place:
    return Place(path=path, line=node.start_mark.line + 1, column=node.start_mark.column + 1)


def _part(node: yaml.Node, section: str, path: Path) -> Part:
    place = _place(node, path)
    entries = {entry.name: entry for entry in SECTIONS[section]}
    if not isinstance(node, yaml.MappingNode):
        place.fail(f"{section} must be keys with values: {', '.join(entries)}")
    part = Part(place=place)
    for key_node, value_node in node.value:
        at = _place(key_node, path)
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
        if key not in entries:
            near = difflib.get_close_matches(key, entries, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            at.fail(f"{section}: {key!r} is no key.{hint} Allowed: {', '.join(entries)}")
        where = _place(value_node, path)
        part.places[key] = where
        part.values[key] = _value(value_node, entries[key], where)
    missing = [e.name for e in entries.values() if e.required and e.name not in part.values]
    if missing:
        place.fail(f"{section}: {missing[0]!r} is missing ({entries[missing[0]].text})")
    return part


def _value(node: yaml.Node, entry: Entry, place: Place) -> Any:
    path, name = place.path, entry.name
    if entry.kind == "section":
        return _part(node, entry.of, path)
    if entry.kind in ("sections", "clocks", "points"):
        if not isinstance(node, yaml.SequenceNode):
            place.fail(f"{name} must be a list")
        if entry.required and not node.value:
            place.fail(f"{name} is empty; at least one is needed")
        if entry.kind == "sections":
            return [_part(each, entry.of, path) for each in node.value]
        if entry.kind == "clocks":
            return [(_clock(each, name, path), _place(each, path)) for each in node.value]
        return [_point(each, entry, path) for each in node.value]
    if not isinstance(node, yaml.ScalarNode):
        place.fail(f"{name} must be a single value: {entry.text}")
    if entry.kind == "text":
        text = str(node.value).strip()
        if not text or node.tag == "tag:yaml.org,2002:null":
            place.fail(f"{name} is empty: {entry.text}")
        if entry.choices and text not in entry.choices:
            near = difflib.get_close_matches(text, entry.choices, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            place.fail(f"{name} is {text!r}.{hint} Allowed: {', '.join(entry.choices)}")
        return text
    if entry.kind == "flag":
        word = str(node.value).lower()
        if word not in TRUE + FALSE:
            place.fail(f"{name} is {node.value!r}; allowed: true, false")
        return word in TRUE
    if entry.kind == "clock":
        return _clock(node, name, path)
    return _number(node, entry, place)


def _number(node: yaml.Node, entry: Entry, place: Place) -> float | int:
    unit = "" if entry.unit in ("", "1") else f" {entry.unit}"
    allowed = f"allowed: {entry.low:g} to {entry.high:g}{unit}"
    text = str(node.value).strip().lower().replace("_", "")
    text = {".nan": "nan", ".inf": "inf", "-.inf": "-inf"}.get(text, text)
    try:
        value = float(text)
    except ValueError:
        place.fail(f"{entry.name} is {node.value!r}, which is no number; {allowed}")
    if not math.isfinite(value):
        place.fail(f"{entry.name} is not a finite number; {allowed}")
    if not entry.low <= value <= entry.high:
        place.fail(f"{entry.name} is {value:g}{unit}; {allowed}")
    if entry.kind == "count":
        if value != int(value):
            place.fail(f"{entry.name} is {value:g}; a whole number is needed")
        return int(value)
    return value


def _clock(node: yaml.Node, name: str, path: Path) -> float:
    place = _place(node, path)
    match = CLOCK.fullmatch(str(node.value).strip()) if isinstance(node, yaml.ScalarNode) else None
    if match is None:
        place.fail(
            f"{name} is {str(node.value)[:40]!r}; a time such as 07:30 or 07:30:15 is needed"
        )
    hours, minutes, seconds = (int(each or 0) for each in match.groups())
    time_s = hours * 3600.0 + minutes * 60.0 + seconds
    if time_s > LATEST_S:
        place.fail(f"{name} is {match.group()}; allowed: 00:00 to 36:00")
    return time_s


def _point(node: yaml.Node, entry: Entry, path: Path) -> tuple[float, float, Place]:
    place = _place(node, path)
    if not isinstance(node, yaml.SequenceNode) or len(node.value) != 2:
        place.fail(f"{entry.name}: each must be [time, {entry.unit}], such as [07:30, 4000]")
    time_node, value_node = node.value
    if not isinstance(value_node, yaml.ScalarNode):
        place.fail(f"{entry.name}: each must be [time, {entry.unit}], such as [07:30, 4000]")
    value = _number(value_node, entry, _place(value_node, path))
    return _clock(time_node, entry.name, path), float(value), place
