"""Whether an order that the venue shows is the one that was sent, as far as it is shown. Pure.

An id alone does not tell: the venue takes it again once its order is done. What an order says does, and when it was placed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any, Final

from exchangeclient.binance.readings import AHEAD_MS, equal, told_ms
from exchangeclient.enums import ORDER_TYPE_MARKET
from exchangeclient.numbers import exact

Said = Mapping[str, object]
"""An order as it was sent, by the words of a single one."""

Shown = Mapping[str, Any]
"""An order as the venue shows it."""

_WORDS: Final = ("symbol", "side", "type", "timeInForce")
_FIGURES: Final = {"price": "price", "quantity": "origQty", "quoteOrderQty": "origQuoteOrderQty"}
_FIGURES_OF_SOME: Final = ("stopPrice", "icebergQty", "trailingDelta")  # an order without one shows zero, or nothing
_FIGURE_NAMES: Final = ("price", "qty", "quantity", "delta")  # how the name of a figure ends


def says_the_same(ours: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    """True when two requests would place the very same."""
    if ours.keys() != theirs.keys():
        return False
    return all(text == theirs[name] or (name.lower().endswith(_FIGURE_NAMES) and equal(text, theirs[name])) for name, text in ours.items())


def is_the_same(said: Said, order: Shown) -> bool:
    """True when the venue's order is what was to be placed, whenever it was placed."""
    return _fits(said, order) and all(equal(order.get(name, "0"), said.get(name, "0")) for name in _FIGURES_OF_SOME)


def are_the_same(said: Sequence[Said], orders: Sequence[Shown]) -> bool:
    """The same for the orders of a list, which the venue shows in an order of its own."""
    return len(said) == len(orders) and any(
        all(is_the_same(one, order) for one, order in zip(each, orders, strict=True)) for each in permutations(said)
    )


def is_it(said: Said, order: Shown, timestamp_ms: int) -> bool:
    """False for an older order, or another one.

    Our clock may be ahead of the venue's by as much as the venue lets pass, and behind it, so that the time alone proves nothing.

    :param timestamp_ms: what the order was stamped with
    """
    placed_ms = told_ms(order, "time")
    if placed_ms is None:
        return _fits(said, order)
    amendable = placed_ms >= timestamp_ms and said.get("type") != ORDER_TYPE_MARKET
    return placed_ms >= timestamp_ms - AHEAD_MS and _fits(said, order, may_be_smaller=amendable)


def are_they(said: Sequence[Said], orders: Sequence[Shown], timestamp_ms: int) -> bool:
    """The same for the orders of a list, of which the venue may not show all."""
    return any(
        all(is_it(one, order, timestamp_ms) for one, order in zip(each, orders, strict=True)) for each in permutations(said, len(orders))
    )


def _fits(said: Said, order: Shown, *, may_be_smaller: bool = False) -> bool:
    """True when nothing that an order shows for as long as it lives is other than it was sent.

    :param may_be_smaller: whether it may have been amended since
    """
    if any(name in said and name in order and order[name] != said[name] for name in _WORDS):
        return False
    sent = {shown: said[name] for name, shown in _FIGURES.items() if name in said}
    sent |= {name: said[name] for name in _FIGURES_OF_SOME if name in said}
    return all(
        name not in order or equal(order[name], text) or (may_be_smaller and name == "origQty" and _is_less(order[name], text))
        for name, text in sent.items()
    )


def _is_less(shown: object, sent: object) -> bool:
    try:
        return exact(shown, "shown") < exact(sent, "sent")
    except (TypeError, ValueError):
        return False
