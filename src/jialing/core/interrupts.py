"""Who hears Ctrl-C and SIGTERM? The process that was asked for, and none that it starts."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

#: Ctrl-C goes to every process of a terminal, SIGTERM to every process of a service.
STOPS = {signal.SIGINT, signal.SIGTERM}


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the block is over; a process that begins in it never hears them.

    While a fork is under way they would be lost. A blocked signal stays blocked in what is started
    here. Does nothing where signals cannot be blocked (Windows).
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
