"""Metro stations, wired: which plant, forecaster, controller and guard a case gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jialing.core.case import Case, check_tick
from jialing.core.errors import InputError, UnknownNameError
from jialing.core.forecast import Horizon
from jialing.core.signal import SignalTable
from jialing.core.stages import Controller, Desk, Guard
from jialing.domains.metro.baseline import FixedDirections, ReactiveRule, Timetable
from jialing.domains.metro.cases import TICK_S
from jialing.domains.metro.controller import PredictiveController
from jialing.domains.metro.day import draw
from jialing.domains.metro.duty import terms, ways
from jialing.domains.metro.forecaster import StationForecaster
from jialing.domains.metro.guard import build_guard
from jialing.domains.metro.keys import (
    FileOperator,
    Keyed,
    Operator,
    RecordedOperator,
    VirtualOperator,
    check_keys,
)
from jialing.domains.metro.layout import Layout, lay_out
from jialing.domains.metro.picture import picture
from jialing.domains.metro.plans import SLOT_S, STEP_S
from jialing.domains.metro.plant import CLOCK_S, StationPlant
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.settings import MetroSettings


class MetroDomain:
    """The row `metro` (satisfies `jialing.core.stages.Domain`)."""

    name = "metro"
    controllers: Mapping[str, str] = {
        "timetable": "directions by the clock, the best ones over the station's history (baseline)",
        "fixed": "today's directions all day",
        "reactive": "one more link goes where people wait longer",
        "predictive": "searches direction plans against a forecast, anchored on the timetable",
        "oracle": "the same search with a perfect forecast: a reference, not a strict bound",
    }

    def case_from_file(self, path: str | Path, **settings: Any) -> Case:
        """A case from a user's own station file, an ordinary day unless told otherwise."""
        path = Path(path)
        return Case(
            name=path.stem,
            domain=self.name,
            title=f"{path.name}, as it is",
            model=path,
            tick_s=TICK_S,
            settings=MetroSettings(**settings),
        )

    def desk(self, case: Case, controller: str | Callable[[], Controller]) -> Desk:
        """Open the station of `case` and wire a controller to it."""
        return self._desk(case, controller)

    def replay_desk(
        self,
        case: Case,
        controller: str | Callable[[], Controller],
        keys: Sequence[Mapping[str, Any]],
    ) -> Desk:
        """The same for a run that is repeated: a person's `keys` come from its record, not a file."""
        return self._desk(case, controller, RecordedOperator(keys))

    def _desk(
        self,
        case: Case,
        controller: str | Callable[[], Controller],
        person: Operator | None = None,
    ) -> Desk:
        settings: MetroSettings = case.settings or MetroSettings()
        check_tick(case.tick_s, CLOCK_S, "a station")
        layout = lay_out(read_station(case.model))
        day = draw(layout, settings.day, settings.spread, case.seed)
        duration_s = _duration_s(case, layout)
        plant = StationPlant(layout, day, settings.mismatch, duration_s=duration_s, seed=case.seed)
        horizon_s = max(round(settings.horizon_s / SLOT_S), 1) * SLOT_S
        horizon = Horizon(steps=round(horizon_s / STEP_S), step_s=STEP_S)
        chosen = (
            _named(controller, layout, settings) if isinstance(controller, str) else controller()
        )
        forecaster = StationForecaster(
            layout,
            day,
            settings.spread,
            horizon=horizon,
            kind="perfect" if controller == "oracle" else case.forecast,
        )
        return Desk(
            plant=plant,
            controller=chosen,
            forecaster=forecaster,
            guard=_guard(layout, plant.signals, settings, person),
            tick_s=case.tick_s,
            duration_s=duration_s,
            budget_s=case.tick_s / 2.0,
            headline="waiting",
            about={
                "begin_s": layout.station.open_s,
                "horizon_s": horizon_s,
                "settings": asdict(settings),
                "remarks": [_who_turns_the_key(settings)],
            },
            files=[str(case.model)],
            picture=picture(layout.station),
        )


METRO = MetroDomain()


def _duration_s(case: Case, layout: Layout) -> float:
    """Length of the run [s]: at most from opening to closing."""
    if case.duration_s is None:
        return layout.duration_s
    if case.duration_s > layout.duration_s:
        raise InputError(
            f"a run of {case.duration_s / 60.0:g} min is not possible; the station is open for "
            f"{layout.duration_s / 60.0:g} min (open, close)",
            path=case.model,
        )
    return float(case.duration_s)


def _guard(
    layout: Layout, signals: SignalTable, settings: MetroSettings, person: Operator | None
) -> Guard:
    """The interlocks; where they only advise, with an operator beside them.

    Where a person turns the keys, that is `person`, or else who writes the file of keys.
    """
    held = terms(layout.station, settings.mode)
    guard = build_guard(layout.actuators, ways(layout.station), signals, held)
    links = [layout.actuators[i].name for i in range(len(layout.moved))]
    if settings.keys is not None:
        if settings.mode != "advise":
            raise InputError(f"keys are turned in the mode advise, not in {settings.mode}")
        if person is None:
            check_keys(Path(settings.keys), links)
            person = FileOperator(Path(settings.keys))
        return Keyed(guard, person, links)
    if settings.mode == "advise":
        operator = VirtualOperator(delay_s=settings.key_delay_s, holds_s=held.key_s)
        return Keyed(guard, operator, links)
    return guard


def _who_turns_the_key(settings: MetroSettings) -> str:
    """What stands between a plan and the escalators, in a sentence for the report."""
    if settings.mode == "observe":
        return "Mode observe: plans were made and shown, and none reached an escalator."
    if settings.mode == "auto":
        return "Mode auto: what the interlock allowed reached the escalators at once."
    if settings.keys is not None:
        return f"Mode advise: only keys that a person turned count ({Path(settings.keys).name})."
    return (
        "Mode advise: a virtual operator, assumed, turned the key for every reversal "
        f"{settings.key_delay_s:g} s after it was advised; a real one may be slower or refuse."
    )


def _named(name: str, layout: Layout, settings: MetroSettings) -> Controller:
    if name == "fixed":
        return FixedDirections()
    if name == "timetable":
        return Timetable(layout, settings.spread, settings.prices)
    if name == "reactive":
        return ReactiveRule(layout)
    if name in ("predictive", "oracle"):
        return PredictiveController(layout, settings)
    raise UnknownNameError("controller for metro", name, MetroDomain.controllers)
