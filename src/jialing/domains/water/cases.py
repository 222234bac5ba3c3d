"""Which stormwater situations have a name: the shipped sewer, Astlingen, the pystorms networks."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jialing.core.case import Case
from jialing.core.errors import InputError, MissingExtraError, UnknownNameError
from jialing.core.units import FLOW_TO_M3S
from jialing.domains.water.settings import FlowLimit, Prices, WaterSettings

DAY_S: Final = 86_400.0

#: Overflow structures of Astlingen, and whether they spill to the creek (sensitive) or the river.
#: Source: Sun, Lund, Vezzaro et al. (2020), Water 12(4):1034, "The Astlingen Benchmark Network".
ASTLINGEN_OVERFLOWS: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "T1": False,
        "T2": False,
        "T3": False,
        "T4": False,
        "T5": False,
        "T6": True,
        "CSO7": True,
        "CSO8": False,
        "CSO9": True,
        "CSO10": False,
    }
)
ASTLINGEN_GATES: Final = ("V2", "V3", "V4", "V6")
ASTLINGEN_RULES: Final = "EFD_Control.txt"  # equal filling, as published with the network
ASTLINGEN_RAIN_DAYS: Final = 56  # the four synthetic rain files end on 26 February 09:30

#: event -> first and last day in the model's own date order (month/day/year)
ASTLINGEN_EVENTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "aug2000": ("08/17/2000", "08/29/2000"),
        "oct2000": ("10/14/2000", "10/18/2000"),
        "oct2005": ("10/19/2005", "10/22/2005"),
        "aug2008": ("08/11/2008", "08/15/2008"),
    }
)


def storm_sewer() -> Case:
    """A storm drifts across a hillside town with a combined sewer; two tanks spill to a creek.

    The file's own rules throttle each gate by the level in the interceptor below it and switch
    pumps by level. The pumps of the treatment plant stay with their rules: they are the plant's.
    """
    return Case(
        name="storm-sewer",
        domain="water",
        title=TITLES["storm-sewer"],
        model=Path(__file__).parent / "models" / "storm-sewer.inp",
        tick_s=300.0,
        settings=WaterSettings(
            controlled=("GA", "GB", "GC", "GD", "GE", "GF", "PH"),
            overflow_outfalls={
                "OA": False,
                "OB": False,
                "OC": True,
                "OD": True,
                "OE": False,
                "OF": False,
                "OH": False,
                "OW": False,
            },
        ),
    )


def astlingen(*, data: Path | None = None) -> Case:
    """Astlingen, 56 days of synthetic rain on four gauges."""
    folder = _astlingen_folder(data)
    series = {f"rain{i}": _existing(folder / f"RG{i}_synthetic_year2000.txt") for i in (1, 2, 3, 4)}
    return Case(
        name="astlingen",
        domain="water",
        title=TITLES["astlingen"],
        model=_existing(folder / "Astlingen_SWMM.inp"),
        tick_s=300.0,
        duration_s=ASTLINGEN_RAIN_DAYS * DAY_S,
        settings=WaterSettings(
            controlled=ASTLINGEN_GATES,
            overflow_nodes=dict(ASTLINGEN_OVERFLOWS),
            series_files=series,
            rules_file=_published_rules(folder),
        ),
    )


def astlingen_event(event: str, *, data: Path | None = None) -> Case:
    """Astlingen under one of four measured events.

    The network and its base-case rule come from the Astlingen file, the 5-minute rain from the
    zeta network of pystorms; the joined file is kept in the cache folder.
    """
    name = f"astlingen-{event}"
    folder = _astlingen_folder(data)
    model = _existing(folder / "Astlingen_SWMM.inp")
    rain = _event_rain(pystorms_network("zeta"), event)
    start, end = ASTLINGEN_EVENTS[event]
    text = _text(model)
    text = _with_option(text, "START_DATE", start)
    text = _with_option(text, "REPORT_START_DATE", start)
    text = _with_option(text, "END_DATE", end)
    text = _with_section(text, "TIMESERIES", rain)
    return Case(
        name=name,
        domain="water",
        title=TITLES[name],
        model=_cached(name, text),
        tick_s=300.0,
        settings=WaterSettings(
            controlled=ASTLINGEN_GATES,
            overflow_nodes=dict(ASTLINGEN_OVERFLOWS),
            rules_file=_published_rules(folder),
        ),
    )


def theta() -> Case:
    """pystorms theta: keep the outlet below 0.5 m³/s with two basins.

    Scored there: 10 per m³/s above 0.5 m³/s in conduit 8, and 10⁶ per step that floods.
    """
    return _pystorms(
        "theta",
        tick_s=300.0,
        settings=WaterSettings(
            controlled=("1", "2"),
            overflow_outfalls={},
            flow_limits=(FlowLimit(link="8", limit_m3s=0.5),),
            prices=Prices(flooding=1000.0),
        ),
    )


def alpha() -> Case:
    """pystorms alpha: least overflow over five weirs of a combined sewer, no flooding.

    The weirs spill into a stream that carries clean runoff as well, so the outfall of the stream
    does not show the overflow: each weir is a flow limit of zero instead.
    Scored there: volume over the weirs [ft³], and 10⁶ per ft³/s of flooding.
    """
    weirs = ("W1", "W2", "W3", "W4", "W5")
    return _pystorms(
        "alpha",
        tick_s=60.0,
        settings=WaterSettings(
            rate_per_s=1.0 / 60.0,  # these gates move at once; one tick is one stroke
            controlled=("Or1", "Or2", "Or3", "Or4", "Or5"),
            overflow_outfalls={},
            flow_limits=tuple(FlowLimit(link=weir, limit_m3s=0.0) for weir in weirs),
            prices=Prices(flooding=1000.0, leftover=0.0, travel=0.0),
        ),
    )


def gamma() -> Case:
    """pystorms gamma: eleven basins in series, 4 ft³/s at most at each outlet, no flooding.

    Scored there: 1 per ft³/s above the limit and step, 10⁶ per basin and step that floods,
    7 · 10⁵ per basin that holds more than 0.1 ft when the run ends. In m³ above a limit, whatever
    the step: an hour of flooding is 3600 s · 10⁶ · 0.0283 m³/s = 10⁸ m³. What floods at the
    manholes between the basins is not scored: it appears as overflow, without a price.
    """
    limit = 4.0 * FLOW_TO_M3S["CFS"]
    gates = tuple(f"O{i}" for i in range(1, 12))
    manholes = ("J13", "J14", "J15", "J18", "J19", "J22", "J23", "J24", "J25", "J26")
    return _pystorms(
        "gamma",
        tick_s=300.0,
        settings=WaterSettings(
            controlled=gates,
            overflow_nodes=dict.fromkeys(manholes, False),
            overflow_outfalls={},
            flow_limits=tuple(FlowLimit(link=gate, limit_m3s=limit) for gate in gates),
            prices=Prices(flooding=10.0, flooding_hour=1e8, overflow=0.0, leftover=1.0, travel=0.0),
        ),
    )


def zeta() -> Case:
    """pystorms zeta: Astlingen in October 2005, no rule of its own.

    Scored there: overflow [m³], twice that to the creek, less 0.1 per m³ treated, and 0.01 per m³
    of change in throttle flow. An m³ spilled is one not treated, hence 1.1 and 2.1; what floods at
    manholes is not scored but is not treated either.
    """
    return _pystorms(
        "zeta",
        tick_s=300.0,
        settings=WaterSettings(
            controlled=ASTLINGEN_GATES,
            overflow_nodes=dict(ASTLINGEN_OVERFLOWS),
            prices=Prices(flooding=0.1, sensitive_overflow=2.1, overflow=1.1, leftover=0.1),
        ),
    )


def pystorms_network(scenario: str) -> Path:
    """The model file of a pystorms scenario, found without importing pystorms (which loads SWMM).

    Raises MissingExtraError where pystorms is absent, InputError where its file is.
    """
    spec = importlib.util.find_spec("pystorms")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("pystorms", "dev")
    return _existing(Path(spec.submodule_search_locations[0]) / "networks" / f"{scenario}.inp")


def open_case(name: str, *, data: Path | None = None) -> Case:
    """The case called `name`; `data` is the folder of Astlingen's files, which do not ship with Jialing.

    Raises UnknownNameError for a name that is none, InputError where a file is absent.
    """
    if name not in CASES:
        raise UnknownNameError("stormwater case", name, CASES)
    if data is not None and name.startswith("astlingen"):
        return CASES[name](data=data)
    return CASES[name]()


def _of_event(event: str) -> Callable[..., Case]:
    def factory(*, data: Path | None = None) -> Case:
        return astlingen_event(event, data=data)

    factory.__doc__ = TITLES[f"astlingen-{event}"]
    return factory


#: One line for people, in the order in which `jialing cases` lists them.
TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "storm-sewer": "A storm drifts across a hillside town with a combined sewer (6 h, shipped)",
        "astlingen": "Astlingen benchmark, synthetic rain (56 days)",
        "astlingen-aug2000": "Astlingen benchmark, measured rain of August 2000 (13 days)",
        "astlingen-oct2000": "Astlingen benchmark, measured rain of October 2000 (5 days)",
        "astlingen-oct2005": "Astlingen benchmark, measured rain of October 2005 (4 days)",
        "astlingen-aug2008": "Astlingen benchmark, measured rain of August 2008 (5 days)",
        "theta": "pystorms theta: two basins, one outlet limited to 0.5 m³/s (3 days)",
        "alpha": "pystorms alpha: combined sewer with five overflow weirs (12 h)",
        "gamma": "pystorms gamma: eleven basins in a cascade of limited outlets (6.5 days)",
        "zeta": "pystorms zeta: Astlingen, October 2005, without rules (4 days)",
    }
)

CASES: Final[Mapping[str, Callable[..., Case]]] = MappingProxyType(
    {
        "storm-sewer": storm_sewer,
        "astlingen": astlingen,
        "astlingen-aug2000": _of_event("aug2000"),
        "astlingen-oct2000": _of_event("oct2000"),
        "astlingen-oct2005": _of_event("oct2005"),
        "astlingen-aug2008": _of_event("aug2008"),
        "theta": theta,
        "alpha": alpha,
        "gamma": gamma,
        "zeta": zeta,
    }
)


def _pystorms(scenario: str, *, tick_s: float, settings: WaterSettings) -> Case:
    return Case(
        name=scenario,
        domain="water",
        title=TITLES[scenario],
        model=pystorms_network(scenario),
        tick_s=tick_s,
        settings=settings,
    )


def _data_folders() -> list[Path]:
    """Where model files that do not ship are looked for, in this order."""
    folders = []
    if named := os.environ.get("JIALING_DATA"):
        folders.append(Path(named))
    root = Path(__file__).resolve().parents[4]
    if (root / "pyproject.toml").is_file():
        folders.append(root.parent / "shared" / "data")
    return folders


def _astlingen_folder(data: Path | None) -> Path:
    """The folder that holds Astlingen_SWMM.inp, or InputError with what to do."""
    roots = _data_folders() if data is None else [Path(data)]
    for root in roots:
        for folder in (root, root / "astlingen", root / "water" / "astlingen"):
            if (folder / "Astlingen_SWMM.inp").is_file():
                return folder
    looked = ", ".join(str(root) for root in roots) or "no folder is set"
    raise InputError(
        "Astlingen_SWMM.inp was not found, which this case needs and which does not ship with "
        f"Jialing. Looked in: {looked}. Put it with RG1…RG4_synthetic_year2000.txt into "
        "water/astlingen of a folder and name that folder in JIALING_DATA or as `data`"
    )


def _published_rules(folder: Path) -> Path | None:
    """The rules that the controller `other-rules` runs, where the folder holds them."""
    rules = folder / ASTLINGEN_RULES
    return rules if rules.is_file() else None


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError("this file is needed by the case and is absent", path=path)
    return path


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return path.read_text(encoding="latin-1")


def _event_rain(network: Path, event: str) -> list[str]:
    """[TIMESERIES] lines rain1 … rain4 from the series `<event>raingage1` … of pystorms zeta."""
    prefix = f"{event}raingage"
    lines = []
    for line in _text(network).splitlines():
        if line.startswith(prefix):
            name, _, rest = line.partition(" ")
            lines.append(f"rain{name.removeprefix(prefix)} {' '.join(rest.split())}")
    if not lines:
        raise InputError(f"no time series is called {prefix}1", path=network)
    return lines


def _with_option(text: str, option: str, value: str) -> str:
    """`text` with one line of [OPTIONS] replaced."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if line.split()[:1] == [option]:
            lines[i] = f"{option:<20} {value}"
    return "\n".join(lines) + "\n"


def _with_section(text: str, section: str, body: list[str]) -> str:
    """`text` with the lines of one section replaced."""
    kept, inside = [], False
    for line in text.splitlines():
        if line.startswith("["):
            inside = line.strip().upper() == f"[{section}]"
            if inside:
                kept += [line, *body, ""]
        if not inside:
            kept.append(line)
    return "\n".join(kept) + "\n"


def _cached(name: str, text: str) -> Path:
    """Keep a derived model file under a name that tells its content; written at once or not."""
    base = os.environ.get("JIALING_CACHE")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) if base else Path(cache) / "jialing"
    content = text.encode()
    path = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}.inp"
    if path.is_file() and path.read_bytes() == content:
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as part:
            part.write(content)
        Path(part.name).replace(path)
    except OSError as error:
        raise InputError(
            f"cannot write the derived model ({error.strerror}); name a folder in JIALING_CACHE",
            path=path,
        ) from error
    return path
