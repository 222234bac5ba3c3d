"""Sides of parts that fail in the ways that parts of a city fail; started in processes of their own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jialing.city.messages import Change, Ridership
from jialing.city.sides import StationSide
from jialing.core.command import Command
from jialing.core.errors import InputError
from jialing.core.stages import Desk, Situation


class Unopened(StationSide):
    """Cannot be opened."""

    def __init__(self, desk: Desk, **options: Any) -> None:
        raise InputError("the door is stuck")


class Hangs(StationSide):
    """Hangs for ever the first time that its riders change; `once` is a file that remembers it."""

    def __init__(self, desk: Desk, *, knows: bool, once: str) -> None:
        super().__init__(desk, knows=knows)
        self._once = Path(once)

    def change(self, change: Change) -> None:
        if isinstance(change, Ridership) and not self._once.exists():
            self._once.touch()
            while True:
                time.sleep(1.0)
        super().change(change)


class Ponders(StationSide):
    """Its controller thinks for too long once, at `at_s`."""

    def __init__(self, desk: Desk, *, knows: bool, at_s: float, for_s: float) -> None:
        super().__init__(desk, knows=knows)
        decide = desk.controller.decide

        def pondering(situation: Situation) -> Command:
            if situation.time_s == at_s:
                time.sleep(for_s)
            return decide(situation)

        desk.controller.decide = pondering  # type: ignore[method-assign]


class Breaks(StationSide):
    """Fails whenever its riders change, however often it is started again."""

    def change(self, change: Change) -> None:
        raise ValueError("a rail broke")


class Refuses(StationSide):
    """Is told of riders that it does not know."""

    def change(self, change: Change) -> None:
        raise InputError("no such riders")


class Unscored(StationSide):
    """Runs, and cannot say what came of it."""

    def extra(self) -> Mapping[str, float]:
        raise ValueError("the ledger is torn")
