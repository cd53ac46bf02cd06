from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest

from exchangeclient.core.calling.endpoint import CLOSED, Endpoints, Symbol, Symbols, declaration, endpoint, endpoints
from exchangeclient.core.http.request import Kind, Request, Security
from exchangeclient.numbers import Number


def dearer(params: Mapping[str, str]) -> int:
    return 50 if "limit" in params else 5


class Shop(Endpoints):
    """A venue of the test's own; what it is asked is what it answers."""

    @endpoint("GET /things", weight=dearer)
    def get_things(
        self,
        symbol: str,
        interval: Annotated[Literal["1m", "1h"] | str, CLOSED],
        *,
        limit: int | None = None,
        symbols: str | Sequence[str] | None = None,
        open: bool | None = None,
        ids: Sequence[int] | None = None,
        note: Any = None,
        **params: Any,
    ) -> Any:
        """Things.

        `documentation <https://example.com/things>`__.
        """

    @endpoint("POST /thing", weight=1, security=Security.TRADE, kind=Kind.PLACE, host="other")
    def place_thing(
        self, *, side: Literal["BUY"] | str, price: Number | None = None, disable_validation: bool = False, **params: Any
    ) -> Any:
        """Place a thing."""

    @endpoint("POST /things", weight=dearer, counts="each", by="symbol", orders=dearer)
    def place_things(self, things: Sequence[Mapping[str, Any]], *, symbol: str | None = None, **params: Any) -> Any:
        """Place several things."""

    def _call(self, request: Request) -> Request:
        return request


class Bigger(Shop):
    @endpoint("GET /more", weight=2)
    def get_more(self, **params: Any) -> Any:
        """More."""


def test_arguments_become_wire_texts_in_the_order_given() -> None:
    request = Shop().get_things("BTCUSDT", interval="1m", zeta=0.00001, limit=5, alpha=None)
    assert (request.verb, request.path, request.name) == ("GET", "/things", "get_things")
    assert list(request.params.items()) == [("symbol", "BTCUSDT"), ("interval", "1m"), ("zeta", "0.00001"), ("limit", "5")]
    assert request.weight == 50


def test_what_is_declared_above_the_method_is_in_the_request() -> None:
    request = Shop().place_thing(side="BUY", price=1e-05, disable_validation=True, requests_params={"timeout": 3})
    assert (request.security, request.kind, request.host, request.weight) == (Security.TRADE, Kind.PLACE, "other", 1)
    assert request.params == {"side": "BUY", "price": "0.00001"}
    assert request.validate is False
    assert request.options == {"timeout": 3}


