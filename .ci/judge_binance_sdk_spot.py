"""binance-sdk-spot: Binance's own typed client. Whatever does not fit its strict models makes it warn, and a warning is a failure here."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal

from binance_common.configuration import ConfigurationRestAPI, ConfigurationWebSocketAPI, ConfigurationWebSocketStreams
from binance_common.errors import BadRequestError
from binance_sdk_spot.rest_api.models import (
    KlinesIntervalEnum,
    NewOrderSideEnum,
    NewOrderTimeInForceEnum,
    NewOrderTypeEnum,
    OrderCancelReplaceCancelReplaceModeEnum,
    TickerWindowSizeEnum,
)
from binance_sdk_spot.spot import Spot
from binance_sdk_spot.websocket_streams.models import (
    AllMarketRollingWindowTickerWindowSizeEnum,
    DiffBookDepthUpdateSpeedEnum,
    KlineIntervalEnum,
    PartialBookDepthLevelsEnum,
    RollingWindowTickerWindowSizeEnum,
)
from Crypto.PublicKey import ECC
from judging import Heard, ask, called_with, judge, say

urls, key, secret = called_with()
warned = Heard()


class Strict(logging.Handler):
    """Its way of saying that an answer did not fit a model is a warning."""

    def emit(self, record: logging.LogRecord) -> None:
        warned(record.getMessage())


logging.getLogger().addHandler(Strict(logging.WARNING))
spot = Spot(
    ConfigurationRestAPI(key, secret, base_path=urls["rest"], timeout=10_000),
    ConfigurationWebSocketAPI(key, secret, stream_url=urls["ws_api"]),
    ConfigurationWebSocketStreams(stream_url=urls["stream"]),
)
rest = spot.rest_api


def data(answer):
    """What an answer says, which fitted its model and lost no field in it."""
    value = answer.data()
    assert not warned.all(), warned.all()
    assert not value or not isinstance(value, dict), f"not a model: {value}"
    return value


def refusal(call, *args, **params) -> int:
    """The code with which the exchange refuses a call."""
    try:
        answer = call(*args, **params)
    except BadRequestError as error:
        return error.status_code
    raise AssertionError(f"not refused: {answer.data()}")


def judge_market_data() -> None:
    data(rest.ping())
    assert data(rest.time()).server_time > 0
    info = data(rest.exchange_info())
    assert {one.symbol for one in info.symbols} >= {"BTCUSDT", "ETHBTC"}
    assert all(one.actual_instance is not None for one in info.symbols[0].filters)
    data(rest.execution_rules(symbol="BTCUSDT"))
    say("REST: ping, time, exchangeInfo with every filter, executionRules")
    assert len(data(rest.depth("ETHBTC", limit=20)).bids) == 20
    oldest = data(rest.get_trades("ETHBTC"))[0].id
    assert data(rest.historical_trades("ETHBTC", from_id=oldest))[0].id == oldest
    assert data(rest.agg_trades("ETHBTC"))[0].a is not None
    assert data(rest.historical_block_trades("ETHBTC", 0)) == []
    assert len(data(rest.klines("ETHBTC", KlinesIntervalEnum.INTERVAL_1h, limit=24))) == 24
    assert len(data(rest.ui_klines("ETHBTC", "1h", limit=24))) == 24
    assert Decimal(data(rest.avg_price("ETHBTC")).price) > 0
    say("REST: depth, trades of all kinds, klines, average price")
    assert data(rest.ticker24hr(symbol="ETHBTC")).actual_instance is not None
    assert data(rest.ticker24hr()).actual_instance is not None
    assert data(rest.ticker_trading_day(symbol="ETHBTC")).actual_instance is not None
    assert data(rest.ticker(symbol="ETHBTC", window_size=TickerWindowSizeEnum.WINDOW_SIZE_1h)).actual_instance is not None
    assert data(rest.ticker_price(symbol="ETHBTC")).actual_instance is not None
    assert data(rest.ticker_book_ticker()).actual_instance is not None
    data(rest.reference_price("BTCUSDT"))
    data(rest.reference_price_calculation("BTCUSDT"))
    say("REST: every ticker, reference price")


def judge_orders() -> None:
    price = Decimal(data(rest.avg_price("ETHBTC")).price)
    low, high = (float(round(price * Decimal(by), 5)) for by in ("0.9", "1.1"))
    buy, sell = NewOrderSideEnum.BUY, NewOrderSideEnum.SELL
    limit, market, gtc = NewOrderTypeEnum.LIMIT, NewOrderTypeEnum.MARKET, NewOrderTimeInForceEnum.GTC
    filled = data(rest.new_order("ETHBTC", buy, market, quantity=2.0))
    assert (filled.status, Decimal(filled.executed_qty)) == ("FILLED", 2)
    assert sum(Decimal(fill.qty) for fill in filled.fills) == 2
    assert sum(Decimal(trade.qty) for trade in data(rest.my_trades("ETHBTC"))) == 2
    data(rest.order_test("ETHBTC", "BUY", "MARKET", quantity=1.0))
    placed = data(rest.new_order("ETHBTC", sell, limit, gtc, quantity=2.0, price=high))
    assert data(rest.get_order("ETHBTC", order_id=placed.order_id)).status == "NEW"
    amended = data(rest.order_amend_keep_priority("ETHBTC", 1.5, order_id=placed.order_id))
    assert Decimal(amended.amended_order.qty) == Decimal("1.5")
    assert len(data(rest.order_amendments("ETHBTC", placed.order_id))) == 1
    replaced = data(
        rest.order_cancel_replace(
            "ETHBTC", "SELL", "LIMIT", OrderCancelReplaceCancelReplaceModeEnum.STOP_ON_FAILURE,
            time_in_force="GTC", quantity=1.0, price=high, cancel_order_id=placed.order_id,
        )
    )  # fmt: skip
    assert (replaced.cancel_result, replaced.new_order_result) == ("SUCCESS", "SUCCESS")
    assert len(data(rest.get_open_orders("ETHBTC"))) == 1
    assert data(rest.delete_order("ETHBTC", order_id=int(replaced.new_order_response.order_id))).status == "CANCELED"
    for kind, stop in (
        ("STOP_LOSS", {"stop_price": low}),
        ("TAKE_PROFIT_LIMIT", {"stop_price": high, "price": high, "time_in_force": "GTC"}),
    ):
        data(rest.new_order("ETHBTC", "SELL", kind, quantity=1.0, **stop))
    data(rest.new_order("ETHBTC", "SELL", "STOP_LOSS", quantity=1.0, trailing_delta=200))
    assert len(data(rest.delete_open_orders("ETHBTC"))) == 3
    say("REST: orders placed, amended, replaced, queried, cancelled; stops; trades")

    working = ("ETHBTC", "LIMIT", "BUY", low, 1.0)
    gtc_both = {"working_time_in_force": "GTC", "pending_time_in_force": "GTC", "pending_price": high}
    pair = {
        "working_time_in_force": "GTC",
        "pending_above_price": high,
        "pending_below_type": "STOP_LOSS",
        "pending_below_stop_price": round(low / 2, 5),
    }
    lists = (
        rest.order_oco("ETHBTC", "SELL", 1.0, high, low),
        rest.order_list_oco("ETHBTC", "SELL", 1.0, "LIMIT_MAKER", "STOP_LOSS", above_price=high, below_stop_price=low),
        rest.order_list_oto(*working, "LIMIT", "SELL", 1.0, **gtc_both),
        rest.order_list_otoco(*working, "SELL", 1.0, "LIMIT_MAKER", **pair),
        rest.order_list_opo(*working, "LIMIT", "SELL", **gtc_both),
        rest.order_list_opoco(*working, "SELL", "LIMIT_MAKER", **pair),
    )
    for answer in lists:
        made = data(answer)
        assert data(rest.get_order_list(order_list_id=made.order_list_id)).list_order_status == "EXECUTING"
        assert len(made.orders) == len(made.order_reports) in (2, 3)
    assert len(data(rest.open_order_list())) == len(lists)
    for answer in lists:
        assert data(rest.delete_order_list("ETHBTC", order_list_id=answer.data().order_list_id)).list_order_status == "ALL_DONE"
    assert len(data(rest.all_order_list())) == len(lists)
    say("REST: OCO (old and new), OTO, OTOCO, OPO, OPOCO, queried and cancelled")

    dear = float(round(Decimal(data(rest.avg_price("BTCUSDT")).price) * Decimal("1.01"), 2))
    data(rest.sor_order_test("BTCUSDT", "BUY", "LIMIT", 0.1, price=dear, time_in_force="GTC", compute_commission_rates=True))
    data(rest.sor_order("BTCUSDT", "BUY", "MARKET", 0.1))
    account = data(rest.get_account())
    assert account.balances[0].free is not None
    data(rest.account_commission("ETHBTC"))
    data(rest.all_orders("ETHBTC"))
    data(rest.rate_limit_order())
    data(rest.my_allocations("BTCUSDT"))
    data(rest.my_prevented_matches("ETHBTC", order_id=filled.order_id))
    data(rest.my_filters("ETHBTC"))
    say("REST: SOR, account, commission, all orders, order count, allocations, prevented matches, filters")
    assert refusal(rest.get_order, "ETHBTC", order_id=1) == -2013
    assert refusal(rest.new_order, "ETHBTC", "BUY", "LIMIT", quantity=1.0) == -1102
    say("REST: refusals by their codes")


async def heard_by(handle) -> Heard:
    heard = Heard()
    handle.on("message", heard)
    return heard


async def judge_streams() -> None:
    streams = spot.websocket_streams
    await streams.create_connection()
    hour, day = RollingWindowTickerWindowSizeEnum.WINDOW_SIZE_1h.value, AllMarketRollingWindowTickerWindowSizeEnum.WINDOW_SIZE_1d.value
    opened = {
        "trade": await streams.trade("btcusdt"),
        "aggTrade": await streams.agg_trade("btcusdt"),
        "kline": await streams.kline("btcusdt", KlineIntervalEnum.INTERVAL_1m.value),
        "kline with an offset": await streams.kline_offset("btcusdt", "1m"),
        "miniTicker": await streams.mini_ticker("btcusdt"),
        "ticker": await streams.ticker("btcusdt"),
        "ticker_1h": await streams.rolling_window_ticker("btcusdt", hour),
        "ticker_1d of all": await streams.all_market_rolling_window_ticker(day),
        "miniTicker of all": await streams.all_mini_ticker(),
        "bookTicker": await streams.book_ticker("btcusdt"),
        "avgPrice": await streams.avg_price("btcusdt"),
        "referencePrice": await streams.reference_price("btcusdt"),
        "diff depth": await streams.diff_book_depth("btcusdt", update_speed=DiffBookDepthUpdateSpeedEnum.UPDATE_SPEED_100ms.value),
        "partial depth": await streams.partial_book_depth("btcusdt", PartialBookDepthLevelsEnum.LEVELS_5.value),
    }
    heard = {name: await heard_by(handle) for name, handle in opened.items()}
    for name, messages in heard.items():
        first = (await asyncio.to_thread(messages.await_count, name, 1))[0]
        assert not isinstance(first, dict), f"{name} is not a model: {first}"
    assert not warned.all(), warned.all()
    assert Decimal(heard["trade"].all()[0].p) > 0
    assert len(heard["partial depth"].all()[0].bids) == 5
    say(f"streams: {', '.join(heard)}")
    await streams.close_connection()


def told(kind: str, **fields):
    """Whether an event of the account is of a kind and says so."""
    return lambda event: (
        type(one := event.actual_instance).__name__ == kind and all(getattr(one, name) == want for name, want in fields.items())
    )


async def judge_websocket_api() -> None:
    api = spot.websocket_api
    await api.create_connection()
    subscribed = await api.user_data_stream_subscribe_signature()
    events = await heard_by(subscribed.stream)
    assert len(data(await api.depth("ETHBTC", limit=5)).result.bids) == 5
    for answer in (
        await api.ping(), await api.time(), await api.exchange_info(symbol="ETHBTC"), await api.trades_recent("ETHBTC"),
        await api.trades_historical("ETHBTC", limit=5), await api.trades_aggregate("ETHBTC"), await api.klines("ETHBTC", "1h"),
        await api.ui_klines("ETHBTC", "1h"), await api.avg_price("ETHBTC"), await api.ticker24hr(symbol="ETHBTC"),
        await api.ticker_trading_day(symbol="ETHBTC"), await api.ticker(symbol="ETHBTC"), await api.ticker_price(symbol="ETHBTC"),
        await api.ticker_book(symbol="ETHBTC"), await api.execution_rules(symbol="BTCUSDT"), await api.reference_price("BTCUSDT"),
        await api.block_trades_historical("BTCUSDT", 0),
    ):  # fmt: skip
        data(answer)
    say("WebSocket API: general and market data")

    sold = data(await api.order_place("ETHBTC", "SELL", "MARKET", quantity=1.0)).result
    assert sold.status == "FILLED"
    high = float(round(Decimal(data(rest.avg_price("ETHBTC")).price) * Decimal("1.1"), 5))
    placed = data(await api.order_place("ETHBTC", "SELL", "LIMIT", time_in_force="GTC", quantity=1.0, price=high)).result
    assert data(await api.order_status("ETHBTC", order_id=placed.order_id)).result.status == "NEW"
    data(await api.order_amend_keep_priority("ETHBTC", 0.5, order_id=placed.order_id))
    assert data(await api.order_cancel("ETHBTC", order_id=placed.order_id)).result.status == "CANCELED"
    pair = data(
        await api.order_list_place_oco(
            "ETHBTC", "SELL", 1.0, "LIMIT_MAKER", "STOP_LOSS", above_price=high, below_stop_price=round(high * 0.7, 5)
        )
    ).result
    data(await api.order_list_status(order_list_id=pair.order_list_id))
    data(await api.open_orders_cancel_all("ETHBTC"))
    for answer in (
        await api.account_status(), await api.account_commission("ETHBTC"), await api.all_orders("ETHBTC"), await api.my_trades("ETHBTC"),
        await api.open_orders_status(), await api.open_order_lists_status(), await api.all_order_lists(), await api.my_filters("ETHBTC"),
        await api.account_rate_limits_orders(), await api.my_allocations("ETHBTC"),
        await api.order_test("ETHBTC", "SELL", "MARKET", quantity=1.0), await api.session_subscriptions(), await api.session_status(),
    ):  # fmt: skip
        data(answer)
    say("WebSocket API: orders, an OCO, account")

    for what, wanted in {
        "the fill": told("ExecutionReport", i=sold.order_id, X="FILLED"),
        "the cancel": told("ExecutionReport", i=placed.order_id, X="CANCELED"),
        "the list": told("ListStatus", g=pair.order_list_id),
        "the position": told("OutboundAccountPosition"),
    }.items():
        await asyncio.to_thread(events.await_one, what, wanted)
    assert not warned.all(), warned.all()
    say("user data: execution reports, list status, account position")
    await api.close_connection()


async def judge_session() -> None:
    name, private = f"{key}-Ed25519", ECC.generate(curve="Ed25519")
    ask(f"{urls['rest']}/sandbox/accounts", {"key": name, "public_key": private.public_key().export_key(format="PEM")})
    api = Spot(
        config_ws_api=ConfigurationWebSocketAPI(name, private_key=private.export_key(format="PEM"), stream_url=urls["ws_api"])
    ).websocket_api
    await api.create_connection()
    assert data(await api.session_logon()).result.api_key == name
    assert data(await api.session_status()).result.api_key == name
    events = await heard_by((await api.user_data_stream_subscribe()).stream)
    bought = data(await api.order_place("ETHBTC", "BUY", "MARKET", quantity=1.0)).result
    wanted = told("ExecutionReport", i=bought.order_id, X="FILLED")
    await asyncio.to_thread(events.await_one, "the fill", wanted)
    assert data(await api.session_logout()).result.api_key is None
    say("WebSocket API: session logon with an Ed25519 key, orders and user data of the session, logout")
    await api.close_connection()


async def judge_sockets() -> None:
    await judge_streams()
    await judge_websocket_api()
    await judge_session()


judge(judge_market_data, judge_orders, lambda: asyncio.run(judge_sockets()))
