"""How far is a run, for those who wait for it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jialing.core.case import Quantity


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One run under way.

    Attributes
    ----------
    controller : whose run
    time_s, duration_s : plant time passed, and in all [s]
    wall_s : time on the wall so far [s]; 0 while the controller prepares
    headline, value : the score word to show, and its value so far
    """

    controller: str
    time_s: float
    duration_s: float
    wall_s: float
    headline: str
    value: Quantity | None

    @property
    def share(self) -> float:
        """Part of the run that is done [1]."""
        return min(self.time_s / self.duration_s, 1.0) if self.duration_s > 0 else 1.0

    @property
    def speed(self) -> float:
        """Plant seconds per second on the wall [1]."""
        return self.time_s / self.wall_s if self.wall_s > 0 else 0.0

    def __str__(self) -> str:
        if self.wall_s == 0.0:
            return f"{self.controller}: preparing"
        text = f"{self.controller}: {100 * self.share:.0f} %, {self.speed:,.0f} × real time"
        if self.value is None:
            return text
        return f"{text}, {self.headline} {self.value.value:,.4g} {self.value.unit}"


#: Called now and then while a run is under way, and once at its end.
Listener = Callable[[Progress], None]
