"""What answers each route. Blocks; from any thread."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.process.clock import Clock, SystemClock
from exchangeclient.gateway.onetoken import names, shapes
from exchangeclient.gateway.onetoken.accounts import Accounts
from exchangeclient.gateway.onetoken.durations import interval
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.gateway.onetoken.orderform import oids
from exchangeclient.gateway.onetoken.routes import Route
from exchangeclient.gateway.onetoken.trading import Trading
from exchangeclient.gateway.onetoken.venues import Venues
from exchangeclient.market.klines import duration_ms

Words = Mapping[str, str]

MOST_CANDLES: Final = 15_000
_DAY_MS: Final = 86_400_000
_TRADES: Final = 100
_MOST_DEALS: Final = 500
_LEVELS: Final = 20
_MILLISECONDS: Final = 1e11  # from here on a time counts these: seconds do so from the year 5138 on


class Rest:
    """The answers."""

    def __init__(self, venues: Venues, accounts: Accounts, clock: Clock | None = None) -> None:
        self._venues = venues
        self._accounts = accounts
        self._clock = SystemClock() if clock is None else clock

    def answer(self, route: Route, path: Words, query: Words, body: bytes) -> Any:
        """The answer to a request.

        :raises ServiceError: and whatever the venue's client raises
        """
        answering = getattr(self, f"_{route.name}")
        if not route.signed:
            return answering({**query, **path})
        trading = self._accounts.trading(names.account(f"{path['exchange']}/{path['account']}"))
        if route.body:
            return answering(trading, query, _object(body))
        return answering(trading, query)

    # ---- what anybody may know ---------------------------------------------------------------------------------------

    def _time(self, _asked: Words) -> Any:
        return {"server_time": self._clock.now_ms() / 1_000}

    def _exchanges(self, _asked: Words) -> Any:
        return [
            {"exchange": each.code, "alias": each.alias, "sub_markets": [], "sub_markets_alias": [], "type": each.kind}
            for each in names.EXCHANGES.values()
            if self._venues.serves(each)
        ]

    def _ip_pool(self, _asked: Words) -> Any:
        return []

    def _contracts(self, asked: Words) -> Any:
        exchange = names.exchange(_needed(asked, "exchange"))
        listed = self._venues.public(exchange).instruments().values()
        named = ((names.named(each, exchange), each) for each in listed)
        wanted = asked.get("name", "").lower().removeprefix(f"{exchange.code}/")
        return [shapes.contract(name, each) for name, each in named if name is not None and wanted in ("", name.name)]

    def _ticks(self, asked: Words) -> Any:
        exchange = names.exchange(_needed(asked, "exchange"))
        venue, now_ms = self._venues.public(exchange), self._clock.now_ms()
        rows, worth = [], venue.values()
        traded = {each.name: names.named(each, exchange) for each in venue.instruments().values()}
        for ticker in venue.desk.tickers():
            contract = traded.get(ticker.instrument)
            if contract is not None and ticker.last is not None:
                value = worth.get(contract.market.quote.lower())
                amount = shapes.number(ticker.volume) * float(ticker.last) * shapes.number(value)
                rows.append(shapes.ticker_tick(contract.symbol, ticker, now_ms, amount))
        return rows

    def _single_tick(self, asked: Words) -> Any:
        contract = names.contract(asked["contract"])
        venue = self._venues.public(contract.exchange)
        name = venue.instrument(contract).name
        ticker, book = venue.desk.ticker(name), venue.desk.book(name, _LEVELS)
        now_ms = self._clock.now_ms()
        worth = shapes.number(venue.values().get(contract.market.quote.lower()))
        last, volume = shapes.number(ticker.last), shapes.number(ticker.volume)
        sides = (tuple((float(price), float(quantity)) for price, quantity in side[:_LEVELS]) for side in (book.bids, book.asks))
        at_ms = book.time_ms or ticker.time_ms or now_ms
        return shapes.tick(
            asked["contract"], shapes.Tick(now_ms, at_ms, last, volume, volume * last * worth, shapes.number(ticker.open), *sides)
        )

    def _candles(self, asked: Words) -> Any:
        contract, length = names.contract(_needed(asked, "contract")), interval(asked.get("duration") or "1m")
        until_ms = _time_ms(asked, "until", self._clock.now_ms())
        since_ms = _time_ms(asked, "since", until_ms - _DAY_MS)
        count = (until_ms - since_ms) // (duration_ms(length) or _DAY_MS) + 1
        if count > MOST_CANDLES:
            raise ServiceError("time-range-too-large", f"max candle size {MOST_CANDLES}")
        if count < 1:
            raise ServiceError("invalid-param", "since must be before until")
        venue = self._venues.public(contract.exchange)
        rows = venue.desk.klines(venue.instrument(contract).name, length, start_ms=since_ms, end_ms=until_ms, limit=count)
        return [shapes.candle(row) for row in rows]

    def _trades(self, asked: Words) -> Any:
        contract = names.contract(_needed(asked, "contract"))
        venue = self._venues.public(contract.exchange)
        rows = venue.desk.trades(venue.instrument(contract).name, _TRADES)
        return [shapes.trade(asked["contract"], row) for row in rows]

    # ---- an account's ------------------------------------------------------------------------------------------------

    def _info(self, trading: Trading, _query: Words) -> Any:
        return trading.info()

    def _status(self, trading: Trading, _query: Words) -> Any:
        trading.venue.desk.balances()
        return 100

    def _orders(self, trading: Trading, query: Words) -> Any:
        named = _named(query)
        stored = query.get("helper") == "db"
        if named is None:
            return trading.orders(query.get("contract") or None, query.get("state") or None, stored=stored)
        ids, by_client = named
        if stored:
            key = "client_oid" if by_client else "exchange_oid"
            return [row for row in trading.orders(None, "all", stored=True) if row[key] in ids]
        return trading.some_orders(ids, by_client=by_client)

    def _place(self, trading: Trading, _query: Words, asked: Mapping[str, Any]) -> Any:
        return trading.place(asked)

    def _amend(self, trading: Trading, query: Words, asked: Mapping[str, Any]) -> Any:
        ids, by_client = _named(query) or ([], False)
        if len(ids) != 1:
            raise ServiceError("invalid-param", "an amendment names one order by its client_oid or exchange_oid")
        return trading.amend(ids[0], asked, by_client=by_client)

    def _cancel(self, trading: Trading, query: Words) -> Any:
        ids, by_client = _named(query) or (oids(""), False)
        return trading.cancel(ids, by_client=by_client)

    def _cancel_all(self, trading: Trading, query: Words) -> Any:
        return trading.cancel_all(query.get("contract") or None)

    def _trans(self, trading: Trading, query: Words) -> Any:
        text = query.get("count") or "0"
        if not (text.isascii() and text.isdigit() and int(text[:9]) <= _MOST_DEALS):
            raise ServiceError("invalid-param", f"count must be a whole number up to {_MOST_DEALS}")
        return trading.deals(query.get("contract") or None, int(text), stored=query.get("helper") == "db")

    def _dealt_orders(self, trading: Trading, query: Words) -> Any:
        begin, end = self._between(query)
        rows = trading.orders(query.get("contract") or None, query.get("state") or "end", stored=True)
        return [row for row in rows if begin <= row["entrust_time"] <= end]

    def _dealt_trans(self, trading: Trading, query: Words) -> Any:
        begin, end = self._between(query)
        rows = trading.deals(query.get("contract") or None, 0, stored=True)
        return [row for row in rows if begin <= row["dealt_time"] <= end]

    def _between(self, query: Words) -> tuple[str, str]:
        """``start`` and ``end`` as rows have times."""
        return shapes.iso(_time_ms(query, "start", 0)), shapes.iso(_time_ms(query, "end", self._clock.now_ms() + _DAY_MS))

    def _moves_funds(self, _trading: Trading, _query: Words) -> Any:
        raise ServiceError("not-allowed", "the gateway moves no funds; the venue's own client does", status=403)


def _needed(asked: Words, name: str) -> str:
    if not asked.get(name):
        raise ServiceError("invalid-param", f"{name} is missing")
    return asked[name]


def _named(query: Words) -> tuple[list[str], bool] | None:
    """The orders that a query names, and whether by the client's ids."""
    for name in ("client_oid", "exchange_oid"):
        if name in query:
            return oids(query[name]), name == "client_oid"
    return None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = jsonio.decode(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ServiceError("invalid-param", "the body must be a JSON object")
    return found


def _time_ms(asked: Words, name: str, default: int) -> int:
    """Unix seconds or milliseconds, or a date; one without an offset is of UTC."""
    text = asked.get(name)
    if not text:
        return default
    try:
        when = float(text) if text.replace(".", "", 1).isdigit() else None
        if when is not None and when >= _MILLISECONDS:
            when /= 1_000
        if when is None:
            date = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
            when = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
        datetime.fromtimestamp(when, UTC)  # beyond year 9999 there is none
        return int(when * 1_000)
    except (ValueError, OverflowError, OSError):
        raise ServiceError("invalid-param", f"{name} must be Unix seconds or a date such as 2026-03-01T12:00:00+00:00") from None
