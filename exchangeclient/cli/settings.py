"""The user's settings: what commands do when an option is left out. ``exchangeclient config`` shows and changes them.

They are in ``config.toml`` in the folder that the system has for such files, or in the file that ``EXCHANGECLIENT_CONFIG`` names; what
else is to last, such as the journal of orders, is beside it.
Secrets have no place there; ``key_file`` says where they are.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import click

NAMES: Final = {
    "environment": "where to connect: live, testnet, demo, us, or a base URL",
    "venue": "which exchange",
    "key_file": "a file with API keys, readable by you alone",
    "journal": "where orders are noted until their fate is known",
    "ledger": "where processes of this machine share the venue's limits",
}
"""The settings that there are."""

_PATHS: Final = ("key_file", "journal", "ledger")


class NoHomeError(ValueError):
    """The user has no folder for settings."""


def path() -> Path:
    """The file of the settings.

    :raises NoHomeError: when there is no place for it, as in a container whose user has no home
    """
    named = os.environ.get("EXCHANGECLIENT_CONFIG")
    if named:
        return Path(named)
    folder = Path(click.get_app_dir("exchangeclient"))
    if not folder.is_absolute():
        # Whatever folder a command happens to run in is none for the journal of orders.
        raise NoHomeError(
            "there is no home folder for settings and the journal of orders; EXCHANGECLIENT_CONFIG can name a file in another"
        )
    return folder / "config.toml"


def beside(name: str) -> Path:
    """Another file that is to last, whose folder is made."""
    folder = path().absolute().parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def read() -> dict[str, str]:
    """The settings that are made.

    :raises ValueError: when the file is none of settings
    """
    import tomllib

    try:
        file = path()
    except NoHomeError:
        return {}
    try:
        told: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"the settings {file} cannot be read: {error}") from error
    for name, value in told.items():
        check(name, value)
    return told


def write(told: dict[str, str]) -> None:
    """Replace the settings; the file is there whole or as it was."""
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        # A text of JSON is one of TOML, as long as it has no DEL, which no path needs.
        partial.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items()), encoding="utf-8")
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def check(name: str, value: Any) -> None:
    """Do nothing when there is such a setting and it can have that value.

    :raises ValueError: otherwise
    """
    if name not in NAMES:
        raise ValueError(f"there is no setting {name!r}; there are {', '.join(NAMES)}")
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"the setting {name} must be a text in one line")
    if name in _PATHS and not Path(value).is_absolute():
        raise ValueError(f"the setting {name} must be a whole path, from the root on, not {value!r}")
