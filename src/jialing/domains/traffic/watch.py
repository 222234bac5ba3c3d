"""What does each signal show, since when, and is that known? For the guard alone.

Two witnesses tell: the receipt, which is a tick old, and the readings of ``mode:`` and ``green:``.
What they say together is known. Where they disagree, the receipt counts, and the signal is blind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jialing.core.command import Receipt
from jialing.core.errors import JialingError
from jialing.core.signal import FloatArray, Observation, Quality, SignalTable
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.proof import Proof

BoolArray = NDArray[np.bool_]

MAX_AGE_S = 3.0  # oldest reading that may be acted on [s]


class MalformedError(JialingError):
    """Something handed to the guard has another shape or type than agreed."""


class Moment(NamedTuple):
    """What the guard judges by: columns by signal, then all readings."""

    now_s: float
    head: FloatArray  # mode that is shown or on its way, NaN if not known
    shown: FloatArray  # mode that is shown, NaN on the way to one
    green_s: FloatArray  # for how long [s]
    blind_s: FloatArray  # how long the reading has not agreed with the receipt [s], NaN if it does
    returns: BoolArray  # on the way to the programme, and not there yet
    values: FloatArray  # readings of all sensors
    good: BoolArray  # which of them can be acted on


class Watch:
    """Follows the signals of a network from check to check.

    Parameters
    ----------
    junctions, proofs : in the order of the actuators
    signals : those of the plant
    """

    def __init__(
        self, junctions: Sequence[Junction], proofs: Sequence[Proof], signals: SignalTable
    ) -> None:
        count, self._table = len(proofs), signals
        self._modes = np.array([len(j.modes) for j in junctions], np.int64)
        self._mode_at = np.array([signals.find(f"mode:{j.name}") for j in junctions], np.int64)
        self._green_at = np.array([signals.find(f"green:{j.name}") for j in junctions], np.int64)
        # how long the way from the row to the column takes; the last row: from anywhere
        self._ways_s = [
            np.vstack((proof.length_s, np.full(len(proof.usable), proof.longest_s)))
            for proof in proofs
        ]
        self._from = np.zeros(count, np.int64)  # mode shown last, -1 if the programme acted since
        self._position = np.full(count, np.nan)  # confirmed last
        self._shown = np.full(count, np.nan)
        self._state = b""  # position and shown of the last look
        self._begun_s = np.full(count, np.nan)  # when the position was first confirmed
        self._green_s = np.full(count, np.inf)  # when the shown mode began, at the latest
        self._blind_s = np.full(count, np.nan)  # since when the reading does not agree

    def look(self, observation: Observation, receipt: Receipt, local: BoolArray) -> Moment:
        """What is known now; raises on what is malformed.

        `local` : [signals] left to the programme by the last command
        """
        position = column("positions", receipt.positions, len(local), "fiu").astype(np.float64)
        now_s, told_s = float(observation.time_s), float(receipt.time_s)
        if not (math.isfinite(now_s) and math.isfinite(told_s)):
            raise MalformedError("the time is not finite")
        if observation.table is not self._table and observation.table != self._table:
            raise MalformedError("the signals are not those of this plant")
        count = len(self._table)
        values = column("values", observation.values, count, "fiu")
        quality = column("quality", observation.quality, count, "iu")
        measured_s = column("valid_at_s", observation.valid_at_s, count, "fiu")
        good = (quality == int(Quality.GOOD)) & (np.abs(measured_s - now_s) <= MAX_AGE_S)

        seen, green_s = values[self._mode_at], values[self._green_at]
        fresh = good[self._mode_at] & good[self._green_at] & (green_s >= 0.0)
        moves = position < 0.0
        head = np.where(moves, -1.0 - position, position)
        head[~((head < self._modes) & (head == np.rint(head)))] = np.nan
        arrived = moves & fresh & (seen == head) & ~local
        shown = np.where(moves & ~arrived, np.nan, head)
        agree = (arrived | (seen == position)) & fresh & (head >= 0.0)
        self._from[local] = -1
        state = position.tobytes() + shown.tobytes()
        if state != self._state:
            self._note(position, shown, told_s, now_s, local)
            self._state = state
        self._blind_s = np.where(agree | local, np.nan, np.fmin(self._blind_s, now_s))
        age_s = now_s - self._green_s
        return Moment(
            now_s=now_s,
            head=head,
            shown=shown,
            green_s=np.where(agree, np.minimum(age_s, green_s), age_s),
            blind_s=now_s - self._blind_s,
            returns=moves & agree & local,
            values=values,
            good=good,
        )

    def _note(
        self,
        position: FloatArray,
        shown: FloatArray,
        told_s: float,
        now_s: float,
        local: BoolArray,
    ) -> None:
        """Remember when positions were first confirmed, and since when modes are shown.

        A mode that came by a transition began when that was over, at the latest as long after it
        was first confirmed as the proven way takes; any other began when it was first confirmed.
        """
        moved = position != self._position
        changed = (shown >= 0.0) & (shown != self._shown)
        for i in (moved | changed).nonzero()[0].tolist():
            mode, before_s = shown[i], float(self._begun_s[i])
            if moved[i]:
                self._begun_s[i] = told_s
            if changed[i]:
                came_s = told_s
                way_s = float(self._ways_s[i][self._from[i], int(mode)])
                if position[i] < 0.0:
                    came_s = float(self._begun_s[i]) + way_s
                elif self._position[i] == -1.0 - mode and not local[i]:
                    came_s = before_s + way_s
                self._green_s[i] = min(came_s, now_s)
                if not local[i]:
                    self._from[i] = int(mode)
        self._position, self._shown = position, shown


def column(name: str, values: object, count: int, kinds: str) -> NDArray[Any]:
    """`values` as an array [count] of one of the numpy `kinds`; raises on anything else."""
    column = np.asarray(values)
    if column.shape != (count,):
        raise MalformedError(f"{name} has shape {column.shape}, expected ({count},)")
    if column.dtype.kind not in kinds:
        raise MalformedError(f"{name} holds {column.dtype}")
    return column


def shape(plan: object) -> tuple[int, ...]:
    """The shape of a table of numbers; empty if it is none."""
    table = np.asarray(plan)
    return table.shape if table.dtype.kind in "fiu" else ()


def words(error: Exception) -> str:
    """Our own words for our own errors; of foreign ones only the type can be trusted."""
    return str(error) if isinstance(error, MalformedError) else type(error).__name__
