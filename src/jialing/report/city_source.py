"""What does the report know of a city's evening: modes, parts, diary, events, other seeds?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jialing.core.case import GuardCount, ScoreSheet
from jialing.core.errors import RecordError
from jialing.record.reader import evening_folders, open_record
from jialing.record.shape import (
    ANY_NUMBER,
    CITY_FORMAT,
    DIARY,
    EVENT,
    NUMBER,
    SCORE,
    read_document,
    read_shaped,
)
from jialing.record.whole import whole_lines
from jialing.report import numbers
from jialing.report.reading import counted, seconds, sheet

SHAPE = {
    "case?": {
        "seed?": int,
        "tick_s?": ANY_NUMBER,
        "duration_s?": ANY_NUMBER,
        "settings?": {"storm?": str, "events?": [str]},
    },
    "parts?": {"*": str},
    "versions?": dict,
    "files?": [dict],
    "lead_s?": NUMBER,
    "offsets_s?": {"*": NUMBER},
    "city?": {
        "begin?": str,
        "storms?": dict,
        "map?": {"lon0?": NUMBER, "lat0?": NUMBER, "earth_m?": NUMBER},
        "underpasses?": {"*": dict},
        "stations?": {"*": dict},
        "couplings?": {"*": dict},
    },
}
#: mode -> as people read it; the first is what the others are held against.
MODES: Mapping[str, str] = {"today": "Today", "alone": "Each alone", "coupled": "Together"}
WATER, TRAFFIC, STATION = "water", "traffic", "station:"
#: A part's name in `Scores` for the city as a whole.
WHOLE = ""

#: Part, or `WHOLE` -> its sheet.
Scores = Mapping[str, ScoreSheet]


@dataclass(frozen=True, kw_only=True)
class CityRun:
    """One evening in one mode.

    Attributes
    ----------
    mode : of `MODES`, or another word
    manifest : ``city.json``
    scores : of the city and of each part; empty for a run that was cut off
    diary : one entry per period, in order
    events : what happened between the parts, and to them
    parts : part -> folder of its last record
    details : of the score: per part its controller, decisions, times
    ended : ``completed``, ``interrupted`` or ``cut off``
    notices : what could not be read, one sentence each
    """

    mode: str
    folder: Path
    manifest: Mapping[str, Any]
    scores: Scores
    guard: GuardCount
    diary: tuple[Mapping[str, Any], ...]
    events: tuple[Mapping[str, Any], ...]
    parts: Mapping[str, Path]
    details: Mapping[str, Any]
    ended: str
    wall_s: float
    exchange_s: float
    notices: tuple[str, ...]

    @property
    def label(self) -> str:
        return MODES.get(self.mode, self.mode.capitalize())

    @property
    def plain(self) -> Mapping[str, Any]:
        """The city's own file."""
        found: Mapping[str, Any] = self.manifest.get("city") or {}
        return found

    @property
    def start(self) -> str:
        """ISO 8601 of the time of day at which the evening begins; empty if its file tells none."""
        begin = str(self.plain.get("begin", ""))
        hours, _, minutes = begin.partition(":")
        try:
            return numbers.time_of_day(3600.0 * int(hours) + 60.0 * int(minutes)) if begin else ""
        except ValueError:
            raise RecordError(
                f"{self.folder / 'city.json'}: city.begin is {begin!r}; "
                "allowed is a clock time such as 17:30"
            ) from None

    @property
    def stations(self) -> tuple[str, ...]:
        return tuple(name for name in self.parts if name.startswith(STATION))


