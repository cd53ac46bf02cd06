from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from exchangeclient.binance.signing import sign, sign_wsapi, signature, stamp
from exchangeclient.core.calling.credentials import Credentials
from exchangeclient.core.http.request import Kind, Request, Security

# The example keys that the venue's documentation prints.
KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
ED25519_PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u\n-----END PRIVATE KEY-----\n"
HMAC = Credentials.from_secret(KEY, SECRET)

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
BASE = "https://api.binance.com"
ORDER = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "0.1", "recvWindow": "5000"}


def placed(params: dict[str, str], verb: str = "POST") -> Request:
    return Request("create_order", verb, "/api/v3/order", params, Security.TRADE, Kind.PLACE)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("LTCBTC", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        ("１２３４５６", "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"),
    ],
)
def test_the_documented_orders_have_the_documented_signatures(symbol: str, expected: str) -> None:
    request = stamp(placed({"symbol": symbol, **ORDER}), 1499827319559)
    message = sign(request, BASE, HMAC)
    payload, _, signed = message.body.rpartition("&signature=")
    assert signed == expected
    assert parse_qsl(payload) == [*request.params.items()]
    assert payload.endswith("&timestamp=1499827319559")
    assert (message.url, message.headers["X-MBX-APIKEY"], message.private) == (f"{BASE}/api/v3/order", KEY, True)


def test_query_and_body_are_signed_without_a_separator() -> None:
    payload = b"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC" + b"quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    assert signature(payload, HMAC) == "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (
            {"type": "LIMIT", "symbol": "BTCUSDT", "side": "SELL", "timeInForce": "GTC", "quantity": "0.01000000", "price": "52000.00",
             "recvWindow": 100, "timestamp": 1645423376532},
            "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
        ),
        (
            {"symbol": "１２３４５６", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1.00000000",
             "price": "0.10000000",
             "recvWindow": 5000, "timestamp": 1645423376532},
            "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
        ),
    ],
)  # fmt: skip
def test_the_websocket_api_is_signed_sorted_and_not_encoded(params: dict[str, str | int], expected: str) -> None:
    before = dict(params)
    signed = sign_wsapi(params, HMAC)
    assert signed == {**before, "apiKey": KEY, "signature": expected}
    assert params == before


def test_the_published_ed25519_key_gives_the_published_signature() -> None:
    credentials = Credentials.from_private_key("id", ED25519_PEM)
    logon = "\x01".join(["A", "EXAMPLE", "SPOT", "1", "20240627-11:17:25.223"]).encode()
    expected = "4MHXelVVcpkdwuLbl6n73HQUXUf1dse2PCgT1DYqW9w8AVZ1RACFGM+5UdlGPrQHrgtS3CvsRURC1oj73j8gCA=="
    assert signature(logon, credentials) == expected


def test_a_base64_signature_is_encoded_in_a_query() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    credentials = Credentials("id", "ed25519", key.sign)
    for number in range(50):  # until each of + / = has been seen
        message = sign(placed({"timestamp": str(number)}, "DELETE"), BASE, credentials)
        query = message.url.partition("?")[2]
        payload, _, signed = query.partition("&signature=")
        assert not set(signed) & set("+/=")
        key.public_key().verify(base64.b64decode(unquote(signed)), payload.encode())


@pytest.mark.parametrize(("verb", "in_body"), [("GET", False), ("DELETE", False), ("POST", True), ("PUT", True)])
def test_parameters_go_where_nobody_drops_or_logs_them(verb: str, in_body: bool) -> None:
    message = sign(placed({"symbol": "BTCUSDT", "timestamp": "1"}, verb), BASE, HMAC)
    carried = message.body if in_body else message.url.partition("?")[2]
    assert carried.startswith("symbol=BTCUSDT&timestamp=1&signature=")
    assert bool(message.body) is in_body
    assert ("Content-Type" in message.headers) is in_body


def test_an_open_call_carries_no_key() -> None:
    message = sign(Request("ping", "GET", "/api/v3/ping"), BASE, HMAC)
    assert (message.url, dict(message.headers), message.private) == (f"{BASE}/api/v3/ping", {}, False)


