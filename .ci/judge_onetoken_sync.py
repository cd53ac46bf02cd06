"""onetoken-sync 0.2.191107.0: the blocking SDK of the historic service, pointed at the gateway by its own ``Config.change_host``.

It needs arrow before 1.0 and websocket-client 0.56. A key of the sandbox's is one of the gateway's, too, for every ``mock-`` account.
"""

from __future__ import annotations

import logging
import time
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from judging import Heard, called_with, eventually, judge, say
from onetoken_sync import Account, Config, quote
from onetoken_sync.model import Contract, Order

urls, KEY, SECRET = called_with()
CONTRACTS = "binance/btc.usdt", "okex/btc.usdt"
logging.disable(logging.WARNING)
Config.change_host(f"{urlsplit(urls['rest']).netloc}/", nossl=True)
assert urls["rest"] == Config.HOST_REST
last: dict[str, float] = {}
listed: dict[str, Contract] = {}


def good(answer: tuple[Any, object]) -> Any:
    """The result of a call that has to go well."""
    result, error = answer
    assert error is None, error
    return result


def judge_contracts() -> None:
    for symbol in CONTRACTS:
        listed[symbol] = good(quote.get_contract(symbol))
        assert listed[symbol].symbol == symbol
        assert symbol in {each.symbol for each in good(quote.get_contracts(symbol.partition("/")[0]))}
        last[symbol] = good(quote.get_last_tick(symbol)).price
    assert quote.get_contract("okex/no.such") == (None, "contract-not-exist")
    say("contracts and last ticks, and one contract that there is not")


def judge_quotes() -> None:
    for symbol in CONTRACTS:
        ticks, changed, trades, candles = Heard(), Heard(), Heard(), Heard()
        quote.subscribe_tick(symbol, ticks)
        quote.subscribe_tick_v3(symbol, changed)
        quote.subscribe_zhubi(symbol, trades)
        quote.subscribe_candle(symbol, "1m", candles)
        for what, heard in (("ticks", ticks), ("changes of ticks", changed)):
            rows = heard.await_count(f"{what} of {symbol}", 10)
            assert all(tick.contract == symbol and tick.bid1 < tick.ask1 and tick.price > 0 for tick in rows)
            assert all(later.time >= earlier.time for earlier, later in pairwise(rows))
        (first, *_) = trades.await_count(f"trades of {symbol}", 1)
        assert all(each.contract == symbol and each.price > 0 and each.amount > 0 for each in first)
        (candle, *_) = candles.await_count(f"a candle of {symbol}", 1)
        assert (candle.contract, candle.duration) == (symbol, "1m")
        assert candle.low <= candle.close <= candle.high
    say("ticks, ticks v3, trades and candles")


def judge_trading() -> None:
    for symbol in CONTRACTS:
        account = Account(f"{symbol.partition('/')[0]}/mock-1token", KEY, SECRET)
        infos, orders = Heard(), Heard()
        account.ws_subscribe_info(infos)
        account.ws_subscribe_orders(orders)
        account.ws_start()
        infos.await_count("the account's balances are pushed", 1)
        good(account.cancel_all(symbol))
        info = good(account.get_info())
        assert info.balance > 0
        assert info.get_total_amount("usdt") > 0

        step = Decimal(str(listed[symbol].min_change))
        low, high = (float((Decimal(str(last[symbol] * part)) // step) * step) for part in (0.9, 1.04))
        number = good(account.place_order(symbol, low, "b", 0.01))["exchange_oid"]
        orders.await_one("the order is pushed", lambda row, number=number: (row["exchange_oid"], row["status"]) == (number, "pending"))
        (row,) = good(account.get_order_use_exchange_oid(number))
        assert (row["status"], row["entrust_price"], row["entrust_amount"]) == ("pending", low, 0.01)
        assert Order.from_dict(row).contract_symbol == symbol
        assert [each["exchange_oid"] for each in good(account.get_pending_list(symbol))] == [number]
        assert good(account.cancel_use_exchange_oid(number))[0]["exchange_oid"] == number
        orders.await_one("the end is pushed", lambda row, number=number: (row["exchange_oid"], row["status"]) == (number, "withdrawn"))
        mine = f"{symbol}-{time.strftime('%Y%m%d%H%M%S')}abcdefghijklmn"
        good(account.place_order(symbol, low, "b", 0.01, client_oid=mine))
        assert good(account.get_order_use_client_oid(mine))[0]["client_oid"] == mine
        good(account.cancel_use_client_oid(mine))
        good(account.place_and_cancel(symbol, low, "b", 0.01, 0.1))
        good(account.place_order(symbol, low, "b", 0.01))
        assert good(account.cancel_all(symbol))["status"] == "success"
        assert not good(account.get_pending_list(symbol))

        seen = len(infos.all())
        bought = good(account.place_order(symbol, high, "b", 0.01))["exchange_oid"]
        orders.await_one("it is dealt", lambda row, number=bought: (row["exchange_oid"], row["status"]) == (number, "dealt"))
        infos.await_count("what it was paid with is pushed", seen + 1)

        def dealt(account=account, symbol=symbol, number=bought) -> bool:
            rows = good(account.get_dealt_trans(symbol))
            return sum(Decimal(str(row["dealt_amount"])) for row in rows if row["exchange_oid"] == number) == Decimal("0.01")

        eventually("its trades are listed", dealt)
        assert bought in {each["exchange_oid"] for each in good(account.get_order_list(symbol, "end"))}
        account.ws_close()
        say(f"{symbol}: orders placed, looked up, cancelled, dealt; each pushed, and the balances")


def judge_refusals() -> None:
    _, error = Account("binance/mock-1token", KEY, "another secret").get_info()
    assert error.code == "RESPONSE_4XX"
    assert "invalid-api-key" in str(error)
    account = Account("binance/mock-1token", KEY, SECRET)
    _, error = account.place_order("coinegg/btc.usdt", 1, "b", 1)
    assert "contract-not-exist" in str(error)
    _, error = account.place_order("binance/btc.usdt", 1, "x", 1)
    assert "invalid-param" in str(error)
    say("a wrong secret, an exchange that is gone, a side that there is not")


judge(judge_contracts, judge_quotes, judge_trading, judge_refusals)
