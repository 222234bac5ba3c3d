"""When may the next tick begin?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Holds the loop back until the plant's time has come."""

    real: bool

    def start(self) -> None:
        """The case begins now."""

    def wait_until(self, time_s: float) -> float:
        """Return when `time_s` [s since the case began] is reached; answers the wait [s].

        A negative answer says how late the loop is.
        """


class Simulated:
    """The plant's time runs as fast as it can be computed."""

    real = False

    def start(self) -> None:
        return None

    def wait_until(self, time_s: float) -> float:
        return 0.0


class Real:
    """The plant's time follows the wall.

    Parameters
    ----------
    pace : seconds of plant time per second on the wall [1]
    now, sleep : the wall's time [s] and a wait [s], exchangeable for tests
    """

    real = True

    def __init__(
        self,
        pace: float = 1.0,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pace, self._now, self._sleep = pace, now, sleep
        self._start = now()

    def start(self) -> None:
        self._start = self._now()

    def wait_until(self, time_s: float) -> float:
        wait = self._start + time_s / self._pace - self._now()
        if wait > 0.0:
            self._sleep(wait)
        return wait
