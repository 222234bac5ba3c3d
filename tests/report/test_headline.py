"""Does the headline say who did better, in fair words and right figures?"""

from __future__ import annotations

import pytest

from jialing.core.case import Quantity, ScoreSheet
from jialing.report.headline import change_text, headline, verdict


def sheet(**values: float) -> ScoreSheet:
    return {name: Quantity(value=value, unit="m³") for name, value in values.items()}


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def sentence(before: ScoreSheet, after: ScoreSheet, domain: str = "water") -> str:
    return plain(headline(domain, ("rules", before), ("predictive", after)).sentence)


def test_the_astlingen_headline_reads_as_agreed() -> None:
    before = sheet(flooding=0.0, overflow=298_601.0)
    after = sheet(flooding=0.0, overflow=227_904.0)
    assert sentence(before, after) == (
        "Overflow fell by 24 % (298 601 → 227 904 m³); flooding unchanged at 0 m³"
    )


def test_doing_worse_is_said_as_plainly_as_doing_better() -> None:
    said = sentence(sheet(overflow=100.0, flooding=5.0), sheet(overflow=103.0, flooding=5.0))
    assert said == "Overflow rose by 3.0 % (100 → 103 m³); flooding unchanged at 5.00 m³"


def test_flooding_of_some_size_is_told_before_overflow() -> None:
    small = sentence(sheet(overflow=100.0, flooding=9.0), sheet(overflow=90.0, flooding=9.9))
    large = sentence(sheet(overflow=100.0, flooding=9.0), sheet(overflow=90.0, flooding=10.1))
    assert small.startswith("Overflow")
    assert large.startswith("Flooding rose by 12 %")


def test_flooding_comes_first_where_nothing_overflows() -> None:
    said = sentence(sheet(overflow=0.0, flooding=80.0), sheet(overflow=0.0, flooding=20.0))
    assert said.startswith("Flooding fell by 75 % (80.0 → 20.0 m³); overflow unchanged at 0 m³")


def test_a_spill_from_nothing_has_no_percentage() -> None:
    said = sentence(sheet(overflow=0.0, flooding=1.0), sheet(overflow=12.0, flooding=1.0))
    assert "Overflow rose from 0 to 12.0 m³" in said


def test_a_spill_from_almost_nothing_is_told_without_a_huge_percentage() -> None:
    said = sentence(sheet(overflow=9.0, flooding=0.23), sheet(overflow=9.0, flooding=3_936.0))
    assert "Flooding rose from 0.230 to 3 936 m³" in said


def test_sensitive_waters_are_named_only_where_they_received_something() -> None:
    dry = sentence(
        sheet(overflow=10.0, flooding=0.0, overflow_sensitive=0.0),
        sheet(overflow=8.0, flooding=0.0, overflow_sensitive=0.0),
    )
    wet = sentence(
        sheet(overflow=10.0, flooding=0.0, overflow_sensitive=4.0),
        sheet(overflow=8.0, flooding=0.0, overflow_sensitive=5.0),
    )
    assert "sensitive" not in dry
    assert "overflow to sensitive waters rose by 25 % (4.00 → 5.00 m³)" in wet


def test_a_difference_below_a_twentieth_of_a_percent_is_no_change() -> None:
    assert change_text(10_000.0, 10_004.9) == "unchanged"
    assert change_text(10_000.0, 10_005.1) != "unchanged"


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        ("overflow", 10.0, 9.0, "better"),
        ("overflow", 9.0, 10.0, "worse"),
        ("treated", 9.0, 10.0, "better"),
        ("treated", 10.0, 9.0, "worse"),
        ("mass_error", 0.1, -0.4, "neutral"),
        ("overflow", 0.0, 0.0, "same"),
    ],
)
def test_better_follows_the_direction_of_the_word(
    name: str, before: float, after: float, expected: str
) -> None:
    assert verdict(name, before, after) == expected


def test_growth_beyond_tenfold_is_a_factor() -> None:
    assert plain(change_text(1.0, 9.9)) == "+890 %"
    assert change_text(1.0, 46.0) == "×46"
    assert change_text(0.0, 3.0) == "new"


def test_pools_are_counted_only_from_about_one() -> None:
    def aside(after: float) -> str:
        told = headline(
            "water", ("rules", sheet(overflow=50_000.0)), ("mine", sheet(overflow=after))
        )
        return plain(told.aside)

    assert "pool" not in aside(48_000.0)
    assert "2 500 m³ less spilled water: about 1 Olympic swimming pool." in aside(47_500.0)
    assert "25 000 m³ more spilled water: about 10 Olympic swimming pools." in aside(75_000.0)


def test_a_baseline_alone_is_stated_without_comparison() -> None:
    told = headline("water", ("rules", sheet(overflow=12.0, flooding=0.0)), None)
    assert plain(told.sentence) == "Overflow 12.0 m³; flooding 0 m³"
    assert "nothing to compare" in told.aside


def test_an_unknown_domain_speaks_of_its_first_two_words() -> None:
    before = {"delay": Quantity(value=40.0, unit="s"), "stops": Quantity(value=3.0, unit="1")}
    after = {"delay": Quantity(value=30.0, unit="s"), "stops": Quantity(value=3.0, unit="1")}
    assert sentence(before, after, "traffic") == (
        "Delay fell by 25 % (40.0 → 30.0 s); stops unchanged at 3.00"
    )


def test_a_run_without_a_score_still_gets_a_headline() -> None:
    told = headline("water", ("rules", sheet(overflow=1.0)), ("predictive", {}))
    assert told.sentence == "Predictive control left no score"


def test_a_name_that_domains_share_means_what_it_means_there() -> None:
    roads = headline("traffic", ("fixed", sheet(delay=9.0)), ("predictive", sheet(delay=3.0)))
    station = headline("metro", ("fixed", sheet(waiting=9.0)), ("predictive", sheet(waiting=3.0)))
    assert "compared with the programme in the file" in roads.aside
    assert "compared with fixed directions" in station.aside
