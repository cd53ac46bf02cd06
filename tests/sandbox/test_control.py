"""The sandbox's own endpoints, each against what the exchange then says by the venue's own."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from exchangeclient.sandbox import Account, Sandbox, control

START_MS = 1_700_000_000_000


class Peer:
    """A program in another language, as it were: a session and a base URL."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.session = requests.Session()
        self.rest = sandbox.mount(self.session)["binance"]["rest"]
        self.answer = requests.Response()

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        data = json.dumps(body) if body is not None else None
        self.answer = self.session.request(method, f"{self.rest}{path}", data=data, headers=headers, timeout=30)
        return self.answer.json()

    def signed(self, method: str, path: str, query: str = "", *, key: str = "key", secret: str = "secret") -> Any:
        query = f"{query}&timestamp={self.ask('GET', '/api/v3/time')['serverTime']}".lstrip("&")
        signature = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        return self.ask(method, f"{path}?{query}&signature={signature}", **{"X-MBX-APIKEY": key})


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(start=START_MS, speed=0)


@pytest.fixture
def peer(sandbox: Sandbox) -> Peer:
    return Peer(sandbox)


def test_every_endpoint_is_in_the_documentation_and_the_other_way_round(peer: Peer) -> None:
    documented = set(re.findall(r"^``([A-Z]+ /sandbox\S*?)(?:\?\S*)?``", control.__doc__ or "", re.MULTILINE))
    assert set(peer.ask("GET", "/sandbox")["endpoints"]) == documented


def test_the_overview_tells_what_each_endpoint_takes(peer: Peer) -> None:
    endpoints = peer.ask("GET", "/sandbox")["endpoints"]
    assert set(endpoints["POST /sandbox/fees"]) == {"account", "maker", "taker", "discount", "venue"}
    assert set(endpoints["GET /sandbox/funds"]) == {"account", "venue"}
    assert endpoints["GET /sandbox/time"] == {}
    assert "stall" in endpoints["POST /sandbox/faults"]["kind"]
    optional = {name for fields in endpoints.values() for name, words in fields.items() if "left out" in words}
    assert optional == {
        *("advance_ms", "speed", "skew_ms", "secret", "public_key", "passphrase", "demo", "can_trade", "permissions"),
        *("deposit", "withdraw", "discount", "id", "venue"),
    }
    # Without a needed one it is refused.
    for endpoint, fields in endpoints.items():
        method, path = endpoint.split()
        if set(fields) - optional:
            peer.ask(method, path, {} if method != "GET" else None)
            assert peer.answer.status_code == 400, endpoint


def test_the_overview_tells_time_and_symbols(peer: Peer) -> None:
    overview = peer.ask("GET", "/sandbox")
    assert overview["now_ms"] == START_MS
    *spot, linear, inverse = overview["symbols"]
    assert spot == [each["symbol"] for each in peer.ask("GET", "/api/v3/exchangeInfo")["symbols"]]
    assert (linear, inverse) == ("BTC-USDT-SWAP", "XBTUSD")  # other venues'


def test_time_stands_still_and_is_moved(peer: Peer) -> None:
    before = peer.ask("GET", "/api/v3/depth?symbol=BTCUSDT")["lastUpdateId"]
    state = {"now_ms": START_MS, "speed": 0.0, "step_ms": 100.0, "skew_ms": 0}
    assert peer.ask("GET", "/sandbox/time") == state
    assert peer.ask("POST", "/sandbox/time", {"advance_ms": 10_050}) == {**state, "now_ms": START_MS + 10_050}
    assert peer.ask("GET", "/api/v3/time") == {"serverTime": START_MS + 10_050}
    assert peer.ask("GET", "/api/v3/depth?symbol=BTCUSDT")["lastUpdateId"] > before
    assert peer.ask("POST", "/sandbox/time", {"speed": 2.5})["speed"] == 2.5


def test_the_clock_can_be_made_to_go_wrong(peer: Peer) -> None:
    assert peer.ask("POST", "/sandbox/time", {"skew_ms": 3_000})["skew_ms"] == 3_000
    assert peer.ask("GET", "/api/v3/time") == {"serverTime": START_MS + 3_000}
    stale = f"timestamp={START_MS - 2_001}"
    signature = hmac.new(b"secret", stale.encode(), hashlib.sha256).hexdigest()
    refused = peer.ask("GET", f"/api/v3/account?{stale}&signature={signature}", **{"X-MBX-APIKEY": "key"})
    assert refused["code"] == -1021
    assert peer.ask("GET", "/sandbox/time")["now_ms"] == START_MS


