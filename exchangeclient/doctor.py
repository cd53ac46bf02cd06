"""What is wrong with this machine, the way to the venue, or the key::

from exchangeclient.doctor import examine

for finding in examine(client):
    print(finding.verdict, finding.what, finding.says, finding.advice)
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from exchangeclient.core.client import BaseClient
from exchangeclient.core.process.machine import Finding, examine_machine


def examine(client: Any, folder: str = ".") -> Iterator[Finding]:
    """Look at the machine, the way to the venue and the key, one thing after the other; nothing is changed anywhere.

    :param client: of any venue
    :param folder: where scripts are, in which files may hide modules
    """
    yield from examine_machine(folder)
    yield from examine_venue(client)


def examine_venue(client: Any) -> Iterator[Finding]:
    """The way to the venue of a client, and its key if it has one.

    :raises TypeError: when it is no client of this package
    """
    if not isinstance(client, BaseClient):
        raise TypeError(f"client must be a client of a venue, not {type(client).__name__}")
    yield from import_module(f"exchangeclient.{client.venue}.checkup").examine_venue(client)


__all__ = ["examine", "examine_machine", "examine_venue", "Finding"]
