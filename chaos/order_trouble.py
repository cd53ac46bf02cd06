"""What can happen to the messages of a client on their way to a venue, and to the answers on their way back.

The venue is :class:`order_venue.OrderVenue`. A :class:`Road` carries the client's messages to it in the place of the transport, and does to
each placement what its fault says. Time passes only in here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from types import TracebackType
from typing import Any, Never, Self
from urllib.parse import parse_qsl, urlsplit

from order_venue import ENGINE_MS, WINDOW_MS, Answer, OrderVenue, Params, RefusedError

from exchangeclient.binance.client import Client
from exchangeclient.core.http.deadline import Attempt, Deadline
from exchangeclient.core.http.options import Options
from exchangeclient.core.http.request import Message, Response
from exchangeclient.core.http.transport import Parcel, Terms
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import ExchangeRequestException

EPOCH_MS = 1_700_000_000_000


@dataclass(frozen=True, slots=True)
class Placement:
    """An order, a list of orders or a replacement under way."""

    path: str
    params: Params

    @property
    def stamped_ms(self) -> int:
        """When it left, as its sender believes."""
        return int(self.params["timestamp"])

    @property
    def latest_ms(self) -> float:
        """Until when the venue takes it."""
        return self.stamped_ms + float(self.params.get("recvWindow", WINDOW_MS))


class KilledError(BaseException):
    """The process ends here, whatever it was about."""


Fault = Callable[["Road", Placement], Answer]


def fine(road: Road, sent: Placement) -> Answer:
    return road.arrive(sent)


def no_connection(_road: Road, _sent: Placement) -> Answer:
    raise ExchangeRequestException("connection refused", sent="no", transient=True)


def swallowed(road: Road, _sent: Placement) -> Answer:
    road.machine.advance(road.random.uniform(0, 10))
    raise ExchangeRequestException("no answer", sent="maybe", transient=True)


def unanswered(road: Road, sent: Placement) -> Answer:
    road.arrive(sent)
    return swallowed(road, sent)


def unanswered_and_not_shown(road: Road, sent: Placement) -> Answer:
    """Queries show it late, but before it would be too old to be carried out."""
    latest = sent.latest_ms + ENGINE_MS - road.now_ms()
    road.venue.lag_ms = road.random.uniform(0, latest)
    road.arrive(sent)
    road.venue.lag_ms = 0
    return swallowed(road, sent)


def late(road: Road, sent: Placement) -> Answer:
    """It is still on its way, and then the engine takes its time."""
    road.under_way.append((road.now_ms() + road.random.uniform(0, 8_000), road.random.uniform(0, ENGINE_MS), sent))
    raise ExchangeRequestException("the connection was reset", sent="maybe", transient=True)


def does_not_know(road: Road, sent: Placement) -> Answer:
    """It answers that it does not know, or in no words at all."""
    if road.random.random() < 0.5:
        road.arrive(sent)
    code = road.random.choice([-1000, -1001, -1006, -1007])
    status = road.random.choice([400, 500, 502, 503, 504])
    return road.random.choice([(status, {"code": code, "msg": "execution status unknown"}), (503, b"<html>busy</html>"), (408, b"")])


def garbled(road: Road, sent: Placement) -> Answer:
    status, body = road.arrive(sent)
    return (status, json.dumps(body).encode()[: road.random.randrange(1, 60)]) if status == 200 else (status, body)


def refused(road: Road, _sent: Placement) -> Answer:
    return road.random.choice(
        [
            (400, {"code": -2010, "msg": "Account has insufficient balance for requested action."}),
            (400, {"code": -1013, "msg": "Filter failure: PERCENT_PRICE_BY_SIDE"}),
            (400, {"code": -2010, "msg": "Filter failure: MAX_NUM_ORDERS"}),
            (403, b"<html>firewall</html>"),
        ]
    )


def too_many(_road: Road, _sent: Placement) -> Answer:
    return 429, {"code": -1015, "msg": "Too many new orders; current limit is 1 orders per 10 SECOND."}


def out_of_time(road: Road, _sent: Placement) -> Answer:
    road.fault = fine  # the repeat arrives
    return 400, {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}


def killed_before(_road: Road, _sent: Placement) -> Answer:
    raise KilledError


def killed_after(road: Road, sent: Placement) -> Answer:
    road.arrive(sent)
    raise KilledError


FAULTS: tuple[Fault, ...] = (
    no_connection, swallowed, unanswered, unanswered_and_not_shown, late, does_not_know, garbled, refused, too_many, out_of_time,
    killed_before, killed_after,
)  # fmt: skip


@dataclass
class Road:
    """Carries messages to the venue, in the place of the transport.

    :ivar fault: what is done to the next placement
    :ivar asking_fails_until_ms: no question is answered before
    :ivar under_way: when they arrive, how long the engine takes then, and what they are
    """

    random: Random
    machine: FakeClock = field(default_factory=FakeClock)
    fault: Fault = fine
    asking_fails_until_ms: float = 0
    under_way: list[tuple[float, float, Placement]] = field(default_factory=list)
    at_engine: list[tuple[float, Placement]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.venue = OrderVenue(self.now_ms)

    def now_ms(self) -> int:
        """The true time."""
        return EPOCH_MS + round(self.machine.monotonic_s() * 1000)

    url = "http://127.0.0.1:1"  # where nobody is; no message gets that far

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What can happen to a placement here."""
        return FAULTS

    def attach(self, client: Client) -> None:
        """Take the place of a client's transport."""
        client._caller._transport = self  # type: ignore[assignment]

    def options(self) -> dict[str, Any]:
        """What a client is made with."""
        return {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """There is nothing to close."""

    def terms(self, params: Any = None, total_s: float | None = None) -> Terms:
        """The terms of a call, by the transport's own rules."""
        options = Options().having(params)
        return Terms(options, Deadline(self.machine, options.total_s if total_s is None else total_s))

    def shown(self, message: Message, response: Response) -> None:
        """Nobody looks at it here."""

    def reach(self, terms: Terms) -> None:
        """There is nothing to open before a message leaves."""

    def packed(self, message: Message, terms: Terms) -> Parcel:
        """A message as it is sent here: nothing keeps it back."""
        return Parcel(message, terms, self.exchange)

    def exchange(self, _attempt: Attempt) -> Never:
        """It is :meth:`send` that carries a parcel here."""
        raise NotImplementedError("a parcel of this road is handed to its send()")

    def send(self, parcel: Parcel, attempt: Attempt) -> Response:
        """One message there, and its answer back if there is one."""
        message, attempt.left_machine = parcel.message, True
        address = urlsplit(message.url)
        status, body = self.answer(message.verb, address.path, dict(parse_qsl(message.body or address.query)))
        return Response(status, body if isinstance(body, bytes) else json.dumps(body).encode())

    def answer(self, verb: str, path: str, params: Params) -> Answer:
        """What comes back of one message.

        :raises ExchangeRequestException: nothing does
        """
        self.machine.advance(self.random.uniform(0.001, 0.05))
        self.deliver()
        if verb == "POST":
            return self.fault(self, Placement(path, params))
        if self.now_ms() < self.asking_fails_until_ms:
            return self.unreachable()
        return self.venue.receive(verb, path, params)

    def unreachable(self) -> Answer:
        """A question that is not answered."""
        self.machine.advance(self.random.choice([0.01, 1, 10]))
        if self.random.random() < 0.3:
            return 503, b"busy"
        raise ExchangeRequestException("no route to host", sent=self.random.choice(["no", "maybe"]), transient=True)

    def arrive(self, sent: Placement) -> Answer:
        """A placement reaches the venue."""
        return self.venue.receive("POST", sent.path, sent.params)

    def deliver(self) -> None:
        """Let what is late arrive when it is due. The venue refuses what is too old; what its engine has, it carries out."""
        now_ms = self.now_ms()
        arrived = [one for one in self.under_way if one[0] <= now_ms]
        self.under_way = [one for one in self.under_way if one[0] > now_ms]
        self.at_engine += [(arrives_ms + takes_ms, sent) for arrives_ms, takes_ms, sent in arrived if arrives_ms <= sent.latest_ms]
        done = [one for one in self.at_engine if one[0] <= now_ms]
        self.at_engine = [one for one in self.at_engine if one[0] > now_ms]
        for _, sent in done:
            try:
                self.venue.do("POST", sent.path, sent.params)
            except RefusedError:
                continue  # nobody is told
