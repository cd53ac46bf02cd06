"""Orders on OKX's private websocket: the verbs of REST, by names of their own and with instruments by their codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.okx import account, errors
from exchangeclient.sandbox.dialects.okx.call import Call
from exchangeclient.sandbox.dialects.okx.errors import VenueError
from exchangeclient.sandbox.dialects.okx.params import rows
from exchangeclient.sandbox.dialects.okx.rest import deadline
from exchangeclient.sandbox.dialects.okx.routes import ROUTES
from exchangeclient.sandbox.dialects.okx.trading import Answer
from exchangeclient.sandbox.dialects.okx.venue import Venue

OPERATIONS: Mapping[str, str] = {
    "order": "order",
    "batch-orders": "batch-orders",
    "cancel-order": "cancel-order",
    "batch-cancel-orders": "cancel-batch-orders",
    "amend-order": "amend-order",
    "batch-amend-orders": "amend-batch-orders",
}
"""What they are called at REST's trade/."""

_ID = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)
uid = account.uid


def answer(venue: Venue, signer: Account | None, request: Mapping[str, Any], came_us: int) -> dict[str, Any]:
    """What the venue answers to one operation."""
    request_id, op = request.get("id"), str(request["op"])
    head = {"id": request_id if isinstance(request_id, str) else "", "op": op}
    try:
        if request_id is not None and (not isinstance(request_id, str) or not _ID.fullmatch(request_id)):
            raise errors.WS_BAD_ARGS()
        result = _performed(venue, signer, op, request)
        content = {"code": result.code, "msg": result.text, "data": result.rows}
    except VenueError as error:
        content = {"code": error.code, "msg": error.text, "data": []}
    return {**head, **content, "inTime": str(came_us), "outTime": str(venue.now_us)}


def _performed(venue: Venue, signer: Account | None, op: str, request: Mapping[str, Any]) -> Answer:
    if signer is None or not venue.gate.members.knows(signer):
        raise errors.WS_NOT_LOGGED_IN()
    if not signer.can_trade:
        raise errors.NOT_PERMITTED()
    route = ROUTES["POST", f"/api/v5/trade/{OPERATIONS[op]}"]
    arguments = request.get("args")
    if not isinstance(arguments, list) or not arguments or (not route.batch and len(arguments) != 1):
        raise errors.WS_BAD_ARGS()
    until = request.get("expTime")
    call = Call(
        venue,
        rows(arguments),
        venue.live.now_us,
        signer,
        deadline(None if until is None else str(until)),
        by_code=True,
    )
    result = route.handler(call)
    assert isinstance(result, Answer)  # noqa: S101 - each of these answers orders
    return result
