"""What must the guard keep to at a station? Its links and terms, out of the description."""

from __future__ import annotations

from jialing.domains.metro.guard import Terms, Way
from jialing.domains.metro.station import Station


def ways(station: Station) -> tuple[Way, ...]:
    """Every link as the interlocks see it."""
    return tuple(
        Way(
            link=link.name,
            stage=link.lower,
            kind=link.kind.name.lower(),
            home=float(link.direction),
            step_free=link.step_free,
            inspect_s=link.inspect_s,
        )
        for link in station.links
    )


def terms(station: Station, mode: str) -> Terms:
    """The station's duty in the guard's words."""
    duty = station.duty
    return Terms(
        mode=mode,
        min_dwell_s=duty.min_dwell_s,
        budget=duty.switch_budget,
        both_ways=duty.both_ways,
        max_age_s=duty.max_age_s,
        stop_density=station.numbers["density_stop_p_m2"],
    )
