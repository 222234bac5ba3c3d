"""The plant: the compiled station with its own parameters, which no controller knows exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.case import ScoreSheet
from jialing.core.command import Command, Receipt
from jialing.core.errors import PlantError
from jialing.core.signal import Actuator, FloatArray, Observation, SignalTable
from jialing.core.stages import Field
from jialing.domains.metro import kernel, score
from jialing.domains.metro.day import Day
from jialing.domains.metro.layout import Layout
from jialing.domains.metro.settings import Mismatch
from jialing.domains.metro.simulation import Simulation, net

CLOCK_S = 1.0  # in steps of so much the model and the drawn day pass [s]


class StationPlant:
    """A station on one day (satisfies `jialing.core.stages.Plant`); one second per step.

    Parameters
    ----------
    layout : the station
    day : what happens
    mismatch : how the plant differs from what is believed
    duration_s : length of the run [s]
    seed : for the plant's parameters
    """

    def __init__(
        self, layout: Layout, day: Day, mismatch: Mismatch, *, duration_s: float, seed: int = 0
    ) -> None:
        self.layout, self.day, self.duration_s = layout, day, duration_s
        self.actuators: tuple[Actuator, ...] = layout.actuators
        self.signals = SignalTable(signals=layout.signals)
        self.fields: tuple[Field, ...] = (
            Field(name="queue", unit="ped", elements=tuple(k.name for k in layout.station.links)),
        )
        links = len(layout.link_stage)
        rng = np.random.default_rng([seed, 47])
        factor = mismatch.capacity * (1.0 + mismatch.capacity_spread * rng.standard_normal(links))
        ride = layout.ride * mismatch.ride
        params = net(layout, capacity=layout.capacity * factor, ride=ride, pause=mismatch.restart)
        self.simulation = Simulation(layout, params, CLOCK_S, ride)
        self.time_s = 0.0
        self._ended = False
        self._moved = np.array(layout.moved, dtype=np.int64)
        self._metered = np.array(layout.metered, dtype=np.int64)
        self._want = layout.home.astype(np.float64)[None, :].copy()
        self._meter = np.ones(len(layout.entrance_level))
        self._works = day.works(0.0, links)
        self._arrived = np.zeros(len(layout.platform_level))
        self._entered = np.zeros(len(layout.entrance_level))
        self._ridership = (1.0, 1.0)

    def observe(self) -> Observation:
        values = self._values()
        return Observation(
            time_s=self.time_s,
            values=values,
            quality=np.zeros(len(values), dtype=np.uint8),
            valid_at_s=np.full(len(values), self.time_s),
            table=self.signals,
        )

    def _values(self) -> FloatArray:
        sim, layout = self.simulation, self.layout
        stages = len(layout.stage_lower)
        link = sim.link
        queue_up = np.bincount(layout.link_stage, link[:, kernel.Q_UP], stages) + sim.pool[:, 0]
        queue_down = np.bincount(layout.link_stage, link[:, kernel.Q_DOWN], stages)
        area = np.bincount(layout.platform_level, layout.platform_area, len(layout.station.levels))
        standing = np.bincount(layout.stage_lower, queue_up, len(area))
        level = layout.platform_level
        density = sim.platform / layout.platform_area + standing[level] / area[level]
        return np.concatenate(
            (
                queue_up,
                queue_down + sim.pool[:, 1],
                link[:, kernel.ONBOARD],
                link[:, kernel.DIRECTION],
                link[:, kernel.PHASE],
                self._works,
                density,
                self._arrived,
                self._entered,
                sim.outside,
            )
        )

    def sample(self) -> Sequence[NDArray[np.float32]]:
        link = self.simulation.link
        return ((link[:, kernel.Q_UP] + link[:, kernel.Q_DOWN]).astype(np.float32),)

    def apply(self, command: Command) -> Receipt:
        targets = np.where(command.local, np.nan, command.targets)
        split = len(self._moved)
        home = self.layout.home[self._moved]
        turned = targets[:split]
        self._want[0, self._moved] = np.where(np.isnan(turned), home, turned)
        share = targets[split:]
        self._meter[self._metered] = np.where(np.isnan(share), 1.0, share)
        direction = self.simulation.link[self._moved, kernel.DIRECTION]
        return Receipt(
            time_s=self.time_s,
            positions=np.concatenate((direction, self._meter[self._metered])),
        )

    def step(self, seconds: float) -> bool:
        if self._ended:
            return False
        first = round(self.time_s)
        steps = round(min(seconds, self.duration_s - self.time_s))
        window = slice(first, first + steps)
        self._works = self.day.works(self.time_s, len(self._works))
        alighting, entering = self._ridership
        up, down = self.day.up[window] * alighting, self.day.down[window] * entering
        self.simulation.advance(
            up,
            down,
            self.day.room[window],
            self._works,
            self._want,
            self._meter,
        )
        if steps:
            self._arrived = up.sum(axis=0) / steps
            self._entered = down.sum(axis=0) / steps
        self.time_s = min(self.time_s + seconds, self.duration_s)
        self._ended = self.time_s >= self.duration_s
        return not self._ended

    def ridership(self, *, entering: float, alighting: float) -> None:
        """From now on so many people come, relative to what the day would bring [1].

        Raises PlantError for a factor that is negative or not a number.
        """
        if not (entering >= 0.0 and alighting >= 0.0):
            raise PlantError(f"ridership: factors {entering}, {alighting}; they must be 0 or more")
        self._ridership = (alighting, entering)

    @property
    def entering_ph(self) -> float:
        """People who came to the entrances in the last step, as an hourly rate [1/h]."""
        return float(self._entered.sum()) * 3600.0

    def score(self) -> tuple[ScoreSheet, Mapping[str, Any]]:
        return score.sheet(self.simulation)

    def close(self) -> None:
        """Nothing is held."""
