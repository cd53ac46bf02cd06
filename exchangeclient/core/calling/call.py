"""The life of one call on any carrier, as short named steps.

prepare (order rules, client order id) -> spend (budgets) -> stamp -> sign -> carry -> settle (budgets) -> check -> decode -> learn.
What reads is repeated when a failure may pass; an order whose answer is lost is settled by its guard and never sent again. Nothing of a
call is kept on the object, so one client can be shared by threads. What a venue says and means is a :class:`Venue`; bytes are the
transport's.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final, Protocol

from exchangeclient.core.budgets.budget import EVERY_CALL, Limits, Priority
from exchangeclient.core.budgets.governor import Governor, Ticket
from exchangeclient.core.budgets.standing import Standing
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.http import jsonio
from exchangeclient.core.http.deadline import Attempt
from exchangeclient.core.http.request import Kind, Message, Request, Response, redacted
from exchangeclient.core.http.retry import Retry, asked_s
from exchangeclient.core.http.transport import Parcel, Terms, Transport
from exchangeclient.core.process.clock import Clock, VenueClock, nap
from exchangeclient.core.process.reactor import forbid_blocking
from exchangeclient.exceptions import (
    ClockSkewException,
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    RateLimitException,
)

log = logging.getLogger(__name__)

_MEASURING_S: Final = 3.0  # what asking for the time may take of a call
_ORDERS: Final = "orders"

Paid = list[tuple[Governor, Ticket]]
"""To whom a call has paid; each is told when it is over."""


@dataclass(frozen=True, slots=True)
class Venue:
    """What a venue brings to a call: pure functions.

    :ivar stamp: adds the time to a call that is to be signed
    :ivar sign: makes the message for a base URL, signed when the call asks for it
    :ivar refusal: the error that an answer stands for, None when it is a good answer
    :ivar time: the call that asks for the venue's time, None when it has none
    :ivar read_time: the milliseconds in its answer; ValueError for one that tells none
    :ivar limits: the limits that an answer tells, None for an answer that tells none
    :ivar keyed: a call as whoever has a key makes it, where the venue allows him more of those that need none; None where it does not
    :ivar unwrap: what a call answers with, of what was decoded; LookupError, TypeError or ValueError when that is not there
    """

    name: str
    stamp: Callable[[Request, int], Request]
    sign: Callable[[Request, str, Credentials | None], Message]
    refusal: Callable[[Response], ExchangeAPIException | None]
    time: Request | None = None
    read_time: Callable[[Any], int] = int
    limits: Callable[[Request, Any], Limits | None] | None = None
    unwrap: Callable[[Request, Any], Any] | None = None
    keyed: Callable[[Request], Request] | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Undecoded:
    """A good answer that nobody has read yet: called, it is decoded.

    :ivar body: its text
    """

    body: bytes
    decode: Callable[[], Any]

    def __call__(self) -> Any:
        return self.decode()


@dataclass(frozen=True, slots=True)
class Errand:
    """What a guard may do on behalf of the call that it is shown.

    :ivar ask: the answer to a further call, carried as this one is and before its deadline
    :ivar left_s: seconds until that deadline; TimeoutError when it has passed
    :ivar wait: let so many seconds pass
    :ivar now_ms: the venue's time
    """

    ask: Callable[[Request], Any]
    left_s: Callable[[], float]
    wait: Callable[[float], None]
    now_ms: Callable[[], int]


class Guard(Protocol):
    """What stands between the user and an order."""

    def prepare(self, request: Request, errand: Errand) -> Request:
        """The call as it may be sent, or an exception."""

    def learn(self, request: Request, response: Response, answer: Any) -> None:
        """Take note of a good answer; an ExchangeRequestException when it cannot be the answer of that call."""

    def refused(self, request: Request, error: ExchangeAPIException) -> None:
        """Take note of a refusal."""

    def once(self, request: Request, place: Callable[[], Any], errand: Callable[[], Errand]) -> Any:
        """What ``place()`` answers, which sends ``request``; or the answer to a call before or beside it of which it is the repetition."""

    def leaving(self, request: Request, patience_s: float) -> None:
        """Take note that a call is about to leave, stamped, for which there is so much time; an exception keeps it here."""

    def stayed(self, request: Request) -> None:
        """Take note that nothing of a call has left after all."""

    def settle(self, request: Request, error: ExchangeException, errand: Callable[[], Errand]) -> Any:
        """The answer of a call that changes something and failed, when the venue tells what became of it; else an error is raised.

        :param request: as it was sent, with its timestamp
        :param errand: makes an errand with a deadline of its own
        """


class Carrier(Protocol):
    """What takes messages to a host and brings the answers, as :class:`Transport` does over HTTP."""

    def reach(self, terms: Terms) -> None:
        """Have the host within reach, where that takes a while: a call is stamped after it."""

    def packed(self, message: Message, terms: Terms) -> Parcel:
        """A message with nothing left to do but to send it."""

    def send(self, parcel: Parcel, attempt: Attempt) -> Response:
        """Send what was packed and read its answer."""


class Caller:
    """Carries the calls of one client.

    :param bases: the base URL of each host that an endpoint may name
    :param carriers: what carries the calls to one of these hosts, where that is not ``transport``
    :param settle_s: how long an order whose answer was lost is asked after
    :param clock: what calls are stamped with and deadlines measured by; when left out the one of ``standing``, by which budgets always go
    """

    def __init__(
        self,
        venue: Venue,
        *,
        guard: Guard,
        standing: Standing,
        credentials: Credentials | None,
        transport: Transport,
        bases: Mapping[str, str],
        carriers: Mapping[str, Carrier] | None = None,
        retry: Retry | None = None,
        settle_s: float = 30.0,
        clock: Clock | None = None,
    ) -> None:
        self._venue = venue
        self._guard = guard
        self._standing = standing
        self._clock = standing.clock if clock is None else clock
        self._credentials = credentials
        self._transport = transport
        self._bases = bases
        self._carriers = {} if carriers is None else carriers
        self._retry = Retry() if retry is None else retry
        self._settle_s = settle_s
        self._random = Random().random

    def call(self, request: Request) -> Any:
        """The venue's answer to ``request``, decoded. Whatever has to be asked before it counts towards the same deadline.

        :raises ExchangeAPIException: the venue refused; the class says how
        :raises ExchangeRequestException: there was no usable answer
        """
        forbid_blocking(f"{request.name}()")
        if request.kind is not Kind.PLACE:
            return self._answer(request, self._transport.terms(request.options))
        return self._guard.once(
            request,
            lambda: self._answer(request, self._transport.terms(request.options)),
            lambda: self.errand(request.options, self._settle_s),
        )

    def errand(self, options: Mapping[str, Any] | None = None, total_s: float | None = None) -> Errand:
        """An errand with a deadline of its own, for what is asked when the call itself is over."""
        forbid_blocking("asking the venue")
        return self._errand(self._transport.terms({**(options or {}), "priority": "order"}, total_s))

    def _errand(self, terms: Terms) -> Errand:
        return Errand(lambda further: self._answer(further, terms), terms.deadline.left_s, self._wait, self._clock.now_ms)

    def _answer(self, request: Request, terms: Terms) -> Any:
        if self._venue.keyed is not None and self._credentials is not None:
            request = self._venue.keyed(request)
        self._need_key(request)
        self._stamped(request)  # a window or time that the venue would refuse costs nothing
        asking = self._asking(request, terms)
        request = self._guard.prepare(request, self._errand(asking))
        repeats, restamped = 0, False
        while True:
            self._measure(request, asking)
            paid = self._spend(request, terms)
            stamped, parcel = self._leaving(request, terms, paid)
            try:
                return self._once(stamped, parcel, paid)
            except (ExchangeRequestException, ExchangeAPIException) as error:
                if isinstance(error, ClockSkewException) and not error.outcome_unknown:
                    # Refused by its time, so it was never carried out: the one thing that may be sent again, whatever it is.
                    if restamped or stamped is request or not isinstance(self._clock, VenueClock):
                        raise
                    restamped = True
                    self._clock.distrust()
                    continue
                pause_s = self._retry.pause_s(request.kind, error, repeats, self._random)
                if isinstance(error, RateLimitException) and terms.options.waits is False:
                    pause_s = None
                if pause_s is not None and pause_s < self._left_s(terms):
                    repeats += 1
                    log.debug("%s() is repeated in %.2f s: %s", request.name, pause_s, error)
                    self._wait(pause_s)
                    continue
                if request.kind.changes and request.settle:
                    return self._guard.settle(stamped, error, lambda: self.errand(request.options, self._settle_s))
                raise

    def _asking(self, request: Request, terms: Terms) -> Terms:
        """The terms of the questions on the way: those of an order come as soon as it does, and wait no more than it does."""
        if not request.kind.changes:
            return terms
        return replace(terms, options=replace(terms.options, priority=Priority.ORDER, waits=self._waits(request, terms)))

    def _waits(self, request: Request, terms: Terms) -> bool:
        return not request.kind.changes if terms.options.waits is None else terms.options.waits

    def _once(self, request: Request, parcel: Parcel, paid: Paid) -> Any:
        response = self._carried(request, parcel, paid)
        self._check(request, parcel.message, response)
        if not request.decoded:
            return Undecoded(response.body, functools.partial(self._decode, request, response))
        answer = self._decode(request, response)
        self._learn(request, response, answer)
        return answer

    def _stamped(self, request: Request) -> Request:
        return self._venue.stamp(request, self._clock.now_ms()) if request.security.signed else request

    def _leaving(self, request: Request, terms: Terms, paid: Paid) -> tuple[Request, Parcel]:
        """The call as it leaves, with nothing left to do but to send it. Its time is taken now: it may have waited for its budget."""
        carrier = self._carrier(request)
        try:
            carrier.reach(terms)
            stamped = self._stamped(request)
            parcel = carrier.packed(self._sign(stamped), terms)
            if request.kind.changes:
                self._guard.leaving(stamped, self._left_s(terms))
        except BaseException:
            self._refund(paid)
            raise
        return stamped, parcel

    def _left_s(self, terms: Terms) -> float:
        try:
            return terms.deadline.left_s()
        except TimeoutError:
            return 0.0

    def _wait(self, seconds: float) -> None:
        while seconds > 0:
            seconds -= nap(self._clock, seconds)

    # ---- the venue's time --------------------------------------------------------------------------------------------

    def _measure(self, request: Request, terms: Terms) -> None:
        """Ask the venue for its time when a call needs to know it: to be stamped, or to know where its windows begin."""
        if self._venue.time is None or request == self._venue.time:
            return
        if request.security.signed:
            self._put_right(self._clock, self._venue.time, terms)
        hasty = isinstance(self._clock, VenueClock) and self._clock.is_in_haste()
        if self._governors(request) and self._standing.governor.is_pressed(self._standing.clock, hasty=hasty):
            self._put_right(self._standing.clock, self._venue.time, terms)

    def _put_right(self, clock: Clock, asked: Request, terms: Terms) -> None:
        """Ask the venue for its time when it is time to. A failure leaves what was known."""
        if not isinstance(clock, VenueClock) or not clock.is_due():
            return
        terms = terms.within(_MEASURING_S)
        if not self._standing.measuring.acquire(timeout=max(0.0, self._left_s(terms))):
            return  # another thread is asking, and it takes long: this call goes by what is known
        try:
            while clock.is_due():
                asked_s = clock.asked()
                paid = self._spend(asked, terms)
                _, parcel = self._leaving(asked, terms, paid)
                clock.told(asked_s, self._venue.read_time(self._once(asked, parcel, paid)))
        except (ExchangeRequestException, ExchangeAPIException, ValueError) as error:
            log.warning("the venue's time is not known, the machine's is used: %s", error)
            clock.failed()
        finally:
            self._standing.measuring.release()

    # ---- budgets -----------------------------------------------------------------------------------------------------

    def _spend(self, request: Request, terms: Terms) -> Paid:
        """Pay for the call: to the account first, whose budget is the scarcer one."""
        priority = Priority.ORDER if request.kind.changes else terms.options.priority
        patience = terms.deadline if self._waits(request, terms) else None
        costs = {request.counts: request.weight, EVERY_CALL: 1, _ORDERS: request.orders}
        paid: Paid = []
        try:
            for governor in self._governors(request):
                bucket = request.bucket or request.path
                ticket = governor.spend(costs, priority, self._standing.clock, patience, bucket, terms.options.share)
                paid.append((governor, ticket))
        except BaseException as error:  # Ctrl-C ends a wait, too
            self._refund(paid)
            if isinstance(error, RateLimitException):
                error.venue = self._venue.name
            raise
        return paid

    def _refund(self, paid: Paid) -> None:
        for governor, ticket in paid:
            governor.refund(ticket, self._standing.clock)

    def _governors(self, request: Request) -> Iterable[Governor]:
        if request.host != "rest" and request.host not in self._carriers:
            return ()  # what is asked of a web site, the venue's interface does not count
        if self._credentials is None or not request.security.signed:
            return (self._standing.governor,)
        return self._standing.account(self._credentials.key), self._standing.governor

    # ---- one message -------------------------------------------------------------------------------------------------

    def _need_key(self, request: Request) -> None:
        if request.security.signed and self._credentials is None:
            raise ExchangeRequestException(f"{request.name}() needs an API key and its secret; the client has none", sent="no")

    def _carrier(self, request: Request) -> Carrier:
        return self._carriers.get(request.host, self._transport)

    def _sign(self, request: Request) -> Message:
        return self._venue.sign(request, self._bases[request.host], self._credentials)

    def _carried(self, request: Request, parcel: Parcel, paid: Paid) -> Response:
        message, attempt = parcel.message, parcel.attempt()
        headers: Mapping[str, str] | None = None
        left = True
        try:
            response = self._carrier(request).send(parcel, attempt)
            headers = response.headers
        except ExchangeRequestException as error:
            log.debug("%s %s: %s", message.verb, redacted(message.url), error)
            left = error.sent != "no"
            raise
        except BaseException:  # Ctrl-C
            left = attempt.left_machine
            raise
        finally:
            if left:
                for governor, ticket in paid:
                    governor.settle(ticket, self._standing.clock, headers)
            else:
                self._refund(paid)
                if request.kind.changes:
                    self._guard.stayed(request)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s %s: %d in %.0f ms", message.verb, redacted(message.url), response.status, response.elapsed_s * 1000)
        return response

    def _check(self, request: Request, message: Message, response: Response) -> None:
        refused = self._venue.refusal(response)
        if refused is not None:
            refused.venue = self._venue.name
            refused.response = self._transport.shown(message, response)
            if isinstance(refused, RateLimitException):
                self._heed(request, refused)
            elif isinstance(refused, ClockSkewException):
                refused.add_note(self._time_known())
            self._guard.refused(request, refused)
            raise refused

    def _heed(self, request: Request, refused: RateLimitException) -> None:
        """Have everybody keep still who is charged to the same budget as the call that was one too many."""
        now_ms = self._standing.clock.now_ms()
        said_s = asked_s(refused, now_ms)
        governors = list(self._governors(request))
        if governors:
            # The account's budget comes first in the list, the address's last. What counts each endpoint by itself, does so in one of them.
            governor, counts = (governors[0], _ORDERS) if refused.of_account else (governors[-1], EVERY_CALL)
            if refused.of_endpoint:
                governor, counts = governors[0], f"{request.counts} {request.bucket or request.path}"
            said_s = governor.hold(counts, said_s, self._standing.clock)
        refused.retry_after = said_s or 0.0
        refused.banned_until = now_ms + round(refused.retry_after * 1000)

    def _time_known(self) -> str:
        clock = self._clock
        if not isinstance(clock, VenueClock) or clock.doubt_ms is None or clock.age_s is None:
            return "the time of the call was the machine's; the venue has not been asked for its own"
        known = f"known to {clock.doubt_ms:.0f} ms, asked for {clock.age_s:.0f} s ago"
        return f"by what is known here the venue is {clock.offset_ms:+.0f} ms ahead of this machine ({known})"

    def _decode(self, request: Request, response: Response) -> Any:
        try:
            answer = jsonio.decode(response.body)
        except ValueError as error:
            why = str(error)
        else:
            if self._venue.unwrap is None:
                return answer
            try:
                return self._venue.unwrap(request, answer)
            except (LookupError, TypeError, ValueError) as error:
                why = f"of another form than it has: {error!r}"
        # Not from that error: its frames hold the whole answer, in which the venue may repeat a signature, and some loggers print them.
        start = redacted(response.body[:200].decode(errors="replace"))
        raise ExchangeRequestException(f"{request.name}(): the answer (HTTP {response.status}) is {why}; it begins {start!r}", sent="yes")

    def _learn(self, request: Request, response: Response, answer: Any) -> None:
        self._guard.learn(request, response, answer)
        limits = self._venue.limits(request, answer) if self._venue.limits is not None else None
        if limits is not None:
            self._standing.set_limits(limits)
