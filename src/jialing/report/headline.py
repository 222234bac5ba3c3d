"""What is the outcome in one sentence, fair to whoever did better?"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from jialing.core.case import Quantity, ScoreSheet
from jialing.report import numbers
from jialing.report.words import Better, controller_phrase, headline_words, word

UNCHANGED = 0.0005  # relative changes below this are called unchanged [1]
LEADING_SHARE = 0.1  # flooding of this share of the largest volume is told first [1]
NB = "\u00a0"  # no-break space
MANIFOLD = 10.0  # growth by more than this factor is told as a factor, not in percent [1]
POOL_M3 = 2_500.0  # a 50 m pool of 25 m width and 2 m depth, the smallest a final may use


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One large figure under the headline.

    Attributes
    ----------
    label : what is counted
    before, after : value with unit for the baseline and the chosen controller
    change : e.g. ``−24 %``; empty for a baseline shown alone
    verdict : ``better``, ``worse``, ``same`` or ``neutral``
    """

    label: str
    before: str
    after: str
    change: str
    verdict: str


@dataclass(frozen=True, kw_only=True)
class Headline:
    """Sentence, its everyday comparison, and the large figures below it."""

    sentence: str
    aside: str
    tiles: tuple[Tile, ...]


def verdict(name: str, before: float, after: float) -> str:
    """Whether `after` is ``better`` or ``worse`` than `before` by the word's own direction."""
    direction = word(name).better
    if direction is Better.NEITHER:
        return "neutral"
    if same(before, after):
        return "same"
    return "better" if (after < before) == (direction is Better.LESS) else "worse"


def same(before: float, after: float) -> bool:
    """True where the difference is too small to be called a change."""
    return abs(after - before) <= UNCHANGED * max(abs(before), abs(after))


def change_text(before: float, after: float) -> str:
    """Change in percent, or in words where a percentage has no meaning."""
    if same(before, after):
        return "unchanged"
    relative = numbers.change(before, after)
    if relative is None:
        return "new"
    if relative > MANIFOLD - 1.0:
        return f"×{numbers.number(1.0 + relative, 0)}"
    return numbers.percent(relative, sign=True)


def clause(name: str, before: Quantity, after: Quantity) -> str:
    """One comparison, e.g. ``Overflow fell by 24 % (298 601 → 227 904 m³)``."""
    label = word(name).label
    places = numbers.decimals_for(max(abs(before.value), abs(after.value)))
    old = numbers.aligned(before.value, places)
    new = numbers.united(numbers.aligned(after.value, places), after.unit)
    if same(before.value, after.value):
        return f"{label} unchanged at {new}"
    moved = "fell" if after.value < before.value else "rose"
    relative = numbers.change(before.value, after.value)
    if relative is None or relative > MANIFOLD - 1.0:
        return f"{label} {moved} from {old} to {new}"
    return f"{label} {moved} by {numbers.percent(abs(relative))} ({old}{NB}→{NB}{new})"


def headline(
    domain: str,
    baseline: tuple[str, ScoreSheet],
    chosen: tuple[str, ScoreSheet] | None,
    *,
    seeds: int = 1,
) -> Headline:
    """Compare `chosen` with `baseline`, each a controller's name and sheet, medians over `seeds`.

    A word that is zero for both moves back; flooding of some size comes first, as the greatest
    harm. Without a second run the sentence only states what the baseline did.
    """
    base_name, base = baseline
    if chosen is None:
        return _alone(domain, base_name, base)
    name, sheet = chosen
    words = _ordered([w for w in headline_words(domain, base) if w in sheet], base, sheet)
    always = headline_words(domain, base)[:2]
    shown = [w for w in words if w in always or base[w].value or sheet[w].value]
    clauses = [clause(w, base[w], sheet[w]) for w in shown]
    sentence = (
        _join(clauses)
        if clauses
        else f"{_first_upper(controller_phrase(name, domain))} left no score"
    )
    versus = (
        f"{controller_phrase(name, domain)}, compared with {controller_phrase(base_name, domain)}"
    )
    occasion = "storm" if domain == "water" else "case"
    on = (
        f"same {occasion} and seed"
        if seeds == 1
        else f"same {occasion}, medians over {seeds} seeds"
    )
    everyday = _everyday(words, base, sheet) if domain == "water" else ""
    return Headline(
        sentence=sentence,
        aside=f"{_first_upper(versus)}, on the {on}.{everyday}",
        tiles=tuple(_tile(w, base[w], sheet[w]) for w in [*shown, *_extra(shown, base, sheet)]),
    )


