"""Why does SUMO start in a thread of its own? So that the same seed gives the same trips.

SUMO 1.28 decides some rare ties at junctions by the order in which parts of the network lie in
memory. In a fresh process that is the order in which they were built. Where memory was used and
freed before (an earlier simulation in the process, large tables), it is not, and runs with the same
seed part at the first such tie: on cologne1 two different hours were seen, 39.4 s and 39.6 s of
lost time. The C library of Linux gives each thread its own part of memory, and a new thread a new
part. So the network is built there, and the thread never ends, which keeps its part from being
given to another. Where the C library knows no such parts, SUMO starts as it is.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable

ARENA_MAX = -8  # option of mallopt(3): how many parts of memory there may be
MANY = 100_000


def in_fresh_heap(call: Callable[[], None]) -> None:
    """Run `call` in a new thread with memory that nobody has used; raises what it raises."""
    _allow_many_arenas()
    done = threading.Event()
    failed: list[BaseException] = []

    def body() -> None:
        try:
            call()
        except BaseException as error:  # it is raised again below, in the thread of the caller
            failed.append(error)
        done.set()
        threading.Event().wait()  # for ever: see above

    threading.Thread(target=body, name="sumo-heap", daemon=True).start()
    done.wait()
    if failed:
        raise failed[0]


def _allow_many_arenas() -> None:
    """Lift the limit of the C library (8 parts for each core), where it has one."""
    try:
        ctypes.CDLL(None).mallopt(ARENA_MAX, MANY)
    except (OSError, AttributeError, TypeError):
        return
