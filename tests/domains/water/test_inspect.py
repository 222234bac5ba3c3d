"""What an engineer is shown before anything is controlled, for people and as a document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_sewer import SEWER, bent, line_of, write

from jialing.core.errors import InputError, UnknownNameError
from jialing.domains.water.inspect import inspect_file
from jialing.domains.water.layout import lay_out
from jialing.domains.water.model import read_model
from jialing.domains.water.settings import WaterSettings


def test_the_document_is_plain_json(tmp_path: Path) -> None:
    document, _ = inspect_file(write(tmp_path))
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_actuators_come_with_line_range_size_and_rules(tmp_path: Path) -> None:
    document, _ = inspect_file(write(tmp_path))
    gate = next(a for a in document["actuators"] if a["name"] == "gate")
    assert gate["line"] == line_of(SEWER, "gate    upper_tank")
    assert gate["range"] == [0.0, 1.0]
    assert gate["rules"] == ["throttle"]
    assert (gate["from"], gate["to"], gate["kind"]) == ("upper_tank", "M3", "orifice")
    assert gate["capacity_m3s"] == pytest.approx(1.123, abs=2e-3)
    assert gate["size"] == "0.5 × 0.4 m"


def test_inspect_lists_as_actuators_what_a_run_moves_and_says_why_not_the_rest(
    tmp_path: Path,
) -> None:
    path = write(tmp_path)
    document, lines = inspect_file(path)
    layout = lay_out(read_model(path), WaterSettings())
    assert [a["name"] for a in document["actuators"]] == [a.name for a in layout.actuators]
    (left,) = document["left"]
    assert left["line"] == line_of(SEWER, "spill   upper_tank")
    assert "Not moved (1)" in lines
    assert any("weir 'spill' is a fixed crest, which no rule moves" in line for line in lines)
    document, _ = inspect_file(path, controlled=["gate", "spill"])
    assert "spill" in [a["name"] for a in document["actuators"]]
    assert not any("'spill'" in each["text"] for each in document["left"])


def test_a_weir_is_an_actuator_where_there_is_nothing_else(tmp_path: Path) -> None:
    text = bent(
        (r"^gate .*\n", ""), (r"^floor .*\n", ""), (r"^relief .*\n", ""), (r"^P1 .*\n", ""),
        (r"^gate .*\n", ""), (r"^floor .*\n", ""),
        (r"(?s)\[CONTROLS\].*?\[INFLOWS\]", "[INFLOWS]"),
    )  # fmt: skip
    document, _ = inspect_file(write(tmp_path, text))
    assert [a["name"] for a in document["actuators"]] == ["spill"]
    assert document["left"] == []


def test_rain_inflows_storages_and_outfalls_are_shown_in_si(tmp_path: Path) -> None:
    document, _ = inspect_file(write(tmp_path))
    hill, town = document["rain"]
    assert (hill["gage"], hill["series"], hill["interval_s"]) == ("hill", "storm", 900.0)
    assert hill["depth_m"] == pytest.approx(0.0)  # its rain starts 6 h after the start, at the end
    assert town["depth_m"] == pytest.approx(0.013)
    assert town["area_m2"] == pytest.approx(50_000.0)
    assert document["inflows"]["dry_weather_m3s"] == pytest.approx(0.03)
    tank = document["storages"][0]
    assert tank["volume_m3"] == pytest.approx(800.0)
    assert tank["with_pipes_m3"] > 800.0
    assert [o["class"] for o in document["outfalls"]] == ["treatment", "overflow", "overflow"]


@pytest.mark.parametrize(
    ("option", "town_m", "infiltrated"),
    [("IGNORE_RAINFALL", 0.0, 0), ("IGNORE_RDII", 0.013, 0), ("IGNORE_QUALITY", 0.013, 1)],
)
def test_what_a_file_switches_off_is_not_shown_as_if_it_came(
    tmp_path: Path, option: str, town_m: float, infiltrated: int
) -> None:
    text = bent((r"^THREADS.*", f"{option} YES"))
    document, lines = inspect_file(write(tmp_path, text))
    assert document["rain"][1]["depth_m"] == pytest.approx(town_m)
    assert document["inflows"]["infiltration_nodes"] == infiltrated
    told = [line for line in lines if "switched off" in line]
    assert len(told) == (option != "IGNORE_QUALITY")
    assert all(f"line {line_of(text, option)}: " in line for line in told)


def test_what_is_reduced_unusable_and_left_to_swmm_is_said(tmp_path: Path) -> None:
    document, lines = inspect_file(write(tmp_path, bent((r"^P1 .*", "P1 well M5 * ON"))))
    assert document["reduction"]["stores"] == 4
    assert document["unusable"][0]["line"] == line_of(SEWER, "P1      well")
    assert document["passed_on"] == ["REPORT"]
    text = "\n".join(lines)
    assert "Cannot be moved (1)" in text
    assert "is ideal" in text
    assert "Reduced from 11 nodes and 10 links to 4 stores" in text


def test_a_file_swmm_refuses_is_shown_with_the_reason(tmp_path: Path) -> None:
    text = bent((r"^tank +2 +200", "tank 5 200"))
    document, lines = inspect_file(write(tmp_path, text))
    assert not document["runs_in_swmm"]
    assert "SWMM refuses this file (1)" in lines
    assert any(f"line {line_of(text, 'tank    Storage')}: " in line for line in lines)


def test_notices_of_one_wording_are_counted_not_repeated(tmp_path: Path) -> None:
    stray = "\n".join(f"Z{i} 1 2" for i in range(3))
    text = bent(
        *((rf"^(C{i} +\S+ +\S+ +)\d+", r"\g<1>0.5") for i in (1, 2, 4, 5)),
        (r"^\[COORDINATES\]", f"[COORDINATES]\n{stray}"),
    )
    document, lines = inspect_file(write(tmp_path, text))
    falls = [n for n in document["notices"] if " falls " in n["text"]]
    assert len(falls) == 4
    shown = [line for line in lines if " falls " in line]
    assert len(shown) == 3
    assert shown[-1].endswith("(and 1 more like this)")


def test_a_file_with_nothing_to_move_is_shown_all_the_same(tmp_path: Path) -> None:
    text = bent(
        (r"^gate .*\n", ""), (r"^floor .*\n", ""), (r"^spill .*\n", ""), (r"^relief .*\n", ""),
        (r"^gate .*\n", ""), (r"^floor .*\n", ""), (r"^spill .*\n", ""), (r"^P1 .*\n", ""),
        (r"(?s)\[CONTROLS\].*?\[INFLOWS\]", "[INFLOWS]"),
    )  # fmt: skip
    document, lines = inspect_file(write(tmp_path, text))
    assert document["actuators"] == []
    assert document["reduction"] is None
    assert any("Nothing in this file can be moved" in line for line in lines)


def test_only_the_links_asked_for_count_as_actuators(tmp_path: Path) -> None:
    document, _ = inspect_file(write(tmp_path), controlled=["gate"])
    assert [a["name"] for a in document["actuators"]] == ["gate"]
    with pytest.raises(UnknownNameError):
        inspect_file(write(tmp_path), controlled=["gat"])


def test_a_wrong_file_is_an_error_not_a_page(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        inspect_file(write(tmp_path, bent(("CMS", "CMM"))))
