"""Every benchmark is found by its place, and an unknown one is named with the nearest known."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import run


@pytest.fixture
def two_benchmarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "benchmarks"
    (folder / "speed").mkdir(parents=True)
    (folder / "_shared.py").write_text("")
    (folder / "speed" / "_plots.py").write_text("")
    (folder / "speed" / "good.py").write_text(
        '"""How fast is nothing?"""\nimport sys, pathlib\n'
        "pathlib.Path('seen').write_text(' '.join(sys.argv[1:]))\n"
    )
    (folder / "speed" / "broken.py").write_text('"""Does it fail?"""\nraise SystemExit(3)\n')
    monkeypatch.setattr(run, "BENCHMARKS", folder)
    return folder


def test_every_script_in_a_folder_is_a_benchmark(two_benchmarks: Path) -> None:
    assert list(run.found()) == ["speed/broken", "speed/good"]


def test_the_list_tells_each_question(
    two_benchmarks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main([]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "speed/broken  Does it fail?",
        "speed/good    How fast is nothing?",
    ]


def test_options_reach_the_benchmark_and_it_runs_at_the_root(two_benchmarks: Path) -> None:
    assert run.main(["speed/good", "--cases", "theta"]) == 0
    assert (two_benchmarks.parent / "seen").read_text() == "--cases theta"


def test_a_benchmark_that_fails_fails_the_whole_but_not_the_others(
    two_benchmarks: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run.main(["speed/broken"]) == 3
    assert run.main(["all"]) == 1
    assert "failed: speed/broken" in capfd.readouterr().err
    assert (two_benchmarks.parent / "seen").exists()


def test_an_unknown_benchmark_is_answered_with_the_nearest(
    two_benchmarks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(["speed/god"]) == 2
    assert "Did you mean 'speed/good'?" in capsys.readouterr().err


def test_every_benchmark_begins_with_the_question_it_answers() -> None:
    for name, script in run.found().items():
        assert "?" in run.purpose(script), name
