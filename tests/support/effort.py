"""How often tests try what has endlessly many forms: drawn bodies, filters, requests.

``make test`` draws some anew in each run, so many runs see many. ``make test-all`` draws as many in
one run as it takes to find by itself what is rare: it sets ``GSTACK_THOROUGH=1``.
"""

from __future__ import annotations

import os

THOROUGH = os.environ.get("GSTACK_THOROUGH") == "1"


def tries(some: int, many: int) -> int:
    """``some``, or ``many`` in a thorough run."""
    return many if THOROUGH else some
