"""Is an engineer told which signals stay on their programme, whoever commands, and why?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from signals import signal
from small_roads import PROGRAMME, REQUESTS, write_network

import jialing as jl
from jialing.core.errors import InputError
from jialing.domains.traffic import notes
from jialing.domains.traffic.cases import FOLDER
from jialing.domains.traffic.inspect import inspect_file
from jialing.domains.traffic.model import read_roads
from jialing.domains.traffic.network import NetworkFile, ProgrammeRow
from jialing.domains.traffic.proof import prove
from jialing.domains.traffic.settings import TrafficSettings

#: Links 0 and 2 merge into one lane, and neither yields to the other.
MERGING = ('state="Grrr"', 'state="GrGr"')
#: Signal C1 of the shipped grid with a dual ring, as netconvert writes it.
RINGS = """<tlLogic id="C1" type="NEMA" programID="0" offset="0">
        <phase duration="90" state="rrrGGGgrrrrrrr" minDur="5" maxDur="50" vehext="2" yellow="3" red="2" name="2"/>
        <phase duration="90" state="rrrrrrrrrrGGGg" minDur="5" maxDur="50" vehext="2" yellow="3" red="2" name="6"/>
        <phase duration="90" state="GGgrrrrrrrrrrr" minDur="5" maxDur="50" vehext="2" yellow="3" red="2" name="4"/>
        <phase duration="90" state="rrrrrrrGGgrrrr" minDur="5" maxDur="50" vehext="2" yellow="3" red="2" name="8"/>
        <param key="barrier2Phases" value="2,6"/>
        <param key="barrierPhases" value="4,8"/>
        <param key="ring1" value="0,2,0,4"/>
        <param key="ring2" value="0,6,0,8"/>
    </tlLogic>
    """
WHY = (
    "signal C, line 31: it stays on its programme, no mode is proven free of conflict: "
    "mode 0 (GrGr): link 0 (WC_0) and link 2 (SC_0) conflict; "
)


def test_a_signal_without_a_proven_mode_is_named_with_line_and_conflict(tmp_path: Path) -> None:
    document, lines = inspect_file(write_network(tmp_path, MERGING))
    told = [each["element"] for each in document["skipped"] if each["uncontrolled"]]
    assert told == ["signal C"]
    assert WHY in "\n".join(lines)


def test_a_usual_signal_is_controlled(tmp_path: Path) -> None:
    document, lines = inspect_file(write_network(tmp_path))
    assert document["skipped"] == []
    assert "stays on its programme" not in "\n".join(lines)


def test_a_mode_that_is_never_commanded_is_named_and_its_signal_is_controlled() -> None:
    lone = signal("B", (0, 1), ("GG", "Gr", "rG"), conflicts=[(0, 1)], phases=[("Gr", 9.0)])
    row = ProgrammeRow(
        signal="B", name="0", kind="static", offset_s=0.0, path=Path("b.net.xml"), line=7
    )
    net = NetworkFile(
        path=row.path, edges={}, lanes={}, nodes={}, connections=(), programmes={"B": [row]}
    )
    (found,) = notes.of_guard(net, [lone], [prove(lone)], TrafficSettings())
    assert (found.element, found.line, found.uncontrolled) == ("signal B", 7, False)
    assert found.why == (
        "not proven free of conflict and never commanded, mode 0: "
        "mode 0 (GG): link 0 (B0) and link 1 (B1) conflict"
    )


NEMA = ('type="static" programID="day"', 'type="NEMA" programID="day"')


def test_a_signal_with_rings_is_named_with_its_line_and_the_others_are_controlled(
    tmp_path: Path,
) -> None:
    text = (FOLDER / "grid.net.xml").read_text()
    for name in ("A1", "B1", "B2", "C1"):
        text = text.replace(
            f'<tlLogic id="{name}" type="static"', f'<tlLogic id="{name}" type="NEMA"'
        )
    path = tmp_path / "rings.net.xml"
    path.write_text(text)
    document, lines = inspect_file(path)
    assert [each["name"] for each in document["junctions"]] == ["A2", "C2"]
    for name in ("A1", "B1", "B2", "C1"):  # each of them, however alike they are
        line = 1 + text[: text.index(f'<tlLogic id="{name}"')].count("\n")
        told = f"signal {name}, line {line}: its programme '0' is of type NEMA, which shows"
        assert any(told in each for each in lines)


def test_a_network_of_rings_alone_has_nothing_to_control(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no traffic signal .* signal C: .* of type NEMA"):
        read_roads(write_network(tmp_path, NEMA))


def test_a_signal_with_rings_that_are_not_in_use_is_controlled(tmp_path: Path) -> None:
    rings = PROGRAMME.replace('type="static" programID="day"', 'type="NEMA" programID="rings"')
    (junction,) = read_roads(write_network(tmp_path, (PROGRAMME, rings + PROGRAMME))).junctions
    assert junction.name == "C"


def unregulated(folder: Path) -> Path:
    """The shipped grid with a node B1 as netconvert writes one of type traffic_light_unregulated."""
    text = (FOLDER / "grid.net.xml").read_text()
    before, rest = text.split('<tlLogic id="B1"')
    _, after = rest.split("</tlLogic>", 1)
    everybody = 'type="static" programID="0" offset="0"><phase duration="90" state="'
    text = f'{before}<tlLogic id="B1" {everybody}{20 * "G"}"/></tlLogic>{after}'
    before, rest = text.split('<junction id="B1" type="traffic_light"')
    node, after = rest.split("</junction>", 1)
    node = re.sub(r"\s*<request.*?/>", "", node)
    path = folder / "unregulated.net.xml"
    path.write_text(
        f'{before}<junction id="B1" type="traffic_light_unregulated"{node}</junction>{after}'
    )
    return path


def test_a_signal_where_nobody_gives_way_is_left_alone_and_the_others_are_controlled(
    tmp_path: Path,
) -> None:
    path = unregulated(tmp_path)
    document, lines = inspect_file(path)
    assert [each["name"] for each in document["junctions"]] == ["A1", "A2", "B2", "C1", "C2"]
    line = 1 + path.read_text().partition('<tlLogic id="B1"')[0].count("\n")
    (told,) = (each for each in lines if "traffic_light_unregulated" in each)
    assert told.startswith(
        f"  signal B1, line {line}: its node 'B1' is of type traffic_light_unregulated, where "
        "drivers give way to nobody, and phase 1 (GGGGGGGGGGGGGGGGGGGG) gives green with priority"
    )
    assert [each["element"] for each in document["skipped"] if each["uncontrolled"]] == [
        "signal B1"
    ]


def test_a_network_in_which_nobody_gives_way_has_nothing_to_control(tmp_path: Path) -> None:
    path = write_network(
        tmp_path,
        (REQUESTS, ""),
        ('state="Grrr"', 'state="GGGG"'),
        ('type="traffic_light"', 'type="traffic_light_unregulated"'),
    )
    with pytest.raises(InputError, match=r"no traffic signal .* signal C: .*_unregulated"):
        read_roads(path)


@pytest.mark.parametrize(("max_red_s", "told"), [(38.9, True), (39.0, False)])
def test_a_longest_red_that_a_signal_cannot_keep_is_named(
    tmp_path: Path, max_red_s: float, told: bool
) -> None:
    _, lines = inspect_file(write_network(tmp_path), max_red_s=max_red_s)
    assert told == any("max_red_s is 38.9 s, but serving every mode" in line for line in lines)


@pytest.mark.sumo
@pytest.mark.slow
def test_a_run_says_which_signals_stay_on_their_programme_and_the_report_says_why(
    tmp_path: Path,
) -> None:
    pytest.importorskip("libsumo")
    text = (FOLDER / "grid.net.xml").read_text().replace("GGgrrrGGgrrr", "GGgGrrGGgrrr", 1)
    own = text[text.index('<tlLogic id="C1"') : text.index('<tlLogic id="C2"')]
    text = text.replace(own, RINGS)
    model = tmp_path / "grid.net.xml"
    model.write_text(text)
    case = jl.case(model, routes=(FOLDER / "grid.rou.xml",), duration_s=10.0)
    result = jl.run(case, "max-pressure", out=tmp_path)
    (notice,) = (each for each in result.notices() if "controlled" in each)
    assert notice.startswith("not controlled: signal C1, signal A2; ")
    assert notice in result.table()
    manifest = json.loads((result.folder / "fixed" / "manifest.json").read_text())
    (remark,) = (each for each in manifest["about"]["remarks"] if "A2" in each)
    line = 1 + text[: text.index('<tlLogic id="A2"')].count("\n")
    assert remark.startswith(
        f"signal A2, line {line}: it stays on its programme, no mode is proven"
    )
    assert "link 3 (B2-A2_0) and link 7 (A1-A2_0) conflict" in remark
    report = result.report().read_text()
    assert "it stays on its programme" in report
    assert "is of type NEMA" in report
