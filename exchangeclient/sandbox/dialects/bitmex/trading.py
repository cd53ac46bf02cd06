"""BitMEX's endpoints that place, amend and cancel orders, close positions and set their leverage."""

from __future__ import annotations

import re
from typing import Any

from msgspec import structs

from exchangeclient.sandbox.dialects.bitmex import errors, switch
from exchangeclient.sandbox.dialects.bitmex.call import Call
from exchangeclient.sandbox.dialects.bitmex.entries import Entry
from exchangeclient.sandbox.dialects.bitmex.errors import VenueError
from exchangeclient.sandbox.dialects.bitmex.market_shapes import BUY, SELL
from exchangeclient.sandbox.dialects.bitmex.names import Product, swap_of
from exchangeclient.sandbox.dialects.bitmex.order_form import (
    CLOSE,
    GTC,
    IOC,
    LIMIT,
    MARKET,
    TRAILING_PEG,
    VIA_API,
    Form,
    check_price,
    check_quantity,
    check_stop,
    read,
)
from exchangeclient.sandbox.dialects.bitmex.query import Page
from exchangeclient.sandbox.dialects.bitmex.tables import TABLES, Row
from exchangeclient.sandbox.engine.commands import SetLeverage
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.words import Leg

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_MOST_STOPS = 10
_MOST_ORDERS = 200
_AMENDED = "Amended {}: Amended via API."
_VIA_API = "Canceled via API."


def shown(call: Call, entry: Entry) -> Row:
    """An order as REST shows it."""
    return TABLES["order"].kept(call.venue.orders.row(entry), call.venue.manners.wire)


# ---- placing -----------------------------------------------------------------------------------------------------


def place(call: Call) -> Row:
    """The order as it stands when the engine is done with it."""
    product = call.product()
    form = read(call.params, product, product.instrument(call.exchange))
    return shown(call, _placed(call, product, form))


def _placed(call: Call, product: Product, form: Form) -> Entry:
    orders, account = call.venue.orders, call.account
    if form.client_id and orders.entries.by_client_id(account, form.client_id) is not None:
        raise errors.DUPLICATE()
    waiting = [each.waits for each in orders.entries.open_of(account) if each.product is product]
    if (form.waits and sum(waiting) >= _MOST_STOPS) or len(waiting) >= _MOST_ORDERS:
        raise errors.TOO_MANY_ORDERS()
    assert call.signer is not None  # noqa: S101 - as in Call.account
    try:
        if not form.reduces and _exceeds_risk(call, product, form):
            orders.check(account, product, form)  # too little money is told first
            raise errors.RISK_LIMIT()
        return orders.place(account, call.venue.number(call.signer), product, form)
    except Refused as refused:
        raise _refusal(call, product, form, refused.rule) from refused


def _exceeds_risk(call: Call, product: Product, form: Form) -> bool:
    """Whether position and orders of its side could be worth more with an order than the risk limit, and than the position is."""
    held = call.exchange.positions(call.account, product.market)[Leg.NET].quantity
    sign = 1 if form.side == BUY else -1
    open_ones = [each for each in call.venue.orders.entries.open_of(call.account) if each.product is product]
    others = [each for each in open_ones if each.form.side == form.side]
    together = form.quantity + sum(each.state.left for each in others)
    mark = call.exchange.mark_price(product.market)
    worth = abs(product.value(mark, held + sign * product.quantity(together)))
    return worth > max(call.venue.risk_limit(call.account, product), abs(product.value(mark, held)))


def _refusal(call: Call, product: Product, form: Form, rule: Rule) -> VenueError:
    if rule is not Rule.INSUFFICIENT_BALANCE:
        return errors.refusal(rule)
    held = call.exchange.positions(call.account, product.market)[Leg.NET]
    price = form.price or call.exchange.last_price(product.market)
    needed = abs(product.value(price, product.quantity(form.quantity))) // held.leverage
    return errors.INSUFFICIENT(needed, product.currency.code)


def close_position(call: Call) -> Row:
    """The deprecated way to close one: at market, or at a price."""
    product = call.product()
    price = call.params.scaled("price", errors.BAD_PRICE)
    if price is not None:
        check_price(product.instrument(call.exchange), price)
    kind, times = (MARKET, IOC) if price is None else (LIMIT, GTC)
    form = Form("", 0, kind, times, price or 0, instructions=(CLOSE,), text=call.params.text("text") or "Position Close")
    return shown(call, _placed(call, product, form))


