"""The input file SWMM really runs: the user's own file plus a local/remote switch per actuator.

The user's rules stay in force word for word. For every actuator that they (or a pump's own
start and stop depths) address, a dry orifice in a disconnected corner of the network carries our
setpoint, and one rule of top priority copies it to the actuator while the switch is on:

    IF ORIFICE JLxn SETTING > 0.4 THEN ORIFICE gate SETTING = CURVE JLxMAP

A switch at 0 means local (the user's rules act); a switch at 0.5 … 1 means remote with setpoint
0 … 1. The corner holds no water, so the rest of the network computes the same numbers bit for bit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from jialing.core.errors import InputError
from jialing.domains.water.cells import LARGEST
from jialing.domains.water.inp import read_text, tokenize
from jialing.domains.water.model import LID_REPORT, LinkKind, WaterModel

_OBJECT = {
    LinkKind.PUMP: "PUMP",
    LinkKind.ORIFICE: "ORIFICE",
    LinkKind.WEIR: "WEIR",
    LinkKind.OUTLET: "OUTLET",
}
_FILE_WORD = re.compile(r'(\bFILE\s+)("([^"]*)"|(\S+))', re.IGNORECASE)
REMOTE_BASE, REMOTE_SPAN = 0.5, 0.5


@dataclass(frozen=True, kw_only=True)
class DerivedFile:
    """A derived input file.

    Attributes
    ----------
    path : the file
    switches : actuator link index -> name of its switch; actuators no rule addresses have none
    origin : [lines] the user's file and the line in it that each line stands for; None for ours
    """

    path: Path
    switches: Mapping[int, str]
    origin: tuple[tuple[Path, int] | None, ...] = ()


def switch_setting(target: float) -> float:
    """Setting of a switch that means "remote, at `target`" [1]."""
    return REMOTE_BASE + REMOTE_SPAN * min(max(target, 0.0), 1.0)


def derive_inp(
    model: WaterModel,
    folder: Path,
    actuators: Sequence[int],
    *,
    duration_s: float | None = None,
    rules_file: Path | None = None,
) -> DerivedFile:
    """Write the file that the plant runs, into `folder`.

    Parameters
    ----------
    actuators : link indices that may be commanded
    duration_s : shorter or longer simulation than the file's [s]
    rules_file : replaces the file's [CONTROLS] by the rules in this file

    Raises InputError if `rules_file` cannot be read, or is no text.
    """
    rows = _rewrite(model.text_lines, model, duration_s, keep_rules=rules_file is None)
    lines = [line for line, _ in rows]
    origin = [(model.path, number) if number else None for _, number in rows]
    ruled = set(model.ruled_links())
    if rules_file is not None:
        if not rules_file.is_file():
            raise InputError("this file of control rules does not exist", path=rules_file)
        rules = read_text(rules_file).replace("\r", "")
        own = rules.split("\n")
        lines += ["", "[CONTROLS]", *own, ""]
        origin += [None, None, *((rules_file, k) for k in range(1, len(own) + 1)), None]
        words = set(re.findall(r"\S+", rules))
        ruled |= {i for i in actuators if model.links.names[i] in words}
    switched = [i for i in actuators if i in ruled]
    prefix = _free_prefix(model)
    switches = {link: f"{prefix}{k}" for k, link in enumerate(switched)}
    if switched:
        lines += _switch_lines(model, prefix, switches)
    path = folder / f"{model.path.stem}.jialing.inp"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    origin += [None] * (len(lines) - len(origin))
    return DerivedFile(path=path, switches=switches, origin=tuple(origin))


def _rewrite(
    lines: Sequence[str], model: WaterModel, duration_s: float | None, *, keep_rules: bool
) -> list[tuple[str, int]]:
    """Absolute paths for files that are read, none that are written, one thread, the wanted end.

    Nothing else changes. Each line comes with its number in the user's file, 0 where it is ours.
    """
    out: list[tuple[str, int]] = []
    section = ""
    seconds = duration_s or model.options.duration_s
    try:
        end = model.options.start + timedelta(seconds=seconds)
    except OverflowError:
        raise InputError(
            f"a run of {seconds:g} s is not possible; it must end before the year 10000",
            path=model.path,
        ) from None
    options = {
        "END_DATE": end.strftime("%m/%d/%Y"),
        "END_TIME": end.strftime("%H:%M:%S"),
        "THREADS": "1",
    }
    for number, line in enumerate(lines, start=1):
        tokens = tokenize(line)
        word = tokens[0].upper() if tokens else ""
        if word.startswith("["):
            section = word.strip("[]")
            if section.startswith("CONTROL") and not keep_rules:
                continue
            out.append((line, number))
            if section.startswith("OPTION"):
                out += [(f"{key} {value}", 0) for key, value in options.items()]
            continue
        if section.startswith("OPTION") and word in (*options, "TEMPDIR"):
            continue  # the folder for scratch files is SWMM's own choice on this machine
        if section.startswith("CONTROL") and not keep_rules:
            continue
        if section.startswith("REPORT"):
            continue  # SWMM's own tables are not read; leaving them out keeps its report small
        if section.startswith("FILE") and word == "SAVE":
            continue  # never write where the user's own runs write
        if section.startswith("LID_USAGE") and len(tokens) > LID_REPORT:
            line = " ".join((*tokens[:LID_REPORT], "*", *tokens[LID_REPORT + 1 :]))
        elif section.startswith("FILE") and len(tokens) > 2:
            line = f'{tokens[0]} {tokens[1]} "{model.resolve(tokens[2])}"'
        elif section.startswith(("TIMESER", "RAINGAGE", "TEMPERATURE")) and tokens:
            line = _absolute(line, model)
        out.append((line, number))
    return out


def _absolute(line: str, model: WaterModel) -> str:
    """Replace a file name in `line` by its absolute path, or by the series file given instead."""
    name = tokenize(line)[0]
    placed = {given.lower(): file for given, file in model.series_files.items()}
    other = placed.get(name.lower())

    def path(match: re.Match[str]) -> str:
        found = match.group(3) or match.group(4)
        return f'{match.group(1)}"{other.resolve() if other else model.resolve(found)}"'

    return _FILE_WORD.sub(path, line, count=1)


def _free_prefix(model: WaterModel) -> str:
    """A prefix that no element of the user's file begins with."""
    names = [*model.nodes.names, *model.links.names]
    for prefix in ("JL_", "JLX_", "JIALING_", *(f"JL{i}_" for i in range(1000))):
        if not any(name.upper().startswith(prefix) for name in names):
            return prefix
    raise InputError("the file uses every name prefix that Jialing could use", path=model.path)


