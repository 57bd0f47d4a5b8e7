from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gstack_pyramid.mapping.document import Document, Finding, MappingError, read_document


def read(folder: Path, text: str) -> Document:
    file = folder / "a.yaml"
    file.write_text(text, "utf-8")
    return read_document(file)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a:\n  b: 'x\n  c: y\nd: z\n", 2, 6, "'b': the quote that begins here has no end"),
        ('a:\n  b: "x\n  c: y\n', 2, 6, "'b': the quote that begins here has no end"),
        (
            "a:\n  b: 'x\n  c: y\n  d: 'z'\n",
            2,
            6,
            "'b': the quote that begins here ends in line 4; is one missing?",
        ),
        ("a: {b: {c: d}\ne: f\n", 1, 4, "'a': the '{' that begins here has no end"),
        ("a:\n\tb: c\n", 2, 1, "a tab is no indentation; YAML takes spaces"),
        ("a: b: c\n", 1, 5, "'a': a text that holds ': ' needs quotes"),
        ("a:\n  b c\n  d: e\n", 2, 0, "'b c' has no ':' behind its key"),
        ("a:\n  - b: c\n   d: e\n", 3, 4, "'d' is indented otherwise than what it stands"),
        ("a:\n  b: {}\n    c: {}\n", 3, 5, "'c' is indented otherwise than what it stands"),
        ("a: %b\n", 1, 4, "a text that begins with '%' needs quotes"),
        ("a: [b for b in c]d\n", 1, 18, "'a': what begins with a bracket or a quote needs"),
    ],
)
def test_what_was_meant_is_told_where_it_would_be_mended(
    tmp_path: Path, text: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(MappingError) as refused:
        read(tmp_path, text)
    (finding,) = refused.value.findings
    assert (finding.line, finding.column) == (line, column)
    assert finding.message.startswith(f"not YAML: {message}")
    assert "\n" not in str(finding)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' is given twice"),
        ("a:\n  b: 1\n  b: 2\n", 3, "the key 'b' is given twice"),
        ("a: [1\nb: 2\n", 1, "not YAML: 'a': the '[' that begins here has no end"),
        ("a: 1\n  b: 2\n", 2, "not YAML: 'b' is indented otherwise than what it stands beside"),
        ("a: *nowhere\n", 1, "not YAML: found undefined alias 'nowhere'"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("a: 1\nb: !!python/object:os.system {}\n", 2, "means nothing here"),
        ("a: 1\nb: !own x\n", 2, "not YAML"),
        ("a: 1\n? [x]\n: 2\n", 2, "a key must be a text"),
        ("a:\n  <<: 5\n", 2, "not YAML"),
        ("a: 1\nb: 2026-13-45\n", 2, "'2026-13-45' can't be read"),
        ("a: &a\n  b: *a\n", 1, "an alias stands inside what it is an alias of"),
        ("a: \x07\n", 1, "not YAML"),
        ("a: 1\nb: !!bool maybe\n", 2, "'maybe' is no !!bool"),
        ("a: 1\nb: !!int ''\n", 2, "'' is no !!int"),
        ("a: 1\nb: !!float x\n", 2, "'x' can't be read"),
        ("a: 1\nb: !!timestamp x\n", 2, "'x' is no !!timestamp"),
        ("a: 1\nb: !!set x\n", 2, "is !!set in YAML; for a text, put it in quotes"),
        ("a: 1\nb: !!seq x\n", 2, "'x' is no !!seq"),
        ("a: 1\nb: 2024-01-01\n", 2, "'2024-01-01' is a date in YAML; for a text, put it in"),
        ("a: 1\nb: !!binary eA==\n", 2, "'eA==' is bytes in YAML; for a text, put it in quotes"),
        ("a: 1\nb: .nan\n", 2, "'.nan' is no number; for a text, put it in quotes"),
        ("a: 1\nb: [-.inf]\n", 2, "'-.inf' is no number; for a text, put it in quotes"),
    ],
)
def test_what_is_no_yaml_is_one_finding_with_its_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    with pytest.raises(MappingError) as refused:
        read(tmp_path, text)
    (finding,) = refused.value.findings
    assert (finding.file, finding.line) == (str(tmp_path / "a.yaml"), line)
    assert message in finding.message


def test_a_file_that_can_not_be_read_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").mkdir()
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe\xff")
    for name, why in (("b.yaml", "the file can't be read"), ("c.yaml", "not YAML")):
        with pytest.raises(MappingError, match=why):
            read_document(tmp_path / name)


def test_every_key_and_item_knows_its_line(tmp_path: Path) -> None:
    document = read(tmp_path, "# about\na:\n  b:\n    - x\n    - y: 1\nc: {d: 1,\n    e: 2}\n")
    file = str(tmp_path / "a.yaml")
    for place, line in [
        (("a",), 2),
        (("a", "b"), 3),
        (("a", "b", 0), 4),
        (("a", "b", 1, "y"), 5),
        (("c", "e"), 7),
    ]:
        assert document.origin(place) == (file, line)


