from __future__ import annotations

import gc
import socket

import pytest
from urllib3.connection import HTTPConnection

from exchangeclient.core.http import connections
from exchangeclient.core.http.deadline import Attempt, Deadline
from exchangeclient.core.process.clock import FakeClock


def test_a_connection_that_is_made_at_the_very_end_of_the_call_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever took the connection says so: a socket that nobody closes warns, and warnings are errors."""
    clock, made = FakeClock(), list[socket.socket]()

    def connected_late(*args: object, **options: object) -> socket.socket:
        made.append(socket.socket())
        clock.advance(10.0)
        return made[-1]

    monkeypatch.setattr(connections, "create_connection", connected_late)
    connection = HTTPConnection("127.0.0.1", 9)
    with pytest.raises(TimeoutError, match="the deadline of the call has passed"):
        connections._connected(connection, Attempt(Deadline(clock, 5.0), connect_s=5.0, read_s=5.0))
    assert [each.fileno() for each in made] == [-1]
    made.clear()
    gc.collect()
