"""The life of one call on any carrier, as short named steps.

prepare (order rules, client order id) -> stamp -> sign -> carry -> check -> decode -> learn. Nothing of a call is kept on the object,
so one client can be shared by threads. What a venue says and means is a :class:`Venue`; bytes are the transport's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from exchangeclient.core import jsonio
from exchangeclient.core.clock import Clock
from exchangeclient.core.credentials import Credentials
from exchangeclient.core.reactor import forbid_blocking
from exchangeclient.core.request import Message, Request, Response, redacted
from exchangeclient.core.transport import Terms, Transport
from exchangeclient.exceptions import ExchangeAPIException, ExchangeRequestException

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Venue:
    """What a venue brings to a call: pure functions.

    :ivar stamp: adds the time to a call that is to be signed
    :ivar sign: makes the message for a base URL, signed when the call asks for it
    :ivar refusal: the error that an answer stands for, None when it is a good answer
    """

    name: str
    stamp: Callable[[Request, int], Request]
    sign: Callable[[Request, str, Credentials | None], Message]
    refusal: Callable[[Response], ExchangeAPIException | None]


@dataclass(frozen=True, slots=True)
class Errand:
    """What a guard may do on behalf of the call that it is shown.

    :ivar ask: the answer to a further call, carried as this one is and before its deadline
    :ivar left_s: seconds until that deadline; TimeoutError when it has passed
    """

    ask: Callable[[Request], Any]
    left_s: Callable[[], float]


class Guard(Protocol):
    """What stands between the user and an order."""

    def prepare(self, request: Request, errand: Errand) -> Request:
        """The call as it may be sent, or an exception."""

    def learn(self, request: Request, response: Response) -> None:
        """Take note of a good answer."""

    def refused(self, request: Request, error: ExchangeAPIException) -> None:
        """Take note of a refusal."""


class Caller:
    """Carries the calls of one client.

    :param bases: the base URL of each host that an endpoint may name
    """

    def __init__(
        self,
        venue: Venue,
        *,
        guard: Guard,
        clock: Clock,
        credentials: Credentials | None,
        transport: Transport,
        bases: Mapping[str, str],
    ) -> None:
        self._venue = venue
        self._guard = guard
        self._clock = clock
        self._credentials = credentials
        self._transport = transport
        self._bases = bases

    def call(self, request: Request) -> Any:
        """The venue's answer to ``request``, decoded. Whatever has to be asked before it counts towards the same deadline.

        :raises ExchangeAPIException: the venue refused; the class says how
        :raises ExchangeRequestException: there was no usable answer
        """
        forbid_blocking(f"{request.name}()")
        return self._answer(request, self._transport.terms(request.options))

    def _answer(self, request: Request, terms: Terms) -> Any:
        request = self._guard.prepare(request, Errand(lambda further: self._answer(further, terms), terms.deadline.left_s))
        message = self._sign(self._stamp(request))
        response = self._carry(message, terms)
        self._check(request, message, response)
        answer = self._decode(request, response)
        self._guard.learn(request, response)
        return answer

    def _stamp(self, request: Request) -> Request:
        return self._venue.stamp(request, self._clock.now_ms()) if request.security.signed else request

    def _sign(self, request: Request) -> Message:
        if request.security.signed and self._credentials is None:
            raise ExchangeRequestException(f"{request.name}() needs an API key and its secret; the client has none", sent="no")
        return self._venue.sign(request, self._bases[request.host], self._credentials)

    def _carry(self, message: Message, terms: Terms) -> Response:
        try:
            response = self._transport.carry(message, terms)
        except ExchangeRequestException as error:
            log.debug("%s %s: %s", message.verb, redacted(message.url), error)
            raise
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s %s: %d in %.0f ms", message.verb, redacted(message.url), response.status, response.elapsed_s * 1000)
        return response

    def _check(self, request: Request, message: Message, response: Response) -> None:
        refused = self._venue.refusal(response)
        if refused is not None:
            refused.venue = self._venue.name
            refused.response = self._transport.shown(message, response)
            self._guard.refused(request, refused)
            raise refused

    def _decode(self, request: Request, response: Response) -> Any:
        try:
            return jsonio.decode(response.body)
        except ValueError as error:
            start = redacted(response.body[:200].decode(errors="replace"))
            raise ExchangeRequestException(
                f"{request.name}(): the answer (HTTP {response.status}) is {error}; it begins {start!r}", sent="yes"
            ) from error
