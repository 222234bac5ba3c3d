"""Who turns the key? A person, through a file; or, in a simulated station, a virtual operator.

Where the guard only advises, a reversal begins after the operator's key. `Keyed` lets the operator
see what is asked, hands every turned key to the guard, and puts it into the ruling, so that it
stands in the record.

A file of keys holds one JSON object per line. A person's line (`turn_key`) is ``{"link", "direction",
"at_s"}``; where `at_s` is null the key is turned as soon as a run reads it, and the run adds
``{"line", "taken_s"}``, so that the next controller has it at the same time. A replay asks no file:
it turns the keys that stand in the record.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from jialing.core.command import Command, Key, Receipt, Ruling
from jialing.core.errors import InputError, UnknownNameError
from jialing.core.signal import Observation
from jialing.domains.metro.guard import StationGuard

DIRECTIONS = {"up": 1.0, "down": -1.0, "closed": 0.0}


@dataclass(frozen=True, kw_only=True)
class Advice:
    """A reversal that is asked for: which link, and in which direction it is to run."""

    link: str
    direction: float


class Operator(Protocol):
    """Whoever may turn keys."""

    name: str

    def turn(self, asked: Sequence[Advice], time_s: float) -> Sequence[Advice]:
        """The keys that are turned now, given all that is advised now."""


class VirtualOperator:
    """Agrees with every advice that has stood for `delay_s`.

    Parameters
    ----------
    delay_s : from the advice to the key [s]
    holds_s : a key that was not used by then is turned again [s]
    """

    name = "virtual operator"

    def __init__(self, *, delay_s: float, holds_s: float) -> None:
        if not delay_s >= 0.0:
            raise InputError(f"key_delay_s is {delay_s}; it must be 0 or more")
        self._delay_s, self._holds_s = delay_s, holds_s
        self._due_s: dict[Advice, float] = {}

    def turn(self, asked: Sequence[Advice], time_s: float) -> Sequence[Advice]:
        self._due_s = {a: self._due_s.get(a, time_s + self._delay_s) for a in asked}
        turned = [a for a in asked if self._due_s[a] <= time_s]
        self._due_s |= dict.fromkeys(turned, time_s + self._holds_s)
        return turned


class FileOperator:
    """Turns the keys that a person wrote into a file."""

    name = "operator"

    def __init__(self, path: Path) -> None:
        self._path, self._size = path, -1
        self._lines: list[tuple[int, Advice, float | None]] = []
        self._taken: dict[int, float] = {}
        self._done: set[int] = set()

    def turn(self, asked: Sequence[Advice], time_s: float) -> Sequence[Advice]:
        del asked  # a person decides for himself
        size = self._path.stat().st_size if self._path.is_file() else 0
        if size != self._size:
            self._size = size
            self._lines, self._taken = _read(self._path, strict=False)
        turned = []
        for number, advice, at_s in self._lines:
            due = self._taken.get(number, at_s)
            if number in self._done or (due is not None and due > time_s):
                continue
            self._done.add(number)
            turned.append(advice)
            if due is None:
                self._taken[number] = time_s
                _append(self._path, {"line": number, "taken_s": time_s})
        return turned


class RecordedOperator:
    """Turns the keys of a run that is repeated, each when it was turned then.

    Parameters
    ----------
    events : of the kind ``key``, in the order of the record
    """

    name = FileOperator.name

    def __init__(self, events: Sequence[Mapping[str, Any]]) -> None:
        self._due = [
            (event["time_s"], Advice(link=event["actuator"], direction=float(event["target"])))
            for event in events
        ]

    def turn(self, asked: Sequence[Advice], time_s: float) -> Sequence[Advice]:
        del asked  # who agreed then agrees again
        turned = [advice for due_s, advice in self._due if due_s <= time_s]
        self._due = self._due[len(turned) :]
        return turned


class Keyed:
    """A guard that advises, and the operator beside it (satisfies `core.stages.Guard`)."""

    def __init__(self, guard: StationGuard, operator: Operator, links: Sequence[str]) -> None:
        self._guard, self._operator, self._links = guard, operator, tuple(links)

    def check(self, command: Command, observation: Observation, receipt: Receipt) -> Ruling:
        """The guard's ruling after the operator has seen what is asked."""
        try:
            keys = tuple(self._turned(command, float(observation.time_s)))
        except Exception:  # foreign objects may raise anything; then nobody agrees
            keys = ()
        return replace(self._guard.check(command, observation, receipt), keys=keys)

    def _turned(self, command: Command, now_s: float) -> Iterator[Key]:
        for advice in self._operator.turn(list(self._advised(command)), now_s):
            if advice.link in self._links:
                self._guard.turn_key(advice.link, advice.direction, now_s)
                index = self._links.index(advice.link)
                yield Key(actuator=index, target=advice.direction, by=self._operator.name)

    def _advised(self, command: Command) -> Iterator[Advice]:
        held = self._guard.interlocks.held
        for i, link in enumerate(self._links):
            target = math.nan if command.local[i] else float(np.rint(command.targets[i]))
            if math.isfinite(target) and held[i] != 0.0 and target != held[i]:
                yield Advice(link=link, direction=target)


def turn_key(path: str | Path, link: str, direction: str, *, at_s: float | None = None) -> None:
    """Turn a key: add a line to the file of keys that a run reads.

    Raises UnknownNameError for a direction other than ``up``, ``down`` or ``closed``.
    """
    if direction not in DIRECTIONS:
        raise UnknownNameError("direction", direction, DIRECTIONS)
    _append(Path(path), {"link": link, "direction": DIRECTIONS[direction], "at_s": at_s})


def check_keys(path: Path, links: Sequence[str]) -> None:
    """Raise for a file of keys that cannot be read, or that names another link."""
    lines, _ = _read(path)
    for number, advice, _at in lines:
        if advice.link not in links:
            known = ", ".join(links) or "none"
            raise InputError(
                f"{advice.link!r} is no reversible link of this station. Known: {known}",
                path=path,
                line=number,
            )


def _append(path: Path, line: dict[str, object]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _read(
    path: Path, *, strict: bool = True
) -> tuple[list[tuple[int, Advice, float | None]], dict[int, float]]:
    """The keys with their line numbers, and when a run took which of them.

    A line that is no key raises where `strict`; else it is passed over: it may be half-written.
    """
    lines: list[tuple[int, Advice, float | None]] = []
    taken: dict[int, float] = {}
    if not path.is_file():
        return lines, taken
    for number, text in enumerate(path.read_bytes().split(b"\n"), 1):
        if not text.strip():
            continue
        try:
            found = json.loads(text)
            if "taken_s" in found:
                taken[int(found["line"])] = float(found["taken_s"])
                continue
            at_s = None if found["at_s"] is None else float(found["at_s"])
            direction = float(found["direction"])
            sound = direction in DIRECTIONS.values() and (at_s is None or math.isfinite(at_s))
            if not sound or not isinstance(found["link"], str):
                raise ValueError("a value is out of range")
            lines.append((number, Advice(link=found["link"], direction=direction), at_s))
        except (ValueError, KeyError, TypeError):
            if not strict:
                continue
            raise InputError(
                'is no key; allowed is {"link": "E2", "direction": -1, "at_s": null}, written by '
                "`jialing station key`",
                path=path,
                line=number,
            ) from None
    return lines, taken
