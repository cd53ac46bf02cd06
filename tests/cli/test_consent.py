"""What is said after an order has failed is what is known of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exchangeclient import exceptions
from exchangeclient.cli.consent import sent_once
from exchangeclient.cli.output import Output

LOOK = "exchangeclient order show X"
NOT_SENT = "nothing was sent"
MAYBE = f"The venue can tell:\n  {LOOK}"

OFF_THE_STEP = exceptions.OrderMinAmountException("", rule="LOT_SIZE", nearest=Decimal("1E-3"))
IN_DOUBT = exceptions.OrderStatusUnknownException("", decidable_at=1_700_000_000_000.0)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OFF_THE_STEP, f"{NOT_SENT}: the order breaks a rule; the nearest LOT_SIZE allows is 0.001"),
        (exceptions.OrderMinAmountException("", rule="LOT_SIZE"), f"{NOT_SENT}: the order breaks a rule"),
        (exceptions.OrderNotPlacedException(""), "it is certain that it was not placed"),
        (IN_DOUBT, "it may be on the book; it was not sent again. From 2023-11-14 22:13:20 UTC on"),
        (exceptions.ExchangeRequestException("", sent="no"), NOT_SENT),
        (exceptions.ExchangeRequestException("", sent="maybe"), MAYBE),
        (exceptions.ExchangeRequestException("", sent="yes"), MAYBE),
        (exceptions.RateLimitException("not sent"), NOT_SENT),
        (exceptions.RateLimitException("", status_code=429, code=-1003), "the venue refused it; it was not placed"),
        (exceptions.InsufficientFundsException("", status_code=400, code=-2010), "the venue refused it; it was not placed"),
        (exceptions.ExchangeAPIException("", status_code=503, code=-1007, outcome_unknown=True), MAYBE),
        (exceptions.OrderNotFoundException("", status_code=400, code=-2026), MAYBE),
        (exceptions.DuplicateOrderException("", status_code=400, code=-2010), f"another order has its id:\n  {LOOK}"),
        (exceptions.DuplicateOrderException("not sent: another order"), f"another order has its id:\n  {LOOK}"),
        (exceptions.JournalException(""), NOT_SENT),
        (exceptions.LedgerException(""), NOT_SENT),
        (ValueError(), NOT_SENT),
        (TypeError(), NOT_SENT),
        (KeyboardInterrupt(), f"stopped in the middle: it is not known whether it was placed. {MAYBE}"),
    ],
)
def test_what_is_known_is_said_and_the_failure_goes_on(error: BaseException, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    def call() -> None:
        assert capsys.readouterr().err == "sending as id-1: BUY 1 A\n"
        raise error

    with pytest.raises(type(error)), sent_once({"symbol": "A", "side": "BUY", "quantity": "1"}, "id-1", LOOK, Output(quiet=True)):
        call()
    assert says in capsys.readouterr().err
