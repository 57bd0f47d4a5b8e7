"""Notes are sealed whatever their length, and opened by their key only."""

from __future__ import annotations

import pytest

from gstack_pyramid.auth import KeyRing, Sealer
from gstack_pyramid.auth.sealing import SealError

RING = KeyRing([("one", b"1" * 32)])


@pytest.mark.parametrize("length", [0, 1, 100_000, 3_000_000])
def test_a_note_of_any_length_is_opened_again(length: int) -> None:
    plain = b"x" * length
    assert Sealer(RING).open(Sealer(RING).seal(plain)) == plain


def test_a_note_is_opened_by_its_key_only_and_unchanged_only() -> None:
    note = Sealer(RING).seal(b"secret")
    assert "secret" not in note
    for ring, text in ((KeyRing([("one", b"2" * 32)]), note), (RING, note[:-2]), (RING, "")):
        with pytest.raises(SealError):
            Sealer(ring).open(text)
