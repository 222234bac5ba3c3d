"""Jialing: predictive control of a city's flows, out of the model files engineers already have.

import jialing as jl

case = jl.case("storm-sewer")
result = jl.run(case, controller="predictive")
print(result.table())
result.report("out.html")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jialing.api import case, cases, check_city, export, inspect, new_city, replay, run
    from jialing.core.case import Case, GuardCount, Quantity, Run
    from jialing.core.command import Command
    from jialing.core.errors import (
        ControllerError,
        InputError,
        JialingError,
        MissingExtraError,
        PlantError,
        RecordError,
        UnknownNameError,
    )
    from jialing.core.forecast import Forecast, Horizon
    from jialing.core.signal import Actuator, Observation
    from jialing.core.stages import Controller, Situation
    from jialing.domains.metro.gtfs import import_station
    from jialing.domains.metro.keys import turn_key
    from jialing.loop.progress import Progress
    from jialing.record.reader import Record, open_record
    from jialing.record.replay import Comparison
    from jialing.report import write_report
    from jialing.result import CaseEntry, Inspection, Interrupted, Result
    from jialing.seeds import Repeated, repeat

__all__ = [
    "Actuator",
    "Case",
    "CaseEntry",
    "Command",
    "Comparison",
    "Controller",
    "ControllerError",
    "Forecast",
    "GuardCount",
    "Horizon",
    "InputError",
    "Inspection",
    "Interrupted",
    "JialingError",
    "MissingExtraError",
    "Observation",
    "PlantError",
    "Progress",
    "Quantity",
    "Record",
    "RecordError",
    "Repeated",
    "Result",
    "Run",
    "Situation",
    "UnknownNameError",
    "__version__",
    "case",
    "cases",
    "check_city",
    "export",
    "import_station",
    "inspect",
    "new_city",
    "open_record",
    "repeat",
    "replay",
    "run",
    "turn_key",
    "write_report",
]

#: Where each public name lives. It is loaded at first use, so that importing Jialing is fast.
_HOMES = {
    "jialing.api": (
        "case",
        "cases",
        "check_city",
        "export",
        "inspect",
        "new_city",
        "replay",
        "run",
    ),
    "jialing.core.case": ("Case", "GuardCount", "Quantity", "Run"),
    "jialing.core.command": ("Command",),
    "jialing.core.errors": (
        "ControllerError",
        "InputError",
        "JialingError",
        "MissingExtraError",
        "PlantError",
        "RecordError",
        "UnknownNameError",
    ),
    "jialing.core.forecast": ("Forecast", "Horizon"),
    "jialing.core.signal": ("Actuator", "Observation"),
    "jialing.core.stages": ("Controller", "Situation"),
    "jialing.domains.metro.gtfs": ("import_station",),
    "jialing.domains.metro.keys": ("turn_key",),
    "jialing.loop.progress": ("Progress",),
    "jialing.record.reader": ("Record", "open_record"),
    "jialing.record.replay": ("Comparison",),
    "jialing.seeds": ("Repeated", "repeat"),
    "jialing.report": ("write_report",),
    "jialing.result": ("CaseEntry", "Inspection", "Interrupted", "Result"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("jialing")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'jialing' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
