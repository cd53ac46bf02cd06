"""How often sockets may go to Binance, and what it means for calls when it lets none in; the way itself is
:mod:`exchangeclient.core.wire.socket_way`'s.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from exchangeclient.binance.errors import BANNED, refusal
from exchangeclient.core.http.request import Response
from exchangeclient.core.http.retry import asked_s, retry_after_s
from exchangeclient.core.wire import socket_way
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import RateLimitException

if TYPE_CHECKING:
    from exchangeclient.binance.client import Client
    from exchangeclient.core.budgets.standing import Standing

# An address may try 300 connections in five minutes.
ATTEMPTS = (280, 300.0)
"""How many connections the sockets on the reactor try, in so many seconds."""
ITERATED_ATTEMPTS = (20, 300.0)
"""How many are tried by those streams that are read on the threads of the program."""


def way_to(address: str, client: Client, *, attempts: tuple[int, float] = ATTEMPTS, **options: Any) -> SocketOptions:
    """The way to a socket's address by the client's settings; this machine is reached without any.

    :param options: more of :class:`SocketOptions`, for sockets to other machines
    """
    heed = partial(_heed, client._standing, client.hosts.ws_api)
    if not address.startswith("wss"):
        return SocketOptions(heed=heed)
    return socket_way.way_to(address, client, attempts=attempts, heed=heed, **options)


def _heed(standing: Standing, ws_api: str, url: str, answer: Response) -> float | None:
    """For how long a refused handshake asks for rest; calls keep still as well when it is the address's weight, or the whole address.

    A ban (418) is one of the address, whatever was asked. Connecting to the WebSocket API has a weight, so 429 is about that of all calls;
    at the market streams, which have none, it is about connections alone.
    """
    refused = refusal(answer)
    if not isinstance(refused, RateLimitException):
        return retry_after_s(answer.headers)
    rest_s = asked_s(refused, standing.clock.now_ms())
    if rest_s is not None and (answer.status == BANNED or url.startswith(ws_api)):
        standing.keep_still(rest_s)
    return rest_s
