"""The desk of a BitMEX client: the common vocabulary (:mod:`exchangeclient.market.vocabulary`), for contracts and pairs of coins."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, get_args

from exchangeclient.bitmex import signing
from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.filters import order_rules, part
from exchangeclient.bitmex.history import bin_of, open_time_ms
from exchangeclient.bitmex.limits import ACCOUNT
from exchangeclient.bitmex.money import KNOWN, coin, contract_currency, contract_value, major
from exchangeclient.bitmex.rest import PRODUCTS
from exchangeclient.bitmex.times import milliseconds
from exchangeclient.core.calling.endpoint import Endpoint, endpoints, in_capitals
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.core.http.request import Kind, Request, Security
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_LIMIT_MAKER, ORDER_TYPE_MARKET, SIDE_BUY, OrderType, Side, TimeInForce
from exchangeclient.exceptions import OrderNotFoundException, UnknownSymbolException, UnsupportedException
from exchangeclient.market.orderwords import OrderWords
from exchangeclient.market.vocabulary import (
    CAPABILITIES,
    Ack,
    Balance,
    Book,
    Contract,
    Funding,
    Instrument,
    Kline,
    Market,
    Order,
    Position,
    Ticker,
    Trade,
)
from exchangeclient.numbers import EXACT, Number, exact, trimmed, unsigned

_PAGE: Final = 500
_KINDS: Final = {ORDER_TYPE_LIMIT: "Limit", ORDER_TYPE_MARKET: "Market", ORDER_TYPE_LIMIT_MAKER: "Limit"}
_TIMED: Final = {"GTC": "GoodTillCancel", "IOC": "ImmediateOrCancel", "FOK": "FillOrKill"}
_ORDERS: Final = OrderWords("bitmex", _KINDS, _TIMED)
_TYPES_OF: Final = {"Limit": ORDER_TYPE_LIMIT, "Market": ORDER_TYPE_MARKET}
_STATUS_OF: Final[Mapping[str, str]] = {
    "New": "NEW",
    "PartiallyFilled": "PARTIALLY_FILLED",
    "Filled": "FILLED",
    "Canceled": "CANCELED",
    "Rejected": "REJECTED",
    "Expired": "EXPIRED",
    "PendingNew": "PENDING_NEW",
    "PendingReplace": "NEW",
    "PendingCancel": "PENDING_CANCEL",
}
_SPOT: Final = "IF"
_SWAPS: Final = ("FFWCSX", "FFWCSF", "FFSCSX")
_FUTURES: Final = "FFCCSX"
_QUARTERS: Final = (3, 6, 9, 12)
_WORDS: Final = (("this_month", "next_month"), ("quarter", "next_quarter"))
_MIDNIGHT: Final = "2000-01-01T00:00:00.000Z"  # the interval of funding is written as a clock time of that day

Row = Mapping[str, Any]


class ClientDesk:
    """The common vocabulary over a BitMEX client; see :class:`~exchangeclient.market.vocabulary.Desk`, whose methods these are.

    An instrument is a ``symbol``, such as ``XBTUSD``. A bitcoin is ``BTC`` in a :class:`Market` and in balances, as elsewhere.
    """

    venue: Final = Client.venue
    capabilities: Final = frozenset(CAPABILITIES)

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._listed: dict[str, Instrument] = {}
        self._scales: dict[str, int] = {}

    def instrument_of(self, market: Market) -> str:
        """The ``symbol``. Symbols cannot be reckoned; what is listed is asked once."""
        if market.contract and market.contract not in get_args(Contract):
            raise UnsupportedException(f"the venue has no {market.contract}", venue=self.venue, what="contract")
        wanted = Market(coin(in_capitals(market.base)), coin(in_capitals(market.quote)), market.contract)
        for again in (False, True):
            found = next((name for name, listed in self._instruments(again=again).items() if listed.market == wanted), None)
            if found is not None:
                return found
        what = market.contract or "pair of coins"
        raise UnknownSymbolException(f"{wanted.base} and {wanted.quote} have no {what} at the venue", venue=self.venue)

    def market_of(self, instrument: str) -> Market:
        """The two coins and the contract of a ``symbol``, as the venue lists it, which is asked when one is not known."""
        return self._known(in_capitals(instrument)).market

    def ticker(self, instrument: str) -> Ticker:
        """``GET /api/v1/instrument``."""
        answer = self._client.get_ticker(in_capitals(instrument))
        with as_documented("get_instruments"):
            return _ticker(answer)

    def tickers(self) -> list[Ticker]:
        """``GET /api/v1/instrument/active``."""
        answer = self._client.get_active_instruments()
        with as_documented("get_active_instruments"):
            return list(map(_ticker, filter(_is_open, answer)))

    def book(self, instrument: str, depth: int = 100) -> Book:
        """``GET /api/v1/orderBook/L2``."""
        name = in_capitals(instrument)
        unit = self._unit(name)
        answer = self._client.get_order_book(name, depth=max(depth, 1))
        with as_documented("get_order_book"):
            levels = {
                side: sorted((exact(row["price"], "price"), _times(row["size"], unit)) for row in answer if row["side"] == side)
                for side in ("Buy", "Sell")
            }
            times = [milliseconds(row["timestamp"]) for row in answer if row.get("timestamp")]
            return Book(name, max(times, default=None), tuple(levels["Buy"][::-1]), tuple(levels["Sell"]), {"rows": answer})

    def trades(self, instrument: str, limit: int = 100) -> list[Trade]:
        """``GET /api/v1/trade``; 500 at most."""
        name = in_capitals(instrument)
        unit = self._unit(name)
        answer = self._of(name, self._client.get_recent_trades(name, count=min(limit, _PAGE)))
        with as_documented("get_historical_trades"):
            return [
                Trade(
                    str(row.get("trdMatchID") or ""),
                    milliseconds(row["timestamp"]),
                    exact(row["price"], "price"),
                    _times(row["size"], unit),
                    _side(row),
                    row,
                )
                for row in reversed(answer)
            ]

    def klines(
        self, instrument: str, interval: str, *, start_ms: int | None = None, end_ms: int | None = None, limit: int = 500
    ) -> list[Kline]:
        """``GET /api/v1/trade/bucketed``: ``1m``, ``5m``, ``1h`` and ``1d``."""
        bin_of(interval)
        name = in_capitals(instrument)
        rows = self._of(name, self._client.get_historical_klines(name, interval, start_ms, end_ms, limit))
        with as_documented("get_klines"):
            return [_kline(row, interval) for row in rows]

    def instruments(self) -> list[Instrument]:
        """``GET /api/v1/instrument/active``."""
        return list(self._instruments(again=True).values())

    def balances(self) -> list[Balance]:
        """``GET /api/v1/user/margin``: what is free can be used as margin; positions and orders hold the rest."""
        answer = self._client.get_account(currency="all")
        with as_documented("get_account"):
            rows = [row for row in answer if row.get("marginBalance") or row.get("walletBalance")]
            scales = {row["currency"]: self._scale(row["currency"]) for row in rows}
            return [_balance(row, scales[row["currency"]]) for row in rows]

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
        """``POST /api/v1/order``."""
        _ORDERS.check(side, type, price, time_in_force)
        if total is not None:
            raise UnsupportedException("the venue has no orders for a total", venue=self.venue, what="total")
        if quantity is None:
            raise TypeError("place() needs quantity")
        name = in_capitals(instrument)
        listed = self._listed_if_known(name) or self._instruments(again=True).get(name)
        if closes and listed is not None and not listed.market.contract:
            raise UnsupportedException("a pair of coins has no positions to close", venue=self.venue, what="closes")
        answer = self._client.create_order(
            symbol=name,
            side="Buy" if side == SIDE_BUY else "Sell",
            ordType=_KINDS[type],
            orderQty=quantity if listed is None or listed.market.contract else _in_units(quantity, listed),
            price=price,
            timeInForce=None if time_in_force is None else _TIMED[time_in_force],
            clOrdID=client_order_id,
            postOnly=True if type == ORDER_TYPE_LIMIT_MAKER else None,
            reduceOnly=True if closes else None,
        )
        return _ack("create_order", name, answer)

    def cancel(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Ack:
        """``DELETE /api/v1/order``, which knows an order by its id; the answer says which instrument it was on."""
        answer = self._client.cancel_order(orderID=order_id, clOrdID=client_order_id)
        return _ack("cancel_order", in_capitals(instrument), answer)

    def order(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Order:
        """``GET /api/v1/order``."""
        name = in_capitals(instrument)
        answer = self._client.get_order(orderID=order_id, clOrdID=client_order_id)
        with as_documented("get_orders"):
            order = self._order(answer)
        if order.instrument != name:
            raise OrderNotFoundException(f"the order {order.order_id} is on {order.instrument}, not on {name}", venue=self.venue)
        return order

    def open_orders(self, instrument: str | None = None) -> list[Order]:
        """``GET /api/v1/order``."""
        name = None if instrument is None else in_capitals(instrument)
        return self._orders(self._of(name, self._client.get_open_orders(name)))

    def history(self, instrument: str, *, since_ms: int | None = None, limit: int = 100) -> list[Order]:
        """``GET /api/v1/order``. The venue dates an order by what last happened to it."""
        name = in_capitals(instrument)
        found, start = list[Order](), 0
        while len(found) < limit or since_ms is not None:
            page = self._client.get_orders(symbol=name, reverse=True, count=_PAGE, start=start or None)
            orders = self._orders(page if start else self._of(name, page))
            found += [order for order in orders if not order.open]
            start += _PAGE
            if len(page) < _PAGE or (since_ms is not None and orders[-1].update_time_ms < since_ms):
                break
        found.reverse()  # so that those of one moment stay in their order, too
        in_time = sorted(found, key=lambda order: order.time_ms)
        return in_time[-limit:] if since_ms is None else [order for order in in_time if order.time_ms >= since_ms][:limit]

    def positions(self, instrument: str | None = None) -> list[Position]:
        """``GET /api/v1/position``."""
        name = None if instrument is None else in_capitals(instrument)
        answer = self._of(name, self._client.get_positions(filter=None if name is None else {"symbol": name}))
        with as_documented("get_positions"):
            rows = [row for row in answer if row.get("currentQty")]
            scales = {row["currency"]: self._scale(row["currency"]) for row in rows}
            return [_position(row, scales[row["currency"]]) for row in rows]

    def set_leverage(self, instrument: str, leverage: Number) -> None:
        """``POST /api/v1/position/leverage``; 0 is cross margin."""
        self._client.set_leverage(in_capitals(instrument), leverage)

    def funding(self, instrument: str | None = None) -> list[Funding]:
        """``GET /api/v1/instrument``, and ``/instrument/active`` for all."""
        rows = self._client.get_active_instruments() if instrument is None else [self._client.get_ticker(in_capitals(instrument))]
        with as_documented("get_instruments"):
            return [_funding(row) for row in rows if row.get("fundingRate") is not None and row.get("fundingTimestamp")]

    def ask(self, verb: str, path: str, params: Mapping[str, str], *, body: str | None = None) -> Any:
        """Any call; signed unless it is a known one of public data. One that changes something is held to no rule and not asked after."""
        sent = dict(params) if body is None else {signing.BODY: body}
        known = _declared().get((verb, path))
        kind = Kind.READ if verb == "GET" else Kind.TRANSFER
        request = Request(signing.ASK, verb, path, sent, Security.USER_DATA, kind, counts=ACCOUNT)
        if known is not None:
            like = known.carrying({} if body is not None else sent)
            request = replace(request, security=like.security, weight=like.weight, counts=like.counts, orders=like.orders)
        return self._client._call(request)

    # ---- what is listed ----------------------------------------------------------------------------------------------

    def _instruments(self, *, again: bool) -> dict[str, Instrument]:
        """What is listed and open, asked for when that is not known or wanted again."""
        with self._lock:
            known = self._listed
        if known and not again:
            return known
        answer = self._client.get_active_instruments()
        with as_documented("get_active_instruments"):
            listed = _instruments([row for row in answer if _is_open(row)])
        with self._lock:
            self._listed = listed
        return listed

    def _known(self, name: str) -> Instrument:
        for again in (False, True):
            listed = self._instruments(again=again).get(name)
            if listed is not None:
                return listed
        raise UnknownSymbolException(f"{name} is no instrument of the venue's", venue=self.venue)

    def _listed_if_known(self, name: str) -> Instrument | None:
        """What is listed under a name; what is not, the order's own rules refuse."""
        return self._instruments(again=False).get(name)

    def _of(self, name: str | None, rows: list[Any]) -> list[Any]:
        """The rows of an instrument. The venue shows none of what is no instrument, too: that is asked, where it is not known.

        :raises UnknownSymbolException: for what is none, not even a settled one
        """
        if not rows and name is not None and self._listed_if_known(name) is None:
            self._client.get_ticker(name)
        return rows

    def _unit(self, name: str) -> Decimal:
        """What one of a quantity of the venue's is: a contract, or a part of a coin."""
        listed = self._listed_if_known(name)
        return Decimal(1) if listed is None or listed.market.contract else EXACT.divide(Decimal(1), _units(listed.raw))

    def _scale(self, currency: str) -> int:
        """The digits that the smallest unit of a currency has behind the point."""
        if currency in KNOWN:
            return KNOWN[currency][1]
        with self._lock:
            known = self._scales
        if currency not in known:
            rows = self._client.get_assets()
            with as_documented("get_assets"):
                known = {row["currency"]: int(row["scale"]) for row in rows}
            with self._lock:
                self._scales = known
        return known[currency]

    def _orders(self, rows: Iterable[Row]) -> list[Order]:
        with as_documented("get_orders"):
            return [self._order(row) for row in rows]

    def _order(self, row: Row) -> Order:
        return _order(row, self._unit(row["symbol"]))


