"""What a trade costs, and in which asset."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exchangeclient.sandbox.engine.accounts import HOUSE, Fees
from exchangeclient.sandbox.engine.commands import SetFees, Withdraw
from exchangeclient.sandbox.engine.events import Fill, OrderFilled
from exchangeclient.sandbox.engine.instruments import UNIT


@pytest.fixture
def desk(make_desk: Callable, make_instrument: Callable):
    """CASH tells the price of BNB, 20 of it for one; COIN does not, but CASH and COIN are traded."""
    return make_desk(make_instrument(step=1, min_quantity=1), make_instrument("BNB", opening_price=20 * UNIT))


def fills(desk, *, taker: str = "anna", maker: str = "bert", buys: bool = True) -> dict[str, Fill]:
    """Ten coins at 100 between the two."""
    rest, take = (desk.sell, desk.buy) if buys else (desk.buy, desk.sell)
    events = desk.do(rest(maker, 10, 100), take(taker, 10, 100))
    return {event.fill.account: event.fill for event in events if isinstance(event, OrderFilled)}


def test_maker_and_taker_pay_what_they_are_charged_out_of_what_they_receive(desk) -> None:
    desk.do(SetFees("anna", maker=0, taker=UNIT // 50), SetFees("bert", maker=UNIT // 100, taker=UNIT))
    done = fills(desk)
    assert (done["anna"].commission, done["anna"].commission_asset) == (UNIT // 5, "COIN")
    assert (done["bert"].commission, done["bert"].commission_asset) == (10 * UNIT, "CASH")
    assert desk.balance("COIN", HOUSE).free == UNIT // 5
    assert desk.balance("CASH", HOUSE).free == 10 * UNIT


def test_who_has_enough_of_the_discount_asset_pays_there_and_less(desk) -> None:
    """10 of 1000 CASH is 1 %: 7.5 after the discount, 0.375 BNB at 20."""
    desk.do(SetFees("bert", maker=UNIT // 100, taker=0, discount=True))
    before = desk.balance("BNB", "bert").free
    fill = fills(desk)["bert"]
    assert (fill.commission, fill.commission_asset) == (UNIT * 375 // 1000, "BNB")
    assert desk.balance("BNB", "bert").free == before - fill.commission
    assert desk.balance("BNB", HOUSE).free == fill.commission


def test_the_last_price_converts(desk) -> None:
    desk.do(SetFees("bert", maker=UNIT // 100, taker=0, discount=True))
    desk.do(desk.sell("cleo", 1, 25, symbol="BNBCASH"), desk.buy("anna", 1, 25, symbol="BNBCASH"))
    assert fills(desk)["bert"].commission == UNIT * 3 // 10


def test_who_has_too_little_of_it_pays_all_out_of_what_he_receives(desk) -> None:
    desk.do(SetFees("bert", maker=UNIT // 100, taker=0, discount=True))
    desk.do(Withdraw("bert", "BNB", desk.balance("BNB", "bert").free - UNIT * 374 // 1000))
    fill = fills(desk)["bert"]
    assert (fill.commission, fill.commission_asset) == (10 * UNIT, "CASH")


def test_where_no_symbol_tells_the_price_all_is_paid_out_of_what_is_received(desk) -> None:
    desk.do(SetFees("anna", maker=0, taker=UNIT // 100, discount=True))
    fill = fills(desk)["anna"]
    assert (fill.commission, fill.commission_asset) == (UNIT // 10, "COIN")


def test_who_receives_the_discount_asset_pays_less_of_it(desk) -> None:
    desk.do(SetFees("anna", maker=0, taker=UNIT // 100, discount=True))
    events = desk.do(desk.sell("bert", 10, 20, symbol="BNBCASH"), desk.buy("anna", 10, 20, symbol="BNBCASH"))
    fill = next(event.fill for event in events if isinstance(event, OrderFilled) and event.fill.account == "anna")
    assert (fill.commission, fill.commission_asset) == (UNIT * 75 // 1000, "BNB")


def test_who_sells_all_of_the_discount_asset_does_not_pay_with_what_is_sold(desk) -> None:
    """The commission of the first trade may not take what the second one needs."""
    desk.do(SetFees("anna", maker=0, taker=UNIT // 100, discount=True), Withdraw("anna", "BNB", desk.balance("BNB").free - 2 * UNIT))
    desk.do(desk.buy("bert", 1, 20, symbol="BNBCASH"), desk.buy("bert", 1, 19, symbol="BNBCASH"))
    events = desk.do(desk.sell("anna", 2, symbol="BNBCASH"))
    paid = [event.fill.commission_asset for event in events if isinstance(event, OrderFilled) and event.fill.account == "anna"]
    assert paid == ["CASH", "CASH"]
    assert desk.balance("BNB").free == 0


def test_the_fees_of_an_account_are_told(desk) -> None:
    assert desk.exchange.fees("anna") == desk.exchange.fees("nobody") == Fees()
    desk.do(SetFees("anna", maker=5, taker=6, discount=True))
    fees = desk.exchange.fees("anna")
    assert (fees.maker, fees.taker, fees.discount, fees.discount_asset, fees.discount_rate) == (5, 6, True, "BNB", UNIT * 3 // 4)


@pytest.mark.parametrize("wrong", [SetFees("anna", -1, 0), SetFees("anna", 0, UNIT + 1)])
def test_a_rate_is_between_nothing_and_all(desk, wrong: SetFees) -> None:
    with pytest.raises(ValueError, match="rate"):
        desk.do(wrong)
