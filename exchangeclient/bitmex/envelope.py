"""The form of BitMEX's answers, which have no envelope: a list of rows or an object, as the call is declared to answer. Pure."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, get_origin, get_type_hints

from exchangeclient.bitmex.rest import PRODUCTS, Trade
from exchangeclient.core.calling.endpoint import declaration, endpoints
from exchangeclient.core.http.request import Request

_CANCEL_ORDER = declaration(Trade.cancel_order).name


def unwrap(request: Request, answer: Any) -> Any:
    """The answer as it is; the one row, of the cancellation of one order.

    :raises LookupError: when that has none
    :raises TypeError: when it is of another form than the call is declared to have
    """
    if request.name == _CANCEL_ORDER:
        (row,) = answer if isinstance(answer, list) and len(answer) == 1 else ({},)
        if not isinstance(row, dict) or not row.get("orderID"):
            raise LookupError("no order")
        return row
    form = _forms().get(request.name)
    if form is not None and not isinstance(answer, form):
        raise TypeError(f"no {form.__name__}")
    return answer


@functools.cache
def _forms() -> Mapping[str, type]:
    declared = (each for product in PRODUCTS for each in endpoints(product))
    returned = {each.name: get_origin(get_type_hints(each.function)["return"]) for each in declared}
    return {name: form for name, form in returned.items() if form in (dict, list)}
