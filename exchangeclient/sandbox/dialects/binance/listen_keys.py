"""Listen keys: the way to user data that Binance ended on 2026-02-20. Whoever knows a key may listen to the stream of its name.

A key lives for an hour, and for another one from each time that its owner asks for it or keeps it alive.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_letters, digits

from exchangeclient.sandbox.dialects.binance import errors
from exchangeclient.sandbox.dialects.binance.shapes import Shape
from exchangeclient.sandbox.dialects.binance.times import Time
from exchangeclient.sandbox.dialects.binance.user import Deliver, UserHub

VALID_US = 3600 * 1_000_000
_LENGTH = 60


@dataclass(slots=True)
class _Key:
    text: str
    expires_us: int
    deliver: Deliver


class ListenKeys:
    """The keys that are valid, one for each account at most.

    :param publish: sends something to those who listen to a stream
    """

    def __init__(self, users: UserHub, publish: Callable[[str, Shape], None]) -> None:
        self._users = users
        self._publish = publish
        self._keys: dict[str, _Key] = {}  # by account

    def start(self, account: str, now_us: int) -> str:
        """The account's key, from now on valid for another hour; a new one when it has none."""
        known = self._keys.get(account)
        if known is not None:
            known.expires_us = now_us + VALID_US
            return known.text
        text = "".join(secrets.choice(ascii_letters + digits) for _ in range(_LENGTH))

        def deliver(event: Shape) -> None:
            self._publish(text, event)

        self._keys[account] = _Key(text, now_us + VALID_US, deliver)
        self._users.subscribe(account, deliver)
        return text

    def extend(self, account: str, text: str, now_us: int) -> None:
        """Keep a key of the account alive for another hour.

        :raises VenueError: when it is none
        """
        self._known(account, text).expires_us = now_us + VALID_US

    def stop(self, account: str, text: str) -> None:
        """Give a key of the account up.

        :raises VenueError: when it is none
        """
        self._known(account, text)
        self._drop(account)

    def owner(self, text: str) -> str:
        """The account whose key it is; empty when it is none."""
        return next((account for account, key in list(self._keys.items()) if key.text == text), "")

    def observe(self, now_us: int, shown_us: int) -> None:
        """Tell who listens with a key whose time is over; ``shown_us`` is the time by the venue's clock."""
        for account, key in list(self._keys.items()):
            if now_us >= key.expires_us:
                self._publish(key.text, {"e": "listenKeyExpired", "E": Time(shown_us), "listenKey": key.text})
                self._drop(account)

    def _known(self, account: str, text: str) -> _Key:
        key = self._keys.get(account)
        if key is None or key.text != text:
            raise errors.BAD_LISTEN_KEY()
        return key

    def _drop(self, account: str) -> None:
        self._users.unsubscribe(account, self._keys.pop(account).deliver)
