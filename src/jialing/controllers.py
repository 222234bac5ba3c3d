"""Which controller is meant: one of the domain's by name, or the user's own?"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from jialing.core.errors import ControllerError, InputError, UnknownNameError
from jialing.core.stages import Controller, Domain
from jialing.record.manifest import describe_file

#: A name, ``file.py:Class``, a class, or an object with `decide`.
ControllerLike = str | Controller | type[Controller] | Callable[[], Controller]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A controller that is to run.

    Attributes
    ----------
    name : shown everywhere, unique in a result
    build : what the domain's desk takes
    origin : goes into the manifest: ``name`` and, for a user's own, where its code lies
    """

    name: str
    build: str | Callable[[], Controller]
    origin: dict[str, Any] = field(default_factory=dict)


def choose(
    domain: Domain, wanted: ControllerLike | Sequence[ControllerLike], *, baseline: bool
) -> tuple[Chosen, ...]:
    """What is to run, the baseline first; `baseline` adds it where it was not asked for."""
    several: Iterable[Any] = wanted if isinstance(wanted, list | tuple) else [wanted]
    chosen: list[Chosen] = []
    for one in several:
        found = _resolve(domain, one)
        if isinstance(found.build, str):
            if found not in chosen:
                chosen.append(found)
        else:  # a name of the domain's stays the domain's
            chosen.append(_renamed(found, {c.name for c in chosen}.union(domain.controllers)))
    first = next(iter(domain.controllers))
    if baseline and all(c.build != first for c in chosen):
        chosen.append(_resolve(domain, first))
    if not chosen:
        raise ControllerError("no controller was named")
    return tuple(sorted(chosen, key=lambda c: c.build != first))


def from_origin(domain: Domain, origin: dict[str, Any]) -> Chosen:
    """The controller that a manifest names; raises ControllerError if its code cannot be found."""
    name = str(origin["name"])
    if origin.get("kind") == "named":
        return _resolve(domain, name)
    if "file" not in origin or "class" not in origin:
        raise ControllerError(
            f"{name} is a user's own controller and its code is not on file; "
            "pass it: jialing.replay(folder, controller=TheClass)"
        )
    file = origin["file"]
    path = Path(file["path"])
    if not path.is_file():
        raise ControllerError(f"{path} is gone; it held the controller {name}")
    if describe_file(path)["sha256"] != file["sha256"]:
        raise ControllerError(f"{path} has changed since this run; it held the controller {name}")
    return Chosen(
        name=name, build=_factory(_load_class(path, origin["class"]), name), origin=origin
    )


def _resolve(domain: Domain, wanted: Any) -> Chosen:
    if isinstance(wanted, str):
        if wanted in domain.controllers:
            return Chosen(name=wanted, build=wanted, origin={"name": wanted, "kind": "named"})
        file, _, class_name = wanted.rpartition(":")
        if file.endswith(".py"):
            return _own(_load_class(Path(file), class_name), path=Path(file))
        raise UnknownNameError(f"controller for {domain.name}", wanted, domain.controllers)
    return _own(wanted)


def _own(wanted: Any, *, path: Path | None = None) -> Chosen:
    made = isinstance(wanted, type) or not hasattr(wanted, "decide")
    kind = wanted if made else type(wanted)
    if not callable(wanted) and not hasattr(wanted, "decide"):
        raise ControllerError(
            f"{wanted!r} is no controller: it needs a method decide(situation) -> Command"
        )
    if isinstance(wanted, type) and not hasattr(wanted, "decide"):
        raise ControllerError(f"{wanted.__name__} has no method decide(situation) -> Command")
    name = str(getattr(wanted, "name", None) or getattr(kind, "__name__", "own"))
    origin: dict[str, Any] = {"name": name, "kind": "own"}
    source = path or _source(kind)
    # What was made inside a function cannot be found again by its name.
    if source is not None and made and "<" not in kind.__qualname__:
        origin |= {"class": kind.__qualname__, "file": describe_file(source.resolve())}
    return Chosen(
        name=name, build=_factory(wanted if made else lambda: wanted, name), origin=origin
    )


def _factory(make: Callable[[], Controller], name: str) -> Callable[[], Controller]:
    def build() -> Controller:
        try:
            built = make()
        # The user's own code: whatever it raises is told as an error with its name.
        except (Exception, SystemExit) as error:
            raise ControllerError(
                f"{name} could not be made: {type(error).__name__}: {error}. "
                "A class must be callable without arguments"
            ) from error
        if not hasattr(built, "decide"):
            raise ControllerError(f"{name} has no method decide(situation) -> Command")
        return built

    return build


def _renamed(chosen: Chosen, taken: set[str]) -> Chosen:
    name, number = chosen.name, 2
    while name in taken:
        name, number = f"{chosen.name}-{number}", number + 1
    return Chosen(name=name, build=chosen.build, origin={**chosen.origin, "name": name})


def _source(kind: Any) -> Path | None:
    try:
        found = inspect.getsourcefile(kind)
    except (TypeError, OSError):  # built in, or typed into an interpreter
        return None
    return Path(found) if found and Path(found).is_file() else None


def _load_class(path: Path, class_name: str) -> Any:
    if not path.is_file():
        raise InputError("no such file; FILE.py:CLASS names a controller", path=path)
    spec = importlib.util.spec_from_file_location(f"jialing_own_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError("is no Python file", path=path)
    module: ModuleType = importlib.util.module_from_spec(spec)
    # As if the file were run: known by its name (dataclasses ask), and able to import its neighbours.
    sys.modules[spec.name] = module
    if str(path.resolve().parent) not in sys.path:
        sys.path.append(str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    # The user's own code: whatever it raises is told as an error with its file.
    except (Exception, SystemExit) as error:
        raise InputError(f"{type(error).__name__}: {error}", path=path) from error
    found: Any = module
    for part in class_name.split("."):
        found = getattr(found, part, None)
    if found is None:
        known = [name for name, value in vars(module).items() if hasattr(value, "decide")]
        raise UnknownNameError(f"controller in {path.name}", class_name, known)
    return found
