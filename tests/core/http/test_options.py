from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exchangeclient.core.http.options import Options


@pytest.mark.parametrize(("timeout", "expected"), [(5, (5, 5, 5)), (0.5, (0.5, 0.5, 0.5)), ((3, 7), (3, 7, 10)), (None, (10, 10, 10))])
def test_a_timeout_is_for_the_whole_call(timeout: Any, expected: tuple[float, float, float]) -> None:
    options = Options().having({"timeout": timeout})
    assert (options.connect_s, options.read_s, options.total_s) == expected


@pytest.mark.parametrize(
    ("params", "error", "text"),
    [
        ({"timeout": 0}, ValueError, "timeout must be a number of seconds above 0"),
        ({"timeout": -1}, ValueError, "timeout must be a number of seconds above 0"),
        ({"timeout": float("nan")}, ValueError, "timeout must be a number of seconds above 0"),
        ({"timeout": float("inf")}, ValueError, "timeout must be a number of seconds above 0"),
        ({"timeout": "5"}, TypeError, "timeout must be a number"),
        ({"timeout": (1, 2, 3)}, TypeError, "timeout must be a number"),
        ({"timeout": True}, TypeError, "timeout must be a number"),
        ({"stream": True}, TypeError, "not stream"),
        ({5: True}, TypeError, "not 5"),
        ("timeout", TypeError, "must be a dict, not str"),
        ([], TypeError, "must be a dict, not list"),
        (0, TypeError, "must be a dict, not int"),
        ({"proxies": "http://127.0.0.1:1"}, TypeError, "proxies must be a dict such as"),
        ({"proxies": {5: "http://127.0.0.1:1"}}, TypeError, "proxies must be a dict such as"),
        ({"proxies": {"https": 5}}, TypeError, "the proxy for https must be a URL, or None for none, not int"),
        ({"verify": False}, ValueError, "verify=False is refused"),
        ({"verify": ""}, ValueError, "verify='' is refused"),
        ({"cert": 5}, TypeError, "cert must be the path of a PEM file"),
        ({"cert": ""}, TypeError, "cert must be the path of a PEM file"),
        ({"cert": ("a", "b", "c")}, TypeError, "cert must be the path of a PEM file"),
        ({"cert": ("a", None)}, TypeError, "cert must be the path of a PEM file"),
        ({"headers": 5}, TypeError, "headers must be a dict, not int"),
        ({"headers": {"A": None}}, TypeError, "header 'A' must be a str with a str as its value, not NoneType"),
        ({"headers": {5: "x"}}, TypeError, "header 5 must be a str"),
        ({"headers": {"A B": "x"}}, ValueError, "'A B' is no name of a header"),
        ({"headers": {"A:": "x"}}, ValueError, "'A:' is no name of a header"),
        ({"headers": {"": "x"}}, ValueError, "'' is no name of a header"),
        ({"headers": {"A": "x\ny"}}, ValueError, "header A must be Latin-1 text without line breaks"),
        ({"headers": {"A": "x\r"}}, ValueError, "header A must be Latin-1 text without line breaks"),
        ({"headers": {"A": "\N{EURO SIGN}"}}, ValueError, "header A must be Latin-1 text without line breaks"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(params: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=f"requests_params.*{text}"):
        Options().having(params)


@pytest.mark.parametrize("nothing", [None, {}, {"timeout": None, "proxies": None, "verify": True, "cert": None, "headers": None}])
def test_what_is_left_out_stays_as_it_is(nothing: Any) -> None:
    mine = Options().having({"timeout": 3, "headers": {"A": "1"}, "verify": "ca.pem", "cert": "me.pem", "proxies": {"https": "x"}})
    assert mine.having(nothing) == mine


def test_paths_are_taken_in_any_form() -> None:
    assert Options().having({"verify": Path("ca.pem"), "cert": Path("me.pem")}).cert == "me.pem"
    assert Options().having({"cert": (Path("me.pem"), "key.pem")}).cert == ("me.pem", "key.pem")


def test_a_proxy_of_none_is_a_wish_for_none() -> None:
    assert Options().having({"proxies": {"https": None}}).proxies == {"https": ""}


def test_headers_of_a_call_are_added_to_those_of_the_client_whatever_their_capitals() -> None:
    mine = Options().having({"headers": {"X-One": "1", "X-Two": "2"}})
    assert mine.having({"headers": {"x-two": "3", "X-Three": "4"}}).headers == {"X-One": "1", "x-two": "3", "X-Three": "4"}
    assert mine.headers == {"X-One": "1", "X-Two": "2"}


def test_options_of_a_call_change_that_call_only() -> None:
    mine = Options().having({"timeout": 3, "proxies": {"https": "http://127.0.0.1:1"}})
    changed = mine.having({"timeout": (1, 2)})
    assert (changed.connect_s, changed.proxies) == (1, {"https": "http://127.0.0.1:1"})
    assert mine.total_s == 3


@pytest.mark.parametrize(("when", "waits"), [(None, None), ("wait", True), ("raise", False)])
def test_whether_to_wait_for_budget_is_said_or_left_to_what_the_call_does(when: Any, waits: bool | None) -> None:
    assert Options().having({"when_limited": when}).waits is waits


def test_a_share_of_the_budget_is_taken() -> None:
    assert Options().share == 1.0
    assert Options().having({"share": 0.25}).share == 0.25


@pytest.mark.parametrize(
    ("share", "error"), [(0, ValueError), (1.1, ValueError), (float("nan"), ValueError), (True, TypeError), ("1", TypeError)]
)
def test_what_is_no_share_is_refused(share: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="share"):
        Options().having({"share": share})


@pytest.mark.parametrize("params", [{"when_limited": "later"}, {"when_limited": True}, {"priority": "first"}, {"priority": 0}])
def test_words_for_a_short_budget_are_the_known_ones(params: Any) -> None:
    with pytest.raises(ValueError, match=f"requests_params: {next(iter(params))} must be"):
        Options().having(params)


@pytest.mark.parametrize("params", [None, {}, {"timeout": 3}, {"priority": "order", "when_limited": "raise"}, {"verify": True}])
def test_time_and_priority_do_not_change_the_way(params: dict[str, Any] | None) -> None:
    own = Options().having({"headers": {"X-A": "1"}, "proxies": {"https": "http://127.0.0.1:1"}})
    assert own.having(params).are_carried_like(own)


@pytest.mark.parametrize("params", [{"proxies": {"https": None}}, {"verify": "/a/bundle"}, {"cert": "/a/file"}, {"headers": {"X-A": "2"}}])
def test_whatever_else_is_said_of_a_call_changes_the_way(params: dict[str, Any]) -> None:
    own = Options().having({"headers": {"X-A": "1"}, "proxies": {"https": "http://127.0.0.1:1"}})
    assert not own.having(params).are_carried_like(own)
