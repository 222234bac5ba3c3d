"""How do signals decide together that stand closer than a platoon's length?

Each alone would fill the short road between them, or wait for vehicles that the other holds back.
So the members of such a group try what each may do now, one member after the other: for every
choice all of them are planned, what one lets go arrives at the next, and takes the room that the
next one's plan leaves it. The choice with the least price over the whole group is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic import batch
from jialing.domains.traffic.estimator import SPEED_FACTOR, Arrivals, yellow_used
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.kernel import NEVER
from jialing.domains.traffic.layout import SPACE_M, IntArray, Layout, lay_out
from jialing.domains.traffic.outlook import fed, feed_table
from jialing.domains.traffic.search import DEPTH, FREE, STAY

#: As `batch.decide` takes it: mode, before, switched, opened, room, drain, inside, only.
State = tuple[Any, ...]


def groups_of(junctions: Sequence[Junction]) -> list[tuple[int, ...]]:
    """Members of each group of two and more."""
    return sorted({junction.joined for junction in junctions if len(junction.joined) > 1})


class Group:
    """Signals that decide together, as a small network of their own.

    Parameters
    ----------
    junctions, layout : the whole network
    members : indices of the group's junctions
    horizon_s : of the plans [s]
    tuning : of the queue model
    """

    def __init__(
        self,
        junctions: Sequence[Junction],
        layout: Layout,
        members: Sequence[int],
        *,
        horizon_s: float,
        tuning: FloatArray,
    ) -> None:
        self.members = np.array(members, dtype=np.int64)
        self._horizon_s = horizon_s
        place = {j: k for k, j in enumerate(members)}
        own = [
            replace(
                junctions[j],
                feeds=tuple(
                    replace(feed, junction=place[feed.junction])
                    for feed in junctions[j].feeds
                    if feed.junction in place and feed.junction != j
                ),
            )
            for j in members
        ]
        self._layout = flat = lay_out(own)
        self._yellow = yellow_used(flat.lane_speed * SPEED_FACTOR)
        self._net = (*flat.net, flat.headway, tuning)
        self._lanes = _ranges(layout.lane_ptr, members)
        self._moves = _ranges(layout.move_ptr, members)
        self._outs = _ranges(layout.out_ptr, members)
        self._place = np.full(layout.junctions, -1, dtype=np.int64)
        self._place[self.members] = np.arange(len(members))
        self._move_ptr = layout.move_ptr
        self._feeds = feed_table(own, flat, inside=True)
        names = {
            name: int(flat.lane_ptr[k]) + i
            for k, junction in enumerate(own)
            for i, name in enumerate(junction.lanes)
        }
        self._next_lane = np.array(
            [names.get(name, -1) for junction in own for name in junction.outs], dtype=np.int64
        )
        count = flat.junctions
        self._answers = np.zeros((count, batch.ANSWER))
        self._paths = np.full((count, DEPTH + 1), -1, dtype=np.int64)
        self._times = np.zeros((count, DEPTH + 1))

    def decide(
        self,
        arrivals: Arrivals,
        weight: FloatArray,
        state: State,
        sightings: NDArray[np.void] | None,
    ) -> tuple[IntArray, FloatArray, IntArray, FloatArray]:
        """First mode and when [s], by member; then who is on the group's lanes and when it leaves.

        Parameters
        ----------
        arrivals, weight, state : of the whole network; nobody is in `arrivals` whom only a member
            of the group could have let go
        """
        here, own = self._share_of(arrivals, weight)
        local = self._state_of(state)
        onward = self._onward(own, sightings)
        only = np.full(len(self.members), FREE, dtype=np.int64)
        mode, opened = local[0], local[3]
        modes = np.diff(self._layout.mode_ptr)
        least = self._layout.min_green[self._layout.mode_ptr[:-1] + mode]
        for k in np.flatnonzero((opened <= 0.0) & (-opened >= least - 0.01)).tolist():
            best, chosen = NEVER, STAY
            for choice in (STAY, *(q for q in range(int(modes[k])) if q != mode[k])):
                only[k] = choice
                price, _ = self._priced(own, local, only, onward)
                if price < best - 1e-6:
                    best, chosen = price, choice
            only[k] = chosen
        _, leave = self._priced(own, local, only, onward)
        first = self._answers[:, batch.FIRST].astype(np.int64)
        return first, self._answers[:, batch.WHEN].copy(), here, leave

    def _share_of(self, arrivals: Arrivals, weight: FloatArray) -> tuple[IntArray, Arrivals]:
        """The vehicles on the group's lanes: their places in `arrivals`, and they themselves."""
        sizes = np.diff(arrivals.first)[self._lanes]
        here = np.concatenate(
            [np.zeros(0, dtype=np.int64)]
            + [np.arange(arrivals.first[lane], arrivals.first[lane + 1]) for lane in self._lanes]
        )
        own = Arrivals(
            first=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
            lane=np.repeat(np.arange(len(sizes)), sizes),
            arrive=arrivals.arrive[here],
            move=arrivals.move[here],
            weight=weight[here],
            size=arrivals.size[here],
            stood=arrivals.stood[here],
            yellow=arrivals.yellow[here],
            vehicle=arrivals.vehicle[here],
        )
        return here, own

    def _state_of(self, state: State) -> State:
        mode, before, switched, opened, room, drain, inside, _ = state
        place = self._layout.out_length / SPACE_M
        within = self._next_lane >= 0
        at = self.members
        return (
            mode[at],
            before[at],
            switched[at],
            opened[at],
            np.where(within, np.minimum(room[self._outs], place), room[self._outs]),
            drain[self._outs].copy(),
            inside[self._moves],
            np.full(len(at), FREE, dtype=np.int64),
        )

    def _onward(
        self, own: Arrivals, sightings: NDArray[np.void] | None
    ) -> tuple[IntArray, FloatArray]:
        """Per vehicle: the movement it takes at the next member, and the way there [s]; -1: unknown."""
        move = np.full(len(own.move), -1, dtype=np.int64)
        way_s = np.zeros(len(own.move))
        if sightings is None:
            return move, way_s
        next_place = self._place[np.maximum(sightings["next_junction"], 0)]
        known = sightings[(sightings["next_movement"] >= 0) & (next_place >= 0)]
        if not len(known):
            return move, way_s
        known = known[np.argsort(known["vehicle"], kind="stable")]
        at = np.minimum(np.searchsorted(known["vehicle"], own.vehicle), len(known) - 1)
        found = known["vehicle"][at] == own.vehicle
        row = known[at[found]]
        there = self._layout.move_ptr[self._place[row["next_junction"]]]
        move[found] = there + row["next_movement"]
        pace = np.maximum(row["free_speed_mps"].astype(np.float64) * SPEED_FACTOR, 1.0)
        way_s[found] = (row["next_distance_m"] - row["distance_m"]) / pace
        return move, way_s

    def _priced(
        self, own: Arrivals, state: State, only: IntArray, onward: tuple[IntArray, FloatArray]
    ) -> tuple[float, FloatArray]:
        """Price of the group if its members do what `only` says, and when each vehicle leaves."""
        move = own.move + self._layout.lane_base[own.lane]
        # First as if the roads between had room for everybody, then with what each plan takes off.
        within = self._next_lane >= 0
        plenty = np.where(within, NEVER, state[4])
        alone = self._planned(own, (*state[:4], plenty, *state[5:]), only)
        met, places = self._met(own, move, alone, onward)
        leave = self._planned(met, (*state[:4], plenty, *state[5:]), only)
        gone = np.where(leave < self._horizon_s, met.size, 0.0)
        drain = state[5].copy()
        drain[within] = (np.bincount(met.lane, gone, len(met.first) - 1) / self._horizon_s)[
            self._next_lane[within]
        ]
        met, places = self._met(own, move, leave[places], onward)
        leave = self._planned(met, (*state[:5], drain, *state[6:]), only)
        return float(self._answers[:, batch.PRICE].sum()), leave[places]

    def _met(
        self,
        own: Arrivals,
        move: IntArray,
        leave: FloatArray,
        onward: tuple[IntArray, FloatArray],
    ) -> tuple[Arrivals, IntArray]:
        """`own` and behind them who is let go by another member; then the places of `own` in it."""
        next_move, way_s = onward
        goes = leave < self._horizon_s
        known = goes & (next_move >= 0)
        guess = goes & (next_move < 0) & (own.vehicle >= 0)
        at, when, turn, size, worth = fed(
            move[guess],
            leave[guess],
            own.weight[guess],
            self._horizon_s,
            self._feeds,
            np.zeros(len(own.first) - 1),
            *self._layout.by_lane,
            np.ones(len(self._layout.lane_of)),
        )
        at = np.concatenate((at, self._layout.lane_of[next_move[known]]))
        when = np.concatenate((when, leave[known] + way_s[known]))
        turn = np.concatenate((turn, next_move[known]))
        size = np.concatenate((size, np.ones(int(known.sum()))))
        worth = np.concatenate((worth, own.weight[known]))
        every_lane = np.concatenate((own.lane, at))
        place = np.concatenate((np.arange(len(move), dtype=np.float64), 1e6 + when))
        order = np.lexsort((place, every_lane))
        every_lane = every_lane[order]
        every_move = np.concatenate((move, turn))[order]
        met = Arrivals(
            first=np.searchsorted(every_lane, np.arange(len(own.first))),
            lane=every_lane,
            arrive=np.concatenate((own.arrive, when))[order],
            move=every_move - self._layout.lane_base[every_lane],
            weight=np.concatenate((own.weight, worth))[order],
            size=np.concatenate((own.size, size))[order],
            stood=np.concatenate((own.stood, np.zeros(len(at), dtype=np.bool_)))[order],
            yellow=np.concatenate((own.yellow, self._yellow[at]))[order],
            vehicle=np.concatenate((own.vehicle, np.full(len(at), -1)))[order],
        )
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        return met, back[: len(move)]

    def _planned(self, arrivals: Arrivals, state: State, only: IntArray) -> FloatArray:
        leave = np.full(len(arrivals.move), NEVER)
        batch.decide(
            DEPTH,
            self._horizon_s,
            self._net,
            (*state[:7], only),
            arrivals.seen,
            self._answers,
            self._paths,
            self._times,
            leave,
        )
        return leave


def _ranges(ptr: IntArray, members: Sequence[int]) -> IntArray:
    return np.concatenate([np.arange(ptr[j], ptr[j + 1]) for j in members])
