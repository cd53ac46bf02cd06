"""What a venue's streams say, in the desk's words: trades, candles, whose order has changed; and the account's own trades. Pure.

One row of :data:`WORDS` for each room of venues. Sizes of contracts are contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from exchangeclient.enums import Side
from exchangeclient.market.vocabulary import Kline, Trade

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deal:
    """A trade of the account's own."""

    id: str
    order_id: str
    side: Side
    price: Decimal
    quantity: Decimal
    maker: bool
    time_ms: int
    fee: Decimal
    fee_currency: str


@dataclass(frozen=True, slots=True)
class Words:
    """How to read a venue.

    :ivar trades: those in a message of its trade stream
    :ivar candle: the candle in a message of its candle stream; None where it has no stream for running candles
    :ivar orders: instrument and id of the orders that a message of the account's stream is about
    :ivar deals_at: where its list of the account's own trades is: path, and the parameters for an instrument and a count
    :ivar deals: the trades in the answer
    :ivar most_deals: as many as it gives at a time
    :ivar fee: what was paid for an order, as far as the order itself tells (its ``raw``); None where only its trades do
    """

    trades: Callable[[Message], Iterator[Trade]]
    orders: Callable[[Message], Iterator[tuple[str, str]]]
    deals_at: Callable[[str, int], tuple[str, Mapping[str, str]]]
    deals: Callable[[Any], Iterator[Deal]]
    candle: Callable[[Message], Kline | None] | None = None
    most_deals: int = 500
    fee: Callable[[Message], Decimal | None] = lambda _order: None


def _side(buys: bool) -> Side:
    return "BUY" if buys else "SELL"


# ---- Binance ---------------------------------------------------------------------------------------------------------


def _binance_trades(message: Message) -> Iterator[Trade]:
    if message.get("e") == "trade":
        yield Trade(str(message["t"]), int(message["T"]), Decimal(message["p"]), Decimal(message["q"]), _side(not message["m"]))


def _binance_candle(message: Message) -> Kline | None:
    if message.get("e") != "kline":
        return None
    row = message["k"]
    first, high, low, last, volume = (Decimal(row[name]) for name in "ohlcv")
    return Kline(int(row["t"]), first, high, low, last, volume, closed=bool(row["x"]))


def _binance_orders(message: Message) -> Iterator[tuple[str, str]]:
    if message.get("e") == "executionReport":
        yield message["s"], str(message["i"])


def _binance_deals(answer: Any) -> Iterator[Deal]:
    for row in answer:
        yield Deal(
            id=str(row["id"]),
            order_id=str(row["orderId"]),
            side=_side(row["isBuyer"]),
            price=Decimal(row["price"]),
            quantity=Decimal(row["qty"]),
            maker=bool(row["isMaker"]),
            time_ms=int(row["time"]),
            fee=Decimal(row["commission"]),
            fee_currency=row["commissionAsset"].lower(),
        )


# ---- OKX -------------------------------------------------------------------------------------------------------------


def _okx_rows(message: Message, channel: str) -> list[Any]:
    argument = message.get("arg")
    if not isinstance(argument, Mapping) or not str(argument.get("channel", "")).startswith(channel):
        return []
    return list(message.get("data") or ())


def _okx_trades(message: Message) -> Iterator[Trade]:
    for row in _okx_rows(message, "trades"):
        yield Trade(str(row["tradeId"]), int(row["ts"]), Decimal(row["px"]), Decimal(row["sz"]), _side(row["side"] == "buy"))


def _okx_candle(message: Message) -> Kline | None:
    rows = _okx_rows(message, "candle")
    if not rows:
        return None
    row = rows[-1]
    first, high, low, last, volume = map(Decimal, row[1:6])
    return Kline(int(row[0]), first, high, low, last, volume, closed=row[-1] == "1")


def _okx_orders(message: Message) -> Iterator[tuple[str, str]]:
    for row in _okx_rows(message, "orders"):
        yield row["instId"], row["ordId"]


def _okx_deals(answer: Any) -> Iterator[Deal]:
    for row in reversed(answer["data"]):
        yield Deal(
            id=str(row["tradeId"]),
            order_id=str(row["ordId"]),
            side=_side(row["side"] == "buy"),
            price=Decimal(row["fillPx"]),
            quantity=Decimal(row["fillSz"]),
            maker=row.get("execType") == "M",
            time_ms=int(row["ts"]),
            fee=-Decimal(row["fee"] or 0),
            fee_currency=row["feeCcy"].lower(),
        )


