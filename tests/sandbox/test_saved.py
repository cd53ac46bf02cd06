"""A sandbox that is saved goes on elsewhere as if nothing had been."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
import requests

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox import Account, Sandbox
from exchangeclient.sandbox.dialects.binance import aggregates
from exchangeclient.sandbox.engine import tape

START_MS = 1_700_000_000_000


class Peer:
    def __init__(self, sandbox: Sandbox) -> None:
        self.session = requests.Session()
        self.rest = sandbox.mount(self.session)["binance"]["rest"]

    def get(self, path: str) -> Any:
        return self.session.get(f"{self.rest}/api/v3/{path}").json()

    def signed(self, method: str, path: str, query: str = "") -> Any:
        query = f"{query}&timestamp={self.get('time')['serverTime']}".lstrip("&")
        signature = hmac.new(b"secret", query.encode(), hashlib.sha256).hexdigest()
        url = f"{self.rest}/api/v3/{path}?{query}&signature={signature}"
        return self.session.request(method, url, headers={"X-MBX-APIKEY": "key"}).json()


def answers(peer: Peer) -> list[Any]:
    return [
        peer.get("time"),
        peer.get("depth?symbol=BNBBTC&limit=1000"),
        peer.get("trades?symbol=BTCUSDT&limit=100"),
        peer.get("klines?symbol=ETHBTC&interval=1m&limit=50"),
        peer.signed("GET", "account")["balances"],
        peer.signed("GET", "openOrders"),
        peer.signed("GET", "myTrades", "symbol=BNBBTC"),
    ]


RESTING = "symbol=BNBBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=100&price=0.00001"


def busy(sandbox: Sandbox) -> Peer:
    """With a market that has moved, an open order and a trade."""
    peer = Peer(sandbox)
    sandbox.advance(seconds=20)
    peer.signed("POST", "order", RESTING)
    peer.signed("POST", "order", "symbol=BNBBTC&side=BUY&type=MARKET&quantity=100")
    return peer


def test_a_restored_sandbox_goes_on_as_the_saved_one_does(tmp_path: Path) -> None:
    original = Sandbox(start=START_MS, speed=0, step=1)
    peer = busy(original)
    original.save(tmp_path / "state")
    restored = Sandbox(state=tmp_path / "state")
    other = Peer(restored)
    assert (restored.speed, restored.step_ms) == (0, 1_000)
    assert answers(other) == answers(peer)
    for sandbox in (original, restored):
        sandbox.advance(minutes=2)
    placed = [each.signed("POST", "order", "symbol=ETHBTC&side=BUY&type=MARKET&quantity=1") for each in (peer, other)]
    assert placed[0] == placed[1]
    assert answers(other) == answers(peer)


def test_what_only_the_venue_counts_goes_on_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long after the first trades were forgotten: ids of aggregate trades and executions, and when an account changed."""
    monkeypatch.setattr(tape, "TRADES_KEPT", 40)
    monkeypatch.setattr(aggregates, "KEPT", 30)
    original = Sandbox(start=START_MS, speed=0, step=1)
    peer = Peer(original)
    original.advance(seconds=30)
    order_id = peer.signed("POST", "order", RESTING)["orderId"]
    amended = peer.signed("PUT", "order/amend/keepPriority", f"symbol=BNBBTC&orderId={order_id}&newQty=60")
    original.advance(minutes=3)
    original.save(tmp_path / "state")
    restored = Sandbox(state=tmp_path / "state")
    other = Peer(restored)

    def counted(peer: Peer) -> list[Any]:
        amendments = peer.signed("GET", "order/amendments", f"symbol=BNBBTC&orderId={order_id}")
        assert [each["executionId"] for each in amendments][:1] == [amended["executionId"]]
        return [amendments, peer.signed("GET", "account"), *(peer.get(f"aggTrades?symbol={each}&limit=1000") for each in original.symbols)]

    before = counted(peer)
    assert before[2][0]["a"] > 1
    assert counted(other) == before
    for sandbox in (original, restored):
        sandbox.advance(minutes=1)
    again = [each.signed("PUT", "order/amend/keepPriority", f"symbol=BNBBTC&orderId={order_id}&newQty=50") for each in (peer, other)]
    assert again[0]["executionId"] == again[1]["executionId"] > amended["executionId"]
    assert counted(other) == counted(peer) != before


def test_the_state_over_http_is_the_same(tmp_path: Path) -> None:
    sandbox = Sandbox(start=START_MS, speed=0)
    peer = busy(sandbox)
    answer = peer.session.get(f"{peer.rest}/sandbox/state")
    assert (answer.status_code, answer.content) == (200, sandbox.state())


