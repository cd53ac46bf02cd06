"""Where the command line finds an API key: a file of the user's alone, the environment, the system's keyring, or the user at a terminal.

Never the command line itself, which every user of the machine can see. The file is TOML, one table for each venue::

    [binance]
    key = "..."
    secret = "..."            # or private_key = "/path/of/key.pem"
    passphrase = "..."        # of the private key, if it has one; at OKX that of the key
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click

from exchangeclient.cli import exits

_WORDS: Final = ("key", "secret", "private_key", "passphrase")
WITH_PASSPHRASE: Final = frozenset({"okx"})
"""Venues whose keys have one."""

WITH_PRIVATE_KEY: Final = frozenset({"binance"})
"""Venues where a private key may stand in place of a secret."""


class NoKeyError(click.ClickException):
    """There is no key where one is needed, or it may not be used."""

    exit_code = exits.KEY


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key, and where it was found.

    :ivar private_key: as PEM text
    :ivar source: in words
    """

    key: str = field(repr=False)
    secret: str | None = field(repr=False, default=None)
    private_key: str | None = field(repr=False, default=None)
    passphrase: str | None = field(repr=False, default=None)
    source: str = ""


def find(venue: str, key_file: Path | None) -> ApiKey | None:
    """The key for a venue; None when there is none anywhere. Nobody is asked.

    :param key_file: where alone it is looked for, if one is given
    :raises NoKeyError: when a place has half of it, or others can read the file
    """
    if key_file is not None:
        return _whole(venue, _in_file(key_file, venue), str(key_file))
    prefix = f"EXCHANGECLIENT_{venue.upper()}_"
    there = {word: os.environ.get(f"{prefix}{word.upper()}") for word in _WORDS}
    return _whole(venue, there, f"the environment, {prefix}KEY") or _whole(venue, _in_keyring(venue), "the keyring")


def needed(venue: str, key_file: Path | None) -> ApiKey:
    """The key for a venue, asked for at the terminal when it is nowhere else.

    :raises NoKeyError: when there is none
    """
    found = find(venue, key_file)
    if found is not None:
        return found
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()):
        prefix = f"EXCHANGECLIENT_{venue.upper()}"
        words = ("KEY", "SECRET", "PASSPHRASE") if venue in WITH_PASSPHRASE else ("KEY", "SECRET")
        needs = " and ".join(f"{prefix}_{word}" for word in words)
        raise NoKeyError(f"this needs an API key: {needs} in the environment, --key-file, or the keyring")
    key = click.prompt(f"API key of {venue}", err=True).strip()
    secret = click.prompt("its secret (not shown)", hide_input=True, err=True).strip()
    passphrase = click.prompt("its passphrase (not shown)", hide_input=True, err=True).strip() if venue in WITH_PASSPHRASE else None
    return ApiKey(key, secret, passphrase=passphrase, source="the terminal")


def read_private(path: Path) -> bytes:
    """What a file with secrets has, if it is the user's own and nobody else can read or change it.

    :raises NoKeyError: when it is not so
    """
    try:
        if path.is_symlink():
            raise NoKeyError(f"the file {path} is a link, which others may point elsewhere; name the file itself")
        with open(path, "rb", opener=_as_it_is) as file:
            _refuse_open(path, os.fstat(file.fileno()))
            return file.read()
    except OSError as error:
        raise NoKeyError(f"the file cannot be read: {error}") from error


def _as_it_is(path: str, flags: int) -> int:
    """Open what is there, no link to it; a pipe, too, is to be refused at once."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))


def _refuse_open(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise NoKeyError(f"the file {path} is no regular file")
    if os.name != "posix":  # the rights of other systems cannot be read off the mode
        return
    if found.st_uid not in (os.geteuid(), 0):
        raise NoKeyError(f"the file {path} belongs to another user")
    if found.st_mode & 0o077:
        raise NoKeyError(f"others can read or change the file {path} (mode {found.st_mode & 0o777:04o}); chmod 600 {path}")


def _in_file(path: Path, venue: str) -> Mapping[str, str | None]:
    import tomllib

    content = read_private(path)
    try:
        told = tomllib.loads(content.decode())
    except ValueError:
        # The parser's words may quote a line, and with it a secret.
        raise NoKeyError(f"the key file {path} is not TOML in UTF-8") from None
    table = told.get(venue)
    if not isinstance(table, dict) or not set(table) <= set(_WORDS) or not all(isinstance(value, str) for value in table.values()):
        raise NoKeyError(f"the key file {path} needs a table [{venue}] with key and secret (or private_key), and nothing but {_WORDS}")
    if "key" not in table:
        raise NoKeyError(f"the table [{venue}] of the key file {path} has no key")
    return table


def _in_keyring(venue: str) -> Mapping[str, str | None]:
    """What the keyring has of ``exchangeclient-VENUE``, with what the extra ``keyring`` brings."""
    if find_spec("keyring") is None:
        return {}
    import keyring
    from keyring.errors import KeyringError

    try:
        return {word: keyring.get_password(f"exchangeclient-{venue}", word) for word in _WORDS}
    except KeyringError:  # there is none on this machine, or it is locked and nobody is there to open it
        return {}


def _whole(venue: str, found: Mapping[str, str | None], source: str) -> ApiKey | None:
    key, secret, private_key, passphrase = (found.get(word) or None for word in _WORDS)
    private_key = private_key if venue in WITH_PRIVATE_KEY else None
    if key is None and secret is None and private_key is None:
        return None
    if key is None or (secret is None and private_key is None):
        raise NoKeyError(f"{source} has {'a secret and no key' if key is None else 'a key and no secret'}")
    if venue in WITH_PASSPHRASE and passphrase is None:
        raise NoKeyError(f"{source} has a key and no passphrase")
    if private_key is not None and "-----BEGIN" not in private_key:
        private_key = read_private(Path(private_key).expanduser()).decode(errors="replace")
    return ApiKey(key, secret, private_key, passphrase, source)
