from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.gateway.universal.envelope import Envelope
from exchangeclient.gateway.universal.legacy import Legacy
from exchangeclient.gateway.universal.protocol import BaseProtocol
from exchangeclient.gateway.universal.texts import Refused


class Contracts(BaseProtocol):
    """Notes which levels are set."""

    refuses = False

    def __init__(self) -> None:
        super().__init__("", "", "", "Mine")
        self.levels: list[tuple[str, Decimal]] = []

    def GetPositions(self, symbol: str = "") -> dict[str, Any]:
        return {"data": [symbol]}

    def SetMarginLevel(self, symbol: str, marginLevel: Decimal) -> dict[str, Any]:
        self.levels.append((symbol, marginLevel))
        return {"error": "too high"} if self.refuses else {"data": True}


def control(legacy: Legacy, protocol: BaseProtocol, **params: Any) -> Any:
    return legacy.control(Envelope("k", "s", "io", params), protocol)


def test_pairs_are_coins_until_something_is_chosen() -> None:
    legacy, protocol = Legacy(), Contracts()
    assert legacy.symbol("btc_usdt") == "BTC_USDT"
    assert control(legacy, protocol, code=2, args=["quarter"]) == {"data": True}
    assert legacy.symbol("btc_usdt") == "BTC_USDT.quarter"
    assert legacy.symbol("btc_usdt.swap") == "BTC_USDT.swap"
    assert legacy.symbol("") == ""


@pytest.mark.parametrize("params", [{"code": 1, "args": ["buy"]}, {"code": 0, "args": [10]}, {"code": 3, "args": []}])
def test_the_first_choice_means_swaps(params: dict[str, Any]) -> None:
    legacy = Legacy()
    assert "data" in control(legacy, Contracts(), **params)
    assert legacy.symbol("BTC_USDT") == "BTC_USDT.swap"


@pytest.mark.parametrize(
    ("direction", "type_", "meant"),
    [
        ("buy", "buy", "buy"),
        ("sell", "Sell", "sell"),
        ("closebuy", "sell", "closebuy"),
        ("closesell", 'buy;{"timeInForce":"IOC"}', 'closesell;{"timeInForce":"IOC"}'),
    ],
)
def test_a_direction_says_what_a_type_means(direction: str, type_: str, meant: str) -> None:
    legacy = Legacy()
    control(legacy, Contracts(), code=1, args=[direction])
    assert legacy.type(type_) == meant
    assert legacy.type("closebuy") == "closebuy"  # newer hosts say it all
    with pytest.raises(Refused, match=f"the direction is {direction}"):
        legacy.type("buy" if type_.lower().startswith("sell") else "sell")


def test_a_level_without_a_pair_is_set_before_the_first_order_of_each() -> None:
    legacy, protocol = Legacy(), Contracts()
    legacy.before_order("A_B.swap", protocol)
    control(legacy, protocol, code="0", args=["10"])
    assert protocol.levels == []
    for symbol in ("A_B.swap", "A_B.swap", "C_D.swap"):
        legacy.before_order(symbol, protocol)
    control(legacy, protocol, code=0, args=[5])
    legacy.before_order("A_B.swap", protocol)
    assert protocol.levels == [("A_B.swap", 10), ("C_D.swap", 10), ("A_B.swap", 5)]


def test_a_level_that_is_refused_stops_the_order() -> None:
    legacy, protocol = Legacy(), Contracts()
    control(legacy, protocol, code=0, args=[500])
    protocol.refuses = True
    for _ in range(2):
        with pytest.raises(Refused, match="too high"):
            legacy.before_order("A_B.swap", protocol)


def test_a_level_with_a_pair_is_set_at_once() -> None:
    protocol = Contracts()
    assert control(Legacy(), protocol, code=0, args=[10], symbol="a_b") == {"data": True}
    assert protocol.levels == [("A_B.swap", 10)]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "missing required parameters: code"),
        ({"code": 4}, "the code must be from 0 to 3"),
        ({"code": "x"}, "code must be"),
        ({"code": 1, "args": ["up"]}, "the direction must be one of"),
        ({"code": 1}, "the direction must be one of"),
        ({"code": 2, "args": ["a b"]}, "invalid symbol"),
        ({"code": 2, "args": []}, "invalid symbol"),
        ({"code": 0, "args": ["x"]}, "the level must be"),
        ({"code": 0, "args": [0]}, "the level must be above zero"),
        ({"code": 0, "args": [-1]}, "the level must be above zero"),
        ({"code": 0}, "the level must be"),
    ],
)
def test_choices_that_cannot_be(params: dict[str, Any], text: str) -> None:
    legacy = Legacy()
    with pytest.raises(Refused, match=text):
        control(legacy, Contracts(), **params)
    assert legacy.symbol("A_B") == "A_B"


def test_where_there_are_no_contracts_there_is_nothing_to_choose() -> None:
    assert control(Legacy(), BaseProtocol("", "", ""), code=2, args=["swap"]) == {"error": "not support"}
