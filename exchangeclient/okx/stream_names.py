"""The names of OKX's channels, as ``channel:value``: one function for each kind, which refuses what the venue would not send.

The venue has no such names: it tells its streams by ``{"channel": ..., "instId": ...}``, which :func:`arg_of` makes of them. Pure.
Source: https://www.okx.com/docs-v5/en/#overview-websocket
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

from exchangeclient.core.calling.endpoint import in_capitals
from exchangeclient.core.protocol.session import names_in
from exchangeclient.enums import InstType
from exchangeclient.okx.bars import bar_of

Door = Literal["public", "business", "private"]
"""Behind which of the venue's three addresses a channel is."""

_NAME = re.compile(r"[a-z][a-zA-Z0-9-]*(:[A-Za-z0-9_.-]{1,64})?", re.ASCII)
_INST_ID = re.compile(r"[A-Z0-9_]{1,32}(-[A-Z0-9_]{1,16}){1,4}", re.ASCII)
_BUSINESS = re.compile(
    r"(candle|mark-price-candle|index-candle|trades-all$|orders-algo$|algo-advance$|deposit-info$|withdrawal-info$|sprd-|grid-)"
)
_PRIVATE: Final = ("account", "positions", "balance_and_position", "orders", "fills", "liquidation-warning", "account-greeks")
# What tells a channel's streams apart, where it is not the instrument.
_BY: Final[Mapping[str, str]] = {
    "instruments": "instType",
    "liquidation-orders": "instType",
    "adl-warning": "instType",
    "open-interest-all": "instType",
    "orders": "instType",
    "positions": "instType",
    "orders-algo": "instType",
    "algo-advance": "instType",
    "liquidation-warning": "instType",
    "opt-summary": "instFamily",
    "estimated-price": "instType",
    "account": "ccy",
    "account-greeks": "ccy",
}
_BOOKS: Final[Mapping[str, str]] = {"": "books", "1": "bbo-tbt", "5": "books5", "50": "books50-l2-tbt", "400": "books"}


def inst_part(inst_id: str) -> str:
    """An instrument as names spell it: in capitals.

    :raises TypeError: when it is no text
    :raises ValueError: when it is of another form
    """
    if not isinstance(inst_id, str):
        raise TypeError(f"instId must be a str, not {type(inst_id).__name__}")
    name = in_capitals(inst_id)
    if not _INST_ID.fullmatch(name):
        raise ValueError(f"instId must be an instrument such as 'BTC-USDT', not {inst_id[:40]!r}")
    return name


def depth_name(inst_id: str, depth: int | str | None = None) -> str:
    """``books`` for a snapshot and changes of 400 levels; ``books5`` and ``bbo-tbt`` for the best 5 levels, or the best alone, whole.

    :raises ValueError: naming the argument
    """
    channel = _BOOKS.get("" if depth is None else str(depth))
    if channel is None:
        raise ValueError(f"depth must be 1, 5, 50, 400 or None for the changes of the whole book, not {depth!r}")
    return f"{channel}:{inst_part(inst_id)}"


def kline_name(inst_id: str, interval: str = "1m") -> str:
    """``candle<bar>``.

    :raises ValueError: for an interval that the venue does not have
    """
    return f"candle{bar_of(interval)}:{inst_part(inst_id)}"


def type_name(channel: str, inst_type: str) -> str:
    """A channel of all instruments of a type.

    :raises ValueError: for a type that there is not
    """
    kind = in_capitals(inst_type) if isinstance(inst_type, str) else inst_type
    if kind not in (*get_args(InstType), "ANY"):
        raise ValueError(f"instType must be one of {', '.join(get_args(InstType))}; not {str(inst_type)[:40]!r}")
    return f"{channel}:{kind}"


def stream_list(streams: Iterable[str]) -> list[str]:
    """Names as they were given, each once.

    :raises TypeError: when it is no list of texts
    :raises ValueError: for what is no name, and for none at all
    """
    return names_in(streams, _check)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"streams: {name[:60]!r} is no channel and value such as 'trades:BTC-USDT'")


def door_of(name: str) -> Door:
    """Behind which of the venue's addresses a stream is."""
    channel = name.partition(":")[0]
    if channel in _PRIVATE:
        return "private"
    return "business" if _BUSINESS.match(channel) else "public"


def door_of_all(names: Iterable[str]) -> Door:
    """The same of several, which are to come over one connection.

    :raises ValueError: when they are not behind the same
    """
    doors = {door_of(name): name for name in names}
    if len(doors) != 1:
        raise ValueError(f"streams: {' and '.join(doors.values())} do not come over one connection; take them apart")
    return next(iter(doors))


def arg_of(name: str) -> dict[str, str]:
    """A stream as the venue names it."""
    channel, _, value = name.partition(":")
    if not value:
        return {"channel": channel}
    return {"channel": channel, _BY.get(channel, "instId"): value}


def name_of(arg: Mapping[str, object]) -> str | None:
    """The name of what the venue calls so; None when it names no channel."""
    channel = arg.get("channel")
    if not isinstance(channel, str):
        return None
    value = arg.get(_BY.get(channel, "instId"))
    return f"{channel}:{value}" if isinstance(value, str) and value else channel
