"""OKX's private channels: who listens to which account, and the rows that what happens to it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeGuard

from exchangeclient.sandbox.dialects.okx import account_shapes, ids, order_shapes
from exchangeclient.sandbox.dialects.okx.account_shapes import Holdings
from exchangeclient.sandbox.dialects.okx.instrument_shapes import Shape
from exchangeclient.sandbox.dialects.okx.words import fee, ms, plain
from exchangeclient.sandbox.engine.events import (
    BalanceChanged,
    Deposited,
    Event,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderPrevented,
    OrderRejected,
    PositionChanged,
)
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument
from exchangeclient.sandbox.engine.stakes import Position
from exchangeclient.sandbox.engine.words import Leg

CHANNELS = frozenset(("orders", "account", "positions", "balance_and_position", "liquidation-warning", "account-greeks"))
ALGO_CHANNELS = frozenset(("orders-algo", "algo-advance"))
"""Those of /business with a login, on which nothing happens here."""
OF_VIPS = frozenset(("fills",))
_REGULAR_US = 5_000_000

OrderEvent = OrderAccepted | OrderFilled | OrderCanceled | OrderExpired | OrderRejected | OrderAmended | OrderPrevented
Argument = Mapping[str, str]


class Subscription:
    """One subscription to a private channel.

    :param account: as the engine calls it
    :param send: takes what is told
    """

    def __init__(self, account: str, argument: Argument, send: Callable[[Mapping[str, Any]], None], *, events_only: bool) -> None:
        self.account = account
        self.argument = argument
        self.send = send
        self.channel = argument["channel"]
        self.events_only = events_only

    def covers(self, instrument: Instrument) -> bool:
        """Whether what is said of an instrument belongs here."""
        kind = self.argument.get("instType", "ANY")
        return (
            kind in ("ANY", ids.inst_type(instrument))
            and self.argument.get("instId", ids.inst_id(instrument)) == ids.inst_id(instrument)
            and self.argument.get("instFamily", ids.family(instrument)) == ids.family(instrument)
        )

    def of_asset(self, asset: str) -> bool:
        return self.argument.get("ccy", asset) == asset


class _Changes:
    """What became of one account in a step.

    :ivar assets: of which it has more or less
    :ivar trades: the positions that are others now, by symbol and leg, each with the last trade that did it
    :ivar reason: why it has more or less cash; empty when that was only bound or set free
    """

    def __init__(self) -> None:
        self.assets: set[str] = set()
        self.trades: dict[tuple[str, Leg], str] = {}
        self.reason = ""

    def note(self, event: Event) -> None:
        """Count an event in."""
        if isinstance(event, BalanceChanged):
            self.assets.add(event.asset)
        elif isinstance(event, OrderFilled):
            self.reason = "filled"
        elif isinstance(event, Deposited):
            self.reason = self.reason or "transferred"
        elif isinstance(event, PositionChanged):
            self.trades[event.symbol, event.leg] = "" if event.trade_id < 0 else str(event.trade_id)


class UserHub:
    """Who listens to which account, and what each one is told."""

    def __init__(self, exchange: Exchange, now_us: int) -> None:
        self._exchange = exchange
        self._subscriptions: dict[str, list[Subscription]] = {}
        self._last_us = now_us
        self._request_id = ""  # of the amendment that is at work

    def subscribe(self, subscription: Subscription, updated_us: int, shown_us: int) -> None:
        """Tell it all that happens from now on; how things stand comes first, but for orders."""
        self._subscriptions.setdefault(subscription.account, []).append(subscription)
        self._tell_how_it_stands(subscription, "snapshot", updated_us, shown_us)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Tell it no more."""
        known = self._subscriptions.get(subscription.account, [])
        if subscription in known:
            known.remove(subscription)
        if not known:
            self._subscriptions.pop(subscription.account, None)

    def count(self, account: str, channel: str) -> int:
        """How many of an account's subscriptions are to a channel."""
        return sum(each.channel == channel for each in self._subscriptions.get(account, ()))

    @contextmanager
    def asked_for(self, request_id: str) -> Iterator[None]:
        """Whatever is amended meanwhile was asked for under this id."""
        self._request_id = request_id
        try:
            yield
        finally:
            self._request_id = ""

    # ---- what happens ------------------------------------------------------------------------------------------------

    def observe(self, events: Sequence[Event], now_us: int, shown_us: int) -> None:
        """Tell everybody what concerns him: his orders event by event, then his balances and positions as they are now."""
        last_us, self._last_us = self._last_us, max(now_us, self._last_us)
        if not self._subscriptions:
            return
        changes: dict[str, _Changes] = {}
        for event in events:
            account = event.order.account if _is_of_an_order(event) else getattr(event, "account", "")
            if account in self._subscriptions:
                if _is_of_an_order(event):
                    self._tell_of_order(event, shown_us - now_us)
                changes.setdefault(account, _Changes()).note(event)
        for account, changed in changes.items():
            self._tell_of_account(account, changed, shown_us)
        if now_us // _REGULAR_US > last_us // _REGULAR_US:
            for subscriptions in list(self._subscriptions.values()):
                for each in list(subscriptions):
                    if not each.events_only:
                        self._tell_how_it_stands(each, "event_update", now_us, shown_us)

    def _to(self, account: str, channel: str) -> list[Subscription]:
        return [each for each in self._subscriptions.get(account, ()) if each.channel == channel]

    # ---- orders ------------------------------------------------------------------------------------------------------

    def _tell_of_order(self, event: OrderEvent, skew_us: int) -> None:
        order = event.order
        instrument = self._exchange.instruments.get(order.symbol)
        listeners = [] if instrument is None else [each for each in self._to(order.account, "orders") if each.covers(instrument)]
        if instrument is None or not listeners:
            return
        row = self._order_row(instrument, event, skew_us)
        for each in listeners:
            each.send({"data": [row]})

    def _order_row(self, instrument: Instrument, event: OrderEvent, skew_us: int) -> Shape:
        order, account = event.order, event.order.account
        new = event.fill if isinstance(event, OrderFilled) else None
        fills = self._exchange.fills(account, order.symbol, order_id=order.id)
        done = 0
        until = []
        for each in fills:  # those of later events are in them already
            if done >= order.executed:
                break
            until.append(each)
            done += each.quantity
        amended = isinstance(event, OrderAmended)
        row = order_shapes.order(instrument, order, until, account_shapes.leverage(self._exchange, account, instrument), skew_us)
        nothing_new = {"fillPx": "", "fillSz": "0", "fillTime": "", "tradeId": ""}
        return {
            **row,
            **({} if new else nothing_new),
            "amendResult": "0" if amended else "",
            "amendSource": "1" if amended else "",
            "code": "0",
            "execType": ("M" if new.maker else "T") if new else "",
            "fillFee": fee(new.commission) if new else "0",
            "fillFeeCcy": new.commission_asset if new else "",
            "fillNotionalUsd": plain(new.quote) if new else "",
            "fillPnl": plain(new.profit) if new else "0",
            "lastPx": plain(self._exchange.last_price(order.symbol)),
            "msg": "",
            "notionalUsd": plain(order.executed_quote or order.price * order.quantity // UNIT),
            "reqId": self._request_id if amended else "",
        }

    # ---- balances and positions --------------------------------------------------------------------------------------

    def _tell_of_account(self, account: str, changed: _Changes, shown_us: int) -> None:
        holdings, assets, trades = Holdings(self._exchange, account), changed.assets, changed.trades
        for each in self._to(account, "account"):
            wanted = [asset for asset in assets if each.of_asset(asset)]
            if wanted:
                row = account_shapes.balance(holdings, wanted, shown_us, shown_us)
                each.send({"eventType": "event_update", "curPage": 1, "lastPage": True, "data": [row]})
        for each in self._to(account, "positions"):
            rows = [
                account_shapes.position(self._exchange, holdings, instrument, held, trade_id)
                for instrument, held, trade_id in self._changed(account, trades)
                if each.covers(instrument)
            ]
            if rows:
                each.send({"eventType": "event_update", "curPage": 1, "lastPage": True, "data": rows})
        if changed.reason:
            for each in self._to(account, "balance_and_position"):
                both = self._both(holdings, account, assets, trades)
                each.send({"data": [{"pTime": ms(shown_us), "eventType": changed.reason, **both}]})

    def _tell_how_it_stands(self, to: Subscription, event: str, updated_us: int, shown_us: int) -> None:
        if to.channel not in ("account", "positions", "balance_and_position"):
            return
        holdings = Holdings(self._exchange, to.account)
        page = {"eventType": event, "curPage": 1, "lastPage": True}
        if to.channel == "account":
            wanted = [asset for asset in holdings.balances if to.of_asset(asset)]
            to.send({**page, "data": [account_shapes.balance(holdings, wanted, updated_us, shown_us)]})
        elif to.channel == "positions":
            held = [each for each in holdings.positions if to.covers(each[0])]
            to.send({**page, "data": [account_shapes.position(self._exchange, holdings, *each) for each in held]})
        elif event == "snapshot":
            symbols = {(each.symbol, held.leg): "" for each, held in holdings.positions}
            owned = {asset for asset, each in holdings.balances.items() if each.free or each.locked}
            to.send({"data": [{"pTime": ms(shown_us), "eventType": event, **self._both(holdings, to.account, owned, symbols)}]})

    def _changed(self, account: str, trades: Mapping[tuple[str, Leg], str]) -> list[tuple[Instrument, Position, str]]:
        """The positions of swaps that are still listed."""
        known = self._exchange.instruments
        return [
            (known[symbol], self._exchange.positions(account, symbol)[leg], trade_id)
            for (symbol, leg), trade_id in trades.items()
            if symbol in known
        ]

    def _both(self, holdings: Holdings, account: str, assets: set[str], trades: Mapping[tuple[str, Leg], str]) -> Shape:
        rows = self._changed(account, trades)
        return {
            "balData": [
                {"ccy": asset, "cashBal": plain(each.free + each.locked), "uTime": ms(self._exchange.now_us)}
                for asset, each in holdings.balances.items()
                if asset in assets
            ],
            "posData": [
                {
                    "posId": account_shapes.number_of(instrument, held),
                    "tradeId": trade_id,
                    "instId": ids.inst_id(instrument),
                    "instType": ids.inst_type(instrument),
                    "mgnMode": "cross",
                    "posSide": held.leg.value,
                    "pos": account_shapes.size_of(instrument, held),
                    "ccy": instrument.quote,
                    "posCcy": "",
                    "avgPx": plain(held.cost * UNIT // held.quantity) if held.quantity else "",
                    "uTime": ms(held.updated_us),
                }
                for instrument, held, trade_id in rows
            ],
            "trades": [{"instId": ids.inst_id(instrument), "tradeId": trade_id} for instrument, _, trade_id in rows if trade_id],
        }


def _is_of_an_order(event: Event) -> TypeGuard[OrderEvent]:
    return isinstance(event, (OrderAccepted, OrderFilled, OrderCanceled, OrderExpired, OrderRejected, OrderAmended, OrderPrevented))
