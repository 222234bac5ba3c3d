"""Does a case on several seeds tell how far they agree, and lose nothing when it is cut off?"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bucket_domain import BucketDomain, Predictive

import jialing as jl
from jialing.seeds import Spread


def test_every_seed_runs_like_a_run_of_its_own(bucket: BucketDomain, tmp_path: Path) -> None:
    several = jl.repeat("leaky-bucket", seeds=[4, 2], out=tmp_path / "several")
    assert several.seeds == (4, 2)
    for result in several.results:
        alone = jl.run("leaky-bucket", seed=result.case.seed, out=tmp_path / "alone")
        for controller in ("rules", "predictive"):
            assert result[controller].score == alone[controller].score


def flooded(result: jl.Result, *volumes: float) -> jl.Result:
    """`result` with other volumes flooded, run by run."""
    runs = [
        replace(run, score={"flooding": jl.Quantity(value=volume, unit="m³")})
        for run, volume in zip(result.runs, volumes, strict=True)
    ]
    return replace(result, runs=tuple(runs))


def test_the_table_holds_medians_and_changes_on_the_same_seed(
    bucket: BucketDomain, tmp_path: Path
) -> None:
    several = jl.repeat("leaky-bucket", seeds=3, out=tmp_path)
    volumes = ((100.0, 50.0), (200.0, 150.0), (120.0, 108.0))
    results = [flooded(r, *v) for r, v in zip(several.results, volumes, strict=True)]
    several = replace(several, results=tuple(results))
    (line,) = several.lines()
    assert line.values[0] == Spread(median=120.0, least=100.0, greatest=200.0)
    assert line.changes[1].least == pytest.approx(-0.50)
    assert line.changes[1].median == pytest.approx(-0.25)
    assert line.changes[1].greatest == pytest.approx(-0.10)
    assert line.gains == (0, 1)
    assert "108 [50 … 150] (−25.0 % [−50.0 % … −10.0 %])" in several.table()
    assert "seeds 0, 1, 2" in several.table()


def test_a_gain_is_claimed_only_where_all_seeds_agree() -> None:
    from jialing.seeds import _agreed

    assert _agreed([1, 1]) == 1
    assert _agreed([-1, -1]) == -1
    assert _agreed([1, -1]) == 0
    assert _agreed([1, 0]) == 0


def test_a_figure_that_no_seed_has_is_no_number() -> None:
    nothing = Spread.of([math.nan])
    assert math.isnan(nothing.median)
    assert math.isnan(nothing.greatest)
    assert Spread.of([math.nan, 2.0]).median == 2.0


def test_the_document_holds_the_spread_and_every_seed(bucket: BucketDomain, tmp_path: Path) -> None:
    several = jl.repeat("leaky-bucket", seeds=2, out=tmp_path)
    written = json.loads((several.folder / "seeds.json").read_text())
    assert written == json.loads(json.dumps(several.to_dict()))
    assert written["seeds"] == [0, 1]
    assert [run["controller"] for run in written["runs"]] == ["rules", "predictive"]
    figure = written["runs"][1]["score"]["flooding"]
    assert figure["least"] <= figure["value"] <= figure["greatest"]
    assert [document["seed"] for document in written["by_seed"]] == [0, 1]
    counts = [document["runs"][1]["guard"]["allowed"] for document in written["by_seed"]]
    assert written["runs"][1]["guard"]["allowed"] == sum(counts)


def test_all_seeds_are_replayed_and_exported(bucket: BucketDomain, tmp_path: Path) -> None:
    several = jl.repeat("leaky-bucket", seeds=2, out=tmp_path)
    compared = jl.replay(several.folder)
    assert len(compared) == 4
    assert all(comparison.identical for comparison in compared)
    assert [comparison.controller for comparison in compared] == [
        f"leaky-bucket-s{seed} · {name}" for seed in (0, 1) for name in ("rules", "predictive")
    ]
    assert len(jl.export(several.folder)) >= 4


@pytest.mark.parametrize("seeds", [0, -1, [], [3, 3]])
def test_seeds_must_be_there_and_differ(
    bucket: BucketDomain, tmp_path: Path, seeds: int | list[int]
) -> None:
    with pytest.raises(jl.InputError, match="each once"):
        jl.repeat("leaky-bucket", seeds=seeds, out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_what_cannot_run_leaves_no_folder(bucket: BucketDomain, tmp_path: Path) -> None:
    with pytest.raises(jl.UnknownNameError):
        jl.repeat("leaky-bucket", "no-such-controller", seeds=2, out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_seeds_before_an_interruption_are_kept(bucket: BucketDomain, tmp_path: Path) -> None:
    class Stopped(Predictive):
        def decide(self, situation: Any) -> jl.Command:
            if situation.time_s >= 600.0 and len(bucket.desks) > 2:
                raise KeyboardInterrupt
            return super().decide(situation)

    with pytest.raises(jl.Interrupted, match=r"the record lies in .*leaky-bucket-3-seeds$") as stop:
        jl.repeat("leaky-bucket", Stopped, seeds=3, out=tmp_path)
    assert isinstance(stop.value.result, jl.Repeated)
    assert stop.value.result.seeds == (0,)
    (folder,) = tmp_path.iterdir()
    assert json.loads((folder / "seeds.json").read_text())["seeds"] == [0]
    assert (folder / "leaky-bucket-s1" / "result.json").is_file()
