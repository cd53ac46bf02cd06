"""Where a URL leads, and whether that is this machine. Pure."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL, the same for every way to write them."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme)


def is_loopback(host: str) -> bool:
    """True for 127.0.0.0/8, ::1, ``localhost`` and names under it: what is sent there stays on this machine."""
    name = host.lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def checked(url: object, name: str, schemes: tuple[str, str], *, bare: bool = False) -> str:
    """A URL that may be given an API key, in one spelling: small letters, no default port, no slash at its end.

    :param name: of the argument
    :param schemes: the plain one, which reaches this machine alone, and the encrypted one
    :param bare: True when nothing may come after host and port
    :raises TypeError: when it is no text
    :raises ValueError: when it is no such URL, naming the argument
    """
    if not isinstance(url, str):
        raise TypeError(f"{name} must be a URL, not {type(url).__name__}")
    plain, encrypted = schemes
    parts = _split(url, name)
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise ValueError(f"{name} must be a bare {plain}:// or {encrypted}:// URL, not {url[:60]!r}")
    if bare and parts.path not in ("", "/"):
        raise ValueError(f"{name} must end after the host and port, not {url[:60]!r}")
    if parts.scheme == plain and not is_loopback(parts.hostname):
        raise ValueError(f"{name} must be {encrypted}:// (only this machine is reached by {plain}://), not {url[:60]!r}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def _split(url: str, name: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # read now, because it is only checked when it is read
    except ValueError as error:
        raise ValueError(f"{name} is not a URL: {url[:60]!r} ({error})") from error
    return parts
