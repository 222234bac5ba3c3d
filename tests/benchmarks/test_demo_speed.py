"""Does the demo's benchmark count the memory of all its processes, and shared memory once?"""

from __future__ import annotations

import mmap
import os
import signal
import time

import pytest

from benchmarks.speed import demo

MIB = 2**20

pytestmark = pytest.mark.skipif(
    not (demo.PROC / "self" / "smaps_rollup").exists(),
    reason="this system does not tell what memory its processes share",
)


def test_a_child_counts_but_what_it_shares_counts_once() -> None:
    shared = mmap.mmap(-1, 64 * MIB)
    shared.write(bytes(64 * MIB))
    before = demo.footprint(os.getpid())
    child = os.fork()
    if child == 0:
        own = bytearray(os.urandom(MIB)) * 32  # noqa: F841 - held until the parent has looked
        time.sleep(60.0)
        os._exit(0)
    try:
        deadline = time.monotonic() + 30.0
        grown = 0
        while grown < 30 * MIB and time.monotonic() < deadline:
            after = demo.footprint(os.getpid())
            grown = after.bytes - before.bytes
        assert after.processes == before.processes + 1
        assert 30 * MIB < grown < 64 * MIB
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_who_has_ended_holds_nothing() -> None:
    assert demo.footprint(2**22 + 1) == demo.Footprint()
