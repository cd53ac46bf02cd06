"""One tick of a contract: its last price and the best levels of its book; to and from every form in which 1Token's programs keep ticks.

The forms are those of the historic SDKs to the letter, with what they lose. :meth:`Tick.to_wire` and :meth:`Tick.from_wire` lose nothing.
Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final, Self

from exchangeclient.core.http import jsonio
from exchangeclient.numbers import exact

Level = dict[str, Any]
"""``{"price": ..., "volume": ...}``"""

Number = float | int | Decimal

_FIELDS: Final = ("time", "price", "volume", "bids", "asks", "contract", "source", "exchange_time", "amount")


def moment(value: object, name: str) -> datetime:
    """A time that says where on earth it is, from ISO 8601, or as it is; ``arrow``'s own kind is taken, too.

    :raises TypeError: when it is no time, naming it
    :raises ValueError: when it is no ISO 8601, or has no offset
    """
    if isinstance(value, str):
        return _read_moment(value, name)
    if not isinstance(value, datetime):
        value = getattr(value, "datetime", value)
    if not isinstance(value, datetime):
        raise TypeError(f"{name} must be a datetime, not {type(value).__name__}")
    if value.tzinfo is None:
        raise ValueError(f"{name} must have a time zone: {value.isoformat()} has none")
    return value


def _read_moment(text: str, name: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise ValueError(f"{name} must be a time in ISO 8601 with an offset, not {text[:40]!r}")
    return read


_price = itemgetter("price")


class Tick:
    """One tick.

    :param time: with a time zone
    :param price: the last price, also called :attr:`last`
    :param volume: of the last trade, or of a day: what the gateway has
    :param bids: levels, ``{"price": ..., "volume": ...}``, in any order; kept from high to low
    :param asks: the same; kept from low to high
    :param contract: such as ``okex/btc.usdt``
    :param source: who has told it
    :param exchange_time: when it happened there
    :param amount: turnover
    :raises TypeError: for a time that is none, naming it
    :raises ValueError: for a time without a zone, or a level without price or volume
    """

    __slots__ = _FIELDS

    def __init__(  # noqa: PLR0917 - the signature of the historic SDK
        self,
        time: datetime,
        price: Number,
        volume: Number = 0,
        bids: Sequence[Level] | None = None,
        asks: Sequence[Level] | None = None,
        contract: str | None = None,
        source: str | None = None,
        exchange_time: datetime | None = None,
        amount: Number | None = None,
        **_: Any,
    ) -> None:
        if type(time) is not datetime or time.tzinfo is None:
            time = moment(_no_text(time, "time"), "time")
        if exchange_time is not None and (type(exchange_time) is not datetime or exchange_time.tzinfo is None):
            exchange_time = moment(_no_text(exchange_time, "exchange_time"), "exchange_time")
        self.time: datetime = time
        self.price: Any = price
        self.volume: Any = volume
        self.bids = _sorted(bids, "bids", reverse=True) if bids else []
        self.asks = _sorted(asks, "asks", reverse=False) if asks else []
        self.contract = contract
        self.source = source
        self.exchange_time: datetime | None = exchange_time
        self.amount: Any = amount

    @property
    def last(self) -> Any:
        """The last price: another name of ``price``."""
        return self.price

    @last.setter
    def last(self, value: Number) -> None:
        self.price = value

    @property
    def bid1(self) -> Any:
        """The best price that is bid; None on an empty side."""
        return self.bids[0]["price"] if self.bids else None

    @property
    def ask1(self) -> Any:
        """The best price that is asked; None on an empty side."""
        return self.asks[0]["price"] if self.asks else None

    @property
    def middle(self) -> Any:
        """Half way between the best prices; None when a side is empty."""
        return (self.asks[0]["price"] + self.bids[0]["price"]) / 2 if self.bids and self.asks else None

    @property
    def weighted_middle(self) -> Any:
        """Between the best prices, nearer to the one with less behind it.

        :raises IndexError: when a side is empty
        """
        bid, ask = self.bids[0], self.asks[0]
        return (bid["price"] * ask["volume"] + ask["price"] * bid["volume"]) / (ask["volume"] + bid["volume"])

    def get_interest_side(self, bs: str) -> list[Level] | None:
        """The levels that an order of that side would meet: ``'b'`` the asks, ``'s'`` the bids; None for anything else."""
        return {"s": self.bids, "b": self.asks}.get(bs)

    def bs1(self, bs: str) -> Any:
        """The best price of a side: ``'b'`` the bid, else the ask."""
        return self.bid1 if bs == "b" else self.ask1

    def copy(self) -> Tick:
        """Another one like it, with levels of its own."""
        return Tick(
            self.time,
            self.price,
            self.volume,
            _copied(self.bids),
            _copied(self.asks),
            self.contract,
            self.source,
            self.exchange_time,
            self.amount,
        )

    # The forms.

    @classmethod
    def init_with_dict(cls, dct: Mapping[str, Any]) -> Self:
        """From ``{time, price, volume, bids, asks}``, whose time is a datetime. What else is in it is not read.

        :raises KeyError: when one is missing
        """
        return cls(dct["time"], dct["price"], dct["volume"], dct["bids"], dct["asks"])

    def to_dict(self) -> dict[str, Any]:
        """``{time, price, volume, asks, bids, exchange_time, symbol}`` with times in ISO 8601; without source and amount."""
        dct: dict[str, Any] = {
            "time": self.time.isoformat(),
            "price": self.price,
            "volume": self.volume,
            "asks": _copied(self.asks),
            "bids": _copied(self.bids),
        }
        if self.exchange_time is not None:
            dct["exchange_time"] = self.exchange_time.isoformat()
        if self.contract:
            dct["symbol"] = self.contract
        return dct

    @classmethod
    def from_dct(cls, dct: Mapping[str, Any]) -> Self:
        """From what :meth:`to_dict` gives; its ``exchange_time`` too, when there is one.

        :raises KeyError: when a field is missing
        :raises ValueError: for a time that is none
        """
        told = dct.get("exchange_time")
        return cls(
            moment(dct["time"], "time"),
            dct["price"],
            dct["volume"],
            dct["bids"],
            dct["asks"],
            dct.get("symbol"),
            exchange_time=None if told is None else moment(told, "exchange_time"),
        )

    def to_mongo_dict(self) -> dict[str, Any]:
        """``{time, price, volume, asks, bids, contract}``, whose time is a datetime; without exchange_time, source and amount."""
        dct: dict[str, Any] = {
            "time": self.time,
            "price": self.price,
            "volume": self.volume,
            "asks": _copied(self.asks),
            "bids": _copied(self.bids),
        }
        if self.contract:
            dct["contract"] = self.contract
        return dct

    def to_short_list(self) -> list[Any]:
        """``[contract, seconds since 1970, price, volume, bids, asks]``, a side as ``"price,volume,price,volume"``."""
        return [self.contract, self.time.timestamp(), self.price, self.volume, _joined(self.bids), _joined(self.asks)]

    @classmethod
    def from_short_list(cls, lst: Sequence[Any], *, decimal: bool = False) -> Self:
        """From what :meth:`to_short_list` gives. The time comes back in UTC; numbers of levels are floats.

        :param decimal: True has all numbers as :class:`~decimal.Decimal`
        :raises ValueError: when it is no such list
        """
        if isinstance(lst, str) or len(lst) != 6:
            raise ValueError(f"a short list has contract, time, price, volume, bids and asks, but this one is {str(lst)[:80]}")
        contract, seconds, price, volume, bids, asks = lst
        time = datetime.fromtimestamp(seconds, UTC)
        number: Callable[[Any], Any] = _decimal if decimal else float
        if decimal:
            price, volume = _decimal(price), _decimal(volume)
        return cls(time, price, volume, _split(bids, number), _split(asks, number), contract)

    def to_ws_str(self) -> str:
        """The short list as JSON."""
        return _json(self.to_short_list())

    @classmethod
    def from_dict(cls, dict_or_str: Mapping[str, Any] | str | bytes, *, decimal: bool = False) -> Self:
        """From the form of the sockets: ``{contract, last, volume, asks, bids, time, exchange_time, amount, source}``, or its JSON.

        :param decimal: True has all numbers as :class:`~decimal.Decimal`, to the last digit of the text
        :raises KeyError: when one of the first six is missing
        :raises ValueError: when it is no JSON, or has a time that is none
        """
        if isinstance(dict_or_str, (str, bytes)):
            dict_or_str = json.loads(dict_or_str, parse_float=Decimal) if decimal else jsonio.decode(dict_or_str)
        if not isinstance(dict_or_str, Mapping):
            raise ValueError(f"a tick is an object, but this is {str(dict_or_str)[:80]}")
        data = dict_or_str
        told = data.get("exchange_time")
        bids, asks, last, volume, amount = data["bids"], data["asks"], data["last"], data["volume"], data.get("amount")
        if decimal:
            bids, asks = _exact_levels(bids), _exact_levels(asks)
            last, volume, amount = _decimal(last), _decimal(volume), None if amount is None else _decimal(amount)
        return cls(
            moment(data["time"], "time"),
            last,
            volume,
            bids,
            asks,
            data["contract"],
            data.get("source"),
            None if told is None else moment(told, "exchange_time"),
            amount,
        )

    # The pair that loses nothing.

    def to_wire(self) -> dict[str, Any]:
        """All of it, as JSON can carry it; a :class:`~decimal.Decimal` becomes its text."""
        return {
            "contract": self.contract,
            "last": _told(self.price),
            "volume": _told(self.volume),
            "amount": _told(self.amount),
            "bids": [{name: _told(value) for name, value in level.items()} for level in self.bids],
            "asks": [{name: _told(value) for name, value in level.items()} for level in self.asks],
            "time": self.time.isoformat(),
            "exchange_time": None if self.exchange_time is None else self.exchange_time.isoformat(),
            "source": self.source,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any] | str | bytes) -> Self:
        """What :meth:`to_wire` was asked of, or its JSON: ``Tick.from_wire(tick.to_wire()) == tick``.

        :raises KeyError: when a field is missing
        :raises ValueError: when it is no JSON, has a time that is none, or a text that is no number
        """
        data = jsonio.decode(wire) if isinstance(wire, (str, bytes)) else wire
        read = {name: data[name] for name in ("contract", "source", "time", "exchange_time")}
        for name in ("last", "volume", "amount"):
            read[name] = _heard(data[name])
        for name in ("bids", "asks"):
            read[name] = [{**level, "price": _heard(level["price"]), "volume": _heard(level["volume"])} for level in data[name]]
        return cls.from_dict(read)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tick):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _FIELDS)

    def __hash__(self) -> int:
        return hash((self.contract, self.time))

    def __str__(self) -> str:
        clock = f"{self.time:%H:%M:%S}.{self.time.microsecond // 1000:03d}"
        return f"<{self.contract} {clock} {self.bid1}/{self.ask1} {self.last} {self.volume}>"

    __repr__ = __str__


Ticker = Tick
"""What BTP calls a tick."""


def _no_text(value: object, name: str) -> object:
    if isinstance(value, str):
        raise TypeError(f"{name} must be a datetime, not text; from_dct() and from_dict() read texts")
    return value


def _sorted(levels: Sequence[Level], side: str, *, reverse: bool) -> list[Level]:
    """Levels from the best on. All have price and volume."""
    try:
        for level in levels:
            level["volume"]  # whether it is there; the price is looked at below
        return sorted(levels, key=_price, reverse=reverse)
    except (LookupError, TypeError, ArithmeticError):
        raise ValueError(f"{side} must be a list of levels with 'price' and 'volume', not {str(levels)[:80]}") from None


def _copied(levels: Sequence[Level]) -> list[Level]:
    return [level.copy() for level in levels]


def _joined(levels: Sequence[Level]) -> str:
    """``price,volume,price,volume``, each number as Python shows it."""
    text = jsonio.encode([value for level in levels for value in (level["price"], level["volume"])])[1:-1]
    # Python shows otherwise what is there with an exponent (1e-05 without one), a Decimal (in quotes), and what is no number (null).
    if b"e" in text or b"0.0000" in text or b'"' in text or b"n" in text:
        return ",".join([f"{level['price']},{level['volume']}" for level in levels])
    return text.decode()


def _split(side: str, number: Callable[[Any], Any]) -> list[Level]:
    if not side:
        return []
    texts = side.split(",")
    if len(texts) % 2:
        raise ValueError(f"a side of a short list has a volume behind each price, but this one is {side[:80]!r}")
    return [{"price": number(price), "volume": number(volume)} for price, volume in zip(texts[::2], texts[1::2], strict=True)]


def _decimal(value: Any) -> Decimal:
    return exact(value, "a number of a tick")


def _exact_levels(levels: Sequence[Level]) -> list[Level]:
    return [{**level, "price": _decimal(level["price"]), "volume": _decimal(level["volume"])} for level in levels]


def _shown(value: object) -> float:
    """A number that JSON has not, as the historic form would have it."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"a {type(value).__name__} is no number of a tick")


_json = json.JSONEncoder(default=_shown).encode  # made once: the module's dumps() makes one for each text


def _told(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _heard(value: Any) -> Any:
    return Decimal(str(exact(value, "a number of a tick"))) if isinstance(value, str) else value
