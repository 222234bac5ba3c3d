"""Can anything that a controller returns end a run, or reach the plant unguarded?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from desks import run_bucket
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jialing.core.command import Command, Source
from jialing.core.stages import Situation

ARRAYS = arrays(
    dtype=st.sampled_from([np.float64, np.float32, np.int64, np.bool_, np.complex128]),
    shape=st.sampled_from([(2,), (2,), (2,), (0,), (3,), (1, 2), (2, 2), ()]),
)
ODD = st.one_of(
    st.none(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.floats()), ARRAYS
)
GOOD = arrays(np.float64, (2,), elements=st.floats(0.0, 1.0))


@st.composite
def answers(draw: st.DrawFn) -> Any:
    if draw(st.booleans()):
        return draw(ODD)
    return Command(
        targets=draw(st.one_of(GOOD, ARRAYS, ODD)),
        local=draw(st.one_of(arrays(np.bool_, (2,)), ODD)),
        source=draw(st.sampled_from([Source.CONTROLLER, Source.LOCAL, Source.GUARD, "x", 77])),
        plan=draw(st.one_of(st.none(), arrays(np.float64, (3, 2)), ODD)),
        step_s=draw(st.one_of(st.just(60.0), ODD)),
        note=draw(st.one_of(st.text(max_size=5), ODD)),
    )


@given(script=st.lists(answers(), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_no_answer_ends_the_run_or_reaches_the_plant_unguarded(script: list[Any]) -> None:
    class Hostile:
        def decide(self, situation: Situation) -> Any:
            return script[round(situation.time_s / 60.0) % len(script)]

    with tempfile.TemporaryDirectory() as folder:
        run, record = run_bucket(Path(folder), Hostile)
        assert record.ticks == 60
        given, local = record.frames["given"], record.frames["local"].astype(bool)
        assert (np.isfinite(given) | local).all()
        assert ((given >= 0.0) & (given <= 1.0) | local).all()
        assert sum(run.details["decisions"].values()) == 60
        unusable = sum(e["kind"] == "decision" for e in record.events)
        assert unusable == 60 - run.details["decisions"]["on_time"]
