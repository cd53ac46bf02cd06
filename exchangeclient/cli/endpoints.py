"""``exchangeclient endpoints``: what ``exchangeclient call`` can call."""

from __future__ import annotations

import inspect
import re
from typing import Any

import click

from exchangeclient.cli.connect import client_class, venue_option
from exchangeclient.cli.output import Output, output_options
from exchangeclient.core.calling import endpoint as declared
from exchangeclient.core.calling.endpoint import Endpoint

_MARKUP = re.compile(r"(?::\w+:)?`+~?([^`]+)`+")
_COLUMNS = ("method", "route", "weight", "kind", "key", "gives")


@click.command()
@click.argument("words", metavar="[WORD]...", nargs=-1)
@venue_option
@output_options
def endpoints(words: tuple[str, ...], venue: str, out: Output) -> None:
    """The endpoints of the venue, all or those with every WORD in their name, route or description.

    One that is named whole is shown with its parameters and the address of the venue's page about it.
    """
    every = declared.endpoints(client_class(venue))
    named = [each for each in every if words == (each.name,)]
    if named:
        out.fields(_whole(named[0]))
        return
    rows = [_row(each) for each in every]
    found = [row for row in rows if all(any(word.lower() in str(field).lower() for field in row.values()) for word in words)]
    out.table(found, _COLUMNS, wide=("gives", "key", "weight"), none="there is none")


def _row(each: Endpoint) -> dict[str, Any]:
    return {
        "method": each.name,
        "route": f"{each.verb} {each.path}",
        "weight": each.weight if isinstance(each.weight, int) else "varies",
        "kind": each.kind.value,
        "key": each.security.signed,
        "gives": _MARKUP.sub(r"\1", (inspect.getdoc(each.function) or "").partition("\n")[0]),
    }


def _whole(each: Endpoint) -> dict[str, Any]:
    return {**_row(each), "weight": str(each.weight), "parameters": [parameter.name for parameter in each.parameters], "page": each.docs}
