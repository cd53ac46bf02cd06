from __future__ import annotations

import pytest

from exchangeclient.gateway.universal import passthrough
from exchangeclient.gateway.universal.texts import Refused


@pytest.mark.parametrize(
    ("venue", "path", "verb"),
    [
        ("okx", "/api/v5/trade/orders-pending", "GET"),
        ("okx", "/api/v5/trade/batch-orders", "POST"),
        ("okx", "/api/v5/account/set-leverage", "POST"),
        ("okx", "/api/v5/asset/balances", "GET"),
        ("bitmex", "/api/v1/order/all", "DELETE"),
        ("bitmex", "/api/v1/position/leverage", "POST"),
        ("bitmex", "/api/v1/user/margin", "GET"),
        ("binance", "/api/v3/order", "DELETE"),
        ("binance", "/sapi/v1/margin/order", "POST"),
        ("binance", "/sapi/v1/margin/borrow-repay", "POST"),
        ("okx", "/api/v5/account/spot-manual-borrow-repay", "POST"),
        ("binance", "/api/v3/ticker/price", "GET"),
        ("binance", "/sapi/v1/capital/config/getall", "GET"),
    ],
)
def test_the_paths_of_trading_are_let_through(venue: str, path: str, verb: str) -> None:
    assert passthrough.path(venue, path, verb) == path


@pytest.mark.parametrize("venue", ["okx", "binance", "bitmex"])
@pytest.mark.parametrize(
    "path",
    [
        "", "/", "@evil", ".evil.tld", ".evil.tld/x", "//evil", "//evil/api/v5/trade/order", "http://evil/api/v5/x", ":8443/x", "/api/v5",
        "/api/v5/", "/api/v5/trade/", "/api/v5//trade", "/api/v5/../x", "/api/v5/%2e%2e/x",
        "/api/v5/trade/order?x=1", "/api/v5/trade/order#x",
        "/api/v5/trade\r\nX: 1", "/api/v5/trade\n", "/api/v5/trade\x00", "/api/v5/ä", "/api/v5/a b", "\\api\\v5\\x", "/API/v5/trade/order",
        " /api/v5/trade/order", "/api/v5@evil/x", "/sapi/v1/", "/api/v3/..", "/api/vx/time", "/fapi/v1/order", "/api/v5/" + "a" * 300,
        "/api/v\u0665/trade",
    ],
)  # fmt: skip
def test_g06_what_could_lead_elsewhere_is_refused(venue: str, path: str) -> None:
    with pytest.raises(Refused, match=r"none of the venue's API"):
        passthrough.path(venue, path, "GET")


@pytest.mark.parametrize(
    ("venue", "path", "verb"),
    [
        ("bitmex", "/api/v1/user/requestWithdrawal", "POST"),
        ("bitmex", "/api/v1/user/walletTransfer", "POST"),
        ("bitmex", "/api/v1/user/preferences", "POST"),
        ("bitmex", "/api/v1/user", "PUT"),
        ("bitmex", "/api/v1/apiKey", "GET"),
        ("bitmex", "/api/v1/position/transferMargin", "POST"),
        ("bitmex", "/api/v1/address", "POST"),
        ("bitmex", "/api/v1/addressConfig", "PUT"),
        ("okx", "/api/v5/asset/withdrawal", "POST"),
        ("okx", "/api/v5/asset/withdrawal-history", "GET"),
        ("okx", "/api/v5/asset/transfer", "POST"),
        ("okx", "/api/v5/asset/subaccount/transfer", "POST"),
        ("okx", "/api/v5/asset/convert-dust-assets", "POST"),
        ("okx", "/api/v5/users/subaccount/apikey", "POST"),
        ("okx", "/api/v5/users/subaccount/list", "GET"),
        ("okx", "/api/v5/account/move-positions", "POST"),
        ("okx", "/api/v5/broker/nd/create-subaccount", "POST"),
        ("okx", "/api/v5/finance/savings/purchase-redempt", "POST"),
        ("okx", "/api/v5/fiat/create-withdrawal", "POST"),
        ("binance", "/sapi/v1/capital/withdraw/apply", "POST"),
        ("binance", "/sapi/v1/asset/transfer", "POST"),
        ("binance", "/sapi/v1/asset/Transfer", "POST"),
        ("binance", "/sapi/v1/sub-account/virtualSubAccount", "POST"),
        ("binance", "/sapi/v1/sub_account/x", "GET"),
        ("binance", "/sapi/v1/account/apiRestrictions", "GET"),
        ("binance", "/sapi/v1/account/apiRestrictions/ipRestriction", "POST"),
        ("binance", "/sapi/v1/giftcard/createCode", "POST"),
        ("binance", "/sapi/v1/pay/transactions", "GET"),
        ("binance", "/sapi/v1/asset/dust", "POST"),
    ],
)
def test_g06_what_moves_funds_or_keys_is_refused_unless_it_is_opened(venue: str, path: str, verb: str) -> None:
    with pytest.raises(Refused, match="not opened here"):
        passthrough.path(venue, path, verb)
    assert passthrough.path(venue, path, verb, (path[:12],)) == path


@pytest.mark.parametrize("path", ["/api/v5/../x", "//evil", "@evil"])
def test_opening_opens_no_other_host(path: str) -> None:
    with pytest.raises(Refused, match=r"none of the venue's API"):
        passthrough.path("okx", path, "GET", ("/", "", "@"))


@pytest.mark.parametrize(("said", "verb"), [("GET", "GET"), ("get", "GET"), (" Post ", "POST"), ("PUT", "PUT"), ("delete", "DELETE")])
def test_g07_a_verb_may_be_in_small_letters(said: str, verb: str) -> None:
    assert passthrough.verb(said) == verb


@pytest.mark.parametrize("said", ["", " ", "CONNECT", "TRACE", "HEAD", "GET\r\nX: 1", "GET /", "None", "PATCH"])
def test_g07_other_verbs_are_refused(said: str) -> None:
    with pytest.raises(Refused, match=r"^(missing required parameters: the header Http-Method|Exception occurred: the verb must be)"):
        passthrough.verb(said)
