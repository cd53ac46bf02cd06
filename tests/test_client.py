from __future__ import annotations

import subprocess
import sys

from exchangeclient import Client as lazy
from exchangeclient.binance.client import Client as binance
from exchangeclient.client import Client


def test_there_is_one_client() -> None:
    assert Client is binance is lazy


def test_importing_the_client_loads_no_socket_library_and_no_date_parser() -> None:
    code = "import sys, exchangeclient.client; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.split()
    heavy = {"twisted", "autobahn", "websocket", "asyncio", "cryptography", "sqlite3", "dateparser", "click", "rich"}
    assert heavy.isdisjoint(loaded)
    assert "requests" in loaded
