from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from exchangeclient.cli import exits
from exchangeclient.client import Client
from exchangeclient.exceptions import AuthenticationException


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, running; with what it printed when it was ready."""
    command = [sys.executable, "-W", "error", "-m", "exchangeclient", "sandbox", "--port", "0", "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield child, child.stdout.readline()
        finally:
            child.kill()


def refused(*arguments: str) -> str:
    """What the command says on standard error when it does not start."""
    command = [sys.executable, "-m", "exchangeclient", "sandbox", "--port", "0", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (1, 2, exits.KEY)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr


def test_one_json_line_tells_where_it_serves() -> None:
    with serving() as (_, line):
        urls = json.loads(line)
        assert list(urls) == ["binance", "okx", "bitmex", "onetoken"]
        rest = urls["binance"]["rest"]
        port = rest.rpartition(":")[2]
        assert urls["binance"] == {"rest": rest, "stream": f"ws://127.0.0.1:{port}", "ws_api": f"ws://127.0.0.1:{port}/ws-api/v3"}
        assert urls["okx"] == {"rest": urls["okx"]["rest"], "stream": urls["okx"]["rest"].replace("http", "ws")}
        assert requests.get(f"{urls['okx']['rest']}/api/v5/public/time", timeout=10).json()["code"] == "0"
        with Client(environment=urls["binance"]) as client:
            assert client.ping() == {}


def test_only_the_accounts_that_were_named_may_trade() -> None:
    with serving("--account", "mine:its-secret") as (_, line):
        environment = json.loads(line)["binance"]
        with Client("mine", "its-secret", environment=environment) as client:
            assert client.get_asset_balance("BTC")["free"] > "0"
        with Client("key", "secret", environment=environment) as client, pytest.raises(AuthenticationException):
            client.get_account()


def test_accounts_come_from_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps([{"key": "filed", "secret": "away"}]))
    with serving("--accounts", str(path)) as (_, line), Client("filed", "away", environment=json.loads(line)["binance"]) as client:
        assert client.get_account()["canTrade"] is True


def test_beyond_this_machine_there_is_a_token_in_every_url_and_a_warning() -> None:
    with serving("--host", "0.0.0.0") as (child, line):
        urls = json.loads(line)["binance"]
        *_, token = urls["rest"].split("/")
        assert len(token) >= 16
        assert requests.get(f"{urls['rest']}/api/v3/ping", timeout=10).json() == {}
        assert child.stderr is not None
        assert "whoever knows the URL" in child.stderr.readline()


def test_a_token_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXCHANGECLIENT_SANDBOX_TOKEN", "a-token-of-many-letters")
    with serving() as (_, line):
        assert json.loads(line)["binance"]["rest"].endswith("/a-token-of-many-letters")


def test_it_goes_on_from_a_state_that_was_fetched(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with serving("--start", "2024-03-01", "--speed", "0") as (_, line), requests.Session() as session:
        rest = json.loads(line)["binance"]["rest"]
        session.post(f"{rest}/sandbox/time", json={"advance_ms": 5_000}, timeout=20)
        book = session.get(f"{rest}/api/v3/depth?symbol=BTCUSDT", timeout=10).json()
        path.write_bytes(session.get(f"{rest}/sandbox/state", timeout=20).content)
    with serving("--state", str(path)) as (_, line):
        rest = json.loads(line)["binance"]["rest"]
        assert requests.get(f"{rest}/api/v3/time", timeout=10).json() == {"serverTime": 1_709_251_205_000}
        assert requests.get(f"{rest}/api/v3/depth?symbol=BTCUSDT", timeout=10).json() == book


def test_limits_time_and_what_is_retired_are_as_the_command_says() -> None:
    arguments = ("--limits", "weight=100, orders_10s=5", "--start", "2024-03-01", "--speed", "0", "--step", "5", "--legacy")
    with serving(*arguments) as (_, line), requests.Session() as session:
        rest = json.loads(line)["binance"]["rest"]
        state = session.get(f"{rest}/sandbox/time", timeout=10).json()
        assert state == {"now_ms": 1_709_251_200_000, "speed": 0.0, "step_ms": 5_000.0, "skew_ms": 0}
        limits = {row["interval"]: row["limit"] for row in session.get(f"{rest}/api/v3/exchangeInfo", timeout=10).json()["rateLimits"][:2]}
        assert limits == {"MINUTE": 100, "SECOND": 5}
        assert session.get(f"{rest}/api/v1/ping", timeout=10).json() == {}


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a child differ on Windows")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once(ending: signal.Signals) -> None:
    with serving() as (child, line):
        assert json.loads(line)
        asked = time.monotonic()
        child.send_signal(ending)
        assert child.wait(20) == 0
        assert time.monotonic() - asked < 10.0


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in refused("--port", str(port))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--account", "no-colon"], "no-colon"),
        (["--account", "a b:c"], "a b"),
        (["--candles", "ETHBTC=file.csv"], "ETHBTC=file.csv"),
        (["--candles", "ETHBTC:7m=file.csv"], "7m"),
        (["--candles", "ETHBTC:5m=no-such-file.csv"], "no-such-file.csv"),
        (["--host", "example.com"], "example.com"),
        (["--token-file", "no-such-file"], "no-such-file"),
        (["--limits", "some"], "some"),
        (["--limits", "weight=many"], "weight=many"),
        (["--limits", "patience=3"], "patience"),
        (["--start", "yesterday"], "yesterday"),
        (["--speed", "-1"], "speed"),
        (["--step", "0"], "step"),
        (["--state", "no-such-file"], "no-such-file"),
        (["--record", "no-such-file"], "no-such-file"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_starts(arguments: list[str], named: str) -> None:
    assert named in refused(*arguments)


@pytest.mark.parametrize(
    ("content", "named"), [("[]", "one at least"), ("[" * 100_000, "not JSON"), ('[{"key": "a b", "secret": "s"}]', "a b")]
)
def test_an_accounts_file_that_lets_nobody_in_is_refused(tmp_path: Path, content: str, named: str) -> None:
    path = tmp_path / "accounts.json"
    path.write_text(content)
    assert named in refused("--accounts", str(path))


def test_files_of_the_same_candles_are_joined(tmp_path: Path) -> None:
    arguments = []
    for number in (1, 0):
        opens = 1_515_560_100_000 + number * 300_000
        (tmp_path / f"{number}.csv").write_text(f"{opens},1,2,0.5,1.5,10,{opens + 299_999},,,,\n")
        arguments += ["--candles", f"ETHBTC:5m={tmp_path / str(number)}.csv"]
    with serving(*arguments) as (_, line), Client(environment=json.loads(line)["binance"]) as client:
        rows = client.get_klines(symbol="ETHBTC", interval="5m", startTime=1_515_560_000_000, limit=2)
    assert [row[0] for row in rows] == [1_515_560_100_000, 1_515_560_400_000]


def test_candles_of_a_symbol_that_is_not_traded_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text("1515560100000,1,2,0.5,1.5,10,1515560399999,,,,\n")
    assert "NOSUCH" in refused("--candles", f"NOSUCH:5m={path}")


def test_a_truncated_candle_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text("1515560100000,1,2,0.5,1.5,10,1515560399999,,,,\n1515560400000,1,2,0.5\n")
    message = refused("--candles", f"ETHBTC:5m={path}")
    assert str(path) in message
    assert "line 2" in message
