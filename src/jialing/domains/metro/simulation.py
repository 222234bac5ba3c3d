"""What state is a station in, and how does it go on? The compiled kernel with its arrays."""

from __future__ import annotations

import numpy as np

from jialing.core.signal import FloatArray
from jialing.domains.metro import kernel
from jialing.domains.metro.kernel import Net
from jialing.domains.metro.layout import Layout

DENSITY_ALARM = 2.0  # people per area at which a platform is watched [1/m²]; Fruin (1971): level E


def net(
    layout: Layout,
    *,
    capacity: FloatArray | None = None,
    ride: FloatArray | None = None,
    pause: float = 1.0,
) -> Net:
    """The station as the kernel wants it.

    Parameters
    ----------
    layout : the station
    capacity, ride : [links] other values than believed [1/s], [s]
    pause : factor on inspection and restart [1]
    """
    return (
        layout.stage_lower,
        layout.stage_upper,
        layout.stage_of,
        layout.stage_share,
        layout.leave,
        layout.platform_share,
        layout.platform_level,
        layout.platform_area,
        layout.entrance_level,
        layout.entrance_capacity,
        layout.link_stage,
        layout.both_ways,
        layout.reversible,
        layout.capacity if capacity is None else capacity,
        layout.ride if ride is None else ride,
        layout.inspect * pause,
        layout.restart * pause,
        layout.effort_up,
        layout.effort_down,
    )


def alarm_density(layout: Layout) -> float:
    """Density at which an alarm is due [1/m²]."""
    return float(layout.station.numbers.get("density_alarm_p_m2", DENSITY_ALARM))


class Simulation:
    """A station under way, in steps of `dt` [s].

    Attributes
    ----------
    link, ring_up, ring_down, pool, platform, outside : state, see `kernel.advance`
    totals : what has happened so far, columns of `kernel`
    step : steps done
    """

    def __init__(self, layout: Layout, params: Net, dt: float, ride: FloatArray) -> None:
        links, stages = len(layout.link_stage), len(layout.stage_lower)
        longest = int(np.ceil(ride.max() / dt)) + 2
        self.layout, self.net, self.dt, self.step = layout, params, dt, 0
        self.link = np.zeros((links, kernel.LINK_STATE))
        self.link[:, kernel.DIRECTION] = layout.home
        self.ring_up, self.ring_down = np.zeros((links, longest)), np.zeros((links, longest))
        self.pool = np.zeros((stages, 2))
        self.platform = np.zeros(len(layout.platform_level))
        self.outside = np.zeros(len(layout.entrance_level))
        self.totals = np.zeros(kernel.TOTALS)
        self.limit = alarm_density(layout)

    def advance(
        self,
        up: FloatArray,
        down: FloatArray,
        room: FloatArray,
        works: FloatArray,
        want: FloatArray,
        meter: FloatArray,
        *,
        slot_steps: int = 1 << 40,
    ) -> None:
        """Let as many steps pass as `up` has rows; see `kernel.advance`."""
        kernel.advance(
            self.step,
            len(up),
            self.dt,
            up,
            down,
            room,
            works,
            want,
            slot_steps,
            meter,
            self.limit,
            self.net,
            self.link,
            self.ring_up,
            self.ring_down,
            self.pool,
            self.platform,
            self.outside,
            self.totals,
        )
        self.step += len(up)

    @property
    def inside(self) -> float:
        """People who came and have neither left nor boarded [ped]."""
        return float(
            self.link[:, [kernel.Q_UP, kernel.Q_DOWN, kernel.ONBOARD]].sum()
            + self.pool.sum()
            + self.platform.sum()
            + self.outside.sum()
        )
