"""Which elements of a model are sensed, moved and priced: index arrays worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jialing.core.errors import InputError
from jialing.core.signal import Actuator, FloatArray
from jialing.domains.water.model import LinkKind, NodeKind, WaterModel
from jialing.domains.water.settings import WaterSettings

MOST_SPILL_SIGNALS = 60  # the record's fields carry all nodes; signals only the watched ones
PUMP_MIN_RUN_S = 300.0  # shortest run and rest of a pump, a common motor-protection setting
PUMP_STARTS_PER_H = 10  # DIN EN 16932-2:2018 leaves it to the motor; 10 suits submersible pumps


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Element indices for one case.

    Attributes
    ----------
    model : the user's file
    actuator_links : links that may be moved
    actuators : the same as `core` actuators
    home_settings : [actuators] setting of an actuator that no rule addresses
    level_nodes : nodes with a level sensor: storages and both ends of actuators
    flow_links : links with a flow sensor: actuators, limited links
    spill_nodes : nodes whose spill is a signal of its own; overflow outfalls have one anyway
    overflow_nodes, overflow_outfalls, treatment_outfalls : node indices by receiving water
    sensitive : node indices (of the former two) whose receiving water is sensitive
    limit_links, limits_m3s, limit_weights : flows to respect, see `settings.FlowLimit`
    deep_nodes, deep_m, deep_weights : depths to respect, see `settings.LevelLimit`
    """

    model: WaterModel
    actuator_links: tuple[int, ...]
    actuators: tuple[Actuator, ...]
    home_settings: tuple[float, ...]
    level_nodes: tuple[int, ...]
    flow_links: tuple[int, ...]
    spill_nodes: tuple[int, ...]
    overflow_nodes: tuple[int, ...]
    overflow_outfalls: tuple[int, ...]
    treatment_outfalls: tuple[int, ...]
    sensitive: frozenset[int]
    limit_links: tuple[int, ...]
    limits_m3s: FloatArray
    limit_weights: FloatArray
    deep_nodes: tuple[int, ...]
    deep_m: FloatArray
    deep_weights: FloatArray

    @cached_property
    def gage_names(self) -> tuple[str, ...]:
        return self.model.gages.names

    @cached_property
    def gages(self) -> tuple[int, ...]:
        return tuple(range(len(self.gage_names)))

    @cached_property
    def spans(self) -> dict[str, slice]:
        """Where each kind of signal lies in an observation."""
        sizes = {
            "rain": len(self.gages),
            "depth": len(self.level_nodes),
            "flow": len(self.flow_links),
            "setting": len(self.actuator_links),
            "spill": len(self.spill_nodes) + len(self.overflow_outfalls),
        }
        spans, start = {}, 0
        for name, size in sizes.items():
            spans[name] = slice(start, start + size)
            start += size
        return spans


def lay_out(model: WaterModel, settings: WaterSettings) -> Layout:
    """Choose actuators and sensors.

    Raises InputError if the model has nothing that can be moved, UnknownNameError for names in
    `settings` that the model does not have.
    """
    links = _controlled(model, settings)
    actuators = tuple(_actuator(model, i, settings) for i in links)
    ends = {int(model.links.from_node[i]) for i in links} | {
        int(model.links.to_node[i]) for i in links
    }
    outfall = model.nodes.kind == NodeKind.OUTFALL
    storages = np.flatnonzero(model.nodes.kind == NodeKind.STORAGE).tolist()
    levels = sorted(i for i in {*storages, *ends} if not outfall[i])
    limit_links = tuple(model.links.find(limit.link) for limit in settings.flow_limits)
    overflow_nodes = {model.nodes.find(n): s for n, s in settings.overflow_nodes.items()}
    outfalls = _outfalls(model, settings)
    overflow_outfalls = {i: s for i, s in outfalls.items() if s is not None}
    spill_nodes = list(overflow_nodes) + [i for i in levels if i not in overflow_nodes]
    return Layout(
        model=model,
        actuator_links=links,
        actuators=actuators,
        home_settings=tuple(1.0 for _ in links),
        level_nodes=tuple(levels),
        flow_links=tuple(dict.fromkeys((*links, *limit_links))),
        spill_nodes=tuple(spill_nodes[:MOST_SPILL_SIGNALS]),
        overflow_nodes=tuple(overflow_nodes),
        overflow_outfalls=tuple(overflow_outfalls),
        treatment_outfalls=tuple(i for i, s in outfalls.items() if s is None),
        sensitive=frozenset(
            i for i, s in (*overflow_nodes.items(), *overflow_outfalls.items()) if s
        ),
        limit_links=limit_links,
        limits_m3s=np.array([limit.limit_m3s for limit in settings.flow_limits]),
        limit_weights=np.array([limit.weight for limit in settings.flow_limits]),
        deep_nodes=tuple(model.nodes.find(limit.node) for limit in settings.level_limits),
        deep_m=np.array([limit.depth_m for limit in settings.level_limits]),
        deep_weights=np.array([limit.weight for limit in settings.level_limits]),
    )


def _controlled(model: WaterModel, settings: WaterSettings) -> tuple[int, ...]:
    usable = model.controllable()
    if settings.controlled is None:
        chosen = movable(model)
    else:
        chosen = tuple(model.links.find(name) for name in settings.controlled)
        for i in chosen:
            if i not in usable:
                raise InputError(
                    f"{model.links.names[i]!r} cannot be controlled; it must be an orifice, "
                    "weir, pump or outlet (see 'jialing inspect')",
                    path=model.path,
                    line=int(model.links.line[i]),
                )
    if not chosen:
        raise InputError(
            "the model has no element that can be controlled. Jialing moves orifices, weirs, "
            "pumps and outlets; 'jialing inspect' lists what was found and why it is not usable",
            path=model.path,
        )
    return tuple(chosen)


def movable(model: WaterModel) -> tuple[int, ...]:
    """What is moved if nobody says so: all but weirs that no rule moves, which are fixed crests.

    Where a file has nothing else, they are taken after all.
    """
    usable, ruled = model.controllable(), set(model.ruled_links())
    moved = tuple(i for i in usable if model.links.kind[i] != LinkKind.WEIR or i in ruled)
    return moved or usable


def _actuator(model: WaterModel, link: int, settings: WaterSettings) -> Actuator:
    name = model.links.names[link]
    kind = LinkKind(int(model.links.kind[link]))
    if kind is LinkKind.PUMP:
        return Actuator(
            name=name,
            kind="pump",
            levels=(0.0, 1.0),
            safe=np.nan,  # a pump without a level goes back to its own float switches
            min_on_s=PUMP_MIN_RUN_S,
            min_off_s=PUMP_MIN_RUN_S,
            max_starts_per_h=PUMP_STARTS_PER_H,
        )
    return Actuator(
        name=name,
        kind=kind.name.lower(),
        rate_per_s=settings.rate_per_s,
        safe=np.nan,
    )


def _outfalls(model: WaterModel, settings: WaterSettings) -> dict[int, bool | None]:
    """Outfall index -> None for treatment, else whether its receiving water is sensitive."""
    every = np.flatnonzero(model.nodes.kind == NodeKind.OUTFALL).tolist()
    if settings.overflow_outfalls is None:
        kinds = model.outfall_class()
        return {i: (None if kinds[model.nodes.names[i]] == "treatment" else False) for i in every}
    given = {model.nodes.find(name): s for name, s in settings.overflow_outfalls.items()}
    return {i: given.get(i) for i in every}
