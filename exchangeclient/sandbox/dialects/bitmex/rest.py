"""BitMEX's REST side: an HTTP request in, the venue's answer out, what is left of the limits in its headers."""

from __future__ import annotations

from typing import Any

import msgspec

from exchangeclient.sandbox.dialects.accounts import Account
from exchangeclient.sandbox.dialects.bitmex import errors
from exchangeclient.sandbox.dialects.bitmex.call import Call
from exchangeclient.sandbox.dialects.bitmex.errors import VenueError
from exchangeclient.sandbox.dialects.bitmex.limits import OF_ORDERS, SECOND_US, Bucket
from exchangeclient.sandbox.dialects.bitmex.params import of_request
from exchangeclient.sandbox.dialects.bitmex.query import as_csv
from exchangeclient.sandbox.dialects.bitmex.routes import ROUTES, Route
from exchangeclient.sandbox.dialects.bitmex.venue import Venue
from exchangeclient.serving.messages import HttpRequest, HttpResponse

_JSON, _CSV = "application/json; charset=utf-8", "text/csv; charset=utf-8"
_FORMATS = ("json", "csv")


def answer(venue: Venue, request: HttpRequest) -> HttpResponse:
    """What the venue answers to one request, whatever was asked; every request counts, as far as it is known whose it is."""
    now_us = venue.live.now_us
    route = ROUTES.get((request.method, request.path))
    headers: dict[str, str | None] = {}
    try:
        signer, late = _signer(venue, request)
        minute = venue.limits.minute(request.peer if signer is None else signer.key, of_account=signer is not None)
        second = venue.limits.second(signer.key) if signer is not None and route is not None and route.paced else None
        try:
            venue.limits.charge(minute, now_us, refuses=route is None or route.refuses)
            if second is not None:
                venue.limits.charge(second, now_us, refuses=route is not None and route.refuses)
        finally:
            headers = _limits(venue, minute, second, now_us)
        if late is not None:
            raise late
        if route is None:
            raise errors.NOT_FOUND()
        kind, body = _answered(venue, route, request, signer)
    except VenueError as error:
        return refused(error, headers)
    return HttpResponse(200, body, {"Content-Type": kind, **headers})


def refused(error: VenueError, headers: dict[str, str | None] | None = None) -> HttpResponse:
    """The answer that is a refusal."""
    later = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    body = msgspec.json.encode({"error": {"message": error.message, "name": error.name}})
    return HttpResponse(error.status, body, {"Content-Type": _JSON, **(headers or {}), **later})


def _signer(venue: Venue, request: HttpRequest) -> tuple[Account | None, VenueError | None]:
    """Who signed a request; or, of one that is not let in, why: it counts for the address that it came from."""
    try:
        return venue.gate.signer(request, venue.now_us + venue.engine_delay_us), None
    except VenueError as error:
        return None, error


def _answered(venue: Venue, route: Route, request: HttpRequest, signer: Account | None) -> tuple[str, bytes]:
    if route.private and signer is None:
        raise errors.NO_AUTH()
    if route.trade and signer is not None and not signer.can_trade:
        raise errors.DENIED()
    params = of_request(request)
    if venue.manners.strict and (unknown := [name for name in params if name not in route.names]):
        raise errors.UNKNOWN_ARG(unknown[0])
    form = params.text("_format") or "json"
    if form not in _FORMATS:
        raise errors.BAD_FORMAT(form)
    result: Any = route.handler(Call(venue, params, venue.live.now_us, signer))
    if form == "csv":
        return _CSV, as_csv(result if isinstance(result, list) else [result])
    return _JSON, msgspec.json.encode(result)


def _limits(venue: Venue, minute: Bucket, second: Bucket | None, now_us: int) -> dict[str, str | None]:
    """How much may still be asked."""
    found: dict[str, str | None] = {
        "x-ratelimit-limit": str(minute.size),
        "x-ratelimit-remaining": str(minute.remaining(now_us)),
        "x-ratelimit-reset": str(-(-(minute.full_us(now_us) + venue.skew_us) // SECOND_US)),
    }
    if second is None:
        return found
    found["x-ratelimit-remaining-1s"] = str(second.remaining(now_us))
    return found if venue.manners.wire == "2021" else {**found, "x-ratelimit-limit-1s": str(OF_ORDERS)}
