"""What an account can be asked: its balances and orders, and to place, amend and cancel them. Blocks; from any thread."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from exchangeclient.ccxt.client import EXCHANGES as THROUGH_CCXT
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_LIMIT_MAKER, Side
from exchangeclient.exceptions import (
    ExchangeException,
    OrderNotFoundException,
    RateLimitException,
    UnsupportedException,
)
from exchangeclient.gateway.onetoken import names, orderform, shapes
from exchangeclient.gateway.onetoken.errors import ServiceError, is_certain, service_error
from exchangeclient.gateway.onetoken.names import Account, Contract
from exchangeclient.gateway.onetoken.settings import Settings
from exchangeclient.gateway.onetoken.shapes import Row
from exchangeclient.gateway.onetoken.store import Store, venue_oid
from exchangeclient.gateway.onetoken.venues import Venue
from exchangeclient.market.vocabulary import Instrument, Order, Position

log = logging.getLogger(__name__)

_HISTORY: Final = 100
_DEALS: Final = 100
_MODE_FOR_S: Final = 60.0
_TRIES: Final = 3  # to find an order that the venue does not know
_ROUNDING: Final = 1e-9  # of sums of figures
_SIDES: Final[Mapping[str, Side]] = {"b": "BUY", "s": "SELL"}
_STATES: Final = {"active": shapes.ACTIVE, "end": shapes.ENDED, "all": (*shapes.ACTIVE, *shapes.ENDED)}
_AMENDING: Final = frozenset({"okx", "bitmex"})  # venues that can
_PLACED_ANEW: Final = frozenset({ORDER_TYPE_LIMIT, ORDER_TYPE_LIMIT_MAKER})  # a stop would become an order that deals at once
_NO_LIST: Final = -1  # at Binance, of an order by itself
_LOOK_S: Final = 0.1  # at an order whose cancellation takes a while
_clock = SystemClock()

_Id = dict[str, str]
"""One of the two by which a desk knows an order."""


class Trading:
    """One account.

    :param changed: is told of an order of which something was just done here: instrument and the venue's id
    """

    def __init__(
        self, account: Account, venue: Venue, store: Store, settings: Settings, changed: Callable[[str, str], None] = lambda *_: None
    ) -> None:
        self.account = account
        self.venue = venue
        self.changed = changed
        self._store = store
        self._settings = settings
        self._two_sided = False
        self._mode_s = float("-inf")
        self._missed: Counter[str] = Counter()  # how often the venue did not know an order, by the id that was sent

    # ---- what there is -----------------------------------------------------------------------------------------------

    def info(self) -> Row:
        """What the account holds, valued."""
        desk, exchange = self.venue.desk, self.account.exchange
        held = dict[str, tuple[Instrument, list[Position]]]()
        for each in desk.positions() if any(exchange.contracts) else ():
            contract = self.venue.contract(each.instrument, exchange)
            if contract is not None:
                held.setdefault(contract.name, (self.venue.listed(contract), []))[1].append(each)
        positions = [(name, listed, sides) for name, (listed, sides) in held.items()]
        return shapes.info(desk.balances(), positions, self.venue.values(), self._settings.currency.lower())

    def orders(self, contract: str | None, state: str | None, *, stored: bool = False) -> list[Row]:
        """Those of a state: ``active`` when left out, ``end`` or ``all``, or one of the protocol's states."""
        wanted = _STATES.get(state or "active") or ((state,) if state in _STATES["all"] else None)
        if wanted is None:
            raise ServiceError("invalid-param", f"state must be active, end, all or one of {', '.join(_STATES['all'])}")
        asked = None if contract is None else self._contract(contract)
        if stored:
            self._catch_up()
            rows = [*map(self._paid, self._store.rows(self.account.symbol, None if asked is None else asked.symbol))]
        else:
            rows = self._asked_orders(
                asked, ended=not set(wanted).isdisjoint(shapes.ENDED), active=not set(wanted).isdisjoint(shapes.ACTIVE)
            )
        return [row for row in rows if row["status"] in wanted]

    def _asked_orders(self, asked: Contract | None, *, ended: bool, active: bool) -> list[Row]:
        instrument = None if asked is None else self.venue.listed(asked).name
        found: list[Order] = []
        if ended:
            if instrument is None:
                raise ServiceError("invalid-param", "orders that have ended are asked for by contract, or with helper=db")
            found += self.venue.desk.history(instrument, limit=_HISTORY)
        if active:
            found += self.venue.desk.open_orders(instrument)
        return [row for row in map(self.row, found) if row is not None]

    def order(self, instrument: str, order_id: str | None = None, *, client_order_id: str | None = None) -> Row | None:
        """One order by the venue's words; None when it is not traded under the account's exchange."""
        return self.row(self.venue.desk.order(instrument, order_id, client_order_id=client_order_id))

    def some_orders(self, oids: list[str], *, by_client: bool) -> list[Row]:
        """Orders by their ids.

        :raises ServiceError: see :meth:`cancel`
        """
        return self._each(oids, self.found, "were not found", by_client=by_client)

    def found(self, oid: str, *, by_client: bool = False) -> Row:
        """An order by one of its ids.

        :raises ServiceError: when there is none
        """
        contract, named = self._meant(oid, by_client=by_client)
        try:
            row = self.order(self.venue.listed(contract).name, **named)
        except OrderNotFoundException:
            row = None
        if row is None:
            raise _unknown(oid, by_client=by_client)
        return row

    def row(self, seen: Order) -> Row | None:
        """An order in the protocol's words, which is kept; None when it is not traded under the account's exchange."""
        contract = self.venue.contract(seen.instrument, self.account.exchange)
        if contract is None:
            return None
        account = self.account.symbol
        client_oid = self._store.client_oid_of(account, seen.client_order_id, shapes.exchange_oid(contract.symbol, seen.order_id))
        fee = self.venue.words.fee(seen.raw)
        return self._paid(self._store.seen(account, shapes.order(account, contract.symbol, client_oid, seen, fee)))

    def _paid(self, row: Row) -> Row:
        """With the commission of its trades, where the order does not tell and they are kept. Nothing is asked for that."""
        if row["commission"] or not row["dealt_amount"]:
            return row
        return {**row, "commission": self._store.commission_of(self.account.symbol, row["exchange_oid"], row["dealt_amount"])}

    def deals(self, contract: str | None, count: int, *, stored: bool = False) -> list[Row]:
        """The account's own trades, oldest first: the newest of a contract, or as far as the gateway's store has them."""
        asked = None if contract is None else self._contract(contract)
        if stored:
            self._catch_up_deals()
            return self._store.deals(self.account.symbol, None if asked is None else asked.symbol)[-count:]
        if asked is None:
            raise ServiceError("invalid-param", "trades are asked for by contract, or with helper=db")
        return self._asked_deals(asked, count)

    def _asked_deals(self, asked: Contract, count: int) -> list[Row]:
        words, account = self.venue.words, self.account.symbol
        if count > words.most_deals:
            raise ServiceError("invalid-param", f"count must be at most {words.most_deals} at {self.account.exchange.code}")
        path, query = words.deals_at(self.venue.listed(asked).name, count or _DEALS)
        rows = []
        for deal in words.deals(self.venue.desk.ask("GET", path, query)):
            oid = shapes.exchange_oid(asked.symbol, deal.order_id)
            rows.append(
                {
                    "account": account,
                    "contract": asked.symbol,
                    "exchange_tid": shapes.exchange_oid(asked.symbol, deal.id),
                    "exchange_oid": oid,
                    "client_oid": self._store.client_oid_of(account, "", oid),
                    "bs": deal.side[0].lower(),
                    "dealt_price": float(deal.price),
                    "dealt_amount": float(deal.quantity),
                    "dealt_type": "maker" if deal.maker else "taker",
                    "dealt_time": shapes.iso(deal.time_ms),
                    "exchange_update": shapes.iso(deal.time_ms),
                    "commission": float(deal.fee),
                    "commission_currency": deal.fee_currency,
                    "tags": self._store.tags_of(account, oid),
                }
            )
        self._store.keep_deals(account, rows)
        return sorted(rows, key=lambda row: str(row["dealt_time"]))

    # ---- what is kept ------------------------------------------------------------------------------------------------

    def _catch_up(self) -> None:
        """Have the store know what became of each order, as far as the venue answers, for a while."""
        undecided = self._store.undecided(self.account.symbol)
        self._ask_of_each({contract for contract, _, _ in undecided}, partial(self._catch_up_contract, undecided))

    def _catch_up_deals(self) -> None:
        """The same of trades: those of contracts are asked for of which more was dealt than is kept."""
        self._catch_up()
        kept: Counter[str] = Counter()
        for deal in self._store.deals(self.account.symbol):
            kept[deal["exchange_oid"]] += deal["dealt_amount"]
        rows = self._store.rows(self.account.symbol)
        wanting = {row["contract"] for row in rows if row["dealt_amount"] > kept[row["exchange_oid"]] * (1 + _ROUNDING)}
        self._ask_of_each(wanting, lambda contract, _until_s: self._asked_deals(contract, 0))

    def _ask_of_each(self, contracts: Iterable[str], ask: Callable[[Contract, float], object]) -> None:
        """Ask the venue of one contract after the other, for half the time that a call may take."""
        until_s = _clock.monotonic_s() + self._settings.call_s / 2
        for name in sorted(contracts):
            if _clock.monotonic_s() > until_s:
                return
            try:
                ask(names.contract(name), until_s)
            except ServiceError as error:  # it is not listed any more
                log.debug("%s: what is kept of %s was not brought up to date: %s", self.account.symbol, name, error.code)
            except ExchangeException as error:
                log.info("%s: the store could not be brought up to date: %s", self.account.symbol, type(error).__name__)
                return

    def _catch_up_contract(self, undecided: list[tuple[str, str, str | None]], contract: Contract, until_s: float) -> None:
        instrument = self.venue.listed(contract).name
        rows = map(self.row, self.venue.desk.open_orders(instrument))
        still_open = {row["exchange_oid"] for row in rows if row is not None}
        for name, theirs, oid in undecided:
            if name != contract.symbol or oid in still_open or self._missed[theirs] >= _TRIES or _clock.monotonic_s() > until_s:
                continue
            named = {"client_order_id": theirs} if oid is None else {"order_id": oid.removeprefix(f"{contract.symbol}-")}
            try:
                self.order(instrument, **named)
            except (OrderNotFoundException, UnsupportedException):  # some venues know no ids of their clients
                self._missed[theirs] += 1

    # ---- what changes something --------------------------------------------------------------------------------------

    def place(self, asked: Mapping[str, Any]) -> Row:
        """Place an order: its two ids. When the venue's answer is lost it is asked what became of it; nothing is sent twice."""
        contract = self._contract(asked.get("contract"))
        side = _SIDES.get(str(asked.get("bs", "")).lower())
        if side is None:
            raise ServiceError("invalid-param", "bs must be b or s")
        tags, options = orderform.tags_of(asked.get("tags")), orderform.options_of(asked.get("options"))
        client_oid = orderform.client_oid_of(asked.get("client_oid") or options.get("client_oid"))
        form = orderform.form(asked, options)
        listed = self.venue.instrument(contract)
        instrument = listed.name
        if not (options.get("open") or options.get("close")) and self._closes(listed, side, form["quantity"]):
            form["closes"] = True
        account = self.account.symbol
        theirs = self._store.reserve(account, client_oid, contract.symbol, {"tags": tags, "options": options})
        try:
            ack = self.venue.desk.place(instrument, side, client_order_id=theirs, **form)
        except Exception as error:
            if is_certain(error):
                self._store.forget(account, client_oid)
                raise
            log.warning("what became of an order of %s on %s is not known", account, contract.symbol)
            if not isinstance(error, ExchangeException):
                raise
            told = service_error(error)  # its id may have been drawn here, and nobody else has it
            text, data = f"{told.message}; its client_oid is {client_oid}", {"exchange_oid": "", "client_oid": client_oid}
            raise ServiceError(told.code, text, status=told.status, data=data) from error
        oid = shapes.exchange_oid(contract.symbol, ack.order_id)
        self._store.placed(account, client_oid, oid)
        log.info("%s: an order on %s was placed", account, contract.symbol)
        self.changed(instrument, ack.order_id)
        return {"exchange_oid": oid, "client_oid": client_oid}

    def _closes(self, listed: Instrument, side: Side, quantity: Decimal) -> bool:
        """Whether an order closes that says neither this nor that: what is held on the other side, if it is enough. As the service did.

        It only matters to accounts of OKX that hold both sides; elsewhere there is one position, which an order moves.
        """
        if self.venue.name != "okx" or not listed.market.contract or not self._is_two_sided():
            return False
        other = "SHORT" if side == "BUY" else "LONG"
        positions = self.venue.desk.positions()
        return sum(each.free for each in positions if (each.instrument, each.side) == (listed.name, other)) >= quantity

    def _is_two_sided(self) -> bool:
        now_s = _clock.monotonic_s()
        if now_s - self._mode_s > _MODE_FOR_S:
            self._two_sided = self.venue.client.get_account_config()["posMode"] == "long_short_mode"
            self._mode_s = now_s
        return self._two_sided

    def amend(self, oid: str, asked: Mapping[str, Any], *, by_client: bool) -> Row:
        """Give an order another price or amount, where the venue can; else only if the gateway emulates it."""
        contract, named = self._meant(oid, by_client=by_client)
        price, amount = (orderform.figure(asked, name) if asked.get(name) is not None else None for name in ("price", "amount"))
        if price is None and amount is None:
            raise ServiceError("invalid-param", "an amendment has a price or an amount")
        instrument, client = self.venue.listed(contract).name, self.venue.client
        try:
            seen = self.venue.desk.order(instrument, **named)
        except OrderNotFoundException:
            raise _unknown(oid, by_client=by_client) from None
        if self.venue.name not in _AMENDING:
            return self._replace(contract, seen, price, amount)
        row = self.row(seen)  # now: afterwards it is another one
        if self.venue.name == "okx":
            client.amend_order(instId=instrument, ordId=seen.order_id, newPx=price, newSz=amount)
        else:
            client.amend_order(orderID=seen.order_id, price=price, orderQty=amount)
        self.changed(instrument, seen.order_id)
        return _ids(row) if row else {}

    def _replace(self, contract: Contract, seen: Order, price: Decimal | None, amount: Decimal | None) -> Row:
        if not self._settings.emulate:
            raise ServiceError(
                "not-allowed",
                "the venue has no amendments; with --emulate the gateway cancels and places anew, which is not one step",
                status=403,
            )
        wanted, left = seen.quantity if amount is None else amount, seen.price if price is None else price
        if seen.type not in _PLACED_ANEW:
            raise ServiceError("not-allowed", f"an order of type {seen.type} cannot be placed anew as it was", status=403)
        if seen.raw.get("orderListId", _NO_LIST) != _NO_LIST:
            raise ServiceError("not-allowed", "the order is one of a list, which would be cancelled with it", status=403)
        if wanted is None or left is None or wanted <= seen.filled:
            raise ServiceError("exg-place-order-error-amount", f"the order has dealt {seen.filled} already")
        listed = self.venue.instrument(contract)  # of one that is halted the order would be cancelled, and none placed
        orderform.hold(listed, left, wanted - seen.filled)
        instrument = listed.name
        self.venue.desk.cancel(instrument, seen.order_id)
        ended = self._ended(instrument, seen.order_id)
        self.changed(instrument, seen.order_id)
        if wanted <= ended.filled:
            raise ServiceError("exg-place-order-error-amount", f"the order has dealt {ended.filled} meanwhile, and is cancelled")
        side = "b" if seen.side == "BUY" else "s"
        options = {"post_only": True} if seen.type == ORDER_TYPE_LIMIT_MAKER else {}
        tags = self._store.tags_of(self.account.symbol, shapes.exchange_oid(contract.symbol, seen.order_id))
        again = {
            "contract": contract.symbol, "bs": side, "price": left, "amount": wanted - ended.filled, "options": options, "tags": tags,
        }  # fmt: skip
        try:
            return self.place(again)
        except (ExchangeException, ServiceError) as error:
            told = service_error(error)
            text = f"{told.message}; the order that was to be amended is cancelled"
            raise ServiceError(told.code, text, status=told.status, data=told.data) from error

    def _ended(self, instrument: str, order_id: str) -> Order:
        """An order that is being cancelled, once it is: some venues only take note at first, and it may go on dealing."""
        until_s = _clock.monotonic_s() + self._settings.settle_s
        while True:
            seen = self.venue.desk.order(instrument, order_id)
            if shapes.status(seen) in shapes.ENDED:
                return seen
            if _clock.monotonic_s() > until_s:
                raise ServiceError("exg-unknown-error", "the order is being cancelled, and was not placed anew", status=502)
            threading.Event().wait(_LOOK_S)

    def cancel(self, oids: list[str], *, by_client: bool) -> list[Row]:
        """Cancel orders: their ids.

        :raises ServiceError: ``partial-success`` when some could not be, with both lists
        """
        return self._each(oids, self._cancelled, "were not cancelled", by_client=by_client)

    def _each(self, oids: list[str], do: Callable[..., Row], what: str, *, by_client: bool) -> list[Row]:
        """Do something with each of some orders."""
        done: list[Row] = []
        failed: list[Row] = []
        last: ServiceError | None = None
        for oid in oids:
            try:
                done.append(do(oid, by_client=by_client))
            except (ExchangeException, ServiceError) as error:
                last = service_error(error)
                shown = {"exchange_oid": "", "client_oid": "", ("client_oid" if by_client else "exchange_oid"): oid}
                failed.append({**shown, "code": last.code, "message": last.message})
        if last is None:
            return done
        if len(oids) == 1:
            raise last
        data = {"success": done, "error": failed}
        code, status = ("partial-success", 400) if done else (last.code, last.status)
        raise ServiceError(code, f"{len(failed)} of {len(oids)} orders {what}", status=status, data=data)

    def _cancelled(self, oid: str, *, by_client: bool) -> Row:
        contract, named = self._meant(oid, by_client=by_client)
        instrument = self.venue.listed(contract).name
        ack = self.venue.desk.cancel(instrument, **named)
        shown = shapes.exchange_oid(contract.symbol, ack.order_id)
        self.changed(instrument, ack.order_id)
        log.info("%s: an order on %s was cancelled", self.account.symbol, contract.symbol)
        client_oid = oid if by_client else self._store.client_oid_of(self.account.symbol, ack.client_order_id, shown)
        return {"exchange_oid": shown, "client_oid": client_oid}

    def cancel_all(self, contract: str | None) -> Row:
        """Cancel every open order, or those of a contract. Where the venue's limits stand in the way they are waited for.

        :raises ServiceError: saying how many orders are left
        """
        instrument = None if contract is None else self.venue.listed(self._contract(contract)).name
        until_s = _clock.monotonic_s() + self._settings.call_s
        asked = [each for each in self.venue.desk.open_orders(instrument) if self.venue.contract(each.instrument, self.account.exchange)]
        left: list[ServiceError] = []
        for order in asked:
            try:
                self._cancel_until(until_s, order)
            except OrderNotFoundException:
                log.debug("an order ended before it was cancelled")
            except ExchangeException as error:  # the others are cancelled all the same
                left.append(service_error(error))
            self.changed(order.instrument, order.order_id)
        if left:
            last = left[-1]
            raise ServiceError(last.code, f"{len(left)} of {len(asked)} orders were not cancelled: {last.message}", status=last.status)
        return {"status": "success"}

    def _cancel_until(self, until_s: float, order: Order) -> None:
        """Cancel an order, again and again while it is not sent because too much was sent before."""
        while True:
            try:
                self.venue.desk.cancel(order.instrument, order.order_id)
            except RateLimitException as error:
                pause_s = max(_LOOK_S, error.retry_after or 0.0)
                if _clock.monotonic_s() + pause_s > until_s:
                    raise
                threading.Event().wait(pause_s)
            else:
                return

    # ---- names -------------------------------------------------------------------------------------------------------

    def _contract(self, text: object) -> Contract:
        contract = names.contract(text)
        if contract.exchange.code != self.account.exchange.code:
            raise ServiceError("invalid-param", f"the account is at {self.account.exchange.code}, the contract at {contract.exchange.code}")
        return contract

    def _meant(self, oid: str, *, by_client: bool) -> tuple[Contract, _Id]:
        """The contract of an order, and which one it is there, in the desk's words.

        :raises ServiceError: when the id does not tell
        """
        account = self.account.symbol
        kept = self._store.kept(account, oid) if by_client else None
        if kept is not None:
            contract, shown = names.contract(kept[0]), kept[1]
            if shown is not None and self.venue.name in THROUGH_CCXT:  # some keep no ids of their callers, or not for long
                return contract, {"order_id": shown.removeprefix(f"{contract.symbol}-")}
            return contract, {"client_order_id": venue_oid(account, oid)}
        found = self._split(oid)
        if found is None:
            raise _unknown(oid, by_client=by_client)
        return found[0], {"client_order_id": venue_oid(account, oid)} if by_client else {"order_id": found[1]}

    def _split(self, oid: str) -> tuple[Contract, str] | None:
        """``okex/btc.usdt-123`` as contract and number; the contract of a dated future has dashes of its own, and so may a number."""
        parts = oid.split("-")
        for count in (1, 3):
            try:
                contract = self._contract("-".join(parts[:count]))
                if len(parts) > count:
                    self.venue.listed(contract)
                    return contract, "-".join(parts[count:])
            except ServiceError:
                continue
        return None


def _ids(row: Row) -> Row:
    return {name: row[name] for name in ("exchange_oid", "client_oid")}


def _unknown(oid: str, *, by_client: bool) -> ServiceError:
    kind = "client_oid" if by_client else "exchange_oid"
    return ServiceError(f"{kind}-not-found", f"there is no order with the {kind} {oid[: orderform.LONGEST_OID]}", status=404)
