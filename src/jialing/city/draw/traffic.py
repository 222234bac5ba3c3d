"""How do the rides of an evening look as SUMO's files?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jialing.city.draw.demand import Demand
from jialing.city.draw.storms import LABEL

TYPES: Final = """\
  <vType id="car" vClass="passenger" emissionClass="HBEFA3/PC_G_EU4" length="4.6" maxSpeed="38" sigma="0.5" tau="1.4" speedFactor="normc(1.0,0.10,0.7,1.2)">
    <param key="has.rerouting.device" value="true"/><param key="device.rerouting.period" value="{reroute_s}"/>
  </vType>
  <vType id="car_habit" vClass="passenger" emissionClass="HBEFA3/PC_G_EU4" length="4.6" maxSpeed="38" sigma="0.5" tau="1.5" speedFactor="normc(0.97,0.10,0.7,1.2)">
    <param key="has.rerouting.device" value="true"/><param key="device.rerouting.period" value="{habit_s}"/>
  </vType>
  <vType id="lorry" vClass="delivery" emissionClass="HBEFA3/LDV_D_EU4" length="7.0" maxSpeed="25" accel="1.6" sigma="0.5" tau="1.6" speedFactor="0.92">
    <param key="has.rerouting.device" value="true"/><param key="device.rerouting.period" value="{habit_s}"/>
  </vType>
  <vType id="bus" vClass="bus" emissionClass="HBEFA3/Bus" length="12.0" maxSpeed="19.4" accel="1.1" sigma="0.4" tau="1.5" speedFactor="0.95"/>
  <vType id="ambulance" vClass="emergency" emissionClass="HBEFA3/LDV_D_EU4" length="6.5" maxSpeed="33" accel="2.4" speedFactor="1.3" sigma="0.2">
    <param key="has.bluelight.device" value="true"/><param key="has.rerouting.device" value="true"/><param key="device.rerouting.period" value="60"/>
  </vType>
"""


def route_file(demand: Demand, table: Mapping[str, Any]) -> str:
    """SUMO's route file: types, each way once, vehicles."""
    names: dict[tuple[str, ...], str] = {}
    rides = demand.rides
    for ride in rides:
        names.setdefault(ride.edges, f"r{len(names)}")
    lines = [
        f"<!-- {LABEL}: an evening's traffic in central Chongqing, drawn from demand.csv; time 0 is "
        f"{table['begin']} -->",
        "<routes>",
        TYPES.format(**table).rstrip(),
    ]
    lines += [f'  <route id="{name}" edges="{" ".join(way)}"/>' for way, name in names.items()]
    for ride in rides:
        start = 'departLane="best" departPos="random_free" departSpeed="desired"'
        head = f'  <vehicle id="{ride.id}" type="{ride.kind}" route="{names[ride.edges]}" depart="{ride.depart_s:.1f}" '
        if ride.kind == "bus":
            line = ride.id.partition("_")[0]
            lines.append(f'{head}line="{line}" departLane="0" departPos="base">')
            lines += [
                f'    <stop busStop="stop_{edge}" duration="{table["stop_s"]}" parking="true"/>'
                for edge in ride.edges
                if edge in demand.stops and edge not in (ride.edges[0], ride.edges[-1])
            ]
            lines.append("  </vehicle>")
        else:
            lines.append(f"{head}{start}/>")
    return "\n".join([*lines, "</routes>"]) + "\n"


def stop_file(demand: Demand) -> str:
    """SUMO's additional file: where buses stop."""
    lines = [f"<!-- {LABEL}: bus stops of central Chongqing -->", "<additional>"]
    lines += [
        f'  <busStop id="stop_{edge}" lane="{edge}_0" startPos="{a:.1f}" endPos="{b:.1f}"/>'
        for edge, (a, b) in demand.stops.items()
    ]
    return "\n".join([*lines, "</additional>"]) + "\n"


def configuration(table: Mapping[str, Any]) -> str:
    """SUMO's configuration: the three files, and what every run of the city agrees on."""
    return f"""<!-- {LABEL}: an evening in central Chongqing; time 0 is {table["begin"]} -->
<configuration>
  <input>
    <net-file value="roads.net.xml"/>
    <route-files value="traffic.rou.xml"/>
    <additional-files value="roads.add.xml"/>
  </input>
  <time><begin value="0"/><end value="{3600 * table["hours"]}"/><step-length value="1"/></time>
  <processing>
    <time-to-teleport value="-1"/><ignore-route-errors value="true"/>
    <!-- who has stood inside a junction for a minute is driven round, as on a real street -->
    <ignore-junction-blocker value="60"/>
  </processing>
  <routing>
    <device.rerouting.adaptation-interval value="10"/>
    <device.rerouting.adaptation-steps value="18"/>
  </routing>
</configuration>
"""
