"""Public data: the venue's time, what can be traded by which rules, funding. Declared endpoints only.

Without an API key all of it can be used. What the venue refuses comes as
:class:`~exchangeclient.exceptions.ExchangeAPIException`; all figures and times (milliseconds since 1970) are texts, and an empty text
says that there is none.
"""

from __future__ import annotations

from typing import Annotated, Any

from exchangeclient.core.calling.endpoint import CLOSED, Endpoints, Symbol, endpoint
from exchangeclient.enums import InstType
from exchangeclient.okx import limits


class PublicData(Endpoints):
    """What the venue says of itself and of its instruments."""

    @endpoint("GET /api/v5/public/time", weight=1, counts=limits.IP_10)
    def get_server_time(self, **params: Any) -> dict[str, Any]:
        """The venue's time: ``{"ts": "1597026383085"}``.

        ``GET /api/v5/public/time``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-system-time>`__.

        :raises ExchangeRequestException: when there was no usable answer
        """
        ...

    @endpoint("GET /api/v5/system/status", weight=1, counts=limits.UNCOUNTED)
    def get_system_status(self, *, state: str | None = None, **params: Any) -> list[dict[str, Any]]:
        """Maintenance that is planned or under way.

        ``GET /api/v5/system/status``, once in 5 s,
        `documentation <https://www.okx.com/docs-v5/en/#status-get-status>`__.

        :param state: ``scheduled``, ``ongoing``, ``pre_open``, ``completed`` or ``canceled``
        """
        ...

    @endpoint("GET /api/v5/public/instruments", weight=1, counts=limits.IP_20, by="instType")
    def get_instruments(
        self,
        instType: Annotated[InstType | str, CLOSED],
        *,
        instFamily: Symbol | None = None,
        instId: Symbol | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """What can be traded, with the rules of its orders. The client's own order rules are refreshed from the answer.

        ``GET /api/v5/public/instruments``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments>`__.

        :param instType: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES`` or ``OPTION``
        :param instFamily: such as ``BTC-USD``; needed for options
        :raises UnknownSymbolException: when the venue does not list the instrument
        """
        ...

    @endpoint("GET /api/v5/public/mark-price", weight=1, counts=limits.IP_10)
    def get_mark_price(
        self,
        instType: Annotated[InstType | str, CLOSED],
        *,
        instFamily: Symbol | None = None,
        instId: Symbol | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """The prices by which positions are valued.

        ``GET /api/v5/public/mark-price``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-mark-price>`__.
        """
        ...

    @endpoint("GET /api/v5/public/funding-rate", weight=1, counts=limits.IP_10, by="instId")
    def get_funding_rate(self, instId: Symbol, **params: Any) -> list[dict[str, Any]]:
        """The present funding rate of a swap, and when it is paid.

        ``GET /api/v5/public/funding-rate``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-funding-rate>`__.

        :param instId: of a swap; ``ANY`` for all of them
        :raises UnknownSymbolException: when the venue does not list the instrument
        """
        ...

    @endpoint("GET /api/v5/public/funding-rate-history", weight=1, counts=limits.IP_10, by="instId")
    def get_funding_rate_history(
        self, instId: Symbol, *, before: int | None = None, after: int | None = None, limit: int | None = None, **params: Any
    ) -> list[dict[str, Any]]:
        """Funding rates that were paid, newest first. How far they are apart differs, and changes.

        ``GET /api/v5/public/funding-rate-history``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-funding-rate-history>`__.

        :param before: newer than this ``fundingTime``
        :param after: older than this ``fundingTime``
        :param limit: 400 at most
        """
        ...

    @endpoint("GET /api/v5/public/price-limit", weight=1, counts=limits.IP_20)
    def get_price_limit(self, instId: Symbol, **params: Any) -> dict[str, Any]:
        """The highest price to buy at and the lowest to sell at: ``buyLmt``, ``sellLmt``.

        ``GET /api/v5/public/price-limit``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-limit-price>`__.

        :raises UnknownSymbolException: when the venue does not list the instrument
        """
        ...

    @endpoint("GET /api/v5/public/open-interest", weight=1, counts=limits.IP_20)
    def get_open_interest(
        self,
        instType: Annotated[InstType | str, CLOSED],
        *,
        instFamily: Symbol | None = None,
        instId: Symbol | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """How many contracts are open.

        ``GET /api/v5/public/open-interest``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-open-interest>`__.
        """
        ...

    @endpoint("GET /api/v5/public/position-tiers", weight=1, counts=limits.IP_10)
    def get_position_tiers(
        self,
        instType: Annotated[InstType | str, CLOSED],
        tdMode: str,
        *,
        instFamily: str | None = None,
        instId: Symbol | None = None,
        ccy: Symbol | None = None,
        tier: str | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """How much leverage a position of which size may have.

        ``GET /api/v5/public/position-tiers``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-position-tiers>`__.

        :param tdMode: ``cross`` or ``isolated``
        """
        ...

    @endpoint("GET /api/v5/public/liquidation-orders", weight=1, counts=limits.IP_40)
    def get_liquidation_orders(
        self,
        instType: Annotated[InstType | str, CLOSED],
        *,
        instFamily: Symbol | None = None,
        state: str | None = None,
        before: int | None = None,
        after: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Positions that the venue closed lately, newest first: their sizes and prices stand in ``details``.

        ``GET /api/v5/public/liquidation-orders``, 40 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-liquidation-orders>`__.

        :param instFamily: such as ``BTC-USD``; needed for swaps, futures and options
        :param state: ``filled`` or ``unfilled``
        :param before: newer than this time
        :param after: older than this time
        :param limit: 100 at most, and when left out
        """
        ...
