"""What we make of a SWMM file is what SWMM makes of it: order, depths, offsets, flows, volumes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from small_sewer import SEWER, bent, write
from swmm_check import LINK_FULL_DEPTH, LINK_FULL_FLOW, LINK_SLOPE, NODE_VOLUME, opened
from water_files import ABSENT, city, pystorms_models, runnable_city, shared_models

from jialing.domains.water.engine import SwmmEngine
from jialing.domains.water.model import LinkKind, NodeKind, WaterModel, read_model

pytestmark = pytest.mark.swmm

#: Shapes whose full flow SWMM takes from tables or another formula, with how far ours may be off.
LOOSE = {
    "FORCE_MAIN": 0.12,  # SWMM reports a Manning equivalent, but computes with Hazen-Williams
    "ARCH": 0.07,
    "HORIZ_ELLIPSE": 0.07,
    "VERT_ELLIPSE": 0.07,
    "FILLED_CIRCULAR": 5e-3,
}


def hold_against_engine(path: Path, folder: Path) -> WaterModel:
    """Compare every node and link; returns the model."""
    model = read_model(path)
    length, flow = model.options.length_factor, model.options.flow_factor
    nodes, links = model.nodes, model.links
    with opened(path, folder) as engine:
        assert [engine.node_name(i) for i in range(engine.nodes)] == list(nodes.names)
        assert [engine.link_name(i) for i in range(engine.links)] == list(links.names)
        assert [engine.node_kind(i) for i in range(engine.nodes)] == nodes.kind.tolist()
        assert [engine.link_kind(i) for i in range(engine.links)] == links.kind.tolist()
        for what, ours, unit in (
            ("INVERT_ELEVATION", nodes.invert_m, length),
            ("FULL_DEPTH", nodes.max_depth_m, length),
            ("SURCHARGE_DEPTH", nodes.surcharge_m, length),
            ("INITIAL_DEPTH", nodes.initial_depth_m, length),
            ("POND_AREA", nodes.ponded_m2, length**2),
        ):
            theirs = [engine.node(i, what) * unit for i in range(engine.nodes)]
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6, err_msg=what)
        for i in range(engine.links):
            tail, head, low, high = engine.link_ends(i)
            assert (links.from_node[i], links.to_node[i]) == (tail, head), links.names[i]
            if links.kind[i] == LinkKind.PUMP:
                continue
            assert links.offset_from_m[i] == pytest.approx(low * length, abs=1e-6), links.names[i]
            assert links.offset_to_m[i] == pytest.approx(high * length, abs=1e-6), links.names[i]
        for i in links.of_kind(LinkKind.CONDUIT):
            section = links.sections[i]
            if section is None or section.shape == "DUMMY":
                continue
            name = f"{links.names[i]}, {section.shape}"
            depth = engine.value(LINK_FULL_DEPTH, i) * length
            full = engine.value(LINK_FULL_FLOW, i) * flow * links.barrels[i]
            slope = abs(engine.value(LINK_SLOPE, i))
            assert links.full_depth_m[i] == pytest.approx(depth, rel=1e-5), name
            assert abs(links.slope[i]) == pytest.approx(slope, rel=1e-6), name
            off = LOOSE.get(section.shape, 1e-3)
            assert links.full_flow_m3s[i] == pytest.approx(full, rel=off), name
        for i in nodes.of_kind(NodeKind.STORAGE):
            theirs_m3 = engine.value(NODE_VOLUME, i) * length**3
            ours_m3 = model.storage_volume(i, float(nodes.initial_depth_m[i]))
            assert ours_m3 == pytest.approx(theirs_m3, rel=1e-5, abs=1e-6), nodes.names[i]
    return model


def test_small_sewer_is_read_as_swmm_reads_it(tmp_path: Path) -> None:
    hold_against_engine(write(tmp_path), tmp_path)


@pytest.mark.parametrize("unit", ["CFS", "GPM", "MGD", "CMS", "LPS", "MLD"])
def test_every_flow_unit_is_read_as_swmm_reads_it(tmp_path: Path, unit: str) -> None:
    model = hold_against_engine(write(tmp_path, bent(("CMS", unit))), tmp_path)
    assert model.options.us_units == (unit in ("CFS", "GPM", "MGD"))


def test_offsets_as_elevations_are_read_as_swmm_reads_them(tmp_path: Path) -> None:
    text = bent(
        (r"LINK_OFFSETS +DEPTH", "LINK_OFFSETS ELEVATION"),
        (r"^C1 .*", "C1 M1 M2 200 0.013 20.1 18.05 0 0"),
        (r"^C2 .*", "C2 M2 upper_tank 150 0.013 * 15.5 0 0"),
        (r"^C3 .*", "C3 M3 M4 100 0.013 11.5 11.2 0 0"),  # below its node, SWMM lifts it
        (r"^C4 .*", "C4 M4 lower_tank 120 0.013 11 7.5 0 0"),
        (r"^C5 .*", "C5 M5 works 300 0.013 6 3 0 0"),
        (r"SIDE +0 ", "SIDE 14.2 "),
        (r"BOTTOM +0 ", "BOTTOM * "),
        (r"TRANSVERSE +3.2", "TRANSVERSE 17.2"),
        (r"river +2.0 +TABULAR", "river 9.0 TABULAR"),
    )
    model = hold_against_engine(write(tmp_path, text), tmp_path)
    gate = model.links.index["gate"]
    assert model.links.crest_height_m[gate] == pytest.approx(0.2)


def test_adverse_flat_and_steep_conduits_have_swmms_slope(tmp_path: Path) -> None:
    text = bent(
        (r"^C1 .*", "C1 M2 M1 200 0.013 0 0 0 0"),  # rises
        (r"^C3 .*", "C3 M3 M4 100 0.013 0 1 0 0"),  # flat
        (r"^C5 .*", "C5 M5 works 2 0.013 0 0 0 0"),  # falls more than it is long
    )
    model = hold_against_engine(write(tmp_path, text), tmp_path)
    assert model.links.slope[model.links.index["C1"]] < 0.0
    assert any("falls" in notice.text for notice in model.notices)


def test_crests_below_the_next_node_are_raised_as_swmm_raises_them(tmp_path: Path) -> None:
    text = bent((r"^gate .*", "gate lower_tank upper_tank SIDE 0 0.65 NO 0"))
    model = hold_against_engine(write(tmp_path, text), tmp_path)
    assert model.links.crest_height_m[model.links.index["gate"]] == pytest.approx(7.0)


def test_sections_in_any_order_keep_swmms_numbering(tmp_path: Path) -> None:
    text = bent(
        (r"^M2 +18.0.*\n", ""),
        (r"^\[PUMPS\]", "[JUNCTIONS]\nM2 18.0 3.0 0 0 0\n\n[PUMPS]"),
        (r"^C2 .*\n", ""),
        (r"^\[OUTLETS\]", "[CONDUITS]\nC2 M2 upper_tank 150 0.013 0 1.0 0 0\n\n[OUTLETS]"),
    )
    model = hold_against_engine(write(tmp_path, text), tmp_path)
    assert model.nodes.names[-1] == "M2"
    assert model.links.names[-2:] == ("C2", "relief")


SHAPES = {
    "CIRCULAR": "0.9 0 0 0",
    "FILLED_CIRCULAR": "0.9 0.2 0 0",
    "RECT_CLOSED": "0.9 1.2 0 0",
    "RECT_OPEN": "0.9 1.2 1 0",
    "TRAPEZOIDAL": "0.9 1.2 1.5 2.5",
    "TRIANGULAR": "0.9 1.8 0 0",
    "PARABOLIC": "0.9 1.8 0 0",
    "POWER": "0.9 1.8 1.7 0",
    "RECT_TRIANGULAR": "0.9 1.2 0.3 0",
    "RECT_ROUND": "0.9 1.2 0.8 0",
    "MODBASKETHANDLE": "0.9 1.0 0.7 0",
    "HORIZ_ELLIPSE": "0.6 0.95 0 0",
    "VERT_ELLIPSE": "0.95 0.6 0 0",
    "ARCH": "0.6 0.95 0 0",
    "EGG": "0.9 0 0 0",
    "HORSESHOE": "0.9 0 0 0",
    "GOTHIC": "0.9 0 0 0",
    "CATENARY": "0.9 0 0 0",
    "SEMIELLIPTICAL": "0.9 0 0 0",
    "BASKETHANDLE": "0.9 0 0 0",
    "SEMICIRCULAR": "0.9 0 0 0",
    "FORCE_MAIN": "0.9 120 0 0",
    "CUSTOM": "0.9 outline 0 0",
    "IRREGULAR": "brook",
    "STREET": "lane",
}
EXTRA = """
[TRANSECTS]
NC 0.06 0.05 0.03
X1 brook 7 2 8 0 0 0 0 0
GR 11 0  10.2 2  9.4 3  9.1 5  9.5 7
GR 10.1 8  11 10

