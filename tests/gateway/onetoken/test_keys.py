"""The key file: what it grants, and what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exchangeclient.gateway.onetoken.keys import KeyBook

SECRET = "a-secret-of-many-letters"


def book(**parts: Any) -> KeyBook:
    return KeyBook.read(json.dumps(parts))


def test_a_key_is_for_the_accounts_that_are_named() -> None:
    read = book(
        keys=[{"ot_key": "k", "ot_secret": SECRET, "accounts": ["binance/main", "okex/mock-*"]}],
        accounts={
            "binance/main": {"api_key": "a", "api_secret": SECRET},
            "okex/main": {"api_key": "a", "api_secret": "b", "passphrase": "c"},
        },
    )
    grant = read.grants["k"]
    assert grant.allows("binance/main")
    assert grant.allows("okex/mock-1token")
    assert not grant.allows("okex/main")
    assert read.accounts["okex/main"].passphrase == "c"
    assert SECRET not in repr(read) + repr(grant) + repr(read.accounts["binance/main"])


def test_what_is_not_said_is_for_play() -> None:
    assert book(keys=[{"ot_key": "k", "ot_secret": "s"}]).grants["k"].allows("binance/mock-x")
    assert not KeyBook.for_play().grants["key"].allows("binance/main")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[]", "keys"),
        ('{"key": []}', "keys"),
        ('{"keys": {}}', "a list"),
        ('{"accounts": []}', "an object"),
        ('{"keys": [1]}', r"keys\[0\]"),
        ('{"keys": [{"ot_key": "", "ot_secret": "s"}]}', "ot_key"),
        ('{"keys": [{"ot_key": "k", "ot_secret": 1}]}', "ot_secret"),
        ('{"keys": [{"ot_key": "k", "ot_secret": "s", "accounts": "binance/main"}]}', "a list of names"),
        ('{"keys": [{"ot_key": "k", "ot_secret": "s", "accounts": ["main"]}]}', "a list of names"),
        ('{"keys": [{"ot_key": "k", "ot_secret": "s"}, {"ot_key": "k", "ot_secret": "t"}]}', "another"),
        ('{"accounts": {"main": {}}}', "binance/name"),
        ('{"accounts": {"binance/main": 1}}', "an object"),
        ('{"accounts": {"binance/main": {"api_key": "a"}}}', "api_secret"),
        ('{"accounts": {"okex/main": {"api_key": "a", "api_secret": "b", "passphrase": 1}}}', "passphrase"),
        ('{"accounts": {"okex/mock-1token": {"api_key": "a", "api_secret": "b"}}}', "embedded exchange"),
        ("{", "not JSON"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        KeyBook.read(text)
