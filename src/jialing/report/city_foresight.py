"""How sure was the forecast: what water was foreseen on the roads, and what came?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np

from jialing.core.signal import FloatArray
from jialing.report import numbers
from jialing.report.city_series import period_s, told, underpasses
from jialing.report.city_source import WATER, CityResult, CityRun

LEAD_S = 300.0  # how far the city looks ahead unless its file says otherwise
_KINDS: Mapping[str, str] = {
    "ensemble": "Controllers saw the rain only as an ensemble of forecasts whose errors grow with "
    "lead time, never as the truth.",
    "perfect": "Controllers were given the truth as their forecast: no city has that.",
    "persistence": "Controllers took the rain of the last minutes to go on.",
    "none": "Controllers were given no forecast.",
}


@dataclass(frozen=True, kw_only=True)
class Foresight:
    """What was foreseen of one underpass, period by period.

    Attributes
    ----------
    came : periods after which water worth a closure came within the lead
    hits : those of them in which it was foreseen
    false : periods in which it was foreseen and did not come
    error_m : mean of foreseen minus come, where either was worth a look [m]
    above_worst : share of those periods in which more came than the worst scenario held [1]
    """

    came: int
    hits: int
    false: int
    error_m: float
    above_worst: float


def foresight(
    depth_m: FloatArray, mean_m: FloatArray, worst_m: FloatArray, *, periods: int, close_m: float
) -> Foresight:
    """Hold what was foreseen against what came.

    Parameters
    ----------
    depth_m : [periods] water on the road
    mean_m, worst_m : [periods] greatest depth within the lead: mean of the scenarios, the worst
    periods : length of the lead
    close_m : depth at which a road must be closed
    """
    count = len(depth_m) - periods
    if count <= 0:
        return Foresight(came=0, hits=0, false=0, error_m=np.nan, above_worst=np.nan)
    ahead = np.lib.stride_tricks.sliding_window_view(depth_m, periods + 1)[:count, 1:].max(axis=1)
    mean_m, worst_m = mean_m[:count], worst_m[:count]
    known = np.isfinite(ahead) & np.isfinite(mean_m)
    came, foreseen = known & (ahead >= close_m), known & (mean_m >= close_m)
    wet = known & (np.maximum(ahead, mean_m) >= 0.1 * close_m)
    return Foresight(
        came=int(came.sum()),
        hits=int((came & foreseen).sum()),
        false=int((foreseen & ~came).sum()),
        error_m=float((mean_m - ahead)[wet].mean()) if wet.any() else np.nan,
        above_worst=float((ahead > worst_m + 0.01)[wet].mean()) if wet.any() else np.nan,
    )


def lead_s(run: CityRun) -> float:
    """How far ahead the city looked [s]."""
    rule = (run.plain.get("couplings") or {}).get("depth_to_closure") or {}
    return float(run.manifest.get("lead_s", rule.get("lead_s", LEAD_S)))


def of_run(run: CityRun) -> dict[str, Foresight]:
    """Underpass, as people read it -> what was foreseen there; empty where nobody looked ahead."""
    rule = (run.plain.get("couplings") or {}).get("depth_to_closure") or {}
    close_m = 1e-3 * float(rule.get("closes_mm", 150.0))
    periods = max(round(lead_s(run) / period_s(run)), 1)
    found = {}
    for name, title in underpasses(run).items():
        mean_m, worst_m = (told(run, WATER, f"{kind}:{name}") for kind in ("foreseen", "worst"))
        if np.isfinite(mean_m).any():
            depth_m = told(run, WATER, f"depth:{name}")
            found[title] = foresight(depth_m, mean_m, worst_m, periods=periods, close_m=close_m)
    return found


def forecast_lead(result: CityResult) -> str:
    """What controllers knew of the rain."""
    kind = str(result.case.get("forecast", ""))
    return (
        f"{_KINDS.get(kind, f'Forecast: {kind}.')} Below: minutes in which water worth a closure "
        f"came to an underpass within the next {numbers.number(lead_s(result.runs[-1]) / 60.0, 0)} "
        "minutes, and whether the sewer's plan had foreseen it. A positive error means that more "
        "was foreseen than came; a closure keeps no water away, so that a foreseen flood that does "
        "not come may also be one that the gates prevented."
    )


def forecast_table(result: CityResult) -> str:
    """Hits, misses and false alarms per underpass, of every evening that looked ahead."""
    blocks = []
    for i, run in enumerate(result.runs):
        found = of_run(run)
        if not found:
            continue
        rows = "".join(_row(title, each, period_s(run) / 60.0) for title, each in found.items())
        blocks.append(
            f'<div class="per-run" data-run="{i}"><h4 class="run-name">{escape(run.label)}</h4>'
            '<div class="scroll" tabindex="0"><table class="elements"><thead><tr>'
            '<th scope="col">Underpass</th>'
            '<th scope="col" class="num">Water came <small>min</small></th>'
            '<th scope="col" class="num">of them foreseen</th>'
            '<th scope="col" class="num">Foreseen, did not come <small>min</small></th>'
            '<th scope="col" class="num">Mean error <small>cm</small></th>'
            '<th scope="col" class="num">More than the worst scenario</th>'
            f"</tr></thead><tbody>{rows}</tbody></table></div></div>"
        )
    if blocks:
        return "".join(blocks)
    return '<p class="empty">No evening here looked ahead at the underpasses.</p>'


def _row(title: str, each: Foresight, period_min: float) -> str:
    def minutes(periods: int) -> str:
        return numbers.number(periods * period_min, 0 if period_min.is_integer() else 1)

    foreseen = (
        f"{minutes(each.hits)} ({minutes(each.came - each.hits)} missed)"
        if each.came
        else numbers.NONE
    )
    worse = numbers.percent(each.above_worst) if np.isfinite(each.above_worst) else numbers.NONE
    cells = (
        minutes(each.came),
        foreseen,
        minutes(each.false),
        numbers.number(100.0 * each.error_m, 1),
        worse,
    )
    return (
        f'<tr><th scope="row">{escape(title)}</th>'
        + "".join(f'<td class="num">{cell}</td>' for cell in cells)
        + "</tr>"
    )
