"""Which whole numbers fit a format of the discovery document.

Source: https://developers.google.com/discovery/v1/type-format
"""

from __future__ import annotations

BOUNDS = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
"""The least and the greatest, by format."""
