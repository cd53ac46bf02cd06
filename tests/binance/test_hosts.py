from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.binance.hosts import ENVIRONMENTS, Hosts, choose


def test_live_is_the_default() -> None:
    assert choose() == ENVIRONMENTS["live"]
    assert choose().rest == "https://api.binance.com"
    assert choose().ws_api == "wss://ws-api.binance.com:443/ws-api/v3"


@pytest.mark.parametrize(
    ("arguments", "rest", "stream"),
    [
        ({"testnet": True}, "https://testnet.binance.vision", "wss://stream.testnet.binance.vision"),
        ({"environment": "testnet"}, "https://testnet.binance.vision", "wss://stream.testnet.binance.vision"),
        ({"demo": True}, "https://demo-api.binance.com", "wss://demo-stream.binance.com"),
        ({"environment": "us"}, "https://api.binance.us", "wss://stream.binance.us:9443"),
        ({"tld": "us"}, "https://api.binance.us", "wss://stream.binance.us:9443"),
        ({"base_endpoint": "3"}, "https://api3.binance.com", "wss://stream.binance.com:9443"),
        ({"environment": "https://api.binance.com"}, "https://api.binance.com", "wss://stream.binance.com:9443"),
        ({"base_endpoint": "http://127.0.0.1:8765"}, "http://127.0.0.1:8765", "ws://127.0.0.1:8765"),
        ({"environment": "HTTPS://API.Binance.com:443/"}, "https://api.binance.com", "wss://stream.binance.com:9443"),
        ({"environment": "https://api-gcp.binance.com"}, "https://api-gcp.binance.com", "wss://stream.binance.com:9443"),
        ({"environment": {"rest": "https://api4.binance.com"}}, "https://api4.binance.com", "wss://stream.binance.com:9443"),
        ({"base_endpoint": "https://api1.binance.com"}, "https://api1.binance.com", "wss://stream.binance.com:9443"),
        ({"environment": "https://testnet.binance.vision:443"}, "https://testnet.binance.vision", "wss://stream.testnet.binance.vision"),
        ({"environment": "http://LOCALHOST:80"}, "http://localhost", "ws://localhost"),
        ({"environment": "http://[::1]:80"}, "http://[::1]", "ws://[::1]"),
        ({"environment": "http://127.0.0.1:8765/"}, "http://127.0.0.1:8765", "ws://127.0.0.1:8765"),
        ({"environment": "http://[::1]:8765"}, "http://[::1]:8765", "ws://[::1]:8765"),
        ({"environment": "https://gateway.example.com:444"}, "https://gateway.example.com:444", "wss://gateway.example.com:444"),
    ],
)
def test_sockets_are_where_the_calls_go(arguments: dict[str, Any], rest: str, stream: str) -> None:
    hosts = choose(**arguments)
    assert (hosts.rest, hosts.stream) == (rest, stream)


@pytest.mark.parametrize("which", ["", "1", "2", "3", "4"])
def test_a_further_live_host_has_all_else_of_live(which: str) -> None:
    live = ENVIRONMENTS["live"]
    rest = f"https://api{which}.binance.com"
    assert choose(base_endpoint=which) == choose(rest) == Hosts(rest, live.stream, live.ws_api, live.website)


def test_socket_addresses_have_one_spelling_too() -> None:
    urls = {"rest": "http://LOCALHOST:1", "stream": "WS://LocalHost:80/", "ws_api": "WSS://Example.com:443/ws-api/V3/"}
    assert choose(urls) == Hosts("http://localhost:1", "ws://localhost", "wss://example.com/ws-api/V3", "http://localhost:1")


def test_a_sandboxes_urls_are_taken_as_they_are() -> None:
    urls = {"rest": "http://127.0.0.1:8765", "stream": "ws://127.0.0.1:8766", "ws_api": "ws://127.0.0.1:8767/ws-api/v3"}
    assert choose(urls) == Hosts(urls["rest"], urls["stream"], urls["ws_api"], urls["rest"])


