"""Who has waited at red for too long, and which mode serves them? For the guard alone.

A movement has a call from the moment at red when somebody is seen to wait for it: a vehicle that
stands on its lane (``queue:LANE``; without it ``occupied:LANE/stop``), or people at a crossing
(``waiting:JUNCTION/LINK``). Where the sensor is missing, stale or none, somebody is assumed to
wait. The call ends when the movement is no longer at red, or when nobody has been seen for
`CALM_S`: queues creep, and one glance at a lane in motion proves nothing.

A call older than the longest red starves. It is put off to twice that time while the exit has no
room for a vehicle, for such a green would serve nobody and fill the junction.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray, SignalTable
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.proof import Proof

CALM_S = 10.0  # nobody seen for so long: nobody waits [s]
VEHICLE_M = 7.5  # a standing car with its gap [m]
NOBODY = np.zeros(0, np.int64)


class Calls:
    """Calls of all movements of all junctions, side by side.

    Parameters
    ----------
    junctions, proofs : in the order of the actuators
    signals : those of the plant
    max_red_s : [junctions] longest red with a call [s]
    """

    def __init__(
        self,
        junctions: Sequence[Junction],
        proofs: Sequence[Proof],
        signals: SignalTable,
        max_red_s: FloatArray,
    ) -> None:
        self._proofs = tuple(proofs)
        sizes = np.array([j.movements for j in junctions], np.int64)
        self._first = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        self._owner = np.repeat(np.arange(len(junctions)), sizes)
        self._priority = [_priority(j) for j in junctions]
        # greens of all modes one after the other: row of the mode, column of the movement
        tables = [proof.greens.size for proof in proofs]
        starts = np.concatenate(([0], np.cumsum(tables)))[:-1].astype(np.int64)
        self._greens = _joined([proof.greens.ravel() for proof in proofs], np.bool_)
        within = np.arange(len(self._owner)) - self._first[self._owner]
        self._base = starts[self._owner] + within
        self._width = sizes[self._owner]
        places = [_places(j, signals) for j in junctions]
        sensor = _joined([call for call, _ in places], np.int64)
        room = _joined([exit_ for _, exit_ in places], np.int64)
        self._sensor, self._seeing = np.maximum(sensor, 0), sensor >= 0
        self._room, self._walled = np.maximum(room, 0), room >= 0
        served = [proof.greens[proof.usable].any(axis=0) for proof in proofs]
        self._max_red_s = np.where(_joined(served, np.bool_), max_red_s[self._owner], np.inf)
        self._since_s = np.full(len(self._owner), np.inf)
        self._seen_s = np.full(len(self._owner), -np.inf)
        self._starving = self._served = np.zeros(len(self._owner), dtype=np.bool_)
        self._shown = b""
        self._now_s = -np.inf

    def note(
        self, now_s: float, shown: FloatArray, values: FloatArray, good: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Take down who waits; returns the junctions at which somebody starves.

        Parameters
        ----------
        shown : [junctions] mode that is shown, NaN on the way to one
        values, good : [signals] readings, and whether each can be acted on
        """
        if shown.tobytes() != self._shown:
            self._shown = shown.tobytes()
            mode = shown[self._owner]
            known = mode >= 0.0
            row = np.where(known, mode, 0.0).astype(np.int64) * self._width
            self._served = self._greens[self._base + row] & known
        calm = good[self._sensor] & (values[self._sensor] <= 0.0)
        calm &= self._seeing
        self._seen_s[~calm] = now_s
        since_s = np.where(calm, self._since_s, np.minimum(self._since_s, now_s))
        since_s[self._served | (self._seen_s <= now_s - CALM_S)] = np.inf
        self._since_s, self._now_s = since_s, now_s
        starving = since_s <= now_s - self._max_red_s
        if not starving.any():
            return NOBODY
        full = good[self._room] & (values[self._room] < VEHICLE_M) & self._walled
        starving &= ~full | (since_s <= now_s - 2.0 * self._max_red_s)
        self._starving = starving
        return np.unique(self._owner[starving])

    def serve(self, junction: int, wanted: float) -> tuple[int, float]:
        """The mode that ends the longest wait at a junction where somebody starves, and that wait [s].

        `wanted` itself if it does. Else, of the modes that do: the one in which the movement need
        not yield, then the one that serves most who starve, then most who wait, then the first.
        """
        proof = self._proofs[junction]
        here = slice(self._first[junction], self._first[junction + 1])
        starving, since_s = self._starving[here], self._since_s[here]
        first = int(np.argmin(np.where(starving, since_s, np.inf)))
        waited_s = self._now_s - float(since_s[first])
        able = np.flatnonzero(proof.usable & proof.greens[:, first])
        if wanted in able:
            return int(wanted), waited_s
        starved = proof.greens[able][:, starving].sum(axis=1)
        called = proof.greens[able][:, since_s < np.inf].sum(axis=1)
        yields = ~self._priority[junction][able, first]
        return int(able[np.lexsort((able, -called, -starved, yields))[0]]), waited_s


def _priority(junction: Junction) -> NDArray[np.bool_]:
    """[modes, movements] green without having to yield."""
    links = junction.links.tolist()
    return np.array(
        [[m[k : k + 1] == "G" for k in links] for m in junction.modes], np.bool_
    ).reshape(len(junction.modes), len(links))


def _places(junction: Junction, signals: SignalTable) -> tuple[list[int], list[int]]:
    """Where the call and the room at the exit of each movement stand among the signals; -1: nowhere."""
    calls, rooms = [], []
    for i, link in enumerate(junction.links.tolist()):
        lane, out = int(junction.lane_of[i]), int(junction.out_of[i])
        words = [f"waiting:{junction.name}/{link}"]
        if lane >= 0:
            words = [f"queue:{junction.lanes[lane]}", f"occupied:{junction.lanes[lane]}/stop"]
        calls.append(next((signals.index[word] for word in words if word in signals.index), -1))
        rooms.append(signals.index.get(f"room:{junction.outs[out]}", -1) if out >= 0 else -1)
    return calls, rooms


def _joined(parts: Sequence[object], kind: type) -> NDArray[np.generic]:
    return np.concatenate([np.asarray(part, dtype=kind) for part in parts] or [np.zeros(0, kind)])
