"""What a program goes through, and what its user sees of it: rows P of the faults (P05, P06, P09, P11: core/feeds/test_groups.py)."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lifecycle
import pytest

from exchangeclient.client import Client
from exchangeclient.depthcache import DepthCacheManager
from exchangeclient.recording import Recorder, Replay, read_records
from exchangeclient.websockets import SocketManager

SOON_S = 30.0
# chaos/lifecycle.py proves that it is one second, on a machine that has nothing else to do.
WITHIN_S = 10.0
no_signals = pytest.mark.skipif(sys.platform == "win32", reason="signals to a child differ on Windows")


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, Any]]:
    with lifecycle.places(seed=3) as addresses:
        yield addresses


def program(body: str, exchange: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Run a script that has ``client`` and the usual names."""
    head = f"""
        import asyncio, logging, os, signal, sys, threading
        from exchangeclient.client import Client
        from exchangeclient.depthcache import DepthCacheManager
        from exchangeclient.websockets import SocketManager
        client = Client("key", "secret", environment={exchange!r})
    """
    script = textwrap.dedent(head) + textwrap.dedent(body)
    command = [sys.executable, "-X", "dev", "-W", "error", *options, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, timeout=SOON_S, check=False)


def ended(places: dict[str, Any], *cases: tuple[str, str]) -> list[str]:
    """What went wrong when a program in each state was ended in its way."""
    run = lifecycle.Run(places, within_s=WITHIN_S)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run.end, cases))
    return run.failures


@no_signals
def test_P01_ctrl_c_ends_a_program_in_every_state(places: dict[str, Any]) -> None:
    calls = [(state, "ctrl_c") for state in lifecycle.CALLS]
    states = ["connecting", "backing_off", "in_a_callback_that_blocks"]
    assert ended(places, *calls, *((state, "ctrl_c_in_block") for state in states)) == []


@no_signals
def test_P02_sigterm_ends_a_program(places: dict[str, Any]) -> None:
    assert ended(places, ("streaming", "sigterm"), ("in_a_callback_that_blocks", "sigterm_handled")) == []


@no_signals
def test_P03_a_script_that_is_over_stays_alive_until_ctrl_c(places: dict[str, Any]) -> None:
    assert ended(places, ("streaming", "script_over"), ("keeping_a_book", "script_over")) == []


@no_signals
def test_P04_an_exception_in_the_main_thread_is_shown_and_ends_the_program(places: dict[str, Any]) -> None:
    assert ended(places, ("backing_off", "raises"), ("keeping_a_book", "exit_in_block")) == []


@no_signals
def test_P10_many_managers_share_one_reactor_and_leave_nothing_behind(places: dict[str, Any]) -> None:
    run = lifecycle.Run(places)
    run.count("crowds", 12)
    assert run.failures == []


