"""Binance's endpoints as a table, and the way of a call through it, whichever carrier brought it: REST or the WebSocket API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exchangeclient.sandbox.dialects import binance_market as market
from exchangeclient.sandbox.dialects import binance_trading as trading
from exchangeclient.sandbox.dialects import binance_wallet as wallet
from exchangeclient.sandbox.dialects.binance_call import Call
from exchangeclient.sandbox.dialects.binance_errors import VenueError
from exchangeclient.sandbox.dialects.binance_params import Params
from exchangeclient.sandbox.dialects.binance_security import SIGNED_NAMES
from exchangeclient.sandbox.dialects.binance_venue import Venue

Weight = Callable[[Params], int]


def fixed(weight: int) -> Weight:
    return lambda _params: weight


def _depth_weight(params: Params) -> int:
    limit = params.limit(100, market.MOST_LEVELS)
    return next(weight for most, weight in ((100, 5), (500, 25), (1000, 50), (market.MOST_LEVELS, 250)) if limit <= most)


def _ticker_weight(params: Params) -> int:
    count = len(params.names("symbols") or ())
    if "symbol" in params or 1 <= count <= 20:
        return 2
    return 40 if 21 <= count <= 100 else 80


def _if_given(name: str, weight: int, otherwise: int) -> Weight:
    return lambda params: weight if name in params else otherwise


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    :ivar names: the parameters that it knows
    :ivar signed: needs API key, timestamp and signature
    :ivar free: costs its weight only when it fails; so it is for placing and cancelling
    :ivar counts_orders: its answers show the counters of unfilled orders
    """

    handler: Callable[[Call], Any]
    weight: Weight
    names: tuple[str, ...] = ()
    signed: bool = False
    free: bool = False
    counts_orders: bool = False

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.names, *SIGNED_NAMES) if self.signed else self.names


_IDS = ("symbol", "orderId", "origClientOrderId")
_TICKER = ("symbol", "symbols", "symbolStatus")
_KLINES = ("symbol", "interval", "startTime", "endTime", "timeZone", "limit")

ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "/api/v3/ping"): Route(market.ping, fixed(1)),
    ("GET", "/api/v3/time"): Route(market.time, fixed(1)),
    ("GET", "/api/v3/exchangeInfo"): Route(
        market.exchange_info, fixed(20), ("symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus")
    ),
    ("GET", "/api/v3/depth"): Route(market.depth, _depth_weight, ("symbol", "limit", "symbolStatus")),
    ("GET", "/api/v3/trades"): Route(market.trades, fixed(25), ("symbol", "limit")),
    ("GET", "/api/v3/historicalTrades"): Route(market.historical_trades, fixed(25), ("symbol", "limit", "fromId")),
    ("GET", "/api/v3/aggTrades"): Route(market.aggregate_trades, fixed(4), ("symbol", "fromId", "startTime", "endTime", "limit")),
    ("GET", "/api/v3/klines"): Route(market.klines, fixed(2), _KLINES),
    ("GET", "/api/v3/uiKlines"): Route(market.klines, fixed(2), _KLINES),
    ("GET", "/api/v3/avgPrice"): Route(market.average_price, fixed(2), ("symbol",)),
    ("GET", "/api/v3/ticker/24hr"): Route(market.ticker_24hr, _ticker_weight, (*_TICKER, "type")),
    ("GET", "/api/v3/ticker/price"): Route(market.ticker_price, _if_given("symbol", 2, 4), _TICKER),
    ("GET", "/api/v3/ticker/bookTicker"): Route(market.ticker_book, _if_given("symbol", 2, 4), _TICKER),
    ("POST", "/api/v3/order"): Route(trading.place_order, fixed(1), trading.ORDER_NAMES, signed=True, free=True, counts_orders=True),
    ("POST", "/api/v3/order/test"): Route(
        trading.check_order, _if_given("computeCommissionRates", 20, 1), (*trading.ORDER_NAMES, "computeCommissionRates"), signed=True
    ),
    ("GET", "/api/v3/order"): Route(trading.query_order, fixed(4), _IDS, signed=True),
    ("DELETE", "/api/v3/order"): Route(
        trading.cancel_order, fixed(1), (*_IDS, "newClientOrderId", "cancelRestrictions"), signed=True, free=True
    ),
    ("GET", "/api/v3/openOrders"): Route(trading.open_orders, _if_given("symbol", 6, 80), ("symbol",), signed=True),
    ("DELETE", "/api/v3/openOrders"): Route(trading.cancel_open_orders, fixed(1), ("symbol",), signed=True, free=True),
    ("GET", "/api/v3/allOrders"): Route(trading.all_orders, fixed(20), ("symbol", "orderId", "startTime", "endTime", "limit"), signed=True),
    ("GET", "/api/v3/account"): Route(trading.account, fixed(20), ("omitZeroBalances",), signed=True),
    ("GET", "/api/v3/myTrades"): Route(
        trading.my_trades, _if_given("orderId", 5, 20), ("symbol", "orderId", "startTime", "endTime", "fromId", "limit"), signed=True
    ),
    ("GET", "/api/v3/account/commission"): Route(trading.account_commission, fixed(20), ("symbol",), signed=True),
    ("GET", "/api/v3/rateLimit/order"): Route(trading.order_rate_limits, fixed(40), signed=True),
    **{(method, "/api/v3/userDataStream"): Route(wallet.listen_key, fixed(2), ("listenKey",)) for method in ("POST", "PUT", "DELETE")},
    # Counted apart from the spot API at the venue, so they cost nothing here.
    ("GET", "/sapi/v1/system/status"): Route(wallet.system_status, fixed(0)),
    ("GET", "/sapi/v1/capital/config/getall"): Route(wallet.coins, fixed(0), signed=True),
    ("GET", "/sapi/v1/asset/tradeFee"): Route(wallet.trade_fees, fixed(0), ("symbol",), signed=True),
    ("GET", "/sapi/v1/margin/allPairs"): Route(wallet.margin_pairs, fixed(0), SIGNED_NAMES),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Route(wallet.margin_pairs, fixed(0), SIGNED_NAMES),
    # The website's, on a host of its own at the venue.
    ("GET", "/bapi/asset/v2/public/asset-service/product/get-products"): Route(market.products, fixed(0), ("includeEtf",)),
    ("GET", "/exchange/public/product"): Route(market.old_products, fixed(0)),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call: the HTTP status with the result, or with the shape of the refusal."""

    status: int
    body: Any
    account: str = ""


def perform(venue: Venue, route: Route, read: Callable[[], Params], *, key: str, payload: bytes, peer: str) -> Outcome:
    """Put one call to the venue, charge its weight to the peer, and tell what became of it.

    :param read: reads the parameters; may raise the venue's refusal
    :param key: the API key that was sent, if any
    :param payload: what the signature should be over
    """
    now_us = venue.live.now_us
    weight, account = 1, ""
    try:
        params = read()
        weight = route.weight(params)
        if route.signed:
            account = venue.gate.admit(key, params, payload, now_us).key
        params.check_names(route.known)
        outcome = Outcome(200, route.handler(Call(venue, params, now_us, account)), account)
        weight = 0 if route.free else weight
    except VenueError as error:
        outcome = Outcome(error.status, error.shape(), account)
    venue.limits.weight.add(peer, weight, now_us)
    return outcome
