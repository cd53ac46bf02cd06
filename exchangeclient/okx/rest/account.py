"""The trading account: balances, positions, leverage, fees, how it is set up. Declared endpoints only."""

from __future__ import annotations

from typing import Annotated, Any

from exchangeclient.core.calling.endpoint import CLOSED, Endpoints, Symbol, endpoint
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.enums import InstType, PositionMode, PosSide, TradeMode
from exchangeclient.numbers import Number
from exchangeclient.okx import limits


class Account(Endpoints):
    """The trading account."""

    @endpoint("GET /api/v5/account/config", weight=1, counts=limits.USER_5, security=Security.USER_DATA)
    def get_account_config(self, **params: Any) -> dict[str, Any]:
        """How the account is set up: ``acctLv``, ``posMode``, ``perm`` and more.

        ``acctLv`` 1 is spot, 2 futures, 3 several currencies, 4 portfolio margin; ``posMode`` is ``net_mode`` or ``long_short_mode``.
        ``GET /api/v5/account/config``, 5 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-account-configuration>`__.
        """
        ...

    @endpoint("GET /api/v5/account/balance", weight=1, counts=limits.USER_10, security=Security.USER_DATA)
    def get_account(self, *, ccy: str | None = None, **params: Any) -> dict[str, Any]:
        """What the account holds: ``details`` has a row for each currency that is not zero.

        ``GET /api/v5/account/balance``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-balance>`__.

        :param ccy: these only, with commas between, 20 at most
        """
        ...

    @endpoint("GET /api/v5/account/positions", weight=1, counts=limits.USER_10, security=Security.USER_DATA)
    def get_positions(
        self,
        *,
        instType: Annotated[InstType | str, CLOSED] | None = None,
        instId: str | None = None,
        posId: str | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Open positions. ``pos`` has a sign where ``posSide`` is ``net``; else it is above zero, for both sides.

        ``GET /api/v5/account/positions``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-positions>`__.
        """
        ...

    @endpoint("GET /api/v5/account/positions-history", weight=1, counts=limits.USER_10, security=Security.USER_DATA)
    def get_positions_history(
        self,
        *,
        instType: Annotated[InstType | str, CLOSED] | None = None,
        instId: Symbol | None = None,
        mgnMode: str | None = None,
        type: str | None = None,
        posId: str | None = None,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Positions of the last three months that are closed, or partly, newest first.

        ``GET /api/v5/account/positions-history``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-positions-history>`__.
        """
        ...

    @endpoint("GET /api/v5/account/bills", weight=1, counts=limits.USER_10, security=Security.USER_DATA)
    def get_bills(
        self,
        *,
        instType: Annotated[InstType | str, CLOSED] | None = None,
        ccy: Symbol | None = None,
        type: str | None = None,
        after: str | None = None,
        before: str | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Everything that changed the balance in the last seven days, newest first.

        ``GET /api/v5/account/bills``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-bills-details-last-7-days>`__.

        :param after: older than this ``billId``
        :param before: newer than this ``billId``
        """
        ...

    @endpoint("GET /api/v5/account/trade-fee", weight=1, counts=limits.USER_5, security=Security.USER_DATA)
    def get_trade_fee(
        self,
        instType: Annotated[InstType | str, CLOSED],
        *,
        instId: Symbol | None = None,
        instFamily: Symbol | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """What trades cost: ``maker`` and ``taker``; below zero is paid, above zero is given.

        ``GET /api/v5/account/trade-fee``, 5 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-fee-rates>`__.
        """
        ...

    @endpoint("GET /api/v5/account/instruments", weight=1, counts=limits.USER_20, security=Security.USER_DATA)
    def get_account_instruments(
        self,
        instType: Annotated[InstType | str, CLOSED],
        *,
        instFamily: Symbol | None = None,
        instId: Symbol | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """What this account may trade, in the form of :meth:`get_instruments`.

        ``GET /api/v5/account/instruments``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-instruments>`__.
        """
        ...

    @endpoint("GET /api/v5/account/max-size", weight=1, counts=limits.USER_20, security=Security.USER_DATA)
    def get_max_size(
        self,
        instId: str,
        tdMode: Annotated[TradeMode | str, CLOSED],
        *,
        ccy: Symbol | None = None,
        px: Number | None = None,
        leverage: Number | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """The largest order that the balance covers: ``maxBuy``, ``maxSell``.

        ``GET /api/v5/account/max-size``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-maximum-order-quantity>`__.
        """
        ...

    @endpoint("GET /api/v5/account/leverage-info", weight=1, counts=limits.USER_20, security=Security.USER_DATA)
    def get_leverage(self, instId: str, mgnMode: Annotated[TradeMode | str, CLOSED], **params: Any) -> list[dict[str, Any]]:
        """How many times its margin a position may be.

        ``GET /api/v5/account/leverage-info``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-leverage>`__.
        """
        ...

    @endpoint("POST /api/v5/account/set-leverage", weight=1, counts=limits.USER_20, security=Security.TRADE, kind=Kind.TRANSFER)
    def set_leverage(
        self,
        *,
        lever: Number,
        mgnMode: Annotated[TradeMode | str, CLOSED],
        instId: Symbol | None = None,
        ccy: Symbol | None = None,
        posSide: Annotated[PosSide | str, CLOSED] | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Set how many times its margin a position may be; the answer has the values.

        ``POST /api/v5/account/set-leverage``, 20 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#trading-account-rest-api-set-leverage>`__.

        :param posSide: only for ``isolated`` where the account has positions of both sides
        """
        ...

    @endpoint("POST /api/v5/account/set-position-mode", weight=1, counts=limits.USER_5, security=Security.TRADE, kind=Kind.TRANSFER)
    def set_position_mode(self, posMode: Annotated[PositionMode | str, CLOSED], **params: Any) -> dict[str, Any]:
        """Set whether positions of both sides are kept apart; refused while there are positions or open orders.

        ``POST /api/v5/account/set-position-mode``, 5 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#trading-account-rest-api-set-position-mode>`__.

        :param posMode: ``net_mode`` or ``long_short_mode``
        """
        ...
