"""OKX's orders over the private websocket without I/O: the operations that calls of REST have there, their requests and answers.

An operation has the parameters, limits and answers of its twin on REST, but names an instrument by its number (``instIdCode``), and is not
signed: the connection has logged in. :class:`OrderSession` asks over a connection, :mod:`exchangeclient.core.feeds.socket_transport`
waits for the answers. Source: https://www.okx.com/docs-v5/en/#order-book-trading-trade-ws-place-order
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from exchangeclient.core.http import jsonio
from exchangeclient.core.http.jsonio import object_in
from exchangeclient.core.http.request import Message, Request, Response, redacted
from exchangeclient.core.protocol.questions import AskingSession, Questions
from exchangeclient.core.protocol.session import Failure, Incoming
from exchangeclient.okx.messages import event_in
from exchangeclient.okx.orderform import rows_of
from exchangeclient.okx.pulse import PONG, Pulse
from exchangeclient.okx.signing import EXPIRY, LIST, body_of
from exchangeclient.okx.streams import PASSING, SERVICE_UPGRADE

log = logging.getLogger(__name__)

HOST: Final = "private"
"""What requests that go this way name as their host."""

CODE: Final = "instIdCode"
"""The number of an instrument, an integer in public/instruments and here."""

OPERATIONS: Final[Mapping[tuple[str, str], str]] = {
    ("POST", "/api/v5/trade/order"): "order",
    ("POST", "/api/v5/trade/batch-orders"): "batch-orders",
    ("POST", "/api/v5/trade/cancel-order"): "cancel-order",
    ("POST", "/api/v5/trade/cancel-batch-orders"): "batch-cancel-orders",
    ("POST", "/api/v5/trade/amend-order"): "amend-order",
    ("POST", "/api/v5/trade/amend-batch-orders"): "batch-amend-orders",
}
"""By the route of its twin, the name of each operation."""

_LOGIN_WITHIN_S: Final = 10.0
_LONGEST_ID: Final = 15


def url(base: str) -> str:
    """Where to connect."""
    return f"{base}/ws/v5/{HOST}"


# ---- requests --------------------------------------------------------------------------------------------------------


def message(request: Request, base: str, code_of: Callable[[str], int | None]) -> Message:
    """The message of a call.

    :param code_of: the number of an instrument, None for one whose number is not known
    """
    params = {name: text for name, text in request.params.items() if name != EXPIRY}
    said = jsonio.decode(body_of(request, params))
    content: dict[str, Any] = {"args": [_by_code(row, code_of) for row in (said if LIST in params else [said])]}
    if EXPIRY in request.params:
        content[EXPIRY] = request.params[EXPIRY]
    return Message(OPERATIONS[request.verb, request.path], url(base), {}, jsonio.encode(content).decode())


def instruments_of(request: Request) -> tuple[str, ...]:
    """The instruments that a call names."""
    return tuple(dict.fromkeys(str(row["instId"]) for row in rows_of(request) if row.get("instId")))


def _by_code(row: Mapping[str, Any], code_of: Callable[[str], int | None]) -> dict[str, Any]:
    code = code_of(str(row.get("instId", "")))
    return dict(row) if code is None else {CODE: code, **row}


# ---- answers ---------------------------------------------------------------------------------------------------------


def response(payload: bytes) -> Response:
    """An answer in the form of one on REST: it has the same envelope.

    :raises ValueError: when it is none
    """
    said = object_in(payload)
    if said is None or not isinstance(said.get("code"), str):
        raise ValueError(f"it begins {_shown(payload)}")
    return Response(200, payload)


# ---- a connection ----------------------------------------------------------------------------------------------------


class OrderSession(AskingSession):
    """Asks questions over one connection that has logged in.

    :param base: such as ``wss://ws.okx.com:8443``
    :param login: makes the frame that logs in, stamped with the time of the call
    """

    def __init__(self, base: str, questions: Questions, login: Callable[[], Mapping[str, Any]]) -> None:
        super().__init__(questions)
        self._base = base
        self._login = login
        self.opened(0.0)

    def url(self) -> str:
        """Where to connect."""
        return url(self._base)

    def opened(self, now_s: float) -> None:
        """The login comes first; nothing is asked before it is confirmed."""
        self._pulse = Pulse(now_s)
        self._login_due_s: float | None = None
        self._heir = None
        self.ready = False
        self.leaving = False

    def outgoing(self, now_s: float) -> list[str] | Failure:
        """The login, a ping, and what is to be asked; or that the venue does not answer any more."""
        if self._login_due_s is not None and now_s >= self._login_due_s:
            return Failure("the login was not confirmed")
        if (overdue := self._overdue(now_s)) is not None:
            return overdue
        frames = self._pulse.outgoing(now_s)
        if isinstance(frames, Failure):
            return frames
        if not self.ready:
            if self._login_due_s is None:
                self._login_due_s = now_s + _LOGIN_WITHIN_S
                frames.append(jsonio.encode(self._login()).decode())
            return frames
        frames += [f'{{"id":"{number}","op":"{asked.verb}",{asked.body[1:]}' for number, asked in self._taken(now_s)]
        return frames

    def next_due(self) -> float | None:
        """When a ping is due, or an answer overdue."""
        return min(due_s for due_s in (self._pulse.next_due(), self._login_due_s, self._first_due_s()) if due_s is not None)

    def receive(self, payload: bytes) -> Incoming | Failure:
        """Give each answer to whoever has asked."""
        self._pulse.heard()
        if payload == PONG:
            return Incoming.REPLY
        said = object_in(payload)
        if said is None:
            log.warning("calls: a message that cannot be read: %s", _shown(payload))
            return Incoming.REPLY
        if named := said.get("id"):
            number = _number(named)
            if number is None or not self._answered(number, payload):
                log.warning("calls: an answer to what was not asked: %s", _shown(payload))
            return Incoming.REPLY
        return self._heed(payload, said)

    def _heed(self, payload: bytes, said: Mapping[str, Any]) -> Incoming | Failure:
        event = said.get("event")
        if event == "notice":
            self.leaving = self.leaving or said.get("code") == SERVICE_UPGRADE
        elif not self.ready and event in ("login", "error"):
            return self._login_answered(payload, said)
        elif event == "error":
            return self._receive_orphan(payload, str(said.get("code", "")))
        return Incoming.REPLY

    def decode(self, payload: bytes) -> Any:
        """The message."""
        return event_in(payload)

    def successor(self) -> OrderSession:
        """One that asks the same questions; as soon as it has logged in, it asks all of them."""
        heir = self._heir = OrderSession(self._base, self._questions, self._login)
        return heir

    def _login_answered(self, payload: bytes, said: Mapping[str, Any]) -> Incoming | Failure:
        code = str(said.get("code", "0"))
        if said["event"] == "login" and code == "0":
            self.ready, self._login_due_s = True, None
            return Incoming.REPLY
        if code not in PASSING:
            self._questions.refusal = payload
        return Failure(f"the venue refused: error {code}: {redacted(str(said.get('msg', '')))}", final=code not in PASSING)

    def _receive_orphan(self, payload: bytes, code: str) -> Incoming | Failure:
        """An error that names no request: whose it is, is certain if one alone waits, unless it is a trouble of the connection."""
        if code not in PASSING and self._answered_alone(payload):
            return Incoming.REPLY
        return Failure(f"the venue refused something without saying which: {_shown(payload)}")


def _number(said: object) -> int | None:
    """The number of a request, in an answer; None for what is none of ours."""
    return int(said) if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) <= _LONGEST_ID else None


def _shown(payload: bytes) -> str:
    """The beginning of a message, without what is secret: a venue may repeat it."""
    return redacted(payload[:200].decode(errors="replace"))