[STREETS]
lane 4.0 0.15 4.0 0.016 0.05 0.6 1 2.0 3.0 0.02

[CURVES]
outline SHAPE 0 0.4
outline 0.5 1.0
outline 0.8 0.7
outline 1.0 0.0
"""


@pytest.mark.parametrize("unit", ["CMS", "CFS"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_as_deep_and_carries_as_much(tmp_path: Path, shape: str, unit: str) -> None:
    text = bent(("CMS", unit), (r"^C4 +EGG.*", f"C4 {shape} {SHAPES[shape]} 3")) + EXTRA
    model = hold_against_engine(write(tmp_path, text), tmp_path)
    section = model.links.sections[model.links.index["C4"]]
    assert section is not None
    assert section.shape == shape
    assert section.profile[0] == 0.0
    assert section.profile[-1] == pytest.approx(1.0)
    assert np.all(np.diff(section.profile) >= 0.0)


@pytest.mark.parametrize("shape", ["HORIZ_ELLIPSE", "VERT_ELLIPSE", "ARCH"])
@pytest.mark.parametrize("size", [1, 9, 23])
def test_standard_sizes_are_as_large_as_swmms(tmp_path: Path, shape: str, size: int) -> None:
    text = bent(("CMS", "CFS"), (r"^C4 +EGG.*", f"C4 {shape} {size} 0 0 0 1"))
    hold_against_engine(write(tmp_path, text), tmp_path)


STORAGES = {
    "tabular": "TABULAR tank 0 0",
    "tabular from a point": "TABULAR pit 0 0",
    "beyond the table": "TABULAR low 0 0",
    "narrowing beyond the table": "TABULAR narrow 0 0",
    "functional": "FUNCTIONAL 50 1.4 10 0 0",
    "constant": "FUNCTIONAL 50 0 10 0 0",
    "cylinder": "CYLINDRICAL 8 6 0 0 0",
    "cone": "CONICAL 8 6 0.5 0 0",
    "paraboloid": "PARABOLIC 8 6 2 0 0",
    "pyramid": "PYRAMIDAL 8 6 0.5 0 0",
}
TABLES = """
[CURVES]
pit STORAGE 1 40
pit 3 90
low STORAGE 0 50
low 1 60
low 2 90
narrow STORAGE 0 90
narrow 1 60
"""


@pytest.mark.parametrize("unit", ["LPS", "MGD"])
@pytest.mark.parametrize("shape", STORAGES)
def test_every_storage_holds_as_much_at_every_depth(tmp_path: Path, shape: str, unit: str) -> None:
    depths = [0.0, 0.3, 1.0, 1.7, 2.5, 3.0, 3.9, 4.0]
    rows = "\n".join(f"probe{k} 5 4 {d} {STORAGES[shape]}" for k, d in enumerate(depths))
    text = bent(("CMS", unit), (r"^\[CONDUITS\]", f"{rows}\n\n[CONDUITS]")) + TABLES
    model = hold_against_engine(write(tmp_path, text), tmp_path)
    probe = model.nodes.index["probe0"]
    length = model.options.length_factor
    for depth in depths[1:]:
        volume = model.storage_volume(probe, depth * length)
        back = model.storage_depth(probe, volume)
        if shape == "tabular from a point":  # SWMM's own volume jumps there
            assert 0.0 < back <= 4.0 * length
        else:
            assert model.storage_volume(probe, back) == pytest.approx(volume, rel=1e-9)
    assert model.storage_volume(probe, 9.0) == model.storage_volume(probe, 4.0 * length)


def test_names_differ_by_more_than_case_in_swmm_too(tmp_path: Path) -> None:
    text = bent((r"^C1 +M1 +M2", "C1 m1 m2"), (r"NODE M4", "NODE m4"))
    hold_against_engine(write(tmp_path, text), tmp_path)


@pytest.mark.parametrize(
    "header",
    ["[junctions]", "[JUNC", "[JunctionSet]", "[JUNCTION]"],
)
def test_section_headers_match_by_their_beginning(tmp_path: Path, header: str) -> None:
    hold_against_engine(write(tmp_path, bent((r"^\[JUNCTIONS\]", header))), tmp_path)


@pytest.mark.parametrize("row", ["TEMPERATURE", "TEMPERATURE\nDRY_ONLY YES", "FILE" + " 1" * 12])
def test_evaporation_is_read_from_a_climate_file_as_swmm_reads_it(tmp_path: Path, row: str) -> None:
    climate = tmp_path / "climate.dat"
    climate.write_text("".join(f"A 2021 3 {day} 20 5 3\n" for day in range(1, 32)))
    source = f'[TEMPERATURE]\nFILE "{climate}"\n\n[EVAPORATION]\n{row}'
    path = write(tmp_path, bent((r"^\[EVAPORATION\]\nCONSTANT .*", source)))
    assert hold_against_engine(path, tmp_path).notices == ()


@pytest.mark.skipif(not shared_models(), reason=ABSENT)
@pytest.mark.parametrize("path", shared_models(), ids=lambda path: path.stem)
def test_shared_models_are_read_as_swmm_reads_them(path: Path, tmp_path: Path) -> None:
    if read_model(path).refused:
        pytest.skip("SWMM refuses this file; see test_every_file")
    hold_against_engine(path, tmp_path)


@pytest.mark.skipif(not pystorms_models(), reason="pystorms is not installed")
@pytest.mark.parametrize("path", pystorms_models(), ids=lambda path: path.stem)
def test_pystorms_models_are_read_as_swmm_reads_them(path: Path, tmp_path: Path) -> None:
    if read_model(path).refused:
        pytest.skip("SWMM refuses this file; see test_every_file")
    hold_against_engine(path, tmp_path)


@pytest.mark.skipif(not city().is_file(), reason=ABSENT)
def test_the_city_is_read_as_swmm_reads_it_once_swmm_can(tmp_path: Path) -> None:
    model = hold_against_engine(runnable_city(tmp_path), tmp_path)
    assert model.refused == ()
    assert len(model.nodes) == 8575


@pytest.mark.parametrize("option", ["", "IGNORE_RDII YES", "IGNORE_RAINFALL YES"])
def test_as_much_rain_falls_as_in_swmm(tmp_path: Path, option: str) -> None:
    path = write(tmp_path, bent((r"^THREADS.*", option)))
    model = read_model(path)
    engine, seen = SwmmEngine(path, model, tmp_path / "swmm.rpt"), []
    try:
        while engine.stride(300):
            seen.append(engine.rain([1])[0] * 300.0)
    finally:
        engine.close()
    edges = np.array([0.0, model.options.duration_s])
    ours = float(model.rain(1).depth_m(edges)[0])
    assert sum(seen) == pytest.approx(ours)
    assert (ours > 0.01) is (option != "IGNORE_RAINFALL YES")


def test_comparison_would_notice_a_difference(tmp_path: Path) -> None:
    path = write(tmp_path)
    with opened(path, tmp_path) as engine:
        assert not math.isclose(engine.node(0, "FULL_DEPTH"), 2.9)
    assert SEWER.count("3.0") > 3
