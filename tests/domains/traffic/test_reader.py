"""Does a wrong file end in one error that names file, line, element and remedy?"""

from __future__ import annotations

import gzip
import math
import re
from pathlib import Path

import pytest
from small_roads import NETWORK, PHASES, PROGRAMME, REQUESTS, STRAIGHT, write_network

from jialing import domains
from jialing.core.errors import InputError
from jialing.domains.traffic.model import read_roads
from jialing.domains.traffic.reader import read_scenario
from jialing.domains.traffic.settings import TrafficSettings

FOLLOWS = "\n"


def line_of(path: Path, text: str) -> int:
    """The line, from 1, in which `text` first stands."""
    return path.read_text(encoding="utf-8").split(text)[0].count(FOLLOWS) + 1


@pytest.mark.parametrize(
    ("change", "line_with", "words"),
    [
        (('state="Grrr" minDur', 'state="Grr" minDur'), 'state="Grr"', ["'C'", "phase 1", "need 4"]),
        (('state="ryyr"', 'state="ryyrr"'), 'state="ryyrr"', ["phase 6", "the first has 4"]),
        (('state="ryyr"', 'state="rXyr"'), 'state="rXyr"', ["'X'", "allowed"]),
        (('state="Grrr" minDur', 'state="Grrrr" minDur'), 'state="yrrr"', ["phase 2", "the first has 5"]),
        (('state="rGgG"', 'state="GGgG"'), 'state="GGgG"', ["phase 4", "linkIndex 0", "linkIndex 1", "WC_0 to CE_0", "(g)"]),
        (('state="rGgG"', 'state="rGGG"'), 'state="rGGG"', ["linkIndex 2", "pedestrian crossing"]),
        (('duration="30"', 'duration="long"'), 'duration="long"', ["duration='long'", "number"]),
        (('duration="30"', 'duration="-1"'), 'duration="-1"', ["below 0"]),
        (('duration="30"', 'duration="0"'), 'duration="0"', ["duration of 0 s"]),
        (('duration="30"', 'duration="nan"'), 'duration="nan"', ["number"]),
        (('offset="12"', 'offset="soon"'), 'offset="soon"', ["offset='soon'"]),
        (('tlLogic id="C"', 'tlLogic id="X"'), 'linkIndex="0"', ["signal 'C'", "no <tlLogic"]),
        ((PHASES, ""), "<tlLogic", ["no phase"]),
        ((PROGRAMME, PROGRAMME + PROGRAMME), None, ["programID 'day' twice"]),
        (('length="190.00"', 'length="far"'), 'length="far"', ["lane id='WC_0'", "number"]),
        (('length="190.00"', 'length="-5"'), 'length="-5"', ["below 0"]),
        (('id="SC_0"', 'id="WC_0"'), None, ["'WC_0'", "twice"]),
        (('edge id="SC"', 'edge id="WC"'), None, ["'WC'", "twice"]),
        (('junction id="W"', 'junction id="C"'), None, ["'C'", "twice"]),
        (('from="WC" to="CE"', 'from="QC" to="CE"'), 'from="QC"', ["no such edge"]),
        (('to="CE" fromLane="0" toLane="0" via=":C_0_0"', 'to="CE" fromLane="3" toLane="0" via=":C_0_0"'), 'fromLane="3"', ["fromLane=3", "1 lane"]),
        ((' linkIndex="0"', ""), 'via=":C_0_0"', ["no linkIndex"]),
        ((' linkIndex="0"', ' linkIndex="-2"'), 'linkIndex="-2"', ["linkIndex='-2'", "allowed"]),
        ((' linkIndex="0"', ' linkIndex="9"'), 'state="Grrr"', ["need 10"]),
        (('via=":C_0_0"', 'via=":C_9_0"'), 'via=":C_9_0"', [":C_9_0", "no such lane"]),
        (('index="2" response="1001"', 'index="2" response="1021"'), 'response="1021"', ["only 0 and 1"]),
        (('response="1000" foes="1110"', 'response="000" foes="110"'), '<junction id="C"', ["3 bits"]),
        (('        <request index="1" response="0001" foes="0001" cont="0"/>\n', ""), '<junction id="C"', ["no <request index=1>", "netconvert"]),
        (('request index="1"', 'request index="0"'), 'foes="0001"', ["index 0 a second time"]),
        (('shape="0.00,200.00 190.00,200.00"', 'shape="0.00,here"'), "0.00,here", ["x,y"]),
        (('junction id="C" type="traffic_light" x="200.00"', 'junction id="C" type="traffic_light" x=""'), 'x=""', ["x=''"]),
    ],
)  # fmt: skip
def test_a_wrong_network_is_told_with_line_element_and_remedy(
    tmp_path: Path, change: tuple[str, str], line_with: str | None, words: list[str]
) -> None:
    path = write_network(tmp_path, change)
    with pytest.raises(InputError) as told:
        read_roads(path)
    assert told.value.path == path
    if line_with is not None:
        assert told.value.line == line_of(path, line_with)
    for word in words:
        assert word in told.value.message, told.value.message


