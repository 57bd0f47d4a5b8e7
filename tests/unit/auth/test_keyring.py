from __future__ import annotations

import base64
import json
import logging
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstack_pyramid.auth import KeyRing, KeyRingError
from gstack_pyramid.auth import keyring as keyring_module

KEYS = {"new": b"n" * 32, "old": bytes(range(32))}


def b64(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def jwk_set(keys: dict[str, bytes]) -> str:
    return json.dumps({"keys": [{"kty": "oct", "kid": k, "k": b64(v)} for k, v in keys.items()]})


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_first_key_is_the_newest_and_all_can_be_found() -> None:
    ring = KeyRing.parse(f"\n  new:{b64(KEYS['new'])}=\n  old:{b64(KEYS['old'])}\n")
    assert (ring.newest, ring.kids) == ("new", ("new", "old"))
    assert {kid: ring.key(kid).raw_value for kid in ring.kids} == KEYS
    with pytest.raises(KeyError):
        ring.key("other")


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4))
def test_keys_survive_being_written_in_an_ini(keys: list[bytes]) -> None:
    text = " ".join(f"k{number}:{b64(key)}" for number, key in enumerate(keys))
    ring = KeyRing.parse(text)
    assert [ring.key(kid).raw_value for kid in ring.kids] == keys


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("nocolon-hidden", "name:key"),
        (":" + b64(b"h" * 32), "a name is"),
        ("a/b:" + b64(b"h" * 32), "a name is"),
        ("a:" + b64(b"h" * 31), "32 bytes"),
        ("a:", "32 bytes"),
        ("a:hidden!", "base64url"),
        ("a:hiddenhiddenhiddenhiddenhiddenhiddenhiddenhi", "32 bytes"),
        (f"a:{b64(KEYS['new'])} a:{b64(KEYS['old'])}", "two keys named a"),
    ],
)
def test_a_bad_entry_is_refused_without_showing_it(text: str, words: str) -> None:
    with pytest.raises(KeyRingError, match=words) as caught:
        KeyRing.parse(text)
    assert "hidden" not in str(caught.value)
    assert b64(b"h" * 31) not in str(caught.value)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(KeyRingError):
        KeyRing.parse(text)


def test_names_show_and_keys_do_not() -> None:
    ring = KeyRing(KEYS.items())
    assert repr(ring) == "KeyRing(new, old)"
    assert b64(KEYS["new"]) not in repr(vars(ring))


def test_a_file_is_a_jwk_set(tmp_path: Path) -> None:
    ring = KeyRing.load(write(tmp_path / "keys.json", jwk_set(KEYS)))
    assert {kid: ring.key(kid).raw_value for kid in ring.kids} == KEYS


def test_a_missing_file_is_made_for_the_owner_only_and_then_kept(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "keys.json"
    ring = KeyRing.load(path, create=True)
    again = KeyRing.load(path, create=True)
    assert again.kids == ring.kids
    assert again.key(ring.newest).raw_value == ring.key(ring.newest).raw_value
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_a_missing_file_is_an_error_unless_it_may_be_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        KeyRing.load(tmp_path / "keys.json")
    assert list(tmp_path.iterdir()) == []


def test_processes_that_start_together_use_one_ring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys.json"
    together = threading.Barrier(4, timeout=10)
    original = keyring_module.new_key

    def new_key() -> dict[str, str]:
        together.wait()  # all have seen that there is no file
        return original()

    monkeypatch.setattr(keyring_module, "new_key", new_key)
    rings: list[KeyRing] = []
    threads = [
        threading.Thread(target=lambda: rings.append(KeyRing.load(path, create=True)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rings) == 4
    assert len({ring.kids for ring in rings}) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_a_file_open_to_others_is_refused_or_told_about(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "keys.json", jwk_set(KEYS), mode)
    with pytest.raises(KeyRingError, match="0600"):
        KeyRing.load(path)
    with caplog.at_level(logging.WARNING):
        assert KeyRing.load(path, strict=False).kids == ("new", "old")
    assert "open to others" in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        "",
        "hidden",
        "[]",
        "{}",
        '{"keys": 1}',
        '{"keys": []}',
        '{"keys": ["hidden"]}',
        '{"keys": [{"kid": "a", "k": 1}]}',
        '{"keys": [{"kid": "a", "k": "hidden"}]}',
        '{"keys": [{"kid": {}, "k": "hidden"}]}',
        '{"keys": [{"kty": "RSA", "kid": "a", "d": "hidden"}]}',
    ],
)
def test_a_bad_file_is_named_and_not_shown(tmp_path: Path, content: str) -> None:
    path = write(tmp_path / "keys.json", content)
    with pytest.raises(KeyRingError, match=r"keys\.json") as caught:
        KeyRing.load(path)
    assert "hidden" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_derived_bytes_differ_by_key_and_by_purpose_and_are_the_same_again() -> None:
    ring = KeyRing([("a", b"a" * 32), ("b", b"b" * 32)])
    made = [ring.derive(kid, purpose) for kid in ("a", "b") for purpose in ("x", "y")]
    assert len({*made, b"a" * 32}) == 5
    assert ring.derive("a", "x") == made[0]
    assert len(ring.derive("a", "x", 40)) == 40
