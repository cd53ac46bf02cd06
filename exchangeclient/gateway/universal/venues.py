"""The venues of this package as the gateway serves them: any client's desk, in the protocol's words."""

# The names are the protocol's.
# ruff: noqa: N802, N803

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import nullcontext
from decimal import Decimal
from importlib import import_module
from typing import Any, ClassVar, Final, cast

from exchangeclient.core.http import jsonio
from exchangeclient.core.http.addresses import is_loopback, origin
from exchangeclient.core.process.clock import Clock, SystemClock
from exchangeclient.desk import Desk, desk_of
from exchangeclient.enums import ORDER_TYPE_LIMIT, ORDER_TYPE_MARKET, Side, TimeInForce
from exchangeclient.exceptions import (
    ExchangeAPIException,
    ExchangeException,
    OrderNotFoundException,
    OrderStatusUnknownException,
    UnknownSymbolException,
)
from exchangeclient.gateway.universal import candles, passthrough, words
from exchangeclient.gateway.universal.clocks import ReadersClock
from exchangeclient.gateway.universal.keys import Keys, keys
from exchangeclient.gateway.universal.protocol import Answer, BaseProtocol, ProtocolFactory, Undecided
from exchangeclient.gateway.universal.texts import MISSING, NOT_SUPPORT, Refused, failed, invalid_key, nonce_used, told, told_whole
from exchangeclient.market.vocabulary import Capability, Funding, Instrument, Kline, Market, Order, Position, Ticker
from exchangeclient.numbers import floored

log = logging.getLogger(__name__)

DEPTH: Final = 30
_TRADES: Final = 100
_RECORDS: Final = 500
_MOST_RECORDS: Final = 5_000
_HISTORY: Final = 100
_MOST_HISTORY: Final = 1_000
_LISTED_FOR_S: Final = 60.0
_TIMED: Final = ("GTC", "IOC", "FOK")

Found = tuple[Any, Any]
"""What a method answers: data, and what the venue itself said, or None."""


