"""The plant: SWMM running the user's file, with sensors and actuators like a real installation's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.case import Quantity, ScoreSheet
from jialing.core.command import Command, Receipt
from jialing.core.scratch import Scratch, needing_room
from jialing.core.signal import (
    Actuator,
    FloatArray,
    Observation,
    Quality,
    Signal,
    SignalTable,
)
from jialing.core.stages import Field
from jialing.domains.water.derive import derive_inp, switch_setting
from jialing.domains.water.engine import SwmmEngine
from jialing.domains.water.layout import Layout
from jialing.domains.water.score import Ledger
from jialing.domains.water.settings import Sensing, WaterSettings


class SwmmPlant:
    """SWMM as a plant (satisfies `jialing.core.stages.Plant`).

    Parameters
    ----------
    layout : which elements are sensed, moved and priced
    settings : sensing, rate limits, prices
    duration_s : length of the simulation [s]
    seed : for sensor noise and dropout
    rules_file : control rules to use instead of the file's own

    Raises PlantError with SWMM's own words.
    """

    def __init__(
        self,
        layout: Layout,
        settings: WaterSettings,
        *,
        duration_s: float,
        seed: int = 0,
        rules_file: Path | None = None,
    ) -> None:
        self.layout = layout
        self.actuators: tuple[Actuator, ...] = layout.actuators
        names = layout.model.nodes.names
        rivers = tuple(names[i] for i in layout.overflow_outfalls)
        self.fields: tuple[Field, ...] = (
            Field(name="flooding", unit="m³", elements=names),
            Field(name="overflow", unit="m³", elements=rivers),
        )
        self.signals = SignalTable(signals=tuple(_signals(layout)))
        self._sensing = settings.sensing
        self._noise = np.random.default_rng([seed, 7])
        self._scratch = Scratch("swmm")
        folder = self._scratch.path
        try:
            with needing_room(folder):
                derived = derive_inp(
                    layout.model,
                    folder,
                    layout.actuator_links,
                    duration_s=duration_s,
                    rules_file=rules_file,
                )
                report = folder / "swmm.rpt"
                self.engine = SwmmEngine(derived.path, layout.model, report, derived.origin)
        except BaseException:
            self._scratch.close()
            raise
        self.controls = ControlPanel(self.engine, layout, derived.switches)
        self.duration_s = duration_s
        self.time_s = 0.0
        self.ended = False
        self._valid = np.zeros(len(self.signals))
        self.ledger = Ledger(self.engine, layout, settings)
        self.controls.apply(Command.all_local(len(self.actuators)))
        self._final: tuple[ScoreSheet, Mapping[str, Any]] | None = None

    def observe(self) -> Observation:
        values = read_signals(self.engine, self.layout)
        quality = np.zeros(len(values), dtype=np.uint8)
        if self._sensing != Sensing():
            values, quality = self._disturb(values)
        self._valid[quality == Quality.GOOD] = self.time_s
        return Observation(
            time_s=self.time_s,
            values=values,
            quality=quality,
            valid_at_s=self._valid.copy(),
            table=self.signals,
        )

    def _disturb(self, values: FloatArray) -> tuple[FloatArray, NDArray[np.uint8]]:
        """Noise and dropout on levels and flows; rain and positions are read as they are."""
        spans = self.layout.spans
        values = values.copy()
        levels, flows = values[spans["depth"]], values[spans["flow"]]
        levels += self._noise.normal(0.0, 1.0, levels.shape) * self._sensing.level_noise_m
        np.maximum(levels, 0.0, out=levels)
        flows *= 1.0 + self._noise.normal(0.0, 1.0, flows.shape) * self._sensing.flow_noise
        quality = np.zeros(len(values), dtype=np.uint8)
        lost = self._noise.random(levels.shape) < self._sensing.dropout
        levels[lost] = np.nan
        quality[spans["depth"]][lost] = Quality.MISSING
        return values, quality

    def sample(self) -> Sequence[NDArray[np.float32]]:
        overflow = self.ledger.discharged_step[: len(self.layout.overflow_outfalls)]
        return self.ledger.flooded_step.astype(np.float32), overflow.astype(np.float32)

    def apply(self, command: Command) -> Receipt:
        commanded = self.controls.apply(command)
        positions = np.where(
            np.isnan(commanded), self.engine.setting(self.layout.actuator_links), commanded
        )
        return Receipt(time_s=self.time_s, positions=positions)

    def step(self, seconds: float) -> bool:
        if self.ended:
            return False
        self.ended = not self.ledger.advance(min(seconds, self.duration_s - self.time_s))
        self.time_s = min(self.time_s + seconds, self.duration_s)
        if self.ended or self.time_s >= self.duration_s:
            self.ended = True
            sheet, details = self.ledger.sheet()
            error = Quantity(value=self.engine.end(), unit="%")
            self._final = ({**sheet, "mass_error": error}, details)
        return not self.ended

    def score(self) -> tuple[ScoreSheet, Mapping[str, Any]]:
        return self._final or self.ledger.sheet()

    def close(self) -> None:
        self.engine.close()
        self._scratch.close()


class ControlPanel:
    """Moves actuators, and hands them between the file's own rules and our setpoints."""

    def __init__(self, engine: SwmmEngine, layout: Layout, switches: Mapping[int, str]) -> None:
        self._engine = engine
        self._links = layout.actuator_links
        self._home = layout.home_settings
        self._broken: set[int] = set()
        self._switch = [
            engine.link[switches[link]] if link in switches else -1 for link in self._links
        ]

    def fail(self, actuator: int, *, broken: bool) -> None:
        """An actuator loses its power: a pump stands still, a gate closes until it works again."""
        if broken:
            self._broken.add(actuator)
        else:
            self._broken.discard(actuator)

    def apply(self, command: Command) -> FloatArray:
        """Carry out a guarded command; what each actuator was really told, NaN for its own rule."""
        set_target = self._engine.set_target
        commanded = np.where(command.local, np.nan, command.targets)
        commanded[list(self._broken)] = 0.0
        targets = commanded.tolist()
        for k, link in enumerate(self._links):
            switch = self._switch[k]
            if targets[k] != targets[k]:  # NaN: local
                if switch >= 0:
                    set_target(switch, 0.0)
                else:
                    set_target(link, self._home[k])
            else:
                if switch >= 0:
                    set_target(switch, switch_setting(targets[k]))
                set_target(link, targets[k])
        return commanded


def _signals(layout: Layout) -> list[Signal]:
    nodes, links = layout.model.nodes.names, layout.model.links.names
    gages = layout.gage_names
    return [
        *(Signal(name=f"rain:{g}", unit="m/s", low=0.0, high=1e-4) for g in gages),
        *(Signal(name=f"depth:{nodes[i]}", unit="m", low=0.0) for i in layout.level_nodes),
        *(Signal(name=f"flow:{links[i]}", unit="m³/s") for i in layout.flow_links),
        *(Signal(name=f"setting:{links[i]}", unit="1", low=0.0) for i in layout.actuator_links),
        *(
            Signal(name=f"spill:{nodes[i]}", unit="m³/s", low=0.0)
            for i in (*layout.spill_nodes, *layout.overflow_outfalls)
        ),
    ]


def read_signals(engine: SwmmEngine, layout: Layout) -> FloatArray:
    """All signals of `layout`, undisturbed, in the order of the plant's table."""
    return np.concatenate(
        (
            engine.rain(layout.gages),
            engine.depth(layout.level_nodes),
            engine.flow(layout.flow_links),
            engine.setting(layout.actuator_links),
            engine.spill(layout.spill_nodes),
            engine.inflow(layout.overflow_outfalls),
        )
    )
