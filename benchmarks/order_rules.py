"""What it costs to hold an order to the rules of its symbol, on exact decimals, and that no legal order is refused by them.

``order_rules`` is the check itself, of figures that have been read: price, quantity and total against every filter that there is, with a
reference price at hand. ``order_checked`` is all that is done to an order before it leaves, from the texts that would be sent: nothing
is missing, figures read, rules kept. ccxt checks nothing; beside it stands what it does to bring a price and a quantity onto their steps.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from typing import Any, Final

import peers
from measure import Figure, cpu_s, interleaved, started

from exchangeclient.binance.filters import order_rules
from exchangeclient.binance.orderform import figures_of_all, refuse_incomplete
from exchangeclient.market.rules import breach

TARGET_US: Final = 1.5
_PATH: Final = "/api/v3/order"
_ORDER: Final = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.00123", "price": "43211.07",
    "newClientOrderId": "0123456789abcdef0123456789abcdef", "recvWindow": "5000",
}  # fmt: skip
_REFERENCE: Final = Decimal("43210.5")
_MULTIPLES: Final = 2_000
# As the live exchangeInfo listed them in November 2026.
_RULES: Final = order_rules(
    {
        "symbol": "BTCUSDT",
        "status": "TRADING",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000000.00000000", "tickSize": "0.01000000"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
            {"filterType": "ICEBERG_PARTS", "limit": 100},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "69.25519177", "stepSize": "0.00000000"},
            {"filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000, "minTrailingBelowDelta": 10,
             "maxTrailingBelowDelta": 2000},
            {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "5", "bidMultiplierDown": "0.2", "askMultiplierUp": "5",
             "askMultiplierDown": "0.2", "avgPriceMins": 5},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True, "maxNotional": "9000000.00000000",
             "applyMaxToMarket": False, "avgPriceMins": 5},
        ],
    }
)  # fmt: skip


def run(*, quick: bool) -> list[Figure]:
    """Microseconds for an order, and how many legal ones were refused."""
    rounds, block = (9, 5_000) if quick else (31, 20_000)
    (order,) = figures_of_all(_PATH, _ORDER)
    measures = [_timed(lambda: breach(_RULES, order, _REFERENCE), block), _timed(_checked, block)]
    with ExitStack() as running:
        ccxt = peers.interpreter("ccxt")
        if ccxt is not None:
            measures.append(_ccxt(running, ccxt, block))
        rules_us, checked_us, *rounding_us = interleaved(measures, rounds)
    found = [Figure("order_rules", rules_us, "us", TARGET_US), Figure("order_refused_wrongly", _refused_wrongly(), "", 0)]
    return [*found, *(Figure("order_checked:ccxt", checked_us, "us", 1.0, peer=peer) for peer in rounding_us)]


def _checked() -> None:
    refuse_incomplete("create_order", _PATH, _ORDER)
    for order in figures_of_all(_PATH, _ORDER):
        breach(_RULES, order, _REFERENCE)


def _refused_wrongly() -> int:
    """Of so many multiples of the step, from the smallest that is worth the least total on, as they are written and as floats show them."""
    first, refused = Decimal("0.00012"), 0
    for number in range(_MULTIPLES):
        quantity = first + number * Decimal("0.00001")
        for given in (f"{quantity:f}", repr(float(quantity))):
            (order,) = figures_of_all(_PATH, {**_ORDER, "quantity": given})
            refused += breach(_RULES, order, _REFERENCE) is not None
    return refused


def _timed(call: Callable[[], object], block: int) -> Callable[[], float]:
    def measure() -> float:
        begun_s = cpu_s()
        for _ in range(block):
            call()
        return (cpu_s() - begun_s) / block * 1e6

    measure()
    return measure


def _ccxt(running: ExitStack, python: str, block: int) -> Callable[[], float]:
    process, _ = running.enter_context(started("benchmarks/rounding_process.py", python=python))
    talk: Any = process

    def measure() -> float:
        talk.stdin.write(f"{block}\n")
        talk.stdin.flush()
        return float(talk.stdout.readline())

    measure()
    return measure
