"""``from onetoken.rpcutil import HTTPError``: where the historic SDKs have what :mod:`.errors` has here."""

from __future__ import annotations

from exchangeclient.onetoken.errors import Code, Const, HTTPError, ServiceError

__all__ = ["Code", "Const", "HTTPError", "ServiceError"]
