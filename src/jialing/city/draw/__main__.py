"""Rewrites the models of a schematic city from the tables in its folder."""

from __future__ import annotations

import sys
from pathlib import Path

from jialing.city.draw.storms import series_files
from jialing.city.draw.tables import read_atlas
from jialing.city.draw.water import draw_water

SHIPPED = Path(__file__).parents[2] / "cities" / "chongqing"


def main(folder: Path) -> None:
    """Write every file that is made from tables."""
    atlas = read_atlas(folder)
    texts = series_files(atlas)
    texts["water.inp"] = draw_water(atlas, "10y", "central Chongqing, a combined sewer")
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED)
