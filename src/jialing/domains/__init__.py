"""Which domains are there? One line each; a domain is loaded when it is first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jialing.core.case import Case
from jialing.core.errors import InputError, UnknownNameError
from jialing.core.stages import Domain


@dataclass(frozen=True, kw_only=True)
class Row:
    """Where the parts of a domain lie, each as ``module:attribute``.

    Attributes
    ----------
    domain : satisfies `core.stages.Domain`
    cases : mapping of case name -> function that makes the case
    settings : dataclass of `Case.settings`
    inspect : ``(path, **settings) -> (document, lines)`` for `jialing inspect`
    endings : of the names of the model files that it reads, in small letters
    parts : ending -> what a file is that belongs to such a model and is none, for an error
    foresees : whether it takes a forecast, of any of the kinds of `Case.forecast`
    """

    domain: str
    cases: str
    settings: str
    inspect: str
    endings: tuple[str, ...]
    parts: Mapping[str, str] = field(default_factory=dict)
    foresees: bool = True

    def reads(self, path: str | Path) -> bool:
        """True if a file of this name is a model file of this domain."""
        return str(path).lower().endswith(self.endings)


ROWS: dict[str, Row] = {
    "water": Row(
        domain="jialing.domains.water.domain:WATER",
        cases="jialing.domains.water.cases:CASES",
        settings="jialing.domains.water.settings:WaterSettings",
        inspect="jialing.domains.water.inspect:inspect_file",
        endings=(".inp",),
    ),
    "metro": Row(
        domain="jialing.domains.metro.domain:METRO",
        cases="jialing.domains.metro.cases:CASES",
        settings="jialing.domains.metro.settings:MetroSettings",
        inspect="jialing.domains.metro.inspect:inspect_file",
        endings=(".yaml", ".yml"),
    ),
    "traffic": Row(
        domain="jialing.domains.traffic.domain:TRAFFIC",
        cases="jialing.domains.traffic.cases:CASES",
        settings="jialing.domains.traffic.settings:TrafficSettings",
        inspect="jialing.domains.traffic.inspect:inspect_file",
        endings=(".net.xml", ".net.xml.gz", ".sumocfg", ".sumocfg.gz", ".sumo.cfg"),
        parts=dict.fromkeys(
            (".rou.xml", ".rou.xml.gz", ".trips.xml", ".trips.xml.gz"),
            "SUMO routes, which drive on a network (--routes) and are none",
        ),
        foresees=False,
    ),
}


def row(name: str) -> Row:
    """The row of a domain; raises UnknownNameError."""
    if name not in ROWS:
        raise UnknownNameError("domain", name, ROWS)
    return ROWS[name]


def domain(name: str) -> Domain:
    """The domain called `name`."""
    found: Domain = load(row(name).domain)
    return found


def domain_for(path: Path) -> str:
    """Name of the domain that reads the model file `path`; raises InputError if none does.

    No domain is loaded for this: a station needs no SWMM, and a sewer no SUMO.
    """
    for name, entry in ROWS.items():
        if entry.reads(path):
            return name
    for entry in ROWS.values():
        for ending, what in entry.parts.items():
            if path.name.lower().endswith(ending):
                beside = sorted(each.name for each in path.parent.iterdir() if entry.reads(each))
                named = f"beside it: {_either(beside)}" if beside else _either(entry.endings)
                raise InputError(f"holds {what}; name a model file, {named}", path=path)
    allowed = [ending for entry in ROWS.values() for ending in entry.endings]
    raise InputError(
        f"no domain reads a {path.suffix or 'nameless'} file; allowed: {_either(allowed)}",
        path=path,
    )


def _either(names: Sequence[str]) -> str:
    """The names, any of which will do."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def named_cases() -> dict[str, tuple[str, Callable[..., Case]]]:
    """Case name -> its domain and the function that makes it, in the domains' order."""
    found: dict[str, tuple[str, Callable[..., Case]]] = {}
    for name, entry in ROWS.items():
        factories: Mapping[str, Callable[..., Case]] = load(entry.cases)
        for case_name, factory in factories.items():
            found[case_name] = (name, factory)
    return found


def load(place: str) -> Any:
    """What lies at ``module:attribute``."""
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)
