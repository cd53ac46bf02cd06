"""``exchangeclient doctor``: what is wrong with this machine, the way to the venue, or the key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import click

from exchangeclient.cli import exits, keys
from exchangeclient.cli.connect import Connection, Wants, connected, connection_options
from exchangeclient.cli.output import Output, output_options
from exchangeclient.doctor import Finding, examine


@click.command()
@click.option(
    "--folder", default=".", type=click.Path(exists=True, file_okay=False), help="Where your scripts are.  [default: this folder]"
)
@connection_options
@output_options
def doctor(folder: str, connection: Connection, out: Output) -> None:
    """Look at this machine, the way to the venue and the key, if there is one. Nothing is changed.

    The exit code is 3 when something is bad. JSON has one line for each thing that was looked at.
    """
    bad = 0
    for finding in _findings(connection, folder):
        bad += finding.verdict == "bad"
        texts = [finding.says, finding.advice] if finding.advice else [finding.says]
        out.line(out.hanging(f"{finding.verdict:<6}{finding.what:<15}", *texts), asdict(finding))
    if bad:
        out.say(f"{bad} {'thing is' if bad == 1 else 'things are'} bad")
        out.end(exits.FOUND)


def _findings(connection: Connection, folder: str) -> Iterator[Finding]:
    wants: Wants = "found"
    try:
        keys.find(connection.venue, connection.key_file)
    except keys.NoKeyError as error:
        if not connection.sandbox:
            yield Finding("key", "bad", error.format_message())
            wants = "none"
    with connected(connection, key=wants) as client:
        yield from examine(client, folder)
