"""The sandbox's own endpoints, for programs in any language: what the methods of :class:`~exchangeclient.sandbox.Sandbox` do in Python.

They are no venue's; a venue's paths never begin with ``/sandbox``. Requests and answers are JSON; what is refused answers 400 with
``{"error": text}``, an unknown path 404. What a request is to say stands in its body, unless a query is shown here; there is no other.
Pages of other sites are refused with 403.

===================================  ====================================================================================
``GET /sandbox``                     the exchange in short: its time, its symbols, and these endpoints with what each may be told
``GET /sandbox/time``                ``now_ms``, ``speed`` (null by a clock that is not the sandbox's own), ``step_ms``, ``skew_ms``
``POST /sandbox/time``               ``{"advance_ms": 60000}``, ``{"speed": 10}``, ``{"skew_ms": 1500}`` (the venue's clock is fast by
                                     that: in the time it tells and in its checks of timestamps), or several at once
``GET /sandbox/accounts``            who may sign in: key, kind of key, permissions; never a secret
``POST /sandbox/accounts``           ``{"key": ..., "secret": ...}`` or ``"public_key"`` with a PEM text; ``can_trade``, ``permissions``,
                                     for OKX ``passphrase`` and ``demo``; it gets the play funds that every account starts with
``DELETE /sandbox/accounts``         ``{"key": ...}``: nobody signs in with it any more
``GET /sandbox/funds?account=KEY``   its balances; with ``&venue=okx`` those that it has there
``POST /sandbox/funds``              ``{"account": ..., "asset": ..., "deposit": "1.5"}``, or ``"withdraw"``; ``"venue"``; answers the
                                     balances
``POST /sandbox/fees``               ``{"account": ..., "maker": "0.001", "taker": "0.001", "discount": false}``: what it pays from now on
``POST /sandbox/groups``             ``{"account": ..., "group": 5}``: its trade group, for self-trade prevention; -1 for none
``GET /sandbox/symbols``             each symbol's status
``POST /sandbox/symbols``            ``{"symbol": ..., "status": "HALT"}``: TRADING, HALT, BREAK, CANCEL_ONLY or END_OF_DAY
``DELETE /sandbox/symbols``          ``{"symbol": ...}`` is delisted: its open orders expire, and it is unknown from then on
``POST /sandbox/sequences``          ``{"symbol": ...}``: the ids of its book begin anew at OKX, as after maintenance
``POST /sandbox/partials``           ``{"topic": "orderBookL2:*"}``: BitMEX sends how these tables stand, in mid-stream
``GET /sandbox/state``               everything on the exchange, without keys, as a file for ``Sandbox(state=...)``
``GET /sandbox/faults``              the faults that are on, and how often each has struck
``POST /sandbox/faults``             a fault: ``{"kind": "stall", "stream": "btcusdt@depth", "seconds": 90}``; answers with its ``id``
``DELETE /sandbox/faults``           ``{"id": ...}`` is lifted; ``{}`` for all, which are forgotten then
===================================  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from types import NoneType, UnionType
from typing import Any, get_args
from urllib.parse import parse_qsl

import msgspec

from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.arguments import checked_skew
from exchangeclient.sandbox.commands import BINANCE, Commands
from exchangeclient.sandbox.dialects.accounts import SPOT, Account
from exchangeclient.sandbox.faults.kinds import KINDS
from exchangeclient.serving.app import Admission, SlowApp
from exchangeclient.serving.messages import HttpRequest, HttpResponse, Later
from exchangeclient.serving.visitors import is_for_this_machine, is_from_elsewhere, refusal

ROOT = "/sandbox"
# So many steps of time are played in one go; then whoever else waits has his turn.
_STEPS_AT_ONCE = 50

Answer = HttpResponse | Later[HttpResponse]


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    """What a request may carry; other fields are refused by name."""


class _Time(_Body):
    advance_ms: int | None = None
    speed: float | None = None
    skew_ms: int | None = None


class _Funds(_Body):
    account: str
    asset: str
    deposit: Decimal | None = None
    withdraw: Decimal | None = None
    venue: str = BINANCE


class _Fees(_Body):
    account: str
    maker: Decimal
    taker: Decimal
    discount: bool = False
    venue: str = BINANCE


class _Group(_Body):
    account: str
    group: int


class _NewAccount(_Body):
    key: str
    secret: str = ""
    public_key: str = ""
    passphrase: str = ""
    demo: bool = False
    can_trade: bool = True
    permissions: tuple[str, ...] = (SPOT,)


class _Key(_Body):
    key: str


class _Status(_Body):
    symbol: str
    status: str


class _Symbol(_Body):
    symbol: str


class _Topic(_Body):
    topic: str


class _Fault(_Body):
    id: int | None = None


class _Account(_Body):
    account: str
    venue: str = BINANCE


class _Nothing(_Body):
    """What most questions carry."""


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """One thing that can be asked for.

    :ivar answer: gets what the request carries, read
    :ivar takes: what that is
    :ivar in_query: whether it stands in the query, not in the body
    """

    answer: Callable[[Any], Any]
    takes: type[_Body] | type[dict[str, Any]] = _Nothing
    in_query: bool = False

    def __call__(self, request: HttpRequest) -> Any:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        if query and not self.in_query:
            raise SandboxException(f"{request.method} {request.path} takes no query, and {min(query)!r} was in it; the body is for that")
        return self.answer(_converted(query, self.takes) if self.in_query else _read(request, self.takes))

    @property
    def shape(self) -> dict[str, str]:
        """What it takes, as plain words."""
        if not issubclass(self.takes, _Body):
            return {"kind": " or ".join(KINDS), "and the options of the kind": "see exchangeclient fault --help"}
        return {
            each.encode_name: _WORDS[_without_none(each.type)] + ("" if each.required else "; may be left out")
            for each in msgspec.structs.fields(self.takes)
        }


_WORDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Decimal: "a number, or a text with one, which stays exact",
    tuple[str, ...]: "a list of texts",
}


def _without_none(kind: Any) -> Any:
    """The type of a field that may be null."""
    return next(each for each in get_args(kind) if each is not NoneType) if isinstance(kind, UnionType) else kind


class Control:
    """An app in front of the venue's: it answers what begins with ``/sandbox`` and hands on everything else.

    :param behind_token: whoever gets here has shown a token, so that it does not matter by which name he called this machine
    """

    def __init__(self, sandbox: Commands, app: SlowApp, *, behind_token: bool = False) -> None:
        self._sandbox = sandbox
        self._app = app
        self._behind_token = behind_token
        self._endpoints: Mapping[tuple[str, str], _Endpoint] = {
            ("GET", ""): _Endpoint(self._overview),
            ("GET", "/time"): _Endpoint(self._time),
            ("POST", "/time"): _Endpoint(self._set_time, _Time),
            ("GET", "/accounts"): _Endpoint(self._accounts),
            ("POST", "/accounts"): _Endpoint(self._add_account, _NewAccount),
            ("DELETE", "/accounts"): _Endpoint(self._revoke, _Key),
            ("GET", "/funds"): _Endpoint(self._funds, _Account, in_query=True),
            ("POST", "/funds"): _Endpoint(self._move_funds, _Funds),
            ("POST", "/fees"): _Endpoint(self._set_fees, _Fees),
            ("POST", "/groups"): _Endpoint(self._join_group, _Group),
            ("GET", "/symbols"): _Endpoint(self._symbols),
            ("POST", "/symbols"): _Endpoint(self._set_status, _Status),
            ("DELETE", "/symbols"): _Endpoint(self._delist, _Symbol),
            ("POST", "/sequences"): _Endpoint(self._reset_sequence, _Symbol),
            ("POST", "/partials"): _Endpoint(self._repeat_partial, _Topic),
            ("GET", "/state"): _Endpoint(self._state),
            ("GET", "/faults"): _Endpoint(self._list_faults),
            ("POST", "/faults"): _Endpoint(self._add_fault, dict[str, Any]),
            ("DELETE", "/faults"): _Endpoint(self._lift_faults, _Fault),
        }

    def websocket(self, request: HttpRequest) -> Admission | Later[Admission]:
        return self._app.websocket(request)

    def http(self, request: HttpRequest) -> Answer:
        if request.path != ROOT and not request.path.startswith(f"{ROOT}/"):
            return self._app.http(request)
        if is_from_elsewhere(request) or not (self._behind_token or is_for_this_machine(request)):
            return refusal(403, "the sandbox is not commanded from other sites' pages, nor by another name of this machine")
        endpoint = self._endpoints.get((request.method, request.path.removeprefix(ROOT).rstrip("/")))
        if endpoint is None:
            return refusal(404, f"there is no {request.method} {request.path}; see {ROOT}")
        try:
            answer = endpoint(request)
        except (SandboxException, TypeError, ValueError) as error:
            return refusal(400, str(error))
        return answer if isinstance(answer, (HttpResponse, Later)) else _json(answer)

    def _overview(self, _nothing: _Nothing | None = None) -> Any:
        endpoints = {f"{method} {ROOT}{path}": endpoint.shape for (method, path), endpoint in self._endpoints.items()}
        return {"now_ms": self._sandbox.now_ms, "symbols": self._sandbox.symbols, "endpoints": endpoints}

    # ---- time --------------------------------------------------------------------------------------------------------

    def _time(self, _nothing: _Nothing | None = None) -> Any:
        sandbox = self._sandbox
        return {"now_ms": sandbox.now_ms, "speed": sandbox.speed, "step_ms": sandbox.step_ms, "skew_ms": sandbox.skew_ms}

    def _set_time(self, wanted: _Time) -> Answer:
        # All of it is checked before any of it is done; the speed, which checks itself, is set first.
        moves = iter(()) if wanted.advance_ms is None else self._sandbox.moving(wanted.advance_ms * 1000)
        if wanted.skew_ms is not None:
            checked_skew(wanted.skew_ms)
        if wanted.speed is not None:
            self._sandbox.speed = wanted.speed
        if wanted.skew_ms is not None:
            self._sandbox.skew_ms = wanted.skew_ms
        return self._played(moves)

    def _played(self, moves: Iterator[None]) -> Answer:
        """Answer when all is played, with turns of other people in between."""
        if sum(1 for _ in islice(moves, _STEPS_AT_ONCE)) == _STEPS_AT_ONCE:
            return Later(0, lambda: self._played(moves))
        return _json(self._time())

    # ---- accounts ----------------------------------------------------------------------------------------------------

    def _accounts(self, _nothing: _Nothing | None = None) -> Any:
        return [
            {"key": each.key, "kind": each.kind, "can_trade": each.can_trade, "permissions": each.permissions}
            for each in self._sandbox.accounts
        ]

    def _add_account(self, wanted: _NewAccount) -> Any:
        self._sandbox.add_account(
            Account(
                wanted.key,
                wanted.secret,
                wanted.public_key,
                wanted.passphrase,
                can_trade=wanted.can_trade,
                permissions=wanted.permissions,
                demo=wanted.demo,
            )
        )
        return self._accounts()

    def _revoke(self, wanted: _Key) -> Any:
        self._sandbox.revoke(wanted.key)
        return self._accounts()

    def _funds(self, wanted: _Account) -> Any:
        return self._sandbox.balances(wanted.account, venue=wanted.venue)

    def _move_funds(self, wanted: _Funds) -> Any:
        if (wanted.deposit is None) == (wanted.withdraw is None):
            raise SandboxException("either deposit or withdraw must be given")
        if wanted.deposit is not None:
            self._sandbox.deposit(wanted.account, wanted.asset, wanted.deposit, venue=wanted.venue)
        if wanted.withdraw is not None:
            self._sandbox.withdraw(wanted.account, wanted.asset, wanted.withdraw, venue=wanted.venue)
        return self._sandbox.balances(wanted.account, venue=wanted.venue)

    def _set_fees(self, wanted: _Fees) -> Any:
        self._sandbox.set_fees(wanted.account, maker=wanted.maker, taker=wanted.taker, discount=wanted.discount, venue=wanted.venue)
        return {}

    def _join_group(self, wanted: _Group) -> Any:
        self._sandbox.join_group(wanted.account, wanted.group)
        return {}

    # ---- the exchange ------------------------------------------------------------------------------------------------

    def _symbols(self, _nothing: _Nothing | None = None) -> Any:
        return self._sandbox.symbols

    def _set_status(self, wanted: _Status) -> Any:
        self._sandbox.set_status(wanted.symbol, wanted.status)
        return self._sandbox.symbols

    def _delist(self, wanted: _Symbol) -> Any:
        self._sandbox.delist(wanted.symbol)
        return self._sandbox.symbols

    def _repeat_partial(self, wanted: _Topic) -> Any:
        return {"topics": self._sandbox.repeat_partial(wanted.topic)}

    def _reset_sequence(self, wanted: _Symbol) -> Any:
        self._sandbox.reset_sequence(wanted.symbol)
        return {}

    # ---- faults ------------------------------------------------------------------------------------------------------

    def _list_faults(self, _nothing: _Nothing | None = None) -> Any:
        return [fault.shape() for fault in self._sandbox.faults.list()]

    def _add_fault(self, wanted: dict[str, Any]) -> Any:
        kind = wanted.pop("kind", None)
        return self._sandbox.fault(kind, **wanted).shape()

    def _lift_faults(self, wanted: _Fault) -> Any:
        if wanted.id is None:
            self._sandbox.faults.clear()
        elif not self._sandbox.faults.lift(wanted.id):
            raise SandboxException(f"there is no fault {wanted.id} that is armed")
        return self._list_faults()

    def _state(self, _nothing: _Nothing | None = None) -> Answer:
        return HttpResponse(200, self._sandbox.state(), {"Content-Type": "application/octet-stream"})


def _json(answer: Any) -> HttpResponse:
    return HttpResponse(200, msgspec.json.encode(answer), {"Content-Type": "application/json"})


def _read(request: HttpRequest, kind: type[Any]) -> Any:
    """The body of a request; what is wrong with it is named."""
    try:
        return msgspec.json.decode(request.body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SandboxException(f"the body must be JSON as {ROOT} says: {error}") from error


def _converted(query: Mapping[str, str], kind: type[Any]) -> Any:
    """The same for what stands in the query."""
    try:
        return msgspec.convert(query, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise SandboxException(f"the query must be as {ROOT} says: {error}") from error
