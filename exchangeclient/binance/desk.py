"""The desk of a Binance client: the common vocabulary (:mod:`exchangeclient.market.vocabulary`), for the spot exchange."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchangeclient.binance.client import Client
from exchangeclient.binance.filters import order_rules
from exchangeclient.binance.readings import milliseconds
from exchangeclient.core.calling.endpoint import Endpoint, endpoints, in_capitals
from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.core.http.request import Kind, Request, Security
from exchangeclient.enums import ORDER_TYPE_LIMIT, TIME_IN_FORCE_GTC, OrderType, Side, TimeInForce
from exchangeclient.exceptions import UnknownSymbolException, UnsupportedException
from exchangeclient.market.vocabulary import (
    CAPABILITIES,
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

_PAGE: Final = 1_000  # the longest list of orders, trades and candles that the venue gives
_MOST_LEVELS: Final = 5_000
_LACKS: Final[frozenset[Capability]] = frozenset({"positions", "set_leverage", "funding"})  # what is traded on margin and in contracts
_ENDED: Final = ("FILLED", "CANCELED", "REJECTED", "EXPIRED", "EXPIRED_IN_MATCH")

Row = Mapping[str, Any]


class ClientDesk:
    """The common vocabulary over a Binance client; see :class:`~exchangeclient.market.vocabulary.Desk`, whose methods these are.

    An instrument is a symbol, such as ``BTCUSDT``.
    """

    venue: Final = Client.venue
    capabilities: Final = frozenset(CAPABILITIES) - _LACKS

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._markets: dict[str, Market] = {}

    def instrument_of(self, market: Market) -> str:
        """The symbol: both coins in one word. Nothing is asked."""
        if market.contract:
            raise UnsupportedException(f"the spot exchange has no {market.contract}", venue=self.venue, what="contract")
        return in_capitals(market.base + market.quote)

    def market_of(self, instrument: str) -> Market:
        """The two coins of a symbol, as exchangeInfo has them, which is asked when the symbol is not known (weight 20)."""
        symbol = in_capitals(instrument)
        if symbol not in self._markets:
            self.instruments()
        market = self._markets.get(symbol)
        if market is None:
            raise UnknownSymbolException(f"{symbol} is not listed by the venue", venue=self.venue)
        return market

    def ticker(self, instrument: str) -> Ticker:
        """``GET /api/v3/ticker/24hr``, weight 2."""
        answer = self._client.get_ticker(symbol=instrument)
        with as_documented("get_ticker"):
            return _ticker(answer)

    def tickers(self) -> list[Ticker]:
        """``GET /api/v3/ticker/24hr``, weight 80."""
        answer = self._client.get_ticker()
        with as_documented("get_ticker"):
            return list(map(_ticker, answer))

    def book(self, instrument: str, depth: int = 100) -> Book:
        """``GET /api/v3/depth``, weight 5 up to 100 levels; 5000 at most."""
        answer = self._client.get_order_book(symbol=instrument, limit=min(depth, _MOST_LEVELS))
        with as_documented("get_order_book"):
            bids, asks = (tuple((Decimal(price), Decimal(quantity)) for price, quantity in answer[side]) for side in ("bids", "asks"))
            return Book(in_capitals(instrument), None, bids, asks, answer)

    def trades(self, instrument: str, limit: int = 100) -> list[Trade]:
        """``GET /api/v3/trades``, weight 25; 1000 at most."""
        answer = self._client.get_recent_trades(symbol=instrument, limit=min(limit, _PAGE))
        with as_documented("get_recent_trades"):
            return [
                Trade(
                    id=str(row["id"]),
                    time_ms=milliseconds(row["time"]),
                    price=Decimal(row["price"]),
                    quantity=Decimal(row["qty"]),
                    side="SELL" if row["isBuyerMaker"] else "BUY",
                    raw=row,
                )
                for row in answer
            ]

    def klines(
        self, instrument: str, interval: str, *, start_ms: int | None = None, end_ms: int | None = None, limit: int = 500
    ) -> list[Kline]:
        """``GET /api/v3/klines``, weight 2 for each 1000."""
        rows: list[Any]
        if start_ms is None and limit <= _PAGE:
            rows = self._client.get_klines(instrument, interval, endTime=end_ms, limit=limit)
        else:
            rows = self._client.get_historical_klines(instrument, interval, start_ms, end_ms, limit)
        with as_documented("get_klines"):
            return [_kline(row) for row in rows]

    def instruments(self) -> list[Instrument]:
        """``GET /api/v3/exchangeInfo``, weight 20."""
        answer = self._client.get_exchange_info()
        with as_documented("get_exchange_info"):
            listed = [_instrument(entry) for entry in answer["symbols"]]
        with self._lock:
            self._markets = {instrument.name: instrument.market for instrument in listed}
        return listed

    def balances(self) -> list[Balance]:
        """``GET /api/v3/account``, weight 20."""
        answer = self._client.get_account(omitZeroBalances=True)
        with as_documented("get_account"):
            held = [Balance(row["asset"], Decimal(row["free"]), Decimal(row["locked"]), row) for row in answer["balances"]]
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
        """``POST /api/v3/order``."""
        if closes:
            raise UnsupportedException("a spot exchange has no positions to close", venue=self.venue, what="closes")
        if type == ORDER_TYPE_LIMIT and time_in_force is None:
            time_in_force = TIME_IN_FORCE_GTC
        answer = self._client.create_order(
            symbol=instrument,
            side=side,
            type=type,
            timeInForce=time_in_force,
            quantity=quantity,
            price=price,
            quoteOrderQty=total,
            newClientOrderId=client_order_id,
        )
        return _ack("create_order", answer, "clientOrderId")

    def cancel(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Ack:
        """``DELETE /api/v3/order``."""
        answer = self._client.cancel_order(symbol=instrument, orderId=_number(order_id), origClientOrderId=client_order_id)
        return _ack("cancel_order", answer, "origClientOrderId")

    def order(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Order:
        """``GET /api/v3/order``, weight 4."""
        answer = self._client.get_order(symbol=instrument, orderId=_number(order_id), origClientOrderId=client_order_id)
        with as_documented("get_order"):
            return _order(answer)

    def open_orders(self, instrument: str | None = None) -> list[Order]:
        """``GET /api/v3/openOrders``, weight 6 for one symbol, 80 for all."""
        answer = self._client.get_open_orders(symbol=instrument)
        with as_documented("get_open_orders"):
            return list(map(_order, answer))

    def history(self, instrument: str, *, since_ms: int | None = None, limit: int = 100) -> list[Order]:
        """``GET /api/v3/allOrders``, weight 20 for each 1000, in which are those that are still open, too."""
        if since_ms is None:
            return self._ended(self._client.get_all_orders(symbol=instrument, limit=_PAGE))[-limit:]
        found: list[Order] = []
        asked: dict[str, Any] = {"startTime": since_ms}
        while len(found) < limit:
            page = self._client.get_all_orders(symbol=instrument, limit=_PAGE, **asked)
            found += self._ended(page)
            if len(page) < _PAGE:
                break
            with as_documented("get_all_orders"):
                asked = {"orderId": page[-1]["orderId"] + 1}
        return found[:limit]

    def positions(self, instrument: str | None = None) -> list[Position]:  # noqa: ARG002 - a method of every desk
        """There are none on a spot exchange."""
        raise self._unsupported("positions")

    def set_leverage(self, instrument: str, leverage: Number) -> None:  # noqa: ARG002 - as above
        """There is none on a spot exchange."""
        raise self._unsupported("set_leverage")

    def funding(self, instrument: str | None = None) -> list[Funding]:  # noqa: ARG002 - as above
        """There is none on a spot exchange."""
        raise self._unsupported("funding")

    def ask(self, verb: str, path: str, params: Mapping[str, str], *, body: str | None = None) -> Any:
        """Any call; signed where the client has it declared so, and always at ``/sapi``. Orders pass the order guard like any other.

        :raises UnsupportedException: for a body, of which the venue takes none but parameters
        """
        if body is not None:
            raise UnsupportedException("the venue takes no body but parameters", venue=self.venue, what="body")
        return self._client._call(_request(verb, path, params))

    def _unsupported(self, what: Capability) -> UnsupportedException:
        return UnsupportedException(f"the spot exchange has no {what}", venue=self.venue, what=what)

    def _ended(self, page: Iterable[Row]) -> list[Order]:
        with as_documented("get_all_orders"):
            return [order for order in map(_order, page) if order.status in _ENDED]


@functools.cache
def _declared() -> Mapping[tuple[str, str], Endpoint]:
    return {(each.verb, each.path): each for each in endpoints(Client) if each.host == "rest"}


def _request(verb: str, path: str, params: Mapping[str, str]) -> Request:
    """A call by its address: as it is declared, else as cautious as one can be who does not know it."""
    known = _declared().get((verb, path))
    if known is None:
        kind = Kind.READ if verb == "GET" else Kind.TRANSFER
        security = Security.USER_DATA if path.startswith("/sapi") or kind is Kind.TRANSFER else Security.NONE
        return Request("ask", verb, path, dict(params), security, kind)
    return known.carrying(dict(params))


def _number(order_id: str | None) -> int | None:
    if order_id is None:
        return None
    if not (isinstance(order_id, str) and order_id.isascii() and order_id.isdigit()):
        raise ValueError(f"order_id must be a number's text, not {str(order_id)[:40]!r}")
    return int(order_id)


def _figure(row: Row, name: str) -> Decimal | None:
    text = row.get(name)
    return None if text is None else Decimal(text)


def _sized(row: Row, name: str) -> Decimal | None:
    """A figure of which zero means that there is none."""
    return _figure(row, name) or None


def _ticker(row: Row) -> Ticker:
    return Ticker(
        instrument=row["symbol"],
        time_ms=milliseconds(row["closeTime"]),
        last=_figure(row, "lastPrice"),
        bid=_sized(row, "bidPrice"),
        ask=_sized(row, "askPrice"),
        open=_figure(row, "openPrice"),
        high=_figure(row, "highPrice"),
        low=_figure(row, "lowPrice"),
        volume=_figure(row, "volume"),
        raw=row,
    )


def _kline(row: list[Any]) -> Kline:
    opened, closed, high, low, volume = row[0], row[4], row[2], row[3], row[5]
    return Kline(milliseconds(opened), Decimal(row[1]), Decimal(high), Decimal(low), Decimal(closed), Decimal(volume), raw=row)


def _instrument(entry: Row) -> Instrument:
    rules = order_rules(entry)
    least = [bounds.low for bounds in rules.totals if bounds.low is not None]
    most = [bounds.high for bounds in rules.totals if bounds.high is not None]
    return Instrument(
        name=entry["symbol"],
        market=Market(entry["baseAsset"], entry["quoteAsset"]),
        trading=rules.trading,
        tick=rules.price.step,
        step=rules.quantity.step,
        min_quantity=rules.quantity.low,
        max_quantity=rules.quantity.high,
        min_total=max(least, default=None),
        max_total=min(most, default=None),
        raw=entry,
    )


def _ack(name: str, answer: Row, own_id: str) -> Ack:
    with as_documented(name):
        return Ack(answer["symbol"], str(answer["orderId"]), str(answer.get(own_id) or answer.get("clientOrderId") or ""), answer)


def _order(row: Row) -> Order:
    filled, spent = Decimal(row["executedQty"]), Decimal(row["cummulativeQuoteQty"])
    return Order(
        instrument=row["symbol"],
        order_id=str(row["orderId"]),
        client_order_id=row["clientOrderId"],
        side=row["side"],
        type=row["type"],
        status=row["status"],
        price=_sized(row, "price"),
        quantity=_sized(row, "origQty"),
        filled=filled,
        # Below zero: of orders of long ago, of which the venue does not know what they were paid.
        average_price=spent / filled if filled and spent > 0 else None,
        time_ms=milliseconds(row["time"]),
        update_time_ms=milliseconds(row["updateTime"]),
        total=_sized(row, "origQuoteOrderQty"),
        raw=row,
    )
