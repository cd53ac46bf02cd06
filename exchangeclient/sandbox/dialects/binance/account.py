"""Binance's endpoints that tell an account what it has, pays, ordered and traded."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from zlib import crc32

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.binance import account_shapes, errors, instrument_shapes, order_shapes
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.dialects.binance.market import DEFAULT_ROWS, MOST_ROWS
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.dialects.binance.times import Time
from exchangeclient.sandbox.dialects.binance.trading import check_ids_agree, find, read_ids
from exchangeclient.sandbox.engine.words import OrderStatus

_LONGEST_SPAN_MS = 24 * 3600 * 1000
_SPANS: tuple[set[str], ...] = (set(), {"startTime"}, {"endTime"}, {"startTime", "endTime"})
# An order that ended without a fill can be asked for so long.
_KEPT_US = 90 * 24 * 3600 * 1_000_000
_ENDED = (OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH)
# Which optional parameters go together; ``limit`` goes with all of them.
_TRADE_QUERIES = (*_SPANS, {"orderId"}, {"fromId"}, {"orderId", "fromId"})
_ALLOCATION_QUERIES = (*_SPANS, {"orderId"}, {"fromAllocationId"}, {"orderId", "fromAllocationId"})
_PREVENTED_QUERIES = (
    {"preventedMatchId"},
    {"orderId"},
    {"orderId", "fromPreventedMatchId"},
    {"orderId", "fromPreventedMatchId", "limit"},
)


# ---- the account -------------------------------------------------------------------------------------------------


def account(call: Call) -> Any:
    without_zeros = call.params.flag("omitZeroBalances", default=False)
    balances = call.exchange.balances(call.account)
    fees = call.exchange.fees(call.account)
    owner = _owner(call)
    return {
        "makerCommission": account_shapes.bips(fees.maker),
        "takerCommission": account_shapes.bips(fees.taker),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": account_shapes.rates(fees),
        "canTrade": owner.can_trade,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": Time(call.venue.updated_us(call.account)),
        "accountType": "SPOT",
        "balances": [
            account_shapes.balance(asset, each) for asset, each in balances.items() if each.free or each.locked or not without_zeros
        ],
        "permissions": list(owner.permissions),
        "uid": crc32(call.account.encode()),
    }


def _owner(call: Call) -> Account:
    """Who signed the call."""
    if call.signer is None:
        raise errors.BAD_KEY()
    return call.signer.account


def commission(call: Call) -> Any:
    return account_shapes.commission(call.instrument().symbol, call.exchange.fees(call.account))


def order_rate_limits(call: Call) -> Any:
    return [counter.shape(call.account, call.now_us) for counter in call.venue.limits.orders]


def filters(call: Call) -> Any:
    """No account here has a limit on an asset (``MAX_ASSET``) of its own."""
    instrument = call.instrument()
    return {
        "exchangeFilters": instrument_shapes.exchange_filters(call.exchange.rules),
        "symbolFilters": instrument_shapes.symbol_filters(instrument),
        "assetFilters": [],
    }


# ---- orders ------------------------------------------------------------------------------------------------------


def query_order(call: Call) -> Any:
    call.params.need("symbol")
    order_id, client_order_id = read_ids(call.params, "orderId", "origClientOrderId")
    symbol = call.instrument().symbol
    if order_id is not None and client_order_id:
        check_ids_agree(call, symbol, order_id, client_order_id)
    order = find(call, symbol, order_id, client_order_id, errors.NO_SUCH_ORDER())
    if order.status in _ENDED and not order.executed and call.now_us - order.updated_us > _KEPT_US:
        raise errors.ORDER_ARCHIVED()
    return order_shapes.query(order)


def open_orders(call: Call) -> Any:
    symbol = call.instrument().symbol if "symbol" in call.params else None
    return [order_shapes.query(each) for each in call.exchange.open_orders(call.account, symbol)]


def all_orders(call: Call) -> Any:
    params = call.params
    limit = params.limit(DEFAULT_ROWS, MOST_ROWS)
    first_id = params.integer("orderId")
    start_us, end_us = span(params)
    symbol = call.instrument().symbol
    rows = call.exchange.orders(call.account, symbol, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit)
    return [order_shapes.query(each) for each in rows]


def amendments(call: Call) -> Any:
    params = call.params
    params.need_all(("symbol", "orderId"))
    order_id, first_id = params.integer("orderId") or 0, params.integer("fromExecutionId")
    limit = params.limit(DEFAULT_ROWS, MOST_ROWS)
    symbol = call.instrument().symbol
    found = call.exchange.amendments(call.account, symbol, order_id)
    rows = [(call.venue.users.amendment_id(each), each) for each in found]
    page = rows[-limit:] if first_id is None else [row for row in rows if row[0] >= first_id][:limit]
    return [order_shapes.amendment(each, execution_id) for execution_id, each in page]


# ---- trades ------------------------------------------------------------------------------------------------------


def my_trades(call: Call) -> Any:
    params = call.params
    limit = params.limit(DEFAULT_ROWS, MOST_ROWS)
    check_combination(params, _TRADE_QUERIES)
    order_id, first_id = params.integer("orderId"), params.integer("fromId")
    start_us, end_us = span(params)
    symbol = call.instrument().symbol
    rows = call.exchange.fills(call.account, symbol, order_id=order_id, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit)
    return [account_shapes.own_trade(each) for each in rows]


def allocations(call: Call) -> Any:
    params = call.params
    limit = params.limit(DEFAULT_ROWS, MOST_ROWS)
    check_combination(params, _ALLOCATION_QUERIES)
    order_id, first_id = params.integer("orderId"), params.integer("fromAllocationId")
    start_us, end_us = span(params)
    symbol = call.instrument().symbol
    rows = call.exchange.allocations(
        call.account, symbol, order_id=order_id, first_id=first_id, start_us=start_us, end_us=end_us, limit=limit
    )
    return [account_shapes.allocation(each) for each in rows]


def prevented_matches(call: Call) -> Any:
    params = call.params
    params.need("symbol")
    params.need_one("preventedMatchId", "orderId")
    check_combination(params, _PREVENTED_QUERIES)
    limit = params.limit(DEFAULT_ROWS, MOST_ROWS)
    match_id, order_id, first_id = (params.integer(name) for name in ("preventedMatchId", "orderId", "fromPreventedMatchId"))
    symbol = call.instrument().symbol
    rows = call.exchange.prevented_matches(call.account, symbol, match_id=match_id, order_id=order_id, first_id=first_id, limit=limit)
    return [account_shapes.prevented_match(each) for each in rows]


# ---- which rows --------------------------------------------------------------------------------------------------


def check_combination(params: Params, allowed: Collection[set[str]]) -> None:
    """Refuse unless those that were sent go together."""
    if {name for name in set().union(*allowed) if name in params} not in allowed:
        raise errors.BAD_COMBINATION()


def span(params: Params) -> tuple[int | None, int | None]:
    """``startTime`` and ``endTime``, at most a day apart."""
    start_us, end_us = params.span_us()
    if start_us is not None and end_us is not None and (end_us - start_us) // 1000 > _LONGEST_SPAN_MS:
        raise errors.TOO_LONG(24)
    return start_us, end_us
