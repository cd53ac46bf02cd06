"""What is traded, and by which rules.

All prices, quantities and amounts inside the engine are integers in units of 10**-8 (:data:`UNIT`): exact, fast, and the
precision of every asset here. This is the sandbox's own number handling; it shares none with the client that it checks.
"""

from __future__ import annotations

from dataclasses import dataclass

DIGITS = 8
UNIT: int = 10**DIGITS


def scaled(text: str) -> int:
    """``'0.05'`` -> 5000000. The text must be plain digits with at most eight decimals."""
    whole, _, fraction = text.partition(".")
    if not (
        whole.isascii() and whole.isdigit() and len(fraction) <= DIGITS and (fraction == "" or (fraction.isascii() and fraction.isdigit()))
    ):
        raise ValueError(f"not a plain number of at most {DIGITS} decimals: {text[:40]!r}")
    return int(whole) * UNIT + int(fraction.ljust(DIGITS, "0"))


def shown(number: int) -> str:
    """5000000 -> ``'0.05000000'``, the eight decimals of the wire."""
    sign = "-" if number < 0 else ""
    return f"{sign}{abs(number) // UNIT}.{abs(number) % UNIT:08d}"


def total(price: int, quantity: int) -> int:
    """Price times quantity in the quote asset, cut to eight decimals; buyer and seller settle the same figure."""
    return price * quantity // UNIT


@dataclass(frozen=True, slots=True)
class Instrument:
    """A symbol with its rules; the rule names follow Binance's filters, the numbers are scaled integers."""

    symbol: str
    base: str
    quote: str
    opening_price: int
    tick: int
    step: int
    min_price: int
    max_price: int
    min_quantity: int
    max_quantity: int
    max_market_quantity: int
    min_notional: int
    max_notional: int
    # The price band around the average price of the last minutes, in units of 10**-8 too (5 * UNIT is five times).
    bid_up: int
    bid_down: int
    ask_up: int
    ask_down: int
    band_minutes: int = 5
    max_orders: int = 200
    status: str = "TRADING"


def _pair(base: str, quote: str, *, opening: str, tick: str, step: str, most: str, most_at_market: str) -> Instrument:
    """A symbol whose remaining rules follow from its quote asset."""
    dearest, least_total = {"BTC": ("1000", "0.0001"), "ETH": ("10000", "0.005"), "USDT": ("1000000", "5")}[quote]
    return Instrument(
        symbol=base + quote,
        base=base,
        quote=quote,
        opening_price=scaled(opening),
        tick=scaled(tick),
        step=scaled(step),
        min_price=scaled(tick),
        max_price=scaled(dearest),
        min_quantity=scaled(step),
        max_quantity=scaled(most),
        max_market_quantity=scaled(most_at_market),
        min_notional=scaled(least_total),
        max_notional=scaled("9000000"),
        # Wide below, so that an order which is meant to rest can be far from the market.
        bid_up=5 * UNIT,
        bid_down=UNIT // 100,
        ask_up=100 * UNIT,
        ask_down=UNIT // 100,
    )


# Opening prices are coherent: 5800 * 0.0707 = 410.06, 5800 * 0.01612 = 93.50 to the tick.
DEFAULTS: tuple[Instrument, ...] = (
    _pair("BTC", "USDT", opening="5800", tick="0.01", step="0.00001", most="9000", most_at_market="120"),
    _pair("ETH", "USDT", opening="410.06", tick="0.01", step="0.00001", most="9000", most_at_market="2500"),
    _pair("LTC", "USDT", opening="93.50", tick="0.01", step="0.00001", most="90000", most_at_market="8000"),
    _pair("ETH", "BTC", opening="0.0707", tick="0.00000001", step="0.001", most="100000", most_at_market="2500"),
    _pair("BNB", "BTC", opening="0.00024791", tick="0.00000001", step="0.01", most="9000000", most_at_market="250000"),
    _pair("LTC", "BTC", opening="0.01612", tick="0.00000001", step="0.01", most="100000", most_at_market="8000"),
    _pair("XRP", "ETH", opening="0.00140926", tick="0.00000001", step="1", most="90000000", most_at_market="2000000"),
)
