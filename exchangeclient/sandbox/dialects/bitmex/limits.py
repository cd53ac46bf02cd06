"""BitMEX's limits: token buckets that fill continuously, of an address, of an account, and of an account's orders within a second."""

from __future__ import annotations

from math import ceil

from exchangeclient.sandbox.dialects.bitmex import errors

SECOND_US = 1_000_000
_MINUTE_US, _HOUR_US = 60 * SECOND_US, 3600 * SECOND_US
OF_ACCOUNT, OF_ADDRESS, OF_ORDERS = 120, 30, 10
_OPERATIONS = 720  # on one websocket in an hour: subscriptions and the dead man's switch


class Bucket:
    """So many tokens, and how fast they come back."""

    def __init__(self, size: int, within_us: int) -> None:
        self.size = size
        self._us_per_token = within_us / size
        self._tokens = float(size)
        self._seen_us: int | None = None

    def remaining(self, now_us: int) -> int:
        """The whole tokens that are left."""
        self._fill(now_us)
        return max(0, int(self._tokens))

    def take(self, now_us: int) -> bool:
        """Take one; False, and nothing is taken, when there is none."""
        self._fill(now_us)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def full_us(self, now_us: int) -> int:
        """When all are back."""
        self._fill(now_us)
        return now_us + int((self.size - self._tokens) * self._us_per_token)

    def wait_s(self, now_us: int) -> int:
        """In how many seconds there is one, a second at least."""
        self._fill(now_us)
        return max(1, ceil((1 - self._tokens) * self._us_per_token / SECOND_US))

    def _fill(self, now_us: int) -> None:
        if self._seen_us is not None:
            self._tokens = min(self.size, self._tokens + max(0, now_us - self._seen_us) / self._us_per_token)
        self._seen_us = max(now_us, self._seen_us or now_us)


class Limits:
    """All counters of the venue.

    :param enforced: False counts without ever refusing
    :param connects: how many websockets an address may open in an hour
    """

    def __init__(self, *, enforced: bool = True, connects: int = 720) -> None:
        self._enforced = enforced
        self._connects = connects
        self._buckets: dict[str, Bucket] = {}

    def minute(self, owner: str, *, of_account: bool) -> Bucket:
        """The bucket that every request of an account or of an address takes from."""
        return self._bucket(f"minute {owner}", OF_ACCOUNT if of_account else OF_ADDRESS, _MINUTE_US)

    def second(self, account: str) -> Bucket:
        """The one that an account's orders take from besides."""
        return self._bucket(f"second {account}", OF_ORDERS, SECOND_US)

    def connections(self, peer: str) -> Bucket:
        """The one that opening a websocket takes from."""
        return self._bucket(f"connect {peer}", self._connects, _HOUR_US)

    def operations(self) -> Bucket:
        """One for what is asked for on a websocket."""
        return Bucket(_OPERATIONS, _HOUR_US)

    def charge(self, bucket: Bucket, now_us: int, *, refuses: bool = True) -> None:
        """Take a token.

        :param refuses: False for what is counted and never refused
        :raises VenueError: 429 when there is none
        """
        if not bucket.take(now_us) and refuses and self._enforced:
            raise errors.too_fast(bucket.wait_s(now_us))

    def _bucket(self, name: str, size: int, within_us: int) -> Bucket:
        return self._buckets.setdefault(name, Bucket(size, within_us))
