"""Binance's way with parameters: reading them from query, form and JSON, and the refusal for each way to get them wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Set
from urllib.parse import unquote_plus

import msgspec

from exchangeclient.sandbox.dialects.binance import errors
from exchangeclient.sandbox.engine.instruments import DIGITS

_INTEGER = re.compile(r"^[0-9]{1,20}$", re.ASCII)
_DECIMAL = re.compile(r"^([0-9]{1,20})(\.[0-9]{1,20})?$", re.ASCII)
_CLIENT_ORDER_ID = re.compile(r"^[a-zA-Z0-9-_]{1,36}$", re.ASCII)
_SYMBOL = re.compile(r"^[A-Z0-9-_.]{1,20}$", re.ASCII)
_FLAG = re.compile(r"^(true|false)$", re.ASCII)
_LARGEST = 2**63 - 1
# A time of this size or more is in microseconds: as milliseconds it would lie in the year 5138.
_MICROSECONDS_FROM = 10**14


def pairs(text: str) -> list[tuple[str, str]]:
    """The names and values of a query or a form, decoded, in their order."""
    if not _is_utf8(text):
        raise errors.ILLEGAL("query", "UTF-8")
    found = [(name, value) for name, _, value in [part.partition("=") for part in text.split("&") if part]]
    return [_decoded(*pair) for pair in found] if "%" in text or "+" in text else found


def _decoded(name: str, value: str) -> tuple[str, str]:
    try:
        return unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
    except UnicodeDecodeError:
        raise errors.ILLEGAL(name, "UTF-8") from None


def _is_utf8(text: str) -> bool:
    """False if raw bytes came that are no UTF-8; the host keeps them as surrogates."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


class Params:
    """The parameters of one request. Every reader raises the venue's own refusal for what is missing or malformed."""

    def __init__(self, values: Mapping[str, str], *, duplicated: bool = False) -> None:
        self._values = values
        self._duplicated = duplicated

    @classmethod
    def from_http(cls, query: str, body: str) -> Params:
        """From both places; where a name is in both, the query's value counts."""
        in_query = pairs(query)
        values = dict(in_query)
        duplicated = len(values) < len(in_query)
        if body:
            in_body = pairs(body)
            of_body = dict(in_body)
            duplicated = duplicated or len(of_body) < len(in_body)
            values = {**of_body, **values}
        return cls(values, duplicated=duplicated)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def sent(self) -> Set[str]:
        """The names of all that was sent."""
        return self._values.keys()

    def check_names(self, known: Collection[str]) -> None:
        """Refuse parameters that the endpoint does not know, and names that were sent twice."""
        if self._duplicated:
            raise errors.DUPLICATED()
        unread = self._values.keys() - known
        if unread:
            sent = len(self._values)
            read = sent - len(unread)
            raise errors.NOT_READ(read, sent) if known else errors.TOO_MANY(0, sent)

    def text(self, name: str) -> str | None:
        """The text, or None when it was not sent."""
        value = self._values.get(name)
        if value == "":
            raise errors.EMPTY(name)
        return value

    def need(self, name: str) -> str:
        """The text of a mandatory parameter."""
        value = self._values.get(name)
        if not value:
            raise errors.MISSING(name) if value is None else errors.EMPTY(name)
        return value

    def need_all(self, names: Iterable[str]) -> None:
        """Refuse unless all of them were sent."""
        for name in names:
            self.need(name)

    def need_one(self, *names: str) -> None:
        """Refuse unless one of the two was sent, or both."""
        if not any(self.text(name) is not None for name in names):
            raise errors.MISSING_BOTH(*names)

    def forbid(self, names: Iterable[str]) -> None:
        """Refuse if one of them was sent."""
        for name in names:
            if name in self._values:
                raise errors.NOT_REQUIRED(name)

    def choice(self, name: str, words: Collection[str]) -> str | None:
        """One of the words that there are, or None when it was not sent."""
        value = self.text(name)
        if value is not None and value not in words:
            raise errors.BAD_VALUE(name)
        return value

    def integer(self, name: str) -> int | None:
        """A number without decimals."""
        value = self._matched(name, _INTEGER)
        if value is None:
            return None
        number = int(value)
        if number > _LARGEST:
            raise errors.OVERFLOW(name)
        return number

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
        value = self.text(name)
        if value is None:
            return 0
        match = _DECIMAL.fullmatch(value)
        if match is None:
            raise errors.ILLEGAL(name, _DECIMAL.pattern)
        whole, fraction = match.groups(".")
        if len(fraction) > len(".") + DIGITS:
            raise errors.TOO_PRECISE(name)
        number = int(whole + fraction[1:].ljust(DIGITS, "0"))
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
        if value is not None and value.isascii() and not _SYMBOL.fullmatch(value):
            raise errors.ILLEGAL(name, _SYMBOL.pattern)
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

    def _matched(self, name: str, legal: re.Pattern[str]) -> str | None:
        value = self.text(name)
        if value is not None and not legal.fullmatch(value):
            raise errors.ILLEGAL(name, legal.pattern)
        return value
