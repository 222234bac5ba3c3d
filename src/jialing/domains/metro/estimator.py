"""In what state is the station, as far as its counts tell? What the predictor starts from."""

from __future__ import annotations

import numpy as np

from jialing.core.signal import FloatArray, Observation
from jialing.domains.metro import kernel
from jialing.domains.metro.layout import Layout
from jialing.domains.metro.simulation import Simulation


class Estimator:
    """Fills a predictor's state from an observation.

    Queues are shared among the serving links by capacity, people on a link are spread evenly over
    its ride, and the time since a phase began tells how much of it is left.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        links, stages = len(layout.link_stage), len(layout.stage_lower)
        platforms = len(layout.platform_level)
        sizes = (stages, stages, links, links, links, links, platforms, platforms)
        ends = np.cumsum(sizes).tolist()
        parts = [slice(e - n, e) for e, n in zip(ends, sizes, strict=True)]
        self._up, self._down, self._onboard, self._direction = parts[:4]
        self._phase, self._works, self._density = parts[4:7]
        entrances = len(layout.entrance_level)
        self._arrived = parts[7]
        self._entered = slice(ends[-1], ends[-1] + entrances)
        self._outside = slice(ends[-1] + entrances, ends[-1] + 2 * entrances)
        self._last_phase = np.zeros(links)
        self._last_direction = layout.home.astype(np.float64)
        self._since = np.zeros(links)

    def works(self, observation: Observation) -> FloatArray:
        """[links] 1 in service, 0 out of it; in service where nothing is known."""
        works: FloatArray = (observation.values[self._works] != 0.0).astype(np.float64)
        return works

    def queues(self, observation: Observation) -> tuple[FloatArray, FloatArray]:
        """[stages] people waiting at the foot and at the head [ped]."""
        values = observation.values
        return np.nan_to_num(values[self._up]), np.nan_to_num(values[self._down])

    def arrivals(self, observation: Observation) -> tuple[FloatArray, FloatArray]:
        """[platforms], [entrances] people who came since the observation before [1/s]."""
        values = observation.values
        return np.nan_to_num(values[self._arrived]), np.nan_to_num(values[self._entered])

    def running(self, observation: Observation) -> FloatArray:
        """[links] 1 or -1 if it carries people up or down now, or both ways; 0 if it does not."""
        values = np.nan_to_num(observation.values)
        runs = (self.works(observation) > 0.0) & (values[self._phase] == kernel.RUN)
        direction = np.where(self._layout.both_ways, 1.0, values[self._direction])
        return np.where(runs, direction, 0.0)

    def fill(self, sim: Simulation, observation: Observation, wanted: FloatArray) -> None:
        """Put `sim` into the observed state; `wanted` is what each link was last told."""
        layout, now = self._layout, observation.time_s
        values = np.nan_to_num(observation.values)
        known = np.isfinite(observation.values[self._phase])
        phase = np.where(known, values[self._phase], self._last_phase)
        direction = np.where(known, values[self._direction], self._last_direction)
        self._since[phase != self._last_phase] = now
        self._last_phase, self._last_direction = phase, direction
        link = sim.link
        link[:] = 0.0
        link[:, kernel.ONBOARD] = values[self._onboard]
        link[:, kernel.DIRECTION], link[:, kernel.PHASE] = direction, phase
        elapsed = now - self._since
        whole = np.where(phase == kernel.STOPPED, layout.inspect, layout.restart)
        paused = phase >= kernel.STOPPED
        link[:, kernel.TIMER] = np.where(paused, np.maximum(whole - elapsed, 0.0), 0.0)
        link[:, kernel.WANTED] = wanted
        runs = (self.works(observation) > 0.0) & (layout.both_ways | (phase == kernel.RUN))
        for column, queue, sense, spare in (
            (kernel.Q_UP, values[self._up], 1.0, 0),
            (kernel.Q_DOWN, values[self._down], -1.0, 1),
        ):
            serves = runs & (layout.both_ways | (direction == sense))
            weight = layout.capacity * serves
            total = np.bincount(layout.link_stage, weight, len(queue))
            share = np.divide(
                weight,
                total[layout.link_stage],
                out=np.zeros_like(weight),
                where=total[layout.link_stage] > 0.0,
            )
            link[:, column] = queue[layout.link_stage] * share
            sim.pool[:, spare] = np.where(total > 0.0, 0.0, queue)
        self._fill_rings(sim, direction)
        area = np.bincount(layout.platform_level, layout.platform_area, len(layout.station.levels))
        standing = np.bincount(layout.stage_lower, values[self._up], len(area))
        level = layout.platform_level
        density = values[self._density] - standing[level] / area[level]
        sim.platform[:] = np.maximum(density, 0.0) * layout.platform_area
        sim.outside[:] = values[self._outside]
        sim.step = 0

    def _fill_rings(self, sim: Simulation, direction: FloatArray) -> None:
        layout = self._layout
        up_share = np.where(layout.both_ways, 0.5, (direction == 1.0).astype(np.float64))
        steps = np.maximum(np.round(layout.ride / sim.dt), 1.0)
        within = np.arange(sim.ring_up.shape[1])[None, :] < steps[:, None]
        even = within * (sim.link[:, kernel.ONBOARD] / steps)[:, None]
        sim.ring_up[:] = even * up_share[:, None]
        sim.ring_down[:] = even * (1.0 - up_share)[:, None]
