"""Generated functions: Python reads one when it is first called, so all are read here."""

from __future__ import annotations

import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from gstack_pyramid.mapping.expressions.writer import Writer
from gstack_pyramid.schemas.location import data_folder

from ..mappings import Compiler


def test_all_that_is_generated_for_the_shipped_mappings_is_python(compiler: Compiler) -> None:
    compiled = compiler(data_folder("mappings"))
    sources = [source() for made in compiled.generated.values() for _, _, source in made]
    assert len(sources) > 1_000
    for source in sources:
        compile(source, "<generated>", "exec")


def test_a_function_is_what_its_source_says_from_the_first_call_on() -> None:
    writer = Writer()
    doubled = writer.named("c * 2")
    function, source = writer.function("value", "c, env", f"{doubled} + 1", "<disks.yaml:7>")
    assert source() == "def value(c, env):\n    t1 = c * 2\n    return t1 + 1\n"
    assert [function(5, None), function(6, None)] == [11, 13]


def test_threads_may_call_it_for_the_first_time_at_once() -> None:
    with ThreadPoolExecutor(8) as threads:
        for _ in range(50):
            function, _ = Writer().function("value", "c, env", "[c for t in c]", "<disks.yaml:7>")
            rows = [[number] for number in range(8)]
            answers = threads.map(lambda row, function=function: function(row, None), rows)
            assert list(answers) == [[row] for row in rows]


def test_what_goes_wrong_in_it_is_told_with_the_line_of_the_mapping() -> None:
    function, _ = Writer().function("value", "c, env", "c['no']", "<disks.yaml:7>")
    for _ in range(2):
        with pytest.raises(KeyError) as error:
            function({}, None)
        last = traceback.extract_tb(error.value.__traceback__)[-1]
        assert (last.filename, last.name) == ("<disks.yaml:7>", "value")
