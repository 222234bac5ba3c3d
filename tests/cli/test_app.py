"""Do the commands print what was agreed, where it was agreed, with the right exit code?"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from bucket_domain import BucketDomain, Predictive
from typer.testing import CliRunner, Result

import jialing as jl
from jialing.cli import bench
from jialing.cli.app import app, main


@pytest.fixture
def ask(bucket: BucketDomain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command in an empty folder; the report is a stand-in."""

    def write_report(folder: Path, out: Path | None = None) -> Path:
        written = out or folder / "report.html"
        written.write_text("<html></html>")
        return written

    monkeypatch.chdir(tmp_path)
    # In this order: `jl` looks the name up in `jialing.report`, and must find the real one to restore.
    monkeypatch.setattr(jl, "write_report", write_report)
    monkeypatch.setattr("jialing.report.write_report", write_report)

    def ask(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return ask


def test_a_run_prints_the_table_and_where_record_and_report_lie(ask: Any) -> None:
    result = ask("run", "leaky-bucket", "--quiet")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "leaky-bucket · A bucket under an hour of rain · seed 0"
    assert lines[1].split() == ["rules", "predictive"]
    assert lines[-2:] == [
        "Record: runs/leaky-bucket-s0",
        "Report: runs/leaky-bucket-s0/report.html",
    ]
    assert result.stderr == ""
    assert Path("runs/leaky-bucket-s0/report.html").is_file()


def test_several_seeds_are_told_as_medians_with_their_spread(ask: Any) -> None:
    result = ask("run", "leaky-bucket", "--quiet", "--seeds", "2", "--seed", "5")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].endswith("median [least … greatest] of seeds 5, 6")
    assert lines[-2:] == [
        "Record: runs/leaky-bucket-2-seeds",
        "Report: runs/leaky-bucket-2-seeds/report.html",
    ]
    document = json.loads(ask("run", "leaky-bucket", "--seeds", "2", "--json").stdout)
    assert document["seeds"] == [0, 1]


def test_what_is_for_one_seed_is_refused_for_several(ask: Any) -> None:
    result = ask("run", "leaky-bucket", "--seeds", "2", "--pace", "10")
    assert result.exit_code == 2
    assert "leave them out or --seeds" in result.stderr
    assert not Path("runs").exists()


def test_json_is_one_document_and_nothing_else_on_stdout(ask: Any) -> None:
    result = ask("run", "leaky-bucket", "--json", "--seed", "3")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["seed"] == 3
    assert list(document) == ["case", "domain", "seed", "runs"]
    assert "Record: runs/leaky-bucket-s3\n" in result.stderr
    assert [run["controller"] for run in document["runs"]] == ["rules", "predictive"]
    assert document["runs"][1]["score"]["flooding"].keys() == {"value", "unit"}
    assert "predictive: 100 %" in result.stderr


def test_named_controllers_are_the_ones_that_run(ask: Any) -> None:
    result = ask("run", "leaky-bucket", "--json", "-c", "slow", "--controller", "rules")
    assert [r["controller"] for r in json.loads(result.stdout)["runs"]] == ["rules", "slow"]
    result = ask("run", "leaky-bucket", "--json", "-c", "predictive")
    assert [r["controller"] for r in json.loads(result.stdout)["runs"]] == ["predictive"]


def test_options_reach_the_case(ask: Any, bucket: BucketDomain) -> None:
    ask("run", "leaky-bucket", "-q", "--duration", "10min", "--seed", "2", "--out", "elsewhere")
    assert bucket.desks[-1].duration_s == 600.0
    manifest = json.loads(Path("elsewhere/leaky-bucket-s2/rules/manifest.json").read_text())
    assert manifest["case"]["duration_s"] == 600.0


