"""What an event of a market stream says, in a line for a person, whichever venue it is of. What is not known is shown as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from exchangeclient.cli.output import as_json, plain

Teller = Callable[[Any], str]


def lines(event: Any) -> Iterator[tuple[str, str]]:
    """The stream of an event, and what it says, for each thing that it has."""
    match event:
        case {"stream": str(stream), "data": data}:  # Binance
            for each in data if isinstance(data, list) else [data]:
                yield stream, told(each)
        case {"arg": {"channel": str(channel), **by}, "data": [*rows]}:  # OKX
            stream = ":".join([channel, *map(str, by.values())])
            for row in rows:
                yield stream, _told(row, _teller(_OF_OKX, channel))
        case {"table": "orderBookL2" | "orderBookL2_25" as table, "action": str(action), "data": [*rows]}:  # BitMEX, thousands at once
            yield _topic(table, rows), f"{action} of {len(rows)} levels"
        case {"table": str(table), "data": [*rows]}:
            for row in rows:
                yield _topic(table, [row]), _told(row, _teller(_OF_BITMEX, table))
        case _:
            yield "", as_json(event)


def told(event: Any) -> str:
    """What an event of Binance says, in a line; that of an unknown kind as JSON."""
    kind = event.get("e", "bookTicker" if {"b", "a", "B", "A"} <= event.keys() else "") if isinstance(event, dict) else ""
    return _told(event, _TOLD.get(kind))


def _told(row: Any, teller: Teller | None) -> str:
    if teller is not None:
        with suppress(LookupError, TypeError, ValueError, ArithmeticError):
            return teller(row)
    return as_json(row)


def _teller(by_kind: Mapping[str, Teller], kind: str) -> Teller | None:
    """That of a kind, or of its family: candle1m is one of candle."""
    return by_kind.get(kind) or next(
        (teller for name, teller in by_kind.items() if name.endswith("*") and kind.startswith(name[:-1])), None
    )


def _topic(table: str, rows: list[Any]) -> str:
    """The table, and the symbol if there is one alone."""
    symbols = {row.get("symbol") for row in rows if isinstance(row, dict)}
    return f"{table}:{symbols.pop()}" if len(symbols) == 1 and None not in symbols else table


# ---- Binance ---------------------------------------------------------------------------------------------------------


def _trade(event: dict[str, Any]) -> str:
    return f"{'sold' if event['m'] else 'bought'} {plain(event['q'])} at {plain(event['p'])}"


def _candle(event: dict[str, Any]) -> str:
    row = event["k"]
    return f"{row['i']}  {_figures(row, zip(_CANDLE, 'ohlcv', strict=True))}{'  closed' if row['x'] else ''}"


def _best(event: dict[str, Any]) -> str:
    return f"{plain(event['B'])} {plain(event['b'])}  {plain(event['a'])} {plain(event['A'])}"


def _day(event: dict[str, Any]) -> str:
    return f"{event['s']}  last {plain(event['c'])}  high {plain(event['h'])}  low {plain(event['l'])}  volume {plain(event['v'])}"


def _changes(event: dict[str, Any]) -> str:
    return f"updates {event['U']} to {event['u']}: {len(event['b'])} bids, {len(event['a'])} asks"


_TOLD: Final[dict[str, Teller]] = {
    "trade": _trade,
    "aggTrade": _trade,
    "kline": _candle,
    "bookTicker": _best,
    "24hrTicker": _day,
    "24hrMiniTicker": _day,
    "depthUpdate": _changes,
}


# ---- OKX -------------------------------------------------------------------------------------------------------------


def _okx_trade(row: dict[str, Any]) -> str:
    return f"{_SIDES[row['side']]} {plain(row['sz'])} at {plain(row['px'])}"


def _okx_candle(row: list[str]) -> str:
    return f"{_figures(row, zip(_CANDLE, range(1, 6), strict=True))}{'  closed' if row[-1] == '1' else ''}"


def _okx_best(row: dict[str, Any]) -> str:
    (bid, ask) = (row[side][0] for side in ("bids", "asks"))
    return f"{plain(bid[1])} {plain(bid[0])}  {plain(ask[0])} {plain(ask[1])}"


def _okx_day(row: dict[str, Any]) -> str:
    return _figures(row, (("last", "last"), ("high", "high24h"), ("low", "low24h"), ("volume", "vol24h")))


def _okx_changes(row: dict[str, Any]) -> str:
    return f"up to {row['seqId']}: {len(row['bids'])} bids, {len(row['asks'])} asks"


_OF_OKX: Final[Mapping[str, Teller]] = {
    "trades": _okx_trade,
    "trades-all": _okx_trade,
    "bbo-tbt": _okx_best,
    "books5": _okx_best,
    "tickers": _okx_day,
    "books": _okx_changes,
    "candle*": _okx_candle,
}


# ---- BitMEX ----------------------------------------------------------------------------------------------------------


def _bitmex_trade(row: dict[str, Any]) -> str:
    return f"{_SIDES[row['side'].lower()]} {_figure(row['size'])} at {_figure(row['price'])}"


def _bitmex_best(row: dict[str, Any]) -> str:
    return "  ".join(
        f"{_figure(row[first])} {_figure(row[second])}" for first, second in (("bidSize", "bidPrice"), ("askPrice", "askSize"))
    )


def _bitmex_candle(row: dict[str, Any]) -> str:
    return _figures(row, zip(_CANDLE, _CANDLE, strict=True))


_OF_BITMEX: Final[Mapping[str, Teller]] = {"trade": _bitmex_trade, "quote": _bitmex_best, "tradeBin*": _bitmex_candle}


# ---- figures ---------------------------------------------------------------------------------------------------------

_SIDES: Final = {"buy": "bought", "sell": "sold"}
_CANDLE: Final = ("open", "high", "low", "close", "volume")


def _figures(row: Any, named: Iterable[tuple[str, Any]]) -> str:
    return "  ".join(f"{name} {_figure(row[field])}" for name, field in named)


def _figure(value: Any) -> str:
    """A figure without the zeros behind it; some venues write numbers."""
    return plain(value if isinstance(value, str) else str(value)) or ""
