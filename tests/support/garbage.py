"""When Python looks for garbage while tests run: between files, and not among what stays.

By itself it would look whenever thousands of objects are there, and a tenth to a quarter of the CPU
time of tests would go into that.
"""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest

_MANY = 500_000
"""How many objects that could be garbage are looked through, before a file's end as well."""


def between_files(config: pytest.Config) -> None:
    """Have garbage collected when a file's tests are over, or when there is much of it."""
    gc.disable()
    config.pluginmanager.register(_Collector())


class _Collector:
    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Thousands of tests and what they import stay: nobody need look at them, ever."""
        collected = yield
        gc.freeze()
        return collected

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """A warning about garbage belongs to the test that is still told of."""
        result = yield
        if gc.get_count()[0] > _MANY or nextitem is None or nextitem.path != item.path:
            gc.collect()
            gc.freeze()
        return result

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """What is left now ends with the process."""
        gc.freeze()
