"""YAML documents that remember their lines, and the findings that point at them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from gstack_pyramid.mapping.yaml_mistakes import told
from gstack_pyramid.plain_yaml import Place, Reader, YamlMistake

__all__ = ["Document", "Finding", "MappingError", "Place", "Text", "display_name", "read_document"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake in a mapping file.

    Attributes:
        file: the file as the operator knows it, or the setting.
        line: the line, counted from 1; 0 for what stands in no file.
        message: what is wrong and, where it can be told, what would be right.
        column: where in the line, counted from 1; 0 where it is not known.
        through: for what is right where it stands, and wrong for what is ``like`` that: which it
            is, and where it says so.
    """

    file: str
    line: int
    message: str
    column: int = 0
    through: str = ""

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        column = f":{self.column}" if self.column else ""
        return f"{self.file}{line}{column}: {self.text}"

    @property
    def text(self) -> str:
        """What is wrong, and for whom."""
        return f"{self.message} ({self.through})" if self.through else self.message


class MappingError(Exception):
    """The mappings can't be used; ``findings`` says why, each with a file and a line."""

    def __init__(self, findings: list[Finding]) -> None:
        # What is wrong in itself is told once, and not for all that is like it as well.
        told: dict[Finding, Finding] = {}
        for finding in sorted(set(findings)):
            told.setdefault(replace(finding, through=""), finding)
        self.findings = list(told.values())
        super().__init__("\n".join(str(finding) for finding in self.findings))


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it stands in a file, so that a place within it can be told.

    Attributes:
        file: the file.
        line: the line it starts in, counted from 1.
        column: the column of its first character, counted from 1.
        raw: what stands in the file, quotes and line breaks included.
        value: what it means.
    """

    file: str
    line: int
    column: int
    raw: str
    value: str

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of the character at ``offset``, counted from 0."""
        if self.raw[:1] in ("'", '"'):
            # What is escaped is longer in the file than in the text; that is seldom.
            offset += 1
        if "\n" not in self.raw:
            return self.line, self.column + offset
        lines = self.raw.split("\n")
        first = 1 if self.raw[:1] in (">", "|") else 0
        passed = 0
        for number, line in enumerate(lines[first:], first):
            bare = line.strip()
            if offset <= passed + len(bare):
                indent = len(line) - len(line.lstrip())
                start = self.column if number == 0 else indent + 1
                return self.line + number, start + offset - passed
            # A line break is one character of the text.
            passed += len(bare) + 1
        return self.line, self.column


