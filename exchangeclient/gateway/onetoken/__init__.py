"""The protocol of the historic 1Token service, from this machine, in front of the venues of this package.

``exchangeclient gateway --onetoken`` serves it; :class:`OnetokenGateway` is the server in a program. Its keys are its owner's own
(:class:`KeyBook`); what is behind an account is a venue with credentials, or the embedded exchange for ``mock-`` accounts.
"""

from __future__ import annotations

from exchangeclient.gateway.onetoken.keys import KeyBook
from exchangeclient.gateway.onetoken.server import OnetokenGateway
from exchangeclient.gateway.onetoken.settings import Settings

__all__ = ["KeyBook", "OnetokenGateway", "Settings"]
