"""What do the signals show and the exits hold? From an observation to the kernel's state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import Actuator, FloatArray, Observation, SignalTable
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.layout import SPACE_M, IntArray, Layout
from jialing.domains.traffic.settings import TrafficSettings

UPSTREAM_M = 60.0  # where the upstream loop lies before the stop line [m]
CLEAR = 0.02  # an exit with less than this part taken has room for everybody [1]
DRAIN = 0.35  # vehicles per second that make room in a queued exit [1/s]; 0.7 of one lane's flow


@dataclass(frozen=True, kw_only=True)
class SignalState:
    """All signals and exits at one moment; times are seconds from now.

    Attributes
    ----------
    mode : [junctions] shown, or being turned to
    before : [junctions] the mode it was turned from; -1 if not known
    switched, opened : [junctions] when the mode before was left, when `mode` turned green or will
    local : [junctions] True where the programme in the file is in charge
    right : [movements] of `Right` at this moment
    room : [outs] vehicles for which an exit has room
    drain : [outs] vehicles per second that it gives off
    full : [outs] part of the visible exit that is taken by standing vehicles [1]
    standing : [outs] vehicles standing or crawling in the visible exit, at most
    """

    mode: IntArray
    before: IntArray
    switched: FloatArray
    opened: FloatArray
    local: NDArray[np.bool_]
    right: NDArray[np.int8]
    room: FloatArray
    drain: FloatArray
    full: FloatArray
    standing: FloatArray


class Wiring:
    """Where each value stands in an observation, and what was shown before.

    Parameters
    ----------
    junctions : the network
    layout : its flat arrays
    view_m : how far an exit is seen [m]
    """

    def __init__(
        self, junctions: Sequence[Junction], layout: Layout, *, view_m: float = np.inf
    ) -> None:
        self._junctions, self._layout, self._view_m = junctions, layout, view_m
        count = layout.junctions
        self._table: SignalTable | None = None
        self._mode = np.zeros(count, dtype=np.int64)
        self._before = np.full(count, -1, dtype=np.int64)
        self._left_s = np.full(count, -np.inf)
        self._started = False
        self._read_s = -np.inf
        self._modes = np.diff(layout.mode_ptr)
        self._drain = np.full(len(layout.out_length), DRAIN)
        self._tables = (
            self._modes,
            layout.move_ptr,
            layout.change_ptr,
            layout.intergreen,
            layout.right_ptr,
            layout.rights,
        )

    def _bind(self, table: SignalTable) -> None:
        index = table.index
        junctions = self._junctions
        self._at_mode = np.array([table.find(f"mode:{j.name}") for j in junctions], dtype=np.int64)
        self._at_green = np.array(
            [table.find(f"green:{j.name}") for j in junctions], dtype=np.int64
        )
        rooms = [index.get(f"room:{out}", -1) for j in junctions for out in j.outs]
        self._at_room = np.array(rooms, dtype=np.int64)
        self._visible = np.minimum(self._layout.out_length, self._view_m)
        self._seen_m = np.maximum(self._visible, SPACE_M)
        self._table = table

    def read(self, observation: Observation, positions: FloatArray) -> SignalState:
        """The state now; `positions` stand in for modes that are not observed."""
        if observation.table is not self._table:
            self._bind(observation.table)
        values, now = observation.values, observation.time_s
        # A copy: the kernel is compiled for arrays that may be written, and these may not.
        held = np.array(positions, dtype=np.float64)
        seen = (values[self._at_mode], values[self._at_green], held)
        last = (self._mode, self._before, self._left_s)
        mode, before, left_s, switched, opened, local, right = _signals(
            seen, last, now, self._read_s, self._started, self._tables
        )
        self._mode, self._before, self._left_s = mode, before, left_s
        self._read_s, self._started = now, True
        free = np.where(self._at_room >= 0, values[self._at_room], self._layout.out_length)
        room, full = _exits(free, self._visible, self._seen_m)
        return SignalState(
            mode=mode,
            before=before,
            switched=switched,
            opened=opened,
            local=local,
            right=right,
            room=room,
            drain=self._drain,
            full=full,
            standing=full * self._visible / SPACE_M,
        )

    def targets(self, want: FloatArray, actuators: Sequence[Actuator]) -> FloatArray:
        """Targets in the order of the actuators; NaN for what is no junction with a choice."""
        names = {actuator.name: k for k, actuator in enumerate(actuators)}
        found = np.full(len(actuators), np.nan)
        for j, junction in enumerate(self._junctions):
            if self._modes[j] > 0 and junction.name in names:
                found[names[junction.name]] = want[j]
        return found


def seen_m(settings: TrafficSettings) -> float:
    """How far approaches and exits are seen [m]; inf where sensing is perfect."""
    return {"perfect": np.inf, "loops": UPSTREAM_M}.get(settings.sensing, settings.view_m)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _signals(seen: Any, last: Any, now: float, read_s: float, started: bool, tables: Any) -> Any:
    """Mode, mode before, when that was left, `switched`, `opened`, `local` and `right` now.

    Parameters
    ----------
    seen : modes and ages of greens as observed, positions for those that are not [junctions]
    last : mode, mode before, and when that was left, at the last reading
    read_s : when that was; `started` is False if there was none
    tables : modes per junction, and the tables of `Layout`
    """
    shown, green, positions = seen
    mode_last, before_last, left_last = last
    modes, move_ptr, change_ptr, intergreen, right_ptr, rights = tables
    count = shown.shape[0]
    mode, before, left_s = np.empty_like(mode_last), before_last.copy(), left_last.copy()
    switched, opened = np.empty(count), np.empty(count)
    local = np.isnan(shown)
    right = np.zeros(move_ptr[-1], dtype=np.int8)
    for j in range(count):
        at = shown[j]
        if local[j]:
            at = 0.0 if np.isnan(positions[j]) else positions[j]
        moving = at < 0.0
        mode[j] = min(max(int(-1.0 - at if moving else at), 0), modes[j] - 1)
        if mode[j] != mode_last[j]:
            before[j], left_s[j] = mode_last[j], read_s
        if not started:
            before[j] = -1
        if moving and not local[j]:
            change = 0.0
            if before[j] >= 0:
                change = intergreen[change_ptr[j] + before[j] * modes[j] + mode[j]]
            opened[j] = max(left_s[j] + change - now, 0.1)
        else:
            opened[j] = -60.0 if np.isnan(green[j]) else -green[j]
        switched[j] = left_s[j] - now if np.isfinite(left_s[j]) else -1e6
        first, last_move = move_ptr[j], move_ptr[j + 1]
        if opened[j] <= 0.0 and mode[j] >= 0:
            row = right_ptr[j] + mode[j] * (last_move - first)
            for m in range(last_move - first):
                right[first + m] = rights[row + m]
    return mode, before, left_s, switched, opened, local, right


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _exits(free: FloatArray, visible: FloatArray, seen_m: FloatArray) -> Any:
    """Vehicles for which each exit has room, and the part of it that is taken [1]."""
    room, full = np.empty(free.shape[0]), np.empty(free.shape[0])
    for k in range(free.shape[0]):
        free_m = visible[k] if np.isnan(free[k]) else free[k]
        full[k] = min(max(1.0 - free_m / seen_m[k], 0.0), 1.0)
        room[k] = 1e6 if full[k] < CLEAR else free_m / SPACE_M
    return room, full
