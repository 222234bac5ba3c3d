"""With which files and options is SUMO started, and for how long?"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Sequence
from pathlib import Path

from jialing.core.case import check_tick, goes_into
from jialing.core.errors import InputError
from jialing.domains.traffic.network import Scenario
from jialing.domains.traffic.reader import read_scenario
from jialing.domains.traffic.routes import departures_s
from jialing.domains.traffic.settings import TrafficSettings

HOUR_S = 3600.0
USUAL_TICK_S = TrafficSettings.decide_every_s
#: How long those who departed last are given to arrive where only route files say when [s].
CLEARING_S = 600.0
#: What a configuration may say and a run cannot bear: output in another form than is read here,
#: for some of the vehicles, random numbers without a seed, waiting for another program, talk.
OVERRULED = {
    "output-suffix": "",
    "output.format": "xml",
    "human-readable-time": "false",
    "device.tripinfo.probability": "-1",
    "random": "false",
    "remote-port": "0",
    "verbose": "false",
    "duration-log.statistics": "false",
}
TRIPS = ("tripinfo-output", "tripinfo")
#: more than any folder lies deep
UP = 64 * "../"


def scenario(model: Path, settings: TrafficSettings) -> Scenario:
    """The files of a run: those of the `.sumocfg`, with the routes of the settings if there are any.

    Raises InputError where a file is absent or nothing says what drives.
    """
    found = read_scenario(model)
    if settings.routes:
        for path in settings.routes:
            if not Path(path).is_file():
                raise InputError("there is no such route file", path=path)
        found = dataclasses.replace(found, routes=tuple(Path(path) for path in settings.routes))
    if not found.routes and not found.additional:
        raise InputError(
            "a network alone has no traffic: name route files, for example "
            "--routes demand.rou.xml, or give a .sumocfg",
            path=model,
        )
    if found.path == found.net and found.routes:
        found = _in_time(found)
    return found


def _in_time(found: Scenario) -> Scenario:
    """A bare network begins when the first vehicle departs, and ends after the last one did."""
    between = departures_s(found.routes)
    if between is None:
        return found
    first_s, last_s = math.floor(between[0]), math.ceil(between[1])
    return dataclasses.replace(found, begin_s=float(first_s), end_s=last_s + CLEARING_S)


def check_step(found: Scenario, tick_s: float) -> None:
    """Refuse a tick that is no whole number of SUMO's steps.

    Where nobody chose the tick it is the step that is wrong. Raises InputError.
    """
    trouble = step_trouble(found, tick_s)
    if trouble and found.step_line and tick_s == USUAL_TICK_S:
        raise InputError(f"<step-length> {trouble}", path=found.path, line=found.step_line)
    check_tick(tick_s, found.step_s, "SUMO")


def step_trouble(found: Scenario, tick_s: float = USUAL_TICK_S) -> str:
    """What is wrong with SUMO's step beside a tick; empty if nothing is."""
    if goes_into(tick_s, found.step_s):
        return ""
    return (
        f"is {found.step_s:g} s, but decisions come every {tick_s:g} s, which must be a whole number "
        "of steps; give it 1, 0.5, 0.25, 0.2 or 0.1 s"
    )


def duration_s(found: Scenario) -> float:
    """How long the files say the run is [s]; one hour where they do not."""
    return HOUR_S if found.end_s is None else found.end_s - found.begin_s


def arguments(
    found: Scenario,
    settings: TrafficSettings,
    *,
    seed: int,
    trips: Path,
    additional: Sequence[Path] = (),
) -> list[str]:
    """Options for SUMO. Paths are absolute, so that the working folder does not matter.

    Nothing is written among the user's files: what the configuration would write goes nowhere, what
    detectors and signals write goes to the folder of `trips`.

    Parameters
    ----------
    found, settings : of the case
    seed : for SUMO's random numbers
    trips : file that SUMO writes its account of the trips to
    additional : files besides those of the scenario
    """
    bare = found.path == found.net
    options = ["--net-file" if bare else "--configuration-file", str(found.path.absolute())]
    if bare or settings.routes:
        options += ["--route-files", _joined(found.routes)]
    if bare:
        options += ["--begin", f"{found.begin_s:.3f}"]
    if additional:
        options += ["--additional-files", _joined((*found.additional, *additional))]
    if settings.roads_close:
        options += ["--ignore-route-errors", "true"]
    for name in found.outputs:
        if name not in TRIPS:
            options += [f"--{name}", os.devnull]
    for name, value in OVERRULED.items():
        options += [f"--{name}", value]
    folder = trips.parent.absolute()
    return [
        *options,
        # SUMO puts it before the last part of a path: from there up to the root, and down again.
        *("--output-prefix", f"{UP}{folder.relative_to(folder.anchor).as_posix()}/"),
        *("--seed", str(seed)),
        *("--time-to-teleport", f"{settings.teleport_s:g}"),
        *("--tripinfo-output", str(trips)),
        "--tripinfo-output.write-unfinished",
        "--tripinfo-output.write-undeparted",
        *("--device.emissions.probability", "1"),
        "--emissions.volumetric-fuel",
        "--no-step-log",
        "--no-warnings",
        "--duration-log.disable",
    ]


def _joined(paths: Sequence[Path]) -> str:
    return ",".join(str(path.absolute()) for path in paths)