@functools.cache
def _declared() -> Mapping[tuple[str, str], Endpoint]:
    return {(each.verb, each.path): each for product in PRODUCTS for each in endpoints(product)}


def _is_open(row: Row) -> bool:
    return row["state"] == "Open" and not row["symbol"].startswith(".")


def _side(row: Row) -> Side:
    return "BUY" if row["side"] == "Buy" else "SELL"


def _figure(row: Row, name: str) -> Decimal | None:
    """A figure; None where it is missing or null."""
    figure = row.get(name)
    return None if figure is None else exact(figure, name)


def _times(figure: object, unit: Decimal) -> Decimal:
    return trimmed(EXACT.multiply(exact(figure, "size"), unit))


def _units(row: Row) -> Decimal:
    """How many of the venue's units a coin of a pair of coins has."""
    return exact(row["underlyingToPositionMultiplier"], "underlyingToPositionMultiplier")


def _in_units(quantity: Number, listed: Instrument) -> Decimal:
    return trimmed(EXACT.multiply(unsigned(quantity, "quantity"), _units(listed.raw)))


def _ticker(row: Row) -> Ticker:
    return Ticker(
        instrument=row["symbol"],
        time_ms=milliseconds(row["timestamp"]) if row.get("timestamp") else None,
        last=_figure(row, "lastPrice"),
        bid=_figure(row, "bidPrice") or None,
        ask=_figure(row, "askPrice") or None,
        open=_figure(row, "prevPrice24h"),
        high=_figure(row, "highPrice"),
        low=_figure(row, "lowPrice"),
        volume=_figure(row, "homeNotional24h"),
        raw=row,
    )


