"""What an error means, in a form that can be printed and asked. A venue's own errors are explained by its ``explain`` module."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Repeat(Enum):
    """Whether the same call may be sent again."""

    USELESS = "Nothing was carried out. The same call will be refused again until its cause is gone."
    LATER = "Nothing was carried out. The same call may be sent again later."
    UNSAFE = (
        "What only reads may be sent again. Anything else may have been carried out: ask the venue what became of it first, "
        "because a repeat may do it twice."
    )

    @property
    def is_safe(self) -> bool:
        """True when a repeat cannot do anything a second time."""
        return self is not Repeat.UNSAFE


@dataclass(frozen=True, slots=True)
class Explanation:
    """An error explained; ``print`` shows all of it.

    :ivar name: what it is called: the venue's word for it, or the class of an error of our own
    :ivar meaning: what happened
    :ivar repeat: whether the same call may be sent again
    :ivar causes: what it usually comes from, the likeliest first
    :ivar code: the venue's code, 0 without one
    """

    name: str
    meaning: str
    repeat: Repeat
    causes: tuple[str, ...] = ()
    code: int = 0

    def __str__(self) -> str:
        head = f"{self.code} {self.name}" if self.code else self.name
        causes = ["Likely causes:", *(f"  - {cause}" for cause in self.causes)] if self.causes else []
        return "\n".join([f"{head}: {self.meaning}", *causes, f"Repeating it: {self.repeat.value}"])


HELD_BACK: Final = Explanation(
    "held back by the client",
    "The call would have been more than the venue's limits allow, and its deadline left no time to wait.",
    Repeat.LATER,
    ("many calls in a short time: client.limits() shows what is used",),
)
"""What is said of a call that was not sent because a budget is used up, whatever the venue."""
