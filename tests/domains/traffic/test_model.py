"""Does the model of a hand-written crossing say what the file says?"""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from small_roads import PHASES, PROGRAMME, REQUESTS, write_network

from jialing.core.errors import InputError
from jialing.domains.traffic.actuated import write_actuated
from jialing.domains.traffic.junction import Junction, Right
from jialing.domains.traffic.model import read_roads
from jialing.domains.traffic.network import Timetable
from jialing.domains.traffic.settings import TrafficSettings
from jialing.domains.traffic.webster import write_webster


def phases(*rows: tuple[float, str]) -> str:
    """Phases of a programme, each with its duration [s] and state."""
    return "".join(f'<phase duration="{seconds}" state="{state}"/>\n' for seconds, state in rows)


def crossing(folder: Path, *changes: tuple[str, str], **settings: float) -> Junction:
    roads = read_roads(write_network(folder, *changes), TrafficSettings(**settings))  # type: ignore[arg-type]
    assert [j.name for j in roads.junctions] == ["C"]
    return roads.junctions[0]


def test_lanes_and_movements_are_those_of_the_file(tmp_path: Path) -> None:
    found = crossing(tmp_path)
    assert found.nodes == ("C",)
    assert (found.x, found.y) == (200.0, 200.0)
    assert found.lanes == ("WC_0", "SC_0")
    assert found.outs == ("CE_0", "CN_0")
    assert found.links.tolist() == [0, 1, 2, 3]
    assert found.lane_of.tolist() == [0, 1, 1, -1]
    assert found.out_of.tolist() == [0, 1, 0, -1]
    assert found.turn == ("s", "s", "r", "p")
    assert found.pedestrian.tolist() == [False, False, False, True]
    assert found.lane_length_m.tolist() == [190.0, 190.0]
    assert found.out_length_m.tolist() == [185.0, 190.0]
    assert found.via_length_m.tolist() == [20.0, 20.0, 12.0, 6.0]
    assert found.via_speed_mps.tolist() == [13.89, 13.89, 6.0, 2.78]


def test_conflicts_are_the_foes_of_the_file_and_symmetric(tmp_path: Path) -> None:
    found = crossing(tmp_path)
    pairs = {(int(i), int(k)) for i, k in zip(*np.nonzero(found.conflicts), strict=True)}
    assert pairs == {(0, 1), (1, 0), (0, 2), (2, 0), (0, 3), (3, 0), (2, 3), (3, 2)}
    waits = {(int(i), int(k)) for i, k in zip(*np.nonzero(found.yields_to), strict=True)}
    assert waits == {(0, 3), (1, 0), (2, 0), (2, 3)}


def test_a_conflict_that_only_one_row_states_counts_for_both(tmp_path: Path) -> None:
    found = crossing(
        tmp_path,
        ('response="0001" foes="0001"', 'response="0000" foes="0000"'),
    )
    assert found.conflicts[0, 1]
    assert found.conflicts[1, 0]
    assert not found.yields_to[1, 0]


def test_modes_are_the_green_phases_without_yellow(tmp_path: Path) -> None:
    found = crossing(tmp_path)
    assert found.modes == ("Grrr", "rGgG", "rGgr")
    assert found.rights.tolist() == [
        [Right.PRIORITY, Right.RED, Right.RED, Right.RED],
        [Right.RED, Right.PRIORITY, Right.YIELD, Right.PRIORITY],
        [Right.RED, Right.PRIORITY, Right.YIELD, Right.RED],
    ]


def test_a_phase_that_tells_somebody_to_get_ready_is_no_mode(tmp_path: Path) -> None:
    found = crossing(tmp_path, ('state="rGgr"', 'state="uGgr"'))
    assert found.modes == ("Grrr", "rGgG")


def test_of_two_phases_with_one_state_the_stricter_minimum_holds(tmp_path: Path) -> None:
    again = '        <phase duration="9" state="Grrr" minDur="12" maxDur="60"/>\n'
    found = crossing(tmp_path, (PHASES, PHASES + again))
    assert found.modes.count("Grrr") == 1
    assert (found.min_green_s[0], found.max_green_s[0]) == (12.0, 60.0)


