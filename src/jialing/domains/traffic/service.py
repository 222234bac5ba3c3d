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

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray, SignalTable
from jialing.domains.traffic.junction import Junction, Right
from jialing.domains.traffic.proof import Proof

IntArray = NDArray[np.int64]

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
        sizes = [j.movements for j in junctions]
        self._first = np.cumsum([0, *sizes])
        self._owner = np.repeat(np.arange(len(sizes)), sizes)
        # greens of all modes one after the other: row of the mode, column of the movement
        starts = np.cumsum([0, *(proof.rights.size for proof in proofs)])
        greens = [proof.rights.ravel() > Right.RED for proof in proofs]
        self._greens = np.concatenate([np.zeros(0, np.bool_), *greens])
        self._width = np.array(sizes, np.int64)[self._owner]
        self._base = (starts[:-1] - self._first[:-1])[self._owner] + np.arange(len(self._owner))
        self._seen_by, self._sensor = _found(
            [word for j in junctions for word in _calls(j)], signals
        )
        self._walled_by, self._room = _found(
            [word for j in junctions for word in _rooms(j)], signals
        )
        served = [(proof.rights[proof.usable] > Right.RED).any(axis=0) for proof in proofs]
        able = np.concatenate([np.zeros(0, np.bool_), *served])
        self._max_red_s = np.where(able, max_red_s[self._owner], np.inf)
        self._since_s = np.full(len(self._owner), np.inf)
        self._seen_s = np.full(len(self._owner), np.nan)
        self._starving = self._served = np.zeros(len(self._owner), dtype=np.bool_)
        self._shown, self._now_s = b"", np.nan

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
            row = np.fmax(mode, 0.0).astype(np.int64) * self._width
            self._served = self._greens[self._base + row] & known
        calm = np.zeros(len(self._owner), dtype=np.bool_)
        calm[self._seen_by] = good[self._sensor] & (values[self._sensor] <= 0.0)
        self._seen_s[~calm] = now_s
        since_s = np.where(calm, self._since_s, np.minimum(self._since_s, now_s))
        since_s[self._served | (self._seen_s <= now_s - CALM_S)] = np.inf
        self._since_s, self._now_s = since_s, now_s
        starving = since_s <= now_s - self._max_red_s
        if not starving.any():
            return NOBODY
        full = np.zeros(len(self._owner), dtype=np.bool_)
        full[self._walled_by] = good[self._room] & (values[self._room] < VEHICLE_M)
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
        able = np.flatnonzero(proof.usable & (proof.rights[:, first] > Right.RED))
        if wanted in able:
            return int(wanted), waited_s
        rights = proof.rights[able].T
        starved = (rights[starving] > Right.RED).sum(axis=0)
        called = (rights[since_s < np.inf] > Right.RED).sum(axis=0)
        return int(able[np.lexsort((able, -called, -starved, -rights[first]))[0]]), waited_s


def round_s(junction: Junction, proof: Proof) -> float:
    """Time to serve every mode once [s], with a tick of one second for each switch to be seen."""
    return float(junction.min_green_s.sum()) + len(proof.usable) * (proof.longest_s + 1.0)


def _calls(junction: Junction) -> Iterator[list[str]]:
    """For each movement the signals that may tell who waits, the best first."""
    for link, lane in np.column_stack((junction.links, junction.lane_of)).tolist():
        if lane < 0:
            yield [f"waiting:{junction.name}/{link}"]
        else:
            yield [f"queue:{junction.lanes[lane]}", f"occupied:{junction.lanes[lane]}/stop"]


def _rooms(junction: Junction) -> Iterator[list[str]]:
    """For each movement the signal that tells the room at its exit."""
    for out in junction.out_of:
        yield [] if out < 0 else [f"room:{junction.outs[out]}"]


def _found(words: Sequence[Sequence[str]], signals: SignalTable) -> tuple[IntArray, IntArray]:
    """Movements of which there is one of the signals, and which one."""
    index = signals.index
    found = [next((index[word] for word in each if word in index), None) for each in words]
    pairs = [(movement, at) for movement, at in enumerate(found) if at is not None]
    movements, at = np.array(pairs, np.int64).reshape(len(pairs), 2).T
    return movements, at
