"""``from exchangeclient.archive import Archive``: candles and aggregated trades in one file, with every interval accounted for.

What the class reads and exports is in :mod:`.reading` and :mod:`.exports`; here is what changes the archive, and what is asked of a venue.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final

from exchangeclient.archive import arguments, repair, verify
from exchangeclient.archive.csvfiles import Complaint
from exchangeclient.archive.exports import Exports
from exchangeclient.archive.load import load, series_of
from exchangeclient.archive.series import Row, Series
from exchangeclient.archive.source import Source
from exchangeclient.archive.sources import Client, VenueSource, need_client, source_of
from exchangeclient.archive.store import Kept, Policy, Store
from exchangeclient.archive.sync import IN_FLIGHT, Outcome, Terms, Watch, lock_of, sync
from exchangeclient.archive.verify import Remark
from exchangeclient.core.calling.dates import When, milliseconds
from exchangeclient.core.process.clock import SystemClock
from exchangeclient.core.process.onlyrun import only_run
from exchangeclient.exceptions import ArchiveException
from exchangeclient.market import klines

_clock: Final = SystemClock()
_MOST_IN_FLIGHT: Final = 100
_POLICIES: Final = ("keep", "take")


class Archive(Exports):
    """Candles and aggregated trades of any number of symbols, intervals and venues, in one SQLite file.

    Every interval of a series is in exactly one state: *stored*; *venue-empty*: the venue was asked, and has none; *open*: it is not over,
    by the venue's clock; or *missing*. Prices and sizes are kept as the venue wrote them. Only what is final is stored. Any number of
    threads and processes may read and write one archive at a time, and any of them may be killed at any moment: what was written is whole,
    and the next sync goes on from there. Where nothing may be written (a disk that is read-only, another user's folder) it can be read.

    :param path: of the file
    :param create: whether it is made when it is not there
    :raises ArchiveException: when it cannot be opened, is no archive, or is of a newer version
    """

    def sync(
        self,
        client: Client,
        symbols: str | Iterable[str] | None = None,
        intervals: str | Iterable[str] | None = None,
        *,
        start: When | None = None,
        venue: str | None = None,
        share: float = 0.5,
        revisions: Policy = "keep",
        wait_s: float = 0.0,
        in_flight: int = IN_FLIGHT,
        executor: Executor | None = None,
        ledger: str | Path | None = None,
        on_progress: Watch | None = None,
        strict: bool = True,
    ) -> list[Outcome]:
        """Ask the venue for what is missing up to now, and write it page by page.

        What is final is decided by the venue's clock. The newest two candles that are stored are read again with what follows them, and
        what the venue has changed is noted. Pages cost the budget after everything else.

        :param symbols: one or several; with ``intervals``, or neither: everything that the archive has of the venue
        :param intervals: such as ``"1m"``, ``["1h", "1M"]``; ``"aggTrades"`` for aggregated trades
        :param start: from when on a series is wanted: text, a date, milliseconds; from the venue's first record when left out. An
            earlier one than before extends the series backwards
        :param venue: the name of the venue in the archive; by the client's address when left out, so that two addresses are two venues
        :param share: of the venue's budget, past which this waits
        :param revisions: what to do with a record that the venue has changed: ``"keep"`` the stored one, or ``"take"`` the new one; both
            are noted either way
        :param wait_s: how long to wait for another process that has a series
        :param in_flight: pages that are asked for at a time, 100 at most
        :param executor: has the pages read by any executor of the ``concurrent.futures`` kind, in other processes or on other machines,
            each with a client of its own; this process writes them
        :param ledger: a file by which those processes share the budget, where they share an address
        :param on_progress: is called after each page with a :class:`~exchangeclient.archive.sync.Progress`
        :param strict: False tells what went wrong with single series in their outcomes instead of raising it at the end
        :raises AlreadyRunningException: when another process has a series
        :raises RateLimitException: when the venue has banned this address
        :raises ExchangeException: when the venue cannot be reached, or refuses; what was written stays in any case
        :raises ValueError: for what is no interval, no date, or a share that is none
        """
        source, terms = _asked_for(
            client,
            venue,
            start=start,
            share=share,
            revisions=revisions,
            wait_s=wait_s,
            in_flight=in_flight,
            executor=executor,
            ledger=ledger,
            on_progress=on_progress,
        )
        wanted = self._wanted(source.venue, symbols, intervals)
        outcomes = sync(self._store, source, client.clock, wanted, terms)
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        if strict and errors:
            errors[0].add_note(f"{len(errors)} of {len(outcomes)} series are not complete; what was had of them is stored")
            raise errors[0]
        return outcomes

    def _wanted(self, venue: str, symbols: str | Iterable[str] | None, intervals: str | Iterable[str] | None) -> list[Series]:
        names, kinds = arguments.listed("symbols", symbols), arguments.listed("intervals", intervals)
        if bool(names) != bool(kinds) and not (names or self.series()):
            raise ValueError("symbols and intervals go together; give both, or neither to go on with what there is")
        if names and kinds:
            return [Series(venue, symbol, interval) for symbol in dict.fromkeys(names) for interval in dict.fromkeys(kinds)]
        there = [
            kept.series
            for kept in self._store.kept()
            if kept.series.venue == venue and (not names or kept.series.symbol in names) and (not kinds or kept.series.interval in kinds)
        ]
        if not there:
            others = ", ".join(sorted({kept.series.venue for kept in self._store.kept()} - {venue}))
            raise ValueError(
                f"the archive has nothing of {venue} that this could mean; symbols and intervals say what to begin with"
                f"{f', and venue that it is one of those that are there: {others}' if others else ''}"
            )
        return there

    # ---- seeing that it is in order ----------------------------------------------------------------------------------

    def gaps(
        self, symbol: str | None = None, interval: str | None = None, *, venue: str | None = None, client: Client | None = None
    ) -> list[Remark]:
        """What is missing, and what is empty at the venue.

        :param client: asks the venue for its time, so that what has been closed since the last sync counts as missing, too
        """
        end = self._ends(client, venue)
        return [each for kept in self._chosen(symbol, interval, venue) for each in verify.gaps(self._store, kept, end(kept))]

    def verify(
        self,
        symbol: str | None = None,
        interval: str | None = None,
        *,
        venue: str | None = None,
        client: Client | None = None,
        against: str | None = None,
    ) -> list[Remark]:
        """Look through everything: the file, each row, each interval, and whether smaller candles add up to the larger ones.

        :param client: asks the venue for its time, as in :meth:`gaps`
        :param against: with a client, compares with the venue's own candles of this interval, such as ``"1d"``; a page for each thousand
        :return: all that was found; the archive is in order when ``is_wrong`` of none of it is True
        """
        if client is not None:
            need_client(client)
        if against is not None:
            arguments.interval("against", against)
        damage = self._store.damage()
        if damage:
            return [verify.Remark(None, "damaged", 0, 0, 0, line) for line in damage]
        chosen = self._chosen(symbol, interval, venue)
        end = self._ends(client, venue)
        found = [each for kept in chosen for each in verify.verified(self._store, kept, end(kept))]
        for smaller, larger in verify.cross_checks(chosen):
            found += verify.added_up(self._store, smaller, self._all_rows(larger), larger.series.interval, "in the archive")
        if client is not None and against is not None:
            source = source_of(client, venue=venue)
            for kept in chosen:
                if kept.series.venue == source.venue and not kept.series.is_trades and klines.divides(kept.series.interval, against):
                    wholes = _asked(source, kept, against)
                    found += verify.added_up(self._store, kept, wholes, against, "of the venue")
                    found += verify.unmatched(self._store, kept, [row[0] for row in wholes], against)
        return found

    def repair(
        self,
        client: Client | None = None,
        symbol: str | None = None,
        interval: str | None = None,
        *,
        venue: str | None = None,
        empty: bool = False,
        **options: Any,
    ) -> list[Outcome]:
        """Forget what cannot be right, and with a client ask for it again, and for all that is missing.

        Of a damaged file what can be read is taken into a new one; the old one stays beside it, with ``.damaged`` at the end of its name.

        :param empty: asks again for what was empty at the venue, too
        :param options: for :meth:`sync`; ``wait_s`` counts without a client, too
        :raises ArchiveException: when there is nothing of the venue where the client goes; nothing is forgotten then
        """
        source = None
        if client is not None:
            source, _ = _asked_for(client, venue, **{name: value for name, value in options.items() if name != "strict"})
        patience_s = arguments.seconds("wait_s", options.get("wait_s", 0.0))
        self._store.need_writing()
        if self._store.damage():
            self._store.close()
            repair.salvage(self.path)
            self._store = Store(self.path)
        chosen = self._chosen(symbol, interval, venue)
        mine = [each.series for each in chosen if source is not None and each.series.venue == source.venue]
        if source is not None and chosen and not mine:
            raise ArchiveException(
                f"the archive has nothing of {source.venue}, where this client goes; venue says whose records it is to ask for"
            )
        outcomes = []
        for kept in chosen:
            with only_run(lock_of(self.path, kept.series), patience_s=patience_s):
                findings = [] if self._store.of(kept.series) is None else list(verify.verified(self._store, kept))
                for smaller, larger in verify.cross_checks(chosen):
                    if kept.series in (larger.series, smaller.series):
                        rows = self._all_rows(larger)
                        findings += [
                            each if each.series == kept.series else _of_whole(each, kept)
                            for each in verify.added_up(self._store, smaller, rows, larger.series.interval, "in the archive")
                        ]
                outcomes.append(Outcome(kept.series, missing=repair.forget(self._store, kept, findings, empty=empty)))
        if client is None:
            return outcomes
        return [outcome for each in mine for outcome in self.sync(client, each.symbol, each.interval, venue=each.venue, **options)]

    @staticmethod
    def salvage(path: str | Path) -> tuple[int, int] | None:
        """Of a file that is damaged, take what can be read into a new one; the old one stays beside it, as ``.damaged``.

        What :meth:`repair` does first; also for a file that cannot be opened any more, because it was cut.

        :return: how many records were saved, and how many are known to be lost; None for a file that is whole
        :raises ArchiveException: for what is no archive, or when nothing of it can be read; nothing is changed then
        :raises AlreadyRunningException: when another process has one of its series
        """
        path = arguments.path("path", path)
        if not path.exists():
            raise ArchiveException(f"there is no archive {path}")
        return repair.salvage(path) if repair.is_damaged(path) else None

    def _ends(self, client: Client | None, venue: str | None) -> Any:
        """Up to where each series is final by now."""
        if client is None:
            return lambda _: None
        need_client(client)
        source = source_of(client, venue=venue)
        now_ms = source.now_ms()
        return lambda kept: kept.series.floor(now_ms) if kept.series.venue == source.venue and not kept.series.is_trades else None

    # ---- files -------------------------------------------------------------------------------------------------------

    def import_file(
        self,
        path: str | Path,
        symbol: str | None = None,
        interval: str | None = None,
        *,
        venue: str = "binance",
        revisions: Policy = "keep",
        complain: Complaint | None = None,
        wait_s: float = 0.0,
    ) -> Outcome:
        """Take a file in: CSV as :meth:`export_csv` writes it (also with ``.gz``), or a public dump of Binance, whose checksum is looked at
        when it lies beside it.

        It is read whole before anything is written. What it does not have stays missing, for no file proves that the venue has nothing.

        :param symbol: with ``interval``; both are in the name of a dump
        :param venue: whose records they are
        :param revisions: what to do with records that are stored and differ; as in :meth:`sync`
        :param complain: takes the lines that are good, and is called with the number of each other and what is wrong with it
        :param wait_s: how long to wait for another process that has the series
        :raises ArchiveException: naming the line, when one is not as it should be; nothing is written then
        """
        path = arguments.path("path", path)
        arguments.names(symbol=symbol, interval=interval)
        arguments.one_of("revisions", revisions, _POLICIES)
        arguments.function("complain", complain)
        patience_s = arguments.seconds("wait_s", wait_s)
        series = series_of(path, symbol, interval, venue)
        self._store.need_writing()
        with only_run(lock_of(self.path, series), patience_s=patience_s):
            return load(self._store, series, path, now_ms=_clock.now_ms(), policy=revisions, complain=complain)


def _asked_for(
    client: Client,
    venue: str | None,
    *,
    start: When | None = None,
    share: float = 0.5,
    revisions: Policy = "keep",
    wait_s: float = 0.0,
    in_flight: int = IN_FLIGHT,
    executor: Executor | None = None,
    ledger: str | Path | None = None,
    on_progress: Watch | None = None,
) -> tuple[VenueSource, Terms]:
    """Whose records a sync is to ask for, and how; see :meth:`Archive.sync`. Nothing is asked yet.

    :raises TypeError: naming the argument
    :raises ValueError: naming the argument
    """
    need_client(client)
    arguments.kind("in_flight", in_flight, int)
    if not 1 <= in_flight <= _MOST_IN_FLIGHT:
        raise ValueError(f"in_flight must be between 1 and {_MOST_IN_FLIGHT}: each of them has a thread")
    arguments.one_of("revisions", revisions, _POLICIES)
    arguments.names(venue=venue)
    arguments.function("on_progress", on_progress)
    if executor is not None:
        arguments.kind("executor", executor, Executor)
    if ledger is not None:
        ledger = arguments.path("ledger", ledger)
    source = source_of(client, venue=venue, share=share)
    terms = Terms(
        start_ms=None if start is None else milliseconds(start, client.clock.now_ms(), "start"),
        policy=revisions,
        patience_s=arguments.seconds("wait_s", wait_s),
        in_flight=in_flight,
        watch=on_progress,
        executor=executor,
        making=None if executor is None else source.elsewhere(ledger),
    )
    return source, terms


def _asked(source: Source, kept: Kept, interval: str) -> list[Row]:
    """The venue's own larger candles of what is known of a series."""
    larger = Series(kept.series.venue, kept.series.symbol, interval)
    rows: list[Row] = []
    for first, last in kept.known:
        at, end = larger.ceiling(first), larger.floor(last)
        while at < end:
            page = source.rows(larger, at, end).read()
            if not page:
                break
            rows += page
            at = larger.after(page[-1][0])
    return rows


def _of_whole(found: Remark, kept: Kept) -> Remark:
    return Remark(kept.series, found.kind, found.first, found.last, 1, found.text)
