"""The sandbox as a user meets it: on a port, in the process, with real candles, and with wrong arguments."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import websocket
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox import Account, Sandbox
from exchangeclient.serving.app import SlowApp
from exchangeclient.serving.host import Host

PATIENCE_S = 10
START_US = 1_700_000_000_000_000
TOKEN = "a-token-of-many-letters"
REAL_CANDLES = Path(__file__).resolve().parents[2].parent / "shared/market/ETHBTC-5m.csv.gz"


def signed(query: str, secret: str = "secret") -> str:
    return f"{query}&signature={hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()}"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Venue:
    """An independent client of a few lines."""

    def __init__(self, rest: str, session: requests.Session | None = None) -> None:
        self.rest = rest
        self.session = session or requests.Session()

    def get(self, path: str) -> Any:
        return self.session.get(f"{self.rest}/api/v3/{path}", timeout=PATIENCE_S).json()

    def call(self, method: str, path: str, query: str, *, key: str = "key", secret: str = "secret", at_ms: int | None = None) -> Any:
        query = signed(f"{query}&timestamp={now_ms() if at_ms is None else at_ms}".lstrip("&"), secret)
        return self.session.request(method, f"{self.rest}/api/v3/{path}?{query}", headers={"X-MBX-APIKEY": key}, timeout=PATIENCE_S).json()


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    with Sandbox() as exchange:
        yield exchange


@pytest.fixture
def venue(exchange: Sandbox) -> Venue:
    return Venue(exchange.urls["binance"]["rest"])


def test_the_urls_are_the_plain_dict_that_a_client_takes(exchange: Sandbox) -> None:
    urls, okx, bitmex, onetoken = exchange.urls.values()
    rest = urls["rest"]
    assert rest.startswith("http://127.0.0.1:")
    assert urls == {"rest": rest, "stream": rest.replace("http", "ws"), "ws_api": rest.replace("http", "ws") + "/ws-api/v3"}
    assert list(exchange.urls) == ["binance", "okx", "bitmex", "onetoken"]
    assert okx == {"rest": okx["rest"], "stream": okx["rest"].replace("http", "ws")}
    assert bitmex == {"rest": bitmex["rest"], "stream": bitmex["rest"].replace("http", "ws") + "/realtime"}
    assert onetoken["rest"].endswith("/api/v1")
    assert onetoken["stream"] == onetoken["rest"].replace("http", "ws") + "/ws"
    assert len({rest, okx["rest"], bitmex["rest"], onetoken["rest"]}) == 4
    json.dumps(exchange.urls)


def test_it_trades_over_a_port_at_real_time(venue: Venue) -> None:
    assert abs(venue.get("time")["serverTime"] - now_ms()) < 5_000
    order = venue.call("POST", "order", "symbol=BNBBTC&side=BUY&type=MARKET&quantity=100")
    assert order["status"] == "FILLED"
    found = venue.call("GET", "order", f"symbol=BNBBTC&orderId={order['orderId']}")
    assert found["executedQty"] == "100.00000000"


def test_the_market_lives_by_itself_and_streams_tell(exchange: Sandbox) -> None:
    peer = websocket.create_connection(f"{exchange.urls['binance']['stream']}/ws/btcusdt@depth@100ms", timeout=PATIENCE_S)
    updates = [json.loads(peer.recv()) for _ in range(3)]
    peer.shutdown()
    assert updates[1]["U"] == updates[0]["u"] + 1
    assert updates[2]["U"] == updates[1]["u"] + 1


def test_a_fill_is_reported_over_the_user_stream(exchange: Sandbox, venue: Venue) -> None:
    for address in (exchange.urls["binance"]["ws_api"], f"{exchange.urls['binance']['stream']}/ws-api/v3"):
        peer = websocket.create_connection(address, timeout=PATIENCE_S)
        params: dict[str, object] = {"apiKey": "key", "timestamp": now_ms()}
        payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
        params["signature"] = hmac.new(b"secret", payload.encode(), hashlib.sha256).hexdigest()
        peer.send(json.dumps({"id": 1, "method": "userDataStream.subscribe.signature", "params": params}))
        assert json.loads(peer.recv())["result"] == {"subscriptionId": 0}
        order = venue.call("POST", "order", "symbol=BNBBTC&side=BUY&type=MARKET&quantity=10")
        events = []
        while not events or events[-1]["e"] != "outboundAccountPosition":
            events.append(json.loads(peer.recv())["event"])
        peer.shutdown()
        assert [event["x"] for event in events[:-1]] == ["NEW"] + ["TRADE"] * len(order["fills"])
        assert {event["i"] for event in events[:-1]} == {order["orderId"]}


def test_every_account_starts_with_play_funds(venue: Venue) -> None:
    with Sandbox(accounts=[Account("a", "s"), Account("b", "t")]) as other:
        for key, secret in (("a", "s"), ("b", "t")):
            account = Venue(other.urls["binance"]["rest"]).call("GET", "account", "", key=key, secret=secret)
            assert all(float(each["free"]) >= 1000 for each in account["balances"])
    assert venue.call("GET", "account", "", key="a", secret="s")["code"] == -2015


def test_an_account_may_sign_with_a_private_key_whose_public_key_it_registered() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    session = requests.Session()
    rest = Sandbox(accounts=[Account("ed", public_key=public)]).mount(session)["binance"]["rest"]
    query = f"timestamp={now_ms()}"
    for signer, code in ((private, None), (ed25519.Ed25519PrivateKey.generate(), -1022)):
        signature = quote(base64.b64encode(signer.sign(query.encode())).decode(), safe="")
        answer = session.get(f"{rest}/api/v3/account?{query}&signature={signature}", headers={"X-MBX-APIKEY": "ed"}).json()
        assert answer.get("code") == code


def answers(venue: Venue, at_ms: int) -> list[Any]:
    """The same questions and orders, wherever they are put."""

    def call(method: str, path: str, query: str) -> Any:
        return venue.call(method, path, query, at_ms=at_ms)

    return [
        venue.get("time"),
        venue.get("exchangeInfo"),
        venue.get("depth?symbol=ETHBTC&limit=1000"),
        venue.get("klines?symbol=BNBBTC&interval=30m"),
        call("POST", "order", "symbol=BNBBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=100&price=0.00001"),
        call("POST", "order", "symbol=BNBBTC&side=BUY&type=MARKET&quantity=1000"),
        call("POST", "order", "symbol=BNBBTC&side=BUY&type=MARKET&quantity=0"),
        call("GET", "openOrders", ""),
        call("GET", "account", ""),
        venue.get("ticker/24hr"),
    ]


def test_port_and_process_give_the_same_answers_byte_for_byte() -> None:
    """Same seed, same commands, same times: also two runs of it."""
    seen = []
    for _ in range(2):
        with Sandbox(seed=11, clock=lambda: START_US) as exchange:
            seen.append(answers(Venue(exchange.urls["binance"]["rest"]), START_US // 1000))
        session = requests.Session()
        urls = Sandbox(seed=11, clock=lambda: START_US).mount(session)
        seen.append(answers(Venue(urls["binance"]["rest"], session), START_US // 1000))
    assert all(each == seen[0] for each in seen[1:])
    session = requests.Session()
    urls = Sandbox(seed=12, clock=lambda: START_US).mount(session)
    assert answers(Venue(urls["binance"]["rest"], session), START_US // 1000) != seen[0]


def test_the_time_that_is_handed_in_moves_the_market() -> None:
    now_us = START_US
    session = requests.Session()
    sandbox = Sandbox(clock=lambda: now_us)
    venue = Venue(sandbox.mount(session)["binance"]["rest"], session)
    before = venue.get("depth?symbol=ETHBTC")["lastUpdateId"]
    assert venue.get("depth?symbol=ETHBTC")["lastUpdateId"] == before
    now_us += 60_000_000
    assert venue.get("time") == {"serverTime": now_us // 1000}
    assert venue.get("depth?symbol=ETHBTC")["lastUpdateId"] > before + 60


def test_when_somebody_asks_changes_nothing() -> None:
    """With a clock handed in the same time leads to the same market, however often it was looked at on the way."""
    seen = []
    for looks_s in ([], [60], [30, 60, 90], [10, 119]):
        now_us = START_US
        session = requests.Session()
        venue = Venue(Sandbox(clock=lambda: now_us).mount(session)["binance"]["rest"], session)  # noqa: B023 - the clock of this turn
        for look_s in looks_s:
            now_us = START_US + look_s * 1_000_000
            venue.get("ping")
        now_us = START_US + 120_000_000
        seen.append(venue.get("depth?symbol=BTCUSDT&limit=1000"))
    assert seen[1:] == seen[:-1]


def test_a_session_serves_one_sandbox() -> None:
    session = requests.Session()
    first, second = Sandbox(seed=1), Sandbox(seed=2)
    urls = first.mount(session)
    assert first.mount(session) == urls
    with pytest.raises(SandboxException, match="another sandbox is mounted on this session"):
        second.mount(session)
    book = Venue(urls["binance"]["rest"], session).get("depth?symbol=ETHBTC")["bids"]
    own = requests.Session()
    assert Venue(second.mount(own)["binance"]["rest"], own).get("depth?symbol=ETHBTC")["bids"] != book


def test_it_may_be_started_and_stopped_from_several_threads() -> None:
    exchange = Sandbox()
    rests: list[str] = []
    together = threading.Barrier(4)

    def start() -> None:
        together.wait(PATIENCE_S)
        exchange.start()
        rests.append(exchange.urls["binance"]["rest"])
        together.wait(PATIENCE_S)
        exchange.stop()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(rests) == 4
    (rest,) = set(rests)  # one port, and it is free again
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(rest.rpartition(":")[2])), timeout=PATIENCE_S)


def test_a_start_that_fails_half_way_leaves_no_port_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    ports: list[int] = []

    def fail(self: Host, *_arguments: object) -> None:
        ports.append(self.port)
        raise TimeoutError("the reactor did not answer")

    monkeypatch.setattr(Host, "call_every", fail)
    exchange = Sandbox()
    with pytest.raises(TimeoutError):
        exchange.start()
    with pytest.raises(SandboxException, match="not started"):
        _ = exchange.urls
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports[0]), timeout=PATIENCE_S)


def test_candles_of_several_files_are_one_history(tmp_path: Path) -> None:
    specs = []
    for number in (2, 0, 1):
        opens = 1_600_000_200_000 + number * 300_000
        path = tmp_path / f"{number}.csv"
        path.write_text(f"{opens},1,2,1,2,1,{opens + 299_999},1,1,1,1\n")
        specs.append(f"ETHBTC:5m={path}")
    session = requests.Session()
    venue = Venue(Sandbox(candles=specs).mount(session)["binance"]["rest"], session)
    rows = venue.get("klines?symbol=ETHBTC&interval=5m&startTime=1600000000000&limit=3")
    assert [row[0] for row in rows] == [1_600_000_200_000 + number * 300_000 for number in range(3)]


def test_in_process_and_hosted_sessions_share_one_exchange_from_many_threads() -> None:
    with Sandbox() as exchange:
        inside = requests.Session()
        addresses = [(exchange.mount(inside)["binance"]["rest"], inside), (exchange.urls["binance"]["rest"], requests.Session())]
        failures: list[object] = []

        def trade(rest: str, session: requests.Session) -> None:
            venue = Venue(rest, session)
            for _ in range(15):
                order = venue.call("POST", "order", "symbol=BNBBTC&side=BUY&type=MARKET&quantity=1")
                if order.get("status") != "FILLED":
                    failures.append(order)

        peer = websocket.create_connection(f"{exchange.urls['binance']['stream']}/ws/bnbbtc@trade", timeout=PATIENCE_S)
        threads = [threading.Thread(target=trade, args=address) for address in addresses * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
        assert failures == []
        orders = Venue(*addresses[0]).call("GET", "allOrders", "symbol=BNBBTC")
        assert len(orders) == 60
        trades = Venue(*addresses[1]).call("GET", "myTrades", "symbol=BNBBTC")
        heard: list[int] = []
        while not heard or heard[-1] < trades[-1]["id"]:
            heard.append(json.loads(peer.recv())["t"])
        peer.shutdown()
        # Whoever caused them, the trades of the stream arrive in order and complete.
        assert heard == list(range(heard[0], heard[-1] + 1))
        assert heard[0] <= trades[0]["id"]
        for session in (inside, addresses[1][1]):
            session.close()


def test_it_can_be_stopped_and_started_again_with_its_state() -> None:
    exchange = Sandbox()
    with pytest.raises(SandboxException, match="not started"):
        _ = exchange.urls
    exchange.start()
    exchange.start()  # again: nothing happens
    order = Venue(exchange.urls["binance"]["rest"]).call(
        "POST", "order", "symbol=BNBBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=100&price=0.00001"
    )
    peer = websocket.create_connection(f"{exchange.urls['binance']['stream']}/ws/bnbbtc@trade", timeout=PATIENCE_S)
    began = time.monotonic()
    exchange.stop()
    assert time.monotonic() - began < PATIENCE_S
    exchange.stop()
    peer.shutdown()
    with pytest.raises(SandboxException, match="not started"):
        _ = exchange.urls
    with exchange:
        open_orders = Venue(exchange.urls["binance"]["rest"]).call("GET", "openOrders", "")
    assert [each["orderId"] for each in open_orders] == [order["orderId"]]


def test_nothing_of_twisted_is_loaded_before_it_is_started() -> None:
    script = (
        "import sys, requests; from exchangeclient.sandbox import Sandbox; "
        "session = requests.Session(); rest = Sandbox().mount(session)['binance']['rest']; "
        "print(session.get(rest + '/api/v3/ping').text, 'twisted' in sys.modules, 'autobahn' in sys.modules)"
    )
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert outcome.stdout.split() == ["{}", "False", "False"]


def test_several_sandboxes_live_side_by_side(exchange: Sandbox, venue: Venue) -> None:
    with Sandbox(seed=1) as second, Sandbox(seed=2) as third:
        ports = {each.urls["binance"]["rest"] for each in (exchange, second, third)}
        assert len(ports) == 3
        books = [Venue(each.urls["binance"]["rest"]).get("depth?symbol=ETHBTC")["bids"] for each in (second, third)]
        assert books[0] != books[1]
    assert venue.get("ping") == {}


def test_the_port_can_be_chosen_and_one_in_use_is_an_error_that_names_it(free_port: int) -> None:
    port = free_port
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(SandboxException, match=f"port {port}"):
            Sandbox(port=port).start()
    with Sandbox(port=port) as exchange:
        assert exchange.urls["binance"]["rest"] == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.com", ""])
def test_other_hosts_than_this_machine_are_refused(host: str) -> None:
    with pytest.raises(SandboxException, match="loopback"):
        Sandbox(host=host)


def test_it_can_be_reached_by_the_name_of_this_machine() -> None:
    with Sandbox(host="localhost") as exchange:
        assert Venue(exchange.urls["binance"]["rest"]).get("ping") == {}


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(SandboxException, match=str(port)):
        Sandbox(port=port)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(("port", value) for value in ("x", None, True, 1.5, float("nan"))),
        *(("host", value) for value in (None, 2130706433, b"127.0.0.1")),
        *(("seed", value) for value in (None, [1], 1.5, "7", True)),
        *(("clock", value) for value in (5, "now", lambda: 1.7e15, lambda: None, lambda: True)),
        *(("accounts", value) for value in ("key", 5, ["key:secret"], ("key", "secret"), {"key": "secret"})),
        *(("candles", value) for value in ("ETHBTC:5m=file.csv", None, {"ETHBTC": "file.csv"})),
        *(("legacy", value) for value in (1, "yes", None)),
        *(("limits", value) for value in (5, None, ["weight"], {"weight": "5"}, {"weight": 1.5}, {"weight": True})),
        *(("token", value) for value in (5, b"a-token-of-many-letters")),
        *(("start", value) for value in (1.5, True, b"2024-03-01")),
        *(("speed", value) for value in ("fast", True, [1])),
        *(("step", value) for value in ("1", True)),
    ],
)
def test_an_argument_of_a_wrong_type_is_refused_by_name(argument: str, value: Any) -> None:
    with pytest.raises(TypeError, match=argument):
        Sandbox(**{argument: value})


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"limits": "strict"}, "strict"),
        ({"limits": {"patience": 5}}, "patience"),
        ({"limits": {"weight": 0}}, "weight"),
        ({"token": "short"}, "16"),
        ({"token": "with/slashes/in/it/and/so/on"}, "letters"),
        ({"host": "0.0.0.0"}, "token"),
        ({"host": "example.com", "token": TOKEN}, "example.com"),
        ({"start": "yesterday"}, "yesterday"),
        ({"start": "1969-12-31"}, "1970"),
        ({"start": 10**15}, "9999"),
        ({"speed": -1}, "speed"),
        ({"speed": float("nan")}, "speed"),
        ({"speed": 10**6}, "speed"),
        ({"step": 0}, "step"),
        ({"step": 3600}, "step"),
        ({"speed": 1, "clock": lambda: START_US}, "one place"),
        ({"start": 0, "clock": lambda: START_US}, "one place"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_by_name(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(SandboxException, match=named):
        Sandbox(**arguments)


@pytest.mark.parametrize(
    "start",
    [
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:20Z",
        "2023-11-15T00:13:20+02:00",
        datetime(2023, 11, 14, 22, 13, 20),  # noqa: DTZ001 - without a zone it is taken as UTC
        1_700_000_000_000,
    ],
)
def test_the_exchange_opens_when_it_is_told_to(start: Any) -> None:
    assert Sandbox(start=start, speed=0).now_ms == START_US // 1000


def test_time_that_stands_still_is_moved_by_hand_and_the_market_with_it() -> None:
    session = requests.Session()
    sandbox = Sandbox(start=START_US // 1000, speed=0)
    venue = Venue(sandbox.mount(session)["binance"]["rest"], session)
    before = venue.get("depth?symbol=BTCUSDT")["lastUpdateId"]
    assert venue.get("time") == {"serverTime": START_US // 1000}
    sandbox.advance(minutes=1)
    assert venue.get("time") == {"serverTime": START_US // 1000 + 60_000}
    assert venue.get("depth?symbol=BTCUSDT")["lastUpdateId"] > before
    for seconds, named in ((-1, "forward"), (float("inf"), "no stretch"), (float("nan"), "no stretch"), (1e18, "no stretch")):
        with pytest.raises(SandboxException, match=named):
            sandbox.advance(seconds=seconds)
    with pytest.raises(TypeError, match="minutes"):
        sandbox.advance(minutes="5")  # type: ignore[arg-type]


def test_moved_time_makes_the_same_market_however_it_was_moved() -> None:
    seen = []
    for parts in ([60], [0.5, 29.5, 30], [12.34, 47.66]):
        session = requests.Session()
        sandbox = Sandbox(start=START_US // 1000, speed=0)
        for part in parts:
            sandbox.advance(seconds=part)
        seen.append(Venue(sandbox.mount(session)["binance"]["rest"], session).get("depth?symbol=BTCUSDT&limit=1000"))
    assert seen[1:] == seen[:-1]


def test_time_runs_as_fast_as_it_is_told_to() -> None:
    with Sandbox(start=START_US // 1000, speed=600) as exchange:
        venue = Venue(exchange.urls["binance"]["rest"])
        began, first = time.monotonic(), venue.get("time")["serverTime"]
        peer = websocket.create_connection(f"{exchange.urls['binance']['stream']}/ws/btcusdt@kline_1m", timeout=PATIENCE_S)
        closed = 0
        while closed < 3:
            closed += json.loads(peer.recv())["k"]["x"]
        peer.shutdown()
        passed_s = (venue.get("time")["serverTime"] - first) / 1000
        assert 120 <= passed_s <= 600 * (time.monotonic() - began) + 60


def test_time_of_the_machine_cannot_be_moved() -> None:
    sandbox = Sandbox()
    assert sandbox.speed is None
    for move in (lambda: sandbox.advance(seconds=1), lambda: setattr(sandbox, "speed", 2)):
        with pytest.raises(SandboxException, match="no clock of its own"):
            move()


@pytest.mark.parametrize(("speed", "pace"), [(None, 1), (0, 1), (0.5, 1), (3, 3), (600, 10)])
def test_sockets_are_pinged_as_much_more_often_as_time_runs_within_what_peers_can_do(
    monkeypatch: pytest.MonkeyPatch, speed: float | None, pace: float
) -> None:
    asked: list[Callable[[], float]] = []

    def host(app: SlowApp, *, pace: Callable[[], float], **options: Any) -> Host:
        asked.append(pace)
        return Host(app, pace=pace, **options)

    monkeypatch.setattr("exchangeclient.serving.host.Host", host)
    with Sandbox(start=START_US // 1000, speed=1) if speed is not None else Sandbox() as exchange:
        if speed is not None:
            exchange.speed = speed
        assert [each() for each in asked] == [pace] * 4  # a host for each venue, and one for the gateway


def test_what_listens_hears_of_moved_time_step_by_step() -> None:
    with Sandbox(start=START_US // 1000, speed=0) as exchange:
        peer = websocket.create_connection(f"{exchange.urls['binance']['stream']}/ws/btcusdt@depth@100ms", timeout=PATIENCE_S)
        exchange.advance(seconds=20)
        times: list[int] = []
        before = None
        while not times or times[-1] < START_US // 1000 + 19_000:
            update = json.loads(peer.recv())
            assert before is None or update["U"] == before + 1
            before = update["u"]
            times.append(update["E"])
        peer.shutdown()
        assert times == sorted(times)
        assert len(set(times)) > 20


TOKEN_PATHS = ("", "/sandbox", "/api/v3/ping", "/wrong-token-of-many-letters/api/v3/ping")


def test_behind_a_token_every_path_begins_with_it() -> None:
    with Sandbox(token=TOKEN) as exchange:
        urls = exchange.urls["binance"]
        port = urls["rest"].split(":")[2].split("/")[0]
        assert urls == {
            "rest": f"http://127.0.0.1:{port}/{TOKEN}",
            "stream": f"ws://127.0.0.1:{port}/{TOKEN}",
            "ws_api": f"ws://127.0.0.1:{port}/{TOKEN}/ws-api/v3",
        }
        venue = Venue(urls["rest"])
        assert venue.get("ping") == {}
        assert venue.call("POST", "order", "symbol=BNBBTC&side=BUY&type=MARKET&quantity=10")["status"] == "FILLED"
        assert requests.get(f"{urls['rest']}/sandbox/time", timeout=PATIENCE_S, headers={"Host": "any.name"}).json()["speed"] is None
        for path in TOKEN_PATHS:
            answer = requests.get(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S)
            assert answer.status_code == 401
            assert TOKEN not in answer.text
        for address in (f"{urls['stream']}/ws/bnbbtc@trade", urls["ws_api"]):
            websocket.create_connection(address, timeout=PATIENCE_S).shutdown()
            with pytest.raises(websocket.WebSocketBadStatusException, match="401"):
                websocket.create_connection(address.replace(TOKEN, "wrong"), timeout=PATIENCE_S)


def test_with_a_token_it_listens_on_every_address_and_says_one_that_works_here() -> None:
    with Sandbox(host="0.0.0.0", token=TOKEN) as exchange:
        assert exchange.urls["binance"]["rest"].startswith("http://127.0.0.1:")
        assert Venue(exchange.urls["binance"]["rest"]).get("ping") == {}


def test_who_asks_too_much_is_refused_unless_it_only_counts() -> None:
    for limits, status in (({"weight": 30}, 429), ("counted", 200), ("enforced", 200)):
        session = requests.Session()
        rest = Sandbox(limits=limits, speed=0).mount(session)["binance"]["rest"]
        for _ in range(2):
            answer = session.get(f"{rest}/api/v3/exchangeInfo")
        assert answer.status_code == status
        rows = session.get(f"{rest}/api/v3/exchangeInfo").json().get("rateLimits", [])
        assert [row["limit"] for row in rows if row["rateLimitType"] == "REQUEST_WEIGHT"] == ([] if status == 429 else [6_000])


@pytest.mark.parametrize("now_us", [-1, 10**18])
def test_a_clock_that_tells_no_time_is_refused(now_us: int) -> None:
    with pytest.raises(SandboxException, match="clock"):
        Sandbox(clock=lambda: now_us)


def test_the_epoch_is_a_time_like_any_other() -> None:
    session = requests.Session()
    venue = Venue(Sandbox(clock=lambda: 0).mount(session)["binance"]["rest"], session)
    assert venue.get("time") == {"serverTime": 0}
    assert len(venue.get("klines?symbol=ETHBTC&interval=1M")) == 1


def test_a_key_that_could_never_sign_in_is_refused() -> None:
    with pytest.raises(ValueError, match="engine:taker"):
        Account("engine:taker", "s")


def test_accounts_must_be_told_apart() -> None:
    with pytest.raises(SandboxException, match="'a'"):
        Sandbox(accounts=[Account("a", "s"), Account("a", "t")])
    with pytest.raises(SandboxException, match="accounts is empty"):
        Sandbox(accounts=[])


def test_wrong_candles_are_refused_before_anything_starts(tmp_path: Path) -> None:
    good = "1600000200000,1,2,1,2,1,1600000499999,1,1,1,1\n"
    (tmp_path / "good.csv").write_text(good)
    (tmp_path / "bad.csv").write_text(good + "1600000500000,1,2")
    (tmp_path / "late.csv").write_text("9000000000000,1,2,1,2,1,9000000299999,1,1,1,1\n")
    for symbol, name, text in (
        ("NOPE", "good.csv", "NOPE"),
        ("ETHBTC", "bad.csv", "line 2"),
        ("ETHBTC", "late.csv", "ETHBTC"),
    ):
        with pytest.raises(SandboxException, match=text):
            Sandbox(candles={(symbol, "5m"): tmp_path / name})
    with pytest.raises(SandboxException, match="SYMBOL:INTERVAL=FILE"):
        Sandbox(candles=["ETHBTC"])


def test_real_candles_come_back_text_for_text_and_trading_goes_on_from_their_last_close() -> None:
    if not REAL_CANDLES.exists():
        pytest.skip(f"{REAL_CANDLES} is not here")
    with gzip.open(REAL_CANDLES, "rt") as file:
        _, *rows = [line.rstrip().split(",") for line in file]
    session = requests.Session()
    venue = Venue(Sandbox(candles=[f"ETHBTC:5m={REAL_CANDLES}"]).mount(session)["binance"]["rest"], session)
    start = int(rows[0][0])
    got: list[list[Any]] = []
    while len(got) < len(rows):
        page = venue.get(f"klines?symbol=ETHBTC&interval=5m&limit=1000&startTime={start}&endTime={rows[-1][0]}")
        got += page
        start = page[-1][0] + 1
    assert len(got) == len(rows)
    for row, want in zip(got, rows, strict=True):
        assert [str(column) for column in row] == [text or ("0" if number == 8 else "0.00000000") for number, text in enumerate(want)] + [
            "0"
        ]
    last_close = float(rows[-1][4])
    bid, ask = (float(venue.get("depth?symbol=ETHBTC&limit=5")[side][0][0]) for side in ("bids", "asks"))
    assert bid < ask
    assert abs(bid - last_close) / last_close < 0.01
    assert abs(ask - last_close) / last_close < 0.01


def test_okx_is_another_door_to_the_same_market(exchange: Sandbox, venue: Venue) -> None:
    okx = exchange.urls["okx"]["rest"]
    exchange.set_status("BTCUSDT", "HALT")
    mine = venue.get("depth?symbol=BTCUSDT&limit=5")["asks"]
    theirs = requests.get(f"{okx}/api/v5/market/books?instId=BTC-USDT&sz=5", timeout=PATIENCE_S).json()["data"][0]["asks"]
    assert [[float(price), float(size)] for price, size in mine] == [[float(level[0]), float(level[1])] for level in theirs]
    assert requests.get(f"{okx}/sandbox", timeout=PATIENCE_S).json()["symbols"]["BTCUSDT"] == "HALT"


def test_okx_is_served_without_a_port_too() -> None:
    session = requests.Session()
    sandbox = Sandbox(start=START_US // 1000, speed=0)
    rest = sandbox.mount(session)["okx"]["rest"]
    assert session.get(f"{rest}/api/v5/public/time").json()["data"] == [{"ts": str(START_US // 1000)}]
    sandbox.skew_ms = 1_500
    assert session.get(f"{rest}/api/v5/public/time").json()["data"] == [{"ts": str(START_US // 1000 + 1_500)}]
    assert session.get(f"{sandbox.mount(session)['binance']['rest']}/api/v3/time").json() == {"serverTime": START_US // 1000 + 1_500}


def test_what_a_key_has_at_one_venue_it_does_not_have_at_another() -> None:
    sandbox = Sandbox()
    sandbox.deposit("key", "BTC", "5", venue="okx")
    assert sandbox.balances("key", venue="okx")["BTC"]["free"] == "1005.00000000"
    assert sandbox.balances("key")["BTC"]["free"] == "1000.00000000"
    sandbox.withdraw("key", "BTC", "1005", venue="okx")
    with pytest.raises(SandboxException, match="has only"):
        sandbox.withdraw("key", "BTC", "1", venue="okx")
    with pytest.raises(SandboxException, match="no venue 'mars'"):
        sandbox.balances("key", venue="mars")


def test_a_saved_sandbox_goes_on_with_its_orders_and_positions_at_okx(tmp_path: Path) -> None:
    def ask(sandbox: Sandbox, method: str, target: str, body: str = "") -> Any:
        session = requests.Session()
        rest = sandbox.mount(session)["okx"]["rest"]
        now = f"{sandbox.now_ms / 1000}"
        sign = base64.b64encode(hmac.new(b"secret", f"{now}{method}/api/v5/{target}{body}".encode(), hashlib.sha256).digest())
        headers = {"OK-ACCESS-KEY": "key", "OK-ACCESS-SIGN": sign.decode(), "OK-ACCESS-TIMESTAMP": now}
        headers |= {"OK-ACCESS-PASSPHRASE": "passphrase", "Content-Type": "application/json"}
        return session.request(method, f"{rest}/api/v5/{target}", data=body, headers=headers).json()["data"]

    sandbox = Sandbox(start=START_US // 1000, speed=0)
    common = '"instId":"BTC-USDT-SWAP","tdMode":"cross","side":"buy"'
    ask(sandbox, "POST", "trade/order", f'{{{common},"ordType":"market","sz":"3","tag":"robot"}}')
    ask(sandbox, "POST", "trade/order", f'{{{common},"ordType":"post_only","px":"5000","sz":"1","clOrdId":"mine"}}')
    sandbox.save(tmp_path / "state")
    again = Sandbox(state=tmp_path / "state")
    for target in ("trade/orders-pending", "account/positions", "trade/fills", "trade/orders-history?instType=SWAP"):
        found = ask(again, "GET", target)
        assert found == ask(sandbox, "GET", target)
        assert len(found) == 1
    assert found[0]["tag"] == "robot"


@pytest.mark.parametrize(("okx", "error"), [("x", TypeError), ({"snapshot": 1}, TypeError), ({"other": True}, SandboxException)])
def test_switches_of_okx_are_checked(okx: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="okx"):
        Sandbox(okx=okx)


def test_bitmex_behaves_as_it_is_told() -> None:
    for wrong in ({"wire": "2022"}, {"strict": 1}, {"nonsense": True}):
        with pytest.raises((SandboxException, TypeError), match=next(iter(wrong))):
            Sandbox(bitmex=wrong)
    with pytest.raises(TypeError, match="bitmex must be a mapping"):
        Sandbox(bitmex="2021")  # type: ignore[arg-type]
    for wire, has_old_columns in (("2021", True), ("2023", False)):
        with requests.Session() as session:
            address = Sandbox(speed=0, bitmex={"wire": wire}).mount(session)["bitmex"]["rest"]
            (row,) = session.get(f"{address}/api/v1/instrument?symbol=XBTUSD", timeout=10).json()
        assert ("relistInterval" in row) is has_old_columns


def test_a_partial_that_nobody_listens_to_is_not_repeated() -> None:
    exchange = Sandbox(speed=0)
    assert exchange.repeat_partial("orderBookL2:*") == 0
    with pytest.raises(SandboxException, match="a topic is a text"):
        exchange.repeat_partial(5)  # type: ignore[arg-type]
