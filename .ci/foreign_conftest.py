"""What tests of python-binance find in place of their own conftest: this package under their names, and a venue on this machine.

``foreign_tests.py`` puts it beside them. Nothing that runs under it gets off this machine.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
from importlib import import_module
from ipaddress import ip_address
from types import ModuleType
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from requests_mock.adapter import Adapter

from exchangeclient.binance import hosts, signing
from exchangeclient.client import Client

MODULES = {f"binance.{name}": f"exchangeclient.{name}" for name in ("client", "depthcache", "enums", "exceptions", "helpers", "validation")}
MODULES["binance.ws.depthcache"] = "exchangeclient.depthcache"
# Imported by files that hold tests of the blocking client too; those never get to use it.
ABSENT = ("aioresponses", "binance.async_client", "binance.ws", "binance.ws.threaded_stream")
# Where old releases were served, and where the same is served today. Pages of candles have twice the rows since 1.0.16.
PRODUCTS = "https://www.binance.com/bapi/asset/v2/public/asset-service/product/get-products"
MOVED = {
    "https://www.binance.com/exchange/public/product": PRODUCTS,
    "https://www.binance.com/exchange-api/v1/public/asset-service/product/get-products": PRODUCTS,
    f"{PRODUCTS}?includeEtf=true": PRODUCTS,
    "https://www.binance.com/api/": "https://api.binance.com/api/",
    "https://api.binance.com/api/v1/": "https://api.binance.com/api/v3/",
    "/klines?interval=1m&limit=500&": "/klines?interval=1m&limit=1000&",
}
# What this client asks on its way to a signed call, and theirs does not: the venue answers unless the test says otherwise.
ASKED_ON_THE_WAY = re.compile(r"https://api\.binance\.com/api/v3/(time|exchangeInfo)\b")

VENUE = json.loads(os.environ["FOREIGN_TESTS_VENUE"])
api_key, api_secret = os.environ["FOREIGN_TESTS_ACCOUNT"].split(":")
proxies: dict[str, str] = {}
testnet = True


class _Stub:
    """Whatever an absent module is asked for."""


class _Absent(ModuleType):
    def __getattr__(self, name: str) -> type[_Stub]:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Stub


class _Package(_Absent):
    """``from binance import ...``: a public name of this package, or a stub."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("exchangeclient"), name, None) or super().__getattr__(name)


def pytest_configure(config: pytest.Config) -> None:
    """Map imports, addresses and the venue before any of their modules is read."""
    config.addinivalue_line("markers", "asyncio: on tests that are not run here")
    sys.modules["binance"] = _Package("binance")
    sys.modules.update({name: import_module(ours) for name, ours in MODULES.items()})
    sys.modules.update({name: _Absent(name) for name in ABSENT})
    vars(hosts)["ENVIRONMENTS"]["testnet"] = hosts.choose(VENUE)
    _keep_it_here()
    _serve_it_where_it_is_today()
    # test_cryptography signs with this private method; what it is about is the reading of keys and the signature.
    Client._generate_signature = _signature


def _signature(client: Client, params: dict[str, Any], uri_encode: bool) -> str:
    assert client.credentials is not None
    assert not uri_encode
    return signing.signature(urlencode(sorted(params.items())).encode(), client.credentials)  # their clients sort parameters


def _keep_it_here() -> None:
    connect = socket.socket.connect

    def checked(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not ip_address(address[0]).is_loopback:
            raise ConnectionRefusedError(f"a test wants to go to {address[0]}, which is not this machine")
        connect(self, address)

    socket.socket.connect = checked


def _serve_it_where_it_is_today() -> None:
    begin, register = Adapter.__init__, Adapter.register_uri

    def answer(request: Any, _: Any) -> str:
        with urlopen(VENUE["rest"] + request.path_url, timeout=10) as answered:
            return str(answered.read().decode())

    def beginning(self: Adapter, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        register(self, "GET", ASKED_ON_THE_WAY, text=answer)

    def registering(self: Adapter, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(url, str):
            for old, new in MOVED.items():
                url = url.replace(old, new)
        return register(self, method, url, *args, **kwargs)

    Adapter.__init__, Adapter.register_uri = beginning, registering


@pytest.fixture
def client() -> Client:
    """A client on the embedded exchange, which stands where the test network is."""
    return Client(api_key, api_secret, {"proxies": proxies}, testnet=testnet)


def call_method_and_assert_uri_contains(client: Client, method_name: str, expected_string: str, *args: Any, **kwargs: Any) -> Any:
    """Call a method and look where its request went. Theirs looks at what a private method was given."""
    answer = getattr(client, method_name)(*args, **kwargs)
    assert client.response is not None
    assert expected_string in str(client.response.url)
    return answer
