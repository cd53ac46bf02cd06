"""BitMEX's dead man's switch, by REST or by websocket: an account's orders are cancelled unless it is armed again before."""

from __future__ import annotations

from exchangeclient.sandbox.dialects.accounts import Account, wallet
from exchangeclient.sandbox.dialects.bitmex.names import NAME
from exchangeclient.sandbox.dialects.bitmex.tables import Row
from exchangeclient.sandbox.dialects.bitmex.venue import Venue
from exchangeclient.sandbox.dialects.bitmex.words import iso

LONGEST_MS = 366 * 86_400_000
"""A year; what the venue took at most is not written down anywhere."""


def arm(venue: Venue, owner: Account, milliseconds: int) -> Row:
    """Arm it for so many milliseconds; 0 disarms it."""
    account = wallet(NAME, owner.key)
    venue.timers.pop(account, None)
    due_us = venue.live.now_us + milliseconds * 1000
    if milliseconds:
        venue.timers[account] = due_us
    return {"now": iso(venue.now_us), "cancelTime": iso(due_us + venue.skew_us) if milliseconds else 0}
