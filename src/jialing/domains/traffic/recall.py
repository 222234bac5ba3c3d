"""Who may be waiting unseen? A movement that has been red for long is served, seen or not.

A camera misses some vehicles altogether, and one of them, alone on its lane, would wait for ever.
Practice knows this as recall (FHWA, Traffic Signal Timing Manual (2008), section 5.3).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic.junction import RED
from jialing.domains.traffic.layout import IntArray, Layout

NOBODY = -1


class Recall:
    """Remembers when each movement was last served.

    Parameters
    ----------
    layout : of the junctions
    after_s : longest red of a movement in which nobody is seen [s]
    """

    def __init__(self, layout: Layout, after_s: float) -> None:
        self._layout, self._after_s = layout, after_s
        moves = int(layout.move_ptr[-1])
        self._served_s = np.full(moves, np.nan)
        able = [self._rights(j).max(axis=0, initial=0) > RED for j in range(layout.junctions)]
        self._able = np.concatenate([np.zeros(0, dtype=np.bool_), *able])

    def modes(self, now_s: float, right: NDArray[np.int8], opened: FloatArray) -> IntArray:
        """[junctions] the mode that serves the longest forgotten movement; `NOBODY` where none is.

        Parameters
        ----------
        right : [movements] of `Right` at this moment
        opened : [junctions] when the mode turned green or will [s from now]
        """
        fresh = np.isnan(self._served_s) | (right > RED)
        self._served_s[fresh] = now_s
        found = np.full(self._layout.junctions, NOBODY, dtype=np.int64)
        overdue = self._able & (now_s - self._served_s > self._after_s)
        if not overdue.any():
            return found
        for j in np.unique(self._layout.move_owner[overdue]).tolist():
            if opened[j] > 0.0:
                continue  # on its way to a green already
            here = slice(int(self._layout.move_ptr[j]), int(self._layout.move_ptr[j + 1]))
            since = np.where(overdue[here], self._served_s[here], np.inf)
            found[j] = int(np.argmax(self._rights(j)[:, int(np.argmin(since))]))
        return found

    def _rights(self, junction: int) -> NDArray[np.int8]:
        """[modes, movements] of one junction."""
        at = self._layout
        block = at.rights[at.right_ptr[junction] : at.right_ptr[junction + 1]]
        width = int(at.move_ptr[junction + 1] - at.move_ptr[junction])
        return block.reshape(-1, width) if width else block.reshape(0, 0)
