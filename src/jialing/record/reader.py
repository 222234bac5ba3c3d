"""What does a record hold? Opens whole, interrupted, killed and damaged records alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.errors import RecordError, UnknownNameError
from jialing.core.signal import FloatArray
from jialing.record.events import read_events
from jialing.record.frame import FORMAT, Frames, frame_dtype, whole_frames
from jialing.record.shape import MANIFEST, RESULT, SCORE, read_document, read_shaped

FieldArray = NDArray[np.float32]

#: One of them lies in the folder of every run, from its beginning.
_PROOFS = ("manifest.json", "city.json")


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run, read back.

    Attributes
    ----------
    folder : where it lies
    manifest : what was run
    frames : [ticks] structured array, columns as in `record.frame.frame_dtype`
    events : state changes, in order
    score : what was written at the end; None if the run was cut off
    notices : what could not be read, one sentence each; empty for a sound record
    damage : ticks that are lost beyond the one that a kill may tear; empty if there are none
    """

    folder: Path
    manifest: Mapping[str, Any]
    frames: Frames
    events: tuple[dict[str, Any], ...]
    score: Mapping[str, Any] | None
    notices: tuple[str, ...]
    damage: str = ""

    @property
    def ticks(self) -> int:
        return len(self.frames)

    @property
    def controller(self) -> str:
        return str(self.manifest["controller"]["name"])

    @property
    def time_s(self) -> FloatArray:
        """[ticks] seconds since the case began."""
        return np.ascontiguousarray(self.frames["time_s"])

    @cached_property
    def signals(self) -> dict[str, int]:
        """Signal name -> column of ``frames["values"]``."""
        return {signal["name"]: i for i, signal in enumerate(self.manifest["signals"])}

    @cached_property
    def actuators(self) -> dict[str, int]:
        """Actuator name -> column of ``frames["given"]`` and its neighbours."""
        return {actuator["name"]: i for i, actuator in enumerate(self.manifest["actuators"])}

    @cached_property
    def notes(self) -> dict[int, str]:
        """Note index -> text."""
        return {e["index"]: e["text"] for e in self.events if e["kind"] == "note"} | {0: ""}

    def series(self, name: str) -> FloatArray:
        """[ticks] values of a signal; ``setting:NAME`` is an actuator's confirmed position."""
        if name in self.signals:
            return np.ascontiguousarray(self.frames["values"][:, self.signals[name]])
        quantity, _, element = name.partition(":")
        if quantity == "setting" and element in self.actuators:
            return np.ascontiguousarray(self.frames["positions"][:, self.actuators[element]])
        raise UnknownNameError("signal of this record", name, self.signals)

    def field(self, name: str) -> FieldArray:
        """[ticks, elements] of a field, mapped from disk."""
        for field in self.manifest["fields"]:
            if field["name"] == name:
                return _map_field(
                    self.folder / f"fields.{name}.bin", self.ticks, len(field["elements"])
                )
        raise UnknownNameError(
            "field of this record", name, [f["name"] for f in self.manifest["fields"]]
        )


def open_record(folder: Path | str) -> Record:
    """Read a record folder; raises RecordError if it is none."""
    folder = Path(folder)
    manifest = read_document(folder / "manifest.json", FORMAT, MANIFEST)
    ticks, notices = folder / "ticks.bin", []
    content = ticks.read_bytes() if ticks.is_file() else b""
    if not ticks.is_file():
        notices.append("ticks.bin is missing")
    dtype = frame_dtype(len(manifest["signals"]), len(manifest["actuators"]))
    frames, torn = whole_frames(content, dtype)
    events, loss = read_events(folder / "events.jsonl")
    notices += [f"ticks.bin: {torn}"] if torn else []
    notices += [loss] if loss else []
    path = folder / "score.json"
    score = read_shaped(path, SCORE) if path.is_file() else None
    if score is None:
        notices.append("score.json is missing: the run was cut off")
    return Record(
        folder=folder,
        manifest=manifest,
        frames=frames,
        events=events,
        score=score,
        notices=tuple(notices),
        damage=_damage(len(frames), len(content) / dtype.itemsize, score),
    )


def _damage(whole: int, found: float, score: Mapping[str, Any] | None) -> str:
    """What was lost beyond a torn last tick: of `found` frames in the file `whole` are sound.

    A run that ended has counted its ticks in its score; one that was killed has written none.
    """
    wrote = (score or {}).get("ticks") or 0
    lost = wrote - whole > (1 if found > whole else 0) if wrote else found - whole > 1.0
    if not lost:
        return ""
    return f"ticks.bin is damaged: {whole} of {wrote or math.ceil(found)} ticks can be read"


