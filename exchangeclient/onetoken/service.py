"""Calls to the service: one function for all of them, which answers ``(res, err)``.

What reads is repeated when a failure may pass; what changes something is sent once, whatever becomes of its answer.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from random import Random
from secrets import randbelow
from typing import TYPE_CHECKING, Any, Final

from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Kind, Message, Response, encode, redacted
from exchangeclient.core.http.retry import Retry, retry_after_s
from exchangeclient.core.http.transport import Route, Terms, Transport
from exchangeclient.core.process.clock import Clock, SystemClock, nap
from exchangeclient.core.process.reactor import forbid_blocking
from exchangeclient.exceptions import ExchangeAPIException, ExchangeRequestException, RateLimitException
from exchangeclient.numbers import plain
from exchangeclient.onetoken import signing
from exchangeclient.onetoken.errors import HTTPError, ServiceError, of_answer
from exchangeclient.onetoken.hosts import Hosts

if TYPE_CHECKING:
    import requests

log = logging.getLogger(__name__)

Outcome = tuple[Any, ServiceError | None]
"""``(res, err)``: one of them is None."""

_SOURCE: Final = {"source": "exchangeclient"}
_READS: Final = ("GET",)
_VERBS: Final = ("GET", "POST", "PATCH", "DELETE")
_TOO_MANY: Final = 429
_LEAST_BAD: Final = 300

_NONCE_BELOW: Final = 2**53


class Nonces:
    """Numbers that only rise: the microseconds of the moment, or one more than the last. All keys of a process share them.

    The clock tells milliseconds; what is below them is drawn, since another process with the same key may ask in the same one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self, now_us: int) -> str:
        """Another one, for whoever asks, on any thread."""
        with self._lock:
            self._last = max(self._last + 1, now_us) % _NONCE_BELOW
            return str(self._last)


_nonces = Nonces()


class Digits(str):
    """A number as it stands in a body: plain digits, unquoted."""

    __slots__ = ()


def number(value: object, name: str) -> Digits:
    """A price or amount, exact.

    :raises TypeError: when it is no number, naming it
    :raises ValueError: when it is not finite
    """
    return Digits(plain(value, name))


def body_of(fields: Mapping[str, Any]) -> str:
    """The text of a body, in the order of its fields; None is left out."""
    texts = ((name, value if isinstance(value, Digits) else _json(value, name)) for name, value in fields.items() if value is not None)
    return "{" + ", ".join(f"{_json(name, 'a name')}: {text}" for name, text in texts) + "}"


def _json(value: Any, name: str) -> str:
    try:
        return jsonio.encode(value).decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{name} must be what JSON can carry: {error}") from None


