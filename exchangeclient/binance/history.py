"""Candles and trades of any length, read page by page over the declared endpoints, several pages at a time."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, cast

from exchangeclient.binance.readings import milliseconds as of_wire
from exchangeclient.binance.rest.spot_market import SpotMarket
from exchangeclient.core.calling.ahead import Ahead
from exchangeclient.core.calling.call import Undecoded
from exchangeclient.core.calling.dates import When, milliseconds
from exchangeclient.core.calling.endpoint import Endpoint, declaration
from exchangeclient.core.calling.paging import Page, Records, read
from exchangeclient.core.http.jsonio import as_documented, decode, encode, refusals, typed
from exchangeclient.core.http.options import Options
from exchangeclient.core.process.clock import Clock
from exchangeclient.enums import HistoricalKlinesType, KlineInterval
from exchangeclient.market.klines import next_open, open_after

_FULL_PAGE: Final = 1000
_FAR_MS: Final = 10**14  # the year 5138; calendars end at 9999, and a plan reaches ahead
_CLOSES: Final = 6  # the column of a candle that says when it closes
_WIDTH: Final = 12  # columns of a candle, whose last one is unused by the venue
_FIGURES: Final = b'0123456789."'  # all that candles are written with, but brackets and commas
_ROW: Final = b"[%b]," % (b"," * (_WIDTH - 1))  # what is left of a candle without them, and the comma behind it
_KLINES: Final = declaration(SpotMarket.get_klines)
_AGGREGATE_TRADES: Final = declaration(SpotMarket.get_aggregate_trades)
_TRADES: Final = declaration(SpotMarket.get_historical_trades)

RequestsParams = Mapping[str, Any] | None
Pages = Generator[Page, None, None]
Ask = Callable[..., Callable[[], Any]]
"""Makes a call; what it returns decodes the answer. Pages that wait for their turn are bytes, which are small."""


class History(SpotMarket):
    """Market data of any length.

    Pages cost the budget after everything else (priority ``archive``), and wait for it however long the history is, unless
    ``requests_params={"when_limited": "raise"}``. The deadline is each page's own.
    """

    clock: Clock

    def _options(self, requests_params: RequestsParams) -> Options:
        """How a call with these ``requests_params`` is carried; raises for wrong ones."""
        return Options().having(requests_params)

    def get_historical_klines(  # noqa: PLR0917 - the signature of the python-binance line
        self,
        symbol: str,
        interval: KlineInterval | str,
        start_str: When | None = None,
        end_str: When | None = None,
        limit: int | None = None,
        klines_type: HistoricalKlinesType = HistoricalKlinesType.SPOT,
        *,
        closed_only: bool = False,
        requests_params: RequestsParams = None,
    ) -> Page:
        """The candles of a symbol that open between two moments, oldest first, none twice; rows as :meth:`get_klines` gives them.

        Weight 2 for each page of 1000; several pages are under way at a time.

        :param start_str: ``"1 day ago UTC"``, ``"1 Jan, 2018"``, ISO, a date, milliseconds; left out it is the venue's first candle, and
            with a ``limit`` the candles are the newest so many
        :param end_str: the same, inclusive; now when left out
        :param limit: how many candles at most, from the start on; all when left out
        :param klines_type: taken for scripts of the python-binance line; only ``SPOT`` there is
        :param closed_only: True leaves the candle out that is still open by the venue's clock, which is asked
        :param requests_params: see :class:`~exchangeclient.binance.client.Client`
        :raises TypeError: for an argument of a wrong type, naming it, before anything is asked
        :raises ValueError: for an unknown interval, a date that cannot be read, an end before the start, or a limit below 1
        :raises RateLimitException: when the venue has banned this address for longer than a page waits
        """
        pages = self._candles(
            symbol,
            interval,
            start_str=start_str,
            end_str=end_str,
            limit=limit,
            klines_type=klines_type,
            closed_only=closed_only,
            requests_params=requests_params,
        )
        return list(map(list, itertools.chain.from_iterable(pages)))

    def get_historical_klines_generator(  # noqa: PLR0917 - the signature of the python-binance line
        self,
        symbol: str,
        interval: KlineInterval | str,
        start_str: When | None = None,
        end_str: When | None = None,
        limit: int | None = None,
        klines_type: HistoricalKlinesType = HistoricalKlinesType.SPOT,
        *,
        closed_only: bool = False,
        requests_params: RequestsParams = None,
    ) -> Iterator[list[Any]]:
        """The same candles one by one, in little memory: never more than a few pages are held.

        Nothing is asked before the first is taken, but arguments that cannot be meant are refused at once. Closing the generator ends its
        threads. Parameters as :meth:`get_historical_klines`.
        """
        pages = self._candles(
            symbol,
            interval,
            start_str=start_str,
            end_str=end_str,
            limit=limit,
            klines_type=klines_type,
            closed_only=closed_only,
            requests_params=requests_params,
        )
        return _each(pages, list)

    def _candles(
        self,
        symbol: str,
        interval: str,
        *,
        start_str: When | None,
        end_str: When | None,
        limit: int | None,
        klines_type: HistoricalKlinesType,
        closed_only: bool,
        requests_params: RequestsParams,
    ) -> Pages:
        symbol, interval = _KLINES.text("symbol", symbol), _KLINES.text("interval", interval)
        if not isinstance(klines_type, HistoricalKlinesType):
            raise TypeError(f"klines_type must be HistoricalKlinesType.SPOT, not {type(klines_type).__name__}")
        if not isinstance(closed_only, bool):
            raise TypeError(f"closed_only must be a bool, not {type(closed_only).__name__}")
        most = None if limit is None else _count(_KLINES, limit)
        now_ms = self.clock.now_ms()
        start_ms = None if start_str is None else milliseconds(start_str, now_ms, "start_str")
        end_ms = None if end_str is None else milliseconds(end_str, now_ms, "end_str")
        if end_ms is not None and start_ms is not None and end_ms < start_ms:
            raise ValueError(f"end_str ({end_str}) is before start_str ({start_str})")
        if start_ms is not None and start_ms >= _FAR_MS:
            raise ValueError(f"start_str ({start_str}) is too far ahead")
        ask = self._asking(_KLINES, requests_params, symbol=symbol, interval=interval)
        waits = self._options(requests_params).waits is not False
        if start_ms is None and most is not None:
            return self._newest_candles(ask, most, end_ms, closed_only, waits)
        size = min(_FULL_PAGE, most or _FULL_PAGE)

        def page(from_ms: int) -> Callable[[], Page]:
            return functools.partial(_rows, cast(Undecoded, ask(startTime=from_ms, endTime=end_ms, limit=size)))

        candles = self._records(interval, start_ms or 0, end_ms, size, page, _opens)
        return self._candles_on(read(candles, self.clock, bold=start_ms is not None, waits=waits, most=most), most, closed_only, waits)

    def _records(  # noqa: PLR0917 - what a page is, and of what
        self,
        interval: str,
        start_ms: int,
        end_ms: int | None,
        size: int,
        page: Callable[[int], Callable[[], Any]],
        marks: Callable[[Any], list[int]],
    ) -> Records:
        return Records(
            name=_KLINES.name,
            first=lambda: start_ms,
            page=page,
            size=size,
            marks=marks,
            after=functools.partial(next_open, interval),
            later=functools.partial(open_after, interval),
            newest=lambda: self.clock.now_ms() if end_ms is None else min(end_ms, self.clock.now_ms()),
            last=end_ms,
        )

    def _candles_on(self, pages: Pages, most: int | None, closed_only: bool, waits: bool) -> Pages:
        with contextlib.closing(pages):
            now_ms = self._venue_ms(waits) if closed_only else None
            for page in pages:
                wanted = page[:most] if now_ms is None else _closed(page, now_ms)[:most]
                most = None if most is None else most - len(wanted)
                yield wanted

    def _newest_candles(self, ask: Ask, most: int, end_ms: int | None, closed_only: bool, waits: bool) -> Pages:
        """One page, read backwards in parts: where candles are missing, nobody knows what the first of so many is."""
        now_ms = self._venue_ms(waits) if closed_only else None
        found: Page = []
        with Ahead[Page]("history", 1, self.clock, waits=waits) as ahead:
            while len(found) < most:
                size = min(_FULL_PAGE, most - len(found) + closed_only)  # the newest may be open
                rows = ahead.now(functools.partial(ask, endTime=end_ms, limit=size))()
                with as_documented(_KLINES.name):
                    opens = _opens(rows)
                    if opens != sorted(opens) or (end_ms is not None and opens and opens[-1] > end_ms):
                        raise ValueError(f"candles up to {opens[-1]}, out of order or after {end_ms}")
                found = (rows if now_ms is None else _closed(rows, now_ms)) + found
                if not opens:
                    break
                end_ms = opens[0] - 1
        yield found[-most:]

    def _venue_ms(self, waits: bool) -> int:
        with Ahead[Any]("history", 1, self.clock, waits=waits) as ahead:
            answer = ahead.now(self.get_server_time)
        with as_documented("get_server_time"):
            return of_wire(answer["serverTime"])

    def aggregate_trade_iter(
        self,
        symbol: str,
        start_str: When | None = None,
        last_id: int | None = None,
        *,
        requests_params: RequestsParams = None,
    ) -> Iterator[dict[str, Any]]:
        """Aggregated trades of a symbol up to now, oldest first, none twice; rows as :meth:`get_aggregate_trades` gives them.

        Weight 4 for each page of 1000; several pages are under way at a time. Closing the iterator ends its threads.

        :param start_str: from this moment on; see :meth:`get_historical_klines`
        :param last_id: from the trade after this one on; the venue's first when both are left out
        :param requests_params: see :class:`~exchangeclient.binance.client.Client`
        :raises TypeError: for an argument of a wrong type, naming it, before anything is asked
        :raises ValueError: when both are given, or for what cannot be read
        """
        start_ms, last = self._beginning(_AGGREGATE_TRADES, start_str, last_id)
        ask = self._asking(_AGGREGATE_TRADES, requests_params, symbol=_AGGREGATE_TRADES.text("symbol", symbol))

        def first_id() -> int | None:
            return last + 1 if start_ms is None else _number(ask(startTime=start_ms, limit=1), "a")

        return self._trades(_AGGREGATE_TRADES.name, ask, "a", first_id, requests_params)

    def historical_trade_iter(
        self,
        symbol: str,
        start_str: When | None = None,
        last_id: int | None = None,
        *,
        requests_params: RequestsParams = None,
    ) -> Iterator[dict[str, Any]]:
        """Trades of a symbol up to now, oldest first, none twice; rows as :meth:`get_historical_trades` gives them.

        Weight 25 for each page of 1000, and 4 to find the trade of a moment; several pages are under way at a time. Closing the iterator
        ends its threads. Parameters and exceptions as :meth:`aggregate_trade_iter`, with the ids of trades.
        """
        start_ms, last = self._beginning(_TRADES, start_str, last_id)
        symbol = _TRADES.text("symbol", symbol)
        ask = self._asking(_TRADES, requests_params, symbol=symbol)
        find = self._asking(_AGGREGATE_TRADES, requests_params, symbol=symbol)

        def first_id() -> int | None:
            # Trades cannot be asked for by time; an aggregated one says which is its first.
            return last + 1 if start_ms is None else _number(find(startTime=start_ms, limit=1), "f")

        return self._trades(_TRADES.name, ask, "id", first_id, requests_params)

    def _beginning(self, endpoint: Endpoint, start_str: When | None, last_id: int | None) -> tuple[int | None, int]:
        if start_str is not None and last_id is not None:
            raise ValueError("start_str and last_id both say where to begin; give one")
        last = -1 if last_id is None else int(endpoint.text("fromId", last_id, "last_id"))
        return None if start_str is None else milliseconds(start_str, self.clock.now_ms(), "start_str"), last

    def _trades(
        self,
        name: str,
        ask: Ask,
        number: str,
        first_id: Callable[[], int | None],
        requests_params: RequestsParams,
    ) -> Iterator[dict[str, Any]]:
        trades = Records(
            name=name,
            first=first_id,
            page=lambda from_id: ask(fromId=from_id, limit=_FULL_PAGE),
            size=_FULL_PAGE,
            marks=lambda page: [row[number] for row in page],
            after=lambda last_id: last_id + 1,
            later=lambda from_id, count: from_id + count,
            newest=functools.cache(lambda: _number(ask(limit=1), number) or 0),
        )
        waits = self._options(requests_params).waits is not False
        return _each(read(trades, self.clock, waits=waits))

    def _asking(self, endpoint: Endpoint, requests_params: RequestsParams, **params: Any) -> Ask:
        """A call of an endpoint that is behind all others when the budget is short, unless its caller says otherwise."""
        self._options(requests_params)
        params["requests_params"] = {"priority": "archive", **(requests_params or {})}
        request = replace(endpoint.request((), params), decoded=False)

        def ask(**numbers: int | None) -> Callable[[], Any]:
            asked: Callable[[], Any] = self._call(request.having(**{name: str(at) for name, at in numbers.items() if at is not None}))
            return asked

        return ask


def text_of_candles(client: History, symbol: str, interval: str, requests_params: RequestsParams, **numbers: int) -> bytes:
    """A page of candles as the venue wrote it, for :mod:`exchangeclient.archive` and files: reading it costs more than anything else.

    :param numbers: ``startTime``, ``endTime``, ``limit``
    """
    answer = client._asking(_KLINES, requests_params, symbol=symbol, interval=interval)(**numbers)
    return cast(Undecoded, answer).body


def lines_of_candles(client: History, symbol: str, interval: str, start_ms: int, end_ms: int) -> Generator[list[bytes], None, None]:
    """Candles page by page as lines of CSV, without the column that the venue does not use: text rearranged, never read as figures.

    Read so, a page costs a third of what it costs as rows.
    """
    symbol, interval = _KLINES.text("symbol", symbol), _KLINES.text("interval", interval)

    def page(from_ms: int) -> Callable[[], list[bytes]]:
        text = text_of_candles(client, symbol, interval, None, startTime=from_ms, endTime=end_ms, limit=_FULL_PAGE)
        return functools.partial(_lines, text)

    return read(client._records(interval, start_ms, end_ms, _FULL_PAGE, page, _line_opens), client.clock, bold=True)


def _lines(text: bytes) -> list[bytes]:
    with as_documented(_KLINES.name):
        text, count = plainly(text)
        lines = text.translate(None, b'"[').removesuffix(b",0]]").split(b",0],") if count else []
        if len(lines) != count or (lines and lines[-1].endswith(b"]")):
            raise ValueError(f"candles whose unused column is not 0: {text[:100]!r}")
        return lines


def plainly(text: bytes) -> tuple[bytes, int]:
    """Candles as they are written without blanks, and how many there are, by their brackets and commas; what is in quotes is not looked at.

    :raises ValueError: when there is anything but rows of figures in plain digits
    """
    count = _counted(text)
    if count is None:  # written with blanks, perhaps
        text = encode(decode(text))
        count = _counted(text)
    if count is None:
        raise ValueError(f"other than candles of {_WIDTH} figures in plain digits: {text[:100]!r}")
    return text, count


def _counted(text: bytes) -> int | None:
    form = text.translate(None, _FIGURES)
    count = len(form) // len(_ROW)
    return count if form == b"[%b]" % (_ROW * count).removesuffix(b",") else None


def _line_opens(lines: list[bytes]) -> list[int]:
    return [int(line.partition(b",")[0]) for line in lines]


def _count(endpoint: Endpoint, limit: object) -> int:
    count = int(endpoint.text("limit", limit))
    if count < 1:
        raise ValueError(f"limit must be 1 or more, not {count}")
    return count


def _rows(answer: Undecoded) -> Page:
    """A page of candles: as tuples if each is of the form that it nearly always has, for they cost less and leave the collector alone."""
    try:
        page: Page = _usual_rows()(answer.body)
    except refusals():
        page = answer()
    return page


@functools.cache
def _usual_rows() -> Callable[[bytes], Any]:
    return typed(list[tuple[int, str, str, str, str, str, int, str, int, str, str, str]])


def _opens(page: object) -> list[int]:
    if not isinstance(page, list):
        raise TypeError(f"no list but {str(page)[:100]!r}")
    opens = [row[0] for row in page]
    return opens if opens and opens[-1] < 10**14 else [of_wire(time) for time in opens]


def _closed(page: Page, now_ms: int) -> Page:
    with as_documented(_KLINES.name):
        return [row for row in page if of_wire(row[_CLOSES]) < now_ms]


def _number(answer: Callable[[], Any], key: str) -> int | None:
    """What the only trade of a page has under ``key``; None when there is no trade."""
    page = answer()
    with as_documented("asking for one trade"):
        return None if page == [] else int(page[0][key])


def _each(pages: Pages, made: Callable[[Any], Any] | None = None) -> Generator[Any, None, None]:
    with contextlib.closing(pages):
        for page in pages:
            yield from page if made is None else map(made, page)
