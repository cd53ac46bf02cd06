from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import requests_mock

from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.calling.endpoint import declaration
from exchangeclient.core.http.request import Kind, Request, Security
from exchangeclient.okx.client import Client
from exchangeclient.okx.rest import Trade
from exchangeclient.okx.signing import iso, login, sign, signature, stamp

SECRET = "22582BD0CFF14C41EDBF1AB98506286D"
KEY = Credentials.from_secret("key-of-sixteen-characters-or-more", SECRET, "pass phrase")
AT_MS = 1607418537_715  # 2020-12-08T09:08:57.715Z
VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "signatures.json"
# The venue's own example, and one worked out from its rules; both by the fact sheet of the venue.
GET = "2020-12-08T09:08:57.715ZGET/api/v5/account/balance?ccy=BTC", "HiZhvSfMtWJA3uUIVXV3a/bSXNPCWvYFXoGCVS8V4zY="
POST = (
    '2020-12-08T09:08:57.715ZPOST/api/v5/trade/order{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"2.15","sz":"2"}',
    "iwrdSpN7pm4G4u8+fswZUyH6mOM48+sBF6WvKpj4Dvk=",
)


@pytest.mark.parametrize(("payload", "signed"), [GET, POST])
def test_payloads_have_the_signatures_of_the_venues_documents(payload: str, signed: str) -> None:
    assert signature(payload, KEY) == signed


