"""Market data: tickers, books, trades and candles. Declared endpoints only.

Without an API key all of it can be used. Rows come newest first. ``after`` gives what is older than a mark, ``before`` what is newer, the
mark itself in neither; ``before`` alone gives the newest page, not the one that follows the mark.
"""

from __future__ import annotations

from typing import Annotated, Any

from exchangeclient.core.calling.endpoint import CLOSED, Endpoints, Symbol, endpoint
from exchangeclient.enums import InstType, OkxBar
from exchangeclient.okx import limits


class MarketData(Endpoints):
    """What happens on the market."""

    @endpoint("GET /api/v5/market/ticker", weight=1, counts=limits.IP_20)
    def get_ticker(self, instId: Symbol, **params: Any) -> dict[str, Any]:
        """The last trade, the best bid and ask, and the figures of 24 hours.

        ``vol24h`` is in contracts where those are traded, and in the base coin on spot; ``volCcy24h`` in the base coin, and in the quote
        currency on spot. ``GET /api/v5/market/ticker``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-ticker>`__.

        :raises UnknownSymbolException: when the venue does not list the instrument
        """
        ...

    @endpoint("GET /api/v5/market/tickers", weight=1, counts=limits.IP_20)
    def get_tickers(
        self, instType: Annotated[InstType | str, CLOSED], *, instFamily: Symbol | None = None, **params: Any
    ) -> list[dict[str, Any]]:
        """The same of every instrument of a type.

        ``GET /api/v5/market/tickers``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-tickers>`__.

        :param instType: ``SPOT``, ``SWAP``, ``FUTURES`` or ``OPTION``
        """
        ...

    @endpoint("GET /api/v5/market/index-tickers", weight=1, counts=limits.IP_20)
    def get_index_tickers(self, *, quoteCcy: Symbol | None = None, instId: Symbol | None = None, **params: Any) -> list[dict[str, Any]]:
        """The indices by which contracts are valued; give one of the two.

        ``GET /api/v5/market/index-tickers``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-index-tickers>`__.

        :param quoteCcy: ``USD``, ``USDT``, ``BTC`` or ``USDC``
        :param instId: the index, such as ``BTC-USD``
        """
        ...

    @endpoint("GET /api/v5/market/books", weight=1, counts=limits.IP_40)
    def get_order_book(self, instId: Symbol, *, sz: int | None = None, **params: Any) -> dict[str, Any]:
        """The order book: ``bids`` and ``asks`` as ``[price, quantity, "0", orders]``, best first.

        ``GET /api/v5/market/books``, 40 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-order-book>`__.

        :param sz: levels of each side; 1 when left out, 400 at most
        :raises UnknownSymbolException: when the venue does not list the instrument
        """
        ...

    @endpoint("GET /api/v5/market/books-full", weight=1, counts=limits.IP_10)
    def get_full_order_book(self, instId: Symbol, *, sz: int | None = None, **params: Any) -> dict[str, Any]:
        """The order book up to 5000 levels, as it was within the last second: levels are ``[price, quantity, orders]``.

        ``GET /api/v5/market/books-full``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-full-order-book>`__.

        :param sz: levels of each side; 1 when left out, 5000 at most
        :raises UnknownSymbolException: when the venue does not list the instrument
        """
        ...

    @endpoint("GET /api/v5/market/books-rpi", weight=1, counts=limits.IP_40)
    def get_rpi_order_book(self, instId: Symbol, *, sz: int | None = None, **params: Any) -> dict[str, Any]:
        """The order book with the orders of the retail price improvement program, which :meth:`get_order_book` leaves out.

        ``GET /api/v5/market/books-rpi``, 40 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-order-book>`__.

        :param sz: levels of each side; 1 when left out, 400 at most
        :raises UnknownSymbolException: when the venue does not list the instrument
        """
        ...

    @endpoint("GET /api/v5/market/trades", weight=1, counts=limits.IP_100)
    def get_recent_trades(self, instId: Symbol, *, limit: int | None = None, **params: Any) -> list[dict[str, Any]]:
        """The newest trades, newest first; ``side`` is that of the order that took.

        ``GET /api/v5/market/trades``, 100 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-trades>`__.

        :param limit: 100 when left out, 500 at most
        :raises UnknownSymbolException: when the venue does not list the instrument
        """
        ...

    @endpoint("GET /api/v5/market/history-trades", weight=1, counts=limits.IP_10)
    def get_historical_trades(
        self,
        instId: Symbol,
        *,
        type: str | None = None,
        after: str | None = None,
        before: str | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Trades of the last three months, newest first.

        ``GET /api/v5/market/history-trades``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-trades-history>`__.

        :param type: by what ``after`` and ``before`` go: ``"1"`` a ``tradeId`` (also when left out), ``"2"`` milliseconds
        :param limit: 100 at most
        """
        ...

    @endpoint("GET /api/v5/market/candles", weight=1, counts=limits.IP_40)
    def get_klines(
        self,
        instId: Symbol,
        bar: Annotated[OkxBar | str, CLOSED] | None = None,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[list[str]]:
        """Candles of the newest 1440, newest first; a row ends with ``"1"`` when the candle is closed, else with ``"0"``.

        A row is open time, open, high, low, close, volume (contracts, or the base coin on spot), volume in the base coin (quote on
        spot), volume in the quote currency, closed. ``GET /api/v5/market/candles``, 40 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-candlesticks>`__.

        :param bar: ``1m`` when left out. Candles of six hours and longer begin by Hong Kong's clock (UTC+8), those that end in ``utc`` by
            UTC: ``1D`` and ``1Dutc``
        :param after: older than this open time
        :param before: newer than this open time
        :param limit: 100 when left out, 300 at most
        :raises ValueError: for a bar that the venue does not have; nothing was sent
        :raises UnknownSymbolException: when the venue does not list the instrument
        """
        ...

    @endpoint("GET /api/v5/market/history-candles", weight=1, counts=limits.IP_20)
    def get_past_klines(
        self,
        instId: Symbol,
        bar: Annotated[OkxBar | str, CLOSED] | None = None,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[list[str]]:
        """Candles of past years that are closed, newest first, in rows as :meth:`get_klines` gives them; the newest may be missing.

        ``GET /api/v5/market/history-candles``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-candlesticks-history>`__.

        :param limit: 100 when left out
        :raises ValueError: for a bar that the venue does not have; nothing was sent
        :raises UnknownSymbolException: when the venue does not list the instrument
        """
        ...

    @endpoint("GET /api/v5/market/mark-price-candles", weight=1, counts=limits.IP_20)
    def get_mark_price_klines(
        self,
        instId: Symbol,
        bar: Annotated[OkxBar | str, CLOSED] | None = None,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[list[str]]:
        """Candles of the mark price, newest first: open time, open, high, low, close, closed.

        ``GET /api/v5/market/mark-price-candles``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-mark-price-candlesticks>`__.

        :param limit: 100 at most
        """
        ...

    @endpoint("GET /api/v5/market/history-mark-price-candles", weight=1, counts=limits.IP_10)
    def get_past_mark_price_klines(
        self,
        instId: Symbol,
        bar: Annotated[OkxBar | str, CLOSED] | None = None,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[list[str]]:
        """Candles of the mark price of past years, newest first, in rows as :meth:`get_mark_price_klines` gives them.

        ``GET /api/v5/market/history-mark-price-candles``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-mark-price-candlesticks-history>`__.

        :param limit: 100 at most
        """
        ...

    @endpoint("GET /api/v5/market/index-candles", weight=1, counts=limits.IP_20)
    def get_index_klines(
        self,
        instId: Symbol,
        bar: Annotated[OkxBar | str, CLOSED] | None = None,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[list[str]]:
        """Candles of an index, newest first: open time, open, high, low, close, closed.

        ``GET /api/v5/market/index-candles``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-index-candlesticks>`__.

        :param instId: the index, such as ``BTC-USD``
        :param limit: 100 at most
        """
        ...

    @endpoint("GET /api/v5/market/history-index-candles", weight=1, counts=limits.IP_10)
    def get_past_index_klines(
        self,
        instId: Symbol,
        bar: Annotated[OkxBar | str, CLOSED] | None = None,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[list[str]]:
        """Candles of an index of past years, newest first, in rows as :meth:`get_index_klines` gives them.

        ``GET /api/v5/market/history-index-candles``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-index-candlesticks-history>`__.

        :param limit: 100 at most
        """
        ...