def _kline(row: Row, interval: str) -> Kline:
    # Without a trade in it a candle has the close of the one before, which is its open.
    first = exact(row["open"], "open")
    high, low, last = (exact(first if row.get(name) is None else row[name], name) for name in ("high", "low", "close"))
    volume = _figure(row, "homeNotional")
    # The venue lets a candle begin with the close of the one before, which need not lie within its own prices.
    return Kline(
        open_time_ms(row, interval), first, max(high, first), min(low, first), last, Decimal(0) if volume is None else abs(volume), raw=row
    )


def _instruments(rows: list[Row]) -> dict[str, Instrument]:
    contracts = _contracts(rows)
    return {row["symbol"]: _instrument(row, contracts[row["symbol"]]) for row in rows}


def _contracts(rows: list[Row]) -> dict[str, str]:
    """What each instrument is; futures by when they end, as there are several of a pair, and by their own symbol past the second."""
    found = {row["symbol"]: "" if row["typ"].startswith(_SPOT) else "swap" if row["typ"] in _SWAPS else row["symbol"] for row in rows}
    futures: dict[tuple[str, str, bool], list[Row]] = {}
    for row in sorted((row for row in rows if row["typ"] == _FUTURES and row.get("expiry")), key=lambda row: str(row["expiry"])):
        quarterly = int(row["expiry"][5:7]) in _QUARTERS
        futures.setdefault((row["underlying"], row["quoteCurrency"], quarterly), []).append(row)
    for (_, _, quarterly), listed in futures.items():
        found |= {row["symbol"]: word for row, word in zip(listed, _WORDS[quarterly], strict=False)}
    return found


