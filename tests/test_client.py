from __future__ import annotations

import subprocess
import sys

from exchangeclient import Client as lazy
from exchangeclient.binance.client import Client as binance
from exchangeclient.client import Client


def test_there_is_one_client() -> None:
    assert Client is binance is lazy


def test_making_a_client_loads_no_library_but_a_call_does() -> None:
    code = "import sys; from exchangeclient.client import Client; client = Client('key', 'secret'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.split()
    heavy = {"requests", "urllib3", "msgspec", "twisted", "autobahn", "websocket", "asyncio", "cryptography", "sqlite3", "click", "rich"}
    assert heavy.isdisjoint(loaded)
    code += "; client.session; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert "requests" in loaded
