"""Does the public API open, run and repeat cases, and refuse what it cannot?"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bucket_domain import BucketDomain, BucketSettings, Limit, Predictive, leaky_bucket

import jialing as jl
from jialing.record.replay import Comparison

OWN = """
from __future__ import annotations
from dataclasses import dataclass
from bucket_domain import Predictive
from neighbour import LIMIT

@dataclass
class Tuned(Predictive):
    limit: float = LIMIT

class Mine(Predictive):
    pass

class Broken(Predictive):
    def __init__(self):
        raise RuntimeError("no luck")

class Leaving(Predictive):
    def __init__(self):
        raise SystemExit(4)

class NoMethod:
    pass
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "town.bucket"
    path.write_text("20")
    return path


def test_public_names_are_sorted_and_all_there() -> None:
    assert list(jl.__all__) == sorted(jl.__all__)
    for name in set(jl.__all__) - {"write_report"}:
        assert getattr(jl, name) is not None
    assert set(dir(jl)) >= set(jl.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        jl.nothing  # noqa: B018


def test_importing_jialing_loads_nothing_heavy() -> None:
    heavy = "numpy numba rich typer plotly highspy swmm"
    code = f"import sys, jialing; print([m for m in {heavy.split()} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert loaded.stdout.strip() == "[]"


def test_a_case_is_found_by_name(bucket: BucketDomain) -> None:
    case = jl.case("leaky-bucket")
    assert (case.name, case.domain, case.seed) == ("leaky-bucket", "bucket", 0)


def test_a_case_takes_fields_settings_and_what_its_maker_takes(bucket: BucketDomain) -> None:
    case = jl.case("leaky-bucket", seed=3, duration_s=600.0, capacity_m3=7.0, noise=0.1)
    assert (case.seed, case.duration_s) == (3, 600.0)
    assert case.settings == BucketSettings(capacity_m3=7.0, noise=0.1)


def test_the_title_tells_a_length_that_is_not_the_cases_own(bucket: BucketDomain) -> None:
    title, own_s = leaky_bucket().title, leaky_bucket().duration_s
    assert jl.case("leaky-bucket", duration_s=600.0).title == f"{title}, run for 10\u202fmin"
    assert jl.case("leaky-bucket", duration_s=own_s).title == title
    assert jl.case("leaky-bucket", duration_s=600.0, title="Mine").title == "Mine"


def test_a_case_is_made_from_a_model_file(bucket: BucketDomain, model: Path) -> None:
    for name in (model, str(model)):
        case = jl.case(name, noise=0.2, forecast="none")
        assert case.name == "town"
        assert case.settings == BucketSettings(capacity_m3=20.0, noise=0.2)
        assert case.forecast == "none"


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("leaky-buket", {}, "Did you mean 'leaky-bucket'"),
        ("nowhere/town.bucket", {}, "nowhere/town.bucket: no such file"),
        ("town.txt", {}, r"town\.txt: no such file"),
        (".", {}, "is a folder, not a model file"),
        ("leaky-bucket", {"sed": 1}, "Did you mean 'seed'"),
        ("leaky-bucket", {"seed": -1}, "seed -1 is not possible"),
        ("leaky-bucket", {"forecast": "perfekt"}, "Did you mean 'perfect'"),
        ("leaky-bucket", {"duration_s": 0.0}, r"duration_s = 0\.0 is not possible"),
        ("leaky-bucket", {"tick_s": float("nan")}, "tick_s = nan is not possible"),
        ("lost-bucket", {}, r"lost\.bucket was not found"),
    ],
)
def test_what_no_case_can_be_is_refused(
    bucket: BucketDomain, name: str, overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(jl.JialingError, match=message):
        jl.case(name, **overrides)


def test_a_file_that_no_domain_reads_is_refused(bucket: BucketDomain, tmp_path: Path) -> None:
    (tmp_path / "town.txt").write_text("")
    with pytest.raises(jl.InputError, match=r"no domain reads a \.txt file; allowed: .*\.bucket$"):
        jl.case(tmp_path / "town.txt")


WITHOUT_SIMULATORS = """
import sys
for name in ("swmm", "swmm.toolkit", "libsumo"):
    sys.modules[name] = None
import jialing as jl
from jialing.domains.metro.cases import CASES as stations
from jialing.domains.traffic.cases import CASES as signals
print(jl.case(stations["metro-mixed"]().model).domain)
print(jl.case(signals["traffic-grid"]().model).domain)
jl.inspect(stations["metro-mixed"]().model)
try:
    jl.case(sys.argv[1])
except jl.JialingError as error:
    print(error)
"""


def test_a_station_and_signals_are_opened_where_swmm_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "town.inp").write_text("")
    found = subprocess.run(
        [sys.executable, "-c", WITHOUT_SIMULATORS, str(tmp_path / "town.inp")],
        capture_output=True,
        text=True,
    )
    assert found.stderr == ""
    station, signals, sewer = found.stdout.splitlines()
    assert (station, signals) == ("metro", "traffic")
    assert "pip install 'jialing[water]'" in sewer


