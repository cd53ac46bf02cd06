"""The rows of refusals: every rule of the engine has one, with the venue's own code."""

from __future__ import annotations

import pytest

from exchangeclient.sandbox.dialects.binance.errors import VenueError, amend_refusal, refusal
from exchangeclient.sandbox.engine.refusals import Rule

OF_SWAPS = (Rule.NOTHING_TO_REDUCE, Rule.LEVERAGE, Rule.LEG, Rule.MODE_IN_USE)


@pytest.mark.parametrize("rule", [rule for rule in Rule if rule not in OF_SWAPS])
def test_every_rule_of_the_engine_has_words(rule: Rule) -> None:
    for error in (refusal(rule, "Stop loss"), amend_refusal(rule)):
        assert error.status == 400
        assert error.code in (-1013, -1121, -2010, -2011, -2038)
        assert "{" not in error.text
        assert error.shape() == {"code": error.code, "msg": error.text}


@pytest.mark.parametrize("rule", [rule for rule in Rule if rule.name == rule.value])
def test_filters_are_named(rule: Rule) -> None:
    error = refusal(rule)
    assert error.text == f"Filter failure: {rule.name}"
    counted = rule.name.startswith(("MAX_", "EXCHANGE_"))
    assert error.code == (-2010 if counted else -1013)


def test_an_amendment_is_refused_under_a_code_of_its_own_where_the_engine_speaks() -> None:
    assert amend_refusal(Rule.UNKNOWN_ORDER).code == amend_refusal(Rule.MAX_NUM_ORDER_AMENDS).code == -2038
    assert (amend_refusal(Rule.LOT_SIZE).code, amend_refusal(Rule.UNKNOWN_SYMBOL).code) == (-1013, -1121)


def test_the_kind_of_order_is_named_where_the_text_has_a_place_for_it() -> None:
    assert refusal(Rule.TYPE_NOT_ALLOWED, "Stop loss").text == "Stop loss orders are not supported for this symbol."
    assert refusal(Rule.LIST_NOT_ALLOWED, "OCO").text == "OCO orders are not supported for this symbol"


def test_what_was_done_nevertheless_goes_with_the_error() -> None:
    assert VenueError(-2021, "half", 409, {"a": 1}).shape() == {"code": -2021, "msg": "half", "data": {"a": 1}}
