"""Stormwater, wired: which plant, forecaster, controller and guard a case gets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from jialing.core.case import Case, Reference, check_tick
from jialing.core.command import Command
from jialing.core.errors import InputError, PlantError, UnknownNameError
from jialing.core.forecast import Horizon
from jialing.core.network import OUTSIDE
from jialing.core.signal import FloatArray
from jialing.core.stages import Controller, Desk, Forecaster, Situation
from jialing.domains.water.baseline import AllOpen, EqualFilling, LocalRules
from jialing.domains.water.bound import (
    ASSUMPTIONS,
    bound_step_s,
    gather_inflows,
    overflow_bound,
)
from jialing.domains.water.controller import PredictiveController
from jialing.domains.water.effort import Effort, fit_effort
from jialing.domains.water.forecaster import NoForecaster, RainForecaster
from jialing.domains.water.guard import Interlock, build_guard
from jialing.domains.water.identify import identify
from jialing.domains.water.layout import Layout, lay_out
from jialing.domains.water.model import LinkKind, NodeKind, WaterModel, read_model
from jialing.domains.water.network import Reduction, reduce_model
from jialing.domains.water.picture import picture
from jialing.domains.water.plant import SwmmPlant
from jialing.domains.water.settings import WaterSettings
from jialing.domains.water.surrogate import NetworkPrices, Surrogate
from jialing.domains.water.twin import Twin, can_fork

DEFAULT_TICK_S = 300.0
STRIDE_S = 1.0  # SWMM is advanced by whole seconds (swmm_stride)
HORIZON_S = (2 * 3600.0, 12 * 3600.0)  # shortest and longest look ahead
MOST_STEPS = 96
DRAIN_SHARE = 1.0  # look ahead this many times the median draining time of the tanks
HIGH_SHARE = 0.95  # of a wet well's depth: above this its pump must run
WET_M_S, WET_S = 60e-3 / 3600.0, 1800.0  # the rain in which routing steps are counted
_LOOK_AT_NOW = ("rules", "open", "equal-filling", "other-rules")
DRY_M = 0.05  # of water above a pump's inlet: below this it must stop
LIMIT_MARGIN = 0.9  # plans keep this far below a flow limit: flows vary within a step [1]
STALE_TICKS = 3.0
ENDED = "no plan left: the local rule acts"


class WaterDomain:
    """The row `water` (satisfies `jialing.core.stages.Domain`)."""

    name = "water"
    controllers: Mapping[str, str] = {
        "rules": "the file's own control rules (baseline)",
        "open": "every gate, weir and outlet wide open",
        "equal-filling": "gates open in proportion to their tanks' filling",
        "other-rules": "control rules from another file (setting rules_file)",
        "predictive": "plans ahead, plays the candidates in SWMM, takes the best",
    }

    def case_from_file(self, path: str | Path, **settings: Any) -> Case:
        """A case from a user's own model file, with default settings."""
        path = Path(path)
        return Case(
            name=path.stem,
            domain=self.name,
            title=f"{path.name}, as it is",
            model=path,
            tick_s=DEFAULT_TICK_S,
            settings=WaterSettings(**settings),
        )

    def desk(self, case: Case, controller: str | Callable[[], Controller]) -> Desk:
        """Open the plant of `case` and wire a controller to it."""
        settings: WaterSettings = case.settings or WaterSettings()
        check_tick(case.tick_s, STRIDE_S, "SWMM")
        model = read_model(case.model, series_files=settings.series_files)
        _refuse(model)
        layout = lay_out(model, settings)
        duration_s = _duration(case, model)
        rules_file = settings.rules_file if controller == "other-rules" else None
        if controller == "other-rules" and rules_file is None:
            raise InputError("the controller other-rules needs the setting rules_file")
        nominal = reduce_model(model, layout.actuator_links)
        step_s = settings.decide_every_s or case.tick_s
        every = round(step_s / case.tick_s)
        if every < 1 or abs(every * case.tick_s - step_s) > 1e-6:
            raise InputError(
                f"decide_every_s is {step_s:g} s; it must be a multiple of the tick, "
                f"{case.tick_s:g} s"
            )
        plant = SwmmPlant(
            layout, settings, duration_s=duration_s, seed=case.seed, rules_file=rules_file
        )
        try:
            routing_s = model.options.routing_step_s
            if controller not in _LOOK_AT_NOW and can_fork():
                routing_s = Twin(plant, (), (), workers=1).routing_step_s(WET_M_S, WET_S)
            horizon, outlook, effort = plan_work(model, nominal, settings, step_s, routing_s)
            chosen = (
                _named(controller, plant, settings, horizon, outlook, effort, every)
                if isinstance(controller, str)
                else controller()
            )
            forecaster: Forecaster = NoForecaster()
            if controller not in _LOOK_AT_NOW:
                forecaster = RainForecaster(
                    rain_series(model, duration_s, step_s),
                    step_s=step_s,
                    gages=layout.gage_names,
                    horizon=outlook,
                    kind=case.forecast,
                    seed=case.seed,
                )
            return Desk(
                plant=plant,
                controller=chosen,
                forecaster=forecaster,
                guard=build_guard(layout.actuators, interlocks(layout, case.tick_s), plant.signals),
                tick_s=case.tick_s,
                duration_s=duration_s,
                budget_s=case.tick_s / 2.0,
                headline="overflow"
                if layout.overflow_nodes or layout.overflow_outfalls
                else "flooding",
                about={
                    "start": model.options.start.isoformat(),
                    "horizon_s": horizon.length_s,
                    "outlook_s": outlook.length_s,
                    "effort": asdict(effort),
                },
                files=[str(path) for path in _files(model, settings)],
                picture=picture(layout),
            )
        except BaseException:
            plant.close()
            raise

    def bound(self, case: Case) -> Reference:
        """What no control of `case` can beat, from one run under the file's rules."""
        desk = self.desk(case, "rules")
        plant = desk.plant
        if not isinstance(plant, SwmmPlant):
            raise PlantError("the bound needs SWMM's own account of the inflow")
        try:
            inflows = gather_inflows(plant, desk.duration_s, bound_step_s(desk.duration_s))
            found = overflow_bound(plant.layout, inflows, plant.ledger.price)
        finally:
            plant.close()
        return Reference(
            word="cost", value=max(found.value, 0.0), unit="m³-eq", statement=ASSUMPTIONS
        )


