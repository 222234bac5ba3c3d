"""What does a storm of a given return period look like? Design depth, and shapes in time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from jialing.core.errors import InputError
from jialing.core.signal import FloatArray

#: Design depth [m] as a function of duration [s].
Depth = Callable[[float], float]

LITRES_PER_S_HA = 1e-7  # L/(s·ha) in m/s


def chongqing(years: float) -> Depth:
    """Design depth for the peninsula between Yangtze and Jialing.

    q = 1132 (1 + 0.958 lg P) / (t + 5.408)^0.595, with q in L/(s·ha), t in minutes, P in years

    Fitted to durations of 5 … 180 min; beyond, this is an extrapolation.

    Source: intensity formula for Chongqing, Shapingba, revised by the city in 2014; coefficients
    as compiled in github.com/maoyu92/Chicago_rain_pattern.
    """

    def depth(duration_s: float) -> float:
        rate = 1132.0 * (1.0 + 0.958 * math.log10(years))
        return duration_s * LITRES_PER_S_HA * rate / math.pow(duration_s / 60.0 + 5.408, 0.595)

    return depth


def block(depth: Depth, duration_s: float, step_s: float) -> FloatArray:
    """Even rain: [steps] intensity [m/s]."""
    steps = _steps(duration_s, step_s)
    return np.full(steps, depth(duration_s) / duration_s)


def chicago(depth: Depth, duration_s: float, step_s: float, *, peak_at: float = 0.4) -> FloatArray:
    """A storm whose every burst around the peak holds the design depth: [steps] intensity [m/s].

    Within s seconds before the peak r · D(s / r) falls, within s seconds after it
    (1 - r) · D(s / (1 - r)), where D is `depth` and r is `peak_at`.

    Parameters
    ----------
    peak_at : place of the peak in the storm [1]

    Source: Keifer and Chu (1957), Synthetic storm pattern for drainage design, J. Hydraul. Div.
    83(4).
    """
    steps = _steps(duration_s, step_s)
    edges = np.linspace(0.0, duration_s, steps + 1)
    peak_s = peak_at * duration_s
    before = [peak_at * depth((peak_s - t) / peak_at) for t in edges if t <= peak_s]
    after = [(1.0 - peak_at) * depth((t - peak_s) / (1.0 - peak_at)) for t in edges if t > peak_s]
    fallen = np.array([before[0] - d for d in before] + [before[0] + d for d in after])
    return np.diff(fallen) / step_s


def euler2(depth: Depth, duration_s: float, step_s: float) -> FloatArray:
    """Design bursts, rising to a peak at 0.3 of the duration: [steps] intensity [m/s].

    The growth of the design depth from step to step, the largest placed before 0.3 of the
    duration, the next ones in falling order back to the beginning, the rest after the peak.

    Source: model rain Euler type II, DWA-A 118 (2006), section 5.2.
    """
    steps = _steps(duration_s, step_s)
    grown = np.array([depth(step_s * k) for k in range(steps + 1)])
    bursts = np.sort(np.diff(grown))[::-1]
    rising = max(round(0.3 * steps), 1)
    return np.concatenate((bursts[:rising][::-1], bursts[rising:])) / step_s


def _steps(duration_s: float, step_s: float) -> int:
    steps = round(duration_s / step_s)
    if steps < 1 or abs(steps * step_s - duration_s) > 1e-6 * step_s:
        raise InputError(
            f"a storm of {duration_s:g} s is no whole number of steps of {step_s:g} s; "
            f"{max(steps, 1) * step_s:g} s would be"
        )
    return steps
