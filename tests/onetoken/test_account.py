"""An account over HTTP and its socket, from a gateway that checks signatures by itself and answers what the sheet prints."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exchangeclient.exceptions import SocketException
from exchangeclient.onetoken import Account, Contract, HTTPError, ServiceError
from exchangeclient.onetoken import account as account_module
from exchangeclient.serving.messages import Delivery, HttpRequest, HttpResponse
from tests.onetoken.conftest import PATIENCE_S, SECRET, Heard, Served, drop, lost

CONTRACT = "okex/btc.usdt"
TRADE = "/api/v1/trade/okex/demo"
IDS = {"exchange_oid": f"{CONTRACT}-1", "client_oid": "mine"}


def order(status: str, **more: Any) -> dict[str, Any]:
    return {
        "account": "okex/demo", "contract": CONTRACT, "bs": "b", "client_oid": "mine", "exchange_oid": f"{CONTRACT}-1", "status": status,
        "entrust_price": 10, "entrust_amount": 1, "entrust_time": "2018-05-03T16:16:41+08:00", "last_update": "2018-05-03T16:16:41+08:00",
        "version": 1, **more,
    }  # fmt: skip


@pytest.fixture
def account(served: Served) -> Iterator[Account]:
    with Account("demo@okex", "key", SECRET, host=f"{served.url}/api/v1/trade", keep_alive=False, settle_timeout=PATIENCE_S) as account:
        yield account


def test_info_is_an_object_and_the_last_one_is_kept(served: Served, account: Account) -> None:
    served.app.answers["GET", f"{TRADE}/info"] = {"balance": 5, "position": [{"contract": "btc", "total_amount": 2.5}]}
    assert account.get_total_amount("btc") == 2.5
    assert account.get_total_amount("eth") == 0.0
    assert len(served.app.calls) == 1
    info, error = account.get_info(timeout=5)
    assert error is None
    assert info.get_total_amount("btc") == 2.5
    assert served.app.calls[-1][2] == {"source": "exchangeclient"}
    assert (account.symbol, account.name, account.exchange, str(account)) == ("okex/demo", "demo", "okex", "<Account okex/demo>")


def test_info_without_a_position_is_an_error(served: Served, account: Account) -> None:
    served.app.answers["GET", f"{TRADE}/info"] = {"balance": 5}
    info, error = account.get_info()
    assert info is None
    assert isinstance(error, ServiceError)
    assert error.code == "ACC_GET_INFO_FAILED"
    with pytest.raises(ServiceError, match="ACC_GET_INFO_FAILED"):
        account.get_total_amount("btc")


def test_a_wrong_secret_is_told_in_err_and_nowhere_shown(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), Account("okex/demo", "key", "wrong-secret-text", host=served.url) as account:
        info, error = account.get_info()
    assert info is None
    assert isinstance(error, HTTPError)
    assert (error.code, error.status_code, error.error_code) == (HTTPError.RESPONSE_4XX, 401, "invalid-api-key")
    shown = caplog.text + repr(error) + repr(vars(account)) + repr(account)
    assert "wrong-secret-text" not in shown
    assert len(served.app.calls) == 1


def test_an_order_leaves_exactly_as_it_was_given(served: Served, account: Account) -> None:
    served.app.answers["POST", f"{TRADE}/orders"] = IDS
    con = Contract("okex", "btc.usdt")
    answer, error = account.place_order(con, 0.00001, "b", Decimal("1.50"), client_oid="mine", tags={"k": "v"}, options={"close": True})
    assert (answer, error) == (IDS, None)
    assert served.app.calls[-1][3] == (
        b'{"contract": "okex/btc.usdt", "price": 0.00001, "bs": "b", "amount": 1.50, "client_oid": "mine",'
        b' "tags": {"k":"v"}, "options": {"close":true}}'
    )
    account.place_order("btc.usdt:xtc.okex", "10", "s", 1)
    body = json.loads(served.app.calls[-1][3])
    assert len(body["client_oid"]) == 32
    assert body["contract"] == CONTRACT


def test_an_order_whose_answer_is_lost_is_found_and_not_sent_again(served: Served, account: Account) -> None:
    placed: list[str] = []

    def place(request: HttpRequest) -> HttpResponse:
        placed.append(json.loads(request.body)["client_oid"])
        return lost(request)

    def tell(_: HttpRequest) -> HttpResponse:
        looked = sum(method == "GET" for method, *_ in served.app.calls)
        rows = [order("pending", client_oid=placed[0])] if looked > 1 else []
        return HttpResponse(200, json.dumps(rows).encode())

    served.app.answers["POST", f"{TRADE}/orders"] = place
    served.app.answers["GET", f"{TRADE}/orders"] = tell
    answer, error = account.place_order(CONTRACT, 10, "b", 1)
    assert error is None
    assert answer == {"exchange_oid": f"{CONTRACT}-1", "client_oid": placed[0]}
    assert len(placed) == 1
    assert served.app.calls[-1][2]["client_oid"] == placed[0]


@pytest.mark.parametrize("status", [502, 504])
def test_an_order_that_nobody_knows_of_is_unknown_and_not_sent_again(served: Served, status: int) -> None:
    served.app.answers["POST", f"{TRADE}/orders"] = lambda _: HttpResponse(status, b'{"code": "exg-timeout", "message": "m"}')
    served.app.answers["GET", f"{TRADE}/orders"] = []
    with Account("okex/demo", "key", SECRET, host=served.url, settle_timeout=0.3) as account:
        answer, error = account.place_order(CONTRACT, 10, "b", 1, client_oid="mine")
    assert answer is None
    assert isinstance(error, HTTPError)
    assert (error.code, error.outcome_unknown, error.client_oid) == (HTTPError.RESPONSE_5XX, True, "mine")
    assert [method for method, *_ in served.app.calls].count("POST") == 1


def test_an_order_that_is_refused_is_not_asked_for(served: Served, account: Account) -> None:
    served.app.answers["POST", f"{TRADE}/orders"] = lambda _: HttpResponse(400, b'{"code": "exg-place-order-no-money", "message": "m"}')
    answer, error = account.place_order(CONTRACT, 10, "b", 1)
    assert answer is None
    assert isinstance(error, HTTPError)
    assert error.error_code == "exg-place-order-no-money"
    assert not error.outcome_unknown
    assert len(served.app.calls) == 1


def test_an_order_that_never_left_is_not_in_doubt(served: Served) -> None:
    served.stop()
    with Account("okex/demo", "key", SECRET, host=served.url) as account:
        answer, error = account.place_order(CONTRACT, 10, "b", 1)
    assert answer is None
    assert isinstance(error, HTTPError)
    assert (error.code, error.sent, error.outcome_unknown) == (HTTPError.HTTP_ERROR, "no", False)


def test_reads_are_repeated_and_what_changes_something_is_not(served: Served, account: Account) -> None:
    bad = HttpResponse(503, b"busy")
    served.app.answers["GET", f"{TRADE}/status"] = lambda _: bad if len(served.app.calls) < 3 else HttpResponse(200, b"87")
    assert account.get_status() == (87, None)
    served.app.calls.clear()
    served.app.answers["DELETE", f"{TRADE}/orders/all"] = lambda _: bad
    answer, error = account.cancel_all(CONTRACT)
    assert answer is None
    assert isinstance(error, HTTPError)
    assert error.code == HTTPError.RESPONSE_5XX
    assert [(method, query["contract"]) for method, _, query, _ in served.app.calls] == [("DELETE", CONTRACT)]


def test_answers_that_are_none_are_errors(served: Served, account: Account) -> None:
    served.app.answers["GET", f"{TRADE}/status"] = lambda _: HttpResponse(200, b"<html>")
    _, error = account.get_status()
    assert error is not None
    assert error.code == HTTPError.NOT_JSON
    served.app.answers["GET", f"{TRADE}/status"] = lambda _: HttpResponse(302, b"", {"Location": "http://127.0.0.1:1/"})
    _, error = account.get_status()
    assert error is not None
    assert error.code == HTTPError.NOT_200
    served.app.answers["GET", f"{TRADE}/info"] = lambda _: HttpResponse(200, b"{}", delivery=Delivery(cut_in="head", ending="silence"))
    _, error = account.get_info(timeout=0.3)
    assert error is not None
    assert error.code == HTTPError.TIMEOUT


def test_lists_of_ids_and_listings(served: Served, account: Account) -> None:
    served.app.answers["GET", f"{TRADE}/orders"] = [order("pending")]
    served.app.answers["DELETE", f"{TRADE}/orders"] = [IDS]
    served.app.answers["PATCH", f"{TRADE}/orders"] = IDS
    served.app.answers["GET", f"{TRADE}/trans"] = []

    def query() -> dict[str, str]:
        return {name: text for name, text in served.app.calls[-1][2].items() if name != "source"}

    assert account.get_pending_list()[0] == [order("pending")]
    assert query() == {}
    account.get_order_list(CONTRACT, "end", source="db")
    assert query() == {"contract": CONTRACT, "state": "end", "helper": "db"}
    account.get_order_list_from_db(state="all")
    assert query() == {"state": "all", "helper": "db"}
    account.get_order_use_client_oid("a", "b")
    assert query() == {"client_oid": "a,b"}
    account.get_order_use_exchange_oid(f"{CONTRACT}-1")
    assert query() == {"exchange_oid": f"{CONTRACT}-1"}
    account.get_order_use_client_oid(client_oid="a")
    assert query() == {"client_oid": "a"}
    account.get_order_use_exchange_oid(exchange_oid="a")
    assert query() == {"exchange_oid": "a"}
    assert account.cancel_use_client_oid("a", "b") == ([IDS], None)
    account.cancel_use_exchange_oid("a")
    assert query() == {"exchange_oid": "a"}
    account.amend_order_use_client_oid("a", 1, 2)
    assert (query(), served.app.calls[-1][3]) == ({"client_oid": "a"}, b'{"price": 1, "amount": 2}')
    account.amend_order_use_exchange_oid("a", "1.0", 2)
    assert (query(), served.app.calls[-1][3]) == ({"exchange_oid": "a"}, b'{"price": 1.0, "amount": 2}')
    account.get_dealt_trans(CONTRACT)
    account.get_dealt_trans(count=5)
    assert query() == {"count": "5"}
    account.get_dealt_trans_from_db()
    assert query() == {"helper": "db"}


def test_funds_go_by_their_routes(served: Served) -> None:
    said: list[tuple[str, str, dict[str, str], Any]] = []

    def note(request: HttpRequest) -> HttpResponse:
        method, path, query, body = served.app.calls[-1]
        query = {name: text for name, text in query.items() if name != "source"}
        said.append((method, path.rpartition("/user1")[2], query, json.loads(body) if body else None))
        return HttpResponse(200, b"{}")

    base = "/api/v1/trade/huobim/user1"
    routes = [("POST", "withdraws"), ("GET", "withdraws"), ("DELETE", "withdraws"), ("GET", "deposits"), ("GET", "deposits/addresses")]
    routes += [("GET", "loan-records"), ("POST", "borrow"), ("POST", "return"), ("POST", "assets-internal")]
    for method, path in routes:
        served.app.answers[method, f"{base}/{path}"] = note
    with Account("huobim/user1/bch.usdt", "key", SECRET, host=served.url) as account:
        account.post_withdraw("btc", 1, "address", fee=0.1, client_wid="w1")
        account.get_withdraw_use_client_wid("w1")
        account.get_withdraw_use_exchange_wid("x1")
        account.cancel_withdraw_use_client_wid("w1")
        account.cancel_withdraw_use_exchange_wid("x1")
        account.get_deposit_list("btc")
        account.get_deposit_addr_list("btc")
        account.get_loan_records()
        account.borrow("usdt", 5)
        account.repay("l1", "usdt", 5)
        account.margin_transfer_in("usdt", 5)
        account.margin_transfer_out("usdt", 5, "huobim/eos.usdt")
        served.app.answers["GET", f"{base}/info"] = {"position": []}
        _, error = account.get_info()
    assert error is not None
    assert error.code == "ACC_GET_INFO_FAILED"
    pair = "huobim/bch.usdt"
    assert said == [
        ("POST", "/withdraws", {}, {"currency": "btc", "amount": 1, "address": "address", "fee": 0.1, "client_wid": "w1"}),
        ("GET", "/withdraws", {"client_wid": "w1"}, None),
        ("GET", "/withdraws", {"exchange_wid": "x1"}, None),
        ("DELETE", "/withdraws", {"client_wid": "w1"}, None),
        ("DELETE", "/withdraws", {"exchange_wid": "x1"}, None),
        ("GET", "/deposits", {"currency": "btc"}, None),
        ("GET", "/deposits/addresses", {"currency": "btc"}, None),
        ("GET", "/loan-records", {"contract": pair}, None),
        ("POST", "/borrow", {}, {"contract": pair, "currency": "usdt", "amount": 5}),
        ("POST", "/return", {}, {"exchange_loan_id": "l1", "currency": "usdt", "amount": 5}),
        ("POST", "/assets-internal", {}, {"contract": pair, "currency": "usdt", "amount": 5, "target": "margin"}),
        ("POST", "/assets-internal", {}, {"contract": "huobim/eos.usdt", "currency": "usdt", "amount": 5, "target": "spot"}),
    ]


def test_place_and_cancel_gives_both_halves(served: Served, account: Account) -> None:
    served.app.answers["POST", f"{TRADE}/orders"] = IDS
    served.app.answers["DELETE", f"{TRADE}/orders"] = [IDS]
    assert account.place_and_cancel(CONTRACT, 10, "b", 1, 0) == ([IDS, [IDS]], None)
    assert served.app.calls[-1][2]["exchange_oid"] == f"{CONTRACT}-1"
    del served.app.answers["DELETE", f"{TRADE}/orders"]
    (placed, cancelled), (none, error) = account.place_and_cancel(CONTRACT, 10, "b", 1, 0)
    assert (placed, cancelled, none) == (IDS, None, None)
    assert error.error_code == "contract-not-exist"
    del served.app.answers["POST", f"{TRADE}/orders"]
    answers, (error, none) = account.place_and_cancel(CONTRACT, 10, "b", 1, 0)
    assert answers == (None, None)
    assert none is None
    assert error.error_code == "contract-not-exist"


def test_what_happens_to_the_account_comes_once_to_each_handler(served: Served, account: Account, caplog: pytest.LogCaptureFixture) -> None:
    plain, later, orders = Heard(), Heard(), Heard()
    account.subscribe_info(plain)
    account.subscribe_info(later.later, "second")
    account.subscribe_orders(orders)
    (talk,) = served.app.talks
    assert talk.path == "/api/v1/ws/trade/okex/demo"
    talk.send({"uri": "order", "type": "snapshot", "data": [order("pending")]})
    talk.send({"uri": "info", "status": "fail", "code": "exg-timeout", "message": "venue away"})
    talk.send({"uri": "info", "type": "snapshot", "data": {"balance": 1, "position": []}})
    talk.send_binary({"uri": "order", "type": "update", "data": [order("dealt")]})
    assert [each.status for each in orders.wait(2)] == ["pending", "dealt"]
    assert [each.balance for each in plain.wait(1)] == [1]
    assert [each.balance for each in later.wait(1)] == [1]
    assert "the gateway has trouble with its info: exg-timeout venue away" in caplog.text
    more = Heard()
    account.ws_subscribe_orders(more, "second")
    account.unsubscribe_info("second")
    account.unsubscribe_orders("default")
    talk.send({"uri": "order", "type": "update", "data": [order("waiting")]})
    assert more.wait(1)[0].status == "waiting"
    account.unsubcribe_orders()
    talk.send({"uri": "order", "type": "update", "data": [order("dealt")]})
    talk.send({"uri": "info", "type": "snapshot", "data": {"balance": 2, "position": []}})
    assert [each.balance for each in plain.wait(2)] == [1, 2]
    assert len(later.events) == 1
    assert len(orders.events) == 2
    assert account.is_running
    account.ws_close()
    assert not account.is_running


def test_an_order_is_followed_to_its_end(served: Served, account: Account) -> None:
    served.app.answers["POST", f"{TRADE}/orders"] = IDS
    heard, every = Heard(), Heard()
    account.start_subscribe_orders()
    answer, error = account.place_order(CONTRACT, 10, "b", 1, client_oid="mine", on_update=heard)
    assert (answer, error) == (IDS, None)
    account.subscribe_orders(every)
    (talk,) = served.app.talks
    updates = [
        order("pending"),
        order("pending", client_oid="other", exchange_oid="o"),
        order("dealt", client_oid=None),
        order("withdrawn"),
    ]
    talk.send({"uri": "order", "type": "update", "data": updates})
    assert len(every.wait(4)) == 4
    assert [each.status for each in heard.events] == ["pending", "dealt"]


def test_an_order_that_ended_while_the_line_was_down_is_told(served: Served, account: Account) -> None:
    served.app.answers["POST", f"{TRADE}/orders"] = IDS
    served.app.answers["GET", f"{TRADE}/orders"] = [order("dealt")]
    heard = Heard()
    account.place_order(CONTRACT, 10, "b", 1, client_oid="mine", on_update=heard)
    served.app.talks[0].connection.abort()
    assert [each.status for each in heard.wait(1)] == ["dealt"]
    assert len(served.app.asked("sub-order")) == 2
    first, second = (talk.headers["api-nonce"] for talk in served.app.talks)
    assert int(first) < int(second)


def test_a_handler_that_comes_later_hears_first_what_there_is(served: Served, account: Account) -> None:
    first, orders, infos = Heard(), Heard(), Heard()
    account.subscribe_info(first)
    (talk,) = served.app.talks
    resting = [order("pending"), order("pending", client_oid="other", exchange_oid="o")]
    talk.send({"uri": "order", "type": "snapshot", "data": resting})
    talk.send({"uri": "order", "type": "update", "data": [order("dealt")]})
    talk.send({"uri": "info", "type": "snapshot", "data": {"balance": 1, "position": []}})
    first.wait(1)
    account.subscribe_orders(orders)
    account.subscribe_info(infos, "second")
    assert [each.exchange_oid for each in orders.wait(1)] == ["o"]
    assert [each.balance for each in infos.wait(1)] == [1]
    talk.send({"uri": "order", "type": "snapshot", "data": []})
    talk.send({"uri": "info", "type": "snapshot", "data": {"balance": 2, "position": []}})
    infos.wait(2)
    late = Heard()
    account.subscribe_orders(late)
    talk.send({"uri": "order", "type": "update", "data": [order("waiting")]})
    assert [each.status for each in late.wait(1)] == ["waiting"]
    assert [each.balance for each in first.events] == [1, 2]


def test_an_order_that_cannot_be_read_hides_no_other(served: Served, account: Account, caplog: pytest.LogCaptureFixture) -> None:
    heard = Heard()
    account.subscribe_orders(heard)
    with caplog.at_level(logging.WARNING):
        served.app.talks[0].send({"uri": "order", "type": "update", "data": [order("pending", bs="buy"), order("dealt")]})
        assert [each.status for each in heard.wait(1)] == ["dealt"]
    assert "cannot be read" in caplog.text


def test_an_order_with_a_used_id_leaves_the_first_one_watched(served: Served, account: Account) -> None:
    served.app.answers["POST", f"{TRADE}/orders"] = IDS
    first, second = Heard(), Heard()
    account.place_order(CONTRACT, 10, "b", 1, client_oid="mine", on_update=first)
    served.app.answers["POST", f"{TRADE}/orders"] = lambda _: HttpResponse(400, b'{"code": "client_oid-already-existed", "message": "m"}')
    _, error = account.place_order(CONTRACT, 10, "b", 1, client_oid="mine", on_update=second)
    assert error is not None
    served.app.talks[0].send({"uri": "order", "type": "update", "data": [order("dealt", client_oid=None)]})
    assert [each.status for each in first.wait(1)] == ["dealt"]
    assert second.events == []


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b'{"exchange_oid": null}'])
def test_an_answer_that_names_no_order_is_asked_after(served: Served, account: Account, body: bytes) -> None:
    served.app.answers["POST", f"{TRADE}/orders"] = lambda _: HttpResponse(200, body)
    served.app.answers["GET", f"{TRADE}/orders"] = [order("pending")]
    assert account.place_order(CONTRACT, 10, "b", 1, client_oid="mine") == (IDS, None)
    assert [method for method, *_ in served.app.calls] == ["POST", "GET"]


def test_an_order_that_is_answered_by_a_redirect_is_asked_after(served: Served, account: Account) -> None:
    served.app.answers["POST", f"{TRADE}/orders"] = lambda _: HttpResponse(303, b"", {"Location": "http://127.0.0.1:1/"})
    served.app.answers["GET", f"{TRADE}/orders"] = [order("pending")]
    assert account.place_order(CONTRACT, 10, "b", 1, client_oid="mine") == (IDS, None)
    assert [method for method, *_ in served.app.calls] == ["POST", "GET"]


def test_an_order_that_has_no_name_yet_is_still_in_doubt(served: Served) -> None:
    served.app.answers["POST", f"{TRADE}/orders"] = lost
    served.app.answers["GET", f"{TRADE}/orders"] = [order("waiting", exchange_oid=None)]
    with Account("okex/demo", "key", SECRET, host=served.url, settle_timeout=0.3) as account:
        answer, error = account.place_order(CONTRACT, 10, "b", 1, client_oid="mine")
    assert answer is None
    assert isinstance(error, HTTPError)
    assert (error.outcome_unknown, error.client_oid) == (True, "mine")


def test_an_account_that_is_dropped_is_closed(served: Served) -> None:
    held = [Account("okex/demo", "key", SECRET, host=served.url, keep_alive=False)]
    held[0].subscribe_info(Heard())
    with pytest.warns(ResourceWarning, match="dropped without close"):
        drop(held)


def test_an_exchange_without_pushes_says_so(served: Served, account: Account) -> None:
    served.app.no_router = True
    with pytest.raises(SocketException, match="no-router-found"):
        account.subscribe_info(print)
    assert not account.is_running
    with pytest.raises(SocketException, match="no-router-found"):
        account.place_order(CONTRACT, 10, "b", 1, on_update=print)
    assert served.app.calls == []


def test_a_wrong_secret_ends_the_socket_for_good(served: Served) -> None:
    with Account("okex/demo", "key", "wrong", host=served.url) as account:
        with pytest.raises(SocketException, match="invalid-api-key"):
            account.subscribe_orders(print)
        assert len(served.app.talks) == 1


def test_a_stream_that_does_not_come_says_why(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_module, "_READY_S", 1.5)
    served.stop()
    with Account("okex/demo", "key", SECRET, host=served.url) as account:
        with pytest.raises(SocketException, match=r"account okex/demo was not ready within 1\.5 s: .*refused"):
            account.subscribe_orders(print)
        assert not account.is_running


def test_what_happens_to_the_stream_is_told(served: Served) -> None:
    notices = Heard()
    with Account("okex/demo", "key", SECRET, host=served.url, keep_alive=False, on_event=notices) as account:
        account.start_subscribe_orders()
        served.app.talks[0].connection.abort()
        assert [each.kind for each in notices.wait(3)] == ["connected", "lost", "recovered"]
    with pytest.raises(TypeError, match="on_event must be callable"):
        Account("okex/demo", "key", SECRET, on_event=5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"con": "okex"}, ValueError, "con must be like"),
        ({"con": 5}, TypeError, "con must be a contract's name"),
        ({"price": "x"}, ValueError, "price"),
        ({"price": None}, TypeError, "price"),
        ({"amount": float("nan")}, ValueError, "amount"),
        ({"bs": "buy"}, ValueError, "bs must be 'b' or 's'"),
        ({"bs": None}, ValueError, "bs must be 'b' or 's'"),
        ({"client_oid": "a,b"}, ValueError, "client_oid"),
        ({"client_oid": 1.5}, TypeError, "client_oid"),
        ({"tags": 5}, TypeError, "tags must be a dict"),
        ({"options": [1]}, TypeError, "options must be a dict"),
        ({"options": {"a": object()}}, TypeError, "options must be what JSON can carry"),
        ({"on_update": 5}, TypeError, "on_update must be callable"),
    ],
)
def test_bad_orders_are_refused_before_anything_is_sent(
    served: Served, account: Account, given: dict[str, Any], error: type[Exception], text: str
) -> None:
    arguments = {"con": CONTRACT, "price": 10, "bs": "b", "amount": 1, **given}
    with pytest.raises(error, match=text):
        account.place_order(**arguments)
    assert served.app.calls == []


def test_other_bad_arguments_are_refused_by_name(served: Served, account: Account) -> None:
    with pytest.raises(ValueError, match="state must be one of"):
        account.get_order_list(state="open")
    with pytest.raises(ValueError, match="9 ids at most"):
        account.cancel_use_client_oid(*"abcdefghij")
    with pytest.raises(TypeError, match="client_oid must be a str, not NoneType"):
        account.get_order_use_client_oid()
    with pytest.raises(ValueError, match="sleep"):
        account.place_and_cancel(CONTRACT, 10, "b", 1, -1)
    with pytest.raises(TypeError, match="pos_symbol"):
        account.get_total_amount(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="contract must be given"):
        account.borrow("usdt", 1)
    with pytest.raises(ValueError, match="count must be 1 or more"):
        account.get_dealt_trans(count=0)
    with pytest.raises(TypeError, match="count must be an int"):
        account.get_dealt_trans(count="5")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="endpoint"):
        account.api_call("get", "/../x")
    with pytest.raises(ValueError, match="method must be one of"):
        account.api_call("put", "/orders")
    with pytest.raises(TypeError, match="handler must be callable"):
        account.subscribe_info(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="pickled"):
        account.__reduce__()
    assert served.app.calls == []


def test_keys_come_from_a_file_when_none_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="or give api_key and api_secret"):
        Account("okex/demo")
    path = tmp_path / ".onetoken" / "config.yml"
    path.parent.mkdir()
    path.write_text(f"ot_key: key\not_secret: {SECRET}\n", encoding="utf-8")
    path.chmod(0o600)
    served.app.answers["GET", f"{TRADE}/status"] = 100
    with Account("okex/demo", host={"rest": f"{served.url}/api/v1"}) as account:
        assert account.get_status() == (100, None)
    with pytest.raises(TypeError, match="api_secret must be a str"):
        Account("okex/demo", "key")
