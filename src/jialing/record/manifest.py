"""What must be known to repeat a run: versions, files, settings, seed, machine."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from jialing.core.errors import RecordError
from jialing.core.stages import Desk
from jialing.record.frame import FORMAT
from jialing.record.plain import to_plain

#: Packages whose version can change a decision.
PACKAGES = ("jialing", "numpy", "numba", "highspy", "swmm-toolkit", "eclipse-sumo", "libsumo")


def build_manifest(
    desk: Desk,
    *,
    case: Mapping[str, Any],
    controller: Mapping[str, Any],
    seed: int,
    created: datetime,
) -> dict[str, Any]:
    """The manifest of one run.

    Parameters
    ----------
    desk : the wired plant
    case : the case with its settings, JSON-ready
    controller : ``name``, and for a user's own one where its code lies
    seed : the only source of randomness
    created : when the run began, with its time zone; for people only
    """
    plant = desk.plant
    return {
        "format": FORMAT,
        "created": created.isoformat(timespec="seconds"),
        "case": case,
        "controller": controller,
        "seed": seed,
        "tick_s": desk.tick_s,
        "duration_s": desk.duration_s,
        "budget_s": desk.budget_s,
        "headline": desk.headline,
        "signals": [
            {"name": s.name, "unit": s.unit, "low": s.low, "high": s.high}
            for s in plant.signals.signals
        ],
        "actuators": [to_plain(actuator) for actuator in plant.actuators],
        "fields": [{"name": f.name, "unit": f.unit, "elements": f.elements} for f in plant.fields],
        "files": [describe_file(Path(name)) for name in desk.files],
        "versions": versions(),
        "machine": machine(),
        "commit": commit(Path(__file__)),
        "about": desk.about,
        "picture": desk.picture,
    }


def describe_file(path: Path) -> dict[str, Any]:
    """Path from the root, size [bytes] and SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return {
        "path": str(path.absolute()),
        "bytes": path.stat().st_size,
        "sha256": digest.hexdigest(),
    }


def check_files(described: Iterable[Mapping[str, Any]]) -> None:
    """Raise RecordError if a file that a run read is gone or has another content."""
    for file in described:
        path = Path(file["path"])
        if not path.is_file():
            raise RecordError(
                f"{path} is gone; to repeat this run, put the file, or a link to it, back there"
            )
        if describe_file(path)["sha256"] != file["sha256"]:
            raise RecordError(
                f"{path} has changed since this run; a replay needs the file with "
                f"SHA-256 {file['sha256'][:12]}…"
            )


def versions() -> dict[str, str]:
    """Version of Python and of every package that can change a decision."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Processor, cores and system; nothing that names the owner."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def commit(inside: Path) -> str | None:
    """Commit of the checkout of Jialing that holds `inside`; None for an installed package."""
    inside = inside.resolve()
    for folder in inside.parents:
        head = folder / ".git" / "HEAD"
        # Installed below a user's own repository, the commit found would be the user's.
        if head.is_file() and folder / "src" / "jialing" in inside.parents:
            return _resolve_head(head)
    return None


def _resolve_head(head: Path) -> str | None:
    kind, _, name = head.read_text(encoding="utf-8").strip().partition(" ")
    if kind != "ref:":
        return kind
    loose, packed = head.parent / name, head.parent / "packed-refs"
    if loose.is_file():
        return loose.read_text(encoding="utf-8").strip()
    if packed.is_file():
        for line in packed.read_text(encoding="utf-8").splitlines():
            if line.endswith(f" {name}"):
                return line.split()[0]
    return None
