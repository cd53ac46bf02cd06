"""Where BitMEX was, where its embedded successor is, and what a user's own address stands for. Pure.

The venue closed on 2026-09-23. The names of its hosts are kept, because programs and recordings name them; nothing is sent there any
more, least of all a key.
Source: https://www.bitmex.com/blog/bitmex-closure
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from exchangeclient.core.http.addresses import checked


@dataclass(frozen=True, slots=True)
class Hosts:
    """The addresses of one environment.

    :ivar rest: base URL of the REST API; ``/api/v1`` comes behind it
    :ivar stream: URL of the realtime socket, with its path
    """

    rest: str
    stream: str


REALTIME: Final = "/realtime"

ENVIRONMENTS: Final[Mapping[str, Hosts]] = {
    "mainnet": Hosts("https://www.bitmex.com", "wss://ws.bitmex.com/realtime"),
    "testnet": Hosts("https://testnet.bitmex.com", "wss://ws.testnet.bitmex.com/realtime"),
    # where "exchangeclient sandbox" serves this venue when nothing else is said
    "local": Hosts("http://127.0.0.1:8767", "ws://127.0.0.1:8767/realtime"),
}
_BY_REST: Final = {hosts.rest: hosts for hosts in ENVIRONMENTS.values()}
_HISTORIC: Final = "bitmex.com"


def closure(address: str) -> str:
    """Why nothing is there, for an address of the historic venue, of today or of before 2021; empty for any other.

    :param address: a URL of REST or of a socket
    """
    host = (urlsplit(address).hostname or "").lower().rstrip(".")
    if host != _HISTORIC and not host.endswith(f".{_HISTORIC}"):
        return ""
    return (
        f"BitMEX closed on 2026-09-23: nothing is sent to {host}. The embedded exchange speaks its protocols: "
        'environment="local" beside "exchangeclient sandbox", or Sandbox().urls["bitmex"]'
    )


def choose(environment: str | Mapping[str, str] | None = None, *, demo: bool = False) -> Hosts:
    """The hosts that a client's argument stands for.

    :param environment: ``mainnet`` and ``testnet`` (both historic), ``local``, a base URL, or ``{"rest": ..., "stream": ...}``
    :param demo: True for ``testnet``, when nothing else is named
    :raises TypeError: for a wrong type, naming the argument
    :raises ValueError: for an unknown name, or plain ``http`` to another machine
    """
    if environment is None or isinstance(environment, str):
        return _named(("testnet" if demo else "mainnet") if environment is None else environment)
    if not isinstance(environment, Mapping):
        raise TypeError(f"environment must be a str or a dict, not {type(environment).__name__}")
    if "rest" not in environment:
        raise ValueError(f"environment has no 'rest' among {sorted(environment)}; a sandbox's is urls['bitmex']")
    hosts = _at(checked(environment["rest"], "environment['rest']", ("http", "https")))
    if "stream" in environment:
        stream = checked(environment["stream"], "environment['stream']", ("ws", "wss"))
        hosts = replace(hosts, stream=stream if urlsplit(stream).path else stream + REALTIME)
    return hosts


def _named(environment: str) -> Hosts:
    if "://" in environment:
        return _at(checked(environment, "environment", ("http", "https"), bare=True))
    if environment not in ENVIRONMENTS:
        raise ValueError(f"environment must be one of {', '.join(ENVIRONMENTS)}, a URL or a dict of URLs; not {environment[:60]!r}")
    return ENVIRONMENTS[environment]


def _at(rest: str) -> Hosts:
    """Everything on the host of one URL; the documented hosts keep their own sockets."""
    return _BY_REST.get(rest) or Hosts(rest, "ws" + rest.removeprefix("http") + REALTIME)
