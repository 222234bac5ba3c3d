"""Did a repeated run give the same commands, bit for bit?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jialing.record.reader import Record


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A record held against its replay.

    Attributes
    ----------
    controller : whose decisions
    ticks : ticks compared
    difference : the first difference as a sentence; empty if there is none
    notices : what of the record could not be read, and what may explain a difference, such as another
        version of a package
    limit : why only a part of the record was compared; empty if all of it was
    """

    controller: str
    ticks: int
    difference: str = ""
    notices: tuple[str, ...] = ()
    limit: str = ""

    @property
    def identical(self) -> bool:
        return not self.difference

    def __str__(self) -> str:
        found = self.difference or f"{self.ticks} ticks, identical"
        return f"{self.controller}: {found}" + (f" ({self.limit})" if self.limit else "")


def compare(recorded: Record, repeated: Record) -> Comparison:
    """Compare what the guard let through (`given`, `local`), bit for bit.

    A replay may stop short only where the record does. A record that lost more than the tick that
    a kill may tear is not identical to anything, nor is one of other actuators.
    """
    others = _other_actuators(recorded, repeated)
    if others:
        return Comparison(
            controller=recorded.controller,
            ticks=0,
            difference=others,
            notices=(*recorded.notices, *_other_versions(recorded, repeated)),
        )
    ticks = min(recorded.ticks, repeated.ticks)
    first, again = recorded.frames[:ticks], repeated.frames[:ticks]
    differs = first["given"].view("<u8").reshape(first["given"].shape) != again["given"].view(
        "<u8"
    ).reshape(again["given"].shape)
    differs |= first["local"] != again["local"]
    difference = ""
    if differs.any():
        tick, actuator = (int(i) for i in np.argwhere(differs)[0])
        name = recorded.manifest["actuators"][actuator]["name"]
        was = _shown(first["given"][tick, actuator], first["local"][tick, actuator])
        now = _shown(again["given"][tick, actuator], again["local"][tick, actuator])
        difference = (
            f"tick {tick} (t = {first['time_s'][tick]:.0f} s), actuator {name}: "
            f"recorded {was}, replayed {now}"
        )
    elif repeated.ticks < recorded.ticks:
        difference = f"the record has {recorded.ticks} ticks, the replay ended after {ticks}"
    elif recorded.damage:
        difference = recorded.damage
    elif not ticks:
        difference = "the record holds no tick that could be compared"
    return Comparison(
        controller=recorded.controller,
        ticks=ticks,
        difference=difference,
        notices=(*recorded.notices, *_other_versions(recorded, repeated)),
    )


def _other_actuators(recorded: Record, repeated: Record) -> str:
    """What keeps commands from being compared; empty where both are for the same actuators."""
    was, now = tuple(recorded.actuators), tuple(repeated.actuators)
    if was == now:
        return ""
    gone, new = [n for n in was if n not in now], [n for n in now if n not in was]
    told = [f"only the record has {', '.join(gone)}"] if gone else []
    told += [f"only the replay has {', '.join(new)}"] if new else []
    return f"the actuators differ: {'; '.join(told) or 'they are in another order'}"


def _shown(given: float, local: int) -> str:
    return "local rule" if local else repr(float(given))


def _other_versions(recorded: Record, repeated: Record) -> list[str]:
    was, now = recorded.manifest.get("versions") or {}, repeated.manifest["versions"]
    # What a record does not name was not there, or not yet recorded: it explains nothing.
    return [
        f"{name} was {was[name]}, is {now.get(name, 'absent')}"
        for name in sorted(was)
        if was[name] != now.get(name)
    ]
