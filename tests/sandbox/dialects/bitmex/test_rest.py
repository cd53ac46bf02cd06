"""Who may ask, how often, and how the answers of all tables can be cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from exchangeclient.sandbox.dialects.accounts import Account, Members
from exchangeclient.sandbox.dialects.bitmex.errors import VenueError
from exchangeclient.sandbox.dialects.bitmex.limits import Limits
from exchangeclient.sandbox.dialects.bitmex.security import Gate
from exchangeclient.sandbox.dialects.bitmex.venue import Manners
from exchangeclient.serving.messages import HttpRequest

KEY, SECRET = "LAqUlngMIQkIUjXMUreyu3qn", "chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO"
VECTORS = (  # of the venue's documentation
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
)


@pytest.mark.parametrize(("verb", "target", "expires", "body", "sign"), VECTORS)
def test_the_official_signatures_are_let_in(verb: str, target: str, expires: int, body: str, sign: str) -> None:
    gate = Gate(Members([Account(KEY, SECRET)]))
    path, _, query = target.partition("?")
    headers = {"api-key": KEY, "api-expires": str(expires), "api-signature": sign}
    request = HttpRequest(verb, path, query, headers, body.encode())
    signer = gate.signer(request, (expires - 5) * 1_000_000)
    assert signer is not None
    assert signer.key == KEY
    for other in (
        HttpRequest(verb, path, query, {**headers, "api-expires": str(expires + 1)}, body.encode()),
        HttpRequest(verb, path, query + "&x=1", headers, body.encode()),
        HttpRequest(verb, path, query, headers, body.encode() + b" "),
    ):
        with pytest.raises(VenueError, match="Signature not valid"):
            gate.signer(other, (expires - 5) * 1_000_000)


def test_g19_a_stranger_a_late_request_and_a_wrong_signature_are_401(bench: Any, sign: Callable[[str, str], str]) -> None:
    now_s = bench.now_us // 1_000_000

    def asked(key: str, expires: object, secret: str = "secret") -> tuple[int, str]:
        headers = {"api-key": key, "api-expires": str(expires), "api-signature": sign(secret, f"GET/api/v1/user{expires}")}
        answer = bench.send("GET", "/api/v1/user", headers=headers)
        return bench.answer.status, answer["error"]["message"] if "error" in answer else ""

    assert asked("key", now_s + 5) == (200, "")
    assert asked("nobody", now_s + 5) == (401, "Invalid API Key.")
    assert asked("key", now_s + 5, "wrong") == (401, "Signature not valid.")
    status, text = asked("key", now_s - 1)
    assert (status, text[:24]) == (401, "This request has expired")
    assert asked("key", "soon")[0] == 401
    assert bench.send("GET", "/api/v1/user")["error"] == {"message": "Authorization Required", "name": "HTTPError"}
    assert bench.answer.status == 401


def test_a_request_that_is_late_at_the_engine_has_expired(bench: Any) -> None:
    bench.venue.engine_delay_us = 61_000_000
    assert bench.refused("GET", "/user")[0] == 401


def test_a_key_that_may_only_look_is_denied_orders(bench: Any) -> None:
    assert bench.refused("POST", "/order", {"symbol": "XBTUSD", "orderQty": 100}, account="looker") == (403, "Access Denied")
    assert bench.ask("/order", account="looker") == []


def test_what_is_not_there_is_not_found(bench: Any) -> None:
    assert bench.get("/nothing")["error"] == {"message": "Not Found", "name": "HTTPError"}
    assert bench.answer.status == 404
    assert bench.refused("POST", "/order/bulk", {"orders": []})[0] == 403


# ---- limits ------------------------------------------------------------------------------------------------------


def test_the_minute_of_an_address_is_counted_shown_and_refused(make_bench: Any) -> None:
    bench = make_bench(limits=Limits())
    for left in range(29, -1, -1):
        bench.get("/stats")
        assert (bench.answer.headers["x-ratelimit-limit"], bench.answer.headers["x-ratelimit-remaining"]) == ("30", str(left))
        assert int(bench.answer.headers["x-ratelimit-reset"]) > bench.now_us // 1_000_000
    answer = bench.get("/stats")
    assert bench.answer.status == 429
    assert answer["error"] == {"message": "Rate limit exceeded, retry in 2 seconds.", "name": "RateLimitError"}
    assert bench.answer.headers["Retry-After"] == "2"
    bench.pass_time(2)
    bench.get("/stats")
    assert bench.answer.status == 200
    bench.send("GET", "/api/v1/stats", peer="127.0.0.2")
    assert bench.answer.headers["x-ratelimit-remaining"] == "29"


def test_an_account_has_ten_orders_a_second_and_may_always_cancel(make_bench: Any) -> None:
    bench = make_bench(limits=Limits())
    for left in range(9, -1, -1):
        order = bench.order(orderQty=100, price=5000)
        assert bench.answer.headers["x-ratelimit-remaining-1s"] == str(left)
    assert bench.answer.headers["x-ratelimit-remaining"] == "110"
    assert bench.refused("POST", "/order", {"symbol": "XBTUSD", "orderQty": 100, "price": 5000})[0] == 429
    assert bench.signed("DELETE", "/order", {"orderID": order["orderID"]})[0]["ordStatus"] == "Canceled"
    assert "x-ratelimit-remaining-1s" not in (bench.get("/stats"), bench.answer.headers)[1]


# ---- tables ------------------------------------------------------------------------------------------------------


@pytest.fixture
def orders(bench: Any) -> list[str]:
    """The ids of five orders, a minute apart, the third of them cancelled."""
    found = []
    for number in range(5):
        found.append(bench.order(orderQty=100 * (number + 1), price=5000 + number, clOrdID=f"mine-{number}")["orderID"])
        bench.pass_time(60)
    bench.signed("DELETE", "/order", {"orderID": found[2]})
    return found


def test_count_start_and_reverse_cut_a_page(bench: Any, orders: list[str]) -> None:
    def page(**params: object) -> list[int]:
        return [orders.index(row["orderID"]) for row in bench.ask("/order", **params)]

    assert page() == [0, 1, 2, 3, 4]
    assert page(count=2) == [0, 1]
    assert page(count=2, start=1) == [1, 2]
    assert page(reverse="true", count=2) == [4, 3]
    assert page(filter='{"open":true}') == [0, 1, 3, 4]
    assert page(filter='{"ordStatus":["Canceled","Filled"]}') == [2]
    assert page(filter='{"clOrdID":"mine-3"}') == [3]
    assert page(symbol="XBTUSDT") == []
    assert page(symbol="XBT:perpetual", count=1) == [0]


def test_times_cut_a_page_ends_included(bench: Any, orders: list[str]) -> None:
    times = {row["orderID"]: row["timestamp"] for row in bench.ask("/order")}
    found = bench.ask("/order", startTime=times[orders[1]], endTime=times[orders[3]])
    assert [orders.index(row["orderID"]) for row in found] == [1, 3]
    assert bench.ask("/order", filter=json.dumps({"startTime": times[orders[1]], "endTime": times[orders[3]]})) == found


def test_columns_keep_the_keys(bench: Any, orders: list[str]) -> None:
    row = bench.ask("/order", columns='["price"]', count=1)[0]
    assert row == {"orderID": orders[0], "price": 5000}
    assert bench.ask("/order", columns="price,side", count=1)[0] == {"orderID": orders[0], "price": 5000, "side": "Buy"}
    assert bench.refused("GET", "/order?columns=nonsense") == (400, "Invalid columns")
    assert bench.refused("GET", "/order?filter=%7B%22nonsense%22:1%7D") == (400, "Invalid filter")


def test_answers_can_be_comma_separated(bench: Any, orders: list[str]) -> None:
    text = bench.ask("/order", columns="price", count=2, _format="csv")
    assert text == f'"orderID","price"\n"{orders[0]}",5000\n"{orders[1]}",5001\n'
    assert bench.answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert bench.refused("GET", "/order?_format=xml")[0] == 400


def test_a_form_is_as_good_as_json(bench: Any, sign: Callable[[str, str], str]) -> None:
    body, expires = "symbol=XBTUSD&orderQty=-100&price=7000&execInst=ParticipateDoNotInitiate", str(bench.now_us // 1_000_000 + 5)
    headers = {"api-key": "key", "api-expires": expires, "content-type": "application/x-www-form-urlencoded"}
    row = bench.send("POST", "/api/v1/order", body, {**headers, "api-signature": sign("secret", f"POST/api/v1/order{expires}{body}")})
    assert (row["side"], row["orderQty"], row["price"], row["execInst"]) == ("Sell", 100, 7000, "ParticipateDoNotInitiate")
    assert bench.refused("POST", "/order", "[1]")[0] == 400
    assert bench.refused("POST", "/order", "{")[0] == 400


def test_a_strict_venue_refuses_what_it_does_not_know(make_bench: Any) -> None:
    wish = {"symbol": "XBTUSD", "orderQty": 100, "price": 5000, "postOnly": True}
    assert make_bench().order(**wish)["execInst"] == ""
    assert "postOnly" in make_bench(manners=Manners(strict=True)).refused("POST", "/order", wish)[1]


def test_the_schema_tells_of_every_table(bench: Any) -> None:
    schemas = bench.get("/schema")
    assert schemas["orderBookL2"]["keys"] == ["symbol", "id", "side"]
    assert list(bench.get("/schema", model="quote")) == ["quote"]
    subjects = bench.get("/schema/websocketHelp")["subscriptionSubjects"]
    assert "order" in subjects["authenticationRequired"]
    assert set(schemas) == {*subjects["public"], *subjects["authenticationRequired"]}
