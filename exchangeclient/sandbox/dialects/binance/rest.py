"""Binance's REST side: an HTTP request in, an answer with the venue's headers out."""

from __future__ import annotations

from exchangeclient.sandbox.dialects.binance import errors
from exchangeclient.sandbox.dialects.binance.limits import LimitReached
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.dialects.binance.perform import UNREADABLE_WEIGHT, Outcome, perform
from exchangeclient.sandbox.dialects.binance.retired import LEGACY_ROUTES
from exchangeclient.sandbox.dialects.binance.routes import ROUTES
from exchangeclient.sandbox.dialects.binance.security import Signer, http_payload
from exchangeclient.sandbox.dialects.binance.times import Unit, encode, unit_named
from exchangeclient.sandbox.dialects.binance.venue import Venue
from exchangeclient.serving.messages import HttpRequest, HttpResponse

_JSON = "application/json;charset=UTF-8"


def answer(venue: Venue, request: HttpRequest) -> HttpResponse:
    """What the venue answers to one request, whatever was asked."""
    reads = request.method in ("GET", "HEAD")
    route = (LEGACY_ROUTES if venue.legacy else ROUTES).get(("GET" if reads else request.method, request.path))
    if route is None:
        return not_found(venue, request, f"404 Not Found: the sandbox does not serve {request.method} {request.path}")
    # Every byte counts for the signature, also one that is no UTF-8; the venue reads no body with a GET.
    body = "" if reads else request.body.decode("utf-8", "surrogateescape")
    unit: Unit = "MILLISECOND"

    def read() -> Params:
        nonlocal unit
        unit = unit_named(request.headers.get("x-mbx-time-unit"))
        _check_format(request.headers.get("accept", ""))
        return Params.from_http(request.query, body)

    def admit(params: Params, now_us: int) -> Signer:
        key = request.headers.get("x-mbx-apikey", "")
        if route.keyed:
            return venue.gate.recognize(key, now_us)
        return venue.gate.admit(key, params, http_payload(request.query, body), now_us)

    outcome = perform(venue, route, read, admit, peer=request.peer)
    now_us = venue.live.now_us
    headers = _headers(venue, request.peer, outcome, now_us)
    # The venue shows the counters with an order that it took; half of a cancel-replace answers 409 and may have been one.
    if route.counts_orders and outcome.status in (200, 409):
        headers |= venue.limits.order_headers(outcome.account, now_us)
    return HttpResponse(outcome.status, encode(outcome.body, unit), headers)


def not_found(venue: Venue, request: HttpRequest, text: str) -> HttpResponse:
    """The answer where nothing is served, unless the peer may not ask at all."""
    now_us = venue.live.now_us
    try:
        venue.limits.charge(request.peer, UNREADABLE_WEIGHT, now_us)
    except LimitReached as limit:
        return refused(venue, request.peer, Outcome.of(limit))
    headers = {"Content-Type": "text/plain;charset=UTF-8", **venue.limits.weight_headers(request.peer, now_us)}
    return HttpResponse(404, f"{text}\n".encode("utf-8", "replace"), headers)


def refused(venue: Venue, peer: str, outcome: Outcome) -> HttpResponse:
    """The answer to a request that was refused before it had a route, as the handshake of a websocket is."""
    return HttpResponse(outcome.status, encode(outcome.body), _headers(venue, peer, outcome, venue.live.now_us))


def _headers(venue: Venue, peer: str, outcome: Outcome, now_us: int) -> dict[str, str]:
    headers = {"Content-Type": _JSON, **venue.limits.weight_headers(peer, now_us)}
    if outcome.retry_at_us is not None:
        headers["Retry-After"] = str(-((now_us - outcome.retry_at_us) // 1_000_000))  # whole seconds, the last begun one included
    return headers


def _check_format(accept: str) -> None:
    """Refuse who takes nothing but SBE, the venue's binary format, which is not enabled here."""
    if "application/sbe" in accept and "json" not in accept:
        raise errors.SBE_NOT_ENABLED()
