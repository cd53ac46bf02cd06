"""What holds for every test: no network but loopback; and for all of them together: they end."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from exchangeclient.core.budgets import attempts, respite, standing

# How long an example takes says how busy the machine is.
settings.register_profile("on any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("on any machine")

# Half of the time is waiting, so that there may be one more than there are cores; but each process collects all tests first.
_MOST_PROCESSES = 8
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
    """Clients of a process share budgets and bans by host, and so do sockets; those of one test are not the next one's."""
    standing.forget()
    attempts.forget()
    respite.forget()


@pytest.fixture
def free_port() -> int:
    """The first of as many free ports in a row as a sandbox has.

    They lie below those that the system gives to whoever connects meanwhile, and each process of the tests begins elsewhere.
    """
    for first in range(20_000 + os.getpid() % 1_000 * 10, 32_000, 4):
        with ExitStack() as bound:
            try:
                for port in range(first, first + 4):
                    bound.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise AssertionError("no four ports in a row are free")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite runs side by side; what is named on the command line does not, which is quicker for a few and good for debuggers."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    return min((os.cpu_count() or 1) + 1, _MOST_PROCESSES)


def _left_alone() -> list[str]:
    """The names of the threads that keep this process alive, and do not end when given time to."""
    until = time.monotonic() + _ENDS_WITHIN_S
    others = [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
    for thread in others:
        thread.join(max(0.0, until - time.monotonic()))
    return [thread.name for thread in others if thread.is_alive()]


class _End:
    """Ends the process when all is told. A manager that a failed test has not closed would keep it alive for good."""

    def __init__(self) -> None:
        self._status = 0
        self._left_in_workers: list[str] = []

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        self._status = int(exitstatus)
        if (told := getattr(session.config, "workeroutput", None)) is not None:  # nobody asks for the status of a worker of pytest-xdist
            told["left_alone"] = _left_alone()

    def pytest_testnodedown(self, node: Any) -> None:
        self._left_in_workers += getattr(node, "workeroutput", {}).get("left_alone", [])

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        left = [*self._left_in_workers, *_left_alone()]
        if left:
            print(f"ERROR: the tests are over, and these threads are not: {', '.join(left)}")
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(self._status or 1)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_End())
