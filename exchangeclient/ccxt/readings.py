"""What ccxt's rows say, in the common vocabulary. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from exchangeclient.core.http.jsonio import as_documented
from exchangeclient.enums import Side
from exchangeclient.market.vocabulary import Balance, Instrument, Kline, Market, Ticker
from exchangeclient.numbers import exact

Row = Mapping[str, Any]


def is_spot(row: Any) -> bool:
    """Whether a row of ``load_markets`` is of a pair of coins."""
    return bool(row and row.get("spot"))


def exact_of(value: Any) -> Decimal:
    """A figure, as the exchange writes it or as ccxt reckons it."""
    return exact(str(value), "figure")


def figure(row: Row, name: str) -> Decimal | None:
    """One of a row's; None where it has none."""
    value = row.get(name)
    return None if value is None else exact_of(value)


def balance_of(name: str, row: Row) -> Balance:
    """What is not known to be free counts as locked."""
    free, locked = exact_of(row.get("free") or 0), figure(row, "used")
    return Balance(name, free, exact_of(row.get("total") or 0) - free if locked is None else locked, row)


def side_of(row: Row) -> Side:
    """That of an order or a trade."""
    return "BUY" if row["side"] == "buy" else "SELL"


def kline_of(row: Any) -> Kline:
    """``fetch_ohlcv``."""
    first, high, low, last, volume = map(exact_of, row[1:6])
    return Kline(int(row[0]), first, high, low, last, volume, raw=row)


def instrument_of(row: Row, *, in_steps: bool) -> Instrument:
    """``load_markets``.

    :param in_steps: whether ccxt states precisions of this exchange as steps
    """
    limits = row.get("limits") or {}
    precision = row.get("precision") or {}
    amount, cost = limits.get("amount") or {}, limits.get("cost") or {}
    return Instrument(
        name=row["symbol"],
        market=Market(row["base"], row["quote"]),
        trading=row.get("active") is not False,
        tick=figure(precision, "price") if in_steps else None,
        step=figure(precision, "amount") if in_steps else None,
        min_quantity=figure(amount, "min"),
        max_quantity=figure(amount, "max"),
        min_total=figure(cost, "min"),
        max_total=figure(cost, "max"),
        raw=row,
    )


def ticker_of(row: Row) -> Ticker:
    """``fetch_ticker``."""
    with as_documented("fetch_ticker"):
        return Ticker(
            instrument=row["symbol"],
            time_ms=row.get("timestamp"),
            last=figure(row, "last"),
            bid=figure(row, "bid") or None,
            ask=figure(row, "ask") or None,
            open=figure(row, "open"),
            high=figure(row, "high"),
            low=figure(row, "low"),
            volume=figure(row, "baseVolume"),
            raw=row,
        )
