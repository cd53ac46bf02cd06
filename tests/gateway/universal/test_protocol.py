"""The public seam, for venues that nobody wraps."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient.gateway.universal import BaseProtocol, Gateway, ProtocolFactory

CALLS: dict[str, tuple[Any, ...]] = {
    "GetTicker": ("A_B",), "GetDepth": ("A_B",), "GetTrades": ("A_B",), "GetRecords": ("A_B", 60, 500), "GetMarkets": (), "GetTickers": (),
    "GetAccount": (), "GetAssets": (), "CreateOrder": ("A_B", "buy", Decimal(1), Decimal(2)), "GetOrders": ("A_B",), "GetOrder": ("1",),
    "CancelOrder": ("1",), "GetHistoryOrders": ("A_B", 0, 0), "GetPositions": ("A_B",), "GetPostions": ("A_B",),
    "SetMarginLevel": ("A_B", Decimal(5)), "GetFundings": ("A_B",), "IO": ("GET", "/x", {}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _registered_as_before() -> Iterator[None]:
    before = dict(ProtocolFactory._classes)
    yield
    ProtocolFactory._classes.clear()
    ProtocolFactory._classes.update(before)


class Mine(BaseProtocol):
    """As the protocol's own example is written: no keyword of ours, misspelt positions."""

    def __init__(self, apiBase: str, accessKey: str, secretKey: str, exName: str) -> None:
        super().__init__(apiBase, accessKey, secretKey)
        self.exName = exName
        self.orders: list[Any] = []

    def GetTicker(self, symbol: str) -> dict[str, Any]:
        return {"data": {"symbol": symbol, "last": "1.5"}, "raw": {"base": self._apiBase, "key": self._accessKey}}

    def GetDepth(self, symbol: str = "") -> dict[str, Any]:
        return {"data": symbol}

    def CreateOrder(self, symbol: str, side: str, price: Decimal, amount: Decimal) -> dict[str, Any]:
        self.orders.append((symbol, side, price, amount))
        return {"data": {"id": f"X,{len(self.orders)}"}}

    def GetOrder(self, orderId: str) -> dict[str, Any]:
        raise RuntimeError(f"no {orderId} for {self._secretKey}")

    def GetOrders(self, symbol: str = "") -> Any:
        return {"": None, "A_B": {"data": object()}, "C_D": {"error": 5, "data": 1}}[symbol]

    def GetPostions(self, symbol: str = "") -> dict[str, Any]:
        return {"data": [symbol]}


def test_what_is_not_overridden_is_not_supported() -> None:
    base = BaseProtocol("https://venue.example", "canary-key", "canary-secret")
    for name, arguments in CALLS.items():
        first, second = (getattr(base, name)(*arguments) for _ in range(2))
        assert first == {"error": "not support"}
        assert first is not second  # whoever changes one changes only that
    assert not base.has_contracts
    assert "canary" not in repr(base)


def test_either_spelling_of_positions_may_be_overridden() -> None:
    class Rightly(BaseProtocol):
        def GetPositions(self, symbol: str = "") -> dict[str, Any]:
            return {"data": [symbol]}

    for made in (Rightly("", "", ""), Mine("", "", "", "Mine")):
        assert made.GetPositions("A_B") == made.GetPostions("A_B") == {"data": ["A_B"]}
        assert made.has_contracts


def test_the_factory_knows_names_whatever_their_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProtocolFactory, "_classes", {})
    with pytest.raises(ValueError, match=r"^Unknown exName: Mine$"):
        ProtocolFactory.createExWrapper("", "k", "s", "Mine")
    ProtocolFactory.register("Mine", Mine)
    made = ProtocolFactory.createExWrapper("https://venue.example", "k", "s", "mine")
    assert (type(made), made.exName) == (Mine, "Mine")
    assert vars(made)["_apiBase"] == "https://venue.example"


def test_a_class_may_take_its_name_or_not() -> None:
    class Three(BaseProtocol):
        API_BASE = "https://three.example"

        def __init__(self, apiBase: str, accessKey: str, secretKey: str) -> None:
            super().__init__(apiBase, accessKey, secretKey)

    class Without(BaseProtocol):
        pass

    class Any_(BaseProtocol):
        def __init__(self, *args: str) -> None:
            super().__init__(*args)

    for name, kind in (("Three", Three), ("Without", Without), ("Any", Any_)):
        ProtocolFactory.register(name, kind)
        assert ProtocolFactory.createExWrapper("", "k", "s", name).exName == name
    assert vars(ProtocolFactory.createExWrapper("", "k", "s", "Three"))["_apiBase"] == "https://three.example"


@pytest.mark.parametrize("kind", [object, Mine("", "", "", ""), None, "Mine"])
def test_only_protocols_can_be_registered(kind: Any) -> None:
    with pytest.raises(TypeError, match="BaseProtocol"):
        ProtocolFactory.register("Mine", kind)


@pytest.mark.parametrize("name", ["", "a/b", "a b", "../x", None])
def test_a_name_must_fit_into_a_path(name: Any) -> None:
    with pytest.raises(ValueError, match="name"):
        ProtocolFactory.register(name, Mine)


def test_every_venue_of_ours_has_every_method_of_the_seam() -> None:
    for name in ("OKX", "Binance", "BitMEX", "SANDBOX"):
        _, kind = ProtocolFactory.named(name)
        for method in CALLS:
            own, base = getattr(kind, method), getattr(BaseProtocol, method)
            assert own is not base or method == "GetPostions"
            wanted = list(inspect.signature(base).parameters)
            assert list(inspect.signature(own).parameters)[: len(wanted)] == wanted


def test_a_venue_of_ones_own_is_served(robot_at: Any, caplog: pytest.LogCaptureFixture) -> None:
    ProtocolFactory.register("Mine", Mine)
    with Gateway(port=0, addresses={"Mine": "https://venue.example"}) as gateway:
        robot = robot_at(gateway.url, "Mine", key="k", secret="canary-secret")
        assert robot.post("ticker", {"symbol": "a_b"}) == {
            "data": {"symbol": "A_B", "last": "1.5"},
            "raw": {"base": "https://venue.example", "key": "k"},
        }
        assert robot.ask("depth", symbol="a_b", limit="5") == "A_B"
        order = {"symbol": "a_b", "type": "buy", "price": "1.10", "amount": "1e-5"}
        said = robot.post("trade", order, nonce=5)
        assert said == robot.post("trade", order, nonce=5) == {"data": {"id": "X,1"}}
        assert "nonce" in robot.post("trade", {**order, "amount": "2"}, nonce=5)["error"]
        assert robot.refused("orders", symbol="a_b").startswith("Exception occurred: ")  # what is no JSON
        assert robot.refused("orders", symbol="c_d") == "5"
        assert robot.ask("positions", symbol="a_b.swap") == ["A_B.swap"]
        assert robot.ask("io", code=2, args=["swap"]) is True
        assert robot.ask("depth", symbol="a_b") == "A_B.swap"
        assert robot.refused("accounts") == "not support"
        assert robot.refused("orders") == "Exception occurred: the venue's protocol gave no answer"
        caplog.clear()
        assert robot.refused("order", id="7") == "Exception occurred: no 7 for ***"
        assert "RuntimeError: no 7 for ***" in caplog.text  # whoever writes a venue finds out why
        assert "canary" not in caplog.text
