"""The four ways to a token, as Authlib's grants; the names of their methods are Authlib's."""

from __future__ import annotations

from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    grants,
)
from authlib.oauth2.rfc7523 import JWTBearerGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from gstack_pyramid.auth import LedgerError, Sealed, TokenError
from gstack_pyramid.auth.service_keys import verify_jwt
from gstack_pyramid.observability import audit
from gstack_pyramid.signin.clients import PublicClient, is_pasted
from gstack_pyramid.signin.issuer import CODE, REFRESH, Answer, Grant, ScopeError
from gstack_pyramid.signin.requests import base_url, checked_scope, refusal

# What clients take for Google's token endpoint, whichever they post to.
_GOOGLES_ENDPOINTS = (
    "https://oauth2.googleapis.com/token",
    "https://accounts.google.com/o/oauth2/token",
    "https://www.googleapis.com/oauth2/v4/token",
)


class _Tokens:
    """What the grants' answers have in common."""

    request: Any
    server: Any

    def generate_token(self, user: Grant | None = None, scope: str | None = None, **_: Any) -> Any:
        """The answer, for a grant of a user's or of the client itself.

        Raises:
            InvalidScopeError: the client asks for more than the grant is for.
        """
        grant = user or self.request.client.grant
        # A scope without a value counts as left out (RFC 6749, 3.1), where the grant has the word.
        given = {"issuer": base_url(self.request.web), "scope": scope or None, **self._more()}
        try:
            answer = self.server.issuer.answer(grant, **given)
        except ScopeError:
            failure = InvalidScopeError("More is asked for than was granted.")
        else:
            return answer
        raise failure

    def _more(self) -> dict[str, Any]:
        return {}


class CodeGrant(_Tokens, grants.AuthorizationCodeGrant):
    """The authorization code (RFC 6749, 4.1)."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("public",)

    def create_authorization_response(self, redirect_uri: str, grant_user: Any) -> Any:
        """A redirect with the code; or the code alone, where the user is to carry it."""
        if not (grant_user and is_pasted(redirect_uri)):
            return super().create_authorization_response(redirect_uri, grant_user)
        self.request.user = grant_user
        return 200, Answer(code=self.generate_authorization_code()), []

    def generate_authorization_code(self) -> str:
        """A code that carries the grant."""
        request = self.request
        grant = request.user.given_to(request.client.client_id, request.scope)
        data = request.payload.data
        code: str = self.server.issuer.code(
            grant,
            request.payload.redirect_uri,
            data.get("code_challenge", ""),
            data.get("nonce", ""),
        )
        return code

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Nothing: the code carries all."""

    def query_authorization_code(self, code: str, client: PublicClient) -> Code:
        """What the code says.

        Raises:
            InvalidGrantError: it is no good, or was given to another client.
        """
        found = _read(self.server.issuer, CODE, code)
        if Grant.read(found).client != client.client_id:
            raise InvalidGrantError("The code was given to another client.")
        return Code(found)

    def authenticate_user(self, authorization_code: Code) -> Grant:
        """The grant behind the code, which is used up by this.

        Raises:
            OAuth2Error: the code was used before; or that is not known.
        """
        try:
            if not self.server.issuer.use(authorization_code.sealed):
                raise InvalidGrantError("The code was used before.")
        except LedgerError:
            failure = _unavailable()
        else:
            return Grant.read(authorization_code.sealed)
        raise failure

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Nothing: it is used up already."""

    def _more(self) -> dict[str, Any]:
        return {
            "refresh": True,
            "nonce": self.request.authorization_code.sealed.extra.get("nonce", ""),
        }


class Code:
    """A code as Authlib looks at it."""

    def __init__(self, sealed: Sealed) -> None:
        self.sealed = sealed
        self.code_challenge = sealed.extra.get("challenge", "")
        self.code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        """Where the code was sent."""
        return str(self.sealed.extra["redirect_uri"])

    def get_scope(self) -> str:
        """What the user has allowed."""
        return Grant.read(self.sealed).scope


class Challenge(CodeChallenge):
    """PKCE (RFC 7636) with S256 only: ``plain`` protects nothing, and is refused.

    A code with a challenge can't be fetched without its verifier, and none without with one.
    """

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def __init__(self) -> None:
        super().__init__(required=False)

    def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None:
        """Refuse requests without a challenge where one is needed, and with any but S256.

        Raises:
            OAuth2Error: 400.
        """
        payload = grant.request.payload
        data = payload.data
        challenge, method = data.get("code_challenge"), data.get("code_challenge_method")
        if challenge and method != "S256":
            raise InvalidRequestError("The code_challenge_method must be S256.")
        if not challenge and grant.request.client.needs_challenge(payload.redirect_uri):
            raise InvalidRequestError("A code_challenge is needed (PKCE, S256).")
        super().validate_code_challenge(grant, redirect_uri)


class RefreshGrant(_Tokens, grants.RefreshTokenGrant):
    """A new token for an old grant (RFC 6749, 6)."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("public",)

    def authenticate_refresh_token(self, refresh_token: str) -> Refresh:
        """What the refresh token says.

        Raises:
            InvalidGrantError: it is no good.
        """
        self.request.found = refresh_token
        return Refresh(_read(self.server.issuer, REFRESH, refresh_token))

    def authenticate_user(self, refresh_token: Refresh) -> Grant:
        """The grant behind it."""
        return Grant.read(refresh_token.sealed)

    def revoke_old_credential(self, refresh_token: Refresh) -> None:
        """Nothing: many clients never take a new one, so the old one stays good for its time."""

    def _more(self) -> dict[str, Any]:
        return {"renewed": self.request.found}


