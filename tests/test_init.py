from __future__ import annotations

import ast
import logging
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import exchangeclient

ROOT = Path(__file__).resolve().parents[1]


def loaded_after(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after the statement."""
    code = f"import sys; {statement}; print(' '.join(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_package_loads_no_library() -> None:
    assert not loaded_after("import exchangeclient") & {"requests", "twisted", "autobahn", "msgspec", "cryptography", "click", "rich"}


def test_the_client_loads_no_socket_library() -> None:
    loaded = loaded_after("from exchangeclient import Client; Client('key', 'secret')")
    assert not loaded & {"twisted", "autobahn", "websocket", "click", "rich", "asyncio"}


@pytest.mark.parametrize("name", ["Client", "SocketManager", "DepthCacheManager", "Sandbox"])
def test_the_main_names_are_at_the_top(name: str) -> None:
    assert getattr(exchangeclient, name).__name__ == name
    assert name in dir(exchangeclient)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Clinet"):
        exchangeclient.Clinet  # noqa: B018 - the access is the test


def test_the_library_is_silent_until_the_program_configures_logging() -> None:
    handlers = logging.getLogger("exchangeclient").handlers
    assert any(isinstance(handler, logging.NullHandler) for handler in handlers)


def test_only_this_package_is_packaged_and_it_is_typed() -> None:
    from setuptools import find_packages

    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    include = re.search(r"find_packages\(include=(\[.*?\])\)", setup)
    assert include is not None
    packages = find_packages(str(ROOT), include=eval(include.group(1)))
    assert packages
    assert all(package.partition(".")[0] == "exchangeclient" for package in packages)
    assert {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in ROOT.glob("exchangeclient/**/__init__.py")} == set(
        packages
    )
    assert (ROOT / "exchangeclient/py.typed").exists()


def imported() -> set[str]:
    """The top-level modules that the package imports anywhere, late imports included, without Python's own and its own."""
    names: set[str] = set()
    for path in ROOT.glob("exchangeclient/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module).partition(".")[0])
    return names - sys.stdlib_module_names - {"exchangeclient"}


def test_an_installation_has_every_library_that_the_package_imports() -> None:
    listed = re.search(r"install_requires=(\[.*?\n    \])", (ROOT / "setup.py").read_text(encoding="utf-8"), re.DOTALL)
    assert listed is not None
    required = {re.split(r"[^\w-]", requirement)[0] for requirement in ast.literal_eval(listed.group(1))}
    # Twisted's TLS extra brings the first two, Twisted itself the third; pytest is there when the plugin is asked for.
    required |= {"pyopenssl", "service-identity", "zope-interface", "pytest"}
    distributions = packages_distributions()
    bring = {name: {re.sub(r"[-_.]+", "-", each).lower() for each in distributions.get(name, ())} for name in imported()}
    # Of extras, or used when they are there; whoever calls for one that is missing is told so.
    optional = {"keyring", "matplotlib", "numpy", "pandas", "pyarrow"}
    assert {name for name, brought_by in bring.items() if not brought_by & required} == optional


def test_the_changelog_speaks_of_this_version() -> None:
    assert exchangeclient.__version__ in (ROOT / "CHANGELOG.rst").read_text(encoding="utf-8")
