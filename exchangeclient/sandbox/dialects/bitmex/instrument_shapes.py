"""BitMEX's instruments, each as a row: its rules, and how it stands."""

from __future__ import annotations

from exchangeclient.sandbox.dialects.bitmex.market_shapes import Ticks, interval, top
from exchangeclient.sandbox.dialects.bitmex.names import INDICES, PRODUCTS, Product, swap_of
from exchangeclient.sandbox.dialects.bitmex.tables import TABLES, Row
from exchangeclient.sandbox.dialects.bitmex.words import iso, number
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument
from exchangeclient.sandbox.engine.words import Status

_HOUR_US = 3_600_000_000
_YEAR_H = 8_760
_EMPTY = dict.fromkeys(TABLES["instrument"].types)


def instrument(exchange: Exchange, product: Product, tick: str, shown_us: int) -> Row:
    """All of it."""
    each, swap, currency = product.instrument(exchange), swap_of(product.instrument(exchange)), product.currency
    risk = risk_limit(product)
    return {
        **_EMPTY,
        "symbol": product.symbol,
        "rootSymbol": product.root,
        "state": state(each),
        "typ": "FFWCSX",
        "listing": product.listing,
        "front": product.listing,
        "inverseLeg": "",
        "sellLeg": "",
        "buyLeg": "",
        "positionCurrency": product.position_currency,
        "underlying": product.underlying,
        "quoteCurrency": product.quote,
        "underlyingSymbol": "XBT=" if product.is_inverse else "XBTT=",
        "reference": "BMEX",
        "referenceSymbol": product.index,
        "maxOrderQty": product.max_order_qty,
        "maxPrice": number(each.max_price),
        "lotSize": product.contracts(each.step),
        "tickSize": number(each.tick),
        "multiplier": product.multiplier,
        "settlCurrency": currency.code,
        "underlyingToPositionMultiplier": None if product.is_inverse else UNIT // product.contract,
        "underlyingToSettleMultiplier": product.multiplier if product.is_inverse else None,
        "quoteToSettleMultiplier": None if product.is_inverse else currency.coin,
        "isQuanto": False,
        "isInverse": product.is_inverse,
        "initMargin": 1 / swap.max_leverage,
        "maintMargin": number(swap.maintenance),
        "riskLimit": risk,
        "riskStep": risk // 2,
        "capped": False,
        "taxed": True,
        "deleverage": True,
        "makerFee": number(swap.maker),
        "takerFee": number(swap.taker),
        "settlementFee": 0,
        "insuranceFee": 0,
        "fundingBaseSymbol": ".XBTBON8H",
        "fundingQuoteSymbol": f".{product.quote}BON8H",
        "fundingPremiumSymbol": f".{product.symbol}PI8H",
        "fundingInterval": interval(swap.funding_us),
        "sessionInterval": interval(_HOUR_US),
        "fairMethod": "FundingRate",
        "markMethod": "FairPrice",
        **_session(exchange, product, shown_us),
        **moving(exchange, product, tick, shown_us),
        **_day(exchange, product),
        "timestamp": iso(shown_us),
    }


def state(each: Instrument) -> str:
    return "Open" if each.status is Status.TRADING else "Closed"


def risk_limit(product: Product) -> int:
    """What an account may have at risk where it has said nothing: 200 XBT, or a million of USDT."""
    return (200 if product.is_inverse else 1_000_000) * product.currency.coin


