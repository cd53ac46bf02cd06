"""The faults of :mod:`chaos_ws`: what the embedded exchange does to a stream's connection, and what its user must then be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from exchangeclient.sandbox import Sandbox

MOST_BYTES = 64 * 1024
LATE_S = 3.0


@dataclass(frozen=True)
class Target:
    """Whom a fault is meant for.

    :ivar stream: the name of a stream that its connection carries
    :ivar all_streams: a pattern for all that it carries, and nothing else does
    :ivar path: where it connects to, if it is its only stream
    """

    stream: str
    all_streams: str
    path: str


Arm = Callable[[ExitStack, Sandbox, Target], None]


@dataclass(frozen=True)
class Trouble:
    """One kind of fault.

    :ivar told: one of these the user must be told: a kind of notice, ``moved`` or ``error`` (an event of the stream)
    :ivar loses: whether events may be missing afterwards
    :ivar needs_pulse: whether it shows only where something is sent all the time
    :ivar needs_path: whether it strikes whatever connects to the same path
    """

    name: str
    told: frozenset[str]
    arm: Arm
    loses: bool = True
    needs_pulse: bool = False
    needs_path: bool = False


def _socket(name: str, kind: str, told: str = "lost", *, loses: bool = True, needs_pulse: bool = False, **options: object) -> Trouble:
    """A fault of the connection, or of the next message on it."""

    def arm(stack: ExitStack, exchange: Sandbox, target: Target) -> None:
        stack.enter_context(exchange.fault(kind, stream=target.stream, **{"times": 1, **options}))

    return Trouble(name, frozenset(told.split(" or ")), arm, loses, needs_pulse)


def _all_messages(name: str, kind: str, **options: object) -> Trouble:
    """A fault of everything that comes over the connection from now on."""

    def arm(stack: ExitStack, exchange: Sandbox, target: Target) -> None:
        stack.enter_context(exchange.fault(kind, stream=target.all_streams, **options))

    return Trouble(name, frozenset({"stale"}), arm, needs_pulse=True)


def _handshake(name: str, kind: str, told: str, *, times: int = 1, **options: object) -> Trouble:
    """The connection is cut, and the next ones are met with this."""

    def arm(stack: ExitStack, exchange: Sandbox, target: Target) -> None:
        stack.enter_context(exchange.fault(kind, route=f"WS {target.path}", times=times, **options))
        stack.enter_context(exchange.fault("reset", stream=target.stream, times=1))

    return Trouble(name, frozenset(told.split(" or ")), arm, needs_path=True)


def _refused_successor(stack: ExitStack, exchange: Sandbox, target: Target) -> None:
    stack.enter_context(exchange.fault("error", route=f"WS {target.path}", times=1, status=503))
    stack.enter_context(exchange.fault("shutdown", stream=target.stream, times=1, notice=8.0))


def _lost_while_moving(stack: ExitStack, exchange: Sandbox, target: Target) -> None:
    stack.enter_context(exchange.fault("delay", route=f"WS {target.path}", times=1, by=1.0))
    stack.enter_context(exchange.fault("shutdown", stream=target.stream, times=1, notice=0.1))


TROUBLES: tuple[Trouble, ...] = (
    *(_socket(f"closed with {code}", "close", code=code) for code in (1000, 1001, 1008, 1011, 4000)),
    _socket("reset", "reset"),
    _socket("silent death", "half_open", "lost or stale"),
    _socket("frame with reserved bits", "raw", hex="f10131"),
    _socket("text that is not UTF-8", "raw", hex="8102fffe"),
    _socket("masked frame", "raw", hex="818100000000" + "31"),
    _socket("frame of an unknown kind", "raw", hex="830131"),
    _socket("message beyond the limit", "huge", bytes=MOST_BYTES + 1),
    _socket("message that is no JSON", "replace", "error", text="what?"),
    _socket("message that is cut", "truncate", "error"),
    _all_messages("stream that falls silent", "stall"),
    _all_messages("events that come late", "delay", by=LATE_S),
    # Of two connections at once the user must notice nothing, which takes events that both bring.
    _socket("announced shutdown", "shutdown", "moved", loses=False, needs_pulse=True, notice=8.0),
    Trouble("announced shutdown, next connection refused", frozenset({"moved"}), _refused_successor, loses=False, needs_path=True),
    Trouble("shutdown before the next connection is made", frozenset({"lost"}), _lost_while_moving, needs_path=True),
    _handshake("handshake forbidden", "error", "refused", status=403),
    _handshake("handshake refused with Retry-After", "error", "refused", status=429, retry_after=1),
    _handshake("handshake refused three times", "error", "refused", times=3, status=503),
    _handshake("handshake that is redirected", "redirect", "refused"),
    _handshake("handshake with a wrong answer", "headers", "refused", headers={"Sec-WebSocket-Accept": "wrong"}),
    _handshake("handshake that ends in silence", "drop", "lost", ending="silence"),
    _handshake("handshake that ends in a close", "drop", "lost", ending="close"),
    _handshake("handshake that ends in a reset", "drop", "lost", ending="reset"),
    _handshake("handshake that takes its time", "delay", "lost", by=0.4),
)


@contextmanager
def armed(trouble: Trouble, exchange: Sandbox, target: Target) -> Iterator[None]:
    """Make that trouble, for as long as the block lasts."""
    with ExitStack() as stack:
        trouble.arm(stack, exchange, target)
        yield
