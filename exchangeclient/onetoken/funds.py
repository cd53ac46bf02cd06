"""What an account can be asked to do with its funds. What a gateway lets is its own affair: that of this package moves none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchangeclient.numbers import Number
from exchangeclient.onetoken import orderform, util
from exchangeclient.onetoken.calls import AccountCalls
from exchangeclient.onetoken.errors import HTTPError
from exchangeclient.onetoken.models import Contract
from exchangeclient.onetoken.service import Outcome, number


class FundsCalls(AccountCalls):
    """Withdrawals, deposits, loans and transfers."""

    def post_withdraw(  # noqa: PLR0917 - that of the later SDK
        self,
        currency: str,
        amount: Number,
        address: str,
        fee: Number | None = None,
        client_wid: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """``(ids, err)``: withdraw, where the gateway lets. It is sent once; after a lost answer ask by its ``client_wid``.

        :param client_wid: drawn when left out; ``err.client_oid`` has it when the outcome is unknown
        """
        wid = util.rand_client_wid(self.exchange, orderform.word(currency, "currency")) if client_wid is None else client_wid
        body = {
            "currency": orderform.word(currency, "currency"),
            "amount": number(amount, "amount"),
            "address": orderform.oid(address, "address"),
            "fee": None if fee is None else number(fee, "fee"),
            "client_wid": orderform.oid(wid, "client_wid"),
            "options": orderform.extras(options, "options"),
        }
        answer, error = self._call("POST", "/withdraws", {}, body)
        if isinstance(error, HTTPError) and error.outcome_unknown:
            error.client_oid = wid
        return answer, error

    def get_withdraw_use_exchange_wid(self, exchange_wid: str) -> Outcome:
        """``(withdrawal, err)``."""
        return self._call("GET", "/withdraws", {"exchange_wid": orderform.oid(exchange_wid, "exchange_wid")})

    def get_withdraw_use_client_wid(self, client_wid: str) -> Outcome:
        """``(withdrawal, err)``."""
        return self._call("GET", "/withdraws", {"client_wid": orderform.oid(client_wid, "client_wid")})

    def cancel_withdraw_use_exchange_wid(self, exchange_wid: str) -> Outcome:
        """``(ids, err)``."""
        return self._call("DELETE", "/withdraws", {"exchange_wid": orderform.oid(exchange_wid, "exchange_wid")})

    def cancel_withdraw_use_client_wid(self, client_wid: str) -> Outcome:
        """``(ids, err)``."""
        return self._call("DELETE", "/withdraws", {"client_wid": orderform.oid(client_wid, "client_wid")})

    def get_deposit_list(self, currency: str) -> Outcome:
        """``(deposits, err)``."""
        return self._call("GET", "/deposits", {"currency": orderform.word(currency, "currency")})

    def get_deposit_addr_list(self, currency: str) -> Outcome:
        """``(addresses, err)``."""
        return self._call("GET", "/deposits/addresses", {"currency": orderform.word(currency, "currency")})

    def get_loan_records(self, contract: str | Contract | None = None) -> Outcome:
        """``(loans, err)`` of a margin contract, the account's own when left out."""
        return self._call("GET", "/loan-records", {"contract": self._margin(contract)})

    def borrow(self, currency: str, amount: Number, contract: str | Contract | None = None) -> Outcome:
        """``(ids, err)``: borrow for a margin contract, the account's own when left out."""
        return self._call("POST", "/borrow", {}, self._funds(currency, amount, contract))

    def repay(self, exchange_loan_id: str, currency: str, amount: Number) -> Outcome:
        """``(ids, err)``: give back what was borrowed."""
        body = {
            "exchange_loan_id": orderform.oid(exchange_loan_id, "exchange_loan_id"),
            "currency": orderform.word(currency, "currency"),
            "amount": number(amount, "amount"),
        }
        return self._call("POST", "/return", {}, body)

    def margin_transfer_in(self, currency: str, amount: Number, contract: str | Contract | None = None) -> Outcome:
        """``(ids, err)``: from the spot to the margin account."""
        return self._call("POST", "/assets-internal", {}, {**self._funds(currency, amount, contract), "target": "margin"})

    def margin_transfer_out(self, currency: str, amount: Number, contract: str | Contract | None = None) -> Outcome:
        """``(ids, err)``: from the margin to the spot account."""
        return self._call("POST", "/assets-internal", {}, {**self._funds(currency, amount, contract), "target": "spot"})

    def _funds(self, currency: str, amount: Number, contract: str | Contract | None) -> dict[str, Any]:
        margin, coin = self._margin(contract), orderform.word(currency, "currency")
        return {"contract": margin, "currency": coin, "amount": number(amount, "amount")}

    def _margin(self, contract: str | Contract | None) -> str:
        if contract is not None:
            return orderform.contract_of(contract, "contract")
        if self.margin_contract is None:
            raise ValueError("contract must be given: this is the account of no single pair")
        return self.margin_contract
