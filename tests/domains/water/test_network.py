"""The reduced network keeps what control can change, and says what it left out."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from small_sewer import bent, write
from water_files import ABSENT, pystorms_models, shared_models

from jialing.core.network import OUTSIDE, FlowNetwork
from jialing.domains.water.model import WaterModel, read_model
from jialing.domains.water.network import reduce_model, to_network


@pytest.fixture
def sewer(tmp_path: Path) -> WaterModel:
    return read_model(write(tmp_path))


def named_links(net: FlowNetwork) -> dict[str, tuple[str, str]]:
    """Link -> names of its two stores; an empty name is outside."""
    names = (*net.store_names, "")
    return {
        name: (names[a], names[b])
        for name, a, b in zip(net.link_names, net.link_from, net.link_to, strict=True)
    }


def test_tanks_and_ends_of_gates_are_stores_and_the_rest_is_inflow(sewer: WaterModel) -> None:
    net = to_network(sewer, sewer.controllable())
    assert net.store_names == ("M3", "M5", "upper_tank", "lower_tank", "well")
    assert named_links(net) == {
        "C3": ("M3", "lower_tank"),  # M4 lies inside the link
        "C5": ("M5", ""),
        "gate": ("upper_tank", "M3"),
        "spill": ("upper_tank", ""),
        "floor": ("lower_tank", "well"),
        "relief": ("lower_tank", ""),
        "P1": ("well", "M5"),
    }
    assert net.notes["collapsed_into"] == {"upper_tank": {"nodes": 2, "longest_s": pytest.approx(
        200 / 2.26 + 150 / 2.5, rel=0.3)}}  # fmt: skip
    assert net.notes["chained_nodes"] == 1


def test_actuators_stand_in_the_order_asked_for(sewer: WaterModel) -> None:
    chosen = [sewer.links.index["spill"], sewer.links.index["gate"]]
    net = to_network(sewer, chosen)
    assert net.actuator_names == ("spill", "gate")
    moved = dict(zip(net.link_names, net.link_actuator.tolist(), strict=True))
    assert (moved["spill"], moved["gate"], moved["P1"]) == (0, 1, OUTSIDE)


def test_water_entering_anywhere_arrives_at_a_store_in_time(sewer: WaterModel) -> None:
    reduction = reduce_model(sewer, sewer.controllable())
    index = sewer.nodes.index
    store = {
        n: reduction.net.store_names[reduction.node_store[index[n]]] for n in ("M1", "M2", "M4")
    }
    assert store == {"M1": "upper_tank", "M2": "upper_tank", "M4": "lower_tank"}
    delay = reduction.node_delay_s
    assert delay[index["M1"]] > delay[index["M2"]] > 0.0
    assert delay[index["upper_tank"]] == 0.0
    assert reduction.node_store[index["works"]] == OUTSIDE


def test_a_chain_takes_as_long_as_its_conduits_together(sewer: WaterModel) -> None:
    net = to_network(sewer, sewer.controllable())
    links, row = sewer.links, net.link_names.index("C3")
    seconds = sum(
        links.length_m[i] * links.full_area_m2[i] / links.full_flow_m3s[i]
        for i in (links.index["C3"], links.index["C4"])
    )
    assert net.link_delay_s[row] == pytest.approx(seconds)


def test_a_chain_carries_no_more_than_its_tightest_conduit(tmp_path: Path) -> None:
    wide = read_model(write(tmp_path))
    tight = read_model(write(tmp_path, bent((r"^C4 +EGG +1.0", "C4 EGG 0.3"))))
    peak = [
        float(
            to_network(m, m.controllable()).link_rating[:, -1].max(where=_row(m, "C3"), initial=0)
        )
        for m in (wide, tight)
    ]
    assert peak[1] < 0.2 * peak[0]


def _row(model: WaterModel, link: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([name == link for name in to_network(model, model.controllable()).link_names])


def test_content_grows_with_depth_and_counts_the_pipes_behind(sewer: WaterModel) -> None:
    reduction = reduce_model(sewer, sewer.controllable())
    assert np.all(np.diff(reduction.content_table, axis=1) > 0.0)
    row = reduction.net.store_names.index("upper_tank")
    own = sewer.storage_volume(sewer.nodes.index["upper_tank"], 4.0)
    # C2 enters 1 m above the tank's floor and rises to 18 m, the tank's own rim
    pipe = float(sewer.links.full_area_m2[sewer.links.index["C2"]]) * 150.0
    assert own + 0.3 * pipe < reduction.net.store_full[row] < own + pipe
    assert reduction.depth_table[row, -1] == pytest.approx(4.0)


def test_a_manhole_below_the_rim_of_a_tank_bounds_the_pool(tmp_path: Path) -> None:
    low = bent((r"^M2 +18.0  3.0", "M2 15.2 1.0"), (r"150     0.013  0    1.0", "150 0.013 0 1.0"))
    model = read_model(write(tmp_path, low))
    reduction = reduce_model(model, model.controllable())
    row = reduction.net.store_names.index("upper_tank")
    own = [model.storage_volume(model.nodes.index["upper_tank"], d) for d in (3.0, 4.0)]
    content = np.interp([3.0, 4.0], reduction.depth_table[row], reduction.content_table[row])
    assert content[1] - own[1] == pytest.approx(content[0] - own[0], abs=0.5)


def test_without_backwater_no_pipe_stores_level_with_a_tank(tmp_path: Path) -> None:
    model = read_model(write(tmp_path, bent(("DYNWAVE", "KINWAVE"))))
    reduction = reduce_model(model, model.controllable())
    row = reduction.net.store_names.index("upper_tank")
    assert reduction.net.store_full[row] == pytest.approx(
        model.storage_volume(model.nodes.index["upper_tank"], 4.0)
    )


def test_ratings_rise_with_fill_and_start_at_nothing(sewer: WaterModel) -> None:
    net = to_network(sewer, sewer.controllable())
    assert np.all(net.link_rating[:, 0] == 0.0)
    assert np.all(np.diff(net.link_rating, axis=1) >= 0.0)
    assert np.all(net.link_rating[:, -1] > 0.0)
    gate = net.link_rating[net.link_names.index("gate")]
    full_head = 4.0 - 0.2
    assert gate[-1] == pytest.approx(0.65 * 0.2 * np.sqrt(2 * 9.81456 * full_head), rel=1e-6)
    spill = net.link_rating[net.link_names.index("spill")]
    fill_at_crest = np.interp(
        3.2,
        np.linspace(0, 4.0, 33),
        reduce_model(sewer, sewer.controllable()).content_table[2] / net.store_full[2],
    )
    assert np.all(spill[net.rating_fill < fill_at_crest] == 0.0)


def test_ideal_pumps_and_dummy_conduits_let_everything_through(tmp_path: Path) -> None:
    text = bent((r"^P1 .*", "P1 well M5 * ON"), (r"^C3 +RECT_CLOSED +0.8 +1.0", "C3 DUMMY 0 0"))
    model = read_model(write(tmp_path, text))
    net = to_network(model, model.controllable())
    rating = dict(zip(net.link_names, net.link_rating[:, -1].tolist(), strict=True))
    assert 1.0 < rating["P1"] < 10.0  # as much as C5 behind it, not the 0.1 m³/s of its curve
    assert rating["C3"] < 10.0  # the next conduit of the chain is a real one


def test_a_split_that_control_reaches_is_kept_with_both_ways(tmp_path: Path) -> None:
    text = bent(
        (r"^\[OUTFALLS\]", "[OUTFALLS]\nbrook 8 FREE NO"),
        (r"^\[PUMPS\]", "X1 M4 brook 60 0.013 0.5 0\n\n[PUMPS]"),
        (r"^\[CONTROLS\]", "X1 CIRCULAR 0.4 0 0 0\n\n[CONTROLS]"),
    )
    model = read_model(write(tmp_path, text))
    links = named_links(to_network(model, model.controllable()))
    assert links["C3"] == ("M3", "M4")
    assert links["C4"] == ("M4", "lower_tank")
    assert links["X1"] == ("M4", "")


def test_loops_end(tmp_path: Path) -> None:
    text = bent(
        (r"^\[PUMPS\]", "B1 M4 M3 60 0.013 0 0\nB2 M2 M1 60 0.013 0 0\n\n[PUMPS]"),
        (r"^\[CONTROLS\]", "B1 CIRCULAR 0.4 0 0 0\nB2 CIRCULAR 0.9 0 0 0\n\n[CONTROLS]"),
    )
    model = read_model(write(tmp_path, text))
    reduction = reduce_model(model, model.controllable())
    assert named_links(reduction.net)["B1"] == ("M4", "M3")
    assert len(reduction.net.order()) == len(reduction.net.store_names)
    # B2 is the larger way out of M2, so M1 and M2 send their water round and round
    assert reduction.node_store[model.nodes.index["M1"]] == OUTSIDE
    assert reduction.net.notes["never_reaches_a_store"] == 2


def test_a_single_gate_needs_only_its_surroundings(tmp_path: Path) -> None:
    model = read_model(write(tmp_path))
    net = to_network(model, [model.links.index["P1"]])
    assert net.actuator_names == ("P1",)
    assert "gate" in net.link_names  # its tank is kept all the same, the gate is passive
    assert net.link_actuator[net.link_names.index("gate")] == OUTSIDE


@pytest.mark.skipif(not shared_models() + pystorms_models(), reason=ABSENT)
@pytest.mark.parametrize("path", shared_models() + pystorms_models(), ids=lambda path: path.stem)
def test_every_known_model_becomes_a_network_quickly(path: Path) -> None:
    model = read_model(path)
    begun = time.process_time()
    reduction = reduce_model(model, model.controllable())
    assert time.process_time() - begun < 2.0
    net = reduction.net
    assert len(net.actuator_names) == len(model.controllable())
    assert sorted(net.link_actuator[net.link_actuator >= 0].tolist()) == list(
        range(len(net.actuator_names))
    )
    assert len(net.order()) == len(net.store_names) <= len(model.nodes)
    assert np.all(np.isfinite(reduction.content_table))
    assert np.all(np.diff(reduction.content_table, axis=1) >= 0.0)
    assert np.all(reduction.node_delay_s >= 0.0)
    notes = net.notes
    assert (
        sum(e["nodes"] for e in notes["collapsed_into"].values()) + notes["never_reaches_a_store"]
        == notes["collapsed_nodes"]
    )
