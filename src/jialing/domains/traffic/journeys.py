"""How much later does everybody arrive than on an empty, dry road?

SUMO's own time loss compares a vehicle with the limit of the lane that it is on. Who creeps through
water where the limit was lowered, or is stuck in it, loses nothing by that measure, and a detour
costs nothing as long as it moves. Here a trip is compared with the one that its driver had meant to
make when it was drawn up: its way at the limits of a dry day.

    delay = wait to set out + time under way so far + rest of the way - way meant - stops of its own

The rest and the way meant are driven freely; the rest of a trip that has ended is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jialing.core.signal import FloatArray

LONGEST_STOP_S = 3600.0  # no line halts for longer


@dataclass(slots=True)
class _Trip:
    """One driver's trip; `late_s` is set once it has ended."""

    meant_s: float
    factor: float
    fastest_mps: float
    emergency: bool
    departed_s: float | None = None
    waited_s: float = 0.0
    late_s: float | None = None


class Journeys:
    """An account of every trip, from the day it is drawn up to its end.

    Parameters
    ----------
    lane, vehicle, simulation : SUMO's objects of these names
    lanes : edge -> its lanes
    free_mps : lane -> limit on a dry day [m/s]
    """

    def __init__(
        self,
        lane: Any,
        vehicle: Any,
        simulation: Any,
        *,
        lanes: Mapping[str, Sequence[str]],
        free_mps: Mapping[str, float],
    ) -> None:
        self._vehicle, self._simulation = vehicle, simulation
        self._edges = {
            on: (float(lane.getLength(some[0])), max(free_mps[name] for name in some))
            for on, some in lanes.items()
        }
        self._across: dict[tuple[str, str], float] = {}
        for on, some in lanes.items():
            for link in (link for name in some for link in lane.getLinks(name)):
                self._across[on, str(lane.getEdgeID(link[0]))] = float(link[7])
        self._trips: dict[str, _Trip] = {}

    def step(self, time_s: float) -> None:
        """Note who was drawn up, set out and arrived in the last step of SUMO."""
        vehicle, simulation, trips = self._vehicle, self._simulation, self._trips
        for name in simulation.getLoadedIDList():
            factor, fastest = vehicle.getSpeedFactor(name), vehicle.getMaxSpeed(name)
            trips[name] = _Trip(
                meant_s=self._free_s(vehicle.getRoute(name), factor, fastest),
                factor=factor,
                fastest_mps=fastest,
                emergency=vehicle.getVehicleClass(name) == "emergency",
            )
        for name in simulation.getDepartedIDList():
            if name in trips:
                trip = trips[name]
                trip.departed_s, trip.waited_s = time_s, max(vehicle.getDepartDelay(name), 0.0)
                trip.meant_s += self._stops_s(name) - self._gone_s(name, trip)
        for name in simulation.getArrivedIDList():
            if name in trips and trips[name].departed_s is not None:
                trips[name].late_s = self._late_s(trips[name], time_s, 0.0)

    def forget(self, name: str) -> None:
        """A trip that was given up is none."""
        self._trips.pop(name, None)

    def end(self, time_s: float) -> None:
        """Settle the trips that are under way, and those that are due and could not set out."""
        self.step(time_s)
        vehicle = self._vehicle
        for name in vehicle.getIDList():
            if name in self._trips:
                trip = self._trips[name]
                trip.late_s = self._late_s(trip, time_s, self._rest_s(name, trip))
        for name in self._simulation.getPendingVehicles():
            if name in self._trips:
                self._trips[name].late_s = max(float(vehicle.getDepartDelay(name)), 0.0)

    def delays_s(self, *, emergency: bool = False) -> FloatArray:
        """Delay of every trip that was due, or of those of emergency vehicles [s]."""
        wanted = (t for t in self._trips.values() if t.late_s is not None)
        return np.array([t.late_s for t in wanted if t.emergency or not emergency], dtype=float)

    def late_s(self, name: str) -> float | None:
        """Delay of one trip as settled last; None if it was given up or was not due [s]."""
        return self._trips[name].late_s if name in self._trips else None

    def _late_s(self, trip: _Trip, time_s: float, rest_s: float) -> float:
        under_way = time_s - (trip.departed_s if trip.departed_s is not None else time_s)
        return trip.waited_s + under_way + rest_s - trip.meant_s

    def _rest_s(self, name: str, trip: _Trip) -> float:
        """The rest of a vehicle's way, driven freely [s]."""
        vehicle = self._vehicle
        rest = vehicle.getRoute(name)[max(vehicle.getRouteIndex(name), 0) :]
        whole_s = self._free_s(rest, trip.factor, trip.fastest_mps)
        return whole_s + self._stops_s(name) - self._gone_s(name, trip)

    def _gone_s(self, name: str, trip: _Trip) -> float:
        """The part of its edge that lies behind a vehicle, driven freely [s].

        Who sets out from the middle of an edge never meant to drive the whole of it.
        """
        vehicle = self._vehicle
        on = vehicle.getRoute(name)[max(vehicle.getRouteIndex(name), 0)]
        length_m, _ = self._edges[on]
        here = vehicle.getRoadID(name) == on
        gone_m = min(max(vehicle.getLanePosition(name), 0.0), length_m) if here else length_m
        return self._free_s((on,), trip.factor, trip.fastest_mps) * gone_m / length_m

    def _stops_s(self, name: str) -> float:
        """How long a vehicle means to stand at the stops that lie before it [s].

        Who waits until a road is opened means no such stop.
        """
        each = (float(stop.duration) for stop in self._vehicle.getStops(name))
        return sum(stop_s for stop_s in each if 0.0 < stop_s < LONGEST_STOP_S)

    def _free_s(self, route: Iterable[str], factor: float, fastest_mps: float) -> float:
        """Time along a way on a dry day without traffic [s]."""
        total, before, pace = 0.0, "", 1.0
        for on in route:
            total += self._across.get((before, on), 0.0) / pace
            length_m, limit_mps = self._edges[on]
            pace = max(min(limit_mps * factor, fastest_mps), 0.1)
            total += length_m / pace
            before = on
        return total
