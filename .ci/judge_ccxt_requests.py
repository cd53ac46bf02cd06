"""ccxt 4.5.90 once more: what it sends for a call, beside what this package sends for the same one.

Verb, path and every parameter are compared value by value, as they leave (:mod:`overhearing`); what may differ is named here with its
reason. What is answered is left to the other judges.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from overhearing import Bench, Call, Sent, call, same

# Parameters that may be on one side only, or of another value.
_MOMENT, _DRAWN, _USERS = "of the moment", "each draws its own", "ccxt adds it by itself; here it is the user's, or left to the venue"
DIFFERS = {
    "timestamp": _MOMENT,
    "signature": _MOMENT,
    "newClientOrderId": _DRAWN,
    "listClientOrderId": _DRAWN,
    "aboveClientOrderId": _USERS,
    "belowClientOrderId": _USERS,
    "recvWindow": _USERS,
    "newOrderRespType": _USERS,
    "endTime": _USERS,
    "fromAccount": "ccxt's own word, from which it makes type; it leaves all the same",
    "toAccount": "ccxt's own word, from which it makes type; it leaves all the same",
}

PAIR, SYMBOL, SINCE = "ETH/BTC", "ETHBTC", 1_700_000_000_000
LIMIT = {"symbol": SYMBOL, "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": 1, "price": 0.075}
MAKER = {"symbol": SYMBOL, "side": "SELL", "type": "LIMIT_MAKER", "quantity": 1, "price": 0.075}
STOP = {**LIMIT, "type": "STOP_LOSS_LIMIT", "price": 0.065, "stopPrice": 0.066}
PROFIT = {**LIMIT, "type": "TAKE_PROFIT_LIMIT", "stopPrice": 0.075}
MARKET = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET"}
STOPPED = {"symbol": SYMBOL, "side": "SELL", "quantity": 1}
OCO = {"symbol": SYMBOL, "side": "SELL", "aboveType": "LIMIT_MAKER", "belowType": "STOP_LOSS"}
OCO_FIGURES = {"quantity": 1, "abovePrice": 0.075, "belowStopPrice": 0.066}


def sell(extra: dict[str, Any], keywords: dict[str, Any], price: float = 0.075, ours: str = "create_order") -> Call:
    """A limit order to sell, with ccxt's ``params`` for what makes it special."""
    return Call("create_order", (PAIR, "limit", "sell", 1, price, extra), ours, keywords)


