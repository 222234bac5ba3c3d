"""What does the report know of a result: runs, their histories, their events?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.case import GuardCount, Quantity, ScoreSheet
from jialing.core.signal import FloatArray
from jialing.report import numbers

#: Domain -> the controller that runs there today.
BASELINES: Mapping[str, str] = {"water": "rules", "traffic": "fixed", "metro": "timetable"}
FAVOURITE = "predictive"


@dataclass(frozen=True, kw_only=True)
class Incident:
    """Something worth a mark on the time axis.

    Attributes
    ----------
    time_s : since the case began [s]
    kind : ``refused``, ``clamped``, ``late`` or ``note``
    actuator : name, or empty where it concerns the whole command
    rule : stable word of the guard's rule, or empty
    text : a sentence with figures
    """

    time_s: float
    kind: str
    actuator: str = ""
    rule: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class FieldView:
    """A quantity over many elements: values [ticks, elements], possibly a memory map."""

    name: str
    unit: str
    elements: tuple[str, ...]
    values: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class RunView:
    """One controller's run as the report reads it.

    Attributes
    ----------
    time_s : [ticks]
    signals : [signals] names, columns of `values`
    actuators : [actuators] names, columns of `positions` and `local`
    unusable : decisions that were late, failed or skipped
    decide_ms : [decisions] wall-clock time of each computed decision [ms]
    details : per-element tables of the score
    ended : ``completed``, ``interrupted`` or ``failed``
    start : calendar time of the beginning as ISO 8601 without a zone; empty if the case has none
    dated : whether the date of `start` counts; else it is a time of day alone
    notices : what could not be read, one sentence each; empty for a sound record
    """

    controller: str
    score: ScoreSheet
    guard: GuardCount
    time_s: FloatArray
    signals: tuple[str, ...]
    values: FloatArray
    actuators: tuple[str, ...]
    positions: FloatArray
    local: NDArray[np.bool_]
    unusable: int
    decide_ms: FloatArray
    incidents: tuple[Incident, ...] = ()
    fields: Mapping[str, FieldView] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    picture: Mapping[str, Any] = field(default_factory=dict)
    wall_s: float = np.nan
    plant_s: float = np.nan
    decide_s: float = np.nan
    loop_s: float = np.nan
    ended: str = "completed"
    start: str = ""
    dated: bool = True
    notices: tuple[str, ...] = ()

    def clock(self, time_s: float) -> str:
        """What the clock says then; where the case has no time of day, how long the run has gone on."""
        if not self.start:
            return numbers.clock(time_s)
        return numbers.clock_from(self.start, time_s, dated=self.dated)


@dataclass(frozen=True, kw_only=True)
class ResultView:
    """Runs of one case, first the one that the others are held against: the baseline if it ran.

    Attributes
    ----------
    seed : of the runs that are shown
    seeds : every seed that was run, this one among them -> controller -> score
    folder : name of the one that holds them: what tells this result from others of its case and seed
    """

    case: str
    title: str
    domain: str
    seed: int
    forecast: str
    runs: tuple[RunView, ...]
    seeds: Mapping[int, Mapping[str, ScoreSheet]] = field(default_factory=dict)
    folder: str = ""

    @property
    def baseline(self) -> RunView:
        return self.runs[0]

    @property
    def held_against(self) -> str:
        """The first run in a few letters: ``baseline``, or its name where that did not run."""
        first = self.baseline.controller
        return "baseline" if first == BASELINES.get(self.domain) else first

    @property
    def chosen(self) -> RunView | None:
        """The run the headline is about; None where the baseline is alone."""
        others = self.runs[1:]
        return next(
            (r for r in others if r.controller == FAVOURITE), others[-1] if others else None
        )

    def values(self, controller: str, name: str) -> list[float]:
        """A score word of one controller, seed by seed where it has it."""
        sheets = [found[controller] for found in self._sheets() if controller in found]
        return [sheet[name].value for sheet in sheets if name in sheet]

    def pairs(self, name: str, controller: str) -> list[tuple[float, float]]:
        """The baseline's value and that of `controller` on the same seed, where both have one."""
        base = self.baseline.controller
        return [
            (found[base][name].value, found[controller][name].value)
            for found in self._sheets()
            if name in found.get(base, {}) and name in found.get(controller, {})
        ]

    def middle(self, run: RunView) -> ScoreSheet:
        """The score of a controller: of one seed as it is, of several their medians."""
        return {
            name: Quantity(
                value=median(self.values(run.controller, name) or [quantity.value]),
                unit=quantity.unit,
            )
            for name, quantity in run.score.items()
        }

    def _sheets(self) -> list[Mapping[str, ScoreSheet]]:
        shown = {run.controller: run.score for run in self.runs}
        return [shown, *(found for seed, found in self.seeds.items() if seed != self.seed)]


def baseline_first(runs: Sequence[RunView], domain: str) -> tuple[RunView, ...]:
    """`runs` with the baseline of their domain moved to the front; the rest keeps its order."""
    return tuple(sorted(runs, key=lambda run: run.controller != BASELINES.get(domain)))
