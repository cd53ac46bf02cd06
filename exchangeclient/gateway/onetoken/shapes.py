"""What the gateway tells of ticks, contracts, candles, trades, orders and balances, as clients of the protocol index it. Pure.

Every field that an original client reads is always there. Figures are numbers, times are ISO 8601 in UTC; where the protocol wants seconds
it says so in the field's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Self

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


def order(account: str, contract: str, client_oid: str, seen: Order, fee: Decimal | None = None) -> Row:
    """An order, but for what the venue does not keep (see :mod:`.store`): its version, tags and options.

    :param fee: what was paid for it; None where the order does not tell
    """
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
        "commission": number(fee),
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


def info(
    balances: Iterable[Balance],
    positions: Iterable[tuple[str, Instrument, Sequence[Position]]],
    values: Mapping[str, Decimal],
    currency: str,
) -> Row:
    """What an account holds. ``balance`` is what is owned; ``market_value`` counts what contracts are worth, too, as the service did.

    :param positions: with the names of their contracts, as ``btc.usd.q``; those of a contract together
    :param values: what a coin is worth in the gateway's currency, by its name in small letters
    :param currency: the name of that
    """
    held = {each.currency.lower(): each for each in balances}
    nothing = Decimal(0)
    coins = [_coin(coin, held[coin].free, held[coin].locked, values.get(coin)) for coin in held]
    coins += [_coin(coin, nothing, nothing, values.get(coin)) for coin in _ALWAYS if coin not in held]
    contracts = [_position(name, listed, each, values) for name, listed, each in positions]
    cash = sum((row["value_cny"] for row in coins if row["contract"] in _CASH), 0.0)
    detail = {row["contract"]: row["market_value"] for row in coins if row["market_value"]}
    owned = sum(detail.values(), 0.0)
    for row in contracts:
        for coin, worth in row["market_value_detail"].items():
            detail[coin] = detail.get(coin, 0.0) + worth
    return {
        "balance": cash + owned,
        "cash": cash,
        "market_value": sum(detail.values(), 0.0),
        "market_value_detail": detail,
        "extra_info": {"currency": currency},
        "position": [*coins, *contracts],
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


def _position(name: str, listed: Instrument, held: Sequence[Position], values: Mapping[str, Decimal]) -> Row:
    """A contract's, of both sides: what is held long counts above zero, what is held short below."""
    long, short = (_Side.of([each for each in held if each.side == side]) for side in ("LONG", "SHORT"))
    amount, free = long.amount - short.amount, long.free - short.free
    each, coin = _contract_worth(listed, values), listed.market.base.lower()
    worth, coins = float(amount * each), each / values[coin] if values.get(coin) else Decimal(0)
    row: Row = {
        "contract": name,
        "type": "future",
        "total_amount": float(amount),
        "available": float(abs(free)),
        "frozen": float(long.frozen + short.frozen),
        "pl": float(long.profit + short.profit),
        "market_value": worth,
        "market_value_detail": {coin: worth} if worth else {},
        "total_xtc_amount": float(amount * coins),
        "available_xtc": float(free * coins),
        "frozen_xtc": float((amount - free) * coins),
    }
    for word, side in (("long", long), ("short", short)):
        row |= {
            f"total_amount_{word}": float(side.amount),
            f"available_{word}": float(side.free),
            f"frozen_position_{word}": float(side.frozen),
            f"average_open_price_{word}": float(side.price),
            f"unrealized_{word}": float(side.profit),
        }
    return row


@dataclass(frozen=True, slots=True)
class _Side:
    """What is held of a contract on one side."""

    amount: Decimal
    free: Decimal
    price: Decimal
    profit: Decimal

    @property
    def frozen(self) -> Decimal:
        return self.amount - self.free

    @classmethod
    def of(cls, held: Sequence[Position]) -> Self:
        """Together: an account may hold some with a margin of their own."""
        amount = sum((each.quantity for each in held), Decimal(0))
        cost = sum((each.quantity * (each.price or 0) for each in held), Decimal(0))
        profit = sum((each.profit or Decimal(0) for each in held), Decimal(0))
        return cls(amount, sum((each.free for each in held), Decimal(0)), cost / amount if amount else amount, profit)


def _contract_worth(listed: Instrument, values: Mapping[str, Decimal]) -> Decimal:
    """What one contract is worth in the gateway's currency; 0 of one that is no fixed sum of either of its two coins, and where the venue
    does not say.
    """
    if listed.contract_value is None or listed.contract_currency not in (listed.market.base, listed.market.quote):
        return Decimal(0)
    return listed.contract_value * values.get(listed.contract_currency.lower(), Decimal(0))
