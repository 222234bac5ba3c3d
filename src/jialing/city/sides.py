"""How does each domain meet the city: what does it take from the others, what does it tell them?

``UNITS`` of a side holds the unit of each quantity that it tells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from jialing.city.messages import (
    Change,
    Closure,
    Fault,
    Ridership,
    Stake,
    Water,
    Weather,
)
from jialing.core.errors import InputError
from jialing.core.signal import FloatArray
from jialing.core.stages import Desk


class WaterSide:
    """Tells rain and the water on the road at each underpass, now and as the plan foresees it.

    Parameters
    ----------
    desk : of the sewer
    underpasses : id -> node whose water stands on the road, and its depth at which that begins [m]
    lead_s : how far ahead the foreseen depth is told [s]
    step_s : of the controller's plan, and between two of its decisions [s]
    """

    UNITS: ClassVar = {"rain": "m/s", "depth": "m", "foreseen": "m", "worst": "m"}

    def __init__(
        self,
        desk: Desk,
        *,
        underpasses: Mapping[str, tuple[str, float]],
        lead_s: float,
        step_s: float,
    ) -> None:
        self._controller, self._lead_s, self._step_s = desk.controller, lead_s, step_s
        self._tick_s = desk.tick_s
        from jialing.domains.water.plant import SwmmPlant

        if not isinstance(desk.plant, SwmmPlant):
            raise InputError("the sewer's side needs a SWMM plant")
        self._swmm = desk.plant
        model = desk.plant.layout.model
        self._ids = tuple(underpasses)
        self._nodes = tuple(model.nodes.find(node) for node, _ in underpasses.values())
        self._begins_m = np.array([road_m for _, road_m in underpasses.values()])
        deep = desk.plant.layout.deep_nodes
        self._deep = [deep.index(node) if node in deep else -1 for node in self._nodes]
        self._last: dict[str, float] = {}
        self._deepest = np.zeros(len(self._ids))

    def begin(self) -> None:
        """A sewer begins with the evening."""

    def change(self, change: Change) -> None:
        layout = self._swmm.layout
        if isinstance(change, Stake):
            node = self._nodes[self._ids.index(change.link)]
            layout.deep_weights[layout.deep_nodes.index(node)] = change.weight
        elif isinstance(change, Fault) and change.kind == "pump":
            names = [actuator.name.casefold() for actuator in layout.actuators]
            element = change.element.casefold()  # as SWMM itself takes names
            if element not in names:
                raise InputError(f"no actuator of the sewer is called {change.element!r}")
            self._swmm.controls.fail(names.index(element), broken=change.broken)
        else:
            raise InputError(f"a sewer does not take {type(change).__name__}")

    def tell(self, time_s: float) -> Mapping[str, float]:
        if self._swmm.ended:
            return self._last
        engine, layout = self._swmm.engine, self._swmm.layout
        road_m = np.maximum(engine.depth(self._nodes) - self._begins_m, 0.0)
        self._deepest = np.maximum(self._deepest, road_m)
        told = {"rain": float(np.mean(engine.rain(layout.gages)))}
        told |= {f"depth:{n}": float(d) for n, d in zip(self._ids, road_m, strict=True)}
        for name, (mean, worst) in self._foreseen(time_s, road_m).items():
            told[f"foreseen:{name}"], told[f"worst:{name}"] = mean, worst
        self._last = told
        return told

    def _foreseen(self, time_s: float, road_m: FloatArray) -> dict[str, tuple[float, float]]:
        """Greatest depth on each road within the lead: mean over the scenarios, and the worst [m].

        The plan is as old as the last decision, and its steps may be longer than the lead: between
        their ends the depth is interpolated.
        """
        ask = getattr(self._controller, "foreseen", None)
        if ask is None:
            return {}
        depth = ask()
        scenarios, steps = depth.shape[:2]
        if steps == 0:
            return {}
        decided_s = math.floor((time_s - self._tick_s) / self._step_s + 1e-9) * self._step_s
        ends_s = (np.arange(steps) + 1.0) * self._step_s - (time_s - decided_s)
        inside = (ends_s > 0.0) & (ends_s <= self._lead_s)
        found = {}
        for name, at, begins_m, now_m in zip(
            self._ids, self._deep, self._begins_m, road_m, strict=True
        ):
            if at < 0:
                continue
            road = np.maximum(depth[:, :, at] - begins_m, 0.0)
            top = np.array(
                [
                    max(
                        np.interp(
                            self._lead_s,
                            np.concatenate(([0.0], ends_s[ends_s > 0.0])),
                            np.concatenate(([now_m], road[k, ends_s > 0.0])),
                        ),
                        road[k, inside].max(initial=0.0),
                    )
                    for k in range(scenarios)
                ]
            )
            found[name] = float(top.mean()), float(top.max())
        return found

    def extra(self) -> Mapping[str, float]:
        return {f"deepest:{n}": float(d) for n, d in zip(self._ids, self._deepest, strict=True)}


class TrafficSide:
    """Tells who drives through each underpass, and counts who is caught by the water there.

    Parameters
    ----------
    desk : of the signals
    underpasses : id -> edges, the low one first
    """

    UNITS: ClassVar = dict.fromkeys(("vehicles", "entered", "caught", "given_up"), "veh")

    def __init__(self, desk: Desk, *, underpasses: Mapping[str, Sequence[str]]) -> None:
        from jialing.domains.traffic.plant import SumoPlant

        if not isinstance(desk.plant, SumoPlant):
            raise InputError("the streets' side needs a SUMO plant")
        self._plant, self._low = desk.plant, {n: tuple(e) for n, e in underpasses.items()}
        self._flooded: set[str] = set()
        self._caught: dict[str, set[str]] = {name: set() for name in self._low}
        self._used = dict.fromkeys(self._low, 0)
        self._plant.streets.watch(self._low)

    def begin(self) -> None:
        """Streets begin with the evening."""

    def change(self, change: Change) -> None:
        streets = self._plant.streets
        if isinstance(change, Weather):
            streets.weather(speed=change.speed, headway=change.headway)
        elif isinstance(change, Water):
            streets.water(change.edges, change.speed_mps)
            for name, edges in self._low.items():
                if set(edges) & set(change.edges):
                    stopped = change.speed_mps == 0.0
                    (self._flooded.add if stopped else self._flooded.discard)(name)
        elif isinstance(change, Closure):
            if change.closed:
                streets.close(change.edges, told=change.told)
            else:
                streets.reopen(change.edges)
            if change.road:
                streets.leave(change.road, change.to_metro if change.closed else 0.0)
        elif isinstance(change, Fault) and change.kind == "detectors":
            self._plant.blind.set(change.element, broken=change.broken)
        else:
            raise InputError(f"streets do not take {type(change).__name__}")

    def tell(self, time_s: float) -> Mapping[str, float]:
        told: dict[str, float] = {}
        for name, edges in self._low.items():
            now = set() if self._plant.ended else set(self._plant.streets.on(edges))
            used, before = len(self._plant.streets.used[name]), self._used[name]
            self._used[name] = used
            if name in self._flooded:
                self._caught[name] |= now
            told[f"vehicles:{name}"] = float(len(now))
            told[f"entered:{name}"] = float(used - before)
            told[f"caught:{name}"] = float(len(self._caught[name]))
            told[f"given_up:{name}"] = float(self._plant.streets.given_up[name])
        return told

    def extra(self) -> Mapping[str, float]:
        """Who was caught where; and delays, in which water and detours count in full."""
        found = {f"caught:{name}": float(len(some)) for name, some in self._caught.items()}
        streets = self._plant.streets
        found["stranded"] = float(len(streets.stranded))
        if streets.journeys is not None:
            if not self._plant.ended:  # stopped early: SUMO is still there
                streets.end(self._plant.time_s)
            for word, only in (("delay", False), ("emergency_delay", True)):
                late_s = streets.journeys.delays_s(emergency=only)
                if late_s.size:
                    found[word] = float(late_s.mean())
        return found


class StationSide:
    """Takes riders who come because of rain and closures.

    Parameters
    ----------
    desk : of the station
    knows : whether its forecast is told, too
    """

    UNITS: ClassVar = {"waiting": "person-h", "entering": "ped/h"}

    def __init__(self, desk: Desk, *, knows: bool) -> None:
        from jialing.domains.metro.plant import StationPlant

        if not isinstance(desk.plant, StationPlant):
            raise InputError("a station's side needs a station's plant")
        self._plant, self._forecaster, self._knows = desk.plant, desk.forecaster, knows
        self._before = 0.0

    def begin(self) -> None:
        """The evening begins: who waited since the station opened does not count in it."""
        self._before = self._plant.score()[0]["waiting"].value

    def change(self, change: Change) -> None:
        if not isinstance(change, Ridership):
            raise InputError(f"a station does not take {type(change).__name__}")
        self._plant.ridership(entering=change.entering, alighting=change.alighting)
        if self._knows:
            expect = getattr(self._forecaster, "expect", None)
            if expect is not None:
                expect(entering=change.entering, alighting=change.alighting)

    def tell(self, time_s: float) -> Mapping[str, float]:
        return {
            "waiting": self._waiting(),
            "entering": self._plant.entering_ph,
        }

    def extra(self) -> Mapping[str, float]:
        return {"waiting": self._waiting()}

    def _waiting(self) -> float:
        """Since the evening began [person-h]."""
        return self._plant.score()[0]["waiting"].value - self._before
