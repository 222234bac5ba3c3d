"""Which hand-made signals do tests of the guard use? A crossroads with crossings, and a T."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from jialing.domains.traffic.junction import Junction, Phase, Programme

#: crossroads, by link: straight and left from north, east, south, west; then people on foot
#: walking north–south (8) and east–west (9)
NORTH, NORTH_LEFT, EAST, EAST_LEFT, SOUTH, SOUTH_LEFT, WEST, WEST_LEFT, WALK_NS, WALK_EW = range(10)
MAIN, MAIN_LEFT, SIDE, SIDE_LEFT = (
    "GgrrGgrrGr",
    "rGrrrGrrrr",
    "rrGgrrGgrG",
    "rrrGrrrGrr",
)


def signal(
    name: str,
    lane_of: Sequence[int],
    modes: Sequence[str],
    *,
    yields: Iterable[tuple[int, int]] = (),
    conflicts: Iterable[tuple[int, int]] = (),
    links: Sequence[int] | None = None,
    min_green_s: float | Sequence[float] = 5.0,
    yellow_s: float = 3.0,
    all_red_s: float = 0.0,
    phases: Sequence[tuple[str, float]] | None = None,
    **more: Any,
) -> Junction:
    """A signal with one exit for each movement; a lane of -1 makes the movement a crossing."""
    count, walks = len(lane_of), np.array([lane < 0 for lane in lane_of])
    yields_to = np.zeros((count, count), dtype=np.bool_)
    meets = np.zeros((count, count), dtype=np.bool_)
    for waits, goes in yields:
        yields_to[waits, goes] = meets[waits, goes] = meets[goes, waits] = True
    for one, other in conflicts:
        meets[one, other] = meets[other, one] = True
    change = np.full((len(modes), len(modes)), yellow_s)
    clear = np.full((len(modes), len(modes)), all_red_s)
    np.fill_diagonal(change, 0.0)
    np.fill_diagonal(clear, 0.0)
    lanes = max((*lane_of, -1)) + 1
    letters = {"r": 0, "g": 1, "s": 1, "G": 2}
    at = list(range(count)) if links is None else list(links)
    rights = [[letters.get(mode[k] if k < len(mode) else "r", 0) for k in at] for mode in modes]
    programme = phases or [(mode, 20.0) for mode in modes]
    fields: dict[str, Any] = {
        "name": name,
        "nodes": (name,),
        "x": 0.0,
        "y": 0.0,
        "lanes": tuple(f"{name}{k}" for k in range(lanes)),
        "lane_length_m": np.full(lanes, 200.0),
        "lane_speed_mps": np.full(lanes, 13.9),
        "outs": tuple(f"{name}out{k}" for k in range(count)),
        "out_length_m": np.full(count, 200.0),
        "out_speed_mps": np.full(count, 13.9),
        "links": np.array(at, dtype=np.int64),
        "lane_of": np.array(lane_of, dtype=np.int64),
        "out_of": np.where(walks, -1, np.arange(count)).astype(np.int64),
        "via_length_m": np.full(count, 15.0),
        "via_speed_mps": np.full(count, 8.0),
        "turn": tuple("p" if walk else "s" for walk in walks),
        "pedestrian": walks,
        "yields_to": yields_to,
        "conflicts": meets,
        "modes": tuple(modes),
        "rights": np.array(rights, dtype=np.int8).reshape(len(modes), count),
        "min_green_s": np.broadcast_to(min_green_s, len(modes)).astype(np.float64),
        "max_green_s": np.full(len(modes), 60.0),
        "yellow_s": change,
        "all_red_s": clear,
        "programmes": (
            Programme(
                name="0",
                kind="static",
                offset_s=0.0,
                phases=tuple(
                    Phase(state=state, duration_s=s, min_s=s, max_s=s) for state, s in programme
                ),
            ),
        ),
    }
    return Junction(**(fields | more))


def crossroads(name: str = "X", **more: Any) -> Junction:
    """Four arms, each with a lane for straight and one for left; crossings over all arms."""
    straight = [(ns, ew) for ns in (NORTH, SOUTH) for ew in (EAST, WEST)]
    lefts = [(ns, ew) for ns in (NORTH_LEFT, SOUTH_LEFT) for ew in (EAST_LEFT, WEST_LEFT)]
    across = [(ns, ew) for ns in (NORTH_LEFT, SOUTH_LEFT) for ew in (EAST, WEST)]
    across += [(ew, ns) for ew in (EAST_LEFT, WEST_LEFT) for ns in (NORTH, SOUTH)]
    walked = [(EAST, WALK_NS), (WEST, WALK_NS), (NORTH, WALK_EW), (SOUTH, WALK_EW)]
    yields = [
        (NORTH_LEFT, SOUTH),
        (SOUTH_LEFT, NORTH),
        (EAST_LEFT, WEST),
        (WEST_LEFT, EAST),
        *((left, WALK_NS) for left in (NORTH_LEFT, SOUTH_LEFT)),
        *((left, WALK_EW) for left in (EAST_LEFT, WEST_LEFT)),
    ]
    fields: dict[str, Any] = {
        "lane_of": (0, 1, 2, 3, 4, 5, 6, 7, -1, -1),
        "modes": (MAIN, MAIN_LEFT, SIDE, SIDE_LEFT),
        "yields": yields,
        "conflicts": (*straight, *lefts, *across, *walked),
        "min_green_s": (6.0, 5.0, 8.0, 5.0),
        "all_red_s": 1.0,
        "phases": (
            (MAIN, 30.0),
            ("yyrryyrrrr", 3.0),
            ("rrrrrrrrrr", 1.0),
            (MAIN_LEFT, 10.0),
            ("ryrrryrrrr", 3.0),
            ("rrrrrrrrrr", 1.0),
            (SIDE, 25.0),
            ("rryyrryyrr", 3.0),
            ("rrrrrrrrrr", 1.0),
            (SIDE_LEFT, 10.0),
            ("rrryrrryrr", 3.0),
            ("rrrrrrrrrr", 1.0),
        ),
    }
    return signal(name, **(fields | more))


def tee(name: str = "T", **more: Any) -> Junction:
    """From west; from east, straight and left out of one lane; from south. No crossings."""
    fields: dict[str, Any] = {
        "lane_of": (0, 1, 1, 2),
        "modes": ("GGgr", "rGGr", "rrrG"),
        "yields": [(2, 0)],
        "conflicts": [(3, 0), (3, 1), (3, 2)],
    }
    return signal(name, **(fields | more))