def seed_folders(folder: Path | str) -> tuple[Path, ...]:
    """Result folders in a folder that is none itself, by seed."""
    folder = Path(folder)
    if (folder / "manifest.json").is_file() or (folder / "result.json").is_file():
        return ()
    found = [path.parent for path in folder.glob("*/result.json")]
    return tuple(sorted(found, key=lambda path: (_result(path).get("seed") or 0, path)))


def check_one_case(folder: Path) -> None:
    """Raise RecordError for a folder with results of several cases: their figures do not compare.

    Nor do those of one case and seed: nobody knows which of them is meant. The evening of a city that
    was killed has left no result; it counts as one.
    """
    cities = {path.parent.parent for path in folder.glob("*/*/city.json")}
    cases: dict[str, list[str]] = {}
    seeds: dict[int, list[str]] = {}
    for place in sorted({*seed_folders(folder), *cities}):
        case, seed = _case_and_seed(place)
        cases.setdefault(case, []).append(place.name)
        seeds.setdefault(seed, []).append(place.name)
    if len(cases) > 1:
        listed = "; ".join(f"{case} in {', '.join(places)}" for case, places in cases.items())
        first = folder / next(iter(cases.values()))[0]
        raise RecordError(
            f"{folder} holds results of several cases, which do not compare: {listed}. "
            f"Name one of these folders, e.g. {first}"
        )
    for seed, places in seeds.items():
        if len(places) > 1:
            raise RecordError(
                f"{folder} holds several results of seed {seed}: {', '.join(places)}. Figures over seeds "
                f"take one of each; name one of these folders, e.g. {folder / places[-1]}"
            )


def _case_and_seed(result: Path) -> tuple[str, int]:
    """Of a result; its evenings know both where a city was killed before it had one."""
    if (result / "result.json").is_file():
        document = _result(result)
        return document.get("case") or result.name, document.get("seed") or 0
    evening = next(result.glob("*/city.json"))
    case = read_shaped(evening, {"case?": {"name?": str, "seed?": int}}).get("case") or {}
    return case.get("name") or result.name, case.get("seed") or 0


def run_folders(folder: Path | str) -> tuple[Path, ...]:
    """Folders of the runs that a result folder names, in its order, then of those it does not.

    A run lies in a record folder, a city's evening in one with a ``city.json``. A result is written
    as a run ends, so that it does not name one that was killed. Raises RecordError for a run that is
    named and gone.
    """
    folder = Path(folder)
    named = [run["folder"] for run in _result(folder).get("runs") or () if run.get("folder")]
    for name in named:
        if not any((folder / name / proof).is_file() for proof in _PROOFS):
            raise RecordError(
                f"{folder / 'result.json'} names the run {name!r}, which is gone: {folder / name} "
                "holds neither a manifest.json nor a city.json"
            )
    found = {folder / name: None for name in named}
    known = {path.resolve() for path in found}
    others = {path.parent for proof in _PROOFS for path in folder.glob(f"*/{proof}")}
    return (*found, *sorted(path for path in others if path.resolve() not in known))


def evening_folders(folder: Path) -> tuple[Path, ...]:
    """The evenings of a city's result folder; an evening's own folder stands for itself.

    One that was killed, which the result does not name, is among them. Raises RecordError for an
    evening that the result names and that is gone.
    """
    if (folder / "city.json").is_file():
        return (folder,)
    if (folder / "result.json").is_file():
        return tuple(path for path in run_folders(folder) if (path / "city.json").is_file())
    return tuple(sorted(path.parent for path in folder.glob("*/city.json")))


def _result(folder: Path) -> Mapping[str, Any]:
    return read_shaped(folder / "result.json", RESULT)


def record_folders(folder: Path | str) -> tuple[Path, ...]:
    """Record folders of a result folder in its order; a record folder stands for itself.

    A run that was killed is among them. Raises RecordError for a run that the result names and
    that is gone.
    """
    folder = Path(folder)
    if (folder / "manifest.json").is_file():
        return (folder,)
    if (folder / "result.json").is_file():
        return tuple(path for path in run_folders(folder) if (path / "manifest.json").is_file())
    found = tuple(sorted(path.parent for path in folder.glob("*/manifest.json")))
    if not found:
        raise RecordError(f"{folder} holds neither a result.json nor a manifest.json")
    return found


def _map_field(path: Path, ticks: int, elements: int) -> FieldArray:
    if not path.is_file():
        raise RecordError(f"{path} is missing")
    rows = min(ticks, path.stat().st_size // (4 * elements)) if elements else ticks
    if rows * elements == 0:
        return np.zeros((rows, elements), dtype=np.float32)
    return np.memmap(path, dtype="<f4", mode="r", shape=(rows, elements))
