"""Bytes out, bytes in: carries a :class:`~exchangeclient.core.http.request.Message` exactly as it is encoded.

Within one deadline for the whole call, reading no more than a set number of bytes, following no redirect, always verifying TLS, and
giving API keys to the venue's own hosts only. Every failure becomes an :class:`~exchangeclient.exceptions.ExchangeRequestException`
that knows whether the request can have arrived.

``session`` is a public ``requests.Session`` (:mod:`.http_session`): adapters mounted on it (a user's own, requests_mock, the in-process
sandbox) and headers set on it are used. A message that nobody looks at on its way takes a shorter one (:mod:`.lane`), in the same bytes.
Proxies (for other machines) and the CA bundle are also read from the environment when the first message goes to a host; netrc never is.
``requests`` and ``urllib3`` are imported with the first call.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from exchangeclient.core.http.addresses import origin
from exchangeclient.core.http.deadline import Attempt, Deadline
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Message, Response, redacted
from exchangeclient.core.process import forks
from exchangeclient.core.process.clock import Clock
from exchangeclient.exceptions import ExchangeRequestException

if TYPE_CHECKING:
    import requests

    from exchangeclient.core.http.http_session import Session, State
    from exchangeclient.core.http.lane import Answer, Lane

BODY_LIMIT = 64 * 2**20
_AFTER_SCHEME = len("https://")

_origin = functools.lru_cache(maxsize=64)(origin)


@dataclass(frozen=True, slots=True)
class Terms:
    """How one call is carried, the questions that it needs on the way included.

    :ivar options: the client's with those of the call
    :ivar deadline: when the whole call is over
    """

    options: Options
    deadline: Deadline

    def within(self, seconds: float) -> Terms:
        """The same terms for a question on the way, which may take so long at most."""
        return replace(self, deadline=self.deadline.within(seconds))


@dataclass(frozen=True, slots=True)
class Route:
    """How an address is reached.

    :ivar proxy: URL of the proxy, or None
    :ivar ca_bundle: path of the certificate authorities to trust, None for the usual ones
    """

    proxy: str | None
    ca_bundle: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Parcel:
    """A message with nothing left to do but to send it.

    :ivar exchange: sends it, and reads its answer
    :ivar proxies: through which it may go
    """

    message: Message
    terms: Terms
    exchange: Callable[[Attempt], Answer]
    proxies: Mapping[str, str] = field(default_factory=dict)

    def attempt(self) -> Attempt:
        """What is known of its sending, from now on."""
        options = self.terms.options
        return Attempt(self.terms.deadline, connect_s=options.connect_s, read_s=options.read_s)


class Transport:
    """Carries messages over one session.

    :param key_hosts: base URLs that may be given an API key
    :param body_limit: bytes of an answer, unpacked, past which it is refused
    """

    def __init__(self, *, clock: Clock, key_hosts: Iterable[str], options: Options, body_limit: int = BODY_LIMIT) -> None:
        self._clock = clock
        self._key_origins = frozenset(origin(url) for url in key_hosts)
        self._options = options
        self._body_limit = body_limit
        self._latest = threading.local()
        self._session: Session | None = None
        self._making = threading.Lock()
        self._lanes: dict[str, tuple[State, Lane | None]] = {}
        forks.follow(self)
        _hide_signatures()

    def renew(self) -> None:
        """Go on in a process that was forked off."""
        self._making = threading.Lock()
        self._lanes = {}

    @property
    def session(self) -> Session:
        """The session that carries messages, made when it is needed."""
        if self._session is None:
            from exchangeclient.core.http.http_session import Session

            with self._making:
                self._session = self._session or Session()
        return self._session

    def close(self) -> None:
        """Close the connections that are kept open. The next message opens new ones."""
        if self._session is not None:
            self._session.close()

    def terms(self, params: Mapping[str, Any] | None = None, total_s: float | None = None) -> Terms:
        """The terms of a call that begins now.

        :param params: ``requests_params`` of the call
        :param total_s: how long it may take, instead of what those say
        :raises TypeError: see :meth:`Options.having`
        :raises ValueError: see :meth:`Options.having`
        """
        options = self._options.having(params)
        return Terms(options, Deadline(self._clock, options.total_s if total_s is None else total_s))

    def carry(self, message: Message, terms: Terms) -> Response:
        """Send a message and read its answer.

        :raises ExchangeRequestException: when there was no usable answer
        """
        parcel = self.packed(message, terms)
        return self.send(parcel, parcel.attempt())

    def reach(self, terms: Terms) -> None:
        """Nothing: a message that finds no connection makes one."""

    def packed(self, message: Message, terms: Terms) -> Parcel:
        """Get a message ready: whatever keeps it here is found out now.

        :raises ExchangeRequestException: when the API key would go to a host that is not the venue's
        :raises ValueError: when TLS was switched off on the session
        """
        path = message.url.find("/", _AFTER_SCHEME)
        base, target = (message.url[:path], message.url[path:]) if path > 0 else (message.url, "")
        if message.private and _origin(base) not in self._key_origins:
            raise ExchangeRequestException(f"the API key is not sent to {_origin(base)}", sent="no")
        session, options = self.session, terms.options
        if options.are_carried_like(self._options) and not session.is_watched(message.url):
            lane = self._lane(base)
            request = None if lane is None else lane.request(message, target)
            if lane is not None and request is not None:
                return Parcel(message, terms, functools.partial(lane.exchange, request, self._body_limit))
        settings = session.settings(message.url, options)
        exchange = functools.partial(session.exchange, session.prepared(message, options), settings, self._body_limit)
        return Parcel(message, terms, exchange, settings["proxies"])

    def _lane(self, base: str) -> Lane | None:
        """The short way to a host, made anew when anything that it goes by was changed; None when there is none."""
        state = self.session.state()
        made_of, lane = self._lanes.get(base, (None, None))
        if made_of != state or (lane is not None and not lane.is_open):
            lane = self.session.lane(base, self._options)
            self._lanes[base] = state, lane
        return lane

    def send(self, parcel: Parcel, attempt: Attempt) -> Response:
        """Send what was packed and read its answer.

        :param attempt: tells afterwards how far it came, when it is interrupted too
        :raises ExchangeRequestException: when there was no usable answer
        """
        message = parcel.message
        started = self._clock.monotonic_s()
        answer = self.session.outcome(parcel.exchange, attempt, message, parcel.proxies)
        if isinstance(answer, ExchangeRequestException):
            raise answer  # here, where the library's own error is over, so that it is no context of ours
        response = Response(answer.status, answer.body, answer.headers, answer.reason, self._clock.monotonic_s() - started)
        self._latest.pair = (message, response)
        if 300 <= response.status < 400:
            target = redacted(response.headers.get("location", "nowhere"))
            raise ExchangeRequestException(f"{message.called} was redirected to {target}; redirects are not followed", sent="yes")
        return response

    def route(self, url: str) -> Route:
        """How ``url`` is reached: by the client's own settings, the session's, and the environment's."""
        settings = self.session.settings(url, self._options)
        return Route(self.session.proxy(url, settings), settings["verify"] if isinstance(settings["verify"], str) else None)

    def latest(self) -> requests.Response | None:
        """The calling thread's last answer in the form of ``requests``, None before the first."""
        pair: tuple[Message, Response] | None = getattr(self._latest, "pair", None)
        return None if pair is None else self.shown(*pair)

    def forget_latest(self) -> None:
        """Let go of the calling thread's last answer."""
        self._latest.pair = None

    def shown(self, message: Message, response: Response) -> requests.Response:
        """An answer as ``requests`` would show it, made for looking at: its request has no key and no signature."""
        from exchangeclient.core.http.http_session import shown

        return shown(message, response)


class _Redacting(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(redacted(arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


_redacting = _Redacting()


def _hide_signatures() -> None:
    """Keep urllib3's own lines, which print the whole URL, from showing signatures. Adding a filter twice does nothing."""
    for name in ("urllib3.connectionpool", "urllib3.connection"):
        logging.getLogger(name).addFilter(_redacting)