@pytest.mark.parametrize(
    "text",
    [
        "a: one two\n  three four\n",
        "a: 'one two\n  three four'\n",
        'a: "one two\n  three four"\n',
        "a: >\n  one two\n  three four\n",
    ],
)
def test_a_mistake_in_a_long_text_is_told_where_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "long.yaml"
    file.write_text(text)
    document = read_document(file)
    lines = text.split("\n")
    for word in ("two", "four"):
        finding = document.finding(("a",), "wrong", document.data["a"].index(word))
        assert lines[finding.line - 1][finding.column - 1 :].startswith(word)


def test_a_place_that_stands_nowhere_has_the_line_of_what_is_around_it(tmp_path: Path) -> None:
    document = read(tmp_path, "a:\n  b: 1\n")
    assert document.origin(("a", "b", "c", 0))[1] == 2
    assert document.origin(("x",))[1] == 1


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", None),
        ("on: 1\nno: 2\n", {"on": 1, "no": 2}),
        ("{true: 1, False: 2, 8: 3, ~: 4}", {"true": 1, "false": 2, "8": 3, "~": 4}),
        ("a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}\n", {"a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 3}}),
    ],
)
def test_keys_are_texts_and_merges_are_merged(tmp_path: Path, text: str, data: Any) -> None:
    assert read(tmp_path, text).data == data


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    """Ten lines of ten aliases each stand for 10,000,000,000 parts."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for number in range(1, 10):
        lines.append(f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]")
    file = tmp_path / "zones.yaml"
    file.write_text("\n".join(lines))
    with pytest.raises(MappingError) as refused:
        read_document(file)
    (finding,) = refused.value.findings
    assert "more than 100000 parts, its aliases written out" in finding.message


@pytest.mark.parametrize("libyaml", [True, False])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[" * 20_000, 1),
        ("[" * 500 + "]" * 500, 1),
        ("- " * 2_000 + "x", 1),
        ("".join(f"{' ' * depth}a:\n" for depth in range(2_000)), 51),
        ("a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}]\n" for n in range(200)), 1),
        ("".join(["a:\n- &a0 {}\n", *(f"- &a{n + 1} {{<<: *a{n}}}\n" for n in range(2_000))])
         + "<<: *a2000\n", 1),
    ],
    ids=["brackets", "closed", "dashes", "mappings", "aliases", "merges"],
)  # fmt: skip
def test_what_stands_too_deep_in_each_other_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: int, libyaml: bool
) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", yaml.__with_libyaml__ and libyaml)
    with pytest.raises(MappingError) as refused:
        read(tmp_path, text)
    (finding,) = refused.value.findings
    assert finding.message == "more than 50 lists and mappings stand in each other"
    assert finding.line == line


def test_fifty_lists_in_each_other_are_read(tmp_path: Path) -> None:
    data = read(tmp_path, "[" * 50 + "]" * 50).data
    for _ in range(49):
        (data,) = data
    assert data == []


def test_an_alias_of_something_merged_is_the_same_again(tmp_path: Path) -> None:
    text = "a: &a {k: 1}\nb: &b {<<: *a, k: 2, l: {<<: *a, k: 3}}\nc: *b\nd: {<<: *b, m: 4}\n"
    made = {"k": 2, "l": {"k": 3}}
    assert read(tmp_path, text).data == {"a": {"k": 1}, "b": made, "c": made, "d": {**made, "m": 4}}


def test_findings_are_told_once_and_in_the_order_of_their_lines() -> None:
    one, two = Finding("a", 2, "x"), Finding("a", 10, "y")
    error = MappingError([two, one, two])
    assert error.findings == [one, two]
    assert str(error) == "a:2: x\na:10: y"


# One of each thing that a parser may count lines by, or read in a way of its own.
EVERY_FORM = """
# A comment, then what others merge in.
a: &a {x: 1, y: [1.5, null, ~, true, on],
  z: 'two
    lines'}
b:
  <<: *a
  "y": "\\u00e9\\
    folded"
c: |
  kept

  as it stands
d: >-
  folded
  as well
e:

- - 1
  - {}
- 2.5
- 0o17
- ? f
  : g
"ü": !!str 5
"""


def test_a_file_reads_the_same_with_libyaml_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_libyaml = read(tmp_path, EVERY_FORM)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    without = read(tmp_path, EVERY_FORM)
    assert (with_libyaml.data, with_libyaml.lines) == (without.data, without.lines)


@pytest.mark.parametrize(
    "text", ["a: [1\nb: 2\n", "a: 1\n  b: 2\n", "a: 1\n---\nb: 2\n", "a: \x07\n", "a: 'b\n"]
)
def test_a_mistake_is_told_in_the_same_words_with_libyaml_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    with pytest.raises(MappingError) as with_libyaml:
        read(tmp_path, text)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    with pytest.raises(MappingError) as without:
        read(tmp_path, text)
    assert with_libyaml.value.findings == without.value.findings