@dataclass(frozen=True, kw_only=True)
class CityResult:
    """Evenings of one case on one seed, today's first, and the scores of the other seeds.

    Attributes
    ----------
    seeds : seed -> mode -> scores; holds the seed that is shown, too
    folder : name of the one that holds what is shown
    """

    runs: tuple[CityRun, ...]
    seed: int
    seeds: Mapping[int, Mapping[str, Scores]]
    folder: str

    @property
    def case(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.runs[0].manifest.get("case") or {}
        return found

    @property
    def title(self) -> str:
        return str(self.case.get("title") or self.case.get("name") or "A city")

    @property
    def schematic(self) -> bool:
        return bool(self.runs[0].plain.get("schematic"))

    @property
    def storm(self) -> str:
        """Title of the weather, e.g. ``A storm of 10 years``; empty if the city names none."""
        storms = self.runs[0].plain.get("storms") or {}
        wanted = (self.case.get("settings") or {}).get("storm") or storms.get("default")
        entry = storms.get(wanted)
        return str(entry.get("title", "")) if isinstance(entry, Mapping) else ""

    @property
    def today(self) -> CityRun | None:
        """What the others are held against; None where today's rules were not run."""
        first = self.runs[0]
        return first if first.mode == next(iter(MODES)) else None

    @property
    def held_against(self) -> str:
        """The evening that the others are held against, inside a sentence: ``today`` if it was run."""
        return self.runs[0].label.lower()

    @property
    def chosen(self) -> CityRun | None:
        """The evening the headline is about: the last that was scored; None where there is one."""
        others = self.runs[1:]
        scored = [run for run in others if run.scores]
        return next(iter([*scored[::-1], *others[::-1]]), None)

    def values(self, mode: str, part: str, word: str) -> list[float]:
        """A score of every seed that has it."""
        sheets = [scores[mode].get(part, {}) for scores in self.seeds.values() if mode in scores]
        return [found[word].value for found in sheets if word in found]


def city_folders(folder: Path) -> tuple[Path, ...]:
    """Result folders of a city in `folder`: itself, or several in it; empty if there are none."""
    if (folder / "city.json").is_file() or any(folder.glob("*/city.json")):
        return (folder,)
    return tuple(sorted({path.parent.parent for path in folder.glob("*/*/city.json")}))


def read_city_result(folders: Sequence[Path]) -> CityResult:
    """Read result folders of one case; the first is shown, the others tell the spread.

    Raises RecordError for a folder without a readable evening.
    """
    shown = _ordered(_read_run(path) for path in evening_folders(folders[0]))
    if not shown:
        raise RecordError(f"{folders[0]} holds no evening of a city that can be read")
    seed = _seed(shown[0].manifest)
    seeds: dict[int, dict[str, Scores]] = {seed: {run.mode: run.scores for run in shown}}
    for folder in folders[1:]:
        for path in evening_folders(folder):
            other_seed, mode, scores = _read_scores(path)
            seeds.setdefault(other_seed, {}).setdefault(mode, scores)
    return CityResult(runs=shown, seed=seed, seeds=seeds, folder=folders[0].resolve().name)


def _ordered(runs: Iterator[CityRun]) -> tuple[CityRun, ...]:
    order = list(MODES)
    return tuple(sorted(runs, key=lambda r: order.index(r.mode) if r.mode in order else 1))


def _seed(manifest: Mapping[str, Any]) -> int:
    return int((manifest.get("case") or {}).get("seed", 0))


def _manifest(folder: Path) -> Mapping[str, Any]:
    return read_document(folder / "city.json", CITY_FORMAT, SHAPE)


def _read_scores(folder: Path) -> tuple[int, str, Scores]:
    manifest = _manifest(folder)
    path = folder / "score.json"
    final = read_shaped(path, SCORE) if path.is_file() else {}
    mode = str(manifest.get("mode", folder.name))
    return _seed(manifest), mode, _scores(final)


def _scores(final: Mapping[str, Any]) -> Scores:
    if not final.get("score"):
        return {}
    parts = (final.get("details") or {}).get("parts") or {}
    return {
        WHOLE: sheet(final["score"]),
        **{name: sheet(part.get("score") or {}) for name, part in parts.items()},
    }


def _read_run(folder: Path) -> CityRun:
    manifest = _manifest(folder)
    path, notices = folder / "score.json", []
    final = read_shaped(path, SCORE) if path.is_file() else {}
    if not final:
        notices.append("the run was cut off before it could be scored")
    diary, torn = whole_lines(folder / "diary.jsonl", DIARY)
    notices += [torn] if torn else []
    events, torn = whole_lines(folder / "events.jsonl", EVENT)
    notices += [torn] if torn else []
    parts = _last_records(folder, manifest.get("parts") or {})
    gone = [name for name in manifest.get("parts") or {} if name not in parts]
    notices += [f"the record of {name} is missing" for name in gone]
    damaged = {name: open_record(path).damage for name, path in parts.items()}
    notices += [f"the record of {name}: {damage}" for name, damage in damaged.items() if damage]
    return CityRun(
        mode=str(manifest.get("mode", folder.name)),
        folder=folder,
        manifest=manifest,
        scores=_scores(final),
        guard=counted(final) or GuardCount(allowed=0, clamped=0, refused=0),
        diary=diary,
        events=events,
        parts=parts,
        details=final.get("details") or {},
        ended=str(final.get("ended", "cut off")),
        wall_s=seconds(final, "wall_s"),
        exchange_s=seconds(final, "exchange_s"),
        notices=tuple(notices),
    )


def _last_records(folder: Path, parts: Mapping[str, str]) -> dict[str, Path]:
    """A part that was started again wrote the whole evening once more; the last one counts."""
    found = {}
    for name, place in parts.items():
        records = [folder / place, *sorted(folder.glob(f"{place}-again*"))]
        whole = [path for path in records if (path / "manifest.json").is_file()]
        if whole:
            found[name] = whole[-1]
    return found
