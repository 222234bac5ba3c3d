"""How were the greens used? Arrivals on green, split failures, longest red with somebody waiting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic.approaches import Approaches
from jialing.domains.traffic.fleet import Fleet, Reading
from jialing.domains.traffic.junction import Junction

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

GOES = frozenset("GgsoO")  # whoever comes may go: at once, after others, or after a stop
REACH_M = 150.0  # whoever halts within this distance of a stop line has joined its queue


class Greens:
    """Counts, per movement, what signal engineers read from detector logs.

    A vehicle arrives when it first comes to a halt within `REACH_M` of the stop line, or passes
    the line without a halt; it arrives on green if its movement may go at that moment. A green
    fails to split the time well if somebody who stood there as it began is still there as it ends.

    Source of the measures: Day et al. (2014), Performance Measures for Traffic Signal Systems,
    Purdue University, doi 10.5703/1288284315333; the arrival is taken from the vehicle itself
    instead of from an advance detector.

    Parameters
    ----------
    junctions, table, fleet : what is driven on, and by whom
    """

    def __init__(self, junctions: Sequence[Junction], table: Approaches, fleet: Fleet) -> None:
        self._junctions, self._table, self._fleet = junctions, table, fleet
        sizes = [junction.movements for junction in junctions]
        self.first = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        count = int(self.first[-1])
        self._owner = np.repeat(np.arange(len(junctions)), sizes)
        self._states: list[str] = [""] * len(junctions)
        self._known: list[dict[str, BoolArray]] = [{} for _ in junctions]
        self._goes = np.zeros(count, dtype=np.bool_)
        self._red_s = np.zeros(count)  # red so far, since somebody waits
        self._longest_s = np.zeros(count)
        self._failures = np.zeros(count, dtype=np.int64)
        self._greens = np.zeros(count, dtype=np.int64)
        self._arrivals = np.zeros((len(junctions), 2), dtype=np.int64)  # on red, on green
        self._passed = np.zeros(len(junctions), dtype=np.int64)
        self._queued = np.zeros(len(junctions))
        self._seconds = 0.0
        self._at: IntArray = np.zeros(0, dtype=np.int64)  # [rows] junction whose queue it joined
        self.passed = np.zeros(count, dtype=np.int64)  # [movements]
        self._movement: IntArray = np.zeros(0, dtype=np.int64)  # [rows] at the stop line
        self._stood: BoolArray = np.zeros(0, dtype=np.bool_)  # [rows] stood there as green began

    def note(
        self,
        reading: Reading,
        halting: BoolArray,
        states: Sequence[str],
        walkers: FloatArray,
        seconds: float,
    ) -> None:
        """Take down one step; `halting` runs alongside the reading, `walkers` the movements."""
        fleet, table, rows, lanes = self._fleet, self._table, reading.rows, reading.lanes
        if len(fleet) > len(self._at):
            self._grow(2 * len(fleet))
        began, ended = self._switch(states)
        self._pass(reading)
        junction, beyond_m = table.junction[lanes], table.beyond_m[lanes]
        near = table.length_m[lanes] + beyond_m - reading.position_m <= REACH_M
        joins = np.flatnonzero(near & halting & (junction >= 0) & (self._at[rows] != junction))
        if joins.size:
            self._join(rows[joins], lanes[joins])
        first = (beyond_m == 0.0) & (fleet.movement[rows] >= 0)
        rows, junction = rows[first], junction[first]
        movement = self.first[junction] + fleet.movement[rows]
        self._movement[rows] = movement
        queued = self._at[rows] == junction
        rows, junction, movement = rows[queued], junction[queued], movement[queued]
        waiting = np.bincount(movement, minlength=len(self._goes)) > 0
        if walkers.size:
            waiting |= walkers > 0
        self._red_s = np.where(self._goes | ~waiting, 0.0, self._red_s + seconds)
        np.maximum(self._longest_s, self._red_s, out=self._longest_s)
        self._queued += np.bincount(junction, minlength=len(self._queued)) * seconds
        self._seconds += seconds
        if ended.size:
            failed = self._stood[rows] & np.isin(movement, ended)
            self._failures[np.unique(movement[failed])] += 1
            self._stood[rows[failed]] = False
        if began.size:
            self._greens[began] += 1
            self._stood[rows[np.isin(movement, began)]] = True

    def _switch(self, states: Sequence[str]) -> tuple[IntArray, IntArray]:
        """Movements whose green begins, and whose green ends, with these states."""
        if states == self._states:
            return _NONE, _NONE
        goes = self._goes.copy()
        for j, state in enumerate(states):
            if state != self._states[j]:
                goes[self.first[j] : self.first[j + 1]] = self._may_go(j, state)
        began, ended = np.flatnonzero(goes & ~self._goes), np.flatnonzero(self._goes & ~goes)
        self._goes, self._states = goes, list(states)
        return began, ended

    def _may_go(self, junction: int, state: str) -> BoolArray:
        known = self._known[junction]
        if state not in known:
            links = self._junctions[junction].links.tolist()
            known[state] = np.array([state[link] in GOES for link in links], dtype=np.bool_)
        return known[state]

    def _pass(self, reading: Reading) -> None:
        """Count those who have just passed a stop line."""
        if not reading.entered.size:
            return
        table = self._table
        rows, lanes = reading.rows[reading.entered], reading.lanes[reading.entered]
        junction = np.where(reading.left >= 0, table.junction[reading.left], -1)
        at_line = (junction >= 0) & (table.beyond_m[reading.left] == 0.0)
        beside = (table.junction[lanes] == junction) & (table.beyond_m[lanes] == 0.0)
        passed = np.flatnonzero(at_line & ~beside & (lanes < len(table.lane_index)))
        if passed.size:
            rows, junction = rows[passed], junction[passed]
            np.add.at(self._passed, junction, 1)
            known = self._movement[rows] >= 0
            np.add.at(self.passed, self._movement[rows][known], 1)
            unhindered = self._at[rows] != junction
            np.add.at(self._arrivals[:, 1], junction[unhindered], 1)
            self._at[rows] = -1
            self._stood[rows] = False

    def _join(self, rows: IntArray, lanes: IntArray) -> None:
        """Count those who have just come to a halt before a signal."""
        fleet, table = self._fleet, self._table
        junction = table.junction[lanes]
        self._at[rows] = junction
        for row, lane, j in zip(rows.tolist(), lanes.tolist(), junction.tolist(), strict=True):
            first, movement = int(self.first[j]), int(fleet.movement[row])
            if table.beyond_m[lane] == 0.0 and movement >= 0:
                green = bool(self._goes[first + movement])
            else:  # further upstream: any movement from the lane it is heading for
                ways = np.flatnonzero(self._junctions[j].lane_of == table.lane[lane])
                green = bool(self._goes[first + ways].any())
            self._arrivals[j, int(green)] += 1

    def _grow(self, room: int) -> None:
        at = np.full(room, -1, dtype=np.int64)
        at[: len(self._at)] = self._at
        movement = np.full(room, -1, dtype=np.int64)
        movement[: len(self._movement)] = self._movement
        stood = np.zeros(room, dtype=np.bool_)
        stood[: len(self._stood)] = self._stood
        self._at, self._movement, self._stood = at, movement, stood

    def totals(self) -> dict[str, float]:
        """Score words over all junctions."""
        red, green = self._arrivals.sum(axis=0).tolist()
        return {
            "arrivals_on_green": 100.0 * green / max(red + green, 1),
            "split_failures": float(self._failures.sum()),
            "max_red": float(self._longest_s.max(initial=0.0)),
        }

    def by_junction(self) -> dict[str, dict[str, Any]]:
        """The same per junction, with its mean queue [veh] and the vehicles that passed."""
        found = {}
        for j, junction in enumerate(self._junctions):
            own = slice(int(self.first[j]), int(self.first[j + 1]))
            red, green = self._arrivals[j].tolist()
            found[junction.name] = {
                "passed": int(self._passed[j]),
                "queue": float(self._queued[j] / max(self._seconds, 1e-9)),
                "arrivals_on_green": 100.0 * green / max(red + green, 1),
                "greens": int(self._greens[own].sum()),
                "split_failures": int(self._failures[own].sum()),
                "max_red": float(self._longest_s[own].max(initial=0.0)),
            }
        return found


_NONE: IntArray = np.zeros(0, dtype=np.int64)