def test_a_model_file_runs_under_its_own_name(ask: Any) -> None:
    Path("town.bucket").write_text("20")
    result = ask("run", "town.bucket", "-q", "--forecast", "none")
    assert result.exit_code == 0, result.output
    manifest = json.loads(Path("runs/town-s0/predictive/manifest.json").read_text())
    assert manifest["case"]["forecast"] == "none"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "leaky-buket"], "Did you mean 'leaky-bucket'"),
        (["run", "nowhere.bucket"], "nowhere.bucket: no such file"),
        (["run", "bad.bucket"], "bad.bucket:1: 'twenty' is no capacity"),
        (["run", "lost-bucket"], "lost.bucket was not found"),
        (["run", "leaky-bucket", "-c", "predictiv"], "Did you mean 'predictive'"),
        (["run", "leaky-bucket", "--forecast", "perfekt"], "Did you mean 'perfect'"),
        (["run", "leaky-bucket", "--duration", "5y"], "'5y' is no duration"),
        (["run", "leaky-bucket", "--duration", "0"], "'0' is no duration"),
        (["run", "leaky-bucket", "--seed", "-1"], "from 0 to 2147483647"),
        (["run", "leaky-bucket", "--seed", "99999999999"], "from 0 to 2147483647"),
        (["run", "leaky-bucket", "--seed", "2147483647", "--seeds", "2"], "seed 2147483648 is not"),
        (["run", "leaky-bucket", "--seed", "five"], "as an integer"),
        (["run", "leaky-bucket", "--series", "rain1"], "'rain1' is not NAME=FILE"),
        (["run", "leaky-bucket", "--pace", "0"], "pace"),
        (["run"], "name one case or model file"),
        (["inspect", "nowhere.bucket"], "nowhere.bucket: no such file"),
        (["report", "nowhere"], "'nowhere' is not a run"),
        (["replay", "nowhere"], "'nowhere' is not a run"),
        (["replay", "."], "holds neither"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_an_error_is_one_message_on_stderr_and_exit_code_2(
    ask: Any, arguments: list[str], message: str
) -> None:
    Path("bad.bucket").write_text("twenty")
    result = ask(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert "Traceback" not in result.output
    assert not Path("runs").exists()


def test_a_fault_of_ours_is_told_without_a_traceback_unless_asked(
    ask: Any, bucket: BucketDomain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "desk", lambda *_: 1 / 0, raising=False)
    result = ask("run", "leaky-bucket")
    assert result.exit_code == 2
    assert result.stderr.startswith("ZeroDivisionError: division by zero (test_app.py:")
    assert "Traceback" not in result.output
    monkeypatch.setenv("JIALING_TRACE", "1")
    assert isinstance(ask("run", "leaky-bucket").exception, ZeroDivisionError)


def test_json_is_one_document_even_where_a_controller_prints(ask: Any) -> None:
    Path("wordy.py").write_text(
        "from bucket_domain import Predictive\nprint('loaded')\n"
        "class Wordy(Predictive):\n    def prepare(self):\n        print('prepared')\n"
    )
    result = ask("run", "leaky-bucket", "-c", "wordy.py:Wordy", "-q", "--json")
    assert json.loads(result.stdout)["runs"][0]["controller"] == "Wordy"
    assert result.stderr == "loaded\nprepared\n"


def test_a_controller_that_ends_python_as_it_is_loaded_is_told_and_ends_with_2(ask: Any) -> None:
    Path("leaving.py").write_text("raise SystemExit(3)\n")
    result = ask("run", "leaky-bucket", "-c", "leaving.py:Leaving", "-q")
    assert (result.exit_code, result.stderr) == (2, "leaving.py: SystemExit: 3\n")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            PermissionError(13, "Permission denied", "town.inp"),
            "town.inp: cannot be read or written",
        ),
        (
            FileExistsError(17, "File exists", Path("a/b")),
            "a/b: cannot be read or written: File ex",
        ),
        (IsADirectoryError(21, "Is a directory", "x", None, b"y"), "y: cannot be read or written"),
        (OSError(28, "No space left on device"), "a file cannot be written: No space left"),
    ],
)
def test_trouble_with_a_file_is_no_fault_of_ours(
    ask: Any, monkeypatch: pytest.MonkeyPatch, error: OSError, said: str
) -> None:
    def inspect(model: str) -> jl.Inspection:
        raise error

    monkeypatch.setattr(jl, "inspect", inspect)
    result = ask("inspect", "town.inp")
    assert result.exit_code == 2
    assert result.stderr.startswith(said)
    assert "fault" not in result.stderr
    monkeypatch.setenv("JIALING_TRACE", "1")
    assert ask("inspect", "town.inp").exception is error