CALLS = (
    call("fetch_time", ours="get_server_time"),
    call("fetch_status", ours="get_system_status"),
    call("fetch_markets", ours="get_exchange_info"),
    call("fetch_currencies", ours="get_all_coins_info"),
    call("fetch_ticker", PAIR, ours="get_ticker", symbol=SYMBOL),
    call("fetch_tickers", ours="get_ticker"),
    call("fetch_tickers", [PAIR, "BTC/USDT"], ours="get_ticker", symbols=[SYMBOL, "BTCUSDT"]),
    call("fetch_bids_asks", ours="get_orderbook_tickers"),
    call("fetch_last_prices", ours="get_all_tickers"),
    call("fetch_order_book", PAIR, 20, ours="get_order_book", symbol=SYMBOL, limit=20),
    call("fetch_trades", PAIR, None, 50, ours="get_aggregate_trades", symbol=SYMBOL, limit=50),
    call("fetch_trades", PAIR, SINCE, 50, ours="get_aggregate_trades", symbol=SYMBOL, startTime=SINCE, limit=50),
    call("fetch_trades", PAIR, None, 5, {"fetchTradesMethod": "publicGetTrades"}, ours="get_recent_trades", symbol=SYMBOL, limit=5),
    call("public_get_historicaltrades", {"symbol": SYMBOL, "fromId": 7}, ours="get_historical_trades", symbol=SYMBOL, fromId=7),
    call("public_get_uiklines", {"symbol": SYMBOL, "interval": "1m"}, ours="get_ui_klines", symbol=SYMBOL, interval="1m"),
    call("public_get_avgprice", {"symbol": SYMBOL}, ours="get_avg_price", symbol=SYMBOL),
    call("fetch_ohlcv", PAIR, "1h", None, 24, ours="get_klines", symbol=SYMBOL, interval="1h", limit=24),
    call("fetch_ohlcv", PAIR, "1d", SINCE, 7, ours="get_klines", symbol=SYMBOL, interval="1d", startTime=SINCE, limit=7),
    sell({}, LIMIT),
    sell({"timeInForce": "IOC"}, {**LIMIT, "timeInForce": "IOC"}),
    sell({"timeInForce": "FOK"}, {**LIMIT, "timeInForce": "FOK"}),
    sell({"postOnly": True}, MAKER),
    sell({"icebergQty": "0.5"}, {**LIMIT, "icebergQty": 0.5}),
    sell({"clientOrderId": "mine-1"}, {**LIMIT, "newClientOrderId": "mine-1"}),
    sell({"selfTradePrevention": "EXPIRE_MAKER"}, {**LIMIT, "selfTradePreventionMode": "EXPIRE_MAKER"}),
    sell({"stopLossPrice": 0.066}, STOP, 0.065),
    sell({"triggerPrice": 0.066}, STOP, 0.065),
    sell({"takeProfitPrice": 0.075}, PROFIT),
    sell({"test": True}, LIMIT, ours="create_test_order"),
    sell({"sor": True}, LIMIT, ours="create_sor_order"),
    call("create_order", PAIR, "market", "buy", 0.01, ours="create_order", **MARKET, quantity=0.01),
    call("create_market_buy_order_with_cost", PAIR, 0.01, ours="create_order", **MARKET, quoteOrderQty=0.01),
    call(
        "create_stop_loss_order", PAIR, "market", "sell", 1, None, 0.066, ours="create_order", **STOPPED, type="STOP_LOSS", stopPrice=0.066
    ),
    call(
        "create_take_profit_order",
        PAIR,
        "market",
        "sell",
        1,
        None,
        0.075,
        ours="create_order",
        **STOPPED,
        type="TAKE_PROFIT",
        stopPrice=0.075,
    ),
    call(
        "edit_order",
        "7",
        PAIR,
        "limit",
        "sell",
        1,
        0.075,
        ours="cancel_replace_order",
        **LIMIT,
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrderId=7,
    ),
    call("cancel_order", "7", PAIR, ours="cancel_order", symbol=SYMBOL, orderId=7),
    call("cancel_order", "7", PAIR, {"clientOrderId": "mine-2"}, ours="cancel_order", symbol=SYMBOL, origClientOrderId="mine-2"),
    call("cancel_all_orders", PAIR, ours="cancel_all_open_orders", symbol=SYMBOL),
    call("fetch_order", "7", PAIR, ours="get_order", symbol=SYMBOL, orderId=7),
    call("fetch_order", "7", PAIR, {"clientOrderId": "mine-2"}, ours="get_order", symbol=SYMBOL, origClientOrderId="mine-2"),
    call("fetch_open_orders", PAIR, ours="get_open_orders", symbol=SYMBOL),
    call("fetch_orders", PAIR, SINCE, 5, ours="get_all_orders", symbol=SYMBOL, startTime=SINCE, limit=5),
    call("fetch_order_trades", "7", PAIR, ours="get_my_trades", symbol=SYMBOL, orderId=7),
    call("fetch_my_trades", PAIR, SINCE, 5, ours="get_my_trades", symbol=SYMBOL, startTime=SINCE, limit=5),
    call(
        "private_post_orderlist_oco",
        {**OCO, **{name: str(value) for name, value in OCO_FIGURES.items()}},
        ours="create_oco_order",
        **OCO,
        **OCO_FIGURES,
    ),
    call("private_get_orderlist", {"orderListId": 7}, ours="get_order_list", orderListId=7),
    call("private_get_openorderlist", ours="get_open_order_lists"),
    call("private_get_allorderlist", ours="get_all_order_lists"),
    call("private_delete_orderlist", {"symbol": SYMBOL, "orderListId": 7}, ours="cancel_order_list", symbol=SYMBOL, orderListId=7),
    call("private_get_ratelimit_order", ours="get_current_order_count"),
    call("private_get_mypreventedmatches", {"symbol": SYMBOL, "orderId": 7}, ours="get_prevented_matches", symbol=SYMBOL, orderId=7),
    call("private_get_myallocations", {"symbol": SYMBOL}, ours="get_allocations", symbol=SYMBOL),
    call("private_get_account_commission", {"symbol": SYMBOL}, ours="get_account_commission", symbol=SYMBOL),
    call("fetch_balance", ours="get_account"),
    call("fetch_balance", {"type": "funding"}, ours="funding_wallet"),
    call("fetch_trading_fees", ours="get_trade_fee"),
    call("fetch_trading_fee", PAIR, ours="get_trade_fee", symbol=SYMBOL),
    call("fetch_deposit_address", "BTC", {"network": "BTC"}, ours="get_deposit_address", coin="BTC", network="BTC"),
    call("fetch_deposits", "BTC", SINCE, 5, ours="get_deposit_history", coin="BTC", startTime=SINCE, limit=5),
    call("fetch_withdrawals", "BTC", SINCE, 5, ours="get_withdraw_history", coin="BTC", startTime=SINCE, limit=5),
    call(
        "withdraw",
        "BTC",
        0.001,
        "there",
        {"network": "BTC", "tag": "2"},
        ours="withdraw",
        coin="BTC",
        amount=0.001,
        address="there",
        network="BTC",
        addressTag="2",
    ),
    call("transfer", "USDT", 1, "spot", "funding", ours="universal_transfer", type="MAIN_FUNDING", asset="USDT", amount=1),
    call(
        "fetch_transfers",
        None,
        SINCE,
        5,
        {"fromAccount": "spot", "toAccount": "funding"},
        ours="query_universal_transfer_history",
        type="MAIN_FUNDING",
        startTime=SINCE,
        size=5,
    ),
    call("fetch_my_dust_trades", None, SINCE, ours="get_dust_log", startTime=SINCE),
)


