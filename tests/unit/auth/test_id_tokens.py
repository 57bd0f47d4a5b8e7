from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gstack_pyramid.auth import IdTokens, KeyRing

RING = KeyRing([("new", b"n" * 32), ("old", b"o" * 32)])


def test_anybody_can_check_an_id_token_with_the_public_keys() -> None:
    tokens = IdTokens(RING)
    keys: Any = tokens.key_set()
    assert [key["kid"] for key in keys["keys"]] == ["new-id", "old-id"]
    assert not [key for key in keys["keys"] if "d" in key]
    token = tokens.sign({"email": "demo@example.com"})
    told = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"])
    assert told.claims == {"email": "demo@example.com"}


def test_all_nodes_with_one_ring_have_the_same_keys() -> None:
    assert IdTokens(RING).key_set() == IdTokens(RING).key_set()
    old = IdTokens(KeyRing([("old", b"o" * 32)])).sign({"sub": "1"})
    assert IdTokens(RING).verify(old) == {"sub": "1"}


def test_an_id_token_of_another_service_is_none_of_ours() -> None:
    other = IdTokens(KeyRing([("new", b"x" * 32)])).sign({"sub": "1"})
    for token in (other, "", "a.b.c", other + "x"):
        with pytest.raises(ValueError, match="no id token of this service"):
            IdTokens(RING).verify(token)
