"""Whatever happens to a model file, the reader answers with a model or with one named error."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from small_sewer import SEWER

from jialing.core.errors import InputError
from jialing.domains.water.inspect import describe, render
from jialing.domains.water.model import read_model

LINES = SEWER.split("\n")
WORDS = [
    *sorted({word for line in LINES for word in line.split()}),
    "nan", "-1", "1e999", "*", '"', "[", "]", ";", "0", "\u0085", "é", "嘉", "1:99", "99/99/9999",
    "1e308", "-1e308", "[XSECT", "RULE", "IF", "FILE", "\x0b",
]  # fmt: skip


def answer(raw: bytes) -> None:
    """Read `raw` as a model file; anything but a model or an InputError fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.inp"
        path.write_bytes(raw)
        refusal = None
        try:
            render(describe(read_model(path)))
        except InputError as error:
            refusal = error
    if refusal is not None:
        assert refusal.path == path
        assert "\n" not in str(refusal)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SEWER.encode())), st.booleans())
def test_a_file_cut_anywhere_is_read_or_refused(cut: int, from_start: bool) -> None:
    raw = SEWER.encode()
    answer(raw[cut:] if from_start else raw[:cut])


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_a_file_with_words_swapped_lost_and_doubled_is_read_or_refused(
    seed: int, wounds: int
) -> None:
    rng = random.Random(seed)  # noqa: S311
    lines = list(LINES)
    for _ in range(wounds):
        at = rng.randrange(len(lines))
        words = lines[at].split(" ")
        spot = rng.randrange(len(words))
        act = rng.randrange(6)
        if act == 0:
            words[spot] = rng.choice(WORDS)
        elif act == 1:
            words.insert(spot, rng.choice(WORDS))
        elif act == 2:
            del words[spot]
        elif act == 3:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
            continue
        elif act == 4:
            lines.insert(at, lines[rng.randrange(len(lines))])
            continue
        else:
            del lines[at]
            continue
        lines[at] = " ".join(words)
    answer("\n".join(lines).encode())


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(SEWER.encode()) - 1), st.binary(min_size=1, max_size=4))
def test_a_file_with_foreign_bytes_is_read_or_refused(at: int, wound: bytes) -> None:
    raw = SEWER.encode()
    answer(raw[:at] + wound + raw[at + len(wound) :])


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_file_are_refused(raw: bytes) -> None:
    answer(raw)
