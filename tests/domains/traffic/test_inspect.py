"""Is an engineer shown what was read, and told what was not used?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_roads import PHASES, PROGRAMME, write_network
from traffic_files import ABSENT, MAPS, shared_map

from jialing.domains.traffic.inspect import inspect_file
from jialing.domains.traffic.model import read_roads
from jialing.domains.traffic.picture import picture


def whys(folder: Path, *changes: tuple[str, str]) -> str:
    document, lines = inspect_file(write_network(folder, *changes))
    told = "\n".join(each["why"] for each in document["skipped"])
    for why in told.splitlines():
        assert any(why in line for line in lines), why
    return told


def test_every_mode_and_time_of_a_signal_is_shown(tmp_path: Path) -> None:
    document, lines = inspect_file(write_network(tmp_path))
    text = "\n".join(lines)
    assert document["counts"] == {"signals": 1, "nodes": 5, "streets": 4, "lanes": 4}
    for words in ("2 lanes in", "3 movements", "1 pedestrian crossing", "4 conflicts", "offset 12"):
        assert words in text
    assert "mode 0  Grrr  8–40 s, 5 s to change" in text
    assert "mode 1  rGgG  5–∞ s" in text
    assert "no traffic" in text
    signal = document["junctions"][0]
    assert [each["conflicts"] for each in signal["movements"]] == [[1, 2, 3], [0], [0, 3], [0, 2]]
    assert signal["modes"][1]["max_green_s"] is None


def test_a_usual_signal_needs_no_remark(tmp_path: Path) -> None:
    assert whys(tmp_path) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([('state="Grrr" minDur', 'state="Grsr" minDur')], "right turn on red"),
        ([('state="rrrr"', 'state="rurr"')], "red and yellow"),
        ([('type="static"', 'type="actuated"')], "'actuated'"),
        ([('length="190.00"', 'length="0.10"')], "shorter than a car: WC_0"),
        ([('length="185.00"', 'length="0.00"')], "shorter than a car: CE_0"),
        ([('speed="13.89" length="190.00"', 'speed="0.00" length="190.00"')], "speed limit 0: WC_0"),
        ([(PHASES, PHASES.replace('"\n', '"').replace('r"', 'rr"').replace('G"', 'Gr"'))], "linkIndex 4"),
        ([(PHASES, PHASES + '        <phase duration="5" state="oooo"/>\n')], "phase 8 is off or blinking"),
        ([(PHASES, PHASES.replace("g", "r").replace('"ryyr"', '"ryrr"'))], "no mode gives green to linkIndex 2"),
        ([(PROGRAMME, PROGRAMME + PROGRAMME.replace('"day"', '"night"'))], "'night' is in use"),
        ([(PHASES, '        <phase duration="9" state="Grrr"/>\n')], "one mode"),
        ([(PHASES, '        <phase duration="9" state="Grrr"/>\n        <phase duration="9" state="rGgr"/>\n')], "no yellow"),
        ([('id="WC_0" index="0" disallow="pedestrian"', 'id="WC_0" index="0" allow="tram"')], "phase 1 serves trams alone"),
        ([('<junction id="W" type="dead_end"', '<junction id="W" type="rail_signal"')], "left to the simulator"),
    ],
)  # fmt: skip
def test_what_is_unusual_is_named(
    tmp_path: Path, changes: list[tuple[str, str]], words: str
) -> None:
    assert words in whys(tmp_path, *changes)


def test_outputs_that_a_run_does_not_write_are_named(tmp_path: Path) -> None:
    write_network(tmp_path)
    path = tmp_path / "own.sumocfg"
    path.write_text(
        '<configuration>\n<net-file value="crossing.net.xml"/>\n<fcd-output value="fcd.xml"/>\n'
        '<summary value="all.xml"/>\n</configuration>'
    )
    note = next(each for each in read_roads(path).skipped if "own.sumocfg" in each.element)
    assert note.line == 3
    assert "fcd-output, summary" in note.why


def test_a_configuration_that_switches_every_signal_off_is_told(tmp_path: Path) -> None:
    write_network(tmp_path)
    path = tmp_path / "own.sumocfg"
    path.write_text(
        '<configuration><net-file value="crossing.net.xml"/>\n<tls.all-off value="true"/></configuration>'
    )
    note = next(each for each in read_roads(path).skipped if "own.sumocfg" in each.element)
    assert note.line == 2
    assert "every signal is off" in note.why


def test_a_turn_that_waits_inside_the_node_is_named(tmp_path: Path) -> None:
    inner = (
        '    <connection from=":C_2" to="CE" fromLane="0" toLane="0" dir="r" state="M"/>\n',
        '    <connection from=":C_2" to="CE" fromLane="0" toLane="0" via=":C_3_0" dir="r" state="m"/>\n'
        '    <connection from=":C_3" to="CE" fromLane="0" toLane="0" dir="r" state="M"/>\n',
    )
    edge = (
        '    <edge id=":C_c0"',
        '    <edge id=":C_3" function="internal">\n        <lane id=":C_3_0" index="0" '
        'speed="6.00" length="5.00" shape="205.00,195.00 210.00,200.00"/>\n    </edge>\n'
        '    <edge id=":C_c0"',
    )
    node = ('intLanes=":C_0_0 :C_1_0 :C_2_0 ', 'intLanes=":C_0_0 :C_1_0 :C_3_0 ')
    path = write_network(tmp_path, inner, edge, node)
    found = read_roads(path)
    assert found.junctions[0].via_length_m[2] == pytest.approx(12.0 + 5.0)
    assert found.junctions[0].conflicts[0, 2]
    assert any("linkIndex 2 may wait inside" in each.why for each in found.skipped)


def test_a_signal_that_no_connection_names_is_named(tmp_path: Path) -> None:
    other = PROGRAMME.replace('id="C"', 'id="Q"')
    document, _ = inspect_file(write_network(tmp_path, (PROGRAMME, PROGRAMME + other)))
    assert [each["element"] for each in document["skipped"]] == ["signal Q"]


@pytest.mark.parametrize("name", MAPS)
def test_known_maps_are_shown_and_drawn_as_plain_documents(name: str) -> None:
    if not shared_map(name).is_file():
        pytest.skip(ABSENT)
    document, lines = inspect_file(shared_map(name))
    json.dumps(document, allow_nan=False)
    assert len(lines) > 5
    roads = read_roads(shared_map(name))
    drawn = picture(roads)
    modes = next(panel for panel in drawn["panels"] if panel["style"] == "modes")
    assert modes["signals"] == [f"setting:{junction.name}" for junction in roads.junctions]
    json.dumps(drawn, allow_nan=False)
    nodes, links = drawn["nodes"], drawn["links"]
    assert len({len(column) for column in nodes.values()}) == 1
    assert len({len(column) for column in links.values()}) == 1
    assert max(*links["from"], *links["to"]) < len(nodes["name"])
    assert nodes["kind"].count("signal") == sum(len(j.nodes) for j in roads.junctions)
    assert None not in nodes["x"]


def test_a_queue_is_drawn_before_its_stop_line(tmp_path: Path) -> None:
    drawn = picture(read_roads(write_network(tmp_path)))["nodes"]
    at = drawn["name"].index("WC_0")
    assert (drawn["x"][at], drawn["y"][at]) == (pytest.approx(178.0), pytest.approx(200.0))


def test_people_who_wait_are_drawn_by_the_place_of_their_letter(tmp_path: Path) -> None:
    """Link 0 is without signal, so the crossing's letter is the fourth, and its movement the third."""
    drawn = picture(read_roads(write_network(tmp_path, ('linkIndex="0"', 'linkIndex="-1"'))))
    rows = {panel["title"]: panel["signals"] for panel in drawn["panels"]}
    assert rows["People who wait to cross"] == ["waiting:C/3"]


def test_a_street_without_shape_is_drawn_straight(tmp_path: Path) -> None:
    shape = ' shape="0.00,200.00 190.00,200.00"'
    drawn = picture(read_roads(write_network(tmp_path, (shape, ""))))
    at = drawn["links"]["name"].index("WC")
    assert drawn["links"]["vertices"][at] == []
    assert drawn["nodes"]["x"][drawn["nodes"]["name"].index("WC_0")] is None
