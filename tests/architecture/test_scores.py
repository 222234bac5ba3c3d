"""Does the page of scores define every word of a score sheet, and does the report judge by it?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import jialing as jl
from jialing.city.run import WORDS as CITY_WORDS
from jialing.domains.metro.score import WORDS as STATION_WORDS
from jialing.domains.traffic.score import WORDS as SIGNAL_WORDS
from jialing.report.words import WORDS, Better

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "scores.md"
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def defined(section: str) -> dict[str, str]:
    """Word -> unit, as a section of the page lists them."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return {word: unit for word, unit, _ in ROW.findall(text)}


def better(meaning: str) -> Better:
    """The direction that a row of the page states; less is better where it states none."""
    if meaning.endswith("neither more nor less is better"):
        return Better.NEITHER
    return Better.MORE if meaning.endswith("more is better") else Better.LESS


@pytest.mark.parametrize(
    ("section", "words"), [("Signals", SIGNAL_WORDS), ("Stations", STATION_WORDS)]
)
def test_every_word_of_a_domain_is_defined_with_its_unit(
    section: str, words: dict[str, tuple[str, str]]
) -> None:
    assert defined(section) == {word: unit for word, (unit, _) in words.items()}


def test_every_word_of_a_city_is_defined_with_its_unit() -> None:
    found = defined("City")
    assert list(found) == list(CITY_WORDS)
    parts = {"flooding": "Water", "overflow": "Water", "stops": "Signals", "co2": "Signals"}
    parts |= {"delay": "Signals", "emergency_delay": "Signals", "waiting": "Stations"}
    for word, section in parts.items():
        assert found[word] == defined(section)[word], word


@pytest.mark.swmm
def test_every_word_of_a_sewer_is_defined_with_its_unit(tmp_path: Path) -> None:
    from jialing.domains.water.settings import LevelLimit

    limits = (LevelLimit(node="TA", depth_m=0.1),)
    case = jl.case("storm-sewer", duration_s=600.0, level_limits=limits)
    (run,) = jl.run(case, "open", baseline=False, out=tmp_path).runs
    assert defined("Water") == {word: value.unit for word, value in run.score.items()}


def test_the_report_judges_every_word_as_the_page_says_and_knows_no_other() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    said = {(word, better(meaning)) for word, _, meaning in rows}
    assert said == {(name, word.better) for name, word in WORDS.items()}
