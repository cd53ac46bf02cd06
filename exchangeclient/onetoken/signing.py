"""How a call is signed: HMAC-SHA256 over verb, path, nonce and the very bytes of the body. Pure.

Source: the manual of the historic service, section "authentication". The path has neither host, ``/api/v1/trade`` nor query.
"""

from __future__ import annotations

from exchangeclient.core.calling.credentials import Credentials


def signature(credentials: Credentials, verb: str, path: str, nonce: str, body: str = "") -> str:
    """What goes into ``Api-Signature``."""
    return credentials.sign(f"{verb}{path}{nonce}{body}".encode()).hex()


def headers(credentials: Credentials, verb: str, path: str, nonce: str, body: str = "") -> dict[str, str]:
    """The three headers of a signed call, and of the handshake of a signed socket."""
    return {"Api-Nonce": nonce, "Api-Key": credentials.key, "Api-Signature": signature(credentials, verb, path, nonce, body)}
