"""Which few futures are played: scenarios from a forecast, with weights."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from jialing.core.forecast import Forecast, Horizon
from jialing.core.signal import FloatArray, Observation

RECENT_S = 900.0  # the rain of now is the mean of this span [s]
LASTS_S = 3600.0  # … and fades with this time constant [s]
HEDGE_WEIGHTS = (0.5, 0.25, 0.25)  # a single forecast, rain that goes on, rain that stops


@dataclass(frozen=True, kw_only=True)
class Scenarios:
    """A few members of a forecast and their weights.

    Attributes
    ----------
    forecast : the members as a forecast; None lets the plant's own rain run (perfect forecast)
    weights : [members], summing to 1
    members : which members of the forecast they are, ordered from little rain to much where an
        ensemble was thinned
    """

    forecast: Forecast | None
    weights: FloatArray
    members: tuple[int, ...] = (0,)

    def part(self, count: int) -> Scenarios:
        """The `count` heaviest scenarios; among equals those nearest the middle."""
        middle = (len(self.members) - 1) / 2.0
        rank = sorted(range(len(self.members)), key=lambda k: (-self.weights[k], abs(k - middle)))
        return self.only(sorted(rank[:count]))

    def only(self, places: Sequence[int]) -> Scenarios:
        """The scenarios at these places."""
        weights = self.weights[list(places)]
        return replace(
            self,
            weights=weights / weights.sum(),
            members=tuple(self.members[k] for k in places),
        )


class SceneMaker:
    """Chooses scenarios at each tick.

    Parameters
    ----------
    horizon : of every scenario
    gages : number of rain gauges
    count : most scenarios to choose
    """

    def __init__(self, horizon: Horizon, gages: int, count: int) -> None:
        self._horizon, self._gages, self._count = horizon, gages, count
        self._recent: deque[FloatArray] = deque(maxlen=max(round(RECENT_S / horizon.step_s), 1))

    def see(self, observation: Observation) -> None:
        """Remember the rain of now."""
        self._recent.append(np.nan_to_num(observation.values[: self._gages]))

    def scenarios(self, forecast: Forecast | None, observation: Observation) -> Scenarios:
        """At most `count` scenarios.

        An ensemble is ordered by the rain it brings and cut into equal shares; the middle member
        of each share stands for it. A forecast of one member says nothing of its own error, so
        it is hedged by two simple futures: the rain of now goes on, and it stops.
        """
        self.see(observation)
        if forecast is None or forecast.truth:
            return Scenarios(forecast=None, weights=np.ones(1))
        values = forecast.values
        if len(values) == 1 and self._count > 1:
            values = np.concatenate((values, self._hedges()))
            weights = np.array(HEDGE_WEIGHTS)
        elif len(values) > self._count:
            order = np.argsort(values.sum(axis=(1, 2)), kind="stable")
            shares = np.array_split(order, self._count)
            values = values[[int(share[len(share) // 2]) for share in shares]]
            weights = np.array([len(share) for share in shares], dtype=np.float64)
        else:
            weights = np.ones(len(values))
        chosen = Forecast(
            issued_s=forecast.issued_s,
            horizon=self._horizon,
            names=forecast.names,
            values=values,
        )
        return Scenarios(
            forecast=chosen, weights=weights / weights.sum(), members=tuple(range(len(values)))
        )

    def _hedges(self) -> FloatArray:
        """[2, steps, gauges]: the rain of the last quarter hour decays slowly, or stops."""
        lead = (np.arange(self._horizon.steps) + 0.5) * self._horizon.step_s
        rate = np.mean(self._recent, axis=0)
        lasting = np.exp(-lead / LASTS_S)[:, None] * rate[None, :]
        return np.stack((lasting, np.zeros_like(lasting)))