def _instrument(row: Row, contract: str) -> Instrument:
    rules = order_rules(row)
    unit = Decimal(1) if contract else EXACT.divide(Decimal(1), _units(row))
    step, low, high = (
        None if figure is None else _times(figure, unit) for figure in (rules.quantity.step, rules.quantity.low, rules.quantity.high)
    )
    return Instrument(
        name=row["symbol"],
        market=Market(coin(row["underlying"]), coin(row["quoteCurrency"]), contract),
        settle=coin(row["settlCurrency"]) if contract else "",
        trading=rules.trading,
        tick=part(row, "tickSize"),
        step=step,
        min_quantity=low,
        max_quantity=high,
        contract_value=contract_value(row),
        contract_currency=contract_currency(row),
        inverse=bool(row.get("isInverse")),
        raw=row,
    )


def _balance(row: Row, scale: int) -> Balance:
    held, free = row.get("marginBalance"), row["availableMargin"]
    whole = row["walletBalance"] if held is None else held
    return Balance(coin(row["currency"]), major(free, scale), max(Decimal(0), major(whole - free, scale)), row)


def _ack(name: str, instrument: str, answer: Row) -> Ack:
    with as_documented(name):
        return Ack(str(answer.get("symbol") or instrument), str(answer["orderID"]), str(answer.get("clOrdID") or ""), answer)