def test_of_two_yellows_the_longer_holds(tmp_path: Path) -> None:
    night = PROGRAMME.replace('"day"', '"night"').replace(
        'duration="3"  state="yrrr"', 'duration="5"  state="yrrr"'
    )
    for programmes in (PROGRAMME + night, night + PROGRAMME):
        assert crossing(tmp_path, (PROGRAMME, programmes)).yellow_s[0, 1] == 5.0


def test_a_stream_that_kept_its_green_did_not_follow(tmp_path: Path) -> None:
    """Links 0 and 2 merge; link 0 goes on while link 2 ends, which tells nothing of a gap."""
    own = phases(
        (20, "Grgr"),
        (3, "Gryr"),
        (5, "Grrr"),
        (3, "yrrr"),
        (2, "rrrr"),
        (20, "rrGr"),
        (3, "rryr"),
        (2, "rrrr"),
    )
    found = crossing(tmp_path, (PHASES, own))
    assert found.modes == ("Grgr", "Grrr", "rrGr")
    assert found.all_red_s[2, 1] == 2.0


def test_green_times_come_from_the_file_where_it_gives_them(tmp_path: Path) -> None:
    found = crossing(tmp_path, min_green_s=7.0)
    assert found.min_green_s.tolist() == [8.0, 7.0, 7.0]
    assert found.max_green_s.tolist() == [40.0, np.inf, np.inf]


def test_intergreen_is_what_the_programme_puts_between_two_greens(tmp_path: Path) -> None:
    found = crossing(tmp_path, yellow_s=9.0, all_red_s=9.0)
    assert found.yellow_s[0].tolist() == [0.0, 3.0, 3.0]
    assert found.all_red_s[0].tolist() == [0.0, 2.0, 2.0]
    assert found.yellow_s[2].tolist() == [4.0, 0.0, 0.0]
    assert found.all_red_s[2].tolist() == [1.0, 0.0, 0.0]


BY_NEXT = """\
        <phase duration="30" state="Grrr" minDur="8" maxDur="40" next="2"/>
        <phase duration="20" state="rGgG" next="4 5"/>
        <phase duration="3"  state="yrrr" next="6"/>
        <phase duration="1"  state="rrrr" next="0"/>
        <phase duration="4"  state="rGgr"/>
        <phase duration="4"  state="ryyr" next="3"/>
        <phase duration="2"  state="rrrr" next="1"/>
"""


def test_phases_follow_each_other_as_the_file_says(tmp_path: Path) -> None:
    usual, found = crossing(tmp_path), crossing(tmp_path, (PHASES, BY_NEXT))
    assert found.modes == usual.modes
    assert found.yellow_s.tolist() == usual.yellow_s.tolist()
    assert found.all_red_s.tolist() == usual.all_red_s.tolist()


@pytest.mark.parametrize("word", ["7", "one", "-1"])
def test_a_phase_that_is_followed_by_none_of_its_programme_is_told(
    tmp_path: Path, word: str
) -> None:
    with pytest.raises(InputError, match="next") as told:
        crossing(tmp_path, (PHASES, BY_NEXT.replace('next="6"', f'next="{word}"')))
    assert told.value.line == 34


def test_baselines_follow_the_phases_as_the_file_does(tmp_path: Path) -> None:
    found = crossing(tmp_path, (PHASES, BY_NEXT))
    flows = [np.ones(found.movements)]
    for path in (write_actuated([found], tmp_path), write_webster([found], flows, tmp_path)):
        text = path.read_text()
        assert re.findall('next="(.*?)"', text) == ["2", "4 5", "6", "0", "3", "1"]


def test_a_mode_that_only_gains_green_needs_no_yellow(tmp_path: Path) -> None:
    found = crossing(tmp_path)
    assert found.yellow_s[2, 1] == 0.0
    assert found.all_red_s[2, 1] == 0.0


@pytest.mark.parametrize(("length", "needed"), [("6.00", 5.0), ("9.60", 8.0), ("60.00", 9.0)])
def test_people_get_the_time_to_walk_across_but_no_more_than_the_programme_gives(
    tmp_path: Path, length: str, needed: float
) -> None:
    """4 s of clearing, 4 s yellow and 1 s all-red stand in the file; walking is 1.2 m/s."""
    found = crossing(tmp_path, ('length="6.00"', f'length="{length}"'))
    assert found.yellow_s[1, 0] + found.all_red_s[1, 0] == pytest.approx(needed)


