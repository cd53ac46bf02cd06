"""Spot: the venue itself and its market data. Declared endpoints only.

Without an API key all of it can be used. What the venue refuses comes as
:class:`~exchangeclient.exceptions.ExchangeAPIException`; times are milliseconds since 1970, prices and quantities are texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from exchangeclient.binance import limits
from exchangeclient.core.calling.endpoint import CLOSED, Endpoints, Symbol, Symbols, endpoint
from exchangeclient.enums import KlineInterval, SymbolStatus, TickerType


class SpotMarket(Endpoints):
    """Market data of the spot exchange."""

    @endpoint("GET /api/v3/ping", weight=1)
    def ping(self, **params: Any) -> dict[str, Any]:
        """An empty answer when the venue can be reached.

        ``GET /api/v3/ping``, weight 1,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints#test-connectivity>`__.

        :raises ExchangeRequestException: when there was no usable answer
        """
        ...

    @endpoint("GET /api/v3/time", weight=1)
    def get_server_time(self, **params: Any) -> dict[str, Any]:
        """The venue's time: ``{"serverTime": 1499827319559}``.

        ``GET /api/v3/time``, weight 1,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints#check-server-time>`__.

        :raises ExchangeRequestException: when there was no usable answer
        """
        ...

    @endpoint("GET /api/v3/exchangeInfo", weight=20)
    def get_exchange_info(
        self,
        *,
        symbol: Symbol | None = None,
        symbols: Symbols | None = None,
        permissions: str | Sequence[str] | None = None,
        showPermissionSets: bool | None = None,
        symbolStatus: SymbolStatus | str | None = None,
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

    @endpoint("GET /api/v3/executionRules", weight=limits.EXECUTION_RULES)
    def get_execution_rules(
        self,
        *,
        symbol: Symbol | None = None,
        symbols: Symbols | None = None,
        symbolStatus: SymbolStatus | str | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """How far from the reference price orders of a symbol are carried out; give one of the three arguments or none.

        ``GET /api/v3/executionRules``, weight 2 with symbol, 2 for each of symbols up to 40, else 40,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints#query-execution-rules>`__.

        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/referencePrice", weight=2)
    def get_reference_price(self, symbol: Symbol, **params: Any) -> dict[str, Any]:
        """The price that a symbol's filters and execution rules refer to; it may be null.

        ``GET /api/v3/referencePrice``, weight 2,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#query-reference-price>`__.

        :raises ExchangeAPIException: code -2043 when the symbol never had one
        """
        ...

    @endpoint("GET /api/v3/referencePrice/calculation", weight=2)
    def get_reference_price_calculation(
        self, symbol: Symbol, *, symbolStatus: SymbolStatus | str | None = None, **params: Any
    ) -> dict[str, Any]:
        """How a symbol's reference price is calculated.

        ``GET /api/v3/referencePrice/calculation``, weight 2, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#query-reference-price-calculation>`__.

        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/depth", weight=limits.DEPTH)
    def get_order_book(
        self, symbol: Symbol, *, limit: int | None = None, symbolStatus: SymbolStatus | str | None = None, **params: Any
    ) -> dict[str, Any]:
        """The order book of a symbol: ``lastUpdateId``, and ``bids`` and ``asks`` as ``[price, quantity]``, best first.

        ``GET /api/v3/depth``, weight 5 up to limit 100, 25 up to 500, 50 up to 1000, 250 up to 5000,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#order-book>`__.

        :param limit: levels of each side; 100 when left out, 5000 at most
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/trades", weight=25)
    def get_recent_trades(self, symbol: Symbol, *, limit: int | None = None, **params: Any) -> list[dict[str, Any]]:
        """The newest trades of a symbol, oldest first.

        ``GET /api/v3/trades``, weight 25,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#recent-trades-list>`__.

        :param limit: 500 when left out, 1000 at most
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/historicalTrades", weight=25)
    def get_historical_trades(
        self, symbol: Symbol, *, limit: int | None = None, fromId: int | None = None, **params: Any
    ) -> list[dict[str, Any]]:
        """Trades of a symbol from an id on, oldest first.

        ``GET /api/v3/historicalTrades``, weight 25,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#old-trade-lookup>`__.

        :param limit: 500 when left out, 1000 at most
        :param fromId: the newest trades when left out
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/historicalBlockTrades", weight=25)
    def get_historical_block_trades(self, symbol: Symbol, fromId: int, *, limit: int | None = None, **params: Any) -> list[dict[str, Any]]:
        """Block trades of a symbol from an id on, oldest first.

        ``GET /api/v3/historicalBlockTrades``, weight 25, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#historical-block-trades>`__.

        :param fromId: this id and those after it
        :param limit: 500 when left out, 1000 at most
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/aggTrades", weight=4)
    def get_aggregate_trades(
        self,
        symbol: Symbol,
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
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/klines", weight=2)
    def get_klines(
        self,
        symbol: Symbol,
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
        :raises ValueError: for an interval that the venue does not have; nothing was sent
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/uiKlines", weight=2)
    def get_ui_klines(
        self,
        symbol: Symbol,
        interval: Annotated[KlineInterval | str, CLOSED],
        *,
        startTime: int | None = None,
        endTime: int | None = None,
        timeZone: str | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[list[Any]]:
        """Candles as :meth:`get_klines` gives them, smoothed for charts by the venue.

        ``GET /api/v3/uiKlines``, weight 2,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#uiklines>`__.

        :param interval: ``1s`` to ``1M``, one of the ``KLINE_INTERVAL_*``
        :param startTime: milliseconds; with nothing else the oldest candles from there
        :param endTime: milliseconds
        :param timeZone: which midnight days start at, ``"-12:00"`` to ``"+14:00"``; startTime and endTime stay in UTC
        :param limit: 500 when left out, 1000 at most
        :raises ValueError: for an interval that the venue does not have; nothing was sent
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/avgPrice", weight=2)
    def get_avg_price(self, symbol: Symbol, **params: Any) -> dict[str, Any]:
        """The average price of the last few minutes.

        ``GET /api/v3/avgPrice``, weight 2,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#current-average-price>`__.

        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/ticker/24hr", weight=limits.DAY_TICKER)
    def get_ticker(
        self,
        *,
        symbol: Symbol | None = None,
        symbols: Symbols | None = None,
        type: TickerType | str | None = None,
        symbolStatus: SymbolStatus | str | None = None,
        **params: Any,
    ) -> Any:
        """What happened in the last 24 hours: a dict for ``symbol``, otherwise a list.

        ``GET /api/v3/ticker/24hr``, weight 2 with symbol, 2 up to 20 symbols, 40 up to 100, else 80, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#24hr-ticker-price-change-statistics>`__.

        :param type: ``FULL`` when left out, or ``MINI``
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/ticker/tradingDay", weight=limits.WINDOW_TICKER)
    def get_trading_day_ticker(
        self,
        *,
        symbol: Symbol | None = None,
        symbols: Symbols | None = None,
        timeZone: str | None = None,
        type: TickerType | str | None = None,
        symbolStatus: SymbolStatus | str | None = None,
        **params: Any,
    ) -> Any:
        """What happened since the day began: a dict for ``symbol``, a list for ``symbols``.

        ``GET /api/v3/ticker/tradingDay``, weight 4 for each symbol, 200 at most,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#trading-day-ticker>`__.

        :param symbols: 100 at most
        :param timeZone: at which midnight the day begins, UTC's when left out
        :param type: ``FULL`` when left out, or ``MINI``
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/ticker", weight=limits.WINDOW_TICKER)
    def get_symbol_ticker_window(
        self,
        *,
        symbol: Symbol | None = None,
        symbols: Symbols | None = None,
        windowSize: str | None = None,
        type: TickerType | str | None = None,
        symbolStatus: SymbolStatus | str | None = None,
        **params: Any,
    ) -> Any:
        """What happened in a stretch of time up to now: a dict for ``symbol``, a list for ``symbols``.

        ``GET /api/v3/ticker``, weight 4 for each symbol, 200 at most, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#rolling-window-price-change-statistics>`__.

        :param symbols: 100 at most
        :param windowSize: ``1m`` to ``59m``, ``1h`` to ``23h``, ``1d`` to ``7d``; ``1d`` when left out. It begins on a full minute
        :param type: ``FULL`` when left out, or ``MINI``
        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/ticker/price", weight=limits.TICKER)
    def get_symbol_ticker(
        self,
        *,
        symbol: Symbol | None = None,
        symbols: Symbols | None = None,
        symbolStatus: SymbolStatus | str | None = None,
        **params: Any,
    ) -> Any:
        """The last price: ``{"symbol": ..., "price": ...}`` for ``symbol``, otherwise a list of them.

        ``GET /api/v3/ticker/price``, weight 2 with symbol, else 4,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#symbol-price-ticker>`__.

        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/ticker/price", weight=limits.TICKER)
    def get_all_tickers(self, **params: Any) -> list[dict[str, Any]]:
        """The last price of every symbol.

        ``GET /api/v3/ticker/price``, weight 4,
        `documentation <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#symbol-price-ticker>`__.

        :raises ExchangeRequestException: when there was no usable answer
        """
        ...

    @endpoint("GET /api/v3/ticker/bookTicker", weight=limits.TICKER)
    def get_orderbook_ticker(
        self,
        *,
        symbol: Symbol | None = None,
        symbols: Symbols | None = None,
        symbolStatus: SymbolStatus | str | None = None,
        **params: Any,
    ) -> Any:
        """The best bid and ask with their quantities: a dict for ``symbol``, otherwise a list.

        ``GET /api/v3/ticker/bookTicker``, weight 2 with symbol, else 4, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#symbol-order-book-ticker>`__.

        :raises UnknownSymbolException: when the venue does not list the symbol
        """
        ...

    @endpoint("GET /api/v3/ticker/bookTicker", weight=limits.TICKER)
    def get_orderbook_tickers(self, **params: Any) -> list[dict[str, Any]]:
        """The best bid and ask of every symbol.

        ``GET /api/v3/ticker/bookTicker``, weight 4, `documentation
        <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#symbol-order-book-ticker>`__.

        :raises ExchangeRequestException: when there was no usable answer
        """
        ...
