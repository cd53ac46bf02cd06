from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run


def test_a_setting_stands_in_for_an_option_that_is_left_out(run: Run, there: list[str], settings_file: Path) -> None:
    assert run("config", "set", "environment", there[1]).code == 0
    assert run("ticker", "ETHBTC").code == 0
    assert run("ticker", "ETHBTC", "--environment", "http://127.0.0.1:9").code == 5
    assert run("ticker", "ETHBTC", "--sandbox").code == 0
    rows = {row["setting"]: row["value"] for row in json.loads(run("config", "--json").out)}
    assert rows["environment"] == there[1]
    assert rows["journal"] is None
    assert run("config", "unset", "environment").code == 0
    assert "environment" not in settings_file.read_text()


def test_nobody_without_a_home_gets_a_file_where_he_happens_to_be(
    run: Run, there: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EXCHANGECLIENT_CONFIG")
    monkeypatch.setattr("click.get_app_dir", lambda name: f"~/.config/{name}")  # as where the user has no name either
    monkeypatch.chdir(tmp_path)
    assert run("ticker", "ETHBTC", *there).code == 0
    done = run("order", "undecided", *there)
    assert (done.code, "EXCHANGECLIENT_CONFIG" in done.err) == (2, True)
    assert run("order", "undecided", "--journal", str(tmp_path / "orders.sqlite"), *there).code == 0
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("~")] == []


def test_where_it_is(run: Run, settings_file: Path) -> None:
    assert run("config", "path").out == f"{settings_file}\n"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("colour", "red", "colour"),
        ("environment", "nowhere", "environment"),
        ("environment", "http://example.com", "https"),
        ("venue", "nowhere", "nowhere"),
        ("journal", "a.sqlite", "whole path"),
        ("journal", "", "text"),
    ],
)
def test_what_cannot_be_set(run: Run, settings_file: Path, name: str, value: str, says: str) -> None:
    done = run("config", "set", name, value)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert not settings_file.exists()


def test_a_file_of_keys_that_others_can_read_is_not_set(run: Run, settings_file: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text("")
    keys.chmod(0o644)
    assert run("config", "set", "key_file", str(keys)).code == 8
    keys.chmod(0o600)
    assert run("config", "set", "key_file", str(keys)).code == 0


@pytest.mark.parametrize("text", ["environment = 5\n", "secret = 'x'\n", "environment\n", "venue = 'nowhere'\n"])
def test_settings_that_make_no_sense_are_refused_with_their_file(run: Run, settings_file: Path, text: str) -> None:
    settings_file.parent.mkdir()
    settings_file.write_text(text)
    for words in (("ticker", "ETHBTC"), ("config", "set", "environment", "demo")):
        done = run(*words)
        assert done.code == 2
        assert "setting" in done.err


def test_a_path_with_anything_in_it_comes_back(run: Run, settings_file: Path, tmp_path: Path) -> None:
    path = str(tmp_path / 'a "b" \\ ü' / "x.sqlite")
    assert run("config", "set", "journal", path).code == 0
    rows = {row["setting"]: row["value"] for row in json.loads(run("config", "--json").out)}
    assert rows["journal"] == path
