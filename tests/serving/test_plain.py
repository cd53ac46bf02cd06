"""The short way of reading a request, held against the long one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from twisted.internet.testing import StringTransport

from exchangeclient.serving import plain
from exchangeclient.serving.channel import Channel
from exchangeclient.serving.messages import HttpRequest, HttpResponse

PEER = "192.168.1.1"  # whom Twisted's transport for tests is connected to
ORDER = (
    b"POST /api/v3/order?symbol=ETHBTC&side=BUY HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX-MBX-APIKEY: play\r\n"
    b"Connection: Keep-Alive\r\nEmpty:\r\nContent-Length: 12\r\n\r\nquantity=1%20"
)


def test_a_plain_request_is_read() -> None:
    assert plain.read(ORDER[:-1], PEER) == HttpRequest(
        method="POST",
        path="/api/v3/order",
        query="symbol=ETHBTC&side=BUY",
        headers={"host": "127.0.0.1:8080", "x-mbx-apikey": "play", "connection": "Keep-Alive", "empty": "", "content-length": "12"},
        body=b"quantity=1%2",
        peer=PEER,
    )


def test_a_request_that_is_not_whole_is_not_read() -> None:
    assert [length for length in range(len(ORDER)) if plain.read(ORDER[:length], PEER)] == [len(ORDER) - 1]


@pytest.mark.parametrize(
    "sent",
    [
        ORDER,  # a byte too many
        b"GET /x HTTP/1.1\r\n\r\nGET /y HTTP/1.1\r\n\r\n",
        b"\r\nGET /x HTTP/1.1\r\n\r\n",
        b"get /x HTTP/1.1\r\n\r\n",
        b"GET /x HTTP/1.0\r\n\r\n",
        b"GET /x HTTP/1.1 \r\n\r\n",
        b"GET  /x HTTP/1.1\r\n\r\n",
        b"GET /\xc3\xa4 HTTP/1.1\r\n\r\n",
        b"GET /x HTTP/1.1\n\n",
        b"GET /x HTTP/1.1\r\nA: b\rc\r\n\r\n",
        b"GET /x HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        b"GET /x HTTP/1.1\r\nA : b\r\n\r\n",
        b"GET /x HTTP/1.1\r\n: b\r\n\r\n",
        b"GET /x HTTP/1.1\r\nA: b\r\na: c\r\n\r\n",
        b"GET /x HTTP/1.1\r\nA: \xc3\xa4\r\n\r\n",
        b"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"GET /x HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
        b"POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
        b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: +1\r\n\r\na",
        b"POST /x HTTP/1.1\r\nContent-Length: 01\r\n\r\na",
        b"POST /x HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\na",
        b"POST /x HTTP/1.1\r\n\r\na",
        b"GET /x HTTP/1.1\r\nA: " + b"b" * 2048 + b"\r\n\r\n",
    ],
)
def test_what_is_unusual_is_left_to_twisted_web(sent: bytes) -> None:
    assert plain.read(sent, PEER) is None


# ---- both ways read alike ------------------------------------------------------------------------------------------------


class Site:
    """A host in memory, whose app keeps what it is asked."""

    app: Any
    sockets: Any = None
    request_timeout_s = idle_timeout_s = 1.0

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []
        self.app = SimpleNamespace(http=self.http)

    def http(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        return HttpResponse(200, b"fine")

    def opened(self, transport: Any, protocol: Any) -> None:
        """Nobody counts."""

    lost = call_later = opened

    def date(self) -> str:
        return "Fri, 01 Jan 2027 00:00:00 GMT"

    def now(self) -> float:
        return 0.0


class Transport(StringTransport):
    """Twisted's for tests, with the half that it lacks."""

    def loseWriteConnection(self) -> None:
        self.loseConnection()


def served(*pieces: bytes) -> tuple[list[HttpRequest], bytes, bool]:
    """What the app was asked when ``pieces`` came, what was answered, and whether the connection goes on."""
    site, transport = Site(), Transport()
    channel = Channel()
    channel.factory = site
    channel.timeOut = None
    channel.makeConnection(transport)
    for piece in pieces:
        channel.dataReceived(piece)
    return site.asked, transport.value(), transport.disconnecting


def mostly(usual: list[str], odd: list[str]) -> st.SearchStrategy[str]:
    """One of the usual words, nine times out of ten."""
    return st.integers(0, 9).flatmap(lambda chance: st.sampled_from(usual if chance else odd))


TEXTS = st.text(st.sampled_from(" !/?&=%:,;\t\r\n\x00\x7fäaZ019"), max_size=8)
NAMES = mostly(
    ["Host", "content-length", "Content-Length", "Connection", "X-MBX-APIKEY", "A"],
    ["Transfer-Encoding", "Expect", "Upgrade", "A ", "A_", ""],
)
VALUES = mostly(["0", "1", "2", "keep-alive", "Keep-Alive", "play"], ["03", "close", "chunked", "identity", "100-continue"]) | TEXTS
LINES = st.lists(st.tuples(NAMES, mostly([":", ": ", ":  "], [" :", ""]), VALUES, mostly(["\r\n"], ["\n", "\r\n "])), max_size=4)
FIRST = st.tuples(
    mostly(["GET", "POST", "DELETE"], ["get", "G T", ""]),
    mostly(["/", "/x?a=1&b=%20", "//x??", "*", "http://x/y"], ["/\x7f", "/ä", ""]),
    mostly(["HTTP/1.1"], ["HTTP/1.0", "HTTP/2"]),
)
REQUESTS = st.builds(
    lambda first, lines, body: (
        (" ".join(first) + "\r\n" + "".join("".join(line) for line in lines) + "\r\n").encode("latin-1", "replace") + body
    ),
    FIRST,
    LINES,
    st.sampled_from([b"", b"", b"a", b"ab", b"0\r\n\r\n"]),
)


@settings(deadline=None, max_examples=400)
@given(REQUESTS)
@example(ORDER[:-1])
@example(b"DELETE /x HTTP/1.1\r\nA:\r\nB:  b \r\nContent-Length: 0\r\n\r\n")
def test_what_is_read_in_one_go_is_what_twisted_web_reads_in_pieces(sent: bytes) -> None:
    message = plain.read(sent, PEER)
    event("plain" if message else "unusual")
    asked, answered, ended = served(sent[:1], sent[1:])
    if message is not None:
        assert asked == [message]
    assert served(sent) == (asked, answered, ended)


def test_an_empty_line_before_each_request_is_passed_over() -> None:
    request = b"GET /x HTTP/1.1\r\n\r\n"
    asked, answered, ended = served(b"\r\n", request, b"\r\n", request, request)
    assert len(asked) == answered.count(b"200 OK") == 3
    assert not ended
