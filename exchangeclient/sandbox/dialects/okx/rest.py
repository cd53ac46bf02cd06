"""OKX's REST side: an HTTP request in, the venue's envelope out."""

from __future__ import annotations

from typing import Any

import msgspec

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.okx import errors
from exchangeclient.sandbox.dialects.okx.call import Call
from exchangeclient.sandbox.dialects.okx.errors import VenueError
from exchangeclient.sandbox.dialects.okx.params import of_body, of_query
from exchangeclient.sandbox.dialects.okx.routes import PATHS, ROUTES, Route
from exchangeclient.sandbox.dialects.okx.trading import Answer
from exchangeclient.sandbox.dialects.okx.venue import Venue
from exchangeclient.serving.messages import HttpRequest, HttpResponse

_JSON = {"Content-Type": "application/json"}


def answer(venue: Venue, request: HttpRequest) -> HttpResponse:
    """What the venue answers to one request, whatever was asked."""
    came_us = venue.now_us
    try:
        route = ROUTES.get((request.method, request.path))
        if route is None:
            known = request.path in PATHS
            raise errors.BAD_METHOD() if known else errors.NOT_FOUND(request.method, request.path)
        result = _answered(venue, route, request)
    except VenueError as error:
        return refused(error)
    if isinstance(result, Answer):
        return _enveloped(result.code, result.text, result.rows, {"inTime": str(came_us), "outTime": str(venue.now_us)})
    return _enveloped("0", "", result, {})


def refused(error: VenueError) -> HttpResponse:
    """The answer that is a refusal."""
    return _enveloped(error.code, error.text, [], {}, error.status)


def _answered(venue: Venue, route: Route, request: HttpRequest) -> list[Any] | Answer:
    now_us, signer = venue.live.now_us, None
    if not route.private and route.most:
        venue.limits.charge(f"{request.path} {request.peer}", route.most, now_us)
    reads = request.method == "GET"
    if not reads and "application/json" not in request.headers.get("content-type", "").lower():
        raise errors.BAD_CONTENT_TYPE()
    if route.private:
        signer = _admitted(venue, route, request)
        if route.most:
            venue.limits.charge(f"{request.path} {signer.key}", route.most, now_us)
    rows = [of_query(request.query)] if reads else of_body(request.body)
    if not route.batch and len(rows) != 1:
        raise errors.BAD_JSON()
    return route.handler(Call(venue, rows, now_us, signer, deadline(request.headers.get("exptime"))))


def _admitted(venue: Venue, route: Route, request: HttpRequest) -> Account:
    account = venue.gate.admit(request, venue.now_us)
    if route.trade and not account.can_trade:
        raise errors.NOT_PERMITTED()
    return account


def deadline(text: str | None) -> int | None:
    """Until when an order may reach the engine, in microseconds.

    :raises VenueError: for anything but milliseconds
    """
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise errors.BAD("expTime")
    return int(text) * 1000


def _enveloped(code: str, text: str, rows: list[Any], times: dict[str, str], status: int = 200) -> HttpResponse:
    return HttpResponse(status, msgspec.json.encode({"code": code, "data": rows, "msg": text, **times}), _JSON)
