"""OKX's balances and positions, each as a row."""

from __future__ import annotations

from collections.abc import Collection

from exchangeclient.sandbox.dialects.okx import ids
from exchangeclient.sandbox.dialects.okx.instrument_shapes import Shape
from exchangeclient.sandbox.dialects.okx.words import fee, ms, plain, size
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import UNIT, Instrument, total
from exchangeclient.sandbox.engine.stakes import Position
from exchangeclient.sandbox.engine.words import Leg, Side

_LEG_NUMBERS = {Leg.NET: 0, Leg.LONG: 1, Leg.SHORT: 2}
_DOLLARS = ("USDT", "USDC")
_EMPTY = (
    "accAvgPx",
    "borrowFroz",
    "clSpotInUseAmt",
    "crossLiab",
    "interest",
    "isoLiab",
    "liab",
    "maxLoan",
    "maxSpotInUseAmt",
    "mgnRatio",
    "openAvgPx",
    "spotBal",
    "spotInUseAmt",
    "spotUpl",
    "spotUplRatio",
    "totalPnl",
    "totalPnlRatio",
    "uplLiab",
)
_ZERO = (
    "fixedBal",
    "isoEq",
    "isoUpl",
    "notionalLever",
    "rewardBal",
    "smtSyncEq",
    "spotCopyTradingEq",
    "spotIsoBal",
    "stgyEq",
    "twap",
)


