"""Every model file we know of is read, or says exactly why SWMM would not run it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from water_files import ABSENT, astlingen, city, pystorms_models, shared_models

from jialing.core.errors import InputError
from jialing.domains.water.inspect import inspect_file
from jialing.domains.water.model import read_model

FILES = shared_models() + pystorms_models()

#: file -> lines at which SWMM itself refuses it, the first of each kind
REFUSED = {
    "delta": {85, 86, 87, 88, 89, 90, 91},  # Green-Ampt deficits of 4, error 235
    # no tree, errors 133, 115, 139; a stray divider, 136; pump curves that run backwards, 171
    "sw1729_8342_Nodes": {6229, 14609, 14718, 23316, 41184, 41188},
}


@pytest.mark.skipif(not FILES, reason=ABSENT)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_is_read_or_says_why_swmm_refuses_it(path: Path) -> None:
    model = read_model(path)
    told = {notice.line for notice in model.refused}
    assert bool(told) == (path.stem in REFUSED)
    assert told >= REFUSED.get(path.stem, set())
    assert len(model.controllable()) > 0
    assert set(model.outfall_class().values()) <= {"treatment", "overflow"}
    assert "treatment" in model.outfall_class().values()


@pytest.mark.swmm
@pytest.mark.skipif(not FILES, reason=ABSENT)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_swmm_opens_just_the_files_we_say_it_opens(path: Path, tmp_path: Path) -> None:
    from swmm_check import refusals

    assert bool(refusals(path, tmp_path)) == (path.stem in REFUSED)


@pytest.mark.skipif(not astlingen()[0].is_file(), reason=ABSENT)
def test_astlingen_needs_to_be_told_where_its_rain_lies() -> None:
    path, rain = astlingen()
    with pytest.raises(InputError, match=r"--series rain1=FILE") as caught:
        read_model(path)
    assert caught.value.line == 284
    model = read_model(path, series_files=rain)
    assert model.notices == ()
    assert [model.links.names[i] for i in model.controllable()] == [
        "V4", "V5", "V1", "V6", "V3", "V2"]  # fmt: skip
    assert [model.links.names[i] for i in model.ruled_links()] == ["V4", "V6", "V3", "V2"]
    assert model.series["rain1"].times_s[[0, 1]].tolist() == [0.0, 300.0]
    volumes = {
        name: model.storage_volume(model.nodes.index[name], 5.0) for name in ("T1", "T3", "T6")
    }
    assert volumes == {"T1": 700.0, "T3": 2600.0, "T6": 600.0}


@pytest.mark.skipif(not city().is_file(), reason=ABSENT)
def test_a_city_of_8342_nodes_is_inspected_within_five_seconds() -> None:
    begun = time.process_time()
    document, lines = inspect_file(city())
    assert time.process_time() - begun < 5.0
    assert document["counts"]["junction"] == 8342
    assert not document["runs_in_swmm"]
    assert document["reduction"]["stores"] < 500
    assert len(lines) < 300
