"""What whoever runs the gateway may choose. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_DOLLARS: Final = ("usdt", "usdc", "usd")


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices.

    :ivar timeout_s: a call is answered within this time, and up to a second; the original clients wait 15 s
    :ivar currency: in which accounts are valued. The historic service valued in CNY; here it is what venues quote in
    :ivar rate: what one USDT is worth in that currency; only a dollar of any kind needs none
    :ivar emulate: an amendment, where the venue has none, is a cancellation and a new order, which is not one step
    :ivar silence_s: a socket whose client says nothing for so long is closed; 0: never
    :ivar store: the file that orders and nonces are kept in, or ``":memory:"``
    :ivar limits: every address has 30 sockets and 100 KB/s at most, as at the service. It is off since all programs of a machine have
        one address here
    :ivar legacy: programs of 2018 are understood that sign the whole path, or wait for a ``connection`` frame
    """

    timeout_s: float = 10.0
    currency: str = "usdt"
    rate: Decimal | None = None
    emulate: bool = False
    silence_s: float = 30.0
    store: str = ":memory:"
    limits: bool = False
    legacy: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.timeout_s <= 120:
            raise ValueError(f"timeout_s must be from 1 to 120 seconds, not {self.timeout_s}")
        if not self.currency.isalnum():
            raise ValueError("currency must be a coin's or a currency's name, such as usdt or cny")
        if self.rate is None and self.currency.lower() not in _DOLLARS:
            raise ValueError(f"rate is missing: what one USDT is worth in {self.currency}")
        if self.rate is not None and not (self.rate.is_finite() and self.rate > 0):
            raise ValueError(f"rate must be above zero, not {self.rate}")
        if not self.silence_s >= 0:
            raise ValueError(f"silence_s must be a number of seconds, or 0; not {self.silence_s}")

    @property
    def worth(self) -> Decimal:
        """What one USDT is worth."""
        return Decimal(1) if self.rate is None else self.rate

    @property
    def call_s(self) -> float:
        """How long one call to the venue may take."""
        return self.timeout_s * 0.6

    @property
    def settle_s(self) -> float:
        """How long the venue is then asked after an order whose answer was lost."""
        return self.timeout_s * 0.3
