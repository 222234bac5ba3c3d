"""Does every frame come back bit for bit, and does no damage go unseen?"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jialing.core.command import Answer, Command, Receipt, Ruling, Source
from jialing.core.signal import Observation, Signal, SignalTable
from jialing.record.frame import Outcome, frame_dtype, whole_frames
from jialing.record.reader import open_record
from jialing.record.writer import RecordWriter

FLOATS = st.floats(width=64)  # NaN and infinities too: a broken sensor sends anything
TIMES = st.floats(allow_nan=False, allow_infinity=False)  # of the run's own clock


def manifest(signals: int, actuators: int) -> dict[str, object]:
    return {
        "format": "jialing-record/1",
        "controller": {"name": "tested"},
        "seed": 0,
        "tick_s": 60.0,
        "about": {},
        "picture": {},
        "signals": [{"name": f"s{i}", "unit": "m"} for i in range(signals)],
        "actuators": [{"name": f"a{i}"} for i in range(actuators)],
        "fields": [{"name": "f", "unit": "m³", "elements": ["x", "y"]}],
    }


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, int, list[dict[str, object]]]:
    signals, actuators = draw(st.integers(0, 5)), draw(st.integers(0, 4))

    def floats(count: int) -> np.ndarray:
        return np.array(draw(st.lists(FLOATS, min_size=count, max_size=count)), dtype=np.float64)

    def small(count: int, high: int) -> np.ndarray:
        values = st.lists(st.integers(0, high), min_size=count, max_size=count)
        return np.array(draw(values), dtype=np.uint8)

    ticks: list[dict[str, object]] = [
        {
            "time_s": draw(TIMES),
            "values": floats(signals),
            "quality": small(signals, 2),
            "targets": floats(actuators),
            "given": floats(actuators),
            "positions": floats(actuators),
            "local": small(actuators, 1).astype(np.bool_),
            "answers": small(actuators, max(Answer)),
            "source": draw(st.sampled_from(Source)),
            "outcome": draw(st.sampled_from(Outcome)),
            "decide_ms": draw(FLOATS),
            "note": draw(st.text(max_size=10)),
            "sample": np.array([draw(st.floats(width=32)), 0.0], dtype=np.float32),
        }
        for _ in range(draw(st.integers(0, 6)))
    ]
    return signals, actuators, ticks


def write(folder: Path, signals: int, actuators: int, ticks: list[dict[str, object]]) -> None:
    table = SignalTable(signals=tuple(Signal(name=f"s{i}", unit="m") for i in range(signals)))
    record = RecordWriter(folder, manifest(signals, actuators))
    for t in ticks:
        observation = Observation(
            time_s=t["time_s"],
            values=t["values"],
            quality=t["quality"],
            valid_at_s=np.zeros(signals),
            table=table,
        )
        command = Command(targets=t["given"], local=t["local"], source=t["source"], note=t["note"])
        record.write(
            observation=observation,
            asked=Command(targets=t["targets"], local=t["local"]),
            ruling=Ruling(command=command, answers=t["answers"]),
            receipt=Receipt(time_s=t["time_s"], positions=t["positions"]),
            outcome=t["outcome"],
            decide_ms=t["decide_ms"],
            samples=[t["sample"]],
        )
    record.close()


@given(history=histories())
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_what_is_read(
    history: tuple[int, int, list[dict[str, object]]],
) -> None:
    signals, actuators, ticks = history
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "record", signals, actuators, ticks)
        record = open_record(Path(folder) / "record")
        assert record.ticks == len(ticks)
        assert record.notices == ("score.json is missing: the run was cut off",)
        for name in ("time_s", "values", "quality", "targets", "given", "positions", "decide_ms"):
            for i, tick in enumerate(ticks):
                expected = np.asarray(tick[name], dtype=record.frames[name].dtype)
                assert record.frames[name][i].tobytes() == expected.tobytes(), name
        for i, tick in enumerate(ticks):
            assert record.frames["local"][i].tolist() == [int(v) for v in tick["local"]]
            assert record.frames["source"][i] == tick["source"]
            assert record.frames["outcome"][i] == tick["outcome"]
            assert record.notes[int(record.frames["note"][i])] == tick["note"]
        samples = np.array([t["sample"] for t in ticks], dtype=np.float32).reshape(-1, 2)
        assert np.asarray(record.field("f")).tobytes() == samples.tobytes()


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_single_damaged_byte_goes_unseen(data: st.DataObject) -> None:
    signals, actuators, ticks = data.draw(histories().filter(lambda h: len(h[2]) > 0))
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "record", signals, actuators, ticks)
        content = bytearray((Path(folder) / "record" / "ticks.bin").read_bytes())
    dtype = frame_dtype(signals, actuators)
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    frames, damage = whole_frames(bytes(content), dtype)
    assert len(frames) == place // dtype.itemsize
    assert damage


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_cut_costs_at_most_the_frame_it_falls_into(data: st.DataObject) -> None:
    signals, actuators, ticks = data.draw(histories())
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "record", signals, actuators, ticks)
        content = (Path(folder) / "record" / "ticks.bin").read_bytes()
    dtype = frame_dtype(signals, actuators)
    cut = data.draw(st.integers(0, len(content)))
    frames, damage = whole_frames(content[:cut], dtype)
    assert len(frames) == cut // dtype.itemsize
    assert bool(damage) == bool(cut % dtype.itemsize)
