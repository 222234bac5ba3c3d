"""Does a wrong table end in one error that says where and what?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jialing.city.draw.tables import read_atlas
from jialing.core.errors import InputError

FOLDER = Path(__file__).parents[2] / "src/jialing/cities/chongqing"


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    for table in FOLDER.glob("*.csv"):
        shutil.copy(table, tmp_path)
    for name in ("storms.yaml", "works.yaml"):
        shutil.copy(FOLDER / name, tmp_path)
    return tmp_path


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_shipped_tables_are_sound(tables: Path) -> None:
    atlas = read_atlas(tables)
    assert len(atlas.underpasses) == 6
    assert len(atlas.sewersheds) == 12


def test_street_to_nowhere_is_named(tables: Path) -> None:
    _change(tables / "streets.csv", "jiefangbei xiaoshizi", "jiefangbei atlantis")
    with pytest.raises(InputError, match=r"streets\.csv: 'minzu' names 'atlantis'"):
        read_atlas(tables)


def test_word_where_a_number_belongs_is_named_with_its_line(tables: Path) -> None:
    _change(tables / "places.csv", "106.5872", "east")
    with pytest.raises(InputError, match=r"places\.csv:\d+: lon is 'east'; it must be float"):
        read_atlas(tables)


def test_place_that_stands_twice_is_named(tables: Path) -> None:
    path = tables / "places.csv"
    last = path.read_text(encoding="utf-8").splitlines()[-1]
    path.write_text(path.read_text(encoding="utf-8") + last + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="'gate_huilong' stands there twice"):
        read_atlas(tables)


def test_missing_cell_is_named_with_its_line(tables: Path) -> None:
    _change(tables / "sewers.csv", ",jialing\n", "\n")
    with pytest.raises(InputError, match=r"sewers\.csv:\d+: has 20 cells; 21 are needed"):
        read_atlas(tables)


def test_missing_table_is_named(tables: Path) -> None:
    (tables / "underpasses.csv").unlink()
    with pytest.raises(InputError, match=r"underpasses\.csv: there is no such table"):
        read_atlas(tables)


def test_places_lie_where_their_degrees_say(tables: Path) -> None:
    """A degree of latitude is 111.2 km; one of longitude is 0.87 of it in Chongqing."""
    atlas = read_atlas(tables)
    (x0, y0), (x1, y1) = atlas.at("jiefangbei"), atlas.at("linjiangmen")
    assert y1 - y0 == pytest.approx((29.5599 - 29.5578) * 111_195, abs=2.0)
    assert x1 - x0 == pytest.approx((106.5737 - 106.5772) * 111_195 * 0.870, abs=2.0)
