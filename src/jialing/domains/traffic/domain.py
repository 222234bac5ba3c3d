"""Traffic signals, wired: which plant, controller and guard a case gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jialing.core.case import Case
from jialing.core.errors import UnknownNameError
from jialing.core.forecast import Forecast
from jialing.core.signal import FloatArray, Observation
from jialing.core.stages import Controller, Desk
from jialing.domains.traffic import notes
from jialing.domains.traffic.baseline import build_baseline
from jialing.domains.traffic.blind import Sighted
from jialing.domains.traffic.controller import PredictiveController
from jialing.domains.traffic.guard import build_guard
from jialing.domains.traffic.model import Roads, read_roads
from jialing.domains.traffic.picture import picture
from jialing.domains.traffic.plant import SumoPlant
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.start import check_step, duration_s, scenario


class NoForecast:
    """Signals see what comes: sightings stand in for a forecast."""

    def forecast(self, observation: Observation) -> Forecast | None:
        return None


class TrafficDomain:
    """The row `traffic` (satisfies `jialing.core.stages.Domain`)."""

    name = "traffic"
    controllers: Mapping[str, str] = {
        "fixed": "the programme in the file (baseline)",
        "actuated": "SUMO's actuated control over the phases in the file",
        "webster": "fixed times after Webster (1958), from the demand of the whole run",
        "max-pressure": "the phase with the largest difference of queues, with minimum green",
        "greedy": "the phase that the most vehicles wait for, with minimum green",
        "predictive": "searches phase plans against the arrivals it sees",
    }

    def case_from_file(self, path: str | Path, **settings: Any) -> Case:
        """A case around a user's `.sumocfg`, or a network with ``routes`` among the settings."""
        path = Path(path)
        chosen = TrafficSettings(**settings)
        return Case(
            name=path.name.partition(".")[0],
            domain=self.name,
            title=f"{path.name}, as it is",
            model=path,
            tick_s=chosen.decide_every_s,
            forecast="none",
            settings=chosen,
        )

    def desk(self, case: Case, controller: str | Callable[[], Controller]) -> Desk:
        """Open SUMO on `case` and wire a controller to it."""
        settings: TrafficSettings = case.settings or TrafficSettings()
        if isinstance(controller, str) and controller not in self.controllers:
            raise UnknownNameError("controller for traffic", controller, self.controllers)
        files = scenario(case.model, settings)
        check_step(files, case.tick_s)
        roads = read_roads(case.model, settings)
        length_s = duration_s(files) if case.duration_s is None else float(case.duration_s)

        def opened(programme: str, flows_vph: Sequence[FloatArray] = ()) -> SumoPlant:
            return SumoPlant(
                files,
                roads,
                settings,
                duration_s=length_s,
                seed=case.seed,
                programme=programme,
                flows_vph=flows_vph,
            )

        if controller == "webster":
            plant = opened("webster", _demand_vph(opened("file")))
        else:
            plant = opened("actuated" if controller == "actuated" else "file")
        try:
            chosen = (
                _named(controller, roads, settings) if isinstance(controller, str) else controller()
            )
            guard = build_guard(roads.junctions, plant.actuators, plant.signals, settings)
            alone = [
                *(each for each in roads.skipped if each.uncontrolled),
                *notes.of_guard(roads.net, roads.junctions, guard.proofs, settings),
            ]
            return Desk(
                plant=plant,
                controller=chosen,
                forecaster=NoForecast(),
                guard=guard,
                tick_s=case.tick_s,
                duration_s=length_s,
                budget_s=case.tick_s / 2.0,
                headline="delay",
                about={
                    "begin_s": files.begin_s,
                    "sensing": settings.sensing,
                    "settings": asdict(settings),
                    "remarks": [
                        _what_is_seen(settings),
                        *(f"{each.element}, line {each.line}: {each.why}." for each in alone),
                    ],
                },
                uncontrolled=[each.element for each in alone if each.uncontrolled],
                files=[str(file) for file in roads.files],
                picture=picture(roads),
            )
        except BaseException:
            plant.close()
            raise


TRAFFIC = TrafficDomain()


def _demand_vph(plant: SumoPlant) -> list[FloatArray]:
    """How many vehicles use each movement, counted over a whole run under the file's programme."""
    try:
        while plant.step(60.0):
            pass
        return plant.flows_vph()
    finally:
        plant.close()


def _what_is_seen(settings: TrafficSettings) -> str:
    """How much of the traffic control could know, in a sentence for the report."""
    if settings.sensing == "perfect":
        return (
            "Sensing perfect: a reference, not a claim. Every vehicle and its route were known, "
            "which no detector gives."
        )
    if settings.sensing == "loops":
        return "Sensing loops: only detectors at the stop line and upstream, no turns."
    return (
        f"Sensing camera: vehicles within {settings.view_m:g} m of a signal, "
        f"{settings.missed:.0%} of them never seen, turns unknown."
    )


def _named(name: str, roads: Roads, settings: TrafficSettings) -> Controller:
    if name == "predictive":
        return Sighted(PredictiveController(roads.junctions, settings), roads.junctions)
    return build_baseline(name, roads, settings)
