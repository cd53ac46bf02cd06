"""The token in every path, and pages of other sites."""

from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.sandbox.door import Door
from exchangeclient.serving.messages import HttpRequest, HttpResponse
from exchangeclient.serving.visitors import is_from_elsewhere

TOKEN = "a-token-of-many-letters"


class Inside:
    """An app that answers with what it was asked."""

    def http(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, f"{request.method} {request.path}?{request.query}".encode())

    def websocket(self, request: HttpRequest) -> HttpResponse:
        return self.http(request)


@pytest.mark.parametrize("way", ["http", "websocket"])
@pytest.mark.parametrize(
    ("path", "inside"),
    [
        (f"/{TOKEN}/api/v3/time", b"GET /api/v3/time?a=1"),
        (f"/{TOKEN}/", b"GET /?a=1"),
        (f"/{TOKEN}", b"GET /?a=1"),
        (f"/{TOKEN}//api", b"GET //api?a=1"),
        ("/api/v3/time", None),
        ("/", None),
        ("", None),
        (f"/{TOKEN}x/api/v3/time", None),
        (f"/{TOKEN[:-1]}/api/v3/time", None),
        (f"/{TOKEN.upper()}/api/v3/time", None),
        (f"//{TOKEN}/api/v3/time", None),
        ("/\udcff\udcfe/api", None),
        ("/" + "x" * 100_000, None),
    ],
)
def test_the_path_begins_with_the_token_or_there_is_nothing(way: str, path: str, inside: bytes | None) -> None:
    answer: Any = getattr(Door(Inside(), TOKEN), way)(HttpRequest("GET", path, "a=1"))
    if inside is None:
        assert answer.status == 401
        assert TOKEN.encode() not in answer.body
    else:
        assert (answer.status, answer.body) == (200, inside)


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),
        ({"host": "127.0.0.1:8765"}, False),
        ({"host": "127.0.0.1:8765", "origin": "http://127.0.0.1:8765"}, False),
        ({"host": "localhost:8765", "origin": "http://LOCALHOST:8765"}, False),
        ({"host": "127.0.0.1:8765", "origin": "http://127.0.0.1:9999"}, True),
        ({"host": "127.0.0.1:8765", "origin": "https://evil.example"}, True),
        ({"host": "127.0.0.1:8765", "origin": "null"}, True),
        ({"host": "127.0.0.1:8765", "origin": ""}, True),
        ({"origin": "http://127.0.0.1:8765"}, True),
    ],
)
def test_a_page_of_another_site_is_known_by_its_origin(headers: dict[str, str], elsewhere: bool) -> None:
    request = HttpRequest("POST", f"/{TOKEN}/sandbox/time", headers=headers)
    assert is_from_elsewhere(request) is elsewhere
    assert Door(Inside(), TOKEN).http(request).status == (403 if elsewhere else 200)
