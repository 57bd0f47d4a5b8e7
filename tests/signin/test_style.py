"""Colours that everybody can tell apart (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

SHEET = files("gstack_pyramid.signin").joinpath("templates", "style.css").read_text()


def themes() -> dict[str, dict[str, str]]:
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", block))
        for block in re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)
    )
    return {"light": light, "dark": dark}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        ("text", "card", 7),
        ("text", "soft", 7),
        ("quiet", "card", 4.5),
        ("quiet", "soft", 4.5),
        ("main", "card", 4.5),
        ("main-text", "main", 4.5),
        ("main-text", "main-over", 4.5),
        ("wrong", "card", 4.5),
        ("wrong", "wrong-soft", 4.5),
        ("note", "note-soft", 4.5),
        ("line", "card", 3),
    ],
)
def test_text_and_edges_stand_out(theme: str, text: str, ground: str, least: float) -> None:
    colours = themes()[theme]
    assert contrast(colours[text], colours[ground]) >= least


def test_both_themes_have_the_same_colours() -> None:
    assert themes()["light"].keys() == themes()["dark"].keys()
