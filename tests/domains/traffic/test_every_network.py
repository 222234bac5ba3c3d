"""Does every network that comes with SUMO read, or is it told why it has no signal to control?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from traffic_files import sumo_program

from jialing.core.errors import InputError
from jialing.domains.traffic.inspect import inspect_file
from jialing.domains.traffic.model import read_roads
from jialing.domains.traffic.picture import picture

#: networks without a road signal: a race track, and railways with signals of their own
WITHOUT = ("racing/spreewaldring.net.xml", "racing.sumocfg", "rail_demo")
#: programmes that give crossing streams of two approaches a G in one phase
CONFLICTING = ("fkk_in", "fokr_bs_demo.sumocfg")


def shipped() -> list[Path]:
    program = sumo_program("sumo")
    if program is None:
        return []
    folder = program.parents[1] / "tools"
    found = (*folder.rglob("*.net.xml"), *folder.rglob("*.net.xml.gz"), *folder.rglob("*.sumocfg"))
    return sorted(found)


@pytest.mark.skipif(
    not shipped(), reason="SUMO's tools are not installed; install the extra traffic"
)
@pytest.mark.parametrize("path", shipped(), ids=lambda path: "/".join(path.parts[-2:]))
def test_a_network_that_comes_with_sumo_reads(path: Path) -> None:
    if any(word in str(path) for word in WITHOUT):
        with pytest.raises(InputError, match="no traffic signal"):
            read_roads(path)
        return
    if any(word in str(path) for word in CONFLICTING):
        with pytest.raises(InputError, match="two ways that cross"):
            read_roads(path)
        return
    document, lines = inspect_file(path)
    assert document["counts"]["signals"] > 0
    assert lines
    roads = read_roads(path)
    assert picture(roads)["nodes"]["name"]
    for junction in roads.junctions:
        assert len(junction.modes) > 0
        assert np.array_equal(junction.conflicts, junction.conflicts.T)
        assert ((junction.yellow_s >= 0.0) & (junction.yellow_s < 60.0)).all()
        assert ((junction.all_red_s >= 0.0) & (junction.all_red_s < 60.0)).all()