def _session(exchange: Exchange, product: Product, shown_us: int) -> Row:
    """What changes by the hour."""
    hour_us = shown_us // _HOUR_US * _HOUR_US
    width_us = swap_of(product.instrument(exchange)).funding_us
    now_us = exchange.now_us
    skew_us = shown_us - now_us
    before = exchange.candles(product.market, "1h", start_ms=None, end_ms=now_us // 1000, limit=2)
    return {
        "fundingTimestamp": iso((now_us // width_us + 1) * width_us + skew_us),
        "openingTimestamp": iso(hour_us),
        "closingTimestamp": iso(hour_us + _HOUR_US),
        "prevClosePrice": float(before[0].close) if len(before) == 2 else number(exchange.last_price(product.market)),
    }


def moving(exchange: Exchange, product: Product, tick: str, shown_us: int) -> Row:
    """What changes from moment to moment."""
    last, mark = exchange.last_price(product.market), exchange.mark_price(product.market)
    bid_quantity, bid, ask, ask_quantity = top(exchange, product)
    rate = exchange.funding_rate(product.market)
    index = exchange.last_price("BTCUSDT") if "BTCUSDT" in exchange.instruments else mark
    held = exchange.open_interest(product.market)
    return {
        "fundingRate": number(rate),
        "indicativeFundingRate": number(rate),
        "lastPrice": number(last),
        "lastPriceProtected": number(last),
        "lastTickDirection": tick,
        "bidPrice": number(bid) if bid else None,
        "midPrice": number((bid + ask) // 2) if bid and ask else None,
        "askPrice": number(ask) if ask else None,
        "impactBidPrice": number(bid) if bid else None,
        "impactMidPrice": number((bid + ask) // 2) if bid and ask else None,
        "impactAskPrice": number(ask) if ask else None,
        "hasLiquidity": bool(bid_quantity and ask_quantity),
        "openInterest": product.contracts(held),
        "openValue": abs(product.value(mark, held)),
        "fairBasisRate": round((mark - index) / index * _YEAR_H / 8, 4),
        "fairBasis": number(mark - index),
        "fairPrice": number(mark),
        "markPrice": number(mark),
        "indicativeSettlePrice": number(index),
        "timestamp": iso(shown_us),
    }


def _day(exchange: Exchange, product: Product) -> Row:
    """The last 24 hours, and this one."""
    day = exchange.statistics(product.market)
    now_ms = exchange.now_us // 1000
    hour = exchange.window(product.market, now_ms - now_ms % 3_600_000, now_ms)
    turnover, hours_turnover = (product.currency.minor(each.quote_volume) for each in (day, hour))
    home, foreign = product.notionals(day.volume, day.quote_volume)
    volume, hours_volume = product.contracts(day.volume), product.contracts(hour.volume)
    return {
        "prevTotalVolume": volume - hours_volume if volume > hours_volume else 0,
        "totalVolume": max(volume, hours_volume),
        "volume": hours_volume,
        "volume24h": volume,
        "prevTotalTurnover": turnover - hours_turnover if turnover > hours_turnover else 0,
        "totalTurnover": max(turnover, hours_turnover),
        "turnover": hours_turnover,
        "turnover24h": turnover,
        "homeNotional24h": number(home),
        "foreignNotional24h": number(foreign),
        "prevPrice24h": number(day.open),
        "vwap": round(day.weighted_average / UNIT, 4),
        "highPrice": number(day.high),
        "lowPrice": number(day.low),
        "lastChangePcnt": round((day.last - day.open) / day.open, 4),
    }


def index(exchange: Exchange, name: str, shown_us: int) -> Row:
    """An index, which is not traded."""
    market = INDICES[name]
    last = exchange.last_price(market)
    product = next(each for each in PRODUCTS if each.index == name)
    return {
        **_EMPTY,
        "symbol": name,
        "rootSymbol": product.root,
        "state": "Unlisted",
        "typ": "MRCXXX",
        "underlying": product.underlying,
        "quoteCurrency": product.quote,
        "reference": "BMI",
        "referenceSymbol": name,
        "tickSize": number(exchange.instruments[market].tick),
        "isQuanto": False,
        "isInverse": False,
        "lastPrice": number(last),
        "lastTickDirection": Ticks(exchange.trades(market)).word,
        "markMethod": "LastPrice",
        "markPrice": number(last),
        "timestamp": iso(shown_us),
    }
