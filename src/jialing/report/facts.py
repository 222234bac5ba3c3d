"""What was run, how sure is it, and what should a careful reader know?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from jialing.report import numbers
from jialing.report.source import ResultView, RunView

DOUBTFUL_ERROR = 5.0  # |mass balance error| above which results are doubtful [%]
HIDDEN = ("picture", "signals", "fields", "actuators")  # of the manifest: shown elsewhere

FORECASTS = {
    "perfect": (
        "Reference, not a claim: the controller knew the coming {what} exactly. "
        "It shows what a perfect forecast would be worth."
    ),
    "ensemble": (
        "Forecast: an ensemble drawn around the coming {what}, with an error that grows with "
        "lead time."
    ),
    "persistence": "Forecast: the {what} of the moment goes on.",
    "none": "Forecast: none. The controller knew only the sensors.",
}
COMING = {"water": "rain", "traffic": "traffic", "metro": "crowd"}  #: what is forecast
OWN = {
    ("metro", "ensemble"): (
        "Forecast: an ensemble of how early and how busy the day is, inferred from the counts so "
        "far, with gusts of people and single trains' loads."
    )
}


def forecast_note(result: ResultView) -> str:
    """What the controllers knew of the future, in a sentence."""
    known = OWN.get((result.domain, result.forecast), FORECASTS.get(result.forecast))
    if known:
        return known.format(what=COMING.get(result.domain, "demand"))
    return f"Forecast: {result.forecast}." if result.forecast else ""


def notes(result: ResultView) -> list[tuple[str, str]]:
    """Remarks for a careful reader, each with ``plain`` or ``warn``."""
    found = [("warn" if result.forecast == "perfect" else "plain", forecast_note(result))]
    remarks = [
        text for run in result.runs for text in run.manifest.get("about", {}).get("remarks", ())
    ]
    found += [("plain", str(text)) for text in dict.fromkeys(remarks)]
    for run in result.runs:
        found += [("warn", f"{run.controller}: {notice}.") for notice in run.notices]
        if run.ended != "completed":
            said = f"{run.controller}: {run.ended}; the figures cover the part that ran."
            found.append(("warn", said))
        error = run.score.get("mass_error")
        if error is not None and abs(error.value) > DOUBTFUL_ERROR:
            size = numbers.with_unit(error.value, error.unit)
            found.append(
                (
                    "warn",
                    f"{run.controller}: the simulator's mass balance is off by {size}. "
                    f"Above {numbers.number(DOUBTFUL_ERROR)} % its volumes are doubtful.",
                )
            )
        if run.unusable:
            count = numbers.number(run.unusable, 0)
            noun = "decision was" if run.unusable == 1 else "decisions were"
            found.append(("warn", f"{run.controller}: {count} {noun} late, failed or skipped."))
    spans = {round(float(run.time_s[-1])) for run in result.runs if len(run.time_s)}
    if len(spans) > 1:
        found.append(("warn", "The runs differ in length, so their figures do not compare."))
    found.append(
        (
            "plain",
            "Long lines are thinned to at most 2000 points, keeping every peak; the record holds "
            "every tick.",
        )
    )
    return [(kind, text) for kind, text in found if text]


def notes_html(result: ResultView) -> str:
    """The remarks as a list."""
    items = "".join(f'<li class="{kind}">{escape(text)}</li>' for kind, text in notes(result))
    return f'<ul class="notes">{items}</ul>'


def decision_time(run: RunView) -> tuple[float, float] | None:
    """Median and 95th percentile of the decisions' wall-clock time [ms]."""
    taken = run.decide_ms[np.isfinite(run.decide_ms)]
    if not taken.size:
        return None
    return float(np.median(taken)), float(np.percentile(taken, 95))


def facts_html(result: ResultView) -> str:
    """Table of the runs' technical figures, and the manifest folded away."""
    heads = "".join(f'<th scope="col" class="num">{escape(r.controller)}</th>' for r in result.runs)
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(f'<td class="num">{escape(value)}</td>' for value in values)
        + "</tr>"
        for label, values in _technical(result)
    )
    return (
        f'<dl class="facts">{_definitions(result)}</dl>'
        '<div class="scroll" tabindex="0"><table class="elements"><thead><tr>'
        f'<th scope="col">Technical figures</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        f"</div>{''.join(_manifest(run) for run in result.runs)}"
    )


