"""What every proof can be started with, besides its size: a seed, and something that is broken on purpose, which it must find."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from typing import Any


def arguments(parser: ArgumentParser, breaks: Mapping[str, Callable[..., Any]], what: str = "client") -> Namespace:
    """What a proof was started with: ``seed``, ``broken``, and what its own parser takes. ``--list-breaks`` prints them and ends it.

    :param breaks: each is told by its docstring
    :param what: is broken
    """
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--break", dest="broken", choices=sorted(breaks), metavar="NAME", help=f"spoil the {what} first")
    parser.add_argument("--list-breaks", action="store_true", help="print the names of the breaks and what they do")
    given = parser.parse_args()
    if given.list_breaks:
        for name, spoil in breaks.items():
            print(f"{name:30} {spoil.__doc__}")
        parser.exit()
    return given
