"""Orders of which it is not known whether the venue has them, as :mod:`exchangeclient.core.orders.doubts` notes them, by BitMEX's ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from exchangeclient.bitmex.placing import Doubt
from exchangeclient.core.http.request import Request
from exchangeclient.core.orders import doubts
from exchangeclient.core.orders.doubts import Key


class Doubts(doubts.Doubts[Doubt]):
    """Those of one client; see :class:`exchangeclient.core.orders.doubts.Doubts`."""

    def key_of(self, request: Request) -> Key | None:
        """The key of an order by its caller's own id; None when he gives none."""
        client_order_id = request.params.get("clOrdID")
        return None if client_order_id is None else Key(request.params.get("symbol", ""), "order", client_order_id)

    def read(self, told: Mapping[str, Any]) -> Doubt | None:
        """A doubt as it was told to a journal; None when it is of another form."""
        match told:
            case {
                "symbol": str(symbol),
                "client_order_id": str(client_order_id),
                "timestamp_ms": int(timestamp_ms),
                "expires_ms": int(expires_ms),
                "row": dict(row),
            } if len(told) == len(fields(Doubt)) and symbol and client_order_id:
                return Doubt(symbol, client_order_id, timestamp_ms, expires_ms, row)
        return None
