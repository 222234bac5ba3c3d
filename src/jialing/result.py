"""What does a finished run hand to its user?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jialing.comparison import Line, as_text, compare_runs
from jialing.core.case import Case, Reference, Run
from jialing.record.plain import to_plain, write_json

NAMED = 5  # of what is not controlled, in a notice


class Text(str):
    """Text that an interactive session shows as it is, with its line breaks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, kw_only=True)
class CaseEntry:
    """One line of `jialing.cases()`.

    Attributes
    ----------
    name, domain, title : as in `Case`
    lacks : why the case cannot run here; empty if it can
    """

    name: str
    domain: str
    title: str
    lacks: str = ""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was read out of a model file.

    Attributes
    ----------
    document : JSON-ready
    text : the same for people
    """

    document: Mapping[str, Any]
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class Result:
    """Runs of several controllers on one case and seed, baseline first.

    Attributes
    ----------
    case : what was run
    runs : one per controller
    folder : where the records lie
    bound : what no control can beat, where it was asked for
    baseline : name of the run of the domain's baseline; empty if it was left out
    """

    case: Case
    runs: tuple[Run, ...]
    folder: Path
    bound: Reference | None = None
    baseline: str = ""

    def __getitem__(self, controller: str) -> Run:
        for run in self.runs:
            if run.controller == controller:
                return run
        raise KeyError(f"{controller!r} did not run; these did: {list(self.controllers)}")

    def lines(self) -> tuple[Line, ...]:
        """The comparison, one line per score word."""
        return compare_runs(self.runs)

    @property
    def controllers(self) -> tuple[str, ...]:
        return tuple(run.controller for run in self.runs)

    def head(self) -> str:
        """What the table is about, in one line."""
        return f"{self.case.name} · {self.case.title} · seed {self.case.seed}{known(self.case)}"

    def notices(self) -> tuple[str, ...]:
        """What a reader of the figures should know: what stayed uncontrolled, decisions that failed,
        runs cut short, parts lost."""
        every = [notice for run in self.runs for notice in _notices(run)]
        return tuple(dict.fromkeys(every))

    def lost(self) -> tuple[str, ...]:
        """Parts of a city that ended early or could not be scored, and why; none elsewhere."""
        return tuple(line for run in self.runs for line in _lost(run))

    def table(self) -> str:
        """The comparison as text."""
        lines = [
            self.head(),
            *as_text(self.runs, self.lines()),
            *self.notices(),
            *self.bound_lines(),
        ]
        return Text("\n".join(lines))

    def bound_lines(self) -> list[str]:
        """The bound, what it holds for, and beside the baseline how far each run is above it."""
        if self.bound is None:
            return []
        word, value = self.bound.word, self.bound.value
        lines = [f"No control has a {word} below {value:,.1f} {self.bound.unit} here, if"]
        lines += [f"  - {sentence}" for sentence in self.bound.statement]
        scores = {r.controller: r.score[word].value for r in self.runs if word in r.score}
        baseline = scores.get(self.baseline, math.nan)
        for name, score in scores.items():
            regret = self.bound.regret(score, baseline)
            if math.isfinite(regret):
                lines.append(
                    f"{name}: {regret:.0%} of the baseline's distance to the bound is left"
                )
        return lines

    def report(self, path: str | Path | None = None) -> Path:
        """Write the HTML report to `path` (default: into the result folder); answers where it lies."""
        from jialing.report import write_report

        return write_report(self.folder, Path(path) if path else self.folder / "report.html")

    def to_dict(self) -> dict[str, Any]:
        """The document that `jialing run --json` prints."""
        document: dict[str, Any] = to_plain(
            {
                "case": self.case.name,
                "domain": self.case.domain,
                "seed": self.case.seed,
                "runs": [
                    {
                        "controller": run.controller,
                        "score": run.score,
                        "guard": run.guard,
                        "wall_s": run.wall_s,
                        **({"lost": run.details["lost"]} if "lost" in run.details else {}),
                    }
                    for run in self.runs
                ],
                **({} if self.bound is None else {"bound": self.bound}),
            }
        )
        return document

    def save(self) -> None:
        """Write ``result.json``: the same document and where each record lies."""
        document = self.to_dict()
        document["title"] = self.case.title
        document["forecast"] = self.case.forecast
        for entry, run in zip(document["runs"], self.runs, strict=True):
            entry["folder"] = run.folder.name if run.folder else None
            entry["ended"] = run.details.get("ended", "completed")
        write_json(self.folder / "result.json", document)


def known(case: Case) -> str:
    """The label of figures that no installation could reach: it knew what nobody knows."""
    labels = {"forecast": case.forecast, "sensing": getattr(case.settings, "sensing", "")}
    found = [f"perfect {name}" for name, kind in labels.items() if kind == "perfect"]
    return f" · a reference: {', '.join(found)}" if found else ""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a run; `result` holds what there is, and its record can be opened.

    It is a `Result`, or a `Repeated` where several seeds were asked for and one had ended.
    """

    def __init__(self, result: Any) -> None:
        self.result = result
        super().__init__(f"interrupted; the record lies in {result.folder}")


def _notices(run: Run) -> list[str]:
    found = []
    alone: Sequence[str] = run.details.get("uncontrolled", ())
    if alone:
        more = f" and {len(alone) - NAMED} more" if len(alone) > NAMED else ""
        found.append(
            f"not controlled: {', '.join(alone[:NAMED])}{more}; `jialing inspect` says why"
        )
    if run.details.get("trips") == 0:
        found.append(
            "nobody drove: no vehicle was due between the beginning and the end of the run; compare "
            "the departures in the route files with <begin> and --duration"
        )
    decisions: Mapping[str, int] = run.details.get("decisions", {})
    total = sum(decisions.values())
    words = {"late": "late", "raised": "failed", "rejected": "rejected", "busy": "skipped"}
    failed = [f"{decisions[key]} {word}" for key, word in words.items() if decisions.get(key)]
    if failed:
        found.append(
            f"{run.controller}: of {total} decisions {', '.join(failed)}; the last plan or the "
            "local rule acted instead (events.jsonl says why)"
        )
    if run.details.get("ended") == "interrupted":
        found.append(f"{run.controller}: interrupted; the figures cover the part that ran")
    return [*found, *_lost(run)]


def _lost(run: Run) -> list[str]:
    lost: Mapping[str, str] = run.details.get("lost", {})
    return [
        f"{run.controller}: {part} is lost, and figures are without it: {reason}"
        for part, reason in lost.items()
    ]
