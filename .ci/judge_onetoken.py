"""onetoken 0.2.210201.1: the last of the historic service's own SDKs, pointed at the gateway by its own ``Config.change_host``.

It needs arrow before 1.0. A key of the sandbox's is one of the gateway's, too, for every ``mock-`` account.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from judging import PATIENCE_S, called_with, judge, say
from onetoken import Account, quote
from onetoken.account import gen_sign
from onetoken.config import Config
from onetoken.model import Contract, Order

urls, KEY, SECRET = called_with()
CONTRACTS = "binance/btc.usdt", "okex/btc.usdt"
logging.disable(logging.WARNING)
Config.change_host(f"{urlsplit(urls['rest']).netloc}/", nossl=True)
assert urls["rest"] == Config.HOST_REST
assert f"{urls['stream']}/trade" == Config.TRADE_HOST_WS


async def eventually(what: str, probe: Callable[[], object]) -> object:
    """The first truthy answer of *probe*, while the loop goes on."""
    for _ in range(int(PATIENCE_S / 0.05)):
        if answer := probe():
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError(f"did not happen within {PATIENCE_S} s: {what}")


async def good(call: Awaitable[tuple[Any, object]]) -> Any:
    """The result of a call that has to go well."""
    result, error = await call
    assert error is None, error
    return result


async def contracts() -> dict[str, Contract]:
    """Contracts, one and all."""
    found = {}
    for symbol in CONTRACTS:
        found[symbol] = await good(quote.get_contract(symbol))
        assert found[symbol].symbol == symbol
        listed = await good(quote.get_contracts(symbol.partition("/")[0]))
        assert symbol in {each.symbol for each in listed}
        assert all(each.min_change > 0 and each.unit_amount > 0 for each in listed)
    assert await quote.get_contract("binance/no.such") == (None, "contract-not-exist")
    _, error = await quote.get_contracts("bittrex")
    assert "contract-not-exist" in str(error), error
    say("contracts, one that there is not, and an exchange that is gone")
    return found


async def quotes() -> dict[str, float]:
    """Ticks in both forms, trades and candles, each to a coroutine function and to a plain one."""
    last = {}
    for symbol in CONTRACTS:
        ticks, changed, trades, candles = [], [], [], []

        async def keep(tick, into=ticks):
            into.append(tick)

        await quote.subscribe_tick(symbol, keep)
        await quote.subscribe_tick_v3(symbol, changed.append)
        await quote.subscribe_zhubi(symbol, trades.append)
        await quote.subscribe_candle(symbol, "1m", candles.append)
        for what, heard in (("ticks", ticks), ("changes of ticks", changed)):
            await eventually(f"{what} of {symbol}", lambda heard=heard: len(heard) >= 10)
            assert all(tick.contract == symbol and tick.bid1 < tick.ask1 and tick.price > 0 for tick in heard)
            assert all(later.time >= earlier.time for earlier, later in pairwise(heard))
        assert changed[-1].source == "tick.v3"
        await eventually(f"trades of {symbol}", lambda heard=trades: heard)
        assert all(each.contract == symbol and each.price > 0 and each.bs in ("b", "s") for rows in trades for each in rows)
        await eventually(f"a candle of {symbol}", lambda heard=candles: heard)
        assert all((each.contract, each.duration) == (symbol, "1m") and each.low <= each.close <= each.high for each in candles)
        last[symbol] = (await good(quote.get_last_tick(symbol))).price
    say("ticks, ticks v3, trades, candles, the last tick: as they come and as asked")
    return last


async def trading(symbol: str, contract: Contract, last: float) -> None:
    """Everything that an account can do."""
    account = Account(f"{symbol.partition('/')[0]}/mock-1token", KEY, SECRET)
    infos, orders = [], []

    async def told(info):
        infos.append(info)

    async def heard(order):
        orders.append(dict(order))

    def told_of(number: str, status: str):
        return lambda: any(row["exchange_oid"] == number and row["status"] == status for row in orders)

    step = Decimal(str(contract.min_change))
    low, high = (float((Decimal(str(last * part)) // step) * step) for part in (0.9, 1.04))
    await account.subscribe_info(told)
    await account.subscribe_orders(heard)
    await eventually("the account's balances are pushed", lambda: infos)
    await good(account.cancel_all(contract=symbol))

    info = await good(account.get_info())
    assert info.balance > 0
    assert info.get_total_amount("usdt") > 0
    assert info.get_total_amount("nothing") == 0
    assert isinstance(await good(account.get_status()), int)

    placed = await good(account.place_order(symbol, low, "b", 0.01))
    number = placed["exchange_oid"]
    assert number.startswith(f"{symbol}-")
    await eventually("the order is pushed", told_of(number, "pending"))
    assert number in {row["exchange_oid"] for row in await good(account.get_pending_list())}
    (row,) = await good(account.get_order_use_exchange_oid(number))
    assert (row["status"], row["bs"], row["entrust_price"], row["entrust_amount"]) == ("pending", "b", low, 0.01)
    read = Order.from_dict(row)
    assert (read.contract_symbol, read.account) == (symbol, account.symbol)
    if symbol.startswith("okex"):
        await good(account.amend_order_use_exchange_oid(number, low, 0.02))
        (row,) = await good(account.get_order_use_exchange_oid(number))
        assert row["entrust_amount"] == 0.02
        say(f"{symbol}: amended")
    (cancelled,) = await good(account.cancel_use_exchange_oid(number))
    assert cancelled["exchange_oid"] == number
    await eventually("the cancellation is pushed", told_of(number, "withdrawn"))
    _, error = await account.cancel_use_exchange_oid(number)
    assert "exg-cancel-order-not-exist" in str(error), error
    say(f"{symbol}: placed, looked up, cancelled, cancelled again, each pushed")

    mine = f"{symbol}-20260101120000abcdefghijklmn"
    await good(account.place_order(symbol, low, "b", 0.01, client_oid=mine))
    (row,) = await good(account.get_order_use_client_oid(mine))
    assert row["client_oid"] == mine
    await good(account.cancel_use_client_oid(mine))
    both, error = await account.place_and_cancel(symbol, low, "b", 0.01, 0.1)
    assert error is None, error
    assert both[0]["exchange_oid"] == both[1][0]["exchange_oid"]
    for _ in range(2):
        await good(account.place_order(symbol, low, "b", 0.01))
    assert len(await good(account.get_order_list(symbol, "active"))) == 2
    assert (await good(account.cancel_all(contract=symbol)))["status"] == "success"
    assert not await good(account.get_pending_list(symbol))
    say(f"{symbol}: the caller's own id, placed and cancelled in one, all cancelled")

    updates, seen = [], len(infos)
    bought = await good(account.place_order(symbol, high, "b", 0.01, on_update=updates.append))
    await eventually("its end is pushed to its own callback", lambda: updates and updates[-1]["status"] == "dealt")
    assert updates[-1]["dealt_amount"] == 0.01
    assert 0 < updates[-1]["average_dealt_price"] <= high
    await eventually("what it was paid with is pushed", lambda: len(infos) > seen)
    deals = await good(account.get_dealt_trans(symbol))
    assert sum(Decimal(str(deal["dealt_amount"])) for deal in deals if deal["exchange_oid"] == bought["exchange_oid"]) == Decimal("0.01")
    assert bought["exchange_oid"] in {row["exchange_oid"] for row in await good(account.get_order_list(symbol, "end"))}
    assert bought["exchange_oid"] in {row["exchange_oid"] for row in await good(account.get_order_list_from_db(symbol, "end"))}
    say(f"{symbol}: bought; order, trades and balances, pushed and asked")
    account.close()


async def refusals() -> None:
    """What goes wrong, in the protocol's own words."""
    vectors = (
        (None, "GET", "bf676b208d1b90e2763b0206f8426fc66583b07281a0368c97a9ee71e098e33e"),
        ('{"price": 0.1,     "amount": 0.2}', "POST", "d75535f8f5e2d21dd5e5a0e8609ef56e3177d55f661dfc51b458b9d7ada711dc"),
    )
    for body, verb, signature in vectors:
        assert gen_sign("this-is-long-secret", verb, "/okex/demo/info", "this-is-nonce", body) == signature
    account = Account("binance/mock-1token", KEY, "another secret")
    _, error = await account.get_info()
    assert error.code == "RESPONSE_4XX", error
    assert "invalid-api-key" in str(error)
    assert SECRET not in str(error)
    account.close()
    account = Account("binance/mock-1token", KEY, SECRET)
    for contract in ("binance/no.such", "no name", "exx/btc.usdt"):
        _, error = await account.place_order(contract, 1, "b", 1)
        assert "contract-not-exist" in str(error), error
    _, error = await account.get_order_use_exchange_oid(*(f"binance/btc.usdt-{nth}" for nth in range(10)))
    assert "invalid-param" in str(error), error
    account.close()
    say("a wrong secret, contracts that there are not, ten ids; signatures by the vectors")


async def everything() -> None:
    """All in one loop: the SDK keeps its sockets."""
    found = await contracts()
    last = await quotes()
    for symbol in CONTRACTS:
        await trading(symbol, found[symbol], last[symbol])
    await refusals()


# Not asyncio.run, which ends every task first: those of the SDK go on when they are cancelled.
judge(lambda: asyncio.new_event_loop().run_until_complete(everything()))
