"""Whether a request was signed by whoever has the secret. Pure.

The signature is the lower hex HMAC-SHA256 of verb, path, nonce and body, one behind the other. The path begins at the exchange,
``/okex/demo/orders``; it has neither host nor query. Clients until 2018-05 signed the body with its keys sorted, and sent it unsorted.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator


def signature(secret: str, verb: str, path: str, nonce: str, data: bytes = b"") -> str:
    """What a client of this secret writes as ``Api-Signature``."""
    return hmac.new(secret.encode(), f"{verb}{path}{nonce}".encode() + data, hashlib.sha256).hexdigest()


def is_signed(said: str, secret: str, request: tuple[str, str, str], body: bytes = b"") -> bool:
    """True when ``said`` is the signature over the body as it came, or over the same with its keys sorted.

    :param request: verb, path and nonce
    """
    return any(hmac.compare_digest(said.encode(), signature(secret, *request, data).encode()) for data in _texts(body))


def _texts(body: bytes) -> Iterator[bytes]:
    yield body
    if body:
        try:
            # The standard library's writing is what those clients signed: ", " and ": ", other letters escaped.
            yield json.dumps(json.loads(body), sort_keys=True).encode()
        except (ValueError, RecursionError):
            return
