"""Where the service is: on the user's own machine, behind ``exchangeclient gateway --onetoken``. Pure.

The hosted service is gone. Its addresses are kept as names, so that programs which spell them find them; nobody answers there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from exchangeclient.core.http.addresses import checked

GATEWAY_PORT: Final = 6667
"""Where the gateway listens unless it is told otherwise."""

LOCAL: Final = f"http://127.0.0.1:{GATEWAY_PORT}/api/v1"
"""The gateway on this machine, which is the default."""

ONETOKEN_TRADE: Final = "https://1token.trade/api/v1"
"""Historic, 2018-06 to the end: the hosted service. It is gone."""
API_ONETOKEN_TRADE: Final = "https://api.1token.trade/v1"
"""Historic, 2018-04 to 2018-06. It is gone."""
CDN_ONETOKEN_TRADE: Final = "https://cdn.1tokentrade.cn/api/v1"
"""Historic, for mainland China. It is gone."""
BTP_DEBUG: Final = "http://alihk-debug.qbtrade.org:3019"
"""Historic, 2017-12 to 2018-01: what BTP's README names. It is gone."""

HIST_QUOTE: Final = "https://hist-quote.1tokentrade.cn"
"""Historic, days of ticks, trades and candles to download. It is gone; :mod:`.history` reads what was downloaded."""

HISTORIC: Final = frozenset({ONETOKEN_TRADE, API_ONETOKEN_TRADE, CDN_ONETOKEN_TRADE, BTP_DEBUG, HIST_QUOTE})

_GONE: Final = frozenset(urlsplit(each).hostname for each in HISTORIC)
_TRADE: Final = "/trade"
_API: Final = "/api/v1"


@dataclass(frozen=True, slots=True)
class Hosts:
    """The addresses of one gateway.

    :ivar rest: what ``/trade``, ``/quote`` and ``/basic`` come behind
    :ivar stream: what ``/tick``, ``/candle``, ``/trade`` ... come behind
    """

    rest: str
    stream: str


def choose(host: str | Mapping[str, str] | None = None) -> Hosts:
    """The addresses that an argument ``host`` stands for.

    :param host: None: the gateway on this machine; its address (``http://127.0.0.1:6667``), with or without ``/api/v1`` and, as the
        seeds have it, ``/trade``; or ``{"rest": ..., "stream": ...}``, which is what ``Sandbox().urls["onetoken"]`` is
    :raises TypeError: for a wrong type
    :raises ValueError: for a historic address, no address, or plain ``http`` to another machine
    """
    if host is None:
        host = LOCAL
    if isinstance(host, Mapping):
        if "rest" not in host:
            raise ValueError(f"host has no 'rest' among {sorted(host)}; a sandbox's is urls['onetoken']")
        rest = _rest(host["rest"])
        stream = _served(host["stream"], "host['stream']", ("ws", "wss")) if "stream" in host else _stream(rest)
        return Hosts(rest, stream)
    rest = _rest(host)
    return Hosts(rest, _stream(rest))


def _rest(host: object) -> str:
    rest = _served(host, "host", ("http", "https")).removesuffix(_TRADE)
    return rest if "/" in rest.partition("://")[2] else rest + _API


def _served(url: object, name: str, schemes: tuple[str, str]) -> str:
    """An address where somebody may be. Whoever has the name of a gone host now is to get nobody's key."""
    try:
        found = (urlsplit(url).hostname or "").rstrip(".") if isinstance(url, str) else ""
    except ValueError:
        found = ""  # what is wrong with it is said below
    if found in _GONE:
        raise ValueError(f"{name} {url!r} is historic: the hosted service is gone; run `exchangeclient gateway --onetoken` instead")
    return checked(url, name, schemes)


def _stream(rest: str) -> str:
    return f"ws{rest.removeprefix('http')}/ws"
