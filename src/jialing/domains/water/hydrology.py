"""Do the rows that turn rain into runoff have the form that SWMM needs?

They are left to SWMM otherwise; what it would stop at is said here, with a remedy.
"""

from __future__ import annotations

from jialing.domains.water.cells import MONTHS, Cells, Names, match_word, to_number
from jialing.domains.water.inp import InpFile, Notice, Row
from jialing.domains.water.options import INFILTRATION_METHODS, Options

_EVAPORATION = (
    "CONSTANT", "MONTHLY", "TIMESERIES", "TEMPERATURE", "FILE", "RECOVERY", "DRY_ONLY",
)  # fmt: skip
_SUBAREA = ("roughness of paved", "roughness of green", "storage of paved", "storage of green",
            "% without storage")  # fmt: skip


def check_hydrology(
    inp: InpFile, options: Options, subcatchments: Names, gages: Names, notices: list[Notice]
) -> None:
    """Raises InputError for rows that SWMM cannot parse; notes values that it refuses."""
    _check_subareas(inp, subcatchments)
    _check_infiltration(inp, options, subcatchments, notices)
    _check_hydrographs(inp, gages)
    cells = Cells(inp.path, "EVAPORATION")
    for row in inp.rows("EVAPORATION"):
        kind = cells.word(row, 0, "source of evaporation", _EVAPORATION)
        if kind != "TEMPERATURE":
            cells.need(row, 2, "source, its values")
        if kind in ("CONSTANT", "MONTHLY"):
            for i in range(1, len(row.tokens)):
                cells.number(row, i, "rate")


def _check_subareas(inp: InpFile, subcatchments: Names) -> None:
    cells = Cells(inp.path, "SUBAREAS")
    for row in inp.rows("SUBAREAS"):
        cells.need(row, 7, "subcatchment, 2 roughnesses, 2 storages, % without storage, where to")
        subcatchments.get(cells, row, 0, "describes")
        for i, what in enumerate(_SUBAREA, start=1):
            cells.number(row, i, what, low=0.0)
        cells.word(row, 6, "place to route to", ("OUTLET", "IMPERV", "PERV"))
        cells.number(row, 7, "% routed", default=100.0, low=0.0)


def _check_hydrographs(inp: InpFile, gages: Names) -> None:
    """A unit hydrograph names its gage in one row and gives a response in each other one."""
    cells = Cells(inp.path, "HYDROGRAPHS")
    for row in inp.rows("HYDROGRAPHS"):
        cells.need(row, 2, "name and gage; or name, month, response, 3 values")
        if len(row.tokens) == 2:
            gages.get(cells, row, 1, "takes its rain from")
            continue
        if match_word(row.tokens[1], (*MONTHS, "ALL")) is None:
            raise cells.error(row.line, f"{row.tokens[1]!r} is neither a month nor ALL.")
        first = 3 if match_word(row.tokens[2], ("SHORT", "MEDIUM", "LONG")) else 2
        for i in range(first, len(row.tokens)):
            cells.number(row, i, "response value")


def _check_infiltration(
    inp: InpFile, options: Options, subcatchments: Names, notices: list[Notice]
) -> None:
    """Green-Ampt rows that SWMM 5.2 refuses: a moisture deficit above 1 or no conductivity."""
    cells = Cells(inp.path, "INFILTRATION")
    for row in inp.rows("INFILTRATION"):
        subcatchments.get(cells, row, 0, "describes")
        method = _infiltration_method(cells, row, options)
        if not method.endswith("GREEN_AMPT"):
            continue
        cells.need(row, 4, "subcatchment, suction head, conductivity, moisture deficit")
        suction, conductivity, deficit = (cells.number(row, i, "value") for i in (1, 2, 3))
        if suction < 0.0 or conductivity <= 0.0 or not 0.0 <= deficit <= 1.0:
            notices.append(
                Notice(
                    row.line,
                    f"[INFILTRATION] {row.tokens[0]}: suction {suction:g}, conductivity "
                    f"{conductivity:g}, moisture deficit {deficit:g} are no Green-Ampt values (the "
                    "deficit lies in 0 … 1); SWMM 5.2 stops here (error 235)",
                    refused=True,
                )
            )


def _infiltration_method(cells: Cells, row: Row, options: Options) -> str:
    """The method of a row, which may end in its name; its other cells are numbers."""
    last = len(row.tokens)
    own = None if to_number(row.tokens[-1]) is not None else row.tokens[-1]
    method = match_word(own, INFILTRATION_METHODS) if own else options.infiltration
    if own and method:
        last -= 1
    for i in range(1, last):
        cells.number(row, i, "infiltration value", low=0.0)
    return method or options.infiltration
