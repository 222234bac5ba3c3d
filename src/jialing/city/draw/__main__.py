"""Rewrites the models of a schematic city from the tables in its folder."""

from __future__ import annotations

import sys
from pathlib import Path

from jialing.city.draw.files import draw

SHIPPED = Path(__file__).parents[2] / "cities" / "chongqing"


def main(folder: Path) -> None:
    """Write every file that is made from tables."""
    for name, text in draw(folder).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED)
