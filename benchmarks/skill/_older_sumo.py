"""How can the plant run on the older SUMO that published figures were made on?

The older version lives in a folder of its own and is never installed beside the lock file's:

    pip install --no-deps --target build/sumo-1.9.1 eclipse-sumo==1.9.1 traci==1.9.1 sumolib==1.9.1

`put_first` makes it the `libsumo` of this process, and gives it what our plant asks for and it
lacks: delays at departure, which are worked out from the times in the route files.
"""

from __future__ import annotations

import importlib
import os
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

#: Names the folder in the processes of single runs.
VARIABLE = "JIALING_OLDER_SUMO"
#: Options of our plant that SUMO 1.9 does not know, and how many values follow; none changes a trip.
NEWER_OPTIONS = {"--emissions.volumetric-fuel": 0, "--output-suffix": 1, "--output.format": 1}


def version_of(folder: Path) -> str:
    """E.g. ``1.9.1``, from what pip left in the folder.

    Raises SystemExit where the folder holds no SUMO.
    """
    found = sorted(folder.glob("eclipse_sumo-*.dist-info"))
    if not found:
        raise SystemExit(f"{folder} holds no SUMO; {__doc__}")
    return found[-1].name.removeprefix("eclipse_sumo-").removesuffix(".dist-info")


def put_first(folder: Path) -> None:
    """Let ``import libsumo`` find the one in `folder` from now on; call it before any other import."""
    if "libsumo" in sys.modules:
        raise RuntimeError("libsumo is loaded already; the older one must come first")
    home = folder.resolve() / "sumo"
    os.environ["SUMO_HOME"] = str(home)
    sys.path[:0] = [str(home / "tools"), str(folder.resolve())]
    library: Any = importlib.import_module("libsumo")
    plain = library.start
    due: dict[str, float] = {}

    def start(command: Sequence[str], *rest: Any, **named: Any) -> Any:
        due.clear()
        due.update(due_times(command))
        return plain(without_newer(command), *rest, **named)

    def depart_delay(vehicle: str) -> float:
        step_s = library.simulation.getDeltaT()
        return max(float(library.simulation.getTime() - step_s - due[vehicle]), 0.0)

    library.start = start
    library.vehicle.getDepartDelay = staticmethod(depart_delay)


def without_newer(command: Sequence[str]) -> list[str]:
    """A command line less the options that the older SUMO does not know, and their values."""
    kept: list[str] = []
    words = iter(command)
    for word in words:
        if word in NEWER_OPTIONS:
            for _ in range(NEWER_OPTIONS[word]):
                next(words, None)
        elif word.partition("=")[0] not in NEWER_OPTIONS:
            kept.append(word)
    return kept


def due_times(command: Sequence[str]) -> dict[str, float]:
    """When each vehicle of the route files means to depart [s]."""
    return {
        str(found.get("id")): float(str(found.get("depart")))
        for file in route_files(command)
        for found in ElementTree.parse(file).getroot()  # noqa: S314 (the benchmark's own maps)
        if found.tag in ("vehicle", "trip")
    }


def route_files(command: Sequence[str]) -> list[Path]:
    """The route files that a command line names, or else its configuration file."""
    options = dict(pairwise(command))
    if "--route-files" in options:
        return [Path(name) for name in options["--route-files"].split(",")]
    configuration = Path(options["--configuration-file"])
    named = ElementTree.parse(configuration).find(".//route-files")  # noqa: S314
    value = "" if named is None else str(named.get("value"))
    return [configuration.parent / name.strip() for name in value.split(",") if name]
