"""The keys that come with a call: ``access_key``, and ``secret_key`` as ``secret[,passphrase[,simulate]]``. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from exchangeclient.gateway.universal.texts import SIMULATE, invalid_key

_MOST_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class Keys:
    """What was given, apart.

    :ivar simulate: whether demo trading is meant, whose money is none
    """

    access: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(default="", repr=False)
    simulate: bool = False


def keys(venue: str, access_key: str, secret_key: str) -> Keys:
    """The keys of a call; empty ones are for market data.

    :raises Refused: when the third part is none that there is: whoever meant demo trading is not to trade for money
    """
    secret, *more = secret_key.split(",")
    if len(more) >= _MOST_PARTS:
        raise invalid_key(venue, "it is secret,passphrase,simulate, and neither of the first two may have a comma")
    if len(more) == _MOST_PARTS - 1 and more[1] != SIMULATE:
        raise invalid_key(venue, f"the third part can only be {SIMULATE}")
    return Keys(access_key, secret, more[0] if more else "", len(more) == _MOST_PARTS - 1)
