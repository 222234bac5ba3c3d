"""What is one signalised junction? Lanes that end at it, movements across it, modes of its signal.

All that the controllers, the guard and the plant know about a junction's geometry and programme
stands here, as small tables; `model.read_roads` fills them from a network file alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import Actuator, FloatArray


class Right(IntEnum):
    """What a signal grants a movement."""

    RED = 0
    YIELD = 1  # `g`, or `s` (after a stop): may go, but conflicting streams with priority go first
    PRIORITY = 2  # `G`


# Plain numbers: beside arrays they compare many times faster than members of an enumeration.
RED, YIELD, PRIORITY = (int(right) for right in Right)


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One phase of a programme in the file.

    Attributes
    ----------
    state : one letter per signal link, as in the file (`G g y r u s o O`)
    duration_s, min_s, max_s : as programmed [s]; `min_s` = `max_s` = `duration_s` where not given
    then : phases that may follow, counted from 0; empty where the next one does
    """

    state: str
    duration_s: float
    min_s: float
    max_s: float
    then: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Programme:
    """A signal programme as it stands in the file.

    Attributes
    ----------
    name : its programID
    kind : `static`, `actuated`, `delay_based`, …
    offset_s : start of the cycle on the clock [s]
    phases : in order
    """

    name: str
    kind: str
    offset_s: float
    phases: tuple[Phase, ...]

    @property
    def cycle_s(self) -> float:
        return sum(phase.duration_s for phase in self.phases)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A signalised movement upstream that discharges into one of this junction's lanes.

    Attributes
    ----------
    junction, movement : index of the upstream junction and of its movement
    lane : index of this junction's lane that is fed
    distance_m : from the upstream stop line to this stop line [m]
    share : part of that movement's vehicles that come to this lane (lanes of an edge share alike) [1]
    """

    junction: int
    movement: int
    lane: int
    distance_m: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Junction:
    """A set of signal links that one controller cabinet switches. Index arrays are int64.

    Attributes
    ----------
    name : id of the `tlLogic`
    nodes : ids of the road junctions it controls
    x, y : where it stands [m, network coordinates]
    lanes : ids of the incoming lanes that a signal link controls
    lane_length_m, lane_speed_mps : [lanes]
    outs : ids of the lanes that movements lead to
    out_length_m, out_speed_mps : [outs]
    links : [movements] position in a state string; several movements may share one
    lane_of, out_of : [movements] index into `lanes`, `outs`; -1 for a pedestrian crossing
    via_length_m, via_speed_mps : [movements] the way across the junction
    turn : [movements] one letter each: `s` straight, `l` left, `r` right, `t` turnaround,
        `L`/`R` partly left/right, `p` pedestrian crossing
    pedestrian : [movements] True for a crossing
    yields_to : [movements, movements] True where the row must let the column go first
    conflicts : [movements, movements] True where the two ways cross or merge (symmetric)
    modes : [modes] state strings that may be held: the green phases, in the file's order
    rights : [modes, movements] of `Right`
    min_green_s, max_green_s : [modes] shortest and longest stay; from the file where it says so
    yellow_s, all_red_s : [modes, modes] what stands between leaving the row and showing the column
    programmes : of the file, the one in use first
    joined : index of junctions so near that they must be decided together, itself included
    feeds : movements upstream that discharge into `lanes`
    """

    name: str
    nodes: tuple[str, ...]
    x: float
    y: float
    lanes: tuple[str, ...]
    lane_length_m: FloatArray
    lane_speed_mps: FloatArray
    outs: tuple[str, ...]
    out_length_m: FloatArray
    out_speed_mps: FloatArray
    links: NDArray[np.int64]
    lane_of: NDArray[np.int64]
    out_of: NDArray[np.int64]
    via_length_m: FloatArray
    via_speed_mps: FloatArray
    turn: tuple[str, ...]
    pedestrian: NDArray[np.bool_]
    yields_to: NDArray[np.bool_]
    conflicts: NDArray[np.bool_]
    modes: tuple[str, ...]
    rights: NDArray[np.int8]
    min_green_s: FloatArray
    max_green_s: FloatArray
    yellow_s: FloatArray
    all_red_s: FloatArray
    programmes: tuple[Programme, ...]
    joined: tuple[int, ...] = ()
    feeds: tuple[Feed, ...] = ()

    @property
    def actuator(self) -> Actuator:
        """Its signal as what is commanded: one level per mode; without a command, the programme."""
        count = len(self.modes)
        return Actuator(
            name=self.name,
            kind="signal",
            low=0.0,
            high=float(count - 1),
            levels=tuple(float(m) for m in range(count)),
            safe=float("nan"),
        )

    @property
    def movements(self) -> int:
        return len(self.links)
