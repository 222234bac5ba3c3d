"""SWMM behind a narrow door: the only file that imports the simulator. SI units outside.

SWMM is process-global: one open engine per process.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jialing.core.errors import MissingExtraError, PlantError
from jialing.core.signal import FloatArray
from jialing.domains.water.model import WaterModel

os.environ.setdefault("OMP_NUM_THREADS", "1")  # THREADS > 1 is slower and makes fork unsafe

try:
    from swmm.toolkit import shared_enum as enum
    from swmm.toolkit import solver
except ImportError as missing:  # pragma: no cover - exercised by the packaging test
    raise MissingExtraError("swmm-toolkit", "water") from missing

INCH_PER_H_M_S = 0.0254 / 3600.0
MM_PER_H_M_S = 1e-3 / 3600.0
DAY_S, HOUR_S = 86_400.0, 3600.0

_open_engine: str | None = None
_AT_LINE = re.compile(r" at line (\d+) of (input file|\[\w+\] section)")


class SwmmEngine:
    """One SWMM project, opened and started.

    Parameters
    ----------
    inp : input file as SWMM should read it
    model : the same project as read by us (names and units)
    report : where SWMM writes its report
    origin : [lines of `inp`] the user's file and the line in it that each line stands for, if any

    Raises PlantError with SWMM's own words when the engine refuses the file, or when another
    engine is open in this process.
    """

    def __init__(
        self,
        inp: Path,
        model: WaterModel,
        report: Path,
        origin: Sequence[tuple[Path, int] | None] = (),
    ) -> None:
        global _open_engine
        if _open_engine is not None:
            raise PlantError(
                f"SWMM already runs {_open_engine} in this process; it can hold one simulation. "
                "Close that plant first, or use another process."
            )
        self.model = model
        self._report = report
        self._length = model.options.length_factor
        self._flow = model.options.flow_factor
        self._volume = self._length**3
        self._rain = INCH_PER_H_M_S if model.options.us_units else MM_PER_H_M_S
        self._state = "closed"
        try:
            # Named, or it would lie beside our folder, and stay there if this process is killed.
            solver.swmm_open(str(inp), str(report), str(report.with_suffix(".out")))
            self._state = "open"
            _open_engine = inp.name
            solver.swmm_start(0)
            self._state = "running"
        except Exception as error:  # the toolkit raises bare Exception
            self._state = "open" if self._state == "closed" else self._state
            self.close()  # SWMM writes its report when it closes
            words = self._swmm_words() or " ".join(str(error).split())
            raise PlantError(_placed(words, model.path, origin)) from error
        kinds = (enum.ObjectType.NODE, enum.ObjectType.LINK, enum.ObjectType.GAGE)
        self.node, self.link, self.gage = (
            {solver.project_get_id(kind, i): i for i in range(solver.project_get_count(kind))}
            for kind in kinds
        )

    def _swmm_words(self) -> str:
        """The first errors in SWMM's report, in its own words."""
        if not self._report.exists():
            return ""
        lines = self._report.read_text(errors="replace").splitlines()
        words = [
            " ".join(" ".join(lines[i : i + 2]).split())
            for i, line in enumerate(lines)
            if "ERROR" in line
        ]
        return "; ".join(words[:3])

    # -- time ---------------------------------------------------------------------------------

    def stride(self, seconds: int) -> bool:
        """Advance; False once the simulation has ended. Raises PlantError."""
        try:
            return bool(solver.swmm_stride(int(seconds)) > 0)
        except Exception as error:
            raise PlantError(f"SWMM stopped: {self._swmm_words() or error}") from error

    def routing_steps(self, seconds: float) -> int:
        """Advance by at least `seconds`, one routing step at a time; how many that took.

        Raises PlantError.
        """
        taken, ends_at = 0, math.inf
        try:
            while (now_s := solver.swmm_step() * DAY_S) > 0.0:
                taken += 1
                ends_at = min(ends_at, now_s + seconds)
                if now_s >= ends_at:
                    break
        except Exception as error:
            raise PlantError(f"SWMM stopped: {self._swmm_words() or error}") from error
        return taken

    def end(self) -> float:
        """End the simulation; returns the flow routing mass balance error [%]."""
        solver.swmm_end()
        self._state = "ended"
        return float(solver.swmm_get_mass_balance()[1])

    def close(self) -> None:
        """Give the engine back; safe to call twice."""
        global _open_engine
        if self._state == "running":
            solver.swmm_end()
        if self._state != "closed":
            solver.swmm_close()
            _open_engine = None
        self._state = "closed"

    # -- reading ------------------------------------------------------------------------------

    def _nodes(self, what: Any, nodes: Sequence[int], factor: float) -> FloatArray:
        get = solver.node_get_result
        return np.array([get(i, what) for i in nodes], dtype=np.float64) * factor

    def _links(self, what: Any, links: Sequence[int], factor: float) -> FloatArray:
        get = solver.link_get_result
        return np.array([get(i, what) for i in links], dtype=np.float64) * factor

    def depth(self, nodes: Sequence[int]) -> FloatArray:
        """Water depth above invert [m]."""
        return self._nodes(enum.NodeResult.DEPTH, nodes, self._length)

    def volume(self, nodes: Sequence[int]) -> FloatArray:
        """Stored volume [m³]."""
        return self._nodes(enum.NodeResult.VOLUME, nodes, self._volume)

    def inflow(self, nodes: Sequence[int]) -> FloatArray:
        """Total inflow [m³/s]."""
        return self._nodes(enum.NodeResult.TOTAL_INFLOW, nodes, self._flow)

    def spill(self, nodes: Sequence[int]) -> FloatArray:
        """Rate of flooding [m³/s]."""
        return self._nodes(enum.NodeResult.FLOOD, nodes, self._flow)

    def flow(self, links: Sequence[int]) -> FloatArray:
        """Flow [m³/s]."""
        return self._links(enum.LinkResult.FLOW, links, self._flow)

    def setting(self, links: Sequence[int]) -> FloatArray:
        """Confirmed setting [1]."""
        return self._links(enum.LinkResult.SETTING, links, 1.0)

    def flooding(self, nodes: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Volume flooded [m³] and time under water [s] so far, as SWMM books both at each step."""
        stats = [solver.node_get_stats(i) for i in nodes]
        volume = np.array([s.volFlooded for s in stats], dtype=np.float64) * self._volume
        return volume, np.array([s.timeFlooded for s in stats], dtype=np.float64) * HOUR_S

    def entered(self, nodes: Sequence[int]) -> FloatArray:
        """Volume that came from outside the network so far [m³]: runoff, dry weather, RDII."""
        get = solver.node_get_stats
        return np.array([get(i).totLatFlow for i in nodes], dtype=np.float64) * self._volume

    def received(self, nodes: Sequence[int]) -> FloatArray:
        """Total inflow volume so far [m³]; for an outfall, what has left the network there."""
        get = solver.node_get_total_inflow
        return np.array([get(i) for i in nodes], dtype=np.float64) * self._volume

    def pump_energy(self, pumps: Sequence[int]) -> FloatArray:
        """Energy used so far [kWh]."""
        get = solver.pump_get_stats
        return np.array([get(i).energy for i in pumps], dtype=np.float64)

    def rain(self, gages: Sequence[int]) -> FloatArray:
        """Rainfall rate [m/s]."""
        get, what = solver.raingage_get_precipitation, enum.RainResult.TOTAL
        return np.array([get(i, what) for i in gages], dtype=np.float64) * self._rain

    # -- writing ------------------------------------------------------------------------------

    def set_target(self, link: int, setting: float) -> None:
        """Set a link's target setting [1]."""
        solver.link_set_target_setting(link, setting)

    def set_rain(self, gage: int, rate: float) -> None:
        """Let a gauge report `rate` [m/s] from now on, whatever its source says."""
        solver.raingage_set_precipitation(gage, rate / self._rain)


def _placed(words: str, model: Path, origin: Sequence[tuple[Path, int] | None]) -> str:
    """SWMM's words with the lines of the user's files in place of those of the file it was given."""
    first: tuple[Path, int] | None = None

    def at(match: re.Match[str]) -> str:
        nonlocal first
        number = int(match[1])
        place = origin[number - 1] if 0 < number <= len(origin) else None
        if place is None:
            return match[0] if not origin else ""
        if first is None:
            first = place
            return ""
        return f" at line {place[1]}" if place[0] == first[0] else f" at {place[0]}:{place[1]}"

    told = _AT_LINE.sub(at, words)
    if first is None:
        return f"SWMM cannot run {model}: {told}"
    return f"{first[0]}:{first[1]}: SWMM cannot run this: {told}"
