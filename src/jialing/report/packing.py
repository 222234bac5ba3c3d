"""How do arrays travel inside the page: as base64 text that the browser unpacks without parsing?"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Packed = dict[str, str]

_KINDS = {"float32": "f4", "int32": "i4", "uint16": "u2", "uint8": "u1"}


def pack(values: NDArray[Any]) -> Packed:
    """A flat little-endian array as ``{"t": type, "b": base64}``."""
    kind = _KINDS[values.dtype.name]
    raw = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
    return {"t": kind, "b": base64.b64encode(raw.tobytes()).decode("ascii")}


def unpack(packed: Mapping[str, str]) -> NDArray[Any]:
    """The inverse of `pack`."""
    kinds = {short: long for long, short in _KINDS.items()}
    dtype = np.dtype(kinds[packed["t"]]).newbyteorder("<")
    return np.frombuffer(base64.b64decode(packed["b"]), dtype=dtype)


def embed(document: Any) -> str:
    """JSON that may stand inside a ``<script>`` element whatever names it contains."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
