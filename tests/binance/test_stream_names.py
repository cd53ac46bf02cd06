"""The names of streams: what each kind is called, and that what the venue would accept and never send is refused."""

from __future__ import annotations

from typing import Any

import pytest

from exchangeclient.binance import stream_names


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (stream_names.depth_name("BNBBTC"), "bnbbtc@depth"),
        (stream_names.depth_name("BNBBTC", interval=100), "bnbbtc@depth@100ms"),
        (stream_names.depth_name("BNBBTC", interval=1000), "bnbbtc@depth"),
        (stream_names.depth_name("BNBBTC", 5), "bnbbtc@depth5"),
        (stream_names.depth_name("BNBBTC", "20", 100), "bnbbtc@depth20@100ms"),
        (stream_names.kline_name("BNBBTC"), "bnbbtc@kline_1m"),
        (stream_names.kline_name("BNBBTC", "1M"), "bnbbtc@kline_1M"),
        (stream_names.trade_name("BNBBTC"), "bnbbtc@trade"),
        (stream_names.aggtrade_name("BNBBTC"), "bnbbtc@aggTrade"),
        (stream_names.kline_name("BNBBTC", "1d", "+08:00"), "bnbbtc@kline_1d@+08:00"),
        (stream_names.block_trade_name("BNBBTC"), "bnbbtc@blockTrade"),
        (stream_names.ticker_name("BNBBTC"), "bnbbtc@ticker"),
        (stream_names.mini_ticker_name("BNBBTC"), "bnbbtc@miniTicker"),
        (stream_names.window_ticker_name("BNBBTC", "4h"), "bnbbtc@ticker_4h"),
        (stream_names.window_ticker_name(None, "1d"), "!ticker_1d@arr"),
        (stream_names.book_ticker_name("BNBBTC"), "bnbbtc@bookTicker"),
        (stream_names.avg_price_name("BNBBTC"), "bnbbtc@avgPrice"),
        (stream_names.reference_price_name("BNBBTC"), "bnbbtc@referencePrice"),
    ],
)
def test_stream_names(made: str, name: str) -> None:
    assert made == name


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        "BNB BTC",
        "BNBBTC@depth",
        "a/b",
        "a?b",
        "a#b",
        "\n",
        "BNBBTC\x00",
        "BNB-BTC",
        "BNB.BTC",
        "BNB,BTC",
        "BNB&BTC",
        '"',
        "B" * 41,
        "B\u200bTC",
    ],
)
def test_symbol_that_is_none_is_refused_by_name(symbol: str) -> None:
    for name in (
        stream_names.depth_name,
        stream_names.kline_name,
        stream_names.trade_name,
        stream_names.aggtrade_name,
        stream_names.ticker_name,
    ):
        with pytest.raises(ValueError, match="symbol must be"):
            name(symbol)


@pytest.mark.parametrize("symbol", ["1000SATSUSDT", "这是测试币456", "ÉTHBTC", "बिटकॉइन", "B" * 40])
def test_symbol_may_be_of_letters_of_any_script_and_digits(symbol: str) -> None:
    assert stream_names.trade_name(symbol) == f"{symbol.lower()}@trade"


@pytest.mark.parametrize("symbol", [None, 5, b"BNBBTC", ["BNBBTC"]])
def test_symbol_of_a_wrong_type_is_refused_by_name(symbol: Any) -> None:
    with pytest.raises(TypeError, match="symbol must be a str"):
        stream_names.depth_name(symbol)


@pytest.mark.parametrize("interval", ["2m", "", "1H", None, 60])
def test_unknown_interval_is_refused_by_name(interval: Any) -> None:
    with pytest.raises(ValueError, match=r"interval must be one of 1s, 1m, .*, 1M"):
        stream_names.kline_name("BNBBTC", interval)


def test_depth_and_its_interval_are_checked_by_name() -> None:
    with pytest.raises(ValueError, match="depth must be 5, 10, 20"):
        stream_names.depth_name("BNBBTC", 7)
    with pytest.raises(ValueError, match="interval must be 100 or 1000"):
        stream_names.depth_name("BNBBTC", interval=250)


