"""What the gateway tells of ticks, contracts, candles, trades, orders and balances, as clients of the protocol index it. Pure.

Every field that an original client reads is always there. Figures are numbers, times are ISO 8601 in UTC; where the protocol wants seconds
it says so in the field's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from exchangeclient.gateway.onetoken.names import Contract
from exchangeclient.market.vocabulary import Balance, Instrument, Kline, Order, Position, Ticker, Trade
from exchangeclient.numbers import exact, plain

Row = dict[str, Any]
Level = tuple[float, float]

ACTIVE: Final = ("waiting", "pending", "part-deal-pending", "withdrawing", "part-deal-withdrawing")
ENDED: Final = ("dealt", "withdrawn", "part-deal-withdrawn", "error-order")
# Always among the positions, also when there are none.
_ALWAYS: Final = ("btc", "usdt")
_CASH: Final = frozenset({"usdt", "usdc", "usd", "cny", "krw", "jpy", "eur"})


@dataclass(frozen=True, slots=True)
class Tick:
    """The state of a contract at a moment: best levels first.

    :ivar amount: the turnover of 24 hours in the gateway's currency
    :ivar open: the price of 24 hours ago
    """

    time_ms: int
    exchange_time_ms: int
    last: float
    volume: float
    amount: float
    open: float
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


def iso(time_ms: int) -> str:
    """A time with its offset, in milliseconds."""
    return datetime.fromtimestamp(time_ms / 1_000, UTC).isoformat(timespec="milliseconds")


def number(value: Decimal | None) -> float:
    """A figure; 0 where there is none."""
    return 0.0 if value is None else float(value)


def price_text(price: float, step: Decimal | None) -> str:
    """A price with as many places as its step has; never with an exponent."""
    if step is None:
        return plain(price, "price")
    places = -int(step.normalize().as_tuple().exponent)
    return f"{exact(price, 'price'):.{max(0, places)}f}"


def tick(contract: str, state: Tick, levels: int | None = None) -> Row:
    """A tick; ``levels`` of each side."""
    return {
        "contract": contract,
        "last": state.last,
        "volume": state.volume,
        "amount": state.amount,
        "time": iso(state.time_ms),
        "exchange_time": iso(state.exchange_time_ms),
        "bids": [{"price": price, "volume": volume} for price, volume in state.bids[:levels]],
        "asks": [{"price": price, "volume": volume} for price, volume in state.asks[:levels]],
    }


def ticker_tick(contract: str, ticker: Ticker, now_ms: int, amount: float) -> Row:
    """A tick of one level a side, as far as a ticker tells."""
    sides = [() if price is None else ((float(price), 0.0),) for price in (ticker.bid, ticker.ask)]
    at = now_ms if ticker.time_ms is None else ticker.time_ms
    return tick(contract, Tick(now_ms, at, number(ticker.last), number(ticker.volume), amount, number(ticker.open), *sides))


def contract(asked: Contract, listed: Instrument) -> Row:
    """The rules of a contract: ``min_change`` is the step of prices, ``unit_amount`` that of amounts."""
    return {
        "id": asked.symbol,
        "name": asked.name,
        "symbol": asked.symbol,
        "exchange": asked.exchange.code,
        "alias": listed.name,
        "category": "XTC" if not listed.market.contract else "FUTURE",
        "first_day": None,
        "last_day": None,
        "exec_price": None,
        "currency": listed.market.quote.lower(),
        "min_change": number(listed.tick),
        "min_amount": number(listed.min_quantity),
        "unit_amount": number(listed.step),
        "min_notional": number(listed.min_total),
    }


def candle(row: Kline) -> Row:
    """A candle of REST: ``timestamp`` in seconds, ``volume`` of the base coin, ``amount`` what it cost by the closing price."""
    return {
        "timestamp": row.open_time_ms // 1_000,
        "open": float(row.open),
        "high": float(row.high),
        "low": float(row.low),
        "close": float(row.close),
        "volume": float(row.volume),
        "amount": float(row.volume * row.close),
    }


def pushed_candle(asked: str, duration: str, row: Kline) -> Row:
    """A candle of a socket. Its ``amount`` is of the base coin and its ``volume`` the turnover: the other way round than over REST."""
    return {
        "uri": "single-candle",
        "contract": asked,
        "duration": duration,
        "time": iso(row.open_time_ms),
        "open": float(row.open),
        "high": float(row.high),
        "low": float(row.low),
        "close": float(row.close),
        "amount": float(row.volume),
        "volume": float(row.volume * row.close),
    }


def trade(asked: str, row: Trade) -> Row:
    """A trade of anybody's."""
    return {
        "contract": asked,
        "time": iso(row.time_ms),
        "exchange_time": iso(row.time_ms),
        "price": float(row.price),
        "amount": float(row.quantity),
        "bs": row.side[0].lower(),
    }


