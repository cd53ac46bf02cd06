"""An account at an exchange behind the gateway: ``Account("okex/name", api_key, api_secret)``, and ``res, err = account.get_info()``.

Every call gives ``(res, err)``, one of them None; what is wrong with arguments is raised. An order is never placed twice: it has a
``client_oid`` before it leaves, and when its answer is lost it is asked for by that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, Never, Self

from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.feeds.callbacks import CallbackThread, check_callback
from exchangeclient.core.feeds.groups import SocketGroup
from exchangeclient.core.feeds.iteration import seconds
from exchangeclient.core.feeds.notices import SocketNotice
from exchangeclient.core.process.clock import Clock
from exchangeclient.core.wire.dialing import SocketOptions, dial
from exchangeclient.core.wire.socket_way import way_to
from exchangeclient.exceptions import SocketException
from exchangeclient.numbers import Number
from exchangeclient.onetoken import orderform, util
from exchangeclient.onetoken.config import Config
from exchangeclient.onetoken.errors import HTTPError, ServiceError
from exchangeclient.onetoken.hosts import choose
from exchangeclient.onetoken.keyfiles import load_keys
from exchangeclient.onetoken.missed import Sought
from exchangeclient.onetoken.models import Contract, Info
from exchangeclient.onetoken.names import account_name
from exchangeclient.onetoken.pushes import AccountFeed, Handler, Handlers, Newcomer
from exchangeclient.onetoken.quote import ATTEMPTS
from exchangeclient.onetoken.service import Outcome, Service, body_of, number
from exchangeclient.onetoken.streams import AccountSession

log = logging.getLogger(__name__)

SETTLE_S: Final = 30.0
_KEY: Final = "account"
_READY_S: Final = 10.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 4.0
_NO_INFO: Final = "ACC_GET_INFO_FAILED"

BothOutcomes = tuple[Any, Any]
"""Of two calls: ``([res1, res2], None)``, or ``((res1, res2), (err1, err2))``."""


class Account:
    """One account. Shared by threads, closed by :meth:`close`.

    :param symbol: ``exchange/name`` or ``name@exchange``; the name of one on the embedded exchange begins with ``mock-``
    :param api_key: of the gateway; when both are left out they are read from a key file (:func:`~.keyfiles.load_keys`)
    :param loop: taken and not used, as is ``session`` of the later SDKs: nothing here is asynchronous
    :param host: the gateway: None for :class:`Config`'s, a URL with or without ``/trade``, or ``Sandbox().urls["onetoken"]``
    :param settle_timeout: for how many seconds an order whose answer was lost is asked for; and one whose end was missed, before it is
        told as ``unknown``
    :param keep_alive: False lets the program end although something is subscribed to
    :param on_event: is called with each :class:`~exchangeclient.core.feeds.notices.SocketNotice` of its stream
    :raises TypeError: for an argument of a wrong type
    :raises ValueError: for what is no account, no host or no key
    """

    def __init__(
        self,
        symbol: str,
        api_key: str | None = None,
        api_secret: str | None = None,
        loop: object = None,  # noqa: ARG002
        host: str | Mapping[str, str] | None = None,
        *,
        session: object = None,  # noqa: ARG002
        settle_timeout: float = SETTLE_S,
        keep_alive: bool = True,
        on_event: Callable[[SocketNotice], Any] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._name = account_name(symbol)
        if api_key is None and api_secret is None:
            keys = load_keys()
            api_key, api_secret = keys.api_key, keys.api_secret
        credentials = Credentials.from_secret(api_key, api_secret)  # type: ignore[arg-type] # it refuses None by name
        self._settle_s = seconds("settle_timeout", settle_timeout)
        if on_event is not None:
            check_callback(on_event, "on_event")
        self._service = Service(Config.hosts() if host is None else choose(host), credentials, clock=clock)
        self._handlers = Handlers()
        stream = self._service.hosts.stream
        options = way_to(stream, self._service, attempts=ATTEMPTS)
        dialer = partial(_dial, self._service, self._name.name)
        self._sockets = SocketGroup("1token-account", keep_alive=keep_alive, options=options, on_notice=on_event, dialer=dialer)
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

    @property
    def is_running(self) -> bool:
        """True while something is subscribed to."""
        return self._sockets.is_alive()

    def __repr__(self) -> str:
        return f"<Account {self.symbol}>"

    __str__ = __repr__

    def __reduce__(self) -> Never:
        raise TypeError("an account is neither pickled nor copied; make one in each process (threads can share one)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._sockets.hurry(kind)
        self.close()

    def close(self) -> None:
        """End what is subscribed to. No handler is called after this returns. Calls can still be made."""
        self._sockets.close()
        self._service.close()

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

    def place_order(  # noqa: PLR0917 - the signature of the seeds
        self,
        con: str | Contract,
        price: Number,
        bs: str,
        amount: Number,
        client_oid: str | None = None,
        tags: Mapping[str, Any] | str | None = None,
        options: Mapping[str, Any] | str | None = None,
        on_update: Handler | None = None,
    ) -> Outcome:
        """Place an order: ``({"exchange_oid": ..., "client_oid": ...}, err)``.

        It is sent once. When its answer is lost it is asked for by its ``client_oid`` until the gateway knows it; ``res`` is then as if
        the answer had come. When that brings nothing within ``settle_timeout`` seconds, ``err.outcome_unknown`` is True and
        ``err.client_oid`` says what to ask for before another one is placed.

        :param con: in any of the three spellings, or a :class:`~exchangeclient.onetoken.models.Contract`
        :param bs: ``'b'`` or ``'s'``
        :param client_oid: sent as it is; left out, 32 characters are drawn
        :param options: what the venue can besides, such as ``{"close": True}``
        :param on_update: is called with each state of this :class:`~exchangeclient.onetoken.models.Order` until it is over. What has
            happened while the stream was down is asked for; when that brings nothing within ``settle_timeout`` seconds, or the stream ends
            for good, it is called with the status ``unknown``, and again once it is known
        :raises TypeError: for an argument of a wrong type
        :raises ValueError: for an argument that cannot be
        :raises SocketException: when ``on_update`` cannot be served; nothing was placed then
        """
        oid = util.rand_client_oid() if client_oid is None else orderform.oid(client_oid, "client_oid")
        body = {
            "contract": orderform.contract_of(con),
            "price": number(price, "price"),
            "bs": orderform.side(bs),
            "amount": number(amount, "amount"),
            "client_oid": oid,
            "tags": orderform.extras(tags, "tags"),
            "options": orderform.extras(options, "options"),
        }
        if on_update is not None:
            check_callback(on_update, "on_update")
            body_of(body)  # raises when it cannot be sent, before anybody listens
            self.start_subscribe_orders()
            unwatch = self._handlers.watch(oid, on_update)
        answer, error = self._call("POST", "/orders", {}, body)
        if error is None and not (isinstance(answer, dict) and answer.get("exchange_oid")):
            error = HTTPError(HTTPError.NOT_JSON, f"an answer of another form than an order has: {str(answer)[:80]}")
        if isinstance(error, HTTPError) and error.outcome_unknown:
            answer, error = self._settled(oid, error)
        if on_update is not None:
            if error is None:
                self._handlers.also_called(oid, answer["exchange_oid"])
            elif not (isinstance(error, HTTPError) and error.outcome_unknown):
                unwatch()
        return answer, error

    def _settled(self, oid: str, lost: HTTPError) -> Outcome:
        """What became of an order whose answer was lost: found, or still unknown. It is not sent again."""
        log.info("%s: the answer to order %s was lost (%s); it is asked for", self.symbol, oid, lost.code)
        ends_s = self._service.now_s() + self._settle_s
        pause_s = _FIRST_PAUSE_S
        while True:
            row, _ = _order(self._service, self._path, max(0.1, ends_s - self._service.now_s()), Sought("client_oid", oid))
            if row is not None and row.get("exchange_oid"):
                return {"exchange_oid": row["exchange_oid"], "client_oid": oid}, None
            left_s = ends_s - self._service.now_s()
            if left_s <= pause_s:
                lost.client_oid = oid
                return None, lost
            self._service.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def place_and_cancel(  # noqa: PLR0917 - as above
        self,
        con: str | Contract,
        price: Number,
        bs: str,
        amount: Number,
        sleep: float,
        options: Mapping[str, Any] | str | None = None,
    ) -> BothOutcomes:
        """Place an order, wait ``sleep`` seconds, and cancel it: ``([placed, cancelled], None)``, or ``((res1, res2), (err1, err2))``.

        An order of which nobody knows whether it was placed is cancelled all the same.
        """
        if isinstance(sleep, bool) or not isinstance(sleep, (int, float)) or not 0 <= sleep < float("inf"):
            raise ValueError(f"sleep must be a number of seconds, 0 or more, not {str(sleep)[:20]!r}")
        oid = util.rand_client_oid()
        placed, not_placed = self.place_order(con, price, bs, amount, client_oid=oid, options=options)
        if not_placed is not None and not (isinstance(not_placed, HTTPError) and not_placed.outcome_unknown):
            return (placed, None), (not_placed, None)
        self._service.wait(sleep)
        exchange_oid = placed.get("exchange_oid") if isinstance(placed, dict) else None
        ask = self.cancel_use_client_oid(oid) if exchange_oid is None else self.cancel_use_exchange_oid(exchange_oid)
        cancelled, not_cancelled = ask
        if not_placed is not None or not_cancelled is not None:
            return (placed, cancelled), (not_placed, not_cancelled)
        return [placed, cancelled], None

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

    # Funds.

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

    # What happens to it.

    def subscribe_info(self, handler: Handler, handler_name: str | None = None) -> None:
        """Have ``handler(info)`` called whenever the account changes. Returns once that is so.

        :param handler_name: of several; a further one of the same name takes its place
        :raises TypeError: for a handler that cannot be called
        :raises SocketException: when the gateway refuses, has no such stream for this exchange, or does not answer
        """
        check_callback(handler, "handler")
        name = handler_name or "default"
        self._handlers.want_info(name, handler)
        try:
            if not self._listen():
                self._handlers.introduce(Newcomer("info", handler))
        except SocketException:
            self._handlers.drop_info(name)
            raise

    def unsubscribe_info(self, handler_name: str | None = None) -> None:
        """Call that handler no more."""
        self._handlers.drop_info(handler_name or "default")

    def subscribe_orders(self, handler: Handler | None = None, handler_name: str | None = None) -> None:
        """Have ``handler(order)`` called with each state of each :class:`~exchangeclient.onetoken.models.Order`, those that rest first.

        The end of one that came while the stream was down is asked for and told.

        :param handler_name: of several; a further one of the same name takes its place
        :raises TypeError: for a handler that cannot be called
        :raises SocketException: see :meth:`subscribe_info`
        """
        name = handler_name or "default"
        if handler is not None:
            check_callback(handler, "handler")
            self._handlers.want_orders(name, handler)
        try:
            if not self._listen() and handler is not None:
                self._handlers.introduce(Newcomer("order", handler))
        except SocketException:
            self._handlers.drop_orders(name)
            raise

    def start_subscribe_orders(self) -> None:
        """Have the stream of orders open, so that a first ``place_order(..., on_update=...)`` need not wait for it."""
        self._listen()

    def unsubscribe_orders(self, handler_name: str | None = None) -> None:
        """Call that handler of :meth:`subscribe_orders` no more; none of them when no name is given. Watched orders are still told."""
        self._handlers.drop_orders(handler_name)

    unsubcribe_orders = unsubscribe_orders
    """A misprint of the historic SDK, kept."""

    # The words of the later blocking SDK.

    def ws_start(self) -> None:
        """Open the account's stream."""
        self._listen()

    def ws_close(self) -> None:
        """Close the account's stream; its handlers are forgotten."""
        self._sockets.close()
        self._handlers = Handlers()

    def ws_subscribe_info(self, handler: Handler, handler_name: str | None = None) -> None:
        """See :meth:`subscribe_info`."""
        self.subscribe_info(handler, handler_name)

    def ws_subscribe_orders(self, handler: Handler | None = None, handler_name: str | None = None) -> None:
        """See :meth:`subscribe_orders`."""
        self.subscribe_orders(handler, handler_name)

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

    # Inside.

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

    def _listen(self) -> bool:
        """Have the stream open and flowing. True when it was not open before."""
        session = AccountSession(self._service.hosts.stream, self._path)
        # What the sockets keep does not refer to the account, so that one that is dropped without close() ends.
        handlers, account, patience_s = self._handlers, self._path, self._settle_s
        look = partial(_order, self._service, account, _READY_S)

        feeds: list[AccountFeed] = []

        def feed(callbacks: CallbackThread) -> AccountFeed:
            feeds.append(AccountFeed(callbacks, session.name, account, handlers, look, patience_s=patience_s))
            return feeds[0]

        is_ours = self._sockets.attach(_KEY, [session], feed)  # False when it is open
        self._sockets.start()
        try:
            self._sockets.wait_ready(_KEY, _READY_S)
        except SocketException as error:
            if is_ours:
                self._sockets.close()  # nothing is subscribed to, so nothing keeps the program alive
                if feeds[0].trouble:
                    raise SocketException(f"{error}: {feeds[0].trouble}") from error
            raise
        return bool(is_ours)


def _dial(service: Service, name: str, loop: Any, socket: Any, url: str, options: SocketOptions) -> Any:  # noqa: PLR0917 - a Dialer's
    """Another connection, signed anew: by the account's name alone, as the manual has it."""
    return dial(loop, socket, url, options, service.signed("GET", f"/ws/{name}"))


def _order(service: Service, account: str, timeout: float, sought: Sought) -> tuple[Mapping[str, Any] | None, ServiceError | None]:
    """An order as the service knows it; ``(None, None)`` when it knows none; or why it cannot say."""
    rows, error = service.call("GET", account, "/orders", {sought.key: str(sought.oid)}, timeout=timeout)
    if error is None and not isinstance(rows, list):
        error = HTTPError(HTTPError.NOT_JSON, f"an answer of another form than orders have: {str(rows)[:80]}")
    if error is not None:
        return None, error
    return next((row for row in rows if isinstance(row, dict) and str(row.get(sought.key)) == str(sought.oid)), None), None


_Query = dict[str, str]


def _listing(contract: str | Contract | None, source: str | None) -> _Query:
    query: _Query = {}
    if contract is not None:
        query["contract"] = orderform.contract_of(contract, "contract")
    if source is not None:
        query["helper"] = orderform.word(source, "source")
    return query
