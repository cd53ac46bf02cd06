"""``exchangeclient fault`` against a sandbox that runs elsewhere."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
import requests
from click.testing import CliRunner

from exchangeclient.cli.commands import cli
from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox import Sandbox
from exchangeclient.sandbox.faults.kinds import COMMON, KINDS

PATIENCE_S = 10


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Sandbox(limits="counted") as exchange:
        yield exchange.urls["binance"]["rest"]


@pytest.fixture(autouse=True)
def cleared(url: str) -> Iterator[None]:
    yield
    requests.delete(f"{url}/sandbox/faults", json={}, timeout=PATIENCE_S)


def told(*arguments: str) -> list[dict[str, object]]:
    """What the command prints, line by line."""
    done = CliRunner().invoke(cli, ["fault", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def refused(*arguments: str) -> str:
    """Why the command did nothing."""
    done = CliRunner().invoke(cli, ["fault", *arguments])
    assert done.exit_code != 0
    return done.output + str(done.exception if isinstance(done.exception, SandboxException) else "")


def test_a_fault_is_armed_and_strikes(url: str) -> None:
    (armed,) = told(
        url, "error", "route=GET /api/v3/time", "status=503", "text=123", 'headers={"X-Own": "yes"}', "probability=1.0", "times=1"
    )
    answer = requests.get(f"{url}/api/v3/time", timeout=PATIENCE_S)
    assert (answer.status_code, answer.json()["msg"], answer.headers["X-Own"]) == (503, "123", "yes")
    (listed,) = told(url, "list")
    assert (listed["id"], listed["hits"], listed["armed"]) == (armed["id"], 1, False)


def test_the_issues_example(url: str) -> None:
    (armed,) = told(url, "stall", "stream=btcusdt@depth", "seconds=90")
    assert (armed["stream"], armed["seconds"], armed["armed"]) == ("btcusdt@depth", 90, True)


def test_one_fault_is_lifted_or_all_are(url: str) -> None:
    first, second = told(url, "drop") + told(url, "hangup")
    after = told(url, "lift", str(first["id"]))
    assert {each["id"]: each["armed"] for each in after} == {second["id"]: True, first["id"]: False}
    assert told(url, "clear") == []
    assert told(url, "list") == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["explode"], "explode"),
        (["stall", "stream"], "NAME=VALUE"),
        (["stall", "seconds=soon"], "seconds"),
        (["stall", "colour=red"], "colour"),
        (["lift"], "number"),
        (["lift", "x"], "number"),
        (["lift", "99999"], "99999"),
        (["list", "x=y"], "no options"),
    ],
)
def test_what_is_wrong_is_named(url: str, arguments: list[str], named: str) -> None:
    assert named in refused(url, *arguments)
    assert told(url, "list") == []


def test_where_no_sandbox_is_that_is_said(url: str) -> None:
    assert "no sandbox answers" in refused("http://127.0.0.1:9", "list")
    assert "no sandbox" in refused(f"{url}/api/v3/nothing?x=", "list") or "404" in refused(f"{url}/api", "list")
    assert "http" in refused("file:///etc/passwd", "list")


@pytest.mark.parametrize(
    "address", ["http://", "http://127.0.0.1:port", "http://[", "http://a b/", "http://127.0.0.1:9/\u00e9", "http://x:1:2"]
)
def test_an_address_that_is_none_is_said_to_be_none(address: str) -> None:
    assert "sandbox" in refused(address, "list")


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[", b"HTTP/1.1 200 OK\r\n\r\n\xff"]
)
def test_what_answers_otherwise_is_said_to_be_no_sandbox(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert "no sandbox" in refused(f"http://127.0.0.1:{server.getsockname()[1]}", "list")
        thread.join(PATIENCE_S)


def test_help_shows_the_whole_menu() -> None:
    text = " ".join(CliRunner().invoke(cli, ["fault", "--help"]).output.split())
    assert [kind for kind in KINDS if f" {kind} " not in text] == []
    assert [option for option in COMMON if f"{option}=" not in text] == []
