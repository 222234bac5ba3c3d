"""The plant: SUMO running the user's network, with a cabinet at every signal.

The only file that imports libsumo. A process holds one simulation at a time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.case import ScoreSheet
from jialing.core.command import Command, Receipt
from jialing.core.errors import MissingExtraError, PlantError, UnknownNameError
from jialing.core.scratch import Scratch, needing_room
from jialing.core.signal import Actuator, FloatArray, Observation, Quality, Signal, SignalTable
from jialing.core.stages import Field
from jialing.domains.traffic.actuated import write_actuated
from jialing.domains.traffic.approaches import approaches, read_lanes
from jialing.domains.traffic.blind import Blind
from jialing.domains.traffic.cabinet import Cabinet
from jialing.domains.traffic.fleet import KIND_OF_CLASS, Fleet
from jialing.domains.traffic.heap import in_fresh_heap
from jialing.domains.traffic.ledger import Ledger
from jialing.domains.traffic.loops import Loops, place_detectors
from jialing.domains.traffic.model import Roads
from jialing.domains.traffic.network import Scenario
from jialing.domains.traffic.sensing import Eyes
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.sightings import Kind
from jialing.domains.traffic.start import arguments
from jialing.domains.traffic.streets import Streets
from jialing.domains.traffic.tripinfo import Trip, read_trips
from jialing.domains.traffic.walkers import Walkers
from jialing.domains.traffic.webster import write_webster

try:
    import libsumo
except ImportError:  # pragma: no cover - the extra is absent
    libsumo = None

TRIPS = "trips.xml"
#: What SUMO raises when it refuses something, and when it gives up.
REFUSALS: tuple[type[Exception], ...] = (
    () if libsumo is None else (libsumo.TraCIException, libsumo.FatalTraCIError)
)
PROGRAMMES = ("file", "actuated", "webster")


class SumoPlant:
    """SUMO as a plant (satisfies `jialing.core.stages.Plant`).

    Parameters
    ----------
    model : the files that SUMO is given
    roads : the network, as read from its file
    settings : sensing, view, teleport
    duration_s : length of the run [s]
    seed : of SUMO, and of the vehicles that a camera misses
    programme : what a signal runs on its own: that of the ``file``, or on its phases ``actuated``
        control, or fixed times of ``webster``
    flows_vph : per junction the demand of its movements [veh/h], for ``webster``

    Raises MissingExtraError without libsumo, PlantError with SUMO's own words.
    """

    def __init__(
        self,
        model: Scenario,
        roads: Roads,
        settings: TrafficSettings,
        *,
        duration_s: float,
        seed: int = 0,
        programme: str = "file",
        flows_vph: Sequence[FloatArray] = (),
    ) -> None:
        if programme not in PROGRAMMES:
            raise UnknownNameError("programme", programme, PROGRAMMES)
        if libsumo is None:
            raise MissingExtraError("libsumo", "traffic")
        if libsumo.isLoaded():
            raise PlantError(
                "a SUMO simulation is open in this process already, and there can be one only: "
                "close the other plant, or start this one in a process of its own"
            )
        self.junctions = roads.junctions
        self.duration_s, self.time_s, self.ended = duration_s, 0.0, False
        self._scratch = Scratch("sumo")
        self._folder = self._scratch.path
        self._final: tuple[ScoreSheet, Mapping[str, Any]] | None = None
        self._open = False
        self.trips: tuple[Trip, ...] = ()
        try:
            self._own = "" if programme == "file" else programme
            self._timetables = {
                k: roads.net.timetables[junction.name]
                for k, junction in enumerate(self.junctions)
                if junction.name in roads.net.timetables
            }
            trips, additional = self._folder / TRIPS, []
            with needing_room(self._folder):
                if programme == "actuated":
                    additional.append(write_actuated(self.junctions, self._folder))
                elif programme == "webster":
                    additional.append(write_webster(self.junctions, flows_vph, self._folder))
                self._start(
                    arguments(model, settings, seed=seed, trips=trips, additional=additional)
                )
            self._wire(roads, settings, seed)
        except BaseException:
            self.close()
            raise

    def _start(self, options: Sequence[str]) -> None:
        words = self._folder / "words.txt"
        try:
            with _unheard(words):
                in_fresh_heap(lambda: _start_sumo(options))
        except REFUSALS as error:
            said = words.read_text(errors="replace").replace("\n", " ").strip()
            if libsumo.isLoaded():  # it stays so where the network was read and the routes were not
                with _unheard(words):
                    libsumo.close()
            raise PlantError(f"SUMO does not start: {said or error}") from error
        self._open = True
        self._begin_s = float(libsumo.simulation.getTime())
        self._step_s = float(libsumo.simulation.getDeltaT())

    def _wire(self, roads: Roads, settings: TrafficSettings, seed: int) -> None:
        """Build what reads and what switches."""
        lights = libsumo.trafficlight
        table = approaches(read_lanes(roads.net), self.junctions)
        perfect = settings.sensing == "perfect"
        self.fleet = Fleet(
            libsumo.vehicle,
            table,
            seed=seed,
            missed=0.0 if perfect else settings.missed,
            follow=perfect,
        )
        self.eyes = Eyes(
            self.junctions, table, self.fleet, level=settings.sensing, view_m=settings.view_m
        )
        self.loops = (
            Loops(place_detectors(self.junctions, table), table, self.fleet)
            if settings.sensing == "loops"
            else None
        )
        self.walkers = Walkers(
            libsumo.person,
            self.junctions,
            [lights.getControlledLinks(j.name) for j in self.junctions],
            {name for name, edge in roads.net.edges.items() if edge.function == "crossing"},
        )
        self.cabinets = tuple(Cabinet(j, yellow_s=settings.yellow_s) for j in self.junctions)
        self._keep_own()
        self._homes = [lights.getProgram(j.name) for j in self.junctions]
        self._told: list[str] = ["" for _ in self.junctions]
        for cabinet in self.cabinets:
            cabinet.note(lights.getRedYellowGreenState(cabinet.junction.name), 0.0)
        self.actuators: tuple[Actuator, ...] = tuple(j.actuator for j in self.junctions)
        self.signals = SignalTable(
            signals=(
                *(
                    Signal(
                        name=f"mode:{j.name}",
                        unit="1",
                        low=-float(len(j.modes)),
                        high=float(len(j.modes) - 1),
                    )
                    for j in self.junctions
                ),
                *(Signal(name=f"green:{j.name}", unit="s", low=0.0) for j in self.junctions),
                *(self.loops.signals if self.loops else self.eyes.signals),
                *self.walkers.signals,
            )
        )
        self.fields: tuple[Field, ...] = (
            Field(name="queue", unit="veh", elements=self.eyes.lanes),
        )
        self.streets = Streets(
            libsumo.edge,
            libsumo.lane,
            libsumo.vehicle,
            libsumo.vehicletype,
            libsumo.simulation,
            seed=seed,
        )
        self.blind = Blind(self.junctions, self.signals)
        self.ledger = Ledger(self.junctions, table, self.fleet)
        self._reading = self.fleet.read()
        self._waiting = self.walkers.count()

    def observe(self) -> Observation:
        head = [c.position if not c.local else np.nan for c in self.cabinets]
        head += [np.nan if c.local else self._green_s(c) for c in self.cabinets]
        values = np.concatenate(
            (
                head,
                self.loops.values() if self.loops else self.eyes.values(self._reading),
                self.walkers.values(self._waiting),
            )
        )
        values[self.blind.lost] = np.nan
        quality = np.zeros(len(values), dtype=np.uint8)
        quality[np.isnan(values)] = Quality.MISSING
        sightings = None if self.loops else self.eyes.sightings(self._reading)
        return Observation(
            time_s=self.time_s,
            values=values,
            quality=quality,
            valid_at_s=np.full(len(values), self.time_s),
            table=self.signals,
            sightings=None if sightings is None else self.blind.without(sightings),
        )

    def _green_s(self, cabinet: Cabinet) -> float:
        """How long the mode has been shown [s]; 0 on the way to one."""
        return self.time_s - cabinet.since_s if cabinet.position >= 0.0 else 0.0

    def sample(self) -> Sequence[NDArray[np.float32]]:
        return (self.eyes.halting(self._reading).astype(np.float32),)

    def apply(self, command: Command) -> Receipt:
        targets, local = command.targets.tolist(), command.local.tolist()
        for k, cabinet in enumerate(self.cabinets):
            own = local[k] or targets[k] != targets[k]  # NaN: local
            cabinet.ask(None if own else int(targets[k]), self.time_s)
        positions = np.array([cabinet.position for cabinet in self.cabinets])
        return Receipt(time_s=self.time_s, positions=positions)

    def step(self, seconds: float) -> bool:
        if self.ended:
            return False
        if self.loops:
            self.loops.begin()
        until_s = min(self.time_s + seconds, self.duration_s)
        while self.time_s < until_s - 1e-6:
            self._switch()
            self.streets.step(self.time_s)
            try:
                libsumo.simulationStep()
            except REFUSALS as error:
                raise PlantError(f"SUMO stopped at {self.time_s:g} s: {error}") from error
            self.time_s = round(float(libsumo.simulation.getTime()) - self._begin_s, 6)
            self._keep_own()
            self._note()
        if self.time_s >= self.duration_s - 1e-6:
            self.ended = True
            self._end()
        return not self.ended

    def _keep_own(self) -> None:
        """Keep signals at the programme of a baseline where the files switch theirs by time."""
        for k in self._timetables if self._own else ():
            name = self.junctions[k].name
            if libsumo.trafficlight.getProgram(name) != self._own:
                libsumo.trafficlight.setProgram(name, self._own)

    def _switch(self) -> None:
        """Let every cabinet that is not under its programme set what the next second shows."""
        lights = libsumo.trafficlight
        for k, cabinet in enumerate(self.cabinets):
            if cabinet.local:
                continue
            name, state = cabinet.junction.name, None
            if self._told[k] == "":
                self._homes[k] = lights.getProgram(name)
            elif k in self._timetables:
                self._homes[k] = self._timetables[k].at(self._begin_s + self.time_s)
            state = cabinet.advance(self.time_s, self._programme_state(k, name))
            if state is None:
                lights.setProgram(name, self._homes[k])
                self._told[k] = ""
            elif state != self._told[k]:
                lights.setRedYellowGreenState(name, state)
                self._told[k] = state

    def _programme_state(self, k: int, name: str) -> str:
        """What the programme of the file would show; it keeps its clock while it is not shown."""
        if not self.cabinets[k].returning:
            return ""
        for logic in libsumo.trafficlight.getAllProgramLogics(name):
            if logic.programID == self._homes[k]:
                return str(logic.phases[logic.currentPhaseIndex].state)
        raise PlantError(f"signal {name!r} has lost its programme {self._homes[k]!r}")

    def _note(self) -> None:
        """Read the network and take down what happened in the last step."""
        simulation, ledger = libsumo.simulation, self.ledger
        state_of = libsumo.trafficlight.getRedYellowGreenState
        for cabinet in self.cabinets:
            if cabinet.local:
                cabinet.note(state_of(cabinet.junction.name), self.time_s)
        self._reading = self.fleet.read()
        self._waiting = self.walkers.count()
        if self.loops:
            self.loops.note(self._reading)
        ledger.note(
            self._reading,
            [cabinet.shown for cabinet in self.cabinets],
            self._waiting,
            finished=simulation.getArrivedNumber(),
            seconds=self._step_s,
        )
        ledger.collisions += simulation.getCollidingVehiclesNumber()
        ledger.teleports += simulation.getStartingTeleportNumber()

    def score(self) -> tuple[ScoreSheet, Mapping[str, Any]]:
        if self._final is not None:
            return self._final
        if not self._open:
            return self.ledger.sheet()
        delay = libsumo.vehicle.getDepartDelay
        due = libsumo.simulation.getPendingVehicles()
        return self.ledger.sheet([max(float(delay(name)), 0.0) for name in due])

    def flows_vph(self) -> list[FloatArray]:
        """Vehicles that passed the stop line so far, per junction and movement [veh/h]."""
        greens = self.ledger.greens
        hourly = greens.passed * (3600.0 / max(self.time_s, 1.0))
        return np.split(hourly, greens.first[1:-1])

    def _end(self) -> None:
        """Close SUMO, so that it writes what it knows of every trip, and settle the score."""
        class_of = libsumo.vehicletype.getVehicleClass
        kinds = {
            name: KIND_OF_CLASS.get(class_of(name), Kind.CAR)
            for name in libsumo.vehicletype.getIDList()
        }
        self.streets.end(self.time_s)
        self._quit()
        with needing_room(self._folder):
            self.trips = read_trips(self._folder / TRIPS)
        self._final = self.ledger.settled(self.trips, kinds)

    def _quit(self) -> None:
        if self._open:
            self._open = False
            libsumo.close()

    def close(self) -> None:
        self._quit()
        self._scratch.close()


def _start_sumo(options: Sequence[str]) -> None:
    libsumo.start(["sumo", *options])


@contextmanager
def _unheard(words: Path) -> Iterator[None]:
    """Let what SUMO prints go into a file instead of onto the console."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(stream, os.dup(stream)) for stream in (1, 2)]
    try:
        with words.open("wb") as file:
            for stream, _ in kept:
                os.dup2(file.fileno(), stream)
            yield
    finally:
        for stream, copy in kept:
            os.dup2(copy, stream)
            os.close(copy)
