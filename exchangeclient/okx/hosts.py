"""Where OKX is: the environments by name, and what a user's own address stands for. Pure.

A key belongs to the region in which it was made, and to live or demo trading; at any other it does not exist. Demo trading has the REST
hosts of live trading, told apart by a header, and sockets of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from exchangeclient.core.http.addresses import checked


@dataclass(frozen=True, slots=True)
class Hosts:
    """The addresses of one environment.

    :ivar rest: base URL of the REST API
    :ivar stream: base URL of the websockets; ``/ws/v5/public`` and so on come behind it
    :ivar demo: whether calls are marked as demo trading
    """

    rest: str
    stream: str
    demo: bool = False


# https://www.okx.com/docs-v5/en/#overview-production-trading-services, and the pages of the same name of my.okx.com and app.okx.com
ENVIRONMENTS: Final[Mapping[str, Hosts]] = {
    "live": Hosts("https://www.okx.com", "wss://ws.okx.com:8443"),
    "eea": Hosts("https://eea.okx.com", "wss://wseea.okx.com:8443"),
    "us": Hosts("https://us.okx.com", "wss://wsus.okx.com:8443"),
    "aws": Hosts("https://aws.okx.com", "wss://wsaws.okx.com:8443"),
    "demo": Hosts("https://www.okx.com", "wss://wspap.okx.com:8443", demo=True),
    "eea-demo": Hosts("https://eea.okx.com", "wss://wseeapap.okx.com:8443", demo=True),
    "us-demo": Hosts("https://us.okx.com", "wss://wsuspap.okx.com:8443", demo=True),
}
_DEMO_OF: Final = {"live": "demo", "eea": "eea-demo", "us": "us-demo"}
_BY_REST: Final = {hosts.rest: name for name, hosts in ENVIRONMENTS.items() if not hosts.demo}


def counted_at(rest: str) -> str:
    """The address by whose name the venue's counts go: two doors to one house."""
    return ENVIRONMENTS["live"].rest if rest == ENVIRONMENTS["aws"].rest else rest


def choose(environment: str | Mapping[str, str] | None = None, *, demo: bool = False) -> Hosts:
    """The hosts that a client's arguments stand for.

    :param environment: ``live``, ``eea``, ``us``, ``aws``, ``demo``, ``eea-demo``, ``us-demo``, a base URL, or
        ``{"rest": ..., "stream": ...}``
    :param demo: True for the demo trading of what it names
    :raises TypeError: for a wrong type, naming the argument
    :raises ValueError: for an unknown name, or plain ``http`` to another machine
    """
    if environment is None or isinstance(environment, str):
        return _named("live" if environment is None else environment, demo=demo)
    if not isinstance(environment, Mapping):
        raise TypeError(f"environment must be a str or a dict, not {type(environment).__name__}")
    if "rest" not in environment:
        raise ValueError(f"environment has no 'rest' among {sorted(environment)}; a sandbox's is urls['okx']")
    hosts = _at(checked(environment["rest"], "environment['rest']", ("http", "https")), demo=demo)
    if "stream" in environment:
        hosts = replace(hosts, stream=checked(environment["stream"], "environment['stream']", ("ws", "wss")))
    return hosts


def _named(environment: str, *, demo: bool) -> Hosts:
    if "://" in environment:
        return _at(checked(environment, "environment", ("http", "https"), bare=True), demo=demo)
    if environment not in ENVIRONMENTS:
        raise ValueError(f"environment must be one of {', '.join(ENVIRONMENTS)}, a URL or a dict of URLs; not {environment[:60]!r}")
    if not demo or ENVIRONMENTS[environment].demo:
        return ENVIRONMENTS[environment]
    if environment not in _DEMO_OF:
        raise ValueError(f"environment {environment!r} has no demo trading of its own; 'demo' is that of live trading")
    return ENVIRONMENTS[_DEMO_OF[environment]]


def _at(rest: str, *, demo: bool) -> Hosts:
    """Everything on the host of one URL; the documented hosts keep their own sockets."""
    known = _BY_REST.get(rest)
    if known is not None:
        return _named(known, demo=demo)
    return Hosts(rest, "ws" + rest.removeprefix("http"), demo)
