"""The Autobahn classes of the python-binance line, connected as its users connect them."""

from __future__ import annotations

import queue
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from socket_peer import SOON_S, Server

from exchangeclient import websockets
from exchangeclient.core.process import reactor


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


def connect(url: str, got: queue.SimpleQueue[Any]) -> Any:
    from autobahn.twisted.websocket import connectWS

    factory = websockets.BinanceClientFactory(url, reactor=reactor.running())
    factory.protocol = websockets.BinanceClientProtocol
    factory.callback = got.put
    factory.noisy = False
    return reactor.wait(connectWS, factory)


def test_messages_are_decoded_and_a_lost_connection_is_made_again(server: Server) -> None:
    got: queue.SimpleQueue[Any] = queue.SimpleQueue()
    connector = connect(server.url, got)
    for number in range(2):
        peer = server.peer()
        peer.send(f'{{"e":"trade","t":{number}}}')
        assert got.get(timeout=SOON_S) == {"e": "trade", "t": number}
        peer.close(1012)
    reactor.wait(connector.factory.stopTrying)
    reactor.wait(connector.disconnect)


def test_connection_that_cannot_be_made_is_given_up_with_an_error_event(monkeypatch: pytest.MonkeyPatch) -> None:
    got: queue.SimpleQueue[Any] = queue.SimpleQueue()
    monkeypatch.setattr(websockets.BinanceReconnectingClientFactory, "initialDelay", 0.001)
    monkeypatch.setattr(websockets.BinanceReconnectingClientFactory, "delay", 0.001)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    connect(f"ws://127.0.0.1:{port}/", got)
    assert got.get(timeout=SOON_S) == {"e": "error", "type": "SocketException", "m": "Max reconnect retries reached"}


def test_names_of_both_lines_are_there() -> None:
    assert websockets.BinanceClientProtol is websockets.BinanceClientProtocol
    patience = websockets.BinanceReconnectingClientFactory
    assert (patience.initialDelay, patience.maxDelay, patience.maxRetries) == (0.1, 10, 5)
    with pytest.raises(AttributeError, match="no attribute 'Binance'"):
        _ = websockets.Binance
    assert "twisted" in sys.modules
