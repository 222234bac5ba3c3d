"""A model file becomes tables in SI that say what the file says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from small_sewer import SEWER, bent, line_of, write

from jialing.core.errors import InputError, UnknownNameError
from jialing.domains.water.cells import to_clock_s, to_date, to_number
from jialing.domains.water.model import LinkKind, NodeKind, WaterModel, read_model


@pytest.fixture
def sewer(tmp_path: Path) -> WaterModel:
    return read_model(write(tmp_path))


def test_tables_stand_in_the_order_of_the_file(sewer: WaterModel) -> None:
    assert sewer.nodes.names[:6] == ("M1", "M2", "M3", "M4", "M5", "works")
    assert sewer.links.names == (
        "C1", "C2", "C3", "C4", "C5", "P1", "gate", "floor", "spill", "relief")  # fmt: skip
    kinds = [LinkKind(k).name for k in sewer.links.kind.tolist()]
    assert kinds == ["CONDUIT"] * 5 + ["PUMP", "ORIFICE", "ORIFICE", "WEIR", "OUTLET"]
    assert sewer.nodes.of_kind(NodeKind.STORAGE) == [8, 9, 10]
    assert sewer.nodes.index["well"] == 10
    for table, section in ((sewer.nodes, "works   3.0"), (sewer.links, "spill   up")):
        name = section.split()[0]
        assert table.line[table.index[name]] == line_of(SEWER, section)


def test_names_are_found_without_regard_to_case(sewer: WaterModel) -> None:
    assert sewer.links.find("GATE") == sewer.links.index["gate"]
    with pytest.raises(UnknownNameError, match="gate"):
        sewer.links.find("gat")
    with pytest.raises(UnknownNameError):
        sewer.nodes.find("nowhere")


def test_options_are_typed(sewer: WaterModel) -> None:
    options = sewer.options
    assert options.start == datetime(2021, 3, 1, 6)
    assert options.duration_s == 6 * 3600.0
    assert (options.routing_step_s, options.wet_step_s, options.rule_step_s) == (15.0, 300.0, 60.0)
    assert (options.routing, options.flow_units, options.us_units) == ("DYNWAVE", "CMS", False)


@pytest.mark.parametrize(
    ("unit", "flow", "length"),
    [
        ("CFS", 0.028316846592, 0.3048),
        ("GPM", 6.30901964e-5, 0.3048),
        ("MGD", 0.0438126364, 0.3048),
        ("CMS", 1.0, 1.0),
        ("LPS", 1e-3, 1.0),
        ("MLD", 0.0115740741, 1.0),
    ],
)
def test_every_flow_unit_becomes_si(tmp_path: Path, unit: str, flow: float, length: float) -> None:
    model = read_model(write(tmp_path, bent(("CMS", unit))))
    nodes, links = model.nodes, model.links
    assert model.options.flow_factor == pytest.approx(flow, rel=1e-6)
    assert nodes.invert_m[nodes.index["M1"]] == pytest.approx(20.0 * length)
    assert nodes.ponded_m2[nodes.index["M3"]] == pytest.approx(100.0 * length**2)
    assert links.length_m[links.index["C1"]] == pytest.approx(200.0 * length)
    assert links.pump_curve[links.index["P1"]].y[-1] == pytest.approx(0.1 * flow)
    assert links.pump_curve[links.index["P1"]].x[-1] == pytest.approx(3.0 * length)
    assert links.outlets[links.index["relief"]].curve_y[-1] == pytest.approx(0.7 * flow)
    assert model.dwf[0].mean_m3s == pytest.approx(0.02 * flow)
    assert model.inflows[0].baseline_m3s == pytest.approx(0.01 * flow)
    assert model.inflows[0].scale == pytest.approx(0.5 * flow)
    assert model.storage_volume(nodes.index["lower_tank"], 2.0 * length) == pytest.approx(
        300.0 * length**3
    )
    area = 4046.8564224 if length < 1.0 else 10_000.0
    assert model.subcatchments.area_m2[0] == pytest.approx(6.0 * area)
    depth = 0.0254 if length < 1.0 else 1e-3
    assert model.rain(0).intensity_m_s.max() == pytest.approx(45.0 * depth / 3600.0)


def test_links_hold_what_their_rows_say(sewer: WaterModel) -> None:
    links = sewer.links
    gate, floor, spill = (links.index[n] for n in ("gate", "floor", "spill"))
    assert links.side[gate]
    assert not links.side[floor]
    assert links.discharge_coefficient[gate] == 0.65
    assert links.full_depth_m[gate] == 0.4
    assert links.width_m[gate] == 0.5
    assert links.crest_height_m[spill] == 3.2
    assert links.weirs[spill].can_surcharge
    assert np.isnan(links.crest_height_m[links.index["C1"]])
    assert links.barrels[links.index["C5"]] == 2
    assert links.full_area_m2[links.index["C5"]] == pytest.approx(2 * np.pi * 0.09)
    assert links.start_depth_m[links.index["P1"]] == 1.5
    assert links.stop_depth_m[links.index["P1"]] == 0.5
    assert links.initial_setting[links.index["P1"]] == 1.0
    assert links.pump_curve[links.index["P1"]].kind == "PUMP4"
    assert links.vertices == {links.index["C1"]: [(10.0, 52.0)]}
    assert np.isnan(links.full_flow_m3s[gate])
    assert links.full_flow_m3s[links.index["C1"]] == pytest.approx(
        np.pi * 0.16 * 0.2 ** (2 / 3) * 0.01**0.5 / 0.013, rel=1e-3
    )


def test_outfalls_hold_their_boundary(sewer: WaterModel) -> None:
    creek = sewer.nodes.outfalls[sewer.nodes.index["creek"]]
    assert (creek.kind, creek.stage_m, creek.has_flap) == ("FIXED", 9.5, True)
    assert sewer.nodes.outfalls[sewer.nodes.index["works"]].kind == "FREE"


def test_dry_weather_goes_to_treatment_and_spills_do_not(sewer: WaterModel) -> None:
    assert sewer.outfall_class() == {
        "works": "treatment", "creek": "overflow", "river": "overflow"}  # fmt: skip


def test_without_dry_weather_all_lowest_ways_lead_to_treatment(tmp_path: Path) -> None:
    text = bent((r"^M3      FLOW.*\n", ""), (r"^M1      FLOW.*\n", ""), (r"^M4      FLOW.*\n", ""))
    assert read_model(write(tmp_path, text)).outfall_class()["creek"] == "overflow"


def test_where_nothing_is_reached_all_outfalls_are_treatment(tmp_path: Path) -> None:
    text = bent((r"^C5 +M5 +works", "C5 works M5"))
    kinds = read_model(write(tmp_path, text)).outfall_class()
    assert set(kinds.values()) == {"treatment"}


def test_water_over_a_divider_is_overflow(tmp_path: Path) -> None:
    text = bent(
        (r"^M5 .*\n", ""),
        (r"^\[OUTFALLS\]", "[DIVIDERS]\nM5 6 X1 CUTOFF 0.05 4\n\n[OUTFALLS]\nbrook 1 FREE NO"),
        (r"^\[PUMPS\]", "X1 M5 brook 50 0.013 0 0\n\n[PUMPS]"),
        (r"^\[CONTROLS\]", "X1 CIRCULAR 0.6 0 0 0\n\n[CONTROLS]"),
    )
    kinds = read_model(write(tmp_path, text)).outfall_class()
    assert kinds["works"] == "treatment"
    assert kinds["brook"] == "overflow"


def test_all_that_regulates_can_be_moved(sewer: WaterModel) -> None:
    names = [sewer.links.names[i] for i in sewer.controllable()]
    assert names == ["P1", "gate", "floor", "spill", "relief"]
    assert sewer.unusable == []


@pytest.mark.parametrize(
    ("change", "name", "why"),
    [
        ((r"^P1 .*", "P1 well M5 * ON"), "P1", "ideal"),
        ((r"^lift +1 +0.05\nlift +3 +0.10", "lift 1 0"), "P1", "delivers nothing"),
        ((r"TRANSVERSE +3.2 +1.8 +NO +0 +0 +YES", "ROADWAY 3.2 1.8 NO 0 0 YES 9 PAVED"), "spill",
         "nobody moves"),
        ((r"SIDE +0 +0.65", "SIDE 0 0"), "gate", "coefficient 0"),
        ((r"^spill +upper_tank +creek", "spill creek upper_tank"), "spill", "from an outfall"),
        ((r"^rating +1 .*", "rating 1 0"), "relief", "passes nothing"),
        ((r"^THREADS", "IGNORE_ROUTING YES\nTHREADS"), "gate", "switched off"),
        ((r"THEN PUMP P1 STATUS = OFF", "THEN CONDUIT C1 STATUS = CLOSED"), "C1", "stays with"),
    ],
)  # fmt: skip
def test_what_cannot_be_moved_is_named_with_the_reason(
    tmp_path: Path, change: tuple[str, str], name: str, why: str
) -> None:
    model = read_model(write(tmp_path, bent(change)))
    assert name not in [model.links.names[i] for i in model.controllable()]
    told = [n for n in model.unusable if f"'{name}'" in n.text and why in n.text]
    assert told
    assert all(notice.line for notice in told)


def test_rules_say_what_they_move_and_watch(sewer: WaterModel) -> None:
    throttle, low = sewer.rules
    assert (throttle.name, throttle.priority) == ("throttle", 2.0)
    assert throttle.links == (sewer.links.index["gate"],)
    assert throttle.watches == ("NODE M4 DEPTH", "SIMULATION TIME")
    assert throttle.text.startswith("RULE throttle\nIF NODE M4 DEPTH > 1.2")
    assert throttle.text.endswith("PRIORITY 2")
    assert low.links == (sewer.links.index["P1"],)
    assert sewer.ruled_links() == (sewer.links.index["P1"], sewer.links.index["gate"])


def test_a_pump_with_float_switches_is_ruled_without_a_rule(tmp_path: Path) -> None:
    text = bent((r"(?s)\[CONTROLS\].*?\[INFLOWS\]", "[INFLOWS]"))
    model = read_model(write(tmp_path, text))
    assert [model.links.names[i] for i in model.ruled_links()] == ["P1"]


@pytest.mark.parametrize(
    "clause",
    [
        "VARIABLE d = NODE M4 DEPTH\nRULE throttle\nIF d > 1.2",
        "VARIABLE d = NODE M4 DEPTH\nEXPRESSION e = d * 2\nRULE throttle\nIF e > 1.2",
        "RULE throttle\nIF GAGE hill INTENSITY > 4",
        "RULE throttle\nIF GAGE hill 6HR_PRECIP > 4",
        "RULE throttle\nIF NODE M4 DEPTH > NODE M5 DEPTH",
        "RULE throttle\nIF PUMP P1 TIMEOPEN > 0:30\nOR SIMULATION CLOCKTIME > 7:00",
    ],
)
def test_rules_of_every_form_are_read(tmp_path: Path, clause: str) -> None:
    text = bent((r"^RULE throttle\nIF NODE M4 DEPTH > 1.2", clause))
    assert [rule.name for rule in read_model(write(tmp_path, text)).rules] == ["throttle", "low"]


@pytest.mark.parametrize(
    "action",
    [
        "PUMP P1 SETTING = 0.5",
        "PUMP P1 STATUS = ON",
        "ORIFICE gate SETTING = CURVE rating",
        "WEIR spill SETTING = TIMESERIES spring",
        "OUTLET relief SETTING = PID 0.1 0.2 0.3",
    ],
)
def test_rules_of_every_action_are_read(tmp_path: Path, action: str) -> None:
    text = bent((r"PUMP P1 STATUS = OFF", action))
    model = read_model(write(tmp_path, text))
    assert model.rules[1].links == (model.links.index[action.split()[1]],)


def test_series_without_dates_count_from_the_start_and_dated_ones_do_not(sewer: WaterModel) -> None:
    storm, late = sewer.series["storm"], sewer.series["late_storm"]
    assert storm.times_s.tolist() == [21600.0, 22500.0, 23400.0, 24300.0, 25200.0]
    assert storm.values.tolist() == [0.0, 20.0, 45.0, 10.0, 0.0]
    assert late.times_s.tolist() == [1800.0, 2700.0, 3600.0]  # the file starts at 6:00
    assert late.dated
    assert not storm.dated


def test_rain_is_an_intensity_whatever_the_gage_records(tmp_path: Path) -> None:
    edges = np.array([0.0, 86_400.0])
    for form, total in (("INTENSITY", 75.0 / 4.0), ("VOLUME", 75.0), ("CUMULATIVE", 45.0 + 10.0)):
        text = bent((r"^hill +INTENSITY", f"hill {form}"))
        rain = read_model(write(tmp_path, text)).rain(0)
        assert rain.depth_m(edges)[0] == pytest.approx(total * 1e-3), form
    parts = rain.depth_m(np.array([22_500.0, 22_950.0, 23_400.0]))
    assert parts.tolist() == pytest.approx([0.010, 0.010])


def test_a_data_file_is_found_beside_the_model_or_where_one_says(tmp_path: Path) -> None:
    text = bent((r"^spring +0.*\nspring.*", r'spring FILE "C:\\rain data\\spring.txt"'))
    path = write(tmp_path, text)
    rows = ";a note\n03/01/2021 06:00 1.5\n06:30:00 2.5\n\n03/02/2021 0.5 3.5\n"
    elsewhere = tmp_path / "other.txt"
    elsewhere.write_text(rows.replace("1.5", "9.5"))
    given = read_model(path, series_files={"Spring": elsewhere})
    assert given.series["spring"].values[0] == 9.5
    assert given.notices == ()
    (tmp_path / "spring.txt").write_text(rows)
    beside = read_model(path)
    assert beside.series["spring"].values.tolist() == [1.5, 2.5, 3.5]
    assert beside.series["spring"].times_s.tolist() == [0.0, 1800.0, 66_600.0]
    assert beside.series["spring"].file == (tmp_path / "spring.txt").resolve()
    assert "taken from the model's folder" in beside.notices[0].text
    assert beside.resolve(r"C:\rain data\spring.txt") == (tmp_path / "spring.txt").resolve()


def test_a_file_given_for_a_name_that_gage_and_series_share_is_for_the_one_in_a_file(
    tmp_path: Path,
) -> None:
    rain, spring = tmp_path / "rain.dat", tmp_path / "spring.txt"
    rain.write_text("STA1 2021 3 1 6 0 12\n")
    spring.write_text("0:00 7.5\n")
    renamed = ("FLOW  spring", "FLOW  HILL")
    gage = bent((r"^hill .*", "hill VOLUME 1:00 1 FILE old.dat STA1 MM"), renamed,
                (r"^spring", "HILL"), (r"^spring", "HILL"))  # fmt: skip
    model = read_model(write(tmp_path, gage), series_files={"Hill": rain})
    assert model.gages.file[0] == rain.resolve()
    assert model.series["HILL"].file is None
    series = bent(renamed, (r"^spring +0.*\nspring.*", "HILL FILE old.txt"))
    model = read_model(write(tmp_path, series), series_files={"Hill": spring})
    assert model.gages.file[0] is None
    assert model.series["HILL"].file == spring.resolve()


@pytest.mark.parametrize(
    ("rows", "line"),
    [("06:00 1\nsoon 2\n", 2), ("06:00\n", 1), ("31/12/2021 0:00 1\n", 1), ("06:00 wet\n", 1)],
)
def test_a_damaged_data_file_is_named_with_its_line(tmp_path: Path, rows: str, line: int) -> None:
    (tmp_path / "spring.txt").write_text(rows)
    text = bent((r"^spring +0.*\nspring.*", "spring FILE spring.txt"))
    with pytest.raises(InputError) as caught:
        read_model(write(tmp_path, text))
    assert caught.value.path == tmp_path / "spring.txt"
    assert caught.value.line == line


def test_a_rain_file_of_stations_is_read_for_its_own_station(tmp_path: Path) -> None:
    (tmp_path / "rain.dat").write_text(
        ";station y m d h min mm\nA 2021 3 1 6 0 1.0\nB 2021 3 1 6 0 7.0\na 2021 3 1 6 15 2.0\n"
    )
    text = bent((r"^hill .*", "hill VOLUME 0:15 1.0 FILE rain.dat A MM"))
    model = read_model(write(tmp_path, text))
    rain = model.rain(0)
    assert rain.times_s.tolist() == [0.0, 900.0]
    assert rain.depth_m(np.array([0.0, 1e6]))[0] == pytest.approx(3e-3)
    (tmp_path / "rain.dat").write_text("USC00012345 some other format\n")
    with pytest.raises(InputError, match="user-prepared format"):
        read_model(write(tmp_path, text)).rain(0)


def test_dry_weather_follows_its_patterns(tmp_path: Path) -> None:
    model = read_model(write(tmp_path))
    flow = model.dry_weather_flow(np.array([0.0, 3600.0, 4.5 * 86_400.0]))
    m1, m4 = model.nodes.index["M1"], model.nodes.index["M4"]
    assert flow[:, m1].tolist() == pytest.approx([0.02 * 1.5, 0.02 * 1.6, 0.02 * 1.3])
    assert flow[:, m4].tolist() == pytest.approx([0.01 * 1.5, 0.01 * 1.6, 0.01 * 1.3])
    saturday = model.dry_weather_flow(np.array([5.0 * 86_400.0]))  # 6 March 2021
    assert saturday[0, m1] == pytest.approx(0.02)  # the weekend pattern is 1 throughout
    assert saturday[0, m4] == pytest.approx(0.01 * 1.5)


def test_runoff_arrives_where_chains_of_subcatchments_end(sewer: WaterModel) -> None:
    names = [sewer.nodes.names[i] for i in sewer.subcatchment_outlets]
    assert names == ["M1", "M4", "M4"]
    assert sewer.subcatchments.gage.tolist() == [0, 1, 1]


def test_subcatchments_that_drain_in_a_circle_end_nowhere(tmp_path: Path) -> None:
    text = bent((r"^lower +town +M4", "lower town garden"))
    assert read_model(write(tmp_path, text)).subcatchment_outlets.tolist() == [0, -1, -1]


def test_infiltration_names_its_sewershed(sewer: WaterModel) -> None:
    (rdii,) = sewer.rdii
    assert (rdii.node, rdii.hydrograph) == (sewer.nodes.index["M2"], "soaking")
    assert rdii.area_m2 == 35_000.0


def test_coordinates_are_nan_where_the_file_gives_none(tmp_path: Path) -> None:
    nodes = read_model(write(tmp_path, bent((r"^M4 +60.*\n", "")))).nodes
    assert np.isnan(nodes.x[nodes.index["M4"]])
    assert (nodes.x[nodes.index["M5"]], nodes.y[nodes.index["M5"]]) == (90.0, 25.0)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.5", 1.5), ("-2e3", -2000.0), ("", 0.0), ("nan", None), ("inf", None), ("1_0", None),
     ("1,5", None), ("abc", None)],
)  # fmt: skip
def test_numbers_are_finite_and_whole(text: str, value: float | None) -> None:
    assert to_number(text) == value


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("03/01/2021", datetime(2021, 3, 1)),
        ("3-1-2021", datetime(2021, 3, 1)),
        ("MAR/01/2021", datetime(2021, 3, 1)),
        ("13/01/2021", None),
        ("2021-03-01", None),
        ("02/30/2021", None),
        ("noon", None),
    ],
)
def test_dates_are_month_day_year(text: str, date: datetime | None) -> None:
    assert to_date(text) == date


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1:30", 5400.0), ("0:00:45", 45.0), ("1.5", 5400.0), ("26:00", 93_600.0), ("soon", None)],
)
def test_clock_times_are_hours_or_decimal_hours(text: str, seconds: float | None) -> None:
    assert to_clock_s(text) == seconds
