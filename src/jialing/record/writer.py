"""How is a run written down so that a kill loses at most the last tick?

A frame leaves the process in one write, so a killed run holds whole frames only; a power cut
may tear the last one, which the reader finds by its length or its checksum.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.command import Command, Receipt, Ruling
from jialing.core.errors import RecordError
from jialing.core.signal import Observation
from jialing.record.disk import Growing
from jialing.record.events import EventLog
from jialing.record.frame import checksum, frame_dtype
from jialing.record.plain import write_json

#: The last fields of a frame: source, outcome, decide_ms, note; and its checksum.
_ENDING, _CRC = struct.Struct("<BBdH"), struct.Struct("<I")


def claim_folder(parent: Path, name: str) -> Path:
    """Make a new folder ``name``, or ``name-2``, ``name-3``, … where that is taken."""
    number = 1
    while True:
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise RecordError(f"{folder} cannot be made: {error.strerror}") from error
        else:
            return folder


class RecordWriter:
    """An open record.

    Parameters
    ----------
    folder : made here; it must not exist
    manifest : from `record.manifest.build_manifest`
    durable : wait at every tick until the disk has it (for a plant that is not a simulator)
    """

    def __init__(self, folder: Path, manifest: Mapping[str, Any], *, durable: bool = False) -> None:
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise RecordError(f"{folder} exists already; a record is never overwritten") from None
        self.folder = folder
        self.ticks = 0
        write_json(folder / "manifest.json", manifest)
        names = [actuator["name"] for actuator in manifest["actuators"]]
        self.events = EventLog(folder / "events.jsonl", names)
        self._durable = durable
        self._ticks = Growing(folder / "ticks.bin")
        self._fields = [
            Growing(folder / f"fields.{field['name']}.bin") for field in manifest["fields"]
        ]

        dtype = frame_dtype(len(manifest["signals"]), len(names))
        frame = np.zeros(1, dtype=dtype)
        self._bytes = frame.view(np.uint8).data
        # Views into the frame: what is assigned below goes straight into the bytes to be written.
        # Single numbers are packed: assigning them one by one to an array takes far longer.
        self._ending_at = dtype.fields["source"][1] if dtype.fields else 0
        self._crc_at = dtype.itemsize - _CRC.size
        self._time_s = frame["time_s"]
        self._values, self._quality = frame["values"][0], frame["quality"][0]
        self._targets, self._given = frame["targets"][0], frame["given"][0]
        self._positions, self._local = frame["positions"][0], frame["local"][0]
        self._answers = frame["answers"][0]

    def write(
        self,
        *,
        observation: Observation,
        asked: Command,
        ruling: Ruling,
        receipt: Receipt,
        outcome: int,
        decide_ms: float,
        samples: Sequence[NDArray[np.float32]] = (),
    ) -> None:
        """Append one tick."""
        given, time_s = ruling.command, observation.time_s
        if ruling.verdicts or self.events.objecting:
            self.events.verdicts(self.ticks, time_s, ruling)
        self.events.source(self.ticks, time_s, given.source)
        self._time_s[0] = time_s
        self._values[:] = observation.values
        self._quality[:] = observation.quality
        self._targets[:] = asked.targets
        self._given[:] = given.targets
        self._positions[:] = receipt.positions
        self._local[:] = given.local
        self._answers[:] = ruling.answers
        note = self.events.note(self.ticks, time_s, given.note)
        _ENDING.pack_into(self._bytes, self._ending_at, given.source, outcome, decide_ms, note)
        _CRC.pack_into(self._bytes, self._crc_at, checksum(self._bytes))
        for field, sample in zip(self._fields, samples, strict=True):
            field.append(np.ascontiguousarray(sample, dtype=np.float32).data)
        self._ticks.append(self._bytes)
        if self._durable:
            for file in (self._ticks, *self._fields):
                file.sync()
        self.ticks += 1

    def finish(self, document: Mapping[str, Any]) -> None:
        """Write the score."""
        write_json(self.folder / "score.json", document)

    def close(self) -> None:
        """Close all files; may be called twice."""
        self.events.close()
        for file in (self._ticks, *self._fields):
            file.close()