WATER = WaterDomain()


def _refuse(model: WaterModel) -> None:
    """Stop at what SWMM itself would stop at, with the line."""
    for notice in model.refused:
        raise InputError(notice.text, path=model.path, line=notice.line)


def _duration(case: Case, model: WaterModel) -> float:
    if case.duration_s is None:
        return model.options.duration_s
    return float(case.duration_s)


def rain_series(model: WaterModel, duration_s: float, step_s: float) -> FloatArray:
    """[steps, gauges] mean rain over each step [m/s]."""
    edges = np.arange(math.ceil(duration_s / step_s) + 1, dtype=np.float64) * step_s
    columns = [model.rain(g).depth_m(edges) / step_s for g in range(len(model.gages))]
    return np.stack(columns, axis=1) if columns else np.zeros((len(edges) - 1, 0))


def _files(model: WaterModel, settings: WaterSettings) -> list[Path]:
    """Every file a run depends on."""
    rules = () if settings.rules_file is None else (settings.rules_file,)
    return [model.path, *model.data_files, *rules]


def plan_work(
    model: WaterModel,
    reduction: Reduction,
    settings: WaterSettings,
    tick_s: float,
    routing_s: float,
) -> tuple[Horizon, Horizon, Effort]:
    """How far to plan, how far to judge, how much to compute, from the model and its routing steps.

    The outlook is the median time in which a controlled tank drains through its open outlets, or
    at the flow limits of the case, within `HORIZON_S`; how much of it a plan reaches, and what is
    played, is `fit_effort`'s choice. With lean effort nothing is judged beyond the plan.
    """
    drain_s = _drain_s(reduction, {limit.link: limit.limit_m3s for limit in settings.flow_limits})
    wanted_s = settings.horizon_s or float(np.clip(DRAIN_SHARE * drain_s, *HORIZON_S))
    wanted_s = min(wanted_s, MOST_STEPS * tick_s)
    length_s, effort = fit_effort(len(model.nodes), routing_s, wanted_s)
    outlook_s = length_s if effort.lean else wanted_s
    horizon, outlook = (
        Horizon(steps=int(np.clip(np.ceil(s / tick_s), 2, MOST_STEPS)), step_s=tick_s)
        for s in (length_s, outlook_s)
    )
    return horizon, outlook, effort


def _drain_s(reduction: Reduction, limits_m3s: Mapping[str, float]) -> float:
    """Median time in which a controlled store drains through its open links [s]."""
    net = reduction.net
    most = np.array([limits_m3s.get(name, 0.0) or np.inf for name in net.link_names])
    rank = np.argsort(net.order())
    for k in np.argsort(-rank[net.link_from], kind="stable"):  # a limit holds for all above it
        below = most[net.link_from == net.link_to[k]]
        if net.link_to[k] != OUTSIDE and len(below):
            most[k] = min(most[k], float(below.sum()))
    flow = np.minimum(net.link_rating[:, -1], most)
    out = np.zeros(len(net.store_names))
    np.add.at(out, net.link_from, flow)
    held = np.unique(net.link_from[net.link_actuator != OUTSIDE])
    times = net.store_full[held] / np.maximum(out[held], 1e-6)
    return float(np.median(times)) if len(times) else 0.0


def _named(
    name: str,
    plant: SwmmPlant,
    settings: WaterSettings,
    horizon: Horizon,
    outlook: Horizon,
    effort: Effort,
    every: int,
) -> Controller:
    layout = plant.layout
    if name in ("rules", "other-rules"):
        return LocalRules(layout)
    if name == "open":
        return AllOpen(layout)
    if name == "equal-filling":
        return EqualFilling(layout)
    if name == "predictive":
        if not can_fork():
            raise PlantError(
                "predictive control plays its plans in copies of the running engine, which needs "
                "a system with fork (Linux, macOS). The other controllers run here."
            )
        return _Predictive(plant, settings, horizon, outlook, effort, every)
    raise UnknownNameError("controller for water", name, WaterDomain.controllers)