def _begin(run: RunView) -> str:
    """Date and time at which a run began, or what of the two is known."""
    day, _, time = run.start.partition("T")
    return f"{day} {time}" if day and run.dated else time


def _definitions(result: ResultView) -> str:
    manifest = result.baseline.manifest
    versions = manifest.get("versions") or {}
    files = manifest.get("files") or []
    pairs = [
        ("Folder", result.folder),
        ("Case", result.case),
        ("Domain", result.domain),
        ("Seed", str(result.seed)),
        ("Forecast", result.forecast),
        ("Starts", _begin(result.baseline)),
        ("Duration", _length(result.baseline)),
        ("Tick", numbers.duration(float(manifest["tick_s"])) if "tick_s" in manifest else ""),
        ("Versions", ", ".join(f"{name} {number}" for name, number in versions.items())),
        ("Commit", str(manifest.get("commit") or "")),
        ("Run on", _machine(manifest.get("machine") or {})),
        ("Run at", str(manifest.get("created") or "").replace("T", " ")),
        *(("File", f"{_base_name(f['path'])}  SHA-256 {f['sha256']}") for f in files),
    ]
    return "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in pairs
        if value
    )


def _base_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _machine(found: Mapping[str, Any]) -> str:
    cores = f"{found['cores']} cores" if "cores" in found else ""
    return ", ".join(
        filter(None, (str(found.get("processor", "")), cores, found.get("system", "")))
    )


def _length(run: RunView) -> str:
    duration_s = run.manifest.get("duration_s")
    return numbers.duration(float(duration_s)) if duration_s else ""


def _technical(result: ResultView) -> Iterator[tuple[str, list[str]]]:
    runs = result.runs
    times = [decision_time(run) for run in runs]
    errors = [run.score.get("mass_error") for run in runs]
    yield "Ticks", [numbers.number(len(run.time_s), 0) for run in runs]
    yield "Decision time, median", [_ms(t[0]) if t else numbers.NONE for t in times]
    yield "Decision time, 95th percentile", [_ms(t[1]) if t else numbers.NONE for t in times]
    yield "Wall time", [numbers.duration(run.wall_s) for run in runs]
    yield "of which simulator", [numbers.duration(run.plant_s) for run in runs]
    yield "of which decisions", [numbers.duration(run.decide_s) for run in runs]
    yield "of which the loop", [numbers.duration(run.loop_s) for run in runs]
    if any(errors):  # of a sewer's simulator; streets and stations have none
        shown = [numbers.with_unit(e.value, e.unit) if e else numbers.NONE for e in errors]
        yield "Mass balance error", shown


def _ms(milliseconds: float) -> str:
    return numbers.with_unit(milliseconds, "ms")


def _manifest(run: RunView) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>"
        for name, value in flat({k: v for k, v in run.manifest.items() if k not in HIDDEN})
    )
    return (
        f"<details><summary>Everything that configured {escape(run.controller)}</summary>"
        f'<div class="scroll" tabindex="0"><table class="elements manifest"><tbody>{rows}</tbody>'
        "</table></div></details>"
    )


def flat(found: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested mappings and lists as dotted names with their values as text."""
    if isinstance(found, Mapping):
        for name, value in found.items():
            yield from flat(value, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(found, list | tuple):
        if len(found) > 12 or not any(isinstance(item, Mapping | list) for item in found):
            shown = ", ".join(_spoken(item) for item in found[:12])
            yield prefix, shown + (f", … ({len(found)} in all)" if len(found) > 12 else "")
        else:
            for i, value in enumerate(found):
                yield from flat(value, f"{prefix}[{i}]")
    else:
        yield prefix, _spoken(found)


def _spoken(value: Any) -> str:
    """A setting as text; of a file its name alone, for its folder may tell who its owner is."""
    text = "" if value is None else str(value)
    whole = PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()
    return _base_name(text) if whole else text
