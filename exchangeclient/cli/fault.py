"""``exchangeclient fault``: makes trouble on a sandbox that runs somewhere else, over its ``/sandbox/faults``."""

from __future__ import annotations

import json
from http.client import HTTPException, InvalidURL
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import click

from exchangeclient.cli.output import Output, output_options
from exchangeclient.exceptions import SandboxException
from exchangeclient.sandbox.faults.kinds import COMMON, KINDS
from exchangeclient.sandbox.faults.registry import known_options

_TIMEOUT_S = 10


class _Command(click.Command):
    """Shows the menu below its help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Faults"):
            formatter.write_dl([(name, f"{kind.does} [{', '.join(_own(name)) or 'no options'}]") for name, kind in KINDS.items()])
        with formatter.section("Options of every fault"):
            formatter.write_dl([(f"{name}=", option.what) for name, option in COMMON.items()])


@click.command(cls=_Command)
@click.argument("url")
@click.argument("kind", metavar="FAULT|list|lift|clear")
@click.argument("options", nargs=-1, metavar="[NAME=VALUE]...")
@output_options
def fault(url: str, kind: str, options: tuple[str, ...], out: Output) -> None:
    """Make something go wrong on the sandbox at URL, the address that it prints as "rest".

    \b
    exchangeclient fault http://127.0.0.1:8765 stall stream=btcusdt@depth seconds=90
    exchangeclient fault http://127.0.0.1:8765 error "route=POST /api/v3/order" status=503 times=1
    exchangeclient fault http://127.0.0.1:8765 list
    exchangeclient fault http://127.0.0.1:8765 lift 3
    exchangeclient fault http://127.0.0.1:8765 clear

    A fault is armed until it is lifted, has struck "times" times, or "seconds" are over. What was armed is printed as a line of JSON,
    with or without --json.
    """
    if kind in ("list", "clear"):
        if options:
            raise click.UsageError(f"{kind} takes no options")
        faults = _ask(url, "GET") if kind == "list" else _ask(url, "DELETE", {})
    elif kind == "lift":
        if len(options) != 1 or not options[0].isdecimal():
            raise click.UsageError("lift takes the number of a fault, as list shows it")
        faults = _ask(url, "DELETE", {"id": int(options[0])})
    elif kind in KINDS:
        faults = [_ask(url, "POST", {"kind": kind, **_said(kind, options)})]
    else:
        raise click.UsageError(f"there is no fault {kind!r}; there are {', '.join(KINDS)}")
    for each in faults:
        out.line(json.dumps(each), each)


def _own(kind: str) -> list[str]:
    return [name for name in known_options(kind) if name not in COMMON]


def _said(kind: str, options: tuple[str, ...]) -> dict[str, Any]:
    """The options as values: what is no text is read as JSON, and is for the sandbox to judge if it cannot be."""
    known = known_options(kind)
    said: dict[str, Any] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise click.UsageError(f"an option is NAME=VALUE, not {option!r}")
        said[name] = value
        if name in known and not known[name].is_text:
            try:
                said[name] = json.loads(value)
            except ValueError:
                continue
    return said


def _ask(url: str, method: str, body: dict[str, Any] | None = None) -> Any:
    """The sandbox's answer.

    :raises SandboxException: with what it says when it refuses, or when it is not there
    """
    if not url.startswith(("http://", "https://")):
        raise click.UsageError(f"URL must begin with http://, as in http://127.0.0.1:8765, not {url!r}")
    try:
        request = Request(  # noqa: S310 - the scheme is checked above
            f"{url.rstrip('/')}/sandbox/faults",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with build_opener(ProxyHandler({})).open(request, timeout=_TIMEOUT_S) as answer:
            return json.load(answer)
    except HTTPError as error:
        raise SandboxException(_reason(error)) from error
    except OSError as error:
        raise SandboxException(f"no sandbox answers at {url}: {getattr(error, 'reason', error)}") from error
    except (InvalidURL, UnicodeEncodeError) as error:
        raise SandboxException(f"{url!r} is no address of a sandbox: {error}") from error
    except (HTTPException, ValueError) as error:
        raise SandboxException(f"what answers at {url} is no sandbox") from error


def _reason(error: HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, LookupError, TypeError):
        return f"the sandbox answered {error.code}"
