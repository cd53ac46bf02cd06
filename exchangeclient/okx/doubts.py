"""Orders of which it is not known whether the venue has them, as :mod:`exchangeclient.core.orders.doubts` notes them, by OKX's ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from exchangeclient.core.http.request import Request
from exchangeclient.core.orders import doubts
from exchangeclient.core.orders.doubts import Key
from exchangeclient.okx.orderform import own_id, rows_of
from exchangeclient.okx.placing import Doubt, kind_of
from exchangeclient.okx.signing import LIST


class Doubts(doubts.Doubts[Doubt]):
    """Those of one client; see :class:`exchangeclient.core.orders.doubts.Doubts`."""

    def key_of(self, request: Request) -> Key | None:
        """The key of an order by its caller's own id; None when he gives none."""
        rows = rows_of(request)
        client_order_id = rows[0].get(own_id(rows[0])) if rows else None
        if not isinstance(client_order_id, str):
            return None
        return Key(str(rows[0].get("instId", "")), kind_of(rows[0], of_list=LIST in request.params), client_order_id)

    def read(self, told: Mapping[str, Any]) -> Doubt | None:
        """A doubt as it was told to a journal; None when it is of another form."""
        match told:
            case {
                "symbol": str(symbol),
                "client_order_id": str(client_order_id),
                "timestamp_ms": int(timestamp_ms),
                "expires_ms": int(expires_ms),
                "rows": [dict(), *_] as rows,
                "of_list": bool(of_list),
            } if len(told) == len(fields(Doubt)):
                if all(isinstance(row, dict) and row.get("instId") and row.get(own_id(row)) for row in rows):
                    return Doubt(symbol, client_order_id, timestamp_ms, expires_ms, tuple(rows), of_list)
        return None
