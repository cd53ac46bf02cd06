from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests_mock

from exchangeclient.bitmex.client import Client
from exchangeclient.bitmex.rest import Trade
from exchangeclient.bitmex.signing import expires_s, login, sign, signature, stamp
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Request, Security, redacted

ID, SECRET = "LAqUlngMIQkIUjXMUreyu3qn", "chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO"
KEY = Credentials.from_secret(ID, SECRET)
AT_MS = 1518064233_000
VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "signatures.json"
# The examples of the venue's documents, and one for its socket by the same rule.
EXAMPLES = [
    ("GET", "/api/v1/instrument", 1518064236, "", "c7682d435d0cfe87c16098df34ef2eb5a549d4c5a3c2b1f0f77b8af73423bf00"),
    (
        "GET",
        "/api/v1/instrument?filter=%7B%22symbol%22%3A+%22XBTM15%22%7D",
        1518064237,
        "",
        "e2f422547eecb5b3cb29ade2127e21b858b235b386bfa45e1c1756eb3383919f",
    ),
    (
        "POST",
        "/api/v1/order",
        1518064238,
        '{"symbol":"XBTM15","price":219.0,"clOrdID":"mm_bitmex_1a/oemUeQ4CAJZgP3fjHsA","orderQty":98}',
        "1749cd2ccae4aa49048ae09f0b95110cee706e0944e6a14ad0b3a8cb45bd336b",
    ),
    ("GET", "/realtime", 1518064239, "", "f2661682eb2d1cbd022813968706c52b88550aeb4ae1a2ea1d14d582f4d14853"),
]


@pytest.mark.parametrize(("verb", "path", "expires", "body", "signed"), EXAMPLES)
def test_payloads_have_the_signatures_of_the_venues_documents(verb: str, path: str, expires: int, body: str, signed: str) -> None:
    assert signature(f"{verb}{path}{expires}{body}", KEY) == signed


