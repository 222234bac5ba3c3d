"""The SWMM engine as a second opinion: what it makes of a file, element by element, in SI."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from swmm import toolkit
from swmm.toolkit import shared_enum as enum
from swmm.toolkit import solver

# Codes of swmm_getValue in SWMM 5.2's swmm5.h; the toolkit's own getters lack these.
NODE_VOLUME, LINK_SLOPE, LINK_FULL_DEPTH, LINK_FULL_FLOW = 305, 404, 405, 406

_LIBRARY = ctypes.CDLL(str(Path(toolkit.__file__).parent / "libswmm5.so"))
_LIBRARY.swmm_getValue.restype = ctypes.c_double
_LIBRARY.swmm_getValue.argtypes = (ctypes.c_int, ctypes.c_int)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An open SWMM project; lengths and flows come in the file's units."""

    nodes: int
    links: int

    def node_name(self, i: int) -> str:
        return str(solver.project_get_id(enum.ObjectType.NODE, i))

    def node_kind(self, i: int) -> int:
        return int(solver.node_get_type(i).value)

    def node(self, i: int, what: str) -> float:
        return float(solver.node_get_parameter(i, enum.NodeProperty[what]))

    def link_name(self, i: int) -> str:
        return str(solver.project_get_id(enum.ObjectType.LINK, i))

    def link_kind(self, i: int) -> int:
        return int(solver.link_get_type(i).value)

    def link_ends(self, i: int) -> tuple[int, int, float, float]:
        """Ends and offsets as in the file: SWMM turns adverse conduits round."""
        tail, head = solver.link_get_connections(i)
        offsets = [
            float(solver.link_get_parameter(i, p))
            for p in (enum.LinkProperty.OFFSET_1, enum.LinkProperty.OFFSET_2)
        ]
        way = solver.link_get_direction(i)
        if getattr(way, "value", way) < 0:
            return head, tail, offsets[1], offsets[0]
        return tail, head, offsets[0], offsets[1]

    def value(self, code: int, i: int) -> float:
        return float(_LIBRARY.swmm_getValue(code, i))

    def depth(self, i: int) -> float:
        return float(solver.node_get_result(i, enum.NodeResult.DEPTH))

    def flow(self, i: int) -> float:
        return float(solver.link_get_result(i, enum.LinkResult.FLOW))

    def run(self, steps: int) -> None:
        for _ in range(steps):
            solver.swmm_step()


@contextmanager
def opened(path: Path, folder: Path) -> Iterator[Engine]:
    """Open a copy of `path` in `folder` and start its simulation."""
    copy = folder / "engine.inp"
    shutil.copy(path, copy)
    solver.swmm_open(str(copy), str(copy) + ".rpt", str(copy) + ".out")
    try:
        solver.swmm_start(0)
        yield Engine(
            nodes=solver.project_get_count(enum.ObjectType.NODE),
            links=solver.project_get_count(enum.ObjectType.LINK),
        )
        solver.swmm_end()
    finally:
        solver.swmm_close()


def refusals(path: Path, folder: Path) -> list[str]:
    """The errors with which SWMM refuses a file when it opens and starts it; none if it does not."""
    report = folder / "engine.inp.rpt"
    try:
        with opened(path, folder):
            return []
    except Exception as error:  # the toolkit raises nothing narrower
        lines = report.read_text(errors="replace").split("\n") if report.exists() else []
        return [line.strip() for line in lines if "ERROR" in line] or [str(error)]