def test_cases_are_listed_with_what_they_lack(bucket: BucketDomain) -> None:
    leaky, lost = [entry for entry in jl.cases() if entry.domain == "bucket"]
    assert (leaky.name, leaky.title, leaky.lacks) == (
        "leaky-bucket",
        "A bucket under an hour of rain",
        "",
    )
    assert lost.title == "A bucket whose file is nowhere."
    assert lost.lacks == "lost.bucket was not found"


def test_a_run_sets_the_controller_beside_the_baseline(
    bucket: BucketDomain, tmp_path: Path
) -> None:
    result = jl.run("leaky-bucket", out=tmp_path)
    assert [run.controller for run in result.runs] == ["rules", "predictive"]
    assert result.folder == tmp_path / "leaky-bucket-s0"
    assert result["predictive"].folder == result.folder / "predictive"
    with pytest.raises(KeyError, match="did not run"):
        result["open"]
    assert [desk.plant.closed for desk in bucket.desks] == [1, 1]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("controller", "baseline", "names"),
    [
        ("predictive", False, ["predictive"]),
        (["predictive", "rules"], True, ["rules", "predictive"]),
        (["predictive", "rules"], False, ["rules", "predictive"]),
        (["slow", "predictive", "slow"], False, ["slow", "predictive"]),
        (Predictive, True, ["rules", "Predictive"]),
        (Predictive(), True, ["rules", "Predictive"]),
        (lambda: Predictive(), False, ["<lambda>"]),
        (
            [Predictive, Predictive, "predictive"],
            False,
            ["Predictive", "Predictive-2", "predictive"],
        ),
    ],
)
def test_the_controllers_that_are_wanted_run_baseline_first(
    bucket: BucketDomain, tmp_path: Path, controller: Any, baseline: bool, names: list[str]
) -> None:
    result = jl.run("leaky-bucket", controller, baseline=baseline, out=tmp_path)
    assert [run.controller for run in result.runs] == names
    folders = [run.folder for run in result.runs]
    assert len(set(folders)) == len(names)


def test_a_controller_may_name_itself(bucket: BucketDomain, tmp_path: Path) -> None:
    class Mine(Predictive):
        name = "half open / half shut"

    result = jl.run("leaky-bucket", Mine, baseline=False, out=tmp_path)
    assert result.runs[0].controller == "half open / half shut"
    assert result.runs[0].folder == result.folder / "half-open-half-shut"


def test_an_own_controller_does_not_take_the_place_of_the_domains(
    bucket: BucketDomain, tmp_path: Path
) -> None:
    class Mine(Predictive):
        name = "rules"

    result = jl.run("leaky-bucket", [Mine, "rules"], baseline=False, out=tmp_path)
    assert [run.controller for run in result.runs] == ["rules", "rules-2"]
    assert result.baseline == "rules"
    alone = jl.run("leaky-bucket", Mine, baseline=False, out=tmp_path)
    assert [run.controller for run in alone.runs] == ["rules-2"]


