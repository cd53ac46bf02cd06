"""The way of a call through the venue, whichever carrier brought it: REST or the WebSocket API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from exchangeclient.sandbox.dialects.binance import errors
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.dialects.binance.errors import VenueError
from exchangeclient.sandbox.dialects.binance.limits import LimitReached
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.dialects.binance.routes import Route
from exchangeclient.sandbox.dialects.binance.security import Signer
from exchangeclient.sandbox.dialects.binance.venue import Venue

Admit = Callable[[Params, int], Signer]
"""Tells who signed a call with these parameters, at a time; or raises the venue's refusal."""

UNREADABLE_WEIGHT = 1
"""What a request costs that is none of the venue's."""


class Outcome(Struct, frozen=True):
    """What became of a call: the HTTP status with the result, or with the shape of the refusal.

    :ivar account: whose call it was, once that was known
    :ivar retry_at_us: when to try again, if the venue said so
    :ivar refused: the body is that of a refusal
    """

    status: int
    body: Any
    account: str = ""
    retry_at_us: int | None = None
    refused: bool = False

    @classmethod
    def of(cls, error: VenueError, account: str = "") -> Outcome:
        """A refusal."""
        return cls(error.status, error.shape(), account, error.retry_at_us, refused=True)


def perform(venue: Venue, route: Route, read: Callable[[], Params], admit: Admit, *, peer: str) -> Outcome:
    """Put one call to the venue, charge its weight to the peer, and tell what became of it.

    :param read: reads the parameters; may raise the venue's refusal
    """
    now_us, account, weight = venue.live.now_us, "", UNREADABLE_WEIGHT
    params: Params | VenueError
    try:
        params = read()
        weight = route.weight(params)
    except VenueError as error:
        params = error  # told after the limits have been looked at
    try:
        venue.limits.charge(peer, weight, now_us)
        if isinstance(params, VenueError):
            raise params
        signer = admit(params, now_us + venue.skew_us) if route.signed or route.keyed else None
        if signer is not None:
            account = signer.account.key
            if route.trade and not signer.account.can_trade:
                raise errors.BAD_KEY()
        params.check_names(route.known)
        body = route.handler(Call(venue, params, now_us + venue.skew_us, signer))
    except VenueError as error:
        if error.code == errors.BAD_SYMBOL.code and route.weight_of_bad_symbol is not None:
            venue.limits.weight.add(peer, route.weight_of_bad_symbol - weight, now_us)
        return Outcome.of(error, account)
    if route.is_free(body):
        venue.limits.weight.add(peer, -weight, now_us)
    return Outcome(200, body, account)


def refuse(venue: Venue, error: VenueError, *, peer: str) -> Outcome:
    """What becomes of a call that cannot be put to any route; it costs the peer something all the same."""
    try:
        venue.limits.charge(peer, UNREADABLE_WEIGHT, venue.live.now_us)
    except LimitReached as limit:
        return Outcome.of(limit)
    return Outcome.of(error)