def exchange(urls: dict[str, str], key: str, secret: str) -> Any:
    import ccxt

    options = {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}}
    exchange = ccxt.binance({"apiKey": key, "secret": secret, "enableRateLimit": False, "options": options})
    for name, path in (("public", "api/v3"), ("private", "api/v3"), ("sapi", "sapi/v1")):
        exchange.urls["api"][name] = f"{urls['rest']}/{path}"
    return exchange


def client(urls: dict[str, str], key: str, secret: str) -> Any:
    from exchangeclient.client import Client

    return Client(key, secret, environment=urls)


def read(verb: str, url: str, body: str | bytes | None) -> Sent:
    """A request as verb, path and parameters."""
    parts = urlsplit(url)
    form = body.decode() if isinstance(body, bytes) else body or ""
    return [verb, parts.path, dict(parse_qsl(f"{parts.query}&{form}", keep_blank_values=True))]


def compared(each: Call, theirs: list[Sent], ours: list[Sent]) -> str:
    """What differs, and may.

    :raises AssertionError: for what may not
    """
    path, params, own = same(each, theirs, ours)
    differs = {name for name in params | own if params.get(name) != own.get(name)}
    assert differs <= DIFFERS.keys(), f"{each.theirs} sends {params} to {path}, {each.ours} sends {own}"
    given = each.keywords.keys() & differs
    assert not given, f"{each.theirs} and {each.ours} send other values of what both were given: {given}"
    return ", ".join(sorted(name for name in differs if DIFFERS[name] != _MOMENT))


if __name__ == "__main__":
    Bench(CALLS, exchange, client, read, compared).run(__file__)
