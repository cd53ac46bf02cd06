"""Public data: the venue's time, its instruments with the rules of their orders, funding, statistics. Declared endpoints only.

Without an API key all of it can be used. Tables share their parameters: ``filter`` is a dict (``{"state": "Open"}``; a list in it means any
of these), ``columns`` names the columns that are wanted, ``count`` (100 when left out, 500 at most) and ``start`` page, ``reverse=True``
gives the newest first, ``startTime`` and ``endTime`` are ISO texts, both inclusive. A ``symbol`` may be a series: ``XBT:perpetual``.
Figures are JSON numbers, times ISO texts in UTC; amounts of money are whole numbers of the currency's smallest unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exchangeclient.core.calling.endpoint import Endpoints, endpoint


class PublicData(Endpoints):
    """What the venue says of itself and of its instruments."""

    @endpoint("GET /api/v1", weight=1)
    def get_server_time(self, **params: Any) -> dict[str, Any]:
        """The venue's time: ``{"name": "BitMEX API", "version": "1.2.0", "timestamp": 1554709447283}``.

        ``GET /api/v1``, `documentation <https://www.bitmex.com/app/restAPI>`__.

        :raises ExchangeRequestException: when there was no usable answer
        """
        ...

    @endpoint("GET /api/v1/instrument", weight=1)
    def get_instruments(
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
        """All instruments, those that have ended and the indices too. The client's own order rules are refreshed from the answer.

        ``GET /api/v1/instrument``, `documentation <https://www.bitmex.com/api/explorer/#!/Instrument/Instrument_get>`__.
        """
        ...

    @endpoint("GET /api/v1/instrument/active", weight=1)
    def get_active_instruments(self, **params: Any) -> list[dict[str, Any]]:
        """The instruments that are open, and those that ended within a day. The client's own order rules are refreshed from it.

        ``GET /api/v1/instrument/active``, `documentation <https://www.bitmex.com/api/explorer/#!/Instrument/Instrument_getActive>`__.
        """
        ...

    @endpoint("GET /api/v1/instrument/indices", weight=1)
    def get_indices(self, **params: Any) -> list[dict[str, Any]]:
        """The indices by which contracts are valued.

        ``GET /api/v1/instrument/indices``, `documentation <https://www.bitmex.com/api/explorer/#!/Instrument/Instrument_getIndices>`__.
        """
        ...

    @endpoint("GET /api/v1/instrument/activeAndIndices", weight=1)
    def get_active_and_indices(self, **params: Any) -> list[dict[str, Any]]:
        """Both of these.

        ``GET /api/v1/instrument/activeAndIndices``, `documentation <https://www.bitmex.com/api/explorer/#!/Instrument/Instrument_getActiveAndIndices>`__.
        """
        ...

    @endpoint("GET /api/v1/instrument/activeIntervals", weight=1)
    def get_active_intervals(self, **params: Any) -> dict[str, Any]:
        """The series that are open (``intervals``), and what each stands for now (``symbols``).

        ``GET /api/v1/instrument/activeIntervals``, `documentation <https://www.bitmex.com/api/explorer/#!/Instrument/Instrument_getActiveIntervals>`__.
        """
        ...

    @endpoint("GET /api/v1/instrument/compositeIndex", weight=1)
    def get_composite_index(
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
        """What an index is made of.

        ``GET /api/v1/instrument/compositeIndex``, `documentation <https://www.bitmex.com/api/explorer/#!/Instrument/Instrument_getCompositeIndex>`__.
        """
        ...

    @endpoint("GET /api/v1/funding", weight=1)
    def get_funding(
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
        """Funding that was paid.

        ``GET /api/v1/funding``, `documentation <https://www.bitmex.com/api/explorer/#!/Funding/Funding_get>`__.
        """
        ...

    @endpoint("GET /api/v1/settlement", weight=1)
    def get_settlements(
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
        """Contracts that were settled.

        ``GET /api/v1/settlement``, `documentation <https://www.bitmex.com/api/explorer/#!/Settlement/Settlement_get>`__.
        """
        ...

    @endpoint("GET /api/v1/insurance", weight=1)
    def get_insurance(
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
        """What the insurance fund held.

        ``GET /api/v1/insurance``, `documentation <https://www.bitmex.com/api/explorer/#!/Insurance/Insurance_get>`__.
        """
        ...

    @endpoint("GET /api/v1/liquidation", weight=1)
    def get_liquidations(
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
        """Orders by which positions are being liquidated.

        ``GET /api/v1/liquidation``, `documentation <https://www.bitmex.com/api/explorer/#!/Liquidation/Liquidation_get>`__.
        """
        ...

    @endpoint("GET /api/v1/stats", weight=1)
    def get_stats(self, **params: Any) -> list[dict[str, Any]]:
        """Turnover and open interest by instrument.

        ``GET /api/v1/stats``, `documentation <https://www.bitmex.com/api/explorer/#!/Stats/Stats_get>`__.
        """
        ...

    @endpoint("GET /api/v1/stats/history", weight=1)
    def get_stats_history(self, **params: Any) -> list[dict[str, Any]]:
        """The same of each day.

        ``GET /api/v1/stats/history``, `documentation <https://www.bitmex.com/api/explorer/#!/Stats/Stats_history>`__.
        """
        ...

    @endpoint("GET /api/v1/stats/historyUSD", weight=1)
    def get_stats_history_usd(self, **params: Any) -> list[dict[str, Any]]:
        """The same in US dollars; all days at once.

        ``GET /api/v1/stats/historyUSD``, `documentation <https://www.bitmex.com/api/explorer/#!/Stats/Stats_historyUSD>`__.
        """
        ...

    @endpoint("GET /api/v1/announcement", weight=1)
    def get_announcements(self, *, columns: Sequence[str] | None = None, **params: Any) -> list[dict[str, Any]]:
        """What the venue has announced.

        ``GET /api/v1/announcement``, `documentation <https://www.bitmex.com/api/explorer/#!/Announcement/Announcement_get>`__.
        """
        ...

    @endpoint("GET /api/v1/schema", weight=1)
    def get_schema(self, *, model: str | None = None, **params: Any) -> dict[str, Any]:
        """The columns of each table.

        ``GET /api/v1/schema``, `documentation <https://www.bitmex.com/api/explorer/#!/Schema/Schema_get>`__.
        """
        ...

    @endpoint("GET /api/v1/schema/websocketHelp", weight=1)
    def get_websocket_help(self, **params: Any) -> dict[str, Any]:
        """What the realtime socket can be asked.

        ``GET /api/v1/schema/websocketHelp``, `documentation <https://www.bitmex.com/api/explorer/#!/Schema/Schema_websocketHelp>`__.
        """
        ...

    @endpoint("GET /api/v1/wallet/assets", weight=1)
    def get_assets(self, **params: Any) -> list[dict[str, Any]]:
        """The currencies, with ``scale``: how many digits their smallest unit has behind the point.

        ``GET /api/v1/wallet/assets``, `documentation <https://www.bitmex.com/api/explorer/#!/Wallet/Wallet_getAssetsConfig>`__.
        """
        ...

    @endpoint("GET /api/v1/wallet/networks", weight=1)
    def get_networks(self, **params: Any) -> list[dict[str, Any]]:
        """The networks over which currencies were paid in and out.

        ``GET /api/v1/wallet/networks``, `documentation <https://www.bitmex.com/api/explorer/#!/Wallet/Wallet_getNetworksConfig>`__.
        """
        ...

    @endpoint("GET /api/v1/announcement/urgent", weight=1)
    def get_urgent_announcements(self, **params: Any) -> list[dict[str, Any]]:
        """Those that are urgent.

        ``GET /api/v1/announcement/urgent``, `documentation <https://www.bitmex.com/api/explorer/#!/Announcement/Announcement_getUrgent>`__.
        """
        ...

    @endpoint("GET /api/v1/instrument/usdVolume", weight=1)
    def get_usd_volume(self, *, symbol: str | None = None, columns: Sequence[str] | None = None, **params: Any) -> list[dict[str, Any]]:
        """Turnover in US dollars.

        ``GET /api/v1/instrument/usdVolume``,
        `documentation <https://www.bitmex.com/api/explorer/#!/Instrument/Instrument_getUsdVolume>`__.
        """
        ...
