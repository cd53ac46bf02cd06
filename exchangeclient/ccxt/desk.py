"""The desk of a client through ccxt: the common vocabulary (:mod:`exchangeclient.market.vocabulary`), for pairs of coins.

What the exchanges have of their own is in :mod:`exchangeclient.ccxt.exchanges`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, cast, get_args

from exchangeclient.ccxt.client import Client
from exchangeclient.ccxt.exchanges import EXCHANGES, Call, Exchange, not_found, pages_of
from exchangeclient.ccxt.orderform import OrderForm
from exchangeclient.ccxt.readings import Row, balance_of, exact_of, figure, instrument_of, is_spot, kline_of, side_of, ticker_of
from exchangeclient.core.calling.endpoint import in_capitals
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, OrderType, Side, TimeInForce
from exchangeclient.exceptions import (
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    OrderStatusUnknownException,
    UnknownSymbolException,
    UnsupportedException,
)
from exchangeclient.market.vocabulary import (
    Ack,
    Balance,
    Book,
    Capability,
    Funding,
    Instrument,
    Kline,
    Market,
    Order,
    Position,
    Ticker,
    Trade,
)
from exchangeclient.numbers import Number

_METHODS: Final[Mapping[Capability, str]] = {
    "ticker": "fetchTicker",
    "tickers": "fetchTickers",
    "book": "fetchOrderBook",
    "trades": "fetchTrades",
    "klines": "fetchOHLCV",
    "balances": "fetchBalance",
    "place": "createOrder",
    "cancel": "cancelOrder",
    "order": "fetchOrder",
    "open_orders": "fetchOpenOrders",
    "history": "fetchClosedOrders",
}
_TICK_SIZE: Final = 4  # of ccxt's three ways to state a precision the one that is a step
_PAGE: Final = 200
_MOST_PAGES: Final = 50
_REMEMBERED: Final = 10_000
_PAUSE_S: Final = 0.25  # between two looks for an order
_clock = SystemClock()

Form = tuple[Any, ...]
"""What tells an order from another one."""


class ClientDesk:
    """The common vocabulary over a client through ccxt; see :class:`~exchangeclient.market.vocabulary.Desk`, whose methods these are.

    An instrument is ccxt's symbol, such as ``BTC/USDT``.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.venue: Final = client.exchange
        self._exchange: Final[Exchange] = EXCHANGES[client.exchange]
        can: set[Capability] = {name for name, method in _METHODS.items() if client.has(method)}
        self.capabilities: Final[frozenset[Capability]] = frozenset(can | {"instruments", "ask", "history"})
        self._lock = threading.Lock()
        self._placed: dict[str, tuple[Form, str]] = {}  # the number is empty while nobody knows
        self._given: dict[str, str] = {}  # callers' ids by what the exchange was told

    def instrument_of(self, market: Market) -> str:
        """ccxt's symbol. What is listed is asked once."""
        if market.contract:
            raise UnsupportedException("only pairs of coins are traded through ccxt", venue=self.venue, what="contract")
        name = f"{in_capitals(market.base)}/{in_capitals(market.quote)}"
        self._listed(name)
        return name

    def market_of(self, instrument: str) -> Market:
        """The two coins of a symbol."""
        row = self._listed(in_capitals(instrument))
        return Market(row["base"], row["quote"])

    def ticker(self, instrument: str) -> Ticker:
        """``fetch_ticker``."""
        return ticker_of(self._asked("ticker", self._name(instrument)))

    def tickers(self) -> list[Ticker]:
        """``fetch_tickers``."""
        answer = self._asked("tickers")
        markets = self._client.markets()
        return [ticker_of(row) for name, row in answer.items() if is_spot(markets.get(name))]

    def book(self, instrument: str, depth: int = 100) -> Book:
        """``fetch_order_book``; as many levels as the exchange shows, cut to ``depth``."""
        name = self._name(instrument)
        answer = self._asked("book", name, self._exchange.levels)
        with as_documented("fetch_order_book"):
            levels = {side: sorted((exact_of(row[0]), exact_of(row[1])) for row in answer[side]) for side in ("bids", "asks")}
            bids = tuple(level for level in reversed(levels["bids"]) if level[1])[: max(depth, 1)]
            asks = tuple(level for level in levels["asks"] if level[1])[: max(depth, 1)]
            return Book(name, answer.get("timestamp") if self._exchange.dates_books else None, bids, asks, answer)

    def trades(self, instrument: str, limit: int = 100) -> list[Trade]:
        """``fetch_trades``."""
        rows = self._asked("trades", self._name(instrument), None, min(max(limit, 1), self._exchange.most_trades))
        with as_documented("fetch_trades"):
            found = [
                Trade(str(row.get("id") or ""), row["timestamp"], exact_of(row["price"]), exact_of(row["amount"]), side_of(row), row)
                for row in rows
            ]
        return sorted(found, key=lambda trade: trade.time_ms)[-limit:]

    def klines(
        self, instrument: str, interval: str, *, start_ms: int | None = None, end_ms: int | None = None, limit: int = 500
    ) -> list[Kline]:
        """``fetch_ohlcv``. From a time on, :data:`_PAGE` intervals after the other; where nothing was traded, the next ones.

        :raises ValueError: also when nothing was traded in 10 000 intervals from ``start_ms``
        """
        self._client.needs(_METHODS["klines"])
        if interval not in self._client.timeframes:
            raise ValueError(f"interval must be one of {', '.join(self._client.timeframes)} at {self.venue}; not {interval[:20]!r}")
        name = self._name(instrument)
        now_ms = self._client.call("milliseconds")
        last_ms = now_ms if end_ms is None else min(end_ms, now_ms)
        if start_ms is None:
            return self._newest(name, interval, None if end_ms is None else last_ms, limit)
        found = dict[int, Kline]()
        step_ms = self._client.call("parse_timeframe", interval) * 1_000
        for number, (first_ms, next_ms) in enumerate(pages_of(start_ms, last_ms, step_ms, _PAGE)):
            page = self._page(name, interval, first_ms, _PAGE, self._exchange.candles_until(next_ms))
            found |= {opened: row for opened, row in page.items() if start_ms <= opened <= last_ms}
            if len(found) >= limit:
                break
            if number + 1 >= _MOST_PAGES:
                if not found:
                    raise ValueError(f"start_ms {start_ms} is too early: nothing was traded in {_MOST_PAGES * _PAGE} intervals from there")
                break
        return [row for _, row in sorted(found.items())][:limit]

    def _newest(self, name: str, interval: str, last_ms: int | None, limit: int) -> list[Kline]:
        """The newest candles that opened up to a time, page by page."""
        found = dict[int, Kline]()
        for _ in range(_MOST_PAGES):
            until = {} if last_ms is None else self._exchange.candles_until(last_ms + 1)
            page = self._page(name, interval, None, min(limit, _PAGE) if last_ms is None else _PAGE, until)
            fresh = {opened: row for opened, row in page.items() if opened not in found and (last_ms is None or opened <= last_ms)}
            found |= fresh
            if not fresh or len(found) >= limit:
                break
            last_ms = min(fresh) - 1
        return [row for _, row in sorted(found.items())][-limit:]

    def _page(self, name: str, interval: str, since_ms: int | None, count: int, until: Mapping[str, Any]) -> dict[int, Kline]:
        rows = self._client.call("fetch_ohlcv", name, interval, since_ms, count, params=dict(until))
        with as_documented("fetch_ohlcv"):
            return {int(row[0]): kline_of(row) for row in rows}

    def instruments(self) -> list[Instrument]:
        """``load_markets``."""
        mode = self._client.precision_mode
        markets = self._client.markets(again=True)
        with as_documented("load_markets"):
            return [instrument_of(row, in_steps=mode == _TICK_SIZE) for row in markets.values() if is_spot(row)]

    def balances(self) -> list[Balance]:
        """``fetch_balance``."""
        answer = self._asked("balances")
        with as_documented("fetch_balance"):
            held = [balance_of(name, answer[name]) for name in answer["total"]]
        return [row for row in held if row.free or row.locked]

    def place(
        self,
        instrument: str,
        side: Side,
        *,
        type: OrderType | str = ORDER_TYPE_LIMIT,
        quantity: Number | None = None,
        price: Number | None = None,
        total: Number | None = None,
        time_in_force: TimeInForce | None = None,
        client_order_id: str | None = None,
        closes: bool = False,
    ) -> Ack:
        """``create_order``. What ccxt would cut off a price or an amount to make it fit is refused here.

        When its answer is lost, the exchange is asked for an order under the same client's id, where it keeps those; where it does not, or
        shows none, what became of it is not known. It is never sent twice: a ``client_order_id`` that was used by this desk is looked up.
        """
        if side not in get_args(Side):
            raise ValueError(f"side must be one of {', '.join(get_args(Side))}; not {str(side)[:40]!r}")
        if closes:
            raise UnsupportedException("a pair of coins has no positions to close", venue=self.venue, what="closes")
        name = self._name(instrument)
        rules = OrderForm(self.venue, self._exchange, self._listed(name), partial(self._client.rounded, name))
        params = rules.params(type, time_in_force)
        size = rules.size(side, type, quantity, total)
        at = rules.price(type, size, price)
        if total is None:
            params |= self._exchange.sent(at, size)
        else:
            params |= {"createMarketBuyOrderRequiresPrice": False, str(self._exchange.total_at): f"{size:f}"}
        own = self._exchange.own_id(client_order_id) if client_order_id else None
        if own is not None:
            params["clientOrderId"] = own
        form: Form = (name, side, type, size, at, total is None)
        there = self._there(name, client_order_id, own, form)
        if there is not None:
            return there
        kind = "market" if type == ORDER_TYPE_MARKET else "limit"
        answer: Any = None
        lost: ExchangeException | None = None
        try:
            answer = self._client.send(
                "create_order", name, kind, side.lower(), f"{size:f}", None if at is None else f"{at:f}", params=params
            )
        except ExchangeException as error:
            if _is_certain(error):
                self._remember(client_order_id, None)
                raise
            lost = error
        if not (isinstance(answer, Mapping) and answer.get("id")):
            answer = self._settled(name, client_order_id, own, lost)
        number = str(answer["id"])
        self._remember(client_order_id, (form, number))
        self._client.placed(name, number)
        return Ack(name, number, client_order_id or "", answer)

    def cancel(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Ack:
        """``cancel_order``."""
        name = self._name(instrument)
        number = self._number(self._client.send, name, order_id, client_order_id)
        answer = self._exchange.cancel(self._client.send, name, number)
        return Ack(name, number, client_order_id or "", answer if isinstance(answer, dict) else {})

    def order(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Order:
        """``fetch_order``."""
        name = self._name(instrument)
        row = self._exchange.by_id(self._client.call, name, self._number(self._client.call, name, order_id, client_order_id))
        return self._order(row, name)

    def open_orders(self, instrument: str | None = None) -> list[Order]:
        """``fetch_open_orders``. Where these are asked for by symbol alone, those of all are of every symbol whose coins are locked."""
        self._client.needs(_METHODS["open_orders"])
        if instrument is not None:
            names: list[str | None] = [self._name(instrument)]
        elif self._exchange.by_instrument:
            names = [*self._locked()]
        else:
            names = [None]
        found = [self._order(row, name or row["symbol"]) for name in names for row in self._exchange.open_rows(self._client.call, name)]
        return sorted((order for order in found if order.open), key=_age)

    def history(self, instrument: str, *, since_ms: int | None = None, limit: int = 100) -> list[Order]:
        """``fetch_closed_orders``, and those that were cancelled.

        :raises ValueError: for more than the exchange shows without ``since_ms``
        """
        name = self._name(instrument)
        if since_ms is None and limit > self._exchange.newest:
            raise ValueError(
                f"limit must be at most {self._exchange.newest} without since_ms, since {self.venue} shows no more, but is {limit}"
            )
        found = [self._order(row, name) for row in self._exchange.ended_rows(self._client.call, name, since_ms, limit)]
        in_time = sorted((order for order in found if not order.open), key=_age)
        return in_time[-limit:] if since_ms is None else [order for order in in_time if order.time_ms >= since_ms][:limit]

    def positions(self, instrument: str | None = None) -> list[Position]:  # noqa: ARG002
        """Nothing through ccxt."""
        raise UnsupportedException("positions are not asked for through ccxt", venue=self.venue, what="positions")

    def set_leverage(self, instrument: str, leverage: Number) -> None:  # noqa: ARG002
        """Nothing through ccxt."""
        raise UnsupportedException("a pair of coins has no leverage", venue=self.venue, what="set_leverage")

    def funding(self, instrument: str | None = None) -> list[Funding]:  # noqa: ARG002
        """Nothing through ccxt."""
        raise UnsupportedException("a pair of coins has no funding", venue=self.venue, what="funding")

    def ask(self, verb: str, path: str, params: Mapping[str, str], *, body: str | None = None) -> Any:
        """A method of ccxt's own that reads: ``ask("GET", "fetch_my_trades", {"symbol": "BTC/USDT", "limit": "50"})``."""
        if verb != "GET" or not path.startswith("fetch_") or body is not None:
            raise UnsupportedException("through ccxt only its fetch_ methods can be asked for", venue=self.venue, what="ask")
        self._client.needs(_camel(path))
        read = {name: int(value) if value.isdecimal() else value for name, value in params.items()}
        return self._client.call(path, **self._exchange.asked(self._client.call, path, read))

    # ---- orders ------------------------------------------------------------------------------------------------------

    def _there(self, name: str, client_order_id: str | None, own: Any, form: Form) -> Ack | None:
        """The order that was placed under the same id before; None when there is none, and then the id is taken.

        :raises DuplicateOrderException: when that was another order
        :raises OrderStatusUnknownException: when what became of it is still not known
        """
        if not client_order_id:
            return None
        with self._lock:
            before = self._placed.get(client_order_id)
            if before is None:
                self._placed[client_order_id] = form, ""
        if before is None:
            self._call_by(own, client_order_id)
            return None
        if before[0] != form:
            raise DuplicateOrderException(f"the id {client_order_id[:40]} is another order's", venue=self.venue)
        number = before[1] or str(self._found(name, client_order_id, own)["id"])
        self._remember(client_order_id, (form, number))
        return Ack(name, number, client_order_id)

    def _remember(self, client_order_id: str | None, what: tuple[Form, str] | None) -> None:
        if not client_order_id:
            return
        with self._lock:
            self._placed.pop(client_order_id, None)
            if what is not None:
                self._placed[client_order_id] = what
                if len(self._placed) > _REMEMBERED:
                    del self._placed[next(iter(self._placed))]

    def _call_by(self, own: Any, client_order_id: str) -> None:
        """Show orders that the exchange knows by an id of its liking under the caller's."""
        if own is None:
            return
        with self._lock:
            self._given[str(own)] = client_order_id
            if len(self._given) > _REMEMBERED:
                del self._given[next(iter(self._given))]

    def _settled(self, name: str, client_order_id: str | None, own: Any, lost: ExchangeException | None) -> Row:
        """What became of an order whose answer was lost: the order itself, if the exchange shows one under its id in time."""
        until_s = _clock.monotonic_s() + self._client.settle_timeout
        pause_s = _PAUSE_S
        while True:
            try:
                return self._found(name, client_order_id, own)
            except OrderStatusUnknownException as unknown:
                left_s = until_s - _clock.monotonic_s()
                if own is None or left_s <= 0:
                    raise unknown from lost
            threading.Event().wait(min(pause_s, left_s))
            pause_s *= 2

    def _found(self, name: str, client_order_id: str | None, own: Any) -> Row:
        """The order under an id.

        :raises OrderStatusUnknownException: when the exchange keeps none, does not answer, or shows no such order: it may come to show it
        """
        try:
            row = None if own is None else self._exchange.by_own_id(self._client.send, name, own)
        except ExchangeException:
            row = None
        if row is not None:
            return row
        why = "it keeps no ids of its callers" if own is None else "resolve() asks the venue"
        raise OrderStatusUnknownException(
            f"the answer to an order at {self.venue} was lost, and whether it was placed is not known; {why}",
            symbol=name,
            client_order_id=client_order_id or "",
            sent="maybe",
        ).resolved_by(partial(self._resolved, name, client_order_id, own))

    def _resolved(self, name: str, client_order_id: str | None, own: Any) -> Order:
        return self._order(self._found(name, client_order_id, own), name)

    def _number(self, call: Call, name: str, order_id: str | None, client_order_id: str | None) -> str:
        """The exchange's id of an order."""
        if (order_id is None) is (client_order_id is None):
            raise TypeError("an order is named by one of its two ids")
        if order_id is not None:
            return self._exchange.checked(order_id)
        given = client_order_id or ""
        with self._lock:
            known = self._placed.get(given)
        if known is not None and known[1]:
            return known[1]
        own = self._exchange.own_id(given)
        if own is None:  # so that nobody takes it for one that was not placed
            raise UnsupportedException(
                f"{self.venue} keeps no ids of its callers, and {given[:40]!r} was not placed here", venue=self.venue
            )
        row = self._exchange.by_own_id(call, name, own)
        if row is None:
            raise not_found(given)
        self._call_by(own, given)
        return str(row["id"])

    def _order(self, row: Row, name: str) -> Order:
        own = self._exchange.shown_id(row)
        with as_documented("an order"):
            kind = self._exchange.kind(row)
            filled = exact_of(self._exchange.filled(row) or 0)
            total, average = self._exchange.total(row), self._exchange.average(row)
            placed = row.get("timestamp") or 0
            return Order(
                instrument=row.get("symbol") or name,
                order_id=str(row["id"]),
                client_order_id=self._given.get(own) or self._exchange.callers_id(own),
                side=side_of(row),
                type=kind,
                status=self._exchange.status(row),
                price=None if kind == ORDER_TYPE_MARKET else figure(row, "price") or None,
                quantity=None if total is not None else figure(row, "amount"),
                filled=filled,
                average_price=exact_of(average) if average and filled else None,
                time_ms=placed,
                update_time_ms=row.get("lastUpdateTimestamp") or row.get("lastTradeTimestamp") or placed,
                total=None if total is None else exact_of(total),
                raw=row,
            )

    # ---- what is listed ----------------------------------------------------------------------------------------------

    def _asked(self, what: Capability, *args: Any) -> Any:
        self._client.needs(_METHODS[what])
        return self._client.call(_snake(_METHODS[what]), *args)

    def _name(self, instrument: str) -> str:
        name = in_capitals(instrument)
        self._listed(name)
        return name

    def _listed(self, name: str) -> Row:
        row = self._client.markets().get(name)
        if not is_spot(row):
            raise UnknownSymbolException(f"{self.venue} lists no {name[:40]}", venue=self.venue)
        return cast(Row, row)

    def _locked(self) -> list[str]:
        """The instruments that may have open orders: of coins that the account can have, and of which some are locked."""
        answer = self._asked("balances")
        with as_documented("fetch_balance"):
            coins = set(answer["total"])
            locked = {name for name in coins if balance_of(name, answer[name]).locked}
        return [
            name
            for name, row in self._client.markets().items()
            if is_spot(row) and coins >= {row["base"], row["quote"]} and locked & {row["base"], row["quote"]}
        ]


def _age(order: Order) -> tuple[int, int, str]:
    """Oldest first; the ids tell those of one second apart."""
    return order.time_ms, len(order.order_id), order.order_id


def _is_certain(error: ExchangeException) -> bool:
    """Whether an order that failed so was certainly not placed."""
    if isinstance(error, ExchangeRequestException):
        return error.sent == "no"
    return not (isinstance(error, ExchangeAPIException) and error.outcome_unknown)


def _snake(method: str) -> str:
    special = {"fetchOHLCV": "fetch_ohlcv"}
    return special.get(method) or "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in method)


def _camel(method: str) -> str:
    first, *others = method.split("_")
    return first + "".join(map(str.capitalize, others))