def test_the_clock_of_a_sandbox_by_the_machines_time_can_be_made_to_go_wrong_too() -> None:
    peer = Peer(Sandbox())
    assert peer.ask("POST", "/sandbox/time", {"skew_ms": 3_000})["skew_ms"] == 3_000
    assert peer.answer.status_code == 200
    for wish in ({"skew_ms": 5_000, "speed": 1}, {"skew_ms": 5_000, "advance_ms": 1}):
        peer.ask("POST", "/sandbox/time", wish)
        assert peer.answer.status_code == 400
    assert peer.ask("GET", "/sandbox/time")["skew_ms"] == 3_000


def test_time_by_the_machines_clock_cannot_be_moved() -> None:
    peer = Peer(Sandbox())
    assert peer.ask("GET", "/sandbox/time")["speed"] is None
    for wish in ({"advance_ms": 1}, {"speed": 2}):
        assert "no clock of its own" in peer.ask("POST", "/sandbox/time", wish)["error"]
        assert peer.answer.status_code == 400


def test_accounts_come_and_go(peer: Peer) -> None:
    public = (
        ed25519.Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    assert peer.ask("GET", "/sandbox/accounts") == [{"key": "key", "kind": "HMAC", "can_trade": True, "permissions": ["SPOT"]}]
    peer.ask("POST", "/sandbox/accounts", {"key": "second", "secret": "whisper", "can_trade": False})
    listed = peer.ask("POST", "/sandbox/accounts", {"key": "third", "public_key": public.decode()})
    assert [(each["key"], each["kind"], each["can_trade"]) for each in listed] == [
        ("key", "HMAC", True),
        ("second", "HMAC", False),
        ("third", "ED25519", True),
    ]
    assert "whisper" not in peer.answer.text
    account = peer.signed("GET", "/api/v3/account", key="second", secret="whisper")
    assert all(float(each["free"]) >= 1_000 for each in account["balances"])
    order = "symbol=BNBBTC&side=BUY&type=MARKET&quantity=10"
    assert peer.signed("POST", "/api/v3/order", order, key="second", secret="whisper")["code"] == -2015
    assert [each["key"] for each in peer.ask("DELETE", "/sandbox/accounts", {"key": "second"})] == ["key", "third"]
    assert peer.signed("GET", "/api/v3/account", key="second", secret="whisper")["code"] == -2015


def test_funds_are_deposited_and_withdrawn_to_the_last_digit(peer: Peer) -> None:
    before = peer.ask("GET", "/sandbox/funds?account=key")
    after = peer.ask("POST", "/sandbox/funds", {"account": "key", "asset": "BTC", "deposit": "0.00000001"})
    assert after["BTC"] == {"free": before["BTC"]["free"][:-1] + "1", "locked": "0.00000000"}
    peer.ask("POST", "/sandbox/funds", {"account": "key", "asset": "BTC", "withdraw": 0.00000001})
    assert peer.ask("GET", "/sandbox/funds?account=key") == before
    balances = {each["asset"]: each["free"] for each in peer.signed("GET", "/api/v3/account")["balances"]}
    assert balances == {asset: each["free"] for asset, each in before.items()}


def test_what_an_account_pays_is_as_it_was_set(peer: Peer) -> None:
    assert peer.ask("POST", "/sandbox/fees", {"account": "key", "maker": "0.0002", "taker": 0, "discount": True}) == {}
    rates = peer.signed("GET", "/api/v3/account")["commissionRates"]
    assert (rates["maker"], rates["taker"]) == ("0.00020000", "0.00000000")
    order = peer.signed("POST", "/api/v3/order", "symbol=BNBBTC&side=BUY&type=MARKET&quantity=10")
    assert {fill["commission"] for fill in order["fills"]} == {"0.00000000"}


def test_accounts_of_one_group_do_not_trade_with_each_other(peer: Peer) -> None:
    peer.ask("POST", "/sandbox/accounts", {"key": "second", "secret": "whisper"})
    for account in ("key", "second"):
        assert peer.ask("POST", "/sandbox/groups", {"account": account, "group": 5}) == {}
    price = peer.ask("GET", "/api/v3/ticker/bookTicker?symbol=BTCUSDT")["bidPrice"]
    inside = f"{float(price) + 0.01:.2f}"  # a tick above the best bid of the others
    peer.signed("POST", "/api/v3/order", f"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price={inside}")
    sell = f"symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=IOC&quantity=0.01&price={inside}&selfTradePreventionMode=EXPIRE_TAKER"
    order = peer.signed("POST", "/api/v3/order", sell, key="second", secret="whisper")
    assert (order["executedQty"], order["status"]) == ("0.00000000", "EXPIRED_IN_MATCH")


def test_symbols_are_halted_and_delisted(peer: Peer) -> None:
    order = "symbol=BNBBTC&side=BUY&type=MARKET&quantity=10"
    assert peer.ask("POST", "/sandbox/symbols", {"symbol": "BNBBTC", "status": "HALT"})["BNBBTC"] == "HALT"
    assert peer.signed("POST", "/api/v3/order", order)["msg"] == "Market is closed."
    assert peer.ask("POST", "/sandbox/symbols", {"symbol": "BNBBTC", "status": "TRADING"})["BNBBTC"] == "TRADING"
    assert peer.signed("POST", "/api/v3/order", order)["status"] == "FILLED"
    assert "BNBBTC" not in peer.ask("DELETE", "/sandbox/symbols", {"symbol": "BNBBTC"})
    assert peer.signed("POST", "/api/v3/order", order)["code"] == -1121


REFUSALS: list[tuple[str, str, object, str]] = [
    ("POST", "time", {"advance_ms": -1}, "forward"),
    ("POST", "time", {"advance_ms": 10**15}, "9999"),
    ("POST", "time", {"advance_ms": -(10**400)}, "forward"),
    ("POST", "time", {"skew_ms": 10**13}, "skew_ms"),
    ("POST", "time", {"skew_ms": -(10**400)}, "skew_ms"),
    ("POST", "time", {"advance_ms": "1"}, "advance_ms"),
    ("POST", "time", {"speed": -1}, "speed"),
    ("POST", "time", {"speed": 1e9}, "speed"),
    ("POST", "time", {"later": 1}, "later"),
    ("POST", "time", {"speed": 2, "skew_ms": 10**13}, "skew_ms"),
    ("POST", "time", {"speed": 2, "advance_ms": -1}, "forward"),
    ("POST", "time", {"skew_ms": 5, "advance_ms": 5, "speed": -1}, "speed"),
    ("POST", "time?advance_ms=1", {}, "advance_ms"),
    ("GET", "time?when=now", None, "when"),
    ("DELETE", "faults?id=3", None, "body"),
    ("GET", "funds?account=key&asset=BTC", None, "asset"),
    ("GET", "accounts", {"key": "x"}, "key"),
    ("POST", "time", [], "JSON"),
    ("POST", "accounts", {"key": "key", "secret": "x"}, "'key'"),
    ("POST", "accounts", {"key": "a b", "secret": "x"}, "a b"),
    ("POST", "accounts", {"key": "new"}, "new"),
    ("POST", "accounts", {"secret": "new"}, "key"),
    ("DELETE", "accounts", {"key": "nobody"}, "nobody"),
    ("GET", "funds", None, "account"),
    ("GET", "funds?account=nobody", None, "nobody"),
    ("POST", "funds", {"account": "nobody", "asset": "BTC", "deposit": 1}, "nobody"),
    ("POST", "funds", {"account": "key", "asset": "GOLD", "deposit": 1}, "GOLD"),
    ("POST", "funds", {"account": "key", "asset": "BTC", "deposit": 0}, "above zero"),
    ("POST", "funds", {"account": "key", "asset": "BTC", "deposit": "1e999999999"}, "1E+999999999"),
    ("POST", "funds", {"account": "key", "asset": "BTC", "deposit": -1}, "from 0 on"),
    ("POST", "funds", {"account": "key", "asset": "BTC", "deposit": "0.000000001"}, "eight decimals"),
    ("POST", "funds", {"account": "key", "asset": "BTC", "deposit": "1e40"}, "below"),
    ("POST", "funds", {"account": "key", "asset": "BTC", "deposit": "NaN"}, "number"),
    ("POST", "funds", {"account": "key", "asset": "BTC"}, "deposit"),
    ("POST", "funds", {"account": "key", "asset": "BTC", "deposit": 1, "withdraw": 1}, "either"),
    ("POST", "funds", {"account": "key", "asset": "BTC", "withdraw": 100_000}, "free"),
    ("POST", "fees", {"account": "key", "maker": 0}, "taker"),
    ("POST", "fees", {"account": "key", "maker": 0, "taker": "1.1"}, "taker"),
    ("POST", "fees", {"account": "key", "maker": -1, "taker": 0}, "maker"),
    ("POST", "fees", {"account": "nobody", "maker": 0, "taker": 0}, "nobody"),
    ("POST", "groups", {"account": "nobody", "group": 1}, "nobody"),
    ("POST", "groups", {"account": "key", "group": -2}, "group"),
    ("POST", "symbols", {"symbol": "NOPE", "status": "HALT"}, "NOPE"),
    ("POST", "symbols", {"symbol": "BNBBTC", "status": "SLEEPY"}, "SLEEPY"),
    ("DELETE", "symbols", {"symbol": "NOPE"}, "NOPE"),
]


@pytest.mark.parametrize(("method", "path", "body", "named"), REFUSALS)
def test_what_is_wrong_is_named_and_changes_nothing(peer: Peer, method: str, path: str, body: object, named: str) -> None:
    def state() -> list[Any]:
        return [peer.ask("GET", f"/sandbox/{each}") for each in ("time", "accounts", "funds?account=key", "symbols")]

    before = state()
    error = peer.ask(method, f"/sandbox/{path}", body)["error"]
    assert (peer.answer.status_code, named in error) == (400, True), error
    assert state() == before


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[" * 100_000, b'{"speed": NaN}'])
def test_a_body_that_is_no_json_is_refused(peer: Peer, raw: bytes) -> None:
    answer = peer.session.post(f"{peer.rest}/sandbox/time", data=raw)
    assert (answer.status_code, "JSON" in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize(("method", "path"), [("GET", "/sandbox/nothing"), ("PUT", "/sandbox/time"), ("GET", "/sandbox/time/more")])
def test_what_is_not_there_is_404(peer: Peer, method: str, path: str) -> None:
    assert path in peer.ask(method, path)["error"]
    assert peer.answer.status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Host": "127.0.0.1:8765"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Host": "evil.example:8765", "Origin": "http://evil.example:8765"},
    ],
)
def test_pages_of_other_sites_command_nothing_but_may_ask_the_venue(peer: Peer, headers: dict[str, str]) -> None:
    assert "error" in peer.ask("POST", "/sandbox/symbols", {"symbol": "BNBBTC", "status": "HALT"}, **headers)
    assert peer.answer.status_code == 403
    assert peer.ask("GET", "/sandbox/symbols")["BNBBTC"] == "TRADING"
    assert peer.ask("GET", "/api/v3/ping", **headers) == {}


