"""What is coming? Alighting and entering people, from the average day, live trains and counts.

How far today's peaks lie from the average day's, and how many people there are, is inferred from
the counts so far on a grid of (shift, amount), with Student's t for the likelihood so that one odd
train does not decide:

    log p(shift, amount | counts) = log prior + sum over bins log t((count - mean) / sd)

Members of the ensemble are quantiles of the shift, each with the amount that goes with it. What
announced events and the average day do not explain is taken to fade with `FADE_S`. Trains are
known `LIVE_S` ahead; people gather in proportion to the gap since the train before.

Source of the robust likelihood: Lange, Little & Taylor (1989), JASA 84:881.
"""

from __future__ import annotations

import numpy as np

from jialing.core.errors import UnknownNameError
from jialing.core.forecast import Forecast, Horizon
from jialing.core.network import IntArray
from jialing.core.signal import FloatArray, Observation
from jialing.domains.metro.day import Day, gaps, rate, walking, wave
from jialing.domains.metro.layout import Layout
from jialing.domains.metro.settings import Spread
from jialing.domains.metro.station import Event, Profile

KINDS = ("perfect", "ensemble", "persistence", "none")
LIVE_S = 600.0  # how far ahead train times are known [s]
BIN_S = 300.0  # counts are weighed in bins of this length [s]
SHIFTS_S = np.arange(-40.0, 40.1, 1.0) * 60.0
AMOUNTS = np.linspace(0.65, 1.4, 12)
MEMBERS = 8  # each stands for as much of the probability of the shift
STRATA = np.array([-1.53, -0.89, -0.49, -0.16, 0.16, 0.49, 0.89, 1.53])  # normal, in eight parts
BLOCK_S = 120.0  # people come in gusts of this length [s]
LUCK_SEED = 4711  # of the members' gusts and train loads
FREEDOM = 4.0  # of Student's t
TRUST = 0.7  # a bin counts for less than one: neighbours are not independent
REFRESH_S = 60.0  # an ensemble is worked out anew so often [s]
FADE_S = 1800.0  # an unexplained surplus fades with this time constant …
RECENT_BINS = 3  # … and is measured over this many bins
OUTLIER = 4.0  # standard deviations above which a bin is no word on the ordinary day
SURPRISE = 3.0  # standard deviations above which a surplus is believed


def _lognormal(luck: np.random.Generator, sigma: float, count: int) -> FloatArray:
    """[members, count] factors with mean 1."""
    value: FloatArray = luck.lognormal(-0.5 * sigma**2, sigma, (MEMBERS, count))
    return value


def _shifted(profile: Profile, clock: FloatArray) -> FloatArray:
    """[shifts, times] the profile for every possible shift of its peaks [1/s]."""
    flat = np.broadcast_to(clock, (len(SHIFTS_S), len(clock)))
    value: FloatArray = rate(profile, flat, shift_s=SHIFTS_S[:, None])
    return value


