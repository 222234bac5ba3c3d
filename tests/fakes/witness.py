"""What does somebody see who looks at nothing but a signal and its tables? For tests."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from jialing.domains.traffic.junction import Junction


class Witness:
    """Sees every second of one signal and counts what must never happen."""

    def __init__(self, junction: Junction) -> None:
        self.junction = junction
        self.before = ""
        self.green_s = [0] * len(junction.modes[0])
        self.yellow_s = [99] * len(junction.modes[0])
        stated_s = junction.yellow_s[junction.yellow_s > 0.0]
        self.shortest_s = float(stated_s.min()) if len(stated_s) else 3.0
        self.harmless: set[str] = set()
        self.driven = {int(k) for k in junction.links[~junction.pedestrian]}
        self.held: dict[int, str] = {}
        self.wait_s = np.zeros(junction.movements)
        self.longest_s = 0.0
        self.unsafe: list[str] = []

    def see(self, state: str, own: bool, calls: NDArray[np.bool_]) -> None:
        """Take down one second; `own` if the programme of the file decided what is shown."""
        j = self.junction
        self.held |= {k: c for k, c in enumerate(state) if c in "Gg"}
        acts = [self.held.get(k, "G") if c == "y" else c for k, c in enumerate(state)]
        if "".join(acts) not in self.harmless:
            found = list(self.conflicts(acts))
            self.unsafe += found
            if not found:
                self.harmless.add("".join(acts))
        shortest_s = j.min_green_s.min()
        for k, (was, now) in enumerate(zip(self.before, state, strict=False)):
            if was in "Gg" and now not in "Ggy" and k in self.driven:
                self.unsafe.append(f"link {k} lost its green without yellow: {self.before} {state}")
            if was == "y" and now == "r" and not own and self.yellow_s[k] < self.shortest_s:
                self.unsafe.append(f"link {k} had {self.yellow_s[k]} s of yellow")
            if was in "Gg" and now not in "Gg" and not own and self.green_s[k] < shortest_s:
                self.unsafe.append(f"link {k} was green for {self.green_s[k]} s: {state}")
        self.yellow_s = [
            (self.yellow_s[k] + 1 if self.before else 99) if c == "y" else 0
            for k, c in enumerate(state)
        ]
        self.green_s = [self.green_s[k] + 1 if c in "Gg" else 0 for k, c in enumerate(state)]
        red = np.array([state[k] not in "Gg" for k in j.links])
        self.wait_s = np.where(red & calls, self.wait_s + 1.0, 0.0)
        self.longest_s = max(self.longest_s, float(self.wait_s.max()))
        self.before = state

    def conflicts(self, acts: list[str]) -> Iterator[str]:
        """Movements that are green together although they must not be."""
        j = self.junction
        for a in range(j.movements):
            for b in range(a):
                one, other = acts[j.links[a]], acts[j.links[b]]
                meets = j.conflicts[a, b] and one in "Gg" and other in "Gg"
                yields = (one == "g" and j.yields_to[a, b]) or (other == "g" and j.yields_to[b, a])
                if meets and not yields:
                    yield f"conflict of {a} and {b} in {''.join(acts)}"
