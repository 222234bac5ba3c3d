"""A wrong model file is refused in one line that says where, what was found, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sewer import SEWER, bent, line_of, write

from jialing.core.errors import InputError
from jialing.domains.water.model import read_model

Changes = tuple[tuple[str, str], ...]

#: what is wrong -> changes to the good file, text that stands on the line named, words of the message
BAD: dict[str, tuple[Changes, str, str]] = {
    "a node of the same name": (((r"^M2 +18", "M1 18"),), "M1 18", "'M1' is taken already"),
    "a node that differs by case": (((r"^M2 +18", "m1 18"),), "m1 18", "SWMM ignores case"),
    "a junction and a tank of one name": (
        ((r"^well +4.0", "M5 4.0"),), "M5 4.0", "in [JUNCTIONS] on line 54"),
    "a link of the same name": (((r"^C2 +M2", "C1 M2"),), "C1 M2", "'C1' is taken already"),
    "a gate and a conduit of one name": (((r"^gate +up", "C1 up"),), "C1 up", "'C1' is taken"),
    "a gage of the same name": (((r"^town", "hill"),), "hill     VOLUME", "'hill' is taken"),
    "a rule of the same name": (((r"^RULE low", "RULE throttle"),), "RULE throttle", "already"),
    "a link to nowhere": (((r"^C1 +M1 +M2", "C1 M1 M77"),), "M77",
        "C1 discharges into node 'M77', which no section defines"),
    "a link from nowhere": (((r"^C3 +M3", "C3 M33"),), "M33", "leaves node 'M33'"),
    "a conduit without a cross section": (
        ((r"^C3 +RECT.*\n", ""),), "C3      M3", "C3 has no row in [XSECTIONS]"),
    "a gate without a cross section": (((r"^gate +RECT.*\n", ""),), "gate    upper_tank", "cut off"),
    "a cross section of no link": (((r"^C3 +RECT", "C33 RECT"),), "C33 RECT", "Did you mean 'C3'"),
    "a wrong unit word": ((("CMS", "CMM"),), "CMM", "Did you mean 'CMS'? Allowed: CFS, GPM"),
    "a wrong routing word": ((("DYNWAVE", "DYNAMIC"),), "DYNAMIC", "Allowed: NONE, STEADY"),
    "a wrong offset word": (((r"OFFSETS +DEPTH", "OFFSETS HEIGHT"),), "HEIGHT", "DEPTH, ELEVATION"),
    "an option nobody knows": (((r"^RULE_STEP", "RULE_STP"),), "RULE_STP", "mean 'RULE_STEP'"),
    "a day before its month": (((r"^START_DATE .*", "START_DATE 31/12/2021"),), "31/12",
        "write month/day/year"),
    "an end before the start": (((r"^END_TIME .*", "END_TIME 05:00:00"),), "END_DATE", "before"),
    "a step of nothing": (((r"^WET_STEP.*", "WET_STEP 0"),), "WET_STEP 0", "above 0"),
    "a step that is no time": (((r"^DRY_STEP.*", "DRY_STEP soon"),), "soon", "h:mm:ss"),
    "a report shorter than a step": (((r"^REPORT_STEP .*", "REPORT_STEP 00:00:05"),),
        "REPORT_STEP 00:00:05", "lengthen it"),
    "text for a number": (((r"^M1 +20.0", "M1 high"),), "M1 high", "elevation is 'high'"),
    "a number that is none": (((r"^M1 +20.0", "M1 nan"),), "M1 nan", "a number is needed"),
    "a number without end": (((r"^M1 +20.0", "M1 inf"),), "M1 inf", "a number is needed"),
    "a negative depth": (((r"^M1 +20.0  3.0", "M1 20 -3"),), "M1 20 -3", "not be below 0"),
    "a conduit without length": (((r"^C1 .*", "C1 M1 M2 0 0.01 0 0"),), "C1 M1 M2 0", "above 0"),
    "a conduit without friction": (((r"^C1 .*", "C1 M1 M2 9 0 0 0"),), "C1 M1 M2 9", "roughness"),
    "a row with too little": (((r"^C1 .*", "C1 M1 M2 200 0.013"),), "C1 M1 M2 200",
        "C1 has 5 of 7 values"),
    "no barrel": (((r"0   0   2$", "0 0 0"),), "0 0 0", "at least 1"),
    "a shape of no height": (((r"^C3 +RECT_CLOSED +0.8", "C3 RECT_CLOSED 0"),), "CLOSED 0",
        "its height is 0"),
    "a shape nobody knows": (((r"^C3 +RECT_CLOSED", "C3 RECT_CLOSD"),), "CLOSD", "'RECT_CLOSED'"),
    "a round weir": (((r"^spill +RECT_OPEN", "spill CIRCULAR"),), "spill CIRC", "RECT_OPEN"),
    "an open orifice": (((r"^gate +RECT_CLOSED", "gate RECT_OPEN"),), "gate RECT", "CIRCULAR"),
    "a custom shape without its curve": (
        ((r"^C3 +RECT_CLOSED +0.8 +1.0", "C3 CUSTOM 0.8 egg"),), "CUSTOM", "curve 'egg'"),
    "a custom shape from a tank's curve": (
        ((r"^C3 +RECT_CLOSED +0.8 +1.0", "C3 CUSTOM 0.8 tank"),), "CUSTOM", "not SHAPE"),
    "a transect that is missing": (
        ((r"^C3 +RECT.*", "C3 IRREGULAR brook"),), "IRREGULAR", "transect 'brook'"),
    "a pump without its curve": (((r"^P1 .*", "P1 well M5 lost ON"),), "lost", "curve 'lost'"),
    "a pump on a tank's curve": (((r"^P1 .*", "P1 well M5 tank ON"),), "M5 tank", "PUMP1 to PUMP5"),
    "a pump that stops above its start": (((r"1.5    0.5", "0.5 1.5"),), "0.5 1.5", "below"),
    "a tank without its curve": (((r"TABULAR     tank", "TABULAR tonk"),), "tonk", "mean 'tank'"),
    "a tank shape nobody knows": ((("FUNCTIONAL  50", "FUNCTONAL 50"),), "FUNCTONAL", "FUNCTIONAL"),
    "a tank of negative ground": ((("50 1 100", "50 1 -1"),), "50 1 -1", "not be negative"),
    "a cone of no width": ((("CYLINDRICAL 4 4 0", "CONICAL 4 0 1"),), "CONICAL", "above 0"),
    "an outlet rated by nothing": (((r"TABULAR/DEPTH +rating", "TABULAR/DEPTH lost"),), "lost",
        "is rated by curve 'lost'"),
    "an outlet rating nobody knows": ((("TABULAR/DEPTH", "TABLE"),), "TABLE", "FUNCTIONAL"),
    "an orifice neither side nor bottom": ((("BOTTOM", "TOP"),), "TOP", "SIDE, BOTTOM"),
    "a weir type nobody knows": ((("TRANSVERSE", "BROAD"),), "BROAD", "V-NOTCH"),
    "an outfall type nobody knows": ((("FIXED  9.5", "FXED 9.5"),), "FXED", "'FIXED'"),
    "a tide without its curve": ((("FIXED  9.5", "TIDAL ebb"),), "TIDAL", "curve 'ebb'"),
    "a stage without its series": ((("FIXED  9.5", "TIMESERIES ebb"),), "TIMESERIES ebb", "'ebb'"),
    "a gate that is neither open nor shut": (((r"9.5 +YES", "9.5 MAYBE"),), "MAYBE", "NO, YES"),
    "a pattern nobody defined": (((r"^M4 +FLOW +0.01 +hourly", "M4 FLOW 0.01 hurly"),), "hurly",
        "mean 'hourly'"),
    "a pattern type nobody knows": (((r"^hourly +HOURLY", "hourly HORLY"),), "HORLY", "'HOURLY'"),
    "a series nobody defined": (((r"TIMESERIES storm", "TIMESERIES strom"),), "strom", "'storm'"),
    "an inflow series nobody defined": (((r"FLOW  spring", "FLOW sprung"),), "sprung", "'spring'"),
    "a dry flow into nowhere": (((r"^M4 +FLOW", "M44 FLOW"),), "M44 FLOW", "node 'M44'"),
    "a pollutant nobody defined": (((r"^M4 +FLOW", "M4 TSS"),), "M4 TSS", "pollutant 'TSS'"),
    "a unit hydrograph nobody defined": (((r"^M2 +soaking", "M2 dry"),), "M2 dry", "'dry'"),
    "a subcatchment into nowhere": (((r"^upper +hill +M1", "upper hill M77"),), "M77", "drains into"),
    "a subcatchment without gage": (((r"^upper +hill", "upper hull"),), "hull", "mean 'hill'"),
    "infiltration of nothing": (((r"^upper +50", "uper 50"),), "uper 50", "mean 'upper'"),
    "infiltration of text": (((r"^upper +50  5", "upper 50 wet"),), "50 wet", "'wet'"),
    "a subarea cut short": (((r"^lower +0.012  0.1  1  4.*", "lower 0.012 0.1"),), "lower 0.012 0.1",
        "3 of 7 values"),
    "a subarea that drains nowhere": (((r"4  20  OUTLET", "4 20 OUT"),), "20 OUT", "'OUTLET'"),
    "a hydrograph of text": (((r"Short  0.02  1.0", "Short much 1.0"),), "much", "'much'"),
    "a hydrograph of no gage": (((r"^soaking  hill", "soaking hull"),), "hull", "mean 'hill'"),
    "a hydrograph of no month": (((r"^soaking  All", "soaking Aul"),), "Aul", "neither a month"),
    "evaporation from nothing": (((r"^CONSTANT", "CONSTNT"),), "CONSTNT", "'CONSTANT'"),
    "a report after the end": (((r"^REPORT_START_TIME .*", "REPORT_START_TIME 12:00"),),
        "REPORT_START_DATE", "after the simulation has ended"),
    "a curve with half a point": (((r"^tank +2 +200", "tank 2"),), "tank 2", "x without its y"),
    "a curve of text": (((r"^tank +2 +200", "tank 2 big"),), "tank 2 big", "'big'"),
    "a curve type nobody knows": (((r"^tank +Storage", "tank Store"),), "Store", "'STORAGE'"),
    "a series with half a point": (((r"^storm +6:30 +45 ", "storm 6:30 45 6:40"),), "6:30 45",
        "'6:45' is not a number"),
    "a series of text": (((r"^storm +6:15 +20", "storm 6:15 wet"),), "wet", "'wet' is not a number"),
    "a series without time": (((r"^storm +6:15 +20", "storm noon 20"),), "noon", "not a time"),
    "a rain format nobody knows": (((r"^hill +INTENSITY", "hill INTENS"),), "INTENS", "VOLUME"),
    "a gage of no interval": (((r"INTENSITY 0:15", "INTENSITY 0:00"),), "0:00", "h:mm"),
    "a rain file that is absent": (((r"TIMESERIES storm", "FILE storm.dat STA1 MM"),), "storm.dat",
        "--series hill=FILE"),
    "a series file that is absent": (
        ((r"^spring +0.*\nspring.*", r'spring FILE "C:\\rain\\spring.txt"'),), "spring.txt",
        "--series spring=FILE"),
    "a hot start that is absent": (
        ((r"^\[RAINGAGES\]", "[FILES]\nUSE HOTSTART warm.hsf\n[RAINGAGES]"),), "warm.hsf",
        "Put each beside the model file."),
    "a climate file that is absent": (
        ((r"^\[RAINGAGES\]", "[TEMPERATURE]\nFILE climate.dat\n[RAINGAGES]"),), "climate.dat",
        "no such data file: 'climate.dat' of [TEMPERATURE] FILE"),
    "a rule about nowhere": (((r"^IF NODE M4", "IF NODE M44"),), "M44", "watches node 'M44'"),
    "a rule about nothing": (((r"^IF NODE M4", "IF NUDE M4"),), "NUDE", "no object of a rule"),
    "a rule about no attribute": ((("M4 DEPTH", "M4 DEPHT"),), "DEPHT", "mean 'DEPTH'"),
    "a rule about no number": ((("DEPTH > 1.2", "DEPTH > deep"),), "deep", "no value of DEPTH"),
    "a rule about no time": ((("TIME > 0:10", "TIME > soon"),), "soon", "no value of TIME"),
    "a rule without comparison": ((("DEPTH > 1.2", "DEPTH => 1.2"),), "=>", "no relation"),
    "a rule that moves nothing known": ((("ORIFICE gate SETTING = 0.2", "ORIFICE gat SETTING = 1"),),
        "gat SETTING", "mean 'gate'"),
    "a rule that takes a gate for a weir": (((r"THEN ORIFICE", "THEN WEIR"),), "THEN WEIR",
        "of kind ORIFICE, not WEIR"),
    "a rule that opens too far": ((("SETTING = 0.2", "SETTING = 2"),), "= 2", "allowed 0 … 1"),
    "a rule that sets a pump half on": ((("STATUS = OFF", "STATUS = HALF"),), "HALF", "OFF, ON"),
    "a rule by no curve": ((("SETTING = 0.2", "SETTING = CURVE lost"),), "lost", "curve 'lost'"),
    "a rule out of order": (((r"^THEN ORIFICE gate SETTING = 0.2\n", ""),), "ELSE ORIFICE",
        "ELSE cannot follow IF"),
    "a clause before any rule": (((r"^RULE throttle\n", ""),), "IF NODE M4", "before the first RULE"),
    "a divider into nothing": (
        ((r"^\[OUTFALLS\]", "[DIVIDERS]\nD1 5 C99 CUTOFF 0.1\n[OUTFALLS]"),), "D1 5", "'C99'"),
    "a line longer than SWMM reads": (
        ((r"^tank +4 +250", "tank 4 250" + " " * 1100 + "5 300"),), "tank 4", "at most 1023"),
    "a loop without outfall": (
        ((r"^\[OUTFALLS\]", "ring1 5 1 0 0 0\nring2 5 1 0 0 0\n[OUTFALLS]"),
         (r"^\[PUMPS\]", "R1 ring1 ring2 10 0.01 0 0\nR2 ring2 ring1 10 0.01 0 0\n[PUMPS]"),
         (r"^\[CONTROLS\]", "R1 CIRCULAR 1 0 0 0\nR2 CIRCULAR 1 0 0 0\n[CONTROLS]")),
        "ring1 5", "form a loop"),
    "no outfall at all": (
        ((r"^works .*\ncreek .*\nriver .*\n", ""),
         (r"^\[OUTFALLS\]", "works 3 1 0 0 0\ncreek 9 1 0 0 0\nriver 2 1 0 0 0\n[OUTFALLS]")),
        "[OUTFALLS]", "no outfall"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_wrong_file_is_refused_where_it_is_wrong(tmp_path: Path, what: str) -> None:
    changes, needle, words = BAD[what]
    text = bent(*changes)
    with pytest.raises(InputError) as caught:
        read_model(write(tmp_path, text))
    error = caught.value
    assert words in error.message
    assert error.path == tmp_path / "sewer.inp"
    places = [n for n, line in enumerate(text.split("\n"), start=1) if needle in line]
    assert error.line in places, f"{error.line} of {places}: {error.message}"
    assert str(error).startswith(f"{tmp_path}/sewer.inp:{error.line}: ")
    assert "\n" not in str(error)


#: what SWMM refuses -> changes, text on the line named; the file can still be inspected
REFUSED: dict[str, tuple[Changes, str]] = {
    "a curve that runs backwards": (((r"^tank +2 +200", "tank 5 200"),), "tank    Storage"),
    "a series that runs backwards": (((r"^storm +6:30 +45 ", "storm 6:10 45 "),), "storm          6:00"),
    "a gage slower than its series": (((r"INTENSITY 0:15", "INTENSITY 1:00"),), "hill     INT"),
    "a node that starts overfull": (((r"^M1 +20.0  3.0   0", "M1 20 3 5"),), "M1 20 3 5"),
    "two links at an outfall": (((r"^C3 +M3 +M4", "C3 M3 works"),), "works   3.0"),
    "a divider that diverts elsewhere": (
        ((r"^\[OUTFALLS\]", "[DIVIDERS]\nD1 5 C1 CUTOFF 0.1\n[OUTFALLS]"),), "D1 5"),
    "a divider that diverts nowhere": (
        ((r"^\[OUTFALLS\]", "[DIVIDERS]\nD1 5 * OVERFLOW\n[OUTFALLS]"),), "D1 5"),
    "Green-Ampt values of another method": ((("HORTON", "GREEN_AMPT"),), "upper    50"),
    "a section nobody knows": (((r"^\[REPORT\]", "[REPROT]"),), "[REPROT]"),
    "a name in quotes": (((r"^M3 +12.0", '"M3" 12.0'),), '"M3"'),
    "a paraboloid by its full name": ((("CYLINDRICAL 4 4 0", "PARABOLOID 4 4 2"),), "PARABOLOID"),
    "a dummy conduit from a tank": (
        ((r"^C4 +EGG +1.0", "C4 DUMMY 0"), (r"^C4 +M4 +lower_tank", "C4 lower_tank M4")), "C4 lower_tank"),
    "two ways out of a junction under kinematic waves": (
        (("DYNWAVE", "KINWAVE"), (r"^\[PUMPS\]", "X1 M1 M4 50 .01 0 0\n[PUMPS]"),
         (r"^\[CONTROLS\]", "X1 CIRCULAR 1 0 0 0\n[CONTROLS]")), "M1      20.0"),
    "a conduit that rises under steady routing": (
        (("DYNWAVE", "STEADY"), (r"^C1 +M1 +M2", "C1 M2 M1"), (r"^C2 +M2", "C2 M1")), "C1 M2 M1"),
    "a gate that leaves a junction under kinematic waves": (
        (("DYNWAVE", "KINWAVE"), (r"^C3 .*\n", ""), (r"^C3 .*\n", ""),
         (r"^floor +lower_tank", "floor M3")), "floor M3"),
    "a loop under kinematic waves": (
        (("DYNWAVE", "KINWAVE"), (r"^C4 .*", "C4 M4 M3 120 0.013 2 0 0 0")), "M3      12.0"),
    "three ways out of a divider under kinematic waves": (
        (("DYNWAVE", "KINWAVE"), (r"^M4 +11.*\n", ""),
         (r"^\[OUTFALLS\]", "[DIVIDERS]\nM4 11 C4 OVERFLOW 3\n[OUTFALLS]"),
         (r"^\[PUMPS\]", "X1 M4 M5 50 .01 0 0\nX2 M4 M5 50 .01 0 0\n[PUMPS]"),
         (r"^\[CONTROLS\]", "X1 CIRCULAR 1 0 0 0\nX2 CIRCULAR 1 0 0 0\n[CONTROLS]")),
        "M4 11 C4"),
    "a dummy conduit beside another one": (
        ((r"^C3 +RECT_CLOSED +0.8 +1.0", "C3 DUMMY 0 0"),
         (r"^\[PUMPS\]", "X1 M3 M5 50 .01 0 0\n[PUMPS]"),
         (r"^\[CONTROLS\]", "X1 CIRCULAR 1 0 0 0\n[CONTROLS]")), "C3      M3"),
    "an ideal pump beside a gate": (((r"^P1 .*", "P1 lower_tank M5 * ON"),), "P1 lower"),
    "a cross section above its conduit": (
        ((r"^C5 +M5.*\n", ""),
         (r"^\[CONTROLS\]", "[CONDUITS]\nC5 M5 works 300 0.013 0 0 0 0\n\n[CONTROLS]")),
        "C5      CIRCULAR"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_swmm_refuses_is_named_beforehand(tmp_path: Path, what: str) -> None:
    changes, needle = REFUSED[what]
    text = bent(*changes)
    model = read_model(write(tmp_path, text))
    assert [n.line for n in model.refused][:1] == [line_of(text, needle)]
    assert all("SWMM" in notice.text for notice in model.refused)


@pytest.mark.swmm
@pytest.mark.parametrize("what", REFUSED)
def test_swmm_does_refuse_what_we_say_it_refuses(tmp_path: Path, what: str) -> None:
    from swmm_check import refusals

    path = write(tmp_path, bent(*REFUSED[what][0]))
    assert refusals(path, tmp_path)


@pytest.mark.swmm
def test_swmm_takes_the_good_file(tmp_path: Path) -> None:
    from swmm_check import refusals

    assert not refusals(write(tmp_path), tmp_path)
    assert not read_model(write(tmp_path)).refused


#: harmless -> changes, text on the line named, words of the notice
HARMLESS: dict[str, tuple[Changes, str, str]] = {
    "coordinates of no node": (((r"^M4 +60", "M44 60"),), "M44 60", "are not a node"),
    "coordinates of text": (((r"^M4 +60", "M4 east"),), "M4 east", "are not a node"),
    "vertices of no link": (((r"^C1 +10 +52", "C11 10 52"),), "C11", "are not a link"),
    "no flow units": (((r"^FLOW_UNITS.*\n", ""),), "[OPTIONS]", "SWMM takes CFS"),
    "a steep conduit": (((r"^C5 +M5 +works +300", "C5 M5 works 2"),), "C5 M5", "falls 3.00 m"),
    "an offset below the node": (((r"^C1 .*", "C1 M1 M2 200 0.013 -1 0"),), "C1 M1", "below the b"),
    "a crest below the next node": (((r"^gate +upper_tank +M3", "gate M3 upper_tank"),), "gate M3",
        "SWMM raises it"),
    "a node below a crown": (((r"^M1 +20.0  3.0", "M1 20 0.5"),), "M1 20", "SWMM takes 0.800 m"),
    "a rule without an action": (((r"^THEN PUMP.*\n", ""),), "RULE low", "moves nothing"),
    "a gage faster than its series": (((r"INTENSITY 0:15", "INTENSITY 0:05"),), "hill     INT",
        "at least every 900 s"),
    "an outfall of no link": (((r"^\[STORAGE\]", "pond 1 FREE NO\n[STORAGE]"),), "pond", "no link"),
    "dividers under dynamic waves": (
        ((r"^M5 .*\n", ""), (r"^\[OUTFALLS\]", "[DIVIDERS]\nM5 6 C5 OVERFLOW\n[OUTFALLS]")),
        "M5 6", "plain junctions"),
    "a routing step above the wet step": (
        ((r"^ROUTING_STEP.*", "ROUTING_STEP 290"), (r"^WET_STEP.*", "WET_STEP 00:01:00")),
        "ROUTING_STEP", "SWMM takes 60 s"),
    "text before the first section": (((r"\A\[TITLE\]\n", "A note\n[TITLE]\n"),), "A note", "title"),
    "an island of tanks": (
        ((r"^\[CONDUITS\]", "isle1 5 2 0 FUNCTIONAL 0 0 9 0 0\nisle2 4 2 0 FUNCTIONAL 0 0 9 0 0\n"
          "[CONDUITS]"),
         (r"^\[ORIFICES\]", "isle isle1 isle2 * ON\n[ORIFICES]")), "isle1 5", "have no outfall"),
    "a saved file": (
        ((r"^\[RAINGAGES\]", "[FILES]\nSAVE OUTFLOWS out.txt\n[RAINGAGES]"),), "out.txt",
        "is not written"),
    "a time without a value": (((r"^storm +6:30 +45 .*", "storm 6:30 45 6:45"),), "45 6:45",
        "without its value"),
    "more values than SWMM reads": (
        ((r"^weekend +WEEKEND.*", "weekend WEEKEND" + " 1" * 45),), "weekend WEEKEND", "first 40 of"),
}  # fmt: skip


@pytest.mark.parametrize("what", HARMLESS)
def test_the_harmless_is_a_named_notice(tmp_path: Path, what: str) -> None:
    changes, needle, words = HARMLESS[what]
    text = bent(*changes)
    model = read_model(write(tmp_path, text))
    told = [(n.line, n.text, n.refused) for n in model.notices if words in n.text]
    assert told, [n.text for n in model.notices]
    assert told[0][0] == line_of(text, needle)
    assert not told[0][2]


@pytest.mark.parametrize("routing", ["KINWAVE", "STEADY"])
def test_without_dynamic_waves_a_last_junction_is_a_way_out(tmp_path: Path, routing: str) -> None:
    text = bent(*BAD["no outfall at all"][0], ("DYNWAVE", routing))
    model = read_model(write(tmp_path, text))
    assert not model.refused
    assert model.outfall_class() == {}


def test_a_good_file_brings_no_notice(tmp_path: Path) -> None:
    assert read_model(write(tmp_path)).notices == ()


@pytest.mark.parametrize("share", [0.3, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8])
def test_a_file_cut_off_before_its_tables_end_is_refused_with_a_line(
    tmp_path: Path, share: float
) -> None:
    text = SEWER[: int(len(SEWER) * share)]
    with pytest.raises(InputError) as caught:
        read_model(write(tmp_path, text))
    assert caught.value.line is not None


def test_a_file_for_a_series_nobody_has_is_a_slip(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no time series or gage has that name"):
        read_model(write(tmp_path), series_files={"strom": tmp_path / "x.txt"})


@pytest.mark.parametrize("name", ["storm", "HILL"])
def test_a_file_that_would_change_nothing_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.txt").write_text("0:00 1.0\n")
    with pytest.raises(InputError, match="it would change nothing") as caught:
        read_model(write(tmp_path), series_files={name: tmp_path / "x.txt"})
    assert caught.value.line


def test_a_name_that_a_series_and_a_gage_share_is_told_once(tmp_path: Path) -> None:
    text = SEWER.replace("TIMESERIES storm", "TIMESERIES HILL").replace("\nstorm ", "\nHILL ")
    with pytest.raises(InputError) as caught:
        read_model(write(tmp_path, text), series_files={"a": tmp_path / "x.txt"})
    assert str(caught.value).lower().split("known: ")[1].split(", ").count("hill") == 1


def test_all_data_files_that_are_absent_are_named_at_once(tmp_path: Path) -> None:
    text = bent(
        (r"^spring +0.*\nspring.*", r'spring FILE "C:\\rain\\spring.txt"'),
        (r"^storm +6:00 .*\nstorm .*\nstorm .*\nstorm .*", "storm FILE storm.txt"),
        (r"TIMESERIES late_storm", f"FILE {'x' * 300} STA1 MM"),
        (r"^\[CONTROLS\]", "[FILES]\nUSE RUNOFF runoff.bin\n\n[CONTROLS]"),
    )
    with pytest.raises(InputError) as caught:
        read_model(write(tmp_path, text), series_files={"STORM": tmp_path / "measured.txt"})
    spring, storm, town = (line_of(text, f"{t} ") for t in ("spring FILE", "storm FILE", "town   "))
    for told in (
        rf"'C:\rain\spring.txt' of [TIMESERIES] spring (line {spring})",
        f"'{tmp_path}/measured.txt', given for [TIMESERIES] storm (line {storm})",
        f"xxx' of [RAINGAGES] town (line {town})",
        f"'runoff.bin' of [FILES] USE (line {line_of(text, 'runoff.bin')})",
        "--series storm=FILE --series spring=FILE --series town=FILE",
    ):
        assert told in str(caught.value)
    assert caught.value.line == storm
