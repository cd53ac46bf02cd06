"""How the two servers of the fan-out are told to broadcast: by a number on standard input, one broadcast per turn of the reactor."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any


def take_orders(reactor: Any, broadcast: Callable[[], None]) -> None:
    """Broadcast as often as each line says; other work of the reactor comes in between, as it would on a living exchange."""

    def turn(left: int) -> None:
        broadcast()
        if left > 1:
            reactor.callLater(0, turn, left - 1)

    def listen() -> None:
        for line in sys.stdin:
            reactor.callFromThread(turn, int(line))

    threading.Thread(target=listen, daemon=True).start()
