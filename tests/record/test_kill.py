"""What is left of a run that is killed, or interrupted, in the middle?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jialing.record.frame import frame_dtype
from jialing.record.reader import Record, open_record

RUN = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
from dataclasses import replace
from pathlib import Path
from desks import bucket_desk, run_bucket
from bucket_domain import Predictive

class Told(Predictive):
    def decide(self, situation):
        # The tick before this one is in the record. In one piece, or Ctrl-C comes between a number
        # and the end of its line.
        sys.stdout.write(f"{situation.time_s}\\n")
        sys.stdout.flush()
        time.sleep(0.0005)
        return super().decide(situation)

run, _ = run_bucket(Path(sys.argv[1]), desk=replace(bucket_desk(Told), duration_s=1e9))
print(run.details["ended"], flush=True)
"""


def stop_in_the_middle(folder: Path, number: int) -> tuple[int, list[str], Record]:
    fakes = Path(__file__).parents[1] / "fakes"
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder)],
        env={**os.environ, "PYTHONPATH": str(fakes)},
        stdout=subprocess.PIPE,
        text=True,
    )
    ticks = folder / "record" / "ticks.bin"
    until = time.monotonic() + 30.0
    while not ticks.is_file() or ticks.stat().st_size < 50 * frame_dtype(2, 2).itemsize:
        assert time.monotonic() < until, "the run did not start"
        time.sleep(0.005)
    process.send_signal(number)
    told, _ = process.communicate(timeout=30)
    return process.returncode, told.split(), open_record(folder / "record")


def test_a_killed_run_loses_at_most_its_last_tick(tmp_path: Path) -> None:
    code, told, record = stop_in_the_middle(tmp_path, signal.SIGKILL)
    assert code == -signal.SIGKILL
    began = len(told)  # ticks whose decision was asked for
    assert began - 1 <= record.ticks <= began
    assert record.ticks >= 50
    assert record.time_s.tolist() == [60.0 * i for i in range(record.ticks)]
    assert record.field("flooding").shape == (record.ticks, 3)
    assert record.notices == ("score.json is missing: the run was cut off",)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_leaves_a_record_with_a_score_of_what_there_is(tmp_path: Path) -> None:
    code, told, record = stop_in_the_middle(tmp_path, signal.SIGINT)
    assert code == 0
    assert told[-1] == "interrupted"
    assert record.notices == ()
    assert record.score is not None
    assert record.score["ended"] == "interrupted"
    assert record.score["ticks"] == record.ticks
    assert record.score["score"]["flooding"]["unit"] == "m³"
    assert record.events[-1]["kind"] == "end"
