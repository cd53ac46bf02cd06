"""``exchangeclient gateway`` as a process, as robots' owners start it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from exchangeclient.cli import exits
from exchangeclient.cli.commands import cli
from exchangeclient.sandbox import Sandbox

PATIENCE_S = 30
TOKEN = "a-token-of-many-letters"


@contextmanager
def serving(*arguments: str, cwd: Path | None = None, **extra: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, running; with what it printed when it was ready."""
    command = [sys.executable, "-W", "error", "-m", "exchangeclient", "gateway", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd, env=os.environ | extra) as child:
        assert child.stdout is not None
        try:
            yield child, child.stdout.readline()
        finally:
            child.kill()


def refused(*arguments: str, code: int | None = None) -> str:
    """Why the command did not start."""
    done = CliRunner().invoke(cli, ["gateway", "--port", "0", "--json", *arguments])
    assert done.exit_code in ((1, 2, exits.KEY) if code is None else (code,))
    assert done.stdout == ""
    return done.stderr + str(done.exception if isinstance(done.exception, (ValueError, OSError)) else "")


def post(url: str, method: str, secret: str = "secret", **params: Any) -> Any:
    call = {"access_key": "key", "secret_key": secret, "nonce": time.time_ns(), "method": method, "params": params}
    return requests.post(url, json=call, timeout=PATIENCE_S).json()


def test_it_says_where_it_runs() -> None:
    with serving() as (_, line):
        assert line.startswith("running... localhost:")
        port = int(line.rpartition(":")[2])
        assert requests.get(f"http://localhost:{port}/", timeout=PATIENCE_S).json() == {"error": "not support GET method."}


def test_a_json_line_for_programs_and_the_playground_is_there_when_it_is_asked_for() -> None:
    with serving("--json") as (_, line):
        said = json.loads(line)
        assert list(said) == ["universal"]
        assert said["universal"].startswith("http://127.0.0.1:")
        assert post(f"{said['universal']}/SANDBOX", "ticker", symbol="ETH_USDT")["data"]["symbol"] == "ETH_USDT"
        placed = post(f"{said['universal']}/SANDBOX", "trade", symbol="BTC_USDT", type="buy", price="1000", amount="0.1")
        assert placed["data"]["id"].startswith("BTCUSDT,")


def test_other_addresses_may_be_behind_the_paths() -> None:
    with Sandbox() as exchange:
        rest = {venue: urls["rest"] for venue, urls in exchange.urls.items()}
        with serving("--json", "--okx-url", rest["okx"], "--binance-url", rest["binance"], "--sandbox-url", rest["binance"]) as (_, line):
            url = json.loads(line)["universal"]
            assert post(f"{url}/OKX", "accounts", "secret,passphrase")["data"]
            assert post(f"{url}/Binance", "accounts")["data"]
            assert post(f"{url}/SANDBOX", "accounts")["data"]


def test_it_speaks_the_protocol_of_1token_too() -> None:
    with serving("--json", "--onetoken", "--onetoken-port", "0") as (child, line):
        said = json.loads(line)
        assert list(said) == ["universal", "onetoken"]
        rest = said["onetoken"]["rest"]
        assert rest.endswith("/api/v1")
        path, nonce = "/okex/mock-1token/status", str(time.time_ns() // 1_000)
        signature = hmac.new(b"secret", f"GET{path}{nonce}".encode(), hashlib.sha256).hexdigest()
        headers = {"Api-Key": "key", "Api-Nonce": nonce, "Api-Signature": signature}
        assert requests.get(f"{rest}/trade{path}", headers=headers, timeout=PATIENCE_S).json() == 100  # the playground is started for it
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE_S) == 0
        assert child.stderr is not None
        assert child.stderr.read() == ""


def test_with_a_key_file_orders_and_nonces_outlive_the_gateway(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys": [{"ot_key": "a-key-of-ours", "ot_secret": "secret"}]}', encoding="utf-8")
    keys.chmod(0o600)
    path, nonce = "/binance/mock-1token/orders/all", str(time.time_ns() // 1_000)
    signature = hmac.new(b"secret", f"DELETE{path}{nonce}".encode(), hashlib.sha256).hexdigest()
    headers = {"Api-Key": "a-key-of-ours", "Api-Nonce": nonce, "Api-Signature": signature}
    answers = []
    for _ in range(2):
        with serving("--json", "--onetoken", "--onetoken-port", "0", "--keys", str(keys)) as (_, line):
            rest = json.loads(line)["onetoken"]["rest"]
            answers.append(requests.delete(f"{rest}/trade{path}", headers=headers, timeout=PATIENCE_S).json())
    assert answers[0] == {"status": "success"}
    assert answers[1]["code"] == "no-valid-authentication"
    assert (tmp_path / "keys.json.orders").exists()


def test_it_says_where_1token_runs() -> None:
    with serving("--onetoken", "--onetoken-port", "0") as (child, _):
        assert child.stdout is not None
        port = int(child.stdout.readline().removeprefix("1Token... localhost:"))
        assert requests.get(f"http://localhost:{port}/api/v1/basic/time", timeout=PATIENCE_S).json()["server_time"]


@pytest.mark.parametrize(
    ("content", "mode", "arguments", "text"),
    [
        ("{}", 0o644, (), "chmod 600"),
        ("[]", 0o600, (), "keys"),
        ('{"accounts": {"binance/main": {"api_key": "a-venues-key"}}}', 0o600, (), "api_secret"),
        ("{}", 0o600, ("--currency-rate", "much"), "currency-rate"),
        ("{}", 0o600, ("--currency-rate", "-1"), "rate"),
        ("{}", 0o600, ("--currency", "cny"), "rate is missing"),
        ("{}", 0o600, ("--silence", "-1"), "silence"),
        ("{}", 0o600, ("--okx-url", "http://venue.example"), "https"),
    ],
)
def test_it_does_not_start_with_a_key_file_that_is_wrong(
    tmp_path: Path, content: str, mode: int, arguments: tuple[str, ...], text: str
) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content, encoding="utf-8")
    path.chmod(mode)
    said = refused("--onetoken", "--onetoken-port", "0", "--keys", str(path), *arguments)
    assert text in said
    assert "a-venues-key" not in said


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--okx-url", "http://venue.example"), "https"),
        (("--binance-url", "venue"), "binance"),
        (("--timeout", "0"), "timeout"),
        (("--records-time", "m"), "records-time"),
        (("--protocol", "nowhere"), "MODULE:CLASS"),
        (("--protocol", "json:nothing"), "nothing"),
        (("--protocol", "json:JSONDecoder"), "BaseProtocol"),
        (("--protocol", "a/b=exchangeclient.gateway.universal:BaseProtocol"), "name"),
    ],
)
def test_what_cannot_be_is_told(arguments: tuple[str, ...], text: str) -> None:
    assert text.lower() in refused(*arguments).lower()


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in refused("--port", str(port))