def test_settings_give_the_intergreen_where_the_programme_has_none(tmp_path: Path) -> None:
    bare = (
        '        <phase duration="30" state="Grrr"/>\n        <phase duration="30" state="rGgr"/>\n'
    )
    found = crossing(tmp_path, (PHASES, bare), yellow_s=4.5, all_red_s=1.5)
    assert found.yellow_s.tolist() == [[0.0, 4.5], [4.5, 0.0]]
    assert found.all_red_s.tolist() == [[0.0, 1.5], [1.5, 0.0]]


def test_a_programme_with_yellow_and_without_all_red_keeps_to_that(tmp_path: Path) -> None:
    own = phases((30, "Grrr"), (3, "yrrr"), (20, "rGgr"), (4, "ryyr"))
    found = crossing(tmp_path, (PHASES, own), all_red_s=9.0)
    assert found.yellow_s.tolist() == [[0.0, 3.0], [4.0, 0.0]]
    assert found.all_red_s.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_the_longest_gap_stands_in_for_a_change_that_no_programme_makes(tmp_path: Path) -> None:
    """Link 0 is never followed by link 2 at once; link 2 and people on foot by link 0 neither."""
    own = phases(
        (30, "Grrr"),
        (3, "yrrr"),
        (2, "rrrr"),
        (20, "rGrr"),
        (3, "ryrr"),
        (1, "rrrr"),
        (20, "rrGr"),
        (3, "rryr"),
        (1, "rrrr"),
    )
    found = crossing(tmp_path, (PHASES, own))
    assert found.all_red_s[0].tolist() == [0.0, 2.0, 2.0]
    assert found.all_red_s[1].tolist() == [2.0, 0.0, 0.0]  # links 1 and 2 do not conflict


def test_the_last_programme_in_the_file_is_in_use(tmp_path: Path) -> None:
    night = PROGRAMME.replace('"day"', '"night"').replace("Grrr", "grrr")
    found = crossing(tmp_path, (PROGRAMME, PROGRAMME + night))
    assert [each.name for each in found.programmes] == ["night", "day"]
    assert found.modes == ("grrr", "rGgG", "rGgr")


def test_a_link_that_the_programme_in_use_forgets_is_served_by_another(tmp_path: Path) -> None:
    night = PROGRAMME.replace('"day"', '"night"')
    for state in ("rGgG", "rGgr", "ryyr"):
        night = night.replace(state, "rrrr")
    found = crossing(tmp_path, (PROGRAMME, PROGRAMME + night))
    assert found.programmes[0].name == "night"
    assert found.modes == ("Grrr", "rGgG", "rGgr")
    assert found.yellow_s[1, 0] == 4.0


def test_a_phase_that_only_takes_green_away_counts_as_clearing_time(tmp_path: Path) -> None:
    """After link 2's yellow, link 1 alone goes on for 3 s before link 0 may begin."""
    own = phases((20, "rGgr"), (3, "rGyr"), (3, "rGrr"), (3, "ryrr"), (30, "Grrr"), (3, "yrrr"))
    found = crossing(tmp_path, (PHASES, own))
    assert found.modes == ("rGgr", "rGrr", "Grrr")
    assert found.all_red_s[0, 2] == 6.0  # link 2: 3 s while link 1 goes on, 3 s of its yellow
    assert found.all_red_s[1, 2] == 0.0


def test_a_programme_keeps_its_offset_and_times(tmp_path: Path) -> None:
    programme = crossing(tmp_path).programmes[0]
    assert (programme.name, programme.kind, programme.offset_s) == ("day", "static", 12.0)
    assert programme.cycle_s == 64.0
    first, second = programme.phases[:2]
    assert (first.duration_s, first.min_s, first.max_s) == (30.0, 8.0, 40.0)
    assert (second.duration_s, second.min_s, second.max_s) == (3.0, 3.0, 3.0)


def with_additional(folder: Path, body: str, begin: str = "0") -> Path:
    """A configuration of the crossing and an additional file of this content."""
    write_network(folder)
    (folder / "more.add.xml").write_text(f"<additional>\n{body}</additional>")
    path = folder / "all.sumocfg"
    path.write_text(
        "<configuration><input><net-file value='crossing.net.xml'/>"
        f"<additional-files value='more.add.xml'/></input><begin value='{begin}'/></configuration>"
    )
    return path


