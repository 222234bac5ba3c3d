"""What is coming: rain at the gauges, as the truth, an ensemble, persistence or nothing.

The plant's rain file is the truth. An ensemble is the truth seen through a forecast's errors:

    member = truth shifted in time * exp(centre(lead) + spread(lead))

Both errors are AR(1) in lead time with a standard deviation that grows from `SIGMA_NOW` to
`SIGMA_LATE`; the centre's error is common to all members, so that the truth is not the middle of
the ensemble. Growth and size follow what radar nowcasts show: Germann & Zawadzki (2002), Monthly
Weather Review 130:2859, find the correlation of extrapolated rain to fall to 1/e in about an hour or
two; Codo & Rico-Ramirez (2018), Geosciences 8:297 use errors of this order for urban drainage.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from jialing.core.errors import UnknownNameError
from jialing.core.forecast import Forecast, Horizon
from jialing.core.signal import FloatArray, Observation

Kind = Literal["perfect", "ensemble", "persistence", "none"]
KINDS: tuple[Kind, ...] = ("perfect", "ensemble", "persistence", "none")

MEMBERS = 8
SIGMA_NOW = 0.10  # log standard deviation of the rate in the first minutes [1]
SIGMA_LATE = 0.60  # the same at long lead [1]
GROWTH_S = 3600.0  # lead at which the error has grown by 1 - 1/e [s]
CORRELATION_S = 1800.0  # correlation length of the error along lead time [s]
SHIFT_S_PER_S = 0.15  # standard deviation of the timing error per second of lead [1]
RECENT_S = 900.0  # persistence holds the mean rate of this span …
DECAY_S = 1800.0  # … and lets it decay with this time constant [s]


class NoForecaster:
    """For controllers that look at nothing but the present."""

    def forecast(self, observation: Observation) -> None:
        """Nothing."""


class RainForecaster:
    """Forecasts rain at every gauge (satisfies `jialing.core.stages.Forecaster`).

    Parameters
    ----------
    rain : [steps, gauges] the plant's rain as means over `step_s` [m/s]
    step_s : resolution of `rain` [s]
    gages : gauge names
    horizon : what to forecast
    kind : ``perfect``, ``ensemble``, ``persistence`` or ``none``
    seed : of the case; each issue time draws its own errors from it
    """

    def __init__(
        self,
        rain: FloatArray,
        *,
        step_s: float,
        gages: tuple[str, ...],
        horizon: Horizon,
        kind: str,
        seed: int,
        members: int = MEMBERS,
    ) -> None:
        if kind not in KINDS:
            raise UnknownNameError("kind of forecast", kind, KINDS)
        still = np.zeros((2, rain.shape[1]))  # the files end; after that it is dry
        rain = np.vstack((rain, still))
        self._total = np.vstack((np.zeros(rain.shape[1]), np.cumsum(rain * step_s, axis=0)))
        self._step_s, self._gages = step_s, gages
        self._horizon, self._kind, self._seed = horizon, kind, seed
        self._members = members
        self._recent: list[tuple[float, FloatArray]] = []

    def forecast(self, observation: Observation) -> Forecast:
        steps, gages = self._horizon.steps, len(self._gages)
        now = observation.time_s
        if self._kind in ("perfect", "ensemble"):
            edges = np.arange(steps + 1, dtype=np.float64) * self._horizon.step_s
            values = self._window(now + edges)[None]
            if self._kind == "ensemble":
                values = self._ensemble(now, edges, values)
        elif self._kind == "persistence":
            values = self._persist(observation)
        else:
            values = np.zeros((1, steps, gages))
        return Forecast(
            issued_s=now,
            horizon=self._horizon,
            names=self._gages,
            values=values,
            truth=self._kind == "perfect",
        )

    def _window(self, edges: FloatArray) -> FloatArray:
        """[steps, gauges] mean rain over each forecast step, between times `edges` [s]."""
        at = np.clip(edges / self._step_s, 0.0, len(self._total) - 1.0)
        below = np.minimum(at.astype(np.int64), len(self._total) - 2)
        part = (at - below)[:, None]
        fallen = self._total[below] * (1.0 - part) + self._total[below + 1] * part
        means: FloatArray = np.diff(fallen, axis=0) / self._horizon.step_s
        return means

    def _ensemble(self, now: float, edges: FloatArray, truth: FloatArray) -> FloatArray:
        if not self._window(now + 2.0 * edges).any():
            return np.repeat(truth, self._members, axis=0)
        steps, step_s = self._horizon.steps, self._horizon.step_s
        rng = np.random.default_rng([self._seed, 11, round(now)])
        lead = (np.arange(steps) + 0.5) * step_s
        sigma = SIGMA_NOW + (SIGMA_LATE - SIGMA_NOW) * (1.0 - np.exp(-lead / GROWTH_S))
        keep = np.exp(-step_s / CORRELATION_S)
        noise = rng.standard_normal((self._members + 1, steps))
        walk = np.empty_like(noise)
        walk[:, 0] = noise[:, 0]
        for k in range(1, steps):
            walk[:, k] = keep * walk[:, k - 1] + np.sqrt(1.0 - keep**2) * noise[:, k]
        error = (walk[:1] + walk[1:]) * sigma / np.sqrt(2.0) - 0.5 * sigma**2
        delay = rng.standard_normal(self._members + 1) * SHIFT_S_PER_S
        shift = (delay[:1] + delay[1:]) / np.sqrt(2.0)
        # a timing error that grows with lead: time is stretched about the moment of issue
        members = np.stack([self._window(now + edges * stretch) for stretch in np.exp(-shift)])
        values: FloatArray = members * np.exp(error)[:, :, None]
        return values

    def _persist(self, observation: Observation) -> FloatArray:
        now = observation.time_s
        rate = observation.values[: len(self._gages)].copy()
        self._recent = [(t, r) for t, r in self._recent if now - t < RECENT_S] + [(now, rate)]
        mean = np.nanmean([r for _, r in self._recent], axis=0)
        lead = (np.arange(self._horizon.steps) + 0.5) * self._horizon.step_s
        values: FloatArray = np.exp(-lead / DECAY_S)[:, None] * np.nan_to_num(mean)[None, :]
        return values[None]