def test_beyond_this_machine_there_is_a_token() -> None:
    with serving("--json", "--address", "0.0.0.0") as (_, line):
        url = json.loads(line)["universal"]
        *_, token = url.split("/")
        assert len(token) >= 16
        assert requests.get(url, timeout=PATIENCE_S).status_code == 200
        assert requests.get(url.removesuffix(token), timeout=PATIENCE_S).status_code == 401


def test_the_token_is_in_the_environment_or_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text(f"{TOKEN}\n")
    with serving("--address", "0.0.0.0", "--token-file", str(file), EXCHANGECLIENT_GATEWAY_TOKEN="another-one-of-many-letters") as (
        child,
        line,
    ):
        assert line.startswith("running... 0.0.0.0:")
        assert TOKEN not in line
        assert child.stderr is not None
        assert f"/{TOKEN};" in child.stderr.readline()
    with serving("--json", EXCHANGECLIENT_GATEWAY_TOKEN=TOKEN) as (_, line):
        assert json.loads(line)["universal"].endswith(f"/{TOKEN}")


@pytest.mark.parametrize(("content", "mode", "code", "text"), [
    ("short", 0o600, 1, "at least 16 letters"),
    ("", 0o600, exits.KEY, "has no token"),
    (TOKEN, 0o644, exits.KEY, "chmod 600"),
    (None, 0o600, exits.KEY, "cannot be read"),
])  # fmt: skip
def test_it_does_not_start_with_a_token_file_that_is_wrong(content: str | None, mode: int, code: int, text: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    said = refused("--token-file", str(file), code=code)
    assert text in said
    assert content != TOKEN or TOKEN not in said


OWN = """
from exchangeclient.gateway.universal import BaseProtocol

class Mine(BaseProtocol):
    def GetTicker(self, symbol):
        return {"data": {"symbol": symbol, "last": "1.5", "time": 1731028903911}}
"""


@pytest.mark.parametrize(("given", "path"), [("own_venue:Mine", "Mine"), ("Other=own_venue:Mine", "other")])
def test_a_venue_of_ones_own_is_served(tmp_path: Path, given: str, path: str) -> None:
    (tmp_path / "own_venue.py").write_text(OWN)
    with serving("--json", "--protocol", given, cwd=tmp_path) as (_, line):
        url = json.loads(line)["universal"]
        assert post(f"{url}/{path}", "ticker", symbol="a_b")["data"]["last"] == "1.5"
        assert post(f"{url}/{path}", "depth", symbol="a_b") == {"error": "not support"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a child differ on Windows")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_g17_a_signal_ends_it_and_what_is_open_is_answered(ending: signal.Signals) -> None:
    with Sandbox() as exchange, serving("--json", "--binance-url", exchange.urls["binance"]["rest"]) as (child, line):
        url = json.loads(line)["universal"]
        assert "data" in post(f"{url}/Binance", "accounts")
        fault = exchange.fault("delay", route="POST /api/v3/order", by=1.0, times=1)
        body = {"access_key": "key", "secret_key": "secret", "nonce": 7, "method": "trade"}
        body["params"] = {"symbol": "BTC_USDT", "type": "buy", "price": "1000", "amount": "0.1"}
        text = json.dumps(body).encode()
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=PATIENCE_S) as robot:
            robot.sendall(b"POST /Binance HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text))
            until = time.monotonic() + PATIENCE_S
            while not fault.hits and time.monotonic() < until:
                time.sleep(0.01)
            child.send_signal(ending)
            answer = b""
            while part := robot.recv(65536):
                answer += part
        assert b'"id":"BTCUSDT,' in answer
        assert child.wait(PATIENCE_S) == 0
        assert child.stderr is not None
        assert "Traceback" not in child.stderr.read()
