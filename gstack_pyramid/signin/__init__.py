"""Signing in as Google's clients do: OAuth 2, OpenID Connect and the page for a browser.

What is here is no GCE resource: it speaks to programs in OAuth 2's own form, and to people in HTML.
"""

from __future__ import annotations