@pytest.mark.skipif(not VECTORS.exists(), reason=f"no vectors in {VECTORS}")
def test_every_vector_of_the_venue_is_met() -> None:
    rows = [row for row in json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"] if row["venue"] == "okx"]
    assert rows
    for row in rows:
        assert signature(row["payload"], Credentials.from_secret("key", row["secret"], "x")) == row["signature"], row["what"]


def test_the_time_is_iso_text_in_utc_with_milliseconds() -> None:
    assert iso(AT_MS) == "2020-12-08T09:08:57.715Z"
    assert iso(1607418537_005) == "2020-12-08T09:08:57.005Z"


def test_a_websocket_logs_in_with_seconds_and_a_fixed_path() -> None:
    (said,) = login(KEY, 1538054050_999)["args"]
    assert said == {
        "apiKey": "key-of-sixteen-characters-or-more",
        "passphrase": "pass phrase",
        "timestamp": "1538054050",
        "sign": "+LdIr8lkkvhr5hoA3g9TMC0+uQJ849ftAcocA/ouu4M=",
    }


@pytest.mark.parametrize("over", ["a session", "an adapter"])
def test_the_bytes_that_are_signed_are_the_bytes_that_are_sent(over: str) -> None:
    client = Client("key-of-sixteen-characters-or-more", SECRET, "pass phrase", environment="https://okx.invalid")
    with requests_mock.Mocker(session=client.session) if over == "a session" else requests_mock.Mocker() as venue:
        venue.get("/api/v5/public/time", json={"code": "0", "msg": "", "data": [{"ts": str(AT_MS)}]})
        venue.get("/api/v5/account/balance", json={"code": "0", "msg": "", "data": [{"details": []}]})
        client.get_account(ccy="BTC,ÜÖ")
        sent = venue.last_request
    assert sent is not None
    assert sent.path_url == "/api/v5/account/balance?ccy=BTC%2C%C3%9C%C3%96"
    assert sent.body is None, "a GET has no body, whatever its parameters"
    time = sent.headers["OK-ACCESS-TIMESTAMP"]
    assert sent.headers["OK-ACCESS-SIGN"] == signature(f"{time}GET{sent.path_url}", KEY)
    assert sent.headers["OK-ACCESS-PASSPHRASE"] == "pass phrase"
    assert "x-simulated-trading" not in sent.headers


def test_figures_leave_as_texts_flags_and_lists_as_json() -> None:
    request = declaration(Trade.create_order).request(
        (),
        {
            "instId": "btc-usdt", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": 0.00001, "px": 1e3, "reduceOnly": False,
            "attachAlgoOrds": [{"tpTriggerPx": 1e-5, "slTriggerPx": None, "cxlOnClosePos": True}], "somethingNew": True,
        },
    )  # fmt: skip
    message = sign(stamp(request, AT_MS), "https://okx.invalid", KEY)
    assert json.loads(message.body) == {
        "instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "0.00001", "px": "1000", "reduceOnly": False,
        "attachAlgoOrds": [{"tpTriggerPx": "0.00001", "cxlOnClosePos": True}], "somethingNew": True,
    }  # fmt: skip
    assert message.headers["OK-ACCESS-SIGN"] == signature(f"{iso(AT_MS)}POST/api/v5/trade/order{message.body}", KEY)
    assert message.headers["Content-Type"] == "application/json"


def test_a_text_that_reads_like_a_flag_stays_a_text() -> None:
    order = {
        "instId": "BTC-USDT",
        "tdMode": "cash",
        "side": "buy",
        "ordType": "limit",
        "sz": 1,
        "px": 2,
        "clOrdId": "true",
        "banAmend": True,
    }
    request = stamp(declaration(Trade.create_order).request((), {**order, "unknownFlag": False}), AT_MS)
    body = json.loads(sign(request, "https://x", KEY).body)
    assert (body["clOrdId"], body["banAmend"], body["unknownFlag"]) == ("true", True, False)


def test_an_order_is_void_five_seconds_after_its_stamp_unless_its_caller_says_when() -> None:
    order = Request("create_order", "POST", "/api/v5/trade/order", {"instId": "BTC-USDT"}, Security.TRADE, Kind.PLACE)
    assert sign(stamp(order, AT_MS), "https://okx.invalid", KEY).headers["expTime"] == str(AT_MS + 5_000)
    mine = sign(stamp(order.having(expTime=str(AT_MS + 60_000)), AT_MS), "https://okx.invalid", KEY)
    assert mine.headers["expTime"] == str(AT_MS + 60_000)
    assert json.loads(mine.body) == {"instId": "BTC-USDT"}
    with pytest.raises(ValueError, match="expTime"):
        stamp(order.having(expTime="soon"), AT_MS)


def test_a_list_of_orders_is_the_whole_body_and_a_call_without_parameters_has_none() -> None:
    request = declaration(Trade.cancel_orders).request(([{"instId": "BTC-USDT", "ordId": 1}],), {})
    assert sign(stamp(request, AT_MS), "https://okx.invalid", KEY).body == '[{"instId":"BTC-USDT","ordId":"1"}]'
    bare = Request("x", "POST", "/api/v5/trade/mass-cancel", {}, Security.TRADE, Kind.TRANSFER)
    assert sign(stamp(bare, AT_MS), "https://okx.invalid", KEY).body == ""


def test_nothing_that_shows_a_key_shows_secret_or_passphrase() -> None:
    client = Client("key-of-sixteen-characters-or-more", SECRET, "pass phrase", environment="https://okx.invalid")
    with requests_mock.Mocker(session=client.session) as venue:
        venue.get("/api/v5/public/time", json={"code": "0", "msg": "", "data": [{"ts": str(AT_MS)}]})
        venue.get("/api/v5/account/config", json={"code": "0", "msg": "", "data": [{"uid": "1"}]})
        client.get_account_config()
    assert client.response is not None
    request = client.response.request
    signed = venue.last_request.headers["OK-ACCESS-SIGN"]
    shown: list[Any] = [repr(client), repr(client.credentials), str(request.headers), request.body, request.url, repr(client.response)]
    for text in map(str, shown):
        assert not any(secret in text for secret in (SECRET, "pass phrase", signed, "key-of-sixteen"))
    with pytest.raises(TypeError):
        pickle.dumps(client.credentials)


@pytest.mark.parametrize(
    ("key", "secret", "passphrase", "named"),
    [("k", "s", None, "passphrase"), ("k", None, "p", "api_secret"), (None, "s", "p", "api_key"), ("k", "s", " ", "passphrase"),
     ("k", "s", "pä", "passphrase"), ("k", "s", "a\nb", "passphrase")],
)  # fmt: skip
def test_keys_come_whole(key: str | None, secret: str | None, passphrase: str | None, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Client(key, secret, passphrase)
