"""How long does a predictive decision take, SWMM's part included, on a small and on a large model?"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import jialing as jl
from benchmarks._results import Column, Table, write_result

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "fakes"))
from water_files import runnable_city  # the 8,342-node file with what SWMM refuses put right

BUSY_MS = 5.0  # below this a tick only took the next step of a plan


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--forecast", default="ensemble")
    chosen = parser.parse_args(arguments)
    rows, found = [], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        cases = [
            jl.case("astlingen-oct2000", forecast=chosen.forecast),
            jl.case("storm-sewer", forecast=chosen.forecast),
            jl.case(runnable_city(folder), forecast=chosen.forecast, duration_s=3600.0),
        ]
        for case in cases:
            result = jl.run(case, "predictive", baseline=False, out=folder / "runs", progress=True)
            (run,) = result.runs
            every = np.array(run.decide_ms)
            busy = every[every > BUSY_MS]
            found.append({"case": case.name, "decide_ms": every.tolist()})
            rows.append(
                [
                    case.name,
                    len(every),
                    float(np.median(every)),
                    len(busy),
                    float(np.median(busy)) if len(busy) else None,
                    float(every.max()),
                    100.0 * run.loop_s / run.plant_s,
                ]
            )
            print(rows[-1], flush=True)
    table = Table(
        name="decisions",
        columns=[
            Column(title="case"),
            Column(title="ticks"),
            Column(title="median [ms]", digits=0),
            Column(title="ticks that computed"),
            Column(title="their median [ms]", digits=0),
            Column(title="longest [ms]", digits=0),
            Column(title="loop, share of SWMM [%]", digits=1),
        ],
        rows=rows,
        note=f"Forecast {chosen.forecast}; wall-clock, candidates played in SWMM included.",
    )
    print(f"wrote {write_result('speed-decision', {'runs': found}, tables=[table]).name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
