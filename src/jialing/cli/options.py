"""Which options of `jialing run` are for one domain alone?"""

from __future__ import annotations

from collections.abc import Collection

#: Option -> whom it is for, and their domain.
FOR_ONE = {
    "--series": ("sewers", "water"),
    "--net": ("signals", "traffic"),
    "--routes": ("signals", "traffic"),
    "--sensing": ("signals", "traffic"),
    "--mode": ("stations", "metro"),
    "--keys": ("stations", "metro"),
    "--event": ("cities", "city"),
}


def check_options(name: str, given: Collection[str]) -> None:
    """Raise InputError for an option that means nothing to the case or model file `name`."""
    import jialing as jl

    if not given:
        return
    found = jl.case(name).domain
    for option in given:
        whom, domain = FOR_ONE[option]
        if domain != found:
            raise jl.InputError(
                f"{option} is for {whom} (the domain {domain}); {name} is of the domain {found}: "
                "run it without"
            )
