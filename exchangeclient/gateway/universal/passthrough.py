"""Which calls of a venue a robot may make itself, by ``__api_`` and a path. Pure.

The path is held to the venue's own form before anything is made of it, so it can name no host, port, query or parent. Funds and keys are
out of reach, unless whoever runs the gateway opens a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from exchangeclient.gateway.universal.texts import MISSING, Refused, failed

PREFIX: Final = "__api_"
BODY: Final = "__body"
"""The parameter that holds a whole JSON body, for calls that take lists."""

PATHS: Final[Mapping[str, re.Pattern[str]]] = {
    "okx": re.compile(r"/api/v5/[A-Za-z0-9/_-]+", re.ASCII),
    "bitmex": re.compile(r"/api/v1/[A-Za-z0-9/]+", re.ASCII),
    "binance": re.compile(r"/s?api/v[0-9]+/[A-Za-z0-9/_-]+", re.ASCII),
}
_VERBS: Final = ("GET", "POST", "PUT", "DELETE")
_LONGEST_PATH: Final = 200
# What moves funds out or between accounts, or makes and changes keys and accounts; found anywhere in a path, without - and _.
_REFUSED: Final = (
    "withdraw", "transfer", "subaccount", "apikey", "apirestrictions", "giftcard", "broker", "fiat", "enableipchange",
    "managedsub", "localentity", "dustconvert", "convertdust", "/pay/", "c2c", "movepositions",
)  # fmt: skip
# Whole products of the same kind, whose reads are harmless.
_READ_ONLY: Final = (
    "/api/v1/user/",
    "/api/v1/address",  # where funds may be withdrawn to
    "/api/v5/asset/",
    "/api/v5/users/",
    "/api/v5/finance/",
    "/sapi/v1/capital/",
    "/sapi/v1/asset/",
    "/sapi/v1/account/",
)


def verb(said: str) -> str:
    """The verb of a pass-through call.

    :raises Refused: when there is none, or one that no venue takes
    """
    wanted = said.strip().upper()
    if not wanted:
        raise Refused(f"{MISSING}: the header Http-Method")
    if wanted not in _VERBS:
        raise Refused(failed(f"the verb must be one of {', '.join(_VERBS)}"))
    return wanted


def path(venue: str, asked: str, wanted: str, opened: Iterable[str] = ()) -> str:
    """The path of a pass-through call with the verb ``wanted``, when it may be made.

    :param venue: the venue whose paths it has to be one of
    :param opened: beginnings of paths that are let through whatever they do
    :raises Refused: when it may not
    """
    if len(asked) > _LONGEST_PATH or PATHS[venue].fullmatch(asked) is None or "//" in asked or asked.endswith("/"):
        raise Refused(failed("the path is none of the venue's API"))
    if any(asked.startswith(beginning) for beginning in opened):
        return asked
    plain = re.sub("[-_]", "", asked).lower()
    if any(word in f"{plain}/" for word in _REFUSED) or (wanted != "GET" and f"{asked.lower()}/".startswith(_READ_ONLY)):
        raise Refused(failed("the path moves funds, keys or accounts, and is not opened here"))
    return asked
