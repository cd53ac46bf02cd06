"""The request that nearly every program sends, read in one go: whole in one piece, with nothing unusual about it. Pure.

Whatever else comes is Twisted Web's to read, which knows the rest of HTTP/1.1 and refuses what is none. What both can read, both read
alike; so this is only the shorter way.
"""

from __future__ import annotations

import re

from exchangeclient.serving.messages import HttpRequest

# Within the bounds that Twisted Web sets to a line, to all lines, and to the number of headers (no more than 500 fit, each once).
_MOST_HEAD_BYTES = 2048
_HEAD = re.compile(rb"([A-Z]+) ([!-~]+) HTTP/1\.1\r\n((?:[A-Za-z0-9-]+:[ -~]*\r\n)*)\r\n")
# These change what a request is, where it ends, or what is answered first.
_UNUSUAL = frozenset({"transfer-encoding", "expect", "upgrade"})


def read(data: bytes, peer: str) -> HttpRequest | None:
    """The request that ``data`` is, all of it; None if it is not whole, more than one, or not plain enough to say.

    :param peer: who sent it
    """
    match = _HEAD.match(data, 0, _MOST_HEAD_BYTES)
    if match is None:
        return None
    method, target, lines = match[1].decode(), match[2].decode(), match[3].decode().splitlines()
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip(" ")
    body = data[match.end() :]
    if (
        len(headers) < len(lines)  # a name was sent twice
        or headers.get("content-length", "0") != str(len(body))
        or headers.get("connection", "keep-alive").lower() != "keep-alive"
        or not _UNUSUAL.isdisjoint(headers)
    ):
        return None
    path, _, query = target.partition("?")
    return HttpRequest(method, path, query, headers, body, peer)