def _switch_lines(model: WaterModel, prefix: str, switches: Mapping[int, str]) -> list[str]:
    tank, junction, out, pipe, curve = (prefix + word for word in ("S", "J", "O", "C", "MAP"))
    low = float(model.nodes.invert_m.min()) / model.options.length_factor
    raised = low + 5.0 if model.options.offsets_are_elevations else 0.0
    bottom = low + (5.0 if model.options.offsets_are_elevations else 0.0)
    lines = [
        "",
        ";; local/remote switches, see jialing.domains.water.derive",
        "[STORAGE]",
        f"{tank} {bottom} 1 0 FUNCTIONAL 0 0 10 0 0",
        "[JUNCTIONS]",
        f"{junction} {bottom} 1 0 0 0",
        "[OUTFALLS]",
        f"{out} {bottom - 1} FREE NO",
        "[CONDUITS]",
        f"{pipe} {junction} {out} 100 0.01 {raised} {raised - 1 if raised else 0} 0 0",
        "[ORIFICES]",
        *(f"{name} {tank} {junction} SIDE {raised} 0.65 NO 0" for name in switches.values()),
        "[XSECTIONS]",
        f"{pipe} CIRCULAR 1 0 0 0 1",
        *(f"{name} CIRCULAR 0.1 0 0 0" for name in switches.values()),
        "[CURVES]",
        f"{curve} CONTROL {REMOTE_BASE} 0",
        f"{curve} {REMOTE_BASE + REMOTE_SPAN} 1",
        "[CONTROLS]",
    ]
    for link, name in switches.items():
        kind = _OBJECT[LinkKind(int(model.links.kind[link]))]
        lines += [
            f"RULE {name}",
            f"IF ORIFICE {name} SETTING > 0.4",
            f"THEN {kind} {model.links.names[link]} SETTING = CURVE {curve}",
            f"PRIORITY {LARGEST:.0f}",  # more than a file may say
            "",
        ]
    return lines
