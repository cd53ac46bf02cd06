"""OKX's way with parameters: texts of a query or values of a JSON body, and the refusal for each way to get them wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from exchangeclient.sandbox.dialects.okx import errors, words

_WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)
_CLIENT_ID = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9]{1,16}", re.ASCII)
_FLAGS = {True: True, False: False, "true": True, "false": False}


class Params:
    """The parameters of one request, or of one row of it. Empty texts and nulls are as good as not sent; unknown names are ignored."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) not in (None, "", [])

    def text(self, name: str) -> str | None:
        """The text, or None when it was not sent; a number counts as its text."""
        value = self._values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, (bool, list, dict)):
            raise errors.BAD(name)
        return str(value)

    def need(self, name: str) -> str:
        """The text of a mandatory parameter."""
        value = self.text(name)
        if value is None:
            raise errors.EMPTY(name)
        return value

    def choice(self, name: str, words: Collection[str]) -> str | None:
        """One of the words that there are, or None when it was not sent."""
        value = self.text(name)
        if value is not None and value not in words:
            raise errors.BAD(name)
        return value

    def chosen(self, name: str, words: Collection[str]) -> str:
        """The same of a mandatory one."""
        value = self.need(name)
        if value not in words:
            raise errors.BAD(name)
        return value

    def whole(self, name: str) -> int | None:
        """A number without decimals."""
        value = self.text(name)
        if value is None:
            return None
        if not _WHOLE.fullmatch(value):
            raise errors.BAD(name)
        return int(value)

    def limit(self, default: int, most: int) -> int:
        """How many rows; more than the most is cut to the most."""
        value = self.whole("limit")
        if value == 0:
            raise errors.BAD("limit")
        return min(default if value is None else value, most)

    def amount(self, name: str) -> int | None:
        """A figure above zero as a scaled integer, or None when it was not sent."""
        value = self.text(name)
        if value is None:
            return None
        number = words.read(value)
        if not number:
            raise errors.BAD(name)
        return number

    def flag(self, name: str) -> bool:
        """``true`` or ``false``, as JSON or as a text; false when it was not sent."""
        value = self._values.get(name)
        if value is None or value == "":
            return False
        if not isinstance(value, (bool, str)) or value not in _FLAGS:
            raise errors.BAD(name)
        return _FLAGS[value]

    def client_id(self, name: str = "clOrdId") -> str:
        """An order's own id; empty when it was not sent."""
        return self._matched(name, _CLIENT_ID)

    def tag(self) -> str:
        return self._matched("tag", _TAG)

    def _matched(self, name: str, legal: re.Pattern[str]) -> str:
        value = self.text(name)
        if value is not None and not legal.fullmatch(value):
            raise errors.BAD(name)
        return value or ""


def of_query(query: str) -> Params:
    """Those of a GET."""
    return Params(dict(parse_qsl(query, keep_blank_values=True)))


def of_body(body: bytes) -> list[Params]:
    """Those of a POST: one object, or a row of them."""
    try:
        value = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise errors.BAD_JSON() from None
    return rows(value if isinstance(value, list) else [value])


def rows(values: list[Any]) -> list[Params]:
    """Each row's parameters.

    :raises VenueError: when one of them is no object
    """
    if not all(isinstance(each, dict) for each in values):
        raise errors.BAD_JSON()
    return [Params(each) for each in values]