class DeskProtocol(BaseProtocol):
    """A venue that this package has a client for."""

    venue: ClassVar[str]

    def __init__(self, apiBase: str, accessKey: str, secretKey: str, exName: str = "") -> None:
        super().__init__(apiBase, accessKey, secretKey, exName)
        if not apiBase:
            raise Refused(failed(f"{exName} has no address here"))
        self._keys: Keys | None = keys(exName, accessKey, secretKey)
        self._why_keyless = self._lacking(self._keys)
        self._simulate = self._keys.simulate
        self._lock = threading.Lock()
        self._client: Any = None
        self._made: Desk | None = None
        self._clock: Clock = SystemClock()
        self._venue_clock = ReadersClock.at(apiBase)
        self._listed: tuple[float, Mapping[str, Instrument]] = (float("-inf"), {})

    # ---- the client ----------------------------------------------------------------------------------------------------

    def _lacking(self, given: Keys) -> str:
        """Why the keys sign nothing; empty when they do."""
        return "" if given.access and given.secret else f"{MISSING}: access_key and secret_key"

    def _refuses(self, said: Any) -> bool:  # noqa: ARG002 - for whoever knows
        """Whether a good answer to a call of the venue's own is a refusal to the protocol all the same."""
        return False

    def _connected(self, given: Keys | None, options: Mapping[str, Any]) -> Any:
        """A client of the venue, without keys when there are none that sign."""
        raise NotImplementedError

    @property
    def _desk(self) -> Desk:
        with self._lock:
            if self._made is None:
                if self._keys is None:
                    raise Refused(failed("the gateway is stopping"))
                options = {
                    "requests_params": {"timeout": self.settings.call_s},
                    "settle_timeout": self.settings.settle_s,
                    "clock": self._venue_clock,
                }
                self._client = self._connected(None if self._why_keyless else self._keys, options)
                self._made = desk_of(self._client)
            return self._made

    @property
    def _own_desk(self) -> Desk:
        """The same for what is signed."""
        if self._why_keyless:
            raise Refused(self._why_keyless)  # a new one each time: it holds on to the call that it ends
        return self._desk

    def _need(self, what: Capability) -> None:
        if what not in self._desk.capabilities:
            raise Refused(NOT_SUPPORT)

    def close(self) -> None:
        super().close()
        with self._lock:
            client, self._client, self._made, self._keys = self._client, None, None, None
        if client is not None:
            client.close()

    @property
    def has_contracts(self) -> bool:
        return "positions" in self._desk.capabilities

    @property
    def sharing(self) -> Hashable:
        return self.exName, self._apiBase, self._simulate

    # ---- market data ---------------------------------------------------------------------------------------------------

    def GetTicker(self, symbol: str) -> Answer:
        """See :class:`BaseProtocol`, whose methods these are."""

        def found() -> Found:
            market = words.market(symbol)
            ticker = self._desk.ticker(self._desk.instrument_of(market))
            return self._ticker(words.symbol(market), ticker), ticker.raw

        return self._answer(found)

    def GetDepth(self, symbol: str = "", limit: int = 0) -> Answer:
        def found() -> Found:
            book = self._desk.book(self._desk.instrument_of(words.market(symbol)), limit or DEPTH)
            sides = ([[words.figure(price), words.figure(amount)] for price, amount in side] for side in (book.asks, book.bids))
            asks, bids = (side[: limit or DEPTH] for side in sides)
            time_ms = self._clock.now_ms() if book.time_ms is None else book.time_ms
            return {"time": time_ms, "asks": asks, "bids": bids}, book.raw

        return self._answer(found)

    def GetTrades(self, symbol: str = "") -> Answer:
        def found() -> Found:
            trades = self._desk.trades(self._desk.instrument_of(words.market(symbol)), _TRADES)[::-1]
            return [
                {
                    "id": trade.id,
                    "time": trade.time_ms,
                    "price": words.figure(trade.price),
                    "amount": words.figure(trade.quantity),
                    "type": trade.side.lower(),
                }
                for trade in trades
            ], None

        return self._answer(found)

    def GetRecords(self, symbol: str, period: int, limit: int) -> Answer:
        def found() -> Found:
            instrument = self._desk.instrument_of(words.market(symbol))
            records = self._records(instrument, period, min(limit or _RECORDS, _MOST_RECORDS))
            unit = 1_000 if self.settings.records_time == "s" else 1
            rows = [
                [each.open_time_ms // unit, *map(words.figure, (each.open, each.high, each.low, each.close, each.volume))]
                for each in records
            ]
            return rows if self.settings.records_order == "asc" else rows[::-1], None

        return self._answer(found)

    def _records(self, instrument: str, minutes: int, limit: int) -> list[Kline]:
        """Candles of any length: the venue's own, else made of its longest that fit in."""
        if not 0 < minutes <= candles.MOST_MINUTES:
            raise Refused(failed(f"the period must be from 1 to {candles.MOST_MINUTES} minutes"))
        for interval, count in candles.ways(minutes):
            try:
                rows = self._desk.klines(instrument, interval, limit=min(limit * count + count - 1, _MOST_RECORDS))
            except ValueError:
                continue  # the venue has no such interval
            return (rows if count == 1 else candles.joined(rows, minutes))[-limit:]
        raise Refused(failed(f"there are no candles of {minutes} minutes"))

    def GetMarkets(self) -> Answer:
        def found() -> Found:
            markets: dict[str, Any] = {}
            for listed in self._instruments().values():
                if listed.trading:
                    markets.setdefault(words.symbol(listed.market), _market(listed))
            return {name: self._named(market) for name, market in markets.items()}, None

        return self._answer(found)

    def GetTickers(self) -> Answer:
        def found() -> Found:
            tickers, listed = self._desk.tickers(), self._instruments()
            shown = ((listed.get(ticker.instrument), ticker) for ticker in tickers)
            return [self._ticker(words.symbol(instrument.market), ticker) for instrument, ticker in shown if instrument is not None], None

        return self._answer(found)

    def GetFundings(self, symbol: str = "") -> Answer:
        def found() -> Found:
            self._need("funding")
            instrument = self._desk.instrument_of(words.market(symbol)) if symbol else None
            return [self._named(self._funding(each)) for each in self._desk.funding(instrument)], None

        return self._answer(found)

    def _instruments(self) -> Mapping[str, Instrument]:
        """What the venue lists, asked for once in a while."""
        asked_s, listed = self._listed
        if self._clock.monotonic_s() - asked_s > _LISTED_FOR_S:
            listed = {each.name: each for each in self._desk.instruments()}
            self._listed = self._clock.monotonic_s(), listed
        return listed

    def _ticker(self, symbol: str, ticker: Ticker) -> dict[str, Any]:
        return {
            "symbol": symbol,
            "buy": words.figure(ticker.bid),
            "sell": words.figure(ticker.ask),
            "high": words.figure(ticker.high),
            "low": words.figure(ticker.low),
            "open": words.figure(ticker.open),
            "last": words.figure(ticker.last),
            "vol": words.figure(ticker.volume),
            "time": self._clock.now_ms() if ticker.time_ms is None else ticker.time_ms,
        }

    def _funding(self, funding: Funding) -> dict[str, Any]:
        return {
            "Symbol": words.symbol(self._market_of(funding.instrument)),
            "Rate": words.figure(funding.rate),
            "Time": funding.time_ms,
            "Period": (funding.period_ms or 0) // 1_000,
            "Info": funding.raw,
        }

    # ---- the account ---------------------------------------------------------------------------------------------------

    def GetAccount(self) -> Answer:
        def found() -> Found:
            held = self._own_desk.balances()
            data = [{"currency": each.currency, "free": words.figure(each.free), "frozen": words.figure(each.locked)} for each in held]
            return data, [each.raw for each in held]

        return self._answer(found)

    def GetAssets(self) -> Answer:
        return self.GetAccount()

    def CreateOrder(
        self, symbol: str, side: str, price: Decimal, amount: Decimal, *, clientOrderId: str | None = None, askFirst: bool = False
    ) -> Answer:
        if askFirst and clientOrderId is not None:
            before = self._answer(lambda: self._before(symbol, side, clientOrderId), reads=False)
            if "error" in before:
                return Undecided(before)
            if before["data"] is not None:
                return before

        def found() -> Found:
            desk, market = self._own_desk, words.market(symbol)
            wanted, options = _wanted(side)
            instrument = desk.instrument_of(market)
            order_side, closes = cast("Side", wanted[0]), wanted[1]
            form = _form(market, order_side, price, amount, options)
            if self.settings.rounds:
                form = _rounded(form, order_side, self._instruments().get(instrument))
            ack = desk.place(instrument, order_side, closes=closes, client_order_id=clientOrderId, **form)
            log.info("%s: an order on %s was placed", self.exName, instrument)
            return {"id": words.order_id(ack.instrument, ack.order_id)}, ack.raw

        return self._answer(found, reads=False)

    def _before(self, symbol: str, side: str, client_order_id: str) -> Found:
        """What answers an order that the venue has under an id of ours already; nothing when it has none."""
        desk, wanted = self._own_desk, _wanted(side)[0]
        try:
            there = desk.order(desk.instrument_of(words.market(symbol)), client_order_id=client_order_id)
        except OrderNotFoundException:
            return None, None
        if there.side != wanted[0]:
            raise nonce_used()
        return {"id": words.order_id(there.instrument, there.order_id)}, there.raw

    def GetOrders(self, symbol: str = "") -> Answer:
        def found() -> Found:
            desk = self._own_desk
            orders = desk.open_orders(desk.instrument_of(words.market(symbol)) if symbol else None)
            return self._orders(order for order in orders if order.open)

        return self._answer(found)

    def GetOrder(self, orderId: str, symbol: str = "") -> Answer:
        def found() -> Found:
            order = self._own_desk.order(*self._meant(orderId, symbol))
            return self._order(order), order.raw

        return self._answer(found)

    def CancelOrder(self, orderId: str, symbol: str = "") -> Answer:
        def found() -> Found:
            ack = self._own_desk.cancel(*self._meant(orderId, symbol))
            log.info("%s: an order on %s was cancelled", self.exName, ack.instrument)
            return True, ack.raw

        return self._answer(found, reads=False)

    def GetHistoryOrders(self, symbol: str, since: int, limit: int) -> Answer:
        def found() -> Found:
            desk = self._own_desk
            instrument = desk.instrument_of(words.market(symbol))
            orders = desk.history(instrument, since_ms=since or None, limit=min(limit or _HISTORY, _MOST_HISTORY))
            return self._orders(orders)

        return self._answer(found)

    def GetPositions(self, symbol: str = "") -> Answer:
        def found() -> Found:
            self._need("positions")
            desk = self._own_desk
            positions = desk.positions(desk.instrument_of(words.market(symbol)) if symbol else None)
            return [self._named(self._position(each)) for each in positions], None

        return self._answer(found)

    def SetMarginLevel(self, symbol: str, marginLevel: Decimal) -> Answer:
        def found() -> Found:
            self._need("set_leverage")
            desk = self._own_desk
            desk.set_leverage(desk.instrument_of(words.market(symbol)), marginLevel)
            return True, None

        return self._answer(found, reads=False)

    def IO(self, httpMethod: str, path: str, params: Mapping[str, Any]) -> Answer:
        def found() -> Found:
            verb = passthrough.verb(httpMethod)
            allowed = passthrough.path(self.venue, path, verb, self.settings.opened)
            body = params.get(passthrough.BODY)
            if body is not None and (verb in ("GET", "DELETE") or not isinstance(body, str) or len(params) > 1):
                raise Refused(failed(f"{passthrough.BODY} is a JSON text, alone, for POST and PUT"))
            query = {name: _text(name, value) for name, value in params.items() if name != passthrough.BODY}
            said = self._desk.ask(verb, allowed, query, body=_body(body))
            if self._refuses(said):
                raise ExchangeAPIException("the venue refused a part", response=self._client.response)
            return said, None

        # Plain, also when it is undecided: the call again would be a new one to the venue, which knows it by no id of ours.
        return {**self._answer(found, reads=httpMethod.upper() == "GET", words_of=told_whole)}

    def _meant(self, order_id: str, symbol: str) -> tuple[str, str]:
        """Instrument and id of the order that a call is about.

        :raises Refused: when the pair beside it is another one
        """
        instrument, number = words.parts_of(order_id)
        named = self._desk.instrument_of(words.market(symbol)) if symbol else ""
        if not (instrument or named):
            raise Refused("invalid order id: it needs its instrument, as in ETH-USDT,123456, or a symbol beside it")
        # A contract may be named by its pair alone.
        if instrument and named and instrument != named and not instrument.startswith(f"{named}-"):
            raise Refused("invalid order id: it is of another symbol")
        return instrument or named, number

    def _orders(self, orders: Iterable[Order]) -> Found:
        listed = list(orders)
        return [self._order(order) for order in listed], [order.raw for order in listed]

    def _order(self, order: Order) -> dict[str, Any]:
        market = self._market_of(order.instrument)
        shown = {
            "id": words.order_id(order.instrument, order.order_id),
            "symbol": words.symbol(market),
            "amount": words.figure(order.total if order.quantity is None else order.quantity),
            "price": words.figure(order.price),
            "deal_amount": words.figure(order.filled),
            "avg_price": words.figure(order.average_price),
            "type": order.side.lower(),
            "status": words.status(order),
            "time": order.time_ms,
        }
        return {**shown, "offset": int(order.closes), "contract_type": market.contract} if market.contract else shown

    def _position(self, position: Position) -> dict[str, Any]:
        market = self._market_of(position.instrument)
        return {
            "Symbol": words.symbol(market),
            "MarginLevel": words.figure(position.leverage),
            "Amount": words.figure(position.quantity),
            "FrozenAmount": words.figure(position.quantity - position.free),
            "Price": words.figure(position.price),
            "Profit": words.figure(position.profit),
            "Type": 0 if position.side == "LONG" else 1,
            "ContractType": market.contract,
            "Margin": words.figure(position.margin),
            "Info": position.raw,
        }

    def _market_of(self, instrument: str) -> Market:
        try:
            return self._desk.market_of(instrument)
        except UnknownSymbolException:
            raise Refused(f"{self.exName}: invalid instrument: {instrument}") from None

    def _named(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        return fields if self.settings.names == "camel" else {name.lower(): value for name, value in fields.items()}

    def _answer(
        self, found: Callable[[], Found], *, reads: bool = True, words_of: Callable[[Exception, Iterable[str]], str] = told
    ) -> Answer:
        secrets = (self._accessKey, self._secretKey, *self._secretKey.split(","))
        try:
            with self._venue_clock.reading() if reads else nullcontext():
                data, raw = found()
        except (ExchangeException, ValueError, TypeError, OSError) as error:
            text = words_of(error, secrets)
            log.debug("%s: %s", self.exName, told(error, secrets))
            return Undecided(error=text) if isinstance(error, OrderStatusUnknownException) else {"error": text}
        finally:
            self._forget_answer()
        return {"data": data} if raw is None else {"data": data, "raw": raw}

    def _forget_answer(self) -> None:
        """Have no thread keep what the venue said last: many threads times many robots times megabytes."""
        client = self._client
        if client is not None:
            del client.response


class OkxProtocol(DeskProtocol):
    """OKX: ``secret_key`` is ``secret,passphrase`` or ``secret,passphrase,simulate``."""

    API_BASE = "https://www.okx.com"
    venue = "okx"

    def _lacking(self, given: Keys) -> str:
        if given.access and given.secret and not given.passphrase:
            return str(invalid_key(self.exName, "the passphrase is missing: it is secret,passphrase[,simulate]"))
        return super()._lacking(given)

    def _refuses(self, said: Any) -> bool:
        # Of a list of orders a part was refused: any code but 0 is an error to robots, with the rows in it.
        return bool(said["code"] != "0")

    def _connected(self, given: Keys | None, options: Mapping[str, Any]) -> Any:
        from exchangeclient.okx.client import Client

        identity = () if given is None else (given.access, given.secret, given.passphrase)
        return Client(*identity, environment={"rest": self._apiBase}, demo=self._simulate, **options)


class TwoPartProtocol(DeskProtocol):
    """A venue whose keys have two parts: ``secret_key`` is ``secret``, or ``secret,,simulate`` for what it has for play."""

    PLAY_BASE: ClassVar[str]

    def __init__(self, apiBase: str, accessKey: str, secretKey: str, exName: str = "") -> None:
        super().__init__(apiBase, accessKey, secretKey, exName)
        # What stays on this machine is an exchange for play anyway.
        if self._simulate and self._apiBase == self.API_BASE:
            self._apiBase = self.PLAY_BASE
        elif self._simulate and not is_loopback(origin(apiBase)[1]):
            raise invalid_key(exName, "there is no demo mode at the configured address")

    def _connected(self, given: Keys | None, options: Mapping[str, Any]) -> Any:
        identity = () if given is None else (given.access, given.secret)
        return self._client_class()(*identity, environment={"rest": self._apiBase}, **options)

    def _client_class(self) -> Any:
        raise NotImplementedError


class BinanceProtocol(TwoPartProtocol):
    """Binance's spot exchange and its demo mode."""

    API_BASE = "https://api.binance.com"
    PLAY_BASE = "https://demo-api.binance.com"
    venue = "binance"

    def _client_class(self) -> Any:
        from exchangeclient.binance.client import Client

        return Client


class BitmexProtocol(TwoPartProtocol):
    """BitMEX, which closed on 2026-09-23 and says so; at another address, such as that of a sandbox, it is alive."""

    API_BASE = "https://www.bitmex.com"
    PLAY_BASE = "https://testnet.bitmex.com"
    venue = "bitmex"

    def _client_class(self) -> Any:
        from exchangeclient.bitmex.client import Client

        return Client


class SandboxProtocol(BinanceProtocol):
    """The embedded exchange, in Binance's words, wherever it was started."""

    API_BASE = ""


for _name, _protocol in (("OKX", OkxProtocol), ("Binance", BinanceProtocol), ("BitMEX", BitmexProtocol), ("SANDBOX", SandboxProtocol)):
    ProtocolFactory.register(_name, _protocol)


def prepare() -> None:
    """Load what the first call to a venue needs, so that it does not wait for that."""
    for name in ("binance.desk", "okx.desk", "bitmex.desk", "core.http.http_session"):
        import_module(f"exchangeclient.{name}")


def _wanted(type_: str) -> tuple[tuple[str, bool], Mapping[str, Any]]:
    """Side and options of a request's type, which may be ``buy;{"timeInForce":"IOC"}``."""
    word, _, options = type_.partition(";")
    wanted = words.TYPES.get(word.strip().lower())
    if wanted is None:
        raise Refused(failed(f"the type must be one of {', '.join(words.TYPES)}"))
    try:
        said = jsonio.decode(options) if options.strip() else {}
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.keys() - {"timeInForce"} or said.get("timeInForce", "GTC") not in _TIMED:
        raise Refused(failed(f'behind a type there can be ;{{"timeInForce":"{"|".join(_TIMED)}"}}'))
    return wanted, said


def _form(market: Market, side: Side, price: Decimal, amount: Decimal, options: Mapping[str, Any]) -> dict[str, Any]:
    """An order in the desk's words. A market order that buys coins says what it spends."""
    if amount <= 0:
        raise Refused(failed("the amount must be above zero"))
    in_force = cast("TimeInForce | None", options.get("timeInForce"))
    if price > 0:
        return {"type": ORDER_TYPE_LIMIT, "quantity": amount, "price": price, "time_in_force": in_force}
    spends = side == "BUY" and not market.contract
    return {"type": ORDER_TYPE_MARKET, "total" if spends else "quantity": amount}


def _rounded(form: dict[str, Any], side: Side, listed: Instrument | None) -> dict[str, Any]:
    """An order with its figures on the venue's steps: less of it, and never dearer than it was meant."""
    if listed is None:
        return form
    rounded = dict(form)
    if listed.step and "quantity" in form:
        rounded["quantity"] = floored(form["quantity"], listed.step)
    if listed.tick and "price" in form:
        below = floored(form["price"], listed.tick)
        rounded["price"] = below if side == "BUY" or below == form["price"] else below + listed.tick
    return rounded


def _market(listed: Instrument) -> dict[str, Any]:
    return {
        "Symbol": listed.name,
        "BaseAsset": listed.market.base,
        "QuoteAsset": listed.market.quote,
        "TickSize": words.figure(listed.tick),
        "AmountSize": words.figure(listed.step),
        "PricePrecision": words.decimals(listed.tick),
        "AmountPrecision": words.decimals(listed.step),
        "MinQty": words.figure(listed.min_quantity),
        "MaxQty": words.figure(listed.max_quantity),
        "MinNotional": words.figure(listed.min_total),
        "MaxNotional": words.figure(listed.max_total),
        "CtVal": words.figure(listed.contract_value if listed.market.contract else Decimal(1)),
        "CtValCcy": listed.contract_currency or listed.market.base,
        "Info": listed.raw,
    }


def _text(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Refused(failed(f"{name[:40]} must be a text"))
    return str(value)


def _body(text: str | None) -> str | None:
    """A body that is JSON, as it came."""
    if text is not None:
        try:
            jsonio.decode(text)
        except ValueError:
            raise Refused(failed(f"{passthrough.BODY} is not JSON")) from None
    return text
