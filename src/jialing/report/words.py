"""What does a score word mean to a reader: its label, which way is better, how it is explained?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from jialing.core.case import ScoreSheet


class Better(Enum):
    """Which direction of a score is an improvement."""

    LESS = "less"
    MORE = "more"
    NEITHER = "neither"


@dataclass(frozen=True, kw_only=True)
class Word:
    """A score word as people read it.

    Attributes
    ----------
    label : capitalised, without unit
    better : direction of improvement
    meaning : one sentence for the table
    whole : True for counts, which are shown without decimals
    """

    label: str
    better: Better = Better.LESS
    meaning: str = ""
    whole: bool = False


WORDS: dict[str, Word] = {
    "flooding": Word(label="Flooding", meaning="Water that left the network onto streets."),
    "overflow": Word(
        label="Overflow", meaning="Water spilled to receiving waters at all overflow structures."
    ),
    "overflow_sensitive": Word(
        label="Overflow to sensitive waters",
        meaning="The part of the overflow that reached receiving waters marked as sensitive.",
    ),
    "treated": Word(
        label="Treated", better=Better.MORE, meaning="Water that reached the treatment plant."
    ),
    "exceedance": Word(label="Above flow limits", meaning="Volume above the stated flow limits."),
    "too_deep": Word(
        label="Above depth limits",
        meaning="Depth above the stated limits times its duration, summed over nodes.",
    ),
    "flooding_duration": Word(
        label="Flooding duration", meaning="Hours of flooding, summed over nodes."
    ),
    "overflow_events": Word(
        label="Overflow events",
        meaning="Spills, counted apart where at least 6 h lie between them.",
        whole=True,
    ),
    "overflow_duration": Word(
        label="Overflow duration", meaning="Hours of overflow, summed over structures."
    ),
    "energy": Word(label="Pump energy", meaning="Electrical energy of all pumps."),
    "travel": Word(label="Actuator travel", meaning="Full strokes, summed over actuators."),
    "leftover": Word(label="Left in storage", meaning="Water still stored at the end of the run."),
    "mass_error": Word(
        label="Mass balance error",
        better=Better.NEITHER,
        meaning="Continuity error of the simulator: it measures the simulation, not the control.",
    ),
    "cost": Word(
        label="Priced sum",
        meaning="All of the above weighted by the case's prices; controllers minimise this.",
    ),
    "caught": Word(
        label="Vehicles caught by water",
        meaning="In an underpass while the water there stops cars.",
        whole=True,
    ),
    "delay": Word(label="Delay", meaning="Time lost per trip, mean over all, finished or not."),
    "emergency_delay": Word(label="Delay of emergency vehicles", meaning="Mean over them."),
    "bus_delay": Word(label="Delay of buses", meaning="Mean over them."),
    "stops": Word(label="Stops", meaning="Mean over all trips."),
    "queue": Word(label="Vehicles standing", meaning="Mean over time, anywhere."),
    "queue_p95": Word(label="Vehicles standing, at worst", meaning="Exceeded 5 % of the time."),
    "throughput": Word(
        label="Trips finished", better=Better.MORE, meaning="Before the end.", whole=True
    ),
    "arrivals_on_green": Word(
        label="Arrivals on green", better=Better.MORE, meaning="At the stop line or its queue."
    ),
    "split_failures": Word(
        label="Split failures",
        meaning="Greens that left somebody behind who stood there as they began.",
        whole=True,
    ),
    "max_red": Word(label="Longest red", meaning="With somebody waiting."),
    "co2": Word(label="Carbon dioxide", meaning="From all exhausts."),
    "fuel": Word(label="Fuel", meaning="Burnt by all vehicles."),
    "locked": Word(label="Locked up", meaning="1 if traffic locked up before the end."),
    "closed": Word(
        label="Closures", meaning="Hours, summed over underpasses: the price of keeping cars out."
    ),
    "deepest": Word(label="Deepest water", meaning="On any underpass at any time."),
    "waiting": Word(
        label="Waiting",
        meaning="Time spent in queues; at stations, outside metered entrances too.",
    ),
    "waiting_up": Word(label="Waiting to go up", meaning="Part of it, on the way to the street."),
    "waiting_down": Word(
        label="Waiting to go down", meaning="Part of it, on the way to the trains."
    ),
    "metered": Word(label="Held outside", meaning="Part of it, outside metered entrances."),
    "travel_time": Word(label="Waiting and riding", meaning="Waiting plus time on the links."),
    "density_peak": Word(
        label="Largest density", meaning="Most people per area on any platform at any time."
    ),
    "density_alarm": Word(
        label="Density alarm", meaning="Time above the alarm density, summed over platforms."
    ),
    "queue_peak": Word(
        label="Longest queue", meaning="Most people in all queues together.", whole=True
    ),
    "stranded": Word(
        label="Left by full trains", meaning="People a full train left behind.", whole=True
    ),
    "reversals": Word(
        label="Reversals",
        better=Better.NEITHER,
        meaning="Changes of direction that were begun.",
        whole=True,
    ),
    "served": Word(
        label="Served",
        better=Better.MORE,
        meaning="People who left the station or boarded.",
        whole=True,
    ),
    "inside": Word(
        label="Still inside",
        better=Better.NEITHER,
        meaning="People in the station at the end.",
        whole=True,
    ),
}

#: Words the headline speaks of, in order, by domain.
HEADLINE_WORDS: dict[str, tuple[str, ...]] = {
    "water": ("overflow", "flooding", "overflow_sensitive"),
    "metro": ("waiting", "density_alarm"),
}

#: Signal quantities as people read them.
QUANTITIES: dict[str, str] = {"fill": "filling", "setting": "position"}

CONTROLLERS: dict[str, str] = {
    "rules": "the model's own rules",
    "open": "everything open",
    "equal-filling": "equal filling",
    "predictive": "predictive control",
    "timetable": "the best timetable of directions",
    "fixed": "fixed directions",
    "reactive": "the reactive rule",
    "oracle": "the same search with a perfect forecast",
}

#: Names that say something else at signals.
AT_SIGNALS: dict[str, str] = {
    "fixed": "the programme in the file",
    "actuated": "SUMO's actuated control",
    "webster": "Webster's timings",
    "greedy": "greedy control",
}


@dataclass(frozen=True, kw_only=True)
class MapWords:
    """What the map of a domain is said to show.

    Attributes
    ----------
    lead : what its circles and symbols mean
    nothing : begins what is said where the first run has no circle
    peak : name of the button that leads to the greatest circles
    """

    lead: str
    nothing: str
    peak: str


SPILLS = MapWords(
    lead="Circles grow with what an element spilled; gates and pumps show how far they are open.",
    nothing="Nothing spilled",
    peak="Largest spill",
)
#: Where a map shows something else than spills.
MAPS: dict[str, MapWords] = {
    "traffic": MapWords(
        lead=(
            "Circles grow with the vehicles that stand before a stop line, lane by lane: their mean "
            "so far, or just now."
        ),
        nothing="Nobody stood",
        peak="Longest queues",
    ),
}


def word(name: str) -> Word:
    """The word `name`; an unknown one is read off its own letters."""
    known = WORDS.get(name)
    return known or Word(label=name.replace("_", " ").capitalize())


def in_order(names: Iterable[str]) -> list[str]:
    """Score words as tables list them: as here, then those that are unknown."""
    order = list(WORDS)
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))


def headline_words(domain: str, sheet: ScoreSheet) -> tuple[str, ...]:
    """Score words the headline of a domain speaks of, restricted to those in `sheet`."""
    wished = HEADLINE_WORDS.get(domain) or tuple(sheet)[:2]
    return tuple(name for name in wished if name in sheet)


def map_words(domain: str) -> MapWords:
    """What the map of `domain` is said to show."""
    return MAPS.get(domain, SPILLS)


def controller_phrase(name: str, domain: str) -> str:
    """A controller's name inside a sentence about `domain`."""
    here = CONTROLLERS | AT_SIGNALS if domain == "traffic" else CONTROLLERS
    return here.get(name, name)
