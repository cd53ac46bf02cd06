from __future__ import annotations

from typing import Any

import pytest
import requests_mock

from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.hosts import Hosts, choose, closure
from exchangeclient.exceptions import ExchangeRequestException, SocketException


@pytest.mark.parametrize(
    ("environment", "hosts"),
    [
        (None, Hosts("https://www.bitmex.com", "wss://ws.bitmex.com/realtime")),
        ("mainnet", Hosts("https://www.bitmex.com", "wss://ws.bitmex.com/realtime")),
        ("https://www.bitmex.com", Hosts("https://www.bitmex.com", "wss://ws.bitmex.com/realtime")),
        ("testnet", Hosts("https://testnet.bitmex.com", "wss://ws.testnet.bitmex.com/realtime")),
        ("local", Hosts("http://127.0.0.1:8767", "ws://127.0.0.1:8767/realtime")),
        ("http://127.0.0.1:80", Hosts("http://127.0.0.1", "ws://127.0.0.1/realtime")),
        (
            {"rest": "http://127.0.0.1:1", "stream": "ws://127.0.0.1:2/realtime"},
            Hosts("http://127.0.0.1:1", "ws://127.0.0.1:2/realtime"),
        ),
        ({"rest": "http://127.0.0.1:1", "stream": "ws://127.0.0.1:2"}, Hosts("http://127.0.0.1:1", "ws://127.0.0.1:2/realtime")),
        ({"rest": "http://127.0.0.1:1"}, Hosts("http://127.0.0.1:1", "ws://127.0.0.1:1/realtime")),
    ],
)
def test_hosts_by_name_by_address_and_by_both_addresses(environment: Any, hosts: Hosts) -> None:
    assert choose(environment) == hosts


def test_demo_is_testnet() -> None:
    assert choose(demo=True) == choose("testnet")


@pytest.mark.parametrize(
    ("given", "error"),
    [("moon", ValueError), ("http://bitmex.example", ValueError), ({"stream": "wss://x.example"}, ValueError), (7, TypeError),
     ({"rest": "https://x.example", "stream": "ws://x.example"}, ValueError), ("https://x.example/path", ValueError)],
)  # fmt: skip
def test_anything_else_is_refused_by_name(given: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="environment"):
        choose(given)


@pytest.mark.parametrize(
    ("address", "closed"),
    [
        ("https://www.bitmex.com", True),
        ("wss://ws.testnet.bitmex.com/realtime", True),
        ("wss://WWW.BITMEX.COM./realtime", True),
        ("https://bitmex.com", True),
        ("https://notbitmex.com", False),
        ("https://bitmex.com.example", False),
        ("http://bitmex.sandbox.localhost", False),
    ],
)
def test_the_addresses_of_the_venue_are_known_to_be_historic(address: str, closed: bool) -> None:
    assert bool(closure(address)) is closed


@pytest.mark.parametrize("environment", [None, "mainnet", "testnet", "https://testnet.bitmex.com"])
def test_whoever_goes_to_the_historic_hosts_is_told_that_it_closed_and_nothing_is_sent(environment: Any) -> None:
    client = Client("key", "secret", environment=environment)
    order = {"symbol": "XBTUSD", "side": "Buy", "orderQty": 100, "price": 5000}
    with requests_mock.Mocker() as anywhere:
        for call in (
            client.ping,
            client.get_active_instruments,
            client.get_account,
            lambda: client.create_order(**order),
            lambda: client.create_order(**order, disable_validation=True),
            lambda: client.cancel_order(orderID="1"),
            lambda: client.quantize_order(**order),
        ):
            with pytest.raises(ExchangeRequestException, match="closed on 2026-09-23") as caught:
                call()
            assert caught.value.sent == "no"
        with pytest.raises(SocketException, match="closed on 2026-09-23"):
            client.stream("trade:XBTUSD")
        assert anywhere.call_count == 0
    assert client.undecided_orders() == []


def test_local_is_where_the_command_serves_the_venue_when_nothing_else_is_said() -> None:
    from exchangeclient.cli.sandbox import sandbox
    from exchangeclient.sandbox.sandbox import IN_PROCESS_URLS

    (first,) = (parameter.default for parameter in sandbox.params if parameter.name == "port")
    assert isinstance(first, int)
    port = first + list(IN_PROCESS_URLS).index("bitmex")
    assert choose("local") == Hosts(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}/realtime")