@pytest.mark.parametrize(
    ("controller", "message"),
    [
        ("predictiv", "Did you mean 'predictive'"),
        ("nowhere.py:Mine", r"nowhere\.py: no such file"),
        ("mine.py:Min", "Did you mean 'Mine'"),
        ("mine.py:Broken", "could not be made: RuntimeError: no luck"),
        ("mine.py:NoMethod", "NoMethod has no method decide"),
        ("bad.py:Mine", r"bad\.py: ZeroDivisionError"),
        ("gone.py:Mine", r"gone\.py: SystemExit: 3"),
        ("mine.py:Leaving", "Leaving could not be made: SystemExit: 4"),
        (3, "3 is no controller"),
        (int, "int has no method decide"),
        ([], "no controller was named"),
    ],
)
def test_what_is_no_controller_is_refused_and_nothing_is_written(
    bucket: BucketDomain,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    controller: Any,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("mine.py").write_text(OWN)
    Path("neighbour.py").write_text("LIMIT = 1.0")
    Path("bad.py").write_text("1 / 0")
    Path("gone.py").write_text("raise SystemExit(3)")
    with pytest.raises(jl.JialingError, match=message):
        jl.run("leaky-bucket", controller, baseline=False, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_that_cannot_be_opened_leaves_no_folder(
    bucket: BucketDomain, tmp_path: Path, model: Path
) -> None:
    model.write_text("twenty")
    with pytest.raises(jl.InputError, match=r"town\.bucket:1: 'twenty' is no capacity"):
        jl.run(model, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_closes_the_plant(
    bucket: BucketDomain, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(jl.RecordError):
        jl.run("leaky-bucket", out=tmp_path / "file")
    assert bucket.desks[-1].plant.closed == 1  # type: ignore[attr-defined]


def test_runs_of_a_case_never_overwrite_each_other(bucket: BucketDomain, tmp_path: Path) -> None:
    folders = [jl.run("leaky-bucket", "rules", seed=4, out=tmp_path).folder.name for _ in "ab"]
    assert folders == ["leaky-bucket-s4", "leaky-bucket-s4-2"]


def test_the_same_seed_is_the_same_run_and_another_is_not(
    bucket: BucketDomain, tmp_path: Path
) -> None:
    case = jl.case("leaky-bucket", noise=0.3)
    runs = [jl.run(case, seed=seed, out=tmp_path) for seed in (1, 1, 2)]
    given = [jl.open_record(r["predictive"].folder or "").frames["given"] for r in runs]
    np.testing.assert_array_equal(given[0], given[1])
    assert (given[0] != given[2]).any()


def test_the_document_is_the_one_that_was_agreed(bucket: BucketDomain, tmp_path: Path) -> None:
    document = jl.run("leaky-bucket", seed=5, out=tmp_path).to_dict()
    assert list(document) == ["case", "domain", "seed", "runs"]
    assert (document["case"], document["domain"], document["seed"]) == ("leaky-bucket", "bucket", 5)
    assert [run["controller"] for run in document["runs"]] == ["rules", "predictive"]
    for run in document["runs"]:
        assert list(run) == ["controller", "score", "guard", "wall_s"]
        assert list(run["score"]) == ["flooding", "treated", "travel"]
        assert run["score"]["flooding"].keys() == {"value", "unit"}
        assert run["guard"] == {"allowed": 120, "clamped": 0, "refused": 0}
        assert run["wall_s"] > 0.0
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_the_result_file_says_where_each_record_lies(bucket: BucketDomain, tmp_path: Path) -> None:
    result = jl.run("leaky-bucket", seed=8, out=tmp_path)
    written = json.loads((result.folder / "result.json").read_text())
    assert [run["folder"] for run in written["runs"]] == ["rules", "predictive"]
    assert written["title"] == result.case.title
    assert {
        jl.open_record(result.folder / f).manifest["seed"] for f in ("rules", "predictive")
    } == {8}
    for run in written["runs"]:
        assert jl.open_record(result.folder / run["folder"]).controller == run["controller"]


def test_a_table_prints_and_shows_itself_as_text(bucket: BucketDomain, tmp_path: Path) -> None:
    table = jl.run("leaky-bucket", out=tmp_path).table()
    assert isinstance(table, str)
    assert repr(table) == str(table)
    assert table.splitlines()[0] == "leaky-bucket · A bucket under an hour of rain · seed 0"
    assert table.splitlines()[1].split() == ["rules", "predictive"]


def test_a_perfect_forecast_is_labelled_in_the_table(bucket: BucketDomain, tmp_path: Path) -> None:
    case = jl.case("leaky-bucket", forecast="perfect")
    assert "a reference: perfect forecast" in jl.run(case, out=tmp_path).table()
    assert "reference" not in jl.run("leaky-bucket", out=tmp_path).table()


def test_failed_decisions_stand_below_the_table(bucket: BucketDomain, tmp_path: Path) -> None:
    class Mad:
        def decide(self, situation: jl.Situation) -> None:
            raise ValueError

    table = jl.run("leaky-bucket", Mad, out=tmp_path).table()
    assert "Mad: of 60 decisions 60 failed; the last plan or the local rule acted" in table


def test_what_no_controller_moves_stands_once_below_the_table(
    bucket: BucketDomain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = [f"gate {i}" for i in range(7)]
    plain = bucket.desk
    monkeypatch.setattr(bucket, "desk", lambda *given: replace(plain(*given), uncontrolled=gates))
    result = jl.run("leaky-bucket", out=tmp_path)
    assert result.notices() == (
        "not controlled: gate 0, gate 1, gate 2, gate 3, gate 4 and 2 more; "
        "`jialing inspect` says why",
    )
    assert result.notices()[0] in result.table()
    assert jl.repeat("leaky-bucket", seeds=2, out=tmp_path / "seeds").notices() == result.notices()


def test_a_replay_of_a_result_repeats_all_its_runs(bucket: BucketDomain, tmp_path: Path) -> None:
    case = jl.case("leaky-bucket", noise=0.3, limits=(Limit(name="a"),))
    result = jl.run(case, seed=9, out=tmp_path)
    comparisons = jl.replay(result.folder)
    assert [str(c) for c in comparisons] == [
        "rules: 60 ticks, identical",
        "predictive: 60 ticks, identical",
    ]
    assert bucket.desks[-1].about == {"case": "leaky-bucket"}


def test_a_replay_repeats_late_decisions_though_none_is_late_now(
    bucket: BucketDomain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "budget_s", 0.02)
    result = jl.run("leaky-bucket", "slow", baseline=False, out=tmp_path)
    assert result.runs[0].details["decisions"]["late"] >= 20
    monkeypatch.setattr(bucket, "budget_s", 60.0)
    assert jl.replay(result.folder)[0].identical


def test_a_replay_names_the_first_command_that_differs(
    bucket: BucketDomain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = jl.run("leaky-bucket", out=tmp_path)

    class Other(Predictive):
        def decide(self, situation: Any) -> jl.Command:
            command = super().decide(situation)
            if situation.time_s < 1200.0:
                return command
            return replace(command, targets=command.targets * 0.5)

    monkeypatch.setitem(bucket.makes, "predictive", Other)
    comparison = jl.replay(result.folder)[1]
    assert not comparison.identical
    assert comparison.difference.startswith("tick 20 (t = 1200 s), actuator valve: recorded ")


def test_a_replay_and_a_report_miss_a_record_that_is_gone(
    bucket: BucketDomain, tmp_path: Path
) -> None:
    result = jl.run("leaky-bucket", out=tmp_path)
    shutil.rmtree(result.folder / "rules")
    for look in (jl.replay, jl.write_report):
        with pytest.raises(jl.RecordError, match="names the run 'rules', which is gone"):
            look(result.folder)


def test_an_evening_that_is_gone_is_missed(bucket: BucketDomain, tmp_path: Path) -> None:
    result = jl.run("leaky-bucket", "rules", out=tmp_path)
    evening = result.folder.rename(tmp_path / "today")
    (evening / "result.json").unlink()
    (evening / "diary.jsonl").write_text("")
    (tmp_path / "result.json").write_text('{"domain": "city", "runs": [{"folder": "today"}]}')
    for look in (jl.replay, jl.write_report, jl.export):
        with pytest.raises(jl.RecordError, match="names the run 'today', which is gone"):
            look(tmp_path)
    with pytest.raises(jl.RecordError, match=r"whose city\.json is missing"):
        jl.replay(evening)


def test_a_result_without_a_run_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text('{"runs": []}')
    with pytest.raises(jl.RecordError, match="names no run"):
        jl.replay(tmp_path)


def test_a_city_and_a_sewer_in_one_folder_are_both_repeated(
    bucket: BucketDomain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jl.run("leaky-bucket", "rules", out=tmp_path)
    evening = tmp_path / "town-s0" / "coupled"
    evening.mkdir(parents=True)
    (evening / "city.json").write_text("{}")
    (evening.parent / "result.json").write_text('{"runs": [{"folder": "coupled"}]}')
    one = Comparison(controller="coupled · water", ticks=3)
    monkeypatch.setattr("jialing.api.replay_evening", lambda folder, scratch: (one,))
    assert [str(c) for c in jl.replay(tmp_path)] == [
        "leaky-bucket-s0 · rules: 60 ticks, identical",
        "town-s0 · coupled · water: 3 ticks, identical",
    ]


def test_a_replay_refuses_a_model_file_that_changed(
    bucket: BucketDomain, tmp_path: Path, model: Path
) -> None:
    result = jl.run(model, "rules", out=tmp_path)
    model.write_text("21")
    with pytest.raises(jl.RecordError, match=r"town\.bucket has changed since this run"):
        jl.replay(result.folder)
    model.unlink()
    gone = f"{model} is gone; to repeat this run, put the file, or a link to it, back there"
    with pytest.raises(jl.RecordError, match=re.escape(gone)):
        jl.replay(result.folder)


def test_a_run_is_repeated_from_any_folder(
    bucket: BucketDomain, tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(model.parent)
    Path("rain.txt").write_text("1")
    case = jl.case(model.name, extra_files={"rain": Path("rain.txt")})
    folder = jl.run(case, "rules", out="runs").folder.absolute()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert jl.replay(folder)[0].identical
    recorded = json.loads((folder / "rules" / "manifest.json").read_text())["case"]
    assert recorded["settings"]["extra_files"] == {"rain": str(tmp_path / "rain.txt")}


def test_a_replay_finds_the_users_own_controller_in_its_file(
    bucket: BucketDomain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "mine.py"
    own.write_text(OWN)
    (tmp_path / "neighbour.py").write_text("LIMIT = 1.0")
    monkeypatch.setattr(sys, "path", list(sys.path))
    result = jl.run("leaky-bucket", f"{own}:Tuned", baseline=False, out=tmp_path)
    assert result.runs[0].controller == "Tuned"
    assert jl.replay(result.folder)[0].identical
    own.write_text(OWN + "\n")
    with pytest.raises(jl.ControllerError, match=r"mine\.py has changed since this run"):
        jl.replay(result.folder)
    own.unlink()
    with pytest.raises(jl.ControllerError, match=r"mine\.py is gone"):
        jl.replay(result.folder)


def test_a_replay_asks_for_a_controller_that_is_not_on_file(
    bucket: BucketDomain, tmp_path: Path
) -> None:
    result = jl.run("leaky-bucket", Predictive(), out=tmp_path)
    with pytest.raises(jl.ControllerError, match="pass it"):
        jl.replay(result.folder)
    assert all(c.identical for c in jl.replay(result.folder, controller=Predictive))


def test_an_interrupted_run_hands_over_what_there_is(bucket: BucketDomain, tmp_path: Path) -> None:
    class Stopped(Predictive):
        def decide(self, situation: Any) -> jl.Command:
            if situation.time_s >= 600.0:
                raise KeyboardInterrupt
            return super().decide(situation)

    with pytest.raises(jl.Interrupted) as stopped:
        jl.run("leaky-bucket", [Stopped, "slow"], out=tmp_path)
    result = stopped.value.result
    assert [run.controller for run in result.runs] == ["rules", "Stopped"]
    assert "Stopped: interrupted; the figures cover the part that ran" in result.table()
    written = json.loads((result.folder / "result.json").read_text())
    assert [run["ended"] for run in written["runs"]] == ["completed", "interrupted"]
    assert jl.replay(result.folder / "rules")[0].identical
    assert jl.replay(result.folder / "Stopped", controller=Stopped)[0].ticks == 10


def test_ctrl_c_between_two_runs_hands_over_the_first(
    bucket: BucketDomain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = BucketDomain.desk

    def desk(domain: BucketDomain, case: jl.Case, controller: Any) -> Any:
        if controller != "rules":
            raise KeyboardInterrupt
        return opened(domain, case, controller)

    monkeypatch.setattr(BucketDomain, "desk", desk)
    with pytest.raises(jl.Interrupted, match="the record lies in") as stopped:
        jl.run("leaky-bucket", out=tmp_path)
    assert [run.controller for run in stopped.value.result.runs] == ["rules"]


@pytest.mark.parametrize("pace", [0.0, -1.0, float("nan"), float("inf")])
def test_a_pace_must_be_possible(bucket: BucketDomain, tmp_path: Path, pace: float) -> None:
    with pytest.raises(jl.InputError, match="pace"):
        jl.run("leaky-bucket", pace=pace, out=tmp_path)


def test_a_run_at_a_pace_takes_its_time(bucket: BucketDomain, tmp_path: Path) -> None:
    case = jl.case("leaky-bucket", duration_s=300.0)
    result = jl.run(case, "rules", pace=1200.0, out=tmp_path)
    assert result.runs[0].wall_s > 0.19


def test_a_model_is_inspected_by_its_domain(bucket: BucketDomain, model: Path) -> None:
    found = jl.inspect(model)
    assert found.document == {"capacity_m3": 20.0}
    assert str(found) == "holds 20 m³"
    with pytest.raises(jl.InputError, match="no such file"):
        jl.inspect("nowhere.bucket")
    with pytest.raises(jl.UnknownNameError, match="Did you mean 'leaky-bucket'"):
        jl.inspect("leaky-buket")


def test_a_city_is_no_model_and_its_models_are_named(tmp_path: Path) -> None:
    city = jl.case("chongqing").model
    for name in ("chongqing", "chongqing-50y", city, city.parent):
        with pytest.raises(
            jl.InputError, match=r"city\.yaml: is a city .*water\.inp, .*city check"
        ):
            jl.inspect(name)
    (tmp_path / "city.yaml").write_text("city: town\n")
    with pytest.raises(
        jl.InputError, match=r"is a city .*`jialing city check .*` says what it lack"
    ):
        jl.inspect(tmp_path)
    with pytest.raises(jl.InputError, match="no such file"):
        jl.inspect(tmp_path / "nowhere" / "city.yaml")


def test_a_case_survives_its_manifest(bucket: BucketDomain, tmp_path: Path) -> None:
    from jialing.api import _case_of

    case = replace(
        leaky_bucket(),
        duration_s=None,
        seed=3,
        settings=BucketSettings(
            limits=(Limit(name="a"), Limit(name="b", value=2.0)),
            extra_files={"rain": tmp_path / "rain.txt"},
        ),
    )
    from jialing.record.plain import to_plain

    assert _case_of(json.loads(json.dumps(to_plain(case, exact=True)))) == case


def test_progress_goes_to_stderr_in_lines(
    bucket: BucketDomain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jl.run("leaky-bucket", out=tmp_path, progress=True)
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert lines[0] == "rules: preparing"
    assert lines[1].startswith("rules: 0 %")
    assert lines[-1].startswith("predictive: 100 %")
    assert "flooding" in lines[-1]
