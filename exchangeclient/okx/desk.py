"""The desk of an OKX client: the common vocabulary (:mod:`exchangeclient.market.vocabulary`), for pairs of coins, swaps and futures."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any, Final, get_args

from exchangeclient.core.calling.endpoint import Endpoint, endpoints, in_capitals
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.core.http.request import Kind, Request, Security
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_LIMIT_MAKER, ORDER_TYPE_MARKET, SIDE_BUY, OrderType, Side, TimeInForce
from exchangeclient.exceptions import ExchangeAPIException, UnknownSymbolException, UnsupportedException
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
    PositionSide,
    Ticker,
    Trade,
)
from exchangeclient.numbers import EXACT, Number
from exchangeclient.okx.bars import bar_of
from exchangeclient.okx.client import Client
from exchangeclient.okx.envelope import ASK
from exchangeclient.okx.filters import order_rules, part
from exchangeclient.okx.names import inst_type, is_spot
from exchangeclient.okx.orderform import trade_mode
from exchangeclient.okx.rest import PRODUCTS
from exchangeclient.okx.signing import LIST

_PAGE: Final = 100
_MOST_LEVELS: Final = 400
_MOST_TRADES: Final = 500
_MOST_KLINES: Final = 300
_TYPES: Final = ("SPOT", "SWAP", "FUTURES")
_KINDS: Final = {"LIMIT": "limit", "MARKET": "market", "LIMIT_MAKER": "post_only"}
_TIMED: Final = {"GTC": "limit", "IOC": "ioc", "FOK": "fok"}
_ORDERS: Final = OrderWords("okx", _KINDS, _TIMED)
_TYPES_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(("limit", "ioc", "fok"), ORDER_TYPE_LIMIT),
    **dict.fromkeys(("market", "optimal_limit_ioc"), ORDER_TYPE_MARKET),
    **dict.fromkeys(("post_only", "mmp_and_post_only"), ORDER_TYPE_LIMIT_MAKER),
}
_STATUS_OF: Final[Mapping[str, str]] = {
    "live": "NEW",
    "partially_filled": "PARTIALLY_FILLED",
    "filled": "FILLED",
    "canceled": "CANCELED",
    "mmp_canceled": "CANCELED",
}
_TWO_SIDED: Final = "long_short_mode"

Row = Mapping[str, Any]


class ClientDesk:
    """The common vocabulary over an OKX client; see :class:`~exchangeclient.market.vocabulary.Desk`, whose methods these are.

    An instrument is an ``instId``, such as ``BTC-USDT`` or ``BTC-USDT-SWAP``. Contracts are traded on cross margin.
    """

    venue: Final = Client.venue
    capabilities: Final = frozenset(CAPABILITIES)

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._listed: dict[str, Instrument] = {}
        self._position_mode: str | None = None

    def instrument_of(self, market: Market) -> str:
        """The ``instId``. Futures are listed by the day on which they end, which is asked once."""
        pair = in_capitals(f"{market.base}-{market.quote}")
        if not market.contract:
            return pair
        if market.contract == "swap":
            return f"{pair}-SWAP"
        if market.contract not in get_args(Contract):
            raise UnsupportedException(f"the venue has no {market.contract}", venue=self.venue, what="contract")
        wanted = Market(in_capitals(market.base), in_capitals(market.quote), market.contract)
        for again in (False, True):
            found = next((name for name, listed in self._instruments("FUTURES", again=again).items() if listed.market == wanted), None)
            if found is not None:
                return found
        raise UnknownSymbolException(f"{pair} has no {market.contract} at the venue", venue=self.venue)

    def market_of(self, instrument: str) -> Market:
        """The two coins and the contract of an ``instId``; of futures as the venue lists them, which is asked when one is not known."""
        name = in_capitals(instrument)
        parts = name.split("-")
        kind = inst_type(name)
        if kind == "FUTURES":
            for again in (False, True):
                if (listed := self._instruments(kind, again=again).get(name)) is not None:
                    return listed.market
        elif len(parts) >= 2 and all(parts) and kind != "OPTION":
            return Market(parts[0], parts[1], "swap" if kind == "SWAP" else "")
        raise UnknownSymbolException(f"{name} is no instrument of the venue's", venue=self.venue)

    def ticker(self, instrument: str) -> Ticker:
        """``GET /api/v5/market/ticker``."""
        answer = self._client.get_ticker(instrument)
        with as_documented("get_ticker"):
            return _ticker(answer)

    def tickers(self) -> list[Ticker]:
        """``GET /api/v5/market/tickers``, for each type of instrument."""
        rows = [row for kind in _TYPES for row in self._client.get_tickers(kind)]
        with as_documented("get_tickers"):
            return list(map(_ticker, rows))

    def book(self, instrument: str, depth: int = 100) -> Book:
        """``GET /api/v5/market/books``; 400 levels at most."""
        answer = self._client.get_order_book(instrument, sz=min(depth, _MOST_LEVELS))
        with as_documented("get_order_book"):
            bids, asks = (tuple((Decimal(row[0]), Decimal(row[1])) for row in answer[side]) for side in ("bids", "asks"))
            return Book(in_capitals(instrument), int(answer["ts"]), bids, asks, answer)

    def trades(self, instrument: str, limit: int = 100) -> list[Trade]:
        """``GET /api/v5/market/trades``; 500 at most."""
        answer = self._client.get_recent_trades(instrument, limit=min(limit, _MOST_TRADES))
        with as_documented("get_recent_trades"):
            return [
                Trade(row["tradeId"], int(row["ts"]), Decimal(row["px"]), Decimal(row["sz"]), _side(row), row) for row in reversed(answer)
            ]

    def klines(
        self, instrument: str, interval: str, *, start_ms: int | None = None, end_ms: int | None = None, limit: int = 500
    ) -> list[Kline]:
        """``GET /api/v5/market/candles``, and ``history-candles`` for what is older."""
        if start_ms is None and end_ms is None and limit <= _MOST_KLINES:
            rows = self._client.get_klines(instrument, bar_of(interval), limit=limit)[::-1]
        else:
            rows = self._client.get_historical_klines(instrument, interval, start_ms, end_ms, limit)
        column = 5 if is_spot(in_capitals(instrument)) else 6  # of contracts the next one counts coins
        with as_documented("get_klines"):
            return [_kline(row, column) for row in rows]

    def instruments(self) -> list[Instrument]:
        """``GET /api/v5/public/instruments``, for each type of instrument."""
        return [listed for kind in _TYPES for listed in self._instruments(kind, again=True).values()]

    def balances(self) -> list[Balance]:
        """``GET /api/v5/account/balance``."""
        answer = self._client.get_account()
        with as_documented("get_account"):
            held = [
                # Where only coins are traded there is no availEq; frozenBal holds what orders hold.
                Balance(row["ccy"], Decimal(row.get("availEq") or row.get("availBal") or 0), Decimal(row.get("frozenBal") or 0), row)
                for row in answer["details"]
            ]
        return [balance for balance in held if balance.free or balance.locked]

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
        """``POST /api/v5/trade/order``. Where the account keeps positions of both sides apart, the side that is meant follows."""
        _ORDERS.check(side, type, price, time_in_force)
        size = quantity if total is None else total
        if size is None or (quantity is not None and total is not None):
            raise TypeError("place() needs one of quantity and total")
        name = in_capitals(instrument)
        if total is not None and not (is_spot(name) and type == ORDER_TYPE_MARKET):
            raise UnsupportedException("a total is for market orders on pairs of coins", venue=self.venue, what="total")
        if closes and is_spot(name):
            raise UnsupportedException("a pair of coins has no positions to close", venue=self.venue, what="closes")
        try:
            answer = self._client.create_order(
                instId=name,
                tdMode=trade_mode(name),
                side="buy" if side == SIDE_BUY else "sell",
                ordType=_KINDS[type] if time_in_force is None else _TIMED[time_in_force],
                sz=size,
                px=price,
                clOrdId=client_order_id,
                tgtCcy=_target(name, type, in_money=quantity is None),
                **self._of_position(name, side, closes=closes),
            )
        except ExchangeAPIException:
            self._position_mode = None  # it may have been changed since it was asked for
            raise
        return _ack("create_order", name, answer)

    def cancel(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Ack:
        """``POST /api/v5/trade/cancel-order``."""
        answer = self._client.cancel_order(instId=instrument, ordId=order_id, clOrdId=client_order_id)
        return _ack("cancel_order", in_capitals(instrument), answer)

    def order(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Order:
        """``GET /api/v5/trade/order``."""
        answer = self._client.get_order(instId=instrument, ordId=order_id, clOrdId=client_order_id)
        with as_documented("get_order"):
            return _order(answer)

    def open_orders(self, instrument: str | None = None) -> list[Order]:
        """``GET /api/v5/trade/orders-pending``, for each 100."""
        rows = list(_pages(partial(self._client.get_open_orders, instId=instrument)))
        with as_documented("get_open_orders"):
            return [_order(row) for row in reversed(rows)]

    def history(self, instrument: str, *, since_ms: int | None = None, limit: int = 100) -> list[Order]:
        """``GET /api/v5/trade/orders-history-archive`` and ``orders-history``: three months, cancelled ones without a trade two hours."""
        name, found = in_capitals(instrument), dict[str, Order]()
        for ask in (self._client.get_order_archive, self._client.get_order_history):
            rows = _pages(partial(ask, inst_type(name), instId=name, begin=since_ms))
            with as_documented("get_order_history"):
                found |= {row["ordId"]: _order(row) for row in (rows if since_ms is not None else islice(rows, limit))}
        in_time = sorted((order for order in found.values() if not order.open), key=lambda order: (order.time_ms, order.order_id))
        return in_time[-limit:] if since_ms is None else [order for order in in_time if order.time_ms >= since_ms][:limit]

    def positions(self, instrument: str | None = None) -> list[Position]:
        """``GET /api/v5/account/positions``."""
        answer = self._client.get_positions(instId=None if instrument is None else in_capitals(instrument))
        with as_documented("get_positions"):
            return [_position(row) for row in answer if Decimal(row["pos"] or 0)]

    def set_leverage(self, instrument: str, leverage: Number) -> None:
        """``POST /api/v5/account/set-leverage``, on cross margin."""
        if is_spot(in_capitals(instrument)):
            raise UnsupportedException("a pair of coins has no leverage", venue=self.venue, what="set_leverage")
        self._client.set_leverage(instId=instrument, lever=leverage, mgnMode="cross")

    def funding(self, instrument: str | None = None) -> list[Funding]:
        """``GET /api/v5/public/funding-rate``."""
        answer = self._client.get_funding_rate("ANY" if instrument is None else instrument)
        with as_documented("get_funding_rate"):
            return [_funding(row) for row in answer]

    def ask(self, verb: str, path: str, params: Mapping[str, str], *, body: str | None = None) -> Any:
        """Any call; signed unless it is of public or market data. One that changes something is held to no rule and not asked after."""
        sent = dict(params) if body is None else {LIST: body}
        public = path.startswith(("/api/v5/public/", "/api/v5/market/", "/api/v5/system/"))
        kind = Kind.READ if verb == "GET" else Kind.TRANSFER
        request = Request(ASK, verb, path, sent, Security.NONE if public else Security.USER_DATA, kind)
        known = _declared().get((verb, path))
        if known is not None:
            like = known.carrying(sent)
            request = replace(
                request, security=like.security, weight=like.weight, counts=like.counts, bucket=like.bucket, orders=like.orders
            )
        return self._client._call(request)

    def _instruments(self, kind: str, *, again: bool) -> dict[str, Instrument]:
        """What is listed of a type, asked for when that is not known or wanted again."""
        with self._lock:
            known = {name: listed for name, listed in self._listed.items() if inst_type(name) == kind}
        if known and not again:
            return known
        answer = self._client.get_instruments(kind)
        with as_documented("get_instruments"):
            listed = {row["instId"]: _instrument(row) for row in answer}
        with self._lock:
            self._listed = {name: each for name, each in self._listed.items() if name not in known} | listed
        return listed

    def _of_position(self, name: str, side: Side, *, closes: bool) -> dict[str, Any]:
        """How an order says which position it is about."""
        if is_spot(name):
            return {}
        if self._position_mode is None:
            config = self._client.get_account_config()
            with as_documented("get_account_config"):
                self._position_mode = str(config["posMode"])
        if self._position_mode != _TWO_SIDED:
            return {"reduceOnly": True} if closes else {}
        return {"posSide": "long" if (side == SIDE_BUY) is not closes else "short"}


@functools.cache
def _declared() -> Mapping[tuple[str, str], Endpoint]:
    return {(each.verb, each.path): each for product in PRODUCTS for each in endpoints(product)}


def _pages(ask: Callable[..., list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """The rows of a list of orders, newest first, page by page."""
    after: str | None = None
    while page := ask(after=after, limit=_PAGE):
        yield from page
        with as_documented("orders"):
            last = page[-1]["ordId"]
        if len(page) < _PAGE or last == after:
            return
        after = last


def _target(name: str, kind: str, *, in_money: bool) -> str | None:
    if not is_spot(name) or kind != ORDER_TYPE_MARKET:
        return None
    return "quote_ccy" if in_money else "base_ccy"


def _side(row: Row) -> Side:
    return "BUY" if row["side"] == "buy" else "SELL"


def _figure(row: Row, name: str) -> Decimal | None:
    """A figure; None where it is empty."""
    text = row.get(name)
    return Decimal(text) if text else None


def _sized(row: Row, name: str) -> Decimal | None:
    """A figure of which zero means that there is none."""
    return _figure(row, name) or None


def _ticker(row: Row) -> Ticker:
    name = row["instId"]
    return Ticker(
        instrument=name,
        time_ms=int(row["ts"]),
        last=_figure(row, "last"),
        bid=_sized(row, "bidPx"),
        ask=_sized(row, "askPx"),
        open=_figure(row, "open24h"),
        high=_figure(row, "high24h"),
        low=_figure(row, "low24h"),
        volume=_figure(row, "vol24h" if is_spot(name) else "volCcy24h"),
        raw=row,
    )


def _kline(row: list[str], column: int) -> Kline:
    opened, first, high, low, last = row[:5]
    return Kline(
        int(opened), Decimal(first), Decimal(high), Decimal(low), Decimal(last), Decimal(row[column]), closed=row[-1] == "1", raw=row
    )


def _instrument(row: Row) -> Instrument:
    rules, name = order_rules(row), row["instId"]
    base, quote = (in_capitals(text) for text in (row.get("uly") or row.get("instFamily") or name).split("-")[:2])
    value, times = part(row, "ctVal"), part(row, "ctMult")
    contract = {"SWAP": "swap", "FUTURES": row.get("alias") or ""}.get(row["instType"], "")
    return Instrument(
        name=name,
        market=Market(base, quote, contract),
        settle=row.get("settleCcy") or "",
        trading=rules.trading,
        tick=rules.price.step,
        step=rules.quantity.step,
        min_quantity=rules.quantity.low,
        max_quantity=rules.quantity.high,
        max_total=part(row, "maxLmtAmt"),
        contract_value=None if value is None else EXACT.multiply(value, times or Decimal(1)),
        contract_currency=row.get("ctValCcy") or "",
        inverse=row.get("ctType") == "inverse",
        raw=row,
    )


def _ack(name: str, instrument: str, answer: Row) -> Ack:
    with as_documented(name):
        return Ack(instrument, str(answer["ordId"]), str(answer.get("clOrdId") or ""), answer)


def _order(row: Row) -> Order:
    in_money = row.get("tgtCcy") == "quote_ccy" and row["ordType"] == "market"
    size = _sized(row, "sz")
    return Order(
        instrument=row["instId"],
        order_id=row["ordId"],
        client_order_id=row.get("clOrdId") or "",
        side=_side(row),
        type=_TYPES_OF.get(row["ordType"], row["ordType"]),
        status=_STATUS_OF.get(row["state"], row["state"]),
        price=_sized(row, "px"),
        quantity=None if in_money else size,
        filled=_figure(row, "accFillSz") or Decimal(0),
        average_price=_sized(row, "avgPx"),
        time_ms=int(row["cTime"]),
        update_time_ms=int(row["uTime"]),
        total=size if in_money else None,
        closes=_closes(row),
        raw=row,
    )


def _closes(row: Row) -> bool:
    held = {"long": "sell", "short": "buy"}.get(row.get("posSide", ""))
    return row.get("reduceOnly") in (True, "true") or held == row["side"]


def _position(row: Row) -> Position:
    size = Decimal(row["pos"])
    side: PositionSide = "SHORT" if _is_short(row, size) else "LONG"
    free = _figure(row, "availPos")
    return Position(
        instrument=row["instId"],
        side=side,
        quantity=abs(size),
        free=abs(size if free is None else free),
        price=_figure(row, "avgPx"),
        profit=_figure(row, "upl"),
        leverage=_figure(row, "lever"),
        margin=_sized(row, "margin") or _figure(row, "imr"),
        currency=row.get("ccy") or "",
        raw=row,
    )


def _is_short(row: Row, size: Decimal) -> bool:
    if row.get("instType") == "MARGIN":  # above zero on both sides: what it is of tells which
        return bool(row.get("posCcy") != row["instId"].partition("-")[0])
    return row.get("posSide") == "short" or (row.get("posSide") != "long" and size < 0)


def _funding(row: Row) -> Funding:
    due, after = row.get("fundingTime"), row.get("nextFundingTime")
    period = int(after) - int(due) if due and after else None
    return Funding(row["instId"], Decimal(row["fundingRate"]), int(row["fundingTime"]), period if period and period > 0 else None, row)
