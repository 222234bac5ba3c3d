"""What a stormwater case may set beyond the model file: prices, limits, sensors, file locations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class FlowLimit:
    """A flow that should not be exceeded.

    Attributes
    ----------
    link : name of the link in the model file
    limit_m3s : permitted peak [m³/s]
    weight : price of a cubic metre above the limit, relative to a cubic metre of overflow [1]
    """

    link: str
    limit_m3s: float
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class LevelLimit:
    """A depth that should not be exceeded, e.g. of water on the road of an underpass.

    Attributes
    ----------
    node : name of the node in the model file
    depth_m : permitted depth above its invert [m]
    weight : price of one metre above it for one hour [m³ of overflow]
    """

    node: str
    depth_m: float
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a cubic metre costs, relative to overflow at an ordinary outfall [1].

    The order flooding > sensitive outfall > outfall > wear is the ranking of EN 752:2017,
    clause 5 (protection of people and property before receiving water). How far apart they are is
    our choice, made with Astlingen's four events in view: at a price of 2 its creek took 25,063 m³,
    at 3 it takes 24,990, for 0.1 % more overflow in all (perfect forecast).
    """

    flooding: float = 50.0
    sensitive_overflow: float = 3.0
    overflow: float = 1.0
    leftover: float = 0.02  # water still stored in tanks when the run or the horizon ends
    flooding_hour: float = 0.0  # per hour in which a node floods, summed over nodes
    travel: float = 0.1  # per full stroke of an actuator [m³ per stroke]


@dataclass(frozen=True, kw_only=True)
class Sensing:
    """How the simulated sensors differ from the truth.

    Attributes
    ----------
    level_noise_m : standard deviation of level readings [m]
    flow_noise : relative standard deviation of flow readings [1]
    dropout : probability that a reading is missing at a tick [1]
    """

    level_noise_m: float = 0.0
    flow_noise: float = 0.0
    dropout: float = 0.0


@dataclass(frozen=True, kw_only=True)
class WaterSettings:
    """Settings of a stormwater case.

    Attributes
    ----------
    controlled : links that may be moved; None means every usable one but weirs that no rule moves
    overflow_nodes : nodes whose spill counts as overflow, not as street flooding, and whether the
        receiving water is sensitive
    overflow_outfalls : outfalls that discharge to a river, and whether it is sensitive;
        None means: found from the model (outfalls that carry no dry-weather flow)
    flow_limits : peak flows to respect
    level_limits : depths to respect
    prices : see `Prices`
    sensing : see `Sensing`
    rate_per_s : largest change of a setting [1/s]
    series_files : where the data file of a time series lies, if not where the model says
    rules_file : other control rules, run by the controller ``other-rules`` for comparison
    decide_every_s : time between two decisions [s]; None means every tick
    horizon_s : how far decisions look ahead [s]; None means: found from the model
    """

    controlled: tuple[str, ...] | None = None
    overflow_nodes: Mapping[str, bool] = field(default_factory=dict)
    overflow_outfalls: Mapping[str, bool] | None = None
    flow_limits: tuple[FlowLimit, ...] = ()
    level_limits: tuple[LevelLimit, ...] = ()
    prices: Prices = Prices()
    sensing: Sensing = Sensing()
    rate_per_s: float = 1.0 / 300.0
    series_files: Mapping[str, Path] = field(default_factory=dict)
    rules_file: Path | None = None
    decide_every_s: float | None = None
    horizon_s: float | None = None
