"""Sub-accounts: which there are, what they hold, and moving money between them. Declared endpoints only."""

from __future__ import annotations

from typing import Any

from exchangeclient.core.calling.endpoint import Endpoints, Symbol, endpoint
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.numbers import Number
from exchangeclient.okx import limits


class SubAccounts(Endpoints):
    """Sub-accounts of a master account."""

    @endpoint("GET /api/v5/users/subaccount/list", weight=1, counts=limits.USER_5, security=Security.USER_DATA)
    def get_sub_accounts(
        self,
        *,
        enable: bool | None = None,
        subAcct: str | None = None,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """The sub-accounts.

        ``GET /api/v5/users/subaccount/list``, 5 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#sub-account-rest-api-get-sub-account-list>`__.
        """
        ...

    @endpoint("GET /api/v5/account/subaccount/balances", weight=1, counts=limits.USER_5, security=Security.USER_DATA)
    def get_sub_account(self, subAcct: str, **params: Any) -> dict[str, Any]:
        """What the trading account of a sub-account holds, in the form of :meth:`get_account`.

        ``GET /api/v5/account/subaccount/balances``, 5 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#sub-account-rest-api-get-sub-account-trading-balance>`__.
        """
        ...

    @endpoint("GET /api/v5/asset/subaccount/balances", weight=1, counts=limits.USER_5, security=Security.USER_DATA)
    def get_sub_account_funding_balances(self, subAcct: str, *, ccy: str | None = None, **params: Any) -> list[dict[str, Any]]:
        """What the funding account of a sub-account holds.

        ``GET /api/v5/asset/subaccount/balances``, 5 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#sub-account-rest-api-get-sub-account-funding-balance>`__.
        """
        ...

    @endpoint(
        "POST /api/v5/asset/subaccount/transfer", weight=1, counts=limits.USER_1_A_SECOND, security=Security.TRADE, kind=Kind.TRANSFER
    )
    def create_sub_account_transfer(
        self, *, ccy: Symbol, amt: Number, to: str, fromSubAccount: str, toSubAccount: str, **params: Any
    ) -> dict[str, Any]:
        """Move money from one sub-account to another; ``from`` as in :meth:`transfer`.

        It is sent once, and when its answer is lost not asked after.
        ``POST /api/v5/asset/subaccount/transfer``, once a second,
        `documentation <https://www.okx.com/docs-v5/en/#sub-account-rest-api-master-accounts-manage-the-transfers-between-sub-accounts>`__.

        :param to: ``"6"`` for the funding account, ``"18"`` for the trading account
        """
        ...
