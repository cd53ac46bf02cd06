"""By which proxy and certificates sockets go, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from exchangeclient.core.http.transport import Route
from exchangeclient.core.wire.socket_way import way_to

PROXY = "http://proxy.invalid:3128"


@dataclass
class Client:
    """A client, as far as sockets ask it."""

    proxy: str | None = None
    session: requests.Session = field(default_factory=requests.Session)
    asked: list[str] = field(default_factory=list)

    def route(self, url: str) -> Route:
        self.asked.append(url)
        return Route(self.proxy, "/etc/ca.pem")


@pytest.fixture(autouse=True)
def no_proxy_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_socket_trusts_and_goes_as_calls_to_the_same_host_do() -> None:
    client = Client(PROXY)
    way = way_to("wss://stream.invalid:8443/ws", client, attempts=(2, 1.0))
    assert client.asked == ["https://stream.invalid:8443/ws"]
    assert (way.proxy, way.ca_bundle, way.attempts) == (PROXY, "/etc/ca.pem", (2, 1.0))


def test_a_plain_socket_of_this_machine_goes_straight_and_is_held_back_all_the_same() -> None:
    client = Client(PROXY)
    way = way_to("ws://127.0.0.1:1/ws", client, attempts=(1, 1.0))
    assert (way.proxy, way.attempts, client.asked) == (None, (1, 1.0), [])


def test_whoever_has_to_change_the_proxy_is_told_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    def where(client: Client) -> Any:
        return way_to("wss://stream.invalid", client, attempts=(2, 1.0)).proxy_from

    assert "requests_params" in where(Client(PROXY))
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    assert where(Client(PROXY)) == "the environment variable HTTPS_PROXY"
    mounted = Client(PROXY)
    mounted.session.proxies["https"] = PROXY
    assert where(mounted) == "client.session.proxies"
