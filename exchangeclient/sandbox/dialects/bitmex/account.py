"""BitMEX's endpoints that tell an account what it has, holds, did and pays."""

from __future__ import annotations

from typing import Any

from exchangeclient.sandbox.dialects.bitmex import errors
from exchangeclient.sandbox.dialects.bitmex.call import Call
from exchangeclient.sandbox.dialects.bitmex.names import CURRENCIES, Currency, listed, swap_of
from exchangeclient.sandbox.dialects.bitmex.query import Page
from exchangeclient.sandbox.dialects.bitmex.tables import TABLES, Row
from exchangeclient.sandbox.dialects.bitmex.words import iso, number

_IN_BALANCE = ("Trade", "Funding", "Settlement")
_OPENED_US = 1_577_836_800_000_000  # when every play account was made, 2020-01-01


# ---- orders and positions ----------------------------------------------------------------------------------------


def orders(call: Call) -> list[Row]:
    """All that there were, the oldest first."""
    symbols = {each.symbol for each in call.products()}
    known = call.venue.orders
    rows = [known.row(each) for each in known.entries.of(call.account) if each.product.symbol in symbols]
    return _page(call, "order", rows)


def executions(call: Call) -> list[Row]:
    """All that happened, also what moved no money."""
    return _page(call, "execution", _executions(call))


def trade_history(call: Call) -> list[Row]:
    """What moved money."""
    return _page(call, "execution", [row for row in _executions(call) if row["execType"] in _IN_BALANCE])


def _executions(call: Call) -> list[Row]:
    symbols = {each.symbol for each in call.products()}
    return [row for row in call.venue.orders.executions.of(call.account) if row["symbol"] in symbols]


def positions(call: Call) -> list[Row]:
    """Those that there are or were."""
    holdings = call.venue.holdings(call.account)
    page = Page(call.params, "position")
    page.start_us = page.end_us = None
    rows = [holdings.position(each, call.shown_us) for each in call.products() if holdings.is_known(each)]
    return page.of([TABLES["position"].kept(row, call.venue.manners.wire) for row in rows])


def _page(call: Call, table: str, rows: list[Row]) -> list[Row]:
    wire = call.venue.manners.wire
    return Page(call.params, table).of([TABLES[table].kept(row, wire) for row in rows])


# ---- money -------------------------------------------------------------------------------------------------------


def _currencies(call: Call) -> tuple[list[Currency], bool]:
    """Those that ``currency`` means, and whether that was all of them."""
    name = call.params.text("currency") or "XBt"
    if name == "all":
        return list(CURRENCIES.values()), True
    if name not in CURRENCIES:
        raise errors.BAD("currency")
    return [CURRENCIES[name]], False


def margin(call: Call) -> Any:
    """One row, or with ``all`` a list."""
    currencies, is_all = _currencies(call)
    holdings = call.venue.holdings(call.account)
    rows = [TABLES["margin"].kept(holdings.margin(each, call.shown_us), call.venue.manners.wire) for each in currencies]
    return rows if is_all else rows[0]


def wallet(call: Call) -> Any:
    """The same for wallets."""
    currencies, is_all = _currencies(call)
    rows = [TABLES["wallet"].kept(call.venue.wallet(call.account, each), call.venue.manners.wire) for each in currencies]
    return rows if is_all else rows[0]


def wallet_history(call: Call) -> list[Row]:
    """What came in and went out, the newest first."""
    currencies, _ = _currencies(call)
    codes = {each.code for each in currencies}
    page = Page(call.params, "transact")
    known = [row for row in call.venue.transfers.get(call.account, ()) if row["currency"] in codes]
    page.reverse = not page.reverse
    return page.of(known)


def wallet_summary(call: Call) -> list[Row]:
    """What each kind of movement comes to."""
    currencies, _ = _currencies(call)
    holdings, rows = call.venue.holdings(call.account), []
    for currency in currencies:
        known = [row for row in call.venue.transfers.get(call.account, ()) if row["currency"] == currency.code]
        sums = {kind: sum(row["amount"] for row in known if row["transactType"] == kind) for kind in ("Deposit", "Withdrawal")}
        total = holdings.wallet(currency)
        parts = {**sums, "RealisedPNL": total - sum(sums.values()), "Total": total}
        rows += [
            {"account": holdings.number, "currency": currency.code, "transactType": kind, "symbol": "", "amount": amount}
            for kind, amount in parts.items()
        ]
    return rows


# ---- the account itself ------------------------------------------------------------------------------------------


def user(call: Call) -> Row:
    assert call.signer is not None  # noqa: S101 - as in Call.account
    return {
        "id": call.venue.number(call.signer),
        "firstname": None,
        "lastname": None,
        "username": call.signer.key,
        "accountName": "Main",
        "isUser": True,
        "email": None,
        "created": iso(_OPENED_US),
        "lastUpdated": iso(_OPENED_US),
        "preferences": {},
        "typ": None,
        "country": None,
    }


def commission(call: Call) -> Row:
    """What is paid on each contract."""
    found = {}
    for each in listed(call.exchange):
        swap = swap_of(each.instrument(call.exchange))
        found[each.symbol] = {"makerFee": number(swap.maker), "takerFee": number(swap.taker), "settlementFee": 0}
    return found


def execution_history(call: Call) -> list[Row]:
    """What moved money on one day of one symbol."""
    product, day = call.product(), call.params.time_us("timestamp")
    if day is None:
        raise errors.MISSING("timestamp")
    rows = call.venue.orders.executions.of(call.account)
    wanted = iso(day)[:10]
    return [row for row in rows if row["symbol"] == product.symbol and row["timestamp"][:10] == wanted and row["execType"] in _IN_BALANCE]


def trading_volume(call: Call) -> list[Row]:
    """What was traded in thirty days, in dollars."""
    since = iso(call.shown_us - 30 * 86_400_000_000)
    rows = call.venue.orders.executions.of(call.account)
    traded = sum(abs(row["foreignNotional"]) for row in rows if row["execType"] == "Trade" and row["timestamp"] >= since)
    return [{"advUsd": round(traded / 30, 4)}]


def api_keys(call: Call) -> list[Row]:
    """The key that asks."""
    assert call.signer is not None  # noqa: S101 - as in Call.account
    return [
        {
            "id": call.signer.key,
            "name": call.signer.key,
            "permissions": ["order"] if call.signer.can_trade else [],
            "enabled": True,
            "userId": call.venue.number(call.signer),
            "created": iso(_OPENED_US),
        }
    ]
