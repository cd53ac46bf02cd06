"""The account: positions, leverage, executions, money. Declared endpoints only.

Tables are asked as :mod:`.public_data` says. Money is in whole numbers of the currency's smallest unit, ``XBt`` (1e-8 of a bitcoin) when no
``currency`` is said; :func:`exchangeclient.bitmex.money.major` makes coins of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from exchangeclient.bitmex import limits
from exchangeclient.core.calling.endpoint import Endpoints, endpoint
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.numbers import Number


class Account(Endpoints):
    """The account."""

    @endpoint("GET /api/v1/position", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_positions(
        self,
        *,
        filter: Mapping[str, Any] | str | None = None,
        columns: Sequence[str] | None = None,
        count: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Positions, those that were closed too; ``currentQty`` is below zero for a short one.

        ``GET /api/v1/position``, `documentation <https://www.bitmex.com/api/explorer/#!/Position/Position_get>`__.
        """
        ...

    @endpoint("POST /api/v1/position/leverage", weight=1, counts=limits.ACCOUNT, security=Security.TRADE, kind=Kind.TRANSFER, orders=1)
    def set_leverage(self, symbol: str, leverage: Number, **params: Any) -> dict[str, Any]:
        """How many times its margin a position may be: the position.

        ``POST /api/v1/position/leverage``, `documentation <https://www.bitmex.com/api/explorer/#!/Position/Position_updateLeverage>`__.

        :param leverage: 0.01 to 100; 0 for cross margin
        """
        ...

    @endpoint("POST /api/v1/position/isolate", weight=1, counts=limits.ACCOUNT, security=Security.TRADE, kind=Kind.TRANSFER, orders=1)
    def isolate_margin(self, symbol: str, *, enabled: bool | None = None, **params: Any) -> dict[str, Any]:
        """Have the margin of a position apart, or with all others: the position.

        ``POST /api/v1/position/isolate``, `documentation <https://www.bitmex.com/api/explorer/#!/Position/Position_isolateMargin>`__.

        :param enabled: True (when left out) apart, False for cross margin
        """
        ...

    @endpoint("POST /api/v1/position/riskLimit", weight=1, counts=limits.ACCOUNT, security=Security.TRADE, kind=Kind.TRANSFER)
    def set_risk_limit(self, symbol: str, riskLimit: int, **params: Any) -> dict[str, Any]:
        """Change the risk limit of a position: the position.

        ``POST /api/v1/position/riskLimit``, `documentation <https://www.bitmex.com/api/explorer/#!/Position/Position_updateRiskLimit>`__.
        """
        ...

    @endpoint(
        "POST /api/v1/position/transferMargin", weight=1, counts=limits.ACCOUNT, security=Security.TRADE, kind=Kind.TRANSFER, orders=1
    )
    def transfer_margin(self, symbol: str, amount: Decimal | int, **params: Any) -> dict[str, Any]:
        """Move money into a position that has its margin apart, or out of it: the position.

        ``POST /api/v1/position/transferMargin``, `documentation <https://www.bitmex.com/api/explorer/#!/Position/Position_transferIsolatedMargin>`__.

        :param amount: in the smallest unit; below zero takes it out
        """
        ...

    @endpoint("GET /api/v1/execution", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_executions(
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
        """Everything that happened to orders: they came, were filled, changed, ended.

        ``GET /api/v1/execution``, `documentation <https://www.bitmex.com/api/explorer/#!/Execution/Execution_get>`__.
        """
        ...

    @endpoint("GET /api/v1/execution/tradeHistory", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_my_trades(
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
        """The account's trades, with funding and settlement.

        ``GET /api/v1/execution/tradeHistory``, `documentation <https://www.bitmex.com/api/explorer/#!/Execution/Execution_getTradeHistory>`__.
        """
        ...

    @endpoint("GET /api/v1/user/margin", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_account(self, *, currency: str | None = None, **params: Any) -> Any:
        """What the account holds of a currency: ``walletBalance``, ``marginBalance``, ``availableMargin`` and more.

        ``GET /api/v1/user/margin``, `documentation <https://www.bitmex.com/api/explorer/#!/User/User_getMargin>`__.

        :param currency: ``XBt`` when left out; ``all`` for a list
        """
        ...

    @endpoint("GET /api/v1/user/wallet", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_wallet(self, *, currency: str | None = None, **params: Any) -> Any:
        """What was paid in and out.

        ``GET /api/v1/user/wallet``, `documentation <https://www.bitmex.com/api/explorer/#!/User/User_getWallet>`__.

        :param currency: ``XBt`` when left out; ``all`` for a list
        """
        ...

    @endpoint("GET /api/v1/user/walletHistory", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_wallet_history(
        self, *, currency: str | None = None, count: int | None = None, start: int | None = None, **params: Any
    ) -> list[dict[str, Any]]:
        """Every change of the wallet, newest first.

        ``GET /api/v1/user/walletHistory``, `documentation <https://www.bitmex.com/api/explorer/#!/User/User_getWalletHistory>`__.
        """
        ...

    @endpoint("GET /api/v1/user/walletSummary", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_wallet_summary(self, *, currency: str | None = None, **params: Any) -> list[dict[str, Any]]:
        """The same summed up.

        ``GET /api/v1/user/walletSummary``, `documentation <https://www.bitmex.com/api/explorer/#!/User/User_getWalletSummary>`__.
        """
        ...

    @endpoint("GET /api/v1/user", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_user(self, **params: Any) -> dict[str, Any]:
        """Who the account belongs to.

        ``GET /api/v1/user``, `documentation <https://www.bitmex.com/api/explorer/#!/User/User_get>`__.
        """
        ...

    @endpoint("GET /api/v1/user/commission", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_commission(self, **params: Any) -> dict[str, Any]:
        """The fees of each instrument.

        ``GET /api/v1/user/commission``, `documentation <https://www.bitmex.com/api/explorer/#!/User/User_getCommission>`__.
        """
        ...

    @endpoint("GET /api/v1/user/executionHistory", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_execution_history(self, symbol: str, timestamp: str, **params: Any) -> list[dict[str, Any]]:
        """The executions of one day.

        ``GET /api/v1/user/executionHistory``,
        `documentation <https://www.bitmex.com/api/explorer/#!/User/User_getExecutionHistory>`__.

        :param timestamp: ISO, of the day
        """
        ...

    @endpoint("GET /api/v1/user/tradingVolume", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_trading_volume(self, **params: Any) -> Any:
        """What was traded in 30 days, in US dollars.

        ``GET /api/v1/user/tradingVolume``, `documentation <https://www.bitmex.com/api/explorer/#!/User/User_getTradingVolume>`__.
        """
        ...

    @endpoint("GET /api/v1/apiKey", weight=1, counts=limits.ACCOUNT, security=Security.USER_DATA)
    def get_api_keys(self, **params: Any) -> list[dict[str, Any]]:
        """The keys of the account, without their secrets.

        ``GET /api/v1/apiKey``, `documentation <https://www.bitmex.com/api/explorer/#!/APIKey/APIKey_get>`__.
        """
        ...
