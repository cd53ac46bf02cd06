"""A user who places orders while everything goes wrong: what he was told is held against what the venue really did.

He places single orders, lists of orders, and orders that replace others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from order_trouble import KilledError, Road, fine, too_many
from order_venue import Order

from exchangeclient.binance.client import Client
from exchangeclient.core.process.clock import VenueClock
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)

SYMBOL = "BTCUSDT"
LEGS = {"aboveType": "LIMIT_MAKER", "abovePrice": "20", "belowType": "STOP_LOSS", "belowStopPrice": "8"}


@dataclass
class Told:
    """What the user was told in the end of one placement.

    :ivar kind: the method that he called
    :ivar quantity: by which the venue's orders are told apart, since no two placements have the same
    :ivar replaced: the venue's number of the order that was to be replaced; None when none was
    :ivar order: as it was shown, or the list; None when he was told that there is none
    :ivar cancelled: what he was told of the order that was to be replaced; empty when nothing
    """

    kind: str
    quantity: Decimal
    fault: str
    replaced: int | None = None
    order: dict[str, Any] | None = None
    cancelled: str = ""
    decided: bool = True

    def hear(self, call: Callable[[], Any]) -> None:
        """Take note of how a call ends, unless it ends in doubt.

        :raises OrderStatusUnknownException: when it does
        """
        try:
            self._note(call())
        except OrderStatusUnknownException:
            raise
        except ExchangeException as error:
            data = error.data if isinstance(error, ExchangeAPIException | OrderNotPlacedException) else None
            if isinstance(data, dict):
                self._note(data)
            self.decided = self.decided and is_final(error)

    def _note(self, answer: dict[str, Any]) -> None:
        if self.replaced is None:
            self.order = answer
        else:
            self.cancelled = answer.get("cancelResult", "not told")
            self.order = answer["newOrderResponse"] if answer.get("newOrderResult") == "SUCCESS" else None


class User:
    """Places orders one after the other on a road full of faults.

    :param journal: the file in which his orders are noted
    """

    def __init__(self, random: Random, road: Road, journal: Path) -> None:
        self.random = random
        self.road = road
        self.journal = journal
        self.told: list[Told] = []
        self.client = self.started()

    def started(self) -> Client:
        """A client as a new process would make it."""
        clock = VenueClock(self.road.machine)
        client = Client("key", "secret", environment={"rest": self.road.url}, clock=clock, journal=self.journal, **self.road.options())
        client._caller._random = self.random.random  # so that a seed is a seed
        self.road.attach(client)
        return client

    def place(self) -> None:
        """One placement with one fault, followed up until he knows what became of it."""
        road, random = self.road, self.random
        road.machine.advance(70 if road.fault is too_many else random.uniform(0.3, 3))  # nothing is sent before the ban is over
        road.fault = random.choice(road.faults)
        road.asking_fails_until_ms = road.now_ms() + random.choice([0, 0, 0, 5_000, 20_000, 90_000])
        if random.random() < 0.05:
            road.machine.step(random.choice([-86_400, -3, 3, 86_400]))
        kind = random.choices(["create_order", "create_oco_order", "cancel_replace_order"], [7, 2, 1])[0]
        told = Told(kind, Decimal(100_000 + len(self.told)).scaleb(-5), road.fault.__name__)
        self.told.append(told)
        order = self.order(told)
        try:
            told.hear(lambda: getattr(self.client, kind)(**order))
        except KilledError:
            self.killed(told)
        except OrderStatusUnknownException as unknown:
            self.unknown(told, unknown, order)

    def order(self, told: Told) -> dict[str, Any]:
        """What he places."""
        random, number = self.random, len(self.told)
        order: dict[str, Any] = {"symbol": SYMBOL, "quantity": told.quantity}
        if told.kind == "create_oco_order":
            order |= {"side": "SELL", **LEGS}
        else:
            limits = [{"type": "LIMIT", "price": "10", "timeInForce": word} for word in ("GTC", "IOC")]
            order |= {"side": "BUY", **random.choice([{"type": "MARKET"}, *limits])}
        if told.kind == "cancel_replace_order":
            told.replaced = self.resting(number)
            order |= {"cancelReplaceMode": random.choice(["STOP_ON_FAILURE", "ALLOW_FAILURE"]), "cancelOrderId": told.replaced}
        own, how_often = ("listClientOrderId", 0.7) if told.kind == "create_oco_order" else ("newClientOrderId", 0.3)
        if random.random() < how_often:
            # An id of his own; every other time one that he has used before.
            order[own] = f"mine-{random.randrange(2) * number}"
            for placed in self.road.venue.all_lists:
                if placed["listClientOrderId"] == order[own]:
                    self.road.venue.end(placed)  # just now, so that the time at which it changed tells nothing
        return order

    def resting(self, number: int) -> int:
        """The venue's number of an order that was placed without trouble, and has perhaps ended since."""
        told = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "7", "price": "9"}
        placed: dict[str, Any] = self.road.venue.do("POST", "/api/v3/order", {**told, "newClientOrderId": f"resting-{number}"})
        self.road.venue.orders[-1].status = self.random.choice(["NEW", "NEW", "FILLED"])
        self.road.machine.advance(2)
        return int(placed["orderId"])

    def unknown(self, told: Told, unknown: OrderStatusUnknownException, order: dict[str, Any]) -> None:
        """He asks again, now and then; or places the very order again under its id."""
        # A replacement by hand would be another one: what it is to replace may be cancelled by now.
        has_own_id = told.replaced is None and not order.keys().isdisjoint(("newClientOrderId", "listClientOrderId"))
        by_hand = has_own_id and self.random.random() < 0.5
        self.road.fault = fine
        for tries in range(20):
            # An order that was stamped by a clock that was a day fast, as no other was known, is decidable in a day.
            ahead_s = (unknown.decidable_at - self.road.now_ms()) / 1000 if tries == 10 else 0
            self.road.machine.advance(max(ahead_s, self.random.uniform(0, 20)))
            try:
                return told.hear((lambda: getattr(self.client, told.kind)(**order)) if by_hand else unknown.resolve)
            except OrderStatusUnknownException as still:
                unknown = still
        told.decided = False
        return None

    def killed(self, told: Told) -> None:
        """He starts anew and asks for what is undecided: the order that he was about, and what he could not find out before."""
        self.client = self.started()
        self.road.machine.advance(self.random.uniform(0, 30))
        undecided = self.client.undecided_orders()
        told.decided = len(undecided) == sum(not each.decided for each in self.told) + 1
        for unknown in undecided[-1:]:
            self.unknown(told, unknown, {})

    def audit(self) -> Counter[str]:
        """What he was told against what there is, when everything has arrived that was on its way."""
        self.road.machine.advance(60)
        self.road.deliver()
        self.road.deliver()
        placed: dict[Decimal, list[Order]] = {}
        for order in self.road.venue.orders:
            placed.setdefault(order.quantity, []).append(order)
        numbers = {order.number: order for order in self.road.venue.orders}
        counts = Counter[str]()
        for told in self.told:
            verdict = judged(told, placed.get(told.quantity, []), None if told.replaced is None else numbers[told.replaced])
            counts[verdict] += 1
            counts[f"{verdict}: {told.kind} {told.fault}"] += 1
        return counts


def is_final(error: ExchangeException) -> bool:
    """True for an error after which nothing can change any more."""
    if isinstance(error, OrderNotPlacedException):
        return True
    if isinstance(error, ExchangeRequestException):
        return error.sent == "no"
    return isinstance(error, ExchangeAPIException) and not error.outcome_unknown


def judged(told: Told, there: list[Order], replaced: Order | None) -> str:
    """One word for one placement.

    :param there: the orders of its quantity
    :param replaced: the order that was to be replaced
    """
    orders = len({order.number if order.list_number < 0 else -order.list_number for order in there})
    if orders > 1:
        return "doubled"
    if not told.decided:
        return "undecided"
    if replaced is not None and told.cancelled and (told.cancelled == "SUCCESS") is not (replaced.status == "CANCELED"):
        return "misreported"
    if told.order is None:
        return "lost" if there else "not placed"
    if not there:
        return "misreported"
    if there[0].list_number > 0:
        return "placed" if told.order.get("orderListId") == there[0].list_number else "misreported"
    shown = {name: told.order.get(name) for name in ("orderId", "clientOrderId", "executedQty", "status")}
    return "placed" if shown.items() <= there[0].shown().items() else "misreported"