def test_a_cycle_of_part_of_a_second_takes_time(tmp_path: Path) -> None:
    hasty = re.sub(r'duration="\d+"', 'duration="0.1"', PHASES)
    (junction,) = read_roads(write_network(tmp_path, (PHASES, hasty))).junctions
    assert junction.programmes[0].cycle_s == pytest.approx(0.7)


def test_trains_switch_a_signal_without_a_programme(tmp_path: Path) -> None:
    rail = ('<junction id="W" type="dead_end"', '<junction id="W" type="rail_signal"')
    switched = ('tl="C" linkIndex="1"', 'tl="W" linkIndex="0"')
    (junction,) = read_roads(write_network(tmp_path, rail, switched)).junctions
    assert junction.links.tolist() == [0, 2, 3]


@pytest.mark.parametrize("state", ["Grgr", "rGgr", "rgGr", "rGGr"])
def test_a_green_that_yields_or_begins_in_the_same_lane_is_no_conflict(
    tmp_path: Path, state: str
) -> None:
    found = read_roads(write_network(tmp_path, ('state="rGgG"', f'state="{state}"')))
    assert state in found.junctions[0].modes


def test_two_streams_that_merge_are_named_and_not_refused(tmp_path: Path) -> None:
    found = read_roads(write_network(tmp_path, ('state="rGgG"', 'state="GrGr"')))
    assert any("merge into one lane" in each.why for each in found.skipped)


def test_conflicting_greens_of_a_programme_not_in_use_are_refused_too(tmp_path: Path) -> None:
    bad = PROGRAMME.replace('"day"', '"old"').replace('state="rGgG"', 'state="GGgG"')
    path = write_network(tmp_path, (PROGRAMME, bad + PROGRAMME))
    with pytest.raises(InputError, match="programID='old'"):
        read_roads(path)


def test_a_network_without_signals_says_how_to_get_one(tmp_path: Path) -> None:
    path = write_network(
        tmp_path, (PROGRAMME, ""), *[(f' tl="C" linkIndex="{k}"', "") for k in range(4)]
    )
    with pytest.raises(InputError, match=r"no traffic signal.*netconvert"):
        read_roads(path)


def test_a_network_whose_only_signal_blinks_says_so(tmp_path: Path) -> None:
    path = write_network(tmp_path, (PHASES, '        <phase duration="90" state="oooo"/>\n'))
    with pytest.raises(InputError, match=r"signal C.*no green phase"):
        read_roads(path)


def test_broken_xml_is_told_with_line_and_column(tmp_path: Path) -> None:
    path = write_network(tmp_path, (STRAIGHT, STRAIGHT.replace('dir="s"', "dir=s")))
    with pytest.raises(InputError, match="no well-formed XML") as told:
        read_roads(path)
    assert told.value.line == line_of(path, "dir=s")
    assert told.value.column is not None