class Refresh:
    """A refresh token as Authlib looks at it."""

    def __init__(self, sealed: Sealed) -> None:
        self.sealed = sealed

    def check_client(self, client: PublicClient) -> bool:
        """Whether it was given to this client."""
        return Grant.read(self.sealed).client == client.client_id

    def get_scope(self) -> str:
        """What the user has allowed."""
        return Grant.read(self.sealed).scope


class KeyPairGrant(_Tokens, grants.ClientCredentialsGrant):
    """Client credentials (RFC 6749, 4.4): the client is an API key of CloudStack's."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("keys",)


class ServiceAccountGrant(_Tokens, JWTBearerGrant):
    """A JWT that a service account has signed (RFC 7523)."""

    def validate_token_request(self) -> None:
        """Find the key that has signed the assertion.

        Raises:
            OAuth2Error: 400; none of ours has, or what it says is no good.
        """
        assertion = self.request.form.get("assertion")
        if not assertion:
            raise InvalidRequestError("The assertion is missing.")
        issuer = self.server.issuer
        base, address = base_url(self.request.web), self.request.web.remote_addr or ""
        own = {f"{base}{path}" for path in self.server.token_paths} | {base, f"{base}/"}
        try:
            key, claims = verify_jwt(
                issuer.keyring,
                assertion,
                now=issuer.clock(),
                audiences=own.union(_GOOGLES_ENDPOINTS),
                needs_audience=True,
            )
        except TokenError as error:
            audit.signed_in("service account key", "", address, error.code)
            failure = InvalidGrantError(str(error))
        else:
            if not issuer.ledger.is_revoked(key.id):
                scope = checked_scope(claims.get("scope", ""))
                # An id token for somebody else (gcloud asks for one when it takes up a key).
                self.request.found = str(claims.get("target_audience") or "")
                if not (scope or self.request.found):
                    raise InvalidScopeError("The assertion names no scope.")
                grant = Grant.by_key(key, scope)
                self.request.user, self.request.client = grant, PublicClient(key.email)
                audit.signed_in("service account key", key.email, address)
                return
            audit.signed_in("service account key", key.email, address, "revoked")
            failure = InvalidGrantError("The service account key has been revoked.")
        raise failure

    def create_token_response(self) -> Any:
        """An access token, or the id token that was asked for."""
        audience = self.request.found
        if not audience:
            return super().create_token_response()
        issuer = self.server.issuer
        token = issuer.id_token(self.request.user, audience, base_url(self.request.web))
        return 200, Answer(id_token=token), self.TOKEN_RESPONSE_HEADER


def _read(issuer: Any, kind: str, token: str) -> Sealed:
    try:
        sealed: Sealed = issuer.read(kind, token)
    except TokenError as error:
        failure = InvalidGrantError(str(error))
    else:
        return sealed
    raise failure


def _unavailable() -> OAuth2Error:
    return refusal("temporarily_unavailable", "Codes can't be used now. Try again later.", 503)