def test_an_argument_left_out_is_left_to_the_venue() -> None:
    assert Shop().get_things().params == {}  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"symbol": 5}, TypeError, "symbol must be a str, not int"),
        ({"symbol": b"BTCUSDT"}, TypeError, "symbol must be a str, not bytes"),
        ({"symbol": ""}, ValueError, "symbol must not be empty"),
        ({"symbol": " "}, ValueError, "symbol must not be empty"),
        ({"interval": "7m"}, ValueError, "interval must be one of 1m, 1h; not '7m'"),
        ({"interval": 5}, TypeError, "interval must be a str"),
        ({"limit": True}, TypeError, "limit must be an int, not bool"),
        ({"limit": [5]}, TypeError, "limit must be an int, not list"),
        ({"limit": b"5"}, TypeError, "limit must be an int, not bytes"),
        ({"limit": Decimal(5)}, TypeError, "limit must be an int, not Decimal"),
        ({"limit": -1}, ValueError, "limit must not be negative: -1"),
        ({"limit": "-1"}, ValueError, "limit must not be negative: -1"),
        ({"limit": -1.0}, ValueError, "limit must not be negative: -1"),
        ({"limit": 5.5}, ValueError, "limit must be a whole number, not 5.5"),
        ({"limit": float("nan")}, ValueError, "limit must be a finite number"),
        ({"limit": "5.0"}, ValueError, "limit must be a whole number, not '5.0'"),
        ({"limit": " 5"}, ValueError, "limit must be a whole number"),
        ({"limit": ""}, ValueError, "limit must be a whole number"),
        ({"limit": "\N{ARABIC-INDIC DIGIT FIVE}"}, ValueError, "limit must be a whole number"),
        ({"limit": "9" * 5000}, ValueError, "limit must be a number of at most 64 digits"),
        ({"open": 1}, TypeError, "open must be a bool, not int"),
        ({"symbols": []}, ValueError, "symbols must not be empty"),
        ({"symbols": {"BTCUSDT"}}, TypeError, "symbols must be a list, not set"),
        ({"symbols": [None]}, TypeError, "symbols must be a list of texts"),
        ({"ids": "1"}, TypeError, "ids must be a list, not str"),
        ({"note": object()}, TypeError, "note must be text"),
        ({"typo": b"x"}, TypeError, "typo must be text"),
        ({"disable_validation": 1}, TypeError, "disable_validation must be a bool"),
    ],
)
def test_an_argument_given_is_checked_by_its_annotation(arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        Shop().get_things(**arguments)


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (float("nan"), ValueError, "price must be a finite number"),
        ("1,5", ValueError, "price must be a plain number"),
        (True, TypeError, "price must be a Decimal"),
        ([1], TypeError, "price must be a Decimal"),
    ],
)
def test_numbers_are_checked_as_numbers(value: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        Shop().place_thing(side="BUY", price=value)


class Count:
    def __index__(self) -> int:
        return 5


class Rows(Enum):
    FIVE = 5


@pytest.mark.parametrize("five", [5, "5", "05", 5.0, Count(), Rows.FIVE])
def test_whole_numbers_are_taken_as_scripts_have_them(five: Any) -> None:
    assert Shop().get_things("A", "1m", limit=five).params["limit"] == "5"
    assert Shop().get_things("A", "1m", limit=-0.0).params["limit"] == "0"


def test_code_that_computes_with_a_parameter_checks_it_as_the_endpoint_does() -> None:
    things = declaration(Shop.get_things)
    assert things.text("limit", "7") == "7"
    with pytest.raises(ValueError, match="last_id must not be negative"):
        things.text("limit", -7, "last_id")
    with pytest.raises(TypeError, match="symbol must be a str, not NoneType"):
        things.text("symbol", None)
    with pytest.raises(TypeError, match="declares no endpoint"):
        declaration(dearer)


@pytest.mark.parametrize("options", [[], {}, None, 5, {"timeout": 1}])
def test_options_are_handed_on_to_be_checked_by_whoever_carries_the_call(options: Any) -> None:
    assert Shop().get_things("A", "1m", requests_params=options).options == ({} if options is None else options)


def test_headers_of_a_call_are_among_its_options() -> None:
    request = Shop().get_things("A", "1m", headers={"X-Mine": "1"}, requests_params={"timeout": 1})
    assert request.options == {"timeout": 1, "headers": {"X-Mine": "1"}}
    assert "headers" not in request.params
    assert Shop().get_things("A", "1m", headers={"X-Mine": "1"}).options == {"headers": {"X-Mine": "1"}}


def test_a_literal_that_is_widened_takes_new_words() -> None:
    assert Shop().place_thing(side="BORROW").params == {"side": "BORROW"}


class Listed(Enum):
    COIN = "coinusd"


def test_a_symbol_is_sent_in_capitals_however_it_is_written() -> None:
    class Capital(Shop):
        @endpoint("GET /stock", weight=1)
        def get_stock(self, symbol: Symbol | None = None, symbols: Symbols | None = None) -> Any:
            """Stock."""

    def sent(**arguments: Any) -> Any:
        return Capital().get_stock(**arguments).params

    assert [sent(symbol=each)["symbol"] for each in ("ab1", " AB1\n", "aB1")] == ["AB1"] * 3
    assert sent(symbol=Listed.COIN) == {"symbol": "COINUSD"}
    assert sent(symbol="币usd") == {"symbol": "币USD"}
    for other in ("\u017fOLUSD", "\u0131DUSD", "STRAßE"):  # the capitals of these letters are S, I and SS
        assert sent(symbol=other) == {"symbol": other}
    for several in (["a", " b "], ("A", "B"), '["a","b"]'):
        assert sent(symbols=several)["symbols"] == '["A","B"]'
    for wrong, error in (("  ", ValueError), (5, TypeError), ([], TypeError)):
        with pytest.raises(error, match=r"^symbol must"):
            sent(symbol=wrong)
    with pytest.raises(TypeError, match="symbols must be a list of texts"):
        sent(symbols=[None])


def test_lists_and_their_ready_text_are_taken() -> None:
    assert Shop().get_things("A", "1m", symbols=["A", "B"]).params["symbols"] == '["A","B"]'
    assert Shop().get_things("A", "1m", symbols='["A","B"]').params["symbols"] == '["A","B"]'
    assert Shop().get_things("A", "1m", ids=(1, 2), open=True).params == {"symbol": "A", "interval": "1m", "ids": "[1,2]", "open": "true"}
    assert Shop().get_things("A", "1m", note=Decimal("1E-3")).params["note"] == "0.001"


def test_python_rules_of_calling_hold() -> None:
    with pytest.raises(TypeError, match=r"get_things\(\) takes 2 positional arguments, 3 were given"):
        Shop().get_things("A", "1m", 5)  # type: ignore[misc]
    with pytest.raises(TypeError, match=r"get_things\(\) got symbol twice"):
        Shop().get_things("A", symbol="B")  # type: ignore[misc, call-arg]


def test_the_signature_and_docstring_stay_visible() -> None:
    signature = inspect.signature(Shop.get_things)
    assert list(signature.parameters)[:3] == ["self", "symbol", "interval"]
    assert inspect.getdoc(Shop.get_things).startswith("Things.")  # type: ignore[union-attr]


def test_the_registry_lists_what_a_class_declares_and_inherits() -> None:
    listed = {declared.name: declared for declared in endpoints(Bigger)}
    assert list(listed) == ["get_things", "place_thing", "place_things", "get_more"]
    things = listed["get_things"]
    assert (things.verb, things.path, things.docs) == ("GET", "/things", "https://example.com/things")
    assert [parameter.name for parameter in things.parameters] == ["symbol", "interval", "limit", "symbols", "open", "ids", "note"]
    assert [parameter.name for parameter in listed["place_thing"].parameters] == ["side", "price"]
    assert listed["place_thing"].docs == ""


def test_a_further_name_calls_the_same_and_is_not_in_the_registry() -> None:
    class Renamed(Shop):
        fetch_things = Shop.get_things

    assert Renamed().fetch_things("A", "1m") == Shop().get_things("A", "1m")
    assert [declared.name for declared in endpoints(Renamed)] == [declared.name for declared in endpoints(Shop)]


def test_a_class_that_says_nothing_of_carrying_says_so() -> None:
    class Bare(Endpoints):
        @endpoint("GET /x", weight=1)
        def x(self) -> Any:
            """X."""

    with pytest.raises(NotImplementedError, match="Bare does not say how"):
        Bare().x()


def test_rows_become_json_with_figures_as_texts() -> None:
    row = {"px": 1e-05, "sz": Decimal("1E+2"), "flag": False, "left": None, "inner": [{"id": 7}]}
    request = Shop().place_things([row, {}])
    assert request.params == {"things": '[{"px":"0.00001","sz":"100","flag":false,"inner":[{"id":"7"}]},{}]'}
    assert row["left"] is None, "what the caller gave is not changed"


@pytest.mark.parametrize(
    ("things", "error", "text"),
    [
        ({}, TypeError, "things must be a list of dicts, not dict"),
        ("[]", TypeError, "things must be a list of dicts, not str"),
        ([], ValueError, "things must not be empty"),
        ([1], TypeError, r"things\[0\] must be a dict, not int"),
        ([{"px": float("nan")}], ValueError, r"things\[0\]\['px'\]"),
        ([{1: 2}], TypeError, r"things\[0\] must be a dict"),
    ],
)
def test_rows_that_cannot_be_meant_are_refused_by_name(things: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        Shop().place_things(things)


def test_what_is_counted_apart_has_a_bucket_of_its_own() -> None:
    assert Shop().place_things([{}], symbol="BTC").bucket == "/things BTC"
    assert Shop().place_things([{}], symbol="ETH").bucket == "/things ETH"
    assert Shop().get_things("BTC", "1m").bucket == ""
    assert Shop().place_things([{}]).orders == Shop().place_things([{}]).weight == 5


class Table(Endpoints):
    """A table that is asked by what its rows are."""

    @endpoint("GET /rows", weight=1)
    def get_rows(self, *, filter: Mapping[str, Any] | str | None = None, offset: Decimal | float | int | None = None, **params: Any) -> Any:
        """Rows."""

    def _call(self, request: Request) -> Request:
        return request


def test_a_parameter_that_is_a_dict_leaves_as_json_and_a_text_as_it_is() -> None:
    table = Table()
    assert table.get_rows(filter={"open": True, "ids": ["a", 1], "price": 0.5}).params == {
        "filter": '{"open":true,"ids":["a",1],"price":0.5}'
    }
    assert table.get_rows(filter='{"open": true}').params == {"filter": '{"open": true}'}
    for wrong in (["a"], 7, {"x": object()}):
        with pytest.raises(TypeError, match="filter"):
            table.get_rows(filter=wrong)


def test_a_figure_may_be_below_zero_where_it_is_declared_so_and_figures_are_known() -> None:
    assert Table().get_rows(offset=-0.00001).params == {"offset": "-0.00001"}
    assert declaration(Table.get_rows).figures == {"offset"}
    assert declaration(Shop.place_thing).figures == {"price"}
