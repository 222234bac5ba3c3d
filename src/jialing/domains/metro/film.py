"""How does a peak look? A short GIF of a recorded run beside its baseline.

``python -m jialing.domains.metro.film RESULT CONTROLLER OUT.gif [FROM TO]`` with times such as 07:30.
Needs the extra `film`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jialing.core.errors import InputError, JialingError, MissingExtraError
from jialing.domains.metro.inspect import clock
from jialing.domains.metro.reader import read_station
from jialing.domains.metro.station import DOWN, UP, Link, Station
from jialing.record.reader import Record, open_record

WIDTH, TOP, FLOOR, GAP = 420, 64, 150, 24  # [px]
MOST_FRAMES, FRAME_MS = 120, 90
PER_DOT = 4.0  # people
INK, PALE, UP_INK, DOWN_INK, STOP_INK = "#222222", "#dddddd", "#0a6ebd", "#d9822b", "#999999"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One run, ready to draw."""

    title: str
    record: Record
    waited: np.ndarray

    def value(self, signal: str, tick: int) -> float:
        return float(self.record.frames["values"][tick, self.record.signals[signal]])


def film(
    result: Path, controller: str, target: Path, *, span: tuple[float, float] | None = None
) -> Path:
    """Draw `controller` beside the baseline, from a result folder; returns the GIF's path.

    Parameters
    ----------
    span : first and last time of day [s]; the two hours around the longest queue if not given

    Raises MissingExtraError without pillow, InputError for a controller that is not in `result`.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise MissingExtraError("pillow", "film") from None
    names = sorted(path.parent.name for path in result.glob("*/manifest.json"))
    for name in ("timetable", controller):
        if name not in names:
            raise InputError(
                f"no run of {name!r}; found: {', '.join(names) or 'none'}", path=result
            )
    chosen = ["timetable"] if controller == "timetable" else ["timetable", controller]
    records = [open_record(result / name) for name in chosen]
    station = read_station(Path(str(records[0].manifest["case"]["model"])))
    scenes = [_scene(name, record) for name, record in zip(chosen, records, strict=True)]
    ticks = _ticks(station, scenes, span)
    frames = []
    for tick in ticks:
        image = Image.new("RGB", (WIDTH * len(scenes), _height(station)), "white")
        draw = ImageDraw.Draw(image)
        for i, scene in enumerate(scenes):
            _draw(draw, station, scene, tick, i * WIDTH)
        frames.append(image.quantize(colors=16))
    frames[0].save(
        target, save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, optimize=True
    )
    return target


def _scene(title: str, record: Record) -> Scene:
    columns = [
        i
        for name, i in record.signals.items()
        if name.partition(":")[0] in ("queue_up", "queue_down", "outside")
    ]
    people = np.nan_to_num(record.frames["values"][:, columns]).sum(axis=1)
    hours = np.diff(record.time_s, prepend=0.0) / 3600.0
    return Scene(title=title, record=record, waited=np.cumsum(people * hours))


def _ticks(
    station: Station, scenes: Sequence[Scene], span: tuple[float, float] | None
) -> list[int]:
    """Which ticks become frames: evenly spaced, no more than can be watched."""
    shortest = min(scenes, key=lambda scene: scene.record.ticks).record
    clock_s = shortest.time_s + station.open_s
    if span is None:
        slope = np.diff(scenes[0].waited[: len(clock_s)], prepend=0.0)
        peak = float(clock_s[int(np.argmax(slope))])
        span = peak - 3600.0, peak + 3600.0
    inside = np.flatnonzero((clock_s >= span[0]) & (clock_s <= span[1]))
    if not len(inside):
        raise InputError(f"the run has no tick between {clock(span[0])} and {clock(span[1])}")
    step = max(1, -(-len(inside) // MOST_FRAMES))
    return [int(tick) for tick in inside[::step]]


def _height(station: Station) -> int:
    return TOP + FLOOR * len(station.stages) + GAP


def _draw(draw: Any, station: Station, scene: Scene, tick: int, left: int) -> None:
    time_s = station.open_s + float(scene.record.time_s[tick])
    draw.text((left + 14, 10), f"{scene.title}   {clock(time_s)}", fill=INK, font_size=16)
    draw.text((left + 14, 34), f"waited so far: {scene.waited[tick]:.0f} person-h", fill=INK)
    heights = _heights(station)
    for y in heights.values():
        draw.line((left + 10, y, left + WIDTH - 10, y), fill=PALE, width=3)
    for lower, upper in station.stages:
        links = [k for k in station.links if (k.lower, k.upper) == (lower, upper)]
        for i, link in enumerate(links):
            x = left + 110 + (WIDTH - 200) * (i + 0.5) / len(links)
            _draw_link(draw, scene, tick, link, x, heights[lower], heights[upper])
        _crowd(draw, scene.value(f"queue_up:{lower}", tick), left + 14, heights[lower], UP_INK)
        _crowd(draw, scene.value(f"queue_down:{lower}", tick), left + 14, heights[upper], DOWN_INK)


def _heights(station: Station) -> dict[str, float]:
    """Where each level is drawn: by its stages to the street [px]."""
    above = dict(station.stages)
    found = {}
    for level in station.levels:
        steps, at = 0, level.name
        while at in above:
            at, steps = above[at], steps + 1
        found[level.name] = float(TOP + 10 + FLOOR * steps)
    return found


def _draw_link(
    draw: Any, scene: Scene, tick: int, link: Link, x: float, foot: float, head: float
) -> None:
    direction = scene.value(f"direction:{link.name}", tick)
    moving = scene.value(f"phase:{link.name}", tick) == 0.0
    works = scene.value(f"works:{link.name}", tick) == 1.0
    ink = {UP: UP_INK, DOWN: DOWN_INK}.get(round(direction), PALE)
    if link.direction != 0 and not (moving and works and direction):
        ink = STOP_INK
    draw.line((x, foot - 8, x + 20, head + 22), fill=ink, width=5)
    draw.text((x + 10, head + 6), link.name if works else f"{link.name} !", fill=INK)
    if ink in (UP_INK, DOWN_INK):
        tip, base = (head + 22, head + 32) if ink == UP_INK else (foot - 6, foot - 16)
        at = x + 20 if ink == UP_INK else x
        draw.polygon([(at, tip), (at - 7, base), (at + 7, base)], fill=ink)
    dots = int(scene.value(f"onboard:{link.name}", tick) / PER_DOT)
    for k in range(min(dots, 30)):
        part = ((k * 0.381966 + tick * 0.13 * (direction or 1.0)) % 1.0) * 0.8 + 0.1
        px, py = x + 20 * part, foot + (head + 14 - foot) * part
        draw.ellipse((px - 2, py - 2, px + 2, py + 2), fill=INK)


def _crowd(draw: Any, people: float, x: float, y: float, ink: str) -> None:
    """Waiting people as rows of dots on their level, and their number."""
    if not people >= 1.0:
        return
    for k in range(min(int(people / PER_DOT), 96)):
        px, py = x + 6 * (k % 16), y - 8 - 6 * (k // 16)
        draw.ellipse((px, py, px + 4, py + 4), fill=ink)
    draw.text((x, y + 4), f"{people:.0f} wait", fill=ink)


def _seconds(text: str) -> float:
    try:
        hours, minutes = (int(part) for part in text.split(":"))
    except ValueError:
        raise InputError(f"{text!r} is no time; give one such as 07:30") from None
    return hours * 3600.0 + minutes * 60.0


def main(arguments: Sequence[str]) -> int:
    if len(arguments) not in (3, 5):
        print((__doc__ or "").split("``")[1], file=sys.stderr)
        return 2
    try:
        span = (_seconds(arguments[3]), _seconds(arguments[4])) if len(arguments) == 5 else None
        print(film(Path(arguments[0]), arguments[1], Path(arguments[2]), span=span))
    except JialingError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