NIGHT = PROGRAMME.replace('"day"', '"night"').replace('state="rGgG"', 'state="rGrr"')
WAUT = """\
<WAUT id="clock" refTime="100" startProg="day">
    <wautSwitch time="60" to="night"/>
    <wautSwitch time="0:05:00" to="day"/>
</WAUT>
<wautJunction wautID="clock" junctionID="C"/>
"""


def test_a_programme_of_an_additional_file_comes_into_use(tmp_path: Path) -> None:
    found = read_roads(with_additional(tmp_path, NIGHT)).junctions[0]
    assert [each.name for each in found.programmes] == ["night", "day"]


@pytest.mark.parametrize(
    ("begin", "used"), [("0", "day"), ("159", "day"), ("160", "night"), ("00:06:40", "day")]
)
def test_where_programmes_are_switched_by_time_the_one_at_the_beginning_is_in_use(
    tmp_path: Path, begin: str, used: str
) -> None:
    roads = read_roads(with_additional(tmp_path, NIGHT + WAUT, begin))
    assert roads.junctions[0].programmes[0].name == used
    assert any("WAUT 'clock'" in each.why and used in each.why for each in roads.skipped)


def test_a_timetable_may_begin_again() -> None:
    table = Timetable(name="clock", first="a", begin_s=100.0, period_s=50.0)
    table.switches.extend([(40.0, "c"), (10.0, "b")])
    times = (0.0, 109.0, 110.0, 140.0, 150.0, 159.0, 160.0, 191.0)
    assert "".join(table.at(time_s) for time_s in times) == "aabcccbc"


def test_a_programme_in_an_included_file_comes_into_use(tmp_path: Path) -> None:
    path = with_additional(tmp_path, '<include href="deep/night.add.xml"/>')
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "night.add.xml").write_text(f"<additional>{NIGHT}</additional>")
    assert read_roads(path).junctions[0].programmes[0].name == "night"


def test_an_additional_file_may_shift_a_programme(tmp_path: Path) -> None:
    path = with_additional(tmp_path, '<tlLogic id="C" programID="day" offset="17"/>')
    programme = read_roads(path).junctions[0].programmes[0]
    assert (programme.name, programme.offset_s, programme.cycle_s) == ("day", 17.0, 64.0)


def test_an_additional_file_may_switch_a_signal_off(tmp_path: Path) -> None:
    path = with_additional(tmp_path, '<tlLogic id="C" type="static" programID="off"/>')
    with pytest.raises(InputError, match="'off' has no green phase"):
        read_roads(path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (PROGRAMME, "'day' twice, first in line 31 of crossing.net.xml"),
        (NIGHT + NIGHT, "'night' twice, first in line 2;"),
        (PROGRAMME.replace('"C"', '"X"'), "no signal of the network"),
        ('<tlLogic id="C" programID="night" offset="3"/>', "has no phase"),
        ('<include href="gone.xml"/>', "gone.xml"),
        ('<include href="more.add.xml"/>', "stands in itself"),
    ],
)
def test_a_wrong_programme_of_an_additional_file_is_told(
    tmp_path: Path, body: str, words: str
) -> None:
    with pytest.raises(InputError, match=words) as told:
        read_roads(with_additional(tmp_path, body))
    assert told.value.path == tmp_path / "more.add.xml"


def test_times_of_phases_may_be_written_as_a_clock_shows_them(tmp_path: Path) -> None:
    found = crossing(tmp_path, ('duration="30"', 'duration="0:00:30"'), ('"40"', '"0:01:40"'))
    assert found.programmes[0].cycle_s == 64.0
    assert found.max_green_s[0] == 100.0


def test_right_turn_on_red_may_go_but_yields(tmp_path: Path) -> None:
    found = crossing(tmp_path, ('state="Grrr" minDur', 'state="Grsr" minDur'))
    assert found.modes[0] == "Grsr"
    assert found.rights[0, 2] == Right.YIELD


def test_a_packed_network_reads_like_the_plain_one(tmp_path: Path) -> None:
    plain = write_network(tmp_path)
    packed = tmp_path / "crossing.net.xml.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_roads(packed).junctions[0].modes == read_roads(plain).junctions[0].modes