@dataclass(slots=True)
class Document:
    """YAML as plain data, with the file and line of every key and list item.

    Several files may have been merged into one document; each entry remembers its own.

    Attributes:
        file: the file as the operator knows it.
        data: what it says.
        lines: the file and line of each place.
        texts: the texts that stand in it.
        borrowed: the places that stand where something else is described, which this is ``like``:
            who borrows them, in words.
    """

    file: str
    data: Any
    lines: dict[Place, tuple[str, int]] = field(default_factory=dict, repr=False)
    texts: dict[Place, Text] = field(default_factory=dict, repr=False)
    borrowed: dict[Place, str] = field(default_factory=dict, repr=False)

    def origin(self, place: Place) -> tuple[str, int]:
        """File and line of ``place``, or of the nearest thing around it that stands in a file."""
        return self.lines.get(self._known(place), (self.file, 1))

    def _known(self, place: Place) -> Place:
        while place and place not in self.lines:
            place = place[:-1]
        return place

    def at(self, place: Place) -> Any:
        """What stands at a place."""
        found = self.data
        for part in place:
            found = found[part]
        return found

    def put(self, place: Place, source: Document, origin: Place, borrowed: str = "") -> None:
        """Put what stands at a place of another document, with its lines, into this one.

        Args:
            place: where it is put. What is around it must be there.
            source: the other document.
            origin: where it stands there.
            borrowed: who borrows it, in words; by default, whoever does so there.
        """
        self.forget(place)
        found = source.at(origin)
        self.at(place[:-1])[place[-1]] = _copied(found)
        length = len(origin)
        for known in _places(found, origin):
            self.note((*place, *known[length:]), source, known, borrowed)

    def note(self, place: Place, source: Document, origin: Place, borrowed: str = "") -> None:
        """Let what stands at a place be told where another document has it, if it is known there.

        Args:
            place: the place.
            source: the other document.
            origin: the place there.
            borrowed: who borrows it, in words; by default, whoever does so there.
        """
        if origin not in source.lines:
            return
        self.lines[place] = source.lines[origin]
        through = borrowed or source.borrowed.get(origin)
        if through:
            self.borrowed[place] = through
        else:
            self.borrowed.pop(place, None)
        if origin in source.texts:
            self.texts[place] = source.texts[origin]

    def apart(self, place: Place) -> Document:
        """What stands at a place, as ``use`` of a document of its own."""
        part = Document(self.file, {"use": None})
        part.put(("use",), self, place)
        return part

    def refill(self, place: Place, data: Any) -> Document:
        """Let something that is not in a file take the place of what is, and is told where that is.

        Returns:
            What was there, apart.
        """
        before, origin = self.apart(place), self.origin(place)
        self.forget(place)
        self.at(place[:-1])[place[-1]] = data
        self.lines[place] = origin
        self.note(place, before, ("use",))
        return before

    def drop(self, place: Place) -> None:
        """Take away what stands at a place, if anything does."""
        self.forget(place)
        self.at(place[:-1]).pop(place[-1], None)

    def forget(self, place: Place) -> None:
        """Forget where that stood which is at a place."""
        if place not in self.lines:
            return
        for known in _places(self.at(place), place):
            self.lines.pop(known, None)
            self.texts.pop(known, None)
            self.borrowed.pop(known, None)

    def finding(self, place: Place, message: str, offset: int | None = None) -> Finding:
        """A finding at ``place`` of this document.

        Args:
            place: where it is.
            message: what is wrong.
            offset: which character of the text that stands there is meant, counted from 0.
        """
        text = self.texts.get(place)
        through = self.borrowed.get(self._known(place), "")
        if text is None or offset is None:
            return Finding(*self.origin(place), message, through=through)
        line, column = text.at(offset)
        return Finding(text.file, line, message, column, through)


def _places(data: Any, place: Place) -> list[Place]:
    """The place of some data, and those of all that stands in it."""
    found = [(place, data)]
    for where, held in found:
        if isinstance(held, dict):
            found += [((*where, key), value) for key, value in held.items()]
        elif isinstance(held, list):
            found += [((*where, number), value) for number, value in enumerate(held)]
    return [where for where, _ in found]


def _copied(data: Any) -> Any:
    """Data of its own, with nothing in it that others may change."""
    if isinstance(data, dict):
        return {key: _copied(value) for key, value in data.items()}
    return [_copied(value) for value in data] if isinstance(data, list) else data


def display_name(file: Path) -> str:
    """A file's path as a person would type it: relative to the current folder when below it."""
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def read_document(file: Path) -> Document:
    """Read one YAML file.

    Raises:
        MappingError: the file can't be read, is no YAML, or gives one key twice.
    """
    document, text = Document(display_name(file), None), ""
    reader = Reader()
    try:
        text = file.read_text("utf-8")
        document.data = reader.read(text)
    except YamlMistake as error:
        raise MappingError([Finding(document.file, error.line, error.message)]) from error
    except yaml.MarkedYAMLError as error:
        line, column, said = told(text, error)
        finding = Finding(document.file, line, f"not YAML: {said}", column)
        raise MappingError([finding]) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise MappingError([Finding(document.file, 1, f"not YAML: {said}")]) from error
    except OSError as error:
        message = f"the file can't be read: {error.strerror}"
        raise MappingError([Finding(document.file, 1, message)]) from error
    document.lines = {place: (document.file, line) for place, line in reader.lines.items()}
    for place, node in reader.texts.items():
        start, end = node.start_mark, node.end_mark
        raw = text[start.index : end.index]
        document.texts[place] = Text(
            document.file, start.line + 1, start.column + 1, raw, node.value
        )
    return document
