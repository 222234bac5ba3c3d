"""Where the model files lie that are not part of the repository, and a reason where they do not."""

from __future__ import annotations

import importlib.util
import os
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