class _Predictive:
    """Identifies the plant before the clock starts, then decides at every `every`-th tick."""

    def __init__(
        self,
        plant: SwmmPlant,
        settings: WaterSettings,
        horizon: Horizon,
        outlook: Horizon,
        effort: Effort,
        every: int,
    ) -> None:
        self._plant, self._settings = plant, settings
        self._horizon, self._outlook, self._effort = horizon, outlook, effort
        self._controller: PredictiveController | None = None
        self._every, self._tick = every, -1
        self._held: Command | None = None
        self._decided_s = 0.0

    def prepare(self) -> None:
        """Fit the reduced network to the plant, and compile."""
        reduction = identify(self._plant, self._horizon, self._effort.workers)
        surrogate = Surrogate(*priced(reduction, self._plant, self._settings), self._horizon.step_s)
        self._controller = PredictiveController(
            self._plant, surrogate, self._horizon, self._outlook, self._effort
        )

    def foreseen(self) -> FloatArray:
        """See `PredictiveController.foreseen`."""
        if self._controller is None:
            return np.zeros((1, 0, len(self._plant.layout.deep_nodes)))
        return self._controller.foreseen()

    def decide(self, situation: Situation) -> Command:
        """Plan from the plant's present state, or go on with the last plan until that is due."""
        self._tick += 1
        if self._held is not None and self._tick % self._every:
            tick_s = self._horizon.step_s / self._every
            passed = round((situation.time_s - self._decided_s) / tick_s)
            return later(self._held, passed, self._every)
        if self._controller is None:
            self.prepare()
        if self._controller is None:
            raise PlantError("the plant could not be identified")
        command = self._controller.decide(situation)
        if self._every > 1:
            self._held, self._decided_s = command, situation.time_s
        return command


def later(command: Command, passed: int, every: int) -> Command:
    """`command` so many ticks after it was decided, where every `every`-th tick brings a decision.

    Its plan comes along in steps of a tick, so that it goes on where the next decision fails or
    is late: then, and on the ticks after that, its later steps act, and the local rule after them.
    """
    if command.plan is None or not len(command.plan):
        return command if passed < every else Command.all_local(len(command.targets), note=ENDED)
    plan = np.repeat(command.plan, every, axis=0)[passed:]
    if not len(plan):
        return Command.all_local(len(command.targets), note=ENDED)
    return replace(
        command,
        targets=plan[0].copy(),
        local=np.isnan(plan[0]),
        plan=plan,
        step_s=command.step_s / every,
    )


def priced(
    reduction: Reduction, plant: SwmmPlant, settings: WaterSettings
) -> tuple[Reduction, NetworkPrices]:
    """Prices on the reduced network; water that leaves at an overflow outfall is priced per link."""
    layout, price, net = plant.layout, plant.ledger.price, reduction.net
    limit = np.full(len(net.link_names), np.inf)
    limit_price = np.zeros(len(net.link_names))
    for k, (element, end) in enumerate(
        zip(reduction.link_elements, reduction.link_ends, strict=True)
    ):
        if price.outfall[end] > 0.0:
            limit[k], limit_price[k] = 0.0, price.outfall[end]
        if element in layout.limit_links:
            position = layout.limit_links.index(element)
            limit[k] = LIMIT_MARGIN * layout.limits_m3s[position]
            limit_price[k] = layout.limit_weights[position]
    prices = NetworkPrices(
        spill=price.spill[list(reduction.store_nodes)],
        limit=limit_price,
        leftover=np.full(len(net.store_names), settings.prices.leftover),
        travel=np.full(len(net.actuator_names), settings.prices.travel),
    )
    return replace(reduction, net=replace(net, link_limit=limit)), prices


def interlocks(layout: Layout, tick_s: float) -> tuple[Interlock, ...]:
    """Every actuator needs a fresh level upstream; pumps stop when dry and run when nearly full."""
    model = layout.model
    found = []
    for actuator, link in zip(layout.actuators, layout.actuator_links, strict=True):
        node = int(model.links.from_node[link])
        if model.nodes.kind[node] == NodeKind.OUTFALL:
            continue
        low, high = -np.inf, np.inf
        if model.links.kind[link] == LinkKind.PUMP:
            low = DRY_M + max(float(model.links.offset_from_m[link]), 0.0)
            deepest = float(model.nodes.max_depth_m[node])
            if HIGH_SHARE * deepest > low + 0.1:
                high = HIGH_SHARE * deepest
        found.append(
            Interlock(
                actuator=actuator.name,
                signal=f"depth:{model.nodes.names[node]}",
                max_age_s=STALE_TICKS * tick_s,
                low_m=low,
                high_m=high,
            )
        )
    return tuple(found)
