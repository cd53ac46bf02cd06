"""The public names of the sockets, and scripts as users write them."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading

import pytest

import exchangeclient
from exchangeclient import websockets
from exchangeclient.binance.sockets import SocketManager
from exchangeclient.sandbox import Sandbox

SOON_S = 20.0

SEED_SCRIPT = """
    import sys
    from exchangeclient.client import Client
    from exchangeclient.sandbox import Sandbox
    from exchangeclient.websockets import BinanceSocketManager

    exchange = Sandbox()
    exchange.start()
    client = Client("key", "secret", environment=exchange.urls["binance"])

    def process_message(msg):
        if msg["e"] == "depthUpdate":
            print("message type: " + msg["e"], flush=True)
        {in_callback}

    bm = BinanceSocketManager(client)
    bm.start_depth_socket("BNBBTC", process_message, interval=100)
    bm.start()
    {last_line}
"""


def script(in_callback: str = "pass", last_line: str = "pass") -> subprocess.Popen[str]:
    code = textwrap.dedent(SEED_SCRIPT).format(in_callback=in_callback, last_line=last_line)
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = threading.Timer(SOON_S, program.kill)
    deadline.daemon = True
    deadline.start()
    assert program.stdout is not None
    assert program.stdout.readline() == "message type: depthUpdate\n", program.communicate(timeout=SOON_S)[1]
    return program


def ended_by_ctrl_c(program: subprocess.Popen[str]) -> bool:
    """True when the program was alive until it got a SIGINT, and ended by itself: in a second, if there is nothing else to do."""
    alive = program.poll() is None
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=10.0)
    return alive and program.returncode != -signal.SIGKILL


def test_names() -> None:
    assert websockets.SocketManager is websockets.BinanceSocketManager is exchangeclient.SocketManager is SocketManager
    assert websockets.BINANCE_STREAM_URL.startswith("wss://stream.binance.com")


def test_seed_script_that_ends_with_start_stays_alive_until_close() -> None:
    program = script(in_callback="bm.close()")
    out, err = program.communicate(timeout=SOON_S)
    assert (program.returncode, err) == (0, "")
    assert "message type" not in out


@pytest.mark.skipif(sys.platform == "win32", reason="a child process gets no SIGINT on Windows")
@pytest.mark.parametrize("last_line", ["pass", "bm.join()", "import time; time.sleep(60)"])
def test_ctrl_c_ends_a_script_with_open_sockets_within_a_second(last_line: str) -> None:
    assert ended_by_ctrl_c(script(last_line=last_line))


@pytest.mark.skipif(sys.platform == "win32", reason="a child process gets no SIGINT on Windows")
def test_ctrl_c_ends_a_script_whose_callback_blocks() -> None:
    assert ended_by_ctrl_c(script(in_callback="import threading; threading.Event().wait()"))


OWN_REACTOR = """
    import sys
    from twisted.internet import reactor
    from exchangeclient.client import Client
    from exchangeclient.depthcache import DepthCacheManager
    from exchangeclient.websockets import SocketManager

    client = Client("key", "secret", environment={url!r})
    bm = SocketManager(client)
    bm.start_depth_socket("BNBBTC", lambda msg: print(msg["e"], flush=True), interval=100)
    managers = []

    def begin():
        bm.start()
        managers.append(DepthCacheManager(client, "BNBBTC", lambda cache: None))

    reactor.callWhenRunning(begin)
    reactor.run()
    {afterwards}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a child process gets no SIGINT on Windows")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("afterwards", ["pass", "bm.close(); managers[0].close()"])
def test_program_that_runs_the_reactor_itself_ends_with_it(number: signal.Signals, afterwards: str) -> None:
    with Sandbox() as exchange:
        code = textwrap.dedent(OWN_REACTOR).format(url=exchange.urls["binance"], afterwards=afterwards)
        program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = threading.Timer(SOON_S, program.kill)
        deadline.daemon = True
        deadline.start()
        assert program.stdout is not None
        assert program.stdout.readline() == "depthUpdate\n", program.communicate(timeout=SOON_S)[1]
        program.send_signal(number)
        try:
            _, err = program.communicate(timeout=10.0)
        finally:
            program.kill()
        assert (program.returncode, err) in ((0, ""), (-number, ""))


def test_script_whose_reactor_was_stopped_is_told_and_ends() -> None:
    code = """
        from twisted.internet import reactor
        reactor.callWhenRunning(reactor.stop)
        reactor.run()
        from exchangeclient.client import Client
        from exchangeclient.depthcache import DepthCacheManager
        from exchangeclient.websockets import SocketManager
        client = Client(environment="http://127.0.0.1:9")
        bm = SocketManager(client)
        bm.start_trade_socket("ETHBTC", print)
        for begin in (bm.start, bm.start, lambda: DepthCacheManager(client, "ETHBTC", print)):
            try:
                begin()
            except RuntimeError as error:
                print("cannot be started again" in str(error), bm.is_alive())
        bm.close()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=SOON_S, check=True)
    assert (done.stdout, done.stderr) == ("True False\n" * 3, "")


def test_nothing_of_twisted_is_loaded_until_a_socket_is_opened() -> None:
    code = """
        import sys
        from exchangeclient.client import Client
        from exchangeclient.depthcache import DepthCache
        from exchangeclient.websockets import SocketManager
        bm = SocketManager(Client("key", "secret", environment="http://127.0.0.1:9"))
        bm.start_trade_socket("ETHBTC", print)
        bm.close()
        print(sorted(name for name in ("twisted", "autobahn", "OpenSSL") if name in sys.modules))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=SOON_S, check=True)
    assert done.stdout == "[]\n"


def test_manager_of_python_binance_1_0_is_made_from_keys_and_started_by_names() -> None:
    with Sandbox(seed=7) as exchange:
        twm = websockets.ThreadedWebsocketManager(api_key="key", api_secret="secret", environment=exchange.urls["binance"])
        twm.start()
        seen = threading.Event()
        key = twm.start_depth_socket(callback=lambda msg: seen.set(), symbol="BNBBTC", interval=100)
        assert key
        assert seen.wait(SOON_S)
        twm.stop_socket(key)
        twm.stop()
        twm.join()
        assert not twm.is_alive()


def test_manager_of_python_binance_1_0_takes_a_proxy_by_its_own_name() -> None:
    twm = websockets.ThreadedWebsocketManager(https_proxy="http://127.0.0.1:8080", requests_params={"timeout": 3})
    proxy = twm._options.proxy_address()
    assert proxy is not None
    assert (proxy.host, proxy.port) == ("127.0.0.1", 8080)
    with pytest.raises(TypeError, match="session_params"):
        websockets.ThreadedWebsocketManager(session_params={})


def test_collector_is_spared_when_it_is_asked_for_and_not_otherwise() -> None:
    code = """
        import gc
        import sys
        from exchangeclient.client import Client
        from exchangeclient.websockets import SocketManager
        needed = ("autobahn.twisted.websocket", "twisted.internet.ssl", "twisted.internet.reactor")
        usual = gc.get_threshold(), gc.get_freeze_count()  # CPython 3.12 begins with some that are frozen
        for asked in ({}, {"spare_collector": False}, {"spare_collector": True}):
            SocketManager(Client(), **asked)
            print(gc.get_threshold() == usual[0], gc.get_freeze_count() == usual[1], *(name in sys.modules for name in needed))
        try:
            SocketManager(Client(), spare_collector=1)
        except TypeError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=SOON_S, check=True)
    # What a first socket would load is out of its reach, too.
    assert done.stdout == "True True False False False\n" * 2 + "False False True True False\nspare_collector must be a bool, not int\n"
