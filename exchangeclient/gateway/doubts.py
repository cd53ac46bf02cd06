"""How a call whose outcome nobody knows is told to somebody without a client of this package. Pure."""

from __future__ import annotations

from typing import Final

_FOR_PROGRAMS: Final = "; resolve() asks the venue"  # who reads it here has no such method


def look_first(message: str) -> str:
    """What an :class:`~exchangeclient.exceptions.OrderStatusUnknownException` says, with what can be done about it from outside."""
    return f"{message.removesuffix(_FOR_PROGRAMS)}; look among the orders before it is sent anew"
