"""Spot: the venue itself and its market data. Declared endpoints only.

Without an API key all of it can be used. What the venue refuses comes as
:class:`~exchangeclient.exceptions.ExchangeAPIException`; times are milliseconds since 1970, prices and quantities are texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from exchangeclient.binance import limits
from exchangeclient.core.endpoint import CLOSED, Endpoints, endpoint
from exchangeclient.enums import KlineInterval


class SpotMarket(Endpoints):
    """Market data of the spot exchange."""

    @endpoint("GET /api/v3/ping", weight=1)
    def ping(self, **params: Any) -> dict[str, Any]:
        """An empty answer when the venue can be reached.

        ``GET /api/v3/ping``, weight 1,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints#test-connectivity>`__.
        """
        ...

    @endpoint("GET /api/v3/time", weight=1)
    def get_server_time(self, **params: Any) -> dict[str, Any]:
        """The venue's time: ``{"serverTime": 1499827319559}``.

        ``GET /api/v3/time``, weight 1,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints#check-server-time>`__.
        """
        ...

    @endpoint("GET /api/v3/exchangeInfo", weight=20)
    def get_exchange_info(
        self,
        *,
        symbol: str | None = None,
        symbols: str | Sequence[str] | None = None,
        permissions: str | Sequence[str] | None = None,
        showPermissionSets: bool | None = None,
        symbolStatus: str | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Symbols with their order rules, and the rate limits. The client's own order rules are refreshed from the answer.

        ``GET /api/v3/exchangeInfo``, weight 20,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints#exchange-information>`__.

        :param symbol: only this one; not together with ``symbols``, ``permissions`` or ``symbolStatus``
        :param symbols: only these
        :param permissions: only symbols that have one of these
        :param showPermissionSets: False leaves ``permissionSets`` empty
        :param symbolStatus: ``TRADING``, ``HALT`` or ``BREAK``
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/depth", weight=limits.DEPTH)
    def get_order_book(self, symbol: str, *, limit: int | None = None, symbolStatus: str | None = None, **params: Any) -> dict[str, Any]:
        """The order book of a symbol: ``lastUpdateId``, and ``bids`` and ``asks`` as ``[price, quantity]``, best first.

        ``GET /api/v3/depth``, weight 5 up to limit 100, 25 up to 500, 50 up to 1000, 250 up to 5000,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#order-book>`__.

        :param limit: levels of each side; 100 when left out, 5000 at most
        """
        ...

    @endpoint("GET /api/v3/trades", weight=25)
    def get_recent_trades(self, symbol: str, *, limit: int | None = None, **params: Any) -> list[dict[str, Any]]:
        """The newest trades of a symbol, oldest first.

        ``GET /api/v3/trades``, weight 25,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#recent-trades-list>`__.

        :param limit: 500 when left out, 1000 at most
        """
        ...

    @endpoint("GET /api/v3/historicalTrades", weight=25)
    def get_historical_trades(
        self, symbol: str, *, limit: int | None = None, fromId: int | None = None, **params: Any
    ) -> list[dict[str, Any]]:
        """Trades of a symbol from an id on, oldest first.

        ``GET /api/v3/historicalTrades``, weight 25,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#old-trade-lookup>`__.

        :param limit: 500 when left out, 1000 at most
        :param fromId: the newest trades when left out
        """
        ...

    @endpoint("GET /api/v3/aggTrades", weight=4)
    def get_aggregate_trades(
        self,
        symbol: str,
        *,
        fromId: int | None = None,
        startTime: int | None = None,
        endTime: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Trades of a symbol, those of one order at one price and moment added up; keys ``a p q f l T m M`` (enums ``AGG_*``).

        ``GET /api/v3/aggTrades``, weight 4, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#compressedaggregate-trades-list>`__.

        :param fromId: this id and those after it
        :param startTime: milliseconds; with nothing else the oldest trades from there
        :param endTime: milliseconds, inclusive
        :param limit: 500 when left out, 1000 at most
        """
        ...

    @endpoint("GET /api/v3/klines", weight=2)
    def get_klines(
        self,
        symbol: str,
        interval: Annotated[KlineInterval | str, CLOSED],
        *,
        startTime: int | None = None,
        endTime: int | None = None,
        timeZone: str | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[list[Any]]:
        """Candles of a symbol, oldest first; the last one may still be open.

        A row is open time, open, high, low, close, volume, close time, quote volume, trades, taker-buy base, taker-buy quote, "0".
        ``GET /api/v3/klines``, weight 2,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#klinecandlestick-data>`__.

        :param interval: ``1s`` to ``1M``, one of the ``KLINE_INTERVAL_*``
        :param startTime: milliseconds; with nothing else the oldest candles from there
        :param endTime: milliseconds
        :param timeZone: which midnight days start at, ``"-12:00"`` to ``"+14:00"``; startTime and endTime stay in UTC
        :param limit: 500 when left out, 1000 at most
        """
        ...

    @endpoint("GET /api/v3/avgPrice", weight=2)
    def get_avg_price(self, symbol: str, **params: Any) -> dict[str, Any]:
        """The average price of the last few minutes.

        ``GET /api/v3/avgPrice``, weight 2,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#current-average-price>`__.
        """
        ...

    @endpoint("GET /api/v3/ticker/24hr", weight=limits.DAY_TICKER)
    def get_ticker(
        self,
        *,
        symbol: str | None = None,
        symbols: str | Sequence[str] | None = None,
        type: str | None = None,
        symbolStatus: str | None = None,
        **params: Any,
    ) -> Any:
        """What happened in the last 24 hours: a dict for ``symbol``, otherwise a list.

        ``GET /api/v3/ticker/24hr``, weight 2 with symbol, 2 up to 20 symbols, 40 up to 100, else 80, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#24hr-ticker-price-change-statistics>`__.

        :param type: ``FULL`` when left out, or ``MINI``
        """
        ...

    @endpoint("GET /api/v3/ticker/price", weight=limits.TICKER)
    def get_symbol_ticker(
        self,
        *,
        symbol: str | None = None,
        symbols: str | Sequence[str] | None = None,
        symbolStatus: str | None = None,
        **params: Any,
    ) -> Any:
        """The last price: ``{"symbol": ..., "price": ...}`` for ``symbol``, otherwise a list of them.

        ``GET /api/v3/ticker/price``, weight 2 with symbol, else 4,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#symbol-price-ticker>`__.
        """
        ...

    @endpoint("GET /api/v3/ticker/price", weight=limits.TICKER)
    def get_all_tickers(self, **params: Any) -> list[dict[str, Any]]:
        """The last price of every symbol.

        ``GET /api/v3/ticker/price``, weight 4,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#symbol-price-ticker>`__.
        """
        ...

    @endpoint("GET /api/v3/ticker/bookTicker", weight=limits.TICKER)
    def get_orderbook_ticker(
        self,
        *,
        symbol: str | None = None,
        symbols: str | Sequence[str] | None = None,
        symbolStatus: str | None = None,
        **params: Any,
    ) -> Any:
        """The best bid and ask with their quantities: a dict for ``symbol``, otherwise a list.

        ``GET /api/v3/ticker/bookTicker``, weight 2 with symbol, else 4, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#symbol-order-book-ticker>`__.
        """
        ...

    @endpoint("GET /api/v3/ticker/bookTicker", weight=limits.TICKER)
    def get_orderbook_tickers(self, **params: Any) -> list[dict[str, Any]]:
        """The best bid and ask of every symbol.

        ``GET /api/v3/ticker/bookTicker``, weight 4, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#symbol-order-book-ticker>`__.
        """
        ...
