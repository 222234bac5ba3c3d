"""What do rain, water on the road and closures do to those who drive?

Works on SUMO's own objects, handed in by the plant. Free speed falls with the weather on every
edge, and on single edges with the water that stands there; headways grow with the weather. A closed
edge lets those on it out and nobody in; who comes near it turns round for another way, or, where
there is none, waits at the kerb without standing in anybody's way; drivers with navigation may be
told at once wherever they are. A share of those who would set out through it leave the car and take
the metro.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from jialing.core.errors import PlantError
from jialing.domains.traffic.journeys import Journeys

#: Nobody drives slower than this, or SUMO would divide by it [m/s].
CREEP_MPS = 0.1
#: Drivers see a barrier from this many edges away.
HOPS = 3
#: … and look for another way so often [s].
LOOK_EVERY_S = 5.0
#: Who stands before a barrier without another way draws up to the kerb over so many metres.
KERB_M = 20.0
STANDING_MPS = 0.01  # slower than this it needs no room to brake, and SUMO takes the stop
PARKED = 1  # SUMO's flag of a stop beside the road
UNTIL_OPENED_S = 1e6
#: What stays allowed on a closed edge: none of the classes that drive here.
NOBODY = ["all"]
ON_FOOT = ("pedestrian",)
#: Whose driver may leave the car at home: SUMO's class of private cars.
PRIVATE = "passenger"


class Streets:
    """The state of the streets, as the rest of the city left it.

    Parameters
    ----------
    edge, lane, vehicle, vehicletype, simulation : SUMO's objects of these names
    seed : which drivers leave their car where a road is closed
    """

    def __init__(
        self,
        edge: Any,
        lane: Any,
        vehicle: Any,
        vehicletype: Any,
        simulation: Any,
        *,
        seed: int = 0,
    ) -> None:
        self._edge, self._lane, self._vehicle, self._type = edge, lane, vehicle, vehicletype
        self._simulation, self._seed = simulation, seed
        self._leave: dict[str, float] = {}
        self._through: dict[str, tuple[str, ...]] = {}
        self._watched: dict[str, frozenset[str]] = {}
        self.given_up: dict[str, int] = {}
        self.used: dict[str, set[str]] = {}
        self._lanes: dict[str, tuple[str, ...]] = {}
        self._free: dict[str, float] = {}
        self._tau: dict[str, float] = {}
        self._water: dict[str, float] = {}
        self._closed: dict[str, dict[str, Any]] = {}
        self._near: dict[str, frozenset[str]] = {}
        self._aside: set[str] = set()
        self.stranded: set[str] = set()
        self.journeys: Journeys | None = None
        self._speed = 1.0
        self._look_s = 0.0
        for name in lane.getIDList():
            on = str(lane.getEdgeID(name))
            if not name.startswith(":"):
                self._lanes[on] = (*self._lanes.get(on, ()), name)
                self._free[name] = float(lane.getMaxSpeed(name))

    def weather(self, *, speed: float, headway: float) -> None:
        """Factors on free speed and on the headway that drivers keep [1]; 1 is dry."""
        if not (speed > 0.0 and headway > 0.0):
            raise PlantError(f"weather: factors {speed}, {headway}; they must be above 0")
        if speed != self._speed:
            self._speed = speed
            for on in self._lanes:
                self._limit(on)
        if headway != 1.0 and not self._tau:
            # Not before it is needed: for a distribution of types SUMO draws one at random, and
            # the trips of a dry day would no longer be those of plain SUMO.
            types = self._type.getIDList()
            self._tau = {name: float(self._type.getTau(name)) for name in types}
        for name, tau in self._tau.items():
            self._type.setTau(name, tau * headway)

    def water(self, edges: Iterable[str], speed_mps: float) -> None:
        """Nobody drives faster than `speed_mps` on `edges`; NaN lifts the limit."""
        for on in edges:
            self._known(on)
            if speed_mps != speed_mps:
                self._water.pop(on, None)
            else:
                self._water[on] = max(speed_mps, CREEP_MPS)
            self._limit(on)

    def watch(self, roads: Mapping[str, Iterable[str]]) -> None:
        """Note from now on who drives through these roads, or means to: name -> edges.

        `used` holds who was on them, `given_up` counts who stayed at home because of a closure,
        `stranded` holds who had to wait for the road to be opened, `journeys` keeps every trip.
        """
        self.journeys = Journeys(
            self._lane, self._vehicle, self._simulation, lanes=self._lanes, free_mps=self._free
        )
        self._watched = {name: frozenset(edges) for name, edges in roads.items()}
        self.given_up = dict.fromkeys(self._watched, 0)
        self.used = {name: set() for name in self._watched}

    def leave(self, name: str, share: float) -> None:
        """Of the cars that set out from now on and would use a watched road, so many stay at home.

        Which ones is drawn from the seed: the same in every run of it.
        """
        if name not in self._watched:
            raise PlantError(f"no road that is watched is called {name!r}")
        self._leave[name] = share

    def close(self, edges: Iterable[str], *, told: float = 0.0) -> None:
        """Let nobody onto `edges` any more; who is there drives on.

        A share `told` of all drivers hears of it at once and looks for another way; the others see
        the barrier when they come near it.
        """
        edges = tuple(edges)
        for on in edges:
            self._known(on)
            if on in self._closed:
                continue
            kept: dict[str, Any] = {}
            for name in self._lanes[on]:
                if tuple(self._lane.getAllowed(name)) == ON_FOOT:
                    continue  # a pavement; who is on foot sees the water
                kept[name] = (self._lane.getAllowed(name), self._lane.getDisallowed(name))
                self._lane.setDisallowed(name, NOBODY)
            self._closed[on] = kept
        self._near = {}
        if told > 0.0:
            self._tell(frozenset(edges), told)

    def reopen(self, edges: Iterable[str]) -> None:
        """Let everybody onto `edges` again."""
        for on in edges:
            self._known(on)
            for name, (allowed, disallowed) in self._closed.pop(on, {}).items():
                if allowed:
                    self._lane.setAllowed(name, list(allowed))
                else:
                    self._lane.setDisallowed(name, list(disallowed))
        self._near = {}
        self._drive_on()

    def on(self, edges: Iterable[str]) -> frozenset[str]:
        """Vehicles on `edges` now."""
        return frozenset(v for e in edges for v in self._edge.getLastStepVehicleIDs(e))

    def step(self, time_s: float) -> None:
        """Let drivers who come near a closed edge look for another way, or stay at home."""
        if self.journeys is not None:
            self.journeys.step(time_s)
            self._set_out()
        if not self._closed or time_s < self._look_s:
            return
        self._look_s = time_s + LOOK_EVERY_S
        if not self._near:
            self._near = self._upstream()
        for on, ahead in self._near.items():
            for name in self._edge.getLastStepVehicleIDs(on):
                if self._turned_off(name, ahead):
                    self._draw_up(name, on)

    def end(self, time_s: float) -> None:
        """Settle the journeys that are under way."""
        if self.journeys is not None:
            self.journeys.end(time_s)

    def _tell(self, edges: frozenset[str], share: float) -> None:
        """Let those who hear of a closure at once look for another way; who they are is drawn."""
        for name in self._vehicle.getIDList():
            if self._drawn(name, "hears") < share:
                self._turned_off(name, edges)

    def _turned_off(self, name: str, edges: frozenset[str]) -> bool:
        """Whether a vehicle was on its way to these edges; it then looks for another way."""
        vehicle = self._vehicle
        if edges.isdisjoint(vehicle.getRoute(name)[vehicle.getRouteIndex(name) + 1 :]):
            return False
        vehicle.rerouteTraveltime(name)
        return True

    def _draw_up(self, name: str, on: str) -> None:
        """Who stands before the barrier and has no other way waits at the kerb until it opens.

        Nobody stays in the lane for an hour: whoever could drive on behind would be locked in.
        """
        vehicle = self._vehicle
        at, route = vehicle.getRouteIndex(name), vehicle.getRoute(name)
        barred = at + 1 < len(route) and route[at + 1] in self._closed
        if not barred or name in self._aside or vehicle.getSpeed(name) > STANDING_MPS:
            return
        lane = vehicle.getLaneID(name)
        end_m = float(self._lane.getLength(lane))
        if vehicle.getLanePosition(name) < end_m - KERB_M or vehicle.isStopped(name):
            return
        vehicle.setStop(
            name,
            on,
            end_m,
            vehicle.getLaneIndex(name),
            UNTIL_OPENED_S,
            PARKED,
            max(end_m - KERB_M, 0.0),
        )
        self._aside.add(name)
        self.stranded.add(name)

    def _drive_on(self) -> None:
        """Let those who wait at the kerb try again."""
        for name in sorted(self._aside & set(self._vehicle.getIDList())):
            if self._vehicle.isStopped(name):
                self._vehicle.resume(name)
        self._aside.clear()

    def _set_out(self) -> None:
        """Take those who give their trip up off the road as they set out."""
        for road, low in self._watched.items():
            self.used[road] |= self.on(low)  # every second: a short dip is passed in a few of them
        for name in self._simulation.getLoadedIDList():
            # Here, before anybody is guided round a closure: what the driver is used to.
            route = self._vehicle.getRoute(name)
            used = tuple(road for road, low in self._watched.items() if not low.isdisjoint(route))
            if used and self._vehicle.getVehicleClass(name) == PRIVATE:
                self._through[name] = used
        for name in self._simulation.getDepartedIDList():
            for road in self._through.pop(name, ()):
                if self._drawn(name, "leaves") < self._leave.get(road, 0.0):
                    self._vehicle.remove(name)
                    if self.journeys is not None:
                        self.journeys.forget(name)
                    self.given_up[road] += 1
                    break

    def _drawn(self, vehicle: str, what: str) -> float:
        """A number between 0 and 1 that belongs to a driver."""
        return zlib.crc32(f"{self._seed}/{what}/{vehicle}".encode()) / 2.0**32

    def _upstream(self) -> dict[str, frozenset[str]]:
        """Edge -> closed edges within `HOPS` edges of it."""
        ways: dict[str, set[str]] = {}
        for on, lanes in self._lanes.items():
            for name in lanes:
                for link in self._lane.getLinks(name):
                    target = str(self._lane.getEdgeID(link[0]))
                    ways.setdefault(target, set()).add(on)
        found: dict[str, set[str]] = {}
        for closed in self._closed:
            reached, edge = {closed}, {closed}
            for _ in range(HOPS):
                edge = {up for e in edge for up in ways.get(e, ())} - reached
                reached |= edge
                for on in edge - set(self._closed):
                    found.setdefault(on, set()).add(closed)
        return {on: frozenset(ahead) for on, ahead in found.items()}

    def _limit(self, on: str) -> None:
        most = self._water.get(on, float("inf"))
        for name in self._lanes[on]:
            self._lane.setMaxSpeed(name, max(min(self._free[name] * self._speed, most), CREEP_MPS))

    def _known(self, on: str) -> None:
        if on not in self._lanes:
            raise PlantError(f"no edge of this network is called {on!r}")
