"""What an account can be asked: its balances and orders, and to place, amend and cancel them. Blocks; from any thread."""

from __future__ import annotations

import logging
import secrets
import string
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_LIMIT_MAKER, ORDER_TYPE_MARKET, Side
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeException,
    ExchangeRequestException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
    RateLimitException,
    UnsupportedException,
)
from exchangeclient.gateway.onetoken import names, shapes
from exchangeclient.gateway.onetoken.errors import ServiceError, service_error
from exchangeclient.gateway.onetoken.names import Account, Contract
from exchangeclient.gateway.onetoken.settings import Settings
from exchangeclient.gateway.onetoken.shapes import Row
from exchangeclient.gateway.onetoken.store import Store, venue_oid
from exchangeclient.gateway.onetoken.venues import Venue
from exchangeclient.market.vocabulary import Instrument, Order
from exchangeclient.numbers import exact

log = logging.getLogger(__name__)

MOST_OIDS: Final = 9
_HISTORY: Final = 100
_DEALS: Final = 100
_LONGEST_OID: Final = 100
_MODE_FOR_S: Final = 60.0
_TRIES: Final = 3  # to find an order that the venue does not know
_ROUNDING: Final = 1e-9  # of sums of figures
_SIDES: Final[Mapping[str, Side]] = {"b": "BUY", "s": "SELL"}
_STATES: Final = {"active": shapes.ACTIVE, "end": shapes.ENDED, "all": (*shapes.ACTIVE, *shapes.ENDED)}
_OPTIONS: Final = frozenset({"open", "close", "type", "post_only", "client_oid", "source"})
_AMENDING: Final = frozenset({"okx", "bitmex"})  # venues that can
_LETTERS: Final = string.ascii_lowercase + string.digits
_LOOK_S: Final = 0.1  # at an order whose cancellation takes a while
_clock = SystemClock()


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
        positions = []
        if any(exchange.contracts):
            for each in desk.positions():
                contract = self.venue.contract(each.instrument, exchange)
                if contract is not None:
                    positions.append((contract.name, each))
        return shapes.info(desk.balances(), positions, self.venue.values(), self._settings.currency.lower())

    def orders(self, contract: str | None, state: str | None, *, stored: bool = False) -> list[Row]:
        """Those of a state: ``active`` when left out, ``end`` or ``all``, or one of the protocol's states."""
        wanted = _STATES.get(state or "active") or ((state,) if state in _STATES["all"] else None)
        if wanted is None:
            raise ServiceError("invalid-param", f"state must be active, end, all or one of {', '.join(_STATES['all'])}")
        asked = None if contract is None else self._contract(contract)
        if stored:
            self._catch_up()
            rows = self._store.rows(self.account.symbol, None if asked is None else asked.symbol)
        else:
            rows = self._asked_orders(
                asked, ended=not set(wanted).isdisjoint(shapes.ENDED), active=not set(wanted).isdisjoint(shapes.ACTIVE)
            )
        return [row for row in rows if row["status"] in wanted]

    def _asked_orders(self, asked: Contract | None, *, ended: bool, active: bool) -> list[Row]:
        instrument = None if asked is None else self.venue.instrument(asked).name
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
        found = self._each(oids, self._found, "were not found", by_client=by_client)
        return [row for row in found if row]

    def _found(self, oid: str, *, by_client: bool) -> Row:
        contract, number = self._meant(oid, by_client=by_client)
        try:
            return self.order(self.venue.instrument(contract).name, **_id(number, by_client=by_client)) or {}
        except OrderNotFoundException:
            raise _unknown(oid, by_client=by_client) from None

    def row(self, seen: Order) -> Row | None:
        """An order in the protocol's words, which is kept; None when it is not traded under the account's exchange."""
        contract = self.venue.contract(seen.instrument, self.account.exchange)
        if contract is None:
            return None
        account = self.account.symbol
        client_oid = self._store.client_oid_of(account, seen.client_order_id, shapes.exchange_oid(contract.symbol, seen.order_id))
        return self._store.seen(account, shapes.order(account, contract.symbol, client_oid, seen))

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
        path, query = words.deals_at(self.venue.instrument(asked).name, count or _DEALS)
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
        instrument = self.venue.instrument(contract).name
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
        tags, options = _tags(asked.get("tags")), _options(asked.get("options"))
        client_oid = _client_oid(asked.get("client_oid") or options.get("client_oid"))
        form = _form(asked, options)
        listed = self.venue.instrument(contract)
        instrument = listed.name
        if not (options.get("open") or options.get("close")) and self._closes(listed, side, form["quantity"]):
            form["closes"] = True
        account = self.account.symbol
        theirs = self._store.reserve(account, client_oid, contract.symbol, {"tags": tags, "options": options})
        try:
            ack = self.venue.desk.place(instrument, side, client_order_id=theirs, **form)
        except Exception as error:
            if _is_certain(error):
                self._store.forget(account, client_oid)
            else:
                log.warning("what became of an order of %s on %s is not known", account, contract.symbol)
            raise
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
        contract, number = self._meant(oid, by_client=by_client)
        price, amount = (_figure(asked, name) if asked.get(name) is not None else None for name in ("price", "amount"))
        if price is None and amount is None:
            raise ServiceError("invalid-param", "an amendment has a price or an amount")
        instrument, client = self.venue.instrument(contract).name, self.venue.client
        try:
            seen = self.venue.desk.order(instrument, **_id(number, by_client=by_client))
        except OrderNotFoundException:
            raise _unknown(oid, by_client=by_client) from None
        if self.venue.name not in _AMENDING:
            return self._replace(contract, instrument, seen, price, amount)
        row = self.row(seen)  # now: afterwards it is another one
        if self.venue.name == "okx":
            client.amend_order(instId=instrument, ordId=seen.order_id, newPx=price, newSz=amount)
        else:
            client.amend_order(orderID=seen.order_id, price=price, orderQty=amount)
        self.changed(instrument, seen.order_id)
        return _ids(row) if row else {}

    def _replace(self, contract: Contract, instrument: str, seen: Order, price: Decimal | None, amount: Decimal | None) -> Row:
        if not self._settings.emulate:
            raise ServiceError(
                "not-allowed",
                "the venue has no amendments; with --emulate the gateway cancels and places anew, which is not one step",
                status=403,
            )
        wanted, left = seen.quantity if amount is None else amount, seen.price if price is None else price
        if wanted is None or left is None or wanted <= seen.filled:
            raise ServiceError("exg-place-order-error-amount", f"the order has dealt {seen.filled} already")
        self.venue.desk.cancel(instrument, seen.order_id)
        ended = self._ended(instrument, seen.order_id)
        self.changed(instrument, seen.order_id)
        if wanted <= ended.filled:
            raise ServiceError("exg-place-order-error-amount", f"the order has dealt {ended.filled} meanwhile, and is cancelled")
        side = "b" if seen.side == "BUY" else "s"
        options = {"post_only": True} if seen.type == ORDER_TYPE_LIMIT_MAKER else {}
        again = {"contract": contract.symbol, "bs": side, "price": left, "amount": wanted - ended.filled, "options": options}
        try:
            return self.place(again)
        except (ExchangeException, ServiceError) as error:
            told = service_error(error)
            text = f"{told.message}; the order that was to be amended is cancelled"
            raise ServiceError(told.code, text, status=told.status) from error

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
        contract, number = self._meant(oid, by_client=by_client)
        instrument = self.venue.instrument(contract).name
        ack = self.venue.desk.cancel(instrument, **_id(number, by_client=by_client))
        shown = shapes.exchange_oid(contract.symbol, ack.order_id)
        self.changed(instrument, ack.order_id)
        log.info("%s: an order on %s was cancelled", self.account.symbol, contract.symbol)
        client_oid = oid if by_client else self._store.client_oid_of(self.account.symbol, ack.client_order_id, shown)
        return {"exchange_oid": shown, "client_oid": client_oid}

    def cancel_all(self, contract: str | None) -> Row:
        """Cancel every open order, or those of a contract. Where the venue's limits stand in the way they are waited for.

        :raises ServiceError: saying how many orders are left
        """
        instrument = None if contract is None else self.venue.instrument(self._contract(contract)).name
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

    def _meant(self, oid: str, *, by_client: bool) -> tuple[Contract, str]:
        """The contract and the venue's id of an order.

        :raises ServiceError: when the id does not tell
        """
        if by_client:
            kept = self._store.contract_of(self.account.symbol, oid)
            if kept is not None:
                return names.contract(kept), venue_oid(self.account.symbol, oid)
        found = self._split(oid)
        if found is None:
            raise _unknown(oid, by_client=by_client)
        return (found[0], venue_oid(self.account.symbol, oid)) if by_client else found

    def _split(self, oid: str) -> tuple[Contract, str] | None:
        """``okex/btc.usdt-123`` as contract and number; the contract of a dated future has dashes of its own, and so may a number."""
        parts = oid.split("-")
        for count in (1, 3):
            try:
                contract = self._contract("-".join(parts[:count]))
                if len(parts) > count:
                    self.venue.instrument(contract)
                    return contract, "-".join(parts[count:])
            except ServiceError:
                continue
        return None


