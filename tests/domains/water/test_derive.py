"""Does the file that SWMM runs differ from the user's in nothing but the switches?"""

from __future__ import annotations

from pathlib import Path

import pytest
from small_sewer import SEWER, bent, write

from jialing.core.errors import InputError
from jialing.domains.water.derive import derive_inp, switch_setting
from jialing.domains.water.model import WaterModel, read_model


@pytest.fixture
def sewer(tmp_path: Path) -> WaterModel:
    path = tmp_path / "own" / "town.inp"
    path.parent.mkdir()
    path.write_text(SEWER)
    return read_model(path)


def _derived(model: WaterModel, folder: Path, **options: object) -> tuple[str, dict[str, str]]:
    folder.mkdir()
    made = derive_inp(model, folder, model.controllable(), **options)  # type: ignore[arg-type]
    names = {model.links.names[i]: switch for i, switch in made.switches.items()}
    return made.path.read_text(), names


def test_an_actuator_gets_a_switch_only_if_the_file_itself_moves_it(
    sewer: WaterModel, tmp_path: Path
) -> None:
    text, switches = _derived(sewer, tmp_path / "work")
    ruled = {sewer.links.names[i] for i in sewer.ruled_links()}
    assert set(switches) == ruled & {sewer.links.names[i] for i in sewer.controllable()}
    for name, switch in switches.items():
        assert f"IF ORIFICE {switch} SETTING > 0.4" in text
        assert f" {name} SETTING = CURVE" in text


def test_the_users_own_rules_are_kept_word_for_word(sewer: WaterModel, tmp_path: Path) -> None:
    text, _ = _derived(sewer, tmp_path / "work")
    for rule in sewer.rules:
        for line in rule.text.splitlines():
            assert line.strip() in text


def test_other_rules_take_the_place_of_the_files_own(sewer: WaterModel, tmp_path: Path) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("RULE other\nIF SIMULATION TIME > 1\nTHEN ORIFICE floor SETTING = 0.4\n")
    text, switches = _derived(sewer, tmp_path / "work", rules_file=rules)
    assert "RULE throttle" not in text
    assert "RULE other" in text
    assert "floor" in switches


def test_missing_rules_are_named(sewer: WaterModel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.txt"):
        _derived(sewer, tmp_path / "work", rules_file=tmp_path / "gone.txt")


def test_rules_that_are_no_text_are_refused(sewer: WaterModel, tmp_path: Path) -> None:
    rules = tmp_path / "rules.bin"
    rules.write_bytes(b"RULE a\n\x7fELF\0\0\1")
    with pytest.raises(InputError, match=r"rules\.bin:2: is not text: byte 0x00"):
        _derived(sewer, tmp_path / "work", rules_file=rules)


@pytest.mark.parametrize("other", [False, True])
def test_every_line_is_known_by_its_place_in_the_users_files(
    sewer: WaterModel, tmp_path: Path, other: bool
) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("RULE other\r\nIF SIMULATION TIME > 1\r\nTHEN ORIFICE floor SETTING = 0.4")
    made = derive_inp(
        sewer,
        tmp_path,
        sewer.controllable(),
        duration_s=7200.0,
        rules_file=rules if other else None,
    )
    lines = made.path.read_text().split("\n")[:-1]
    assert len(lines) == len(made.origin)
    told = {path: path.read_text().split("\n") for path in (sewer.path, rules)}
    known = [(line, place) for line, place in zip(lines, made.origin, strict=True) if place]
    assert all(line == told[path][number - 1] for line, (path, number) in known)
    assert {path for _, (path, _) in known} == ({sewer.path, rules} if other else {sewer.path})
    ours = [line for line, place in zip(lines, made.origin, strict=True) if place is None]
    assert "END_TIME 08:00:00" in ours
    assert not any("THEN ORIFICE floor SETTING = 0.4" in line for line in ours)


def test_the_period_ends_where_the_run_does(sewer: WaterModel, tmp_path: Path) -> None:
    text, _ = _derived(sewer, tmp_path / "work", duration_s=2 * 3600.0)
    assert "END_DATE 03/01/2021" in text
    assert "END_TIME 08:00:00" in text
    assert "END_TIME             12:00:00" not in text
    with pytest.raises(InputError, match=r"\.inp: a run of 8\.64e\+11 s is not possible"):
        _derived(sewer, tmp_path / "ages", duration_s=1e7 * 86_400.0)


@pytest.mark.parametrize("name", ["inflows.txt", r'"C:\my models\inflows.txt"'])
def test_a_file_that_is_used_is_found_whatever_stands_after_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "inflows.txt").write_text("SWMM5\n")
    row = f"[FILES]\nUSE INFLOWS {name} ;; a note\nSAVE HOTSTART\n\n[RAINGAGES]"
    model = read_model(write(tmp_path, SEWER.replace("[RAINGAGES]", row)))
    text, _ = _derived(model, tmp_path / "work")
    assert f'\nUSE INFLOWS "{tmp_path / "inflows.txt"}"\n' in text


def test_nothing_is_written_where_the_users_own_runs_write(tmp_path: Path) -> None:
    text = bent((r"^THREADS .*", r'TEMPDIR "C:\\temp"'), (r"^\[CONTROLS\]",
        "[LID_USAGE]\nupper green 1 100 5 0 10 0 \"my report.txt\" * 0\n\n"
        "[FILES]\nSAVE HOTSTART end.hsf\n\n[CONTROLS]"))  # fmt: skip
    model = read_model(write(tmp_path, text))
    told, _ = _derived(model, tmp_path / "work")
    for name in ("TEMPDIR", "my report.txt", "end.hsf"):
        assert name not in told
    assert "upper green 1 100 5 0 10 0 * * 0" in told
    assert ["is not written" in notice.text for notice in model.notices] == [True, True]


def test_a_model_that_uses_our_prefix_gets_another(tmp_path: Path) -> None:
    path = tmp_path / "town.inp"
    path.write_text(SEWER.replace("upper_tank", "JL_upper"))
    text, switches = _derived(read_model(path), tmp_path / "work")
    assert switches
    assert not any(switch.startswith("JL_") for switch in switches.values())
    assert "JLX_" in text


@pytest.mark.parametrize(("target", "setting"), [(-1.0, 0.5), (0.0, 0.5), (0.5, 0.75), (2.0, 1.0)])
def test_a_switch_never_reads_as_local_while_it_carries_a_target(
    target: float, setting: float
) -> None:
    assert switch_setting(target) == setting > 0.4
