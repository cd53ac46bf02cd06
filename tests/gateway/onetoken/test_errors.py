"""Which code an error of a venue's is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exchangeclient import exceptions as e
from exchangeclient.gateway.onetoken.errors import ServiceError, is_certain, service_error


def rule(kind: type[e.OrderException]) -> e.OrderException:
    return kind("price 1 is not a multiple of 2", symbol="BTCUSDT", rule="PRICE_FILTER", value=Decimal(1))


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (rule(e.OrderMinPriceException), "exg-place-order-error-price", 400),
        (rule(e.OrderPriceBandException), "exg-place-order-error-price", 400),
        (rule(e.OrderMinAmountException), "exg-place-order-error-amount", 400),
        (rule(e.OrderMinTotalException), "exg-place-order-min-notional", 400),
        (rule(e.OrderTrailingDeltaException), "exg-invalid-param", 400),
        (e.InsufficientFundsException("no"), "exg-place-order-no-money", 400),
        (e.OrderNotFoundException("no"), "exg-cancel-order-not-exist", 400),
        (e.DuplicateOrderException("no"), "client_oid-already-existed", 400),
        (e.UnknownSymbolException("no"), "contract-not-exist", 404),
        (e.RateLimitException("slow"), "exg-rate-limit-exceeded", 429),
        (e.AuthenticationException("no"), "exg-invalid-api-key", 400),
        (e.OrderStatusUnknownException("who knows"), "exg-unknown-error", 502),
        (e.ExchangeAPIException("who knows", outcome_unknown=True), "exg-unknown-error", 502),
        (e.OrderNotPlacedException("not there"), "exg-timeout", 504),
        (e.ExchangeRequestException("no answer"), "exg-timeout", 504),
        (e.UnsupportedException("none", venue="binance", what="positions"), "not-allowed", 403),
        (e.ExchangeAPIException("something"), "exg-undefined-error", 400),
        (e.OutOfSyncException("no book", symbol="A", state="SYNCING"), "upstream-error", 502),
        (ValueError("limit must be a number"), "invalid-param", 400),
    ],
)
def test_an_error_of_a_venues_has_the_protocols_code(error: Exception, code: str, status: int) -> None:
    told = service_error(error)
    assert (told.code, told.status) == (code, status)
    assert (told.envelope["code"], told.envelope["data"]) == (code, None)
    assert str(told.envelope["message"]).startswith(str(error))


def test_of_a_doubt_is_told_what_the_reader_can_do() -> None:
    error = e.OrderStatusUnknownException("it is not known whether the order a was placed (no answer); resolve() asks the venue")
    message = "it is not known whether the order a was placed (no answer); look among the orders before it is sent anew"
    assert service_error(error).message == message


def test_what_nobody_thought_of_is_not_shown() -> None:
    told = service_error(KeyError("a-secret"))
    assert (told.code, told.status) == ("unexpected-error", 500)
    assert "a-secret" not in told.message


def test_a_refusal_is_what_it_is() -> None:
    refusal = ServiceError("no-permission", "no", status=403)
    assert service_error(refusal) is refusal


@pytest.mark.parametrize(
    ("error", "certain"),
    [
        (e.ExchangeRequestException("x", sent="no"), True),
        (e.ExchangeRequestException("x", sent="maybe"), False),
        (e.ExchangeRequestException("x", sent="yes"), False),
        (e.OrderNotPlacedException("x"), True),
        (e.OrderStatusUnknownException("x", sent="no"), False),
        (RuntimeError("closed meanwhile"), False),
        (KeyError("x"), False),
        (ValueError("price"), True),
    ],
)
def test_what_nobody_has_thought_of_leaves_an_order_undecided(error: Exception, certain: bool) -> None:
    assert is_certain(error) is certain
