"""Which station days have a name: three shipped stations, six kinds of day each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jialing.core.case import Case
from jialing.domains.metro.settings import DAYS, MetroSettings

FOLDER: Final = Path(__file__).parent / "stations"
TICK_S: Final = 30.0

STATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "commuter": "Commuter station",
        "mixed": "Mixed interchange, several tides a day",
        "deep": "Deep station, four stages of three escalators",
    }
)

DAY_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "normal": "an ordinary day",
        "event-announced": "a show ends, announced",
        "event-unannounced": "a show ends that nobody announced",
        "train-delay": "no train for 15 minutes in a peak",
        "escalator-failure": "an escalator fails in a peak",
        "ingress": "a crowd arrives by train against the tide",
    }
)


def station_case(path: Path, *, day: str = "normal", seed: int = 0) -> Case:
    """A day of a shipped station."""
    name = f"metro-{path.stem}" if day == "normal" else f"metro-{path.stem}-{day}"
    return Case(
        name=name,
        domain="metro",
        title=f"{STATIONS[path.stem]}: {DAY_TITLES[day]}",
        model=path,
        tick_s=TICK_S,
        seed=seed,
        settings=MetroSettings(day=day),
    )


def _factory(station: str, day: str) -> Callable[..., Case]:
    def factory() -> Case:
        return station_case(FOLDER / f"{station}.yaml", day=day)

    factory.__doc__ = f"{STATIONS[station]}: {DAY_TITLES[day]}"
    return factory


CASES: Final[Mapping[str, Callable[..., Case]]] = MappingProxyType(
    {
        (f"metro-{station}" if day == "normal" else f"metro-{station}-{day}"): _factory(
            station, day
        )
        for station in STATIONS
        for day in DAYS
    }
)
