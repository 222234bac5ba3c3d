"""What runs without us, and the classic rules a drainage engineer compares with."""

from __future__ import annotations

import numpy as np

from jialing.core.command import Command
from jialing.core.signal import FloatArray
from jialing.core.stages import Situation
from jialing.domains.water.layout import Layout

LEAST_OPENING = 0.1  # equal filling never shuts a gate: tanks must drain without us [1]
NEARLY_EMPTY = 0.02  # below this filling of the fullest tank all gates stay open [1]


class LocalRules:
    """The file's own control rules act; nothing is commanded."""

    def __init__(self, layout: Layout) -> None:
        self._count = len(layout.actuators)

    def decide(self, situation: Situation) -> Command:
        """Hand every actuator to the plant."""
        return Command.all_local(len(situation.actuators), note="rules")

    def targets(self, step: int, depth: FloatArray) -> FloatArray:
        """The same as a twin policy."""
        return np.full(self._count, np.nan)


class AllOpen:
    """Every gate, weir and outlet wide open; pumps stay on their own switches."""

    def __init__(self, layout: Layout) -> None:
        self._targets = np.array([np.nan if a.kind == "pump" else a.high for a in layout.actuators])

    def decide(self, situation: Situation) -> Command:
        """Open what can be opened."""
        return Command(targets=self._targets, local=np.isnan(self._targets), note="open")

    def targets(self, step: int, depth: FloatArray) -> FloatArray:
        """The same as a twin policy."""
        return self._targets


class EqualFilling:
    """Each gate opens in proportion to its tank's filling, relative to the fullest tank.

        opening_i = max(filling_i / max_j filling_j, LEAST_OPENING)

    Filling is depth over full depth of the node upstream. Pumps stay on their own switches.
    Source of the idea: equal filling degree, Dirckx et al. (2011), Urban Water Journal 8:367.
    """

    def __init__(self, layout: Layout) -> None:
        model = layout.model
        self._gate = np.array([a.kind != "pump" for a in layout.actuators])
        position = {node: k for k, node in enumerate(layout.level_nodes)}
        nodes = [int(model.links.from_node[i]) for i in layout.actuator_links]
        self._level = np.array([position.get(node, -1) for node in nodes], dtype=np.int64)
        self._full = np.maximum(model.nodes.max_depth_m[nodes], 0.1)
        self._first_level = layout.spans["depth"].start

    def decide(self, situation: Situation) -> Command:
        """Compare the fillings."""
        depth = situation.observation.values[self._first_level :]
        targets = self.targets(0, np.nan_to_num(depth))
        return Command(targets=targets, local=np.isnan(targets), note="equal-filling")

    def targets(self, step: int, depth: FloatArray) -> FloatArray:
        """The same as a twin policy."""
        filling = np.where(self._level >= 0, depth[self._level] / self._full, 0.0)
        fullest = float(filling[self._gate].max(initial=0.0))
        if fullest < NEARLY_EMPTY:
            opening = np.ones(len(filling))
        else:
            opening = np.clip(filling / fullest, LEAST_OPENING, 1.0)
        return np.where(self._gate, opening, np.nan)
