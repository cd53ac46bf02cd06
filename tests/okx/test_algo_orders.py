"""Orders that wait for a price: their rules, the id that is drawn for them, and what became of those whose answer was lost."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import requests_mock

from exchangeclient.core.process.clock import FakeClock, VenueClock
from exchangeclient.exceptions import (
    DuplicateOrderException,
    ExchangeAPIException,
    OrderMinAmountException,
    OrderMinPriceException,
    OrderNotAmendedException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
)
from exchangeclient.okx.client import Client

START_MS = 1_700_000_000_000
LISTED = {
    "instId": "BTC-USDT", "instType": "SPOT", "state": "live", "tickSz": "0.1", "lotSz": "0.0001", "minSz": "0.001", "maxLmtSz": "100",
    "maxMktSz": "1000000", "maxTriggerSz": "50", "maxStopSz": "20", "maxIcebergSz": "100",
}  # fmt: skip
STOP = {"instId": "BTC-USDT", "tdMode": "cash", "side": "sell", "ordType": "conditional", "sz": "1", "slTriggerPx": "4000", "slOrdPx": "-1"}


def envelope(*rows: Any, code: str = "0") -> dict[str, Any]:
    return {"code": code, "msg": "", "data": list(rows)}


class Venue:
    """Keeps orders that wait; loses its answers when it is told to, before or after it has done what it was asked.

    :ivar losing: what becomes of the next call that changes something: ``""``, ``"before"``, ``"after"`` or ``"unsure"``
    """

    def __init__(self, mock: requests_mock.Mocker) -> None:
        self.clock = FakeClock(START_MS)
        self.kept: dict[str, dict[str, Any]] = {}
        self.sent: list[tuple[str, Any]] = []
        self.losing = ""
        self.client = Client("key", "secret", "passphrase", environment="https://okx.invalid", clock=VenueClock(self.clock))
        for verb in ("GET", "POST"):
            mock.register_uri(verb, requests_mock.ANY, json=self._answer)

    def _answer(self, request: Any, context: Any) -> Any:
        name = request.path.rpartition("/")[2]
        if name == "time":
            return envelope({"ts": str(self.clock.now_ms())})
        if name == "instruments":
            return envelope(LISTED)
        if request.method == "GET":
            return self._shown({key: values[0] for key, values in request.qs.items()})
        self.sent.append((name, request.json()))
        assert "expTime" not in request.headers, "which these calls do not know"
        how, self.losing = self.losing, ""
        if how == "before":
            raise requests.exceptions.ConnectionError("cut")
        answer = {"order-algo": self._place, "cancel-algos": self._cancel, "amend-algos": self._amend}[name](request.json())
        if how == "after":
            raise requests.exceptions.ReadTimeout("cut")
        if how == "unsure":
            context.status_code = 400
            return envelope(code="50004")
        return answer

    def _shown(self, asked: dict[str, str]) -> Any:
        found = self._found({"algoId": asked.get("algoid"), "algoClOrdId": asked.get("algoclordid")})
        return envelope(code="51603") if found is None else envelope(found)

    def _found(self, named: dict[str, Any]) -> dict[str, Any] | None:
        for row in self.kept.values():
            if row["algoId"] == named.get("algoId") or row["algoClOrdId"] == named.get("algoClOrdId"):
                return row
        return None

    def _place(self, row: dict[str, Any]) -> Any:
        if self._found(row) is not None:
            return envelope({"algoId": "", "algoClOrdId": row["algoClOrdId"], "sCode": "51065", "sMsg": "algoClOrdId already exists."})
        number = str(len(self.kept) + 1)
        shown = {**row, "algoId": number, "state": "live", "cTime": str(self.clock.now_ms()), "ordId": ""}
        shown["ordPx"] = shown.pop("orderPx", "")
        self.kept[number] = shown
        return envelope({"algoId": number, "algoClOrdId": row["algoClOrdId"], "sCode": "0", "sMsg": ""})

    def _cancel(self, rows: list[dict[str, Any]]) -> Any:
        answered = []
        for row in rows:
            found = self._found(row)
            open_ = found is not None and found["state"] == "live"
            if found is not None and open_:
                found["state"] = "canceled"
            answered.append({"algoId": row.get("algoId", ""), "sCode": "0" if open_ else "51400", "sMsg": "" if open_ else "gone"})
        return envelope(*answered, code="0" if any(each["sCode"] == "0" for each in answered) else "1")

    def _amend(self, row: dict[str, Any]) -> Any:
        found = self._found(row)
        assert found is not None
        found.update({name[3].lower() + name[4:]: text for name, text in row.items() if name.startswith("new")})
        return envelope({"algoId": found["algoId"], "algoClOrdId": found["algoClOrdId"], "sCode": "0", "sMsg": ""})


@pytest.fixture
def venue() -> Any:
    with requests_mock.Mocker() as mock:
        venue = Venue(mock)
        yield venue
        venue.client.close()


# The rules


@pytest.mark.parametrize(
    ("changed", "error", "named"),
    [
        ({"sz": "0.0009"}, OrderMinAmountException, "sz 0.0009 is below the minimum 0.001"),
        ({"sz": "1.00005"}, OrderMinAmountException, "not a multiple of the lot"),
        ({"sz": "21"}, OrderMinAmountException, "above the maximum 20"),
        ({"slTriggerPx": "4000.05"}, OrderMinPriceException, "slTriggerPx 4000.05"),
        ({"slOrdPx": "3999.99"}, OrderMinPriceException, "slOrdPx 3999.99"),
        ({"ordType": "oco", "tpTriggerPx": "6000.01", "tpOrdPx": "-1"}, OrderMinPriceException, "tpTriggerPx"),
        ({"ordType": "trigger", "triggerPx": "4000", "orderPx": "3999.99"}, OrderMinPriceException, "orderPx"),
        ({"ordType": "trigger", "triggerPx": "4000", "orderPx": "3999", "sz": "51"}, OrderMinAmountException, "above the maximum 50"),
        ({"ordType": "move_order_stop", "callbackRatio": "0.01", "activePx": "4000.01"}, OrderMinPriceException, "activePx"),
    ],
)
def test_an_order_that_breaks_a_rule_is_not_sent(venue: Venue, changed: dict[str, str], error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        venue.client.create_algo_order(**{**STOP, **changed})
    assert venue.sent == []
    venue.client.create_algo_order(**{**STOP, **changed}, disable_validation=True)
    assert len(venue.sent) == 1


def test_what_counts_in_money_is_held_to_no_lot(venue: Venue) -> None:
    bought = {**STOP, "side": "buy", "sz": "33.3333333", "slTriggerPx": "6000"}
    venue.client.create_algo_order(**bought)
    with pytest.raises(OrderMinAmountException):
        venue.client.create_algo_order(**bought, tgtCcy="base_ccy")
    with pytest.raises(OrderMinAmountException):
        venue.client.create_algo_order(**{**bought, "slOrdPx": "6001"})


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"slTriggerPx": None}, "tpTriggerPx or tpOrdPx or slTriggerPx"),
        ({"ordType": "oco"}, "tpTriggerPx"),
        ({"ordType": "trigger", "triggerPx": "1"}, "orderPx"),
        ({"ordType": "move_order_stop"}, "callbackRatio or callbackSpread"),
        ({"ordType": "twap", "pxVar": "0.1", "szLimit": "1", "pxLimit": "1"}, "timeInterval"),
        ({"sz": None}, "sz or closeFraction"),
    ],
)
def test_what_is_missing_is_named(venue: Venue, changed: dict[str, Any], missing: str) -> None:
    with pytest.raises(TypeError, match=missing):
        venue.client.create_algo_order(**{**STOP, **changed})
    assert venue.sent == []


def test_every_order_gets_an_id_and_one_that_the_venue_refuses_is_refused_here(venue: Venue) -> None:
    assert len(venue.client.create_algo_order(**STOP)["algoClOrdId"]) == 32
    assert venue.client.create_algo_order(**STOP, algoClOrdId="mine")["algoClOrdId"] == "mine"
    with pytest.raises(ValueError, match="algoClOrdId must be 1 to 32 letters and digits"):
        venue.client.create_algo_order(**STOP, algoClOrdId="with-dash")
    with pytest.raises(ValueError, match="clOrdId is no id of an order of this kind, whose id is algoClOrdId"):
        venue.client.create_algo_order(**STOP, clOrdId="mine2")
    assert venue.client.create_algo_order(**STOP, clOrdId="", algoClOrdId="mine3")["algoClOrdId"] == "mine3"


def test_an_amendment_is_held_to_the_rules(venue: Venue) -> None:
    placed = venue.client.create_algo_order(**STOP)
    for changed in ({"newSz": "0.0009"}, {"newSlTriggerPx": "4000.05"}):
        with pytest.raises((OrderMinAmountException, OrderMinPriceException)):
            venue.client.amend_algo_order(instId="BTC-USDT", algoId=placed["algoId"], **changed)
    with pytest.raises(TypeError, match="what is to be new"):
        venue.client.amend_algo_order(instId="BTC-USDT", algoId=placed["algoId"])
    assert len(venue.sent) == 1


# Lost answers


@pytest.mark.parametrize("how", ["after", "unsure"])
def test_O02_O04_an_order_that_was_taken_is_found_by_its_id(venue: Venue, how: str) -> None:
    venue.losing = how
    placed = venue.client.create_algo_order(**STOP)
    assert (placed["algoId"], placed["state"], placed["sCode"]) == ("1", "live", "0")
    assert len(venue.sent) == 1
    assert venue.client.undecided_orders() == []


def test_O03_O05_of_an_order_that_was_not_taken_nothing_is_certain_before_its_timestamp_is_too_old(venue: Venue) -> None:
    venue.losing = "before"
    with pytest.raises(OrderStatusUnknownException) as unknown:
        venue.client.create_algo_order(**STOP, algoClOrdId="mine")
    assert unknown.value.question == "get_algo_order(algoClOrdId='mine')"
    assert unknown.value.decidable_at == START_MS + 40_000
    assert [each.client_order_id for each in venue.client.undecided_orders()] == ["mine"]
    with pytest.raises(OrderNotPlacedException):
        unknown.value.resolve()
    assert venue.clock.now_ms() > START_MS + 40_000
    assert len(venue.sent) == 1


def test_O06_an_order_in_doubt_survives_the_process_in_a_journal(venue: Venue, tmp_path: Any) -> None:
    def client(**more: Any) -> Client:
        return Client(
            "key",
            "secret",
            "passphrase",
            environment="https://okx.invalid",
            clock=VenueClock(venue.clock),
            journal=tmp_path / "orders",
            **more,
        )

    venue.losing = "before"
    with pytest.raises(OrderStatusUnknownException):
        client(settle_timeout=0.0).create_algo_order(**STOP, algoClOrdId="mine")
    venue.client.create_algo_order(**STOP, algoClOrdId="mine")  # it came late
    (doubt,) = client().undecided_orders()
    assert doubt.resolve()["algoClOrdId"] == "mine"
    assert client().undecided_orders() == []


def test_O08_the_same_order_under_the_same_id_is_placed_once_and_another_one_is_refused(venue: Venue) -> None:
    first = venue.client.create_algo_order(**STOP, algoClOrdId="mine")
    assert venue.client.create_algo_order(**STOP, algoClOrdId="mine")["algoId"] == first["algoId"]
    with pytest.raises(DuplicateOrderException) as caught:
        venue.client.create_algo_order(**{**STOP, "slTriggerPx": "3000"}, algoClOrdId="mine")
    assert caught.value.order["slTriggerPx"] == "4000"
    assert len(venue.kept) == 1


@pytest.mark.parametrize("how", ["before", "after"])
def test_O11_cancellations_whose_answer_was_lost_are_carried_out_each(venue: Venue, how: str) -> None:
    ids = [venue.client.create_algo_order(**STOP)["algoId"] for _ in range(2)]
    venue.losing = how
    rows = venue.client.cancel_algo_orders([{"instId": "BTC-USDT", "algoId": each} for each in [*ids, "9"]])
    assert [(row["algoId"], row["sCode"]) for row in rows] == [("1", "0"), ("2", "0"), ("9", "51603")]
    assert {row["state"] for row in venue.kept.values()} == {"canceled"}


def test_a_cancellation_of_what_is_not_there_is_refused_as_the_venue_says(venue: Venue) -> None:
    with pytest.raises(OrderNotFoundException):
        venue.client.cancel_algo_orders([{"instId": "BTC-USDT", "algoId": "9"}])


def test_an_amendment_whose_answer_was_lost_is_told_by_the_order(venue: Venue) -> None:
    placed = venue.client.create_algo_order(**STOP)
    asked = {"instId": "BTC-USDT", "algoId": placed["algoId"]}
    venue.losing = "after"
    assert venue.client.amend_algo_order(**asked, newSlTriggerPx="3900", newSlOrdPx="-1")["slTriggerPx"] == "3900"
    venue.losing = "before"
    with pytest.raises(OrderStatusUnknownException) as unknown:
        venue.client.amend_algo_order(**asked, newSz="2")
    with pytest.raises(OrderNotAmendedException):
        unknown.value.resolve()


def test_a_row_that_was_refused_is_an_error_though_the_envelope_says_nothing(venue: Venue) -> None:
    venue._place = lambda row: envelope({"algoId": "", "algoClOrdId": row["algoClOrdId"], "sCode": "51000", "sMsg": "Parameter sz error"})  # type: ignore[method-assign]
    with pytest.raises(ExchangeAPIException) as caught:
        venue.client.create_algo_order(**STOP)
    assert (caught.value.code, caught.value.message) == (51000, "Parameter sz error")
    assert venue.client.undecided_orders() == []
