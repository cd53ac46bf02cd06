"""Whether the way to the venue is clear, and what is to be said of the key: asked of the venue with calls that only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from exchangeclient.binance.client import Client
from exchangeclient.binance.hosts import ENVIRONMENTS
from exchangeclient.core.clock import SystemClock
from exchangeclient.core.machine import Finding, examine_machine
from exchangeclient.exceptions import ExchangeAPIException, ExchangeException

_PATIENCE_S: Final = 10.0
_FAR_OFF_MS: Final = 1000  # the venue refuses what is stamped further ahead of its time
_STREAM: Final = "btcusdt@bookTicker"
_machine: Final = SystemClock()


def examine(client: Client, folder: str = ".") -> Iterator[Finding]:
    """Look at the machine, the way to the venue and the key, one thing after the other; nothing is changed anywhere.

    :param folder: where scripts are, in which files may hide modules
    """
    yield from examine_machine(folder)
    yield from examine_venue(client)


def examine_venue(client: Client) -> Iterator[Finding]:
    """The way to the venue, and the key if the client has one."""
    reached = _of("REST", client.hosts.rest, lambda: _ping(client))
    yield reached
    if reached.verdict == "bad":
        return
    yield _of("clock", client.hosts.rest, lambda: _clock(client))
    yield _of("streams", client.hosts.stream, lambda: _stream(client))
    yield _of("WebSocket API", client.hosts.ws_api, lambda: _socket_calls(client))
    yield _of("limits", client.hosts.rest, lambda: _limits(client))
    if client.credentials is None:
        yield Finding("key", "note", "there is none: market data alone")
        return
    yield _of("key", client.hosts.rest, lambda: _account(client))
    if client.hosts.rest == ENVIRONMENTS["live"].rest:
        yield _of("rights", client.hosts.rest, lambda: _rights(client))


def _of(what: str, address: str, look: Callable[[], Finding]) -> Finding:
    """What a look finds; when it fails, that."""
    try:
        return look()
    except ExchangeException as error:
        advice = ""
        if isinstance(error, ExchangeAPIException) and error.venue:
            advice = next(iter(error.explain().causes), "")
        return Finding(what, "bad", f"{address}: {error}", advice)


def _ping(client: Client) -> Finding:
    begun_s = _machine.monotonic_s()
    client.ping()
    first_s = _machine.monotonic_s()
    client.ping()
    again_ms = (_machine.monotonic_s() - first_s) * 1000
    return Finding(
        "REST", "good", f"{client.hosts.rest} answers in {again_ms:.0f} ms ({(first_s - begun_s) * 1000:.0f} ms with the connection)"
    )


def _clock(client: Client) -> Finding:
    asked_ms = _machine.now_ms()
    venue_ms = int(client.get_server_time()["serverTime"])
    answered_ms = _machine.now_ms()
    off_ms, doubt_ms = (asked_ms + answered_ms) // 2 - venue_ms, (answered_ms - asked_ms + 1) // 2
    says = f"this machine is {abs(off_ms)} ms {'ahead of' if off_ms > 0 else 'behind'} the venue (to within {doubt_ms} ms)"
    if abs(off_ms) > _FAR_OFF_MS + doubt_ms:
        return Finding("clock", "note", says, "switch NTP on; calls of this package go by the venue's time meanwhile, other programs' fail")
    return Finding("clock", "good", says)


def _stream(client: Client) -> Finding:
    begun_s = _machine.monotonic_s()
    with client.stream(_STREAM, timeout=_PATIENCE_S) as events:
        next(events)
    return Finding("streams", "good", f"{client.hosts.stream} brought an event after {_machine.monotonic_s() - begun_s:.1f} s")


def _socket_calls(client: Client) -> Finding:
    begun_s = _machine.monotonic_s()
    client.ws_ping(requests_params={"timeout": _PATIENCE_S})
    return Finding("WebSocket API", "good", f"{client.hosts.ws_api} answers after {_machine.monotonic_s() - begun_s:.1f} s")


def _limits(client: Client) -> Finding:
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


def _account(client: Client) -> Finding:
    account: dict[str, Any] = client.get_account(omitZeroBalances=True)
    kind = "" if client.credentials is None else f"{client.credentials.algorithm} "
    if not account.get("canTrade"):
        return Finding("key", "note", f"the venue takes the {kind}key; the account may not trade")
    return Finding("key", "good", f"the venue takes the {kind}key; the account may trade")


def _rights(client: Client) -> Finding:
    told: dict[str, Any] = client.get_account_api_permissions()
    open_to_all = not told.get("ipRestrict")
    if told.get("enableWithdrawals"):
        advice = "take that right from it, unless the program withdraws" + ("; tie it to your addresses" if open_to_all else "")
        return Finding("rights", "bad", "the key may withdraw", advice)
    trades = "may trade" if told.get("enableSpotAndMarginTrading") else "only reads"
    if open_to_all:
        return Finding("rights", "note", f"the key {trades}, may not withdraw, and is not tied to addresses", "tie it to your addresses")
    return Finding("rights", "good", f"the key {trades}, may not withdraw, and is tied to addresses")