# ---- amending ----------------------------------------------------------------------------------------------------


def amend(call: Call) -> Row:
    """Give an order another quantity, price, stop price, offset or text; by ``origClOrdID`` also another id of its owner's."""
    params, orders = call.params, call.venue.orders
    entry = _named(call)
    if not entry.is_open:
        raise errors.BAD_STATUS()
    product, state, form = entry.product, entry.state, entry.form
    instrument = product.instrument(call.exchange)
    quantity, left = params.whole("orderQty", errors.NO_QUANTITY), params.whole("leavesQty", errors.NO_QUANTITY)
    if quantity is not None and left is not None:
        raise errors.TWO_QUANTITIES()
    if left is not None:
        quantity = state.done + abs(left)
    price, stop = params.scaled("price", errors.BAD_PRICE), params.scaled("stopPx", errors.BAD_STOP)
    offset, text = params.scaled("pegOffsetValue"), params.text("text")
    client_id = params.text("clOrdID") if "origClOrdID" in params else None
    if quantity is not None and left != 0:
        quantity = abs(quantity)
        check_quantity(product, instrument, quantity)
    if price is not None:
        if form.at_market:
            raise errors.BAD_PRICE()
        check_price(instrument, price)
    if stop is not None:
        if not entry.waits:
            raise errors.BAD_STOP()
        check_stop(instrument, stop)
    if offset is not None and (form.peg != TRAILING_PEG or not entry.waits or not offset or (offset < 0) is not (form.side == SELL)):
        raise errors.BAD("pegOffsetValue")
    if client_id is not None and (other := orders.entries.by_client_id(call.account, client_id)) is not None and other is not entry:
        raise errors.DUPLICATE()
    given = {"orderQty": quantity, "price": price, "stopPx": stop, "pegOffsetValue": offset, "text": text, "clOrdID": client_id}
    changed = [name for name, value in given.items() if value is not None]
    if not changed:
        raise errors.NOTHING_TO_AMEND()
    form = structs.replace(
        form,
        offset=form.offset if offset is None else offset,
        client_id=client_id or form.client_id,
        text=form.text if text is None else text,
    )
    words = "\n".join(
        (_AMENDED.format(" ".join(each for each in changed if each != "text")), f"{form.text}\n{VIA_API}" if form.text else VIA_API)
    )
    try:
        orders.amend(
            entry,
            form,
            quantity=state.quantity if quantity is None else quantity,
            price=state.price if price is None else price,
            stop=state.stop if stop is None else stop,
            text=words,
        )
    except Refused as refused:
        form = structs.replace(form, price=price or form.price, quantity=quantity or state.quantity)
        raise _refusal(call, product, form, refused.rule) from refused
    return shown(call, entry)


def _named(call: Call) -> Entry:
    """The order that is to be amended.

    :raises VenueError: 400, or 404 when there is none
    """
    orders, account = call.venue.orders, call.account
    order_id, client_id = call.params.text("orderID"), call.params.text("origClOrdID")
    if order_id is None and client_id is None:
        raise errors.MISSING("orderID")
    if order_id is not None and not _GUID.fullmatch(order_id):
        raise errors.BAD_ORDER_ID()
    found = orders.entries.by_client_id(account, client_id or "") if order_id is None else orders.entries.get(account, order_id.lower())
    if found is None:
        raise errors.NOT_FOUND()
    return found


# ---- cancelling --------------------------------------------------------------------------------------------------


def cancel(call: Call) -> list[Row]:
    """A row for each; one that could not be cancelled says why.

    :raises VenueError: 404 when there is none of them
    """
    params, orders, account = call.params, call.venue.orders, call.account
    ids, client_ids = params.texts("orderID"), params.texts("clOrdID")
    if not ids and not client_ids:
        raise errors.MISSING("orderID")
    if not all(_GUID.fullmatch(each) for each in ids):
        raise errors.BAD_ORDER_ID()
    found = [(each, orders.entries.get(account, each.lower()), "orderID") for each in ids]
    found += [(each, orders.entries.by_client_id(account, each), "clOrdID") for each in client_ids]
    if all(entry is None for _, entry, _ in found):
        raise errors.NOT_FOUND()
    why = params.text("text") or _VIA_API
    return [{name: each, "error": "Not Found"} if entry is None else _canceled(call, entry, why) for each, entry, name in found]


