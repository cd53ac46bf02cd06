"""The JSON object that a robot posts, read: keys, nonce, method and parameters, which are texts nearly everywhere. Pure."""

from __future__ import annotations

import hashlib
import math
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.gateway.universal.texts import INVALID_JSON, MISSING, Refused, failed
from exchangeclient.numbers import exact

_FIELDS: Final = ("access_key", "secret_key", "method", "params")
_BESIDE: Final = ("code", "args")  # where older hosts put what controls contracts
_LAST_NONCE: Final = 2**63
_LONGEST_KEY: Final = 4096  # an RSA key in PEM has 1,700 characters
_LONGEST_METHOD: Final = 512
_DIGITS: Final = string.digits + string.ascii_lowercase
_CLIENT_ID_DIGITS: Final = 30


@dataclass(frozen=True, slots=True)
class Envelope:
    """One call.

    :ivar nonce: nanoseconds since 1970 by the robot's clock; None when there is none
    :ivar verb: what ``Http-Method`` said, for pass-through calls
    """

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    method: str
    params: Mapping[str, Any]
    nonce: int | None = None
    verb: str = ""

    def text(self, name: str) -> str:
        """A parameter as text; empty when it is missing.

        :raises Refused: when it is neither text nor number
        """
        value = self.params.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise Refused(failed(f"{name} must be a text"))
        return value.strip() if isinstance(value, str) else str(value)

    def figure(self, name: str) -> Decimal | None:
        """A parameter as an exact number; None when it is missing or empty.

        :raises Refused: when it is no number
        """
        value = self.params.get(name)
        if value is None or value == "":
            return None
        try:
            return exact(value.strip() if isinstance(value, str) else value, name)
        except (TypeError, ValueError) as error:
            raise Refused(failed(str(error))) from error

    def whole(self, name: str, default: int = 0) -> int:
        """A parameter as a whole number; ``default`` when it is missing, empty, or not above zero.

        :raises Refused: when it is no whole number
        """
        value = self.figure(name)
        if value is None or value <= 0:
            return default
        if value != value.to_integral_value() or value >= _LAST_NONCE:
            raise Refused(failed(f"{name} must be a whole number"))
        return int(value)

    def client_order_id(self) -> str | None:
        """What an order is known by at the venue: the same for the same call of the same key; None without a nonce."""
        if self.nonce is None:
            return None
        number = int.from_bytes(hashlib.sha256(f"{self.access_key}\n{self.nonce}".encode()).digest())
        digits = []
        for _ in range(_CLIENT_ID_DIGITS):
            number, digit = divmod(number, len(_DIGITS))
            digits.append(_DIGITS[digit])
        return "u" + "".join(digits)

    def fingerprint(self) -> bytes:
        """The same for calls that ask for the same."""
        asked = sorted((name, repr(value)) for name, value in self.params.items())
        return hashlib.sha256(repr((self.method, self.verb, asked)).encode("utf-8", "surrogatepass")).digest()


def read(body: bytes, verb: str = "") -> Envelope:
    """The call that a body is.

    :raises Refused: when it is none; nothing of it is in the text
    """
    try:
        posted = jsonio.decode(body)
    except ValueError:
        raise Refused(INVALID_JSON) from None  # its text may quote the body
    if not isinstance(posted, dict):
        raise Refused(f"{INVALID_JSON}: an object is needed")
    if any(posted.get(name) is None for name in _FIELDS):
        raise Refused(MISSING)
    access, secret, method, params = (posted[name] for name in _FIELDS)
    for name, value, longest in zip(_FIELDS, (access, secret, method), (_LONGEST_KEY, _LONGEST_KEY, _LONGEST_METHOD), strict=False):
        if not isinstance(value, str) or len(value) > longest:
            raise Refused(f"{MISSING}: {name} must be a text of at most {longest} characters")
    if not isinstance(params, dict):
        raise Refused(f"{MISSING}: params must be an object")
    beside = {name: posted[name] for name in _BESIDE if name in posted}
    return Envelope(access, secret, method, {**beside, **params}, _nonce(posted.get("nonce")), verb)


def _nonce(value: object) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LAST_NONCE:
        raise Refused(failed("nonce must be a whole number of nanoseconds since 1970"))
    return value