class Service:
    """A gateway, as seen by one user or by nobody.

    :param credentials: None for what needs no key
    """

    def __init__(self, hosts: Hosts, credentials: Credentials | None = None, *, clock: Clock | None = None) -> None:
        self.hosts = hosts
        self._credentials = credentials
        self._clock = clock or SystemClock()
        self._transport = Transport(clock=self._clock, key_hosts=[hosts.rest], options=Options())
        self._retry = Retry()
        self._random = Random().random

    @property
    def session(self) -> requests.Session:
        """The session of its calls; what is set on it (proxies, adapters) is used."""
        return self._transport.session

    def route(self, url: str) -> Route:
        """How an address is reached."""
        return self._transport.route(url)

    def close(self) -> None:
        """Close the connections that are kept open; the next call opens new ones."""
        self._transport.close()

    def ask(self, path: str, query: Mapping[str, str] | None = None, *, timeout: float = 15) -> Outcome:
        """What ``GET`` of a public path answers.

        :param path: such as ``/quote/ticks``
        """
        return self._call("GET", self.hosts.rest + path, query or {}, "", path=None, timeout=timeout)

    def call(
        self,
        verb: str,
        account: str,
        endpoint: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        timeout: float = 15,
    ) -> Outcome:
        """What a signed call answers.

        :param account: ``exchange/name``
        :param endpoint: such as ``/orders``
        :param timeout: seconds for the whole of it
        :raises ValueError: for a verb that the service does not have
        """
        if verb not in _VERBS:
            raise ValueError(f"method must be one of {', '.join(_VERBS)}, not {verb[:20]!r}")
        path = f"/{account}{endpoint}"
        text = "" if body is None else body_of(body)
        return self._call(verb, f"{self.hosts.rest}/trade{path}", {**(query or {}), **_SOURCE}, text, path=path, timeout=timeout)

    def signed(self, verb: str, path: str, body: str = "") -> dict[str, str]:
        """The headers of a signed call, for this moment.

        :raises ValueError: without a key
        """
        if self._credentials is None:
            raise ValueError("an API key and its secret are needed")
        now_us = self._clock.now_ms() * 1000 + randbelow(1000)
        return signing.headers(self._credentials, verb, path, _nonces.next(now_us), body)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        while seconds > 0:
            seconds -= nap(self._clock, seconds)

    def now_s(self) -> float:
        """Seconds of a clock that only goes forward."""
        return self._clock.monotonic_s()

    def _call(self, verb: str, url: str, query: Mapping[str, str], body: str, *, path: str | None, timeout: float) -> Outcome:
        forbid_blocking(f"{verb} {url.partition('?')[0]}")
        terms = self._transport.terms({"timeout": timeout})
        address = f"{url}?{encode(query)}" if query else url
        repeats = 0
        while True:
            headers = {"Content-Type": "application/json"} if body else {}
            if path is not None:
                headers |= self.signed(verb, path, body)
            message = Message(verb, address, headers, body, private=path is not None)
            answer, error = self._once(message, terms)
            if error is None:
                return answer, None
            pause_s = self._retry.pause_s(Kind.READ, _as_ours(error), repeats, self._random) if verb in _READS else None
            if pause_s is None or pause_s >= _left_s(terms):
                return None, error
            repeats += 1
            log.debug("%s is repeated in %.2f s: %s", message.called, pause_s, error)
            self.wait(pause_s)

    def _once(self, message: Message, terms: Terms) -> tuple[Any, HTTPError | None]:
        try:
            parcel = self._transport.packed(message, terms)
            response = self._transport.send(parcel, parcel.attempt())
        except ExchangeRequestException as error:
            return None, _unanswered(error)
        if response.status >= _LEAST_BAD:
            return None, _refused(response)
        try:
            return jsonio.decode(response.body), None
        except ValueError:
            text = redacted(response.body[:200].decode(errors="replace"))
            return None, HTTPError(HTTPError.NOT_JSON, f"the answer is no JSON: {text}", status_code=response.status)


def _refused(response: Response) -> HTTPError:
    error = of_answer(response.status, redacted(response.body.decode(errors="replace")))
    error.retry_after = retry_after_s(response.headers)
    return error


def _unanswered(error: ExchangeRequestException) -> HTTPError:
    """What there is to say when no answer came."""
    if error.sent == "yes" and error.__cause__ is None:  # nothing went wrong on the way: a redirect, which is not followed
        return HTTPError(HTTPError.NOT_200, error.message)
    late = isinstance(error.__cause__, TimeoutError)
    told = HTTPError(HTTPError.TIMEOUT if late else HTTPError.HTTP_ERROR, error.message, sent=error.sent)
    told.transient = error.transient
    told.__cause__ = error
    return told


def _as_ours(error: HTTPError) -> ExchangeAPIException | ExchangeRequestException:
    """The same, as repeats are decided by."""
    if not error.status_code:
        return ExchangeRequestException(error.message, transient=error.transient)
    if error.status_code == _TOO_MANY:
        return RateLimitException(error.message, status_code=error.status_code, retry_after=error.retry_after)
    return ExchangeAPIException(error.message, status_code=error.status_code, retry_after=error.retry_after)


def _left_s(terms: Terms) -> float:
    try:
        return terms.deadline.left_s()
    except TimeoutError:
        return 0.0
