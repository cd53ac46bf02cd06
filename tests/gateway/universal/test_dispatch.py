from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from exchangeclient.gateway.universal.dispatch import Dispatch, Flights, changes
from exchangeclient.gateway.universal.envelope import Envelope
from exchangeclient.gateway.universal.legacy import Legacy
from exchangeclient.gateway.universal.protocol import BaseProtocol
from exchangeclient.gateway.universal.texts import Refused

PATIENCE_S = 30


class Asked(BaseProtocol):
    """Answers every method with its name and what it was given."""

    def __getattribute__(self, name: str) -> Any:
        if name in vars(BaseProtocol) and name[0].isupper() and name != "API_BASE":
            return lambda *args, **named: {"data": (name, *args, *sorted(named.items()))}
        return super().__getattribute__(name)


def asked(method: str, verb: str = "", **params: Any) -> Any:
    call = Envelope("k", "s", method, params, 7, verb)
    return Dispatch().answer(call, Asked("", "", ""), Legacy())["data"]


@pytest.mark.parametrize(
    ("method", "params", "given"),
    [
        ("ticker", {"symbol": "eth_usdt"}, ("GetTicker", "ETH_USDT")),
        ("TICKER", {"symbol": "eth_usdt.swap"}, ("GetTicker", "ETH_USDT.swap")),
        ("depth", {"symbol": "ETH_USDT", "limit": "30"}, ("GetDepth", "ETH_USDT")),
        ("trades", {"symbol": "eth_usdt"}, ("GetTrades", "ETH_USDT")),
        ("records", {"symbol": "ETH_USDT", "period": "60", "limit": "500"}, ("GetRecords", "ETH_USDT", 60, 500)),
        ("records", {"symbol": "ETH_USDT", "period": 60}, ("GetRecords", "ETH_USDT", 60, 0)),
        ("markets", {}, ("GetMarkets",)),
        ("GetMarkets", {}, ("GetMarkets",)),
        ("tickers", {}, ("GetTickers",)),
        ("accounts", {}, ("GetAccount",)),
        ("assets", {}, ("GetAssets",)),
        ("orders", {"symbol": "eth_usdt"}, ("GetOrders", "ETH_USDT")),
        ("orders", {}, ("GetOrders", "")),
        ("order", {"id": "ETH-USDT,1", "symbol": "ETH_USDT"}, ("GetOrder", "ETH-USDT,1")),
        ("cancel", {"id": "ETH-USDT,1"}, ("CancelOrder", "ETH-USDT,1")),
        ("historyorders", {"limit": 0, "since": 0, "symbol": "ETH_USDT"}, ("GetHistoryOrders", "ETH_USDT", 0, 0)),
        ("positions", {}, ("GetPositions", "")),
        ("Position", {"symbol": "A_B.swap"}, ("GetPositions", "A_B.swap")),
        ("fundings", {}, ("GetFundings", "")),
        ("GetFundings", {"symbol": "A_B.swap"}, ("GetFundings", "A_B.swap")),
        ("margin_level", {"symbol": "A_B.swap", "marginLevel": "10"}, ("SetMarginLevel", "A_B.swap", 10)),
    ],
)
def test_each_method_reaches_its_own(method: str, params: dict[str, Any], given: tuple[Any, ...]) -> None:
    assert asked(method, **params) == given


def test_a_call_of_the_venues_own_loses_six_characters_and_no_more() -> None:
    assert asked("__api_/api/v5/a_b/c", "GET", x="1") == ("IO", "GET", "/api/v5/a_b/c", {"x": "1"})


@pytest.mark.parametrize(
    ("method", "params", "missing"),
    [
        ("order", {}, "id"),
        ("cancel", {"id": ""}, "id"),
        ("records", {"symbol": "A_B"}, "period"),
        ("trade", {"symbol": "A_B", "type": "buy", "amount": "1"}, "price"),
        ("trade", {"symbol": "A_B", "type": "buy", "price": "1"}, "amount"),
        ("marginlevel", {"symbol": "A_B"}, "level"),
    ],
)
def test_what_a_method_needs_is_named(method: str, params: dict[str, Any], missing: str) -> None:
    with pytest.raises(Refused, match=rf"^missing required parameters: {missing}$"):
        asked(method, **params)


@pytest.mark.parametrize(
    ("method", "verb", "changed"),
    [
        ("trade", "", True),
        ("Cancel", "", True),
        ("ticker", "", False),
        ("__api_/x", "GET", False),
        ("__api_/x", "get", False),
        ("__api_/x", "POST", True),
    ],
)
def test_what_must_not_be_done_twice(method: str, verb: str, changed: bool) -> None:
    assert changes(Envelope("k", "s", method, {}, 7, verb)) is changed


def test_an_unknown_method_is_logged_once_and_without_keys(caplog: pytest.LogCaptureFixture) -> None:
    dispatch = Dispatch()
    for _ in range(2):
        with pytest.raises(Refused, match=r"^invalid method: "):
            dispatch.answer(Envelope("canary-key", "canary-secret", f"{'x' * 50} canary-secret\n", {}), Asked("", "", ""), Legacy())
    assert len(caplog.records) == 1
    assert "canar" not in caplog.text


class Question:
    """Equal to every other, and tells when it was compared: whoever compares finds the other one on its way."""

    def __init__(self) -> None:
        self.found = threading.Event()

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        self.found.set()
        return isinstance(other, Question)


def test_a_question_that_is_on_its_way_is_asked_once() -> None:
    flights, question, begun, go_on = Flights(), Question(), threading.Event(), threading.Event()

    def ask() -> dict[str, Any]:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return {"data": "first"}

    def fail() -> dict[str, Any]:
        raise AssertionError("asked twice")

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(flights.shared, question, ask)
        assert begun.wait(PATIENCE_S)
        question.found.clear()
        joined = threads.submit(flights.shared, Question(), fail)
        assert flights.shared("another", lambda: {"data": "other"}) == {"data": "other"}
        assert question.found.wait(PATIENCE_S)
        go_on.set()
        assert first.result(PATIENCE_S) == joined.result(PATIENCE_S) == {"data": "first"}
    assert flights.shared(Question(), lambda: {"data": "new"}) == {"data": "new"}


def test_a_question_that_fails_does_not_stay() -> None:
    flights = Flights()
    for text in ("one", "two"):
        with pytest.raises(RuntimeError, match=text):
            flights.shared("ticker", lambda text=text: (_ for _ in ()).throw(RuntimeError(text)))
