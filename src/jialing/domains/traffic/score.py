"""How well did the traffic flow? The words engineers use, over every trip, finished or not."""

from __future__ import annotations

from collections.abc import Mapping

#: score word -> unit and meaning, in the order in which tables list them
WORDS: Mapping[str, tuple[str, str]] = {
    "delay": ("s", "time lost and delay at departure, mean over all trips, finished or not"),
    "stops": ("1", "how often a vehicle came to a halt, mean over all trips"),
    "queue": ("veh", "vehicles standing anywhere in the network, mean over time"),
    "queue_p95": ("veh", "the same, exceeded in one twentieth of the time"),
    "waiting": ("s", "time at a stand, mean over all trips"),
    "throughput": ("veh", "trips finished"),
    "arrivals_on_green": ("%", "vehicles that reached the stop line or its queue during green"),
    "split_failures": ("1", "greens that left somebody behind who stood there as they began"),
    "max_red": ("s", "longest red with somebody waiting"),
    "emergency_delay": ("s", "delay of emergency vehicles, mean; absent if there is none"),
    "bus_delay": ("s", "delay of buses, mean; absent if there is none"),
    "co2": ("kg", "carbon dioxide from all exhausts (HBEFA)"),
    "fuel": ("l", "fuel burnt (HBEFA)"),
    "locked": ("1", "1 if traffic locked up before the end, otherwise 0"),
}
