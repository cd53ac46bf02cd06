"""What the venue has no call of its own for: one row out of a table, or an error when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from exchangeclient.bitmex.placing import Sought, first_of
from exchangeclient.bitmex.rest import MarketData, PublicData, Trade
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.exceptions import UnknownSymbolException

_PAGE: Final = 500


class Lookups(PublicData, MarketData, Trade):
    """Single rows, by the names that they have at other venues."""

    def get_ticker(self, symbol: str, **params: Any) -> dict[str, Any]:
        """An instrument with its last price, best bid and ask, and the figures of 24 hours.

        ``GET /api/v1/instrument``.

        :raises UnknownSymbolException: when the venue does not list it
        """
        rows = self.get_instruments(symbol=symbol, **params)
        with as_documented("get_instruments"):
            found = [row for row in rows if isinstance(row["symbol"], str)]
        if not found:
            raise UnknownSymbolException(f"{symbol} is not listed by the venue", venue="bitmex")
        return found[0]

    def get_recent_trades(self, symbol: str, *, count: int | None = None, **params: Any) -> list[dict[str, Any]]:
        """The newest trades, newest first.

        ``GET /api/v1/trade``.

        :param count: 100 when left out, 500 at most
        """
        return self.get_historical_trades(**{"symbol": symbol, "count": count, "reverse": True, **params})

    def get_order(self, *, orderID: str | None = None, clOrdID: str | None = None, **params: Any) -> dict[str, Any]:
        """An order by one of its ids: of several with the same ``clOrdID`` the newest.

        ``GET /api/v1/order``.

        :raises OrderNotFoundException: when there is none
        :raises TypeError: when there is not one of the two ids
        """
        wanted = orderID if clOrdID is None else clOrdID
        if wanted is None or (orderID is not None and clOrdID is not None):
            raise TypeError("get_order() needs one of orderID and clOrdID")
        if not isinstance(wanted, str):
            raise TypeError(f"{'orderID' if clOrdID is None else 'clOrdID'} must be a str, not {type(wanted).__name__}")
        sought = Sought("orderID" if clOrdID is None else "clOrdID", (wanted,))
        return first_of(self.get_orders(**{**params, "filter": {sought.column: wanted}, "reverse": True}), sought)

    def get_open_orders(self, symbol: str | None = None, **params: Any) -> list[dict[str, Any]]:
        """The orders that can still be filled, oldest first, of one instrument or of all.

        ``GET /api/v1/order``, for each 500.
        """
        return list(self._open_orders(symbol, params))

    def _open_orders(self, symbol: str | None, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        start = 0
        while True:
            page = self.get_orders(**{"symbol": symbol, **params, "filter": {"open": True}, "count": _PAGE, "start": start or None})
            yield from page
            if len(page) < _PAGE:
                return
            start += _PAGE
