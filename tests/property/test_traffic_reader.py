"""Does a damaged network ever end in anything but a model or one clear error?"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from small_roads import NETWORK

from jialing.core.errors import InputError
from jialing.domains.traffic.inspect import inspect_file
from jialing.domains.traffic.model import Roads, read_roads
from jialing.domains.traffic.picture import picture

LINES = NETWORK.splitlines(keepends=True)
VALUES = [match.span(1) for match in re.finditer(r'="([^"]*)"', NETWORK)]
HOSTILE = st.one_of(
    st.sampled_from(
        ["", " ", "0", "-1", "1e400", "nan", "inf", "99999999999999999999", "C", ":C_0_0", "GGGG",
         "rrrr", "yyyy", "oooo", "WC", "CE", "crossing", "internal", "rail_signal", "actuated",
         "1111", "0000", "a b c", "1,2 3", "é", "\U0001f6a6", "0.0000001", "4", "1_0"]
    ),
    st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=12),
)  # fmt: skip


def outcome(content: bytes) -> Roads | InputError:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.net.xml"
        path.write_bytes(content)
        try:
            roads = read_roads(path)
        except InputError as error:
            return error
        inspect_file(path)
        picture(roads)
        return roads


def is_sound(roads: Roads) -> None:
    """What every later stage relies on."""
    for junction in roads.junctions:
        count, modes = junction.movements, len(junction.modes)
        assert count > 0
        assert modes > 0
        assert junction.rights.shape == (modes, count)
        assert junction.yellow_s.shape == junction.all_red_s.shape == (modes, modes)
        assert np.isfinite(junction.yellow_s).all()
        assert (junction.all_red_s >= 0.0).all()
        assert np.array_equal(junction.conflicts, junction.conflicts.T)
        assert not junction.conflicts.diagonal().any()
        assert all(len(state) > junction.links.max() for state in junction.modes)
        assert ((junction.lane_of >= 0) | junction.pedestrian).all()
        assert (junction.min_green_s <= junction.max_green_s).all()
        crossing = junction.conflicts & (
            (junction.out_of[:, None] != junction.out_of) | junction.pedestrian[:, None]
        )
        crossing &= (junction.lane_of[:, None] != junction.lane_of) | junction.pedestrian[:, None]
        for row in junction.rights:
            both = (row == 2)[:, None] & (row == 2)[None, :]
            assert not (both & crossing).any()


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_wrong_values_end_in_a_sound_model_or_one_error(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=3, unique=True))
    text = NETWORK
    for start, end in sorted(chosen, reverse=True):
        text = text[:start] + escaped(data.draw(HOSTILE)) + text[end:]
    found = outcome(text.encode())
    if isinstance(found, Roads):
        is_sound(found)


@given(st.lists(st.integers(0, len(LINES) - 1), min_size=1, max_size=6), st.booleans())
@settings(max_examples=200, deadline=None)
def test_lines_that_are_missing_or_doubled_end_in_a_sound_model_or_one_error(
    chosen: list[int], doubled: bool
) -> None:
    lines = [line * (1 if i not in chosen else 2 if doubled else 0) for i, line in enumerate(LINES)]
    found = outcome("".join(lines).encode())
    if isinstance(found, Roads):
        is_sound(found)


@given(st.permutations([i for i, line in enumerate(LINES) if "<connection" in line]))
@settings(max_examples=30, deadline=None)
def test_the_order_of_connections_does_not_matter(order: list[int]) -> None:
    places = sorted(order)
    lines = LINES.copy()
    for place, source in zip(places, order, strict=True):
        lines[place] = LINES[source]
    found = outcome("".join(lines).encode())
    expected = outcome(NETWORK.encode())
    assert isinstance(found, Roads)
    assert isinstance(expected, Roads)
    for one, other in zip(found.junctions, expected.junctions, strict=True):
        assert one.lanes == other.lanes
        assert np.array_equal(one.conflicts, other.conflicts)


@given(st.integers(0, len(NETWORK.encode()) - 1), st.binary(max_size=8), st.integers(0, 40))
@settings(max_examples=300, deadline=None)
def test_damaged_bytes_end_in_a_sound_model_or_one_error(at: int, put: bytes, removed: int) -> None:
    raw = NETWORK.encode()
    found = outcome(raw[:at] + put + raw[at + removed :])
    if isinstance(found, Roads):
        is_sound(found)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_bytes_that_are_no_network_end_in_one_error(content: bytes) -> None:
    found = outcome(content)
    assert isinstance(found, InputError)
    assert found.path is not None
    assert found.path.name == "made.net.xml"


def test_the_network_that_is_damaged_is_sound_itself() -> None:
    found = outcome(NETWORK.encode())
    assert isinstance(found, Roads)
    is_sound(found)
