"""``python -m benchmarks [NAME…]``: the named benchmarks or all, each as ratios within one run."""

from __future__ import annotations

import sys

from benchmarks import (
    fairness,
    goals,
    hostile,
    list_instances,
    mutations,
    observed,
    pages,
    rehearsal,
    scheduling,
    soak,
    start,
    throughput,
)

REPORTS = {
    "goals": goals.report,
    "list_instances": list_instances.report,
    "observed": observed.report,
    "pages": pages.report,
    "fairness": fairness.report,
    "mutations": mutations.report,
    "scheduling": scheduling.report,
    "start": start.report,
    "hostile": hostile.report,
    "soak": soak.report,
    "throughput": throughput.report,
}

REHEARSALS = {"rehearsal": rehearsal.report}
"""What is run by its name only: it measures nothing, and needs programs of others."""


def main() -> None:
    """Run the benchmarks that the command line names.

    Raises:
        SystemExit: there is no such benchmark.
    """
    names = sys.argv[1:] or list(REPORTS)
    for name in names:
        known = REPORTS | REHEARSALS
        if name not in known:
            raise SystemExit(f"there is no benchmark {name!r}; there are {', '.join(known)}")
        known[name]()


# Processes that a benchmark starts import this module again.
if __name__ == "__main__":
    main()
