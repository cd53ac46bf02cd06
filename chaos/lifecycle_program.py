"""A program in one of the states that :mod:`lifecycle` ends: ``python lifecycle_program.py STATE WAY ADDRESSES [BREAK]``.

It prints ``ready`` when it is in its state, and then does what its way to end asks of it: blocks until it is interrupted, comes to the end
of its script, or fails on its own when there is a line to read.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from types import FrameType
from typing import Any, NoReturn

from exchangeclient.binance import client as binance_client
from exchangeclient.client import Client
from exchangeclient.core.feeds import callbacks, groups
from exchangeclient.core.feeds.callbacks import CallbackThread
from exchangeclient.core.feeds.sockets import Socket
from exchangeclient.depthcache import DepthCacheManager
from exchangeclient.websockets import SocketManager

SYMBOL = "ETHBTC"
SOON_S = 20.0
CYCLES_BEFORE = 3
happened = threading.Event()


def note(*_: object) -> None:
    """What came is enough."""
    happened.set()


def block(*_: object) -> None:
    """A callback that never returns."""
    happened.set()
    threading.Event().wait()


def spin(*_: object) -> None:
    """A callback that never rests."""
    happened.set()
    while True:
        pass


def fail(*_: object) -> NoReturn:
    """A callback that fails."""
    happened.set()
    raise RuntimeError("a callback of the program")


def reach(event: threading.Event) -> None:
    """Wait until the state is reached, or say where every thread is."""
    if not event.wait(SOON_S):
        faulthandler.dump_traceback()
        os._exit(70)


def environment(addresses: dict[str, Any], rest: str = "exchange", stream: str = "exchange") -> dict[str, str]:
    """Where a client goes for its calls, and where for its streams: an exchange, nobody (refused), or someone who never answers."""
    return {"rest": addresses[rest]["rest"], "stream": addresses[stream]["stream"], "ws_api": addresses[stream]["ws_api"]}


# States of a manager. What the main thread does meanwhile is another matter.


def connecting(addresses: dict[str, Any]) -> SocketManager:
    """The other side does not answer the handshake."""
    manager = SocketManager(Client(environment=environment(addresses, stream="silent")))
    manager.start_trade_socket(SYMBOL, note)
    manager.start()
    return manager


def backing_off(addresses: dict[str, Any]) -> SocketManager:
    """Nobody listens, and it waits before it tries again."""
    refused = threading.Event()

    def told(notice: Any) -> None:
        if notice.failures >= 3:
            refused.set()

    manager = SocketManager(Client(environment=environment(addresses, stream="nobody")), on_event=told)
    manager.start_trade_socket(SYMBOL, note)
    manager.start()
    reach(refused)
    return manager


def streaming(addresses: dict[str, Any], callback: Callable[..., None] = note) -> SocketManager:
    """A stream flows."""
    manager = SocketManager(Client("key", "secret", environment=environment(addresses)))
    manager.start_depth_socket(SYMBOL, callback, interval=100)
    manager.start_multiplex_socket(["bnbbtc@trade", "bnbbtc@bookTicker"], note)
    manager.start()
    reach(happened)
    return manager


def in_a_callback_that_blocks(addresses: dict[str, Any]) -> SocketManager:
    """A callback waits for something that never happens."""
    return streaming(addresses, block)


def in_a_callback_that_spins(addresses: dict[str, Any]) -> SocketManager:
    """A callback keeps the interpreter busy."""
    return streaming(addresses, spin)


def while_callbacks_fail(addresses: dict[str, Any]) -> SocketManager:
    """Every callback raises."""
    return streaming(addresses, fail)


def following_the_account(addresses: dict[str, Any]) -> SocketManager:
    """The user socket is logged on."""
    manager = SocketManager(Client("key", "secret", environment=environment(addresses)))
    key = manager.start_user_socket(note)
    manager.start()
    manager.wait_ready(str(key), SOON_S)
    return manager


def keeping_a_book(addresses: dict[str, Any]) -> DepthCacheManager:
    """A book is live."""
    manager = DepthCacheManager(Client(environment=environment(addresses)), SYMBOL, note, ws_interval=100)
    reach(happened)
    return manager


def without_a_snapshot(addresses: dict[str, Any]) -> DepthCacheManager:
    """The stream of a book flows, and its snapshot does not come."""
    return DepthCacheManager(Client(environment=environment(addresses, rest="silent")), SYMBOL, note, ws_interval=100)


MANAGERS: dict[str, Callable[[dict[str, Any]], SocketManager | DepthCacheManager]] = {
    each.__name__: each
    for each in (
        connecting,
        backing_off,
        streaming,
        in_a_callback_that_blocks,
        in_a_callback_that_spins,
        while_callbacks_fail,
        following_the_account,
        keeping_a_book,
        without_a_snapshot,
    )
}


# Calls that block the main thread.


def in_a_call(addresses: dict[str, Any]) -> None:
    """Nobody answers a request."""
    client = Client(environment=environment(addresses, rest="silent"), requests_params={"timeout": 60})
    ready()
    client.get_order_book(symbol=SYMBOL)


def in_a_call_over_the_websocket(addresses: dict[str, Any]) -> None:
    """Nobody answers a request of the WebSocket API."""
    client = Client("key", "secret", environment=environment(addresses, stream="silent"), requests_params={"timeout": 60})
    ready()
    client.ws_get_order_book(symbol=SYMBOL)


def waiting_for_the_budget(addresses: dict[str, Any]) -> None:
    """What the venue allows in a minute is used up."""
    client = Client(environment=environment(addresses, rest="frugal"), requests_params={"timeout": 90})
    client.get_exchange_info(symbol=SYMBOL)
    ready()
    while True:
        client.get_exchange_info(symbol=SYMBOL)


def iterating(addresses: dict[str, Any]) -> None:
    """A stream is iterated over of which nothing comes."""
    client = Client(environment=environment(addresses, stream="silent"))
    ready()
    for event in client.stream("ethbtc@trade"):
        note(event)


def waiting_for_a_book(addresses: dict[str, Any]) -> None:
    """A book does not come about."""
    with DepthCacheManager(Client(environment=environment(addresses, rest="silent")), SYMBOL, note, timeout=60) as manager:
        ready()
        manager.get_depth_cache()


CALLS: dict[str, Callable[[dict[str, Any]], None]] = {
    each.__name__: each for each in (in_a_call, in_a_call_over_the_websocket, waiting_for_the_budget, iterating, waiting_for_a_book)
}


# Starting and stopping, and what is left afterwards.


def cycles(addresses: dict[str, Any], times: int) -> dict[str, Any]:
    """A manager of two sockets and a book is started and closed so many times."""
    client = Client(environment=environment(addresses))
    manager = SocketManager(client)

    def cycle() -> None:
        happened.clear()
        manager.start_depth_socket(SYMBOL, note, interval=100)
        manager.start_trade_socket(SYMBOL, note)
        manager.start()
        with DepthCacheManager(client, SYMBOL, bm=manager, ws_interval=100) as book:
            book.get_depth_cache()
            if not happened.wait(SOON_S):
                raise TimeoutError("a stream that was started again did not flow")
        manager.close()

    return _left_by(cycle, times)


def crowds(addresses: dict[str, Any], size: int) -> dict[str, Any]:
    """So many managers run side by side."""
    client = Client(environment=environment(addresses))

    def crowd() -> None:
        flows = [threading.Event() for _ in range(size)]
        managers = [SocketManager(client) for _ in flows]
        for manager, flow in zip(managers, flows, strict=True):
            manager.start_depth_socket(SYMBOL, lambda _, flow=flow: flow.set(), interval=100)
            manager.start()
        if not all(flow.wait(SOON_S) for flow in flows):
            raise TimeoutError("one of many managers brought nothing")
        if sum(thread.name == "exchangeclient-reactor" for thread in threading.enumerate()) != 1:
            raise RuntimeError("there is more than one reactor")
        for manager in managers:
            manager.close()

    return _left_by(crowd, 1)


def _left_by(act: Callable[[], None], times: int) -> dict[str, Any]:
    for _ in range(CYCLES_BEFORE):
        act()
    before = _counted()
    for _ in range(times):
        act()
    after = _counted(enough=before)
    return {"threads": after[0] - before[0], "descriptors": after[1] - before[1]}


def _counted(enough: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    """Threads and descriptors, the fewest of two seconds or until there are few enough: what is about to go has time for it.

    Not counted are the threads that Twisted looks up names with: it begins up to ten of them as it likes.
    """
    threads, descriptors = [], []
    for _ in range(40):
        if threads and min(threads) <= enough[0] and min(descriptors) <= enough[1]:
            break
        threads.append(sum(not thread.name.startswith("PoolThread-twisted") for thread in threading.enumerate()))
        descriptors.append(len(os.listdir("/dev/fd")))
        threading.Event().wait(0.05)
    return min(threads), min(descriptors)


# What a break spoils.


def keep_on_waiting() -> None:
    """What keeps a program alive does not notice that it was interrupted."""
    callbacks._has_failed = lambda: False


def wait_for_callbacks() -> None:
    """Leaving a `with` block waits for a callback, whatever for it is left."""
    groups._HURRY_S = 2.0


def swallow() -> None:
    """A call that is interrupted is made once more."""
    call = binance_client.Client._call

    def again(client: Client, request: Any) -> Any:
        try:
            return call(client, request)
        except KeyboardInterrupt:
            return call(client, request)

    binance_client.Client._call = again  # type: ignore[method-assign]


def leave_sockets_open() -> None:
    """A closed socket keeps its connection."""
    Socket.close = lambda _: None  # type: ignore[method-assign]


def leave_threads_running() -> None:
    """A closed manager keeps its thread."""
    CallbackThread.close = CallbackThread.stop = lambda _: None  # type: ignore[method-assign]


def complain() -> None:
    """A thread that ends with the program says so."""
    run = CallbackThread._run

    def and_fail(thread: CallbackThread) -> None:
        run(thread)
        raise RuntimeError("the end of a thread")

    CallbackThread._run = and_fail  # type: ignore[method-assign]


def hold_signals() -> None:
    """Signals are the library's business."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


