"""What may a target be? The bricks guards are built from: pure functions, shared by all domains.

Each brick answers one question about one actuator. Comparisons are written so that NaN always
falls on the safe side: it is never fresh, never within a range, never a level.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jialing.core.command import Answer, Verdict
from jialing.core.errors import InputError
from jialing.core.signal import Actuator, Quality

HOUR_S = 3600.0


def clamp(target: float, low: float, high: float) -> float:
    """The value within `low` … `high` nearest to `target`, all in the target's unit."""
    return min(max(target, low), high)


def nearest_level(target: float, levels: Sequence[float]) -> float:
    """The allowed position nearest to `target` [1]; of two equally near, the one listed first."""
    return min(levels, key=lambda level: abs(level - target))


def ends(actuator: Actuator) -> tuple[float, float]:
    """Lowest and highest position [1]."""
    positions = actuator.levels or (actuator.low, actuator.high)
    return positions[0], positions[-1]


def running(actuator: Actuator, position: float) -> float:
    """The allowed position nearest to `position` in which the actuator still runs [1]."""
    if actuator.levels:
        return nearest_level(position, [level for level in actuator.levels if level > 0.0])
    return clamp(position, actuator.low, actuator.high)


def wears(actuator: Actuator) -> bool:
    """True if runs, rests or starts are limited."""
    return bool(actuator.min_on_s or actuator.min_off_s or actuator.max_starts_per_h)


def is_legal(position: float, actuator: Actuator) -> bool:
    """True if `position` [1] is within the actuator's range and, if discrete, one of its levels."""
    if actuator.levels:
        return position in actuator.levels
    return actuator.low <= position <= actuator.high


def within_reach(
    target: float, position: float, most: float, levels: Sequence[float] = ()
) -> float | None:
    """How far towards `target` an actuator may be sent now.

    Parameters
    ----------
    target : where it should go [1]
    position : last confirmed position [1]
    most : largest change permitted, rate times elapsed time [1]
    levels : allowed positions of a discrete actuator, `target` among them; empty if continuous

    Returns
    -------
    The permitted target [1]: never beyond `target` and never away from it. None if no level
    lies on the way that can be covered.
    """
    if abs(target - position) <= most:
        return target
    limit = position + math.copysign(most, target - position)
    if not levels:
        return limit
    near, far = min(position, limit), max(position, limit)
    reachable = [level for level in levels if near <= level <= far]
    return nearest_level(target, reachable) if reachable else None


def dwell_left_s(now_s: float, since_s: float, shortest_s: float) -> float:
    """How long a state that began at `since_s` must still be kept [s]; 0 if it may be left."""
    return max(shortest_s - (now_s - since_s), 0.0)


def starts_within(starts_s: Iterable[float], now_s: float, window_s: float = HOUR_S) -> int:
    """Starts in the half-open window that ends now: later than `now_s - window_s` [count]."""
    return sum(1 for start_s in starts_s if start_s > now_s - window_s)


def is_fresh(
    value: float,
    quality: int,
    age_s: float,
    *,
    max_age_s: float,
    low: float = -math.inf,
    high: float = math.inf,
) -> bool:
    """Can a reading be acted on?

    Parameters
    ----------
    value : what the sensor says, in the signal's unit
    quality : `Quality` of the reading; only GOOD will do
    age_s : now minus the time of measurement [s]
    max_age_s : largest age, and largest lead of the sensor's clock over ours [s]
    low, high : physical range of the signal; outside it the sensor is at fault
    """
    return (
        quality == Quality.GOOD
        and math.isfinite(value)
        and low <= value <= high
        and abs(age_s) <= max_age_s
    )


def trips_below(value: float, limit: float, band: float, tripped: bool) -> bool:
    """A low-limit switch: trips below `limit`, resets at `limit + band`, all in one unit."""
    return value < (limit + band if tripped else limit)


def trips_above(value: float, limit: float, band: float, tripped: bool) -> bool:
    """A high-limit switch: trips above `limit`, resets at `limit - band`, all in one unit."""
    return value > (limit - band if tripped else limit)


