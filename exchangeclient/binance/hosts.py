"""Where Binance is: the environments by name, and what a user's own address stands for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from exchangeclient.core.http.addresses import checked

WEBSITE: Final = "https://www.binance.com"


@dataclass(frozen=True, slots=True)
class Hosts:
    """The addresses of one environment.

    :ivar rest: base URL of the REST API
    :ivar stream: base URL of the market streams
    :ivar ws_api: URL of the WebSocket API
    :ivar website: base URL of the public web site, which lists the products
    """

    rest: str
    stream: str
    ws_api: str
    website: str = WEBSITE


# https://developers.binance.com/docs/binance-spot-api-docs and https://docs.binance.us
_LIVE: Final = Hosts("https://api.binance.com", "wss://stream.binance.com:9443", "wss://ws-api.binance.com:443/ws-api/v3")
ENVIRONMENTS: Final[Mapping[str, Hosts]] = {
    "live": _LIVE,
    "testnet": Hosts(
        "https://testnet.binance.vision", "wss://stream.testnet.binance.vision", "wss://ws-api.testnet.binance.vision/ws-api/v3"
    ),
    "demo": Hosts("https://demo-api.binance.com", "wss://demo-stream.binance.com", "wss://demo-ws-api.binance.com/ws-api/v3"),
    "us": Hosts(
        "https://api.binance.us", "wss://stream.binance.us:9443", "wss://ws-api.binance.us:443/ws-api/v3", "https://www.binance.us"
    ),
}
_BY_TLD: Final[Mapping[str, Hosts]] = {"com": _LIVE, "us": ENVIRONMENTS["us"]}
# Further live hosts share the streams of the first.
_FURTHER: Final = tuple(f"https://api{which}.binance.com" for which in ("-gcp", "1", "2", "3", "4"))
_DOCUMENTED: Final[Mapping[str, Hosts]] = {
    **{hosts.rest: hosts for hosts in ENVIRONMENTS.values()},
    **{rest: replace(_LIVE, rest=rest) for rest in _FURTHER},
}


def counted_at(rest: str) -> str:
    """The address by whose name the venue's counts go: the live hosts are doors to one house."""
    return _LIVE.rest if rest in _FURTHER else rest


def choose(
    environment: str | Mapping[str, str] | None = None,
    *,
    tld: str = "com",
    base_endpoint: str = "",
    testnet: bool = False,
    demo: bool = False,
) -> Hosts:
    """The hosts that a client's arguments stand for.

    :param environment: ``live``, ``testnet``, ``demo``, ``us``, a base URL, or ``{"rest": ..., "stream": ..., "ws_api": ...}``
    :param tld: the ending of the live site's name, ``com`` or ``us``
    :param base_endpoint: ``""``, ``"1"`` to ``"4"`` (further live hosts), or a base URL
    :raises TypeError: for a wrong type, naming the argument
    :raises ValueError: for an unknown name, plain ``http`` to another machine, or two arguments that say different things
    """
    named = {
        "environment": environment is not None,
        "testnet": testnet,
        "demo": demo,
        "base_endpoint": base_endpoint not in (None, ""),
    }
    chosen = [name for name, given in named.items() if given]
    if len(chosen) > 1:
        raise ValueError(f"{chosen[0]} and {chosen[1]} both say where to connect; give one")
    if chosen and tld != "com":
        raise ValueError(f"{chosen[0]} and tld both say where to connect; give one")
    if testnet or demo:
        return ENVIRONMENTS["testnet" if testnet else "demo"]
    if environment is not None:
        return _environment(environment)
    return _live(tld, "" if base_endpoint is None else base_endpoint)


def _environment(environment: str | Mapping[str, str]) -> Hosts:
    if isinstance(environment, str):
        if environment in ENVIRONMENTS:
            return ENVIRONMENTS[environment]
        if "://" in environment:
            return _at(environment, "environment")
        raise ValueError(f"environment must be one of {', '.join(ENVIRONMENTS)}, a URL or a dict of URLs; not {environment[:60]!r}")
    if not isinstance(environment, Mapping):
        raise TypeError(f"environment must be a str or a dict, not {type(environment).__name__}")
    if "rest" not in environment:
        raise ValueError(f"environment has no 'rest' among {sorted(environment)}; a sandbox's is urls['binance']")
    hosts = _at(environment["rest"], "environment['rest']", bare=False)
    if "stream" in environment:
        hosts = replace(hosts, stream=checked(environment["stream"], "environment['stream']", ("ws", "wss")))
    if "ws_api" in environment:
        hosts = replace(hosts, ws_api=checked(environment["ws_api"], "environment['ws_api']", ("ws", "wss")))
    return hosts


def _live(tld: str, base_endpoint: str) -> Hosts:
    for name, value in (("tld", tld), ("base_endpoint", base_endpoint)):
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if "://" in base_endpoint:
        return _at(base_endpoint, "base_endpoint")
    if base_endpoint not in ("", "1", "2", "3", "4"):
        raise ValueError(f"base_endpoint must be '', '1' to '4', or a URL; not {base_endpoint[:60]!r}")
    if tld not in _BY_TLD:
        raise ValueError(f"tld must be one of {', '.join(_BY_TLD)}, not {tld[:60]!r}; environment= takes the URL of any other host")
    return _BY_TLD[tld] if not base_endpoint else replace(_LIVE, rest=f"https://api{base_endpoint}.binance.com")


def _at(url: str, name: str, *, bare: bool = True) -> Hosts:
    """Everything on the host of one URL; the documented hosts keep their own streams.

    :param bare: False takes a path too, as a sandbox behind a token has it
    """
    rest = checked(url, name, ("http", "https"), bare=bare)
    if rest in _DOCUMENTED:
        return _DOCUMENTED[rest]
    stream = "ws" + rest.removeprefix("http")
    return Hosts(rest, stream, f"{stream}/ws-api/v3", rest)