@pytest.mark.skipif(not VECTORS.exists(), reason=f"no vectors in {VECTORS}")
def test_every_vector_of_the_venue_is_met() -> None:
    rows = [row for row in json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"] if row["venue"] == "bitmex"]
    assert rows
    for row in rows:
        assert signature(row["payload"], Credentials.from_secret("key", row["secret"])) == row["signature"], row["what"]


def test_the_order_of_the_documents_leaves_as_it_stands_there() -> None:
    order = {"symbol": "XBTM15", "price": "219.0", "clOrdID": "mm_bitmex_1a/oemUeQ4CAJZgP3fjHsA", "orderQty": 98}
    request = stamp(declaration(Trade.create_order).request((), order), AT_MS)
    message = sign(request, "https://bitmex.invalid", KEY)
    _, path, expires, body, signed = EXAMPLES[2]
    assert (message.url, message.body) == (f"https://bitmex.invalid{path}", body)
    assert message.headers == {
        "Content-Type": "application/json",
        "api-key": ID,
        "api-expires": str(expires),
        "api-signature": signed,
    }
    assert message.private
    assert SECRET not in repr(message)


def test_a_websocket_logs_in_with_the_second_as_a_number() -> None:
    assert login(KEY, 1518064234_999) == (ID, 1518064239, EXAMPLES[3][4])


def test_what_the_caller_says_is_when_an_order_is_void() -> None:
    request = stamp(declaration(Trade.create_order).request((), {"symbol": "XBTUSD", "expires": 1518064300}), AT_MS)
    assert expires_s(request) == 1518064300
    message = sign(request, "https://bitmex.invalid", KEY)
    assert message.headers["api-expires"] == "1518064300"
    assert "expires" not in message.body
    for wrong in (1518064300_000, 1):
        with pytest.raises(ValueError, match="expires"):
            stamp(declaration(Trade.create_order).request((), {"symbol": "XBTUSD", "expires": wrong}), AT_MS)
    with pytest.raises(ValueError, match="time"):
        sign(Request("get", "GET", "/x", security=Security.USER_DATA), "", KEY)


def test_figures_flags_lists_and_texts_have_the_types_of_json() -> None:
    order = {
        "symbol": "XBTUSD", "side": "Sell", "orderQty": "1e2", "stopPx": 0.1 + 0.2, "pegOffsetValue": -0.00001, "clOrdID": "true",
        "text": 'a "b"', "simpleThing": True, "other": "1",
    }  # fmt: skip
    message = sign(stamp(declaration(Trade.create_order).request((), order), AT_MS), "", KEY)
    assert json.loads(message.body) == {
        "symbol": "XBTUSD", "side": "Sell", "orderQty": 100, "stopPx": 0.30000000000000004, "pegOffsetValue": -0.00001,
        "clOrdID": "true", "text": 'a "b"', "simpleThing": True, "other": "1",
    }  # fmt: skip
    assert "e-" not in message.body
    cancel = sign(stamp(declaration(Trade.cancel_orders).request((), {"orderID": ["a", 'b"']}), AT_MS), "", KEY)
    assert (cancel.verb, json.loads(cancel.body), cancel.has_body) == ("DELETE", {"orderID": ["a", 'b"']}, True)


@pytest.mark.parametrize("over", ["a session", "an adapter"])
def test_R19_the_bytes_that_are_signed_are_the_bytes_that_are_sent(over: str) -> None:
    client = Client(ID, SECRET, environment="https://bitmex.invalid")
    with requests_mock.Mocker(session=client.session) if over == "a session" else requests_mock.Mocker() as venue:
        venue.get("/api/v1", json={"timestamp": AT_MS})
        venue.get("/api/v1/order", json=[])
        venue.delete("/api/v1/order", json=[{"orderID": "1"}])
        client.get_orders(filter={"text": 'ÜÖ & + % "', "open": True}, symbol="XBTUSD")
        asked = venue.last_request
        client.cancel_order(orderID="1", text="Ü &+%")
        cancelled = venue.last_request
    for sent in (asked, cancelled):
        assert sent is not None
        body = sent.body or b""
        body = body.decode() if isinstance(body, bytes) else body
        until = sent.headers["api-expires"]
        assert re.fullmatch("[0-9]{10}", until)
        assert sent.headers["api-signature"] == signature(f"{sent.method}{sent.path_url}{until}{body}", KEY)
    assert asked.path_url == (
        "/api/v1/order?filter=%7B%22text%22%3A%22%C3%9C%C3%96%20%26%20%2B%20%25%20%5C%22%22%2C%22open%22%3Atrue%7D&symbol=XBTUSD"
    )
    assert asked.body is None


def test_whoever_has_a_key_signs_everything_but_the_question_after_the_time() -> None:
    with requests_mock.Mocker() as venue:
        venue.get("/api/v1", json={"timestamp": AT_MS})
        venue.get("/api/v1/instrument/active", json=[])
        for keys in ((ID, SECRET), ()):
            with Client(*keys, environment="https://bitmex.invalid") as client:
                client.get_active_instruments()
                client.ping()
        signed = [("api-signature" in sent.headers, sent.path) for sent in venue.request_history]
    assert signed == [
        (False, "/api/v1"),
        (True, "/api/v1/instrument/active"),
        (False, "/api/v1"),
        (False, "/api/v1/instrument/active"),
        (False, "/api/v1"),
    ]


def test_keys_and_signatures_are_not_shown() -> None:
    shown = redacted(f'api-key: {ID} {{"api-signature": "abcdef"}} api-key={ID}')
    assert ID not in shown
    assert "abcdef" not in shown


@pytest.mark.parametrize(("arguments", "word"), [({"api_secret": "secret"}, "api_key"), ({"api_key": "key"}, "api_secret")])
def test_half_a_key_is_none(arguments: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Client(**arguments)
