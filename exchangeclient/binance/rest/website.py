"""The list of products on the public web site. Declared endpoints only."""

from __future__ import annotations

from typing import Any

from exchangeclient.core.calling.endpoint import Endpoints, endpoint


class Website(Endpoints):
    """What the web site itself shows."""

    @endpoint("GET /bapi/asset/v2/public/asset-service/product/get-products", weight=0, host="website")
    def get_products(self, **params: Any) -> dict[str, Any]:
        """The products as the web site lists them. The client's order rules are dropped: the next order fetches them anew.

        ``GET https://www.binance.com/bapi/asset/v2/public/asset-service/product/get-products``, weight 0. The venue does not document
        it; for programs there is :meth:`get_exchange_info`.

        :raises ExchangeRequestException: when there was no usable answer
        """
        ...
