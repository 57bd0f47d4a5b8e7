"""Finding out whose user name and password, or whose API keys, these are."""

from __future__ import annotations

import hashlib
import logging
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import time

from gstack_pyramid.application import Application
from gstack_pyramid.auth import Ledger, LedgerError
from gstack_pyramid.auth.attempts import Attempts, Counter, TooMany
from gstack_pyramid.cloudstack import (
    SECOND_FACTOR,
    CloudStackError,
    CloudStackUnavailable,
    Credentials,
    User,
    domain_path,
    find_user,
)
from gstack_pyramid.observability import audit
from gstack_pyramid.settings import SigninSettings

LONGEST = 1000
"""Characters of anything that somebody signs in with."""

KNOWN = 30 * 24 * 3600
"""Seconds for which an address is known as one that a user has signed in from."""

# Marks, control characters and signs without a form.
_UNSEEN = ("Mn", "Me", "Cc", "Cf")

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who has shown that they are a user of CloudStack's.

    Attributes:
        credentials: their API keys.
        user: who they are.
    """

    credentials: Credentials
    user: User


class LoginRefused(Exception):
    """Nobody was signed in.

    Attributes:
        code: ``wrong``, ``too-many``, ``second-factor``, ``no-keys`` or ``unavailable``.
        message: a sentence or two for the person who tries.
        retry_after: seconds, with ``too-many``.
    """

    def __init__(self, code: str, message: str, retry_after: int = 0) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.retry_after = retry_after


class Limits:
    """Counts wrong attempts: for a user from an address, for a user, and from an address.

    Nobody shuts a user out for whom there are only a few attempts from one place. Many places at
    once are stopped too; where the user has signed in from lately, only what comes from there
    counts. All processes that share the ledger count together.

    Args:
        ledger: where attempts are counted.
        settings: how many there may be, and for how long they count.
    """

    def __init__(self, ledger: Ledger, settings: SigninSettings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._attempts = Attempts(ledger, settings.failure_window)

    def begin(self, address: str, user: str = "") -> str:
        """Count an attempt before it is made.

        Args:
            address: the network address that it comes from.
            user: whose password is tried; empty where it is no password. Nobody guesses a secret
                key, and who knows an API key must not be able to shut its owner out.

        Returns:
            What to tell :meth:`succeeded` and :meth:`came_to_nothing`.

        Raises:
            LoginRefused: there have been too many, or they can't be counted.
        """
        settings = self._settings
        counters = [Counter(_digest("address", network(address)), settings.failures_of_address)]
        try:
            if user:
                here = _here(address, user)
                counters.append(Counter(here, settings.failures))
                if not self._ledger.remembers(here):
                    counters.append(Counter(_digest("user", user), settings.failures_of_user))
            return self._attempts.begin(counters)
        except TooMany as error:
            minutes = ceil(error.seconds / 60)
            wait = f"Wait {minutes} minute{'s' if minutes > 1 else ''}, then try again."
            message = f"There were too many wrong attempts. {wait}"
            failure = LoginRefused("too-many", message, error.seconds)
        except LedgerError:
            failure = LoginRefused("unavailable", "Nobody can sign in now. Try again in a while.")
        raise failure

    def succeeded(self, attempt: str, address: str = "", user: str = "") -> None:
        """The attempt was right, and those before it are forgiven; of a user with a password."""
        with suppress(LedgerError):
            self._attempts.withdraw(attempt)
            if user:
                here = _here(address, user)
                self._attempts.forgive(here, _digest("user", user))
                self._ledger.remember(here, int(time()) + KNOWN)

    def came_to_nothing(self, attempt: str) -> None:
        """Nobody has said whether the attempt was right."""
        with suppress(LedgerError):
            self._attempts.withdraw(attempt)


class Logins:
    """Signs people and programs in at CloudStack. Nothing that they type is kept or logged.

    Args:
        application: has the way to CloudStack.
        limits: counts wrong attempts.
    """

    def __init__(self, application: Application, limits: Limits) -> None:
        self._application = application
        self._limits = limits

    def by_password(self, user: str, domain: str, password: str, address: str) -> SignedIn:
        """Sign in with user name, domain and password.

        Args:
            user: the name.
            domain: the domain's path; empty for ROOT.
            password: the password.
            address: the network address that the attempt comes from.

        Raises:
            LoginRefused: it did not work.
        """
        who = f"{domain_path(domain).rstrip('/')}/{user}"
        with _audited("password", who, address) as told:
            told.append(self._by_password(user, domain, password, address))
        return told[0]

    def _by_password(self, user: str, domain: str, password: str, address: str) -> SignedIn:
        name = user_name(user, domain)
        attempt = self._limits.begin(address, name)
        try:
            credentials = self._application.passwords.keys(user, domain, password)
            signed_in = self._who(credentials)
        except CloudStackError as error:
            # 531 with wrong credentials; 401 and 430 where a server words it in another way.
            if error.command == "login" and error.errorcode in (401, 430, 431, 531):
                failure = LoginRefused("wrong", "User name, domain or password is wrong.")
            elif error.errorcode == SECOND_FACTOR:
                message = (
                    "This user has a second factor, which this page can't ask for. "
                    "Sign in with an API key instead."
                )
                failure = LoginRefused("second-factor", message)
            else:
                _LOG.warning("signing in with a password: %s", error)
                message = (
                    "The cloud does not hand out this user's API keys. "
                    "Sign in with an API key instead."
                )
                failure = LoginRefused("no-keys", message)
        except CloudStackUnavailable as error:
            self._limits.came_to_nothing(attempt)
            failure = _unavailable(error)
        else:
            self._limits.succeeded(attempt, address, name)
            return signed_in
        raise failure

    def by_keys(self, api_key: str, secret_key: str, address: str) -> SignedIn:
        """Sign in with a pair of API keys.

        Raises:
            LoginRefused: it did not work.
        """
        with _audited("API key", "", address) as told:
            told.append(self._by_keys(api_key, secret_key, address))
        return told[0]

    def _by_keys(self, api_key: str, secret_key: str, address: str) -> SignedIn:
        attempt = self._limits.begin(address)
        try:
            if max(len(api_key), len(secret_key)) > LONGEST:
                raise CloudStackError("login", 401, "no key is that long")
            signed_in = self._who(Credentials(api_key, secret_key))
        except CloudStackError as error:
            if error.errorcode != 401:
                _LOG.warning("signing in with an API key: %s", error)
            failure = LoginRefused("wrong", "API key or secret key is wrong.")
        except CloudStackUnavailable as error:
            self._limits.came_to_nothing(attempt)
            failure = _unavailable(error)
        else:
            self._limits.succeeded(attempt)
            return signed_in
        raise failure

    def _who(self, credentials: Credentials) -> SignedIn:
        # Asked each time, so that keys that CloudStack no longer takes are not taken here.
        return SignedIn(credentials, find_user(self._application.engine.client, credentials))


@contextmanager
def _audited(how: str, who: str, address: str) -> Iterator[list[SignedIn]]:
    """Tell the audit stream who has signed in within, or tried to."""
    found: list[SignedIn] = []
    try:
        yield found
    except LoginRefused as error:
        if error.code != "unavailable":
            audit.signed_in(how, who, address, error.code)
        raise
    user = found[0].user
    audit.signed_in(how, f"{domain_path(user.domain).rstrip('/')}/{user.name}", address)


def _unavailable(error: CloudStackUnavailable) -> LoginRefused:
    _LOG.warning("signing in: %s", error)
    return LoginRefused("unavailable", "The cloud does not answer. Try again in a while.")


def user_name(user: str, domain: str) -> str:
    """One name for a user, however the user and the domain's path are spelt.

    CloudStack compares them as its database does: case, accents, signs that aren't seen and blanks
    at the end may make no difference, and ``ROOT/a``, ``a/`` and ``//a`` are one path.
    """
    path = domain_path("/".join(_plain(part) for part in domain.split("/")))
    return f"{path}\n{_plain(user)}"


def network(address: str) -> str:
    """What an address is counted as: IPv6 gives a client a network of 64 bits, not an address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(ip_network((found, 64), strict=False))
        found = found.ipv4_mapped
    return str(found)


def _plain(text: str) -> str:
    # Twice, since what is folded may be in parts again.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in folded if unicodedata.category(c) not in _UNSEEN).strip()


def _here(address: str, user: str) -> str:
    return _digest("here", f"{network(address)}\n{user}")


def _digest(kind: str, text: str) -> str:
    # What counters are kept by: of one length, and no name or address of anybody's.
    return hashlib.sha256(f"{kind}\n{text}".encode("utf-8", "replace")).hexdigest()
