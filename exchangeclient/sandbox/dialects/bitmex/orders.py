"""The order desk of BitMEX: orders are placed, amended and cancelled, work at the engine or wait for their :mod:`.stops`, and end.

The engine knows a working order by the venue's orderID. All that happens to an order is written down (:mod:`.executions`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct, structs

from exchangeclient.sandbox.dialects.accounts import wallet
from exchangeclient.sandbox.dialects.bitmex import names, order_shapes
from exchangeclient.sandbox.dialects.bitmex.entries import Entries, Entry, Kept
from exchangeclient.sandbox.dialects.bitmex.executions import Executions
from exchangeclient.sandbox.dialects.bitmex.market_shapes import BUY, SELL
from exchangeclient.sandbox.dialects.bitmex.names import NAME, Product
from exchangeclient.sandbox.dialects.bitmex.order_form import (
    CLOSE,
    DAY,
    FOK,
    IOC,
    MARKET_PEG,
    POST_ONLY,
    TRAILING_PEG,
    VIA_API,
    Form,
)
from exchangeclient.sandbox.dialects.bitmex.order_shapes import CANCELED, NEW, OPEN, REJECTED, TRIGGERED, State
from exchangeclient.sandbox.dialects.bitmex.stops import Stops
from exchangeclient.sandbox.dialects.bitmex.tables import Row
from exchangeclient.sandbox.dialects.bitmex.words import guid
from exchangeclient.sandbox.dialects.live import LiveExchange
from exchangeclient.sandbox.engine.commands import Cancel, Place, Reprice
from exchangeclient.sandbox.engine.events import (
    Event,
    Fill,
    Order,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderPrevented,
    OrderRejected,
    PositionChanged,
    Traded,
)
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.words import Leg, OrderType, Side, Status, TimeInForce

OrderEvent = OrderAccepted | OrderFilled | OrderCanceled | OrderExpired | OrderRejected | OrderAmended | OrderPrevented
_OF_ORDERS = (OrderAccepted, OrderFilled, OrderCanceled, OrderExpired, OrderRejected, OrderAmended, OrderPrevented)
_TIMES = {IOC: TimeInForce.IOC, FOK: TimeInForce.FOK}
_ORDER = 1
_DAY_US = 86_400_000_000


class Desk(Struct, forbid_unknown_fields=True):
    """All that the order desk knows, to be saved.

    :ivar funded: what each account was paid as funding on each of the engine's symbols so far
    """

    orders: list[Kept]
    executions: dict[str, list[Row]]
    last_order: int
    last_execution: int
    funded: list[tuple[str, str, int]]


class Orders:
    """The order desk.

    :param changed: called when something was written down that the engine's events do not bring
    :ivar entries: the orders
    :ivar executions: what happened to them
    """

    def __init__(self, live: LiveExchange, changed: Callable[[], None]) -> None:
        self._live = live
        self._changed = changed
        self.entries = Entries()
        self.executions = Executions()
        self._stops = Stops(live)
        self._of_today: dict[str, Entry] = {}
        self._acts = False
        self._last = 0
        self._funded: dict[tuple[str, str], int] = {}

    # ---- saved and taken up again ------------------------------------------------------------------------------------

    def memory(self) -> Desk:
        """All of it."""
        kept = [
            Kept(
                *(each.id, each.account, each.number, each.product.symbol, each.form, each.state, each.created_us),
                *(each.ends_us, each.waits, each.extreme, each.told),
            )
            for each in self.entries
        ]
        funded = [(account, symbol, amount) for (account, symbol), amount in self._funded.items()]
        return Desk(kept, self.executions.rows, self._last, self.executions.last, funded)

    def recall(self, desk: Desk) -> None:
        """Go on with what was saved, as far as its contracts are still traded."""
        exchange = self._live.exchange
        self._last, self.executions.last = desk.last_order, desk.last_execution
        self._funded = {(account, symbol): amount for account, symbol, amount in desk.funded}
        self.executions.rows = desk.executions
        products = {each.symbol: each for each in names.listed(exchange)}
        for each in desk.orders:
            product = products.get(each.symbol)
            if product is None:
                continue
            entry = Entry(each.id, each.account, each.number, product, each.form, each.state, each.created_us)
            entry.ends_us, entry.waits, entry.extreme, entry.told = each.ends_us, each.waits, each.extreme, each.told
            if entry.is_open and not entry.waits:
                order = self._engine_order(entry)
                entry.fills = exchange.fills(entry.account, product.market, order_id=order.id)
            self.entries.add(entry)
            if entry.waits:
                self._stops.take_up(entry)
            if entry.ends_us and entry.is_open:
                self._of_today[entry.id] = entry

    def row(self, entry: Entry) -> Row:
        """An order as it is shown now."""
        return entry.row(self.executions.skew_us)

    # ---- placing -----------------------------------------------------------------------------------------------------

    def place(self, account: str, number: int, product: Product, form: Form) -> Entry:
        """Take an order in: it works at once, or waits.

        :raises Refused: by the engine; then there is no such order
        """
        form = self._completed(account, product, form)
        now_us = self._live.now_us
        text = f"{form.text}\n{VIA_API}" if form.text else VIA_API
        state = State(NEW, form.quantity, form.quantity, price=form.price, stop=form.stop, text=text, changed_us=now_us)
        self._last += 1
        entry = Entry(guid(_ORDER, 0, self._last), account, number, product, form, state, now_us)
        if form.time_in_force == DAY:
            entry.ends_us = (now_us // _DAY_US + 1) * _DAY_US
            self._of_today[entry.id] = entry
        self.entries.add(entry)
        if not form.quantity:
            self._note(entry, "New")
            self._end(entry, CANCELED, order_shapes.NOTHING_TO_REDUCE)
        elif form.waits:
            self._wait(entry)
        else:
            try:
                self._work(entry)
            except Refused as refused:
                if refused.rule is not Rule.NOTHING_TO_REDUCE:
                    self.entries.remove(entry)
                    self._of_today.pop(entry.id, None)
                    raise
                self._note(entry, "New")
                self._end(entry, CANCELED, order_shapes.NOTHING_TO_REDUCE)
        self._tell()
        return entry

    def _completed(self, account: str, product: Product, form: Form) -> Form:
        """With the side and quantity of what it closes, and the price that its peg takes over now."""
        exchange = self._live.exchange
        if CLOSE in form.instructions and (not form.side or not form.quantity):
            held = exchange.positions(account, product.market)[Leg.NET].quantity
            side = form.side or (SELL if held >= 0 else BUY)
            closes = (held > 0) is (side == SELL)
            form = structs.replace(form, side=side, quantity=form.quantity or (product.contracts(abs(held)) if closes else 0))
        if form.peg and form.peg != TRAILING_PEG:
            own = order_shapes.side_of(form)
            other = Side.SELL if own is Side.BUY else Side.BUY
            best = exchange.best_price(product.market, other if form.peg == MARKET_PEG else own)
            if best is None:
                raise Refused(Rule.NO_LIQUIDITY_FOR_PEG)
            tick = product.instrument(exchange).tick
            price = (best + form.offset) // tick * tick
            if price <= 0:
                raise Refused(Rule.PRICE_FILTER)
            form = structs.replace(form, price=price)
        return form

    def _wait(self, entry: Entry) -> None:
        self._stops.add(entry)
        self._note(entry, "New")
        if self._stops.is_reached(entry):
            self._trigger(entry)

    def _work(self, entry: Entry) -> None:
        """Hand an order to the engine.

        :raises Refused: nothing has changed
        """
        form, state = entry.form, entry.state
        if CLOSE in form.instructions:
            self._make_room(entry)
        self._live.execute(_command(entry.account, entry.product, form, contracts=state.quantity, price=state.price, id=entry.id))

    def _make_room(self, entry: Entry) -> None:
        """Cancel other orders of the side that would reduce what this one closes."""
        exchange, side = self._live.exchange, order_shapes.side_of(entry.form)
        wanted = entry.product.quantity(entry.state.quantity)
        for other in self.entries.open_of(entry.account):
            if exchange.reducible(entry.account, entry.product.market, side, Leg.NET) >= wanted:
                return
            is_rival = other is not entry and not other.waits and other.form.reduces
            if is_rival and other.product is entry.product and other.form.side == entry.form.side:
                self.cancel(other, "Closing the position needs its quantity")

    def check(self, account: str, product: Product, form: Form) -> None:
        """Refuse what the engine would refuse by its own rules now.

        :raises Refused: naming the rule
        """
        if not form.waits:
            form = self._completed(account, product, form)
            wish = _command(account, product, form, contracts=form.quantity, price=form.price, id="")
            self._live.exchange.execute(structs.replace(wish, check_only=True), self._live.now_us)

    # ---- cancelling and amending -------------------------------------------------------------------------------------

    def cancel(self, entry: Entry, why: str) -> None:
        """End an open order.

        :raises Refused: by the engine
        """
        if entry.waits:
            self._end(entry, CANCELED, why)
        else:
            before = entry.state
            entry.state = structs.replace(before, text=_canceled(before.text, why))
            try:
                self._live.execute(Cancel(entry.account, entry.product.market, client_order_id=entry.id))
            except Refused:
                entry.state = before
                raise
        self._tell()

    def amend(self, entry: Entry, form: Form, *, quantity: int, price: int, stop: int, text: str) -> None:
        """Give an open order other figures, all of them in full; one that makes only and would take is cancelled.

        :raises Refused: by the engine; nothing has changed
        """
        before, before_form = entry.state, entry.form
        state = structs.replace(before, text=text, changed_us=self._live.now_us)
        if quantity <= before.done:
            self.cancel(entry, "Amended to what is filled already")
            return
        if not entry.waits and (quantity, price) != (before.quantity, before.price):
            entry.form, entry.state = form, state
            wish = Reprice(entry.account, entry.product.market, self._engine_order(entry).id, price, entry.product.quantity(quantity))
            try:
                self._live.execute(wish)
            except Refused as refused:
                entry.form, entry.state = before_form, before
                if refused.rule is not Rule.WOULD_MATCH:
                    raise
                self.cancel(entry, order_shapes.WOULD_TAKE)
        else:
            entry.form = form
            left = quantity - before.done
            entry.state = structs.replace(state, quantity=quantity, left=left, price=price, stop=stop)
            if form.peg == TRAILING_PEG:
                self._stops.measure(entry)
            self._note(entry, "Replaced")
        if form.client_id != before_form.client_id:
            self.entries.renamed(entry, before_form.client_id)
        if entry.waits and self._stops.is_reached(entry):
            self._trigger(entry)
        self._tell()

    def _engine_order(self, entry: Entry) -> Order:
        return self._live.exchange.find_order(entry.account, entry.product.market, client_order_id=entry.id)

    # ---- what happens ------------------------------------------------------------------------------------------------

    def observe(self, events: Sequence[Event], now_us: int) -> None:
        """Write down what the engine did with the orders, and set off or end what is due."""
        if not self.entries:
            return  # so nobody has a position either
        for event in events:
            if isinstance(event, _OF_ORDERS):
                entry = self.entries.find(event.order.client_order_id)
                if entry is not None:
                    self._follow(entry, event)
            elif isinstance(event, PositionChanged):
                self._follow_position(event, now_us)
            elif isinstance(event, Traded):
                self._stops.hear(event)

    def act(self, now_us: int) -> None:
        """Do what time and prices ask for; called when everybody has heard of them.

        What is done here happens on the exchange too, of which everybody hears before the next is done: by then that may be done with.
        """
        if self._acts:
            return  # whoever does has another look
        self._acts = True
        try:
            while self._set_off():
                pass
            self._end_the_day(now_us)
        finally:
            self._acts = False
        self._tell()

    def _set_off(self) -> bool:
        """Let every order work whose stop is reached; whether there was any, since its trades may reach others."""
        traded, is_any = self._stops.traded(), False
        for entry in self._stops.waiting():
            if not entry.waits:
                continue
            instrument = self._live.exchange.instruments.get(entry.product.market)
            if instrument is None:
                self._end(entry, CANCELED, "Instrument was delisted")
            elif instrument.status is not Status.TRADING:
                continue
            elif self._stops.is_set_off(entry, traded):
                self._trigger(entry)
                is_any = True
            elif self._stops.trail(entry):
                self._note(entry, "Replaced")
        return is_any

    def _end_the_day(self, now_us: int) -> None:
        for entry in [each for each in self._of_today.values() if each.ends_us <= now_us]:
            if entry.is_open:
                try:
                    self.cancel(entry, order_shapes.DAY_IS_OVER)
                except Refused:
                    continue  # while its market is closed nothing can be cancelled there
            self._of_today.pop(entry.id, None)

    def _follow(self, entry: Entry, event: OrderEvent) -> None:
        order, product = event.order, entry.product
        if isinstance(event, OrderFilled):
            entry.fills = [*entry.fills, event.fill]
        status = order_shapes.status_of(order)
        quantity, done = product.contracts(order.quantity), product.contracts(order.executed)
        is_open = status in OPEN
        text = entry.state.text
        if isinstance(event, (OrderExpired, OrderPrevented)) and not is_open:
            text = _canceled(text, order_shapes.why_ended(order) or "Canceled by the venue")
        entry.state = structs.replace(
            entry.state,
            status=status,
            quantity=quantity,
            left=product.contracts(order.quantity - order.executed - order.prevented) if is_open else 0,
            done=done,
            average=order_shapes.average(product, entry.fills),
            works=is_open and not entry.form.at_market,
            price=0 if entry.form.at_market else order.price,
            text=text,
            changed_us=event.time_us,
        )
        if isinstance(event, OrderAccepted):
            if not entry.told:
                self._note(entry, "New")
        elif isinstance(event, OrderFilled):
            self._note(entry, "Trade", event.fill)
        elif isinstance(event, OrderAmended) or (isinstance(event, OrderPrevented) and is_open):
            self._note(entry, "Replaced")
        else:
            self._note(entry, "Canceled" if status == CANCELED else status)

    def _follow_position(self, event: PositionChanged, now_us: int) -> None:
        """Write down what was paid as funding, which is what changed a position without a trade."""
        product = names.traded(self._live.exchange, event.symbol)
        if product is None or not event.account.startswith(wallet(NAME, "")):
            return
        exchange = self._live.exchange
        held = exchange.positions(event.account, event.symbol)[event.leg]
        before = self._funded.get((event.account, event.symbol), 0)
        self._funded[event.account, event.symbol] = held.funding
        fundings = exchange.fundings(event.symbol)
        if event.trade_id != -1 or held.funding == before or not fundings:
            return
        row = order_shapes.funded(
            product,
            product.contracts(held.quantity),
            price=exchange.mark_price(event.symbol),
            rate=fundings[-1][1],
            paid=-product.currency.minor(held.funding - before),
            id=self.executions.next_id(),
            account=order_shapes.account_number(event.account.removeprefix(wallet(NAME, ""))),
            shown_us=now_us + self.executions.skew_us,
        )
        self.executions.add(event.account, row)

    def _trigger(self, entry: Entry) -> None:
        """Let an order work that has waited."""
        self._stops.drop(entry)
        entry.state = structs.replace(
            entry.state,
            triggered=TRIGGERED,
            works=True,
            text=f"Triggered: Order triggered\n{entry.state.text}",
            changed_us=self._live.now_us,
        )
        self._note(entry, "TriggeredOrActivatedBySystem")
        try:
            self._work(entry)
        except Refused as refused:
            if refused.rule is Rule.NOTHING_TO_REDUCE:
                self._end(entry, CANCELED, order_shapes.NOTHING_TO_REDUCE)
            else:
                entry.state = structs.replace(entry.state, reject=refused.rule.value)
                self._end(entry, REJECTED, "")

    def _end(self, entry: Entry, status: str, why: str) -> None:
        self._stops.drop(entry)
        entry.state = structs.replace(
            entry.state,
            status=status,
            left=0,
            works=False,
            text=_canceled(entry.state.text, why) if why else entry.state.text,
            changed_us=self._live.now_us,
        )
        self._note(entry, status)

    def _note(self, entry: Entry, kind: str, fill: Fill | None = None) -> None:
        self.executions.note(entry, kind, fill)

    def _tell(self) -> None:
        """Have what was written down told, when it is not the engine's events that bring it."""
        if self.executions.are_new:
            self._changed()


def _canceled(text: str, why: str) -> str:
    """The text of an order that was cancelled."""
    return f"Canceled: {why}\n{text}"


def _command(account: str, product: Product, form: Form, *, contracts: int, price: int, id: str) -> Place:
    """An order as the engine takes it."""
    times = TimeInForce.GTX if POST_ONLY in form.instructions else _TIMES.get(form.time_in_force, TimeInForce.GTC)
    return Place(
        account,
        product.market,
        order_shapes.side_of(form),
        OrderType.MARKET if form.at_market else OrderType.LIMIT,
        product.quantity(contracts),
        price=0 if form.at_market else price,
        time_in_force=TimeInForce.GTC if form.at_market else times,
        client_order_id=id,
        reduce_only=form.reduces,
        any_total=True,
        note=msgspec.json.encode(form).decode(),
    )
