"""Ticks, trades and candles over real sockets, from a gateway that sends what the sheet prints."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from exchangeclient import onetoken
from exchangeclient.exceptions import SocketException
from exchangeclient.onetoken import HTTPError, Quote, quote
from exchangeclient.onetoken.config import Config
from tests.onetoken.conftest import PATIENCE_S, Heard, Served, drop

CONTRACT = "okex/btc.usdt"


def tick(last: float, contract: str = CONTRACT, **more: Any) -> dict[str, Any]:
    return {
        "contract": contract, "last": last, "volume": 1, "amount": 2, "time": "2018-05-03T16:16:41.630400+08:00",
        "exchange_time": "2018-05-03T16:16:41.600000+08:00",
        "bids": [{"price": last - 1, "volume": 1}], "asks": [{"price": last + 1, "volume": 1}], **more,
    }  # fmt: skip


def frame(last: float, contract: str = CONTRACT) -> dict[str, Any]:
    return {"uri": "single-tick-verbose", "data": tick(last, contract)}


@pytest.fixture
def market(served: Served) -> Iterator[Quote]:
    with Quote(served.url, keep_alive=False) as market:
        yield market


def test_ticks_come_to_functions_and_coroutine_functions(served: Served, market: Quote) -> None:
    plain, later = Heard(), Heard()
    market.subscribe_tick("btc.usdt:xtc.okex", plain)
    market.subscribe_tick(CONTRACT, later.later)
    (talk,) = served.app.talks
    assert [each["contract"] for _, each in served.app.asked("subscribe-single-tick-verbose")] == [CONTRACT]
    talk.send(frame(10.0))
    talk.send_binary(frame(11.0))
    for heard in (plain, later):
        assert [each.last for each in heard.wait(2)] == [10.0, 11.0]
    assert plain.events[0].contract == CONTRACT
    assert plain.events[0].amount == 2
    assert market.get_last_tick(CONTRACT).last == 11.0


def test_a_frame_that_cannot_be_read_is_left_out_and_a_callback_that_raises_stops_nothing(
    served: Served, market: Quote, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()

    def raises(each: Any) -> None:
        heard(each)
        raise RuntimeError("mine")

    market.subscribe_tick(CONTRACT, raises)
    with caplog.at_level(logging.WARNING):
        (talk,) = served.app.talks
        talk.send({"uri": "single-tick-verbose", "data": {"contract": CONTRACT, "last": 1}})
        talk.send("{")
        talk.send(frame(10.0))
        talk.send(frame(11.0))
        assert [each.last for each in heard.wait(2)] == [10.0, 11.0]
    assert market.wait_idle(PATIENCE_S)
    assert sum("cannot be read" in record.message for record in caplog.records) == 2
    assert market.stats()["callbacks failed"] == 2


def test_a_lost_connection_comes_again_with_all_that_was_subscribed_to(served: Served, market: Quote) -> None:
    heard, candles = Heard(), Heard()
    market.subscribe_tick(CONTRACT, heard)
    market.subscribe_candle(CONTRACT, "1m", candles)
    first = served.app.talks[0]
    first.send(frame(10.0))
    heard.wait(1)
    first.connection.abort()
    again, _ = served.app.wait(lambda: served.app.asked("subscribe-single-tick-verbose")[1:2])[0]
    again.send(frame(12.0))
    assert [each.last for each in heard.wait(2)] == [10.0, 12.0]
    assert len(served.app.asked("subscribe-single-candle")) == 1


def test_what_the_gateway_does_not_have_is_refused_at_once(served: Served, market: Quote) -> None:
    served.app.refused.add("okex/no.such")
    heard = Heard()
    market.subscribe_tick(CONTRACT, heard)
    with pytest.raises(SocketException, match="contract-not-exist"):
        market.subscribe_tick("okex/no.such", heard)
    served.app.talks[0].send(frame(10.0))
    assert heard.wait(1)[0].last == 10.0


def test_what_the_gateway_has_no_more_is_told_and_the_others_go_on(served: Served) -> None:
    served.app.answers["GET", f"/api/v1/quote/single-tick/{CONTRACT}"] = tick(9.0)
    notices, gone, heard = Heard(), Heard(), Heard()
    with Quote(served.url, keep_alive=False, on_event=notices) as market:
        market.subscribe_tick(CONTRACT, gone)
        market.subscribe_tick("okex/eth.usdt", heard)
        (talk,) = served.app.talks
        talk.send(frame(10.0))
        gone.wait(1)
        talk.send({"uri": "subscribe-single-tick-verbose", "code": "upstream-error", "message": "no more", "contract": CONTRACT, "uuid": 1})
        talk.send(frame(20.0, "okex/eth.usdt"))
        assert heard.wait(1)[0].last == 20.0
        (refused,) = [each for each in notices.events if each.kind == "refused"]
        assert (refused.stream, refused.reason, refused.final) == (f"tick:{CONTRACT}", "the gateway refused: upstream-error no more", True)
        assert market.get_last_tick(CONTRACT).last == 9.0
        assert served.app.talks == [talk]


def test_a_stopped_subscription_is_told_to_the_gateway(served: Served, market: Quote) -> None:
    heard, other = Heard(), Heard()
    key = market.subscribe_tick(CONTRACT, heard)
    market.subscribe_tick("okex/eth.usdt", other)
    assert market.stop_socket(key)
    served.app.wait(lambda: served.app.asked("unsubscribe-single-tick-verbose"))
    served.app.talks[0].send(frame(10.0))
    served.app.talks[0].send(frame(20.0, "okex/eth.usdt"))
    assert other.wait(1)[0].last == 20.0
    assert heard.events == []


def test_ticks_of_v3_are_whole_and_right_or_none(served: Served, market: Quote) -> None:
    heard = Heard()
    market.subscribe_tick_v3(CONTRACT, heard)
    (talk,) = served.app.talks

    def send(kind: str, number: int, bids: list[list[float]], contract: str = CONTRACT) -> None:
        fixed = {"tm": 1527401596.65, "et": 1527401596.511, "c": contract, "l": 7, "a": [[9.0, 1]], "v": 1, "vc": 2}
        talk.send_binary({"tp": kind, "ui": number, "b": bids, **fixed})

    send("s", 1, [[6.0, 1], [5.0, 1]])
    send("d", 2, [[6.0, 0]])
    send("d", 4, [[8.0, 1]])
    send("d", 5, [[8.0, 1]])
    send("s", 6, [[4.0, 1]])
    assert [each.bid1 for each in heard.wait(3)] == [6.0, 5.0, 4.0]
    assert market.get_last_tick(CONTRACT).bid1 == 4.0
    served.app.answers["GET", f"/api/v1/quote/single-tick/{CONTRACT}"] = tick(9.0)
    send("d", 8, [[8.0, 1]])
    behind = Heard()
    market.subscribe_tick_v3("okex/eth.usdt", behind)
    send("s", 1, [[3.0, 1]], "okex/eth.usdt")
    behind.wait(1)
    assert market.get_last_tick(CONTRACT).last == 9.0  # after a gap the stream's is not known to be right


def test_trades_and_candles_come(served: Served, market: Quote) -> None:
    trades, candles = Heard(), Heard()
    market.subscribe_zhubi(CONTRACT, trades)
    market.subscribe_candle(CONTRACT, "1m", candles)
    tick_talk, candle_talk = served.app.talks
    time = "2018-05-03T08:16:41+00:00"
    row = {"time": time, "exchange_time": time, "contract": CONTRACT, "price": 1, "amount": 2, "bs": "s"}
    tick_talk.send({"uri": "single-zhubi-verbose", "data": [row, row]})
    fields = {"open": 1, "high": 2, "low": 0, "close": 1, "volume": 5, "amount": 4, "contract": CONTRACT, "duration": "1m", "time": time}
    candle_talk.send({"uri": "single-candle", **fields})
    candle_talk.send({"uri": "single-candle", "data": {**fields, "close": 2}})
    (pair,) = trades.wait(1)
    assert [each.amount for each in pair] == [2, 2]
    assert [each.close for each in candles.wait(2)] == [1, 2]


def test_slow_quotes_of_several_contracts_are_one_subscription(served: Served, market: Quote) -> None:
    contracts = [CONTRACT, "eth.usdt:xtc.okex"]

    def rows(price: float, *names: str) -> dict[str, Any]:
        return {"uri": "low-freq-quote", "data": [{"contract": each, "rise": 1.5, "price": price, "price_s": str(price)} for each in names]}

    def react(talk: Any, frame: dict[str, Any]) -> None:
        if frame["uri"] == "batch-subscribe":
            talk.send(rows(1.0, *frame["contracts"]))

    served.app.react = react
    heard, other = Heard(), Heard()
    key = market.subscribe_low_freq_quote(contracts, heard)
    market.subscribe_low_freq_quote("okex/eth.usdt", other)
    (talk,) = served.app.talks
    assert talk.path == "/api/v1/ws/low-freq-quote-v2"
    talk.send_binary(rows(2.0, "okex/eth.usdt", CONTRACT, "okex/of.nobody"))
    assert [[each.contract for each in quotes] for quotes in heard.wait(3)][-1] == ["okex/eth.usdt", CONTRACT]
    (quote_of_two,) = other.wait(1)[-1]
    assert (quote_of_two.contract, quote_of_two.price, quote_of_two.price_s, quote_of_two.rise) == ("okex/eth.usdt", 2.0, "2.0", 1.5)
    assert market.stop_socket(key)
    assert served.app.wait(lambda: served.app.asked("batch-unsubscribe"))[0][1]["contracts"] == [CONTRACT]


def test_one_of_several_slow_quotes_that_there_is_not_is_refused_with_all(served: Served, market: Quote) -> None:
    served.app.refused.add("okex/no.such")
    served.app.react = lambda talk, frame: talk.send(
        {"uri": "low-freq-quote", "data": [{"contract": CONTRACT, "rise": 1, "price": 1, "price_s": "1"}]}
    )
    with pytest.raises(SocketException, match=r"okex/no\.such: the gateway refused: contract-not-exist"):
        market.subscribe_low_freq_quote([CONTRACT, "okex/no.such"], Heard())
    with pytest.raises(SocketException, match="contract-not-exist"):
        market.subscribe_low_freq_quote("okex/no.such", Heard())
    with pytest.raises(ValueError, match="contracts must be one or more"):
        market.subscribe_low_freq_quote([], Heard())


def test_decimals_when_they_are_wanted(served: Served) -> None:
    heard = Heard()
    with Quote(served.url, keep_alive=False, decimal=True, gzip=True) as market:
        market.subscribe_tick(CONTRACT, heard)
        (talk,) = served.app.talks
        assert talk.packed
        talk.send_binary(frame(10.1))
        assert heard.wait(1)[0].last == Decimal("10.1")
        changes = Heard()
        market.subscribe_tick_v3(CONTRACT, changes)
        fixed = {"tm": 1527401596.65, "et": 1527401596.511, "c": CONTRACT, "l": 7.3, "b": [], "v": 1.5, "vc": 2}
        served.app.talks[1].send({"tp": "s", "ui": 1, "a": [[9.1, 0.3], [9.2, 1]], **fixed})
        served.app.talks[1].send({"tp": "d", "ui": 2, "a": [[9.1, 0]], **fixed})
        whole = changes.wait(2)
        assert whole[0].asks[0] == {"price": Decimal("9.1"), "volume": Decimal("0.3")}
        assert whole[1].asks == [{"price": Decimal("9.2"), "volume": Decimal(1)}]
        slow = Heard()
        row = {"contract": CONTRACT, "rise": 0.1, "price": 0.3, "price_s": "0.30"}
        served.app.react = lambda talk, _: talk.send({"uri": "low-freq-quote", "data": [row]})
        market.subscribe_low_freq_quote(CONTRACT, slow)
        assert [(each.price, each.rise) for each in slow.wait(1)[0]] == [(Decimal("0.30"), Decimal("0.1"))]
        assert {type(number) for each in whole for number in (each.last, each.volume, each.amount, each.ask1)} == {Decimal}


def test_the_last_tick_is_asked_for_when_no_stream_has_it(served: Served, market: Quote) -> None:
    served.app.answers["GET", f"/api/v1/quote/single-tick/{CONTRACT}"] = tick(9.0)
    assert market.get_last_tick("btc.usdt:okex").last == 9.0
    with pytest.raises(HTTPError) as error:
        market.get_last_tick("okex/no.such")
    assert error.value.error_code == "contract-not-exist"
    served.app.answers["GET", f"/api/v1/quote/single-tick/{CONTRACT}"] = {"last": 1}
    with pytest.raises(HTTPError, match="another form"):
        market.get_last_tick(CONTRACT)


def test_a_tick_of_a_lost_stream_is_not_the_last_one(served: Served, market: Quote) -> None:
    served.app.answers["GET", f"/api/v1/quote/single-tick/{CONTRACT}"] = tick(9.0)
    heard = Heard()
    key = market.subscribe_tick(CONTRACT, heard)
    served.app.talks[0].send(frame(10.0))
    heard.wait(1)
    assert market.get_last_tick(CONTRACT).last == 10.0
    market.stop_socket(key)
    assert market.get_last_tick(CONTRACT).last == 9.0


def test_a_tick_from_before_a_lost_connection_is_not_the_last_one(served: Served, market: Quote) -> None:
    served.app.answers["GET", f"/api/v1/quote/single-tick/{CONTRACT}"] = tick(9.0)
    heard = Heard()
    key = market.subscribe_tick(CONTRACT, heard)
    served.app.talks[0].send(frame(10.0))
    heard.wait(1)
    served.app.talks[0].connection.abort()
    served.app.wait(lambda: len(served.app.asked("subscribe-single-tick-verbose")) == 2)
    market.wait_ready(key, PATIENCE_S)
    assert market.get_last_tick(CONTRACT).last == 9.0


def test_candles_contracts_and_ticks_are_asked_for(served: Served, market: Quote) -> None:
    row = {"timestamp": 1525335360, "open": 1, "high": 2, "low": 0, "close": 1, "volume": 5}
    served.app.answers["GET", "/api/v1/quote/candles"] = [row]
    candles, error = market.get_candles(CONTRACT, "1m", since=datetime(2018, 5, 3, tzinfo=UTC), until="2018-05-04")
    assert error is None
    assert candles[0].time == datetime(2018, 5, 3, 8, 16, tzinfo=UTC)
    assert served.app.calls[-1][2] == {"contract": CONTRACT, "duration": "1m", "since": "1525305600", "until": "2018-05-04"}
    wire = {
        "id": 5, "name": "btc.usdt", "symbol": CONTRACT, "alias": "", "category": "XTC", "first_day": None, "last_day": None,
        "exec_price": None, "currency": "usdt", "min_change": 0.01, "min_amount": 0.001, "unit_amount": 0.0001, "min_notional": 5,
    }  # fmt: skip
    served.app.answers["GET", "/api/v1/basic/contracts"] = [wire]
    contract, error = market.get_contract(CONTRACT)
    assert (contract.min_notional, error) == (5, None)
    assert market.get_contracts("okex")[0] == [contract]
    served.app.answers["GET", "/api/v1/basic/contracts"] = []
    contract, error = market.get_contract(CONTRACT)
    assert contract is None
    assert error is not None
    assert error.code == "contract-not-exist"
    served.app.answers["GET", "/api/v1/quote/ticks"] = [tick(3.0)]
    ticks, error = market.get_ticks("okex")
    assert [each.last for each in ticks] == [3.0]
    trade = {"time": "2018-05-03T08:16:41+00:00", "contract": CONTRACT, "price": 1, "amount": 2, "bs": "s"}
    served.app.answers["GET", "/api/v1/quote/trades"] = [trade]
    trades, error = market.get_trades("btc.usdt:okex")
    assert (trades[0].amount, error) == (2, None)
    assert served.app.calls[-1][2] == {"contract": CONTRACT}
    served.app.answers["GET", "/api/v1/basic/support-exchanges-v2"] = [{"exchange": "okex", "type": "spot"}]
    assert market.get_exchanges() == ([{"exchange": "okex", "type": "spot"}], None)
    served.app.answers["GET", "/api/v1/quote/ticks"] = {"no": "list"}
    ticks, error = market.get_ticks("okex")
    assert ticks is None
    assert error is not None
    assert error.code == HTTPError.NOT_JSON


def test_bad_arguments_are_refused_by_name(market: Quote) -> None:
    with pytest.raises(ValueError, match="contract must be like"):
        market.subscribe_tick("okex", print)
    with pytest.raises(TypeError, match="on_update must be callable"):
        market.subscribe_tick(CONTRACT, 5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="on_update must take one argument"):
        market.subscribe_zhubi(CONTRACT, lambda: None)  # type: ignore[arg-type, misc]
    with pytest.raises(TypeError, match="on_update must be callable"):
        market.subscribe_zhubi(CONTRACT, None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="duration"):
        market.subscribe_candle(CONTRACT, "7m", print)
    with pytest.raises(ValueError, match="since must have a time zone"):
        market.get_candles(CONTRACT, since=datetime(2018, 5, 3))  # noqa: DTZ001
    with pytest.raises(ValueError, match="until must be a date"):
        market.get_candles(CONTRACT, until="yesterday")
    with pytest.raises(ValueError, match="until must have a time zone"):
        market.get_candles(CONTRACT, until="2018-05-03T10:00:00")
    for never in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="since must be seconds"):
            market.get_candles(CONTRACT, since=never)
    with pytest.raises(TypeError, match="since must be seconds"):
        market.get_candles(CONTRACT, since=[])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="exchange must be a code"):
        market.get_contracts("../x")
    with pytest.raises(TypeError, match="exchange must be a str"):
        market.get_ticks(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="gzip must be a bool"):
        Quote(gzip=1)  # type: ignore[arg-type]


def test_a_quote_that_is_dropped_is_closed(served: Served) -> None:
    held = [Quote(served.url, keep_alive=False)]
    held[0].subscribe_tick(CONTRACT, Heard())
    with pytest.warns(ResourceWarning, match="dropped without close"):
        drop(held)


def test_nobody_there_is_said_within_the_time(served: Served) -> None:
    served.stop()
    with Quote(served.url, keep_alive=False) as market:
        with pytest.raises(SocketException, match=r"not ready within 2 s: .*refused"):
            market.subscribe_tick(CONTRACT, print, timeout=2)
        with pytest.raises(HTTPError) as error:
            market.get_last_tick(CONTRACT, timeout=5)
    assert error.value.code == HTTPError.HTTP_ERROR
    assert error.value.sent == "no"


def test_the_functions_of_the_module_have_a_quote_of_their_own(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Config, "HOST_REST", f"{served.url}/api/v1")
    heard = Heard()
    try:
        onetoken.quote.subscribe_tick("btc.usdt:xtc.okex", heard)
        served.app.talks[0].send(frame(10.0))
        assert heard.wait(1)[0].last == 10.0
        assert quote.get_last_tick(CONTRACT).last == 10.0
        assert quote.get_client() is quote.get_client("default")
        quote.subscribe_tick_v3(CONTRACT)
        quote.subscribe_zhubi(CONTRACT, heard)
        quote.subscribe_candle(CONTRACT, "1m", heard)
        served.app.react = lambda talk, _: talk.send(
            {"uri": "low-freq-quote", "data": [{"contract": CONTRACT, "rise": 1, "price": 1, "price_s": "1"}]}
        )
        quote.subscribe_low_freq_quote(CONTRACT, heard)
        assert quote.get_contracts("okex")[1] is not None
        assert quote.get_contract(CONTRACT)[1] is not None
        assert quote.get_candles(CONTRACT)[1] is not None
        assert quote.get_ticks("okex")[1] is not None
        assert quote.get_trades(CONTRACT)[1] is not None
        assert quote.get_exchanges()[1] is not None
        quote.get_v3_client().run()
    finally:
        quote.close()
    assert quote.get_client("default") is not None
    quote.close()
