"""What is coming: a horizon, and a forecast over it as an ensemble."""

from __future__ import annotations

from dataclasses import dataclass

from jialing.core.signal import FloatArray


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """How far and how finely a decision looks ahead.

    Attributes
    ----------
    steps : number of steps
    step_s : length of a step [s]
    """

    steps: int
    step_s: float

    @property
    def length_s(self) -> float:
        return self.steps * self.step_s


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """A disturbance over the horizon.

    Attributes
    ----------
    issued_s : time of issue on the run's clock [s]
    horizon : what it covers, from `issued_s` on
    names : the disturbed elements (rain gauges, arrival lanes, platforms)
    values : [members, steps, names] mean over each step, SI unit of the domain's disturbance
    truth : True if this is the plant's own future (a reference case, never a claim)
    """

    issued_s: float
    horizon: Horizon
    names: tuple[str, ...]
    values: FloatArray
    truth: bool = False

    @property
    def members(self) -> int:
        return int(self.values.shape[0])
