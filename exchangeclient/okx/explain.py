"""OKX's errors explained: by the code, else by the class that the table of errors gives it. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from exchangeclient.exceptions import (
    AuthenticationException,
    ClockSkewException,
    DuplicateOrderException,
    ExchangeAPIException,
    InsufficientFundsException,
    OrderNotFoundException,
    OverloadException,
    PermissionException,
    RateLimitException,
    UnknownSymbolException,
)
from exchangeclient.explanation import HELD_BACK, Explanation, Repeat
from exchangeclient.okx.errors import BY_CODE, RULES

_CODE: Final = re.compile(r"(?<![\w.-])[56]\d{4}(?![\w.])", re.ASCII)
_CAUSES: Final[dict[int, tuple[str, ...]]] = {
    50101: ("a demo key at live trading, or the other way round: Client(demo=True), or environment='demo'",),
    50102: ("the clock of this machine: client.clock shows how far it is from the venue's",),
    50105: ("the passphrase is not the one that was chosen when the key was made",),
    50110: ("the key is bound to other addresses than this machine's",),
    50111: ("the key is mistyped",),
    50113: ("the secret is not that of the key",),
    50119: ("the key was made in another region (environment='eea' or 'us'), or for demo trading, or was deleted",),
    51010: ("the account is set up for coins alone: account mode, in the venue's settings",),
    51121: ("sz is no multiple of the instrument's lotSz: client.quantize_order() brings it there",),
}
_BY_CLASS: Final[dict[type[ExchangeAPIException], tuple[str, str, Repeat, tuple[str, ...]]]] = {
    RateLimitException: (
        "too many calls",
        "The endpoint took no more calls in this stretch of time.",
        Repeat.LATER,
        ("other programs with the same key or address: client.limits() shows what this one has used",),
    ),
    OverloadException: ("overload", "The venue could not see to it in time.", Repeat.UNSAFE, ("maintenance, or a rush",)),
    ClockSkewException: ("time", "The time of the call was outside the venue's window.", Repeat.LATER, ("the clock of this machine",)),
    AuthenticationException: ("key refused", "The key, the signature or the passphrase was refused.", Repeat.USELESS, ()),
    PermissionException: (
        "not allowed",
        "The key or the account may not do this.",
        Repeat.USELESS,
        ("permissions of the key", "the region"),
    ),
    InsufficientFundsException: (
        "balance",
        "The balance does not cover it.",
        Repeat.USELESS,
        ("what the trading account has: the funding account is another",),
    ),
    OrderNotFoundException: ("no such order", "There is no such order, or it is done.", Repeat.USELESS, ("it was filled or cancelled",)),
    DuplicateOrderException: ("id in use", "An open order has this client order id.", Repeat.USELESS, ()),
    UnknownSymbolException: ("no such instrument", "The venue does not list it.", Repeat.USELESS, ("BTC-USDT has a dash in it",)),
}


def explained(error: ExchangeAPIException) -> Explanation:
    """What an error means, by its code and its class."""
    if not error.status_code and not error.code:
        return HELD_BACK
    found = _entry(error.code, type(error), error.message)
    return replace(found, repeat=Repeat.UNSAFE) if error.outcome_unknown else found


def find(words: str) -> tuple[Explanation, ...]:
    """What is known of the codes in a text, such as a line out of a log; nothing for those that the tables do not have."""
    codes = dict.fromkeys(map(int, _CODE.findall(words)))
    return tuple(_entry(code, ExchangeAPIException, "An order breaks a rule.") for code in codes if code in BY_CODE or code in RULES)


def _entry(code: int, kind: type[ExchangeAPIException], message: str) -> Explanation:
    known = _BY_CLASS.get(BY_CODE.get(code, kind))
    if known is not None:
        name, meaning, repeat, causes = known
    elif code in RULES:
        name, meaning, repeat, causes = RULES[code], message, Repeat.USELESS, ("the order breaks a rule of its instrument",)
    else:
        name, meaning, repeat, causes = "not in the table of errors", message, Repeat.USELESS, ()
    return Explanation(name, meaning, repeat, _CAUSES.get(code, causes), code)
