"""Binance's cancel-replace: an order is cancelled and another one placed in one call, and either half may fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from exchangeclient.sandbox.dialects.binance import errors, trading
from exchangeclient.sandbox.dialects.binance.call import Call
from exchangeclient.sandbox.dialects.binance.errors import VenueError
from exchangeclient.sandbox.dialects.binance.shapes import Shape

P = ParamSpec("P")
T = TypeVar("T")

_CANCEL_NAMES = ("cancelOrderId", "cancelOrigClientOrderId", "cancelNewClientOrderId")
NAMES = (*trading.ORDER_NAMES, *_CANCEL_NAMES, "cancelReplaceMode", "cancelRestrictions", "orderRateLimitExceededMode")

_MODES = ("STOP_ON_FAILURE", "ALLOW_FAILURE")
_EXCEEDED_MODES = ("DO_NOTHING", "CANCEL_ONLY")


def replace_order(call: Call) -> Any:
    """Filters, order count and time come first: nothing is done if they refuse, unless the caller wants the cancel without room."""
    params = call.params
    params.need_all(("symbol", "side", "type", "cancelReplaceMode"))
    stops = params.choice("cancelReplaceMode", _MODES) == "STOP_ON_FAILURE"
    cancels_anyway = params.choice("orderRateLimitExceededMode", _EXCEEDED_MODES) == "CANCEL_ONLY"
    command = trading.read_cancel(call, *_CANCEL_NAMES)
    place, form = trading.read_single(call)
    trading.check_filters(call, place)
    exceeded = _attempt(call.admit_orders, 1)
    if exceeded and not cancels_anyway:
        raise exceeded
    if call.is_late(call.venue.live.now_us):
        call.count_orders(0 if exceeded else 1)
        raise errors.TOO_LATE()
    cancelled = _attempt(trading.cancel, call, command)
    placed: Shape | VenueError | None = exceeded
    if isinstance(cancelled, VenueError) and stops:
        placed = None
        call.count_orders(0 if exceeded else 1)  # the venue counts also what it does not attempt
    elif exceeded is None:
        placed = _attempt(trading.enter_order, call, place, form)
    return _answer(cancelled, placed, exceeded if stops else None)


def _attempt(step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | VenueError:
    """What a step gives, or why it is refused."""
    try:
        return step(*args, **kwargs)
    except VenueError as error:
        return error


def _answer(cancelled: Shape | VenueError, placed: Shape | VenueError | None, exceeded: VenueError | None) -> Shape:
    """Both halves; as an error unless both succeeded.

    :param exceeded: the refusal that stopped it, whose status the error has then
    """
    shape: Shape = {
        "cancelResult": _word(cancelled),
        "newOrderResult": _word(placed),
        "cancelResponse": _body(cancelled),
        "newOrderResponse": _body(placed),
    }
    successes = sum(isinstance(half, dict) for half in (cancelled, placed))
    if successes == 2:
        return shape
    row = errors.REPLACE_IN_PART if successes else errors.REPLACE_FAILED
    if exceeded is None:
        raise VenueError(row.code, row.text, row.status, shape)
    raise VenueError(row.code, row.text, exceeded.status, shape, exceeded.retry_at_us)


def _word(half: Shape | VenueError | None) -> str:
    return "NOT_ATTEMPTED" if half is None else "FAILURE" if isinstance(half, VenueError) else "SUCCESS"


def _body(half: Shape | VenueError | None) -> Shape | None:
    return half.shape() if isinstance(half, VenueError) else half