def test_time_zone_and_window_are_checked_by_name() -> None:
    with pytest.raises(ValueError, match=r"time_zone must be '\+08:00' or None"):
        stream_names.kline_name("BNBBTC", "1d", "+01:00")
    with pytest.raises(ValueError, match="window must be one of 1h, 4h, 1d"):
        stream_names.window_ticker_name("BNBBTC", "2h")


def _every_name() -> list[str]:
    made = [
        *(getattr(stream_names, f"{kind}_name")("BNBBTC") for kind in ("trade", "aggtrade", "block_trade", "ticker", "mini_ticker")),
        *(getattr(stream_names, f"{kind}_name")("BNBBTC") for kind in ("book_ticker", "avg_price", "reference_price")),
        *(stream_names.depth_name("BNBBTC", depth, speed) for depth in (None, 5, 10, 20) for speed in (None, 100)),
        *(stream_names.kline_name("BNBBTC", interval, zone) for interval in ("1s", "1m", "1M") for zone in (None, "+08:00")),
        *(stream_names.window_ticker_name(symbol, window) for symbol in ("BNBBTC", None) for window in stream_names.WINDOWS),
        stream_names.ALL_MINI_TICKERS,
    ]
    assert len(set(made)) == len(made)
    return made


@pytest.mark.parametrize("name", _every_name())
def test_name_that_was_made_is_a_streams_name_in_any_case_of_its_symbol(name: str) -> None:
    assert stream_names.stream_name(name) == name
    assert stream_names.stream_name(name.replace("bnbbtc", "BnBBTC")) == name


def test_kind_that_is_new_at_the_venue_is_let_through() -> None:
    assert stream_names.stream_name("BNBBTC@somethingNew@250ms") == "bnbbtc@somethingNew@250ms"
    assert stream_names.stream_name("!somethingNew@arr") == "!somethingNew@arr"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("bnbbtc@aggtrade", "bnbbtc@aggTrade"),
        ("BNBBTC@Trade", "bnbbtc@trade"),
        ("bnbbtc@kline_1H", "bnbbtc@kline_1h"),
        ("bnbbtc@bookticker", "bnbbtc@bookTicker"),
    ],
)
def test_i07_kind_in_the_wrong_case_is_refused_with_the_right_one(name: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"is spelled '{meant}'"):
        stream_names.stream_name(name)


@pytest.mark.parametrize(
    ("name", "known"), [("bnbbtc@kline_2m", "kline_1M"), ("bnbbtc@depth7", "depth20@100ms"), ("bnbbtc@ticker_2h", "ticker_4h")]
)
def test_i07_what_a_kind_does_not_come_in_is_refused_with_what_it_does(name: str, known: str) -> None:
    with pytest.raises(ValueError, match=f"must be of one of the kinds .*{known}"):
        stream_names.stream_name(name)


@pytest.mark.parametrize(
    "name", ["", "@", "bnbbtc", "bnbbtc@", "@trade", "bnb btc@trade", "bnbbtc@trade/ethbtc@trade", "!", 'bnbbtc@"', "a@b?c"]
)
def test_what_is_no_streams_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        stream_names.stream_name(name)


@pytest.mark.parametrize("name", [None, 5, b"bnbbtc@trade", ["bnbbtc@trade"]])
def test_streams_name_of_a_wrong_type_is_refused(name: Any) -> None:
    with pytest.raises(TypeError, match="stream must be a str"):
        stream_names.stream_name(name)


def test_streams_that_come_by_the_clock_are_told_from_those_that_may_be_silent() -> None:
    paced = {name.partition("@")[2].partition("_")[0] if name[0] != "!" else name for name in _every_name() if stream_names.is_paced(name)}
    assert {"kline", "avgPrice", "depth5", "depth20@100ms", "!miniTicker@arr", "!ticker_1h@arr"} <= paced
    assert not paced & {"trade", "aggTrade", "depth", "depth@100ms", "ticker", "bookTicker", "blockTrade"}
