"""Which options does a SWMM file set: units, period, steps, routing?

Keywords, defaults and formats: Rossman & Simon (2022), SWMM User's Manual version 5.2,
EPA/600/R-22/030, appendix D.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jialing.core.units import FLOW_TO_M3S, FOOT_M, US_FLOW_UNITS
from jialing.domains.water.cells import Cells, did_you_mean, match_word, to_clock_s, to_date
from jialing.domains.water.inp import InpFile, Notice, Row

#: In the order in which SWMM compares them; a keyword may be longer than the word here.
OPTION_WORDS = (
    "FLOW_UNITS", "INFILTRATION", "FLOW_ROUTING", "START_DATE", "START_TIME", "END_DATE",
    "END_TIME", "REPORT_START_DATE", "REPORT_START_TIME", "SWEEP_START", "SWEEP_END", "DRY_DAYS",
    "WET_STEP", "DRY_STEP", "ROUTING_STEP", "RULE_STEP", "REPORT_STEP", "ALLOW_PONDING",
    "INERTIAL_DAMPING", "SLOPE_WEIGHTING", "VARIABLE_STEP", "NORMAL_FLOW_LIMITED",
    "LENGTHENING_STEP", "MIN_SURFAREA", "COMPATIBILITY", "SKIP_STEADY_STATE", "TEMPDIR",
    "IGNORE_RAINFALL", "FORCE_MAIN_EQUATION", "LINK_OFFSETS", "MIN_SLOPE", "IGNORE_SNOWMELT",
    "IGNORE_GROUNDWATER", "IGNORE_ROUTING", "IGNORE_QUALITY", "MAX_TRIALS", "HEAD_TOLERANCE",
    "SYS_FLOW_TOL", "LAT_FLOW_TOL", "IGNORE_RDII", "MINIMUM_STEP", "THREADS", "SURCHARGE_METHOD",
)  # fmt: skip
FLOW_UNITS = ("CFS", "GPM", "MGD", "CMS", "LPS", "MLD")
INFILTRATION_METHODS = (
    "HORTON",
    "MODIFIED_HORTON",
    "GREEN_AMPT",
    "MODIFIED_GREEN_AMPT",
    "CURVE_NUMBER",
)
_ROUTING = {
    "NONE": "NONE", "STEADY": "STEADY", "KINWAVE": "KINWAVE", "XKINWAVE": "KINWAVE",
    "DYNWAVE": "DYNWAVE", "NF": "NONE", "KW": "KINWAVE", "EKW": "KINWAVE", "DW": "DYNWAVE",
}  # fmt: skip
_CHOICES: dict[str, tuple[str, ...]] = {
    "FLOW_UNITS": FLOW_UNITS,
    "INFILTRATION": INFILTRATION_METHODS,
    "FLOW_ROUTING": tuple(_ROUTING),
    "LINK_OFFSETS": ("DEPTH", "ELEVATION"),
    "FORCE_MAIN_EQUATION": ("H-W", "D-W"),
    "INERTIAL_DAMPING": ("NONE", "PARTIAL", "FULL"),
    "NORMAL_FLOW_LIMITED": ("SLOPE", "FROUDE", "BOTH"),
    "SURCHARGE_METHOD": ("EXTRAN", "SLOT"),
    "COMPATIBILITY": ("3", "4", "5"),
} | dict.fromkeys(
    (
        "ALLOW_PONDING", "SLOPE_WEIGHTING", "SKIP_STEADY_STATE", "IGNORE_RAINFALL",
        "IGNORE_SNOWMELT", "IGNORE_GROUNDWATER", "IGNORE_ROUTING", "IGNORE_QUALITY", "IGNORE_RDII",
    ),
    ("NO", "YES"),
)  # fmt: skip
_DATES = ("START_DATE", "END_DATE", "REPORT_START_DATE")
_CLOCKS = ("START_TIME", "END_TIME", "REPORT_START_TIME", "WET_STEP", "DRY_STEP", "REPORT_STEP",
           "RULE_STEP")  # fmt: skip
_PLAIN_SECONDS = ("ROUTING_STEP", "LENGTHENING_STEP")  # a bare number is seconds, not hours
_POSITIVE = ("WET_STEP", "DRY_STEP", "REPORT_STEP", "ROUTING_STEP")
_NUMBERS = ("DRY_DAYS", "VARIABLE_STEP", "MIN_SURFAREA", "MIN_SLOPE", "HEAD_TOLERANCE",
            "SYS_FLOW_TOL", "LAT_FLOW_TOL", "MINIMUM_STEP")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a SWMM file.

    Attributes
    ----------
    flow_units : CFS, GPM, MGD, CMS, LPS or MLD
    us_units : lengths are in feet
    flow_factor : m³/s per file unit of flow
    length_factor : m per file unit of length
    start : first instant, without a time zone as in the file
    duration_s : length of the simulation [s]
    routing_step_s, wet_step_s, dry_step_s, report_step_s : steps as SWMM uses them [s]
    rule_step_s : how often control rules act [s]; 0 means at each routing step
    routing : DYNWAVE, KINWAVE or STEADY
    routes : flows are routed at all (IGNORE_ROUTING is off)
    offsets_are_elevations : link offsets are given as elevations
    allow_ponding : flooded nodes with a ponded area keep their water
    infiltration : the file's default infiltration method
    hazen_williams : force mains by Hazen-Williams, else by Darcy-Weisbach
    min_slope : smallest conduit slope [1]; 0 for none
    ignores : what is switched off, e.g. RAINFALL, RDII
    """

    flow_units: str
    us_units: bool
    flow_factor: float
    length_factor: float
    start: datetime
    duration_s: float
    routing_step_s: float
    wet_step_s: float
    dry_step_s: float
    report_step_s: float
    rule_step_s: float
    routing: str
    routes: bool
    offsets_are_elevations: bool
    allow_ponding: bool
    infiltration: str
    hazen_williams: bool
    min_slope: float
    ignores: frozenset[str]


