"""Orders of which it is not known whether the venue has them, as :mod:`exchangeclient.core.orders.doubts` notes them, by Binance's ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from exchangeclient.binance.placing import Doubt, id_name, key_of
from exchangeclient.core.http.request import Request
from exchangeclient.core.orders import doubts
from exchangeclient.core.orders.doubts import Key, TakenError

__all__ = ["Doubts", "TakenError"]


class Doubts(doubts.Doubts[Doubt]):
    """Those of one client; see :class:`exchangeclient.core.orders.doubts.Doubts`."""

    def key_of(self, request: Request) -> Key | None:
        """The key of an order by its caller's own id; None when he gives none."""
        client_order_id = request.params.get(id_name(request.path))
        return None if client_order_id is None else key_of(request.path, request.params.get("symbol", ""), client_order_id)

    def read(self, told: Mapping[str, Any]) -> Doubt | None:
        """A doubt as it was told to a journal; None when it is of another form."""
        match told:
            case {
                "symbol": str(),
                "client_order_id": str(),
                "timestamp_ms": int(),
                "window_ms": int() | float(),
                "params": dict(params),
                "path": str(),
            }:
                if len(told) == len(fields(Doubt)) and all(isinstance(text, str) for text in params.values()):
                    return Doubt(**told)
        return None
