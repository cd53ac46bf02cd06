"""Market data: books, trades, quotes and their bins. Declared endpoints only.

Tables are asked as :mod:`.public_data` says. Without ``startTime`` and ``reverse`` they begin with the oldest rows that there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from exchangeclient.core.calling.endpoint import CLOSED, Endpoints, endpoint
from exchangeclient.enums import BitmexBin


class MarketData(Endpoints):
    """What happens on the market."""

    @endpoint("GET /api/v1/orderBook/L2", weight=1)
    def get_order_book(self, symbol: str, *, depth: int | None = None, **params: Any) -> list[dict[str, Any]]:
        """The order book: a row for each level, ``{"symbol": ..., "id": ..., "side": "Sell", "size": ..., "price": ...}``.

        ``GET /api/v1/orderBook/L2``, `documentation <https://www.bitmex.com/api/explorer/#!/OrderBook/OrderBook_getL2>`__.

        :param depth: levels of each side; 25 when left out, 0 for all
        """
        ...

    @endpoint("GET /api/v1/trade", weight=1)
    def get_historical_trades(
        self,
        *,
        symbol: str | None = None,
        filter: Mapping[str, Any] | str | None = None,
        columns: Sequence[str] | None = None,
        count: int | None = None,
        start: int | None = None,
        reverse: bool | None = None,
        startTime: str | None = None,
        endTime: str | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Trades; those of an index have size 0.

        ``GET /api/v1/trade``, `documentation <https://www.bitmex.com/api/explorer/#!/Trade/Trade_get>`__.
        """
        ...

    @endpoint("GET /api/v1/trade/bucketed", weight=1)
    def get_klines(
        self,
        symbol: str,
        binSize: Annotated[BitmexBin | str, CLOSED],
        *,
        partial: bool | None = None,
        filter: Mapping[str, Any] | str | None = None,
        columns: Sequence[str] | None = None,
        count: int | None = None,
        start: int | None = None,
        reverse: bool | None = None,
        startTime: str | None = None,
        endTime: str | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Candles of an instrument.

        ``timestamp`` is when it *ended*; ``open`` is the ``close`` of the one before. Any number: :meth:`get_historical_klines`.
        ``GET /api/v1/trade/bucketed``, `documentation <https://www.bitmex.com/api/explorer/#!/Trade/Trade_getBucketed>`__.

        :param binSize: ``1m``, ``5m``, ``1h`` or ``1d``
        :param partial: True for the candle that is still open, too
        """
        ...

    @endpoint("GET /api/v1/quote", weight=1)
    def get_quotes(
        self,
        *,
        symbol: str | None = None,
        filter: Mapping[str, Any] | str | None = None,
        columns: Sequence[str] | None = None,
        count: int | None = None,
        start: int | None = None,
        reverse: bool | None = None,
        startTime: str | None = None,
        endTime: str | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Best bids and asks.

        ``GET /api/v1/quote``, `documentation <https://www.bitmex.com/api/explorer/#!/Quote/Quote_get>`__.
        """
        ...

    @endpoint("GET /api/v1/quote/bucketed", weight=1)
    def get_quote_bins(
        self,
        symbol: str,
        binSize: Annotated[BitmexBin | str, CLOSED],
        *,
        partial: bool | None = None,
        filter: Mapping[str, Any] | str | None = None,
        columns: Sequence[str] | None = None,
        count: int | None = None,
        start: int | None = None,
        reverse: bool | None = None,
        startTime: str | None = None,
        endTime: str | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """The last quote of each stretch of time.

        ``timestamp`` is when it *ended*.
        ``GET /api/v1/quote/bucketed``, `documentation <https://www.bitmex.com/api/explorer/#!/Quote/Quote_getBucketed>`__.

        :param binSize: ``1m``, ``5m``, ``1h`` or ``1d``
        :param partial: True for the one that is still open, too
        """
        ...
