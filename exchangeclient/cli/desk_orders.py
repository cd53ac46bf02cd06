"""Orders at venues other than the one whose words the commands speak, by :mod:`exchangeclient.desk`.

Whoever sends is asked and told the same: an order is sent once, and its client order id is said before.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import click

from exchangeclient.cli.consent import ask, has_to_ask, sent_once, told_when_unknown, told_when_unprinted
from exchangeclient.cli.output import Output, plain
from exchangeclient.desk import Ack, Desk, Order, desk_of
from exchangeclient.exceptions import OrderNotFoundException

CANCELLED: Final = ("id", "symbol", "client order id")
"""What there is to say of an order that has been cancelled."""

_WORDS: Final[Mapping[str, str]] = {"quoteOrderQty": "total", "timeInForce": "time_in_force"}


def place(client: Any, params: Mapping[str, Any], client_order_id: str, look: str, out: Output, *, yes: bool) -> None:
    """Place an order.

    :param params: in Binance's words, as the command made them
    :param look: the command that asks the venue for it
    """
    if "stopPrice" in params:
        raise click.UsageError(f"orders with --stop go to {client.venue} from Python alone")
    desk = desk_of(client)
    if has_to_ask(client, yes=yes):
        _show(desk, params, out)
        ask(f"Send it to {client.hosts.rest}?", out)
    elif out.is_watched:
        _show(desk, params, out)
    given = {_WORDS.get(name, name): value for name, value in params.items() if name not in ("symbol", "side")}
    with sent_once(params, client_order_id, look, out):
        ack = desk.place(params["symbol"], params["side"], **given, client_order_id=client_order_id)
    with told_when_unprinted(f"the order {ack.order_id} was placed", out):
        figures = {name: plain(params.get(name)) for name in ("price", "quantity")}
        row = {"id": ack.order_id, "symbol": ack.instrument, "side": params["side"], "type": params["type"], **figures}
        out.fields(ack.raw if out.as_json else {**row, "client order id": client_order_id})


def _show(desk: Desk, params: Mapping[str, Any], out: Output) -> None:
    """What it would do, as far as that can be said without the preview of the other venue."""
    size = params.get("quantity") or f"{params['quoteOrderQty']} worth"
    at = f" at {params['price']}" if "price" in params else ""
    out.tell(f"order   {params['side']} {size} of {params['symbol']}{at} ({params['type']})")
    ticker = desk.ticker(params["symbol"])
    out.tell(f"market  bid {plain(ticker.bid) or 'nothing'}, ask {plain(ticker.ask) or 'nothing'}")


def cancel(client: Any, symbol: str, order_id: str | None, client_order_id: str | None, look: str, out: Output, *, yes: bool) -> list[Ack]:
    """Cancel an order, or every open one of a symbol when none is named; what the venue said of each that was cancelled."""
    desk = desk_of(client)
    every = order_id is None and client_order_id is None
    asks = has_to_ask(client, yes=yes)
    found = desk.open_orders(symbol) if every else [desk.order(symbol, order_id, client_order_id=client_order_id)] if asks else []
    if every and not found:
        return []
    if asks:
        for each in found:
            out.tell("  ".join(f"{name} {value}" for name, value in row(each).items() if value not in ("", None)))
        ask(f"Cancel {'them' if every else 'it'} at {client.hosts.rest}?", out)
    what = f"every open order of {symbol}" if every else f"the order {order_id or client_order_id} of {symbol}"
    done = []
    with told_when_unknown(f"whether {what} was cancelled. The venue can tell:\n  {look}", out):
        if not every:
            return [desk.cancel(symbol, order_id, client_order_id=client_order_id)]
        for each in found:
            with suppress(OrderNotFoundException):  # it was filled, or somebody else was faster
                done.append(desk.cancel(symbol, each.order_id))
    return done


def listed(client: Any, symbol: str | None, *, every: bool, limit: int) -> list[Order]:
    """The open orders, and with ``every`` those that are done before them."""
    desk = desk_of(client)
    return (desk.history(symbol or "", limit=limit) if every else []) + desk.open_orders(symbol)


def shown(client: Any, symbol: str, order_id: str | None, client_order_id: str | None) -> Order:
    """One order, as it is now."""
    return desk_of(client).order(symbol, order_id, client_order_id=client_order_id)


def cancelled(ack: Ack) -> dict[str, Any]:
    """What the venue says of an order that it has cancelled, in the words of the table."""
    return dict(zip(CANCELLED, (ack.order_id, ack.instrument, ack.client_order_id), strict=True))


def row(order: Order) -> dict[str, Any]:
    """An order in the words of the table."""
    return {
        "id": order.order_id,
        "time": f"{datetime.fromtimestamp(order.time_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}",
        "symbol": order.instrument,
        "side": order.side,
        "type": order.type,
        "price": plain(order.price),
        "quantity": plain(order.quantity),
        "filled": plain(order.filled),
        "average": plain(order.average_price),
        "status": order.status,
        "client order id": order.client_order_id,
    }
