"""What is found on the way to the venue, and of the key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from exchangeclient.binance import checkup, hosts
from exchangeclient.client import Client
from exchangeclient.doctor import Finding, examine_venue
from exchangeclient.sandbox import Sandbox


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(seed=7) as exchange:
        yield exchange


@pytest.fixture
def client(exchange: Sandbox) -> Iterator[Client]:
    with Client("key", "secret", environment=exchange.urls["binance"]) as client:
        yield client


def found(client: Client) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine_venue(client)}


def test_a_clear_way(client: Client) -> None:
    assert {finding.what: finding.verdict for finding in found(client).values()} == dict.fromkeys(
        ("REST", "clock", "streams", "WebSocket API", "limits", "key"), "good"
    )


def test_what_is_no_client_is_told() -> None:
    class Stranger:
        venue = "elsewhere"

    for client in (Stranger(), Client, None):
        with pytest.raises(TypeError, match="client must be a client of a venue, not"):
            list(examine_venue(client))


def test_without_a_key_that_is_said(exchange: Sandbox) -> None:
    with Client(environment=exchange.urls["binance"]) as stranger:
        assert found(stranger)["key"].verdict == "note"


def test_a_venue_that_is_not_there_is_not_asked_further() -> None:
    with Client("key", "secret", environment="http://127.0.0.1:9") as client:
        assert [(finding.what, finding.verdict) for finding in examine_venue(client)] == [("REST", "bad")]


def test_a_clock_that_is_far_off_is_noted(client: Client, exchange: Sandbox) -> None:
    with exchange.fault("clock", ms=-4000):
        finding = found(client)["clock"]
    assert finding.verdict == "note"
    assert "ahead of" in finding.says
    assert "NTP" in finding.advice


def test_a_ban_is_bad(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "limits", lambda self: {"limits": {}, "banned_for_s": 77.0})
    assert "77 s" in found(client)["limits"].says


def test_limits_that_others_use_up_are_noted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"limits": {"A": {"limit": 10, "used": 1}, "B": {"limit": 100, "used": 60}}, "banned_for_s": 0.0}
    monkeypatch.setattr(Client, "limits", lambda self: told)
    finding = found(client)["limits"]
    assert (finding.verdict, finding.says) == ("note", "60 of 100 used of B")


def test_an_account_that_may_not_trade_is_noted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "get_account", lambda self, **params: {"canTrade": False})
    assert found(client)["key"].verdict == "note"


def test_the_websocket_api_that_fails_is_bad(client: Client, exchange: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "_PATIENCE_S", 0.5)
    with exchange.fault("error", route="WS *", status=503):
        assert found(client)["WebSocket API"].verdict == "bad"


@pytest.mark.parametrize(
    ("told", "verdict", "says"),
    [
        ({"ipRestrict": True, "enableWithdrawals": True}, "bad", "may withdraw"),
        ({"ipRestrict": False, "enableWithdrawals": False, "enableSpotAndMarginTrading": True}, "note", "not tied"),
        ({"ipRestrict": True, "enableWithdrawals": False, "enableSpotAndMarginTrading": True}, "good", "may trade"),
        ({"ipRestrict": True, "enableWithdrawals": False}, "good", "only reads"),
    ],
)
def test_the_rights_of_a_key_at_the_live_site(
    client: Client, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], verdict: str, says: str
) -> None:
    monkeypatch.setitem(checkup.ENVIRONMENTS, "live", replace(hosts.ENVIRONMENTS["live"], rest=client.hosts.rest))  # type: ignore[arg-type]
    monkeypatch.setattr(Client, "get_account_api_permissions", lambda self, **params: told)
    finding = found(client)["rights"]
    assert (finding.verdict, says in finding.says) == (verdict, True)
