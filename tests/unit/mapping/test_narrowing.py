"""What a generated function looks at of rows, told by its Python; in doubt all of them."""

from __future__ import annotations

import pytest

from gstack_pyramid.mapping.expressions.narrowing import reads_of

HEAD = "def shape(c, env, shaped):\n"


def row(*lines: str) -> frozenset[str] | None:
    return reads_of(HEAD + "".join(f"    {line}\n" for line in lines), []).row


def joined(*lines: str) -> frozenset[str] | None:
    begin = "    r1_volumes = env.roots.get('volumes')\n"
    text = HEAD + begin + "".join(f"    {line}\n" for line in lines)
    return reads_of(text, ["volumes"]).joined["volumes"]


def test_fields_that_are_asked_for_are_those_that_are_looked_at() -> None:
    found = row(
        "s1 = c.get('tags')",
        "t1 = (c.get('name') if type(c) is dict else None)",
        "shaped['tags'] = s1",
        "shaped['link'] = link(env, 'networks', c.get('networkid'), {})",
    )
    assert found == frozenset({"tags", "name", "networkid"})


@pytest.mark.parametrize(
    "line",
    [
        "t1 = c",
        "shaped['row'] = c",
        "t1 = [c]",
        "t1 = made_1(c)",
        "t1 = made_1(c, env)",
        "t1 = env.naming({'one': t2})",
        "t1 = made_1(env)",
        "t1 = c.items()",
        "t1 = c.get(s1)",
        "t1 = c.get('name', c)",
        "t1 = c['name']",
        "t1 = f'{c}'",
        "t1 = [each for each in c]",
        "r1_self = env.roots.get('self')",
        "r1_rows = env.roots.get('rows')",
        "r1_resource = env.roots.get('resource')",
        "return c",
    ],
)
def test_a_row_that_goes_anywhere_else_is_wanted_whole(line: str) -> None:
    assert row("s1 = c.get('name')", line) is None


def test_joined_rows_are_followed_through_loops_and_sorting() -> None:
    found = joined(
        "t1 = (None if r1_volumes is None else sorted_8(r1_volumes, 'deviceid'))",
        "for t2 in t1 if type(t1) is list else entries(t1):",
        "    s1 = tag_values((t2.get('tags') if type(t2) is dict else None))",
        "for v1_item in r1_volumes if type(r1_volumes) is list else entries(r1_volumes):",
        "    shaped['size'] = v1_item.get('size')",
        "for t3 in t1:",
        "    t3_ = t3 if type(t3) is dict else {}",
        "    shaped['device'] = t3_.get('name')",
        "for v1_item in entries(c.get('nic')):",
        "    shaped['address'] = v1_item.get('ipaddress')",
    )
    # A name that is given twice stands for both.
    assert found == frozenset({"deviceid", "tags", "size", "name", "ipaddress"})


@pytest.mark.parametrize(
    "line",
    [
        "t1 = r1_volumes[0]",
        "t1 = first_1(r1_volumes, None)",
        "t1 = sorted_1(r1_volumes)",
        "t1 = merged_1(r1_volumes, 'a')",
        "shaped['volumes'] = sorted_1(r1_volumes, 'deviceid')",
        "t1 = [each.get('id') for each in r1_volumes]",
        "for a, b in pairs(r1_volumes): pass",
        "t1 = value_1(c, env)",
        "t1 = (r1_volumes or None)",
        "t1 = r1_volumes if c.get('id') else made_1(r1_volumes)",
        "for t2 in r1_volumes: shaped['volume'] = t2",
        "for t2 in r1_volumes:\n        t2_ = t2 if type(t2) is dict else {}; use(t2_)",
        "for t2 in r1_volumes:\n        t2_ = t2 if type(t2) is dict else {'a': 1}",
    ],
)
def test_joined_rows_that_go_anywhere_else_are_wanted_whole(line: str) -> None:
    assert joined(line) is None


def test_what_nothing_is_looked_at_of_needs_nothing() -> None:
    assert joined("shaped['name'] = c.get('name')") == frozenset()
