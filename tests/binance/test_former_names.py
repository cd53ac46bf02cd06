from __future__ import annotations

import pytest
import requests_mock

from exchangeclient.binance.client import Client
from exchangeclient.binance.former_names import FormerNames
from exchangeclient.core.calling.endpoint import Endpoint, declaration, endpoints
from exchangeclient.core.process.clock import FakeClock

WITHDRAWALS = "https://api.binance.com/sapi/v1/capital/withdraw/history"
# Source: the routes of python-binance 1.0.37, name by name.
ROUTES = {
    "v3_get_ticker_trading_day": "GET /api/v3/ticker/tradingDay",
    "v3_post_sor_order": "POST /api/v3/sor/order",
    "v3_post_sor_order_test": "POST /api/v3/sor/order/test",
    "v3_post_order_list_oto": "POST /api/v3/orderList/oto",
    "v3_post_order_list_otoco": "POST /api/v3/orderList/otoco",
    "v3_delete_order_list": "DELETE /api/v3/orderList",
    "v3_get_order_list": "GET /api/v3/orderList",
    "v3_get_all_order_list": "GET /api/v3/allOrderList",
    "v3_get_account_commission": "GET /api/v3/account/commission",
    "get_open_oco_orders": "GET /api/v3/openOrderList",
    "make_universal_transfer": "POST /sapi/v1/asset/transfer",
    "new_transfer_history": "GET /sapi/v1/asset/transfer",
    "margin_v1_get_account_info": "GET /sapi/v1/account/info",
    "margin_v1_get_asset_wallet_balance": "GET /sapi/v1/asset/wallet/balance",
    "v3_post_cancel_replace": "POST /api/v3/order/cancelReplace",  # there it went to a path that the venue does not have
}


def client() -> Client:
    return Client("key", "secret", clock=FakeClock())


@pytest.mark.parametrize(("name", "route"), ROUTES.items())
def test_a_former_name_goes_where_it_went(name: str, route: str) -> None:
    declared = declaration(getattr(Client, name))
    assert f"{declared.verb} {declared.path}" == route


def test_the_routes_are_those_of_all_former_names() -> None:
    further = {name for name, value in vars(FormerNames).items() if isinstance(getattr(value, "endpoint", None), Endpoint)}
    assert further == ROUTES.keys()


def test_a_former_name_is_no_endpoint_of_its_own() -> None:
    names = [declared.name for declared in endpoints(Client)]
    assert len(names) == len(set(names))
    assert not ROUTES.keys() & set(names)


def test_a_former_name_can_be_called() -> None:
    with requests_mock.Mocker() as venue:
        venue.get("https://api.binance.com/api/v3/orderList", json={"orderListId": 7})
        assert client().v3_get_order_list(orderListId=7) == {"orderListId": 7}
    assert "orderListId=7&" in venue.request_history[-1].url


def test_a_withdrawal_is_found_by_its_id() -> None:
    with requests_mock.Mocker() as venue:
        venue.get(WITHDRAWALS, json=[{"id": "other"}, {"id": "b6ae"}])
        assert client().get_withdraw_history_id("b6ae", coin="BTC") == {"id": "b6ae"}
    assert "?idList=b6ae&coin=BTC&" in venue.request_history[-1].url


def test_a_withdrawal_that_the_venue_does_not_show_is_named() -> None:
    with requests_mock.Mocker() as venue:
        venue.get(WITHDRAWALS, json=[{"id": "other"}])
        with pytest.raises(LookupError, match="b6ae"):
            client().get_withdraw_history_id("b6ae")


@pytest.mark.parametrize("wrong", [None, 7, ""])
def test_a_withdrawal_id_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises((TypeError, ValueError), match="withdraw_id"):
        client().get_withdraw_history_id(wrong)  # type: ignore[arg-type]
