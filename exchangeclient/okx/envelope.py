"""The envelope of OKX's answers, ``{"code": "0", "msg": "", "data": [...]}``, and what a call answers with of it. Pure."""

from __future__ import annotations

import functools
from typing import Any, get_origin, get_type_hints

from exchangeclient.core.calling.endpoint import endpoints
from exchangeclient.core.http.request import Request
from exchangeclient.okx.rest import PRODUCTS

ASK = "ask"
"""The name of calls that are answered with the envelope and all."""


def unwrap(request: Request, answer: Any) -> Any:
    """The rows of an answer; the one row, of a call that is declared to answer with a dict.

    :raises LookupError: when it has none
    :raises TypeError: when it is no envelope
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("code"), str):
        raise TypeError("no envelope")
    if request.name == ASK:
        return answer
    rows = answer["data"]
    if not isinstance(rows, list):
        raise TypeError("data is no list")
    return rows[0] if (request.verb, request.path) in _of_one_row() else rows


@functools.cache
def _of_one_row() -> frozenset[tuple[str, str]]:
    declared = (each for product in PRODUCTS for each in endpoints(product))
    return frozenset((each.verb, each.path) for each in declared if get_origin(get_type_hints(each.function)["return"]) is dict)