def test_over_a_port_time_is_played_in_turns_with_everybody_elses(sandbox: Sandbox) -> None:
    """An hour of steps takes seconds; a request that comes meanwhile is answered on the way."""
    with sandbox:
        rest = sandbox.urls["binance"]["rest"]
        with requests.Session() as session:
            assert session.post(f"{rest}/sandbox/time", json={"advance_ms": 120_000}, timeout=30).json()["now_ms"] == START_MS + 120_000
            assert session.get(f"{rest}/api/v3/time", timeout=30).json() == {"serverTime": START_MS + 120_000}


def test_in_python_the_same_is_done_by_methods(sandbox: Sandbox) -> None:
    peer = Peer(sandbox)
    sandbox.advance(hours=0.01, minutes=1, seconds=1)
    assert sandbox.now_ms == START_MS + 97_000
    sandbox.add_account(Account("second", "whisper"))
    sandbox.deposit("second", "BTC", "1.5")
    sandbox.withdraw("second", "BTC", 1)
    assert sandbox.balances("second")["BTC"]["free"] == "1000.50000000"
    sandbox.set_status("BNBBTC", "CANCEL_ONLY")
    sandbox.delist("LTCBTC")
    assert sandbox.symbols == peer.ask("GET", "/sandbox/symbols")
    sandbox.revoke("second")
    assert [each.key for each in sandbox.accounts] == ["key"]
    with pytest.raises(TypeError, match="exact"):
        sandbox.deposit("key", "BTC", 0.1)  # type: ignore[arg-type]


