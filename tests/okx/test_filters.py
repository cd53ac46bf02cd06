from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.exceptions import (
    OrderInactiveSymbolException,
    OrderMarketAmountException,
    OrderMinAmountException,
    OrderMinPriceException,
)
from exchangeclient.market.rules import UNBOUND, Bounds, OrderFigures, check
from exchangeclient.okx.filters import order_rules

D = Decimal
SHARED = Path(__file__).resolve().parents[2].parent / "shared"
# As the venue listed them in 2025: samples of its documentation, shortened to what orders need.
BTC_USDT = {
    "instId": "BTC-USDT", "instType": "SPOT", "state": "live", "tickSz": "0.1", "lotSz": "0.00000001", "minSz": "0.00001",
    "maxLmtSz": "9999999999", "maxMktSz": "1000000", "maxLmtAmt": "20000000", "maxMktAmt": "1000000",
}  # fmt: skip
SWAP = {
    "instId": "BTC-USD-SWAP", "instType": "SWAP", "state": "live", "tickSz": "0.1", "lotSz": "1", "minSz": "1", "maxLmtSz": "100000000",
    "maxMktSz": "30000", "ctVal": "100", "ctValCcy": "USD", "ctType": "inverse",
}  # fmt: skip


def test_an_instrument_becomes_rules() -> None:
    rules = order_rules(SWAP)
    assert (rules.symbol, rules.trading, rules.status) == ("BTC-USD-SWAP", True, "live")
    assert rules.price == Bounds("tickSz", step=D("0.1"), step_name="tick")
    assert rules.quantity == Bounds("lotSz", D(1), D(100000000), D(1), "lot")
    assert rules.market_quantity == Bounds("maxMktSz", high=D(30000))


def test_the_largest_market_order_on_spot_is_said_in_money_and_is_the_venues_to_check() -> None:
    assert order_rules(BTC_USDT).market_quantity == UNBOUND


@pytest.mark.parametrize(
    ("instrument", "order", "error"),
    [
        (BTC_USDT, OrderFigures(price=D("0.15")), OrderMinPriceException),
        (BTC_USDT, OrderFigures(quantity=D("0.000009")), OrderMinAmountException),
        (BTC_USDT, OrderFigures(quantity=D("0.000010001")), OrderMinAmountException),
        (SWAP, OrderFigures(quantity=D("1.5")), OrderMinAmountException),
        (SWAP, OrderFigures(quantity=D("30001"), market=True), OrderMarketAmountException),
        ({**SWAP, "state": "suspend"}, OrderFigures(), OrderInactiveSymbolException),
    ],
)
def test_what_breaks_a_rule_is_refused(instrument: dict[str, str], order: OrderFigures, error: type[Exception]) -> None:
    with pytest.raises(error, match=instrument["instId"]):
        check(order_rules(instrument), order)


@pytest.mark.parametrize("broken", [{}, {"instId": "X", "state": "live", "tickSz": "much"}, {"instId": "X"}])
def test_what_is_no_instrument_is_said_to_be_none(broken: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"instrument|tickSz"):
        order_rules(broken)


@pytest.mark.skipif(not SHARED.exists(), reason=f"no samples in {SHARED}")
@pytest.mark.parametrize("name", ["http_get_instruments_spot.json", "http_get_instruments_swap.json"])
def test_the_samples_of_the_venues_documents_are_rules(name: str) -> None:
    rows: list[dict[str, Any]] = json.loads((SHARED / "samples" / "okx" / name).read_text(encoding="utf-8"))["data"]
    assert rows
    for row in rows:
        rules = order_rules(row)
        assert rules.price.step == D(row["tickSz"]).normalize()
        assert rules.quantity.low == D(row["minSz"])


@pytest.mark.skipif(not SHARED.exists(), reason=f"no recordings in {SHARED}")
def test_everything_that_the_venue_really_listed_is_rules() -> None:
    kinds: dict[str, int] = {}
    with gzip.open(SHARED / "recordings" / "okx.jsonl.gz", "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["dir"] == "http" and "/public/instruments" in record["url"]:
                rows = json.loads(record["msg"])["data"]
                for row in rows:
                    rules = order_rules(row)
                    assert rules.symbol == row["instId"]
                    assert rules.price.step is not None
                    assert rules.quantity.allows(D(row["minSz"])), row
                    kinds[row["instType"]] = kinds.get(row["instType"], 0) + 1
    assert kinds.keys() >= {"SPOT", "SWAP", "FUTURES", "OPTION"}
