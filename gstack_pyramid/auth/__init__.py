"""Who is calling: sealed bearer tokens that carry the caller's CloudStack keys."""

from __future__ import annotations

from gstack_pyramid.auth.id_tokens import IdTokens
from gstack_pyramid.auth.keyring import KeyRing, KeyRingError
from gstack_pyramid.auth.ledger import Ledger, LedgerError
from gstack_pyramid.auth.policy import Caller, SealedTokenPolicy
from gstack_pyramid.auth.sealing import Sealer, SealError
from gstack_pyramid.auth.tokens import Sealed, TokenError, access_token, seal, unseal

__all__ = [
    "Caller",
    "IdTokens",
    "KeyRing",
    "KeyRingError",
    "Ledger",
    "LedgerError",
    "SealError",
    "Sealed",
    "SealedTokenPolicy",
    "Sealer",
    "TokenError",
    "access_token",
    "seal",
    "unseal",
]
