"""What of this machine can be in the way of a program: the Python, TLS, packages that are too old, files that hide modules, proxies."""

from __future__ import annotations

import os
import platform
import re
import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

Verdict = Literal["good", "note", "bad"]

_PACKAGE: Final = "exchangeclient"
_LEAST_PYTHON: Final = (3, 11)
_NEEDS = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?>=([0-9.]+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    :ivar what: was looked at
    :ivar verdict: ``"bad"`` is what will make programs fail or lose money
    :ivar says: what was found
    :ivar advice: what to do about it, empty when nothing is to be done
    """

    what: str
    verdict: Verdict
    says: str
    advice: str = ""


def examine_machine(folder: str | Path = ".") -> Iterator[Finding]:
    """Everything of this machine, one after the other. Reads files, opens no connection.

    :param folder: where scripts are, in which files may hide modules
    """
    yield _python()
    yield _tls()
    yield _packages()
    yield _shadows(Path(folder))
    yield _surroundings()


def _python() -> Finding:
    says = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}"
    if sys.version_info < _LEAST_PYTHON:
        return Finding("python", "bad", says, f"Python {'.'.join(map(str, _LEAST_PYTHON))} is the oldest that will do")
    return Finding("python", "good", says)


def _tls() -> Finding:
    if not ssl.HAS_TLSv1_2:
        return Finding("TLS", "bad", f"{ssl.OPENSSL_VERSION} has no TLS 1.2", "install a Python with a newer OpenSSL")
    return Finding("TLS", "good", f"{ssl.OPENSSL_VERSION}, {'TLS 1.3' if ssl.HAS_TLSv1_3 else 'TLS 1.2'}")


def _packages() -> Finding:
    """Whether what this package needs is there, and new enough."""
    try:
        needed = metadata.requires(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        return Finding(
            "packages", "note", f"{_PACKAGE} runs from a folder and is not installed", "pip install it, so that what it needs is there"
        )
    missing, wanted, count = [], [], 0
    for requirement in needed:
        found = _NEEDS.match(requirement)
        if found is None or ";" in requirement:  # an extra's
            continue
        name, least = found.groups()
        count += 1
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(f"{name} is not there")
            wanted.append(f"'{name}>={least}'")
        else:
            if _numbers(version) < _numbers(least):
                missing.append(f"{name} {version} is older than {least}")
                wanted.append(f"'{name}>={least}'")
    if missing:
        return Finding("packages", "bad", "; ".join(missing), f"pip install --upgrade {' '.join(wanted)}")
    return Finding("packages", "good", f"all {count} that are needed, none too old")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", version.partition("+")[0]))


def _shadows(folder: Path) -> Finding:
    """Files that a script in the folder would import instead of the module of their name."""
    modules = {*sys.stdlib_module_names, *_top_levels()}
    hiding = []
    for name in sorted(modules):
        for file in (folder / f"{name}.py", folder / name / "__init__.py"):
            if file.is_file() and not _is_the_module(name, file):
                hiding.append(str(file.relative_to(folder)))
    if hiding:
        return Finding(
            "shadowing",
            "bad",
            f"in {folder.absolute()}: {', '.join(hiding)}",
            "rename them: scripts there import them instead of the modules",
        )
    return Finding("shadowing", "good", f"no file in {folder.absolute()} hides a module")


def _top_levels() -> set[str]:
    """The modules that come with what this package needs."""
    names = {_PACKAGE}
    try:
        needed = metadata.requires(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        return names
    wanted = {found[1].lower().replace("_", "-") for found in map(_NEEDS.match, needed) if found is not None}
    for module, distributions in metadata.packages_distributions().items():
        if any(name.lower().replace("_", "-") in wanted for name in distributions):
            names.add(module)
    return names


def _is_the_module(name: str, file: Path) -> bool:
    """True when it is no other one that has the name: in the folder of Python itself, or of the package."""
    try:
        if file.resolve().is_relative_to(Path(os.__file__).resolve().parent):
            return True
        spec = find_spec(name) if name == _PACKAGE else None
    except (ImportError, ValueError, OSError):
        return False
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == file.resolve()


def _surroundings() -> Finding:
    """Variables of the environment that have a say in connections."""
    told: list[str] = [
        name
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
        if os.environ.get(name)
    ]
    if os.environ.get("SSLKEYLOGFILE"):
        return Finding("environment", "bad", "SSLKEYLOGFILE is set: the keys of every connection are written to a file", "unset it")
    if told:
        return Finding("environment", "note", f"{', '.join(told)} set: connections go by {'it' if len(told) == 1 else 'them'}")
    return Finding("environment", "good", "no proxy and no certificates of its own")
