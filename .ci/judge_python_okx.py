"""python-okx: OKX's own client. Its REST classes, and its websocket clients with orders sent over one."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from itertools import pairwise

import websockets
from judging import PATIENCE_S, Heard, called_with, judge, say
from okx.Account import AccountAPI
from okx.Funding import FundingAPI
from okx.MarketData import MarketAPI
from okx.PublicData import PublicAPI
from okx.Status import StatusAPI
from okx.SubAccount import SubAccountAPI
from okx.Trade import TradeAPI
from okx.websocket.WsPrivateAsync import WsPrivateAsync
from okx.websocket.WsPublicAsync import WsPublicAsync

urls, key, secret = called_with()
PASSPHRASE = "passphrase"
LIVE = "0"
SPOT, SWAP = "BTC-USDT", "BTC-USDT-SWAP"


def made(api, flag: str = LIVE):
    return api(key, secret, PASSPHRASE, flag=flag, domain=urls["rest"])


public, market, trade, account, funding = map(made, (PublicAPI, MarketAPI, TradeAPI, AccountAPI, FundingAPI))


def data(answer) -> list:
    """What an answer says that refuses nothing."""
    assert answer["code"] == "0", answer
    return answer["data"]


def refusal(answer) -> str:
    """The code with which the exchange refuses: that of the row where there is one."""
    assert answer["code"] != "0", answer
    return answer["data"][0]["sCode"] if answer["data"] else answer["code"]


def judge_market_data() -> None:
    assert int(data(public.get_system_time())[0]["ts"]) > 0
    assert SPOT in {row["instId"] for row in data(public.get_instruments("SPOT"))}
    (swap,) = data(public.get_instruments("SWAP", instId=SWAP))
    assert (swap["ctVal"], swap["ctType"], swap["settleCcy"]) == ("0.01", "linear", "USDT")
    assert isinstance(swap["instIdCode"], int)
    assert {row["instId"] for row in data(market.get_tickers("SPOT"))} >= {SPOT, "ETH-BTC"}
    (ticker,) = data(market.get_ticker(SPOT))
    assert Decimal(ticker["bidPx"]) < Decimal(ticker["askPx"])
    (book,) = data(market.get_orderbook(SPOT, sz="20"))
    assert len(book["asks"]) == len(book["bids"]) == 20
    assert isinstance(book["seqId"], int)
    candles = data(market.get_candlesticks(SPOT, bar="1H", limit="24"))
    assert all(int(newer[0]) - int(older[0]) == 3_600_000 for newer, older in pairwise(candles))
    assert candles[0][-1] == "0"
    older = data(market.get_history_candlesticks(SPOT, bar="1H", after=candles[-1][0], limit="24"))
    assert int(candles[-1][0]) - int(older[0][0]) == 3_600_000
    trades = data(market.get_trades(SPOT, limit="20"))
    assert all(int(newer["tradeId"]) == int(older["tradeId"]) + 1 for newer, older in pairwise(trades))
    assert data(market.get_history_trades(SPOT, type="1", limit="1"))
    assert data(public.get_funding_rate(SWAP))[0]["instId"] == SWAP
    assert data(public.funding_rate_history(SWAP)) == []
    for answer in (
        public.get_mark_price("SWAP"),
        public.get_open_interest("SWAP"),
        public.get_price_limit(SWAP),
        public.get_position_tiers("SWAP", "cross", instFamily="BTC-USDT"),
        market.get_index_tickers(instId=SPOT),
    ):
        assert len(data(answer)) == 1
    assert data(made(StatusAPI).status()) == []
    assert refusal(market.get_ticker("NO-SUCH")) == "51001"
    say("REST: public and market data, spot and swap")


def prices() -> tuple[str, str]:
    """One far below the market and one far above."""
    price = Decimal(data(market.get_ticker(SPOT))[0]["last"])
    return tuple(format(price * Decimal(by), ".2f") for by in ("0.9", "1.1"))


def judge_orders() -> None:
    low, high = prices()
    (placed,) = data(trade.place_order(SPOT, "cash", "buy", "limit", "0.01", px=low, clOrdId="judge1", tag="robot"))
    assert refusal(trade.place_order(SPOT, "cash", "buy", "limit", "0.01", px=low, clOrdId="judge1")) == "51016"
    (found,) = data(trade.get_order(SPOT, clOrdId="judge1"))
    assert (found["ordId"], found["state"], found["px"], found["tag"]) == (
        placed["ordId"],
        "live",
        format(Decimal(low).normalize(), "f"),
        "robot",
    )
    assert [row["ordId"] for row in data(trade.get_order_list(instType="SPOT"))] == [placed["ordId"]]
    (amended,) = data(trade.amend_order(SPOT, ordId=placed["ordId"], newSz="0.02", reqId="r1"))
    assert amended["reqId"] == "r1"
    assert data(trade.get_order(SPOT, ordId=placed["ordId"]))[0]["sz"] == "0.02"
    data(trade.cancel_order(SPOT, ordId=placed["ordId"]))
    assert refusal(trade.cancel_order(SPOT, ordId=placed["ordId"])) == "51401"
    assert refusal(trade.cancel_order(SPOT, clOrdId="nobody")) == "51400"
    assert refusal(trade.get_order(SPOT, ordId="1")) == "51603"
    assert refusal(trade.amend_order(SPOT, ordId=placed["ordId"], newSz="0.01")) == "51509"
    say("REST: an order placed, asked for, amended, cancelled; refusals by row")

    (money,) = data(trade.place_order(SPOT, "cash", "buy", "market", "100"))
    (coins,) = data(trade.place_order(SPOT, "cash", "sell", "market", "0.01"))
    spent, sold = (data(trade.get_order(SPOT, ordId=each["ordId"]))[0] for each in (money, coins))
    assert (spent["state"], spent["tgtCcy"], sold["accFillSz"]) == ("filled", "quote_ccy", "0.01")
    assert Decimal("99") < Decimal(spent["accFillSz"]) * Decimal(spent["avgPx"]) <= 100
    assert (spent["feeCcy"], sold["feeCcy"]) == ("BTC", "USDT")
    assert Decimal(spent["fee"]) < 0
    assert {row["ordId"] for row in data(trade.get_fills_history("SPOT"))} == {money["ordId"], coins["ordId"]}
    fills = data(trade.get_fills(instId=SPOT, ordId=money["ordId"]))
    assert sum(Decimal(row["fillSz"]) for row in fills) == Decimal(spent["accFillSz"])
    assert {money["ordId"], coins["ordId"], placed["ordId"]} == {row["ordId"] for row in data(trade.get_orders_history("SPOT"))}
    assert [row["ordId"] for row in data(trade.get_orders_history("SPOT", after=coins["ordId"]))] == [money["ordId"], placed["ordId"]]
    assert [row["ordId"] for row in data(trade.get_orders_history_archive("SPOT", before=money["ordId"]))] == [coins["ordId"]]
    say("REST: orders at market by money and by coins, fills, history page by page")

    orders = [
        {"instId": SPOT, "tdMode": "cash", "side": "sell", "ordType": "limit", "sz": "0.01", "px": high, "clOrdId": f"batch{number}"}
        for number in (1, 2)
    ]
    partly = trade.place_multiple_orders([*orders, {**orders[0], "clOrdId": "batch3", "sz": "0.000001"}])
    assert (partly["code"], [row["sCode"] for row in partly["data"]]) == ("2", ["0", "0", "51020"])
    data(trade.amend_multiple_orders([{"instId": SPOT, "clOrdId": "batch1", "newPx": str(Decimal(high) + 1)}]))
    data(trade.cancel_multiple_orders([{"instId": SPOT, "clOrdId": f"batch{number}"} for number in (1, 2)]))
    assert refusal(trade.place_multiple_orders([{**orders[0], "sz": "100000"}])) == "51203"
    assert refusal(trade.place_order(SPOT, "cash", "sell", "limit", "1100", px=high)) == "51008"
    (taker,) = data(trade.place_order(SPOT, "cash", "buy", "post_only", "0.01", px=high))
    assert data(trade.get_order(SPOT, ordId=taker["ordId"]))[0]["cancelSource"] == "31"
    say("REST: batches that fail in part, what is refused, post only")


def judge_account() -> None:
    (config,) = data(account.get_account_config())
    assert (config["posMode"], config["perm"]) == ("net_mode", "read_only,trade")
    (balance,) = data(account.get_account_balance("BTC,USDT"))
    assert {row["ccy"] for row in balance["details"]} == {"BTC", "USDT"}
    assert data(account.get_fee_rates("SPOT", instId=SPOT))[0]["maker"] == "-0.0008"
    assert len(data(account.get_instruments("SPOT"))) == len(data(public.get_instruments("SPOT")))
    assert data(account.set_leverage("5", "cross", instId=SWAP))[0]["lever"] == "5"
    assert data(account.get_leverage("cross", instId=SWAP))[0]["lever"] == "5"
    assert Decimal(data(account.get_max_order_size(SWAP, "cross"))[0]["maxBuy"]) > 0
    assert Decimal(data(account.get_max_avail_size(SPOT, "cash"))[0]["availBuy"]) > 0
    data(trade.place_order(SWAP, "cross", "sell", "market", "3"))
    (position,) = data(account.get_positions("SWAP"))
    assert (position["pos"], position["lever"], position["mgnMode"]) == ("-3", "5", "cross")
    data(trade.close_positions(SWAP, "cross"))
    assert data(account.get_positions("SWAP")) == []
    assert {row["ccy"] for row in data(funding.get_currencies())} >= {"BTC", "USDT"}
    assert data(funding.get_balances("BTC"))[0]["bal"] == "0"
    assert Decimal(data(funding.get_asset_valuation("USDT"))[0]["totalBal"]) > 0
    assert data(made(SubAccountAPI).get_subaccount_list()) == []
    assert refusal(made(AccountAPI, flag="1").get_account_config()) == "50101", "a live key is none of the demo's"
    assert refusal(AccountAPI(key, "wrong", PASSPHRASE, flag=LIVE, domain=urls["rest"]).get_account_config()) == "50113"
    say("REST: account, leverage, positions, funding account, sub-accounts, keys")


async def connected(client, heard: Heard):
    """A client of theirs at the sandbox, where it insists on TLS."""
    client.websocket = await websockets.connect(client.url)
    client.callback = heard
    client.task = asyncio.ensure_future(client.consume())
    return client


async def one(what: str, heard: Heard, wanted) -> str:
    return await asyncio.to_thread(heard.await_one, what, lambda text: text != "pong" and wanted(json.loads(text)))


async def judge_websockets() -> None:
    heard = Heard()
    client = await connected(WsPublicAsync(f"{urls['stream']}/ws/v5/public"), heard)
    channels = ("tickers", "trades", "books", "books5", "bbo-tbt")
    await client.subscribe([{"channel": channel, "instId": SPOT} for channel in channels], heard)
    for channel in channels:
        await one(channel, heard, lambda message, channel=channel: message.get("arg", {}).get("channel") == channel and "data" in message)
    await asyncio.to_thread(heard.await_count, "a stretch of the book", 60)
    books = [json.loads(text) for text in heard.all() if '"channel":"books"' in text and '"data"' in text]
    assert books[0]["action"] == "snapshot"
    assert books[0]["data"][0]["prevSeqId"] == -1
    assert all(later["data"][0]["prevSeqId"] == earlier["data"][0]["seqId"] for earlier, later in pairwise(books))
    await client.unsubscribe([{"channel": "trades", "instId": SPOT}], heard)
    await one("the end of a subscription", heard, lambda message: message.get("event") == "unsubscribe")
    await client.websocket.send("ping")
    await asyncio.to_thread(heard.await_one, "pong", lambda text: text == "pong")
    say("websockets: public channels, a book without a gap, the text ping")

    heard = Heard()
    client = await connected(WsPublicAsync(f"{urls['stream']}/ws/v5/business"), heard)
    await client.subscribe([{"channel": "candle1m", "instId": SPOT}], heard)
    await one("a candle", heard, lambda message: "data" in message)
    say("websockets: candles on business")

    heard = Heard()
    client = await connected(WsPrivateAsync(key, PASSPHRASE, secret, f"{urls['stream']}/ws/v5/private"), heard)
    args = [{"channel": "account"}, {"channel": "orders", "instType": "ANY"}, {"channel": "positions", "instType": "ANY"}]
    await client.subscribe(args, heard)
    await one("who has logged in", heard, lambda message: message.get("event") == "login")
    await one("a snapshot", heard, lambda message: message.get("eventType") == "snapshot")
    await one("the last subscription", heard, lambda message: message.get("channel") == "positions")
    (swap,) = data(public.get_instruments("SWAP", instId=SWAP))
    wish = {"instIdCode": swap["instIdCode"], "tdMode": "cross", "side": "buy", "ordType": "market", "sz": "1"}
    await client.place_order([wish], id="o1")
    answer = json.loads(await one("the answer to an order", heard, lambda message: message.get("id") == "o1"))
    assert answer["code"] == "0", answer
    number = answer["data"][0]["ordId"]

    def filled(message: dict) -> bool:
        rows = message.get("data", []) if message.get("arg", {}).get("channel") == "orders" else []
        return [(row["ordId"], row["state"]) for row in rows] == [(number, "filled")]

    await one("its fill", heard, filled)
    await one("its position", heard, lambda message: message.get("arg", {}).get("channel") == "positions" and message.get("data"))
    await client.place_order([{**wish, "instId": SWAP, "instIdCode": ""}], id="o2")
    refused = json.loads(await one("a refusal", heard, lambda message: message.get("id") == "o2"))
    assert refused["code"] == "50014", refused
    say("websockets: account, orders, positions; an order sent over one")


async def all_websockets() -> None:
    async with asyncio.timeout(4 * PATIENCE_S):
        await judge_websockets()


judge(judge_market_data, judge_orders, judge_account, lambda: asyncio.run(all_websockets()))
