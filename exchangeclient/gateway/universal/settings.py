"""What whoever runs the gateway may choose, for all robots alike. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

RecordsTime = Literal["s", "ms"]
RecordsOrder = Literal["asc", "desc"]
Names = Literal["camel", "lower"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices; where no public text says what a robot's host expects, they are switches.

    :ivar timeout_s: a call is answered within this time, and up to a second; the robot's host should wait longer
    :ivar records_time: what the times of ``records`` count: seconds or milliseconds
    :ivar records_order: oldest or newest candle first
    :ivar names: of the fields of markets, positions and fundings: ``TickSize`` or ``ticksize``
    :ivar rounds: prices and amounts are brought to what the venue allows: amounts cut, prices moved away from the market
    :ivar opened: beginnings of pass-through paths that are let through although they move funds or keys
    """

    timeout_s: float = 8.5
    records_time: RecordsTime = "s"
    records_order: RecordsOrder = "asc"
    names: Names = "camel"
    rounds: bool = False
    opened: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, words in (("records_time", RecordsTime), ("records_order", RecordsOrder), ("names", Names)):
            if getattr(self, name) not in get_args(words):
                raise ValueError(f"{name} must be one of {', '.join(get_args(words))}; not {str(getattr(self, name))[:40]!r}")
        if not 1 <= self.timeout_s <= 120:
            raise ValueError(f"timeout_s must be from 1 to 120 seconds, not {self.timeout_s}")

    @property
    def call_s(self) -> float:
        """How long one call to the venue may take."""
        return self.timeout_s * 0.6

    @property
    def settle_s(self) -> float:
        """How long the venue is then asked after an order whose answer was lost."""
        return self.timeout_s * 0.3
