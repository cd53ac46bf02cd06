"""An exchange that is obviously right rather than fast: what the embedded one is compared with.

Written from the venue's rules, not from the engine; it shares nothing with that but the vocabulary of commands and the instruments. One
flat list of open orders is looked through and sorted anew for every match. Nobody's funds are ever locked: what an account has bound is
added up from its open orders whenever somebody asks. Orders, lists and markets are in :mod:`.orders`, what may be placed at all in
:mod:`.rules`.

The venue leaves some things open. Here it does what the engine's documentation promises: what a trade sets off comes after the order that
traded, first come, first served, of several stops the oldest first; a pair binds the larger need of both; waiting orders to buy at an
unknown price bind what they would cost at their stop price, or else at the last price; totals, commissions and discounts are cut in
this order, each to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy

from msgspec.structs import replace as changed

from exchangeclient.sandbox.engine.commands import (
    Amend,
    Cancel,
    CancelList,
    Command,
    Delist,
    Deposit,
    JoinGroup,
    Place,
    PlaceList,
    SetFees,
    SetStatus,
    Withdraw,
)
from exchangeclient.sandbox.engine.instruments import UNIT, ExchangeRules, Instrument, total
from exchangeclient.sandbox.engine.refusals import Refused, Rule
from exchangeclient.sandbox.engine.words import ExpiryReason, OrderStatus, SelfTrade, Side, Status, TimeInForce

from .orders import AT_MARKET, CONDITIONAL, PROCEEDS, Market, Meeting, NaiveList, NaiveOrder, NaiveTrade, fires, in_turn, meeting, other
from .rules import (
    amended,
    check_list,
    check_order,
    check_pending,
    check_triggered,
    cost_at_market,
    estimate,
    pegged,
    quantity_for_quote,
    reestimate,
    trimmed,
    unshrinking,
)

HOUSE = "the house"
ROUTER = "engine:router"  # by this name one can withdraw from it
DISCOUNT_ASSET = "BNB"
STANDARD = UNIT // 1000  # of what is received, 0.1 %


class NaiveExchange:
    """The commands of :mod:`~exchangeclient.sandbox.engine.events`, carried out the long way."""

    def __init__(self, instruments: Iterable[Instrument], rules: ExchangeRules, routes: Mapping[str, tuple[str, ...]]) -> None:
        self.markets = {each.symbol: Market(each, each.status) for each in instruments}
        self.rules = rules
        self.routes = routes
        self.allocations: list[NaiveTrade] = []  # what routed orders got when they came in
        self.now_us = 0
        self.open: list[NaiveOrder] = []
        self.lists: list[NaiveList] = []
        self.owned: dict[tuple[str, str], int] = {}
        self.fees: dict[str, SetFees] = {}
        self.groups: dict[str, int] = {}
        self.prevented: list[tuple[object, ...]] = []  # symbol, taker, maker, price, mode, taken off the taker, off the maker
        self._turns = 0
        self._due: list[NaiveOrder | NaiveList] = []

    def execute(self, command: Command, now_us: int) -> None:
        """Carry a command out, or refuse it."""
        self.now_us = now_us
        match command:
            case Deposit():
                self._own(command.account, command.asset, command.amount)
            case Withdraw():
                if self.free(command.account, command.asset) < command.amount:
                    raise Refused(Rule.INSUFFICIENT_BALANCE)
                self._own(command.account, command.asset, -command.amount)
            case SetFees():
                self.fees[command.account] = command
            case JoinGroup():
                self.groups[command.account] = command.group
            case SetStatus():
                self.market(command.symbol).status = command.status
            case Delist():
                self._delist(command.symbol)
            case Place():
                self._place(command)
            case PlaceList():
                self._place_list(command)
            case Cancel():
                self._cancel(command)
            case CancelList():
                self._cancel_list(command)
            case Amend():
                self._amend(command)

    # ---- what one can ask --------------------------------------------------------------------------------------------

    def market(self, symbol: str) -> Market:
        if symbol not in self.markets:
            raise Refused(Rule.UNKNOWN_SYMBOL)
        return self.markets[symbol]

    def queue(self, symbol: str, side: Side) -> list[NaiveOrder]:
        """The resting orders of a side in the order of their turn: best price first, then who came first."""
        resting = [order for order in self.open if order.rests and order.place.symbol == symbol and order.place.side is side]
        return in_turn(resting, side)

    def levels(self, symbol: str, side: Side) -> list[tuple[int, int]]:
        """What can be seen of a side of the book."""
        sums: dict[int, int] = {}
        for order in self.queue(symbol, side):
            sums[order.price] = sums.get(order.price, 0) + order.shown
        return list(sums.items())

    def bound(self, account: str, asset: str) -> int:
        """What the account's open orders may still take of an asset; of two orders of a pair, what the greater one may."""
        largest: dict[NaiveOrder | NaiveList, int] = {}
        for order in self.open:
            if order.place.account == account:
                group = order.list or order
                largest[group] = max(largest.get(group, 0), self._may_take(order, asset))
        proceeds = sum(each.received for each in self.lists if each.account == account and each.keeps(asset))
        return sum(largest.values()) + proceeds

    def free(self, account: str, asset: str) -> int:
        return self.owned.get((account, asset), 0) - self.bound(account, asset)

    def _may_take(self, order: NaiveOrder, asset: str) -> int:
        instrument = order.instrument
        if order.stage == "pending":
            return 0
        if order.place.side is Side.SELL:
            return order.left if asset == instrument.base else 0
        if asset != instrument.quote:
            return 0
        if order.stage == "working" and order.place.type in AT_MARKET:
            return order.needs - order.executed_quote - order.moved_quote
        return order.estimate or total(order.price, order.left)

    def _own(self, account: str, asset: str, amount: int) -> None:
        self.owned[account, asset] = self.owned.get((account, asset), 0) + amount

    # ---- orders come in ----------------------------------------------------------------------------------------------

    def _place(self, place: Place) -> None:
        check_order(self, place)
        if not place.check_only:
            self._begin(self._new(place))
            self._work_off()

    def _place_list(self, command: PlaceList) -> None:
        check_list(self, command)
        orders = [self._new(place) for place in command.orders]
        first = orders[0].place
        listed = NaiveList(len(self.lists) + 1, command.kind, command.client_id, first.account, orders[0].instrument, orders)
        self.lists.append(listed)
        for order in orders:
            order.list = listed
        if listed.working is None:
            self._begin_pair(listed)
        else:
            for order in listed.pair:
                order.status = OrderStatus.PENDING_NEW
            self._begin(listed.working)
        self._work_off()

    def _new(self, place: Place) -> NaiveOrder:
        market = self.markets[place.symbol]
        quantity, short = place.quantity, False
        if place.quote_quantity:
            quantity, short = quantity_for_quote(self, place)
        order = NaiveOrder(
            id=len(market.orders) + 1,
            place=place,
            instrument=market.instrument,
            client_id=place.client_order_id,
            price=0 if place.peg is not None else place.price,
            quantity=quantity,
            self_trade=place.self_trade or market.instrument.self_trade,
            group=self.groups.get(place.account, -1),
            short=short,
        )
        market.orders.append(order)
        self.open.append(order)
        return order

    def _begin(self, order: NaiveOrder) -> None:
        """A conditional order waits outside of the book, any other meets it."""
        if order.place.type not in CONDITIONAL:
            self._work(order)
            return
        order.stage = "waiting"
        order.estimate = estimate(self, order.place, order.quantity)

    def _begin_pair(self, listed: NaiveList) -> None:
        """The waiting ones first: should the other one trade at once, it finds its twin."""
        for order in sorted(listed.pair, key=lambda each: each.place.type not in CONDITIONAL):
            if order.stage == "pending":
                self._begin(order)

    def _work_off(self) -> None:
        """What was set off, first come, first served; it may set off more."""
        while self._due:
            due = self._due.pop(0)
            if isinstance(due, NaiveList):
                self._review(due)
            elif due.stage == "waiting":
                self._trigger(due)

    def _trigger(self, order: NaiveOrder) -> None:
        """A condition is met. The order is checked once more, against the funds and the book as they are now."""
        self._end_twins(order)
        if check_triggered(self, order) is None:
            self._work(order)
        else:
            self._end(order, OrderStatus.REJECTED, ExpiryReason.REJECTED)

    def _review(self, listed: NaiveList) -> None:
        """One of a list's orders has ended: those that waited for it begin when it was filled, and expire when it was not."""
        working, pending = listed.working, [order for order in listed.pair if order.stage == "pending"]
        if working is None or working.stage != "done" or not pending:
            return
        if working.executed == working.quantity:
            self._place_pending(listed)
        else:
            for order in pending:
                self._end(order, OrderStatus.EXPIRED, ExpiryReason.OTO_PHASE_ONE_EXPIRED)

    def _place_pending(self, listed: NaiveList) -> None:
        if listed.kind in PROCEEDS:
            quantity = trimmed(listed)
            for order in listed.pair:
                order.quantity, order.place = quantity, changed(order.place, quantity=quantity)
            listed.received = 0
        refused = check_pending(self, listed) is not None
        for order in listed.pair:
            order.status = OrderStatus.NEW
            if refused:
                self._end(order, OrderStatus.REJECTED, ExpiryReason.REJECTED)
        if not refused:
            self._begin_pair(listed)

    # ---- orders meet -------------------------------------------------------------------------------------------------

    def _work(self, taker: NaiveOrder) -> None:
        """Meet the book; what is left rests or expires, by the order's terms."""
        taker.pegged = pegged(self, taker.place)
        taker.price = taker.pegged or taker.price
        taker.stage, taker.worked, taker.estimate = "working", True, 0
        taker.shown = min(taker.place.iceberg_quantity or taker.left, taker.left)
        place = taker.place
        self._turns += 1
        taker.turn = self._turns
        bounds, symbols = self._price_range(place), self.books(taker)
        if place.type in AT_MARKET and place.side is Side.BUY:
            taker.needs = place.quote_quantity or cost_at_market(self, taker)
        if place.time_in_force is TimeInForce.FOK and place.type not in AT_MARKET and self._rehearsed(taker) < taker.quantity:
            self._end(taker, OrderStatus.EXPIRED, ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED)
            return
        if place.time_in_force is TimeInForce.GTX and meeting(taker, self._others(place, symbols)):
            self._end(taker, OrderStatus.EXPIRED, ExpiryReason.WOULD_TAKE)
            return
        while met := meeting(taker, self._others(place, symbols)):
            if not bounds[0] <= met.maker.price <= bounds[1]:
                self._end(taker, OrderStatus.EXPIRED, ExpiryReason.EXECUTION_RULE_PRICE_RANGE_EXCEEDED)
                return
            if met.quantity:
                self._trade(taker, met)
            else:
                self._prevent(taker, met)
        if taker.stage == "done":
            return
        if place.type in AT_MARKET:
            self._end(taker, OrderStatus.EXPIRED, ExpiryReason.INSUFFICIENT_LIQUIDITY)
        elif place.time_in_force not in (TimeInForce.GTC, TimeInForce.GTX):
            self._end(taker, OrderStatus.EXPIRED, ExpiryReason.UNFILLED_IOC_QUANTITY_EXPIRED)
        else:
            taker.shown = min(place.iceberg_quantity or taker.left, taker.left)

    def _others(self, place: Place, symbols: Iterable[str]) -> list[NaiveOrder]:
        return [order for symbol in symbols for order in self.queue(symbol, other(place.side))]

    def books(self, taker: NaiveOrder) -> list[str]:
        """Where an order meets others: a routed one also where the router has enough for all that it could cost there."""
        place, found, pledged = taker.place, [taker.place.symbol], 0
        for symbol in self.routes.get(taker.instrument.base, ()) if place.routed else ():
            if symbol != place.symbol and symbol in self.markets and self.markets[symbol].status is Status.TRADING:
                met = self._rehearse(unshrinking(taker), [symbol], (0, float("inf")))
                pledged += sum(total(price, quantity) for (price, _), quantity in met.items())
                payer = self.markets[symbol].instrument if place.side is Side.BUY else taker.instrument
                if self.owned[ROUTER, payer.quote] >= pledged:
                    found.append(symbol)
        return found

    def _rehearsed(self, taker: NaiveOrder) -> int:
        """How much of the order would be traded, or moved within a group, if it met the book now."""
        return sum(self.rehearsal(taker).values())

    def rehearsal(self, taker: NaiveOrder) -> dict[tuple[int, str], int]:
        """The same by price and symbol."""
        return self._rehearse(taker, self.books(taker), self._price_range(taker.place))

    def _rehearse(self, taker: NaiveOrder, symbols: list[str], bounds: tuple[int, float]) -> dict[tuple[int, str], int]:
        """It is tried on copies."""
        taker, makers, turn = copy(taker), [copy(each) for each in self._others(taker.place, symbols)], self._turns
        low, high = bounds
        buys = taker.place.side is Side.BUY
        got: dict[tuple[int, str], int] = {}
        while (met := meeting(taker, makers)) and (met.maker.price <= high if buys else met.maker.price >= low):
            turn += 1
            where = met.maker.price, met.maker.place.symbol
            got[where] = got.get(where, 0) + met.quantity + met.moved
            taker.take_off(executed=met.quantity, prevented=met.off_taker)
            met.maker.take_off(executed=met.quantity, prevented=met.off_maker, turn=turn)
        return got

    def _trade(self, taker: NaiveOrder, met: Meeting) -> None:
        maker, market = met.maker, self.markets[met.maker.place.symbol]
        quote = total(maker.price, met.quantity)
        trade = NaiveTrade(maker.price, met.quantity, quote, maker, taker, self.now_us)
        market.trades.append(trade)
        if taker.place.routed:
            self.allocations.append(trade)
            self._route(trade)
        self._turns += 1
        self._end_twins(maker)
        self._observe(market, trade.price)
        for order in (maker, taker):
            order.take_off(executed=trade.quantity, quote=quote, turn=self._turns)
            order.status = OrderStatus.PARTIALLY_FILLED
            self._pay(order, trade)
            if not order.left and not order.short:
                self._end(order, OrderStatus.FILLED)

    def _route(self, trade: NaiveTrade) -> None:
        """The router pays in the asset of the one and takes that of the other; nothing where both are the same."""
        seller, buyer = trade.maker.instrument.quote, trade.taker.instrument.quote
        if trade.taker.place.side is Side.SELL:
            seller, buyer = buyer, seller
        self._own(ROUTER, seller, -trade.quote)
        self._own(ROUTER, buyer, trade.quote)

    def _prevent(self, taker: NaiveOrder, met: Meeting) -> None:
        """Two orders of one owner do not trade; a transfer within a group still moves what they would have traded."""
        maker = met.maker
        mode = SelfTrade.DECREMENT if taker.self_trade is SelfTrade.TRANSFER and not met.moved else taker.self_trade
        self.prevented.append((taker.place.symbol, taker.id, maker.id, maker.price, mode, met.off_taker, met.off_maker))
        if met.moved:
            for order in (maker, taker):
                order.moved_quote += total(maker.price, met.moved)
                self._exchange(order, met.moved, total(maker.price, met.moved))
        self._turns += 1
        for order, off in ((maker, met.off_maker), (taker, met.off_taker)):
            if off:
                self._end_twins(order)
                order.take_off(prevented=off, turn=self._turns)
                if not order.left and not order.short:
                    self._end(order, OrderStatus.EXPIRED_IN_MATCH)

    def _observe(self, market: Market, price: int) -> None:
        """Every waiting order of the symbol sees every trade, the oldest one first."""
        waiting = [order for order in self.open if order.stage == "waiting" and order.instrument is market.instrument]
        self._due += [order for order in sorted(waiting, key=lambda each: each.id) if order not in self._due and fires(order, price)]

    def _price_range(self, place: Place) -> tuple[int, float]:
        """Between which prices a taker may trade."""
        market = self.markets[place.symbol]
        reference, rule = market.reference_price(self.now_us), market.instrument.price_range
        if reference is None or rule is None:
            return 0, float("inf")
        up, down = (rule.bid_up, rule.bid_down) if place.side is Side.BUY else (rule.ask_up, rule.ask_down)
        low = 0 if down is None else -(-reference * down // UNIT)
        return low, float("inf") if up is None else reference * up // UNIT

    # ---- money -------------------------------------------------------------------------------------------------------

    def _exchange(self, order: NaiveOrder, quantity: int, quote: int) -> tuple[str, int]:
        """Give one asset, get the other; what came in."""
        account, instrument = order.place.account, order.instrument
        sign = 1 if order.place.side is Side.BUY else -1
        self._own(account, instrument.base, sign * quantity)
        self._own(account, instrument.quote, -sign * quote)
        return (instrument.base, quantity) if sign > 0 else (instrument.quote, quote)

    def _pay(self, order: NaiveOrder, trade: NaiveTrade) -> None:
        """One side's money of a trade, and its commission."""
        account = order.place.account
        asset, received = self._exchange(order, trade.quantity, trade.quote)
        fees = self.fees.get(account, SetFees(account, STANDARD, STANDARD))
        rate = fees.maker if order is trade.maker else fees.taker
        charged, charge = asset, received * rate // UNIT
        if fees.discount:
            discounted = self._in_discount_asset(asset, charge * 3 // 4)
            if discounted is not None and self.free(account, DISCOUNT_ASSET) >= discounted:
                charged, charge = DISCOUNT_ASSET, discounted
        if order.list is not None and order.list.kind in PROCEEDS and order is order.list.working:
            from_elsewhere = charged != asset or (asset != DISCOUNT_ASSET and self.free(account, asset) - received >= charge)
            order.list.received += received if from_elsewhere else received - charge
        self._own(account, charged, -charge)
        self._own(HOUSE, charged, charge)

    def _in_discount_asset(self, asset: str, amount: int) -> int | None:
        """An amount in the discount asset, at the last price of the pair; None without one."""
        if asset == DISCOUNT_ASSET:
            return amount
        if DISCOUNT_ASSET + asset in self.markets:
            return amount * UNIT // self.markets[DISCOUNT_ASSET + asset].last_price
        if asset + DISCOUNT_ASSET in self.markets:
            return total(self.markets[asset + DISCOUNT_ASSET].last_price, amount)
        return None

    # ---- orders go ---------------------------------------------------------------------------------------------------

    def _end(self, order: NaiveOrder, status: OrderStatus, expiry: ExpiryReason | None = None) -> None:
        """Take an order off the exchange; what that means for its list comes in its turn."""
        order.stage, order.status, order.expiry = "done", status, expiry
        self.open.remove(order)
        if order.list is not None:
            self._due.append(order.list)

    def _end_twins(self, order: NaiveOrder) -> None:
        """One order of a pair works, trades or loses something to prevention: the other one goes at once."""
        listed = order.list
        if listed is None or order is listed.working:
            return
        for twin in listed.pair:
            if twin is not order and twin.stage != "done":
                self._end(twin, OrderStatus.EXPIRED, ExpiryReason.OCO_TRIGGER)

    def _cancel(self, cancel: Cancel) -> None:
        self._require_open_for_changes(cancel.symbol)
        order = self._open_order(cancel.account, cancel.symbol, cancel.order_id, cancel.client_order_id)
        if cancel.only not in (None, order.status):
            raise Refused(Rule.OTHER_STATUS)
        self._cancel_all([order] if order.list is None else order.list.orders)

    def _cancel_list(self, cancel: CancelList) -> None:
        self._require_open_for_changes(cancel.symbol)
        found = [
            each
            for each in self.lists
            if each.account == cancel.account
            and each.instrument.symbol == cancel.symbol
            and not each.done
            and cancel.list_id in (None, each.id)
            and cancel.client_id in ("", each.client_id)
        ]
        if not found:
            raise Refused(Rule.UNKNOWN_ORDER)
        self._cancel_all(found[0].orders)

    def _cancel_all(self, orders: list[NaiveOrder]) -> None:
        for order in [each for each in orders if each.stage != "done"]:
            self._end(order, OrderStatus.CANCELED)
        self._work_off()

    def _amend(self, amend: Amend) -> None:
        self._require_open_for_changes(amend.symbol)
        order = self._open_order(amend.account, amend.symbol, amend.order_id, amend.client_order_id)
        affected = amended(self, order, amend)
        reestimate(self, affected, amend.quantity)
        for each in affected:
            if amend.quantity <= order.executed + order.prevented:
                self._end(each, OrderStatus.EXPIRED)
            else:
                each.quantity = amend.quantity
                each.amends += 1
                each.shown = min(each.shown, each.left)
        if order.stage != "done":
            order.client_id = amend.new_client_order_id
        self._work_off()

    def _require_open_for_changes(self, symbol: str) -> None:
        if self.market(symbol).status not in (Status.TRADING, Status.CANCEL_ONLY):
            raise Refused(Rule.NOT_TRADING)

    def _open_order(self, account: str, symbol: str, order_id: int | None, client_id: str) -> NaiveOrder:
        for order in self.open:
            theirs = (order.place.account, order.place.symbol) == (account, symbol)
            if theirs and order_id in (None, order.id) and client_id in ("", order.client_id):
                return order
        raise Refused(Rule.UNKNOWN_ORDER)

    def _delist(self, symbol: str) -> None:
        self.market(symbol)
        for order in [each for each in self.open if each.place.symbol == symbol]:
            self._end(order, OrderStatus.EXPIRED, ExpiryReason.EXCHANGE_CANCELED)
        self._work_off()
        del self.markets[symbol]
