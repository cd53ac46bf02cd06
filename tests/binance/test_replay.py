"""A replayed recording calls the same callbacks with the same events in the same order, and keeps the same books."""

from __future__ import annotations

import gzip
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.client import Client
from exchangeclient.core.process import reactor
from exchangeclient.depthcache import DepthCache, DepthCacheManager
from exchangeclient.exceptions import ExchangeAPIException, ExchangeRequestException, OutOfSyncException, SocketException
from exchangeclient.recording import Recorder, Replay
from exchangeclient.sandbox import Sandbox
from exchangeclient.websockets import SocketManager

RECORDINGS = Path(__file__).resolve().parents[2].parent / "shared" / "recordings"
with_recordings = pytest.mark.skipif(not (RECORDINGS / "binance.jsonl.gz").exists(), reason=f"no recordings in {RECORDINGS}")
SOON_S = 10.0
SYMBOLS = ("ETHBTC", "BTCUSDT")


class Script:
    """What a user has: callbacks, of which each notes its calls."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.books: dict[str, DepthCacheManager] = {}

    def start(self, client: Client, manager: SocketManager) -> None:
        manager.start_trade_socket("ETHBTC", self.on_event)
        manager.start_multiplex_socket(["btcusdt@trade", "ethbtc@bookTicker"], self.on_event)
        for symbol in SYMBOLS:
            self.books[symbol] = DepthCacheManager(client, symbol, self.on_book, bm=manager, ws_interval=100, conv_type=str)

    def on_event(self, event: dict[str, Any]) -> None:
        self.calls.append(event)

    def on_book(self, cache: DepthCache | None) -> None:
        assert cache is not None
        self.calls.append((cache.symbol, cache.update_id, cache.top(5)))

    def events(self) -> list[Any]:
        return [call for call in self.calls if isinstance(call, dict)]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> tuple[Script, Path]:
    """A script that ran against an exchange, and what was recorded meanwhile."""
    script, path = Script(), tmp_path_factory.mktemp("replay") / "live.jsonl.gz"
    with Sandbox(seed=3, speed=3) as exchange, Client(environment=exchange.urls["binance"]) as client, Recorder(path) as recorder:
        recorder.watch(client)
        with SocketManager(client, dialer=recorder.dial) as manager:
            script.start(client, manager)
            for symbol in SYMBOLS:
                script.books[symbol].get_depth_cache()
            until = time.monotonic() + SOON_S
            while len(script.calls) < 90 and time.monotonic() < until:
                time.sleep(0.05)
    return script, path


def replayed(path: Path, speed: float | None = None) -> Script:
    script = Script()
    with Replay(path) as replay:
        script.start(replay.client, replay.manager())
        replay.play(speed)
        for symbol in SYMBOLS:
            assert script.books[symbol].state == "LIVE"
    return script


def test_a_script_gets_the_calls_that_it_got_live(live: tuple[Script, Path]) -> None:
    script, path = live
    again = replayed(path)
    assert len(script.events()) > 10
    assert again.events()[: len(script.events())] == script.events()
    # Live, a book's callback is called for the latest of several changes; here it is for each.
    states = [call for call in script.calls if isinstance(call, tuple)]
    assert len(states) > 3
    assert [state for state in states if state not in again.calls] == []


def test_replays_are_equal_at_any_speed_and_however_slow_callbacks_are(live: tuple[Script, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = live
    first = replayed(path).calls
    assert replayed(path).calls == first
    assert replayed(path, speed=20.0).calls == first

    def slowly(self: Script, cache: DepthCache | None) -> None:
        time.sleep(0.005)
        quick(self, cache)

    quick = Script.on_book
    monkeypatch.setattr(Script, "on_book", slowly)
    assert replayed(path).calls == first


def test_a_replay_takes_the_time_that_is_asked_for(live: tuple[Script, Path]) -> None:
    _, path = live
    times = [json.loads(line)["t"] for line in gzip.decompress(path.read_bytes()).splitlines()]
    with Replay(path) as replay:
        begun = time.monotonic()
        replay.play(speed=4.0)
        assert (times[-1] - times[0]) / 4 - 0.1 < time.monotonic() - begun < times[-1] - times[0]
        assert replay.client.clock.now_ms() == pytest.approx(times[-1] * 1000, abs=1000)


@with_recordings
def test_recorded_books_end_as_the_independent_script_says() -> None:
    expected = json.loads((RECORDINGS / "expected.json").read_text(encoding="utf-8"))["binance"]
    books: dict[str, DepthCacheManager] = {}
    calls: list[Any] = []
    with Replay(RECORDINGS / "binance.jsonl.gz") as replay:
        manager = replay.manager()
        for symbol in expected:
            books[symbol] = DepthCacheManager(
                replay.client,
                symbol,
                lambda cache: calls.append(cache and cache.symbol),
                bm=manager,
                limit=1000,
                ws_interval=100,
                conv_type=str,
            )
        replay.play()
        for symbol, want in expected.items():
            cache = books[symbol].get_depth_cache()
            assert (cache.get_bids(20), cache.get_asks(20), cache.update_id) == (want["bids"], want["asks"], want["last_update_id"])
            assert (len(cache.get_bids()), len(cache.get_asks())) == (want["levels_bid"], want["levels_ask"])
            # One call for the snapshot with what waited for it, one for each change since.
            stats = books[symbol].stats()
            assert (stats["applied"], stats["gaps"], stats["resyncs"]) == (want["stats"]["applied"], 0, 0)
            assert 1 <= calls.count(symbol) <= want["stats"]["applied"] + 1
        assert replay.client.get_symbol_info("NKNUSDT") is not None


@with_recordings
def test_the_recorded_tickers_agree_with_the_book_where_their_ids_meet() -> None:
    tops: dict[tuple[str, int], Any] = {}
    compared = []

    def on_book(cache: DepthCache | None) -> None:
        assert cache is not None
        (bid,), (ask,) = cache.top(1)
        tops[cache.symbol, cache.update_id] = [*bid, *ask]

    def on_ticker(event: dict[str, Any]) -> None:
        tickers.append(event)

    tickers: list[dict[str, Any]] = []
    with Replay(RECORDINGS / "binance.jsonl.gz") as replay:
        manager = replay.manager()
        for symbol in ("NKNUSDT", "BLZETH", "LRCBTC", "RUNEEUR"):
            DepthCacheManager(replay.client, symbol, on_book, bm=manager, limit=1000, ws_interval=100, conv_type=str)
            manager.start_symbol_book_ticker_socket(symbol, on_ticker)
        replay.play()
    for ticker in tickers:
        top = tops.get((ticker["s"], ticker["u"]))
        if top is not None:
            compared.append(top == [ticker["b"], ticker["B"], ticker["a"], ticker["A"]])
    assert compared == [True] * 26  # as many as the recordings' README counts


DEPTH_URL = "https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=1000"
STREAM_URL = "wss://stream.binance.com:9443/stream"


def write(path: Path, *rows: tuple[float, str, str, str]) -> Path:
    lines = [json.dumps(dict(zip(("t", "dir", "url", "msg"), row, strict=True))) + "\n" for row in rows]
    path.write_bytes(gzip.compress("".join(lines).encode()))
    return path


def change(first: int, last: int) -> str:
    event = {"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": first, "u": last, "b": [[f"{last}.0", "1"]], "a": []}
    return json.dumps({"stream": "btcusdt@depth", "data": event}, separators=(",", ":"))


def snapshot(last: int) -> str:
    return json.dumps({"lastUpdateId": last, "bids": [["1.0", "1"]], "asks": [["1000.0", "1"]]})


def frame(t: float, text: str) -> tuple[float, str, str, str]:
    return t, "in", STREAM_URL, text


def answer(t: float, text: str) -> tuple[float, str, str, str]:
    return t, "http", DEPTH_URL, text


def test_a_gap_that_was_recorded_is_a_gap_again_and_heals_with_the_snapshot_that_healed_it(tmp_path: Path) -> None:
    path = write(
        tmp_path / "gap.jsonl.gz",
        (1.0, "open", STREAM_URL, ""),
        frame(1.1, change(1, 10)),
        answer(1.2, snapshot(8)),
        frame(1.3, change(11, 12)),
        frame(1.4, change(20, 21)),
        frame(1.5, change(22, 23)),
        answer(1.6, snapshot(22)),
        frame(1.7, change(24, 24)),
    )
    ids, kinds = [], []
    with Replay(path) as replay:
        manager = replay.manager(on_event=lambda notice: kinds.append(notice.kind))
        book = DepthCacheManager(replay.client, "BTCUSDT", lambda cache: ids.append(cache and cache.update_id), bm=manager)
        replay.play()
        assert book.stats()["resyncs"] == 1
    assert ids == [10, 12, 23, 24]
    assert kinds == ["connected", "gap", "recovered"]


def test_a_snapshot_at_the_very_beginning_waits_for_its_book(tmp_path: Path) -> None:
    path = write(tmp_path / "first.jsonl.gz", answer(1.0, snapshot(8)), frame(1.1, change(9, 10)))
    for _ in range(10):
        ids: list[Any] = []
        with Replay(path) as replay:
            DepthCacheManager(replay.client, "BTCUSDT", lambda cache, ids=ids: ids.append(cache.update_id), bm=replay.manager())
            replay.play()
        assert ids == [8, 10]


def test_any_number_of_books_wait_for_their_snapshots_in_whatever_order_those_come(tmp_path: Path) -> None:
    names = [f"B{number}USDT" for number in range(12)]
    rows = [
        (1.0 + number / 10, "http", DEPTH_URL.replace("BTCUSDT", name), snapshot(number)) for number, name in enumerate(reversed(names))
    ]
    with Replay(write(tmp_path / "many.jsonl.gz", *rows)) as replay:
        manager = replay.manager()
        books = [DepthCacheManager(replay.client, name, bm=manager) for name in names]
        replay.play()
        assert [book.get_depth_cache().update_id for book in books] == list(reversed(range(12)))


def test_a_book_without_a_recorded_snapshot_says_that_there_is_none(tmp_path: Path) -> None:
    path = write(tmp_path / "none.jsonl.gz", (1.0, "open", STREAM_URL, ""), frame(1.1, change(1, 10)), frame(1.2, change(11, 12)))
    told: list[Any] = []
    with Replay(path) as replay:
        book = DepthCacheManager(replay.client, "BTCUSDT", told.append, bm=replay.manager())
        replay.play()
        with pytest.raises(OutOfSyncException, match="the recording has no answer"):
            book.get_depth_cache()
    assert told == [None]


def test_a_callback_that_asks_gets_its_answer_when_it_comes(tmp_path: Path) -> None:
    path = write(
        tmp_path / "asks.jsonl.gz",
        frame(1.0, change(1, 10)),
        frame(1.1, change(11, 12)),
        answer(1.2, snapshot(8)),
        frame(1.3, change(13, 14)),
    )
    calls: list[Any] = []
    with Replay(path) as replay:

        def on_depth(event: dict[str, Any]) -> None:
            calls.append(event["u"])
            if event["u"] == 10:
                calls.append(replay.client.get_order_book(symbol="BTCUSDT")["lastUpdateId"])

        replay.manager().start_depth_socket("BTCUSDT", on_depth)
        replay.play()
    assert calls == [10, 8, 12, 14]


def test_what_was_not_recorded_is_refused_and_what_was_is_there_on_the_thread_that_plays(tmp_path: Path) -> None:
    with Replay(write(tmp_path / "a.jsonl.gz", answer(1.0, snapshot(8)), answer(2.0, snapshot(9)))) as replay:
        assert replay.client.get_order_book(symbol="BTCUSDT")["lastUpdateId"] == 8
        with pytest.raises(ExchangeAPIException, match="the recording has no answer to /api/v3/klines"):
            replay.client.get_klines(symbol="BTCUSDT", interval="1m")
        replay.play()
        assert replay.client.get_order_book(symbol="BTCUSDT")["lastUpdateId"] == 9


def test_sockets_beyond_the_first_share_connections_and_get_the_same(live: tuple[Script, Path]) -> None:
    _, path = live
    seen: list[Any] = []
    with Replay(path) as replay:
        manager = replay.manager()
        for number in range(16):
            manager.start_trade_socket(f"OTHER{number}", seen.append)
        manager.start_trade_socket("ETHBTC", seen.append)
        replay.play()
    assert seen
    assert seen == [event for event in replayed(path).events() if event.get("e") == "trade"]


def test_streams_can_be_started_and_stopped_in_callbacks(live: tuple[Script, Path]) -> None:
    _, path = live

    def run() -> list[Any]:
        seen: list[Any] = []
        with Replay(path) as replay:
            manager = replay.manager()

            def on_ticker(event: dict[str, Any]) -> None:
                seen.append(("ticker", event["u"]))
                if len(seen) == 5:
                    manager.start_trade_socket("ETHBTC", on_trade)
                    manager.stop_socket("ethbtc@bookTicker")

            def on_trade(event: dict[str, Any]) -> None:
                seen.append(("trade", event["t"]))

            manager.start_symbol_book_ticker_socket("ETHBTC", on_ticker)
            replay.play()
        return seen

    first = run()
    assert [kind for kind, _ in first[:5]] == ["ticker"] * 5
    assert len(first) > 5
    assert all(kind == "trade" for kind, _ in first[5:])
    assert run() == first


def test_managers_and_books_that_a_script_makes_of_the_client_are_the_replays_too(live: tuple[Script, Path]) -> None:
    _, path = live
    expected = [call for call in replayed(path).calls if isinstance(call, tuple) and call[0] == "ETHBTC"]
    trades = [event for event in replayed(path).events() if event.get("e") == "trade"]
    script, seen = Script(), list[Any]()
    with Replay(path) as replay:
        book = DepthCacheManager(replay.client, "ETHBTC", script.on_book, ws_interval=100, conv_type=str)
        manager = SocketManager(replay.client)
        manager.start_trade_socket("ETHBTC", seen.append)
        replay.play()
        assert book.state == "LIVE"
    assert not manager.is_alive()
    assert (script.calls, seen) == (expected, trades)


def test_of_several_managers_each_has_its_turn(live: tuple[Script, Path]) -> None:
    _, path = live

    def run() -> list[Any]:
        seen: list[Any] = []
        with Replay(path) as replay:
            for number in range(4):

                def on_ticker(event: dict[str, Any], number: int = number) -> None:
                    time.sleep(0.001 * (3 - number))  # the first is the slowest
                    seen.append((event["u"], number))

                replay.manager().start_symbol_book_ticker_socket("ETHBTC", on_ticker)
            replay.play()
        return seen

    seen = run()
    assert [number for _, number in seen] == [0, 1, 2, 3] * (len(seen) // 4)
    assert len(seen) > 12


def test_what_would_go_over_the_network_by_itself_is_refused(tmp_path: Path) -> None:
    with Replay(write(tmp_path / "a.jsonl.gz")) as replay:
        with pytest.raises(SocketException, match=r"iterate over manager\.stream\(\)"):
            replay.client.stream("btcusdt@trade")
        with pytest.raises(ExchangeRequestException, match="a recording has no WebSocket API") as refusal:
            replay.client.ws_ping()
        assert refusal.value.sent == "no"
        with pytest.raises(TypeError, match="on_event"):
            replay.manager(on_event=5)
        replay.play()


def test_closing_ends_it(live: tuple[Script, Path]) -> None:
    _, path = live
    replay = Replay(path)
    first = threading.Event()
    replay.manager().start_symbol_book_ticker_socket("ETHBTC", lambda _: first.set())
    player = threading.Thread(target=replay.play, args=(1.0,))
    player.start()
    assert first.wait(SOON_S)
    replay.close()
    player.join(SOON_S)
    assert not player.is_alive()


def test_it_plays_once(tmp_path: Path) -> None:
    with Replay(write(tmp_path / "a.jsonl.gz")) as replay:
        replay.play()
        with pytest.raises(RuntimeError, match="plays once"):
            replay.play()


def test_one_that_was_closed_does_not_play(tmp_path: Path) -> None:
    with Replay(write(tmp_path / "a.jsonl.gz")) as replay:
        pass
    with pytest.raises(RuntimeError, match="was closed"):
        replay.play()


@pytest.mark.parametrize(
    ("speed", "error"), [(0, ValueError), (-1.0, ValueError), (float("nan"), ValueError), ("1", TypeError), (True, TypeError)]
)
def test_a_speed_that_is_none_is_refused_by_name(tmp_path: Path, speed: Any, error: type[Exception]) -> None:
    with Replay(write(tmp_path / "a.jsonl.gz")) as replay, pytest.raises(error, match="speed"):
        replay.play(speed)


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="path must be"):
        Replay(1)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        Replay(tmp_path / "none.jsonl.gz")
    (tmp_path / "a.csv").write_text("a,b\n")
    with pytest.raises(ValueError, match="line 1"):
        Replay(tmp_path / "a.csv")


def test_playing_on_the_reactors_thread_is_refused(tmp_path: Path) -> None:
    with Replay(write(tmp_path / "a.jsonl.gz")) as replay, pytest.raises(RuntimeError, match=r"play\(\) would block"):
        reactor.wait(replay.play)
