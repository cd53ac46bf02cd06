"""Whether the way to the venue is clear, and what is to be said of the key: asked of the venue with calls that only read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from exchangeclient.binance.client import Client
from exchangeclient.binance.hosts import ENVIRONMENTS
from exchangeclient.core import checkup
from exchangeclient.core.checkup import looked
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.machine import Finding

_PATIENCE_S: Final = 10.0
_STREAM: Final = "btcusdt@bookTicker"
_machine: Final = SystemClock()


def examine_venue(client: Client) -> Iterator[Finding]:
    """The way to the venue, and the key if the client has one."""
    reached = looked("REST", client.hosts.rest, lambda: checkup.answers(client))
    yield reached
    if reached.verdict == "bad":
        return
    yield looked("clock", client.hosts.rest, lambda: checkup.clock(lambda: int(client.get_server_time()["serverTime"])))
    yield looked("streams", client.hosts.stream, lambda: checkup.events(client, _STREAM, _PATIENCE_S))
    yield looked("WebSocket API", client.hosts.ws_api, lambda: _socket_calls(client))
    yield looked("limits", client.hosts.rest, lambda: checkup.limits(client))
    if client.credentials is None:
        yield Finding("key", "note", "there is none: market data alone")
        return
    yield looked("key", client.hosts.rest, lambda: _account(client))
    if client.hosts.rest == ENVIRONMENTS["live"].rest:
        yield looked("rights", client.hosts.rest, lambda: _rights(client))


def _socket_calls(client: Client) -> Finding:
    begun_s = _machine.monotonic_s()
    client.ws_ping(requests_params={"timeout": _PATIENCE_S})
    return Finding("WebSocket API", "good", f"{client.hosts.ws_api} answers after {_machine.monotonic_s() - begun_s:.1f} s")


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