def _order(row: Row, unit: Decimal) -> Order:
    words = str(row.get("execInst") or "").replace(" ", "").split(",")
    kind = str(_TYPES_OF.get(row["ordType"], row["ordType"]))
    quantity = _figure(row, "orderQty")
    return Order(
        instrument=row["symbol"],
        order_id=row["orderID"],
        client_order_id=row.get("clOrdID") or "",
        side=_side(row),
        type=ORDER_TYPE_LIMIT_MAKER if kind == ORDER_TYPE_LIMIT and "ParticipateDoNotInitiate" in words else kind,
        status=_STATUS_OF.get(row["ordStatus"], row["ordStatus"]),
        price=None if kind == ORDER_TYPE_MARKET else _figure(row, "price"),
        quantity=None if quantity is None else _times(quantity, unit),
        filled=_times(row.get("cumQty") or 0, unit),
        average_price=_figure(row, "avgPx") or None,
        time_ms=milliseconds(row["transactTime"]),
        update_time_ms=milliseconds(row["timestamp"]),
        closes="ReduceOnly" in words or "Close" in words,
        raw=row,
    )


def _position(row: Row, scale: int) -> Position:
    size = exact(row["currentQty"], "currentQty")
    closing = _figure(row, "openOrderSellQty" if size > 0 else "openOrderBuyQty") or Decimal(0)
    return Position(
        instrument=row["symbol"],
        side="LONG" if size > 0 else "SHORT",
        quantity=abs(size),
        free=max(Decimal(0), abs(size) - closing),
        price=_figure(row, "avgEntryPrice"),
        profit=None if row.get("unrealisedPnl") is None else major(row["unrealisedPnl"], scale),
        leverage=_figure(row, "leverage"),
        margin=None if row.get("posMargin") is None else major(row["posMargin"], scale),
        currency=coin(row["currency"]),
        raw=row,
    )


def _funding(row: Row) -> Funding:
    interval = row.get("fundingInterval")
    period = milliseconds(interval) - milliseconds(_MIDNIGHT) if interval else None
    return Funding(row["symbol"], exact(row["fundingRate"], "fundingRate"), milliseconds(row["fundingTimestamp"]), period or None, row)
