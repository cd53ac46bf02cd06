from __future__ import annotations

from exchangeclient.bitmex.client import Client
from exchangeclient.doctor import Finding, examine_venue
from exchangeclient.sandbox import Sandbox


def found(client: Client) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine_venue(client)}


def test_a_clear_way_and_a_key_that_is_none() -> None:
    with Sandbox(seed=7, limits="counted") as exchange:
        there = exchange.urls["bitmex"]
        with Client("key", "secret", environment=there) as client:
            assert {what: finding.verdict for what, finding in found(client).items()} == dict.fromkeys(
                ("REST", "clock", "streams", "limits", "key"), "good"
            )
        with Client(environment=there) as client:
            assert found(client)["key"].verdict == "note"
        with Client("key", "another", environment=there) as client:
            assert found(client)["key"].verdict == "bad"


def test_the_historic_venue_and_one_that_is_not_there_are_not_asked_further() -> None:
    with Client() as client:
        assert [(finding.what, finding.verdict) for finding in examine_venue(client)] == [("REST", "bad")]
        assert "closed on 2026-09-23" in found(client)["REST"].says
    with Client(environment="http://127.0.0.1:9") as client:
        assert [(finding.what, finding.verdict) for finding in examine_venue(client)] == [("REST", "bad")]
