"""``requests_params``: what a caller may say of how calls are carried, checked whole before anything is sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any, Final, Self

from exchangeclient.core.budgets.budget import Priority

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110: no line breaks, and nothing that Latin-1 has not
_LONGEST_S: Final = 1_000_000  # sockets and locks of some systems count no further than a few million


@dataclass(frozen=True, slots=True)
class Options:
    """``requests_params``, checked.

    :ivar connect_s: for the connection
    :ivar read_s: for each read
    :ivar total_s: for the whole call
    :ivar priority: how soon it gets its share of a short budget
    :ivar share: of each budget, past which the call is not to use it up
    :ivar waits: what to do when the budget is used up: True waits within the deadline, False raises at once. None waits with what reads and
        raises with what changes something: whoever places an order wants to know at once that it stays here
    """

    connect_s: float = 10.0
    read_s: float = 10.0
    total_s: float = 10.0
    proxies: Mapping[str, str] = field(default_factory=dict)
    verify: str | None = None
    cert: str | tuple[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    priority: Priority = Priority.READ
    share: float = 1.0
    waits: bool | None = None

    def having(self, params: Mapping[str, Any] | None) -> Self:
        """These options, changed by what a caller gave; headers are added to those that are there.

        ``timeout`` is one number of seconds for the whole call, or (connect, read) whose sum bounds the whole call.

        :raises TypeError: for an option that there is not, or of a wrong type
        :raises ValueError: for ``verify=False`` (TLS is always verified), a timeout that is not above zero, or a header that HTTP
            cannot carry
        """
        if params is None:
            return self
        if not isinstance(params, Mapping):
            raise TypeError(f"requests_params must be a dict, not {type(params).__name__}")
        changed: dict[str, Any] = {}
        for name, value in params.items():
            if name not in _CHECKS:
                raise TypeError(f"requests_params takes {', '.join(_CHECKS)}; not {str(name)[:40]}")
            if value is not None:
                changed.update(_CHECKS[name](value))
        if "headers" in changed:
            replaced = {name.lower() for name in changed["headers"]}
            kept = {name: value for name, value in self.headers.items() if name.lower() not in replaced}
            changed["headers"] = {**kept, **changed["headers"]}
        return replace(self, **changed)

    def are_carried_like(self, other: Options) -> bool:
        """True when a message goes the same way by them, whatever it may cost and however long it may take."""
        return self is other or (self.proxies, self.verify, self.cert, self.headers) == (
            other.proxies,
            other.verify,
            other.cert,
            other.headers,
        )


def _timeouts(timeout: object) -> dict[str, Any]:
    parts: tuple[Any, ...] = timeout if isinstance(timeout, tuple) and len(timeout) == 2 else (timeout,)
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, (int, float)):
            raise TypeError("requests_params: timeout must be a number of seconds, or a tuple (connect, read)")
        if not 0 < part <= _LONGEST_S:
            raise ValueError(f"requests_params: timeout must be a number of seconds above 0, at most {_LONGEST_S}, not {str(part)[:40]}")
    return {"connect_s": parts[0], "read_s": parts[-1], "total_s": sum(parts)}


def _proxies(proxies: object) -> dict[str, Any]:
    if not isinstance(proxies, Mapping) or not all(isinstance(name, str) for name in proxies):
        raise TypeError("requests_params: proxies must be a dict such as {'https': 'http://127.0.0.1:3128'}")
    for name, proxy in proxies.items():
        if not isinstance(proxy, str | None):
            raise TypeError(f"requests_params: the proxy for {name} must be a URL, or None for none, not {type(proxy).__name__}")
    return {"proxies": {name: proxy or "" for name, proxy in proxies.items()}}  # empty: none, not even the environment's


def _bundle(verify: object) -> dict[str, Any]:
    if verify is True:
        return {}
    # An empty text would switch verification off just as False does.
    if isinstance(verify, (str, PathLike)) and str(verify):
        return {"verify": str(verify)}
    raise ValueError(f"requests_params: verify={_shown(verify)} is refused; TLS is always verified (verify takes the path of a CA bundle)")


def _certificate(cert: object) -> dict[str, Any]:
    paths = cert if isinstance(cert, tuple) and len(cert) == 2 else (cert,)
    texts = tuple(str(path) for path in paths if isinstance(path, (str, PathLike)) and str(path))
    if len(texts) != len(paths):
        raise TypeError("requests_params: cert must be the path of a PEM file, or a tuple (certificate, key) of two paths")
    return {"cert": texts if len(texts) == 2 else texts[0]}


def _headers(headers: object) -> dict[str, Any]:
    if not isinstance(headers, Mapping):
        raise TypeError(f"requests_params: headers must be a dict, not {type(headers).__name__}")
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"requests_params: header {name!r} must be a str with a str as its value, not {type(value).__name__}")
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"requests_params: {name[:40]!r} is no name of a header")
        if not _HEADER_VALUE.fullmatch(value):  # which is not shown: it may be a secret
            raise ValueError(f"requests_params: header {name} must be Latin-1 text without line breaks")
    return {"headers": dict(headers)}


def _priority(priority: object) -> dict[str, Any]:
    names = {each.name.lower(): each for each in Priority}
    if not isinstance(priority, str) or priority not in names:
        raise ValueError(f"requests_params: priority must be one of {', '.join(names)}; not {_shown(priority)}")
    return {"priority": names[priority]}


def _share(share: object) -> dict[str, Any]:
    if isinstance(share, bool) or not isinstance(share, int | float):
        raise TypeError(f"requests_params: share must be a number, not {type(share).__name__}")
    if not 0 < share <= 1:
        raise ValueError(f"requests_params: share must be above 0, up to 1, not {str(share)[:40]}")
    return {"share": share}


def _when_limited(answer: object) -> dict[str, Any]:
    if not isinstance(answer, str) or answer not in ("wait", "raise"):
        raise ValueError(f"requests_params: when_limited must be 'wait' or 'raise', not {_shown(answer)}")
    return {"waits": answer == "wait"}


def _shown(value: object) -> str:
    return repr(value)[:40] if isinstance(value, str | int | None) else f"a {type(value).__name__}"


_CHECKS: Final[Mapping[str, Callable[[object], dict[str, Any]]]] = {
    "timeout": _timeouts,
    "proxies": _proxies,
    "verify": _bundle,
    "cert": _certificate,
    "headers": _headers,
    "priority": _priority,
    "share": _share,
    "when_limited": _when_limited,
}
