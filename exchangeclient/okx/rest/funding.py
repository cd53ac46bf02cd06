"""The funding account: what is deposited, withdrawn and moved. Declared endpoints only.

What moves money is sent once and, when its answer is lost, not asked after: look before you repeat it.
"""

from __future__ import annotations

from typing import Any

from exchangeclient.core.calling.endpoint import Endpoints, Symbol, endpoint
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.numbers import Number
from exchangeclient.okx import limits


class Funding(Endpoints):
    """The funding account."""

    @endpoint("GET /api/v5/asset/balances", weight=1, counts=limits.USER_6_A_SECOND, security=Security.USER_DATA)
    def get_funding_balances(self, *, ccy: str | None = None, **params: Any) -> list[dict[str, Any]]:
        """What the funding account holds: ``ccy``, ``bal``, ``availBal``, ``frozenBal``.

        ``GET /api/v5/asset/balances``, 6 a second,
        `documentation <https://www.okx.com/docs-v5/en/#funding-account-rest-api-get-balance>`__.
        """
        ...

    @endpoint("GET /api/v5/asset/currencies", weight=1, counts=limits.USER_6_A_SECOND, security=Security.USER_DATA)
    def get_currencies(self, *, ccy: str | None = None, **params: Any) -> list[dict[str, Any]]:
        """Currencies and the chains on which they can be deposited and withdrawn.

        ``GET /api/v5/asset/currencies``, 6 a second,
        `documentation <https://www.okx.com/docs-v5/en/#funding-account-rest-api-get-currencies>`__.
        """
        ...

    @endpoint("POST /api/v5/asset/transfer", weight=1, counts=limits.USER_1_A_SECOND, security=Security.TRADE, kind=Kind.TRANSFER)
    def transfer(
        self,
        *,
        ccy: Symbol,
        amt: Number,
        to: str,
        type: str | None = None,
        subAcct: str | None = None,
        clientId: str | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Move money between accounts: ``from`` and ``to`` are ``"6"`` for funding and ``"18"`` for trading.

        ``from`` is a word of Python's, so that it is given as ``transfer(**{"from": "6"}, to="18", ...)``.
        ``POST /api/v5/asset/transfer``, once a second,
        `documentation <https://www.okx.com/docs-v5/en/#funding-account-rest-api-funds-transfer>`__.

        :param type: ``"0"`` within an account (also when left out), ``"1"`` and ``"2"`` between an account and its sub-account
        :param clientId: 1 to 32 letters and digits, by which :meth:`get_transfer_state` finds it
        """
        ...

    @endpoint("GET /api/v5/asset/transfer-state", weight=1, counts=limits.USER_10, security=Security.USER_DATA)
    def get_transfer_state(
        self, *, transId: str | None = None, clientId: str | None = None, type: str | None = None, **params: Any
    ) -> dict[str, Any]:
        """What became of a transfer.

        ``GET /api/v5/asset/transfer-state``, 10 in 2 s,
        `documentation <https://www.okx.com/docs-v5/en/#funding-account-rest-api-get-funds-transfer-state>`__.
        """
        ...

    @endpoint("GET /api/v5/asset/deposit-address", weight=1, counts=limits.USER_6_A_SECOND, security=Security.USER_DATA)
    def get_deposit_address(self, ccy: Symbol, **params: Any) -> list[dict[str, Any]]:
        """Addresses to deposit a currency at.

        ``GET /api/v5/asset/deposit-address``, 6 a second,
        `documentation <https://www.okx.com/docs-v5/en/#funding-account-rest-api-get-deposit-address>`__.
        """
        ...

    @endpoint("GET /api/v5/asset/deposit-history", weight=1, counts=limits.USER_6_A_SECOND, security=Security.USER_DATA)
    def get_deposit_history(
        self, *, ccy: Symbol | None = None, after: int | None = None, before: int | None = None, limit: int | None = None, **params: Any
    ) -> list[dict[str, Any]]:
        """Deposits, newest first.

        ``GET /api/v5/asset/deposit-history``, 6 a second,
        `documentation <https://www.okx.com/docs-v5/en/#funding-account-rest-api-get-deposit-history>`__.
        """
        ...

    @endpoint("GET /api/v5/asset/withdrawal-history", weight=1, counts=limits.USER_6_A_SECOND, security=Security.USER_DATA)
    def get_withdraw_history(
        self,
        *,
        ccy: Symbol | None = None,
        wdId: str | None = None,
        clientId: str | None = None,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        **params: Any,
    ) -> list[dict[str, Any]]:
        """Withdrawals, newest first.

        ``GET /api/v5/asset/withdrawal-history``, 6 a second,
        `documentation <https://www.okx.com/docs-v5/en/#funding-account-rest-api-get-withdrawal-history>`__.
        """
        ...

    @endpoint("POST /api/v5/asset/withdrawal", weight=1, counts=limits.USER_6_A_SECOND, security=Security.TRADE, kind=Kind.TRANSFER)
    def withdraw(
        self,
        *,
        ccy: Symbol,
        amt: Number,
        dest: str,
        toAddr: str,
        chain: str | None = None,
        fee: Number | None = None,
        clientId: str | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Withdraw money.

        ``POST /api/v5/asset/withdrawal``, 6 a second,
        `documentation <https://www.okx.com/docs-v5/en/#funding-account-rest-api-withdrawal>`__.

        :param dest: ``"3"`` within the venue, ``"4"`` to a chain
        :param clientId: 1 to 32 letters and digits, by which :meth:`get_withdraw_history` finds it
        """
        ...
