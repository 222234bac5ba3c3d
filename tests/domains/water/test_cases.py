"""Every named case says what it needs, and is the situation that its figures were measured on."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from jialing.core.errors import InputError, MissingExtraError, UnknownNameError
from jialing.domains.water import cases
from jialing.domains.water.cases import CASES, TITLES, open_case
from jialing.domains.water.settings import WaterSettings

needs_pystorms = pytest.mark.skipif(
    importlib.util.find_spec("pystorms") is None, reason="pystorms is not installed"
)


def astlingen_is_absent() -> bool:
    try:
        open_case("astlingen")
    except InputError:
        return True
    return False


needs_astlingen = pytest.mark.skipif(
    astlingen_is_absent(), reason="Astlingen's files are not in JIALING_DATA or ../shared/data"
)


def body(text: str, section: str) -> list[str]:
    found = re.search(rf"^\[{section}\]\n(.*?)(?=^\[|\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, section
    return [line for line in found[1].splitlines() if line.strip() and line[0] != ";"]


@pytest.fixture
def astlingen_folder(tmp_path: Path) -> Path:
    """A folder that looks like Astlingen's, with a network of nothing."""
    folder = tmp_path / "water" / "astlingen"
    folder.mkdir(parents=True)
    (folder / "Astlingen_SWMM.inp").write_text(
        "[OPTIONS]\r\nSTART_DATE  01/01/2000\r\nREPORT_START_DATE  01/01/2000\r\n"
        "END_DATE  12/31/2000\r\n\r\n[TIMESERIES]\r\nrain1 FILE absent.txt\r\n\r\n"
        "[CONTROLS]\r\nRULE BC\r\n",
        newline="",
    )
    for i in (1, 2, 3, 4):
        (folder / f"RG{i}_synthetic_year2000.txt").write_text("01/01/2000 00:00:00 0.0\n")
    return tmp_path


def test_every_case_has_a_line_for_people() -> None:
    assert list(CASES) == list(TITLES)
    assert len(set(TITLES.values())) == len(TITLES)


def test_the_shipped_case_lies_in_the_package() -> None:
    case = open_case("storm-sewer")
    assert case.model.is_relative_to(Path(cases.__file__).parent)
    assert case.model.is_file()


def test_an_unknown_case_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'astlingen-oct2000'"):
        open_case("astlingen-okt2000")


