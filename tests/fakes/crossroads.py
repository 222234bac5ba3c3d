"""Hand-made junctions for tests: one lane per approach, two phases, nothing from a file."""

from __future__ import annotations

from typing import Any

import numpy as np

from jialing.domains.traffic.junction import Junction, Phase, Programme


def junction(
    *,
    name: str = "J",
    lanes: int = 2,
    lane_of: tuple[int, ...] = (0, 1),
    out_of: tuple[int, ...] = (0, 1),
    modes: tuple[str, ...] = ("Gr", "rG"),
    yields: tuple[tuple[int, int], ...] = (),
    crossings: tuple[int, ...] = (),
    speed: float = 13.9,
    length: float = 300.0,
    yellow: float = 3.0,
    min_green: float = 5.0,
    **more: Any,
) -> Junction:
    """A junction with one letter per movement in each mode."""
    count = len(lane_of)
    outs = max((*out_of, 0)) + 1
    letters = {"r": 0, "g": 1, "G": 2}
    rights = np.array([[letters[c] for c in mode] for mode in modes], dtype=np.int8)
    first = np.zeros((count, count), dtype=np.bool_)
    for waits, goes in yields:
        first[waits, goes] = True
    change = np.full((len(modes), len(modes)), yellow)
    np.fill_diagonal(change, 0.0)
    phases = []
    for mode in modes:
        phases.append(Phase(state=mode, duration_s=30.0, min_s=30.0, max_s=30.0))
        stop = mode.replace("G", "y").replace("g", "y")
        phases.append(Phase(state=stop, duration_s=yellow, min_s=yellow, max_s=yellow))
    fields: dict[str, Any] = {
        "name": name,
        "nodes": (name,),
        "x": 0.0,
        "y": 0.0,
        "lanes": tuple(f"{name}_in{k}_0" for k in range(lanes)),
        "lane_length_m": np.full(lanes, length),
        "lane_speed_mps": np.full(lanes, speed),
        "outs": tuple(f"{name}_out{k}_0" for k in range(outs)),
        "out_length_m": np.full(outs, length),
        "out_speed_mps": np.full(outs, speed),
        "links": np.arange(count, dtype=np.int64),
        "lane_of": np.array(lane_of, dtype=np.int64),
        "out_of": np.array(out_of, dtype=np.int64),
        "via_length_m": np.full(count, 15.0),
        "via_speed_mps": np.full(count, speed),
        "turn": tuple("p" if k in crossings else "s" for k in range(count)),
        "pedestrian": np.array([k in crossings for k in range(count)]),
        "yields_to": first,
        "conflicts": first | first.T,
        "modes": modes,
        "rights": rights,
        "min_green_s": np.full(len(modes), min_green),
        "max_green_s": np.full(len(modes), 60.0),
        "yellow_s": change,
        "all_red_s": np.zeros_like(change),
        "programmes": (Programme(name="0", kind="static", offset_s=0.0, phases=tuple(phases)),),
    }
    return Junction(**(fields | more))