def test_a_timestamp_of_the_callers_is_kept() -> None:
    assert stamp(placed({"timestamp": "5", "symbol": "X"}), 9).params == {"timestamp": "5", "symbol": "X"}


@pytest.mark.parametrize("window", ["0", "-1", "60000.001", "60001", "5000.1234"])
def test_a_window_that_the_venue_refuses_is_refused_here(window: str) -> None:
    with pytest.raises(ValueError, match="recvWindow must be above 0, at most 60000"):
        stamp(placed({"recvWindow": window}), 1)


@pytest.mark.parametrize("window", ["1", "60000", "6000.346", "0.001"])
def test_a_window_that_the_venue_takes_is_taken(window: str) -> None:
    assert stamp(placed({"recvWindow": window}), 1).params["recvWindow"] == window


@pytest.mark.parametrize("given", ["-1", "1.5", "", "now", "1e3", " 1", "\N{ARABIC-INDIC DIGIT FIVE}"])
def test_a_timestamp_that_is_no_whole_number_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="timestamp must be a whole number"):
        stamp(placed({"timestamp": given}), 1)


def test_a_signature_of_the_callers_is_refused() -> None:
    with pytest.raises(ValueError, match="signature is made by the client"):
        stamp(placed({"signature": "abc"}), 1)


def vectors(file: str) -> Any:
    path = SHARED / file
    if not path.exists():
        pytest.skip(f"{path} is not at hand; the main vectors are in this file")
    return json.loads(path.read_text(encoding="utf-8"))


def signer(vector: dict[str, Any]) -> Credentials:
    if "private_key" in vector:
        return Credentials.from_private_key("id", vector["private_key"], vector.get("password"))
    return Credentials.from_secret(vector.get("api_key", "id"), vector["secret"])


def test_every_collected_vector_of_the_venue_passes() -> None:
    mine = [vector for vector in vectors("vectors/signatures.json")["vectors"] if vector["venue"] == "binance"]
    for vector in mine:
        assert signature(vector["payload"].encode(), signer(vector)) == vector["signature"], vector["what"]
        if isinstance(vector.get("params"), list):
            message = sign(placed(dict(vector["params"]), "GET"), BASE, signer(vector))
            assert message.url == f"{BASE}/api/v3/order?{vector['payload']}&signature={vector['signature']}"
        if isinstance(vector.get("params"), dict):
            params = {name: value for name, value in vector["params"].items() if name != "apiKey"}
            assert sign_wsapi(params, Credentials.from_secret(KEY, vector["secret"]))["signature"] == vector["signature"]
    assert len(mine) >= 9


def test_every_vector_of_the_specification_passes() -> None:
    sheet = vectors("spec/binance-signature-vectors.json")
    keys = {
        "HMAC-SHA256": Credentials.from_secret(sheet["hmac"]["apiKey"], sheet["hmac"]["secretKey"]),
        "Ed25519": Credentials.from_private_key("id", sheet["ed25519"]["private_pem"]),
        "RSASSA-PKCS1-v1_5 SHA-256": Credentials.from_private_key("id", sheet["rsa"]["private_pem"]),
    }
    for vector in sheet["vectors"]:
        payload = bytes.fromhex(vector["payload_hex"]) if "payload_hex" in vector else vector["payload"].encode()
        assert signature(payload, keys[vector["alg"]]) == vector["signature"], vector["id"]
        if vector["api"] == "rest" and "query" not in vector:
            message = sign(placed(dict(parse_qsl(vector["payload"])), "GET"), BASE, keys[vector["alg"]])
            assert unquote(message.url.rpartition("&signature=")[2]) == vector["signature"], vector["id"]
        if vector["api"] == "ws-api":
            params: dict[str, str | int] = dict(pair.split("=", 1) for pair in vector["payload"].split("&"))
            credentials = Credentials(str(params.pop("apiKey")), keys[vector["alg"]].algorithm, keys[vector["alg"]].sign)
            assert sign_wsapi(params, credentials)["signature"] == vector["signature"], vector["id"]
    assert len(sheet["vectors"]) >= 12
