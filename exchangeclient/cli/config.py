"""``exchangeclient config``: what is done when an option is left out, and where keys come from."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from exchangeclient.cli import keys, settings
from exchangeclient.cli.connect import VENUES, usual_venue
from exchangeclient.cli.output import Output, output_options


@click.group(invoke_without_command=True)
@output_options
@click.pass_context
def config(context: click.Context, out: Output) -> None:
    """Show the settings, or change one."""
    if context.invoked_subcommand is not None:
        return
    made = settings.read()
    rows: list[dict[str, Any]] = [{"setting": name, "value": made.get(name), "what": what} for name, what in settings.NAMES.items()]
    venue = made.get("venue", VENUES[0])
    out.say(f"settings: {settings.path()}{'' if settings.path().exists() else ' (not there yet)'}")
    out.say(f"key of {venue}: {_where(venue, made)}")
    out.table(rows)


@config.command(name="set")
@click.argument("name", type=click.Choice(list(settings.NAMES)))
@click.argument("value")
@output_options
def set_(name: str, value: str, out: Output) -> None:
    """Have NAME be VALUE when its option is left out."""
    settings.check(name, value)
    if name == "venue" and value not in VENUES:
        raise click.BadParameter(f"{value!r} is none of {', '.join(VENUES)}", param_hint="VALUE")
    if name == "environment":
        import_module(f"exchangeclient.{usual_venue(settings.read())}.hosts").choose(value)
    if name == "key_file":
        keys.read_private(Path(value))
    settings.write({**settings.read(), name: value})
    _tell(name, value, f"{name} is {value} from now on", out)


@config.command()
@click.argument("name", type=click.Choice(list(settings.NAMES)))
@output_options
def unset(name: str, out: Output) -> None:
    """Have NAME be as if it had never been set."""
    made = settings.read()
    made.pop(name, None)
    settings.write(made)
    _tell(name, None, f"{name} is not set", out)


@config.command()
@output_options
def path(out: Output) -> None:
    """The file of the settings."""
    out.line(str(settings.path()), {"file": str(settings.path())})


def _tell(name: str, value: str | None, says: str, out: Output) -> None:
    out.say(says)
    if out.as_json:
        out.fields({"setting": name, "value": value})


def _where(venue: str, made: dict[str, str]) -> str:
    try:
        found = keys.find(venue, Path(made["key_file"]) if "key_file" in made else None)
    except keys.NoKeyError as error:
        return error.format_message()
    return "none" if found is None else f"from {found.source}"
