"""How does SUMO's own actuated control come to run the phases that stand in the file?

Source of the method and its defaults: SUMO documentation, "Traffic Lights", actuated traffic
lights (gap-based: a phase is prolonged while vehicles follow each other within 3 s).
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

from jialing.domains.traffic.junction import Junction, Phase
from jialing.domains.traffic.transition import GREEN

NAME = "actuated"
#: SUMO's loops lie 2 s before the stop line. With 5 s the gap is often measured before the queue
#: behind the loop has begun to move, and greens end early (cologne1: 79 s of delay instead of 33 s).
MIN_GREEN_S = 6.0
MAX_GREEN_S = 50.0  # where the file does not say; SUMO's netconvert writes the same


def write_actuated(junctions: Sequence[Junction], folder: Path) -> Path:
    """Write an additional file that gives every junction its first programme, actuated."""
    rows = []
    for junction in junctions:
        phases = []
        for phase in junction.programmes[0].phases:
            times = {"duration": f"{phase.duration_s:g}", "state": phase.state}
            if is_green(phase):
                least, most = green_span_s(phase)
                times |= {"minDur": f"{least:g}", "maxDur": f"{most:g}"}
            phases.append(times)
        rows.append((junction, "actuated", phases))
    return write_programmes(rows, NAME, folder)


def write_programmes(
    rows: Sequence[tuple[Junction, str, Sequence[dict[str, str]]]], name: str, folder: Path
) -> Path:
    """Write ``name.add.xml`` with a programme for each junction, of a kind and with phases.

    The phases follow each other as those of its first programme do.
    """
    root = ElementTree.Element("additional")
    for junction, kind, phases in rows:
        own = junction.programmes[0].phases
        offset = f"{junction.programmes[0].offset_s:g}"
        light = ElementTree.SubElement(
            root, "tlLogic", id=junction.name, type=kind, programID=name, offset=offset
        )
        for phase, was in zip(phases, own, strict=True):
            then = {"next": " ".join(map(str, was.then))} if was.then else {}
            ElementTree.SubElement(light, "phase", phase | then)
    path = folder / f"{name}.add.xml"
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def green_span_s(phase: Phase) -> tuple[float, float]:
    """Shortest and longest green of a phase [s]: the file's, or 6 and 50 where it is fixed."""
    if phase.max_s > phase.min_s:
        return max(phase.min_s, MIN_GREEN_S), phase.max_s
    return MIN_GREEN_S, max(MAX_GREEN_S, phase.duration_s)


def is_green(phase: Phase) -> bool:
    """True for a phase that is held, not passed through."""
    return "y" not in phase.state and any(letter in GREEN for letter in phase.state)
