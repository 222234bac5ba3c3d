"""Where the road networks lie that are not part of the repository, and how tests build their own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
ABSENT = "set JIALING_DATA or put the data at ../shared/data"
MAPS = ("arterial4x4", "cologne1", "cologne3", "cologne8", "grid4x4", "ingolstadt1")


def shared_traffic() -> Path:
    """Folder with the shared road networks; it may not exist."""
    return Path(os.environ.get("JIALING_DATA", _ROOT.parent / "shared" / "data")) / "traffic"


def shared_map(name: str) -> Path:
    """The configuration of one shared network."""
    return shared_traffic() / name / f"{name}.sumocfg"


def sumo_program(name: str) -> Path | None:
    """A program of SUMO's wheel, e.g. ``netgenerate``; None where it is not installed."""
    spec = importlib.util.find_spec("sumo")
    if spec is None or spec.origin is None:
        return None
    found = Path(spec.origin).parent / "bin" / name
    return found if found.is_file() else None


def generate(folder: Path, name: str, *options: str, program: str = "netgenerate") -> Path:
    """A network written by one of SUMO's programs."""
    found = sumo_program(program)
    if found is None:
        raise FileNotFoundError(program)
    path = folder / f"{name}.net.xml"
    done = subprocess.run(
        [str(found), *options, "-o", str(path), "--no-warnings"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return path
