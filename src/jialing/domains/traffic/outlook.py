"""Who is not in view yet, but will come? Those whom the plans upstream let go.

That more traffic comes as usual is left out on purpose: a plan cannot wait and see, so it serves
guesses at the cost of those who stand (tried: mean delay up by a tenth to a half on four maps).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from jialing.core.signal import FloatArray
from jialing.domains.traffic.estimator import SPEED_FACTOR, Arrivals, among, yellow_used
from jialing.domains.traffic.junction import Junction
from jialing.domains.traffic.layout import IntArray, Layout

FARTHEST_S = 60.0  # who left the junction upstream so long ago has come, or never will [s]
LEAST_SHARE = 0.02  # smaller parts of a stream are never looked at [1] …
LEAST_PART = 0.05  # … and smaller ones than this, once learnt, are left out [1]
PRIOR = 2.0  # vehicles that the shares of the roads count for against experience [veh]
UNSEEN = -1  # number of a vehicle that is expected, not seen


class Outlook:
    """Adds to the vehicles in view those that are to be expected within the horizon.

    Where a vehicle's way is known, its planned departure upstream says when it comes. Where it is
    not, each planned departure, and each vehicle that has left and is not in view again, is shared
    among the lanes that its movement feeds, as those lanes have been used so far. It counts for
    what it is: an expected bus weighs as a bus.

    Parameters
    ----------
    junctions, layout : the network
    horizon_s : how far ahead to look [s]
    view_m : how far a camera sees [m]; inf where every vehicle is seen with its route
    """

    def __init__(
        self, junctions: Sequence[Junction], layout: Layout, *, horizon_s: float, view_m: float
    ) -> None:
        self._layout, self._horizon_s, self._known = layout, horizon_s, not np.isfinite(view_m)
        lanes, moves = int(layout.lane_ptr[-1]), len(layout.move_lane)
        self._move_base = layout.move_ptr[layout.move_owner]
        self._share = np.ones(moves)
        self._hidden_s = view_m / np.maximum(layout.lane_speed * SPEED_FACTOR, 1.0)
        self._yellow = yellow_used(layout.lane_speed * SPEED_FACTOR)
        self._feeds = feed_table(junctions, layout)
        self._fed = self._feeds[1].size > 0
        self._lanes = lanes
        self._source = np.repeat(np.arange(moves), np.diff(self._feeds[0]))
        self._passed = np.zeros(moves)
        self._part = self._parts()
        self._group = np.array([min((j, *one.joined)) for j, one in enumerate(junctions)], np.int64)
        nothing = np.zeros(0, dtype=np.int64)
        self.left: IntArray = nothing  # movements of those who left since the last plan
        self._ids, self._move, self._leave = nothing, nothing, np.zeros(0)
        self._weight = np.zeros(0)
        self._gone_move, self._gone_s, self._gone_weight = nothing, np.zeros(0), np.zeros(0)

    def extended(
        self, arrivals: Arrivals, move: IntArray, sightings: NDArray[np.void] | None, now: float
    ) -> Arrivals:
        """Those in view, and behind them in their lanes those who are expected."""
        self._see(arrivals, now)
        if not (self._known or self._fed):
            return arrivals
        if self._known and sightings is not None:
            at, when, turn, size, worth = self._known_ways(sightings, now)
        else:
            over = np.concatenate((self._leave - now, self._gone_s - now))
            source = np.concatenate((self._move, self._gone_move))
            each = np.concatenate((self._weight, self._gone_weight))
            use = over < self._horizon_s
            at, when, turn, size, worth = fed(
                source[use],
                over[use],
                each[use],
                self._horizon_s,
                (*self._feeds[:3], self._part),
                self._hidden_s,
                *self._layout.by_lane,
                self._share,
            )
        if not len(at):
            return arrivals
        place = np.arange(len(arrivals.lane)) - arrivals.first[arrivals.lane]
        all_lane = np.concatenate((arrivals.lane, at))
        order = np.lexsort((np.concatenate((place, 1e3 + when)), all_lane))
        every_move = np.concatenate((move, turn))[order]
        more = np.zeros(len(at), dtype=np.bool_)
        none = np.full(len(at), UNSEEN, dtype=np.int64)
        all_lane = all_lane[order]
        return Arrivals(
            first=np.searchsorted(all_lane, np.arange(len(arrivals.first))),
            lane=all_lane,
            arrive=np.concatenate((arrivals.arrive, when))[order],
            move=every_move - self._move_base[every_move],
            weight=np.concatenate((arrivals.weight, worth))[order],
            size=np.concatenate((arrivals.size, size))[order],
            stood=np.concatenate((arrivals.stood, more))[order],
            yellow=np.concatenate((arrivals.yellow, self._yellow[at]))[order],
            vehicle=np.concatenate((arrivals.vehicle, none))[order],
        )

    def note(self, arrivals: Arrivals, move: IntArray, leave: FloatArray, now: float) -> None:
        """Remember when each vehicle in view is to leave, by the plan made `now`."""
        self._ids, places = arrivals.numbers
        self._move, self._leave = move[places], leave[places] + now
        self._weight = arrivals.weight[places]

    def _see(self, arrivals: Arrivals, now: float) -> None:
        """Take those who have left since the last plan off it, and count their turns."""
        stays = among(self._ids, arrivals.numbers[0])
        gone = ~stays & (self._leave < now + FARTHEST_S)
        self.left = left = self._move[gone]
        if left.size:
            np.add.at(self._share, left, 1.0)
            np.add.at(self._passed, left, 1.0)
            if self._fed:
                self._part = self._parts()
        if self._fed and not self._known:
            fresh = self._gone_s > now - FARTHEST_S
            self._gone_move = np.concatenate((self._gone_move[fresh], left))
            self._gone_s = np.concatenate((self._gone_s[fresh], np.full(len(left), now)))
            self._gone_weight = np.concatenate((self._gone_weight[fresh], self._weight[gone]))
        self._ids, self._move = self._ids[stays], self._move[stays]
        self._leave, self._weight = self._leave[stays], self._weight[stays]

    def _parts(self) -> FloatArray:
        """Part of each stream that comes to each lane it feeds, as experience says.

        The roads' own shares are scaled, lane by lane, until those expected equal those who came,
        and no stream gives off more than itself.
        """
        source, lane, share = self._source, self._feeds[1], self._feeds[3]
        came = np.bincount(self._layout.lane_of, self._passed, self._lanes)
        due = np.bincount(lane, share * self._passed[source], self._lanes)
        part = share * ((came + PRIOR) / (due + PRIOR))[lane]
        whole = np.bincount(source, part, len(self._passed))
        return np.asarray(part / np.maximum(whole, 1.0)[source], dtype=np.float64)

    def _known_ways(
        self, sightings: NDArray[np.void], now: float
    ) -> tuple[IntArray, FloatArray, IntArray, FloatArray, FloatArray]:
        """Vehicles whose next junction is known, as they will come from this one."""
        known = sightings[sightings["next_movement"] >= 0]
        apart = self._group[known["junction"]] != self._group[known["next_junction"]]
        known = known[apart | (known["junction"] == known["next_junction"])]
        if not len(known) or not len(self._ids):
            none = np.zeros(0, dtype=np.int64)
            return none, np.zeros(0), none, np.zeros(0), np.zeros(0)
        at = np.minimum(np.searchsorted(self._ids, known["vehicle"]), len(self._ids) - 1)
        over = self._leave[at] - now
        use = (self._ids[at] == known["vehicle"]) & (over < self._horizon_s)
        known, over, worth = known[use], np.maximum(over[use], 0.0), self._weight[at][use]
        way = (known["next_distance_m"] - known["distance_m"]).astype(np.float64)
        pace = known["free_speed_mps"].astype(np.float64) * SPEED_FACTOR
        when = over + way / np.maximum(pace, 1.0)
        near = when < self._horizon_s
        move = self._layout.move_ptr[known["next_junction"][near]] + known["next_movement"][near]
        return self._layout.lane_of[move], when[near], move, np.ones(len(move)), worth[near]


def feed_table(
    junctions: Sequence[Junction], layout: Layout, *, inside: bool = False
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """By movement: first row, then per row the lane fed, the travel time [s], and the share [1].

    Where signals are decided together, what one lets go to the other counts in that decision
    (`joint`), and is left out here unless `inside`.
    """
    rows = [
        (
            int(layout.move_ptr[feed.junction]) + feed.movement,
            int(layout.lane_ptr[j]) + feed.lane,
            feed.distance_m / max(float(junction.lane_speed_mps[feed.lane]) * SPEED_FACTOR, 1.0),
            feed.share,
        )
        for j, junction in enumerate(junctions)
        for feed in junction.feeds
        if feed.share >= LEAST_SHARE and (inside or feed.junction not in set(junction.joined) - {j})
    ]
    rows.sort()
    move = np.array([row[0] for row in rows], dtype=np.int64)
    return (
        np.searchsorted(move, np.arange(len(layout.move_lane) + 1)).astype(np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.float64),
        np.array([row[3] for row in rows], dtype=np.float64),
    )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fed(
    move: IntArray,
    over: FloatArray,
    weight: FloatArray,
    horizon: float,
    feeds: Any,
    hidden_s: FloatArray,
    by_lane: IntArray,
    ptr: IntArray,
    share: FloatArray,
) -> Any:
    """Lane, arrival, movement, part of a vehicle and weight, for departures that feed lanes.

    weight : of one second of each vehicle's delay [1]
    over : when each vehicle is over its stop line [s from now]; negative for one on its way
    hidden_s : [lanes] who is on the way and arrives sooner than this is in view already [s]
    """
    first, to_lane, travel_s, part = feeds
    total = 0
    for k in range(move.shape[0]):
        total += first[move[k] + 1] - first[move[k]]
    lanes = np.empty(total, dtype=np.int64)
    when = np.empty(total)
    turn = np.empty(total, dtype=np.int64)
    size = np.empty(total)
    worth = np.empty(total)
    owed = np.zeros(share.shape[0])
    n = 0
    for k in range(move.shape[0]):
        for q in range(first[move[k]], first[move[k] + 1]):
            lane = to_lane[q]
            at = over[k] + travel_s[q]
            in_view = over[k] < 0.0 and at <= hidden_s[lane]
            if part[q] < LEAST_PART or in_view or at >= horizon or ptr[lane + 1] <= ptr[lane]:
                continue
            whole = 0.0
            for c in range(ptr[lane], ptr[lane + 1]):
                whole += share[by_lane[c]]
            best = by_lane[ptr[lane]]
            for c in range(ptr[lane], ptr[lane + 1]):
                m = by_lane[c]
                owed[m] += part[q] * share[m] / whole
                if owed[m] > owed[best] + 1e-12:
                    best = m
            owed[best] -= part[q]
            lanes[n], when[n], turn[n], size[n] = lane, at, best, part[q]
            worth[n] = part[q] * weight[k]
            n += 1
    return lanes[:n], when[:n], turn[:n], size[:n], worth[:n]
