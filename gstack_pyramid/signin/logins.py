"""Finding out whose user name and password, or whose API keys, these are."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from math import ceil
from time import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from gstack_pyramid.application import Application
from gstack_pyramid.cloudstack import (
    SECOND_FACTOR,
    CloudStackError,
    CloudStackUnavailable,
    Credentials,
    User,
    find_user,
)

LONGEST = 1000
"""Characters of anything that somebody signs in with."""

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
    """Counts wrong attempts for a user and from an address; each process by itself.

    Args:
        failures: for one user.
        failures_of_address: from one address.
        window: seconds for which an attempt counts.
    """

    def __init__(self, failures: int, failures_of_address: int, window: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._of_user = RateLimitItemPerSecond(failures, window, namespace="user")
        self._of_address = RateLimitItemPerSecond(failures_of_address, window, namespace="address")

    def begin(self, address: str, user: str = "") -> None:
        """Count an attempt before it is made, so that many at once are no way around.

        Args:
            address: where it comes from.
            user: whose password is tried; empty where it is no password. Nobody guesses a secret
                key, and who knows an API key must not be able to shut its owner out.

        Raises:
            LoginRefused: there have been too many.
        """
        if not self._limiter.test(self._of_address, address):
            raise self._too_many(self._of_address, address)
        if user and not self._limiter.hit(self._of_user, user):
            raise self._too_many(self._of_user, user)

    def failed(self, address: str) -> None:
        """The attempt was wrong."""
        self._limiter.hit(self._of_address, address)

    def succeeded(self, user: str) -> None:
        """The attempt was right, and those before it are forgiven."""
        self._limiter.clear(self._of_user, user)

    def _too_many(self, item: RateLimitItemPerSecond, who: str) -> LoginRefused:
        seconds = max(1, ceil(self._limiter.get_window_stats(item, who).reset_time - time()))
        minutes = ceil(seconds / 60)
        wait = f"Wait {minutes} minute{'s' if minutes > 1 else ''}, then try again."
        message = f"There were too many wrong attempts. {wait}"
        return LoginRefused("too-many", message, seconds)


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
        name = _name(f"{domain.strip('/').lower()}/{user.lower()}")
        self._limits.begin(address, name)
        try:
            credentials = self._application.passwords.keys(user, domain, password)
            signed_in = self._who(credentials)
        except CloudStackError as error:
            # 531 with wrong credentials; 401 and 430 where a server words it in another way.
            if error.command == "login" and error.errorcode in (401, 430, 431, 531):
                failure = self._wrong(address, "User name, domain or password is wrong.")
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
            failure = _unavailable(error)
        else:
            self._limits.succeeded(name)
            return signed_in
        raise failure

    def by_keys(self, api_key: str, secret_key: str, address: str) -> SignedIn:
        """Sign in with a pair of API keys.

        Raises:
            LoginRefused: it did not work.
        """
        self._limits.begin(address)
        try:
            if max(len(api_key), len(secret_key)) > LONGEST:
                raise CloudStackError("login", 401, "no key is that long")
            signed_in = self._who(Credentials(api_key, secret_key))
        except CloudStackError as error:
            if error.errorcode != 401:
                _LOG.warning("signing in with an API key: %s", error)
            failure = self._wrong(address, "API key or secret key is wrong.")
        except CloudStackUnavailable as error:
            failure = _unavailable(error)
        else:
            return signed_in
        raise failure

    def _who(self, credentials: Credentials) -> SignedIn:
        # Asked each time, so that keys that CloudStack no longer takes are not taken here.
        return SignedIn(credentials, find_user(self._application.engine.client, credentials))

    def _wrong(self, address: str, message: str) -> LoginRefused:
        self._limits.failed(address)
        return LoginRefused("wrong", message)


def _unavailable(error: CloudStackUnavailable) -> LoginRefused:
    _LOG.warning("signing in: %s", error)
    return LoginRefused("unavailable", "The cloud does not answer. Try again in a while.")


def _name(text: str) -> str:
    # What counters are kept by: of one length, and no name or key of anybody's.
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
