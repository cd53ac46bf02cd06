"""What the sources of all venues have in common: the client that asks, the name of the venue, the share of its budget, and what makes the
like of them in another process."""

from __future__ import annotations

import functools
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from exchangeclient.archive.source import Making
from exchangeclient.core.http.options import Options

C = TypeVar("C")


class ClientSource(Generic[C]):
    """A venue for :mod:`.sync`. Pages cost the budget after everything else; see ``requests_params`` of the client.

    :cvar client_class: whose instances ask
    :param client: whose connections and budget are used
    :param venue: its name in the archive; by the client's address when left out, see :meth:`name_of`
    :param share: of the venue's budget, past which pages wait
    :raises TypeError: when that is no number
    :raises ValueError: when it is not above 0 and up to 1
    """

    client_class: ClassVar[type[Any]]

    def __init__(self, client: C, *, venue: str | None = None, share: float = 1.0) -> None:
        self._client = client
        self._share = share
        self._options = {"priority": "archive", "share": share}
        Options().having(self._options)  # a share that is none is told before anything is asked
        self.venue = self.name_of(client) if venue is None else venue

    @staticmethod
    def name_of(client: C) -> str:
        """The name in an archive of the venue that a client goes to. What is nobody's known house has that of its address: no two mix."""
        raise NotImplementedError

    def elsewhere(self, ledger: str | Path | None = None) -> Making:
        """What makes the like of it in another process, without its key; see :func:`reached`."""
        kind: Any = type(self)
        client: Any = self._client
        return functools.partial(reached, kind, client.hosts, self.venue, self._share, None if ledger is None else str(ledger))


@functools.cache
def reached(kind: Any, hosts: Any, venue: str, share: float, ledger: str | None) -> Any:
    """The source of a process of its own, made once in it: what is sent there are names, never a client.

    :param kind: the class of the source
    :param hosts: of the client that it is like
    :param ledger: the file by which processes of one machine share the budget
    """
    environment = asdict(hosts)
    is_demo = environment.pop("demo", False)
    return kind(kind.client_class(environment=environment, demo=is_demo, ledger=ledger), venue=venue, share=share)
