"""How fast are the links really? A factor on all capacities, learnt where people queue.

From one observation to the next the believed station is played with the people who were counted.
Where a queue stood at both ends of that time, the link worked at its capacity, and the error of
the predicted queue tells by how much that capacity differs from the believed one:

    factor = 1 + sum(predicted - counted) / (sum(capacity * time) + PRIOR_P)
"""

from __future__ import annotations

import numpy as np

from jialing.core.signal import FloatArray, Observation
from jialing.domains.metro import kernel
from jialing.domains.metro.estimator import Estimator
from jialing.domains.metro.layout import Layout
from jialing.domains.metro.simulation import Simulation, net

QUEUED_P = 25.0  # people at both ends of an interval that make a queue
PRIOR_P = 800.0  # people carried at capacity that weigh as much as the believed value
LOWEST, HIGHEST = 0.7, 1.2  # factors beyond these are no matter of pace [1]


class Pace:
    """The factor on capacities, from the first observation on.

    Parameters
    ----------
    layout : the believed station
    estimator : fills a simulation from an observation
    step_s : of the simulation that is compared with [s]
    """

    def __init__(self, layout: Layout, estimator: Estimator, step_s: float) -> None:
        self._layout, self._estimator, self._step_s = layout, estimator, step_s
        self._sim = Simulation(layout, net(layout), step_s, layout.ride)
        self._error = self._carried = 0.0
        self._before: tuple[float, FloatArray, FloatArray] | None = None

    @property
    def factor(self) -> float:
        """What the believed capacities are to be multiplied by [1]."""
        return float(np.clip(1.0 + self._error / (self._carried + PRIOR_P), LOWEST, HIGHEST))

    def weigh(self, observation: Observation, want: FloatArray, meter: FloatArray) -> None:
        """Compare what was predicted with what is counted, and begin the next prediction.

        want : [links] directions told since the observation before
        meter : [entrances] share of capacity told since then [1]
        """
        now, estimator = observation.time_s, self._estimator
        works = estimator.works(observation)
        counted = np.concatenate(estimator.queues(observation))
        serving = self._serving(estimator.running(observation))
        if self._before is not None:
            since, queued, served = self._before
            steps = round((now - since) / self._step_s)
            if steps >= 1 and steps * self._step_s == now - since:
                said = self._predicted(observation, steps, works, want, meter)
                full = np.minimum(np.minimum(queued, counted), said) > QUEUED_P
                full &= (serving > 0.0) & (serving == served)
                self._error += float((said - counted)[full].sum())
                self._carried += float(serving[full].sum()) * (now - since)
        estimator.fill(self._sim, observation, want)
        self._before = (now, counted, serving)

    def _predicted(
        self,
        observation: Observation,
        steps: int,
        works: FloatArray,
        want: FloatArray,
        meter: FloatArray,
    ) -> FloatArray:
        """[foot and head of each stage] queues that the believed station would have now [ped]."""
        sim = self._sim
        arrived, entered = self._estimator.arrivals(observation)
        sim.advance(
            np.tile(arrived * self._step_s, (steps, 1)),
            np.tile(entered * self._step_s, (steps, 1)),
            np.zeros((steps, len(arrived))),
            works,
            want[None, :].copy(),
            meter,
        )
        stage, count = self._layout.link_stage, len(sim.pool)
        up = np.bincount(stage, sim.link[:, kernel.Q_UP], count) + sim.pool[:, 0]
        down = np.bincount(stage, sim.link[:, kernel.Q_DOWN], count) + sim.pool[:, 1]
        return np.concatenate((up, down))

    def _serving(self, running: FloatArray) -> FloatArray:
        """[foot and head of each stage] believed capacity of the links that run its way [1/s]."""
        layout = self._layout
        both = layout.both_ways
        sides = [
            np.bincount(
                layout.link_stage,
                layout.capacity * (np.where(both, running != 0.0, running == sense)),
                len(layout.stage_lower),
            )
            for sense in (1.0, -1.0)
        ]
        return np.concatenate(sides)
