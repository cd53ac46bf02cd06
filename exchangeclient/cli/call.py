"""``exchangeclient call``: any declared endpoint, through the client, so that its limits, clock, rules and settling hold."""

from __future__ import annotations

import json
import secrets
from contextlib import AbstractContextManager, nullcontext
from difflib import get_close_matches
from typing import Any

import click

from exchangeclient.binance.orderform import is_list
from exchangeclient.binance.placing import id_name
from exchangeclient.cli.connect import Connection, client_class, connected, connection_options, refused_arguments
from exchangeclient.cli.consent import ask, has_to_ask, sent_once, told_when_unknown, told_when_unprinted
from exchangeclient.cli.order import journal_option, trading
from exchangeclient.cli.output import Output, output_options
from exchangeclient.core.calling.endpoint import Endpoint, endpoints
from exchangeclient.core.http.request import Kind


@click.command()
@click.argument("method")
@click.argument("arguments", metavar="[NAME=VALUE]...", nargs=-1)
@click.option("--yes", is_flag=True, help="Do not ask before something is changed at a live venue.")
@journal_option
@connection_options
@output_options
def call(method: str, arguments: tuple[str, ...], yes: bool, journal: Any, connection: Connection, out: Output) -> None:
    """Call METHOD of the client, and print the venue's answer as JSON.

    \b
    exchangeclient call get_server_time
    exchangeclient call get_klines symbol=ETHBTC interval=1h limit=3
    exchangeclient call get_ticker 'symbols=["ETHBTC","BTCUSDT"]'

    "exchangeclient endpoints" lists what there is. Names are the venue's; flags are true and false, lists are JSON. What changes something
    at a live venue is asked about first, and an order gets its client order id printed before it is sent.
    """
    declared = {each.name: each for each in endpoints(client_class(connection.venue))}
    if method not in declared:
        near = ", ".join(get_close_matches(method, declared, 3))
        raise click.UsageError(f"there is no endpoint {method!r}; {f'there is {near}' if near else 'endpoints lists those that there are'}")
    each = declared[method]
    if each.kind is Kind.PLACE and not connection.is_usual:
        raise click.UsageError(
            f"{method} places orders, which go to {connection.venue} by order place, or from Python; all else can be called"
        )
    given = dict(_said(each, argument) for argument in arguments)
    opened: AbstractContextManager[Any]
    if not each.security.signed:
        opened = connected(connection)
    else:
        opened = trading(connection, journal) if each.kind is Kind.PLACE else connected(connection, key="needed")
    with opened as client, refused_arguments():
        if each.kind.changes and has_to_ask(client, yes=yes):
            ask(f"{method} {' '.join(arguments)}: send it to {client.hosts.rest}?", out)
        noted: AbstractContextManager[None] = nullcontext()
        if each.kind is Kind.PLACE:
            known = given.setdefault(id_name(each.path), secrets.token_hex(16))
            noted = sent_once(given, known, _look(each, given, known) + connection.options, out)
        elif each.kind.changes:
            noted = told_when_unknown("whether it was carried out", out)
        with noted:
            answer = getattr(client, method)(**given)
    with told_when_unprinted(f"{method} was carried out", out) if each.kind.changes else nullcontext():
        out.text(json.dumps(answer, indent=None if out.as_json else 2, ensure_ascii=False))


def _look(each: Endpoint, given: dict[str, Any], client_order_id: str) -> str:
    """The command that asks for what was placed."""
    if is_list(each.path):
        return f"exchangeclient call get_order_list origClientOrderId={client_order_id}"
    return f"exchangeclient order show {given.get('symbol', 'SYMBOL')} --client-order-id {client_order_id}"


def _said(each: Endpoint, argument: str) -> tuple[str, Any]:
    """A name and its value: flags and lists are JSON, everything else is a text, as the venue takes it."""
    name, equals, text = argument.partition("=")
    if not equals or not name:
        raise click.UsageError(f"an argument is NAME=VALUE, not {argument!r}")
    if name in ("requests_params", "headers", "disable_validation"):
        raise click.UsageError(f"{name} is not for the command line")
    if name in each.bare or text.startswith("["):
        try:
            return name, json.loads(text)
        except ValueError:
            return name, text  # refused by its name
    return name, text
