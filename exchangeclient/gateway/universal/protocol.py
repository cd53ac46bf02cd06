"""The public seam: what a venue is to the gateway, under the names of the protocol's own example.

A venue of your own is a class with the methods that it has::

    class Mine(BaseProtocol):
        def GetTicker(self, symbol):
            return {"data": {"symbol": symbol, "last": "1.5", "time": 1731028903911}}

    ProtocolFactory.register("Mine", Mine)

Each method answers ``{"data": ..., "raw": ...}`` or ``{"error": text}``; an exception is an error, too. One object serves every call with
the same keys, from several threads at once.
"""

# The names are the protocol's, and the parameters of what is not overridden are for whoever overrides it.
# ruff: noqa: ARG002, N802, N803

from __future__ import annotations

import inspect
import threading
from collections.abc import Hashable
from decimal import Decimal
from typing import Any, ClassVar, Final

from exchangeclient.gateway.universal.settings import Settings
from exchangeclient.gateway.universal.texts import NOT_SUPPORT

Answer = dict[str, Any]
"""``{"data": ..., "raw": ...}``, or ``{"error": text}``."""

_WITH_NAME: Final = 4


class Undecided(Answer):
    """An error that leaves open what became of an order: the same call again asks for it."""


class BaseProtocol:
    """A venue as robots reach it; what is not overridden answers ``{"error": "not support"}``.

    A method that names further parameters is given them: ``limit`` (GetDepth), ``symbol`` (GetOrder, CancelOrder), ``clientOrderId`` and
    ``askFirst`` (CreateOrder: an id that is the same for the same call, and whether the venue may have had that order before).

    :param apiBase: the venue's address
    :param accessKey: the robot's key
    :param secretKey: everything that it gave as its secret
    :param exName: the venue's name in the path
    :ivar API_BASE: the address when none is configured
    :ivar settings: what whoever runs the gateway chose
    """

    API_BASE: ClassVar[str] = ""
    settings: Settings = Settings()

    def __init__(self, apiBase: str, accessKey: str, secretKey: str, exName: str = "") -> None:
        self.exName = exName
        self._apiBase = apiBase
        self._accessKey = accessKey
        self._secretKey = secretKey

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.exName}>"

    def close(self) -> None:
        """Its keys are not needed any more: forget them, and close what is open."""
        self._accessKey = self._secretKey = ""

    @property
    def has_contracts(self) -> bool:
        """Whether it has positions and leverage."""
        return any(getattr(type(self), name) is not getattr(BaseProtocol, name) for name in ("GetPositions", "GetPostions"))

    @property
    def sharing(self) -> Hashable | None:
        """Calls for market data of equal objects are one question to the venue, when they come at the same time; None: never."""
        return None

    def GetTicker(self, symbol: str) -> Answer:
        """The figures of a pair: symbol, buy, sell, high, low, open, last, vol, time."""
        return _not_support()

    def GetDepth(self, symbol: str = "") -> Answer:
        """The order book: time, asks (ascending), bids (descending)."""
        return _not_support()

    def GetTrades(self, symbol: str = "") -> Answer:
        """Anybody's trades: a list of id, time, price, amount, type."""
        return _not_support()

    def GetRecords(self, symbol: str, period: int, limit: int) -> Answer:
        """Candles of ``period`` minutes: a list of [time, open, high, low, close, volume]."""
        return _not_support()

    def GetMarkets(self) -> Answer:
        """What can be traded, by pair."""
        return _not_support()

    def GetTickers(self) -> Answer:
        """A list of what GetTicker answers, of all pairs."""
        return _not_support()

    def GetAccount(self) -> Answer:
        """A list of currency, free, frozen."""
        return _not_support()

    def GetAssets(self) -> Answer:
        """The same."""
        return _not_support()

    def CreateOrder(self, symbol: str, side: str, price: Decimal, amount: Decimal) -> Answer:
        """Place an order; ``{"id": ...}``. A price that is not above zero means a market order."""
        return _not_support()

    def GetOrders(self, symbol: str = "") -> Answer:
        """The open orders of a pair, or of all when it is empty."""
        return _not_support()

    def GetOrder(self, orderId: str) -> Answer:
        """One order: id, symbol, amount, price, deal_amount, avg_price, type, status, time."""
        return _not_support()

    def CancelOrder(self, orderId: str) -> Answer:
        """Cancel an order; True."""
        return _not_support()

    def GetHistoryOrders(self, symbol: str, since: int, limit: int) -> Answer:
        """Orders that are done, from ``since`` (milliseconds; 0: the newest) on; a limit of 0 is the venue's own."""
        return _not_support()

    def GetPositions(self, symbol: str = "") -> Answer:
        """Open positions, of one contract or of all."""
        return self.GetPostions(symbol) if _own(self, "GetPostions") else _not_support()

    def GetPostions(self, symbol: str = "") -> Answer:
        """The same, as the protocol's example misspells it."""
        return self.GetPositions(symbol) if _own(self, "GetPositions") else _not_support()

    def SetMarginLevel(self, symbol: str, marginLevel: Decimal) -> Answer:
        """Set the leverage of a contract; True."""
        return _not_support()

    def GetFundings(self, symbol: str = "") -> Answer:
        """Funding rates, of one contract or of all."""
        return _not_support()

    def IO(self, httpMethod: str, path: str, params: dict[str, Any]) -> Answer:
        """A call of the venue's own: its whole answer."""
        return _not_support()


class ProtocolFactory:
    """The venues by name, which is how they are told apart in the path. Capitals do not count there."""

    _classes: ClassVar[dict[str, tuple[str, type[BaseProtocol]]]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def register(cls, exName: str, protocol: type[BaseProtocol]) -> None:
        """Have a venue served under a name; one of the same name is replaced.

        :raises TypeError: when it is no class derived from :class:`BaseProtocol`
        :raises ValueError: when the name cannot stand in a path
        """
        if not isinstance(protocol, type) or not issubclass(protocol, BaseProtocol):
            raise TypeError(f"a protocol must be a class derived from BaseProtocol, not {str(protocol)[:60]}")
        if not isinstance(exName, str) or not exName.isidentifier():
            raise ValueError(f"a venue's name must be letters, digits and _, not {str(exName)[:40]!r}")
        with cls._lock:
            cls._classes[exName.lower()] = (exName, protocol)

    @classmethod
    def named(cls, exName: str) -> tuple[str, type[BaseProtocol]]:
        """A venue's name as it was registered, and its class.

        :raises ValueError: when there is none
        """
        with cls._lock:
            found = cls._classes.get(exName.lower())
        if found is None:
            raise ValueError(f"Unknown exName: {exName}")
        return found

    @classmethod
    def createExWrapper(cls, apiBase: str, accessKey: str, secretKey: str, exName: str) -> BaseProtocol:
        """A venue for one robot's keys.

        :param apiBase: its address; empty for the class's own
        :raises ValueError: ``Unknown exName: ...``, or for keys of a wrong form
        """
        name, protocol = cls.named(exName)
        base = apiBase or protocol.API_BASE
        # As in the protocol's example, a class may take its name or not.
        takes = inspect.signature(protocol).parameters.values()
        positional = [each for each in takes if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
        if len(positional) >= _WITH_NAME or any(each.kind is each.VAR_POSITIONAL for each in takes):
            return protocol(base, accessKey, secretKey, name)
        made = protocol(base, accessKey, secretKey)
        made.exName = name
        return made


def _not_support() -> Answer:
    return {"error": NOT_SUPPORT}


def _own(protocol: BaseProtocol, name: str) -> bool:
    return getattr(type(protocol), name) is not getattr(BaseProtocol, name)
