"""What of a `city.yaml` is missing or does not fit? Every problem, with its line."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from jialing.city.schema import DECIDE_EVERY_S, ENTRIES, EVENT_KINDS, GONE, KINDS, Entry, Place
from jialing.core.errors import InputError
from jialing.domains.metro.yaml_file import read_yaml, values_of


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that is missing or does not fit.

    Attributes
    ----------
    place : keys down to it
    text : what was found and what is allowed
    line : in the file; None where there is none
    """

    place: Place
    text: str
    line: int | None = None

    def error(self, path: Path) -> InputError:
        """The problem as an error that names file, line and entry."""
        where = f"{'.'.join(self.place)} " if self.place else ""
        return InputError(f"{where}{self.text}", path=path, line=self.line)


def read_plain(path: Path) -> tuple[dict[str, Any], dict[Place, int]]:
    """The file as it stands, and the line of every entry; raises InputError."""
    root = read_yaml(path)
    plain = None if root is None else values_of(root, path)
    if not isinstance(plain, dict):
        raise InputError("holds no mapping; a city begins with `city: NAME`", path=path)
    return plain, dict(_lines(root, ()))


def problems(plain: Mapping[str, Any], lines: Mapping[Place, int]) -> list[Problem]:
    """Every entry that is missing or of another kind than it must be."""
    found = []
    for entry in ENTRIES:
        for place in _places(plain, entry.place[:-1]):
            text = _fault(_at(plain, place), entry)
            if text:
                here = (*place, entry.place[-1])
                found.append(Problem(place=here, text=text, line=line_of(lines, here)))
            elif entry.place[-1] == "*":
                section = _at(plain, place)
                for name, value in section.items():
                    if (*entry.place[:-1], str(name)) in _FIXED:
                        continue
                    wrong = _wrong(value, entry)
                    if wrong:
                        here = (*place, str(name))
                        found.append(Problem(place=here, text=wrong, line=line_of(lines, here)))
    return found


def relations(plain: Mapping[str, Any], lines: Mapping[Place, int]) -> list[Problem]:
    """Entries that fit each for itself and not with one another; only after `problems` found none."""
    found: list[Problem] = []

    def say(place: Place, text: str) -> None:
        found.append(Problem(place=place, text=text, line=line_of(lines, place)))

    def names(*place: str) -> set[str]:
        return {str(name) for name in _at(plain, place) or {}}

    storms = {str(name) for name, one in plain["storms"].items() if isinstance(one, dict)}
    if str(plain["storms"]["default"]) not in storms:
        say(("storms", "default"), not_among(plain["storms"]["default"], storms))
    water, tick_s = plain["water"], plain["models"]["water"]["tick_s"]
    every_s = water.get("decide_every_s", DECIDE_EVERY_S)
    if every_s % tick_s:
        text = f"is {every_s:g}; it must be a multiple of models.water.tick_s, {tick_s:g}"
        say(("water", "decide_every_s"), text)
    lists: list[tuple[Place, str]] = [(("water", "controlled"), "gate, weir or pump")]
    lists += [(("underpasses", dip, "low"), "edge") for dip in sorted(names("underpasses"))]
    lists += [(("underpasses", dip, "entries"), "edge") for dip in sorted(names("underpasses"))]
    for place, what in lists:
        if not _at(plain, place):
            say(place, f"is empty; it must name at least one {what}")
    for name, station in plain["stations"].items():
        for underpass in station.get("draws_from", {}):
            if str(underpass) not in names("underpasses"):
                place = ("stations", str(name), "draws_from", str(underpass))
                say(place, f"is no underpass of this city; {_known(names('underpasses'))}")
    pairs: tuple[tuple[str, Place], ...] = (
        ("stations", ("models", "stations")),
        ("models.stations", ("stations",)),
    )
    for section, there in pairs:
        for name in sorted(names(*section.split(".")) - names(*there)):
            say((*section.split("."), name), f"has no entry in {'.'.join(there)}")
    rain, closure = plain["couplings"]["rain_to_road"], plain["couplings"]["depth_to_closure"]
    above = rain["above_mm_h"]
    if any(after <= before for before, after in pairwise(above)):
        say(("couplings", "rain_to_road", "above_mm_h"), f"is {above}; it must ascend")
    for word in ("speed", "capacity"):
        if len(rain[word]) != len(above):
            text = f"has {len(rain[word])} figures for {len(above)} in above_mm_h"
            say(("couplings", "rain_to_road", word), text)
    riders = [row[0] for row in plain["couplings"]["rain_to_entry"]["table"]]
    if any(after <= before for before, after in pairwise(riders)):
        say(("couplings", "rain_to_entry", "table"), f"is for rain above {riders}; it must ascend")
    if closure["opens_mm"] >= closure["closes_mm"]:
        text = f"is {closure['opens_mm']}; it must be below closes_mm, {closure['closes_mm']}"
        say(("couplings", "depth_to_closure", "opens_mm"), text)
    for name, event in plain.get("events", {}).items():
        here = ("events", str(name))
        if event["kind"] not in EVENT_KINDS:
            say((*here, "kind"), not_among(event["kind"], set(EVENT_KINDS)))
        elif EVENT_KINDS[event["kind"]] not in event:
            say((*here, EVENT_KINDS[event["kind"]]), f"is missing; a {event['kind']} needs it")
        elif event["kind"] == "power_loss":
            moved = {str(one) for one in water["controlled"]}
            if str(event["pump"]).casefold() not in {one.casefold() for one in moved}:
                text = not_among(event["pump"], moved)
                say((*here, "pump"), f"must be one of water.controlled; it {text}")
        steps = math.ceil(60.0 * plain["duration_min"] / plain["step_s"])
        last_min = (steps - 1) * plain["step_s"] / 60.0
        if event["from_min"] > last_min:
            text = f"is {event['from_min']:g}; it must be at most {last_min:g}, when the last step begins"
            say((*here, "from_min"), text)
    return found


