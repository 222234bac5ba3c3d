"""Does the plant do what the user's file says, and what we command, and nothing else?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_sewer import SEWER, bent, write

from jialing.core.command import Command
from jialing.core.errors import InputError, PlantError
from jialing.core.signal import Quality
from jialing.domains.water.cases import storm_sewer
from jialing.domains.water.domain import WATER
from jialing.domains.water.engine import SwmmEngine
from jialing.domains.water.layout import Layout, lay_out
from jialing.domains.water.model import read_model
from jialing.domains.water.plant import SwmmPlant
from jialing.domains.water.settings import FlowLimit, Sensing, WaterSettings

pytestmark = pytest.mark.swmm
TICK_S = 300.0
HOURS_S = 6 * 3600.0


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    path = tmp_path / "town.inp"
    path.write_text(SEWER)
    return lay_out(read_model(path), WaterSettings())


@pytest.fixture
def plant(layout: Layout) -> Iterator[SwmmPlant]:
    made = SwmmPlant(layout, WaterSettings(), duration_s=HOURS_S)
    yield made
    made.close()


def _run(plant: SwmmPlant, command: Command | None = None) -> None:
    going = True
    while going:
        if command is not None:
            plant.apply(command)
        going = plant.step(TICK_S)


def test_left_to_its_own_rules_the_derived_file_runs_bit_for_bit_like_the_users(
    layout: Layout, plant: SwmmPlant, tmp_path: Path
) -> None:
    _run(plant)
    nodes = range(len(layout.model.nodes.names))
    outfalls = (*layout.overflow_outfalls, *layout.treatment_outfalls)
    ours = (plant.ledger.flooded, plant.ledger.discharged)
    plant.close()
    engine = SwmmEngine(layout.model.path, layout.model, tmp_path / "own.rpt")
    while engine.stride(int(TICK_S)):
        pass
    np.testing.assert_array_equal(ours[0], engine.flooding(nodes)[0])
    np.testing.assert_array_equal(ours[1], engine.received(outfalls))
    assert ours[1].sum() > 1000.0
    engine.close()


@pytest.mark.parametrize("priority", ["2", "2000000"])
def test_a_commanded_gate_stays_where_it_is_told_against_the_files_rules(
    tmp_path: Path, priority: str
) -> None:
    text = SEWER.replace("PRIORITY 2", f"PRIORITY {priority}")
    layout = lay_out(read_model(write(tmp_path, text)), WaterSettings())
    plant = SwmmPlant(layout, WaterSettings(), duration_s=HOURS_S)
    gate = [a.name for a in plant.actuators].index("gate")
    targets = np.full(len(plant.actuators), np.nan)
    targets[gate] = 0.35
    command = Command(targets=targets, local=np.isnan(targets))
    for _ in range(20):
        plant.apply(command)
        plant.step(TICK_S)
        assert plant.observe()["setting:gate"] == pytest.approx(0.35, abs=1e-9)
    plant.close()


def test_a_gate_handed_back_follows_the_files_rule_again(plant: SwmmPlant) -> None:
    closed = np.zeros(len(plant.actuators))
    for _ in range(4):
        plant.apply(Command(targets=closed, local=closed > 0))
        plant.step(TICK_S)
    plant.apply(Command.all_local(len(plant.actuators)))
    plant.step(TICK_S)
    assert plant.observe()["setting:gate"] in (0.2, 0.8)


def test_what_has_lost_its_power_is_confirmed_as_it_stands_not_as_it_was_asked(
    plant: SwmmPlant,
) -> None:
    names = [actuator.name for actuator in plant.actuators]
    pump, gate = names.index("P1"), names.index("gate")
    asked = Command.of(plant.actuators, {"P1": 1.0, "gate": 0.7})
    for actuator in (pump, gate):
        plant.controls.fail(actuator, broken=True)
    for command in (asked, Command.all_local(len(names))):
        confirmed = plant.apply(command).positions
        assert confirmed[pump] == confirmed[gate] == 0.0
        plant.step(TICK_S)
        assert plant.observe()["setting:P1"] == plant.observe()["setting:gate"] == 0.0
    for actuator in (pump, gate):
        plant.controls.fail(actuator, broken=False)
    confirmed = plant.apply(asked).positions
    assert (confirmed[pump], confirmed[gate]) == (1.0, 0.7)


def test_no_water_is_lost_or_made(plant: SwmmPlant) -> None:
    _run(plant)
    sheet, _ = plant.score()
    assert abs(sheet["mass_error"].value) < 1.0


def test_the_score_names_overflow_by_place_and_counts_its_events(plant: SwmmPlant) -> None:
    _run(plant, Command.of(plant.actuators, {"gate": 0.0, "floor": 0.0}))
    sheet, details = plant.score()
    places = {row["place"]: row for row in details["overflow_by_place"]}
    assert set(places) == {"creek", "river"}
    assert sheet["overflow"].value == pytest.approx(
        sum(row["volume_m3"] for row in places.values())
    )
    assert sheet["overflow"].value > 0.0
    assert sheet["overflow_events"].value == sum(row["events"] for row in places.values()) >= 1


def test_a_flow_limit_is_scored_by_the_volume_above_it(layout: Layout) -> None:
    settings = WaterSettings(flow_limits=(FlowLimit(link="C5", limit_m3s=0.01),))
    made = SwmmPlant(lay_out(layout.model, settings), settings, duration_s=HOURS_S)
    _run(made)
    sheet, details = made.score()
    made.close()
    (row,) = details["limits"]
    assert sheet["exceedance"].value == pytest.approx(row["exceedance_m3"])
    assert 0.0 < row["exceedance_m3"] <= (row["peak_m3s"] - 0.01) * HOURS_S


def test_with_a_limit_of_nothing_the_volume_above_it_is_all_that_arrives(layout: Layout) -> None:
    settings = WaterSettings(flow_limits=(FlowLimit(link="C5", limit_m3s=0.0),))
    made = SwmmPlant(lay_out(layout.model, settings), settings, duration_s=HOURS_S)
    works = layout.model.nodes.names.index("works")
    for _ in range(24):
        made.step(TICK_S)
    (arrived,) = made.engine.received([works])
    sheet, _ = made.score()
    made.close()
    assert arrived > 100.0
    assert sheet["exceedance"].value == pytest.approx(arrived, rel=0.005)


def test_flooding_lasts_as_long_as_swmm_books_it_not_whole_ticks(layout: Layout) -> None:
    made = SwmmPlant(layout, WaterSettings(), duration_s=HOURS_S)
    for gage in range(len(layout.gages)):
        made.engine.set_rain(gage, 2e-4)
    for _ in range(12):
        made.step(TICK_S)
    _, details = made.score()
    made.close()
    ticks = np.array([row["duration_h"] * 3600.0 / TICK_S for row in details["flooding_by_node"]])
    assert len(ticks)
    assert (ticks > 0.0).all()
    assert (ticks <= 12.0).all()
    assert np.abs(ticks - np.round(ticks)).max() > 0.01


def test_a_sensor_that_drops_out_says_so(layout: Layout) -> None:
    settings = WaterSettings(sensing=Sensing(dropout=1.0))
    made = SwmmPlant(layout, settings, duration_s=HOURS_S)
    observation = made.observe()
    made.close()
    levels = layout.spans["depth"]
    assert np.isnan(observation.values[levels]).all()
    assert (observation.quality[levels] == Quality.MISSING).all()


def test_a_reading_that_is_missing_keeps_the_time_of_the_last_that_came(layout: Layout) -> None:
    made = SwmmPlant(layout, WaterSettings(sensing=Sensing(dropout=0.5)), duration_s=HOURS_S)
    came_s = np.zeros(len(made.signals))
    told, expected, missing = [], [], 0
    for _ in range(20):
        seen = made.observe()
        came = seen.quality == Quality.GOOD
        np.testing.assert_array_equal(came, np.isfinite(seen.values))
        came_s[came] = seen.time_s
        told.append(seen.valid_at_s)
        expected.append(came_s.copy())
        missing += int((~came).sum())
        made.step(TICK_S)
    made.close()
    np.testing.assert_array_equal(told, expected)
    levels = len(layout.level_nodes)
    assert missing == pytest.approx(0.5 * 20 * levels, rel=0.25)


@pytest.mark.parametrize(
    ("sensing", "quantity", "width"),
    [(Sensing(flow_noise=0.1), "flow", 0.2), (Sensing(level_noise_m=0.1), "depth", 0.1)],
)
def test_readings_scatter_about_the_truth_as_widely_as_stated_and_no_others_do(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, sensing: Sensing, quantity: str, width: float
) -> None:
    made = SwmmPlant(layout, WaterSettings(sensing=sensing), duration_s=HOURS_S)
    truth = 2.0
    monkeypatch.setattr(
        "jialing.domains.water.plant.read_signals", lambda *_: np.full(len(made.signals), truth)
    )
    errors = np.array([made.observe().values for _ in range(400)]) - truth
    made.close()
    noisy = np.zeros(len(made.signals), dtype=np.bool_)
    noisy[layout.spans[quantity]] = True
    assert errors[:, noisy].std() == pytest.approx(width, rel=0.05)
    assert abs(errors[:, noisy].mean()) < 0.05 * width
    assert not errors[:, ~noisy].any()


def test_a_noisy_level_is_never_below_the_bottom(layout: Layout) -> None:
    settings = WaterSettings(sensing=Sensing(level_noise_m=5.0))
    made = SwmmPlant(layout, settings, duration_s=HOURS_S)
    levels = np.array([made.observe().values[layout.spans["depth"]] for _ in range(20)])
    made.close()
    assert levels.min() == 0.0 < levels.max()


def test_sensor_noise_comes_from_the_seed_alone(layout: Layout) -> None:
    settings = WaterSettings(sensing=Sensing(level_noise_m=0.02))
    seen = []
    for seed in (1, 1, 2):
        made = SwmmPlant(layout, settings, duration_s=HOURS_S, seed=seed)
        made.step(TICK_S)
        seen.append(made.observe().values)
        made.close()
    np.testing.assert_array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])


def test_a_second_simulation_in_the_same_process_is_refused(
    layout: Layout, plant: SwmmPlant
) -> None:
    assert plant.time_s == 0.0
    with pytest.raises(PlantError, match="one simulation"):
        SwmmPlant(layout, WaterSettings(), duration_s=HOURS_S)
    assert plant.step(TICK_S)  # the first is unharmed


def test_what_swmm_refuses_is_passed_on_in_its_own_words(layout: Layout, tmp_path: Path) -> None:
    broken = tmp_path / "broken.inp"
    broken.write_text(SEWER.replace("C5      M5          works", "C5      M5          nowhere"))
    with pytest.raises(PlantError, match="nowhere"):
        SwmmEngine(broken, layout.model, tmp_path / "broken.rpt")
    working = SwmmPlant(layout, WaterSettings(), duration_s=HOURS_S)
    assert working.step(TICK_S)
    working.close()


def test_a_rule_that_swmm_refuses_is_named_by_its_line_in_the_users_file(
    layout: Layout, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("RULE a\nIF NODE NOPE DEPTH > 1\nTHEN ORIFICE gate SETTING = 1\n")
    message = r"rules\.txt:2: SWMM cannot run this: ERROR 209: undefined object NOPE: IF NODE"
    with pytest.raises(PlantError, match=message):
        SwmmPlant(layout, WaterSettings(), duration_s=HOURS_S, rules_file=rules)
    rules.write_text(
        "RULE a\nIF SIMULATION TIME > 1\nTHEN ORIFICE gate SETTING = 1\nTHEN x\n\nIF y\n"
    )
    with pytest.raises(PlantError, match=r"rules\.txt:4: SWMM .* at line 6: IF y"):
        SwmmPlant(layout, WaterSettings(), duration_s=HOURS_S, rules_file=rules)


def test_a_run_depends_on_every_file_that_its_model_reads(tmp_path: Path) -> None:
    (tmp_path / "spring.txt").write_text("0 0.02\n24 0.02\n")
    (tmp_path / "rain.dat").write_text("A 2021 3 1 6 15 5\n")
    (tmp_path / "climate.dat").write_text("A 2021 3 1 20 5 3\n")
    (tmp_path / "rules.txt").write_text(
        "RULE a\nIF SIMULATION TIME > 1\nTHEN PUMP P1 STATUS = ON\n"
    )
    text = bent(
        (r"^spring +0.*\nspring.*", "spring FILE spring.txt"),
        (r"TIMESERIES late_storm", "FILE rain.dat A MM"),
        (r"^\[EVAPORATION\]", "[TEMPERATURE]\nFILE climate.dat\n\n[EVAPORATION]"),
    )
    settings = WaterSettings(rules_file=tmp_path / "rules.txt")
    case = replace(WATER.case_from_file(write(tmp_path, text)), settings=settings)
    desk = WATER.desk(case, "rules")
    desk.plant.close()
    names = sorted(Path(file).name for file in desk.files)
    assert names == ["climate.dat", "rain.dat", "rules.txt", "sewer.inp", "spring.txt"]


def test_what_swmm_writes_lies_in_one_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "scratch"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr("tempfile.tempdir", str(place))
    plant = WATER.desk(storm_sewer(), "open").plant
    plant.step(60.0)
    found = [path.name.split("-")[0] for path in place.iterdir()]
    plant.close()
    assert found == ["jialing"]
    assert not list(place.iterdir())


def test_a_setting_that_is_refused_leaves_no_simulation_open(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    case = WATER.case_from_file(layout.model.path)
    backwards = replace(case, settings=WaterSettings(rate_per_s=-1.0))
    with pytest.raises(InputError, match=r"rate_per_s is -1\.0"):
        WATER.desk(backwards, "open")
    assert not list((tmp_path / "scratch").iterdir())
    WATER.desk(case, "open").plant.close()
