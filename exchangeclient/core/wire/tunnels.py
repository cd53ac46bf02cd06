"""Has a proxy make a tunnel to a host: what is said to it and what it answers, without I/O.

:class:`ProxyAddress` is what a user names a proxy by; its :meth:`~ProxyAddress.tunnel` is asked for the bytes to send, and told those that
come. Sources: RFC 9110, section 9.3.6 (CONNECT); RFC 1928 and RFC 1929 (SOCKS 5 and its login).
"""

from __future__ import annotations

import ipaddress
import re
from base64 import b64encode
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Literal, Self
from urllib.parse import unquote_to_bytes

_ADDRESS = re.compile(
    r"(?:(?P<kind>http|socks5h?)://)?(?:(?P<login>[^\s/@]*)@)?(?:\[(?P<number>[0-9a-f:.]+)\]|(?P<name>[^\s/@:\[\]]+))(?::(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE,
)
_PORTS = {"http": 80, "socks5": 1080}
_CONNECTED = re.compile(rb"HTTP/1\.[01] 2[0-9]{2}[ \r]")
_LONGEST_ANSWER = 16384
_SHOWN = 120
_UNPRINTABLE = re.compile(r"[^ -~]+")

# RFC 1928, section 6.
_SOCKS_REFUSALS = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
    7: "command not supported",
    8: "address type not supported",
}


class TunnelError(ConnectionError):
    """A proxy does not make the tunnel; the text says which proxy, and why."""


@dataclass(frozen=True, slots=True)
class ProxyAddress:
    """Where a proxy is, of which kind, and the login for it.

    :ivar login: user name and password
    """

    kind: Literal["http", "socks5"]
    host: str
    port: int
    login: tuple[bytes, bytes] | None = field(default=None, repr=False)

    @classmethod
    def read(cls, text: str, source: str) -> Self:
        """A proxy by its address, such as ``http://user:password@host:port`` or ``socks5://host:port``; ``http`` without a scheme.

        ``socks5h`` is the same as ``socks5``: names of hosts are looked up by the proxy.

        :param source: where that was set, for the error text
        :raises ValueError: when it is none that sockets can use. The text is not in the message: there may be a password in it
        """
        parts = _ADDRESS.fullmatch(text)
        kind: Literal["http", "socks5"] = "socks5" if parts is not None and (parts["kind"] or "").lower().startswith("socks") else "http"
        port = int(parts["port"] or _PORTS[kind]) if parts is not None else 0
        login = _login(parts["login"]) if parts is not None and parts["login"] is not None else None
        if parts is None or port > 65535 or (login is not None and not all(len(word) < 256 for word in login)):
            raise ValueError(
                f"the proxy from {source} is of no use to sockets: it must be http://host:port or socks5://host:port, "
                "the host with user:password@ before it if it wants a login"
            )
        return cls(kind, parts["number"] or parts["name"], port, login)

    def __str__(self) -> str:
        return f"the proxy {_bracketed(self.host)}:{self.port}"

    def tunnel(self, host: str, port: int) -> Tunnel:
        """What makes a tunnel through it to a host."""
        return Tunnel(_connect(self, host, port) if self.kind == "http" else _socks(self, host, port))


# What is said to a proxy, with how many bytes are to come before there is more to say: those are sent to it.
_Talk = Generator[tuple[bytes, int], bytes, None]


class Tunnel:
    """A tunnel in the making.

    :ivar opening: what to send first
    :ivar done: True when whatever else comes is the host's
    :ivar received: what has come and was not meant for the tunnel
    """

    def __init__(self, talk: _Talk) -> None:
        self._talk = talk
        self.opening, self._wanted = next(talk)
        self.received = b""
        self.done = False

    def receive(self, data: bytes) -> bytes:
        """Hear what has come.

        :returns: what to send next, nothing perhaps
        :raises TunnelError: when there will be no tunnel
        """
        self.received += data
        to_send = b""
        while not self.done and len(self.received) >= self._wanted:
            part, self.received = self.received[: self._wanted], self.received[self._wanted :]
            try:
                said, self._wanted = self._talk.send(part)
            except StopIteration:
                self.done = True
            else:
                to_send += said
        return to_send


def _connect(proxy: ProxyAddress, host: str, port: int) -> _Talk:
    target = f"{_bracketed(host)}:{port}".encode()
    login = b"" if proxy.login is None else b"Proxy-Authorization: Basic " + b64encode(b":".join(proxy.login)) + b"\r\n"
    answer = yield b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (target, target, login), 1
    while not answer.endswith(b"\r\n\r\n"):
        if len(answer) > _LONGEST_ANSWER:
            raise TunnelError(f"{proxy} answers without an end")
        answer += yield b"", 1
    if _CONNECTED.match(answer) is None:
        said = _UNPRINTABLE.sub(" ", answer.partition(b"\r\n")[0].decode(errors="replace"))
        raise TunnelError(f"{proxy} makes no tunnel to {_bracketed(host)}:{port}: it answers {said[:_SHOWN]!r}")


def _socks(proxy: ProxyAddress, host: str, port: int) -> _Talk:
    greeting = b"\x05\x01\x00" if proxy.login is None else b"\x05\x02\x00\x02"
    version, method = yield greeting, 2
    if version != 5:
        raise TunnelError(f"{proxy} does not speak SOCKS 5")
    if method == 2 and proxy.login is not None:
        name, password = proxy.login
        _, refused = yield bytes([1, len(name)]) + name + bytes([len(password)]) + password, 2
        if refused:
            raise TunnelError(f"{proxy} refuses the login")
    elif method:
        raise TunnelError(f"{proxy} wants a login" if proxy.login is None else f"{proxy} takes no login by name and password")
    version, refused, _, kind = yield b"\x05\x01\x00" + _socks_address(host) + port.to_bytes(2, "big"), 4
    if version != 5 or refused:
        why = _SOCKS_REFUSALS.get(refused, f"code {refused}")
        raise TunnelError(f"{proxy} makes no tunnel to {_bracketed(host)}:{port}: {why}")
    length = {1: 4, 4: 16}.get(kind) or (yield b"", 1)[0]
    yield b"", length + 2  # the address that it goes on from, of which nothing is needed


def _socks_address(host: str) -> bytes:
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("idna")
        return bytes([3, len(name)]) + name
    return bytes([1 if number.version == 4 else 4]) + number.packed


def _login(text: str) -> tuple[bytes, bytes]:
    name, _, password = text.partition(":")
    return unquote_to_bytes(name), unquote_to_bytes(password)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
