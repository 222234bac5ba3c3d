"""Who hears Ctrl-C? The process that a person started, and none that it starts."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait until the block is over; a process that begins in it never hears it.

    Ctrl-C goes to every process of a terminal, and while a fork is under way it would be lost. A
    blocked signal stays blocked in what is started here. Does nothing where signals cannot be
    blocked (Windows).
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