def files(plain: Mapping[str, Any], lines: Mapping[Place, int], folder: Path) -> list[Problem]:
    """Files and folders that are named and not there; only after `problems` found none."""
    found = []
    for entry in ENTRIES:
        if entry.kind not in ("file", "folder"):
            continue
        for place in _places(plain, entry.place[:-1]):
            section, key = _at(plain, place), entry.place[-1]
            if not isinstance(section, dict) or key not in section:
                continue
            there = folder / section[key]
            if not (there.is_file() if entry.kind == "file" else there.is_dir()):
                here = (*place, key)
                text = f"names the {entry.kind} {section[key]}, and there is none in {folder}"
                found.append(Problem(place=here, text=text, line=line_of(lines, here)))
    return found


def unknown(plain: Mapping[str, Any], lines: Mapping[Place, int]) -> list[Problem]:
    """Entries that no city has; a slip of the pen, most likely."""
    found = []
    for place in _all(plain, ()):
        known = {e.place[-1] for e in ENTRIES if _fits(e.place[:-1], place[:-1])}
        if not known or "*" in known or place[-1] in known:
            continue
        gone = next((why for old, why in GONE.items() if _fits(old, place)), "")
        near = difflib.get_close_matches(place[-1], known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        text = f"is no entry of a city.{hint} Allowed: {', '.join(sorted(known))}."
        if gone:
            text = f"has no effect; take it out: {gone}"
        found.append(Problem(place=place, text=text, line=line_of(lines, place)))
    return found


def not_among(name: Any, known: set[str]) -> str:
    """A sentence on a name that is not known, with the nearest that is."""
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"is {name!r}.{hint} {_known(known)}"


def _known(known: set[str]) -> str:
    some = sorted(known)
    return f"Known: {', '.join(some[:20]) or 'none'}{', …' if len(some) > 20 else ''}"


def told_first(wrong: Sequence[Problem], path: Path) -> InputError:
    """The first problem as an error, and how to see the others."""
    first = wrong[0]
    if len(wrong) == 1:
        return first.error(path)
    more = f" (and {len(wrong) - 1} more: jialing city check {path.parent})"
    return replace(first, text=first.text + more).error(path)


_FIXED = {entry.place for entry in ENTRIES if entry.place[-1] != "*"}


def _fault(section: Any, entry: Entry) -> str:
    """What is wrong with an entry of its own name; nothing for ``*``."""
    key = entry.place[-1]
    if key == "*" or not isinstance(section, dict):
        return ""  # the section itself is named
    found = {str(name): value for name, value in section.items()}
    if key not in found:
        return f"is missing; it must be {_allowed(entry)}: {entry.text}" if entry.needed else ""
    return _wrong(found[key], entry)


def _wrong(value: Any, entry: Entry) -> str:
    _, fits = KINDS[entry.kind]
    if value is None:
        return f"is empty; it must be {_allowed(entry)}"
    if not fits(value):
        return f"is {value!r:.60}; it must be {_allowed(entry)}"
    numbers = value if entry.kind == "numbers" else [value] if entry.kind == "number" else []
    for number in numbers:
        if not entry.low <= number <= entry.high:
            return f"is {value!r:.60}; it must be {_allowed(entry)}"
    return ""


def _allowed(entry: Entry) -> str:
    words = KINDS[entry.kind][0]
    unit = f" [{entry.unit}]" if entry.unit else ""
    low, high = math.isfinite(entry.low), math.isfinite(entry.high)
    if low and high:
        return f"{words}{unit} from {entry.low:g} to {entry.high:g}"
    return f"{words}{unit}" + (f" of at least {entry.low:g}" if low else "")


def _places(plain: Any, pattern: Place) -> Iterator[Place]:
    """Sections of the file that a pattern stands for."""
    if not pattern:
        yield ()
        return
    for place in _places(plain, pattern[:-1]):
        section = _at(plain, place)
        if not isinstance(section, dict):
            continue
        for name, value in section.items():
            own = str(name)
            fixed = (*pattern[:-1], own) in _FIXED
            if isinstance(value, dict) and (own == pattern[-1] or (pattern[-1] == "*")):
                if pattern[-1] == "*" and fixed and pattern[0] != "couplings":
                    continue
                yield (*place, own)


def _at(plain: Any, place: Place) -> Any:
    for key in place:
        plain = next((value for name, value in plain.items() if str(name) == key), None)
    return plain


def _all(section: Any, place: Place) -> Iterator[Place]:
    if isinstance(section, dict):
        for name, value in section.items():
            yield (*place, str(name))
            yield from _all(value, (*place, str(name)))


def _fits(pattern: Place, place: Place) -> bool:
    return len(pattern) == len(place) and all(
        p in ("*", own) for p, own in zip(pattern, place, strict=True)
    )


def _lines(node: Any, place: Place) -> Iterator[tuple[Place, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            yield here, key.start_mark.line + 1
            yield from _lines(value, here)


def line_of(lines: Mapping[Place, int], place: Place) -> int | None:
    """Line of an entry, or of the section that should hold it."""
    while place:
        if place in lines:
            return lines[place]
        place = place[:-1]
    return None
