"""How does one tick lie on disk, and which frames of a file are whole?"""

from __future__ import annotations

import zlib
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Name of this layout; a reader refuses any other.
FORMAT = "jialing-record/1"

Frames = NDArray[np.void]

_CRC_BYTES = 4


class Outcome(IntEnum):
    """What became of a tick's decision. Stored in the record, so numbers never change."""

    ON_TIME = 0
    LATE = 1  # it came, but after its time budget
    RAISED = 2  # the controller or the forecaster failed
    REJECTED = 3  # what came is no command for this plant
    BUSY = 4  # the previous decision was still being made, so none was asked for


def frame_dtype(signals: int, actuators: int) -> np.dtype[np.void]:
    """Layout of a frame, packed and little-endian.

    ==========  =====================================================================
    time_s      seconds since the case began [s]
    values      [signals] what the sensors said, SI; NaN where missing
    quality     [signals] of `core.signal.Quality`
    targets     [actuators] what was asked for; NaN where left to the local rule
    given       [actuators] what the guard let through; NaN where local
    positions   [actuators] what the plant confirmed
    local       [actuators] 1 where the plant's own rule acts (after the guard)
    answers     [actuators] of `core.command.Answer`
    source      `core.command.Source` of what was given
    outcome     `Outcome` of the decision
    decide_ms   time of forecast and decision [ms]
    note        index into the notes in the events
    crc         CRC-32 of all bytes before it
    ==========  =====================================================================
    """
    return np.dtype(
        [
            ("time_s", "<f8"),
            ("values", "<f8", (signals,)),
            ("quality", "u1", (signals,)),
            ("targets", "<f8", (actuators,)),
            ("given", "<f8", (actuators,)),
            ("positions", "<f8", (actuators,)),
            ("local", "u1", (actuators,)),
            ("answers", "u1", (actuators,)),
            ("source", "u1"),
            ("outcome", "u1"),
            ("decide_ms", "<f8"),
            ("note", "<u2"),
            ("crc", "<u4"),
        ]
    )


def checksum(frame: memoryview | bytes) -> int:
    """CRC-32 of a frame without its last field."""
    return zlib.crc32(frame[:-_CRC_BYTES])


def whole_frames(content: bytes, dtype: np.dtype[Any]) -> tuple[Frames, str]:
    """Frames up to the first torn or damaged one, and a sentence on what was left out."""
    count, rest = divmod(len(content), dtype.itemsize)
    frames: Frames = np.frombuffer(content, dtype=dtype, count=count)
    view = memoryview(content)
    for i, crc in enumerate(frames["crc"].tolist()):
        start = i * dtype.itemsize
        if checksum(view[start : start + dtype.itemsize]) != crc:
            return frames[:i], f"frame {i} of {count} is damaged; it and all after it are left out"
    if rest:
        return frames, f"the last frame is torn ({rest} of {dtype.itemsize} bytes) and left out"
    return frames, ""