def _okx_fee(order: Message) -> Decimal | None:
    """Below zero is what was paid; a rebate is told apart, and left out."""
    return -Decimal(order["fee"]) if order.get("fee") else None


# ---- BitMEX, as it was -----------------------------------------------------------------------------------------------


def _bitmex_rows(message: Message, table: str) -> list[Any]:
    return list(message.get("data") or ()) if message.get("table") == table else []


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000)


def _bitmex_trades(message: Message) -> Iterator[Trade]:
    for row in _bitmex_rows(message, "trade"):
        price, size = Decimal(str(row["price"])), Decimal(str(row["size"]))
        yield Trade(str(row["trdMatchID"]), _ms(row["timestamp"]), price, size, _side(row["side"] == "Buy"))


def _bitmex_orders(message: Message) -> Iterator[tuple[str, str]]:
    for row in _bitmex_rows(message, "order"):
        if message.get("action") != "partial" and row.get("symbol"):
            yield row["symbol"], row["orderID"]


def _bitmex_deals(answer: Any) -> Iterator[Deal]:
    for row in answer:
        if row.get("execType") == "Trade":
            yield Deal(
                id=str(row["execID"]),
                order_id=str(row["orderID"]),
                side=_side(row["side"] == "Buy"),
                price=Decimal(str(row["lastPx"])),
                quantity=Decimal(str(row["lastQty"])),
                maker=row.get("lastLiquidityInd") == "AddedLiquidity",
                time_ms=_ms(row["timestamp"]),
                fee=Decimal(str(row.get("execComm") or 0)),
                fee_currency=str(row.get("settlCurrency") or "XBt"),
            )


# ---- exchanges through ccxt ------------------------------------------------------------------------------------------

# By the exchanges' own words: ccxt has what Bithumb reserves. HTX's first is of open orders, its second of those that are done.
_CCXT_FEES: Final = ("paid_fee", "filled-fees", "field-fees", "total_commission")


def _ccxt_fee(order: Message) -> Decimal | None:
    told = order.get("info")
    if not isinstance(told, Mapping):
        return None  # Bitfinex tells its orders as lists, without
    return next((Decimal(str(told[name])) for name in _CCXT_FEES if told.get(name) is not None), None)


def _ccxt_deals(answer: Any) -> Iterator[Deal]:
    for row in answer:
        fee = row.get("fee") or {}
        if fee.get("cost") is None and isinstance(row.get("info"), Mapping):  # bitFlyer's, of the coin that is traded, is left out by ccxt
            fee = {"cost": row["info"].get("commission"), "currency": str(row.get("symbol")).partition("/")[0]}
        yield Deal(
            id=str(row["id"]),
            order_id=str(row.get("order") or ""),
            side=_side(row["side"] == "buy"),
            price=Decimal(str(row["price"])),
            quantity=Decimal(str(row["amount"])),
            maker=row.get("takerOrMaker") == "maker",
            time_ms=int(row["timestamp"]),
            fee=Decimal(str(fee.get("cost") or 0)),
            fee_currency=str(fee.get("currency") or "").lower(),
        )


WORDS: Final[Mapping[str, Words]] = {
    "ccxt": Words(
        lambda message: iter(message.get("trades") or ()),
        lambda message: iter(message.get("orders") or ()),
        lambda name, count: ("fetch_my_trades", {"symbol": name, "limit": str(count)}),
        _ccxt_deals,
        fee=_ccxt_fee,
    ),
    "binance": Words(
        _binance_trades,
        _binance_orders,
        lambda name, count: ("/api/v3/myTrades", {"symbol": name, "limit": str(count)}),
        _binance_deals,
        _binance_candle,
    ),
    "okx": Words(
        _okx_trades,
        _okx_orders,
        lambda name, count: ("/api/v5/trade/fills", {"instId": name, "limit": str(count)}),
        _okx_deals,
        _okx_candle,
        most_deals=100,
        fee=_okx_fee,
    ),
    "bitmex": Words(
        _bitmex_trades,
        _bitmex_orders,
        lambda name, count: ("/api/v1/execution/tradeHistory", {"symbol": name, "count": str(count), "reverse": "true"}),
        _bitmex_deals,
    ),
}
