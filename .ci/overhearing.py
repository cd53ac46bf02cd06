"""What leaves ccxt for a call, beside what leaves this package for the same one: overheard, and compared value by value.

This package is not installed beside ccxt: its half runs in the interpreter that ``judges.py`` names in ``EXCHANGECLIENT_PYTHON``.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from judging import PATIENCE_S, called_with, judge, say

OUR_HALF = "--our-half"
Sent = list[Any]  # verb, path, parameters
Read = Callable[[str, str, Any], Sent]
"""Makes that of a request's verb, address and body."""


@dataclass(frozen=True)
class Call:
    """One call: ccxt's method with its arguments, and ours with its keywords."""

    theirs: str
    given: tuple[Any, ...]
    ours: str
    keywords: dict[str, Any]


def call(theirs: str, *given: Any, ours: str, **keywords: Any) -> Call:
    return Call(theirs, given, ours, keywords)


@dataclass(frozen=True)
class Bench:
    """What is compared on a venue.

    :ivar exchange: makes ccxt's client of the sandbox's addresses, a key and a secret
    :ivar client: makes ours
    :ivar compared: what differs between what both sent for a call, and may; raises AssertionError for what may not
    """

    calls: Sequence[Call]
    exchange: Callable[..., Any]
    client: Callable[..., Any]
    read: Read
    compared: Callable[[Call, list[Sent], list[Sent]], str]

    def run(self, script: str) -> None:
        """Be the judge, or the half of it that has this package.

        :param script: the judge's file
        """
        if OUR_HALF in sys.argv:
            print(json.dumps(self._sent_by_us(*called_with())))
        else:
            judge(lambda: self._judge(script))

    def _judge(self, script: str) -> None:
        theirs = self._sent_by_ccxt(*called_with())
        command = [os.environ["EXCHANGECLIENT_PYTHON"], script, *sys.argv[1:], OUR_HALF]
        ours = json.loads(subprocess.run(command, stdout=subprocess.PIPE, timeout=2 * PATIENCE_S, check=True).stdout)
        equal = 0
        for each, their_sent, our_sent in zip(self.calls, theirs, ours, strict=True):
            differs = self.compared(each, their_sent, our_sent)
            equal += not differs
            verb, path, _ = their_sent[0]
            say(f"{each.theirs:<33} {each.ours:<32} {verb:<6} {path}: {f'equal but for {differs}' if differs else 'equal'}")
        say(f"{len(self.calls)} calls compared: all agree in verb, path and every parameter that was given, {equal} of them in everything")

    def _sent_by_ccxt(self, *account: Any) -> list[list[Sent]]:
        """What leaves ccxt for each call."""
        import ccxt

        exchange = self.exchange(*account)
        exchange.load_markets()
        heard: list[Sent] = []
        fetch = exchange.fetch

        def listening(url, method="GET", headers=None, body=None):
            heard.append(self.read(method, url, body))
            return fetch(url, method, headers, body)

        exchange.fetch = listening
        return [_said(heard, lambda each=each: getattr(exchange, each.theirs)(*each.given), ccxt.BaseError) for each in self.calls]

    def _sent_by_us(self, urls: dict[str, str], key: str, secret: str) -> list[list[Sent]]:
        """What leaves this package for each call."""
        from requests.adapters import HTTPAdapter

        from exchangeclient.exceptions import ExchangeAPIException

        heard: list[Sent] = []
        read = self.read

        class Listening(HTTPAdapter):
            def send(self, request, *args, **kwargs):
                heard.append(read(request.method, request.url, request.body))
                return super().send(request, *args, **kwargs)

        client = self.client(urls, key, secret)
        client.session.mount(urls["rest"], Listening())
        return [_said(heard, lambda each=each: getattr(client, each.ours)(**each.keywords), ExchangeAPIException) for each in self.calls]


def same(each: Call, theirs: list[Sent], ours: list[Sent]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The path, ccxt's parameters and ours of the request that is the call. Either client may ask for something more on its way.

    :raises AssertionError: when we send no such request
    """
    verb, path, params = theirs[0]
    found = [sent for sent in ours if sent[:2] == [verb, path]]
    assert found, f"{each.theirs} sends {verb} {path}, {each.ours} sends {ours}"
    return path, params, found[0][2]


def _said(heard: list[Sent], carry_out: Callable[[], Any], refusal: type[Exception]) -> list[Sent]:
    """Everything that a call sends, whatever the venue says to it."""
    heard.clear()
    with contextlib.suppress(refusal):  # many name orders that there are not, and the sandbox has no wallet
        carry_out()
    return list(heard)
