"""What is looked at on the way to any venue: does it answer, how far off is the clock, do its streams bring something, what is used up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.machine import Finding
from exchangeclient.exceptions import ExchangeAPIException, ExchangeException

_FAR_OFF_MS: Final = 1000  # venues refuse what is stamped further ahead of their time
_machine: Final = SystemClock()


def looked(what: str, address: str, look: Callable[[], Finding]) -> Finding:
    """What a look finds; when it fails, that."""
    try:
        return look()
    except ExchangeException as error:
        advice = ""
        if isinstance(error, ExchangeAPIException) and error.venue:
            advice = next(iter(error.explain().causes), "")
        return Finding(what, "bad", f"{address}: {error}", advice)


def the_way(
    client: Any, *, stream: str, patience_s: float, venue_ms: Callable[[], int], key: Callable[[Any], Finding]
) -> Iterator[Finding]:
    """What is looked at everywhere: REST, and when that is there the clock, streams, limits and the key.

    :param stream: a market stream that always brings something
    :param venue_ms: asks the venue for its time
    :param key: looks at the key of a client that has one
    """
    rest = client.hosts.rest
    reached = looked("REST", rest, lambda: answers(client))
    yield reached
    if reached.verdict == "bad":
        return
    yield looked("clock", rest, lambda: clock(venue_ms))
    yield looked("streams", client.hosts.stream, lambda: events(client, stream, patience_s))
    yield looked("limits", rest, lambda: limits(client))
    if client.credentials is None:
        yield Finding("key", "note", "there is none: market data alone")
        return
    yield looked("key", rest, lambda: key(client))


def answers(client: Any) -> Finding:
    """How fast the venue answers, at first and over the connection that is there then."""
    begun_s = _machine.monotonic_s()
    client.ping()
    first_s = _machine.monotonic_s()
    client.ping()
    again_ms = (_machine.monotonic_s() - first_s) * 1000
    return Finding(
        "REST", "good", f"{client.hosts.rest} answers in {again_ms:.0f} ms ({(first_s - begun_s) * 1000:.0f} ms with the connection)"
    )


def clock(venue_ms: Callable[[], int]) -> Finding:
    """How far this machine's clock is from the venue's.

    :param venue_ms: asks the venue for its time
    """
    asked_ms = _machine.now_ms()
    told_ms = venue_ms()
    answered_ms = _machine.now_ms()
    off_ms, doubt_ms = (asked_ms + answered_ms) // 2 - told_ms, (answered_ms - asked_ms + 1) // 2
    says = f"this machine is {abs(off_ms)} ms {'ahead of' if off_ms > 0 else 'behind'} the venue (to within {doubt_ms} ms)"
    if abs(off_ms) > _FAR_OFF_MS + doubt_ms:
        return Finding("clock", "note", says, "switch NTP on; calls of this package go by the venue's time meanwhile, other programs' fail")
    return Finding("clock", "good", says)


def events(client: Any, stream: str, patience_s: float) -> Finding:
    """Whether a market stream brings something."""
    begun_s = _machine.monotonic_s()
    with client.stream(stream, timeout=patience_s) as messages:
        next(messages)
    return Finding("streams", "good", f"{client.hosts.stream} brought an event after {_machine.monotonic_s() - begun_s:.1f} s")


def limits(client: Any) -> Finding:
    """What is used of the venue's limits."""
    told = client.limits()
    if told["banned_for_s"] > 0:
        return Finding("limits", "bad", f"the venue wants no request for {told['banned_for_s']:.0f} s", "something here asks too much")
    fullest = max(told["limits"].items(), key=lambda item: item[1]["used"] / item[1]["limit"] if item[1]["limit"] else 0.0, default=None)
    if fullest is None:
        return Finding("limits", "good", "none is known yet")
    name, limit = fullest
    says = f"{limit['used']} of {limit['limit']} used of {name}"
    if limit["used"] > limit["limit"] // 2:
        return Finding("limits", "note", says, "other programs of this address use up the venue's limits")
    return Finding("limits", "good", says)
