"""Errors a person can act on. Each names where, what was found, and what is allowed.

JialingError
├── InputError          a model, case or settings file is wrong (file, line, column)
├── UnknownNameError    a case, controller, signal or actuator that does not exist
├── MissingExtraError   an optional package is not installed
├── PlantError          the simulator refused or stopped; carries its own words
├── ControllerError     a controller returned something that is no command
└── RecordError         a run folder is damaged or of another format
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class JialingError(Exception):
    """Root of all errors that Jialing raises on purpose. The CLI prints them and exits with 2."""


class InputError(JialingError):
    """A file the user gave is wrong.

    Parameters
    ----------
    message : what was found, and what is allowed
    path : the file
    line, column : 1-based position, where known
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | Path | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.message = message
        self.path = None if path is None else Path(path)
        self.line = line
        self.column = column
        place = "" if path is None else str(path)
        for number in (line, column):
            if number is not None:
                place += f":{number}"
        super().__init__(f"{place}: {message}" if place else message)


class UnknownNameError(JialingError):
    """A name that is not among the known ones; suggests the nearest."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name = kind, name
        self.known = sorted(known)
        near = difflib.get_close_matches(name, self.known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        shown = ", ".join(self.known[:20]) + (", …" if len(self.known) > 20 else "")
        super().__init__(f"{name!r} is not a {kind}.{hint} Known: {shown or 'none'}.")


class MissingExtraError(JialingError):
    """An optional dependency is absent; names the extra that brings it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed. Install it with: pip install 'jialing[{extra}]'"
        )


class PlantError(JialingError):
    """The simulator behind a plant refused its input or stopped."""


class ControllerError(JialingError):
    """A controller returned something that is no command for this plant."""


class RecordError(JialingError):
    """A run folder cannot be read as a record."""
