"""Where keys come from, and that nobody else sees them."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import click
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, PublicFormat

from exchangeclient.cli import keys
from exchangeclient.cli.commands import cli
from exchangeclient.cli.keys import ApiKey, NoKeyError
from exchangeclient.sandbox import Account, Sandbox

from .conftest import Run

SECRET = "s3cret-of-the-test"


@pytest.fixture(autouse=True)
def nowhere(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key anywhere."""
    monkeypatch.delenv("EXCHANGECLIENT_BINANCE_KEY")
    monkeypatch.delenv("EXCHANGECLIENT_BINANCE_SECRET")
    monkeypatch.setitem(sys.modules, "keyring", None)  # as if it were not installed
    monkeypatch.setattr(keys, "find_spec", lambda name: None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.toml"
    path.write_text(f'[binance]\nkey = "k"\nsecret = "{SECRET}"\n')
    path.chmod(0o600)
    return path


def test_the_environment_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert keys.find("binance", None) is None
    monkeypatch.setenv("EXCHANGECLIENT_BINANCE_KEY", "k")
    with pytest.raises(NoKeyError, match="a key and no secret"):
        keys.find("binance", None)
    monkeypatch.setenv("EXCHANGECLIENT_BINANCE_SECRET", SECRET)
    monkeypatch.setenv("EXCHANGECLIENT_BINANCE_PASSPHRASE", "p")
    found = keys.find("binance", None)
    assert found is not None
    assert (found.key, found.secret, found.private_key, found.passphrase) == ("k", SECRET, None, "p")
    assert SECRET not in repr(found)


def test_a_key_of_okx_is_half_of_one_without_its_passphrase(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('[okx]\nkey = "k"\nprivate_key = "/nowhere"\npassphrase = "p"\n')
    with pytest.raises(NoKeyError, match="a key and no secret"):
        keys.find("okx", file)
    monkeypatch.setenv("EXCHANGECLIENT_OKX_KEY", "k")
    monkeypatch.setenv("EXCHANGECLIENT_OKX_SECRET", SECRET)
    with pytest.raises(NoKeyError, match="EXCHANGECLIENT_OKX_KEY has a key and no passphrase"):
        keys.find("okx", None)
    monkeypatch.setenv("EXCHANGECLIENT_OKX_PASSPHRASE", "p")
    found = keys.find("okx", None)
    assert found is not None
    assert (found.key, found.secret, found.passphrase) == ("k", SECRET, "p")


def test_a_file_of_the_users_alone_has_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXCHANGECLIENT_BINANCE_KEY", "another")
    monkeypatch.setenv("EXCHANGECLIENT_BINANCE_SECRET", "another")
    assert keys.find("binance", file) == ApiKey("k", SECRET, source=str(file))


@pytest.mark.skipif(os.name != "posix", reason="rights are told otherwise there")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_X05_a_file_that_others_can_read_or_change_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(NoKeyError, match=f"mode {mode:04o}.*chmod 600"):
        keys.find("binance", file)


@pytest.mark.skipif(os.name != "posix", reason="links need a right of their own there")
def test_X05_a_link_to_a_file_is_refused(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    with pytest.raises(NoKeyError, match="is a link"):
        keys.find("binance", link)
    pem = tmp_path / "key.pem"
    pem.symlink_to(tmp_path / "real.pem")
    file.write_text(f'[binance]\nkey = "k"\nprivate_key = "{pem}"\n')
    with pytest.raises(NoKeyError, match="is a link"):
        keys.find("binance", file)


def test_a_private_key_is_read_from_a_file_that_nobody_else_can_read(file: Path, tmp_path: Path) -> None:
    pem = tmp_path / "key.pem"
    pem.write_text("-----BEGIN PRIVATE KEY-----\n")
    file.write_text(f'[binance]\nkey = "k"\nprivate_key = "{pem}"\n')
    pem.chmod(0o644)
    with pytest.raises(NoKeyError, match="chmod 600"):
        keys.find("binance", file)
    pem.chmod(0o600)
    found = keys.find("binance", file)
    assert found is not None
    assert found.private_key == "-----BEGIN PRIVATE KEY-----\n"
    assert "BEGIN" not in repr(found)


def test_a_command_signs_with_a_private_key(settings_file: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a passphrase"))
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path = tmp_path / "key.pem"
    path.touch(mode=0o600)
    path.write_bytes(pem)
    for word, value in (("KEY", "ed"), ("PRIVATE_KEY", str(path)), ("PASSPHRASE", "a passphrase")):
        monkeypatch.setenv(f"EXCHANGECLIENT_BINANCE_{word}", value)
    with Sandbox(accounts=[Account("ed", public_key=public.decode())]) as exchange:
        there = ["--environment", exchange.urls["binance"]["rest"]]
        assert run("account", "BTC", *there).code == 0
        monkeypatch.setenv("EXCHANGECLIENT_BINANCE_PASSPHRASE", "another")
        done = run("account", "BTC", *there)
    assert done.code == 2
    assert "private_key cannot be read" in done.err


@pytest.mark.parametrize(
    "text",
    [
        f'[binance]\nkey = "k"\nsecret = {SECRET}\n',
        f'[other]\nkey = "k"\nsecret = "{SECRET}"\n',
        f'[binance]\nkey = "k"\nsecret = ["{SECRET}"]\n',
        f'[binance]\nkey = "k"\nsecret = "{SECRET}"\nmore = "x"\n',
        f'[binance]\nsecret = "{SECRET}"\n',
        '[binance]\nkey = "k"\n',
        f'key = "k"\nsecret = "{SECRET}"\n',
        "",
    ],
)
def test_a_file_of_another_form_is_refused_without_showing_it(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(NoKeyError) as caught:
        keys.find("binance", file)
    assert SECRET not in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoKeyError, match="cannot be read"):
        keys.find("binance", tmp_path / "no")
    with pytest.raises(NoKeyError, match="cannot be read"):
        keys.find("binance", tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="there are no named pipes of this kind there")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(NoKeyError, match="no regular file"):
        keys.find("binance", tmp_path / "pipe")


def test_the_keyring_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class KeyringError(Exception):
        pass

    ring = {("exchangeclient-binance", "key"): "k", ("exchangeclient-binance", "secret"): SECRET}
    locked = False

    def get_password(service: str, name: str) -> str | None:
        if locked:
            raise KeyringError
        return ring.get((service, name))

    module, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    module.get_password, errors.KeyringError = get_password, KeyringError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    monkeypatch.setattr(keys, "find_spec", lambda name: object())
    assert keys.find("binance", None) == ApiKey("k", SECRET, source="the keyring")
    locked = True
    assert keys.find("binance", None) is None


def test_a_command_that_needs_one_says_where_it_may_be(run: Run, there: list[str]) -> None:
    done = run("account", *there)
    assert (done.code, done.out) == (8, "")
    assert "EXCHANGECLIENT_BINANCE_KEY" in done.err
    assert "--key-file" in done.err


def test_a_command_uses_the_file(run: Run, there: list[str], file: Path) -> None:
    file.write_text('[binance]\nkey = "key"\nsecret = "secret"\n')
    assert run("account", "BTC", "--key-file", str(file), *there).out.splitlines()[1].startswith("BTC")
    file.chmod(0o644)
    assert run("account", "--key-file", str(file), *there).code == 8


def test_a_private_key_is_none_where_the_venue_takes_secrets_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('[bitmex]\nkey = "k"\nprivate_key = "/nowhere"\n')
    with pytest.raises(NoKeyError, match="a key and no secret"):
        keys.find("bitmex", file)
    file.write_text('[bitmex]\nkey = "k"\nsecret = "s"\n')
    assert keys.find("bitmex", file) == ApiKey("k", "s", source=str(file))


def test_market_data_is_asked_for_without_a_key(run: Run, there: list[str], tmp_path: Path) -> None:
    assert run("ticker", "ETHBTC", "--key-file", str(tmp_path / "not-even-looked-at"), *there).code == 0


def test_a_person_at_a_terminal_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def prompt(text: str, *, hide_input: bool = False, err: bool = False) -> str:
        asked.append((hide_input, err))
        return f" {SECRET} " if hide_input else " k "

    monkeypatch.setattr(click, "prompt", prompt)
    for stream in ("stdin", "stderr"):
        monkeypatch.setattr(sys, stream, types.SimpleNamespace(isatty=lambda: True))
    assert keys.needed("binance", None) == ApiKey("k", SECRET, source="the terminal")
    assert asked == [(False, True), (True, True)]
    assert keys.needed("okx", None) == ApiKey("k", SECRET, passphrase=SECRET, source="the terminal")
    assert asked[2:] == [(False, True), (True, True), (True, True)]


def test_what_is_needed_is_named_where_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(NoKeyError, match="EXCHANGECLIENT_OKX_KEY and EXCHANGECLIENT_OKX_SECRET and EXCHANGECLIENT_OKX_PASSPHRASE in"):
        keys.needed("okx", None)


def test_X04_no_command_takes_a_secret_as_an_option() -> None:
    """A sandbox's keys are for play, and its token opens nothing else. What says "key" names a file of keys."""

    def options(command: click.Command, path: str) -> list[str]:
        if isinstance(command, click.Group):
            context = click.Context(command)
            return [
                name
                for sub in command.list_commands(context)
                if (found := command.get_command(context, sub)) is not None
                for name in options(found, f"{path} {sub}")
            ]
        return [f"{path} {option}" for each in command.params for option in each.opts]

    found = [
        name
        for name in options(cli, "exchangeclient")
        if any(word in name.lower() for word in ("secret", "password", "passphrase", "api-key", "--key"))
    ]
    assert {name.rpartition(" ")[2] for name in found} == {"--key-file", "--keys"}
