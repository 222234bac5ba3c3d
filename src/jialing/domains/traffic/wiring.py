"""What do the signals show and the exits hold? From an observation to the kernel's state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
        self._green_s = np.full(count, np.nan)
        self._moving = np.zeros(count, dtype=np.bool_)
        self._started = False
        self._read_s = -np.inf
        self._modes = np.diff(layout.mode_ptr)
        self._moves = np.diff(layout.move_ptr)
        self._drain = np.full(len(layout.out_length), DRAIN)
        owner = np.repeat(np.arange(count), self._moves)
        self._owner = owner
        within = np.arange(len(owner)) - layout.move_ptr[owner]
        self._right_base = layout.right_ptr[owner] + within

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
        layout, now, values = self._layout, observation.time_s, observation.values
        shown = values[self._at_mode]
        local = np.isnan(shown)
        shown = np.where(local, np.where(np.isnan(positions), 0.0, positions), shown)
        moving = shown < 0.0
        mode = np.where(moving, -1.0 - shown, shown).astype(np.int64)
        mode = np.clip(mode, 0, self._modes - 1)
        changed = mode != self._mode
        self._before = np.where(changed, self._mode, self._before)
        self._left_s = np.where(changed, self._read_s, self._left_s)
        self._read_s = now
        if not self._started:
            self._before[:] = -1
            self._started = True
        self._mode = mode
        green = values[self._at_green]
        size = self._modes
        pair = layout.change_ptr[:-1] + np.maximum(self._before, 0) * size + mode
        change = np.where(self._before >= 0, layout.intergreen[pair], 0.0)
        due = np.maximum(self._left_s + change - now, 0.1)
        self._green_s = np.where(np.isnan(green), 60.0, green)
        opened = np.where(moving & ~local, due, -self._green_s)
        switched = np.where(np.isfinite(self._left_s), self._left_s - now, -1e6)
        right = layout.rights[self._right_base + mode[self._owner] * self._moves[self._owner]]
        right = np.where((opened > 0.0)[self._owner], 0, right).astype(np.int8)
        free = np.where(self._at_room >= 0, values[self._at_room], layout.out_length)
        free = np.where(np.isnan(free), self._visible, free)
        full = np.clip(1.0 - free / self._seen_m, 0.0, 1.0)
        clear = full < CLEAR
        room = np.where(clear, 1e6, free / SPACE_M)
        return SignalState(
            mode=mode,
            before=self._before,
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
