"""Before something is changed at a venue where real money is: whoever is at the terminal is asked. Around it: what is known is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from exchangeclient.cli import exits
from exchangeclient.cli.connect import is_for_play
from exchangeclient.exceptions import (
    DuplicateOrderException,
    ExchangeAPIException,
    ExchangeRequestException,
    JournalException,
    LedgerException,
    OrderException,
    OrderNotFoundException,
    OrderNotPlacedException,
    OrderStatusUnknownException,
    UnsupportedException,
)

if TYPE_CHECKING:
    from exchangeclient.cli.output import Output

_NOT_SENT = "nothing was sent"


def has_to_ask(client: Any, *, yes: bool) -> bool:
    """True when somebody has to agree before anything is changed.

    :param yes: whether that was said on the command line
    :raises click.UsageError: when nobody is there to be asked
    """
    if yes or is_for_play(client):
        return False
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("nothing is changed at a live venue without a terminal to ask at, unless there is --yes")
    return True


def ask(question: str, out: Output) -> None:
    """Go on when whoever is at the terminal agrees; otherwise the command ends."""
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        out.tell(_NOT_SENT)
        raise
    if not agreed:
        out.tell(_NOT_SENT)
        out.end(exits.FAILED)


@contextmanager
def sent_once(params: Mapping[str, object], client_order_id: str, look: str, out: Output) -> Iterator[None]:
    """Around the one call that places an order: what is sent is said before, and after a failure what is known. The failure goes on.

    :param look: the command that asks the venue for it
    """
    words = " ".join(str(params[name]) for name in ("side", "quantity", "symbol", "type", "price") if name in params)
    words += "".join(f", {word} {params[name]}" for word, name in (("total", "quoteOrderQty"), ("stop", "stopPrice")) if name in params)
    out.tell_first(f"sending as {client_order_id}: {words}")
    try:
        with told_when_stopped(f"whether it was placed. The venue can tell:\n  {look}", out):
            yield
    except OrderException as error:
        near = "" if error.nearest is None else f"; the nearest {error.rule} allows is {error.nearest:f}"
        out.tell(f"{_NOT_SENT}: the order breaks a rule{near}")
        raise
    except OrderNotPlacedException:
        out.tell("it is certain that it was not placed; it was not sent again")
        raise
    except OrderStatusUnknownException as error:
        moment = datetime.fromtimestamp(error.decidable_at / 1000, UTC)
        out.tell(f"it may be on the book; it was not sent again. From {moment:%Y-%m-%d %H:%M:%S} UTC on the venue can tell:\n  {look}")
        raise
    except ExchangeRequestException as error:
        out.tell(_NOT_SENT if error.sent == "no" else f"it may have arrived; it was not sent again. The venue can tell:\n  {look}")
        raise
    except ExchangeAPIException as error:
        out.tell(_told_of_refusal(error, look))
        raise
    except (JournalException, LedgerException, UnsupportedException, ValueError, TypeError):
        out.tell(_NOT_SENT)
        raise


def _told_of_refusal(error: ExchangeAPIException, look: str) -> str:
    if not error.status_code and not error.code and not isinstance(error, DuplicateOrderException):
        return _NOT_SENT  # the client's own budget is used up
    if error.outcome_unknown or isinstance(error, OrderNotFoundException):
        return f"it may have been placed; it was not sent again. The venue can tell:\n  {look}"
    if isinstance(error, DuplicateOrderException):
        return f"it was not placed: another order has its id:\n  {look}"
    return "the venue refused it; it was not placed"


@contextmanager
def told_when_stopped(question: str, out: Output) -> Iterator[None]:
    """When the command is stopped in the middle of a call, say what nobody knows then."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        out.tell(f"stopped in the middle: it is not known {question}")
        raise


@contextmanager
def told_when_unknown(question: str, out: Output) -> Iterator[None]:
    """Around a call that changes something: when it is stopped, or its answer is lost for good, say what nobody knows then."""
    try:
        with told_when_stopped(question, out):
            yield
    except OrderStatusUnknownException:
        out.tell(f"it is not known {question}")
        raise


@contextmanager
def told_when_unprinted(done: str, out: Output) -> Iterator[None]:
    """Around the printing of an answer: when that fails, say on standard error what is done all the same. The failure goes on."""
    try:
        yield
    except (OSError, click.exceptions.Exit):
        out.tell(f"{done}; only the answer could not be printed")
        raise
