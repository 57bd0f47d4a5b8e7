"""The authorization endpoint (RFC 6749, 3.1): a person signs in, and allows a program something.

Each page is a form that posts to the same URL, whose query is OAuth 2's request and is looked at
anew each time. Between the pages, a sealed cookie holds who has signed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error
from pyramid.csrf import get_csrf_token
from pyramid.request import Request
from pyramid.response import Response

from gstack_pyramid.auth import LedgerError, Sealed, TokenError
from gstack_pyramid.auth.scopes import ABOUT
from gstack_pyramid.signin.clients import (
    PublicClient,
    client_name,
    is_client_id,
    is_loopback,
    is_pasted,
    origin,
)
from gstack_pyramid.signin.issuer import SESSION, Answer, Grant
from gstack_pyramid.signin.logins import LONGEST, LoginRefused
from gstack_pyramid.signin.page import cookie_name, is_own_form, page, set_cookie
from gstack_pyramid.signin.requests import FormRequest, limit_form, refusal, require_tls
from gstack_pyramid.signin.server import Server

_STATUS = {"wrong": 403, "too-many": 429, "second-factor": 403, "no-keys": 403, "unavailable": 503}


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for what, as the pages tell it. Text of the client's own is only ever shown.

    Attributes:
        client: the name of the client.
        place: where the answer goes: ``here`` (the user's machine), ``paste`` or ``site``.
        target: host and port, where the place has some.
        scopes: what each scope allows, in words.
        others: scopes that allow nothing here.
        goes_to: the origin that the answer goes to, where it is a redirect.
    """

    client: str
    place: str
    target: str
    scopes: list[str]
    others: list[str]
    goes_to: tuple[str, ...]


def authorize(request: Request) -> Response:
    """The page: sign in, consent, and the way back."""
    server: Any = request.registry["gstack.signin"]
    try:
        require_tls(request)
        limit_form(request)
        form = FormRequest(request)
        _check_client(server, form)
        grant = server.get_consent_grant(form)
        if "none" in form.args.get("prompt", "").split():
            raise _redirected("interaction_required", "There is no sign-in without a page.", form)
    except OAuth2Error as error:
        return _told(request, error)
    ask = _ask(form)
    if request.method != "POST":
        return _first_page(request, server, ask)
    if not is_own_form(request):
        return _stale(request, server, ask)
    action = request.POST.get("do", "")
    if action in ("password", "keys"):
        return _sign_in(request, server, ask, action)
    session = _session(request, server)
    if action == "other":
        _end(server, session)
        response = _see_other(request, request.path_qs)
        set_cookie(request, response, "session", None)
        return response
    if session is None or action not in ("allow", "deny"):
        return _stale(request, server, ask)
    # Decided is decided: a copy of the cookie is good for no second answer. Without a ledger to
    # remember that in, nothing is allowed.
    ended = _end(server, session)
    if ended is None and action == "allow":
        return page(request, "problem", 503, problem="Nothing can be allowed now. Try again later.")
    if ended is False:
        return _stale(request, server, ask)
    return _decide(request, server, form, grant, session if action == "allow" else None)


def _end(server: Server, session: Sealed | None) -> bool | None:
    """Make a session void; False where it was so before, None where that can't be written down."""
    try:
        return session is not None and server.issuer.end(session)
    except LedgerError:
        return None


def _check_client(server: Server, form: FormRequest) -> None:
    """Refuse, on our own page, what must not be redirected (RFC 6749, 4.1.2.1).

    Raises:
        OAuth2Error: the client or the redirect URI is missing or not allowed.
    """
    name, uri = form.payload.client_id, form.payload.redirect_uri
    if not name or not is_client_id(name):
        raise refusal("invalid_request", "The program does not say who it is (client_id).")
    if not uri:
        raise refusal("invalid_request", "The program does not say where to go (redirect_uri).")
    client: PublicClient | None = server.query_client(name)
    if client is None or not client.check_redirect_uri(uri):
        raise refusal(
            "invalid_request",
            "The program asks to be answered at an address that is not allowed (redirect_uri). "
            "Allowed are this computer (http://127.0.0.1, http://localhost), pages that show the "
            "answer, and what the operator has set as gstack.signin.redirect_uris.",
        )


def _ask(form: FormRequest) -> Ask:
    uri = form.payload.redirect_uri
    place = "paste" if is_pasted(uri) else "here" if is_loopback(uri) else "site"
    asked = (form.payload.scope or "").split()
    # In their order, each thing said once; two scopes may mean the same.
    known = dict.fromkeys(ABOUT[scope] for scope in asked if scope in ABOUT)
    return Ask(
        client=client_name(form.payload.client_id),
        place=place,
        target="" if place == "paste" else urlsplit(uri).netloc,
        scopes=list(known),
        others=[scope for scope in asked if scope not in ABOUT],
        goes_to=() if place == "paste" else (origin(uri),),
    )