def _id(number: str, *, by_client: bool) -> dict[str, Any]:
    return {"client_order_id": number} if by_client else {"order_id": number}


def _ids(row: Row) -> Row:
    return {name: row[name] for name in ("exchange_oid", "client_oid")}


def _unknown(oid: str, *, by_client: bool) -> ServiceError:
    kind = "client_oid" if by_client else "exchange_oid"
    return ServiceError(f"{kind}-not-found", f"there is no order with the {kind} {oid[:_LONGEST_OID]}", status=404)


def _is_certain(error: Exception) -> bool:
    """Whether an order that failed so did certainly not reach the book."""
    if isinstance(error, ExchangeAPIException):
        return not error.outcome_unknown
    if isinstance(error, OrderStatusUnknownException):
        return False
    if isinstance(error, ExchangeRequestException):
        return isinstance(error, OrderNotPlacedException) or error.sent == "no"
    # Others of the client's own come before a byte is sent. What nobody has thought of is not known either.
    return isinstance(error, ExchangeException | TypeError | ValueError)


def _figure(asked: Mapping[str, Any], name: str) -> Decimal:
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ServiceError("invalid-param", f"{name} must be a number")
    try:
        figure = exact(value, name)
    except (TypeError, ValueError) as error:
        raise ServiceError("invalid-param", str(error)) from None
    if figure < 0:
        raise ServiceError("invalid-param", f"{name} must be above zero")
    return figure


