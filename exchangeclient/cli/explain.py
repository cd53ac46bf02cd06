"""``exchangeclient explain``: what an error of the venue means, for people who have met one."""

from __future__ import annotations

import re
from dataclasses import asdict

import click

from exchangeclient.binance import explain as binance
from exchangeclient.cli.output import Output, as_json, output_options
from exchangeclient.exceptions import ExchangeException
from exchangeclient.okx import explain as okx

_BULLET = re.compile(r" *- ")
_OF_BINANCE = re.compile(r"(?<!\d)-\d{4}(?!\d)")


@click.command(context_settings={"ignore_unknown_options": True})  # a code such as -1022 is no option
@click.argument("words", nargs=-1, required=True)
@output_options
def explain(words: tuple[str, ...], out: Output) -> None:
    """Explain an error of Binance by its code (-1022 or 1022), its name, the name of a filter, or its text; of OKX by its code (51008).

    A line out of a log will do. What is not known is an error.
    """
    asked = " ".join(words)
    # A line with a code of Binance's may have a number in it that is one of OKX's.
    found = binance.find(asked) if _OF_BINANCE.search(asked) else okx.find(asked) or binance.find(asked)
    if not found:
        raise ExchangeException(f"nothing is known of {asked[:80]!r}")
    if out.as_json:
        out.text(as_json([{**asdict(each), "repeat": each.repeat.name.lower()} for each in found], indent=2))
    else:
        for line in "\n\n".join(map(str, found)).splitlines():
            head = _BULLET.match(line)
            out.text(out.hanging(line[: head.end()], line[head.end() :]) if head else out.hanging("", line))