def test_a_file_cut_off_in_the_middle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "half.net.xml"
    path.write_text(NETWORK[: len(NETWORK) // 2])
    with pytest.raises(InputError, match="no well-formed XML"):
        read_roads(path)


def test_packed_data_that_are_cut_off_are_told(tmp_path: Path) -> None:
    path = tmp_path / "half.net.xml.gz"
    path.write_bytes(gzip.compress(NETWORK.encode())[:-40])
    with pytest.raises(InputError, match="gzip data are damaged"):
        read_roads(path)


@pytest.mark.parametrize("content", ["", "   ", "not XML at all", "<routes></routes>", "<net/>"])
def test_a_file_of_another_kind_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.net.xml"
    path.write_text(content)
    with pytest.raises(InputError) as told:
        read_roads(path)
    assert "SUMO network" in told.value.message or "netconvert" in told.value.message


def test_an_encoding_that_nobody_knows_is_told(tmp_path: Path) -> None:
    path = tmp_path / "strange.net.xml"
    path.write_text(NETWORK.replace("UTF-8", "EBCDIC-1"))
    with pytest.raises(InputError):
        read_roads(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_roads(tmp_path / "absent.net.xml")


def test_a_folder_is_no_network(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_roads(tmp_path)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("a.net.xml", True),
        ("a.net.xml.gz", True),
        ("a.sumocfg", True),
        ("A.NET.XML", True),
        ("a.xml", False),
        ("a.rou.xml", False),
        ("a.inp", False),
        ("a.yaml", False),
    ],
)
def test_networks_and_configurations_are_known_by_name(name: str, known: bool) -> None:
    assert domains.row("traffic").reads(name) is known


def write_config(folder: Path, body: str, name: str = "run.sumocfg") -> Path:
    path = folder / name
    path.write_text(f"<configuration>{body}</configuration>")
    return path


def test_a_configuration_names_its_files_relative_to_itself(tmp_path: Path) -> None:
    write_network(tmp_path)
    (tmp_path / "cars.rou.xml").write_text("<routes/>")
    (tmp_path / "buses.rou.xml").write_text("<routes/>")
    found = read_scenario(
        write_config(
            tmp_path,
            '<input><net-file value="crossing.net.xml"/>'
            '<route-files value="cars.rou.xml, buses.rou.xml"/></input>'
            '<time><begin value="01:00:00"/><end value="7200"/><step-length value="0.5"/></time>',
        )
    )
    assert found.net == tmp_path / "crossing.net.xml"
    assert found.routes == (tmp_path / "cars.rou.xml", tmp_path / "buses.rou.xml")
    assert (found.begin_s, found.end_s, found.step_s) == (3600.0, 7200.0, 0.5)


def test_a_configuration_in_short_words_reads_too(tmp_path: Path) -> None:
    write_network(tmp_path)
    found = read_scenario(
        write_config(tmp_path, '<n v="crossing.net.xml"/><b v="10"/><e v="20"/>', "short.sumocfg")
    )
    assert (found.net.name, found.begin_s, found.end_s) == ("crossing.net.xml", 10.0, 20.0)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "names no network"),
        ('<net-file value="gone.net.xml"/>', "gone.net.xml"),
        ('<net-file value="crossing.net.xml"/><route-files value="gone.rou.xml"/>', "gone.rou.xml"),
        ('<net-file value="crossing.net.xml"/><begin value="9"/><end value="3"/>', "before it begins"),
        ('<net-file value="crossing.net.xml"/><begin value="early"/>', "early"),
        ('<net-file value="crossing.net.xml"/><begin value="1:2"/>', "hh:mm:ss"),
        ('<net-file value="crossing.net.xml"/><step-length value="0"/>', "step-length"),
        ("<net-file/>", "net-file"),
        ('<net-file value=""/>', "names no network"),
        ('<net-file value="crossing.net.xml"/><mesosim value="true"/>', "mesosim"),
        ('<net-file value="crossing.net.xml"/><weights value="gone.xml"/>', "gone.xml"),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_told(tmp_path: Path, body: str, words: str) -> None:
    write_network(tmp_path)
    with pytest.raises(InputError, match=words):
        read_roads(write_config(tmp_path, body))


@pytest.mark.parametrize("option", ["", '<ignore-route-errors value="true"/>'])
def test_every_file_that_sumo_reads_belongs_to_a_run(tmp_path: Path, option: str) -> None:
    write_network(tmp_path)
    for name, text in {
        "cars.rou.xml": '<routes><include href="more/own.rou.xml"/></routes>',
        "more/own.rou.xml": '<routes><include href="types.xml"/></routes>',
        "more/types.xml": "<routes/>",
        "extra.xml": '<additional><include href="more/speed.xml"/></additional>',
        "more/speed.xml": '<additional><variableSpeedSign file="steps.xml"/>'
        '<rerouter file="gone.xml"/><e1Detector file="written.xml"/></additional>',
        "more/steps.xml": "<vss/>",
        "more/written.xml": "<e1/>",
        "weights.xml": "<meandata/>",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    body = (
        '<n v="crossing.net.xml"/><r v="cars.rou.xml"/><a v="extra.xml"/><w v="weights.xml"/>'
        f'<summary value="more/written.xml"/>{option}'
    )
    found = read_roads(write_config(tmp_path, body)).files
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        *("run.sumocfg", "crossing.net.xml", "cars.rou.xml", "extra.xml", "weights.xml"),
        *("more/speed.xml", "more/steps.xml", "more/own.rou.xml", "more/types.xml"),
    ]


def test_an_empty_list_of_files_names_none(tmp_path: Path) -> None:
    write_network(tmp_path)
    found = read_scenario(
        write_config(tmp_path, '<n v="crossing.net.xml"/><additional-files value=""/>')
    )
    assert found.additional == ()


def test_a_packed_configuration_is_told_to_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "run.sumocfg.gz"
    path.write_bytes(gzip.compress(b"<configuration/>"))
    with pytest.raises(InputError, match="gunzip"):
        read_scenario(path)


def test_a_network_named_like_a_configuration_is_told(tmp_path: Path) -> None:
    path = tmp_path / "wrong.sumocfg"
    path.write_text(NETWORK)
    with pytest.raises(InputError, match="no SUMO configuration"):
        read_roads(path)


def routes(folder: Path, text: str) -> TrafficSettings:
    path = folder / "cars.rou.xml"
    path.write_text(f"<routes>\n{text}\n</routes>")
    return TrafficSettings(routes=(path,))


@pytest.mark.parametrize(
    "text",
    [
        '<vehicle id="a" depart="0"><route edges="WC CE"/></vehicle>',
        '<trip id="a" depart="0" from="SC" to="CN"/>',
        '<flow id="a" begin="0" end="9" number="2" from="WC" to="CE"/>',
        '<route id="r" edges="SC CN"/><vehicle id="a" route="r" depart="0"/>',
        '<person id="p" depart="0"><walk edges="WC CE"/></person>',
    ],
)
def test_routes_on_the_network_are_read(tmp_path: Path, text: str) -> None:
    assert read_roads(write_network(tmp_path), routes(tmp_path, text)).junctions


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<route id="r" edges="WC XY"/>', ["'XY'", "crossing.net.xml"]),
        ('<route id="r" edges="WC CEE"/>', ["Did you mean 'CE'"]),
        ('<route id="r" edges="WC CN"/>', ["leaves the network", "'WC'", "'CN'"]),
        ('<route id="r" edges="WC WC"/>', ["leaves the network"]),
        ('<route id="r" edges=""/>', ["no edge"]),
        ('<trip id="a" depart="0" from="WC" to="gone"/>', ["'gone'", "id='a'"]),
        ('<flow id="f" begin="0" end="9" number="2" from="gone" to="CE"/>', ["'gone'"]),
        ('<trip id="a" depart="0" from="WC" via="gone" to="CE"/>', ["'gone'"]),
    ],
)
def test_a_route_that_leaves_the_network_is_told(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    chosen = routes(tmp_path, text)
    with pytest.raises(InputError) as told:
        read_roads(write_network(tmp_path), chosen)
    assert told.value.path == chosen.routes[0]
    assert told.value.line == 2
    for word in words:
        assert word in told.value.message, told.value.message


def test_routes_that_leave_the_network_are_left_to_sumo_where_it_is_to_ignore_them(
    tmp_path: Path,
) -> None:
    write_network(tmp_path)
    (tmp_path / "cars.rou.xml").write_text('<routes><route id="r" edges="WC CN"/></routes>')
    files = '<n v="crossing.net.xml"/><r v="cars.rou.xml"/>'
    option = '<ignore-route-errors value="{}"/>'
    found = read_roads(write_config(tmp_path, files + option.format("true")))
    assert any("ignore-route-errors" in each.why for each in found.skipped)
    with pytest.raises(InputError, match="leaves the network"):
        read_roads(write_config(tmp_path, files + option.format("false")))


CROSSED = ('minDur="8"', 'minDur="80"')


def test_a_fixed_programme_has_no_use_for_a_shortest_green_above_its_longest(
    tmp_path: Path,
) -> None:
    path = write_network(tmp_path, CROSSED)
    found = read_roads(path)
    (junction,) = found.junctions
    assert junction.min_green_s[0] == TrafficSettings.min_green_s
    assert junction.max_green_s[0] == math.inf
    (note,) = (each for each in found.skipped if "minDur" in each.why)
    assert note.line == line_of(path, 'minDur="80"')
    assert note.why == "phase 1 has a minDur above its maxDur; neither is used"


def test_an_actuated_programme_must_not_contradict_itself(tmp_path: Path) -> None:
    actuated = ('type="static"', 'type="actuated"')
    with pytest.raises(InputError, match="has minDur 80 above maxDur 40; exchange them"):
        read_roads(write_network(tmp_path, CROSSED, actuated))


def test_a_network_given_as_routes_is_told(tmp_path: Path) -> None:
    path = write_network(tmp_path)
    with pytest.raises(InputError, match="begins with <routes>"):
        read_roads(path, TrafficSettings(routes=(path,)))


def test_requests_that_are_all_absent_are_named_not_refused(tmp_path: Path) -> None:
    found = read_roads(write_network(tmp_path, (REQUESTS, ""), ('state="rGgG"', 'state="rGgr"')))
    assert any("no right-of-way table" in each.why for each in found.skipped)


def test_a_link_without_a_place_in_the_state_strings_goes_unsignalled(tmp_path: Path) -> None:
    found = read_roads(write_network(tmp_path, (' linkIndex="2"', ' linkIndex="-1"')))
    assert found.junctions[0].links.tolist() == [0, 1, 3]


def test_the_old_letter_for_yellow_reads_as_yellow(tmp_path: Path) -> None:
    found = read_roads(write_network(tmp_path, ('state="ryyr"', 'state="rYyr"')))
    assert found.junctions[0].programmes[0].phases[5].state == "ryyr"
    assert found.junctions[0].yellow_s[2, 0] == 4.0


def test_lanes_across_a_node_may_share_a_number(tmp_path: Path) -> None:
    lane = '        <lane id=":C_0_0" index="0" speed="13.89" length="20.00"'
    second = lane.replace(":C_0_0", ":C_0_1") + "/>\n"
    found = read_roads(write_network(tmp_path, (lane, second + lane)))
    assert found.junctions[0].via_length_m[0] == 20.0
