"""The exit codes: what a script or cron can tell by how a command ended. ``docs/commands.rst`` shows the same table."""

from __future__ import annotations

from typing import Final

from exchangeclient.cli import STOPPED, TERMINATED
from exchangeclient.exceptions import (
    AlreadyRunningException,
    AuthenticationException,
    ClockSkewException,
    ExchangeAPIException,
    ExchangeRequestException,
    OrderException,
    OrderNotAmendedException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
    OutOfSyncException,
    OverloadException,
    PermissionException,
    RateLimitException,
    SocketException,
    UnsupportedException,
)

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
FOUND: Final = 3
RUNNING: Final = 4
UNREACHABLE: Final = 5
LIMITED: Final = 6
REFUSED: Final = 7
KEY: Final = 8
RULE: Final = 9
NOT_PLACED: Final = 10
UNKNOWN: Final = 11
READER_GONE: Final = 141

MEANINGS: Final = {
    DONE: "done",
    FAILED: "it failed in a way that none of the others is: a file, the disk, an embedded exchange",
    USAGE: "wrong usage: an option or an argument was refused here, before anything was sent",
    FOUND: "what was looked at is not in order",
    RUNNING: "another run has the lock; nothing was done",
    UNREACHABLE: "the venue could not be reached, or gave no usable answer",
    LIMITED: "the venue's limits are used up, or it is too busy; later it may work",
    REFUSED: "the venue refused the call",
    KEY: "there is no key, or the venue did not take the key, its rights, the signature or the time",
    RULE: "the order breaks a rule of its symbol; nothing was sent",
    NOT_PLACED: "the answer to an order, or to a change of one, was lost, and it is certain that it was not carried out",
    UNKNOWN: "it is not known whether an order was placed, cancelled or changed: ask before doing anything else",
    STOPPED: "stopped by Ctrl-C",
    READER_GONE: "whoever read the output has gone",
    TERMINATED: "stopped by SIGTERM",
}

_BROKEN: Final = 500

# The first that fits decides.
_BY_KIND: Final[tuple[tuple[type[Exception], int], ...]] = (
    (OrderStatusUnknownException, UNKNOWN),
    (OrderNotPlacedException, NOT_PLACED),
    (OrderNotAmendedException, NOT_PLACED),
    (OrderException, RULE),
    (AlreadyRunningException, RUNNING),
    (RateLimitException, LIMITED),
    (OverloadException, LIMITED),
    (AuthenticationException, KEY),
    (PermissionException, KEY),
    (ClockSkewException, KEY),
    (ExchangeAPIException, REFUSED),
    (ExchangeRequestException, UNREACHABLE),
    (SocketException, UNREACHABLE),
    (OutOfSyncException, UNREACHABLE),
    (UnsupportedException, USAGE),
    (ValueError, USAGE),
)


def code_of(error: BaseException) -> int:
    """With which code a command ends that this error ended."""
    code = next((code for kind, code in _BY_KIND if isinstance(error, kind)), FAILED)
    if code == REFUSED and getattr(error, "status_code", 0) >= _BROKEN:
        return UNREACHABLE  # the venue has trouble of its own: it did not look at the call
    return code
