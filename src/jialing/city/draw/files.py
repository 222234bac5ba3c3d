"""Which files does a schematic city consist of, and what do they say?"""

from __future__ import annotations

from pathlib import Path

from jialing.city.draw.demand import draw_demand
from jialing.city.draw.graph import read_graph
from jialing.city.draw.roads import draw_roads
from jialing.city.draw.signals import set_programmes
from jialing.city.draw.stations import draw_station
from jialing.city.draw.storms import series_files
from jialing.city.draw.tables import read_atlas, read_yaml
from jialing.city.draw.traffic import configuration, route_file, stop_file
from jialing.city.draw.water import draw_water


def draw(folder: Path) -> dict[str, str]:
    """File name -> text of everything that is made from the tables in `folder`."""
    atlas = read_atlas(folder)
    texts = series_files(atlas)
    texts["water.inp"] = draw_water(atlas, "10y", "central Chongqing, a combined sewer")
    stations = read_yaml(folder / "stations.yaml")
    for row in stations["stations"]:
        text = draw_station(row, stations["open"], stations["close"])
        texts[f"stations/{row['id']}.yaml"] = text
    table = read_yaml(folder / "demand.yaml")
    net = draw_roads(atlas, table)
    graph = read_graph(net)
    demand = draw_demand(atlas, graph, table)
    texts["roads.net.xml"] = set_programmes(net, atlas, graph, demand.turning, table)
    texts["roads.add.xml"] = stop_file(demand)
    texts["traffic.rou.xml"] = route_file(demand, table)
    texts["traffic.sumocfg"] = configuration(table)
    return texts
