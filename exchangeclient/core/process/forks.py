"""What a process that is forked off has to make anew: locks that a thread of the other process held, connections that are the other's."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Renewable(Protocol):
    """What cannot be used as it is after a fork."""

    def renew(self) -> None:
        """Go on in a process that was forked off."""


class Parting(Renewable, Protocol):
    """What has to be put away before a fork."""

    def prepare(self) -> None:
        """Get ready for a fork."""

    def stay(self) -> None:
        """Go on in the process that was forked."""


_followed: weakref.WeakSet[Renewable] = weakref.WeakSet()
_parting: weakref.WeakSet[Parting] = weakref.WeakSet()


def follow(renewable: Renewable) -> None:
    """Have it renewed in each process that is forked off."""
    _followed.add(renewable)


def part(parting: Parting) -> None:
    """Have it put away before each fork, and renewed in the process that is forked off."""
    _parting.add(parting)
    _followed.add(parting)


def _prepare() -> None:
    for parting in list(_parting):
        parting.prepare()


def _stay() -> None:
    for parting in list(_parting):
        parting.stay()


def _renew() -> None:
    for renewable in list(_followed):
        renewable.renew()


if hasattr(os, "register_at_fork"):  # Windows has no forks
    os.register_at_fork(before=_prepare, after_in_parent=_stay, after_in_child=_renew)
