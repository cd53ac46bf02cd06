"""BitMEX's errors explained: by the order rule that they name, else by the class that the table of errors gives them. Pure."""

from __future__ import annotations

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

_BY_CLASS: Final[dict[type[ExchangeAPIException], tuple[str, str, Repeat, tuple[str, ...]]]] = {
    RateLimitException: (
        "too many calls",
        "The venue took no more calls in this stretch of time.",
        Repeat.LATER,
        ("other programs with the same key or address: client.limits() shows what this one has used",),
    ),
    OverloadException: ("overload", "The venue had more to do than it could.", Repeat.UNSAFE, ("a rush",)),
    ClockSkewException: (
        "time",
        "The call came after the second from which on it was void.",
        Repeat.LATER,
        ("the clock of this machine: client.clock shows how far it is from the venue's", "a call that was on its way for seconds"),
    ),
    AuthenticationException: (
        "key refused",
        "The key or the signature was refused.",
        Repeat.USELESS,
        ("the key or the secret is mistyped", "the key is of another environment: those of testnet are others"),
    ),
    PermissionException: ("not allowed", "The key or the account may not do this.", Repeat.USELESS, ("permissions of the key",)),
    InsufficientFundsException: (
        "balance",
        "The balance does not cover it.",
        Repeat.USELESS,
        ("what is in the currency in which the contract is settled",),
    ),
    OrderNotFoundException: ("no such order", "There is no such order, or it is done.", Repeat.USELESS, ("it was filled or cancelled",)),
    DuplicateOrderException: ("id in use", "An order has this client order id.", Repeat.USELESS, ()),
    UnknownSymbolException: ("no such instrument", "The venue does not list it.", Repeat.USELESS, ("bitcoin is XBT here, as in XBTUSD",)),
}
_BY_RULE: Final[dict[str, tuple[str, ...]]] = {
    "tickSize": (
        "the price is no multiple of the instrument's tickSize, or not below its maxPrice: client.quantize_order() brings it there",
    ),
    "lotSize": ("orderQty is no multiple of the instrument's lotSize: client.quantize_order() brings it there",),
}


def explained(error: ExchangeAPIException) -> Explanation:
    """What an error means, by its rule and its class."""
    if isinstance(error, RateLimitException) and not error.status_code:
        return HELD_BACK
    known = _BY_CLASS.get(type(error))
    if known is not None:
        name, meaning, repeat, causes = known
    elif error.rule:
        name, meaning, repeat, causes = error.rule, error.message, Repeat.USELESS, _BY_RULE.get(error.rule, ())
    else:
        name, meaning, repeat, causes = "not in the table of errors", error.message, Repeat.USELESS, ()
    return Explanation(name, meaning, Repeat.UNSAFE if error.outcome_unknown else repeat, causes, error.code)
