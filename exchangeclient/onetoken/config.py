"""Where calls go that do not say so: the gateway on this machine, until :meth:`Config.change_host`."""

from __future__ import annotations

from typing import ClassVar, Final

from exchangeclient.onetoken.hosts import LOCAL, Hosts, choose

_HERE: Final = "127.0.0.1:6667/"


class Config:
    """The addresses that are used by default, by the names that the historic SDK has for them.

    Accounts and quotes that are made later go by them; those that there are stay where they are.
    """

    HOST_REST: ClassVar[str] = LOCAL
    TRADE_HOST: ClassVar[str] = f"{LOCAL}/trade"
    TRADE_HOST_WS: ClassVar[str] = f"{choose(LOCAL).stream}/trade"
    TICK_HOST_WS: ClassVar[str] = f"{choose(LOCAL).stream}/tick"
    TICK_V3_HOST_WS: ClassVar[str] = f"{choose(LOCAL).stream}/tick-v3"
    CANDLE_HOST_WS: ClassVar[str] = f"{choose(LOCAL).stream}/candle"

    @classmethod
    def change_host(cls, target: str = _HERE, match: str = "1token.trade/", nossl: bool = False) -> None:  # noqa: ARG003
        """Go to another gateway from here on.

        :param target: its host and port, such as ``127.0.0.1:7000/``; left out: the gateway on this machine, which is plain
        :param match: what the historic SDK replaced by it; not needed here
        :param nossl: True for plain ``http`` and ``ws``, which reach this machine alone
        :raises ValueError: for what is no such address
        """
        hosts = choose(f"{'http' if nossl or target == _HERE else 'https'}://{target.strip('/')}/api/v1")
        cls.HOST_REST, cls.TRADE_HOST = hosts.rest, f"{hosts.rest}/trade"
        cls.TRADE_HOST_WS = f"{hosts.stream}/trade"
        cls.TICK_HOST_WS, cls.TICK_V3_HOST_WS, cls.CANDLE_HOST_WS = (f"{hosts.stream}/{door}" for door in ("tick", "tick-v3", "candle"))

    @classmethod
    def hosts(cls) -> Hosts:
        """The addresses in use."""
        return choose(cls.HOST_REST)