BREAKS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (keep_on_waiting, wait_for_callbacks, swallow, leave_sockets_open, leave_threads_running, complain, hold_signals)
}


# A state, and a way to end it, in which a break is sure to show; the other breaks do wherever managers are started and closed.
SHOWS_IN = {
    "keep_on_waiting": ("streaming", "ctrl_c"),
    "wait_for_callbacks": ("in_a_callback_that_blocks", "ctrl_c_in_block"),
    "swallow": ("in_a_call", "ctrl_c"),
    "hold_signals": ("streaming", "sigterm"),
}


def ready() -> None:
    """Say that the state is reached."""
    print("ready", flush=True)


def terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    """As a program does that wants to end in order."""
    sys.exit(143)


def run(manager: SocketManager | DepthCacheManager, way: str) -> None:
    """Be in a state of a manager until it ends."""
    in_block = way in ("ctrl_c_in_block", "sigterm_handled", "exit_in_block")
    with manager if in_block else nullcontext():
        ready()
        if way == "script_over":
            return
        if way in ("raises", "exit_in_block"):
            sys.stdin.readline()
            if way == "raises":
                raise RuntimeError("of the program's own")
            sys.exit(3)
        if way == "ctrl_c_in_join" and isinstance(manager, SocketManager):
            manager.join()
        threading.Event().wait()


def main() -> None:
    """Get into the state, and stay there."""
    state, way, addresses = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    for name in sys.argv[4:]:
        BREAKS[name]()
    if way == "sigterm_handled":
        signal.signal(signal.SIGTERM, terminated)
    if state in CALLS:
        CALLS[state](addresses)
    elif state in MANAGERS:
        run(MANAGERS[state](addresses), way)
    else:
        print(json.dumps({"cycles": cycles, "crowds": crowds}[state](addresses, int(way))))


if __name__ == "__main__":
    main()
