"""What makes a page one file that asks nothing of the outside: policy, scripts, chart library?"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import metadata, resources


def content_policy(scripts: Sequence[str]) -> str:
    """A policy under which only these scripts run and nothing can be fetched.

    Styles may be inline because the chart library writes them; images only as part of the page.
    """
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def resource(name: str) -> str:
    """Text of a file of the report's web folder."""
    return (resources.files("jialing.report") / "web" / name).read_text(encoding="utf-8")


def script(names: Sequence[str]) -> str:
    """Scripts of the web folder, one after the other."""
    return "\n".join(resource(name) for name in names)


def plotly() -> str:
    """The chart library; a closing tag inside it would end its script element early."""
    source = (resources.files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")
    return source.replace("</script", "<\\/script")


def version() -> str:
    """Jialing's own version, for the page's generator tag."""
    try:
        return metadata.version("jialing")
    except metadata.PackageNotFoundError:
        return "(not installed)"