def _canceled(call: Call, entry: Entry, why: str) -> Row:
    if not entry.is_open:
        return {**shown(call, entry), "error": f"Unable to cancel order due to existing state: {entry.state.status}"}
    try:
        call.venue.orders.cancel(entry, why)
    except Refused as refused:
        return {**shown(call, entry), "error": f"Unable to cancel order: {errors.refusal(refused.rule).message}"}
    return shown(call, entry)


def cancel_all(call: Call) -> list[Row]:
    """All that are open of a symbol and as the filter says."""
    symbols = {each.symbol for each in call.products()}
    page = Page(call.params, "order")
    why = call.params.text("text") or _VIA_API
    open_ones = [each for each in call.venue.orders.entries.open_of(call.account) if each.product.symbol in symbols]
    chosen = [each for each in open_ones if page.holds(call.venue.orders.row(each))]
    return [_canceled(call, each, why) for each in chosen if each.is_open]


def cancel_all_after(call: Call) -> Row:
    """The dead man's switch, in milliseconds."""
    timeout = call.params.whole("timeout")
    if timeout is None:
        raise errors.MISSING("timeout")
    if not 0 <= timeout <= switch.LONGEST_MS:
        raise errors.BAD("timeout")
    assert call.signer is not None  # noqa: S101 - as in Call.account
    return switch.arm(call.venue, call.signer, timeout)


# ---- positions ---------------------------------------------------------------------------------------------------


def leverage(call: Call) -> Row:
    """0 shares the margin of the whole account."""
    product, wanted = call.product(), call.params.scaled("leverage")
    if wanted is None:
        raise errors.MISSING("leverage")
    most = swap_of(product.instrument(call.exchange)).max_leverage
    if wanted % UNIT or not 0 <= wanted <= most * UNIT:
        raise errors.BAD_LEVERAGE(most)
    return _with_leverage(call, product, wanted // UNIT)


def isolate(call: Call) -> Row:
    """Keep a position's margin apart, or share it."""
    product, enabled = call.product(), call.params.flag("enabled", default=True)
    held = call.exchange.positions(call.account, product.market)[Leg.NET]
    return _with_leverage(call, product, held.leverage if enabled else 0)


def _with_leverage(call: Call, product: Product, times: int) -> Row:
    most = swap_of(product.instrument(call.exchange)).max_leverage
    held = call.exchange.positions(call.account, product.market)[Leg.NET]
    try:
        call.venue.live.execute(SetLeverage(call.account, product.market, times or most))
    except Refused as refused:
        if refused.rule is Rule.INSUFFICIENT_BALANCE:
            balance = call.exchange.balances(call.account)[product.currency.asset]
            needed = balance.locked * held.leverage // (times or most)
            raise errors.INSUFFICIENT(product.currency.minor(needed), product.currency.code) from refused
        raise errors.refusal(refused.rule) from refused
    isolated = call.venue.settings(call.account).isolated
    if times:
        isolated.add(product.symbol)
    else:
        isolated.discard(product.symbol)
    return position(call, product)


def set_risk_limit(call: Call) -> Row:
    """What positions and orders of a symbol may be worth, in minor units."""
    product, limit = call.product(), call.params.whole("riskLimit")
    if limit is None:
        raise errors.MISSING("riskLimit")
    if limit <= 0:
        raise errors.BAD("riskLimit")
    call.venue.settings(call.account).risk[product.symbol] = limit
    return position(call, product)


def position(call: Call, product: Product) -> Row:
    """A position as REST shows it."""
    return TABLES["position"].kept(call.venue.holdings(call.account).position(product, call.shown_us), call.venue.manners.wire)


def transfer_margin(call: Call) -> Any:
    """Margin here is what the leverage asks for, neither more nor less."""
    call.product()
    raise errors.NOT_SERVED("transferMargin")


def bulk(call: Call) -> Any:  # noqa: ARG001 - whatever is asked
    """Withdrawn by the venue late in 2021."""
    raise errors.NOT_OFFERED("order/bulk")