def conflicting(active: NDArray[np.bool_], conflicts: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Pairs that are active together although they must not be.

    Parameters
    ----------
    active : [elements] what is open, green or running
    conflicts : [elements, elements] True where two must never be active together; one of the
        two triangles is enough, the diagonal is ignored

    Returns
    -------
    [pairs, 2] indices, the smaller first, in ascending order
    """
    either = np.triu(conflicts | conflicts.T, k=1)
    return np.argwhere(either & active[:, None] & active[None, :])


@dataclass(slots=True)
class Proposal:
    """One target on its way through the rules of a guard, with the rule that has the say so far.

    Attributes
    ----------
    target : as it stands [1]; NaN hands the actuator to the plant's own rule
    answer, rule, reason : of the last refusal, or else of the last clamp
    """

    target: float
    answer: Answer = Answer.ALLOW
    rule: str = ""
    reason: str = ""

    def clamp(self, rule: str, target: float, reason: str) -> None:
        """Move the target; a refusal that came before keeps the say."""
        if target != self.target and self.answer is not Answer.REFUSE:
            self.answer, self.rule, self.reason = Answer.CLAMP, rule, reason
        self.target = target

    def refuse(self, rule: str, target: float, reason: str) -> None:
        """Replace the target."""
        if target != self.target:
            self.target, self.answer, self.rule, self.reason = target, Answer.REFUSE, rule, reason

    def verdict(self, actuator: int, name: str, asked: float) -> Verdict:
        """The verdict for actuator number `actuator`, which bears `name`."""
        to = "the local rule acts" if math.isnan(self.target) else f"{self.target:g} is given"
        return Verdict(
            actuator=actuator,
            answer=self.answer,
            rule=self.rule,
            asked=asked,
            given=self.target,
            reason=f"{name}: {asked:g} was asked, {to}: {self.reason}",
        )


class Duty:
    """Since when one actuator runs or rests, and when it last started, as confirmed.

    Of the starts only as many are kept as an hour may hold: the oldest of them decides.
    """

    def __init__(self, actuator: Actuator) -> None:
        self.on: bool | None = None  # unknown before the first receipt
        self.since_s = -math.inf
        self.starts_s: deque[float] = deque(maxlen=int(actuator.max_starts_per_h))

    def note(self, on: bool, time_s: float) -> None:
        """Take note of a confirmed state."""
        if on == self.on:
            return
        if on and self.on is not None:
            self.starts_s.append(time_s)
        self.on, self.since_s = on, time_s


def require_sound(actuator: Actuator) -> None:
    """Check that the limits of an actuator can be kept; raises InputError that names it."""
    low, high, safe, levels = actuator.low, actuator.high, actuator.safe, actuator.levels
    where = f"actuator {actuator.name!r}"
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise InputError(f"{where}: range {low} … {high}; both ends must be finite and in order")
    if not all(low <= level <= high for level in levels):
        raise InputError(f"{where}: levels {levels} must lie within {low} … {high}")
    if any(a >= b for a, b in pairwise(levels)):
        raise InputError(f"{where}: levels {levels} must rise")
    if not (math.isnan(safe) or (low <= safe <= high and (not levels or safe in levels))):
        allowed = f"one of {levels}" if levels else f"within {low} … {high}"
        raise InputError(f"{where}: safe target {safe}, allowed: {allowed}, or NaN (local rule)")
    if not actuator.rate_per_s >= 0:
        raise InputError(f"{where}: rate_per_s is {actuator.rate_per_s}; it must be 0 or more")
    for name in ("min_on_s", "min_off_s", "max_starts_per_h"):
        value = getattr(actuator, name)
        if not 0 <= value < math.inf:
            raise InputError(f"{where}: {name} is {value}; it must be 0 or more, and finite")
    lowest, highest = ends(actuator)
    if wears(actuator) and not lowest == 0.0 < highest:
        raise InputError(
            f"{where}: with limits on runs, rests or starts it must be able to stop at 0 and to "
            f"run; it goes from {lowest} to {highest}"
        )
