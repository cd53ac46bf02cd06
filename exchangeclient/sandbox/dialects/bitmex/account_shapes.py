"""BitMEX's positions, margins and wallets, each as a row; money is in minor units."""

from __future__ import annotations

from exchangeclient.sandbox.dialects.bitmex.entries import Entry
from exchangeclient.sandbox.dialects.bitmex.market_shapes import BUY
from exchangeclient.sandbox.dialects.bitmex.names import Currency, Product, listed, swap_of
from exchangeclient.sandbox.dialects.bitmex.orders import Orders
from exchangeclient.sandbox.dialects.bitmex.tables import TABLES, Row
from exchangeclient.sandbox.dialects.bitmex.words import iso, number, ratio
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import UNIT
from exchangeclient.sandbox.engine.stakes import Position
from exchangeclient.sandbox.engine.words import Leg

_ZEROS = {name: 0 for name, kind in TABLES["position"].types.items() if kind == "long"}
_NULLS = dict.fromkeys(TABLES["position"].types)


class Holdings:
    """What an account has at the venue.

    :param number: of the account
    :param isolated: the symbols on which it has chosen a leverage
    """

    def __init__(
        self, exchange: Exchange, account: str, *, number: int, orders: Orders, isolated: frozenset[str], risk: dict[str, int]
    ) -> None:
        self.exchange = exchange
        self.account = account
        self.number = number
        self._orders = orders
        self._isolated = isolated
        self._risk = risk

    def held(self, product: Product) -> Position:
        """What is held of a contract; it is not to be changed."""
        return self.exchange.positions(self.account, product.market)[Leg.NET]

    def is_known(self, product: Product) -> bool:
        """Whether there is, or was, anything of a contract."""
        held = self.held(product)
        return bool(held.quantity or held.updated_us or product.symbol in self._isolated)

    def unrealised(self, product: Product) -> int:
        """What a position would realise at its mark price, in minor units."""
        held = self.held(product)
        mark = self.exchange.mark_price(product.market)
        return product.value(mark, held.quantity) - product.currency.minor(held.cost) if held.quantity else 0

    def wallet(self, currency: Currency) -> int:
        """What it has of a currency without its positions, in minor units."""
        balance = self.exchange.balances(self.account)[currency.asset]
        return currency.minor(balance.free + balance.locked)

    # ---- positions ---------------------------------------------------------------------------------------------------

    def position(self, product: Product, shown_us: int) -> Row:
        """One position, open or not."""
        exchange, held, minor = self.exchange, self.held(product), product.currency.minor
        swap = swap_of(product.instrument(exchange))
        mark, last = exchange.mark_price(product.market), exchange.last_price(product.market)
        cost, margin = minor(held.cost), minor(held.margin)
        value, at_last = (product.value(price, held.quantity) for price in (mark, last))
        upl = self.unrealised(product)
        commission, realised = minor(held.fees - held.funding), minor(held.realised)
        entry = self._entry_price(product, held)
        buys, sells = (self._open(product, buys=side) for side in (True, False))
        sign = 1 if held.quantity > 0 else -1
        maintenance = abs(value) * swap.maintenance // UNIT
        is_cross = product.symbol not in self._isolated
        liquidation = self._liquidation(product, held, value)
        return {
            **_NULLS,
            **_ZEROS,
            "account": self.number,
            "symbol": product.symbol,
            "currency": product.currency.code,
            "underlying": product.underlying,
            "quoteCurrency": product.quote,
            "commission": number(swap.taker),
            "initMarginReq": round(1 / held.leverage, 8),
            "maintMarginReq": number(swap.maintenance),
            "riskLimit": self._risk.get(product.symbol, 0),
            "leverage": held.leverage,
            "crossMargin": is_cross,
            "deleveragePercentile": 1 if held.quantity else None,
            "prevClosePrice": number(last),
            "openingTimestamp": iso(held.opened_us) if held.opened_us else None,
            "openOrderBuyQty": sum(each.state.left for each in buys),
            "openOrderBuyCost": self._cost(product, buys, 1),
            "openOrderSellQty": sum(each.state.left for each in sells),
            "openOrderSellCost": self._cost(product, sells, -1),
            "currentTimestamp": iso(shown_us),
            "currentQty": product.contracts(held.quantity),
            "currentCost": cost - realised,
            "currentComm": commission,
            "realisedCost": -realised,
            "unrealisedCost": cost,
            "grossOpenCost": abs(self._cost(product, buys, 1)) + abs(self._cost(product, sells, -1)),
            "isOpen": bool(held.quantity),
            "markPrice": number(mark) if held.quantity else None,
            "markValue": value,
            "riskValue": abs(value),
            "homeNotional": number(sign * product.home(mark, abs(held.quantity))),
            "foreignNotional": number(-sign * product.foreign(mark, abs(held.quantity))),
            "posState": "",
            "posCost": cost,
            "posInit": margin,
            "posComm": abs(cost) * swap.taker // UNIT,
            "posMargin": margin,
            "posMaint": maintenance,
            "maintMargin": margin,
            "realisedGrossPnl": realised,
            "realisedPnl": realised - commission,
            "unrealisedGrossPnl": upl,
            "unrealisedPnl": upl,
            "unrealisedPnlPcnt": ratio(upl, abs(cost)),
            "unrealisedRoePcnt": ratio(upl, margin),
            "avgCostPrice": entry,
            "avgEntryPrice": entry,
            "breakEvenPrice": entry,
            "marginCallPrice": liquidation,
            "liquidationPrice": liquidation,
            "timestamp": iso(shown_us),
            "lastPrice": number(last) if held.quantity else None,
            "lastValue": at_last,
        }

    def _entry_price(self, product: Product, held: Position) -> float | None:
        if not held.quantity or not held.cost:
            return None
        price = abs(held.quantity) * UNIT // abs(held.cost) if product.is_inverse else held.cost * UNIT // held.quantity
        return round(price / UNIT, 4)

    def _open(self, product: Product, *, buys: bool) -> list[Entry]:
        found = (each for each in self._orders.entries.open_of(self.account) if not each.waits)
        return [each for each in found if each.product is product and (each.form.side == BUY) is buys]

    def _cost(self, product: Product, entries: list[Entry], sign: int) -> int:
        return sum(product.value(each.state.price, sign * product.quantity(each.state.left)) for each in entries if each.state.price)

    def _liquidation(self, product: Product, held: Position, value: int) -> int | float | None:
        """The mark price at which what the account has is no more than the maintenance of this position; None where there is none."""
        if not held.quantity:
            return None
        instrument, quantity, size = product.instrument(self.exchange), held.quantity, abs(held.quantity)
        rate = swap_of(instrument).maintenance
        balance = self.exchange.balances(self.account)[product.currency.asset]
        spare = balance.free + balance.locked - held.cost  # what there is apart from the position's value
        if product.is_inverse:
            loses = size * (UNIT + rate) if quantity > 0 else -size * (UNIT - rate)
            price = loses // spare if spare else 0
        else:
            keeps = quantity - size * rate // UNIT
            price = -spare * UNIT // keeps if keeps else 0
        return number(price // instrument.tick * instrument.tick) if 0 < price <= instrument.max_price and value else None

    # ---- money -------------------------------------------------------------------------------------------------------

    def margin(self, currency: Currency, shown_us: int) -> Row:
        """What the account can do with a currency."""
        products = [each for each in listed(self.exchange) if each.currency is currency]
        balance = self.exchange.balances(self.account)[currency.asset]
        wallet, locked = self.wallet(currency), currency.minor(balance.locked)
        held = [self.held(each) for each in products]
        positions = sum(currency.minor(each.margin) for each in held)
        values = sum(abs(each.value(self.exchange.mark_price(each.market), self.held(each).quantity)) for each in products)
        lasts = sum(abs(each.value(self.exchange.last_price(each.market), self.held(each).quantity)) for each in products)
        upl = sum(map(self.unrealised, products))
        equity = wallet + upl
        excess = equity - locked
        available = max(0, min(excess, currency.minor(balance.free)))
        commission = sum(currency.minor(each.fees - each.funding) for each in held)
        open_cost = sum(abs(self._cost(each, self._open(each, buys=side), 1)) for each in products for side in (True, False))
        return {
            **{name: 0 if kind == "long" else None for name, kind in TABLES["margin"].types.items()},
            "account": self.number,
            "currency": currency.code,
            "riskLimit": sum(self._risk.get(each.symbol, 0) for each in products),
            "prevState": "",
            "state": "",
            "action": "",
            "amount": wallet,
            "grossComm": commission,
            "grossOpenCost": open_cost,
            "grossExecCost": sum(abs(currency.minor(each.cost)) for each in held),
            "grossMarkValue": values,
            "riskValue": values,
            "initMargin": locked - positions,
            "maintMargin": positions,
            "realisedPnl": sum(currency.minor(each.realised) for each in held) - commission,
            "unrealisedPnl": upl,
            "walletBalance": wallet,
            "marginBalance": equity,
            "marginBalancePcnt": 1 if equity else 0,
            "marginLeverage": ratio(values, equity),
            "marginUsedPcnt": ratio(locked, equity),
            "excessMargin": excess,
            "excessMarginPcnt": 1 if equity else 0,
            "availableMargin": available,
            "withdrawableMargin": available,
            "timestamp": iso(shown_us),
            "grossLastValue": lasts,
        }

    def wallet_row(self, currency: Currency, deposited: int, withdrawn: int, shown_us: int) -> Row:
        """What came in and went out, and what there is."""
        amount = self.wallet(currency)
        return {
            **{name: 0 if kind == "long" else None for name, kind in TABLES["wallet"].types.items()},
            "account": self.number,
            "currency": currency.code,
            "deltaAmount": amount - deposited + withdrawn,
            "deposited": deposited,
            "withdrawn": withdrawn,
            "amount": amount,
            "timestamp": iso(shown_us),
            "addr": "",
            "script": "",
        }