def test_ways_without_a_table_conflict_where_their_lines_meet(tmp_path: Path) -> None:
    found = crossing(
        tmp_path,
        (REQUESTS, ""),
        ('state="rGgG"', 'state="rGgr"'),
        ('type="traffic_light"', 'type="traffic_light_unregulated"'),
    )
    assert found.conflicts[0, 1]  # they cross
    assert found.conflicts[0, 2]  # they end in one lane
    assert not found.conflicts[1, 2]  # they begin in one lane
    assert not found.yields_to.any()


def test_ways_into_one_lane_conflict_even_without_a_shape(tmp_path: Path) -> None:
    found = crossing(
        tmp_path,
        (REQUESTS, ""),
        ('state="rGgG"', 'state="rGgr"'),
        (' shape="200.00,190.00 210.00,200.00"', ""),
    )
    assert found.conflicts[0, 2]


def test_a_network_without_lanes_across_nodes_gives_the_same_conflicts(tmp_path: Path) -> None:
    with_lanes = crossing(tmp_path)
    without = crossing(
        tmp_path,
        (' via=":C_0_0"', ""),
        (' via=":C_1_0"', ""),
        (' via=":C_2_0"', ""),
        ('intLanes=":C_0_0 :C_1_0 :C_2_0 :C_c0_0"', 'intLanes="x y z :C_c0_0"'),
    )
    assert np.array_equal(without.conflicts, with_lanes.conflicts)
    assert without.via_length_m[:3].tolist() == [0.0, 0.0, 0.0]


def test_streams_of_one_approach_that_the_file_shows_green_together_do_not_conflict(
    tmp_path: Path,
) -> None:
    """The right turn leaves from the left lane, across those who go straight on."""
    changes = (
        ('<lane id="SC_0"', '<lane id="SC_1" index="1" speed="13.89" length="190.00"/>\n<lane id="SC_0"'),
        ('to="CE" fromLane="0" toLane="0" via=":C_2_0"', 'to="CE" fromLane="1" toLane="0" via=":C_2_0"'),
        ('response="1001" foes="1001"', 'response="1011" foes="1011"'),
    )  # fmt: skip
    permissive = crossing(tmp_path, *changes)
    assert permissive.conflicts[1, 2]
    together = crossing(tmp_path, *changes, ('state="rGgr"', 'state="rGGr"'))
    assert not together.conflicts[1, 2]
    assert together.yields_to[2, 1]
    assert together.conflicts[0, 1]


AGAINST = '    <connection from=":C_c0" to=":C_w0" fromLane="0" toLane="0" tl="C" linkIndex="4" dir="s"/>\n'
BOTH_WAYS = PHASES.replace('G"', 'GG"').replace('r"', 'rr"')


def test_those_who_cross_the_other_way_may_have_a_letter_of_their_own(tmp_path: Path) -> None:
    found = crossing(tmp_path, (PHASES, BOTH_WAYS), ("</net>", AGAINST + "</net>"))
    assert found.links.tolist() == [0, 1, 2, 3, 4]
    assert found.pedestrian.tolist() == [False, False, False, True, True]
    assert found.conflicts[4].tolist() == found.conflicts[3].tolist()
    assert found.via_length_m[4] == found.via_length_m[3]


def test_those_who_cross_the_other_way_are_in_the_way_of_vehicles_too(tmp_path: Path) -> None:
    wrong = BOTH_WAYS.replace('"Grrrr"', '"GrrrG"')
    with pytest.raises(InputError, match=r"two ways that cross.*pedestrian crossing"):
        crossing(tmp_path, (PHASES, wrong), ("</net>", AGAINST + "</net>"))


def test_a_movement_does_not_conflict_with_itself(tmp_path: Path) -> None:
    found = crossing(tmp_path, ('response="1000" foes="1110"', 'response="1001" foes="1111"'))
    assert not found.conflicts.diagonal().any()


def test_reading_twice_gives_the_same_model(tmp_path: Path) -> None:
    first, second = crossing(tmp_path), crossing(tmp_path)
    assert first.modes == second.modes
    assert np.array_equal(first.conflicts, second.conflicts)
    assert np.array_equal(first.all_red_s, second.all_red_s)