def _form(asked: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """An order in the desk's words. One without a price, or of ``options.type`` ``market``, is a market order."""
    amount = _figure(asked, "amount")
    kind = options.get("type", "limit")
    if kind == "market":
        if options.get("post_only"):
            raise ServiceError("invalid-param", "an order of options.type market cannot be post_only")
        form: dict[str, Any] = {"type": ORDER_TYPE_MARKET, "quantity": amount}
    elif kind == "limit":
        price = _figure(asked, "price")
        form = {"type": ORDER_TYPE_LIMIT_MAKER if options.get("post_only") else ORDER_TYPE_LIMIT, "quantity": amount, "price": price}
    else:
        raise ServiceError("invalid-param", "options.type must be limit or market")
    return {**form, "closes": True} if options.get("close") else form


def _options(given: Any) -> Mapping[str, Any]:
    """``options``: an object, or as before 2018-12 one in a text. What would change an order and is not understood is refused."""
    if given is None or given == "":
        return {}
    if isinstance(given, str):
        try:
            given = jsonio.decode(given)
        except ValueError:
            raise ServiceError("invalid-param", "options is no JSON") from None
    if not isinstance(given, dict):
        raise ServiceError("invalid-param", "options must be an object")
    unknown = given.keys() - _OPTIONS
    if unknown:
        raise ServiceError(
            "invalid-param", f"options: {', '.join(sorted(map(str, unknown)))[:80]} is not known here; {', '.join(sorted(_OPTIONS))} are"
        )
    return given


def _tags(given: Any) -> Mapping[str, Any]:
    """``tags``: an object, or as in 2018 a text ``k:v,k:v``."""
    if given is None:
        return {}
    if isinstance(given, str):
        return dict(pair.split(":", 1) for pair in given.split(",") if ":" in pair)
    if not isinstance(given, dict):
        raise ServiceError("invalid-param", "tags must be an object")
    return given


def _client_oid(given: Any) -> str:
    """The caller's, or a new one."""
    if given is None:
        return secrets.choice(string.ascii_lowercase) + "".join(secrets.choice(_LETTERS) for _ in range(31))
    if not isinstance(given, str) or not 1 <= len(given) <= _LONGEST_OID or not given.isprintable() or "," in given:
        raise ServiceError("invalid-param", f"client_oid must be a text of at most {_LONGEST_OID} letters, and no comma")
    return given


def oids(text: str) -> list[str]:
    """A comma list of ids.

    :raises ServiceError: when there is none, or too many
    """
    found = [oid for oid in text.split(",") if oid]
    if not found:
        raise ServiceError("invalid-param", "an order's client_oid or exchange_oid is missing")
    if len(found) > MOST_OIDS:
        raise ServiceError("invalid-param", f"at most {MOST_OIDS} orders can be named at a time, not {len(found)}")
    return found