def read_options(inp: InpFile, notices: list[Notice]) -> Options:
    """Typed options of `inp`; what is not set takes SWMM's default."""
    cells = Cells(inp.path, "OPTIONS")
    words: dict[str, str] = {}
    numbers: dict[str, float] = {}
    dates: dict[str, datetime] = {}
    lines: dict[str, int] = {}
    for row in inp.rows("OPTIONS"):
        if len(row.tokens) < 2:
            continue
        key = match_word(row.tokens[0], OPTION_WORDS)
        if key is None:
            hint = did_you_mean(row.tokens[0], OPTION_WORDS)
            raise cells.error(row.line, f"{row.tokens[0]!r} is not an option of SWMM 5.2.{hint}")
        lines[key] = row.line
        if key in _CHOICES:
            words[key] = cells.word(row, 1, "choice", _CHOICES[key])
        elif key in _DATES:
            dates[key] = _date(cells, row)
        elif key in _CLOCKS or key in _PLAIN_SECONDS:
            numbers[key] = _seconds(cells, row, key)
        elif key in _NUMBERS:
            numbers[key] = cells.number(row, 1, "value", low=0.0)
    if "FLOW_UNITS" not in words:
        notices.append(
            Notice(inp.header_line("OPTIONS"), "FLOW_UNITS is not set; SWMM takes CFS and feet")
        )
    units = words.get("FLOW_UNITS", "CFS")
    us_units = units in US_FLOW_UNITS
    start, duration_s = _period(cells, dates, numbers, lines)
    wet_s = numbers.get("WET_STEP", 300.0)
    route_s = numbers.get("ROUTING_STEP", 300.0)
    report_s = min(numbers.get("REPORT_STEP", 900.0), duration_s)
    if report_s < route_s:
        raise cells.error(
            lines.get("REPORT_STEP", lines.get("ROUTING_STEP")),
            f"REPORT_STEP {report_s:g} s is shorter than ROUTING_STEP {route_s:g} s; lengthen it.",
        )
    if route_s > wet_s:
        notices.append(
            Notice(
                lines.get("ROUTING_STEP"),
                f"ROUTING_STEP {route_s:g} s is longer than WET_STEP; SWMM takes {wet_s:g} s",
            )
        )
        route_s = wet_s
    notices += [
        Notice(lines[key], text) for key, text in _IGNORED.items() if words.get(key) == "YES"
    ]
    return Options(
        flow_units=units,
        us_units=us_units,
        flow_factor=FLOW_TO_M3S[units],
        length_factor=FOOT_M if us_units else 1.0,
        start=start,
        duration_s=duration_s,
        routing_step_s=route_s,
        wet_step_s=wet_s,
        dry_step_s=max(numbers.get("DRY_STEP", 3600.0), wet_s),
        report_step_s=report_s,
        rule_step_s=numbers.get("RULE_STEP", 0.0),
        routing=_routing(words, lines, notices),
        routes=words.get("IGNORE_ROUTING") != "YES"
        and _ROUTING.get(words.get("FLOW_ROUTING", "")) != "NONE",
        offsets_are_elevations=words.get("LINK_OFFSETS") == "ELEVATION",
        allow_ponding=words.get("ALLOW_PONDING") == "YES",
        infiltration=words.get("INFILTRATION", "HORTON"),
        hazen_williams=words.get("FORCE_MAIN_EQUATION", "H-W") == "H-W",
        min_slope=numbers.get("MIN_SLOPE", 0.0) / 100.0,
        ignores=frozenset(
            key.removeprefix("IGNORE_")
            for key, word in words.items()
            if key.startswith("IGNORE_") and word == "YES"
        ),
    )


