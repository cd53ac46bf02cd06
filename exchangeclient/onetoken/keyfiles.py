"""The key files of the historic clients, read and never written; nobody is asked for anything. The first that there is counts."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exchangeclient.core.http import jsonio

PATHS: Final = (
    "~/.onetoken/config.yml",
    "~/_onetoken/config.yml",
    "~/.onetoken/config.json",
    "~/_onetoken/config.json",
    "~/.1token/config.yml",
    "~/.1token/config.js",
)
"""Where keys are looked for, in this order."""

_MOST_BYTES: Final = 65536


@dataclass(frozen=True, slots=True)
class Keys:
    """What a key file says. Shown without the secret.

    :ivar path: of the file
    :ivar account: the one that it names; empty without one
    """

    path: str
    api_key: str
    api_secret: str
    account: str = ""

    def __repr__(self) -> str:
        return f"<Keys of {self.path}>"


def load_keys(path: str | os.PathLike[str] | None = None) -> Keys:
    """The keys in a file: ``ot_key`` and ``ot_secret``, or ``api_key`` and ``api_secret``; and ``account``.

    :param path: None: the first of :data:`PATHS` that there is
    :raises FileNotFoundError: when there is none
    :raises PermissionError: when others may read it
    :raises ValueError: when it cannot be read, or has no keys; what is in it is not shown
    """
    candidates = [Path(path)] if path is not None else [Path(each).expanduser() for each in PATHS]
    found = next((each for each in candidates if each.exists()), None)
    if found is None:
        looked = ", ".join(map(str, candidates))
        raise FileNotFoundError(f"no key file: looked for {looked}; or give api_key and api_secret")
    said = _said(found)
    key, secret = (said.get(f"ot_{word}") or said.get(f"api_{word}") for word in ("key", "secret"))
    if not key or not secret:
        raise ValueError(f"{found} has neither ot_key and ot_secret nor api_key and api_secret")
    return Keys(str(found), key, secret, said.get("account", ""))


def _said(path: Path) -> Mapping[str, str]:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if os.name == "posix" and mode & 0o077:
            raise PermissionError(f"{path} can be read by others ({stat.filemode(mode)}): chmod 600 {path}")
        text = file.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise ValueError(f"{path} is too large for a key file")
    try:
        return _json(text) if path.suffix in (".js", ".json") else _yaml(text.decode("utf-8-sig"))
    except ValueError:
        raise ValueError(f"{path} cannot be read: it is to have lines like `ot_key: ...`, or an object of JSON") from None


def _json(text: bytes) -> Mapping[str, str]:
    said = jsonio.decode(text.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(said, dict):
        raise ValueError("no object")
    return {name: value for name, value in said.items() if isinstance(value, str)}


def _yaml(text: str) -> Mapping[str, str]:
    """The lines ``name: value`` of a file that has nothing else."""
    said: dict[str, str] = {}
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", "---")):
            continue
        name, colon, value = stripped.partition(":")
        if not colon:
            raise ValueError("a line without a colon")
        value = value.strip()
        is_quoted = value[:1] in ("'", '"')
        said[name.strip().strip("'\"")] = value[1:].partition(value[0])[0] if is_quoted else value.partition(" #")[0].strip()
    return said
