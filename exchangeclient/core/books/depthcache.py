"""An order book as its user reads it: sorted, converted, with its age and its limits. What keeps it right is :mod:`.keptbook`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from typing import Any, Final, Never, Self, TypeVar

from exchangeclient.core.books.editions import Editions
from exchangeclient.core.books.keptbook import KeptBook, Version
from exchangeclient.exceptions import OutOfSyncException
from exchangeclient.market import quotes
from exchangeclient.market.book import Level, OrderBook, Side, levels
from exchangeclient.market.booksync import Proof
from exchangeclient.numbers import Number

T = TypeVar("T")

# Texts are remembered until there are so many times as many as were read, and then converted anew.
_REMEMBERED: Final = 8
_FEW: Final = 100


class Levels(list[list[Any]]):
    """A list of ``[price, quantity]``, best first, which is its reader's own.

    :ivar certain: between how many levels at its head there is certainly none missing. Beyond, the book knows only what has changed
    """

    __slots__ = ("certain",)

    def __init__(self, rows: Iterable[list[Any]], certain: int) -> None:
        super().__init__(rows)
        self.certain = min(certain, len(self))


class DepthCache:
    """An order book to read: sorted, best level first.

    Each read shows one whole state of the book, from whatever thread. The cache of a manager follows the venue by itself; during
    a callback it stands still for the callback's thread, so that several reads there belong together. Elsewhere :meth:`steady` does that.

    One that is made by hand (``DepthCache('BNBBTC')``) is filled with :meth:`add_bid` and :meth:`add_ask`.

    Every read raises :class:`~exchangeclient.exceptions.OutOfSyncException` when the book is not known to be right at this moment.

    :param conv_type: what makes a number of a text: ``float``, ``Decimal``, ``str``
    """

    def __init__(
        self, symbol: str, conv_type: Callable[[str], Any] = float, *, kept: KeptBook | None = None, keeper: object = None
    ) -> None:
        if not isinstance(symbol, str):
            raise TypeError(f"symbol must be a str, not {type(symbol).__name__}")
        if not symbol:
            raise ValueError("symbol must not be empty")
        check_conv_type(conv_type)
        self.symbol = symbol
        self._number = _Numbers(conv_type)
        self._is_float = conv_type is float
        self._kept = kept
        self._keeper = keeper  # whoever reads the book needs the one who keeps it
        self._by_hand = OrderBook()
        self._editions = Editions()

    def add_bid(self, bid: Sequence[Any]) -> None:
        """Set the quantity bid at a price: ``[price, quantity]``, texts or numbers; quantity zero removes the level."""
        self._apply([_pair(bid)], [])

    def add_ask(self, ask: Sequence[Any]) -> None:
        """Set the quantity asked at a price: ``[price, quantity]``, texts or numbers; quantity zero removes the level."""
        self._apply([], [_pair(ask)])

    def get_bids(self, n: int | None = None) -> Levels:
        """The ``n`` best bids, or all, as a new list of ``[price, quantity]``, highest price first."""
        return self._converted(lambda book: book.bids, n)

    def get_asks(self, n: int | None = None) -> Levels:
        """The ``n`` best asks, or all, as a new list of ``[price, quantity]``, lowest price first."""
        return self._converted(lambda book: book.asks, n)

    def top(self, n: int | None = None) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """The ``n`` best bids and the ``n`` best asks of one moment, as tuples of the venue's own texts. The fast way to read."""
        return self._read(lambda book: book.top(n))

    @contextmanager
    def steady(self) -> Iterator[Self]:
        """Reads of this thread belong together until the block ends, while a manager's book itself goes on."""
        with nullcontext() if self._kept is None else self._kept.steady():
            yield self

    @property
    def update_time(self) -> int | None:
        """The venue's time of the last change, in milliseconds; None when there was none yet."""
        return self._version().time_ms

    @property
    def update_id(self) -> int:
        """The venue's number of the book's present state."""
        return self._version().update_id

    @property
    def age(self) -> float:
        """How many seconds ago the venue last said something about this book, by a change or by a snapshot."""
        return 0.0 if self._kept is None else self._kept.age_s()

    @property
    def stale(self) -> bool:
        """True when what is read is the last book that was right, not the present one (only with ``stale="return"``)."""
        return not self._version().live

    @property
    def known_range(self) -> tuple[Any, Any]:
        """The lowest and the highest price between which all levels are known; None where all are, however far.

        A snapshot shows so many levels of a side, and not what lies beyond.
        """
        low, high = self._read(lambda book: (book.bids.known_to, book.asks.known_to))
        return None if low is None else self._number[low], None if high is None else self._number[high]

    def require(self, *, max_age: float | None = None, levels: int | None = None) -> Self:
        """This cache, for the next read: ``cache.require(max_age=2).top(5)``.

        :param max_age: the venue has to have said something within so many seconds
        :param levels: so many of each side have to be certain, or else all that there are
        :raises OutOfSyncException: when one is not so
        """
        if max_age is not None and (isinstance(max_age, bool) or not isinstance(max_age, (int, float)) or not max_age >= 0):
            raise ValueError(f"max_age must be a number of seconds from 0 up, not {max_age!r}")
        if levels is not None and (isinstance(levels, bool) or not isinstance(levels, int) or levels < 0):
            raise ValueError(f"levels must be a whole number from 0 up, not {levels!r}")
        if self.stale:
            raise OutOfSyncException(f"the book of {self.symbol} is not live", symbol=self.symbol, state="STALE")
        if max_age is not None and (age := self.age) > max_age:
            raise self._too_little(f"{age:.3f} s old, which is more than {max_age:g} s")
        if levels is not None:
            fewest = self._read(lambda book: min((side.certain() for side in (book.bids, book.asks) if side.known_to), default=levels))
            if fewest < levels:
                raise self._too_little(f"certain for {fewest} levels, which is less than {levels}")
        return self

    def vwap(self, side: str, quantity: Number) -> Any:
        """The average price that an order for ``quantity`` would pay or get if it took what is there now.

        :param side: ``BUY`` takes asks, ``SELL`` takes bids
        :raises ValueError: when less than that is there, as far as the book is known
        """
        return self._number.of(quotes.vwap(self._taken_by(side), quantity))

    def fill_price(self, side: str, quantity: Number) -> Any:
        """The worst price that such an order would meet: with this limit it would be filled whole.

        :param side: ``BUY`` takes asks, ``SELL`` takes bids
        :raises ValueError: when less than that is there, as far as the book is known
        """
        return self._number.of(quotes.fill_price(self._taken_by(side), quantity))

    def imbalance(self, n: int = 5) -> Any:
        """Which way the ``n`` best levels of each side lean: from -1, where nobody buys, to 1, where nobody sells."""
        return self._number.of(quotes.imbalance(*self.top(n)))

    def stats(self) -> dict[str, int]:
        """What this book has gone through.

        ``applied`` changes, ``gaps`` between them, ``refused`` ones, times that it was ``crossed``, ``outgrown`` (it had moved
        beyond the levels of its snapshot) and ``disproved`` (by a checksum of the venue's), ``resyncs``, and ``audits_passed`` and
        ``audits_failed``: comparisons with a later snapshot.
        """
        return asdict(Proof()) if self._kept is None else self._kept.stats()

    @staticmethod
    def sort_depth(vals: Mapping[Any, Any] | Iterable[Sequence[Any]], reverse: bool = False) -> list[list[Any]]:
        """Levels as a list of ``[price, quantity]`` sorted by price.

        :param vals: ``{price: quantity}`` or pairs
        """
        pairs = vals.items() if isinstance(vals, Mapping) else vals
        return sorted(([price, quantity] for price, quantity in pairs), key=lambda level: level[0], reverse=reverse)

    def __repr__(self) -> str:
        return f"<DepthCache {self.symbol}>"

    def __reduce__(self) -> Never:
        raise TypeError("a depth cache is neither pickled nor copied, since it changes; top() gives its levels to keep or to send")

    def _read(self, take: Callable[[OrderBook], T]) -> T:
        if self._kept is not None:
            return self._kept.read(take)
        return self._editions.read(lambda: take(self._by_hand))

    def _version(self) -> Version:
        return Version(self._by_hand, 0, None, live=True, heard_s=0.0) if self._kept is None else self._kept.version()

    def _converted(self, side_of: Callable[[OrderBook], Side], n: int | None) -> Levels:
        if self._is_float:
            return self._read(lambda book: Levels((side := side_of(book)).rows(n), side.certain()))
        shown, certain = self._read(lambda book: ((side := side_of(book)).top(n), side.certain()))
        # This may call the user's code: the feed does not wait for it.
        number = self._number
        rows = Levels([[number[price], number[quantity]] for price, quantity in shown], certain)
        if len(number) > _REMEMBERED * (len(rows) + _FEW):
            number.clear()
        return rows

    def _taken_by(self, side: str) -> tuple[Level, ...]:
        if side not in ("BUY", "SELL"):
            raise ValueError(f"side must be 'BUY' or 'SELL', not {side!r}")

        def take(book: OrderBook) -> tuple[Level, ...]:
            taken = book.asks if side == "BUY" else book.bids
            return taken.top(taken.certain())

        return self._read(take)

    def _too_little(self, what: str) -> OutOfSyncException:
        return OutOfSyncException(f"the book of {self.symbol} is {what}", symbol=self.symbol, state="LIVE")

    def _apply(self, bids: Sequence[Sequence[Any]], asks: Sequence[Sequence[Any]]) -> None:
        if self._kept is not None:
            raise TypeError("this cache is kept by its manager; levels are added to one that is made by hand")
        changes = levels(bids), levels(asks)
        with self._editions:
            self._by_hand.apply(*changes)


class _Numbers(dict[str, Any]):
    """The numbers that texts stand for, remembered: from one read to the next hardly any are new."""

    def __init__(self, conv_type: Callable[[str], Any]) -> None:
        super().__init__()
        self._conv_type = conv_type

    def __missing__(self, text: str) -> Any:
        number = self[text] = self._conv_type(text)
        return number

    def of(self, number: Any) -> Any:
        """The same for a decimal, which is not remembered."""
        return self._conv_type(f"{number:f}")


def _pair(level: Sequence[Any]) -> Sequence[Any]:
    """The price and the quantity of a level, without what may be behind them.

    :raises TypeError: when it is no level
    """
    if not isinstance(level, str | bytes | Mapping):
        with suppress(TypeError, IndexError, KeyError):
            return level[0], level[1]
    raise TypeError(f"a level must be [price, quantity], not {str(level)[:80]}")


def check_conv_type(conv_type: object) -> None:
    """Refuse what makes no number of a text.

    :raises TypeError: naming the argument
    """
    if not callable(conv_type):
        raise TypeError(f"conv_type must make a number of a text, like float or Decimal, not {conv_type!r}")
