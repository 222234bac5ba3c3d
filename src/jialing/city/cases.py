"""Which cities ship with Jialing, and under which storms?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from jialing.city.manifest import read_city
from jialing.city.run import city_case
from jialing.core.case import Case

CITIES = Path(__file__).resolve().parents[1] / "cities"


def named_cities() -> dict[str, Callable[[], Case]]:
    """Case name -> function that makes the case: a city under its usual storm, then the others."""
    found: dict[str, Callable[[], Case]] = {}
    for path in sorted(CITIES.glob("*/city.yaml")):
        city = read_city(path)
        found[city.name] = partial(city_case, path)
        for storm in city.storms:
            if storm != city.default_storm:
                found[f"{city.name}-{storm}"] = partial(city_case, path, storm)
    return found


def city_file(place: Path) -> Path | None:
    """The `city.yaml` that `place` is, or holds as a folder; None where there is none."""
    path = place / "city.yaml" if place.is_dir() else place
    return path if path.name == "city.yaml" and path.is_file() else None
