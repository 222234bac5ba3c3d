"""Which lanes are blocked? Their first vehicle stands before a free green, and something holds it."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic.estimator import Arrivals
from jialing.domains.traffic.junction import PRIORITY, RED
from jialing.domains.traffic.layout import IntArray

STUCK_S = 12.0  # a free green in which the first vehicle stands so long is blocked [s],
YIELDING_STUCK_S = 30.0  # … as is one that yields so long [s] …
IGNORED_S = 30.0  # … and its lane is left out for so long [s]
AT_LINE_S = 4.0  # from standing, the first vehicle is over the line within this time [s]


class Blocked:
    """Remembers for how long the first vehicle of each lane has stood before a free green.

    Parameters
    ----------
    lanes : how many there are
    """

    def __init__(self, lanes: int) -> None:
        self._stuck_s = np.zeros(lanes)
        self._until_s = np.full(lanes, -np.inf)

    def note(
        self,
        arrivals: Arrivals,
        move: IntArray,
        right: NDArray[np.int8],
        now_s: float,
        elapsed_s: float,
    ) -> NDArray[np.bool_]:
        """[lanes] True where the lane is to be left out of the plans at `now_s`.

        Parameters
        ----------
        move : movement of each vehicle, over all junctions
        right : [movements] of `Right` at this moment
        elapsed_s : since the last plan
        """
        head = (arrivals.first, arrivals.arrive, arrivals.stood)
        return _noted(*head, move, right, now_s, elapsed_s, self._stuck_s, self._until_s)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _noted(
    first: IntArray,
    arrive: FloatArray,
    stood: NDArray[np.bool_],
    move: IntArray,
    right: NDArray[np.int8],
    now: float,
    elapsed: float,
    stuck: FloatArray,
    until: FloatArray,
) -> NDArray[np.bool_]:
    """Changes `stuck` and `until`."""
    found = np.empty(until.shape[0], dtype=np.bool_)
    for lane in range(until.shape[0]):
        head = first[lane]
        waits = head < first[lane + 1] and stood[head] and arrive[head] < AT_LINE_S
        if waits and right[move[head]] > RED:
            stuck[lane] += elapsed
            free = right[move[head]] == PRIORITY
            if stuck[lane] >= (STUCK_S if free else YIELDING_STUCK_S):
                until[lane] = now + IGNORED_S
        else:
            stuck[lane] = 0.0
        found[lane] = until[lane] > now
    return found
