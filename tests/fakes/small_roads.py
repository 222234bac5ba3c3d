"""A crossing of two one-way streets with a left turn and a pedestrian crossing, as a network file.

    W -> C -> E  (link 0, straight)      S -> C -> N  (link 1, straight)
    S -> C -> E  (link 2, right)         people walk across the street that leaves C for E (link 3)

Link 0 and link 1 cross; links 0 and 2 merge; links 0 and 2 lead over the crossing.
Texts that tests replace stand here as names, so that a test says what it changes.
"""

from __future__ import annotations

from pathlib import Path

PHASES = """\
        <phase duration="30" state="Grrr" minDur="8" maxDur="40"/>
        <phase duration="3"  state="yrrr"/>
        <phase duration="2"  state="rrrr"/>
        <phase duration="20" state="rGgG"/>
        <phase duration="4"  state="rGgr"/>
        <phase duration="4"  state="ryyr"/>
        <phase duration="1"  state="rrrr"/>
"""
PROGRAMME = f"""\
    <tlLogic id="C" type="static" programID="day" offset="12">
{PHASES}    </tlLogic>
"""
REQUESTS = """\
        <request index="0" response="1000" foes="1110" cont="0"/>
        <request index="1" response="0001" foes="0001" cont="0"/>
        <request index="2" response="1001" foes="1001" cont="0"/>
        <request index="3" response="0000" foes="0101" cont="0"/>
"""
STRAIGHT = (
    '    <connection from="WC" to="CE" fromLane="0" toLane="0" via=":C_0_0" tl="C" linkIndex="0" '
    'dir="s" state="o"/>\n'
)
NETWORK = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<net version="1.20" walkingareaVersion="1">
    <location netOffset="0.00,0.00" convBoundary="0.00,0.00,400.00,400.00" origBoundary="0.00,0.00,400.00,400.00" projParameter="!"/>
    <edge id=":C_0" function="internal">
        <lane id=":C_0_0" index="0" speed="13.89" length="20.00" shape="190.00,200.00 210.00,200.00"/>
    </edge>
    <edge id=":C_1" function="internal">
        <lane id=":C_1_0" index="0" speed="13.89" length="20.00" shape="200.00,190.00 200.00,210.00"/>
    </edge>
    <edge id=":C_2" function="internal">
        <lane id=":C_2_0" index="0" speed="6.00" length="12.00" shape="200.00,190.00 210.00,200.00"/>
    </edge>
    <edge id=":C_c0" function="crossing" crossingEdges="CE">
        <lane id=":C_c0_0" index="0" speed="2.78" length="6.00" allow="pedestrian" shape="212.00,203.00 212.00,197.00"/>
    </edge>
    <edge id=":C_w0" function="walkingarea">
        <lane id=":C_w0_0" index="0" speed="2.78" length="2.00" allow="pedestrian" shape="211.00,204.00 213.00,204.00"/>
    </edge>
    <edge id="WC" from="W" to="C">
        <lane id="WC_0" index="0" disallow="pedestrian" speed="13.89" length="190.00" shape="0.00,200.00 190.00,200.00"/>
    </edge>
    <edge id="SC" from="S" to="C">
        <lane id="SC_0" index="0" disallow="pedestrian" speed="13.89" length="190.00" shape="200.00,0.00 200.00,190.00"/>
    </edge>
    <edge id="CE" from="C" to="E">
        <lane id="CE_0" index="0" disallow="pedestrian" speed="13.89" length="185.00" shape="215.00,200.00 400.00,200.00"/>
    </edge>
    <edge id="CN" from="C" to="N">
        <lane id="CN_0" index="0" disallow="pedestrian" speed="13.89" length="190.00" shape="200.00,210.00 200.00,400.00"/>
    </edge>
{PROGRAMME}\
    <junction id="C" type="traffic_light" x="200.00" y="200.00" incLanes="WC_0 SC_0 :C_w0_0" intLanes=":C_0_0 :C_1_0 :C_2_0 :C_c0_0" shape="190.00,190.00 210.00,210.00">
{REQUESTS}    </junction>
    <junction id="W" type="dead_end" x="0.00" y="200.00" incLanes="" intLanes="" shape="0.00,200.00"/>
    <junction id="S" type="dead_end" x="200.00" y="0.00" incLanes="" intLanes="" shape="200.00,0.00"/>
    <junction id="E" type="dead_end" x="400.00" y="200.00" incLanes="CE_0" intLanes="" shape="400.00,200.00"/>
    <junction id="N" type="dead_end" x="200.00" y="400.00" incLanes="CN_0" intLanes="" shape="200.00,400.00"/>
{STRAIGHT}\
    <connection from="SC" to="CN" fromLane="0" toLane="0" via=":C_1_0" tl="C" linkIndex="1" dir="s" state="o"/>
    <connection from="SC" to="CE" fromLane="0" toLane="0" via=":C_2_0" tl="C" linkIndex="2" dir="r" state="o"/>
    <connection from=":C_0" to="CE" fromLane="0" toLane="0" dir="s" state="M"/>
    <connection from=":C_1" to="CN" fromLane="0" toLane="0" dir="s" state="M"/>
    <connection from=":C_2" to="CE" fromLane="0" toLane="0" dir="r" state="M"/>
    <connection from=":C_w0" to=":C_c0" fromLane="0" toLane="0" tl="C" linkIndex="3" dir="s" state="M"/>
</net>
"""


def write_network(folder: Path, *changes: tuple[str, str]) -> Path:
    """The network with each (old, new) text replaced; a text that is not there is a mistake."""
    text = NETWORK
    for old, new in changes:
        if old not in text:
            raise ValueError(f"{old!r} does not stand in the network")
        text = text.replace(old, new, 1)
    path = folder / "crossing.net.xml"
    path.write_text(text, encoding="utf-8")
    return path