class Counts:
    """One stream of people, alighting or entering, and what its counts say of today."""

    def __init__(self, spread: Spread) -> None:
        self.log = -0.5 * ((AMOUNTS - 1.0) / max(spread.demand, 0.02)) ** 2 + np.zeros(
            (len(SHIFTS_S), 1)
        )
        self.prior = -0.5 * (SHIFTS_S / max(spread.shift_s, 60.0)) ** 2
        self.recent: list[tuple[float, FloatArray, float]] = []

    def weigh(self, count: float, mean: FloatArray, extra: float, noise: float) -> None:
        """Take a bin: people counted, [shifts] expected of the average day, and of events.

        noise : relative standard deviation of such a count beyond that of a Poisson law [1]
        """
        expected = mean[:, None] * AMOUNTS[None, :] + extra
        self.recent = [*self.recent, (count - extra, mean, noise)][-RECENT_BINS:]
        if self._surprises(count, expected, noise):
            return  # an unannounced crowd says nothing of the ordinary day
        variance = (noise * expected) ** 2 + expected + 4.0
        z2 = (count - expected) ** 2 / variance
        self.log = self.log - TRUST * (
            0.5 * (FREEDOM + 1.0) * np.log1p(z2 / FREEDOM) + 0.5 * np.log(variance)
        )

    def _surprises(self, count: float, expected: FloatArray, noise: float) -> bool:
        """True if a count lies far above all that is thought possible so far."""
        weight = np.exp(self.log + self.prior[:, None] - (self.log + self.prior[:, None]).max())
        weight /= weight.sum()
        mean = float((weight * expected).sum())
        spread = float((weight * (expected - mean) ** 2).sum())
        variance = spread + (noise * mean) ** 2 + mean + 4.0
        return count > mean + OUTLIER * float(np.sqrt(variance))

    def amount(self) -> tuple[FloatArray, FloatArray]:
        """[shifts] mean and standard deviation of the amount given each shift."""
        weight = np.exp(self.log - self.log.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        mean: FloatArray = (weight * AMOUNTS).sum(axis=1)
        variance = (weight * (AMOUNTS - mean[:, None]) ** 2).sum(axis=1)
        return mean, np.sqrt(variance)

    def evidence(self) -> FloatArray:
        """[shifts] log of the probability of the counts, amounts summed out."""
        top = self.log.max(axis=1)
        value: FloatArray = top + np.log(np.exp(self.log - top[:, None]).sum(axis=1))
        return value

    def surplus(self, shift: int, amount: float) -> float:
        """Recent people per second that nothing explains [1/s]; 0 unless it is a surprise."""
        if not self.recent:
            return 0.0
        count = np.array([c for c, _, _ in self.recent])
        mean = np.array([float(m[shift]) for _, m, _ in self.recent]) * amount
        noise = np.array([n for _, _, n in self.recent])
        sd = np.sqrt((noise * mean) ** 2 + mean + 4.0)
        over = count - mean
        whole = float(over.sum()) > SURPRISE * float(np.sqrt((sd**2).sum()))
        if over[-1] > SURPRISE * sd[-1]:
            return float(max(over[-1], over.mean())) / BIN_S
        return max(float(over.mean()), 0.0) / BIN_S if whole else 0.0

    def surpluses(self, shifts: IntArray, amount: FloatArray) -> FloatArray:
        """[shifts] `surplus` of each, by the amount that goes with it [1/s]."""
        each = {j: self.surplus(j, float(amount[j])) for j in set(shifts.tolist())}
        return np.array([each[j] for j in shifts.tolist()])


class StationForecaster:
    """Forecasts people at the links and entrances (satisfies `core.stages.Forecaster`).

    Names of the forecast: ``up:<platform>``, ``down:<entrance>`` [1/s] and ``room:<platform>``,
    the people trains can take on [1/s].

    Parameters
    ----------
    layout : the station
    day : live train times, announced events; all of it only where `kind` is ``perfect``
    spread : how days differ from the average day
    horizon : what to forecast
    kind : ``perfect``, ``ensemble``, ``persistence`` or ``none``
    """

    def __init__(
        self, layout: Layout, day: Day, spread: Spread, *, horizon: Horizon, kind: str
    ) -> None:
        if kind not in KINDS:
            raise UnknownNameError("kind of forecast", kind, KINDS)
        self._spread = spread
        self._layout, self._day, self._horizon, self._kind = layout, day, horizon, kind
        station = layout.station
        self._station = station
        self._names = (
            *(f"up:{p.name}" for p in station.platforms),
            *(f"down:{e.name}" for e in station.entrances),
            *(f"room:{p.name}" for p in station.platforms),
        )
        self._platform_share = np.array([p.share for p in station.platforms])
        self._entrance_share = np.array([e.share for e in station.entrances])
        self._walks = [walking(p.walk_s, horizon.step_s) for p in station.platforms]
        self._kernels = [np.cumsum(walking(p.walk_s)) for p in station.platforms]
        self._gap = gaps(day.trains.actual_s, day.trains.platform)
        self._up = Counts(spread)
        self._down = Counts(spread)
        luck = np.random.default_rng(LUCK_SEED)
        self._luck = np.stack([luck.permutation(STRATA) for _ in range(2)], axis=1)
        self._planned = np.sort(day.trains.planned_s)
        self._load_luck = _lognormal(luck, spread.train_load, len(self._planned))
        self._flow_luck = _lognormal(luck, spread.flow, round(layout.duration_s / BLOCK_S) + 60)
        self._issued: tuple[float, FloatArray | None] = (-np.inf, None)
        self._weighed_s = 0.0
        self._seen_s = 0.0
        self._bin = np.zeros(2)
        self._arrived = slice(0, 0)
        self._entered = slice(0, 0)
        self._factors = np.ones(len(self._names))
        names = [signal.name for signal in layout.signals]
        if names:
            first, last = (
                names.index(f"arrived:{station.platforms[0].name}"),
                names.index(f"entered:{station.entrances[0].name}"),
            )
            self._arrived = slice(first, first + len(station.platforms))
            self._entered = slice(last, last + len(station.entrances))

    def expect(self, *, entering: float, alighting: float) -> None:
        """What is known of today's crowd beyond the counts: factors on all that is forecast [1]."""
        platforms, entrances = len(self._platform_share), len(self._entrance_share)
        self._factors = np.repeat([alighting, entering, 1.0], [platforms, entrances, platforms])

    def forecast(self, observation: Observation) -> Forecast:
        now = observation.time_s
        if self._kind == "perfect":
            values = self._truth(now)[None]
        elif self._kind == "none":
            values = np.zeros((1, self._horizon.steps, len(self._names)))
        elif self._kind == "persistence":
            values = self._persist(observation)
        else:
            self._count(observation)
            values = self._refreshed(now)
        return Forecast(
            issued_s=now,
            horizon=self._horizon,
            names=self._names,
            values=values * self._factors,
            truth=self._kind == "perfect",
        )

    def _refreshed(self, now: float) -> FloatArray:
        """The ensemble; within `REFRESH_S` of the last one, that one without what has passed."""
        issued_s, known = self._issued
        past = (now - issued_s) / self._horizon.step_s
        if known is None or now - issued_s >= REFRESH_S - 1e-6 or past != round(past):
            known = self._ensemble(now)
            self._issued = (now, known)
            return known
        steps = min(round(past), self._horizon.steps)
        last = np.repeat(known[:, -1:], steps, axis=1)
        return np.concatenate((known[:, steps:], last), axis=1)

    def _truth(self, now: float) -> FloatArray:
        edges = np.round(now + np.arange(self._horizon.steps + 1) * self._horizon.step_s)
        columns = []
        for sums in self._day.sums:
            at = np.minimum(edges.astype(np.int64), len(sums) - 1)
            columns.append(np.diff(sums[at], axis=0) / self._horizon.step_s)
        return np.concatenate(columns, axis=1)

    def _persist(self, observation: Observation) -> FloatArray:
        steps = self._horizon.steps
        up = np.nan_to_num(observation.values[self._arrived])
        down = np.nan_to_num(observation.values[self._entered])
        values = np.tile(np.concatenate((up, down, np.zeros(len(up)))), (1, steps, 1))
        values[0, :, len(up) + len(down) :] = self._room(observation.time_s)
        return values

    def _count(self, observation: Observation) -> None:
        """Add what was counted since the last observation; weigh each full bin."""
        now = observation.time_s
        span = now - self._seen_s
        self._seen_s = now
        # What is known beyond the counts must not be learnt from them a second time.
        known = self._factors
        alighting, entering = max(known[0], 0.1), max(known[len(self._platform_share)], 0.1)
        rates = (
            observation.values[self._arrived] / alighting,
            observation.values[self._entered] / entering,
        )
        self._bin += [float(np.nan_to_num(r).sum()) * span for r in rates]
        if now - self._weighed_s < BIN_S - 1e-6:
            return
        before, self._weighed_s = self._weighed_s, now
        mean, extra, noise = self._expected_alighting(before, now)
        self._up.weigh(float(self._bin[0]), mean, extra, noise)
        clock = self._station.open_s + np.arange(before, now, 30.0) + 15.0
        mean = _shifted(self._station.entering, clock).sum(axis=1) * 30.0
        gusts = self._spread.flow * np.sqrt(BLOCK_S / max(now - before, BLOCK_S))
        self._down.weigh(
            float(self._bin[1]), mean, self._event("egress", clock).sum() * 30.0, gusts
        )
        self._bin = np.zeros(2)

    def _expected_alighting(self, start: float, end: float) -> tuple[FloatArray, float, float]:
        """[shifts] people of the average day who reach the links between two times, and of events."""
        trains = self._day.trains
        recent = (trains.actual_s > start - 600.0) & (trains.actual_s < end)
        times, platform = trains.actual_s[recent], trains.platform[recent].astype(int)
        if not len(times):
            return np.zeros(len(SHIFTS_S)), 0.0, 0.0
        gap = self._gap[recent] * self._platform_share[platform]
        part = np.array(
            [
                self._walked(p, end - t) - self._walked(p, start - t)
                for t, p in zip(times, platform, strict=True)
            ]
        )
        clock = self._station.open_s + times
        load = gap * part
        each = load * rate(self._station.alighting, clock)
        # Of many trains one is full and another empty: their sum is less uncertain than each.
        rest = float(np.sqrt((each**2).sum()) / max(each.sum(), 1.0))
        people = _shifted(self._station.alighting, clock) @ load
        extra = float((self._event("ingress", clock) * load).sum())
        return people, extra, self._spread.train_load * rest

    def _walked(self, platform: int, since_s: float) -> float:
        """Share of a train's people who have reached the links so long after it."""
        done = self._kernels[platform]
        at = int(since_s) - 1
        return 0.0 if at < 0 else float(done[min(at, len(done) - 1)])

    def _event(self, kind: str, clock: FloatArray) -> FloatArray:
        told: list[Event] = [e for e in self._day.told if e.kind == kind]
        return np.sum([wave(e, clock) for e in told], axis=0) if told else np.zeros(len(clock))

    def expected_trains(self, now: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Times, platforms, gaps and room of recent and coming trains, as known at `now`.

        Within `LIVE_S` the times are live; a train that should have come by then but is not in
        sight comes no earlier than that; the others are on time.
        """
        trains = self._day.trains
        seen = trains.actual_s <= now + LIVE_S
        times = np.where(seen, trains.actual_s, np.maximum(trains.planned_s, now + LIVE_S))
        near = (times > now - 1500.0) & (times < now + self._horizon.length_s)
        times, platform, room = times[near], trains.platform[near], trains.room[near]
        order = np.argsort(times, kind="stable")
        times, platform, room = times[order], platform[order], room[order]
        return times, platform, gaps(times, platform) if len(times) else times, room

    def _ensemble(self, now: float) -> FloatArray:
        steps, step_s = self._horizon.steps, self._horizon.step_s
        log = self._up.evidence() + self._down.evidence() + self._up.prior
        weight = np.exp(log - log.max())
        below = np.cumsum(weight) / weight.sum()
        chosen = np.searchsorted(below, (np.arange(MEMBERS) + 0.5) / MEMBERS)
        shift_s = SHIFTS_S[chosen][:, None]
        (up, up_sd), (down, down_sd) = self._up.amount(), self._down.amount()
        times, platform, gap, _ = self.expected_trains(now)
        platform = platform.astype(int)
        clock = self._station.open_s + times
        late = np.exp(-np.maximum(times - now, 0.0) / FADE_S)
        alight = rate(self._station.alighting, np.tile(clock, (MEMBERS, 1)), shift_s=shift_s)
        alight *= (up[chosen] + up_sd[chosen] * self._luck[:, 0])[:, None]
        alight += self._event("ingress", clock) + self._up.surpluses(chosen, up)[:, None] * late
        number = np.searchsorted(self._planned, times - 1e-6) % self._load_luck.shape[1]
        load = alight * gap * self._platform_share[platform] * self._load_luck[:, number]
        lead: FloatArray = (np.arange(steps, dtype=np.float64) + 0.5) * step_s
        clock = self._station.open_s + now + lead
        enter = rate(self._station.entering, np.tile(clock, (MEMBERS, 1)), shift_s=shift_s)
        enter *= (down[chosen] + down_sd[chosen] * self._luck[:, 1])[:, None]
        gust = ((now + lead) / BLOCK_S).astype(np.int64) % self._flow_luck.shape[1]
        enter *= self._flow_luck[:, gust]
        enter += self._event("egress", clock) + self._down.surpluses(chosen, down)[
            :, None
        ] * np.exp(-lead / FADE_S)
        enter[:, clock > self._station.close_s] = 0.0
        platforms = len(self._platform_share)
        values = np.zeros((MEMBERS, steps, len(self._names)))
        for p in range(platforms):
            own = platform == p
            values[:, :, p] = load[:, own] @ self._reached(p, times[own] - now)
        values[:, :, platforms:-platforms] = enter[:, :, None] * self._entrance_share
        values[:, :, -platforms:] = self._room(now)
        return values

    def _reached(self, platform: int, lead: FloatArray) -> FloatArray:
        """[trains, steps] share of a train's people per second who reach the links [1/s]."""
        steps, step_s = self._horizon.steps, self._horizon.step_s
        kernel = self._walks[platform]
        first = np.floor(lead / step_s).astype(np.int64)
        part = (lead / step_s - first)[:, None]
        shape = np.append(kernel, 0.0) * (1.0 - part) + np.insert(kernel, 0, 0.0) * part
        at = first[:, None] + np.arange(shape.shape[1])
        inside = (at >= 0) & (at < steps)
        share = np.zeros((len(lead), steps))
        row = np.broadcast_to(np.arange(len(lead))[:, None], at.shape)
        share[row[inside], at[inside]] = shape[inside]
        return share / step_s

    def _room(self, now: float) -> FloatArray:
        """[steps, platforms] room of the expected trains [1/s]."""
        times, platform, _, room = self.expected_trains(now)
        value = np.zeros((self._horizon.steps, len(self._platform_share)))
        at = np.floor((times - now) / self._horizon.step_s).astype(np.int64)
        inside = (at >= 0) & (at < self._horizon.steps)
        np.add.at(
            value, (at[inside], platform[inside].astype(int)), room[inside] / self._horizon.step_s
        )
        return value
