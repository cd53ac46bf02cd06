"""What is told where the extra is not installed, and what can be told of errors without it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from exchangeclient.ccxt.client import Client
from exchangeclient.ccxt.errors import translated
from exchangeclient.exceptions import (
    AuthenticationException,
    ExchangeAPIException,
    ExchangeRequestException,
    InsufficientFundsException,
    OverloadException,
    RateLimitException,
    UnsupportedException,
)
from exchangeclient.gateway.onetoken import Settings
from exchangeclient.gateway.onetoken.errors import ServiceError
from exchangeclient.gateway.onetoken.keys import KeyBook
from exchangeclient.gateway.onetoken.names import EXCHANGES
from exchangeclient.gateway.onetoken.venues import Venues


def named(*names: str) -> type[Exception]:
    """A class of ccxt's, by its name and those of its ancestors."""
    made: type[Exception] = Exception
    for name in names:
        made = type(name, (made,), {})
    return made


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ccxt", None)
    with pytest.raises(ImportError, match=r"pip install 'exchangeclient\[ccxt\]'"):
        Client("gate")
    venues = Venues({}, None, None, KeyBook.for_play(), Settings())
    with pytest.raises(ServiceError, match=r"does not serve gate: .*\[ccxt\]") as told:
        venues.public(EXCHANGES["gate"])
    assert told.value.code == "not-allowed"
    venues.close()


@pytest.mark.parametrize(
    ("names", "status", "sent", "expected", "unknown"),
    [
        (("BaseError", "ExchangeError", "InsufficientFunds"), 500, "maybe", InsufficientFundsException, False),
        (("BaseError", "ExchangeError", "InvalidOrder"), 500, "maybe", ExchangeAPIException, False),
        (("BaseError", "ExchangeError"), 400, "maybe", ExchangeAPIException, False),
        (("BaseError", "ExchangeError"), 504, "maybe", ExchangeAPIException, True),
        (("BaseError", "ExchangeError"), 504, "no", ExchangeAPIException, False),
        (("BaseError", "ExchangeError"), 401, "maybe", AuthenticationException, False),
        (("BaseError", "ExchangeError"), 429, "maybe", RateLimitException, False),
        (("BaseError", "ExchangeError"), 0, "maybe", ExchangeRequestException, None),  # TLS that broke, a body that cannot be unpacked
        (("BaseError", "ExchangeError", "BadRequest"), 0, "no", ExchangeAPIException, False),  # ccxt's own
        (("BaseError", "ExchangeError", "InvalidOrder"), 200, "yes", ExchangeRequestException, None),  # an answer without an order's id
        (("BaseError", "OperationFailed", "NetworkError", "RateLimitExceeded"), 429, "maybe", RateLimitException, False),
        (("BaseError", "OperationFailed", "NetworkError", "ExchangeNotAvailable"), 503, "maybe", OverloadException, True),
        (("BaseError", "OperationFailed", "NetworkError", "ExchangeNotAvailable"), 503, "no", OverloadException, False),
        (("BaseError", "OperationFailed", "NetworkError", "ExchangeNotAvailable", "OnMaintenance"), 200, "maybe", OverloadException, False),
        (("BaseError", "OperationFailed", "NetworkError", "ExchangeNotAvailable", "OnMaintenance"), 503, "maybe", OverloadException, True),
        (("BaseError", "OperationFailed", "NetworkError", "RequestTimeout"), 0, "maybe", ExchangeRequestException, None),
        (("BaseError", "OperationFailed", "BadResponse", "NullResponse"), 200, "maybe", ExchangeRequestException, None),
        (("BaseError", "ExchangeError", "NotSupported"), 0, "no", UnsupportedException, None),
        (("SomethingElse",), 200, "maybe", ExchangeRequestException, None),
    ],
)
def test_errors_by_their_names(names: tuple[str, ...], status: int, sent: Any, expected: type[Exception], unknown: bool | None) -> None:
    error: Any = translated(named(*names)("gate GET https://api.example/v4/x?key=mine and more"), "gate", status, sent)
    assert type(error) is expected
    assert getattr(error, "outcome_unknown", None) is unknown
    assert "mine" not in str(error)
    if isinstance(error, ExchangeRequestException):
        assert error.sent == sent
    if isinstance(error, ExchangeAPIException):
        with pytest.raises(LookupError, match="no table that explains the errors of gate"):
            error.explain()
