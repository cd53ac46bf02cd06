"""One call on the OKX dialect, by whichever carrier it came: its parameters, who signed it, and the venue it is put to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from exchangeclient.sandbox.dialects.accounts import Account, wallet
from exchangeclient.sandbox.dialects.okx import errors, ids
from exchangeclient.sandbox.dialects.okx.params import Params
from exchangeclient.sandbox.dialects.okx.venue import NAME, Venue
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import Instrument

TYPES = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS")


class Call(Struct, frozen=True):
    """What a handler is given.

    :ivar rows: the parameters, of a batch those of each order
    :ivar signer: whose call it is; None for public market data
    :ivar deadline_us: until when an order may reach the engine, if that was said
    :ivar by_code: instruments go by their code, as in orders on websockets
    """

    venue: Venue
    rows: Sequence[Params]
    now_us: int
    signer: Account | None = None
    deadline_us: int | None = None
    by_code: bool = False

    @property
    def params(self) -> Params:
        """Those of a call that is no batch."""
        return self.rows[0]

    @property
    def exchange(self) -> Exchange:
        return self.venue.live.exchange

    @property
    def key(self) -> str:
        """The signer's key; empty for public market data."""
        return "" if self.signer is None else self.signer.key

    @property
    def account(self) -> str:
        """The signer's account, as the engine calls it."""
        return wallet(NAME, self.key)

    @property
    def shown_us(self) -> int:
        """What the venue's clock says."""
        return self.now_us + self.venue.skew_us

    @property
    def is_late(self) -> bool:
        """True when an order would come after its time to the engine."""
        return self.deadline_us is not None and self.shown_us + self.venue.engine_delay_us > self.deadline_us

    # ---- instruments -------------------------------------------------------------------------------------------------

    def listed(self, name: str) -> Instrument:
        """A listed instrument by its instId.

        :raises VenueError: 51001
        """
        found = ids.named(ids.listed(self.exchange), name)
        if found is None:
            raise errors.UNKNOWN_INSTRUMENT()
        return found

    def instrument(self) -> Instrument:
        """That of the mandatory ``instId``."""
        return self.listed(self.params.need("instId"))

    def ordered(self, row: Params) -> Instrument:
        """That of an order."""
        if not self.by_code:
            return self.listed(row.need("instId"))
        code = row.whole("instIdCode")
        if code is None:
            raise errors.EMPTY("instIdCode")
        found = ids.coded(ids.listed(self.exchange), code)
        if found is None:
            raise errors.UNKNOWN_INSTRUMENT()
        return found

    def swap(self) -> Instrument:
        """That of the mandatory ``instId``, which must be a swap's."""
        found = self.instrument()
        if found.swap is None:
            raise errors.INSTRUMENT_MISMATCH()
        return found

    def chosen(self, *, needed: bool) -> list[Instrument]:
        """The instruments that ``instType``, ``instFamily`` or ``uly`` and ``instId`` leave."""
        params = self.params
        kind = params.chosen("instType", TYPES) if needed else params.choice("instType", TYPES)
        family = params.text("instFamily") or params.text("uly")
        name = params.text("instId")
        found: Iterable[Instrument] = ids.listed(self.exchange)
        if kind is not None:
            found = [each for each in found if ids.inst_type(each) == kind]
        if family is not None:
            found = [each for each in found if ids.family(each) == family]
        if name is not None:
            found = [each for each in found if ids.inst_id(each) == name]
            if not found and ids.named(ids.listed(self.exchange), name) is None:
                raise errors.UNKNOWN_INSTRUMENT()
        return list(found)
