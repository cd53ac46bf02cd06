"""What hostile clients send that is no HTTP, drawn from a seed: broken lines, headers and framing, other protocols, noise. Pure."""

from __future__ import annotations

from random import Random

_HOST = b"{host}"
_GET = b"GET /api/v3/ping HTTP/1.1\r\nHost: {host}\r\n"
_POST = b"POST /api/v3/order HTTP/1.1\r\nHost: {host}\r\n"
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"
_END = b"\r\n\r\n"

_LINES = (
    b"GET /api/v3/ping\r\n",
    b"GET /api/v3/ping" + _END,
    *(b"GET /api/v3/ping HTTP/" + version + _END for version in (b"0.9", b"1.0", b"1.2", b"2.0", b"9.9", b"x", b"1.1.1", b"-1.1")),
    b"GET  /api/v3/ping  HTTP/1.1\r\nHost: {host}" + _END,
    b"GET\t/api/v3/ping HTTP/1.1\r\nHost: {host}" + _END,
    b"GET /\xff\xfe HTTP/1.1\r\nHost: \xff" + _END,
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: {host}" + _END,
    *(b"\r\n" * times + _GET + b"\r\n" for times in (1, 2, 5000)),
    (_GET + b"\r\n").replace(b"\r\n", b"\n"),
    (_GET + b"\r\n").replace(b"\r\n", b"\r"),
    (_GET + b"\r\n") * 50,
    _GET + b"\r\n" + b"\x00" * 500,
)
_HEADERS = (
    *(
        _GET + line + _END
        for line in (
            b"no colon",
            b": no name",
            b"Space : before",
            b" continued: line",
            b"Upgrade: websocket\r\nConnection: Upgrade",
            b"Expect: " + b"1" * 300,
            b"X: " + b"y" * 70_000,
            b"\r\n".join(b"X-%d: y" % number for number in range(1500)),
        )
    ),
)
_LENGTHS = (
    *(
        _POST + b"Content-Length: " + length + _END + b"hello"
        for length in (b"-1", b"+5", b"0x5", b"5,5", b"1e3", b"", b" ", b"9" * 20, b"9" * 5000, b"NaN", b"\xd9\xa5", b"500")
    ),
    _POST + b"Content-Length: 5\r\nContent-Length: 5" + _END + b"hello",
    _POST + b"Content-Length: 5\r\nContent-Length: 6" + _END + b"hello!",
    _POST + b"Content-Length: 99999999999" + _END + b"x" * 3000,
)
_ENCODINGS = (
    _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked" + _END + b"0" + _END,
    *(
        _POST + b"Transfer-Encoding:" + encoding + _END + b"0" + _END
        for encoding in (b" chunked, identity", b" xchunked", b" gzip", b"\x0bchunked", b"")
    ),
    *(_CHUNKED + size + b"\r\nhello\r\n0" + _END for size in (b"-1", b"g", b"", b"F" * 30, b"5;" + b"x" * 20_000, b"0x5", b" 5", b"5\n")),
    _CHUNKED + b"5\r\nhello0" + _END,
    _CHUNKED + b"1\r\nx\r\n" * 3000 + b"0" + _END,
    _CHUNKED + b"0\r\n" + b"T: x\r\n" * 2000 + b"\r\n",
)
_OTHERS = (
    b"PRI * HTTP/2.0\r\n\r\nSM" + _END,
    b"USER anonymous\r\nPASS x\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xa5" * 500,  # as TLS begins
    b"\x00" * 20_000,
)
_KINDS = (_LINES, _HEADERS, _LENGTHS, _ENCODINGS, _OTHERS)


def no_http(draw: Random, host: str) -> bytes:
    """Bytes of which no honest client would send any; now and then cut off, with a bit turned over, or nothing but noise."""
    if draw.random() < 0.05:
        return draw.randbytes(draw.choice((1, 10, 1000, 30_000)))
    raw = draw.choice(draw.choice(_KINDS)).replace(_HOST, host.encode())
    if draw.random() < 0.2:
        raw = raw[: draw.randint(1, len(raw))]
    if draw.random() < 0.1:
        place = draw.randrange(len(raw))
        raw = raw[:place] + bytes((raw[place] ^ (1 << draw.randrange(8)),)) + raw[place + 1 :]
    return raw
