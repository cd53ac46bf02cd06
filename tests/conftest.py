"""What holds for every test: no network but loopback; and for all of them together: they end."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import threading
import time
from typing import Any

import pytest

from exchangeclient.core import standing

# What is about to end when the last test has, ends within it.
_ENDS_WITHIN_S = 3.0

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


def _refuse_outside(address: Any) -> None:
    if not isinstance(address, tuple):  # a Unix socket stays on the machine
        return
    host = str(address[0])
    if host in ("localhost", ""):
        return
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise AssertionError(f"a test tried to reach {address}: only loopback is allowed")


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse any connection that would leave this machine."""

    def connect(self: socket.socket, address: Any) -> None:
        _refuse_outside(address)
        return _connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_outside(address)
        return _connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex)


@pytest.fixture(autouse=True)
def _no_budget_of_another_test() -> None:
    """Clients of a process share budgets and bans by host; those of one test are not the next one's."""
    standing.forget()


class _End:
    """Ends the process when all is told. A manager that a failed test has not closed would keep it alive for good."""

    def __init__(self) -> None:
        self._status = 0

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._status = int(exitstatus)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        until = time.monotonic() + _ENDS_WITHIN_S
        others = [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
        for thread in others:
            thread.join(max(0.0, until - time.monotonic()))
        left = [thread.name for thread in others if thread.is_alive()]
        if left:
            print(f"ERROR: the tests are over, and these threads are not: {', '.join(left)}")
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(self._status or 1)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_End())