def test_P07_an_asyncio_loop_goes_on_and_callbacks_come(places: dict[str, Any]) -> None:
    body = """
        came, turns = threading.Event(), []

        async def turn():
            while not came.is_set():
                turns.append(asyncio.get_running_loop())
                await asyncio.sleep(0.01)

        async def main():
            with SocketManager(client) as manager:
                manager.start_depth_socket("ETHBTC", lambda event: came.set(), interval=100)
                await asyncio.wait_for(turn(), 20)
            assert asyncio.get_running_loop() is turns[0]
            await asyncio.sleep(0)
            return len(turns)

        logging.getLogger("asyncio").setLevel("ERROR")  # which tells in debug mode that loading Twisted takes a moment
        print(asyncio.run(main()) > 1)
    """
    done = program(body, places["exchange"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_P07_a_reactor_that_runs_on_the_programs_asyncio_loop_is_used_and_not_stopped(places: dict[str, Any]) -> None:
    body = """
        from twisted.internet import asyncioreactor
        logging.getLogger("asyncio").setLevel("ERROR")  # which tells in debug mode what takes a moment
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        asyncioreactor.install(loop)
        from twisted.internet import reactor

        seen = []

        def enough(event):
            seen.append(threading.current_thread().name)
            reactor.callFromThread(close)

        def close():
            manager.close()
            reactor.callLater(0.1, end)

        def end():
            print(reactor.running, sorted({thread.name for thread in threading.enumerate() if thread.name == "exchangeclient-reactor"}))
            reactor.stop()

        manager = SocketManager(client)
        manager.start_depth_socket("ETHBTC", enough, interval=100)
        reactor.callWhenRunning(manager.start)
        reactor.run()
        print(set(seen))
        loop.close()
    """
    done = program(body, places["exchange"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "True []\n{'exchangeclient-callbacks'}\n", "")


@pytest.mark.skipif(find_spec("scrapy") is None, reason="Scrapy is not installed")
def test_P07_a_crawl_of_scrapys_goes_on(places: dict[str, Any]) -> None:
    body = """
        import scrapy
        from scrapy.crawler import CrawlerProcess

        class Spider(scrapy.Spider):
            name = "spider"
            start_urls = [client.hosts.rest + "/api/v3/ping"]

            def parse(self, response):
                came = threading.Event()
                manager = SocketManager(client, on_event=lambda notice: print(notice.kind))
                manager.start_depth_socket("ETHBTC", lambda event: came.set(), interval=100)
                manager.start()
                self.manager = manager
                yield {"status": response.status}

            def closed(self, reason):
                self.manager.close()
                print(reason)

        process = CrawlerProcess({"LOG_LEVEL": "ERROR", "ROBOTSTXT_OBEY": False})
        process.crawl(Spider)
        process.start()
    """
    done = program(body, places["exchange"], "-W", "default")
    assert done.returncode == 0
    assert "finished" in done.stdout


def test_P08_a_reactor_that_was_stopped_by_others_is_named_and_feeds_nobody(places: dict[str, Any]) -> None:
    body = """
        import contextlib, time

        def told(what, call):
            began = time.monotonic()
            try:
                call()
                print(what, "said nothing")
            except RuntimeError as error:
                print(what, str(error) == "the Twisted reactor of this process was stopped and cannot be started again",
                      time.monotonic() - began < 5)

        lost = threading.Event()
        manager = SocketManager(client, on_event=lambda notice: lost.set() if notice.kind == "lost" else None)
        manager.start()
        book = DepthCacheManager(client, "ETHBTC", bm=manager, ws_interval=100)
        cache = book.get_depth_cache()
        from twisted.internet import reactor
        reactor.callFromThread(reactor.stop)
        print("lost", lost.wait(20))
        try:
            cache.get_bids()
        except Exception as error:
            print(type(error).__name__, book.state.name)

        told("a stream", lambda: manager.start_trade_socket("ETHBTC", print))
        told("a manager", lambda: SocketManager(client).start())
        told("a book", lambda: DepthCacheManager(client, "BNBBTC"))
        told("a call", client.ws_ping)
        with contextlib.closing(client.stream("ethbtc@depth@100ms")) as events:
            print(next(events)["e"])  # needs no reactor
        print(client.ping())
        manager.close()
        book.close()
        print(manager.is_alive(), book.state.name)
    """
    done = program(body, places["exchange"])
    told = [f"{what} True True" for what in ("a stream", "a manager", "a book", "a call")]
    assert done.stdout.splitlines() == ["lost True", "OutOfSyncException STALE", *told, "depthUpdate", "{}", "False CLOSED"], done.stderr
    assert (done.returncode, done.stderr) == (0, "")


def test_P12_without_descriptors_a_call_says_so_and_a_stream_comes_back_when_there_are_some(places: dict[str, Any]) -> None:
    body = """
        import resource
        from exchangeclient.exceptions import ExchangeRequestException
        told, came = [], threading.Event()
        lost = threading.Event()

        def on_event(notice):
            told.append(notice)
            if notice.kind == "lost":
                lost.set()

        with SocketManager(client, on_event=on_event) as manager:
            client.ping()
            client.close()
            threading.Event().wait(0.3)
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
            held = []
            try:
                while True:
                    held.append(open(os.devnull))
            except OSError:
                pass
            manager.start_depth_socket("ETHBTC", lambda event: came.set(), interval=100)
            try:
                client.ping()
            except ExchangeRequestException as error:
                print(error.sent, "Too many open files" in str(error))
            lost.wait(10)
            print(told[0].kind, "open files" in told[0].reason or "descriptors" in told[0].reason, came.is_set())
            for each in held:
                each.close()
            print(came.wait(20), client.ping())
    """
    done = program(body, places["exchange"])
    assert (done.returncode, done.stdout) == (0, "no True\nlost True False\nTrue {}\n"), done.stderr


def test_P12_a_thread_that_cannot_be_had_is_an_exception_and_the_next_start_works(
    places: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    came = threading.Event()
    with Client(environment=places["exchange"]) as client:
        manager = SocketManager(client)
        manager.start_depth_socket("ETHBTC", lambda event: came.set(), interval=100)
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            with pytest.raises(RuntimeError, match="can't start new thread"):
                manager.start()
            assert not manager.is_alive()
        manager.start()
        assert came.wait(SOON_S)
        manager.close()


@pytest.mark.parametrize(
    "body",
    [
        "manager = SocketManager(client, keep_alive=False); manager.start_trade_socket('ETHBTC', print); manager.start()",
        "book = DepthCacheManager(client, 'ETHBTC'); book.get_depth_cache(); book.close()",
        "events = client.stream('ethbtc@depth@100ms'); next(events); events.close()",
        "client.ws_ping()",
    ],
)
def test_P13_a_program_ends_quietly(places: dict[str, Any], body: str) -> None:
    done = program(body, places["exchange"])
    assert (done.returncode, done.stderr) == (0, "")


COMMAND = [sys.executable, "-X", "dev", "-W", "error", "-m", "exchangeclient"]


@no_signals
@pytest.mark.parametrize("redirection", [">&-", "2>&-", "| true", "| head -c 1 > /dev/null"])
def test_P14_a_closed_output_or_a_broken_pipe_is_no_crash(redirection: str) -> None:
    line = f"{' '.join(COMMAND)} explain 1022 {redirection}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=SOON_S, check=False)
    assert done.returncode == (1 if redirection == ">&-" else 0)  # that of a pipe is that of its end
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@no_signals
def test_P14_a_command_of_cron_needs_no_outputs(tmp_path: Path) -> None:
    line = f"{' '.join(COMMAND)} record ETHBTC --sandbox --seconds 0.5 --out a.jsonl.gz >&- 2>&-"
    assert subprocess.run(line, shell=True, cwd=tmp_path, timeout=SOON_S, check=False).returncode == 0
    assert list(read_records(tmp_path / "a.jsonl.gz"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_P14_a_full_device_is_an_error_with_its_reason() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([*COMMAND, "explain", "1022"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=SOON_S, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


@pytest.mark.parametrize("module", ["recording", "sandbox", "cli.commands"])
def test_P15_importing_begins_nothing(module: str) -> None:
    script = f"""
        import signal, socket, sys, threading
        def refuse(*_, **__):
            raise AssertionError("the import reaches for the network")
        socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
        handlers = [signal.getsignal(number) for number in signal.valid_signals()]
        import exchangeclient.{module}
        print(threading.active_count(), "twisted.internet.reactor" in sys.modules)
        print(handlers == [signal.getsignal(number) for number in signal.valid_signals()])
    """
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SOON_S, check=False)
    assert (done.stdout, done.stderr) == ("1 False\nTrue\n", "")


def test_P15_importing_the_client_is_quick() -> None:
    script = "import time; began = time.process_time(); import exchangeclient.client; print(time.process_time() - began)"
    times = [float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout) for _ in range(3)]
    assert min(times) < 0.5


def test_P16_what_holds_threads_and_connections_is_neither_copied_nor_pickled(places: dict[str, Any], tmp_path: Path) -> None:
    with Client(environment=places["exchange"]) as client, Recorder(tmp_path / "a.jsonl.gz") as recorder:
        recorder.note("open", "ws://localhost/stream", [b""])
        manager = SocketManager(client, keep_alive=False)
        book = DepthCacheManager(client, "ETHBTC", bm=manager)
        try:
            for held, word in (
                (client, "client"),
                (manager, "socket manager"),
                (book, "depth cache manager"),
                (recorder, "recorder"),
            ):
                for make in (copy.copy, copy.deepcopy, pickle.dumps):
                    with pytest.raises(TypeError, match=f"a {word} is neither pickled nor copied"):
                        make(held)
        finally:
            book.close()
            manager.close()
    with Replay(tmp_path / "a.jsonl.gz") as replay, pytest.raises(TypeError, match="a replay is neither pickled nor copied"):
        pickle.dumps(replay)


@no_signals
def test_P17_signal_handlers_stay_the_programs(places: dict[str, Any]) -> None:
    body = """
        def own(*_):
            print("own")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, own)
        before = [signal.getsignal(number) for number in signal.valid_signals()]
        came = threading.Event()
        with SocketManager(client) as manager:
            manager.start_depth_socket("ETHBTC", lambda event: came.set(), interval=100)
            with DepthCacheManager(client, "ETHBTC", bm=manager) as book:
                book.get_depth_cache()
                came.wait(20)
                during = [signal.getsignal(number) for number in signal.valid_signals()]
                os.kill(os.getpid(), signal.SIGUSR1)
                os.kill(os.getpid(), signal.SIGINT)
        print(before == during, signal.set_wakeup_fd(-1))
    """
    done = program(body, places["exchange"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "own\nown\nTrue -1\n", "")


def test_P18_without_asserts_and_docstrings_it_works(places: dict[str, Any]) -> None:
    body = """
        came = threading.Event()
        order = client.order_market_buy(symbol="ETHBTC", quantity="0.1")
        with SocketManager(client) as manager:
            user = manager.start_user_socket(lambda event: came.set())
            manager.wait_ready(user)
            with DepthCacheManager(client, "ETHBTC", bm=manager) as book:
                bids = book.get_depth_cache().get_bids(5)
            client.order_market_sell(symbol="ETHBTC", quantity="0.1")
            print(order["status"], len(bids), came.wait(20), sys.flags.optimize)
    """
    done = program(body, places["exchange"], "-OO")
    assert (done.returncode, done.stdout, done.stderr) == (0, "FILLED 5 True 2\n", "")
