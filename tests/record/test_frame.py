"""Do the bytes of a tick say whether they are whole?"""

from __future__ import annotations

import numpy as np
import pytest

from jialing.record.frame import Outcome, checksum, frame_dtype, whole_frames


def frames_of(count: int) -> bytes:
    dtype = frame_dtype(3, 2)
    frames = np.zeros(count, dtype=dtype)
    frames["time_s"] = 60.0 * np.arange(count)
    frames["values"] = np.arange(3 * count).reshape(count, 3)
    for i in range(count):
        frames["crc"][i] = checksum(frames[i].tobytes())
    return frames.tobytes()


def test_sound_frames_are_all_read_and_nothing_is_said() -> None:
    frames, damage = whole_frames(frames_of(4), frame_dtype(3, 2))
    assert frames["time_s"].tolist() == [0.0, 60.0, 120.0, 180.0]
    assert damage == ""


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_torn_last_frame_is_left_out_and_named(cut: int) -> None:
    frames, damage = whole_frames(frames_of(4)[:-cut], frame_dtype(3, 2))
    assert len(frames) == 3
    assert "torn" in damage


def test_a_flipped_bit_ends_the_history_at_its_frame() -> None:
    dtype = frame_dtype(3, 2)
    content = bytearray(frames_of(4))
    content[2 * dtype.itemsize + 11] ^= 1
    frames, damage = whole_frames(bytes(content), dtype)
    assert len(frames) == 2
    assert "frame 2 of 4 is damaged" in damage


def test_a_block_of_zeros_left_by_a_power_cut_is_no_frame() -> None:
    dtype = frame_dtype(3, 2)
    frames, damage = whole_frames(frames_of(2) + bytes(dtype.itemsize), dtype)
    assert len(frames) == 2
    assert damage


def test_an_empty_file_holds_no_frames_and_is_not_damaged() -> None:
    frames, damage = whole_frames(b"", frame_dtype(3, 2))
    assert len(frames) == 0
    assert damage == ""


def test_a_plant_without_sensors_or_actuators_has_frames_too() -> None:
    assert frame_dtype(0, 0).itemsize == 8 + 1 + 1 + 8 + 2 + 4


def test_stored_numbers_of_outcomes_never_change() -> None:
    assert {o.name: o.value for o in Outcome} == {
        "ON_TIME": 0,
        "LATE": 1,
        "RAISED": 2,
        "REJECTED": 3,
        "BUSY": 4,
    }
