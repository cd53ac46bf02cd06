"""Has the Autobahn testsuite try both ends of our websockets, and tells whether they keep to RFC 6455 in everything that it asks.

    python chaos/wstest.py [--wstest PATH] [--quick | --all] [--break NAME]

One line, ``wstest ok|FAIL figures``, exit code 0 or 1. The client's end is the connection that every stream comes over, made into an
echo; the server's is the host of the embedded exchange, likewise. All 247 cases must end as the RFC has it, none of them "non-strict"; with
``--all`` those on large messages and many are tried as well, and of compression, which neither end offers, that it is left alone: 517.
``--quick`` spares the four that take longer than all others together: 243; with a break, it tries those that are to find it.

The testsuite is a program for Python 2.7. Where there is none this is skipped, loudly:

    python2.7 -m pip install virtualenv && python2.7 -m virtualenv venv27 && venv27/bin/pip install autobahntestsuite
    python chaos/wstest.py --wstest venv27/bin/wstest
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from exchangeclient.core.process import reactor
from exchangeclient.core.wire import dialing, frames, link
from exchangeclient.core.wire.dialing import SocketOptions
from exchangeclient.serving import sockets as serving_sockets
from exchangeclient.serving.app import Connection
from exchangeclient.serving.host import Host
from exchangeclient.serving.messages import HttpRequest, HttpResponse

AGENT = "exchangeclient"
QUICK, USUAL, ALL = 243, 247, 517
# The cases of large messages, of many, and of compression; those in which the testsuite waits for seconds between two pieces of a text.
_LONG, _WAITING = ["9.*", "12.*", "13.*"], ["6.4.*"]
_GOOD = {"OK", "INFORMATIONAL"}
# What the testsuite says of a case that needs compression, where an end does not offer it.
_LEFT_ALONE = "UNIMPLEMENTED"
_CASE_LIMIT_S, _START_LIMIT_S = 120, 30
_LARGEST = 64 * 1024 * 1024


class Binary(bytes):
    """A message that was no text, so that its echo is none either."""


class Echo:
    """Who is told what happens on a connection of ours: it says back what it hears, if it is to.

    :ivar over: set when the connection is gone
    """

    def __init__(self, *, mute: bool) -> None:
        self._mute = mute
        self.over = threading.Event()
        self.heard: list[bytes] = []

    def opened(self, link: Any) -> None:
        """Nothing to say."""

    def received(self, link: Any, payloads: Sequence[bytes]) -> None:
        self.heard += payloads
        for payload in payloads:
            if link.may_send() and not self._mute:
                link.sendMessage(bytes(payload), isBinary=isinstance(payload, Binary))

    def lost(self, link: Any, reason: str) -> None:  # noqa: ARG002 - what is to be thought of it, the testsuite says
        self.over.set()


def echo_class() -> Any:
    """Our connection, telling binary messages from texts."""

    class EchoLink(link.link_class()):  # type: ignore[misc] # made late, as Autobahn's are
        def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 - Autobahn's names
            super().onMessage(Binary(payload) if isBinary else payload, isBinary)

    return EchoLink


class EchoHandler:
    """An accepted websocket that says back what it hears."""

    topics: Sequence[str] = ()
    account = ""

    def opened(self, connection: Connection) -> None:
        self._connection = connection

    def received(self, payload: str | bytes) -> None:
        if isinstance(payload, str):
            self._connection.send(payload)
        else:
            length = len(payload)
            width = 0 if length < 126 else 2 if length < 65536 else 8
            marked = bytes([0x82, {0: length, 2: 126, 8: 127}[width]])
            self._connection.write(marked + (length.to_bytes(width, "big") if width else b"") + payload)

    def control(self, kind: str, payload: bytes) -> None:
        """The host has answered it."""

    def closed(self) -> None:
        """Nothing to do."""


class EchoApp:
    """Accepts every websocket."""

    def http(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002 - none is expected
        return HttpResponse(404, [], b"")

    def websocket(self, request: HttpRequest) -> EchoHandler:  # noqa: ARG002 - whatever it asks for
        return EchoHandler()


def main() -> int:
    """Try both ends; the exit code."""
    parser = argparse.ArgumentParser(description="Has the Autobahn testsuite try our websockets; prints wstest ok|FAIL figures")
    parser.add_argument("--wstest", default=shutil.which("wstest"), help="the testsuite's program [%(default)s]")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="without the four cases that take seconds each")
    size.add_argument("--all", action="store_true", help="the long cases too, for about half an hour")
    parser.add_argument("--break", dest="broken", choices=BREAKS, metavar="NAME", help=f"spoil something first: {', '.join(BREAKS)}")
    options = parser.parse_args()
    if options.wstest is None:
        print("wstest SKIPPED: the Autobahn testsuite is not here (--wstest; it needs a Python 2.7): NOTHING WAS TRIED", file=sys.stderr)
        return 0
    # Larger than what a venue sends or takes: how that is refused is not what is tried here.
    serving_sockets.MAX_MESSAGE_BYTES = serving_sockets.MAX_UNREAD_BYTES = _LARGEST
    cases = ["*"]
    left_out, expected = ([], ALL) if options.all else ([*_LONG, *_WAITING], QUICK) if options.quick else (_LONG, USUAL)
    if options.broken is not None:
        spoil, finding, count = BREAKS[options.broken]
        spoil()
        if options.quick:
            cases, expected = finding, count
    begun_s = time.monotonic()
    figures, failed = [], False
    for end, tried in (("client", _try_client), ("server", _try_server)):
        with tempfile.TemporaryDirectory() as folder:
            tried(str(Path(options.wstest).absolute()), Path(folder), {"cases": cases, "exclude-cases": left_out})
            verdicts = _verdicts(Path(folder))
        bad = {case: verdict for case, verdict in verdicts.items() if not _is_good(case, verdict)}
        for case, (behaviour, closing) in bad.items():
            print(f"{end}: case {case}: {behaviour}, its closing {closing}", file=sys.stderr)
        failed = failed or bool(bad) or len(verdicts) != expected
        kinds = Counter(behaviour for behaviour, _ in verdicts.values())
        figures.append(
            f"{end} {len(verdicts) - len(bad)}/{expected} ({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))})"
        )
    took_s = time.monotonic() - begun_s
    print(f"wstest {'FAIL' if failed else 'ok'} {', '.join(figures)} {took_s:.0f} s")
    return 1 if failed else 0


def _is_good(case: str, verdict: tuple[str, str]) -> bool:
    behaviour, closing = verdict
    if case.startswith(("12.", "13.")) and behaviour == _LEFT_ALONE:
        return True
    return behaviour in _GOOD and closing in _GOOD


def _verdicts(folder: Path) -> dict[str, tuple[str, str]]:
    """By case, what the testsuite says of the behaviour, and of how the connection was closed."""
    reported = json.loads((folder / "reports" / "index.json").read_text(encoding="utf-8"))
    return {case: (said["behavior"], said["behaviorClose"]) for case, said in reported[AGENT].items()}


def _specification(folder: Path, which: Mapping[str, list[str]], **more: Any) -> str:
    path = folder / "specification.json"
    path.write_text(json.dumps({"outdir": str(folder / "reports"), **which, "exclude-agent-cases": {}, **more}))
    return str(path)


def _try_client(wstest: str, folder: Path, which: Mapping[str, list[str]]) -> None:
    """The testsuite is the server: it is asked how many cases there are, then for one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"ws://127.0.0.1:{free.getsockname()[1]}"
    specification = _specification(folder, which, url=url)
    process = subprocess.Popen([wstest, "-m", "fuzzingserver", "-s", specification, "-u", "0"], stdout=subprocess.DEVNULL, cwd=folder)
    try:
        _await(url)
        count = int(_echo(f"{url}/getCaseCount", mute=True)[0])
        for case in range(1, count + 1):
            _echo(f"{url}/runCase?case={case}&agent={AGENT}")
        _echo(f"{url}/updateReports?agent={AGENT}", mute=True)
    finally:
        process.terminate()
        process.wait(_START_LIMIT_S)


