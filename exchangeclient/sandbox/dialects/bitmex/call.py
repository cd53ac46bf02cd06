"""One call on the BitMEX dialect: its parameters, who signed it, and the venue it is put to."""

from __future__ import annotations

from msgspec import Struct

from exchangeclient.sandbox.dialects.accounts import Account, wallet
from exchangeclient.sandbox.dialects.bitmex import errors, names
from exchangeclient.sandbox.dialects.bitmex.names import NAME, Product
from exchangeclient.sandbox.dialects.bitmex.params import Params
from exchangeclient.sandbox.dialects.bitmex.venue import Venue
from exchangeclient.sandbox.engine.exchange import Exchange


class Call(Struct, frozen=True):
    """What a handler is given.

    :ivar signer: whose call it is; None for public market data
    """

    venue: Venue
    params: Params
    now_us: int
    signer: Account | None = None

    @property
    def exchange(self) -> Exchange:
        return self.venue.live.exchange

    @property
    def account(self) -> str:
        """The signer's account, as the engine calls it."""
        assert self.signer is not None  # noqa: S101 - no private route is answered without one
        return wallet(NAME, self.signer.key)

    @property
    def shown_us(self) -> int:
        """What the venue's clock says."""
        return self.now_us + self.venue.skew_us

    def product(self) -> Product:
        """That of the mandatory ``symbol``.

        :raises VenueError: 400
        """
        found = names.named(self.exchange, self.params.need("symbol"))
        if not found:
            raise errors.BAD_SYMBOL()
        return found[0]

    def products(self) -> list[Product]:
        """Those that ``symbol`` means, or all."""
        name = self.params.text("symbol")
        return names.listed(self.exchange) if name is None else names.named(self.exchange, name)