def test_missing_socket_addresses_are_on_the_same_host() -> None:
    hosts = choose({"rest": "http://sandbox.localhost"})
    assert hosts == Hosts(
        "http://sandbox.localhost", "ws://sandbox.localhost", "ws://sandbox.localhost/ws-api/v3", "http://sandbox.localhost"
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"environment": "moon"}, "environment must be one of live, testnet, demo, us, a URL or a dict"),
        ({"environment": {"stream": "ws://127.0.0.1:1"}}, "environment has no 'rest'"),
        ({"environment": {"binance": {"rest": "http://127.0.0.1:1"}}}, r"environment has no 'rest' among \['binance'\]"),
        ({"environment": "http://api.binance.com"}, "environment must be https://"),
        ({"environment": "http://127.0.0.1@evil.example"}, "environment must be a bare"),
        ({"environment": "http://127.0.0.1.evil.example"}, "environment must be https://"),
        ({"environment": "http://localhost.evil.example"}, "environment must be https://"),
        ({"environment": "http://10.0.0.1:8765"}, "environment must be https://"),
        ({"environment": "https://api.binance.com/api"}, "environment must end after the host"),
        ({"environment": "https://api.binance.com?x=1"}, "environment must be a bare"),
        ({"environment": "https://api.binance.com#x"}, "environment must be a bare"),
        ({"environment": "ftp://127.0.0.1"}, "environment must be a bare http:// or https://"),
        ({"environment": "https://"}, "environment must be a bare"),
        ({"environment": "http://127.0.0.1:port"}, "environment is not a URL"),
        ({"environment": {"rest": "http://127.0.0.1:1", "stream": "http://127.0.0.1:1"}}, r"environment\['stream'\] must be a bare ws://"),
        ({"environment": {"rest": "http://127.0.0.1:1", "ws_api": "ws://evil.example"}}, r"environment\['ws_api'\] must be wss://"),
        ({"base_endpoint": "5"}, "base_endpoint must be '', '1' to '4', or a URL"),
        ({"base_endpoint": "http://evil.example"}, "base_endpoint must be https://"),
        ({"environment": ""}, "environment must be one of live"),
        ({"environment": {}}, "environment has no 'rest'"),
        ({"environment": "", "testnet": True}, "environment and testnet both say where to connect"),
        ({"tld": "com@evil"}, "tld must be one of com, us, not 'com@evil'; environment= takes the URL"),
        ({"tld": "com/evil"}, "tld must be one of com, us"),
        ({"tld": "co"}, "tld must be one of com, us"),
        ({"tld": ""}, "tld must be one of com, us"),
        ({"tld": "US"}, "tld must be one of com, us"),
        ({"testnet": True, "demo": True}, "testnet and demo both say where to connect"),
        ({"environment": "live", "testnet": True}, "environment and testnet both say where to connect"),
        ({"environment": "live", "tld": "us"}, "environment and tld both say where to connect"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_by_name(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        choose(**arguments)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"environment": 5}, "environment"),
        ({"environment": {"rest": 5}}, r"environment\['rest'\]"),
        ({"tld": 5}, "tld"),
        ({"base_endpoint": 3}, "base_endpoint"),
    ],
)
def test_wrong_types_are_named(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} must be a"):
        choose(**arguments)


def test_a_dict_of_urls_may_have_a_path_as_a_sandbox_behind_a_token_has() -> None:
    urls = {"rest": "http://127.0.0.1:1/secret/", "stream": "ws://127.0.0.1:1/secret", "ws_api": "ws://127.0.0.1:1/secret/ws-api/v3"}
    hosts = choose(urls)
    assert (hosts.rest, hosts.stream, hosts.ws_api) == ("http://127.0.0.1:1/secret", urls["stream"], urls["ws_api"])
    with pytest.raises(ValueError, match="must end after the host and port"):
        choose(urls["rest"])
