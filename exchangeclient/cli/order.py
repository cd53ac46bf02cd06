"""``exchangeclient order``: orders placed, cancelled and looked at, with a preview and a question before real money moves.

An order is sent once. Its client order id is printed before it leaves, and after a failure what is known of it and how to ask.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from exchangeclient.cli import desk_orders, exits
from exchangeclient.cli.connect import Connection, Wants, connected, connection_options, refused_arguments
from exchangeclient.cli.consent import ask, has_to_ask, sent_once, told_when_unknown, told_when_unprinted
from exchangeclient.cli.output import Output, output_options, plain
from exchangeclient.exceptions import ExchangeException, OrderNotFoundException, OrderNotPlacedException
from exchangeclient.numbers import trimmed

if TYPE_CHECKING:
    from exchangeclient.market.preview import OrderPreview
    from exchangeclient.market.rules import Rounding

TYPES: Final = ("LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")

_COLUMNS: Final = ("id", "time", "symbol", "side", "type", "price", "quantity", "filled", "average", "status", "client order id")
_WIDE: Final = ("client order id", "time", "average")
_NONE_OPEN: Final = "there was no open order"
_NO_OPEN: Final = "there is no open order"
_NO_ORDER: Final = "there is no order"
_SHORT: Final = Context(prec=12)


@click.group()
def order() -> None:
    """Place, cancel and list orders."""


_yes = click.option("--yes", is_flag=True, help="Do not ask before it is sent to a live venue.")
journal_option = click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the order is noted until its fate is known.  [default: orders.sqlite beside the settings]",
)


@order.command()
@click.argument("side", type=click.Choice(["buy", "sell"], case_sensitive=False))
@click.argument("symbol")
@click.argument("quantity", required=False)
@click.option("--price", help="Of a limit order.")
@click.option("--market", is_flag=True, help="At whatever price the market has.")
@click.option("--total", help="Of a market order: how much of the quote asset to spend or to earn, instead of QUANTITY.")
@click.option("--stop", help="The price at which a stop order goes to the market.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(TYPES, case_sensitive=False),
    metavar="TYPE",
    help=f"{', '.join(TYPES)}; LIMIT with --price, MARKET with --market, when left out. Orders with --stop need it.",
)
@click.option("--time-in-force", type=click.Choice(["GTC", "IOC", "FOK"], case_sensitive=False), help="GTC for limit orders when left out.")
@click.option("--client-order-id", help="Under which the order can be asked for; a random one is made when left out.")
@click.option(
    "--round", "rounds", is_flag=True, help="Bring the figures onto the steps of the symbol, so that the order never becomes dearer."
)
@click.option("--preview", "only_preview", is_flag=True, help="Show what it would do, and have the venue check it; place nothing.")
@_yes
@journal_option
@connection_options
@output_options
def place(
    side: str,
    symbol: str,
    quantity: str | None,
    client_order_id: str | None,
    rounds: bool,
    only_preview: bool,
    yes: bool,
    journal: Path | None,
    connection: Connection,
    out: Output,
    **figures: Any,
) -> None:
    """Buy or sell QUANTITY of SYMBOL.

    \b
    exchangeclient order place buy ETHBTC 0.5 --price 0.031
    exchangeclient order place sell ETHBTC 0.5 --market
    exchangeclient order place buy ETHBTC --market --total 0.1
    exchangeclient order place sell ETHBTC 0.5 --type STOP_LOSS_LIMIT --stop 0.029 --price 0.0289

    What it would do is shown first: the rules that it breaks, what the book would fill of it at once, the fees, the balance. Before it is
    sent to a live venue you are asked; without a terminal it is refused unless there is --yes. It is sent once, whatever happens; its
    client order id is printed before. The preview with its rules, fees and balance, and --round, are there at Binance alone.
    """
    params = _params(side, symbol, quantity, **figures)
    if not connection.is_usual:
        _place_elsewhere(params, client_order_id, yes=yes, plain=not (rounds or only_preview), journal=journal, at=connection, out=out)
        return
    with trading(connection, journal, key="found" if only_preview else "needed") as client, refused_arguments():
        asks = not only_preview and has_to_ask(client, yes=yes)
        rounding: Rounding | None = "passive" if rounds else None
        if only_preview:
            preview = client.preview_order(rounding=rounding, **params)
            out.fields(_figures(preview) if out.as_json else _shown_preview(preview))
            if preview.refusal is not None:
                raise preview.refusal
            if client.credentials is not None:
                client.create_test_order(**preview.order)  # the venue's own check
            return
        params["newClientOrderId"] = client_order_id or secrets.token_hex(16)
        if asks or out.is_watched:
            preview = client.preview_order(rounding=rounding, **params)
            params = preview.order
            for name, value in _shown_preview(preview).items():
                out.tell(out.hanging(f"{name:<16}", str(value)))
            if preview.refusal is not None:
                out.tell("nothing was sent")
                raise preview.refusal
        elif rounds:
            params = client.quantize_order(rounding="passive", **params)
        if asks:
            ask(f"Send it to {client.hosts.rest}?", out)
        with sent_once(params, params["newClientOrderId"], _look(params["symbol"], params["newClientOrderId"], connection), out):
            placed = client.create_order(**params)
    with told_when_unprinted(f"the order {placed.get('orderId')} was placed", out):
        # Orders that rest by their nature are only acknowledged by the venue: the rest is as it was sent.
        sent = {"side": params["side"], "type": params["type"], "price": params.get("price"), "origQty": params.get("quantity")}
        out.fields(placed if out.as_json else _row(sent | placed))


def _place_elsewhere(
    params: dict[str, Any], client_order_id: str | None, *, yes: bool, plain: bool, journal: Path | None, at: Connection, out: Output
) -> None:
    if not plain:
        raise click.UsageError(f"--preview and --round work at binance alone, not at {at.venue}")
    known = client_order_id or secrets.token_hex(16)
    with trading(at, journal) as client, refused_arguments():
        desk_orders.place(client, params, known, _look(params["symbol"], known, at), out, yes=yes)


def _look(symbol: str, client_order_id: str, connection: Connection) -> str:
    """The command that asks for what was placed."""
    return f"exchangeclient order show {symbol} --client-order-id {client_order_id}{connection.options}"


@order.command(short_help="Cancel an order of SYMBOL.")
@click.argument("symbol")
@click.argument("order_id", metavar="[ORDER_ID]", required=False)
@click.option("--client-order-id", help="Of the order, instead of ORDER_ID.")
@click.option("--all", "every", is_flag=True, help="Every open order of the symbol.")
@_yes
@connection_options
@output_options
def cancel(
    symbol: str, order_id: str | None, client_order_id: str | None, every: bool, yes: bool, connection: Connection, out: Output
) -> None:
    """Cancel an order of SYMBOL, by its number or its client order id, or --all of them.

    Before a live venue is told, what would be cancelled is shown and you are asked; without a terminal it is refused unless there is --yes.
    """
    if [order_id is not None, client_order_id is not None, every].count(True) != 1:
        raise click.UsageError("give ORDER_ID, --client-order-id or --all")
    look = f"exchangeclient order list {symbol.upper()} --all{connection.options}"
    if not connection.is_usual:
        with connected(connection, key="needed") as client, refused_arguments():
            acks = desk_orders.cancel(client, symbol.upper(), order_id, client_order_id, look, out, yes=yes)
        with told_when_unprinted("it was cancelled", out):
            cancelled = [each.raw if out.as_json else desk_orders.cancelled(each) for each in acks]
            out.table(cancelled, desk_orders.CANCELLED, none=_NONE_OPEN)
        return
    named = {} if every else _named(order_id, client_order_id)
    with connected(connection, key="needed") as client:
        if has_to_ask(client, yes=yes):
            found = client.get_open_orders(symbol=symbol) if every else [client.get_order(symbol=symbol, **named)]
            if not found:
                _table([], out, none=_NONE_OPEN)
                return
            for each in found:
                out.tell("  ".join(f"{name} {value}" for name, value in _row(each).items() if value not in ("", None)))
            ask(f"Cancel {'them' if every else 'it'} at {client.hosts.rest}?", out)
        what = f"every open order of {symbol}" if every else f"the order {order_id or client_order_id} of {symbol}"
        with told_when_unknown(f"whether {what} was cancelled. The venue can tell:\n  {look}", out):
            try:
                done = client.cancel_all_open_orders(symbol=symbol) if every else [client.cancel_order(symbol=symbol, **named)]
            except OrderNotFoundException:
                if not every:
                    raise
                done = []
    with told_when_unprinted("it was cancelled", out):
        _table(done, out, none=_NONE_OPEN)


@order.command(name="list")
@click.argument("symbol", required=False)
@click.option("--all", "every", is_flag=True, help="Also those that are done; needs SYMBOL.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many with --all, the youngest.")
@connection_options
@output_options
def list_(symbol: str | None, every: bool, limit: int, connection: Connection, out: Output) -> None:
    """The open orders, of SYMBOL or of all symbols."""
    if every and symbol is None:
        raise click.UsageError("--all needs SYMBOL")
    with connected(connection, key="needed") as client:
        if not connection.is_usual:
            orders = desk_orders.listed(client, symbol, every=every, limit=limit)
            shown = [each.raw if out.as_json else desk_orders.row(each) for each in orders]
            out.table(shown, _COLUMNS, wide=_WIDE, none=_NO_ORDER if every else _NO_OPEN)
            return
        found = client.get_all_orders(symbol=symbol or "", limit=limit) if every else client.get_open_orders(symbol=symbol)
    _table(found, out, none=_NO_ORDER if every else _NO_OPEN)


@order.command()
@click.argument("symbol")
@click.argument("order_id", metavar="[ORDER_ID]", required=False)
@click.option("--client-order-id", help="Of the order, instead of ORDER_ID.")
@connection_options
@output_options
def show(symbol: str, order_id: str | None, client_order_id: str | None, connection: Connection, out: Output) -> None:
    """What the venue has of one order of SYMBOL."""
    if (order_id is None) is (client_order_id is None):
        raise click.UsageError("give ORDER_ID or --client-order-id")
    with connected(connection, key="needed") as client:
        if not connection.is_usual:
            order = desk_orders.shown(client, symbol.upper(), order_id, client_order_id)
            out.fields(order.raw if out.as_json else desk_orders.row(order))
            return
        found = client.get_order(symbol=symbol, **_named(order_id, client_order_id))
    out.fields(found if out.as_json else _row(found))


@order.command(short_help="Orders of which it is not known whether they were placed.")
@journal_option
@connection_options
@output_options
def undecided(journal: Path | None, connection: Connection, out: Output) -> None:
    """Orders of earlier runs of which it is not known whether they were placed: the venue is asked what became of each.

    The exit code is 11 if there is one that is still not known.
    """
    rows = []
    with trading(connection, journal) as client:
        doubts = client.undecided_orders()
        try:
            for doubt in doubts:
                row = {"symbol": doubt.symbol, "client order id": doubt.client_order_id}
                try:
                    rows.append(row | {"was placed": True, "status": _status(doubt.resolve()), "says": None})
                except OrderNotPlacedException as error:
                    rows.append(row | {"was placed": False, "status": None, "says": str(error)})
                except ExchangeException as error:
                    rows.append(row | {"was placed": None, "status": "not known", "says": str(error)})
        finally:  # what is settled is told even if the rest is stopped: it is in no journal any more
            if rows or not doubts:
                out.table(rows, ["symbol", "client order id", "was placed", "status"], none="no order is in doubt")
    if any(row["was placed"] is None for row in rows):
        out.end(exits.UNKNOWN)


def _named(order_id: str | None, client_order_id: str | None) -> dict[str, Any]:
    """What names an order to Binance, which numbers them.

    :raises click.UsageError: for what is no number
    """
    if order_id is None:
        return {"origClientOrderId": client_order_id}
    if not (order_id.isascii() and order_id.isdigit()):
        raise click.UsageError(f"ORDER_ID must be a number, not {order_id!r}; --client-order-id takes what you named it")
    return {"orderId": int(order_id)}


@contextmanager
def trading(connection: Connection, journal: Path | None, *, key: Wants = "needed") -> Iterator[Any]:
    """A client that notes its orders; not those of an embedded exchange, which is gone with the command."""
    if connection.sandbox:
        with connected(connection, key=key) as client:
            yield client
        return
    from exchangeclient.cli import settings

    file = journal or settings.read().get("journal") or settings.beside("orders.sqlite")
    with connected(connection, key=key, journal=file) as client:
        yield client


def _params(
    side: str,
    symbol: str,
    quantity: str | None,
    *,
    price: str | None,
    market: bool,
    total: str | None,
    stop: str | None,
    kind: str | None,
    time_in_force: str | None,
) -> dict[str, Any]:
    """The order in the venue's words.

    :raises click.UsageError: when it is not clear what is meant: a forgotten price must not make a market order
    """
    if market and kind not in (None, "MARKET"):
        raise click.UsageError(f"--market and --type {kind} say different things")
    if kind is None:
        if stop is not None:
            raise click.UsageError("an order with --stop needs --type, such as STOP_LOSS_LIMIT")
        if market is (price is not None):
            raise click.UsageError("give --price for a limit order, or --market")
        kind = "MARKET" if market else "LIMIT"
    if (quantity is None) is (total is None):
        raise click.UsageError("give QUANTITY or --total")
    if total is not None and kind != "MARKET":
        raise click.UsageError("--total is for market orders")
    if kind == "MARKET" and (price is not None or stop is not None or time_in_force is not None):
        raise click.UsageError("a market order has neither --price nor --stop nor --time-in-force")
    if time_in_force is None and kind in ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"):
        time_in_force = "GTC"
    given = {"quantity": quantity, "quoteOrderQty": total, "price": price, "stopPrice": stop, "timeInForce": time_in_force}
    return {"symbol": symbol.upper(), "side": side.upper(), "type": kind} | {
        name: value for name, value in given.items() if value is not None
    }


def _status(order: dict[str, Any]) -> str | None:
    """What a venue calls the state of an order."""
    return next((order[name] for name in ("status", "state", "ordStatus") if name in order), None)


def _shown_preview(preview: OrderPreview) -> dict[str, Any]:
    """In the words of a person."""
    order, fill, fee = preview.order, preview.fill, preview.fee
    size = f"{order['quantity']} {preview.base}" if "quantity" in order else f"{order['quoteOrderQty']} {preview.quote} worth"
    at = f" at {order['price']}" if "price" in order else ""
    when = f", once the price reaches {order['stopPrice']}" if "stopPrice" in order else ""
    told: dict[str, Any] = {"order": f"{order['side']} {size} of {order['symbol']}{at} ({order['type']}){when}"}
    if preview.moved:
        told["rounded"] = ", ".join(f"{name} {was:f} to {now:f}" for name, (was, now) in preview.moved.items())
    told["rules"] = "kept" if preview.refusal is None else f"BROKEN: {preview.refusal}"
    if preview.refusal is not None and preview.refusal.nearest is not None:
        told["rules"] += f" (nearest: {preview.refusal.nearest:f})"
    told["market"] = f"bid {_figure(preview.bid)}, ask {_figure(preview.ask)}"
    told["fills at once"] = "nothing" if fill is not None else "nothing: it waits for its stop"
    if fill is not None and fill.average is not None:
        end = "; the book that is known ends there" if fill.runs_out else ""
        told["fills at once"] = f"{_figure(fill.quantity)} {preview.base} for {_figure(fill.total)} {preview.quote}{end}"
        away = None if preview.middle is None else fill.away(preview.middle)
        far = "" if away is None else f", {away:.3f} % off the middle"
        told["prices"] = f"{_figure(fill.average)} on average, {_figure(fill.last)} at worst{far}"
    if fill is not None and fill.left and "price" in order:
        told["rests"] = f"{_figure(fill.left)} {preview.base}"
    told["fee"] = (
        "not known without a key"
        if fee is None
        else f"{_figure(fee.taken)} {fee.asset}" + (f", {_figure(fee.rested)} {fee.asset} for what rests" if fee.rested else "")
    )
    covered = {None: "", True: "", False: " - NOT ENOUGH"}[preview.is_covered]
    has = "" if preview.free is None else f" of {_figure(preview.free)} free{covered}"
    told["takes"] = f"{_figure(preview.needed)} {preview.pays_in}{has}"
    return told


def _figures(preview: OrderPreview) -> dict[str, Any]:
    """For programs."""
    refusal = preview.refusal
    broken = refusal and {"rule": refusal.rule, "message": refusal.message, "nearest": refusal.nearest}
    return {**asdict(preview), "refusal": broken, "pays_in": preview.pays_in, "is_covered": preview.is_covered}


def _figure(value: Decimal | None) -> str:
    return "nothing" if value is None else f"{trimmed(_SHORT.plus(value)):f}"


def _table(orders: list[dict[str, Any]], out: Output, *, none: str) -> None:
    # A list of orders that was cancelled with others brings its orders along.
    rows = [_row(each) for found in orders for each in found.get("orderReports", [found])]
    out.table(orders if out.as_json else rows, _COLUMNS, wide=_WIDE, none=none)


def _row(order: dict[str, Any]) -> dict[str, Any]:
    """An order as the venue shows it, in the words of the table."""
    at = order.get("time") or order.get("transactTime") or order.get("transactionTime")
    return {
        "id": order.get("orderId"),
        "time": None if at is None else f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}",
        "symbol": order.get("symbol"),
        "side": order.get("side"),
        "type": order.get("type"),
        "price": plain(order.get("price")) if order.get("type") != "MARKET" else None,
        "quantity": plain(order.get("origQty")),
        "filled": plain(order.get("executedQty")),
        "average": plain(_average(order)),
        "status": order.get("status"),
        "client order id": order.get("origClientOrderId") or order.get("clientOrderId"),
    }


def _average(order: dict[str, Any]) -> Decimal | None:
    """The price of a unit of what is filled."""
    filled, spent = Decimal(order.get("executedQty") or 0), Decimal(order.get("cummulativeQuoteQty") or 0)
    return _SHORT.divide(spent, filled) if filled and spent > 0 else None
