"""What is the outcome of a city's evening in one sentence, and how far do seeds agree on it?"""

from __future__ import annotations

from statistics import median

from jialing.report import numbers
from jialing.report.city_source import WHOLE, CityResult, CityRun
from jialing.report.headline import Headline, Tile, change_text, same, verdict
from jialing.report.words import word

#: Scores that the headline may speak of, in order: those before the bar always, the rest if they
#: got worse by more than `NOTABLE`.
ALWAYS, IF_WORSE = ("caught", "delay"), ("waiting", "flooding", "overflow", "emergency_delay")
TILES = ("caught", "delay", "waiting", "flooding", "overflow", "closed")
NOTABLE = 0.02
_LABELS = {
    "caught": "Caught by water",
    "delay": "Time lost per trip",
    "waiting": "Waiting in stations",
}
_LESS = {
    "delay": ("drivers lost", "time"),
    "emergency_delay": ("emergency vehicles lost", "time"),
    "waiting": ("people waited", "in stations"),
    "flooding": ("streets took", "water from the sewer"),
    "overflow": ("rivers took", "overflow"),
}


def headline(result: CityResult) -> Headline:
    """The evening's outcome, fair to whoever did better."""
    today, chosen = result.today or result.runs[0], result.chosen
    if chosen is None:
        return Headline(
            sentence=_alone(result, today),
            aside=_spread(result, today, None),
            tiles=_tiles(result, today, None),
        )
    told = [clause for w in ALWAYS if (clause := _clause(result, w, today, chosen))]
    worse = [
        clause
        for w in IF_WORSE
        if _lost(result, w, today, chosen) and (clause := _clause(result, w, today, chosen))
    ]
    body = ", and ".join(told) if told else "the evenings left no scores to compare"
    if worse:
        body += f", but {' and '.join(worse)}"
    return Headline(
        sentence=f"{occasion(result)} {body}",
        aside=_spread(result, today, chosen),
        tiles=_tiles(result, today, chosen),
    )


def occasion(result: CityResult) -> str:
    """The weather as the beginning of a sentence."""
    storm = result.storm
    if not storm:
        return "On this evening"
    place = "On" if storm.lower().endswith("evening") else "In"
    return f"{place} {storm[0].lower()}{storm[1:]},"


def middle(result: CityResult, run: CityRun, name: str, part: str = WHOLE) -> float | None:
    """Median of a score over the seeds; None if no seed has it."""
    found = result.values(run.mode, part, name)
    return median(found) if found else None


def _clause(result: CityResult, name: str, today: CityRun, chosen: CityRun) -> str:
    before, after = middle(result, today, name), middle(result, chosen, name)
    if before is None or after is None:
        return ""
    if name == "caught":
        return _caught(before, after, today.label.lower())
    who, what = _LESS[name]
    relative = numbers.change(before, after)
    if same(before, after):
        return f"{who} as much {what} as {today.label.lower()}"
    moved = "less" if after < before else "more"
    if relative is None:
        return f"{who} {moved} {what}"
    if relative > 1.0:
        return f"{who} {numbers.number(1.0 + relative, 1)} times as much {what}"
    return f"{who} {numbers.percent(abs(relative))} {moved} {what}"


def _caught(before: float, after: float, first: str) -> str:
    def said(value: float) -> str:
        return numbers.number(value, 0 if value == round(value) else 1) if value else "no"

    noun = "vehicle was" if after in (0.0, 1.0) else "vehicles were"
    if before == after == 0.0:
        return "no vehicle was caught by water either way"
    instead = (
        f"as {first}" if before == after else f"instead of {said(before).replace('no', 'none')}"
    )
    return f"{said(after)} {noun} caught by water {instead}"


def _lost(result: CityResult, name: str, today: CityRun, chosen: CityRun) -> bool:
    before, after = middle(result, today, name), middle(result, chosen, name)
    return before is not None and after is not None and after > before * (1.0 + NOTABLE) + 1e-9


def _alone(result: CityResult, run: CityRun) -> str:
    caught, delay = middle(result, run, "caught"), middle(result, run, "delay")
    if caught is None or delay is None:
        return f"{occasion(result)} the run was cut off before it could be scored"
    many = numbers.number(caught, 0) if caught else "no"
    noun = "vehicle was" if caught in (0.0, 1.0) else "vehicles were"
    return (
        f"{occasion(result)} {many} {noun} caught by water and drivers lost "
        f"{numbers.duration(delay)} each ({run.label.lower()})"
    )


def _spread(result: CityResult, today: CityRun, chosen: CityRun | None) -> str:
    """How far the seeds agree; with one seed, that nothing is known of it."""
    count = len(result.seeds)
    shown = "" if chosen is None else f"{chosen.label}, compared with {today.label.lower()}. "
    if count == 1:
        return (
            f"{shown}One seed ({result.seed}): how far other evenings of this kind would differ "
            "cannot be told from it."
        )
    ranges = [text for name in ALWAYS if (text := _range(result, name, today, chosen))]
    return (
        f"{shown}Figures are medians over {count} seeds, from the least to the greatest: "
        f"{'; '.join(ranges)}. Map and charts show seed {result.seed}."
    )


def _range(result: CityResult, name: str, today: CityRun, chosen: CityRun | None) -> str:
    rows = []
    for run in (today,) if chosen is None else (today, chosen):
        found = result.values(run.mode, WHOLE, name)
        if not found:
            return ""
        places = numbers.decimals_for(max(abs(v) for v in found)) if name != "caught" else 0
        rows.append(f"{numbers.number(min(found), places)} … {numbers.number(max(found), places)}")
    unit = _unit(result, name)
    return f"{_LABELS.get(name, word(name).label).lower()} {' → '.join(rows)} {unit}".strip()


def _unit(result: CityResult, name: str) -> str:
    for run in result.runs:
        found = run.scores.get(WHOLE, {}).get(name)
        if found is not None:
            return "" if found.unit == "1" else found.unit
    return ""


def _tiles(result: CityResult, today: CityRun, chosen: CityRun | None) -> tuple[Tile, ...]:
    tiles = []
    for name in TILES:
        before = middle(result, today, name)
        after = before if chosen is None else middle(result, chosen, name)
        if before is None or after is None:
            continue
        places = 0 if word(name).whole else numbers.decimals_for(max(abs(before), abs(after)))
        unit = _unit(result, name)
        compared = chosen is not None
        tiles.append(
            Tile(
                label=_LABELS.get(name, word(name).label),
                before=numbers.aligned(before, places) if compared else "",
                after=numbers.united(numbers.aligned(after, places), unit),
                change=change_text(before, after) if compared else "",
                verdict=verdict(name, before, after) if compared else "neutral",
            )
        )
    return tuple(tiles)