def _ordered(words: list[str], base: ScoreSheet, sheet: ScoreSheet) -> list[str]:
    size = {w: max(abs(base[w].value), abs(sheet[w].value)) for w in words}
    harm = "flooding"
    leads = size.get(harm, 0.0) >= LEADING_SHARE * max(size.values(), default=0.0)
    return sorted(words, key=lambda w: (size[w] == 0.0, not (leads and w == harm)))


def _alone(domain: str, name: str, sheet: ScoreSheet) -> Headline:
    words = headline_words(domain, sheet)
    parts = [
        f"{word(w).label} {numbers.with_unit(sheet[w].value, sheet[w].unit)}" for w in words[:2]
    ]
    return Headline(
        sentence=_join(parts)
        if parts
        else f"{_first_upper(controller_phrase(name, domain))} left no score",
        aside=f"{_first_upper(controller_phrase(name, domain))} alone: nothing to compare with.",
        tiles=tuple(
            Tile(
                label=word(w).label,
                before="",
                after=numbers.with_unit(sheet[w].value, sheet[w].unit),
                change="",
                verdict="neutral",
            )
            for w in words
        ),
    )


def _tile(name: str, before: Quantity, after: Quantity) -> Tile:
    places = numbers.decimals_for(max(abs(before.value), abs(after.value)))
    return Tile(
        label=word(name).label,
        before=numbers.united(numbers.aligned(before.value, places), before.unit),
        after=numbers.united(numbers.aligned(after.value, places), after.unit),
        change=change_text(before.value, after.value),
        verdict=verdict(name, before.value, after.value),
    )


def _extra(shown: list[str], base: ScoreSheet, sheet: ScoreSheet) -> list[str]:
    """Further words worth a large figure, up to four in all."""
    rest = [w for w in ("treated", "cost") if w in base and w in sheet and w not in shown]
    return rest[: max(0, 4 - len(shown))]


def _everyday(words: list[str], base: ScoreSheet, sheet: ScoreSheet) -> str:
    """The spilled volume in swimming pools, where it makes at least one."""
    spilled = [w for w in ("overflow", "flooding") if w in words and base[w].unit == "m³"]
    difference = sum(sheet[w].value - base[w].value for w in spilled)
    pools = abs(difference) / POOL_M3
    if pools < 0.95:
        return ""
    less = "less" if difference < 0 else "more"
    count = numbers.number(pools, 0 if pools >= 9.5 else 1).removesuffix(".0")
    noun = "pool" if count == "1" else "pools"
    volume = numbers.with_unit(abs(difference), "m³", 0)
    return f" That is {volume} {less} spilled water: about {count} Olympic swimming {noun}."


def _join(clauses: list[str]) -> str:
    first, *others = clauses
    return "; ".join([first, *(c[:1].lower() + c[1:] for c in others)])


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def tiles(told: Headline, held_against: str) -> str:
    """The large figures below the headline."""
    items = []
    for tile in told.tiles:
        before = (
            f'<span class="before">{escape(held_against)} {escape(tile.before)}</span>'
            if tile.before
            else ""
        )
        change = (
            f'<span class="change {tile.verdict}">{escape(_said(tile.change, tile.verdict))}</span>'
            if tile.change
            else ""
        )
        items.append(
            f'<li class="{tile.verdict}"><span class="label">{escape(tile.label)}</span>'
            f'<strong>{escape(tile.after)}</strong><span class="below">{before}{change}</span></li>'
        )
    return f'<ul class="tiles">{"".join(items)}</ul>' if items else ""


def _said(change: str, verdict: str) -> str:
    return f"{change} {verdict}" if verdict in ("better", "worse") else change
