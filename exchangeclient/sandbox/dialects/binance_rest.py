"""Binance's REST side: an HTTP request in, an answer with the venue's headers out."""

from __future__ import annotations

import msgspec

from exchangeclient.sandbox.dialects.binance_endpoints import ROUTES, perform
from exchangeclient.sandbox.dialects.binance_params import Params, check_time_unit
from exchangeclient.sandbox.dialects.binance_security import http_payload
from exchangeclient.sandbox.dialects.binance_venue import Venue
from exchangeclient.serving.messages import HttpRequest, HttpResponse


def answer(venue: Venue, request: HttpRequest) -> HttpResponse:
    """What the venue answers to one request, whatever was asked."""
    reads = request.method in ("GET", "HEAD")
    route = ROUTES.get(("GET" if reads else request.method, request.path))
    if route is None:
        text = f"404 Not Found: the sandbox does not serve {request.method} {request.path}\n"
        return HttpResponse(404, text.encode("utf-8", "replace"), {"Content-Type": "text/plain;charset=UTF-8"})
    # Every byte counts for the signature, also one that is no UTF-8; the venue reads no body with a GET.
    body = "" if reads else request.body.decode("utf-8", "surrogateescape")

    def read() -> Params:
        check_time_unit(request.headers.get("x-mbx-time-unit"))
        return Params.from_http(request.query, body)

    outcome = perform(
        venue,
        route,
        read,
        key=request.headers.get("x-mbx-apikey", ""),
        payload=http_payload(request.query, body),
        peer=request.peer,
    )
    headers = {"Content-Type": "application/json;charset=UTF-8", **venue.limits.weight_headers(request.peer, venue.live.now_us)}
    if route.counts_orders and outcome.status == 200:
        headers |= venue.limits.order_headers(outcome.account, venue.live.now_us)
    return HttpResponse(outcome.status, msgspec.json.encode(outcome.body), headers)
