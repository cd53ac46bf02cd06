"""The calls that binance.us alone has, against the facts of its documentation (https://docs.binance.us, staking)."""

from __future__ import annotations

import inspect
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import requests_mock

from exchangeclient.binance.client import Client
from exchangeclient.binance.rest.us_staking import UsStaking
from exchangeclient.core.calling.endpoint import endpoints
from exchangeclient.core.http.request import Kind, Security
from exchangeclient.core.process.clock import FakeClock
from exchangeclient.exceptions import BinanceRegionException, ExchangeRequestException

# name: route, arguments, what is sent
CALLS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "get_staking_asset_us": ("GET /sapi/v1/staking/asset", {"stakingAsset": "BNB"}, {"stakingAsset": "BNB"}),
    "stake_asset_us": (
        "POST /sapi/v1/staking/stake",
        {"stakingAsset": "BNB", "amount": 0.00001, "autoRestake": False},
        {"stakingAsset": "BNB", "amount": "0.00001", "autoRestake": "false"},
    ),
    "unstake_asset_us": ("POST /sapi/v1/staking/unstake", {"stakingAsset": "BNB", "amount": "1"}, {"stakingAsset": "BNB", "amount": "1"}),
    "get_staking_balance_us": ("GET /sapi/v1/staking/stakingBalance", {"asset": "BNB"}, {"asset": "BNB"}),
    "get_staking_history_us": (
        "GET /sapi/v1/staking/history",
        {"asset": "BNB", "startTime": 1, "endTime": 2, "page": 3, "limit": 500},
        {"asset": "BNB", "startTime": "1", "endTime": "2", "page": "3", "limit": "500"},
    ),
    "get_staking_rewards_history_us": ("GET /sapi/v1/staking/stakingRewardsHistory", {"page": 1}, {"page": "1"}),
}


def client(**arguments: Any) -> Client:
    return Client("key", "secret", clock=FakeClock(), **arguments)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_goes_to_binance_us(name: str) -> None:
    route, given, sent = CALLS[name]
    with requests_mock.Mocker() as venue:
        venue.request(requests_mock.ANY, requests_mock.ANY, json={"success": True})
        assert getattr(client(tld="us"), name)(**given) == {"success": True}
    (request,) = venue.request_history
    parts = urlsplit(request.url)
    assert f"{request.method} {parts.path}" == route
    assert parts.netloc == "api.binance.us"
    found = {key: value[0] for key, value in parse_qs(request.text or parts.query).items()}
    assert {key: value for key, value in found.items() if key not in ("timestamp", "signature")} == sent
    assert found.keys() > {"timestamp", "signature"}


@pytest.mark.parametrize("elsewhere", [{}, {"testnet": True}, {"demo": True}, {"base_endpoint": "1"}], ids=str)
@pytest.mark.parametrize("name", CALLS)
def test_a_client_of_binance_com_is_told_so_before_anything_is_sent(name: str, elsewhere: dict[str, Any]) -> None:
    with requests_mock.Mocker() as venue:
        with pytest.raises(BinanceRegionException, match=rf"{name} is only available on binance\.us") as refused:
            getattr(client(**elsewhere), name)()
        assert venue.call_count == 0
    assert (refused.value.required_tld, refused.value.actual_tld, refused.value.endpoint_name) == ("us", "com", name)


def test_an_address_of_the_users_own_may_be_that_of_binance_us() -> None:
    with requests_mock.Mocker() as venue:
        venue.get("http://127.0.0.1:1/sapi/v1/staking/asset", json=[])
        assert client(environment="http://127.0.0.1:1").get_staking_asset_us() == []


@pytest.mark.parametrize("name", ["stake_asset_us", "unstake_asset_us"])
def test_what_moves_money_is_never_sent_twice(name: str) -> None:
    with requests_mock.Mocker() as venue:
        venue.post(requests_mock.ANY, exc=requests.ReadTimeout)
        with pytest.raises(ExchangeRequestException) as lost:
            getattr(client(tld="us"), name)(**CALLS[name][1])
    assert venue.call_count == 1
    assert not lost.value.explain().repeat.is_safe


def test_all_of_them_are_declared_and_documented() -> None:
    assert {declared.name for declared in endpoints(UsStaking)} == CALLS.keys()
    for declared in endpoints(UsStaking):
        assert declared.security is Security.USER_DATA
        assert declared.docs.startswith("https://docs.binance.us/#")
        assert f"``{declared.verb} {declared.path}``, weight {declared.weight}" in (inspect.getdoc(declared.function) or "")
    assert {declared.name for declared in endpoints(Client) if declared.kind is Kind.TRANSFER} >= {"stake_asset_us", "unstake_asset_us"}
