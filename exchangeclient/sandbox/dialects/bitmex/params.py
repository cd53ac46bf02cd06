"""BitMEX's way with parameters: those of the query and of a body of JSON or of a form are one set."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from exchangeclient.sandbox.dialects.bitmex import errors, words
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.serving.messages import HttpRequest

_FLAGS: Mapping[object, bool] = {
    True: True,
    False: False,
    "true": True,
    "false": False,
    "1": True,
    "0": False,
}  # 1 and 0 are among them, being equal to these


class Params:
    """The parameters of one request. Nulls and empty texts are as good as not sent; unknown names are ignored where nobody asks."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: value for name, value in values.items() if value is not None and value != ""}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def text(self, name: str) -> str | None:
        """The text, or None when it was not sent; a number counts as its text."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, (bool, list, dict)):
            raise errors.BAD(name)
        return str(value)

    def need(self, name: str) -> str:
        """The text of a mandatory parameter."""
        value = self.text(name)
        if value is None:
            raise errors.MISSING(name)
        return value

    def choice(self, name: str, words: Collection[str]) -> str | None:
        """One of the words that there are, or None when it was not sent."""
        value = self.text(name)
        if value is not None and value not in words:
            raise errors.BAD(name)
        return value

    def scaled(self, name: str, refusal: errors.Row | None = None) -> int | None:
        """A figure as a scaled integer, negative ones included."""
        value = self._values.get(name)
        if value is None:
            return None
        number = words.read(value)
        if number is None:
            raise (refusal or errors.BAD)(name)
        return number

    def whole(self, name: str, refusal: errors.Row | None = None) -> int | None:
        """A number without decimals."""
        value = self.scaled(name, refusal)
        if value is None:
            return None
        if value % UNIT:
            raise (refusal or errors.BAD)(name)
        return value // UNIT

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false, as JSON or as a text."""
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, (list, dict)) or value not in _FLAGS:
            raise errors.BAD(name)
        return _FLAGS[value]

    def time_us(self, name: str) -> int | None:
        """A time in microseconds."""
        value = self.text(name)
        if value is None:
            return None
        found = words.instant(value)
        if found is None:
            raise errors.BAD(name)
        return found

    def table(self, name: str) -> dict[str, Any]:
        """An object, as JSON or as the text of it; empty when it was not sent."""
        value = self._read(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise errors.BAD(name)
        return value

    def texts(self, name: str) -> list[str]:
        """One text or a list of them, as JSON, as the text of it, or separated by commas."""
        value = self._read(name)
        if value is None:
            return []
        found = value if isinstance(value, list) else [each.strip() for each in str(value).split(",") if each.strip()]
        if not all(isinstance(each, (str, int)) for each in found):
            raise errors.BAD(name)
        return [str(each) for each in found]

    def _read(self, name: str) -> Any:
        value = self._values.get(name)
        if isinstance(value, str) and value[:1] in "[{":
            try:
                return msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                raise errors.BAD(name) from None
        return value


def of_request(request: HttpRequest) -> Params:
    """Those of a request.

    :raises VenueError: 400 when the body is neither an object nor a form
    """
    values: dict[str, Any] = dict(parse_qsl(request.query, keep_blank_values=True))
    if not request.body.strip():
        return Params(values)
    if "application/x-www-form-urlencoded" in request.headers.get("content-type", "").lower() and request.body.lstrip()[:1] != b"{":
        return Params(values | dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)))
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise errors.BAD_JSON() from None
    if not isinstance(body, dict):
        raise errors.BAD_JSON()
    return Params(values | body)
