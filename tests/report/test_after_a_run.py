"""Does a run of the public API end in a report, whatever the domain offers?"""

from __future__ import annotations

from pathlib import Path

from bucket_domain import BucketDomain

import jialing as jl
from jialing.report.reading import read_result


def test_a_run_through_the_api_can_be_reported(bucket: BucketDomain, tmp_path: Path) -> None:
    result = jl.run("leaky-bucket", controller="predictive", out=tmp_path / "run")
    page = result.report()
    view = read_result(page.parent)
    assert [run.controller for run in view.runs] == ["rules", "predictive"]
    assert view.runs[1].score["flooding"].value == result["predictive"].score["flooding"].value
    assert view.runs[1].guard == result["predictive"].guard
    text = page.read_text(encoding="utf-8")
    assert "Depth" in text
    assert "there is no map" in text
