"""Masking keys come from the operating system; the program's own random numbers are nobody else's."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

from socket_peer import TEXT, Server

from exchangeclient.core.wire import masking


def test_s30_neither_a_connection_nor_a_server_touches_the_numbers_of_the_program(server: Server, open_socket: Callable[..., Any]) -> None:
    random.seed(7)
    state = random.getstate()
    _, session, witness = open_socket(server.url)
    peer = server.peer()
    witness.next("connected")
    session.frames.append("something that is masked")
    peer.send("[1]")
    witness.next("received")
    assert peer.next(TEXT) == b"something that is masked"
    assert random.getstate() == state


def test_s30_neither_does_a_sandbox_nor_a_former_factory() -> None:
    script = """
        import random
        random.seed(7)
        state = random.getstate()
        from exchangeclient.sandbox import Sandbox
        from exchangeclient.websockets import BinanceClientFactory
        BinanceClientFactory("ws://localhost")
        with Sandbox(seed=1):
            pass
        assert random.getstate() == state
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, timeout=60)


def test_s30_keys_do_not_follow_from_the_numbers_of_the_program() -> None:
    from autobahn.websocket import protocol

    masking.draw_from_the_system()
    keys = set()
    for _ in range(100):
        random.seed(7)
        keys.add(protocol.random.getrandbits(32))
    assert len(keys) > 90
