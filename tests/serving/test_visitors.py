"""Who asks: another machine's name in a request, and a token in a header."""

from __future__ import annotations

import pytest

from exchangeclient.serving.messages import HttpRequest
from exchangeclient.serving.visitors import bears_token, is_for_this_machine

TOKEN = b"a-token-of-many-letters"


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        (None, True),
        ("127.0.0.1", True),
        ("127.0.0.1:8765", True),
        ("127.8.8.8", True),
        ("LocalHost:8765", True),
        ("sandbox.localhost", True),
        ("[::1]:8765", True),
        ("[::1]", True),
        ("evil.example", False),
        ("evil.example:8765", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("192.168.1.5:8765", False),
        ("[::2]:8765", False),
        ("", False),
    ],
)
def test_this_machine_is_known_by_its_names(host: str | None, ours: bool) -> None:
    assert is_for_this_machine(HttpRequest("GET", "/sandbox", headers={} if host is None else {"host": host})) is ours


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (None, False),
        ("Bearer a-token-of-many-letters", True),
        ("bearer  a-token-of-many-letters ", True),
        ("Bearer a-token-of-many-letter", False),
        ("Bearer a-token-of-many-lettersx", False),
        ("Basic a-token-of-many-letters", False),
        ("a-token-of-many-letters", False),
        ("Bearer", False),
        ("Bearer \udcff", False),
    ],
)
def test_a_token_may_come_in_a_header(said: str | None, known: bool) -> None:
    assert bears_token(HttpRequest("POST", "/OKX", headers={} if said is None else {"authorization": said}), TOKEN) is known
