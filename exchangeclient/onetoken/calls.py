"""What an account can be asked in one call each: its orders, its figures. Every call gives ``(res, err)``, one of them None."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Never

from exchangeclient.core.feeds.iteration import seconds
from exchangeclient.numbers import Number
from exchangeclient.onetoken import orderform
from exchangeclient.onetoken.errors import ServiceError
from exchangeclient.onetoken.models import Contract, Info
from exchangeclient.onetoken.names import AccountName
from exchangeclient.onetoken.service import Outcome, Service, number

_NO_INFO: Final = "ACC_GET_INFO_FAILED"


class AccountCalls:
    """An account by its name, and the service that knows it."""

    def __init__(self, name: AccountName, service: Service) -> None:
        self._name = name
        self._service = service
        self.last_info: Info | None = None

    # What it is.

    @property
    def symbol(self) -> str:
        """``exchange/name``."""
        return str(self._name)

    @property
    def name(self) -> str:
        """Its name at the exchange."""
        return self._name.name

    @property
    def exchange(self) -> str:
        """The service's code of its exchange."""
        return self._name.exchange

    @property
    def margin_contract(self) -> str | None:
        """``exchange/pair`` of a margin account; None of any other."""
        return f"{self._name.exchange}/{self._name.pair}" if self._name.pair else None

    def __repr__(self) -> str:
        return f"<Account {self.symbol}>"

    __str__ = __repr__

    def __reduce__(self) -> Never:
        raise TypeError("an account is neither pickled nor copied; make one in each process (threads can share one)")

    # Orders.

    def get_pending_list(self, contract: str | Contract | None = None) -> Outcome:
        """``(orders, err)``: the orders that are not over, as dicts of the wire."""
        return self.get_order_list(contract)

    def get_order_list(self, contract: str | Contract | None = None, state: str | None = None, source: str | None = None) -> Outcome:
        """``(orders, err)``.

        :param contract: of this one alone
        :param state: ``active`` (as when it is left out), ``end``, ``all`` or a status
        :param source: ``'db'``: as the gateway's own store knows them
        """
        query = _listing(contract, source)
        if state is not None:
            query["state"] = orderform.state(state)
        return self._call("GET", "/orders", query)

    def get_order_list_from_db(self, contract: str | Contract | None = None, state: str | None = None) -> Outcome:
        """``(orders, err)``, as the gateway's own store knows them."""
        return self.get_order_list(contract, state, source="db")

    def get_order_use_client_oid(self, oid: str | None = None, *oids: str, client_oid: str | None = None) -> Outcome:
        """``(orders, err)``: a list, also of one. Nine ids at most.

        :param client_oid: another word for ``oid``, that of BTP and OTS
        """
        first = oid if client_oid is None else client_oid
        return self._call("GET", "/orders", {"client_oid": orderform.oids(first, oids, "client_oid")})

    def get_order_use_exchange_oid(self, oid: str | None = None, *oids: str, exchange_oid: str | None = None) -> Outcome:
        """``(orders, err)``: a list, also of one. Nine ids at most.

        :param exchange_oid: another word for ``oid``, that of BTP and OTS
        """
        first = oid if exchange_oid is None else exchange_oid
        return self._call("GET", "/orders", {"exchange_oid": orderform.oids(first, oids, "exchange_oid")})

    def cancel_use_client_oid(self, oid: str, *oids: str) -> Outcome:
        """``(list of ids, err)``. Of several of which some failed it is ``err``: its ``data`` has both halves."""
        return self._call("DELETE", "/orders", {"client_oid": orderform.oids(oid, oids, "client_oid")})

    def cancel_use_exchange_oid(self, oid: str, *oids: str) -> Outcome:
        """``(list of ids, err)``, see :meth:`cancel_use_client_oid`."""
        return self._call("DELETE", "/orders", {"exchange_oid": orderform.oids(oid, oids, "exchange_oid")})

    def cancel_all(self, contract: str | Contract | None = None) -> Outcome:
        """``(answer, err)``: cancel all orders, or those of one contract; some venues have no call for all."""
        return self._call("DELETE", "/orders/all", {} if contract is None else {"contract": orderform.contract_of(contract, "contract")})

    def amend_order_use_client_oid(self, client_oid: str, price: Number, amount: Number) -> Outcome:
        """``(ids, err)``: give an order another price and amount, where the venue or the gateway can."""
        return self._amend({"client_oid": orderform.oid(client_oid, "client_oid")}, price, amount)

    def amend_order_use_exchange_oid(self, exchange_oid: str, price: Number, amount: Number) -> Outcome:
        """``(ids, err)``, see :meth:`amend_order_use_client_oid`."""
        return self._amend({"exchange_oid": orderform.oid(exchange_oid, "exchange_oid")}, price, amount)

    def _amend(self, query: Mapping[str, str], price: Number, amount: Number) -> Outcome:
        return self._call("PATCH", "/orders", query, {"price": number(price, "price"), "amount": number(amount, "amount")})

    # The account.

    def get_info(self, timeout: float = 15) -> Outcome:
        """``(info, err)``: an :class:`~exchangeclient.onetoken.models.Info`; of a margin account that of its pair.

        :param timeout: seconds
        """
        answer, error = self._call("GET", "/info", timeout=seconds("timeout", timeout))
        if error is not None:
            return None, error
        if not isinstance(answer, dict) or not isinstance(answer.get("position"), list):
            return None, ServiceError(_NO_INFO, f"no position in {str(answer)[:80]}")
        info: Info | None = Info(answer)
        if self._name.pair and info is not None:
            try:
                info = info.get_margin_acc_info(self._name.pair)
            except KeyError as missing:
                return None, ServiceError(_NO_INFO, f"the position of {self._name.pair} has no {missing}")
            if info is None:
                return None, ServiceError(_NO_INFO, f"no position of {self._name.pair}")
        self.last_info = info
        return info, None

    def get_total_amount(self, pos_symbol: str) -> float:
        """How much there is of a coin (``btc``) or of a future (``btc.usd.q``), by the last :meth:`get_info`; 0.0 of what there is none.

        Before the first one it asks.

        :raises TypeError: when it is no text
        :raises ServiceError: when it asked in vain, or the position does not say how much
        """
        if not isinstance(pos_symbol, str):
            raise TypeError(f"pos_symbol must be a str, not {type(pos_symbol).__name__}")
        if self.last_info is None:
            _, error = self.get_info()
            if error is not None:
                raise error
        try:
            return 0.0 if self.last_info is None else self.last_info.get_total_amount(pos_symbol)
        except (LookupError, TypeError, ValueError) as broken:
            raise ServiceError(_NO_INFO, f"the position of {pos_symbol} has no total_amount that can be read: {broken!r}") from broken

    def get_status(self) -> Outcome:
        """``(status, err)``: how well the account is served, 1 to 100."""
        return self._call("GET", "/status")

    def get_dealt_trans(self, con: str | Contract | None = None, source: str | None = None, count: int | None = None) -> Outcome:
        """``(deals, err)``: the latest deals, as dicts of the wire; :class:`~exchangeclient.onetoken.models.DealtTrans` reads them.

        :param count: how many at most
        """
        query = _listing(con, source)
        if count is not None:
            query["count"] = orderform.count(count)
        return self._call("GET", "/trans", query)

    def get_dealt_trans_from_db(self, con: str | Contract | None = None) -> Outcome:
        """``(deals, err)``, as the gateway's own store knows them."""
        return self.get_dealt_trans(con, source="db")

    # Any other.

    def api_call(
        self,
        method: str,
        endpoint: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        timeout: float = 15,
    ) -> Outcome:
        """Any signed call of the account: ``account.api_call("get", "/orders", {"state": "all"})``. It is sent once, unless it reads."""
        if not isinstance(method, str) or not isinstance(endpoint, str):
            raise TypeError("method and endpoint must be str")
        if not endpoint.startswith("/") or set(endpoint) & set("?#\r\n ") or ".." in endpoint:
            raise ValueError(f"endpoint must be a path such as '/orders', not {endpoint[:40]!r}")
        return self._call(method.upper(), endpoint, params, data, timeout=timeout)

    def _call(
        self,
        verb: str,
        endpoint: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        timeout: float = 15,
    ) -> Outcome:
        return self._service.call(verb, self._path, endpoint, query, body, timeout=timeout)

    @property
    def _path(self) -> str:
        """The account in addresses: without the pair of a margin account."""
        return f"{self._name.exchange}/{self._name.name}"


_Query = dict[str, str]


def _listing(contract: str | Contract | None, source: str | None) -> _Query:
    query: _Query = {}
    if contract is not None:
        query["contract"] = orderform.contract_of(contract, "contract")
    if source is not None:
        query["helper"] = orderform.word(source, "source")
    return query
