"""Binance's way with parameters: reading them from query, form and JSON, and the refusal for each way to get them wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from exchangeclient.sandbox.dialects import binance_errors as errors
from exchangeclient.sandbox.engine.instruments import DIGITS, scaled

_INTEGER = r"^[0-9]{1,20}$"
_DECIMAL = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
_CLIENT_ORDER_ID = r"^[a-zA-Z0-9-_]{1,36}$"
_SYMBOL = r"^[A-Z0-9-_.]{1,20}$"
_FLAG = r"^(true|false)$"
_LARGEST = 2**63 - 1
# A time of this size or more is in microseconds: as milliseconds it would lie in the year 5138.
_MICROSECONDS_FROM = 10**14


def pairs(text: str) -> list[tuple[str, str]]:
    """The names and values of a query or a form, decoded, in their order."""
    if not _is_utf8(text):
        raise errors.ILLEGAL("query", "UTF-8")
    found = []
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            try:
                found.append((unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")))
            except UnicodeDecodeError:
                raise errors.ILLEGAL(name, "UTF-8") from None
    return found


def _is_utf8(text: str) -> bool:
    """False if raw bytes came that are no UTF-8; the host keeps them as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def check_time_unit(unit: str | None) -> None:
    """Refuse every unit of time but the one that is served, which needs not be asked for."""
    if unit not in (None, "MILLISECOND", "millisecond"):
        raise errors.BAD_TIME_UNIT()


def as_text(value: Any) -> str:
    """A JSON value of a WebSocket API request as the text that REST would have: ``true``, ``["BTCUSDT"]``, ``0.10``."""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


class Params:
    """The parameters of one request. Every reader raises the venue's own refusal for what is missing or malformed."""

    def __init__(self, values: Mapping[str, str], *, duplicated: bool = False) -> None:
        self._values = values
        self._duplicated = duplicated

    @classmethod
    def from_http(cls, query: str, body: str) -> Params:
        """From both places; where a name is in both, the query's value counts."""
        in_query, in_body = pairs(query), pairs(body)
        duplicated = any(len(dict(place)) < len(place) for place in (in_query, in_body))
        return cls({**dict(in_body), **dict(in_query)}, duplicated=duplicated)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def check_names(self, known: Collection[str]) -> None:
        """Refuse parameters that the endpoint does not know, and names that were sent twice."""
        if self._duplicated:
            raise errors.DUPLICATED()
        sent = len(self._values)
        read = sum(name in known for name in self._values)
        if read < sent:
            raise errors.NOT_READ(read, sent) if known else errors.TOO_MANY(0, sent)

    def text(self, name: str) -> str | None:
        """The text, or None when it was not sent."""
        value = self._values.get(name)
        if value == "":
            raise errors.EMPTY(name)
        return value

    def need(self, name: str) -> str:
        """The text of a mandatory parameter."""
        value = self.text(name)
        if value is None:
            raise errors.MISSING(name)
        return value

    def need_all(self, names: Iterable[str]) -> None:
        """Refuse unless all of them were sent."""
        for name in names:
            self.need(name)

    def forbid(self, names: Iterable[str]) -> None:
        """Refuse if one of them was sent."""
        for name in names:
            if name in self._values:
                raise errors.NOT_REQUIRED(name)

    def integer(self, name: str) -> int | None:
        """A number without decimals."""
        value = self._matched(name, _INTEGER)
        if value is None:
            return None
        if int(value) > _LARGEST:
            raise errors.OVERFLOW(name)
        return int(value)

    def limit(self, default: int, most: int) -> int:
        """How many rows; more than the most is cut to the most."""
        value = self.integer("limit")
        if value == 0:
            raise errors.BAD_VALUE("limit")
        return min(default if value is None else value, most)

    def time_us(self, name: str) -> int | None:
        """A time in microseconds, whichever of the two units it was sent in."""
        value = self.integer(name)
        if value is None or value >= _MICROSECONDS_FROM:
            return value
        return value * 1000

    def span_us(self) -> tuple[int | None, int | None]:
        """``startTime`` and ``endTime``, both inclusive.

        Times are shown in milliseconds, so that is how they are compared: from the begin of the one to the end of the other.
        """
        start_us, end_us = self.time_us("startTime"), self.time_us("endTime")
        return None if start_us is None else start_us // 1000 * 1000, None if end_us is None else end_us // 1000 * 1000 + 999

    def amount(self, name: str) -> int:
        """A price or quantity as a scaled integer; 0 when it was not sent."""
        value = self._matched(name, _DECIMAL)
        if value is None:
            return 0
        if len(value.partition(".")[2]) > DIGITS:
            raise errors.TOO_PRECISE(name)
        number = scaled(value)
        if number > _LARGEST:
            raise errors.OVERFLOW(name)
        return number

    def flag(self, name: str, *, default: bool) -> bool:
        """``true`` or ``false``."""
        value = self._matched(name, _FLAG)
        return default if value is None else value == "true"

    def client_order_id(self, name: str) -> str:
        """An order's own id; empty when it was not sent."""
        return self._matched(name, _CLIENT_ORDER_ID) or ""

    def symbol(self, name: str = "symbol") -> str | None:
        """A symbol's name; whether it is listed is another question."""
        value = self.text(name)
        if value is not None and value.isascii() and not re.fullmatch(_SYMBOL, value):
            raise errors.ILLEGAL(name, _SYMBOL)
        return value

    def names(self, name: str) -> list[str] | None:
        """A list of texts, sent as JSON."""
        value = self.text(name)
        if value is None:
            return None
        try:
            found = msgspec.json.decode(value.encode(), type=list[str])
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise errors.BAD_JSON(name) from None
        if not found:
            raise errors.EMPTY(name)
        return found

    def _matched(self, name: str, legal: str) -> str | None:
        value = self.text(name)
        if value is not None and not re.fullmatch(legal, value, re.ASCII):
            raise errors.ILLEGAL(name, legal)
        return value
