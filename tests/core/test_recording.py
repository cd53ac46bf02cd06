"""Recordings: what came is in the file, as it came and when, whatever becomes of the program."""

from __future__ import annotations

import gzip
import itertools
import json
import logging
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from virtual_links import VirtualDialer, VirtualLink, VirtualLoop

from exchangeclient.client import Client
from exchangeclient.core import recording
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.core.recording import Record, Recorder, read_records
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.exceptions import ExchangeRequestException, UnknownSymbolException
from exchangeclient.sandbox import Sandbox

URL = "wss://venue.example/stream"
SOON_S = 10.0


class Ear:
    """A socket that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.link: Any = None

    def opened(self, link: Any) -> None:
        self.link = link

    def received(self, link: Any, payloads: Sequence[bytes]) -> None:
        self.told += payloads

    def lost(self, link: Any, reason: str) -> None:
        self.told.append(reason)


def connect(recorder: Recorder, dialer: VirtualDialer, url: str = URL) -> tuple[Ear, VirtualLink]:
    """A connection through the recorder: the socket's side, and the venue's."""
    ear = Ear()
    recorder.dial(VirtualLoop(), ear, url, SocketOptions())
    return ear, dialer.links[-1].accept()


def rows(path: Path) -> list[tuple[str, str, str]]:
    return [(record.dir, record.url, record.msg) for record in read_records(path)]


def test_what_goes_over_a_connection_is_in_the_file_and_goes_on(tmp_path: Path) -> None:
    dialer = VirtualDialer()
    with Recorder(tmp_path / "a.jsonl.gz", dialer=dialer) as recorder:
        ear, venue = connect(recorder, dialer)
        ear.link.sendMessage(b"subscribe")
        venue.send(b'{"id":1}', "Grüße \u20ac".encode())
        venue.drop("gone")
        venue.drop("gone, said twice")
    assert venue.sent == [b"subscribe"]
    assert ear.told == [b'{"id":1}', "Grüße \u20ac".encode(), "gone", "gone, said twice"]
    said = [("open", ""), ("out", "subscribe"), ("in", '{"id":1}'), ("in", "Grüße \u20ac"), ("close", "gone")]
    assert rows(tmp_path / "a.jsonl.gz") == [(direction, URL, msg) for direction, msg in said]
    assert dict(recorder.counts) == {"open": 1, "out": 1, "in": 2, "close": 1}


def test_the_file_has_the_layout_of_the_recordings(tmp_path: Path) -> None:
    dialer = VirtualDialer()
    with Recorder(tmp_path / "a.jsonl.gz", dialer=dialer, clock=FakeClock(1_700_000_000_123)) as recorder:
        connect(recorder, dialer)[1].send(b'{"e": "trade", "p": "0.10"}')
    lines = gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()).decode().splitlines()
    assert json.loads(lines[-1]) == {"t": 1_700_000_000.123, "dir": "in", "url": URL, "msg": '{"e": "trade", "p": "0.10"}'}


def test_messages_of_a_chunk_have_one_time_and_times_do_not_go_back_when_the_date_is_set_back(tmp_path: Path) -> None:
    clock, dialer = FakeClock(1_700_000_000_000), VirtualDialer()
    with Recorder(tmp_path / "a.jsonl.gz", dialer=dialer, clock=clock) as recorder:
        _, venue = connect(recorder, dialer)
        clock.advance(1.5)
        venue.send(b"1", b"2")
        clock.step(-3600.0)
        clock.advance(0.25)
        venue.send(b"3")
    times = [record.t - 1_700_000_000 for record in read_records(tmp_path / "a.jsonl.gz")]
    assert times == [0.0, 1.5, 1.5, 1.75]


def test_a_machine_that_has_slept_goes_on_with_the_right_date(tmp_path: Path) -> None:
    clock, dialer = FakeClock(1_700_000_000_000), VirtualDialer()
    with Recorder(tmp_path / "a.jsonl.gz", dialer=dialer, clock=clock) as recorder:
        _, venue = connect(recorder, dialer)
        clock.step(7200.0)
        venue.send(b"1")
        clock.step(0.5)  # which may as well be how the two clocks are read
        clock.advance(0.25)
        venue.send(b"2")
    assert [record.t - 1_700_000_000 for record in read_records(tmp_path / "a.jsonl.gz")] == [0.0, 7200.0, 7200.25]


def test_connections_to_one_address_are_told_apart(tmp_path: Path) -> None:
    dialer = VirtualDialer()
    with Recorder(tmp_path / "a.jsonl.gz", dialer=dialer) as recorder:
        _, first = connect(recorder, dialer)
        _, second = connect(recorder, dialer)
        connect(recorder, dialer, "wss://venue.example/ws/x@trade")
        second.send(b"2")
        first.send(b"1")
    opened = [("open", URL, ""), ("open", f"{URL}#2", ""), ("open", "wss://venue.example/ws/x@trade", "")]
    assert rows(tmp_path / "a.jsonl.gz") == [*opened, ("in", f"{URL}#2", "2"), ("in", URL, "1")]


def test_a_connection_that_never_opened_leaves_no_trace(tmp_path: Path) -> None:
    dialer = VirtualDialer()
    with Recorder(tmp_path / "a.jsonl.gz", dialer=dialer) as recorder:
        ear = Ear()
        recorder.dial(VirtualLoop(), ear, URL, SocketOptions())
        dialer.links[0].refuse()
    assert ear.told == ["failed [429]"]
    assert rows(tmp_path / "a.jsonl.gz") == []


def test_keys_and_signatures_are_not_in_the_file(tmp_path: Path) -> None:
    dialer = VirtualDialer()
    with Recorder(tmp_path / "a.jsonl.gz", dialer=dialer) as recorder:
        ear, _ = connect(recorder, dialer)
        ear.link.sendMessage(b'{"method":"session.logon","params":{"apiKey":"canary-key","signature":"canary-signature"}}')
    text = gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()).decode()
    assert "session.logon" in text
    assert "canary" not in text


@pytest.mark.parametrize("name", ["apiKey", "listenKey", "listenToken", "signature"])
def test_keys_that_the_venue_repeats_are_not_in_the_file(tmp_path: Path, name: str) -> None:
    said = [json.dumps({"result": {name: value, "since": 1}}) for value in ('canary"-key', None)] + [json.dumps({"a": name})]
    dialer = VirtualDialer()
    with Recorder(tmp_path / "a.jsonl.gz", dialer=dialer) as recorder:
        ear, venue = connect(recorder, dialer)
        venue.send(*(text.encode() for text in said))
        recorder.note("http", URL, [said[0].encode()])
    assert ear.told == [text.encode() for text in said]
    hidden = json.dumps({"result": {name: "***", "since": 1}})
    assert [msg for _, _, msg in rows(tmp_path / "a.jsonl.gz")] == ["", hidden, *said[1:], hidden]


def test_what_is_no_text_is_left_out_and_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    dialer = VirtualDialer()
    with Recorder(tmp_path / "a.jsonl.gz", dialer=dialer) as recorder:
        ear, venue = connect(recorder, dialer)
        venue.send(b"1", b"\xff\xfe", b"2", b"\xff")
    assert ear.told == [b"1", b"\xff\xfe", b"2", b"\xff"]
    assert [msg for _, _, msg in rows(tmp_path / "a.jsonl.gz")] == ["", "1", "2"]
    assert (recorder.left_out, caplog.text.count("is no text and left out")) == (2, 1)


def test_a_watched_client_still_refuses_an_answer_that_is_too_long(tmp_path: Path) -> None:
    with Sandbox() as exchange, Recorder(tmp_path / "a.jsonl.gz") as recorder:
        client = Client(environment=exchange.urls["binance"], body_limit=1000)
        recorder.watch(client)
        client.get_server_time()
        with pytest.raises(ExchangeRequestException, match="longer than 1000"):
            client.get_exchange_info()
        client.close()
    assert [urlsplit(url).path for _, url, _ in rows(tmp_path / "a.jsonl.gz")] == ["/api/v3/time"]


def test_a_watched_session_reads_as_it_is_asked_to_and_each_answer_is_recorded_once(tmp_path: Path) -> None:
    with Sandbox() as exchange, Recorder(tmp_path / "a.jsonl.gz") as recorder:
        client = Client(environment=exchange.urls["binance"])
        recorder.watch(client)
        url = f"{client.hosts.rest}/api/v3/exchangeInfo?symbol=ETHBTC"
        with client.session.get(url, stream=True) as answer:
            piece = next(answer.iter_content(100))
        with client.session.get(url, stream=True) as answer:
            pieces = list(answer.iter_content(100))
        whole = client.session.get(url)
        assert len(piece) == len(pieces[0]) == 100
        assert b"".join(whole.iter_content(100)) == whole.content
        client.close()
    assert rows(tmp_path / "a.jsonl.gz") == [("http", url, b"".join(pieces).decode()), ("http", url, whole.text)]


def test_answers_are_recorded_but_for_refusals_and_what_was_asked_with_the_key(tmp_path: Path) -> None:
    with Sandbox() as exchange, Recorder(tmp_path / "a.jsonl.gz") as recorder:
        rest = exchange.urls["binance"]["rest"]
        with Client("key", "secret", environment=rest) as client:
            recorder.watch(client)
            client.get_account()
            client.order_market_buy(symbol="ETHBTC", quantity="0.1")
            with pytest.raises(UnknownSymbolException):
                client.get_order_book(symbol="NOPE")
            client.get_order_book(symbol="ETHBTC", limit=5)
            answer = client.response
    assert answer is not None
    assert ("http", f"{rest}/api/v3/depth?symbol=ETHBTC&limit=5", answer.text) in rows(tmp_path / "a.jsonl.gz")
    assert {urlsplit(url).path for _, url, _ in rows(tmp_path / "a.jsonl.gz")} <= {"/api/v3/depth", "/api/v3/exchangeInfo", "/api/v3/time"}


def test_a_client_is_watched_once_and_until_the_recorder_is_closed(tmp_path: Path) -> None:
    with Sandbox() as exchange, Client(environment=exchange.urls["binance"]) as client:
        with Recorder(tmp_path / "a.jsonl.gz") as recorder:
            recorder.watch(client)
            recorder.watch(client)
            client.get_server_time()
        assert recorder.counts == {"http": 1}
        assert client.session.hooks["response"] == []
        client.get_server_time()
    assert recorder.counts == {"http": 1}


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        Recorder(path)
    assert path.read_bytes() == b"precious"


def test_a_name_that_does_not_say_packed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"path must end in \.gz"):
        Recorder(tmp_path / "a.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [None, 5, True, b"a.gz", []])
def test_a_path_that_is_none_is_refused_by_name_and_no_open_file_is_taken_for_one(path: Any) -> None:
    for make in (Recorder, read_records):
        with pytest.raises(TypeError, match="path must be a str or a Path"):
            make(path)


@pytest.mark.parametrize("client", [None, "client", Client, object()])
def test_what_cannot_be_watched_is_refused(tmp_path: Path, client: Any) -> None:
    with Recorder(tmp_path / "a.jsonl.gz") as recorder, pytest.raises(TypeError, match="client must be a Client"):
        recorder.watch(client)


def test_closing_twice_and_what_comes_afterwards_does_no_harm(tmp_path: Path) -> None:
    dialer = VirtualDialer()
    recorder = Recorder(tmp_path / "a.jsonl.gz", dialer=dialer)
    ear, venue = connect(recorder, dialer)
    recorder.close()
    venue.send(b"late")
    recorder.close()
    assert ear.told == [b"late"]
    assert rows(tmp_path / "a.jsonl.gz") == [("open", URL, "")]
    assert not [thread for thread in threading.enumerate() if thread.name == "exchangeclient-recorder"]


def test_nothing_is_lost_when_many_threads_record_a_flood(tmp_path: Path) -> None:
    with Recorder(tmp_path / "a.jsonl.gz") as recorder:

        def flood(number: int) -> None:
            for count in range(2000):
                recorder.note("in", f"{URL}#{number}", [b"%d" % count])

        threads = [threading.Thread(target=flood, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    records = list(read_records(tmp_path / "a.jsonl.gz"))
    assert all(one.t <= next_one.t for one, next_one in itertools.pairwise(records))
    for number in range(4):
        assert [int(record.msg) for record in records if record.url == f"{URL}#{number}"] == list(range(2000))


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), MemoryError("No space left")], ids=["disk", "memory"])
def test_what_cannot_be_written_is_told_and_stops_no_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    def full(file: object, packed: bytes) -> None:
        raise trouble

    monkeypatch.setattr(recording, "_write_all", full)
    dialer = VirtualDialer()
    recorder = Recorder(tmp_path / "a.jsonl.gz", dialer=dialer)
    ear, venue = connect(recorder, dialer)
    venue.send(b"1")
    with pytest.raises(OSError, match=r"is not complete.*No space left"):
        recorder.close()
    venue.send(b"2")
    assert ear.told == [b"1", b"2"]
    assert "nothing more is recorded" in caplog.text


def test_of_a_file_that_was_cut_off_all_that_is_whole_is_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, dialer = tmp_path / "a.jsonl.gz", VirtualDialer()
    with Recorder(path, dialer=dialer) as recorder:
        _, venue = connect(recorder, dialer)
        for number in range(500):
            venue.send(b"%d" % (number * 7919))
    whole, packed = list(read_records(path)), path.read_bytes()
    for length in range(0, len(packed), len(packed) // 40):
        path.write_bytes(packed[:length])
        with caplog.at_level(logging.WARNING):
            caplog.clear()
            found = list(read_records(path))
        assert found == whole[: len(found)]
        assert length == 0 or "breaks off" in caplog.text or "not whole" in caplog.text
    assert len(found) > 400


@pytest.mark.parametrize("line", ["nonsense", '{"t": 1, "dir": "sideways", "url": ""}', '{"t": "now", "dir": "in", "url": ""}', "[]"])
def test_what_is_no_recording_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"t": 1, "dir": "open", "url": "{URL}"}}\n{line}\n')
    records = read_records(path)
    assert next(records) == Record(1.0, "open", URL)
    with pytest.raises(ValueError, match=r"a\.jsonl, line 2: "):
        next(records)


SCRIPT = """
    import sys, time
    from exchangeclient.core.recording import Recorder
    recorder = Recorder(sys.argv[1])
    recorder.note("in", "ws://x", [b"1", b"2"])
    {end}
"""


FORKED = "import os\n    if not os.fork(): sys.exit()\n    os.wait()"


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "raise KeyboardInterrupt", FORKED])
def test_the_file_is_complete_when_the_program_ends_without_closing_it(tmp_path: Path, end: str) -> None:
    if "fork" in end and not hasattr(os, "fork"):
        pytest.skip("this system has no forks")
    path = tmp_path / "a.jsonl.gz"
    script = textwrap.dedent(SCRIPT.format(end=end))
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert "Warning" not in done.stderr
    assert gzip.decompress(path.read_bytes()).count(b"\n") == 2
    assert [record.msg for record in read_records(path)] == ["1", "2"]


def test_of_a_program_that_was_killed_all_but_the_last_moment_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    script = textwrap.dedent(SCRIPT.format(end="time.sleep(60)"))
    with subprocess.Popen([sys.executable, "-c", script, str(path)]) as running:
        until = time.monotonic() + SOON_S
        while not (path.exists() and path.stat().st_size) and time.monotonic() < until:
            time.sleep(0.02)
        running.kill()
    assert [record.msg for record in read_records(path)] == ["1", "2"]