#: What of the file has no effect where an option switches it off.
_IGNORED = {
    "IGNORE_RAINFALL": "rain is switched off: none falls, and nothing infiltrates (RDII)",
    "IGNORE_RDII": "infiltration (RDII) is switched off",
}


def _routing(words: dict[str, str], lines: dict[str, int], notices: list[Notice]) -> str:
    method = _ROUTING[words.get("FLOW_ROUTING", "KINWAVE")]
    if method == "NONE" or words.get("IGNORE_ROUTING") == "YES":
        notices.append(
            Notice(
                lines.get("IGNORE_ROUTING", lines.get("FLOW_ROUTING")),
                "flow routing is switched off, so nothing in the network can be controlled",
            )
        )
        return "KINWAVE"
    return method


def _date(cells: Cells, row: Row) -> datetime:
    date = to_date(row.tokens[1])
    if date is None:
        raise cells.error(
            row.line, f"{row.tokens[0]}: {row.tokens[1]!r} is not a date; write month/day/year."
        )
    return date


def _seconds(cells: Cells, row: Row, key: str) -> float:
    value = None
    if key in _PLAIN_SECONDS and ":" not in row.tokens[1]:
        value = cells.number(row, 1, "value")
    if value is None:
        value = to_clock_s(row.tokens[1])
    if value is None:
        raise cells.error(
            row.line, f"{row.tokens[0]}: {row.tokens[1]!r} is not a time; write h:mm:ss."
        )
    if value < 0.0 or (key in _POSITIVE and value <= 0.0):
        raise cells.error(row.line, f"{row.tokens[0]} is {row.tokens[1]}; it must be above 0.")
    return value if key in _PLAIN_SECONDS else float(round(value))


def _period(
    cells: Cells, dates: dict[str, datetime], numbers: dict[str, float], lines: dict[str, int]
) -> tuple[datetime, float]:
    """Start and duration [s]."""
    start_day = dates.get("START_DATE", datetime(2004, 1, 1))
    try:
        start = start_day + timedelta(seconds=numbers.get("START_TIME", 0.0))
        end = dates.get("END_DATE", datetime(2004, 1, 1)) + timedelta(
            seconds=numbers.get("END_TIME", 0.0)
        )
    except OverflowError:
        raise cells.error(
            lines.get("START_DATE"), "the period lies outside the calendar."
        ) from None
    duration_s = (end - start).total_seconds()
    if duration_s <= 0.0:
        raise cells.error(
            lines.get("END_DATE", lines.get("END_TIME")),
            f"the simulation ends ({end:%m/%d/%Y %H:%M:%S}) before it starts "
            f"({start:%m/%d/%Y %H:%M:%S}); set END_DATE and END_TIME after START_DATE.",
        )
    report = dates.get("REPORT_START_DATE")
    if report and report + timedelta(seconds=numbers.get("REPORT_START_TIME", 0.0)) >= end:
        raise cells.error(
            lines["REPORT_START_DATE"], "reporting starts only after the simulation has ended."
        )
    return start, duration_s
