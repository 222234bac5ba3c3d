"""What is known of a link while its rows are being read?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from jialing.domains.water.cells import Cells
from jialing.domains.water.curves import Curves
from jialing.domains.water.inp import InpFile, Notice, Row
from jialing.domains.water.links import LinkKind, Outlet, PumpCurve, Weir
from jialing.domains.water.nodes import Nodes
from jialing.domains.water.options import Options
from jialing.domains.water.shapes import CrossSection
from jialing.domains.water.transects import Channel


@dataclass(kw_only=True)
class LinkDraft:
    """One link while it is read, in SI."""

    kind: LinkKind
    row: Row
    ends: tuple[int, int]
    offset: tuple[float, float] = (0.0, 0.0)
    length: float = math.nan
    roughness: float = math.nan
    limit: float = math.inf
    coefficient: float = math.nan
    side: bool = False
    flap: bool = False
    close_time: float = 0.0
    setting: float = 1.0
    start: float = math.nan
    stop: float = math.nan
    slope: float = math.nan
    barrels: int = 1
    full_flow: float = math.nan
    section: CrossSection | None = None
    section_line: int = 0
    channel: Channel | None = None
    pump: PumpCurve | None = None
    weir: Weir | None = None
    outlet: Outlet | None = None


@dataclass(kw_only=True)
class LinkReader:
    """What every row needs to be understood."""

    inp: InpFile
    options: Options
    nodes: Nodes
    curves: Curves
    notices: list[Notice]
    cells: dict[LinkKind, Cells]
    links: list[LinkDraft] = field(default_factory=list)
    lifted: dict[int, float] = field(default_factory=dict)
