"""The desk of a client through ccxt: the common vocabulary (:mod:`exchangeclient.market.vocabulary`), for pairs of coins.

Figures come from ccxt as floating point numbers, and are taken for what they print: exact to about fifteen digits.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, cast, get_args

from exchangeclient.ccxt.client import Client
from exchangeclient.core.endpoint import in_capitals
from exchangeclient.core.jsonio import as_documented
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_LIMIT_MAKER, ORDER_TYPE_MARKET, SIDE_BUY, OrderType, Side, TimeInForce
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderMinTotalException,
    OrderNotFoundException,
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
from exchangeclient.numbers import EXACT, Number, exact

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
_STATUS_OF: Final[Mapping[str, str]] = {
    "closed": "FILLED",
    "canceled": "CANCELED",
    "canceling": "PENDING_CANCEL",
    "expired": "EXPIRED",
    "rejected": "REJECTED",
}
_KINDS: Final = {"limit": ORDER_TYPE_LIMIT, "market": ORDER_TYPE_MARKET}
_WORDS: Final[Mapping[str, str]] = {"IOC": "IOC", "FOK": "FOK", ORDER_TYPE_LIMIT_MAKER: "PO"}
# How long a caller's own id may be where ccxt 4.5 passes it on: bitfinex takes whole numbers alone, bitflyer none.
_OWN_IDS: Final[Mapping[str, int]] = {"htx": 64, "gate": 28, "poloniex": 64, "bithumb": 36}
# Open orders are asked for by symbol alone.
_BY_SYMBOL: Final = ("bithumb", "bitflyer")
_PAGE: Final = 200
_MOST_PAGES: Final = 50
_LOOK_BACK: Final = 50

Row = Mapping[str, Any]


class ClientDesk:
    """The common vocabulary over a client through ccxt; see :class:`~exchangeclient.market.vocabulary.Desk`, whose methods these are.

    An instrument is ccxt's symbol, such as ``BTC/USDT``.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.venue: Final = client.exchange
        can: set[Capability] = {name for name, method in _METHODS.items() if client.has(method)}
        self.capabilities: Final[frozenset[Capability]] = frozenset(can | {"instruments", "ask"})
        self._lock = threading.Lock()
        self._placed: dict[str, str] = {}
        self._touched: dict[str, None] = {}

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
        return self._ticker(self._asked("ticker", self._name(instrument)))

    def tickers(self) -> list[Ticker]:
        """``fetch_tickers``."""
        answer = self._asked("tickers")
        markets = self._client.markets()
        return [self._ticker(row) for name, row in answer.items() if _is_spot(markets.get(name))]

    def book(self, instrument: str, depth: int = 100) -> Book:
        """``fetch_order_book``; the exchange's usual number of levels, cut to ``depth``."""
        name = self._name(instrument)
        answer = self._asked("book", name)
        with as_documented("fetch_order_book"):
            levels = {side: sorted((_exact(row[0]), _exact(row[1])) for row in answer[side]) for side in ("bids", "asks")}
            bids = tuple(level for level in reversed(levels["bids"]) if level[1])[: max(depth, 1)]
            asks = tuple(level for level in levels["asks"] if level[1])[: max(depth, 1)]
            return Book(name, answer.get("timestamp"), bids, asks, answer)

    def trades(self, instrument: str, limit: int = 100) -> list[Trade]:
        """``fetch_trades``; as many as the exchange shows."""
        rows = self._asked("trades", self._name(instrument))
        with as_documented("fetch_trades"):
            found = [
                Trade(str(row.get("id") or ""), row["timestamp"], _exact(row["price"]), _exact(row["amount"]), _side(row), row)
                for row in rows
            ]
        return sorted(found, key=lambda trade: trade.time_ms)[-limit:]

    def klines(
        self, instrument: str, interval: str, *, start_ms: int | None = None, end_ms: int | None = None, limit: int = 500
    ) -> list[Kline]:
        """``fetch_ohlcv``, page by page."""
        self._client.needs(_METHODS["klines"])
        if interval not in self._client.timeframes:
            raise ValueError(f"interval must be one of {', '.join(self._client.timeframes)} at {self.venue}; not {interval[:20]!r}")
        name, found = self._name(instrument), dict[int, Kline]()
        since = start_ms
        for _ in range(_MOST_PAGES):
            rows = self._client.call("fetch_ohlcv", name, interval, since, min(limit, _PAGE) if since is not None else limit)
            with as_documented("fetch_ohlcv"):
                page = {int(row[0]): _kline(row) for row in rows}
            fresh = {opened: row for opened, row in page.items() if opened not in found and (start_ms is None or opened >= start_ms)}
            found |= fresh
            if since is None or not fresh or len(found) >= limit or (end_ms is not None and max(fresh) >= end_ms):
                break
            since = max(fresh) + 1
        in_time = [row for opened, row in sorted(found.items()) if end_ms is None or opened <= end_ms]
        return in_time[-limit:] if start_ms is None else in_time[:limit]

    def instruments(self) -> list[Instrument]:
        """``load_markets``."""
        mode = self._client.precision_mode
        markets = self._client.markets(again=True)
        with as_documented("load_markets"):
            return [_instrument(row, in_steps=mode == _TICK_SIZE) for row in markets.values() if _is_spot(row)]

    def balances(self) -> list[Balance]:
        """``fetch_balance``."""
        answer = self._asked("balances")
        with as_documented("fetch_balance"):
            held = [
                Balance(name, _exact(row.get("free") or 0), _exact(row.get("used") or 0), row)
                for name, row in ((name, answer[name]) for name in answer["total"])
            ]
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
        shows none, what became of it is not known. It is never sent twice.
        """
        if side not in get_args(Side):
            raise ValueError(f"side must be one of {', '.join(get_args(Side))}; not {str(side)[:40]!r}")
        if closes:
            raise UnsupportedException("a pair of coins has no positions to close", venue=self.venue, what="closes")
        name = self._name(instrument)
        params = self._params(name, type, time_in_force)
        sent, at = self._size(name, side, type, quantity, total), None
        if type == ORDER_TYPE_MARKET:
            if price is not None:
                raise UnsupportedException("a market order has no price", venue=self.venue, what="price")
            if total is not None:
                params["cost"] = float(sent)
        else:
            if price is None:
                raise TypeError("place() needs price")
            at = exact(price, "price")
            self._hold(name, sent, at)
        own = self._own_id(client_order_id)
        if own:
            params["clientOrderId"] = own
        self._note(name)
        kind = "market" if type == ORDER_TYPE_MARKET else "limit"
        try:
            answer = self._client.call(
                "create_order", name, kind, side.lower(), float(sent), None if at is None else float(at), params=params
            )
        except ExchangeAPIException as error:
            if not error.outcome_unknown:
                raise
            answer = self._settled(name, own, error)
        except ExchangeRequestException as error:
            answer = self._settled(name, own, error)
        with as_documented("create_order"):
            number = str(answer["id"])
        with self._lock:
            if client_order_id:
                self._placed[client_order_id] = number
        return Ack(name, number, client_order_id or "", answer)

    def cancel(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Ack:
        """``cancel_order``."""
        name = self._name(instrument)
        number = self._number(name, order_id, client_order_id)
        answer = self._client.call("cancel_order", number, name)
        return Ack(name, number, client_order_id or "", answer if isinstance(answer, dict) else {})

    def order(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Order:
        """``fetch_order``."""
        name = self._name(instrument)
        row = self._asked("order", self._number(name, order_id, client_order_id), name)
        with as_documented("fetch_order"):
            return self._order(row, name)

    def open_orders(self, instrument: str | None = None) -> list[Order]:
        """``fetch_open_orders``. Where these are asked for by symbol alone, those of all are of every symbol that was used here."""
        self._client.needs(_METHODS["open_orders"])
        if instrument is not None:
            names: list[str | None] = [self._name(instrument)]
            self._note(self._name(instrument))
        elif self.venue in _BY_SYMBOL:
            with self._lock:
                names = list(self._touched)
        else:
            names = [None]
        found = list[Order]()
        for name in names:
            rows = self._client.call("fetch_open_orders", name)
            with as_documented("fetch_open_orders"):
                found += [self._order(row, name or row["symbol"]) for row in rows]
        return sorted((order for order in found if order.open), key=lambda order: order.time_ms)

    def history(self, instrument: str, *, since_ms: int | None = None, limit: int = 100) -> list[Order]:
        """``fetch_closed_orders``."""
        name = self._name(instrument)
        rows = self._asked("history", name, since_ms, limit)
        with as_documented("fetch_closed_orders"):
            found = [self._order(row, name) for row in rows]
        in_time = sorted((order for order in found if not order.open), key=lambda order: order.time_ms)
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
        return self._client.call(path, **{name: int(value) if value.isdecimal() else value for name, value in params.items()})

    # ---- orders ------------------------------------------------------------------------------------------------------

    def _params(self, name: str, kind: str, time_in_force: str | None) -> dict[str, Any]:
        if kind not in (ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, ORDER_TYPE_LIMIT_MAKER):
            raise UnsupportedException(f"the venue has no {kind} orders", venue=self.venue, what="type")
        if time_in_force is not None and kind != ORDER_TYPE_LIMIT:
            raise UnsupportedException(f"the venue has no {kind} orders that are {time_in_force}", venue=self.venue, what="time_in_force")
        word = kind if kind == ORDER_TYPE_LIMIT_MAKER else time_in_force
        if word in (None, "GTC"):
            return {}
        if word not in _WORDS or not self._client.takes(name, _WORDS[word]):
            raise UnsupportedException(f"{self.venue} has no orders that are {word}", venue=self.venue, what="time_in_force")
        return {"postOnly": True} if kind == ORDER_TYPE_LIMIT_MAKER else {"timeInForce": word}

    def _size(self, name: str, side: Side, kind: str, quantity: Number | None, total: Number | None) -> Decimal:
        """What is sent as an amount: a quantity, held to its rules, or a total."""
        if (quantity is None) is (total is None):
            raise TypeError("place() needs one of quantity and total")
        in_money = kind == ORDER_TYPE_MARKET and side == SIDE_BUY and self._client.buys_for_a_total
        if total is not None:
            if not in_money:
                raise UnsupportedException("a total is for market orders that buy, where there are such", venue=self.venue, what="total")
            return exact(total, "total")
        if in_money:
            raise UnsupportedException(f"at {self.venue} a market order that buys names a total", venue=self.venue, what="quantity")
        size = exact(quantity if quantity is not None else 0, "quantity")
        limits = self._listed(name)["limits"]["amount"]
        nearest = _nearest(self._client.rounded(name, amount=str(size)))
        if size <= 0 or nearest != size:
            raise OrderMinAmountException(
                f"quantity {size} is no amount of {name} at {self.venue}", symbol=name, rule="precision", value=size, nearest=nearest
            )
        low = limits.get("min")
        if low is not None and size < _exact(low):
            raise OrderMinAmountException(
                f"quantity {size} is below the minimum {_exact(low)}", symbol=name, rule="min", value=size, limit=_exact(low)
            )
        return size

    def _hold(self, name: str, size: Decimal, price: Decimal) -> None:
        """Hold a limit order to the rules of its price and total."""
        nearest = _nearest(self._client.rounded(name, price=str(price)))
        if price <= 0 or nearest != price:
            raise OrderMinPriceException(
                f"price {price} is no price of {name} at {self.venue}", symbol=name, rule="precision", value=price, nearest=nearest
            )
        low = self._listed(name)["limits"]["cost"].get("min")
        whole = EXACT.multiply(size, price)
        if low is not None and whole < _exact(low):
            raise OrderMinTotalException(f"price times quantity, {whole}, is below the minimum {_exact(low)}", symbol=name, rule="min")

    def _own_id(self, client_order_id: str | None) -> str | None:
        """The caller's id as the exchange is told it; None where it keeps none."""
        longest = _OWN_IDS.get(self.venue)
        return None if longest is None or not client_order_id else client_order_id[-longest:]

    def _settled(self, name: str, own: str | None, lost: ExchangeException) -> Row:
        """What became of an order whose answer was lost: the order itself, if the exchange shows one under its id."""
        try:
            found = self._by_own_id(name, own) if own else None
        except ExchangeException:
            found = None
        if found is not None:
            return found
        raise OrderStatusUnknownException(
            f"the answer to an order at {self.venue} was lost, and whether it was placed is not known; look at its open orders",
            symbol=name,
            client_order_id=own or "",
            sent="maybe",
        ) from lost

    def _by_own_id(self, name: str, own: str) -> Row | None:
        for ask in ("fetch_open_orders", "fetch_closed_orders"):
            for row in self._client.call(ask, name, None, _LOOK_BACK):
                if str(row.get("clientOrderId") or "").removeprefix("t-") == own:
                    found: Row = row
                    return found
        return None

    def _number(self, name: str, order_id: str | None, client_order_id: str | None) -> str:
        """The exchange's id of an order."""
        if (order_id is None) is (client_order_id is None):
            raise TypeError("an order is named by one of its two ids")
        if order_id is not None:
            return order_id
        with self._lock:
            known = self._placed.get(client_order_id or "")
        own = self._own_id(client_order_id)
        if known is None and own:
            row = self._by_own_id(name, own)
            known = None if row is None else str(row["id"])
        if known is None:
            raise OrderNotFoundException(f"{self.venue} shows no order {str(client_order_id)[:40]}", venue=self.venue)
        return known

    def _order(self, row: Row, name: str) -> Order:
        quantity, filled = _figure(row, "amount"), _figure(row, "filled") or Decimal(0)
        status = _STATUS_OF.get(row.get("status") or "open")
        if status is None:
            status = "PARTIALLY_FILLED" if filled else "NEW"
        kind = row.get("type") or "limit"
        own = str(row.get("clientOrderId") or "")
        placed = row.get("timestamp") or 0
        return Order(
            instrument=row.get("symbol") or name,
            order_id=str(row["id"]),
            client_order_id=own.removeprefix("t-") if self.venue == "gate" else own,
            side=_side(row),
            type=ORDER_TYPE_LIMIT_MAKER if row.get("postOnly") and kind == "limit" else _KINDS.get(kind, kind),
            status=status,
            price=None if kind == "market" else _figure(row, "price") or None,
            quantity=quantity,
            filled=filled,
            average_price=(_figure(row, "average") or None) if filled else None,
            time_ms=placed,
            update_time_ms=row.get("lastUpdateTimestamp") or row.get("lastTradeTimestamp") or placed,
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
        if not _is_spot(row):
            raise UnknownSymbolException(f"{self.venue} lists no {name[:40]}", venue=self.venue)
        return cast(Row, row)

    def _note(self, name: str) -> None:
        with self._lock:
            self._touched[name] = None

    def _ticker(self, row: Row) -> Ticker:
        with as_documented("fetch_ticker"):
            return Ticker(
                instrument=row["symbol"],
                time_ms=row.get("timestamp"),
                last=_figure(row, "last"),
                bid=_figure(row, "bid") or None,
                ask=_figure(row, "ask") or None,
                open=_figure(row, "open"),
                high=_figure(row, "high"),
                low=_figure(row, "low"),
                volume=_figure(row, "baseVolume"),
                raw=row,
            )


def _is_spot(row: Any) -> bool:
    return bool(row and row.get("spot"))


def _exact(value: Any) -> Decimal:
    return exact(str(value), "figure")


def _figure(row: Row, name: str) -> Decimal | None:
    value = row.get(name)
    return None if value is None else _exact(value)


def _nearest(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _side(row: Row) -> Side:
    return "BUY" if row["side"] == "buy" else "SELL"


def _kline(row: Any) -> Kline:
    first, high, low, last, volume = map(_exact, row[1:6])
    return Kline(int(row[0]), first, high, low, last, volume, raw=row)


def _instrument(row: Row, *, in_steps: bool) -> Instrument:
    limits = row.get("limits") or {}
    precision = row.get("precision") or {}
    amount, cost = limits.get("amount") or {}, limits.get("cost") or {}
    return Instrument(
        name=row["symbol"],
        market=Market(row["base"], row["quote"]),
        trading=row.get("active") is not False,
        tick=_figure(precision, "price") if in_steps else None,
        step=_figure(precision, "amount") if in_steps else None,
        min_quantity=_figure(amount, "min"),
        max_quantity=_figure(amount, "max"),
        min_total=_figure(cost, "min"),
        max_total=_figure(cost, "max"),
        raw=row,
    )


def _snake(method: str) -> str:
    special = {"fetchOHLCV": "fetch_ohlcv"}
    return special.get(method) or "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in method)


def _camel(method: str) -> str:
    first, *others = method.split("_")
    return first + "".join(map(str.capitalize, others))
