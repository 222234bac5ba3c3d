"""Which sections does a SWMM 5.2 input file have, and what is done with each of them?

SWMM recognises a section by the beginning of its header, in any case: ``[Polygons]`` is
``[POLYGON``. Where one keyword begins with another, the first in this list wins.

Source: Rossman & Simon (2022), SWMM User's Manual version 5.2, EPA/600/R-22/030, appendix D.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import Enum


class Use(Enum):
    """What is done with a section."""

    READ = "read"  # becomes part of the model
    CHECKED = "checked"  # references and ranges are looked at, the rest is SWMM's
    PASSED = "passed on"  # SWMM reads it, we do not
    DRAWN = "drawn"  # only for pictures


@dataclass(frozen=True, kw_only=True)
class SectionKind:
    """A section SWMM knows.

    Attributes
    ----------
    name : the full name
    prefix : what a header has to begin with
    use : what is done with it
    names_objects : its rows begin with the name of what they define
    """

    name: str
    prefix: str
    use: Use

    @property
    def names_objects(self) -> bool:
        return self.name in _DEFINING


_DEFINING = frozenset(
    {
        "RAINGAGES", "SUBCATCHMENTS", "JUNCTIONS", "OUTFALLS", "STORAGE", "DIVIDERS", "CONDUITS",
        "PUMPS", "ORIFICES", "WEIRS", "OUTLETS", "CURVES", "TIMESERIES", "PATTERNS", "STREETS",
        "HYDROGRAPHS", "POLLUTANTS", "LANDUSES", "AQUIFERS", "SNOWPACKS", "LID_CONTROLS",
    }
)  # fmt: skip


def _kinds() -> tuple[SectionKind, ...]:
    rows = """
        TITLE TITLE read | OPTIONS OPTION read | FILES FILE checked | RAINGAGES RAINGAGE read
        TEMPERATURE TEMPERATURE passed | EVAPORATION EVAP checked
        SUBCATCHMENTS SUBCATCHMENT read | SUBAREAS SUBAREA checked | INFILTRATION INFIL checked
        AQUIFERS AQUIFER passed | GROUNDWATER GROUNDWATER passed | SNOWPACKS SNOWPACK passed
        JUNCTIONS JUNC read | OUTFALLS OUTFALL read | STORAGE STORAGE read | DIVIDERS DIVIDER read
        CONDUITS CONDUIT read | PUMPS PUMP read | ORIFICES ORIFICE read | WEIRS WEIR read
        OUTLETS OUTLET read | XSECTIONS XSECT read | TRANSECTS TRANSECT read | LOSSES LOSS read
        CONTROLS CONTROL read | POLLUTANTS POLLUT passed | LANDUSES LANDUSE passed
        BUILDUP BUILDUP passed | WASHOFF WASHOFF passed | COVERAGES COVERAGE passed
        INFLOWS INFLOW read | DWF DWF read | PATTERNS PATTERN read | RDII RDII read
        HYDROGRAPHS HYDROGRAPH read | LOADINGS LOADING passed | TREATMENT TREATMENT passed
        CURVES CURVE read | TIMESERIES TIMESERIES read | REPORT REPORT passed
        COORDINATES COORDINATE read | VERTICES VERTICES read | POLYGONS POLYGON drawn
        LABELS LABEL drawn | SYMBOLS SYMBOL drawn | BACKDROP BACKDROP drawn | TAGS TAG drawn
        PROFILES PROFILE drawn | MAP MAP drawn | LID_CONTROLS LID_CONTROL passed
        LID_USAGE LID_USAGE passed | GWF GWF passed | ADJUSTMENTS ADJUSTMENT passed
        EVENTS EVENT passed | STREETS STREET read | INLET_USAGE INLET_USAGE passed
        INLETS INLET passed
    """
    use = {"read": Use.READ, "checked": Use.CHECKED, "passed": Use.PASSED, "drawn": Use.DRAWN}
    kinds = []
    for entry in rows.replace("\n", "|").split("|"):
        if entry.strip():
            name, prefix, word = entry.split()
            kinds.append(SectionKind(name=name, prefix=prefix, use=use[word]))
    return tuple(kinds)


#: Every section of SWMM 5.2, in the order in which SWMM compares a header with them.
SECTIONS: tuple[SectionKind, ...] = _kinds()


def find_section(header: str) -> SectionKind | None:
    """The section that a header such as ``[JUNCTIONS]`` opens; None if SWMM knows none."""
    word = header.lstrip("[").upper()
    for kind in SECTIONS:
        if word.startswith(kind.prefix):
            return kind
    return None


def nearest_section(header: str) -> str | None:
    """The known section name most like `header`, for a hint."""
    word = header.strip("[]").upper()
    near = difflib.get_close_matches(word, [kind.name for kind in SECTIONS], n=1)
    return near[0] if near else None
