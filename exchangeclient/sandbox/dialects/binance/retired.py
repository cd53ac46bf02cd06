"""What Binance has retired and a sandbox serves only when it is told to, so that old programs can be tried.

These are ``/api/v1`` (2026-03-25) with two lists of tickers of its own, the listen keys (2026-02-20), ``/wapi/v3`` with what can be said
truthfully here, and the website's list of products of 2017. Retired streams are in :mod:`.feeds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchangeclient.sandbox.dialects.binance import tickers, wallet
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.dialects.binance.routes import ROUTES, Route, fixed
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument, shown
from exchangeclient.sandbox.engine.words import Status

# ---- listen keys ---------------------------------------------------------------------------------------------------


def start_listening(call: Call) -> Any:
    return {"listenKey": call.venue.listen_keys.start(call.account, call.venue.live.now_us)}


def keep_listening(call: Call) -> Any:
    call.venue.listen_keys.extend(call.account, call.params.need("listenKey"), call.venue.live.now_us)
    return {}


def stop_listening(call: Call) -> Any:
    call.venue.listen_keys.stop(call.account, call.params.need("listenKey"))
    return {}


# ---- /wapi -----------------------------------------------------------------------------------------------------------


def account_status(_call: Call) -> Any:
    return {"msg": "Normal", "success": True}


def trade_fees(call: Call) -> Any:
    """In this place the rates are numbers."""
    fees = call.exchange.fees(call.account)
    instruments = [call.instrument()] if "symbol" in call.params else call.exchange.spot.values()
    rows = [{"symbol": each.symbol, "maker": fees.maker / UNIT, "taker": fees.taker / UNIT} for each in instruments]
    return {"tradeFee": rows, "success": True}


def asset_details(call: Call) -> Any:
    """None can be moved in or out, as :func:`.wallet.coins` says too."""
    closed = {"minWithdrawAmount": shown(0), "withdrawFee": 0, "depositStatus": False, "withdrawStatus": False}
    return {"assetDetail": dict.fromkeys(call.exchange.balances(call.account), closed), "success": True}


def deposit_history(_call: Call) -> Any:
    """None: funds come from the sandbox itself, not over a network."""
    return {"depositList": [], "success": True}


def withdraw_history(_call: Call) -> Any:
    return {"withdrawList": [], "success": True}


def dust_log(_call: Call) -> Any:
    return {"success": True, "results": {"total": 0, "rows": []}}


def closed(_call: Call) -> Any:
    """What would need a network; ``/wapi`` says no with status 200."""
    return {"success": False, "msg": "Deposits and withdrawals are not possible on this exchange."}


# ---- the website -----------------------------------------------------------------------------------------------------


def products(call: Call) -> Any:
    """The list that the website showed in 2017."""

    def row(each: Instrument) -> Any:
        day = call.exchange.statistics(each.symbol)
        return {
            "symbol": each.symbol,
            "status": each.status.value,
            "active": each.status is Status.TRADING,
            "baseAsset": each.base,
            "quoteAsset": each.quote,
            "minTrade": shown(each.step),
            "minQty": shown(each.min_quantity),
            "tickSize": shown(each.tick),
            "open": shown(day.open),
            "high": shown(day.high),
            "low": shown(day.low),
            "close": shown(day.last),
            "volume": shown(day.volume),
            "tradedMoney": shown(day.quote_volume),
        }

    return {"data": [row(each) for each in call.exchange.spot.values()]}


# ---- where it was ----------------------------------------------------------------------------------------------------

_LISTEN_KEYS = {
    "POST": Route(start_listening, fixed(2), keyed=True),
    "PUT": Route(keep_listening, fixed(2), ("listenKey",), keyed=True),
    "DELETE": Route(stop_listening, fixed(2), ("listenKey",), keyed=True),
}
_WAPI = {
    "systemStatus": Route(wallet.system_status, fixed(0)),
    "accountStatus": Route(account_status, fixed(0), signed=True),
    "tradeFee": Route(trade_fees, fixed(0), ("symbol",), signed=True),
    "assetDetail": Route(asset_details, fixed(0), signed=True),
    "depositHistory": Route(deposit_history, fixed(0), ("asset", "status", "startTime", "endTime"), signed=True),
    "withdrawHistory": Route(withdraw_history, fixed(0), ("asset", "status", "startTime", "endTime"), signed=True),
    "userAssetDribbletLog": Route(dust_log, fixed(0), signed=True),
    "depositAddress": Route(closed, fixed(0), ("asset", "status"), signed=True),
}

LEGACY_ROUTES: Mapping[tuple[str, str], Route] = {
    **ROUTES,
    # Market data only: orders and accounts were in v3 from the beginning of the clients that still exist.
    **{
        (method, path.replace("/api/v3/", "/api/v1/")): route
        for (method, path), route in ROUTES.items()
        if path.startswith("/api/v3/") and not route.signed
    },
    ("GET", "/api/v1/ticker/allPrices"): Route(tickers.ticker_price, fixed(4)),
    ("GET", "/api/v1/ticker/allBookTickers"): Route(tickers.ticker_book, fixed(4)),
    **{(method, f"/api/{version}/userDataStream"): route for version in ("v1", "v3") for method, route in _LISTEN_KEYS.items()},
    **{("GET", f"/wapi/v3/{name}.html"): route for name, route in _WAPI.items()},
    ("POST", "/wapi/v3/withdraw.html"): Route(closed, fixed(0), ("asset", "address", "addressTag", "amount", "name"), signed=True),
    ("GET", "/exchange/public/product"): Route(products, fixed(0)),
}
"""Every endpoint, the retired ones included."""
