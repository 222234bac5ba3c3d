"""Does the page of scores define every word that a score sheet holds, with its unit?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import jialing as jl
from jialing.city.run import WORDS as CITY_WORDS
from jialing.domains.metro.score import WORDS as STATION_WORDS
from jialing.domains.traffic.score import WORDS as SIGNAL_WORDS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "scores.md"
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)


def defined(section: str) -> dict[str, str]:
    """Word -> unit, as a section of the page lists them."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return dict(ROW.findall(text))


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


def test_words_of_which_more_is_better_are_said_to_be() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for word in ("treated", "throughput", "arrivals_on_green", "served"):
        assert re.search(rf"\| `{word}` .*more is better \|", text), word