def status(order: Order) -> str:
    """The protocol's word for an order's state."""
    match order.status:
        case "FILLED":
            return "dealt"
        case "PARTIALLY_FILLED":
            return "part-deal-pending"
        case "NEW" | "PENDING_NEW":
            return "part-deal-pending" if order.filled else "pending"
        case "PENDING_CANCEL":
            return "part-deal-withdrawing" if order.filled else "withdrawing"
        case "REJECTED":
            return "error-order"
    return "part-deal-withdrawn" if order.filled else "withdrawn"


def exchange_oid(contract: str, order_id: str) -> str:
    """An order's id with its contract before it."""
    return f"{contract}-{order_id}"


def order(account: str, contract: str, client_oid: str, seen: Order) -> Row:
    """An order, but for what the venue does not keep (see :mod:`.store`): its version, tags and options."""
    state = status(seen)
    ended = iso(seen.update_time_ms) if state in ENDED else None
    average = seen.average_price
    return {
        "account": account,
        "contract": contract,
        "bs": seen.side[0].lower(),
        "client_oid": client_oid,
        "exchange_oid": exchange_oid(contract, seen.order_id),
        "status": state,
        "entrust_price": number(seen.price),
        "entrust_amount": number(seen.quantity),
        "entrust_time": iso(seen.time_ms),
        "average_dealt_price": number(average),
        "dealt_amount": float(seen.filled),
        "last_dealt_amount": 0.0,
        "commission": 0.0,
        "last_update": iso(seen.update_time_ms),
        "exchange_update": iso(seen.update_time_ms),
        "canceled_time": ended if state in ("withdrawn", "part-deal-withdrawn") else None,
        "closed_time": ended,
        "ots_closed_time": ended,
        "version": 0,
        "tags": {},
        "options": {},
        "comment": "",
    }


def info(balances: Iterable[Balance], positions: Iterable[tuple[str, Position]], values: Mapping[str, Decimal], currency: str) -> Row:
    """What an account holds.

    :param positions: with the names of their contracts, as ``btc.usd.q``
    :param values: what a coin is worth in the gateway's currency, by its name in small letters
    :param currency: the name of that
    """
    held = {each.currency.lower(): each for each in balances}
    nothing = Decimal(0)
    coins = [_coin(coin, held[coin].free, held[coin].locked, values.get(coin)) for coin in held]
    coins += [_coin(coin, nothing, nothing, values.get(coin)) for coin in _ALWAYS if coin not in held]
    cash = sum((row["value_cny"] for row in coins if row["contract"] in _CASH), 0.0)
    detail = {row["contract"]: row["market_value"] for row in coins if row["market_value"]}
    market_value = sum(detail.values(), 0.0)
    return {
        "balance": cash + market_value,
        "cash": cash,
        "market_value": market_value,
        "market_value_detail": detail,
        "extra_info": {"currency": currency},
        "position": [*coins, *(_position(name, each) for name, each in positions)],
    }


def _coin(coin: str, free: Decimal, locked: Decimal, value: Decimal | None) -> Row:
    worth = float((free + locked) * (value or 0))
    is_cash = coin in _CASH
    return {
        "contract": coin,
        "type": "spot",
        "total_amount": float(free + locked),
        "available": float(free),
        "frozen": float(locked),
        "market_value": 0.0 if is_cash else worth,
        "value_cny": worth if is_cash else 0.0,
    }


def _position(name: str, held: Position) -> Row:
    """A contract's: what is held long is above zero, what is held short below."""
    long = held.side == "LONG"
    amount, free, profit, price = float(held.quantity), float(held.free), number(held.profit), number(held.price)
    sides: Row = {}
    for side, there in (("long", long), ("short", not long)):
        sides |= {
            f"total_amount_{side}": amount if there else 0.0,
            f"available_{side}": free if there else 0.0,
            f"frozen_position_{side}": amount - free if there else 0.0,
            f"average_open_price_{side}": price if there else 0.0,
            f"unrealized_{side}": profit if there else 0.0,
        }
    return {
        "contract": name,
        "type": "future",
        "total_amount": amount if long else -amount,
        "available": free,
        "frozen": amount - free,
        "pl": profit,
        "market_value": 0.0,
        "market_value_detail": {},
        **sides,
    }
