"""An evening of two shipped stations, coupled by one change; for what a conductor must bear."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jialing as jl
from jialing.city.conductor import Conductor
from jialing.city.messages import Change, Finished, Order, Ridership, State

MINUTE_S = 60.0
STATIONS = ("commuter", "mixed")


@dataclass
class Riders:
    """A coupling that sends more people to the first station at one minute; keeps what it was told."""

    at_s: float = 600.0
    told: list[dict[str, float]] = field(default_factory=list)

    def changes(self, time_s: float, states: Mapping[str, State]) -> dict[str, list[Change]]:
        self.told.append({name: state.time_s for name, state in states.items()})
        if time_s == self.at_s:
            return {"commuter": [Ridership(entering=1.2, alighting=1.0)]}
        return {}

    def diary(self) -> Mapping[str, Any]:
        return {}

    def events(self) -> Sequence[Mapping[str, Any]]:
        return ()


def orders(
    folder: Path,
    side: str = "jialing.city.sides:StationSide",
    tick_s: float | None = None,
    **options: Any,
) -> list[Order]:
    """Two shipped stations; `side`, `tick_s` and `options` are of the first."""
    return [
        Order(
            name=name,
            case=jl.case(
                f"metro-{name}", **({"tick_s": tick_s} if tick_s and name == STATIONS[0] else {})
            ),
            controller="predictive",
            folder=str(folder / name),
            side=side if name == STATIONS[0] else "jialing.city.sides:StationSide",
            options={"knows": True, **(options if name == STATIONS[0] else {})},
        )
        for name in STATIONS
    ]


def evening(
    folder: Path,
    *,
    to_s: float = 1500.0,
    listener: Callable[[Conductor, float], None] | None = None,
    silent_s: float = 120.0,
    **side: Any,
) -> tuple[dict[str, Finished], Riders]:
    folder.mkdir(exist_ok=True)
    riders = Riders()
    with Conductor(
        orders(folder, **side), riders, folder, period_s=MINUTE_S, silent_s=silent_s
    ) as conductor:
        conductor.open()
        conductor.run(
            None if listener is None else lambda time_s, _: listener(conductor, time_s), to_s=to_s
        )
        return conductor.finish("interrupted"), riders
