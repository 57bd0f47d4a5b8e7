"""Who signs in is traced without a word of what they sign in with."""

from __future__ import annotations

from gstack_pyramid.simulator import DEMO_API_KEY, DEMO_SECRET_KEY, PASSWORD

from ..support.spans import Spans, spans
from .browser import Browser
from .conftest import SignIn

__all__ = ["spans"]


def test_a_sign_in_leaves_no_password_code_or_token_in_a_span(
    sign_in: SignIn, spans: Spans
) -> None:
    browser = Browser(sign_in)
    granted = browser.tokens()
    text = spans.text()
    assert "oauth2/token" in text
    assert '"login"' in text
    for secret in (PASSWORD, granted["access_token"], DEMO_API_KEY, DEMO_SECRET_KEY):
        assert secret not in text