def test_another_error_of_the_system_is_a_fault_of_ours(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def inspect(model: str) -> jl.Inspection:
        raise ChildProcessError(10, "No child processes")

    monkeypatch.setattr(jl, "inspect", inspect)
    assert "This is a fault in Jialing" in ask("inspect", "town.inp").stderr


def test_tables_that_have_no_place_are_told_with_the_place(ask: Any) -> None:
    ask("run", "leaky-bucket", "-q")
    Path("a-file").write_text("")
    result = ask("export", "leaky-bucket-s0", "-o", "a-file/tables")
    assert result.exit_code == 2
    assert result.stderr == "a-file/tables: cannot be read or written: Not a directory\n"
    assert "a-file: is a file" in ask("export", "leaky-bucket-s0", "-o", "a-file").stderr


def test_ctrl_c_ends_with_130_and_says_where_the_record_lies(
    ask: Any, bucket: BucketDomain, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Predictive):
        def decide(self, situation: Any) -> jl.Command:
            if situation.time_s >= 600.0:
                raise KeyboardInterrupt
            return super().decide(situation)

    monkeypatch.setitem(bucket.makes, "predictive", Stopped)
    result = ask("run", "leaky-bucket", "--quiet", "--json")
    assert result.exit_code == 130
    assert result.stdout == ""
    assert "the record lies in runs/leaky-bucket-s0" in result.stderr
    assert jl.open_record("runs/leaky-bucket-s0/predictive").ticks == 10


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_what_stops_a_service_is_heard_as_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("jialing.cli.app.app", lambda: os.kill(os.getpid(), signal.SIGTERM))
    try:
        with pytest.raises(KeyboardInterrupt):
            main()
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_report_that_fails_takes_nothing_from_the_run(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(folder: Path, out: Path) -> Path:
        raise jl.RecordError("no ink")

    monkeypatch.setattr("jialing.report.write_report", broken)
    result = ask("run", "leaky-bucket", "-q")
    assert result.exit_code == 0
    assert "the report could not be written: no ink" in result.stderr
    assert "Report:" not in result.stdout


def test_cases_are_listed_with_what_they_lack(ask: Any) -> None:
    result = ask("cases")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "leaky-bucket bucket A bucket under an hour of rain" in lines
    assert "cannot run here: lost.bucket was not found" in result.stdout
    document = json.loads(ask("cases", "--json").stdout)
    own = [case["name"] for case in document["cases"] if case["domain"] == "bucket"]
    assert own == ["leaky-bucket", "lost-bucket"]


def test_a_model_is_inspected_for_people_and_for_programs(ask: Any) -> None:
    Path("town.bucket").write_text("20")
    assert ask("inspect", "town.bucket").stdout == "holds 20 m³\n"
    assert json.loads(ask("inspect", "town.bucket", "--json").stdout) == {"capacity_m3": 20.0}


def test_a_report_is_written_beside_the_run_or_where_it_is_wanted(ask: Any) -> None:
    ask("run", "leaky-bucket", "-q")
    Path("runs/leaky-bucket-s0/report.html").unlink()
    assert ask("report", "leaky-bucket-s0").stdout == "Report: runs/leaky-bucket-s0/report.html\n"
    assert ask("report", "runs/leaky-bucket-s0", "-o", "out.html").exit_code == 0
    assert Path("out.html").is_file()


def test_a_replay_says_identical_or_where_it_differs(
    ask: Any, bucket: BucketDomain, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("run", "leaky-bucket", "-q")
    result = ask("replay", "leaky-bucket-s0")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "rules: 60 ticks, identical",
        "predictive: 60 ticks, identical",
    ]
    monkeypatch.setitem(bucket.makes, "predictive", bucket.makes["rules"])
    result = ask("replay", "runs/leaky-bucket-s0/predictive")
    assert result.exit_code == 1
    assert result.stdout.startswith("predictive: tick 0 (t = 0 s), actuator valve: recorded 0.")
    assert "replayed local rule" in result.stdout


def test_a_replay_of_a_destroyed_record_differs_and_says_why(ask: Any) -> None:
    ask("run", "leaky-bucket", "-q")
    Path("runs/leaky-bucket-s0/rules/ticks.bin").write_bytes(bytes(range(256)) * 20)
    result = ask("replay", "leaky-bucket-s0")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "rules: ticks.bin is damaged: 0 of 60 ticks can be read"
    assert lines[1].startswith("  ticks.bin: frame 0 of ")
    assert lines[2] == "predictive: 60 ticks, identical"


def test_a_replay_of_a_torn_record_tells_the_tick_that_is_lost(ask: Any) -> None:
    ask("run", "leaky-bucket", "-q")
    ticks = Path("runs/leaky-bucket-s0/rules/ticks.bin")
    ticks.write_bytes(ticks.read_bytes()[:-1])
    Path("runs/leaky-bucket-s0/rules/score.json").unlink()
    result = ask("replay", "leaky-bucket-s0")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "rules: 59 ticks, identical"
    assert "the last frame is torn" in result.stdout
    assert "the run was cut off" in result.stdout


def test_an_export_tells_on_stderr_what_is_lost(ask: Any) -> None:
    ask("run", "leaky-bucket", "-q")
    Path("runs/leaky-bucket-s0/rules/ticks.bin").unlink()
    result = ask("export", "leaky-bucket-s0")
    assert result.exit_code == 0
    assert result.stderr == "runs/leaky-bucket-s0/rules: ticks.bin is missing\n"


def test_benchmarks_are_run_where_there_are_any(
    ask: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    script = Path("benchmarks/run.py")
    script.parent.mkdir()
    script.write_text("import sys; print(sys.argv[1:]); sys.exit(7)")
    assert ask("bench").exit_code == 7
    assert ask("bench", "skill", "--days", "3").exit_code == 7
    assert capfd.readouterr().out.splitlines() == ["[]", "['skill', '--days', '3']"]
    shutil.rmtree("benchmarks")
    monkeypatch.setattr(bench, "find_benchmarks", lambda: None)
    result = ask("bench")
    assert result.exit_code == 2
    assert "benchmarks come with a checkout" in result.stderr


def test_help_and_version_are_there(ask: Any) -> None:
    assert ask("--version").stdout == f"jialing {jl.__version__}\n"
    commands = ask("--help").stdout
    for command in ("run", "cases", "inspect", "report", "replay", "bench"):
        assert command in commands
        assert ask(command, "--help").exit_code == 0


def test_names_of_cases_and_runs_complete_in_the_shell(ask: Any) -> None:
    from jialing.cli.app import _run_names
    from jialing.cli.run import _case_names

    ask("run", "leaky-bucket", "-q")
    assert _case_names("le") == ["leaky-bucket"]
    assert _run_names("") == ["leaky-bucket-s0"]
    assert _run_names("x") == []


def test_series_files_reach_settings_that_have_them(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    def inspect(model: str, **settings: Any) -> jl.Inspection:
        seen.append(settings)
        return jl.Inspection(document={}, text="")

    monkeypatch.setattr(jl, "inspect", inspect)
    ask("inspect", "x.bucket", "--series", "rain1=a.txt", "--series", "rain2=b=c.txt")
    assert seen == [{"series_files": {"rain1": Path("a.txt"), "rain2": Path("b=c.txt")}}]
