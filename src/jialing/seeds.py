"""How far do the seeds of a case agree?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from jialing import api
from jialing.comparison import columns_as_text, show_change, show_number
from jialing.controllers import ControllerLike
from jialing.core.case import Case, GuardCount, check_seed
from jialing.core.errors import InputError
from jialing.loop.progress import Listener
from jialing.record.plain import to_plain, write_json
from jialing.record.writer import claim_folder
from jialing.result import Interrupted, Result, Text, known


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A figure over seeds: its median, least and greatest; NaN where no seed has it."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        known = [value for value in values if not math.isnan(value)]
        if not known:
            return cls(median=math.nan, least=math.nan, greatest=math.nan)
        return cls(median=median(known), least=min(known), greatest=max(known))

    def shown(self, show: Callable[[float], str]) -> str:
        """E.g. ``54 [48 … 61]``."""
        return f"{show(self.median)} [{show(self.least)} … {show(self.greatest)}]"


@dataclass(frozen=True, kw_only=True)
class SpreadLine:
    """One score word over controllers and seeds.

    Attributes
    ----------
    word, unit : what is scored
    values : one per controller
    changes : against the first controller, seed by seed [1]
    gains : per controller: 1 where every seed is better than under the first, -1 where every one
        is worse, 0 where seeds disagree
    """

    word: str
    unit: str
    values: tuple[Spread, ...]
    changes: tuple[Spread, ...]
    gains: tuple[int, ...]

    def shown(self, run: int) -> str:
        """The values of one controller, and from the second on their changes."""
        value, change = self.values[run].shown(show_number), self.changes[run]
        if run == 0 or math.isnan(change.median):
            return value
        return f"{value} ({change.shown(show_change)})"


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """The same controllers on several seeds of a case.

    Attributes
    ----------
    results : one per seed, in the order in which they were asked for
    folder : holds the result folder of every seed
    """

    results: tuple[Result, ...]
    folder: Path

    @property
    def case(self) -> Case:
        return self.results[0].case

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(result.case.seed for result in self.results)

    @property
    def controllers(self) -> tuple[str, ...]:
        return self.results[0].controllers

    def bound_lines(self) -> list[str]:
        """None: a bound is computed for one seed."""
        return []

    def lines(self) -> tuple[SpreadLine, ...]:
        """The comparison, one line per score word."""
        by_seed = [{line.word: line for line in result.lines()} for result in self.results]
        units = {line.word: line.unit for found in reversed(by_seed) for line in found.values()}
        lines = []
        for word, unit in units.items():
            here = [found[word] for found in by_seed if word in found]
            count = range(len(self.controllers))
            lines.append(
                SpreadLine(
                    word=word,
                    unit=unit,
                    values=tuple(Spread.of([line.values[i] for line in here]) for i in count),
                    changes=tuple(Spread.of([line.changes[i] for line in here]) for i in count),
                    gains=tuple(_agreed([line.gains[i] for line in here]) for i in count),
                )
            )
        return tuple(lines)

    def head(self) -> str:
        """What the table is about, in one line."""
        seeds = ", ".join(str(seed) for seed in self.seeds)
        name = f"{self.case.name} · {self.case.title}"
        return f"{name} · median [least … greatest] of seeds {seeds}{known(self.case)}"

    def notices(self) -> tuple[str, ...]:
        """The notices of every seed; what all say is said once."""
        told = [result.notices() for result in self.results]
        shared = [notice for notice in told[0] if all(notice in one for one in told)]
        own = [
            f"seed {result.case.seed}: {notice}"
            for result, notices in zip(self.results, told, strict=True)
            for notice in notices
            if notice not in shared
        ]
        return (*shared, *own)

    def lost(self) -> tuple[str, ...]:
        """Parts of a city that were lost, under every seed."""
        return tuple(
            f"seed {result.case.seed}: {line}" for result in self.results for line in result.lost()
        )

    def table(self) -> str:
        """The comparison as text."""
        cells = [["", "", *self.controllers]]
        for line in self.lines():
            shown = [line.shown(i) for i in range(len(self.controllers))]
            cells.append([line.word, line.unit, *shown])
        return Text("\n".join([self.head(), *columns_as_text(cells), *self.notices()]))

    def report(self, path: str | Path | None = None) -> Path:
        """Write the HTML report to `path` (default: into the folder); answers where it lies."""
        from jialing.report import write_report

        return write_report(self.folder, Path(path) if path else self.folder / "report.html")

    def to_dict(self) -> dict[str, Any]:
        """The document that `jialing run --seeds N --json` prints: medians, and every seed."""
        lines = self.lines()
        document: dict[str, Any] = to_plain(
            {
                "case": self.case.name,
                "domain": self.case.domain,
                "seeds": self.seeds,
                "runs": [
                    {
                        "controller": name,
                        "score": {
                            line.word: {
                                "value": line.values[i].median,
                                "unit": line.unit,
                                "least": line.values[i].least,
                                "greatest": line.values[i].greatest,
                                "change": line.changes[i],
                            }
                            for line in lines
                        },
                        "guard": self._guard(i),
                        "wall_s": sum(result.runs[i].wall_s for result in self.results),
                    }
                    for i, name in enumerate(self.controllers)
                ],
            }
        )
        document["by_seed"] = [result.to_dict() for result in self.results]
        return document

    def save(self) -> None:
        """Write the same document beside the results of the seeds."""
        write_json(self.folder / "seeds.json", self.to_dict())

    def _guard(self, run: int) -> GuardCount:
        counts = [result.runs[run].guard for result in self.results]
        return GuardCount(
            allowed=sum(count.allowed for count in counts),
            clamped=sum(count.clamped for count in counts),
            refused=sum(count.refused for count in counts),
        )


def repeat(
    case: Case | str | Path,
    controller: ControllerLike | Sequence[ControllerLike] = "predictive",
    *,
    seeds: int | Sequence[int] = 5,
    baseline: bool = True,
    out: str | Path | None = None,
    progress: bool | Listener = False,
) -> Repeated:
    """Run the same controllers on several seeds of a case, and tell how far the seeds agree.

    Parameters
    ----------
    seeds : the seeds, or how many from the case's own on
    case, controller, baseline, out, progress : as in `run`

    Ctrl-C raises `Interrupted` with the seeds that had ended, or else with what there is of the
    first; the one that was cut off is in the report of the folder, too.
    Raises InputError where no seed is asked for, or one twice.
    """
    made = case if isinstance(case, Case) else api.case(case)
    wanted = range(made.seed, made.seed + seeds) if isinstance(seeds, int) else seeds
    for seed in wanted:
        check_seed(seed)
    if not wanted or len(set(wanted)) < len(wanted):
        raise InputError(f"seeds {list(wanted)} are not possible: at least one, and each once")
    parent = Path("runs") if out is None else Path(out)
    folder = claim_folder(parent, api.folder_name(f"{made.name}-{len(wanted)}-seeds"))
    results: list[Result] = []
    for seed in wanted:
        try:
            results.append(
                api.run(
                    made, controller, seed=seed, baseline=baseline, out=folder, progress=progress
                )
            )
        except KeyboardInterrupt:
            if not results:
                raise
            raise Interrupted(Repeated(results=tuple(results), folder=folder)) from None
        finally:
            if not any(folder.iterdir()):  # a model that cannot be opened leaves no folder behind
                folder.rmdir()
        Repeated(results=tuple(results), folder=folder).save()
    return Repeated(results=tuple(results), folder=folder)


def _agreed(gains: Sequence[int]) -> int:
    """1 or -1 where all seeds say so, else 0."""
    return gains[0] if len(set(gains)) == 1 else 0