@pytest.mark.parametrize("name", [n for n in CASES if n.startswith("astlingen")])
def test_absent_data_are_named_with_what_to_do(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Astlingen_SWMM\.inp.*JIALING_DATA"):
        open_case(name, data=tmp_path)


def test_an_absent_rain_file_is_named(astlingen_folder: Path) -> None:
    lost = astlingen_folder / "water" / "astlingen" / "RG3_synthetic_year2000.txt"
    lost.unlink()
    with pytest.raises(InputError) as caught:
        open_case("astlingen", data=astlingen_folder)
    assert caught.value.path == lost


@pytest.mark.parametrize("below", ["", "water", "water/astlingen"])
def test_data_may_be_named_at_any_depth(astlingen_folder: Path, below: str) -> None:
    case = open_case("astlingen", data=astlingen_folder / below)
    assert case.model == astlingen_folder / "water/astlingen/Astlingen_SWMM.inp"


def test_jialing_data_names_the_folder(
    astlingen_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIALING_DATA", str(astlingen_folder))
    assert open_case("astlingen").model.is_relative_to(astlingen_folder)


def test_astlingen_ends_with_its_rain(astlingen_folder: Path) -> None:
    case = open_case("astlingen", data=astlingen_folder)
    assert case.duration_s == 56 * 86_400
    assert isinstance(case.settings, WaterSettings)
    assert [path.name for path in case.settings.series_files.values()] == [
        f"RG{i}_synthetic_year2000.txt" for i in (1, 2, 3, 4)
    ]
    assert list(case.settings.series_files) == ["rain1", "rain2", "rain3", "rain4"]


def test_the_creek_of_astlingen_is_the_sensitive_water(astlingen_folder: Path) -> None:
    settings = open_case("astlingen", data=astlingen_folder).settings
    assert len(settings.overflow_nodes) == 10
    assert {n for n, creek in settings.overflow_nodes.items() if creek} == {"T6", "CSO7", "CSO9"}


def test_rules_beside_the_network_are_what_other_rules_runs(astlingen_folder: Path) -> None:
    assert open_case("astlingen", data=astlingen_folder).settings.rules_file is None
    rules = astlingen_folder / "water" / "astlingen" / "EFD_Control.txt"
    rules.write_text("RULE X\n")
    assert open_case("astlingen", data=astlingen_folder).settings.rules_file == rules


@needs_pystorms
@pytest.mark.parametrize(
    ("event", "start", "end", "days"),
    [
        ("aug2000", "08/17/2000", "08/29/2000", 13),
        ("oct2000", "10/14/2000", "10/18/2000", 5),
        ("oct2005", "10/19/2005", "10/22/2005", 4),
        ("aug2008", "08/11/2008", "08/15/2008", 5),
    ],
)
def test_an_event_joins_the_network_with_the_measured_rain(
    event: str,
    start: str,
    end: str,
    days: int,
    astlingen_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JIALING_CACHE", str(tmp_path / "cache"))
    case = open_case(f"astlingen-{event}", data=astlingen_folder)
    text = case.model.read_text()
    options = dict(line.split() for line in body(text, "OPTIONS"))
    assert options == {"START_DATE": start, "REPORT_START_DATE": start, "END_DATE": end}
    rain = [line.split() for line in body(text, "TIMESERIES")]
    for gauge in ("rain1", "rain2", "rain3", "rain4"):
        own = [row for row in rain if row[0] == gauge]
        assert len(own) == days * 288
        assert own[0][1:3] == [start, "00:00:00"]
        assert own[-1][1:3] == [end, "23:55:00"]
    assert len(rain) == 4 * days * 288
    assert body(text, "CONTROLS") == ["RULE BC"]


@needs_pystorms
def test_a_derived_file_is_written_once_and_repaired(
    astlingen_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIALING_CACHE", str(tmp_path / "cache"))
    first = open_case("astlingen-oct2000", data=astlingen_folder).model
    written, whole = first.stat().st_mtime_ns, first.read_bytes()
    again = open_case("astlingen-oct2000", data=astlingen_folder).model
    assert again == first
    assert again.stat().st_mtime_ns == written
    first.write_bytes(whole[:1000])
    assert open_case("astlingen-oct2000", data=astlingen_folder).model.read_bytes() == whole
    assert list(first.parent.iterdir()) == [first]


@needs_pystorms
def test_a_cache_that_cannot_be_written_is_an_input_error(
    astlingen_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("JIALING_CACHE", str(blocked))
    with pytest.raises(InputError, match="JIALING_CACHE"):
        open_case("astlingen-oct2000", data=astlingen_folder)


@needs_pystorms
@pytest.mark.parametrize("name", ["theta", "alpha", "gamma", "zeta"])
def test_a_pystorms_case_names_only_what_its_network_has(name: str) -> None:
    case = open_case(name)
    text = case.model.read_text()
    links = {
        line.split()[0]
        for kind in ("ORIFICES", "CONDUITS", "WEIRS")
        if f"[{kind}]" in text
        for line in body(text, kind)
    }
    assert set(case.settings.controlled) <= links
    assert {limit.link for limit in case.settings.flow_limits} <= links


@needs_pystorms
def test_flow_limits_are_those_that_pystorms_scores() -> None:
    (theta,) = open_case("theta").settings.flow_limits
    assert (theta.link, theta.limit_m3s) == ("8", 0.5)
    gamma = open_case("gamma").settings.flow_limits
    assert len(gamma) == 11
    assert gamma[0].limit_m3s == pytest.approx(4.0 * 0.3048**3)
    alpha = open_case("alpha").settings.flow_limits
    assert {limit.link: limit.limit_m3s for limit in alpha} == dict.fromkeys(
        ("W1", "W2", "W3", "W4", "W5"), 0.0
    )


@needs_pystorms
def test_only_what_pystorms_scores_has_a_price() -> None:
    gamma = open_case("gamma")
    nodes = {line.split()[0] for line in body(gamma.model.read_text(), "JUNCTIONS")}
    assert set(gamma.settings.overflow_nodes) == nodes
    assert gamma.settings.prices.overflow == 0.0
    zeta = open_case("zeta").settings.prices
    assert zeta.sensitive_overflow - zeta.overflow == pytest.approx(1.0)
    assert zeta.overflow - 1.0 == pytest.approx(zeta.flooding) == pytest.approx(zeta.leftover)


def test_a_missing_pystorms_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"jialing\[dev\]"):
        open_case("theta")


@needs_pystorms
@needs_astlingen
def test_all_cases_open_where_their_files_are_present() -> None:
    for name in CASES:
        case = open_case(name)
        assert case.name == name
        assert case.title == TITLES[name]
        assert case.model.is_file()
