from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.okx.client import Client
from exchangeclient.okx.hosts import ENVIRONMENTS, Hosts, choose, counted_at


def test_live_trading_of_the_global_site_is_what_is_meant_without_a_word() -> None:
    assert choose() == choose("live") == choose("https://www.okx.com") == Hosts("https://www.okx.com", "wss://ws.okx.com:8443")


@pytest.mark.parametrize(
    ("name", "rest", "stream"),
    [
        ("demo", "www", "wspap"),
        ("eea-demo", "eea", "wseeapap"),
        ("us-demo", "us", "wsuspap"),
        ("eea", "eea", "wseea"),
        ("us", "us", "wsus"),
    ],
)
def test_regions_and_their_demo_trading_have_hosts_of_their_own(name: str, rest: str, stream: str) -> None:
    hosts = choose(name)
    assert hosts == Hosts(f"https://{rest}.okx.com", f"wss://{stream}.okx.com:8443", name.endswith("demo"))
    if not hosts.demo:
        assert choose(name, demo=True) == choose(f"{name}-demo")
        assert choose(f"https://{rest}.okx.com", demo=True) == choose(f"{name}-demo")


def test_an_address_of_ones_own_has_its_sockets_there() -> None:
    assert choose("http://127.0.0.1:80") == Hosts("http://127.0.0.1", "ws://127.0.0.1")
    both = {"rest": "http://127.0.0.1:1", "stream": "ws://127.0.0.1:2"}
    assert choose(both) == Hosts("http://127.0.0.1:1", "ws://127.0.0.1:2")
    assert choose(both, demo=True).demo


@pytest.mark.parametrize(
    ("given", "error"),
    [("moon", ValueError), ("http://okx.example", ValueError), ({"stream": "wss://x.example"}, ValueError), (7, TypeError),
     ({"rest": "https://x.example", "stream": "ws://x.example"}, ValueError), ("https://x.example/path", ValueError)],
)  # fmt: skip
def test_anything_else_is_refused_by_name(given: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="environment"):
        choose(given)


def test_the_second_door_of_live_trading_is_counted_with_the_first_and_has_no_demo() -> None:
    assert counted_at(ENVIRONMENTS["aws"].rest) == ENVIRONMENTS["live"].rest
    with pytest.raises(ValueError, match="demo"):
        choose("aws", demo=True)


def test_every_call_of_demo_trading_says_so() -> None:
    import requests_mock

    client = Client(environment={"rest": "https://okx.invalid"}, demo=True)
    with requests_mock.Mocker(session=client.session) as venue:
        venue.get("/api/v5/public/time", json={"code": "0", "msg": "", "data": [{"ts": "1607418537715"}]})
        client.get_server_time()
        client.get_server_time(requests_params={"headers": {"X-Mine": "1"}})
    assert [sent.headers["x-simulated-trading"] for sent in venue.request_history] == ["1", "1"]
