"""Stream ticks of a contract, and ask for the last one: what the readme of the historic 1Token SDK calls "To try Quote".

python docs/examples/quote.py --sandbox     on an embedded exchange
python docs/examples/quote.py               at the gateway on this machine: exchangeclient gateway --onetoken
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from threading import Event

from exchangeclient.exceptions import ExchangeException
from exchangeclient.onetoken import Quote, Tick
from exchangeclient.sandbox import Sandbox

CONTRACT = "binance/btc.usdt"
WANTED = 3
PATIENCE_S = 30


def watch(host: str | Mapping[str, str] | None = None) -> None:
    """The next few ticks."""
    seen: list[Tick] = []
    enough = Event()

    async def on_update(tick: Tick) -> None:  # an ordinary function does as well
        seen.append(tick)
        print(f"tick {tick.contract}: {tick.last}, best {tick.bid1} and {tick.ask1}")
        if len(seen) == WANTED:
            enough.set()

    with Quote(host) as quote:
        quote.subscribe_tick(CONTRACT, on_update)
        if not enough.wait(PATIENCE_S):
            print("a quiet market")
        print(f"the last one: {quote.get_last_tick(CONTRACT)}")


if __name__ == "__main__":
    if "--sandbox" in sys.argv:
        with Sandbox() as exchange:
            watch(exchange.urls["onetoken"])
    else:
        try:
            watch()
        except ExchangeException as error:
            sys.exit(f"{error} (is there a gateway? or --sandbox)")
