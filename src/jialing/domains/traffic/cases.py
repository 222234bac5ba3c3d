"""Which traffic situations have a name: the shipped grid, and six maps of the RESCO benchmark."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jialing.core.case import Case
from jialing.core.errors import InputError, UnknownNameError
from jialing.domains.traffic.settings import TrafficSettings

FOLDER: Final = Path(__file__).parent / "networks"
TICK_S: Final = 1.0

#: Maps of RESCO. Source: Ault & Sharon (2021), Reinforcement Learning Benchmarks for Traffic
#: Signal Control, NeurIPS Datasets and Benchmarks; the networks are not shipped.
MAPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cologne1": "Cologne, one junction, 7 to 8 h (RESCO)",
        "cologne3": "Cologne, a corridor of three junctions, 7 to 8 h (RESCO)",
        "cologne8": "Cologne, eight junctions, 7 to 8 h (RESCO)",
        "ingolstadt1": "Ingolstadt, one junction, 16 to 17 h (RESCO)",
        "grid4x4": "A grid of 4 × 4 junctions, one hour (RESCO)",
        "arterial4x4": "A grid of 4 × 4 junctions between arterials, one hour, oversaturated (RESCO)",
    }
)


def traffic_grid() -> Case:
    """Six junctions of a small town: an avenue, three cross streets, a tide in the demand."""
    return Case(
        name="traffic-grid",
        domain="traffic",
        title="A small town: six signals on two streets and three cross streets (20 min, shipped)",
        model=FOLDER / "grid.sumocfg",
        tick_s=TICK_S,
        forecast="none",
        settings=TrafficSettings(),
    )


def map_case(name: str, *, data: Path | None = None) -> Case:
    """A map of RESCO; `data` is a folder that holds it."""
    return Case(
        name=name,
        domain="traffic",
        title=MAPS[name],
        model=_map_file(name, data),
        tick_s=TICK_S,
        forecast="none",
        settings=TrafficSettings(),
    )


def open_case(name: str, *, data: Path | None = None) -> Case:
    """The case called `name`; raises UnknownNameError, or InputError where its files are absent."""
    if name not in CASES:
        raise UnknownNameError("traffic case", name, CASES)
    return map_case(name, data=data) if name in MAPS else CASES[name]()


def _map(name: str) -> Callable[..., Case]:
    def factory(*, data: Path | None = None) -> Case:
        return map_case(name, data=data)

    factory.__doc__ = MAPS[name]
    return factory


CASES: Final[Mapping[str, Callable[..., Case]]] = MappingProxyType(
    {"traffic-grid": traffic_grid, **{name: _map(name) for name in MAPS}}
)


def _map_file(name: str, data: Path | None) -> Path:
    """The `.sumocfg` of a map, or InputError with what to do."""
    roots = _data_folders() if data is None else [Path(data)]
    for root in roots:
        for folder in (root, root / name, root / "traffic" / name):
            if (folder / f"{name}.sumocfg").is_file():
                return folder / f"{name}.sumocfg"
    looked = ", ".join(str(root) for root in roots) or "no folder is set"
    raise InputError(
        f"{name}.sumocfg was not found, which this case needs and which does not ship with "
        f"Jialing. Looked in: {looked}. Put it with its network and routes into traffic/{name} of "
        "a folder and name that folder in JIALING_DATA or as `data`"
    )


def _data_folders() -> list[Path]:
    """Where model files that do not ship are looked for, in this order."""
    folders = []
    if named := os.environ.get("JIALING_DATA"):
        folders.append(Path(named))
    root = Path(__file__).resolve().parents[4]
    if (root / "pyproject.toml").is_file():
        folders.append(root.parent / "shared" / "data")
    return folders
