"""Where the model files lie that are not part of the repository, and a reason where they do not."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
ABSENT = "set JIALING_DATA or put the data at ../shared/data"


def shared_water() -> Path:
    """Folder with the shared stormwater models; it may not exist."""
    return Path(os.environ.get("JIALING_DATA", _ROOT.parent / "shared" / "data")) / "water"


def shared_models() -> list[Path]:
    """Shared models whose files are complete, Astlingen excepted."""
    return sorted(shared_water().glob("*.inp"))


def pystorms_models() -> list[Path]:
    """Models in the pystorms wheel, found without importing it."""
    spec = importlib.util.find_spec("pystorms")
    if spec is None or spec.origin is None:
        return []
    return sorted((Path(spec.origin).parent / "networks").glob("*.inp"))


def astlingen() -> tuple[Path, dict[str, Path]]:
    """Astlingen's model and the files of its four rain series."""
    folder = shared_water() / "astlingen"
    rain = {f"rain{i}": folder / f"RG{i}_synthetic_year2000.txt" for i in (1, 2, 3, 4)}
    return folder / "Astlingen_SWMM.inp", rain


def city() -> Path:
    """The model of 8,342 junctions; SWMM 5.2 refuses it, see `runnable_city`."""
    return shared_water() / "sw1729_8342_Nodes.inp"


def runnable_city(folder: Path) -> Path:
    """A copy of `city` with what SWMM 5.2 refuses put right, and nothing else changed.

    Dynamic waves instead of kinematic ones, for which it is no tree; two pump curves in rising
    order; a divider that names a link next to it; pipes of 6 ft for DUMMY conduits.
    """
    text = city().read_text(encoding="latin-1")
    text = text.replace("KINWAVE", "DYNWAVE", 1)
    text = text.replace("WEIR3@42614013-cso552a CUTOFF", "42614013-42614013DB CUTOFF", 1)
    text = re.sub(r"^(\S+ +)DUMMY( +)0.0 ", r"\1CIRCULAR\g<2>6.0 ", text, flags=re.MULTILINE)
    for pump, top, flow in (("5@47706005", 37, 0.279), ("6@47714007", 31, 0.111)):
        name = f"PUMPCURVEforPUMP{pump}"
        rising = f"{name} PUMP3 0 {flow} 15 {flow} {top} {flow}\n"
        text, count = re.subn(rf"{name} PUMP3 .*\n(?:{name} +\d.*\n)+", rising, text)
        if count != 1:
            raise ValueError(f"{name} is not where it was")
    path = folder / "city.inp"
    path.write_text(text, encoding="latin-1")
    return path