class Holdings:
    """What an account has on the exchange, with what its positions are worth."""

    def __init__(self, exchange: Exchange, account: str) -> None:
        self._exchange = exchange
        self.account = account
        self.balances = exchange.balances(account)
        self.positions: list[tuple[Instrument, Position]] = [
            (each, held)
            for each in ids.listed(exchange)
            if each.swap is not None
            for held in exchange.positions(account, each.symbol).values()
            if held.quantity
        ]

    def worth(self, asset: str) -> int:
        """What one unit of an asset is worth in dollars, through as many symbols as it takes; 0 when none leads there."""
        if asset in _DOLLARS:
            return UNIT
        for each in self._exchange.spot.values():
            if each.base == asset and each.quote not in ("BNB", asset):
                return total(self._exchange.last_price(each.symbol), self.worth(each.quote))
        return 0

    def profit(self, asset: str) -> int:
        """What the positions whose margin is in the asset would realise at their mark prices."""
        return sum(profit(self._exchange, *each) for each in self.positions if each[0].quote == asset)

    def margin(self, asset: str) -> int:
        """What is locked behind them."""
        return sum(held.margin for each, held in self.positions if each.quote == asset)

    def equity(self, asset: str) -> int:
        """What the account would have of it without its positions."""
        balance = self.balances[asset]
        return balance.free + balance.locked + self.profit(asset)

    def details(self, wanted: Collection[str], updated_us: int) -> list[Shape]:
        """A row per asset; those of which there is nothing are left out."""
        return [self._detail(asset, updated_us) for asset, each in self.balances.items() if asset in wanted and (each.free or each.locked)]

    def total(self) -> int:
        """All of it in dollars."""
        return sum(total(self.worth(asset), self.equity(asset)) for asset in self.balances)

    def _detail(self, asset: str, updated_us: int) -> Shape:
        balance, margin, upl = self.balances[asset], self.margin(asset), self.profit(asset)
        cash = balance.free + balance.locked
        maintenance = sum(_maintenance(self._exchange, *each) for each in self.positions if each[0].quote == asset)
        return {
            **dict.fromkeys(_EMPTY, ""),
            **dict.fromkeys(_ZERO, "0"),
            "availBal": plain(balance.free),
            "availEq": plain(balance.free),
            "cashBal": plain(cash),
            "ccy": asset,
            "coinUsdPrice": plain(self.worth(asset)),
            "collateralEnabled": False,
            "disEq": plain(total(self.worth(asset), cash + upl)),
            "eq": plain(cash + upl),
            "eqUsd": plain(total(self.worth(asset), cash + upl)),
            "frozenBal": plain(balance.locked),
            "imr": plain(margin),
            "mmr": plain(maintenance),
            "mgnRatio": plain((cash + upl) * UNIT // maintenance) if maintenance else "",
            "ordFrozen": plain(balance.locked - margin),
            "uTime": ms(updated_us),
            "upl": plain(upl),
        }


def profit(exchange: Exchange, instrument: Instrument, held: Position) -> int:
    """What a position would realise at its mark price."""
    return exchange.mark_price(instrument.symbol) * held.quantity // UNIT - held.cost


def leverage(exchange: Exchange, account: str, instrument: Instrument) -> int:
    """The account's on a swap; 1 elsewhere."""
    return next((each.leverage for each in exchange.positions(account, instrument.symbol).values()), 1)


def size_of(instrument: Instrument, held: Position) -> str:
    """In contracts; one of two positions has no sign, since its side tells which it is."""
    contracts = size(instrument, abs(held.quantity))
    return f"-{contracts}" if held.quantity < 0 and held.leg is Leg.NET else contracts


def number_of(instrument: Instrument, held: Position) -> str:
    """The number of a position, which another one that is opened later does not have."""
    return f"{instrument.code}{_LEG_NUMBERS[held.leg]}{held.opened_us // 1_000_000}"


def _maintenance(exchange: Exchange, instrument: Instrument, held: Position) -> int:
    rate = 0 if instrument.swap is None else instrument.swap.maintenance
    return exchange.mark_price(instrument.symbol) * abs(held.quantity) // UNIT * rate // UNIT


def balance(holdings: Holdings, wanted: Collection[str], updated_us: int, shown_us: int) -> Shape:
    """A row of ``account/balance`` and of the account channel."""
    dollars = [asset for asset in holdings.balances if asset in _DOLLARS]
    return {
        "adjEq": "",
        "availEq": "",
        "borrowFroz": "",
        "delta": "",
        "details": holdings.details(wanted, updated_us),
        "imr": plain(sum(map(holdings.margin, dollars))) if holdings.positions else "",
        "isoEq": "0",
        "mgnRatio": "",
        "mmr": "",
        "notionalUsd": "",
        "notionalUsdForBorrow": "",
        "notionalUsdForFutures": "",
        "notionalUsdForOption": "",
        "notionalUsdForSwap": "",
        "ordFroz": "",
        "totalEq": plain(holdings.total()),
        "uTime": ms(shown_us),
        "upl": "",
    }


def position(exchange: Exchange, holdings: Holdings, instrument: Instrument, held: Position, trade_id: str = "") -> Shape:
    """A row of ``account/positions`` and of the positions channel; an empty one tells that it was closed."""
    mark, last = exchange.mark_price(instrument.symbol), exchange.last_price(instrument.symbol)
    upl, at_last = profit(exchange, instrument, held), last * held.quantity // UNIT - held.cost
    maintenance = _maintenance(exchange, instrument, held)
    entry = held.cost * UNIT // held.quantity if held.quantity else 0
    return {
        "adl": "1" if held.quantity else "0",
        "availPos": "" if held.leg is Leg.NET else size(instrument, _free(exchange, holdings.account, instrument, held)),
        "avgPx": plain(entry) if entry else "",
        "baseBal": "",
        "baseBorrowed": "",
        "baseInterest": "",
        "bePx": plain(entry) if entry else "",
        "bizRefId": "",
        "bizRefType": "",
        "cTime": ms(held.opened_us),
        "ccy": instrument.quote,
        "closeOrderAlgo": [],
        "deltaBS": "",
        "deltaPA": "",
        "fee": fee(held.fees),
        "fundingFee": plain(held.funding),
        "gammaBS": "",
        "gammaPA": "",
        "hedgedPos": "",
        "idxPx": plain(mark),
        "imr": plain(held.margin) if held.quantity else "",
        "instId": ids.inst_id(instrument),
        "instType": ids.inst_type(instrument),
        "interest": "",
        "last": plain(last),
        "lever": str(held.leverage),
        "liab": "",
        "liabCcy": "",
        "liqPenalty": "0",
        "liqPx": _liquidation(holdings, instrument, held, mark),
        "margin": "",
        "markPx": plain(mark),
        "mgnMode": "cross",
        "mgnRatio": plain(max(holdings.equity(instrument.quote), 0) * UNIT // maintenance) if maintenance else "",
        "mmr": plain(maintenance) if held.quantity else "",
        "nonSettleAvgPx": "",
        "notionalUsd": plain(total(mark, abs(held.quantity))) if held.quantity else "",
        "optVal": "",
        "pendingCloseOrdLiabVal": "",
        "pnl": plain(held.realised),
        "pos": size_of(instrument, held),
        "posCcy": "",
        "posId": number_of(instrument, held),
        "posSide": held.leg.value,
        "quoteBal": "",
        "quoteBorrowed": "",
        "quoteInterest": "",
        "realizedPnl": plain(held.realised - held.fees + held.funding),
        "settledPnl": "",
        "spotInUseAmt": "",
        "spotInUseCcy": "",
        "thetaBS": "",
        "thetaPA": "",
        "tradeId": trade_id,
        "uTime": ms(held.updated_us),
        "upl": plain(upl) if held.quantity else "",
        "uplLastPx": plain(at_last) if held.quantity else "",
        "uplRatio": plain(upl * UNIT // held.margin) if held.margin else "",
        "uplRatioLastPx": plain(at_last * UNIT // held.margin) if held.margin else "",
        "usdPx": plain(UNIT),
        "vegaBS": "",
        "vegaPA": "",
    }


def _free(exchange: Exchange, account: str, instrument: Instrument, held: Position) -> int:
    """How much of one of two positions no order is to close yet."""
    return exchange.reducible(account, instrument.symbol, Side.SELL if held.leg is Leg.LONG else Side.BUY, held.leg)


def _liquidation(holdings: Holdings, instrument: Instrument, held: Position, mark: int) -> str:
    """At which mark price the account's equity is no more than the maintenance of this position; none where that is below nothing."""
    if not held.quantity or instrument.swap is None:
        return ""
    spare = holdings.equity(instrument.quote) - total(mark, abs(held.quantity)) * instrument.swap.maintenance // UNIT
    price = mark - spare * UNIT // held.quantity
    return plain(price // instrument.tick * instrument.tick) if price > 0 else ""
