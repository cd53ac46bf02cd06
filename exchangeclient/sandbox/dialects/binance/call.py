"""One call on the Binance dialect, by whichever carrier it came: its parameters, who signed it, and the venue it is put to."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from exchangeclient.sandbox.dialects.binance import errors
from exchangeclient.sandbox.dialects.binance.errors import VenueError
from exchangeclient.sandbox.dialects.binance.params import Params
from exchangeclient.sandbox.dialects.binance.permissions import permits
from exchangeclient.sandbox.dialects.binance.security import Signer
from exchangeclient.sandbox.dialects.binance.venue import Venue
from exchangeclient.sandbox.engine.commands import Command, Place, PlaceList
from exchangeclient.sandbox.engine.events import Event
from exchangeclient.sandbox.engine.exchange import Exchange
from exchangeclient.sandbox.engine.instruments import Instrument
from exchangeclient.sandbox.engine.refusals import Refused


class Call(Struct, frozen=True):  # like the engine's values, because one is made for every request
    """What a handler is given.

    :ivar signer: whose call it is; None for public market data
    """

    venue: Venue
    params: Params
    now_us: int
    signer: Signer | None = None

    @property
    def exchange(self) -> Exchange:
        return self.venue.live.exchange

    @property
    def account(self) -> str:
        """The signer's account by its key; empty for public market data."""
        return "" if self.signer is None else self.signer.account.key

    def instrument(self) -> Instrument:
        """The instrument of the mandatory ``symbol``."""
        self.params.need("symbol")
        return self.listed(self.params.symbol() or "")

    def listed(self, symbol: str) -> Instrument:
        """A listed instrument by its name."""
        found = self.exchange.spot.get(symbol)
        if found is None:
            raise errors.BAD_SYMBOL()
        return found

    # ---- what is put to the engine -----------------------------------------------------------------------------------

    def execute(self, command: Command) -> Sequence[Event]:
        """Put one command of the account to the engine, and count the orders that it places.

        :raises VenueError: when it comes too late for its ``recvWindow`` or would be an order too many
        :raises Refused: by the engine; nothing has changed
        """
        orders, now_us = _new_orders(command), self.venue.live.now_us
        limits, account = self.venue.limits, self.account
        if orders and self.signer is not None and not permits(self.signer.account.permissions):
            raise errors.NOT_PERMITTED()
        late = self.is_late(now_us)
        if late:
            self._check_filters(command)
        if orders:
            try:
                limits.admit_orders(account, orders, now_us)
            except VenueError:
                self._check_filters(command)
                raise
            # Counted first, because the engine's events already give credit for what fills at once.
            limits.count_orders(account, orders, now_us)
        if late:
            raise errors.TOO_LATE()
        try:
            return self.venue.live.execute(command)
        except Refused:
            limits.count_orders(account, -orders, now_us)
            raise

    def admit_orders(self, count: int) -> None:
        """Refuse when so many more orders would be too many for the account.

        :raises VenueError: -1015
        """
        self.venue.limits.admit_orders(self.account, count, self.venue.live.now_us)

    def count_orders(self, count: int) -> None:
        """Count orders of the account that :meth:`execute` does not count."""
        self.venue.limits.count_orders(self.account, count, self.venue.live.now_us)

    def is_late(self, now_us: int) -> bool:
        """The venue's third look at the timestamp, as the message leaves for the engine; by then its orders count."""
        venue = self.venue
        return self.signer is not None and now_us + venue.skew_us + venue.engine_delay_us > self.signer.deadline_us

    def _check_filters(self, command: Command) -> None:
        """What is wrong with the order itself is told first."""
        if isinstance(command, Place):
            self.exchange.check_filters(command)


def _new_orders(command: Command) -> int:
    """How many orders the command places, as the limit on orders counts them."""
    if isinstance(command, Place):
        return 0 if command.check_only else 1
    return len(command.orders) if isinstance(command, PlaceList) else 0