def test_no_secret_is_saved_and_keys_are_given_again() -> None:
    sandbox = Sandbox(accounts=[Account("mine", "a-very-secret-text")], start=START_MS, speed=0)
    assert b"a-very-secret-text" not in sandbox.state()


def test_who_was_there_keeps_his_funds_and_newcomers_get_theirs(tmp_path: Path) -> None:
    sandbox = Sandbox(start=START_MS, speed=0)
    busy(sandbox)
    before = sandbox.balances("key")
    sandbox.save(tmp_path / "state")
    restored = Sandbox(state=tmp_path / "state", accounts=[Account("key", "other"), Account("new", "x")])
    assert restored.balances("key") == before
    assert all(float(each["free"]) >= 1_000 for each in restored.balances("new").values())


def test_a_sandbox_by_the_machines_clock_goes_on_by_it(tmp_path: Path) -> None:
    Sandbox().save(tmp_path / "state")
    restored = Sandbox(state=tmp_path / "state")
    assert restored.speed is None
    assert Sandbox(state=tmp_path / "state", speed=0).speed == 0


def test_a_clock_that_goes_wrong_goes_on_so(tmp_path: Path) -> None:
    original = Sandbox(start=START_MS, speed=0)
    original.skew_ms = -1_500
    original.save(tmp_path / "state")
    restored = Sandbox(state=tmp_path / "state")
    assert restored.skew_ms == -1_500
    assert Peer(restored).get("time") == {"serverTime": START_MS - 1_500}


def test_another_seed_does_not_change_how_a_restored_market_goes_on(tmp_path: Path) -> None:
    Sandbox(start=START_MS, speed=0, step=1).save(tmp_path / "state")
    restored = [Sandbox(state=tmp_path / "state", seed=seed) for seed in (1, 2)]
    for sandbox in restored:
        sandbox.advance(seconds=20)
    assert restored[0].state() == restored[1].state()


@pytest.mark.parametrize(
    ("field", "value"),
    [("step_us", 0), ("step_us", 10**12), ("step_us", -1), ("speed", -1), ("speed", 1e9), ("skew_ms", 10**13), ("skew_ms", None)],
)
def test_a_head_that_asks_for_the_impossible_is_refused_by_name(tmp_path: Path, field: str, value: object) -> None:
    head, _, snapshot = Sandbox(start=START_MS, speed=0).state().partition(b"\n")
    name, brace, fields = head.partition(b"{")
    changed = {**json.loads(brace + fields), field: value}
    path = tmp_path / "state"
    path.write_bytes(name + json.dumps(changed).encode() + b"\n" + snapshot)
    with pytest.raises(SandboxException, match=field) as caught:
        Sandbox(state=path)
    assert str(path) in str(caught.value)


def test_one_by_a_clock_that_was_handed_in_goes_on_by_its_own(tmp_path: Path) -> None:
    Sandbox(clock=lambda: START_MS * 1000).save(tmp_path / "state")
    restored = Sandbox(state=tmp_path / "state")
    assert restored.speed == 1
    assert 0 <= restored.now_ms - START_MS < 60_000
    later_us = START_MS * 1000 + 5_000_000
    assert Sandbox(state=tmp_path / "state", clock=lambda: later_us).now_ms == later_us // 1000


@pytest.mark.parametrize(
    "more", [{"start": 0}, {"step": 1}, {"candles": ["ETHBTC:5m=x.csv"]}, {"recordings": ["x.jsonl"]}, {"clock": int, "speed": 1}]
)
def test_what_the_state_has_already_cannot_be_said_again(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(SandboxException):
        Sandbox(state=tmp_path / "state", **more)


def test_a_file_that_is_no_state_is_refused_by_name(tmp_path: Path) -> None:
    good = Sandbox(start=START_MS, speed=0).state()
    head, _, snapshot = good.partition(b"\n")
    path = tmp_path / "state"
    for content in (b"", b"{}", head, good[:-100], good.replace(b'"speed"', b'"spade"', 1), head + b"\n" + snapshot[:200], good + b"x"):
        path.write_bytes(content)
        with pytest.raises(SandboxException, match=str(path)):
            Sandbox(state=path)
    with pytest.raises(SandboxException, match="nowhere"):
        Sandbox(state=tmp_path / "nowhere")
    with pytest.raises(TypeError, match="state"):
        Sandbox(state=5)  # type: ignore[arg-type]
    with pytest.raises(SandboxException, match="cannot save"):
        Sandbox(start=START_MS, speed=0).save(tmp_path / "no" / "folder")
