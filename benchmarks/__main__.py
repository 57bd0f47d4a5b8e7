"""``python -m benchmarks``: all benchmarks, each as ratios within one run."""

from __future__ import annotations

from benchmarks.list_instances import report

report()