def _first_page(request: Request, server: Server, ask: Ask) -> Response:
    session = _session(request, server)
    return _sign_in_page(request, ask) if session is None else _consent_page(request, ask, session)


def _sign_in(request: Request, server: Server, ask: Ask, how: str) -> Response:
    names = ("user", "password") if how == "password" else ("api_key", "secret_key")
    given = {name: str(request.POST.get(name, "")) for name in (*names, "domain")}
    # A password may begin or end with a blank; a name or a key that was pasted does not mean to.
    for name in given.keys() - {"password"}:
        given[name] = given[name].strip()
    missing = [name for name in names if not given[name]]
    if missing:
        return _sign_in_page(request, ask, 400, how=how, missing=missing, given=given)
    address = request.remote_addr or ""
    try:
        if any(len(value) > LONGEST for value in given.values()):
            raise LoginRefused("wrong", "That is too long.")
        if how == "password":
            signed_in = server.logins.by_password(
                given["user"], given["domain"], given["password"], address
            )
        else:
            signed_in = server.logins.by_keys(given["api_key"], given["secret_key"], address)
    except LoginRefused as error:
        response = _sign_in_page(
            request, ask, _STATUS[error.code], how=how, problem=error.message, given=given
        )
        if error.retry_after:
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    _end(server, _session(request, server))
    response = _see_other(request, request.path_qs)
    set_cookie(request, response, "session", server.issuer.session(signed_in))
    return response


def _decide(
    request: Request, server: Any, form: FormRequest, grant: Any, session: Sealed | None
) -> Response:
    user = Grant.read(session) if session else None
    if user is None and is_pasted(form.payload.redirect_uri):
        response = page(request, "denied")
    else:
        made = server.create_authorization_response(form, user, grant)
        if isinstance(made, Answer):
            minutes = request.registry["gstack"].settings.signin.pasted_code_lifetime // 60
            response = page(
                request,
                "code",
                code=made["code"],
                client=client_name(form.payload.client_id),
                minutes=max(1, minutes),
            )
        else:
            response = _see_other(request, made.headers["Location"])
    # Whoever comes next at this browser has to sign in.
    set_cookie(request, response, "session", None)
    return response


def _session(request: Request, server: Server) -> Sealed | None:
    try:
        cookie = request.cookies.get(cookie_name(request, "session"), "")
        return server.issuer.read(SESSION, cookie)
    except TokenError:
        return None


def _sign_in_page(
    request: Request,
    ask: Ask,
    status: int = 200,
    *,
    how: str = "password",
    problem: str = "",
    missing: list[str] | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    # Secrets are never sent back; what else was typed needn't be typed again.
    kept = {name: (given or {}).get(name, "") for name in ("user", "domain", "api_key")}
    return page(
        request,
        "sign_in",
        status,
        ask=ask,
        how=how,
        problem=problem,
        missing=missing or [],
        given=kept,
        csrf_token=get_csrf_token(request),
    )


def _consent_page(request: Request, ask: Ask, session: Sealed) -> Response:
    return page(
        request,
        "consent",
        goes_to=ask.goes_to,
        ask=ask,
        user=session.extra["user"],
        account=session.extra["account"],
        csrf_token=get_csrf_token(request),
    )


def _stale(request: Request, server: Server, ask: Ask) -> Response:
    """A form that isn't ours, or too old: begin again, with nothing done."""
    problem = "This page was out of date, so nothing was done. Please try again."
    if _session(request, server) is None:
        return _sign_in_page(request, ask, 403, problem=problem)
    return page(request, "stale", 403, problem=problem, again=request.path_qs)


def _told(request: Request, error: OAuth2Error) -> Response:
    """An error, at the client where that is safe, else on a page."""
    uri = error.redirect_uri
    if uri and not is_pasted(uri):
        _, _, headers = error()
        return _see_other(request, dict(headers)["Location"])
    problem = error.description or error.error
    return page(request, "problem", error.status_code or 400, problem=problem)


def _redirected(error: str, description: str, form: FormRequest) -> OAuth2Error:
    made = refusal(error, description)
    made.redirect_uri, made.state = form.payload.redirect_uri, form.payload.state
    return made


def _see_other(request: Request, location: str) -> Response:
    response = page(request, "redirect", 303, location=location)
    response.headers["Location"] = location
    return response