def _await(url: str) -> None:
    host, _, port = url.rpartition("/")[2].rpartition(":")
    until_s = time.monotonic() + _START_LIMIT_S
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.1)
        else:
            return


def _echo(url: str, *, mute: bool = False) -> list[bytes]:
    """What comes over a connection until it is gone; it is said back, if not ``mute``."""
    echo = Echo(mute=mute)
    loop = reactor.running()
    reactor.wait(dialing.dial, loop, echo, url, SocketOptions(max_message_bytes=_LARGEST))
    if not echo.over.wait(_CASE_LIMIT_S):
        raise RuntimeError(f"{url} goes on for more than {_CASE_LIMIT_S} s")
    return echo.heard


def _try_server(wstest: str, folder: Path, which: Mapping[str, list[str]]) -> None:
    """The testsuite is the client."""
    host = Host(EchoApp())
    host.start()
    try:
        servers = [{"agent": AGENT, "url": f"ws://127.0.0.1:{host.port}/", "options": {"version": 18}}]
        specification = _specification(folder, which, servers=servers, options={"failByDrop": False})
        subprocess.run([wstest, "-m", "fuzzingclient", "-s", specification], stdout=subprocess.DEVNULL, cwd=folder, check=True)
    finally:
        host.stop()


def _any_text() -> None:
    """Whole messages are not held to UTF-8."""
    frames._is_utf8 = lambda text: True  # type: ignore[assignment] # noqa: ARG005


def _any_piece() -> None:
    """Messages in pieces are not held to UTF-8."""
    frames.Utf8._goes_on = lambda self, piece: True  # type: ignore[method-assign] # noqa: ARG005


def _first_fragment_is_all() -> None:
    """A text in fragments is taken for whole with its first."""
    link.whole_texts = lambda data, most_bytes: frames.whole_texts(b"\x81" + data[1:] if data[:1] == b"\x01" else data, most_bytes)


def _silent_server() -> None:
    """The server answers no ping."""
    serving_sockets.Socket.onPing = lambda self, payload: None  # noqa: ARG005


# With the cases that find each, and how many those are.
BREAKS: dict[str, tuple[Callable[[], None], list[str], int]] = {
    "any-text": (_any_text, ["6.6.*"], 11),
    "any-piece": (_any_piece, ["6.3.*"], 2),
    "first-fragment": (_first_fragment_is_all, ["5.*"], 20),
    "silent-server": (_silent_server, ["2.*"], 11),
}


if __name__ == "__main__":
    dialing.link_class = echo_class  # type: ignore[assignment]
    sys.exit(main())
