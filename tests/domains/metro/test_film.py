"""Can a person watch a recorded peak?"""

from __future__ import annotations

from pathlib import Path

import pytest

import jialing as jl
from jialing.core.errors import InputError
from jialing.domains.metro.film import film, main

image = pytest.importorskip("PIL.Image", reason="pillow is not installed: extra film")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs")
    case = jl.case("metro-commuter", duration_s=3600.0)
    return jl.run(case, controller="fixed", out=out).folder


def test_a_film_shows_the_run_beside_its_baseline(result: Path, tmp_path: Path) -> None:
    target = film(result, "fixed", tmp_path / "peak.gif")
    with image.open(target) as found:
        assert found.n_frames > 20
        assert found.width == 840
    assert target.stat().st_size < 1_000_000


def test_a_film_of_what_was_not_run_says_what_was(result: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no run of 'oracle'; found: fixed, timetable"):
        film(result, "oracle", tmp_path / "peak.gif")
    with pytest.raises(InputError, match="no tick between"):
        film(result, "fixed", tmp_path / "peak.gif", span=(80_000.0, 81_000.0))
    assert not (tmp_path / "peak.gif").exists()


def test_the_command_tells_what_is_wrong(
    result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(result), "fixed"]) == 2
    assert main([str(result), "fixed", str(tmp_path / "a.gif"), "six", "07:00"]) == 2
    assert "'six' is no time" in capsys.readouterr().err
