"""What a run cost: flooding, overflow, treated water, limits, wear; kept tick by tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jialing.core.case import Quantity, ScoreSheet
from jialing.core.signal import FloatArray
from jialing.domains.water.engine import SwmmEngine
from jialing.domains.water.layout import Layout
from jialing.domains.water.model import LinkKind, NodeKind
from jialing.domains.water.settings import Prices, WaterSettings

EVENT_GAP_S = 6 * 3600.0  # dry time that separates two overflow events; DWA-A 117 (2013) uses 4–6 h
SPILLING_M3S = 1e-4  # below this an overflow structure counts as dry
LIMIT_SAMPLE_S = 60.0  # limits of flow and of level are watched at least this often


@dataclass(frozen=True, kw_only=True)
class PriceList:
    """Price of a cubic metre by node, shared by the score, the twin and the planner.

    Attributes
    ----------
    spill : [nodes] price of water that floods at a node [1/m³]
    outfall : [nodes] price of water that leaves at an outfall [1/m³]
    prices : the settings
    """

    spill: FloatArray
    outfall: FloatArray
    prices: Prices

    @classmethod
    def of(cls, layout: Layout, prices: Prices) -> PriceList:
        spill = np.full(len(layout.model.nodes.names), prices.flooding)
        outfall = np.zeros(len(layout.model.nodes.names))
        for i in layout.overflow_nodes:
            sensitive = i in layout.sensitive
            spill[i] = prices.sensitive_overflow if sensitive else prices.overflow
        for i in layout.overflow_outfalls:
            sensitive = i in layout.sensitive
            outfall[i] = prices.sensitive_overflow if sensitive else prices.overflow
        return cls(spill=spill, outfall=outfall, prices=prices)


class Ledger:
    """Books what happens in an engine while it advances."""

    def __init__(self, engine: SwmmEngine, layout: Layout, settings: WaterSettings) -> None:
        self._engine, self._layout = engine, layout
        self.price = PriceList.of(layout, settings.prices)
        model = layout.model
        self._nodes = tuple(range(len(model.nodes.names)))
        self._outfalls = (*layout.overflow_outfalls, *layout.treatment_outfalls)
        self._pumps = tuple(np.flatnonzero(model.links.kind == LinkKind.PUMP).tolist())
        self.storages = tuple(np.flatnonzero(model.nodes.kind == NodeKind.STORAGE).tolist())
        self._overflow_nodes = np.array(layout.overflow_nodes, dtype=np.int64)
        places = len(layout.overflow_nodes) + len(layout.overflow_outfalls)
        self.flooded = np.zeros(len(self._nodes))
        self.flooded_step = np.zeros(len(self._nodes))
        self.discharged = np.zeros(len(self._outfalls))
        self.discharged_step = np.zeros(len(self._outfalls))
        self.exceedance = np.zeros(len(layout.limit_links))
        self._over_m3s = np.zeros(len(layout.limit_links))
        self.too_deep_mh = np.zeros(len(layout.deep_nodes))
        self.flooded_s = np.zeros(len(self._nodes))
        self._under_s = np.zeros(len(self._nodes))
        self.spilling_s = np.zeros(places)
        self.events = np.zeros(places, dtype=np.int64)
        self._dry_s = np.full(places, np.inf)
        self._positions = engine.setting(layout.actuator_links)
        self.travel = 0.0
        self.peak = np.zeros(len(layout.limit_links))

    def advance(self, seconds: float) -> bool:
        """Let the engine run for `seconds` and book it; False once the simulation has ended."""
        engine, layout = self._engine, self._layout
        going = True
        if layout.limit_links or layout.deep_nodes:
            left = seconds
            while left > 0 and going:
                span = min(left, LIMIT_SAMPLE_S)
                going = engine.stride(round(span))
                flow = engine.flow(layout.limit_links)
                over_m3s = np.maximum(flow - layout.limits_m3s, 0.0)
                over = 0.5 * (over_m3s + self._over_m3s) * span
                self._over_m3s = over_m3s
                self.exceedance += over
                np.maximum(self.peak, flow, out=self.peak)
                above = np.maximum(engine.depth(layout.deep_nodes) - layout.deep_m, 0.0)
                self.too_deep_mh += above * (span / 3600.0)
                left -= span
        else:
            going = engine.stride(round(seconds))
        self._book(seconds)
        return going

    def _book_flooding(self) -> None:
        """Volume and time of flooding since the last look; a trickle counts as dry."""
        flooded, under_s = self._engine.flooding(self._nodes)
        spent_s = under_s - self._under_s
        np.subtract(flooded, self.flooded, out=self.flooded_step)
        self.flooded_s += spent_s * (self.flooded_step > SPILLING_M3S * spent_s)
        self.flooded, self._under_s = flooded, under_s

    def _book(self, seconds: float) -> None:
        engine = self._engine
        self._book_flooding()
        discharged = engine.received(self._outfalls)
        self.discharged_step = discharged - self.discharged
        self.discharged = discharged
        if len(self.events):
            overflow = np.concatenate(
                (
                    self.flooded_step[self._overflow_nodes],
                    self.discharged_step[: len(self._layout.overflow_outfalls)],
                )
            )
            spilling = overflow > SPILLING_M3S * seconds
            self.spilling_s += spilling * seconds
            self.events += spilling & (self._dry_s >= EVENT_GAP_S)
            self._dry_s = np.where(spilling, 0.0, self._dry_s + seconds)
        positions = engine.setting(self._layout.actuator_links)
        self.travel += float(np.abs(positions - self._positions).sum())
        self._positions = positions

    def stored(self) -> float:
        """Water in tanks now [m³]."""
        return float(self._engine.volume(self.storages).sum())

    def loss(self) -> float:
        """Price of what has left wrongly so far: flooding, overflow, exceedance [m³-eq]."""
        price = self.price
        return float(
            price.spill @ self.flooded
            + price.outfall[list(self._outfalls)] @ self.discharged
            + self._layout.limit_weights @ self.exceedance
            + self._layout.deep_weights @ self.too_deep_mh
            + price.prices.flooding_hour * self._street_h()
        )

    def _street_h(self) -> float:
        """Hours of flooding so far, summed over the nodes where it is no overflow [h]."""
        flooded_s = self.flooded_s.sum() - self.flooded_s[self._overflow_nodes].sum()
        return float(flooded_s) / 3600.0

    def wear(self) -> float:
        """Price of actuator travel so far [m³-eq]."""
        return self.price.prices.travel * self.travel

    def held(self) -> float:
        """Price of the water in tanks now [m³-eq]."""
        return self.price.prices.leftover * self.stored()

    def sheet(self) -> tuple[ScoreSheet, Mapping[str, Any]]:
        """Score so far, and tables per element."""
        layout = self._layout
        nodes = layout.model.nodes.names
        street = np.ones(len(nodes), dtype=np.bool_)
        street[self._overflow_nodes] = False
        count = len(layout.overflow_outfalls)
        places = (*layout.overflow_nodes, *layout.overflow_outfalls)
        volumes = np.concatenate((self.flooded[self._overflow_nodes], self.discharged[:count]))
        sensitive = np.array([i in layout.sensitive for i in places], dtype=np.bool_)
        stored = self.stored()
        energy = float(self._engine.pump_energy(self._pumps).sum()) if self._pumps else 0.0
        figures = {
            "flooding": (float(self.flooded[street].sum()), "m³"),
            "overflow": (float(volumes.sum()), "m³"),
            "overflow_sensitive": (float(volumes[sensitive].sum()), "m³"),
            "treated": (float(self.discharged[count:].sum()), "m³"),
            "exceedance": (float(self.exceedance.sum()), "m³"),
            **({"too_deep": (float(self.too_deep_mh.sum()), "m·h")} if layout.deep_nodes else {}),
            "flooding_duration": (float(self.flooded_s[street].sum()) / 3600.0, "h"),
            "overflow_events": (float(self.events.sum()), "1"),
            "overflow_duration": (float(self.spilling_s.sum()) / 3600.0, "h"),
            "energy": (energy, "kWh"),
            "travel": (self.travel, "strokes"),
            "leftover": (stored, "m³"),
            "cost": (self.loss() + self.wear() + self.held(), "m³-eq"),
        }
        details = {
            "flooding_by_node": [
                {
                    "node": nodes[i],
                    "volume_m3": float(self.flooded[i]),
                    "duration_h": float(self.flooded_s[i]) / 3600.0,
                }
                for i in np.argsort(-self.flooded)
                if street[i] and self.flooded[i] > 0.0
            ],
            "overflow_by_place": [
                {
                    "place": nodes[places[k]],
                    "sensitive": bool(sensitive[k]),
                    "volume_m3": float(volumes[k]),
                    "events": int(self.events[k]),
                    "duration_h": float(self.spilling_s[k]) / 3600.0,
                }
                for k in np.argsort(-volumes)
            ],
            "treated_by_outfall": [
                {"outfall": nodes[i], "volume_m3": float(self.discharged[count + k])}
                for k, i in enumerate(layout.treatment_outfalls)
            ],
            "limits": [
                {
                    "link": layout.model.links.names[link],
                    "limit_m3s": float(layout.limits_m3s[k]),
                    "peak_m3s": float(self.peak[k]),
                    "exceedance_m3": float(self.exceedance[k]),
                }
                for k, link in enumerate(layout.limit_links)
            ],
            "too_deep": [
                {"node": nodes[i], "limit_m": float(limit), "excess_mh": float(excess)}
                for i, limit, excess in zip(
                    layout.deep_nodes, layout.deep_m, self.too_deep_mh, strict=True
                )
            ],
        }
        return {word: Quantity(value=v, unit=u) for word, (v, u) in figures.items()}, details