def test_funds_are_moved_at_either_venue(peer: Peer) -> None:
    before = peer.ask("GET", "/sandbox/funds?account=key")["BTC"]["free"]
    there = peer.ask("POST", "/sandbox/funds", {"account": "key", "asset": "BTC", "deposit": "2.5", "venue": "okx"})
    assert there["BTC"]["free"] == "1002.50000000"
    assert peer.ask("GET", "/sandbox/funds?account=key&venue=okx") == there
    assert peer.ask("GET", "/sandbox/funds?account=key")["BTC"]["free"] == before
    assert peer.ask("POST", "/sandbox/fees", {"account": "key", "maker": "0", "taker": "0.002", "venue": "okx"}) == {}
    assert "venue" in peer.ask("GET", "/sandbox/funds?account=key&venue=mars")["error"]
    assert peer.answer.status_code == 400


def test_ids_of_books_begin_anew(peer: Peer) -> None:
    assert peer.ask("POST", "/sandbox/sequences", {"symbol": "BTCUSDT"}) == {}
    assert "error" in peer.ask("POST", "/sandbox/sequences", {"symbol": "NOSUCH"})


def test_partials_of_bitmex_are_repeated(peer: Peer) -> None:
    assert peer.ask("POST", "/sandbox/partials", {"topic": "orderBookL2:*"}) == {"topics": 0}
